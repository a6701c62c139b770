-- DROP EXTENSION leaves nothing behind, and CREATE EXTENSION after it works, in the same session too, which has
-- everything's plans from before.
SET client_min_messages = warning;
CREATE DATABASE invtrack_dropped TEMPLATE template0;
\set before :DBNAME
\c invtrack_dropped
\pset format unaligned
SET client_min_messages = warning;
SET invtrack.as_of = '2026-03-10';

-- These stay, since others may use them; so does the schema, which CREATE EXTENSION makes where there is none.
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gin;
CREATE SCHEMA invtrack;

-- How many rows each system catalogue has, but for statistics.
CREATE FUNCTION catalogue_rows() RETURNS TABLE (catalogue name, entries bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR catalogue IN
        SELECT c.relname FROM pg_class c
         WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
           AND c.relname NOT LIKE 'pg\_statistic%' AND c.relname <> 'pg_largeobject'
    LOOP
        EXECUTE format('SELECT count(*) FROM pg_catalog.%I', catalogue) INTO entries;
        RETURN NEXT;
    END LOOP;
END
$$;
-- Something of everything.
CREATE FUNCTION use_everything() RETURNS TABLE (what text, said text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invtrack.merchant VALUES ('m', 'M', 'Europe/Berlin');
    INSERT INTO invtrack.inventory_type VALUES ('m', 'good', 'Good');
    INSERT INTO invtrack.product VALUES ('m', 'p', 'Green tea'), ('m', 'q', 'Mint tea');
    INSERT INTO invtrack.stock_lot VALUES ('m', 'p', 'good', '', NULL, 30), ('m', 'q', 'good', '', '2026-03-12', 0.5);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
    SELECT 'm', 'p', 'good', flow, date '2026-03-10' - n, 2.5, now() - interval '2 days'
      FROM unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 9) n;
    RETURN QUERY SELECT 'fold', invtrack.fold()::text;
    RETURN QUERY SELECT 'purge', invtrack.purge_movements('m', 1)::text;
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 7, 'p', 'good', 'sale', '2026-03-10', 5);
    RETURN QUERY SELECT 'save', string_agg(s, ' ') FROM (VALUES
        (invtrack.save_tracker('m', 'p', 'good', 'turnover_days', NULL, 10, 20)),
        (invtrack.save_tracker('m', 'p', 'good', 'stalled_days', 50, 10)),
        (invtrack.save_tracker('m', 'q', 'good', 'stock_quantity', 1, expiry_days => 1)),
        (invtrack.save_tracker('m', 'q', 'good', 'stock_quantity', 2, expiry_days => 1))) v (s);
    RETURN QUERY SELECT 'preview', (p.threshold, p.health)::text FROM invtrack.preview_health('m', 'q', 'good', 'stock_quantity', 4) p;
    RETURN QUERY SELECT 'function', (h.sku, h.mechanism, h.health)::text FROM invtrack.tracker_health('m') h ORDER BY h.sku, h.mechanism;
    RETURN QUERY SELECT 'list', (h.sku, h.mechanism, h.health)::text FROM invtrack.tracker_health_of('m', ARRAY['q']) h;
    RETURN QUERY SELECT 'find', f.name FROM invtrack.find_products('m', 'tea') f;
    RETURN QUERY SELECT 'today', (invtrack.today('m') IS NOT NULL)::text;
    RETURN QUERY SELECT 'reverse', (invtrack.reverse_movement('m', 7) > 7)::text;
    RETURN QUERY SELECT 'daily', count(*)::text FROM invtrack.flow_daily;
    RETURN QUERY SELECT 'verify', count(*)::text FROM invtrack.verify(repair => true);
    RETURN QUERY SELECT 'delete', invtrack.delete_tracker('m', 'q', 'good', 'stock_quantity')::text;
END
$$;

CREATE TABLE counted (catalogue name, entries bigint);
INSERT INTO counted SELECT * FROM catalogue_rows();

CREATE EXTENSION invtrack;
-- Prepared before there is anything, and kept.
PREPARE by_view AS SELECT sku, mechanism, quantity, current_stock, health, status FROM invtrack.health ORDER BY sku, mechanism;
PREPARE whole_view AS SELECT * FROM invtrack.stock ORDER BY sku;
PREPARE save(text) AS SELECT invtrack.save_tracker('m', $1, 'good', 'stock_quantity', 5);
PREPARE load(numeric) AS INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-10', $1);
SELECT * FROM use_everything();
EXECUTE save('p');
EXECUTE load(5);
EXECUTE by_view;
EXECUTE whole_view;

-- What others have built on it keeps it from being dropped.
CREATE VIEW public.low AS SELECT merchant, sku FROM invtrack.health WHERE status <> 'ok';
DROP EXTENSION invtrack;
SELECT count(*) AS trackers FROM invtrack.health;
DROP VIEW public.low;
DROP EXTENSION invtrack;

-- What is left: nothing but an empty schema.
SELECT catalogue, n.entries - c.entries AS more FROM catalogue_rows() n JOIN counted c USING (catalogue) WHERE n.entries <> c.entries ORDER BY catalogue;
EXECUTE by_view;

CREATE EXTENSION invtrack;
SELECT * FROM use_everything();
EXECUTE save('p');
EXECUTE load(5);
EXECUTE by_view;
EXECUTE whole_view;

-- CASCADE takes what is built on it along, and no more.
CREATE VIEW public.low AS SELECT merchant, sku FROM invtrack.health WHERE status <> 'ok';
DROP EXTENSION invtrack CASCADE;
SELECT to_regclass('public.low') AS view, to_regclass('public.counted') AS others;
SELECT catalogue, n.entries - c.entries AS more FROM catalogue_rows() n JOIN counted c USING (catalogue) WHERE n.entries <> c.entries ORDER BY catalogue;

-- Where nobody made the schema, it comes with the extension.
DROP SCHEMA invtrack;
CREATE EXTENSION invtrack;
SELECT count(*) AS trackers FROM invtrack.health;
\c :before
DROP DATABASE invtrack_dropped;
