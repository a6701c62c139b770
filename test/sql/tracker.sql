-- Trackers: save_tracker() creates, updates or leaves alone, delete_tracker() deletes, a rejected
-- call changes nothing, and the table refuses by itself what the functions refuse.
SET client_encoding = 'UTF8';
SET datestyle = 'ISO';
\pset format unaligned
BEGIN;
INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2'), ('O''Brien %_\ "é"');
INSERT INTO invtrack.product (merchant, sku) VALUES
    ('m1', 'a'), ('m1', 'b'), ('m1', 'c'), ('m2', 'a'), ('m2', 'only2'),
    ('O''Brien %_\ "é"', 'x''); DELETE FROM invtrack.tracker; -- 100%');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES
    ('m1', 'good'), ('m1', 'bad'), ('m2', 'good'), ('m2', 'type2'),
    ('O''Brien %_\ "é"', 'Ware_übrig\');

-- Created, then updated where any one parameter changes or is cleared, else unchanged. Quantities
-- are compared as numbers. All limits are allowed.
SELECT n, mechanism, q, l, c, e, invtrack.save_tracker('m1', 'a', 'good', mechanism, q, l, c, e)
  FROM (VALUES
        (1, 'stock_quantity', 5, NULL::integer, NULL::integer, NULL::integer),
        (2, 'stock_quantity', 5, NULL, NULL, NULL),
        (3, 'stock_quantity', 5.0, NULL, NULL, NULL),
        (4, 'stock_quantity', 5.0000000000, NULL, NULL, NULL),
        (5, 'stock_quantity', 6, NULL, NULL, NULL),
        (6, 'stock_quantity', 6, NULL, NULL, 0),
        (7, 'stock_quantity', 6, NULL, NULL, 0),
        (8, 'stock_quantity', 6, NULL, NULL, 14),
        (9, 'stock_quantity', 6, NULL, NULL, NULL),
        (10, 'stock_quantity', 6, NULL, NULL, NULL),
        (11, 'stock_quantity', 0.000001, NULL, NULL, 3650),
        (12, 'stock_quantity', 999999999999.999999, NULL, NULL, 3650),
        (13, 'stock_quantity', 999999999999.999998, NULL, NULL, 3650),
        (20, 'turnover_days', NULL, 30, 7, NULL),
        (21, 'turnover_days', NULL, 30, 7, NULL),
        (22, 'turnover_days', NULL, 31, 7, NULL),
        (23, 'turnover_days', NULL, 31, 8, NULL),
        (24, 'turnover_days', NULL, 31, 8, 14),
        (25, 'turnover_days', NULL, 31, 8, 14),
        (26, 'turnover_days', NULL, 31, 8, NULL),
        (27, 'turnover_days', NULL, 8, 31, NULL),
        (28, 'turnover_days', NULL, 1, 1, 0),
        (29, 'turnover_days', NULL, 3650, 3650, 3650),
        (40, 'stalled_days', 5, 90, NULL, NULL),
        (41, 'stalled_days', 5.00, 90, NULL, NULL),
        (42, 'stalled_days', 5, 60, NULL, NULL),
        (43, 'stalled_days', 5.5, 60, NULL, NULL),
        (44, 'stalled_days', 5.50, 60, NULL, NULL),
        (45, 'stalled_days', 0.000001, 1, NULL, NULL),
        (46, 'stalled_days', 999999999999.999999, 3650, NULL, NULL)) v (n, mechanism, q, l, c, e)
 ORDER BY n;

-- One row a key, with what was saved last.
SELECT merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days
  FROM invtrack.tracker ORDER BY merchant, sku, inventory_type, mechanism;

-- Each part of the key makes another tracker; arguments go by name, in any order.
SELECT invtrack.save_tracker('m1', 'a', 'bad', 'stock_quantity', 1) AS other_type,
       invtrack.save_tracker('m1', 'b', 'good', 'stock_quantity', 2) AS other_product,
       invtrack.save_tracker('m2', 'a', 'good', 'stock_quantity', 3) AS other_merchant;
SELECT invtrack.save_tracker(expiry_days => 3, coverage_days => 2, lookback_days => 1,
                             mechanism => 'turnover_days', inventory_type => 'bad', sku => 'b',
                             merchant => 'm1') AS by_name;
SELECT invtrack.save_tracker(merchant => 'm1', sku => 'b', inventory_type => 'bad',
                             mechanism => 'stalled_days', quantity => 4, lookback_days => 9) AS by_name;
SELECT merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days
  FROM invtrack.tracker WHERE (merchant, sku, inventory_type) <> ('m1', 'a', 'good')
 ORDER BY merchant, sku, inventory_type, mechanism;

-- updated_at moves when a parameter changes and at no other time, created_at never does: through
-- save_tracker(), with plain UPDATE, and where an UPDATE changes nothing.
INSERT INTO invtrack.merchant (merchant) VALUES ('t');
INSERT INTO invtrack.product (merchant, sku)
SELECT 't', format('%s', n) FROM generate_series(10, 25) n;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('t', 'good');
INSERT INTO invtrack.tracker
SELECT 't', sku, 'good', mechanism, q, l, c, e, '2000-01-01 00:00Z', '2000-01-02 00:00Z'
  FROM invtrack.product p,
       (VALUES ('stock_quantity', 5, NULL::integer, NULL::integer, 3),
               ('turnover_days', NULL, 30, 7, 3),
               ('stalled_days', 5, 90, NULL, NULL)) v (mechanism, q, l, c, e)
 WHERE p.merchant = 't' AND p.sku < '23';
INSERT INTO invtrack.tracker
SELECT 't', sku, 'good', 'stock_quantity', 5, NULL, NULL, e, '2000-01-01 00:00Z', '2000-01-02 00:00Z'
  FROM (VALUES ('23', NULL::integer), ('24', 0), ('25', NULL)) v (sku, e);
SELECT invtrack.save_tracker('t', '10', 'good', 'stock_quantity', 5.0, NULL, NULL, 3) AS same,
       invtrack.save_tracker('t', '11', 'good', 'stock_quantity', 5.1, NULL, NULL, 3) AS other;
UPDATE invtrack.tracker SET quantity = quantity + 1
 WHERE (merchant, sku) = ('t', '12') AND mechanism <> 'turnover_days';
UPDATE invtrack.tracker SET lookback_days = lookback_days + 1
 WHERE (merchant, sku) = ('t', '13') AND mechanism <> 'stock_quantity';
UPDATE invtrack.tracker SET coverage_days = coverage_days + 1
 WHERE (merchant, sku, mechanism) = ('t', '14', 'turnover_days');
UPDATE invtrack.tracker SET expiry_days = expiry_days + 1
 WHERE (merchant, sku) = ('t', '15') AND mechanism <> 'stalled_days';
UPDATE invtrack.tracker SET expiry_days = NULL WHERE (merchant, sku) = ('t', '16');
UPDATE invtrack.tracker SET quantity = 5.000 WHERE (merchant, sku, mechanism) = ('t', '17', 'stock_quantity');
UPDATE invtrack.tracker SET quantity = quantity, lookback_days = lookback_days,
       coverage_days = coverage_days, expiry_days = expiry_days, mechanism = mechanism, sku = sku
 WHERE (merchant, sku) = ('t', '18');
UPDATE invtrack.tracker SET updated_at = '2033-03-03 00:00Z' WHERE (merchant, sku) = ('t', '19');
UPDATE invtrack.tracker SET updated_at = '1999-09-09 00:00Z', quantity = 77
 WHERE (merchant, sku, mechanism) = ('t', '20', 'stock_quantity');
INSERT INTO invtrack.tracker VALUES ('t', '21', 'good', 'stock_quantity', 5, NULL, NULL, 3)
    ON CONFLICT (merchant, sku, inventory_type, mechanism) DO UPDATE SET quantity = excluded.quantity;
INSERT INTO invtrack.tracker VALUES ('t', '22', 'good', 'stock_quantity', 6, NULL, NULL, 3)
    ON CONFLICT (merchant, sku, inventory_type, mechanism) DO UPDATE SET quantity = excluded.quantity;
-- no expiry_days is not 0 expiry_days
UPDATE invtrack.tracker SET expiry_days = 0 WHERE (merchant, sku) = ('t', '23');
UPDATE invtrack.tracker SET expiry_days = NULL WHERE (merchant, sku) = ('t', '24');
UPDATE invtrack.tracker SET expiry_days = NULL WHERE (merchant, sku) = ('t', '25');
SELECT sku, string_agg(mechanism, ' ' ORDER BY mechanism)
                FILTER (WHERE updated_at = '2000-01-02 00:00Z') AS kept,
       string_agg(mechanism, ' ' ORDER BY mechanism)
                FILTER (WHERE updated_at >= now()) AS moved,
       count(*) FILTER (WHERE created_at = '2000-01-01 00:00Z') AS created_at_kept
  FROM invtrack.tracker WHERE merchant = 't' GROUP BY sku ORDER BY sku;
SELECT invtrack.delete_tracker('t', '22', 'good', 'stock_quantity');
SELECT invtrack.save_tracker('t', '22', 'good', 'stock_quantity', 5);
SELECT created_at = updated_at AS equal_at_first, created_at >= now() AS new
  FROM invtrack.tracker WHERE (merchant, sku, mechanism) = ('t', '22', 'stock_quantity');

-- Codes are any text: nothing in them is syntax or a pattern.
SELECT p.sku, i.inventory_type, invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', 5),
       invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', 5),
       invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', 6)
  FROM invtrack.product p JOIN invtrack.inventory_type i USING (merchant)
 WHERE p.merchant LIKE 'O%';
SELECT merchant, sku, inventory_type, quantity
  FROM invtrack.tracker_health($$O'Brien %_\ "é"$$, $$x'); DELETE FROM invtrack.tracker; -- 100%$$,
                               $$Ware_übrig\$$);
