-- verify(): what is folded is compared with what it was made of, and made so again where it is not;
-- what was purged is not lost by that.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
\pset null '(null)'

-- The same in m and n: p1 has 2 purged and 2 kept movements, p2 purged ones only, p3 kept ones only,
-- p4 a day that comes to nothing, and p5 a tail only; p1's shipments are a kept one and a tail.
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.product (merchant, sku) SELECT m, 'p' || n FROM unnest(ARRAY['m', 'n']) m, generate_series(1, 5) n;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT m, t FROM unnest(ARRAY['m', 'n']) m, unnest(ARRAY['bad', 'good']) t;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT merchant, sku, 'good', v.*
  FROM invtrack.product, (VALUES ('turnover_days', NULL::numeric, 30, 7), ('stalled_days', 10, 30, NULL)) v;
CREATE TABLE given (sku text, flow text, occurred_on date, quantity numeric, is_old boolean);
INSERT INTO given VALUES
    ('p1', 'sale', '2026-03-01', 1, true), ('p1', 'sale', '2026-03-02', 2, true), ('p1', 'sale', '2026-03-02', 4, false), ('p1', 'sale', '2026-03-03', 8.5, false),
    ('p2', 'sale', '2026-03-01', 16, true), ('p2', 'sale', '2026-02-01', 32, true),
    ('p3', 'sale', '2026-03-01', 64, false), ('p4', 'sale', '2026-03-01', 7, false), ('p4', 'sale', '2026-03-01', -7, false),
    ('p1', 'shipment', '2026-03-04', 128, false);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT m, sku, 'good', flow, occurred_on, quantity, now() - CASE WHEN is_old THEN 100 ELSE 0 END * interval '1 day' FROM unnest(ARRAY['m', 'n']) m, given;
SELECT * FROM invtrack.verify();
SELECT invtrack.fold(), invtrack.purge_movements(NULL, 50) AS purged;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT m, v.* FROM unnest(ARRAY['m', 'n']) m, (VALUES ('p1', 'good', 'shipment', date '2026-03-04', 256), ('p5', 'good', 'sale', '2026-03-05', 512)) v;
SELECT public.note_answers('well');
CREATE TABLE well AS SELECT * FROM invtrack.flow_series;

-- All is well: no difference, of whomever it is asked, and nothing to repair.
SELECT * FROM invtrack.verify();
SELECT (SELECT count(*) FROM invtrack.verify('m')) AS m, (SELECT count(*) FROM invtrack.verify(merchant => 'n', repair => true)) AS repaired,
       (SELECT count(*) FROM invtrack.verify(repair => true)) AS repaired_all, (SELECT count(*) FROM invtrack.verify('nobody', true)) AS nobody,
       (SELECT count(*) FROM invtrack.verify(NULL, NULL)) AS nulls;
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS columns
  FROM pg_attribute WHERE attrelid = 'invtrack_internal.difference'::regclass AND attnum > 0;

-- Each damage is listed, of that merchant only; repaired, which lists it once more, it is gone, answers
-- are what they were, and so is the series, down to what was purged.
CREATE TABLE damage (n integer, what text, statement text);
INSERT INTO damage VALUES
    (1, 'a day more', $$UPDATE invtrack.flow_series SET days = days OPERATOR(invtrack.+) '{2020-01-01:1}' WHERE merchant = 'm' AND sku = 'p1' AND flow = 'sale'$$),
    (2, 'a day more, of nothing', $$UPDATE invtrack.flow_series SET days = days OPERATOR(invtrack.+) '{2020-01-01:0}' WHERE merchant = 'm' AND sku = 'p3'$$),
    (3, 'the day of nothing is gone', $$UPDATE invtrack.flow_series SET days = '{}' WHERE merchant = 'm' AND sku = 'p4'$$),
    (4, 'another day', $$UPDATE invtrack.flow_series SET days = '{2026-02-01:16,2026-03-01:32}' WHERE merchant = 'm' AND sku = 'p2'$$),
    (5, 'a millionth', $$UPDATE invtrack.flow_series SET days = days OPERATOR(invtrack.+) '{2026-03-01:0.000001}' WHERE merchant = 'm' AND sku = 'p3'$$),
    (6, 'a movement less', $$UPDATE invtrack.flow_series SET movements = movements - 1 WHERE merchant = 'm' AND sku = 'p1' AND flow = 'sale'$$),
    (7, 'no row', $$DELETE FROM invtrack.flow_series WHERE merchant = 'm' AND sku = 'p3'$$),
    (8, 'a row of nothing', $$INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days) VALUES ('m', 'p5', 'good', 'sale', 1, '{2026-03-05:512}')$$),
    (9, 'an empty row', $$INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days) VALUES ('m', 'p9', 'bad', 'shipment', 0, '{}')$$),
    (10, 'all of a merchant', $$DELETE FROM invtrack.flow_series WHERE merchant = 'm' AND purged IS NULL$$);
CREATE FUNCTION pg_temp.series_changed() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM well w FULL JOIN invtrack.flow_series s USING (merchant, sku, inventory_type, flow)
     WHERE ((w.movements, w.purged_movements, w.days::text, w.purged::text) IS DISTINCT FROM (s.movements, s.purged_movements, s.days::text, s.purged::text))
