-- What errors say beside SQLSTATE and message: fields for programs, what was meant, and which row it is.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.fields(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s text; t text; c text; n text; d text; h text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, n = CONSTRAINT_NAME, d = PG_DATATYPE_NAME,
        h = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', SQLSTATE, 'schema ' || nullif(s, ''), 'table ' || nullif(t, ''), 'column ' || nullif(c, ''),
                     'constraint ' || nullif(n, ''), 'type ' || nullif(d, ''), CASE h WHEN '' THEN 'without hint' END);
END
$$;
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    h text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
    RETURN h;
END
$$;
INSERT INTO invtrack.merchant VALUES ('m');
INSERT INTO invtrack.inventory_type VALUES ('m', 'good'), ('m', 'defective');
INSERT INTO invtrack.product VALUES ('m', 'p');

-- A table's errors name table, column and constraint; the domain names itself.
SELECT n, pg_temp.fields('INSERT INTO invtrack.' || q)
  FROM (VALUES
    (1, $$merchant VALUES ('m ')$$),
    (2, $$merchant (merchant, time_zone) VALUES ('n', 'Nowhere')$$),
    (3, $$merchant (merchant, rearm_percent) VALUES ('n', 'NaN')$$),
    (4, $$merchant (merchant, rearm_percent) VALUES ('n', 1000.1)$$),
    (5, $$product VALUES ('m', '')$$),
    (6, $$product VALUES ('m', 'q', '', 'infinity')$$),
    (7, $$product VALUES ('m', 'q', '', NULL, '10000-01-01')$$),
    (8, $$inventory_type VALUES ('m', ' x')$$),
    (9, $$stock_lot VALUES ('m', 'p ', 'good', '', NULL, 1)$$),
    (10, $$stock_lot VALUES ('m', 'p', 'good', ' ', NULL, 1)$$),
    (11, $$stock_lot VALUES ('m', 'p', 'good', '', '-infinity', 1)$$),
    (12, $$stock_lot VALUES ('m', 'p', 'good', '', NULL, 1e12)$$),
    (13, $$movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'p', 'good ', 'sale', '2026-01-01', 1)$$),
    (14, $$movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'p', 'good', 'sold', '2026-01-01', 1)$$),
    (15, $$movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'p', 'good', 'sale', 'infinity', 1)$$),
    (16, $$movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'p', 'good', 'sale', '2026-01-01', 'NaN')$$),
    (17, $$movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('m', 'p', 'good', 'sale', '2026-01-01', 1, '')$$),
    (18, $$tracker (merchant, sku, inventory_type, mechanism) VALUES ('m', 'p', 'good', 'stock')$$),
    (19, $$tracker (merchant, sku, inventory_type, mechanism) VALUES ('m', 'p', 'good', 'stock_quantity')$$),
    (20, $$tracker (merchant, sku, inventory_type, mechanism, quantity, coverage_days) VALUES ('m', 'p', 'good', 'stock_quantity', 1, 1)$$),
    (21, $$tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days) VALUES ('m', 'p', 'good', 'stalled_days', 1, 3651)$$),
    (22, $$tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m', 'p' || U&'\2003', 'good', 'stock_quantity', 1)$$),
    (23, $$alert_consumer (merchant, consumer) VALUES ('m', '')$$),
    (24, $$alert_consumer (merchant, consumer, confirmed) VALUES ('m', 'mail', -1)$$)) t (n, q)
 ORDER BY n;
SELECT pg_temp.fields('UPDATE invtrack.product SET sku = ''other'''), pg_temp.fields('TRUNCATE invtrack.movement');

