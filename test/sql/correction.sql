-- Corrections: what a line says now, wrong loads undone, and refs that reversals leave free.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE VIEW pg_temp.line AS
SELECT ref, sku, occurred_on, quantity, reverses IS NOT NULL AS opposite, reversed FROM invtrack.movement
 WHERE merchant = 'm' ORDER BY movement_id;
CREATE FUNCTION pg_temp.net() RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat(sku, ' ', day, ' ', quantity), ', ' ORDER BY sku, day) FROM invtrack.flow_daily WHERE merchant = 'm' $$;

-- The line says something else: reversed and recorded anew. Item and merchant need not exist.
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'a', 'good', '2026-03-01', 7);
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'a', 'good', '2026-03-01', 7.000);
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'a', 'good', '2026-03-01', 5);
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'b', 'good', '2026-03-02', 5);
SELECT invtrack.record_movement('m', 'shipment', 'o/1', 'b', 'good', '2026-03-02', 5);
TABLE pg_temp.line;
SELECT pg_temp.net();
-- 0 takes it back, and nothing is left to take back; the next one is created.
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'b', 'good', '2026-03-02', 0);
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'b', 'good', '2026-03-02', 0);
SELECT invtrack.record_movement('m', 'sale', 'never', 'b', 'good', '2026-03-02', 0);
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'b', 'good', '2026-03-03', -2);
SELECT pg_temp.net();
-- Folded or not.
SELECT invtrack.fold('m') > 0 AS folded;
SELECT invtrack.record_movement('m', 'sale', 'o/1', 'b', 'good', '2026-03-03', 9);
SELECT pg_temp.net();
SELECT count(*) FROM invtrack.verify();

-- A load that is tried again counts once, and a reversed line comes again under its ref.
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
VALUES ('m', 1, 'c', 'good', 'sale', '2026-03-05', 7, 'c/1') ON CONFLICT DO NOTHING;
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
VALUES ('m', 2, 'c', 'good', 'sale', '2026-03-05', 7, 'c/1') ON CONFLICT DO NOTHING;
SELECT invtrack.reverse_movement('m', 1) AS first \gset
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
VALUES ('m', 3, 'c', 'good', 'sale', '2026-03-05', 5, 'c/1') ON CONFLICT DO NOTHING;
SELECT movement_id, quantity, reversed FROM invtrack.movement WHERE merchant = 'm' AND ref = 'c/1' ORDER BY 1;
SELECT left(public.error_of(format('SELECT invtrack.reverse_movement(%L, %s)', 'm', id)), 5) AS again FROM unnest(ARRAY[1, 99]) id;
-- Reversing the reversal brings the line back: not while its ref is another's.
SELECT left(public.error_of(format('SELECT invtrack.reverse_movement(%L, %s)', 'm', :first)), 5) AS taken;
SELECT invtrack.reverse_movement('m', 3) > 0 AS third;
SELECT invtrack.reverse_movement('m', :first) AS second \gset
SELECT movement_id, quantity, reversed FROM invtrack.movement WHERE merchant = 'm' AND ref = 'c/1' ORDER BY 1;
SELECT quantity FROM invtrack.flow_daily WHERE merchant = 'm' AND sku = 'c';
-- And once more along the chain: the line is taken back again by reversing what brought it back.
SELECT invtrack.reverse_movement('m', :second) > 0 AS third;
SELECT CASE movement_id WHEN 1 THEN 'line' WHEN :first THEN 'reversal' ELSE 'back' END AS movement, reversed
  FROM invtrack.movement WHERE merchant = 'm' AND movement_id IN (1, :first, :second) ORDER BY movement_id;
SELECT left(public.error_of($$SELECT invtrack.reverse_movement('m', 1)$$), 5) AS reversed;
SELECT count(*) FROM invtrack.verify();

