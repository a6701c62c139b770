-- What explain_health() and backtest_tracker() cost: 1,000 products with three years of sales and shipments a day,
-- folded, some movements that are not, and a year of recorded stock. Medians of 15 in milliseconds; the sweep once.
--
--     createdb bench && psql -f bench/backtest.sql bench
--
-- PostgreSQL 15.20, two busy cores: explain_health 0.37; a year of one tracker 0.61 (lookback 90) and 1.33 (730), the target
-- is 5; a year of 1,000 trackers 542, the target is 2,000.
--
-- Everything is rolled back in the end; the tables are left to VACUUM.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
BEGIN;
INSERT INTO invtrack.merchant (merchant) VALUES ('bench');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('bench', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'bench', 'p' || n FROM generate_series(1, 1000) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT 'bench', sku, 'good', 'lot ' || n, date '2026-03-01' + n * 30, 10 + n FROM invtrack.product, generate_series(1, 5) n WHERE merchant = 'bench';
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT 'bench', p.sku, 'good', flow, 1095, s.days
  FROM invtrack.product p, unnest(ARRAY['sale', 'shipment']) flow,
       (SELECT invtrack.day_series_agg(date '2026-03-10' - n, n % 7 + 1) AS days FROM generate_series(0, 1094) n) s WHERE p.merchant = 'bench';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'bench', sku, 'good', 'sale', '2026-03-10', 2 FROM invtrack.product WHERE merchant = 'bench';
INSERT INTO invtrack.check_state (merchant, checked_days)
SELECT 'bench', invtrack.day_series_agg(date '2026-03-10' - n, 1) FROM generate_series(0, 364) n;
INSERT INTO invtrack.stock_history (merchant, sku, inventory_type, on_hand)
SELECT 'bench', p.sku, 'good', s.on_hand
  FROM invtrack.product p, (SELECT invtrack.day_series_agg(date '2026-03-10' - n * 2, n * 37 % 60) AS on_hand FROM generate_series(0, 199) n) s WHERE p.merchant = 'bench';
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days)
SELECT 'bench', sku, 'good', 'turnover_days', 90, 14 FROM invtrack.product WHERE merchant = 'bench';
ANALYZE invtrack.merchant, invtrack.product, invtrack.stock_lot, invtrack.flow_series, invtrack.movement, invtrack.tracker, invtrack.stock_history;
SET invtrack.as_of = '2026-03-10';

CREATE FUNCTION pg_temp.milliseconds(query text, times integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    taken double precision[];
BEGIN
    FOR i IN 0 .. times LOOP	-- the first is a warm-up
        started := clock_timestamp();
        EXECUTE query;
        taken[i] := 1000 * extract(epoch FROM clock_timestamp() - started);
    END LOOP;
    RETURN (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) FROM unnest(taken[1:]) t);
END
$$;
\set year 'from_day => ''2025-03-11'', to_day => ''2026-03-10'''
SELECT q.what, pg_temp.milliseconds(q.query, q.times) AS milliseconds
  FROM (VALUES
    (1, 15, 'explain_health, lookback 90', $$SELECT count(note) FROM invtrack.explain_health('bench', 'p7', 'good', 'turnover_days')$$),
    (2, 15, 'backtest of a year, turnover_days, lookback 90', $$SELECT count(health) FROM invtrack.backtest_tracker('bench', 'p7', 'good', 'turnover_days', lookback_days => 90, coverage_days => 14, $$ || :'year' || ')'),
    (3, 15, 'backtest of a year, stalled_days, lookback 730', $$SELECT count(health) FROM invtrack.backtest_tracker('bench', 'p7', 'good', 'stalled_days', 5, 730, $$ || :'year' || ')'),
    (4, 3, 'backtest of a year, 1,000 trackers', $$SELECT count(b.health) FROM invtrack.tracker t, LATERAL invtrack.backtest_tracker(t.merchant, t.sku, t.inventory_type, t.mechanism, t.quantity, t.lookback_days, t.coverage_days, t.expiry_days, $$ || :'year' || $$) b WHERE t.merchant = 'bench'$$)
  ) q (n, times, what, query) ORDER BY q.n;
ROLLBACK;