SELECT public.error_of(format('SELECT invtrack.save_tracker(%L, %L, %L, %L, 5)', merchant, sku, type,
                              'stock_quantity'))
  FROM (VALUES (1, 'O''Brien %_\ "é"', 'x''); DELETE FROM invtrack.tracker; -- 100%', 'Ware%'),
               (2, 'O''Brien %_\ "é"', 'x%', 'Ware_übrig\'),
               (3, 'O''Brien %_\ "É"', 'x%', 'Ware_übrig\')) v (n, merchant, sku, type)
 ORDER BY n;
SELECT count(*) > 0 AS still_there FROM invtrack.tracker WHERE merchant = 'm1';
SELECT invtrack.delete_tracker($$O'Brien %_\ "é"$$, $$x'); DELETE FROM invtrack.tracker; -- 100%$$,
                               $$Ware_übrig\$$, 'stock_quantity');

CREATE TEMP TABLE before_errors AS SELECT * FROM invtrack.tracker;

-- A null key is the first thing told, whatever else is wrong.
SELECT args, public.error_of(format('SELECT invtrack.save_tracker(%s)', args)) FROM (VALUES
    (1, $$null, 'a', 'good', 'stock_quantity', 5$$),
    (2, $$'m1', null, 'good', 'stock_quantity', 5$$),
    (3, $$'m1', 'a', null, 'stock_quantity', 5$$),
    (4, $$'m1', 'a', 'good', null, 5$$),
    (5, $$null, null, null, null$$),
    (6, $$'', ' ', 'none', null, 'NaN', 0, 0, -1$$),
    (7, $$'', null, 'none', 'no_mechanism', -1$$)) v (n, args) ORDER BY n;

-- Codes: 1 to 200 bytes, no ASCII white space at either end. White space inside, other white space
-- and 200 bytes are good, so these do not exist.
SELECT args, public.error_of(format('SELECT invtrack.save_tracker(%s, %L, 5)', args, 'stock_quantity')) FROM (VALUES
    (1, $$'', 'a', 'good'$$), (2, $$'m1', '', 'good'$$), (3, $$'m1', 'a', ''$$),
    (4, $$' m1', 'a', 'good'$$), (5, $$'m1', 'a ', 'good'$$), (6, $$'m1', 'a', ' good'$$),
    (7, $$'m1', ' ', 'good'$$),
    (20, $$'m1', 'a a', 'good'$$), (21, $$'m1', U&'a\00A0', 'good'$$), (22, $$'m1', 'A', 'good'$$))
    v (n, args) ORDER BY n;
SELECT to_hex(space) AS space, left(public.error_of(format(
           'SELECT invtrack.save_tracker(%L, %L, %L, %L, 5)', m, s, t, 'stock_quantity')), 5) AS before,
       left(public.error_of(format(
           'SELECT invtrack.save_tracker(%L, %L, %L, %L, 5)', s2, m, t, 'stock_quantity')), 5) AS behind
  FROM (VALUES (8), (9), (10), (11), (12), (13), (14), (32)) v (space),
       LATERAL (SELECT 'm1' AS m, chr(space) || 'a' AS s, 'm1' || chr(space) AS s2, 'good' AS t) k
 ORDER BY v.space;
SELECT n, left(public.error_of(format('SELECT invtrack.save_tracker(%L, %L, %L, %L, 5)',
              merchant, sku, type, 'stock_quantity')), 27)
  FROM (VALUES (1, repeat('m', 201), 'a', 'good'), (2, 'm1', repeat('é', 101), 'good'),
               (3, 'm1', 'a', repeat('t', 100000)), (4, repeat('m', 200), 'a', 'good'),
               (5, 'm1', repeat('é', 100), 'good'), (6, 'm1', 'a', repeat('t', 200)))
       v (n, merchant, sku, type) ORDER BY n;

-- There are three mechanisms, spelled like this.
SELECT mechanism, public.error_of(format('SELECT invtrack.save_tracker(%L, %L, %L, %L, 5)', 'm1', 'a', 'good', mechanism))
  FROM (VALUES (1, ''), (2, 'stock'), (3, 'Stock_Quantity'), (4, 'stock_quantity '), (5, 'turnover'),
               (6, repeat('x', 30))) v (n, mechanism) ORDER BY n;

-- Each parameter that a mechanism needs, and each that it does not use.
SELECT args, public.error_of(format('SELECT invtrack.save_tracker(%L, %L, %L, %s)', 'm1', 'a', 'good', args)) FROM (VALUES
    (1, $$'stock_quantity'$$),
    (2, $$'stock_quantity', expiry_days => 3$$),
    (3, $$'stock_quantity', 5, lookback_days => 3$$),
    (4, $$'stock_quantity', 5, coverage_days => 3$$),
    (5, $$'turnover_days'$$),
    (6, $$'turnover_days', coverage_days => 7$$),
    (7, $$'turnover_days', lookback_days => 30$$),
    (8, $$'turnover_days', 5, 30, 7$$),
    (9, $$'stalled_days'$$),
    (10, $$'stalled_days', 5$$),
    (11, $$'stalled_days', lookback_days => 90$$),
    (12, $$'stalled_days', 5, 90, coverage_days => 7$$),
    (13, $$'stalled_days', 5, 90, expiry_days => 0$$)) v (n, args) ORDER BY n;

-- Out of range: quantities are above 0 and below 10^12 with at most 6 decimals that count, days
-- from 1 (expiry_days from 0) to 3650.
SELECT args, public.error_of(format('SELECT invtrack.save_tracker(%L, %L, %L, %s)', 'm1', 'a', 'good', args)) FROM (VALUES
    (1, $$'stock_quantity', 0$$), (2, $$'stock_quantity', -1$$), (3, $$'stock_quantity', -0.000001$$),
    (4, $$'stock_quantity', 'NaN'$$), (5, $$'stock_quantity', 'Infinity'$$),
    (6, $$'stock_quantity', '-Infinity'$$), (7, $$'stock_quantity', 1000000000000$$),
    (8, $$'stock_quantity', 1e300$$), (9, $$'stock_quantity', 0.0000001$$),
    (10, $$'stock_quantity', 5.0000001$$), (11, $$'stock_quantity', 999999999999.9999999$$),
    (12, $$'stock_quantity', 5, expiry_days => -1$$), (13, $$'stock_quantity', 5, expiry_days => 3651$$),
    (14, $$'stock_quantity', 5, expiry_days => -2147483648$$), (15, $$'stock_quantity', 5, expiry_days => 2147483647$$),
    (20, $$'turnover_days', null, 0, 7$$), (21, $$'turnover_days', null, -1, 7$$),
    (22, $$'turnover_days', null, 3651, 7$$), (23, $$'turnover_days', null, 30, 0$$),
    (24, $$'turnover_days', null, 30, -1$$), (25, $$'turnover_days', null, 30, 3651$$),
    (26, $$'turnover_days', null, 30, 7, -1$$), (27, $$'turnover_days', null, 30, 7, 3651$$),
    (28, $$'turnover_days', null, 2147483647, 7$$),
    (30, $$'stalled_days', 0, 90$$), (31, $$'stalled_days', -1, 90$$), (32, $$'stalled_days', 'NaN', 90$$),
    (33, $$'stalled_days', 1000000000000, 90$$), (34, $$'stalled_days', 5.1234567, 90$$),
    (35, $$'stalled_days', 5, 0$$), (36, $$'stalled_days', 5, -1$$), (37, $$'stalled_days', 5, 3651$$))
    v (n, args) ORDER BY n;

-- What does not exist, merchant first. What another merchant has under the same code does not help.
SELECT args, public.error_of(format('SELECT invtrack.save_tracker(%s)', args)) FROM (VALUES
    (1, $$'m3', 'a', 'good', 'stock_quantity', 5$$),
    (2, $$'M1', 'a', 'good', 'stock_quantity', 5$$),
    (3, $$'m1', 'z', 'good', 'stock_quantity', 5$$),
    (4, $$'m1', 'a', 'zzz', 'stock_quantity', 5$$),
    (5, $$'m1', 'only2', 'good', 'stock_quantity', 5$$),
    (6, $$'m1', 'a', 'type2', 'stock_quantity', 5$$),
    (7, $$'m2', 'b', 'good', 'stock_quantity', 5$$),
    (8, $$'m3', 'z', 'zzz', 'stock_quantity', 5$$),
    (9, $$'m1', 'z', 'zzz', 'stock_quantity', 5$$)) v (n, args) ORDER BY n;

-- Parameters are checked before existence.
SELECT args, left(public.error_of(format('SELECT invtrack.save_tracker(%s)', args)), 5) FROM (VALUES
    (1, $$'m3', 'z', 'zzz', 'stock_quantity'$$),
    (2, $$'m3', 'z', 'zzz', 'stock_quantity', 0$$),
    (3, $$'m3', 'z', 'zzz', 'no_mechanism', 5$$),
    (4, $$'m3', ' z', 'zzz', 'stock_quantity', 5$$),
    (5, $$'m3', 'z', 'zzz', 'turnover_days', null, 30, 7, 3651$$),
    (6, $$'m3', 'z', 'zzz', 'stock_quantity', 5$$)) v (n, args) ORDER BY n;

-- delete_tracker(): the same checks of the key, then there must be one.
SELECT args, public.error_of(format('SELECT invtrack.delete_tracker(%s)', args)) FROM (VALUES
    (1, $$null, 'a', 'good', 'stock_quantity'$$),
    (2, $$'m1', null, 'good', 'stock_quantity'$$),
    (3, $$'m1', 'a', null, 'stock_quantity'$$),
    (4, $$'', ' ', 'good', null$$),
    (5, $$'m1', 'a', 'good', 'no_mechanism'$$),
    (6, $$'m1', 'a ', 'good', 'stock_quantity'$$),
    (7, $$'', 'a', 'good', 'stock_quantity'$$),
    (10, $$'m1', 'c', 'good', 'stock_quantity'$$),
    (11, $$'m1', 'b', 'good', 'stalled_days'$$),
    (12, $$'m2', 'a', 'type2', 'stock_quantity'$$),
    (13, $$'m1', 'A', 'good', 'stock_quantity'$$)) v (n, args) ORDER BY n;

-- The table's own constraints: each rule by plain INSERT.
SELECT args, split_part(public.error_of(format(
    'INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days) VALUES (%s)',
    args)), E'\n', 1) FROM (VALUES
    (1, $$'m1', 'c', 'good', 'stock', 5, null, null, null$$),
    (2, $$'m1', 'c', 'good', 'stock_quantity', null, null, null, 3$$),
    (3, $$'m1', 'c', 'good', 'stock_quantity', 5, 3, null, null$$),
    (4, $$'m1', 'c', 'good', 'stock_quantity', 5, null, 3, null$$),
    (5, $$'m1', 'c', 'good', 'turnover_days', null, null, 7, null$$),
    (6, $$'m1', 'c', 'good', 'turnover_days', null, 30, null, null$$),
    (7, $$'m1', 'c', 'good', 'turnover_days', 5, 30, 7, null$$),
    (8, $$'m1', 'c', 'good', 'stalled_days', 5, null, null, null$$),
    (9, $$'m1', 'c', 'good', 'stalled_days', null, 90, null, null$$),
    (10, $$'m1', 'c', 'good', 'stalled_days', 5, 90, 7, null$$),
    (11, $$'m1', 'c', 'good', 'stalled_days', 5, 90, null, 0$$),
    (20, $$'m1', 'c', 'good', 'stock_quantity', 0, null, null, null$$),
    (21, $$'m1', 'c', 'good', 'stock_quantity', -1, null, null, null$$),
    (22, $$'m1', 'c', 'good', 'stock_quantity', 'NaN', null, null, null$$),
    (23, $$'m1', 'c', 'good', 'stock_quantity', 'Infinity', null, null, null$$),
    (24, $$'m1', 'c', 'good', 'stock_quantity', 1000000000000, null, null, null$$),
    (25, $$'m1', 'c', 'good', 'stock_quantity', 5.0000001, null, null, null$$),
    (26, $$'m1', 'c', 'good', 'stock_quantity', 5, null, null, -1$$),
    (27, $$'m1', 'c', 'good', 'stock_quantity', 5, null, null, 3651$$),
    (28, $$'m1', 'c', 'good', 'stalled_days', 0, 90, null, null$$),
    (29, $$'m1', 'c', 'good', 'stalled_days', 5, 0, null, null$$),
    (30, $$'m1', 'c', 'good', 'stalled_days', 5, 3651, null, null$$),
    (31, $$'m1', 'c', 'good', 'turnover_days', null, 0, 7, null$$),
    (32, $$'m1', 'c', 'good', 'turnover_days', null, 3651, 7, null$$),
    (33, $$'m1', 'c', 'good', 'turnover_days', null, 30, 0, null$$),
    (34, $$'m1', 'c', 'good', 'turnover_days', null, 30, 3651, null$$),
    (35, $$'m1', 'c', 'good', 'turnover_days', null, 30, 7, -1$$),
    (36, $$'m1', 'c', 'good', 'turnover_days', null, 30, 7, 3651$$),
    (40, $$null, 'c', 'good', 'stock_quantity', 5, null, null, null$$),
    (41, $$'m1', null, 'good', 'stock_quantity', 5, null, null, null$$),
    (42, $$'m1', 'c', null, 'stock_quantity', 5, null, null, null$$),
    (43, $$'m1', 'c', 'good', null, 5, null, null, null$$),
    (50, $$'m3', 'c', 'good', 'stock_quantity', 5, null, null, null$$),
    (51, $$'m1', 'only2', 'good', 'stock_quantity', 5, null, null, null$$),
    (52, $$'m1', 'c', 'type2', 'stock_quantity', 5, null, null, null$$),
    (53, $$'m1', 'b', 'good', 'stock_quantity', 5, null, null, null$$)) v (n, args) ORDER BY n;

-- Keys are immutable.
SELECT change, split_part(public.error_of(format(
    'UPDATE invtrack.tracker SET %s WHERE (merchant, sku, inventory_type, mechanism) = (%L, %L, %L, %L)',
    change, 'm1', 'b', 'good', 'stock_quantity')), E'\n  DETAIL', 1) FROM (VALUES
    (1, $$merchant = 'm2', sku = 'a'$$), (2, $$sku = 'c'$$), (3, $$inventory_type = 'bad'$$),
    (4, $$mechanism = 'stalled_days', lookback_days = 3$$),
    (5, $$expiry_days = 3651$$)) v (n, change) ORDER BY n;

-- After all these errors there is what was there before.
SELECT count(*) AS trackers,
       (SELECT count(*) FROM (TABLE before_errors EXCEPT TABLE invtrack.tracker) gone) AS gone,
       (SELECT count(*) FROM (TABLE invtrack.tracker EXCEPT TABLE before_errors) new) AS new
  FROM invtrack.tracker;

-- Deleting deletes that one tracker, once.
SELECT invtrack.delete_tracker('m1', 'a', 'good', 'turnover_days') AS deleted,
       public.error_of($$SELECT invtrack.delete_tracker('m1', 'a', 'good', 'turnover_days')$$) AS again;
SELECT invtrack.delete_tracker(mechanism => 'stock_quantity', inventory_type => 'bad', sku => 'a',
                               merchant => 'm1') AS by_name;
SELECT merchant, sku, inventory_type, mechanism FROM invtrack.tracker
 WHERE merchant <> 't' ORDER BY merchant, sku, inventory_type, mechanism;
SELECT invtrack.save_tracker('m1', 'a', 'good', 'turnover_days', NULL, 1, 1) AS anew;

-- None yet is not the version of a row, whatever was written there.
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, version) VALUES ('m1', 'a', 'bad', 'stock_quantity', 5, 0);
SELECT split_part(public.error_of($$SELECT invtrack.save_tracker('m1', 'a', 'bad', 'stock_quantity', 6, expected_version => 0)$$), E'\n', 1) AS error;
DELETE FROM invtrack.tracker WHERE (merchant, sku, inventory_type) = ('m1', 'a', 'bad');

-- A product takes its trackers with it, and no others; an inventory type or merchant in use stays.
SELECT public.error_of(statement) FROM (VALUES
    (1, $$DELETE FROM invtrack.inventory_type WHERE (merchant, inventory_type) = ('m1', 'bad')$$),
    (2, $$DELETE FROM invtrack.merchant WHERE merchant = 'm1'$$)) v (n, statement) ORDER BY n;
DELETE FROM invtrack.product WHERE (merchant, sku) = ('m1', 'a');
SELECT merchant, sku, inventory_type, mechanism FROM invtrack.tracker
 WHERE merchant <> 't' ORDER BY merchant, sku, inventory_type, mechanism;
ROLLBACK;