-- An argument of a function counts as a column.
SELECT n, pg_temp.fields('SELECT * FROM invtrack.' || q)
  FROM (VALUES
    (1, $$save_tracker(NULL, 'p', 'good', 'stock_quantity')$$),
    (2, $$save_tracker('m', ' ', 'good', 'stock_quantity')$$),
    (3, $$save_tracker('m', 'p', 'good', 'x')$$),
    (4, $$save_tracker('m', 'p', 'good', 'stock_quantity')$$),
    (5, $$save_tracker('m', 'p', 'good', 'stock_quantity', 'NaN')$$),
    (6, $$save_tracker('m', 'p', 'good', 'stock_quantity', 5, 5)$$),
    (7, $$save_tracker('m', 'p', 'good', 'turnover_days', NULL, 0, 1)$$),
    (8, $$save_tracker('n', 'p', 'good', 'stock_quantity', 5)$$),
    (9, $$save_tracker('m', 'q', 'good', 'stock_quantity', 5)$$),
    (10, $$save_tracker('m', 'p', 'bad', 'stock_quantity', 5)$$),
    (11, $$tracker_health(mechanism => 'x')$$),
    (12, $$tracker_health(as_of => 'infinity')$$),
    (13, $$preview_health('m', 'q', 'good', 'stock_quantity', 5)$$),
    (14, $$find_products(NULL, '')$$),
    (15, $$find_products('n', '')$$),
    (16, $$find_products('m', repeat('x', 1001))$$),
    (17, $$find_products('m', '', 0)$$),
    (18, $$today('n')$$),
    (19, $$delete_merchant('n')$$),
    (20, $$reverse_movement('m', 1)$$),
    (21, $$purge_movements('m', -1)$$),
    (22, $$check_trackers('n')$$),
    (23, $$take_alert_events('mail', 0)$$),
    (24, $$confirm_alert_events('mail', 'm', 1)$$),
    (25, $$purge_alerts('m', NULL)$$),
    (26, $$grant_access('invtrack_nobody', 'm')$$),
    (27, $$grant_access(CURRENT_USER, 'n')$$),
    (28, $$grant_access(CURRENT_USER, 'm', 'write')$$),
    (29, $$schedule_jobs('7 minutes')$$),
    (30, $$schedule_jobs(check_every => '2 hours')$$),
    (31, $$schedule_jobs(keep_runs_days => -1)$$)) t (n, q)
 ORDER BY n;

-- A bulk call learns which row it was: the key is the detail, also of a null key and of what exists no more.
SELECT public.error_of(format('SELECT invtrack.save_tracker(%L, %L, ''good'', ''stock_quantity'', %L)', m, s, q))
  FROM (VALUES ('m', 'p', 1), ('m', NULL, 1), ('m', 'p', 0), ('m', 'missing', 1)) t (m, s, q);
DELETE FROM invtrack.tracker;

