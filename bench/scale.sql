-- invtrack alone at one size: what a sweep, a merchant, a fold and a check cost, and what they take on disk.
-- Run by bench/scale, in a new database, which it leaves loaded:
--
--     psql -X -v products=10000 -v rounds=5 -f bench/scale.sql
--
-- Prints a line "products|what|value" for each figure. Times are medians in milliseconds, "what, CPU" those of the session's
-- process alone (on Linux, and for a superuser).
--
-- The data is that of shop.sql, of ten merchants, and a movement that is not folded for every fifth product.

\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\set merchants 10
SELECT clock_timestamp() AS load_started \gset
\ir shop.sql
SELECT :products, 'load, s', round(extract(epoch FROM clock_timestamp() - :'load_started'), 1);
SELECT :products, 'key-days', sum(k.movements) FROM bench.item JOIN bench.kind k USING (kind);

CREATE TABLE bench.taken (what text, ms double precision, cpu double precision);

CREATE FUNCTION bench.cpu_ms() RETURNS double precision LANGUAGE sql AS $$
    SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision / 1e6
$$;

CREATE PROCEDURE bench.take(what text, query text, rounds integer DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    cpu double precision;
    number bigint;
BEGIN
    FOR i IN 1 .. rounds LOOP
        cpu := bench.cpu_ms();
        started := clock_timestamp();
        -- These two commit as they go, which they could not in EXECUTE.
        IF query = 'check' THEN
            CALL invtrack.check_all(number);
        ELSIF query = 'fold' THEN
            CALL invtrack.fold_all(number);
        ELSE
            EXECUTE query;
        END IF;
        COMMIT;
        INSERT INTO bench.taken VALUES (what, 1000 * extract(epoch FROM clock_timestamp() - started), bench.cpu_ms() - cpu);
    END LOOP;
END
$$;

-- All result columns are computed.
CREATE FUNCTION bench.sweep(condition text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT 'SELECT count(merchant_name), count(product_name), count(inventory_type_name), sum(current_stock), sum(threshold),'
        || ' sum(health), count(status), count(reason), sum(daily_sales), sum(actual_days), sum(days_of_cover),'
        || ' sum(excluded_stock), max(as_of), max(updated_at) FROM invtrack.health ' || condition
$$;

-- Measures ---------------------------------------------------------------------------------------

CALL bench.take('insert', format($$
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'merchant-' || n %% 10, 'SKU-' || lpad(n::text, 7, '0'), 'good', CASE WHEN i %% 2 = 0 THEN 'sale' ELSE 'shipment' END, '2026-02-15', 1
  FROM (SELECT i, i * 7919::bigint %% %1$s AS n FROM generate_series(1, %1$s / 5) i) m$$, :products));
VACUUM (ANALYZE) invtrack.movement;

CALL bench.take('warm-up', bench.sweep());
CALL bench.take('sweep', bench.sweep(), :rounds);
SET max_parallel_workers_per_gather = 0;
CALL bench.take('sweep, one process', bench.sweep(), :rounds);
CALL bench.take('one merchant of ten', bench.sweep($$WHERE merchant = 'merchant-3'$$), :rounds);
RESET max_parallel_workers_per_gather;

-- What the nodes of the sweep took: hash tables, aggregates, sorts.
CREATE FUNCTION bench.plan(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) ' || query INTO plan;
    RETURN plan;
END
$$;
CREATE TABLE bench.plans AS SELECT bench.plan(bench.sweep()) AS plan;
SELECT :products, 'largest node, MiB', round(max(kilobytes::numeric) / 1024, 1)
  FROM bench.plans, jsonb_path_query(plan, 'strict $.**."Peak Memory Usage"') kilobytes;
SELECT :products, 'most batches of a node', max(batches::integer)
  FROM bench.plans, unnest(ARRAY['strict $.**."Hash Batches"', 'strict $.**."HashAgg Batches"']::jsonpath[]) path, jsonb_path_query(plan, path) batches;
SELECT :products, 'temporary files, MiB',
       round((plan -> 0 -> 'Plan' ->> 'Temp Written Blocks')::numeric * current_setting('block_size')::integer / 1048576, 1) FROM bench.plans;

SET max_parallel_workers_per_gather = 0;
CALL bench.take('first check', 'check');
VACUUM (ANALYZE);
CALL bench.take('check, nothing changed', 'check', :rounds);
-- The lots of other 1 % of the products, in all merchants, are swapped for a few units or many.
DO $$
BEGIN
    FOR i IN 1 .. 3 LOOP
        UPDATE invtrack.stock_lot SET quantity = CASE WHEN quantity < 8 THEN 60 ELSE 4 END WHERE substr(sku, 9, 2) = to_char(i, 'FM00');
        COMMIT;
        CALL bench.take('check, 1 % changed', 'check');
    END LOOP;
END
$$;
CALL bench.take('fold', 'fold');

SELECT :products, what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM bench.taken GROUP BY what;
SELECT :products, what || ', CPU', percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FROM bench.taken GROUP BY what;
SELECT :products, 'trackers', count(*) FROM invtrack.tracker;
SELECT :products, 'open alerts', count(*) FROM invtrack.alert WHERE closed_at IS NULL;
SELECT :products, 'disk, ' || relname, pg_total_relation_size(oid) FROM pg_class
 WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r' AND pg_total_relation_size(oid) > 1000 * 1024;
SELECT :products, 'verify', count(*) FROM invtrack.verify();
