-- Folding: movements go into the series of their items, and no answer changes by it, whatever was
-- folded before, in whatever order movements come.
CREATE FUNCTION pg_temp.first_line(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';

-- What differs from plain sums over movements: nothing is purged here.
CREATE FUNCTION pg_temp.wrong_sums() RETURNS TABLE (side text, merchant text, sku text, inventory_type text, flow text, day date, quantity numeric)
LANGUAGE sql AS $$
    WITH plain AS (
        SELECT m.merchant, m.sku, m.inventory_type, m.flow, m.occurred_on, sum(m.quantity::numeric)
          FROM invtrack.movement m GROUP BY 1, 2, 3, 4, 5)
    SELECT 'is', d.* FROM (TABLE invtrack.flow_daily EXCEPT ALL TABLE plain) d
    UNION ALL
    SELECT 'should be', d.* FROM (TABLE plain EXCEPT ALL TABLE invtrack.flow_daily) d
$$;

-- Nothing is there to fold.
SELECT invtrack.fold() AS all_merchants, invtrack.fold('a') AS one;

-- Ordinary days, six decimals, ten dense years, a single day, a first day that comes to nothing, and
-- days after the day asked for; x is in no catalogue.
INSERT INTO invtrack.merchant (merchant) VALUES ('a'), ('b'), ('c');
INSERT INTO invtrack.product (merchant, sku) SELECT 'a', 'p' || n FROM generate_series(1, 6) n;
INSERT INTO invtrack.product (merchant, sku) VALUES ('b', 'p1'), ('c', 'p1');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('a', 'good'), ('b', 'good'), ('c', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', lot, expires_on, quantity
  FROM invtrack.product, (VALUES ('', NULL::date, 20), ('late', '2026-03-20', 5)) l (lot, expires_on, quantity);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT merchant, sku, 'good', v.*
  FROM invtrack.product, (VALUES ('stock_quantity', 10, NULL::integer, NULL::integer), ('turnover_days', NULL, 90, 7),
                                 ('stalled_days', 10, 30, NULL)) v;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'a', 'p1', 'good', flow, date '2026-03-01' + n, n + 1 FROM generate_series(0, 4) n, unnest(ARRAY['sale', 'shipment']) flow
UNION ALL
SELECT 'a', 'p3', 'good', 'sale', date '2016-03-11' + n, 1 + n % 9 FROM generate_series(0, 3651) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('a', 'p2', 'good', 'sale', '2026-02-10', 0.000001), ('a', 'p2', 'good', 'sale', '2026-03-09', 2.5),
    ('a', 'p4', 'good', 'shipment', '2026-03-10', 8),
    ('a', 'p5', 'good', 'sale', '2026-01-01', 3), ('a', 'p5', 'good', 'sale', '2026-01-01', -3), ('a', 'p5', 'good', 'sale', '2026-03-01', 10),
    ('a', 'p6', 'good', 'sale', '2026-03-10', 2), ('a', 'p6', 'good', 'sale', '2026-03-11', 4),
    ('b', 'p1', 'good', 'sale', '2026-03-08', 6), ('b', 'p1', 'good', 'shipment', '2026-03-09', 11),
    ('x', 'q1', 'good', 'sale', '2026-03-01', 1), ('x', 'q1', 'good', 'sale', '2026-03-01', 2), ('x', 'q1', 'good', 'shipment', '2026-03-01', -4);

-- So many answers are compared: 8 items with 3 trackers each; a row for each day with movements.
SELECT public.note_answers('raw');
SELECT what, count(*), count(DISTINCT answer) FROM public.answer GROUP BY what ORDER BY what;
-- Some of them worked out: p5 was first on sale on January 1st, 69 days before; p6 sold 2 up to the day.
CREATE VIEW pg_temp.some_health AS
SELECT merchant, sku, mechanism, current_stock, threshold, health, daily_sales, actual_days
  FROM invtrack.health
 WHERE mechanism = 'turnover_days' AND sku IN ('p5', 'p6') OR mechanism = 'stalled_days' AND sku IN ('p1', 'p4');
SELECT * FROM pg_temp.some_health ORDER BY merchant, sku;

-- One merchant: 10 + 3652 + 2 + 1 + 3 + 2 movements; the others' stay, and no answer changes.
SELECT invtrack.fold('a');
SELECT * FROM public.changed_answers('raw');
SELECT * FROM pg_temp.wrong_sums();
SELECT merchant, folded, count(*) FROM invtrack.movement GROUP BY merchant, folded ORDER BY merchant, folded;
SELECT * FROM pg_temp.some_health ORDER BY merchant, sku;
-- Again there is nothing to fold, nor is there of a merchant that is not known.
SELECT invtrack.fold('a') AS again, invtrack.fold('nobody') AS unknown, invtrack.fold('A') AS other_case, invtrack.fold('c') AS without;
SELECT * FROM public.changed_answers('raw');
-- All the others: 2 of b and 3 of x, which no catalogue knows.
SELECT invtrack.fold();
SELECT * FROM public.changed_answers('raw');
SELECT * FROM pg_temp.wrong_sums();
SELECT invtrack.fold() AS again, invtrack.fold(NULL) AS of_null, invtrack.fold(merchant => 'b') AS by_name;

-- A row an item and flow: how many movements, and their days; none of them is purged.
SELECT merchant, sku, flow, movements, invtrack.first_day(days) AS first_day, invtrack.last_day(days) AS last_day,
       invtrack.total(days), purged_movements, purged
  FROM invtrack.flow_series ORDER BY merchant, sku, flow;
SELECT merchant, sku, flow, days FROM invtrack.flow_series WHERE sku <> 'p3' ORDER BY merchant, sku, flow;
-- Ten dense years stay in the row.
SELECT pg_column_size(days) BETWEEN 1000 AND 8000 AS in_line FROM invtrack.flow_series WHERE sku = 'p3';
-- The index of the tail has the movements that are not folded, and there are none.
SELECT pg_get_expr(indpred, indrelid) AS predicate, (SELECT count(*) FROM invtrack.movement WHERE NOT folded) AS movements
  FROM pg_index WHERE indexrelid = 'invtrack.movement_tail'::regclass;

-- What comes later: before the first day, between, onto a day, with more decimals; a day, and a whole
-- item, that comes to nothing; and an item's other flow.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('a', 'p1', 'good', 'sale', '2025-12-31', 7), ('a', 'p1', 'good', 'sale', '2026-02-28', 9), ('a', 'p1', 'good', 'sale', '2026-03-03', 0.5),
    ('a', 'p1', 'good', 'sale', '2026-03-02', 0.000001), ('a', 'p1', 'good', 'sale', '2026-03-05', -5), ('a', 'p1', 'good', 'shipment', '2026-03-06', 1),
    ('a', 'p3', 'good', 'sale', '2016-03-10', -1), ('a', 'p3', 'good', 'sale', '2020-02-29', 0.25), ('a', 'p3', 'good', 'sale', '9999-12-31', 999999999999.999999),
    ('a', 'p4', 'good', 'shipment', '2026-03-10', -8), ('a', 'p4', 'good', 'sale', '2026-03-10', 1),
    ('a', 'p6', 'good', 'sale', '2026-03-11', -4), ('b', 'p1', 'good', 'sale', '0001-01-01', 0), ('x', 'q2', 'good', 'sale', '2026-03-01', 5);
SELECT public.note_answers('more');
-- it counts at once: p1 shipped 15 + 1, p4 none; the threshold of b's p1 is 6 / 90 × 7 now, not 6 / 3 × 7
SELECT * FROM pg_temp.some_health WHERE sku IN ('p1', 'p4') ORDER BY merchant, sku;
SELECT actual_days, threshold FROM invtrack.health WHERE merchant = 'b' AND mechanism = 'turnover_days';
SELECT * FROM pg_temp.wrong_sums();
-- some folded, some not, again; then all
SELECT invtrack.fold('b'), (SELECT count(*) FROM public.changed_answers('more')) AS changes;
SELECT invtrack.fold('a'), (SELECT count(*) FROM public.changed_answers('more')) AS changes;
SELECT invtrack.fold(), (SELECT count(*) FROM public.changed_answers('more')) AS changes;
SELECT * FROM pg_temp.wrong_sums();
SELECT merchant, sku, flow, movements, days FROM invtrack.flow_series WHERE sku <> 'p3' AND movements > 0 ORDER BY merchant, sku, flow;
SELECT movements, invtrack.first_day(days), invtrack.last_day(days), invtrack.range_sum(days, '2020-02-28', '2020-02-29') AS leap_day,
       invtrack.range_sum(days, '-infinity', '2016-03-11') AS first_two FROM invtrack.flow_series WHERE sku = 'p3';

-- A movement at a time, each folded, is as all at once: {1, 2, ... 12} at two days, in some order.
INSERT INTO invtrack.merchant (merchant) VALUES ('steps');
DO $$
BEGIN
    FOR n IN 1 .. 12 LOOP
        INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        VALUES ('steps', 'p', 'good', 'sale', date '2026-03-10' - (n * 5) % 2, n * power(0.1, n % 7));
        ASSERT invtrack.fold('steps') = 1;
    END LOOP;
END
$$;
SELECT movements, days, days OPERATOR(invtrack.=) (
       SELECT invtrack.day_series_agg(occurred_on, quantity) FROM invtrack.movement WHERE merchant = 'steps') AS as_all_at_once
  FROM invtrack.flow_series WHERE merchant = 'steps';

-- More than a century, every day of it, goes out of line, and is merged all the same: 20,001 even days
-- with the sums 0 + 2 + ... + 998 forty times, then the odd ones between, 20,000² millionths.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'long', 'p', 'good', 'sale', date '1900-01-01' + n, n % 1000 FROM generate_series(0, 40000, 2) n;
SELECT invtrack.fold('long');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'long', 'p', 'good', 'sale', date '1900-01-01' + n, n * 0.000001 FROM generate_series(1, 40000, 2) n;
SELECT invtrack.fold('long');
SELECT movements, invtrack.total(days), invtrack.last_day(days) - invtrack.first_day(days) AS days,
       invtrack.range_sum(days, '1900-01-01', '1900-01-03') AS second_and_third
  FROM invtrack.flow_series WHERE merchant = 'long';
SELECT count(*) AS wrong FROM pg_temp.wrong_sums();

-- A folded movement is taken back: once; the opposite is a movement like others, in the tail first.
SELECT public.note_answers('kept');
SELECT invtrack.reverse_movement(merchant, movement_id) > 0 AS reversed FROM invtrack.movement WHERE merchant = 'b' AND flow = 'shipment';
SELECT current_stock, status FROM invtrack.health WHERE merchant = 'b' AND mechanism = 'stalled_days';
SELECT count(*), sum(quantity) FROM invtrack.movement WHERE merchant = 'b' AND flow = 'shipment' AND NOT folded;
SELECT invtrack.fold();
SELECT current_stock, status FROM invtrack.health WHERE merchant = 'b' AND mechanism = 'stalled_days';
SELECT left(public.error_of(format('SELECT invtrack.reverse_movement(''b'', %s)', movement_id)), 5) AS again
  FROM invtrack.movement WHERE merchant = 'b' AND flow = 'shipment' AND reverses IS NULL;
-- and the opposite is taken back: only the count of movements has changed
SELECT invtrack.reverse_movement(merchant, movement_id) > 0 AS reversed FROM invtrack.movement WHERE merchant = 'b' AND flow = 'shipment' AND reverses IS NOT NULL;
SELECT * FROM public.changed_answers('kept');
SELECT invtrack.fold('b'), (SELECT count(*) FROM public.changed_answers('kept')) AS changes;
SELECT movements, days FROM invtrack.flow_series WHERE merchant = 'b' AND flow = 'shipment';

-- A fold that is rolled back has not been: the movement of the same transaction goes, the others' stay.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('b', 'p1', 'good', 'shipment', '2026-03-10', 100);
SELECT public.note_answers('tail');
SAVEPOINT before;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('b', 'p1', 'good', 'shipment', '2026-03-10', 1000);
SELECT invtrack.fold('b');
SELECT current_stock FROM invtrack.health WHERE merchant = 'b' AND mechanism = 'stalled_days';
ROLLBACK TO before;
SELECT current_stock FROM invtrack.health WHERE merchant = 'b' AND mechanism = 'stalled_days';
SELECT * FROM public.changed_answers('tail');
SELECT invtrack.fold('b') AS the_other, (SELECT count(*) FROM public.changed_answers('tail')) AS changes;

-- Folded movements are as append-only as others.
SELECT change, pg_temp.first_line(format('UPDATE invtrack.movement SET %s WHERE merchant = ''b'' AND folded', change)) LIKE '23001: %' AS refused
  FROM unnest(ARRAY['quantity = quantity + 1', 'occurred_on = ''2026-03-02''', 'sku = ''p2''', 'recorded_at = ''2020-01-01''',
                    'quantity = quantity + 1, folded = false']) WITH ORDINALITY t (change, n)
 ORDER BY n;
SELECT statement, left(public.error_of(statement), 5) AS sqlstate
  FROM unnest(ARRAY['DELETE FROM invtrack.movement WHERE merchant = ''b'' AND folded', 'TRUNCATE invtrack.movement']) WITH ORDINALITY t (statement, n)
 ORDER BY n;
SELECT * FROM public.changed_answers('tail');

-- flow_daily: a row for each day with movements; a filter by key is one by index, in both parts.
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS columns
  FROM pg_attribute WHERE attrelid = 'invtrack.flow_daily'::regclass AND attnum > 0;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('a', 'p1', 'good', 'sale', '2026-03-04', 6), ('a', 'p1', 'good', 'sale', '2026-03-07', 1.5), ('a', 'p1', 'defective', 'sale', '2026-03-07', 2);
SELECT * FROM invtrack.flow_daily WHERE merchant = 'a' AND sku = 'p1' ORDER BY inventory_type, flow, day;
SELECT day, quantity FROM invtrack.flow_daily
 WHERE merchant = 'a' AND sku = 'p1' AND inventory_type = 'good' AND flow = 'sale' AND day BETWEEN '2026-03-03' AND '2026-03-05' ORDER BY day;
SELECT count(*) AS none FROM invtrack.flow_daily WHERE merchant = 'nobody';
CREATE FUNCTION pg_temp.conditions(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ 'Cond|Filter|Seq Scan' THEN
            RETURN NEXT regexp_replace(btrim(line), '\m\w+\.|::text', '', 'g');
        END IF;
    END LOOP;
END
$$;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT * FROM pg_temp.conditions($$SELECT * FROM invtrack.flow_daily WHERE merchant = 'a' AND sku = 'p1' AND inventory_type = 'good' AND flow = 'sale'$$);
RESET enable_seqscan;
RESET enable_bitmapscan;
ROLLBACK;

-- More than a batch of 50,000, which ends between keys: 60,000 movements of one key in the middle,
-- 40,000 of ten, a key each for 20,000; and 50,001 keys, one more than a batch.
BEGIN;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'big', 'm', 'good', 'sale', date '2026-03-10' - n % 400, n % 5 FROM generate_series(1, 60000) n
UNION ALL
SELECT 'big', 'f' || n % 10, 'good', 'shipment', date '2026-03-10' - n % 30, 0.5 FROM generate_series(1, 40000) n
UNION ALL
SELECT 'big', CASE WHEN n % 2 = 0 THEN 'a' ELSE 'z' END || n, 'good', 'sale', '2026-03-10', n FROM generate_series(1, 20000) n
UNION ALL
SELECT 'edge', 'k' || n, 'good', 'sale', '2026-03-10', 1 FROM generate_series(1, 50001) n;
CREATE TABLE plain AS
SELECT merchant, sku, inventory_type, flow, count(*) AS movements, invtrack.day_series_agg(occurred_on, quantity) AS days
  FROM invtrack.movement GROUP BY 1, 2, 3, 4;
SELECT invtrack.fold('edge') AS edge, invtrack.fold('big') AS big;
SELECT merchant, count(*) AS keys, sum(movements) AS movements, sum(invtrack.total(days)) AS quantity FROM invtrack.flow_series GROUP BY merchant ORDER BY merchant;
SELECT count(*) AS wrong FROM plain p FULL JOIN invtrack.flow_series s USING (merchant, sku, inventory_type, flow)
 WHERE (p.movements = s.movements AND p.days OPERATOR(invtrack.=) s.days) IS NOT TRUE;
SELECT count(*) AS tail FROM invtrack.movement WHERE NOT folded;
SELECT invtrack.fold() AS again;
ROLLBACK;

-- fold_all() commits as it goes: neither in a function nor in a transaction block, 2D000.
SELECT public.error_of('CALL invtrack.fold_all()');
\set VERBOSITY sqlstate
BEGIN;
CALL invtrack.fold_all();
ROLLBACK;
CALL invtrack.fold_all() \; SELECT 'not to be seen';
\set VERBOSITY default
-- By itself it folds all merchants, each in a transaction of its own, and tells how many movements.
CALL invtrack.fold_all();
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT m, 'p' || n, 'good', 'sale', '2026-03-01', n FROM unnest(ARRAY['fold1', 'fold2', 'fold3']) m, generate_series(1, 4) n;
CALL invtrack.fold_all();
SELECT count(*) AS keys, count(DISTINCT xmin::text) AS transactions, sum(movements) AS movements, sum(invtrack.total(days)) AS quantity
  FROM invtrack.flow_series WHERE merchant LIKE 'fold_';
SELECT merchant, folded_at > now() - interval '1 hour' AS lately FROM invtrack.fold_state WHERE merchant LIKE 'fold_' ORDER BY merchant;
CALL invtrack.fold_all();
-- more than a batch is committed in parts, at every level; the argument that comes back says nothing
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'fold2', CASE WHEN n <= 30000 THEN 'p1' WHEN n <= 60000 THEN 'p2' ELSE 'p3' END, 'good', 'sale', '2026-03-02', 1 FROM generate_series(1, 70000) n;
SET default_transaction_isolation = 'serializable';
CALL invtrack.fold_all(movements => 12345);
RESET default_transaction_isolation;
SELECT sku, movements, days FROM invtrack.flow_series WHERE merchant = 'fold2' ORDER BY sku;
SELECT count(DISTINCT xmin::text) AS transactions FROM invtrack.flow_series WHERE merchant = 'fold2' AND sku <> 'p4';
-- a DO block that is in no transaction can call it, too
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('fold1', 'p1', 'good', 'sale', '2026-03-01', 7);
DO $$
DECLARE
    movements bigint;
BEGIN
    CALL invtrack.fold_all(movements);
    ASSERT movements = 1;
END
$$;
-- The owner of the table may let nulls in: an error, and not the end of the server.
BEGIN;
ALTER TABLE invtrack.movement ALTER COLUMN flow DROP NOT NULL;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, occurred_on, quantity) VALUES ('fold1', 'p1', 'good', '2026-03-01', 7);
SELECT public.error_of('SELECT invtrack.fold(''fold1'')');
ROLLBACK;
SELECT * FROM invtrack.verify();
SELECT merchant, invtrack.delete_merchant(merchant) FROM unnest(ARRAY['fold1', 'fold2', 'fold3']) merchant;
-- Memory does not grow with the number of merchants, neither here nor in a purge: some bytes each.
BEGIN;
CREATE TABLE noted (n integer GENERATED ALWAYS AS IDENTITY, bytes bigint);
CREATE FUNCTION note_memory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO noted (bytes) SELECT sum(used_bytes) FROM pg_backend_memory_contexts;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_memory AFTER INSERT OR UPDATE ON invtrack.flow_series FOR EACH ROW EXECUTE FUNCTION note_memory();
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT 'of' || n, 'p', 'good', 'sale', '2026-03-01', 1, now() - interval '1 day' FROM generate_series(1, 300) n;
SELECT invtrack.fold(), invtrack.purge_movements(NULL, 0);
SELECT CASE WHEN a.n = 100 THEN 'fold' ELSE 'purge' END AS step, b.n - a.n AS merchants, b.bytes - a.bytes < 500 * (b.n - a.n) AS little
  FROM noted a JOIN noted b ON (a.n, b.n) IN ((100, 300), (400, 600)) ORDER BY a.n;
ROLLBACK;
-- What was rolled back takes up room that the tests after this one would read through.
VACUUM (ANALYZE) invtrack.movement, invtrack.flow_series, invtrack.fold_state;
