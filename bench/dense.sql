-- Dense histories: 100,000 trackers of items that sell and ship on each of 400 days, at a lookback of 30 days and of 365, in turns.
-- The two are merchants with the same items. Medians of 9 rounds of CPU time in ms, one process; for a superuser on Linux:
--
--     createdb bench && psql -f bench/dense.sql bench; dropdb bench
--
-- See README.md for results; the target is that 365 days take at most 1.3 times as long as 30.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET invtrack.as_of = '2026-03-10';
CREATE EXTENSION invtrack CASCADE;

CREATE TEMP TABLE lookback (merchant text, days integer);
INSERT INTO lookback VALUES ('days-30', 30), ('days-365', 365);
CREATE TEMP TABLE item AS SELECT 'SKU-' || lpad(n::text, 6, '0') AS sku, n FROM generate_series(1, 33334) n;
INSERT INTO invtrack.merchant (merchant) SELECT merchant FROM lookback;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM lookback;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, sku FROM lookback, item ORDER BY merchant, n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, expires_on, quantity)
SELECT merchant, sku, 'good', date '2026-06-01', n % 97 + 4 FROM lookback, item ORDER BY merchant, n;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT merchant, sku, 'good', flow, 400, s.days
  FROM lookback, item i, unnest(ARRAY['sale', 'shipment']) flow,
       (SELECT kind, invtrack.day_series_agg(date '2026-03-10' - day, day * kind % 31 + 1) AS days
          FROM generate_series(0, 49) kind, generate_series(0, 399) day GROUP BY kind) s
 WHERE s.kind = i.n % 50
 ORDER BY merchant, n, flow;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT merchant, sku, 'good', mechanism, CASE WHEN mechanism <> 'turnover_days' THEN 20 END,
       CASE WHEN mechanism <> 'stock_quantity' THEN days END, CASE WHEN mechanism = 'turnover_days' THEN 14 END
  FROM lookback, item, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism
 ORDER BY merchant, n, mechanism;
VACUUM ANALYZE;

CREATE FUNCTION pg_temp.cpu_ms() RETURNS double precision LANGUAGE sql AS $$
    SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision / 1e6
$$;
CREATE TEMP TABLE taken (merchant text, round integer, cpu double precision);
DO $$
DECLARE
    l record;
    before double precision;
BEGIN
    FOR round IN 0 .. 9 LOOP
        FOR l IN SELECT * FROM lookback ORDER BY days LOOP
            before := pg_temp.cpu_ms();
            PERFORM sum(health), count(status) FROM invtrack.health WHERE merchant = l.merchant;
            INSERT INTO taken VALUES (l.merchant, round, pg_temp.cpu_ms() - before);
        END LOOP;
    END LOOP;
END
$$;
\pset footer off
SELECT round(a.ms) AS days_30, round(b.ms) AS days_365, round((b.ms / a.ms)::numeric, 2) AS ratio
  FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS ms FROM taken WHERE round > 0 AND merchant = 'days-30') a,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS ms FROM taken WHERE round > 0 AND merchant = 'days-365') b;