$$;
CREATE TABLE outcome (n integer, listed bigint, of_n bigint, found_by_all bigint, listed_again bigint, still_there bigint, series_changed bigint, answers_changed bigint);
CREATE TABLE listed (n integer, LIKE invtrack_internal.difference);
DO $$
DECLARE
    d damage;
    o outcome;
BEGIN
    FOR d IN SELECT * FROM damage ORDER BY n LOOP
        o := NULL;
        o.n := d.n;
        EXECUTE d.statement;
        ASSERT pg_temp.series_changed() > 0, d.what;
        INSERT INTO listed SELECT d.n, v.* FROM invtrack.verify('m') v;
        GET DIAGNOSTICS o.listed = ROW_COUNT;
        SELECT count(*) INTO o.of_n FROM invtrack.verify('n', repair => true);
        SELECT count(*) INTO o.found_by_all FROM invtrack.verify();
        SELECT count(*) INTO o.listed_again FROM invtrack.verify('m', repair => true);
        SELECT count(*) INTO o.still_there FROM invtrack.verify();
        o.series_changed := pg_temp.series_changed();
        SELECT count(*) INTO o.answers_changed FROM public.changed_answers('well');
        INSERT INTO outcome SELECT o.*;
    END LOOP;
END
$$;
\pset format unaligned
SELECT d.what AS damage, l.* FROM listed l JOIN damage d USING (n) ORDER BY l.n, l.sku, l.part;
\pset format aligned
TABLE outcome ORDER BY n;

-- Movements that were marked by hand: one that is not folded is in no reading, one that is folded is in
-- two; repaired, each is in one, and readings are what they were.
UPDATE invtrack.movement SET folded = true WHERE merchant = 'm' AND quantity IN (256, 512);
SELECT mechanism, current_stock FROM invtrack.health WHERE merchant = 'm' AND sku = 'p1' AND mechanism = 'stalled_days';
SELECT * FROM invtrack.verify('m', repair => true);
SELECT * FROM invtrack.verify();
SELECT * FROM public.changed_answers('well');
UPDATE invtrack.movement SET folded = false WHERE merchant = 'm' AND quantity IN (256, 512, 8.5);
SELECT mechanism, current_stock FROM invtrack.health WHERE merchant = 'm' AND sku = 'p1' AND mechanism = 'stalled_days';
SELECT * FROM invtrack.verify('m', repair => true);
SELECT * FROM invtrack.verify();
SELECT * FROM public.changed_answers('well');
SELECT invtrack.fold('m'), (SELECT count(*) FROM public.changed_answers('well')) AS changes;
-- one that is in no series is not purged before it is mended: XX001, and nothing goes
UPDATE invtrack.movement SET folded = true WHERE merchant = 'n' AND quantity = 512;
SELECT public.error_of('SELECT invtrack.purge_movements(''n'', 0)');
SELECT count(*) AS kept FROM invtrack.movement WHERE merchant = 'n' AND folded;
SELECT count(*) AS mended FROM invtrack.verify('n', repair => true);
SELECT invtrack.purge_movements('n', 0), (SELECT count(*) FROM public.changed_answers('well')) AS changes;
SELECT * FROM invtrack.verify();

-- Several at once, of two merchants: in the order of their keys; a repair of one leaves the other's, and
-- does not touch what is right.
SAVEPOINT several;
UPDATE invtrack.flow_series SET movements = movements + 10 WHERE sku IN ('p1', 'p3') AND flow = 'sale';
SELECT what, merchant, sku, inventory_type, part, expected, found FROM invtrack.verify();
CREATE TABLE place AS SELECT merchant, sku, flow, ctid AS place FROM invtrack.flow_series;
SELECT merchant, sku FROM invtrack.verify('n', true);
SELECT merchant, sku FROM invtrack.verify();
SELECT p.merchant, p.sku, p.flow FROM place p JOIN invtrack.flow_series s USING (merchant, sku, flow) WHERE p.place <> s.ctid ORDER BY 1, 2, 3;
SELECT merchant, sku FROM invtrack.verify(repair => true) LIMIT 1;
SELECT * FROM invtrack.verify();
SELECT * FROM public.changed_answers('well');
ROLLBACK TO several;

-- Trackers of items that the catalogue does not have, as after a load without triggers: listed, one row
-- for each thing that is missing, and left alone by a repair, which has no way to know.
SET LOCAL session_replication_role = replica;
DELETE FROM invtrack.product WHERE merchant = 'm' AND sku IN ('p2', 'p5');
DELETE FROM invtrack.tracker WHERE merchant = 'm' AND sku = 'p5' AND mechanism = 'stalled_days';
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m', 'p1', 'none', 'stock_quantity', 1), ('zz', 'p1', 'good', 'stock_quantity', 1);
SET LOCAL session_replication_role = origin;
UPDATE invtrack.flow_series SET movements = movements + 10 WHERE merchant = 'm' AND sku = 'p2';
SELECT * FROM invtrack.verify() ORDER BY what, merchant, sku, inventory_type, part, found;
SELECT count(*) AS of_n FROM invtrack.verify('n');
SELECT what, sku, part FROM invtrack.verify('m', repair => true);
SELECT what, merchant, sku, inventory_type, part, found FROM invtrack.verify() ORDER BY 1, 2, 3, 4, 5, 6;
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p2'), ('m', 'p5');
SELECT merchant, sku, inventory_type, found FROM invtrack.verify() ORDER BY 1, 2, 3, 4;
ROLLBACK;
