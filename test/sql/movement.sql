-- Movements: appended and never changed, each ref once per merchant and flow, taken back by their
-- opposite, and kept even where no product is known for them.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
CREATE FUNCTION pg_temp.first_line(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;

-- Nothing needs to be there before a movement; its number is given where omitted, and may be given.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'sale', '2026-01-01', 5), ('m', 'a', 'good', 'sale', '2026-01-01', 5),
    ('m', 'a', 'good', 'shipment', '2026-01-02', -1.5);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 9223372036854775807, 'a', 'good', 'sale', '2026-01-03', 1), ('m', -1, 'a', 'good', 'sale', '2026-01-04', 1),
    ('m', 0, 'a', 'good', 'sale', '2026-01-05', 1), ('other', -1, 'a', 'good', 'sale', '2026-01-06', 1);
SELECT merchant, sku, inventory_type, flow, occurred_on, quantity, ref,
       CASE WHEN occurred_on > '2026-01-02' THEN movement_id END AS given_id, recorded_at = now() AS recorded_now
  FROM invtrack.movement ORDER BY merchant, occurred_on, flow, quantity;
SELECT count(*) AS movements, count(DISTINCT movement_id) AS numbers, bool_and(movement_id > 0) AS positive
  FROM invtrack.movement WHERE merchant = 'm' AND occurred_on <= '2026-01-02';