-- A wrong load, undone by what its refs begin with, to the letter.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
SELECT 'm', 'd', 'good', flow, '2026-03-06', 1, prefix || n
  FROM unnest(ARRAY['sale', 'shipment']) flow, unnest(ARRAY['2026%/', '2026_/', '2026x/', '2026\']) prefix, generate_series(1, 3) n;
SELECT invtrack.reverse_movements('m', 'sale', '2026%/') AS three, invtrack.reverse_movements('m', 'sale', '2026%/') AS none,
       invtrack.reverse_movements('m', 'sale', '2026\') AS backslash, invtrack.reverse_movements('m', 'shipment', '2026') AS all_of_flow,
       invtrack.reverse_movements('m', 'sale', 'nothing') AS nothing;
SELECT flow, sum(quantity) FROM invtrack.flow_daily WHERE merchant = 'm' AND sku = 'd' GROUP BY flow ORDER BY flow;
SELECT count(*) FROM invtrack.verify();

-- What was reversed before there were marks is marked by a repair, chains as well.
UPDATE invtrack.movement SET reversed = false WHERE merchant = 'm' AND movement_id IN (1, :first, :second);
SELECT what, part, expected = format('movement %s marked as reversed', :first) AS first, found FROM invtrack.verify('m', true) ORDER BY first;
SELECT CASE movement_id WHEN 1 THEN 'line' WHEN :first THEN 'reversal' ELSE 'back' END AS movement, reversed
  FROM invtrack.movement WHERE merchant = 'm' AND movement_id IN (1, :first, :second) ORDER BY movement_id;
SELECT count(*) FROM invtrack.verify();

-- A ref that nobody knows, on a day that a purge has reached, may be a purged line.
CREATE FUNCTION pg_temp.recorded(ref text, day date, quantity numeric) RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN invtrack.record_movement('m', 'sale', ref, 'p', 'good', day, quantity); EXCEPTION WHEN no_data_found THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at)
VALUES ('m', 'p', 'good', 'sale', '2026-02-10', 4, 'old', '2026-02-10'), ('m', 'p', 'good', 'sale', '2026-02-12', 4, 'kept', now());
SELECT invtrack.fold('m') > 0 AS folded, invtrack.purge_movements('m', 1) AS purged;
SELECT n, pg_temp.recorded(ref, day, quantity) FROM (VALUES
    (1, 'old', date '2026-02-10', 5), (2, 'new', '2026-02-10', 1), (3, 'new', '2026-02-11', 1), (4, 'kept', '2026-02-01', 5),
    (5, 'kept', '2026-02-01', 0), (6, 'kept', '2026-02-01', 2), (7, 'old', '2026-02-09', 0)) v (n, ref, day, quantity) ORDER BY n;

-- Bad arguments: the field, the value, what to do; nothing is written.
SELECT n, public.error_of(format('SELECT invtrack.record_movement(%s)', arguments)) FROM (VALUES
    (1, $$NULL, 'sale', 'r', 's', 'good', '2026-03-01', 1$$), (2, $$'m', NULL, 'r', 's', 'good', '2026-03-01', 1$$),
    (3, $$'m', 'sale', NULL, 's', 'good', '2026-03-01', 1$$), (4, $$'m', 'sale', 'r', 's', 'good', NULL, 1$$),
    (5, $$'m', 'sale', 'r', 's', 'good', '2026-03-01', NULL$$), (6, $$'m', 'sold', 'r', 's', 'good', '2026-03-01', 1$$),
    (7, $$'m', 'sale', '', 's', 'good', '2026-03-01', 1$$), (8, $$'m', 'sale', 'r', ' s', 'good', '2026-03-01', 1$$),
    (9, $$'m', 'sale', 'r', 's', 'good', 'infinity', 1$$), (10, $$'m', 'sale', 'r', 's', 'good', '2026-03-01', 'NaN'$$),
    (11, $$'m', 'sale', 'r', 's', 'good', '2026-03-01', 1000000000000$$), (12, $$'m', 'sale', 'r', 's', 'good', '2026-03-01', 0.0000001$$)) v (n, arguments) ORDER BY n;
SELECT n, public.error_of(format('SELECT invtrack.reverse_movements(%s)', arguments)) FROM (VALUES
    (1, $$'m', 'sale', ''$$), (2, $$'m', 'sale', NULL$$), (3, $$'m', 'sold', 'x'$$), (4, $$NULL, 'sale', 'x'$$)) v (n, arguments) ORDER BY n;

-- A loader, of its merchant only; it marks nothing itself.
CREATE ROLE invtrack_test_loader;
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('other');
SELECT invtrack.grant_access('invtrack_test_loader', 'm', 'load');
SET LOCAL ROLE invtrack_test_loader;
SELECT invtrack.record_movement('m', 'sale', 'loaded', 's', 'good', '2026-03-01', 1), invtrack.record_movement('m', 'sale', 'loaded', 's', 'good', '2026-03-01', 2);
SELECT invtrack.reverse_movements('m', 'sale', 'loaded');
SELECT statement, left(public.error_of(statement), 5) FROM unnest(ARRAY[
    $$SELECT invtrack.record_movement('other', 'sale', 'x', 's', 'good', '2026-03-01', 1)$$, $$SELECT invtrack.reverse_movements('other', 'sale', 'x')$$,
    $$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, reversed) VALUES ('m', 's', 'good', 'sale', '2026-03-01', 1, true)$$,
    $$UPDATE invtrack.movement SET reversed = true$$]) statement;
ROLLBACK;
