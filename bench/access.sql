-- What row security costs: a reader of one merchant among ten against the owner who asks for that
-- merchant; 3,000 products a merchant with three trackers each, three lots, and a year of folded
-- movements. Medians of 15 in milliseconds, taken in turns, and the ratio reader / owner.
--
--     createdb bench && psql -f bench/access.sql bench
--
-- Everything is rolled back in the end; the tables are left to VACUUM.
--
-- Ratios of two runs on two busy cores, PostgreSQL 15.20 (the target is 1.3 for a reader of one merchant):
--   one merchant, both WHERE merchant = 'm1'   1.16  0.97     look-ups of single trackers, one merchant   1.13  1.05
--   one merchant, the reader without a filter  1.08  0.98       of five                                   1.30  1.44
--   stock, flow_daily, without a filter        0.94 - 1.09      of 109, looked up by row                  1.23  1.20
--   five merchants, WHERE / without a filter   0.67 - 0.91      of all                                    1.12  1.10
--   109 merchants, WHERE / nine that have rows 1.03 - 1.06
--   all merchants, WHERE / without a filter    0.96 - 1.05
-- Sweeps are planned each time. Of the look-ups' ratios planning is a part, since roles take turns in one
-- session, and PostgreSQL plans anew for another role. 1,000 look-ups by one role after the other, best of
-- 15, took 83 to 206 ms on the same busy machine: the owner 169, one merchant 136, five 206, sixteen 83,
-- 109 84, all 122. That is noise, and no order by the number of merchants.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
BEGIN;

INSERT INTO invtrack.merchant (merchant) SELECT 'm' || n FROM generate_series(1, 10) n;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name)
SELECT merchant, 'SKU-' || lpad(n::text, 6, '0'), 'Article ' || n
  FROM generate_series(1, 3000) n, invtrack.merchant;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', 'lot ' || n, date '2026-03-01' + n * 30, 10 + n
  FROM invtrack.product, generate_series(1, 3) n;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days)
SELECT p.merchant, p.sku, 'good', flow, 120, s.days
  FROM invtrack.product p, unnest(ARRAY['sale', 'shipment']) flow,
       (SELECT invtrack.day_series_agg(date '2026-03-10' - n * 3, n % 7 + 1) AS days FROM generate_series(0, 119) n) s;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', 'sale', '2026-03-10', 2 FROM invtrack.product WHERE sku LIKE '%7';
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT merchant, sku, 'good', mechanism, CASE WHEN mechanism <> 'turnover_days' THEN 20 END,
       CASE WHEN mechanism <> 'stock_quantity' THEN 90 END, CASE WHEN mechanism = 'turnover_days' THEN 14 END,
       CASE WHEN mechanism = 'stock_quantity' THEN 14 END
  FROM invtrack.product, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
ANALYZE invtrack.merchant, invtrack.inventory_type, invtrack.product, invtrack.stock_lot,
    invtrack.flow_series, invtrack.movement, invtrack.tracker;

CREATE ROLE bench_one;
CREATE ROLE bench_five;
CREATE ROLE bench_all;
CREATE ROLE bench_many;
SELECT invtrack.grant_access('bench_one', 'm1') \g /dev/null
SELECT invtrack.grant_access('bench_five', 'm' || n) FROM generate_series(1, 5) n \g /dev/null
SELECT invtrack.grant_access('bench_all', NULL) \g /dev/null
-- more merchants than stand in a plan
INSERT INTO invtrack.merchant (merchant) SELECT 'x' || n FROM generate_series(1, 100) n;
SELECT invtrack.grant_access('bench_many', merchant) FROM invtrack.merchant
 WHERE merchant LIKE 'x%' OR merchant LIKE 'm_' \g /dev/null
SET invtrack.as_of = '2026-03-10';

CREATE FUNCTION pg_temp.milliseconds(query text, as_role text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    taken double precision;
BEGIN
    PERFORM set_config('role', as_role, true);
    started := clock_timestamp();
    EXECUTE query;
    taken := 1000 * extract(epoch FROM clock_timestamp() - started);
    PERFORM set_config('role', 'none', true);
    RETURN taken;
END
$$;

CREATE FUNCTION pg_temp.compare(owners text, readers text, reader text) RETURNS TABLE (owner_ms numeric, reader_ms numeric, ratio numeric)
LANGUAGE plpgsql AS $$
DECLARE
    o double precision[];
    r double precision[];
BEGIN
    FOR i IN 0 .. 15 LOOP
        o[i] := pg_temp.milliseconds(owners, 'none');
        r[i] := pg_temp.milliseconds(readers, reader);
    END LOOP;
    RETURN QUERY
    SELECT round(m.o::numeric, 2), round(m.r::numeric, 2), round((m.r / m.o)::numeric, 2)
      FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u.o) AS o, percentile_cont(0.5) WITHIN GROUP (ORDER BY u.r) AS r
              FROM unnest(o[1:], r[1:]) u (o, r)) m;
END
$$;

\set health 'SELECT count(*), sum(health), sum(current_stock), min(status) FROM invtrack.health'
SELECT q.what, q.reader, c.*
  FROM (VALUES
    (1, 'sweep, both WHERE', 'bench_one', :'health' || ' WHERE merchant = ''m1''', :'health' || ' WHERE merchant = ''m1'''),
    (2, 'sweep, no filter', 'bench_one', :'health' || ' WHERE merchant = ''m1''', :'health'),
    (3, 'sweep, both WHERE', 'bench_five', :'health' || ' WHERE merchant = ''m1''', :'health' || ' WHERE merchant = ''m1'''),
    (4, 'sweep of five, no filter', 'bench_five', :'health' || ' WHERE merchant IN (''m1'', ''m2'', ''m3'', ''m4'', ''m5'')', :'health'),
    (5, 'sweep, both WHERE', 'bench_many', :'health' || ' WHERE merchant = ''m1''', :'health' || ' WHERE merchant = ''m1'''),
    (6, 'sweep of nine', 'bench_many', :'health' || ' WHERE merchant < ''m10'' OR merchant > ''m10''', :'health'),
    (7, 'sweep, both WHERE', 'bench_all', :'health' || ' WHERE merchant = ''m1''', :'health' || ' WHERE merchant = ''m1'''),
    (8, 'sweep of all', 'bench_all', :'health', :'health'),
    (9, 'stock, no filter', 'bench_one', 'SELECT count(*), sum(on_hand) FROM invtrack.stock WHERE merchant = ''m1''', 'SELECT count(*), sum(on_hand) FROM invtrack.stock'),
    (10, 'flow_daily, no filter', 'bench_one', 'SELECT count(*), sum(quantity) FROM invtrack.flow_daily WHERE merchant = ''m1''', 'SELECT count(*), sum(quantity) FROM invtrack.flow_daily')
  ) q (n, what, reader, owners, readers),
  LATERAL pg_temp.compare(q.owners, q.readers, q.reader) c
 ORDER BY q.n;

-- 200 single look-ups, planned once
\set look_up 'SELECT count(h.health) FROM generate_series(1, 200) n, invtrack.tracker_health(''m1'', ''SKU-'' || lpad(n::text, 6, ''0'')) h'
SELECT '200 single trackers'' look-ups' AS what, q.reader, c.*
  FROM (VALUES (1, 'bench_one'), (2, 'bench_five'), (3, 'bench_many'), (4, 'bench_all')) q (n, reader),
  LATERAL pg_temp.compare(:'look_up', :'look_up', q.reader) c
 ORDER BY q.n;
ROLLBACK;