SELECT pg_temp.first_line($$INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', -1, 'a', 'good', 'sale', '2026-01-04', 1)$$) AS number_again;

-- What a movement must be: 23514 a bad code, flow, date or quantity, 23502 a null.
CREATE FUNCTION pg_temp.insert_error(given text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.first_line('INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ' || given);
$$;
SELECT given, pg_temp.insert_error(given) AS error
  FROM unnest(ARRAY[
       $$('', 'a', 'good', 'sale', '2026-01-01', 1, NULL)$$, $$('m', 'a ', 'good', 'sale', '2026-01-01', 1, NULL)$$,
       $$('m', 'a', ' good', 'sale', '2026-01-01', 1, NULL)$$, $$('m', 'a', 'good', 'return', '2026-01-01', 1, NULL)$$,
       $$('m', 'a', 'good', 'Sale', '2026-01-01', 1, NULL)$$, $$('m', 'a', 'good', '', '2026-01-01', 1, NULL)$$,
       $$('m', 'a', 'good', 'sale', 'infinity', 1, NULL)$$, $$('m', 'a', 'good', 'sale', '-infinity', 1, NULL)$$,
       $$('m', 'a', 'good', 'sale', '0001-12-31 BC', 1, NULL)$$, $$('m', 'a', 'good', 'sale', '10000-01-01', 1, NULL)$$,
       $$('m', 'a', 'good', 'sale', '2026-01-01', 1000000000000, NULL)$$, $$('m', 'a', 'good', 'sale', '2026-01-01', -1000000000000, NULL)$$,
       $$('m', 'a', 'good', 'sale', '2026-01-01', 0.0000001, NULL)$$, $$('m', 'a', 'good', 'sale', '2026-01-01', 'NaN', NULL)$$,
       $$('m', 'a', 'good', 'sale', '2026-02-29', 1, NULL)$$,
       $$(NULL, 'a', 'good', 'sale', '2026-01-01', 1, NULL)$$, $$('m', NULL, 'good', 'sale', '2026-01-01', 1, NULL)$$,
       $$('m', 'a', NULL, 'sale', '2026-01-01', 1, NULL)$$, $$('m', 'a', 'good', NULL, '2026-01-01', 1, NULL)$$,
       $$('m', 'a', 'good', 'sale', NULL, 1, NULL)$$, $$('m', 'a', 'good', 'sale', '2026-01-01', NULL, NULL)$$]) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- one bad row takes back all of its statement
SELECT left(pg_temp.insert_error($$('m', 'a', 'good', 'sale', '2026-01-09', 1, 'x'), ('m', 'a', 'good', 'sale', '2026-01-09', 'NaN', 'y')$$), 5) AS sqlstate,
       (SELECT count(*) FROM invtrack.movement WHERE occurred_on = '2026-01-09') AS none;
-- both ends of the calendar, of quantities, and none at all are fine
SELECT pg_temp.insert_error($$('ends', 'a', 'good', 'sale', '0001-01-01', 999999999999.999999, NULL), ('ends', 'a', 'good', 'sale', '9999-12-31', -999999999999.999999, NULL),
       ('ends', 'a', 'good', 'shipment', '2026-01-01', 0, NULL)$$) IS NULL AS taken;

-- Append-only: to change a column, or to remove rows, is 23001 and tells what to do instead.
SELECT public.error_of($$UPDATE invtrack.movement SET quantity = 6 WHERE merchant = 'm' AND movement_id = -1$$);
SELECT public.error_of($$DELETE FROM invtrack.movement WHERE merchant = 'm' AND movement_id = -1$$);
SELECT public.error_of('TRUNCATE invtrack.movement');
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at)
    VALUES ('keep', 1, 'a', 'good', 'sale', '2026-01-01', 5, 'order 1', '2026-01-01 00:00+00');
SELECT change, pg_temp.first_line(format('UPDATE invtrack.movement SET %s WHERE merchant = ''keep''', change)) AS error
  FROM unnest(ARRAY['merchant = ''x''', 'movement_id = 2', 'sku = ''b''', 'inventory_type = ''defective''', 'flow = ''shipment''',
                    'occurred_on = ''2026-01-02''', 'quantity = -5', 'ref = ''order 2''']) WITH ORDINALITY t (change, n)
 ORDER BY n;
SELECT statement, left(public.error_of(statement), 5) AS sqlstate
  FROM unnest(ARRAY[
       $$UPDATE invtrack.movement SET recorded_at = '2026-01-02 00:00+00' WHERE merchant = 'keep'$$,
       $$UPDATE invtrack.movement SET ref = NULL WHERE merchant = 'keep'$$,
       $$UPDATE invtrack.movement SET ref = 'new' WHERE merchant = 'm' AND movement_id = -1$$,
       $$UPDATE invtrack.movement SET movement_id = DEFAULT WHERE merchant = 'keep'$$,
       $$UPDATE invtrack.movement SET sku = sku, quantity = quantity + 1 WHERE merchant = 'keep'$$,
       $$UPDATE invtrack.movement SET quantity = quantity * 2$$,
       $$INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
             VALUES ('keep', 1, 'a', 'good', 'sale', '2026-01-01', 6)
             ON CONFLICT (merchant, movement_id) DO UPDATE SET quantity = excluded.quantity$$,
       $$MERGE INTO invtrack.movement v USING (VALUES ('keep')) k (merchant) ON v.merchant = k.merchant WHEN MATCHED THEN DELETE$$,
       $$DELETE FROM invtrack.movement$$, $$TRUNCATE invtrack.movement CASCADE$$, $$TRUNCATE invtrack.merchant, invtrack.movement CASCADE$$,
       $$DELETE FROM invtrack.movement WHERE merchant = 'nobody'$$]) WITH ORDINALITY t (statement, n)
 ORDER BY n;
-- an UPDATE that says what is there already passes, and is no change
UPDATE invtrack.movement SET merchant = merchant, movement_id = 1, sku = 'a', inventory_type = 'good', flow = 'sale',
    occurred_on = '2026-01-01', quantity = 5, ref = 'order 1', recorded_at = '2026-01-01 00:00+00' WHERE merchant = 'keep';
SELECT merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at = '2026-01-01 00:00+00' AS same_time
  FROM invtrack.movement WHERE merchant = 'keep';
SELECT count(*) AS movements FROM invtrack.movement;

-- A ref is there once per merchant and flow: a load that is tried again counts once.
CREATE TABLE load (merchant text, sku text, inventory_type text, flow text, occurred_on date, quantity numeric, ref text);
INSERT INTO load VALUES
    ('load', 'a', 'good', 'sale', '2026-01-01', 1, 'r1'), ('load', 'a', 'good', 'sale', '2026-01-01', 10, 'r2'),
    ('load', 'a', 'good', 'shipment', '2026-01-01', 100, 'r1'), ('load2', 'a', 'good', 'sale', '2026-01-01', 1000, 'r1'),
    ('load', 'a', 'good', 'sale', '2026-01-01', 10000, 'R1'), ('load', 'a', 'good', 'sale', '2026-01-01', 5, 'r1');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) SELECT * FROM load ON CONFLICT DO NOTHING;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) SELECT * FROM load ON CONFLICT DO NOTHING;
