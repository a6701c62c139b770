-- find_products() against the query that people would write, as the owner and as a role that row
-- security binds: 100,000 products of one merchant among two, medians of 15 in milliseconds.
--
--     createdb bench && psql -f bench/find_products.sql bench
--
-- Everything is rolled back in the end.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
BEGIN;

INSERT INTO invtrack.merchant (merchant) VALUES ('big'), ('other');
INSERT INTO invtrack.product (merchant, sku, name)
SELECT merchant, 'SKU-' || lpad(n::text, 6, '0'),
       'Fine article ' || md5(n::text) || CASE WHEN n % 9973 = 0 THEN ' Zanzibar' ELSE '' END
  FROM unnest(ARRAY['big', 'other']) merchant, generate_series(1, 100000) n;

-- The same with what the usual query needs: an index of trigrams on sku and name.
CREATE TABLE plain (LIKE invtrack.product, PRIMARY KEY (merchant, sku));
INSERT INTO plain SELECT * FROM invtrack.product;
CREATE INDEX ON plain USING gin (merchant, sku gin_trgm_ops, name gin_trgm_ops);
ANALYZE plain, invtrack.product;

CREATE FUNCTION pg_temp.milliseconds(query text, keyword text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    times double precision[];
BEGIN
    FOR i IN 0 .. 15 LOOP
        started := clock_timestamp();
        EXECUTE query USING keyword;
        IF i > 0 THEN
            times := times || extract(epoch FROM clock_timestamp() - started)::double precision;
        END IF;
    END LOOP;
    RETURN (SELECT round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) FROM unnest(times) t);
END
$$;

CREATE FUNCTION pg_temp.compare() RETURNS TABLE (keyword text, find_products numeric, usual numeric, ratio numeric)
LANGUAGE sql AS $$
    SELECT k, f, u, round(u / f, 1)
      FROM (SELECT n, k, pg_temp.milliseconds('SELECT count(*) FROM invtrack.find_products(''big'', $1)', k) AS f,
                   pg_temp.milliseconds('SELECT count(*) FROM (SELECT * FROM plain WHERE merchant = ''big''
                        AND (sku ILIKE ''%'' || $1 || ''%'' OR name ILIKE ''%'' || $1 || ''%'')
                        ORDER BY sku LIMIT 20) p', k) AS u
              FROM unnest(ARRAY['zanzibar', 'article', 'fine', 'sku', 'a1b', 'nothing', 'SKU-000100'])
                   WITH ORDINALITY t (k, n)) m
     ORDER BY n
$$;

\echo 'As the owner, ms'
SELECT * FROM pg_temp.compare();

CREATE ROLE bench_reader;
SELECT invtrack.grant_access('bench_reader', 'big') \g /dev/null
GRANT SELECT ON plain TO bench_reader;
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON plain TO bench_reader USING (merchant = 'big');
SET ROLE bench_reader;
\echo 'As a role that row security binds, ms'
SELECT * FROM pg_temp.compare();
RESET ROLE;
ROLLBACK;