-- Did you mean? What differs in case, or by one character: exchanged with the next, too many, another, missing.
INSERT INTO invtrack.product VALUES ('m', 'ABC-1'), ('m', 'äÖü'), ('m', '東京タワー'), ('m', 'x'), ('m', 'A_%\');
CREATE FUNCTION pg_temp.meant(sku text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(substring(pg_temp.hint(format('SELECT invtrack.save_tracker(''m'', %L, ''good'', ''stock_quantity'', 1)', sku))
                              FROM '^Did you mean "(.*)"\? Is the keyword right, and does it belong to that merchant\?'), '-')
$$;
SELECT left(given, 12) AS given, pg_temp.meant(given)
  FROM unnest(ARRAY['abc-1', 'Abc-1', 'ÄÖÜ', 'BAC-1', 'ABC1-', 'ABBC-1', 'ABC-11', 'XABC-1', 'ABC_1', 'ZBC-1', 'ABC-2', 'ABC1', 'BC-1', 'ABC-',
                    '東京タワ', '東大タワー', '京タワー', 'a_%\', 'A_\',
                    'abc-2', 'ABC', 'ABCD-12', 'AB-12', 'X', 'y', 'p2', repeat('é', 100)]) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- each kind has a hint of its own
SELECT pg_temp.hint(format('SELECT invtrack.save_tracker(%L, %L, %L, ''stock_quantity'', 1)', m, s, i))
  FROM (VALUES ('M', 'p', 'good'), ('none', 'p', 'good'), ('m', 'none', 'good'), ('m', 'p', 'Defective'), ('m', 'p', 'goods'), ('m', 'p', 'none')) t (m, s, i);
-- By an index: as cheap among many. What it reads is the index of the key, a thousand times at most.
INSERT INTO invtrack.product SELECT 'm', 'S' || n FROM generate_series(100000, 119999) n;
SELECT pg_temp.meant('S1O5678'), pg_temp.meant('T105678'), pg_temp.meant('S10567'), pg_temp.meant('s105678');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT c.sku FROM invtrack.product c WHERE c.merchant = 'm' AND c.sku >= 'S1' ORDER BY c.sku LIMIT 1;
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET enable_sort;

-- Only what the caller may see is meant, of merchants too; also where it sees many of them.
INSERT INTO invtrack.merchant SELECT 'shop-' || n FROM generate_series(1, 40) n;
INSERT INTO invtrack.inventory_type SELECT 'shop-' || n, 'good' FROM generate_series(1, 40) n;
INSERT INTO invtrack.product SELECT 'shop-' || n, 'item-' || n FROM generate_series(1, 40) n;
CREATE ROLE invtrack_test_some;
SELECT count(invtrack.grant_access('invtrack_test_some', 'shop-' || n, 'manage')) FROM generate_series(2, 40, 2) n;
SET ROLE invtrack_test_some;
SELECT pg_temp.hint($$SELECT invtrack.save_tracker('Shop-2', 'item-2', 'good', 'stock_quantity', 1)$$),
       pg_temp.hint($$SELECT invtrack.save_tracker('shop-41', 'item-2', 'good', 'stock_quantity', 1)$$),
       pg_temp.hint($$SELECT invtrack.save_tracker('M', 'item-2', 'good', 'stock_quantity', 1)$$),
       pg_temp.hint($$SELECT invtrack.save_tracker('Shop-3', 'item-3', 'good', 'stock_quantity', 1)$$) \gx
SELECT pg_temp.hint($$SELECT invtrack.save_tracker('shop-2', 'Item-2', 'good', 'stock_quantity', 1)$$),
       pg_temp.hint($$SELECT invtrack.save_tracker('shop-2', 'Item-3', 'good', 'stock_quantity', 1)$$) \gx
-- Who may load may read what numbers were given.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('shop-2', 'item-2', 'good', 'sale', '2026-01-01', 1);
SELECT lastval() = max(movement_id) AS lastval FROM invtrack.movement;
SELECT public.error_of($$SELECT setval('invtrack.movement_movement_id_seq', 1)$$);
RESET ROLE;
SELECT invtrack.grant_access('invtrack_test_some', 'shop-2', 'read'), invtrack.revoke_access('invtrack_test_some');
DROP ROLE invtrack_test_some;

-- Codes from before 0.3, which knew white space of ASCII only: a restore brings them, and they can be worked with.
SET check_function_bodies = off;
INSERT INTO invtrack.product VALUES ('m', U&'old\00A0');
INSERT INTO invtrack.inventory_type VALUES ('m', U&'\FEFFold');
INSERT INTO invtrack.stock_lot VALUES ('m', U&'old\00A0', U&'\FEFFold', U&'\3000', NULL, 5);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', 1, U&'old\00A0', U&'\FEFFold', 'sale', '2026-01-01', 1), ('m', 2, U&'unknown\2003', 'good', 'sale', '2026-01-01', 1),
       (U&'\2003nobody', 3, 'p', 'good', 'sale', '2026-01-01', 1);
INSERT INTO invtrack.alert_consumer (merchant, consumer) VALUES ('m', U&'mail\205F');
SELECT public.error_of($$INSERT INTO invtrack.product VALUES ('m', 'old ')$$);
RESET check_function_bodies;
UPDATE invtrack.product SET name = 'Old' WHERE sku LIKE 'old%';
UPDATE invtrack.inventory_type SET name = 'Old' WHERE inventory_type LIKE '%old';
UPDATE invtrack.stock_lot SET quantity = 6;
INSERT INTO invtrack.stock_lot VALUES ('m', U&'old\00A0', U&'\FEFFold', '', NULL, 5);
INSERT INTO invtrack.product VALUES ('m', U&'old\00A0', 'Old again') ON CONFLICT (merchant, sku) DO UPDATE SET name = excluded.name;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', U&'old\00A0', U&'\FEFFold', 'sale', '2026-01-02', 1);
SELECT invtrack.save_tracker('m', U&'old\00A0', U&'\FEFFold', 'stock_quantity', 10),
       invtrack.fold() AS folded, invtrack.reverse_movement('m', 2) > 2 AS reversed, invtrack.fold() AS folded,
       invtrack.delete_tracker('m', U&'old\00A0', U&'\FEFFold', 'stock_quantity') AS deleted;
SELECT count(*) AS events FROM invtrack.take_alert_events(U&'mail\205F');
UPDATE invtrack.alert_consumer SET taken_at = NULL;
-- New ones are refused, with the character that nobody sees, and of which versions of psql differ in how wide it is.
\pset format unaligned
SELECT public.error_of('INSERT INTO invtrack.' || q)
  FROM (VALUES
    ($$product VALUES ('m', U&'new\00A0')$$),
    ($$inventory_type VALUES ('m', U&'\FEFFnew')$$),
    ($$stock_lot VALUES ('m', U&'old\00A0', 'good', U&'\3000x', NULL, 1)$$),
    ($$movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', U&'new\0085', 'good', 'sale', '2026-01-02', 1)$$),
    ($$alert_consumer (merchant, consumer) VALUES ('m', U&'new\205F')$$)) t (q);
\pset format aligned
SELECT public.error_of($$SELECT * FROM invtrack.take_alert_events(U&'new\205F')$$);

\set VERBOSITY default
SELECT count(invtrack.delete_merchant(merchant)) FROM invtrack.merchant;
DELETE FROM invtrack.alert_consumer;
SELECT invtrack.delete_merchant(U&'\2003nobody');