SELECT merchant, flow, ref, sum(quantity) AS quantity, count(*) FROM invtrack.movement WHERE merchant LIKE 'load%' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- without ON CONFLICT, again is 23505; of another item and day, too
SELECT given, pg_temp.insert_error(given) AS error
  FROM unnest(ARRAY[$$('load', 'a', 'good', 'sale', '2026-01-01', 1, 'r1')$$, $$('load', 'b', 'defective', 'sale', '2025-06-30', 7, 'r1')$$])
       WITH ORDINALITY t (given, n)
 ORDER BY n;
-- a null ref may be there any number of times; an empty one and one above 1000 bytes are 23514
SELECT pg_temp.insert_error($$('refs', 'a', 'good', 'sale', '2026-01-01', 1, NULL), ('refs', 'a', 'good', 'sale', '2026-01-01', 1, NULL)$$) IS NULL AS nulls_repeat,
       pg_temp.insert_error($$('refs', 'a', 'good', 'sale', '2026-01-01', 1, '')$$) AS empty_ref;
SELECT what, left(pg_temp.insert_error(format($$('refs', 'a', 'good', 'sale', '2026-01-01', 1, %L)$$, ref)), 5) AS sqlstate
  FROM (VALUES (1, '1000 bytes', repeat('x', 1000)), (2, '1001 bytes', repeat('x', 1001)), (3, '500 letters of 2 bytes', repeat('é', 500)),
               (4, '501 letters of 2 bytes', repeat('é', 501)), (5, 'white space', ' '), (6, 'quotes and percent', '''%s"\')) t (n, what, ref)
 ORDER BY n;
SELECT count(*) FROM invtrack.movement WHERE merchant = 'refs';

-- COPY loads them, as it does any table; the columns that are left out have their defaults.
COPY invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) FROM stdin;
copy	a	good	sale	2026-01-01	1.25	c1
copy	a	good	sale	2026-01-02	-0.25	c2
copy	b	good	shipment	2026-01-02	7	\N
\.
SELECT sku, flow, occurred_on, quantity, ref, movement_id IS NOT NULL AS has_number FROM invtrack.movement WHERE merchant = 'copy' ORDER BY sku, occurred_on;

-- one bad line takes back all of them
\set VERBOSITY sqlstate
SAVEPOINT before;
COPY invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) FROM stdin;
copy	a	good	sale	2026-01-01	1.25	c3
copy	a	good	sale	2026-01-02	-0.25	c2
\.
ROLLBACK TO before;
COPY invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) FROM stdin;
copy	a	good	sale	2026-01-01	1.25	c3
copy	a	good	sale	2026-01-02	0.1234567	c4
\.
ROLLBACK TO before;
\set VERBOSITY default
SELECT count(*) AS movements FROM invtrack.movement WHERE merchant = 'copy';

-- reverse_movement() records the opposite, on the same day, and returns the number of it.
CREATE TABLE reversed AS SELECT invtrack.reverse_movement('keep', 1) AS id;
SELECT v.merchant, v.sku, v.inventory_type, v.flow, v.occurred_on, v.quantity, v.ref, v.reverses,
       v.movement_id = (SELECT id FROM reversed) AS returned, v.recorded_at = now() AS now
  FROM invtrack.movement v WHERE v.merchant = 'keep' ORDER BY v.quantity DESC;
-- once: again is 23505, and nothing is written
SELECT public.error_of($$SELECT invtrack.reverse_movement('keep', 1)$$);
SELECT sum(quantity) AS net, count(*) AS movements FROM invtrack.movement WHERE merchant = 'keep';
-- of none: P0002, and 22004 for a null, checked first
SELECT call, public.error_of('SELECT invtrack.reverse_movement' || call)
  FROM unnest(ARRAY[$$('keep', 987654321)$$, $$('nobody', 1)$$, $$('KEEP', 1)$$, $$('', 1)$$, $$(NULL, 1)$$, $$('keep', NULL)$$, $$(NULL, NULL)$$,
                    $$(movement_id => NULL, merchant => 'nobody')$$]) WITH ORDINALITY t (call, n)
 ORDER BY n;
-- a reversal can be reversed, which brings the movement back; each link of the chain once
CREATE TABLE again AS SELECT invtrack.reverse_movement(movement_id => (SELECT id FROM reversed), merchant => 'keep') AS id;
SELECT quantity, reverses IS NULL AS first, reverses = 1 AS reversal, reverses = (SELECT id FROM reversed) AS reversal_of_reversal
  FROM invtrack.movement WHERE merchant = 'keep' ORDER BY movement_id = 1 DESC, movement_id;
SELECT left(public.error_of(format($$SELECT invtrack.reverse_movement('keep', %s)$$, (SELECT id FROM reversed))), 5) AS reversal_again,
       left(public.error_of($$SELECT invtrack.reverse_movement('keep', 1)$$), 5) AS first_again,
       (SELECT sum(quantity) FROM invtrack.movement WHERE merchant = 'keep') AS net;
-- a line does not come back while another has its ref: the error says what to do
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('keep', 30, 'a', 'good', 'sale', '2026-01-01', 7, 'taken');
SELECT invtrack.reverse_movement('keep', 30) AS reversal \gset
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('keep', 31, 'a', 'good', 'sale', '2026-01-01', 6, 'taken');
SELECT public.error_of(format($$SELECT invtrack.reverse_movement('keep', %s)$$, :reversal));
-- the same number of another merchant, and one without a ref, are others
SELECT invtrack.reverse_movement('other', -1) > 0 AS of_other, invtrack.reverse_movement('m', -1) > 0 AS of_m,
       invtrack.reverse_movement('m', 9223372036854775807) > 0 AS of_largest;
SELECT merchant, quantity, reverses FROM invtrack.movement WHERE reverses IS NOT NULL AND merchant IN ('m', 'other') ORDER BY merchant, reverses;
-- the exact opposite, also at the limits; of 0, 0
SELECT count(invtrack.reverse_movement(merchant, movement_id)) AS reversed FROM (SELECT * FROM invtrack.movement WHERE merchant = 'ends' ORDER BY movement_id) e;
SELECT flow, occurred_on, sum(quantity) AS net, count(*) AS movements FROM invtrack.movement WHERE merchant = 'ends' GROUP BY 1, 2 ORDER BY 1, 2;
-- a statement that fails later takes the reversal with it
SELECT left(public.error_of($$SELECT invtrack.reverse_movement('m', 0), 1 / (SELECT 0)$$), 5) AS sqlstate,
       (SELECT count(*) FROM invtrack.movement WHERE merchant = 'm' AND reverses = 0) AS none;

-- Movements of items that the catalogue does not know are listed, and count as soon as it does.
SET LOCAL invtrack.as_of = '2026-01-31';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('early', 'a', 'good', 'sale', '2026-01-01', 1.5), ('early', 'a', 'good', 'sale', '2026-01-31', 2), ('early', 'a', 'good', 'shipment', '2026-01-31', -3),
    ('early', 'b', 'good', 'sale', '2026-01-31', 4), ('early', 'a', 'defective', 'sale', '2026-01-31', 5);
SELECT * FROM invtrack.unknown_items WHERE merchant = 'early' ORDER BY merchant, sku, inventory_type, flow;
INSERT INTO invtrack.merchant VALUES ('early'), ('late');
-- a product and a type of another merchant do not make an item known
INSERT INTO invtrack.product VALUES ('late', 'a'), ('late', 'b');
INSERT INTO invtrack.inventory_type VALUES ('late', 'good'), ('late', 'defective');
SELECT count(*) AS still_all FROM invtrack.unknown_items WHERE merchant = 'early';
INSERT INTO invtrack.product VALUES ('early', 'a');
SELECT count(*) AS product_alone FROM invtrack.unknown_items WHERE merchant = 'early';
INSERT INTO invtrack.inventory_type VALUES ('early', 'good');
SELECT sku, inventory_type, flow, movements, quantity FROM invtrack.unknown_items WHERE merchant = 'early' ORDER BY sku, inventory_type, flow;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days) VALUES
    ('early', 'a', 'good', 'turnover_days', NULL, 31, 31), ('early', 'a', 'good', 'stalled_days', 10, 31, NULL);
SELECT mechanism, current_stock, threshold FROM invtrack.health WHERE merchant = 'early' ORDER BY mechanism;
INSERT INTO invtrack.product VALUES ('early', 'b');
INSERT INTO invtrack.inventory_type VALUES ('early', 'defective');
SELECT count(*) AS unknown FROM invtrack.unknown_items WHERE merchant = 'early';
-- and are listed again when the product goes: they are not lost
DELETE FROM invtrack.product WHERE merchant = 'early' AND sku = 'b';
SELECT sku, inventory_type, flow, movements, quantity FROM invtrack.unknown_items WHERE merchant = 'early';
-- the figures follow in the same transaction, also those of a reversal
SELECT count(invtrack.reverse_movement(merchant, movement_id)) AS reversed
  FROM (SELECT merchant, movement_id FROM invtrack.movement WHERE merchant = 'early' AND sku = 'a' AND flow = 'shipment') v;
SELECT mechanism, current_stock FROM invtrack.health WHERE merchant = 'early' AND mechanism = 'stalled_days';
-- An item whose flows add up to 0 on every day is not listed, so that wrong codes that were reversed are dealt with: each flow by
-- itself, day by day, and what is folded together with what is not.
SELECT count(*) AS reversed FROM invtrack.unknown_items WHERE merchant = 'other';
INSERT INTO invtrack.merchant VALUES ('codes');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('codes', 'folded and reversed', 'good', 'sale', '2026-01-01', 5.5), ('codes', 'folded and reversed', 'good', 'sale', '2026-01-02', 1), ('codes', 'folded and corrected', 'good', 'sale', '2026-01-01', 5);
SELECT invtrack.fold('codes');
SELECT value FROM invtrack.metrics WHERE name = 'unknown_item_movements' AND merchant = 'codes';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('codes', 'folded and reversed', 'good', 'sale', '2026-01-01', -5.5), ('codes', 'folded and reversed', 'good', 'sale', '2026-01-02', -1), ('codes', 'folded and corrected', 'good', 'sale', '2026-01-01', -2),
    ('codes', 'reversed', 'good', 'sale', '2026-01-01', 5), ('codes', 'reversed', 'good', 'sale', '2026-01-01', -5), ('codes', 'reversed', 'good', 'shipment', '2026-01-03', 1), ('codes', 'reversed', 'good', 'shipment', '2026-01-03', -1),
    ('codes', 'on another day', 'good', 'sale', '2026-01-01', 5), ('codes', 'on another day', 'good', 'sale', '2026-01-02', -5),
    ('codes', 'by another flow', 'good', 'sale', '2026-01-01', 5), ('codes', 'by another flow', 'good', 'shipment', '2026-01-01', -5),
    ('codes', 'one flow only', 'good', 'sale', '2026-01-01', 5), ('codes', 'one flow only', 'good', 'sale', '2026-01-01', -5), ('codes', 'one flow only', 'good', 'shipment', '2026-01-01', 7),
    ('codes', 'one type only', 'good', 'sale', '2026-01-01', 5), ('codes', 'one type only', 'good', 'sale', '2026-01-01', -5), ('codes', 'one type only', 'bad', 'sale', '2026-01-01', 7);
CREATE TABLE unknown AS SELECT * FROM invtrack.unknown_items WHERE merchant = 'codes';
SELECT sku, inventory_type, flow, movements, quantity FROM unknown ORDER BY sku, inventory_type, flow;
SELECT value FROM invtrack.metrics WHERE name = 'unknown_item_movements' AND merchant = 'codes';
-- a filter by flow does not hide the other one
SELECT sku, movements FROM invtrack.unknown_items WHERE merchant = 'codes' AND sku = 'one flow only' AND flow = 'sale';
SELECT invtrack.fold('codes'), (SELECT count(*) FROM (TABLE unknown EXCEPT ALL SELECT * FROM invtrack.unknown_items WHERE merchant = 'codes') d) AS gone,
       (SELECT count(*) FROM (SELECT * FROM invtrack.unknown_items WHERE merchant = 'codes' EXCEPT ALL TABLE unknown) d) AS more;
-- a number that is given never meets one that an application brought along, so that a load with
-- ON CONFLICT DO NOTHING drops only what its ref says is there already
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'numbers', n, 'a', 'good', 'sale', '2026-01-01', 1 FROM generate_series(1, 2000) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'numbers', 'a', 'good', 'sale', '2026-01-01', 1 FROM generate_series(1, 2000) ON CONFLICT DO NOTHING;
SELECT count(*) FROM invtrack.movement WHERE merchant = 'numbers';
-- an application's own ref has nothing to do with reversals
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
VALUES ('numbers', 'a', 'good', 'sale', '2026-01-01', 1, 'reversal of 5');
SELECT invtrack.reverse_movement('numbers', 5) > 0 AS reversed;
-- 5.0 says what 5 does
UPDATE invtrack.movement SET quantity = 5.000 WHERE merchant = 'keep' AND quantity = 5;

ROLLBACK;
