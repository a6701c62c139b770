-- What a range of days costs in the views by day: 7 of 400 days against all, of 2,000 items with a sale and a shipment on
-- each, a tenth of which have movements that are not folded; and the trackers and stock of the items, whose figures changed on
-- every third day. Medians of the rounds in milliseconds, taken in turns, and the ratio.
--
--     createdb bench && psql -f bench/daily.sql bench
--
-- Everything is rolled back in the end; the tables are left to VACUUM.
--
-- Ratios of a week on two busy cores, PostgreSQL 15: flow_daily 0.06, health_daily 0.05, stock_daily 0.04; with 0.2 0.95, 0.89, 0.93.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
BEGIN;

INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'm', 'SKU-' || lpad(n::text, 6, '0') FROM generate_series(1, 2000) n;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT p.merchant, p.sku, 'good', flow, 400, invtrack.day_series_agg(date '2026-03-10' - n, hashtext(p.sku || n) & 7)
  FROM invtrack.product p, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 399) n
 GROUP BY p.merchant, p.sku, flow;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', 'sale', '2026-03-10', 2 FROM invtrack.product WHERE sku LIKE '%7';
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
SELECT merchant, sku, 'good', 'stock_quantity', 20 FROM invtrack.product;
INSERT INTO invtrack.check_state (merchant, checked_days)
SELECT 'm', invtrack.day_series_agg(date '2026-03-10' - n, 1) FROM generate_series(0, 399) n;
INSERT INTO invtrack.tracker_history (merchant, sku, inventory_type, mechanism, health, current_stock)
SELECT p.merchant, p.sku, 'good', 'stock_quantity', invtrack.day_series_agg(date '2026-03-10' - n, (hashtext(p.sku || n) & 63) * 5),
       invtrack.day_series_agg(date '2026-03-10' - n, hashtext(p.sku || n) & 63)
  FROM invtrack.product p, generate_series(0, 399, 3) n
 GROUP BY p.merchant, p.sku;
INSERT INTO invtrack.stock_history (merchant, sku, inventory_type, on_hand)
SELECT h.merchant, h.sku, h.inventory_type, h.current_stock FROM invtrack.tracker_history h;
ANALYZE invtrack.flow_series, invtrack.movement, invtrack.check_state, invtrack.tracker_history, invtrack.stock_history;

CREATE FUNCTION pg_temp.milliseconds(query text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE query;
    RETURN 1000 * extract(epoch FROM clock_timestamp() - started);
END
$$;

SELECT v.name AS view, round(m.everything::numeric, 1) AS all_ms, round(m.week::numeric, 1) AS week_ms, round(m.day::numeric, 1) AS day_ms,
       round((m.week / m.everything)::numeric, 3) AS week_ratio, round((m.day / m.everything)::numeric, 3) AS day_ratio
  FROM unnest(ARRAY['flow_daily', 'health_daily', 'stock_daily']) WITH ORDINALITY v (name, n)
 CROSS JOIN LATERAL (
       SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.everything) AS everything, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.week) AS week,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY t.day) AS day
         FROM (SELECT pg_temp.milliseconds(format('SELECT count(*) FROM invtrack.%I', v.name)) AS everything,
                      pg_temp.milliseconds(format('SELECT count(*) FROM invtrack.%I WHERE day BETWEEN ''2026-03-01'' AND ''2026-03-07''', v.name)) AS week,
                      pg_temp.milliseconds(format('SELECT count(*) FROM invtrack.%I WHERE day = ''2026-03-07''', v.name)) AS day
                 FROM generate_series(1, 5) round) t) m
 ORDER BY v.n;
ROLLBACK;
