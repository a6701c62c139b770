-- What a check costs: check_trackers() against the plain sweep of the same 100,000 trackers (33,334 products
-- with three each, two lots, and 300 days of folded sales and shipments; about one in twelve is ill).
-- Medians of the rounds in milliseconds, taken in turns, and the ratio check / sweep.
--
--     createdb bench && psql -f bench/check.sql bench; dropdb bench                            one merchant
--     createdb bench && psql -v merchants=10 -f bench/check.sql bench; dropdb bench            ten
--     createdb bench && psql -v merchants=1000 -v products=1000 -f bench/check.sql bench; dropdb bench
--
-- For a superuser on Linux: CPU time is that of the session's process, without parallel workers, which are off
-- unless asked for (-v workers=2).
-- The database is to be a new one, since rounds commit, as checks do.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?merchants}
\else
    \set merchants 1
\endif
\if :{?products}
\else
    \set products 33334
\endif
\if :{?rounds}
\else
    \set rounds 11
\endif
\if :{?workers}
\else
    \set workers 0
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = :workers;
SET jit = off;
SET invtrack.as_of = '2026-03-10';
CREATE EXTENSION invtrack CASCADE;

INSERT INTO invtrack.merchant (merchant) SELECT 'm' || n FROM generate_series(1, :merchants) n;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
CREATE TEMP TABLE item AS
SELECT 'm' || n % :merchants + 1 AS merchant, 'SKU-' || lpad(n::text, 6, '0') AS sku, n
  FROM generate_series(1, :products) n ORDER BY 1, 2;
INSERT INTO invtrack.product (merchant, sku, name) SELECT merchant, sku, 'Article ' || n FROM item;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', 'lot ' || lot, date '2026-06-01' + lot * 30, n * 7 % 97 + 4
  FROM item, generate_series(1, 2) lot;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT i.merchant, i.sku, 'good', flow, 300, s.days
  FROM item i, unnest(ARRAY['sale', 'shipment']) flow,
       (SELECT kind, invtrack.day_series_agg(date '2026-03-10' - day, (day * kind) % 7 + 1) AS days
          FROM generate_series(0, 49) kind, generate_series(0, 299) day GROUP BY kind) s
 WHERE s.kind = i.n % 50;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT merchant, sku, 'good', mechanism,
       CASE mechanism WHEN 'stock_quantity' THEN 20 WHEN 'stalled_days' THEN 20 + n % 20 / 19 * 1000 END,
       CASE WHEN mechanism <> 'stock_quantity' THEN 30 END, CASE WHEN mechanism = 'turnover_days' THEN 7 END,
       CASE WHEN mechanism = 'stock_quantity' THEN 14 END
  FROM item, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
SELECT count(*) AS events FROM invtrack.check_trackers() \gset
SELECT count(*) AS trackers, round(100.0 * count(*) FILTER (WHERE status <> 'ok') / count(*), 1) AS ill_percent, :events AS first_events
  FROM invtrack.health;
VACUUM ANALYZE;

CREATE FUNCTION pg_temp.cpu_ms() RETURNS double precision LANGUAGE sql AS $$
    SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision / 1e6
$$;

CREATE TEMP TABLE taken (what text, is_check boolean, round integer, ms double precision, cpu double precision, events bigint);

CREATE PROCEDURE pg_temp.take(what text, is_check boolean, round integer, query text) LANGUAGE plpgsql AS $$
DECLARE
    cpu double precision := pg_temp.cpu_ms();
    started timestamptz := clock_timestamp();
    events bigint;
BEGIN
    EXECUTE query INTO events;
    COMMIT;
    INSERT INTO taken VALUES (what, is_check, round, 1000 * extract(epoch FROM clock_timestamp() - started),
                              pg_temp.cpu_ms() - cpu, events);
    COMMIT;
END
$$;

-- The lots of every hundredth item, another one each round, are swapped for none, and the other way round.
CREATE PROCEDURE pg_temp.compare(rounds integer) LANGUAGE plpgsql AS $$
DECLARE
    checks CONSTANT text := 'SELECT count(*) FROM invtrack.check_trackers()';
    sweep CONSTANT text := 'SELECT count(*), sum(health), min(status), min(reason), max(threshold), max(current_stock) FROM invtrack.health';
BEGIN
    FOR i IN 0 .. rounds LOOP
        CALL pg_temp.take('nothing changed', false, i, sweep);
        CALL pg_temp.take('nothing changed', true, i, checks);
        UPDATE invtrack.stock_lot s SET quantity = CASE WHEN s.quantity < 8 THEN 60 ELSE 4 END
          FROM item WHERE item.n % 100 = i AND s.merchant = item.merchant AND s.sku = item.sku;
        COMMIT;
        CALL pg_temp.take('1 % changed', false, i, sweep);
        CALL pg_temp.take('1 % changed', true, i, checks);
    END LOOP;
END
$$;
CALL pg_temp.compare(:rounds);

SELECT what, round(sweep::numeric, 1) AS sweep_ms, round(checks::numeric, 1) AS check_ms, round((checks / sweep)::numeric, 2) AS ratio,
       round(sweep_cpu::numeric, 1) AS sweep_cpu_ms, round(check_cpu::numeric, 1) AS check_cpu_ms,
       round((check_cpu / sweep_cpu)::numeric, 2) AS cpu_ratio, events
  FROM (SELECT what,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT is_check) AS sweep,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE is_check) AS checks,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FILTER (WHERE NOT is_check) AS sweep_cpu,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FILTER (WHERE is_check) AS check_cpu,
               percentile_disc(0.5) WITHIN GROUP (ORDER BY events) FILTER (WHERE is_check) AS events
          FROM taken WHERE round > 0 GROUP BY what) t
 ORDER BY what DESC;
