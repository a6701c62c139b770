-- What forecast() costs: 100,000 items of one merchant over 90 and over 3,650 days, each with two lots, one in ten with units on
-- order, and 300 days of folded sales; beside it the plain sweep of as many turnover_days trackers, and project_stock() of one item.
-- Medians of the rounds in milliseconds, taken in turns.
--
--     createdb bench && psql -f bench/forecast.sql bench
--
-- Everything is rolled back in the end; the tables are left to VACUUM. Results: bench/README.md.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?products}
\else
    \set products 100000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET invtrack.as_of = '2026-03-10';
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
BEGIN;

INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
CREATE TEMP TABLE item AS SELECT 'SKU-' || lpad(n::text, 6, '0') AS sku, n FROM generate_series(1, :products) n;
INSERT INTO invtrack.product (merchant, sku) SELECT 'm', sku FROM item;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT 'm', sku, 'good', 'lot ' || lot, date '2026-03-01' + lot * 30, n * 7 % 97 + 4 FROM item, generate_series(1, 2) lot;
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, expected_on, quantity)
SELECT 'm', sku, 'good', date '2026-03-20' + n % 50, 100 FROM item WHERE n % 10 = 0;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT 'm', i.sku, 'good', 'sale', 300, s.days
  FROM item i,
       (SELECT kind, invtrack.day_series_agg(date '2026-03-10' - day, (day * kind) % 7 + 1) AS days
          FROM generate_series(0, 49) kind, generate_series(0, 299) day GROUP BY kind) s
 WHERE s.kind = i.n % 50;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days)
SELECT 'm', sku, 'good', 'turnover_days', 30, 14 FROM item;
ANALYZE invtrack.product, invtrack.stock_lot, invtrack.incoming, invtrack.flow_series, invtrack.tracker;

CREATE FUNCTION pg_temp.milliseconds(query text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE query;
    RETURN 1000 * extract(epoch FROM clock_timestamp() - started);
END
$$;

SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.sweep)::numeric) AS sweep_ms,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.forecast_90)::numeric) AS forecast_90_ms,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.forecast_3650)::numeric) AS forecast_3650_ms,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.one_item)::numeric, 2) AS project_stock_ms
  FROM (SELECT pg_temp.milliseconds('SELECT count(health), count(daily_sales), count(current_stock) FROM invtrack.health') AS sweep,
               pg_temp.milliseconds('SELECT count(*) FROM invtrack.forecast(''m'')') AS forecast_90,
               pg_temp.milliseconds('SELECT count(*) FROM invtrack.forecast(''m'', horizon_days => 3650)') AS forecast_3650,
               pg_temp.milliseconds('SELECT count(*) FROM invtrack.project_stock(''m'', ''SKU-000010'', ''good'')') AS one_item
          FROM generate_series(1, 5) round) t;
ROLLBACK;
