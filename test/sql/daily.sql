-- The views by day unpack only the days that are asked for, and show the same rows all the same.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'America/St_Johns';

-- The functions: the days first <= day <= last of a sum, and what is in force on the days of a history.
SELECT day, quantity FROM invtrack_internal.flow_days('{"{2026-03-01:1.5,2026-03-02:2,2026-03-04:0,infinity:7}",NULL,"{2026-03-02:0.25,2026-03-03:9}"}', '-infinity', 'infinity');
SELECT parts, first, last, string_agg(concat(day, ' ', quantity), ', ' ORDER BY day) AS days
  FROM (VALUES (1, '{}'::text[], '-infinity'::date, 'infinity'::date), (2, '{NULL}', '-infinity', 'infinity'), (3, '{"{}","{}"}', '-infinity', 'infinity'),
               (4, '{"{2026-03-01:1,2026-03-02:2,2026-03-03:3}"}', '2026-03-02', '2026-03-02'), (5, '{"{2026-03-01:1,2026-03-02:2,2026-03-03:3}"}', '2026-03-03', '2026-03-02'),
               (6, '{"{2026-03-01:1,2026-03-02:2,2026-03-03:3}"}', '4713-01-01 BC', '2026-03-01'), (7, '{"{2026-03-01:1,2026-03-02:2,infinity:3}"}', '2026-03-02', '10000-01-01'),
               (8, '{"{2026-03-01:1,9999-12-31:2,infinity:3}"}', '10000-01-01', 'infinity'), (9, '{"{2026-03-01:1,infinity:3}"}', 'infinity', 'infinity'),
               (10, '{"{0001-01-01:1,2026-03-01:3}"}', '-infinity', '0001-01-01'), (11, '{"{2026-03-01:1}"}', NULL, 'infinity'), (12, NULL, '-infinity', 'infinity'),
               (13, '{"{2026-03-01:1,2026-03-02:2.5}","{2026-03-01:1.5}","{2026-02-01:0.000001,2026-03-01:0.5}"}', '2026-03-01', '2026-03-02')
       ) v (n, parts, first, last)
  LEFT JOIN LATERAL invtrack_internal.flow_days(parts::invtrack.day_series[], first, last) f ON true
 GROUP BY n, parts, first, last ORDER BY n;
SELECT first, last, string_agg(concat(day, ' ', health, ' ', current_stock), ', ' ORDER BY day) AS days
  FROM (VALUES (1, '-infinity'::date, 'infinity'::date), (2, '2026-03-05', '2026-03-05'), (3, '2026-03-03', '2026-03-06'), (4, '2026-03-06', '2026-03-03'),
               (5, '2026-03-08', 'infinity'), (6, '-infinity', '2026-03-01'), (7, '-infinity', NULL)) v (n, first, last)
  LEFT JOIN LATERAL invtrack_internal.health_days('{2026-03-02:5,2026-03-04:0,2026-03-06:2.5}', '{2026-03-02:1,2026-03-05:2}', '{2026-03-03:4}', '{2026-03-03:1,2026-03-05:0}',
                '{2026-03-01:1,2026-03-02:1,2026-03-03:1,2026-03-05:1,2026-03-07:1}', first, last) f ON true
 GROUP BY n, first, last ORDER BY n;
SELECT * FROM invtrack_internal.stock_days('{2026-03-02:5,2026-03-04:0,2026-03-06:2.5}', '{2026-03-01:1,2026-03-02:1,2026-03-03:1,2026-03-05:1,2026-03-07:1}', '2026-03-03', '2026-03-07');
SELECT count(*) AS of_nothing FROM invtrack_internal.stock_days('{}', '{2026-03-01:1}', '-infinity', 'infinity') FULL JOIN invtrack_internal.stock_days('{2026-03-01:1}', '{}', '-infinity', 'infinity') f USING (day);
SELECT parts, invtrack_internal.is_zero(parts::invtrack.day_series[])
  FROM unnest(ARRAY['{}', '{NULL}', '{"{}"}', '{"{2026-03-01:0,2026-03-02:0}"}', '{"{2026-03-01:1}"}', '{"{2026-03-01:1,2026-03-02:-1}"}',
                    '{"{2026-03-01:1.5,2026-03-02:-1}","{2026-03-01:-1.5,2026-03-02:1}"}', '{"{2026-03-01:1}","{2026-03-02:-1}"}', '{"{2026-03-01:1}","{2026-03-01:-1}",NULL,"{infinity:0.000001}"}',
                    NULL]) WITH ORDINALITY t (parts, n)
 ORDER BY n;
-- damage is not 0, so that metrics go on
CREATE CAST (bytea AS invtrack.day_series) WITHOUT FUNCTION;
SELECT bytes, invtrack_internal.is_zero(ARRAY[bytes::bytea::invtrack.day_series, '{}']) FROM unnest(ARRAY['\x', '\x02000000', '\x01000180', '\x010001ffffffff0f0000']) bytes;
SELECT left(public.error_of($$SELECT * FROM invtrack_internal.flow_days(ARRAY['\x01000180'::bytea::invtrack.day_series], '-infinity', 'infinity')$$), 5) AS sqlstate;
DROP CAST (bytea AS invtrack.day_series);

-- Items of two merchants, folded, not folded, and both; days with gaps; histories that begin late. Each view as a table.
\if :{?seed}
\else
    \set seed 0.3
\endif
SELECT setseed(:seed) \g /dev/null
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('n', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' || n FROM invtrack.merchant, generate_series(1, 6) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', flow, date '2026-03-31' - floor(90 * random())::integer, round((20 * random() - 4)::numeric, floor(3 * random())::integer)
  FROM invtrack.product, unnest(ARRAY['sale', 'shipment']) flow, generate_series(1, 40)
 WHERE (sku, flow) NOT IN (('s5', 'sale'), ('s6', 'shipment'));
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', 's1', 'good', 'sale', '0001-01-01', 1), ('m', 's1', 'good', 'sale', '9999-12-31', 2), ('m', 's2', 'good', 'sale', '2026-03-15', 0.5);
SELECT invtrack.fold() > 0 AS folded;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', 'sale', date '2026-03-31' - floor(90 * random())::integer, round((20 * random() - 4)::numeric, floor(3 * random())::integer)
  FROM invtrack.product, generate_series(1, 10) WHERE sku IN ('s1', 's5');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 's2', 'good', 'sale', '2026-03-15', -0.5);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
SELECT merchant, sku, 'good', 'stock_quantity', 20 FROM invtrack.product;
INSERT INTO invtrack.check_state (merchant, checked_days)
SELECT merchant, invtrack.day_series_agg(date '2026-03-31' - n, 1) FROM invtrack.merchant, generate_series(0, 89) n WHERE random() < 0.8 GROUP BY merchant;
INSERT INTO invtrack.tracker_history (merchant, sku, inventory_type, mechanism, health, current_stock, threshold, reasons)
SELECT merchant, sku, 'good', 'stock_quantity', invtrack.day_series_agg(day, health) FILTER (WHERE first OR random() < 0.5), invtrack.day_series_agg(day, stock) FILTER (WHERE first OR random() < 0.5),
       coalesce(invtrack.day_series_agg(day, stock / 4) FILTER (WHERE random() < 0.5), '{}'), coalesce(invtrack.day_series_agg(day, floor(stock / 7)) FILTER (WHERE random() < 0.5), '{}')
  FROM (SELECT merchant, sku, day, round((100 * random())::numeric, 2) AS health, floor(50 * random())::numeric AS stock, row_number() OVER (PARTITION BY merchant, sku ORDER BY day) = 1 AS first
          FROM invtrack.product, LATERAL (SELECT date '2026-03-31' - floor(90 * random() + 0 * length(sku))::integer AS day FROM generate_series(1, 20) GROUP BY 1) d) h
 GROUP BY merchant, sku;
INSERT INTO invtrack.stock_history (merchant, sku, inventory_type, on_hand) SELECT merchant, sku, inventory_type, current_stock FROM invtrack.tracker_history;
CREATE TABLE pg_temp.flow_daily AS TABLE invtrack.flow_daily;
CREATE TABLE pg_temp.health_daily AS TABLE invtrack.health_daily;
CREATE TABLE pg_temp.stock_daily AS TABLE invtrack.stock_daily;
CREATE TABLE pg_temp.asked (day date);
INSERT INTO pg_temp.asked VALUES ('2026-02-01'), ('2026-03-15'), (NULL);
SELECT count(*) > 600 AS flows, (SELECT count(*) > 200 FROM pg_temp.health_daily) AS healths, (SELECT count(*) > 200 FROM pg_temp.stock_daily) AS stocks FROM pg_temp.flow_daily;

-- Filters. %1$L and %2$L are random dates, sometimes null, infinite or out of what a series can have; %3$I is the view.
CREATE TABLE pg_temp.filter (n integer GENERATED ALWAYS AS IDENTITY, condition text);
INSERT INTO pg_temp.filter (condition) VALUES
    ('day = %1$L'), ('day < %1$L'), ('day <= %1$L'), ('day > %1$L'), ('day >= %1$L'), ('day <> %1$L'), ('%1$L = day'), ('%1$L::date > day'), ('%1$L::date <= day'),
    ('day BETWEEN %1$L AND %2$L'), ('day BETWEEN SYMMETRIC %1$L AND %2$L'), ('day NOT BETWEEN %1$L AND %2$L'), ('day >= %1$L AND day < %2$L AND day <> %1$L::date + 3'),
    ('day > %1$L OR day = %2$L'), ('day IN (%1$L, %2$L)'), ('day = ANY (ARRAY[%1$L, %2$L, NULL]::date[])'), ('day = ANY (''{}'')'), ('day > ALL (ARRAY[%1$L, %2$L]::date[])'), ('day NOT IN (%1$L, %2$L)'),
    ('day = ANY ((SELECT array_agg(day) FROM pg_temp.asked)::date[])'), ('day IN (%1$L::date, (SELECT max(day) FROM pg_temp.asked))'),
    ('day >= %1$L::timestamp AND day < %2$L::timestamp'), ('day > %1$L::timestamptz'), ('day <= %2$L::timestamptz'), ('day = %1$L::timestamptz'), ('day = %1$L::timestamp + interval ''1 hour'''),
    ('day >= %1$L::timestamptz - interval ''7 days 5 hours'' AND day <= %1$L::timestamptz + interval ''1 hour'''), ('day::timestamp > %1$L'), ('day + 1 > %1$L'), ('date_trunc(''month'', day) = date_trunc(''month'', %1$L::date)'),
    ('day > NULL'), ('day IS NULL'), ('day IS NOT DISTINCT FROM %1$L'), ('day = current_date'), ('day > current_date - 3650'), ('day < now()'), ('isfinite(day) AND day < %1$L'),
    ('day > (SELECT max(day) FROM pg_temp.asked)'), ('day = (SELECT day FROM pg_temp.asked WHERE day IS NULL)'), ('day IN (SELECT day FROM pg_temp.asked)'), ('NOT day > %1$L'), ('(day >= %1$L) IS NOT FALSE'),
    ('day = day'), ('day >= %1$L AND false'), ('day > CASE WHEN sku = ''s1'' THEN %1$L::date ELSE %2$L END'), ('day >= greatest(%1$L::date, %2$L)'), ('merchant = ''m'' AND day = %1$L AND sku LIKE ''s%%'''),
    ('day >= %1$L AND day >= %2$L'), ('day = %1$L AND day = %2$L'), ('day >= %1$L AND EXISTS (SELECT FROM pg_temp.asked a WHERE a.day <= %3$I.day)'), ('(day, sku) >= (%1$L, ''s3'')'),
    ('day >= (SELECT max(a.day) FROM pg_temp.asked a WHERE a.day < %1$L OR %3$I.sku = ''s2'')');

CREATE FUNCTION pg_temp.differences(is_now text, should_be text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('WITH a AS MATERIALIZED (%1$s), b AS MATERIALIZED (%2$s) SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) d', is_now, should_be) INTO found;
    RETURN found;
END
$$;
CREATE FUNCTION pg_temp.random_day() RETURNS text LANGUAGE sql AS $$
    SELECT CASE floor(16 * random()) WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0001-01-01' WHEN 4 THEN '9999-12-31'
               WHEN 5 THEN CASE WHEN random() < 0.5 THEN '4713-01-01 BC' ELSE '20000-01-01' END ELSE (date '2026-04-05' - floor(100 * random())::integer)::text END
$$;
CREATE TEMPORARY VIEW trial AS
SELECT view, n, format(condition, a, b, view) AS condition
  FROM pg_temp.filter, unnest(ARRAY['flow_daily', 'health_daily', 'stock_daily']) view, generate_series(1, 2) round,
       LATERAL (SELECT CASE WHEN condition LIKE '%timestamp%' THEN coalesce(pg_temp.random_day(), 'infinity') ELSE pg_temp.random_day() END AS a, pg_temp.random_day() AS b
                 WHERE round IS NOT NULL AND view IS NOT NULL AND n IS NOT NULL OFFSET 0) d;
-- with the text of each row, so that decimals are compared as well
SELECT view, condition, differences
  FROM (SELECT view, condition, pg_temp.differences(format('SELECT %1$I::text FROM invtrack.%1$I WHERE %2$s', view, condition), format('SELECT %1$I::text FROM pg_temp.%1$I WHERE %2$s', view, condition)) AS differences
          FROM (SELECT * FROM pg_temp.trial OFFSET 0) t) t
 WHERE differences <> 0;

-- Parameters, in a plan that is made for all values.
SET LOCAL plan_cache_mode = force_generic_plan;
CREATE FUNCTION pg_temp.by_parameters(view text, a date, b date, at timestamptz, days date[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint := 0;
    condition text;
BEGIN
    FOREACH condition IN ARRAY ARRAY['day BETWEEN $1 AND $2', 'day = $1', '$2 > day', 'day >= $3', 'day < $3', 'day = ANY ($4)', 'day IN ($1, $2)', 'day >= $1 AND day <= $3 AND sku = ''s1'''] LOOP
        found := found + pg_temp.prepared(view, condition, a, b, at, days);
    END LOOP;
    RETURN found;
END
$$;
CREATE FUNCTION pg_temp.prepared(view text, condition text, a date, b date, at timestamptz, days date[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('PREPARE asked (date, date, timestamptz, date[]) AS SELECT count(*) FROM ((SELECT %1$I::text FROM invtrack.%1$I WHERE %2$s EXCEPT ALL SELECT %1$I::text FROM pg_temp.%1$I WHERE %2$s)
                    UNION ALL (SELECT %1$I::text FROM pg_temp.%1$I WHERE %2$s EXCEPT ALL SELECT %1$I::text FROM invtrack.%1$I WHERE %2$s)) d', view, condition);
    EXECUTE format('EXECUTE asked (%L, %L, %L, %L)', a, b, at, days) INTO found;
    DEALLOCATE asked;
    RETURN found;
END
$$;
SELECT view, sum(pg_temp.by_parameters(view, a, b, at, days)) AS differences
  FROM unnest(ARRAY['flow_daily', 'health_daily', 'stock_daily']) WITH ORDINALITY v (view, n),
       (VALUES ('2026-02-01'::date, '2026-03-01'::date, '2026-03-01 12:00+00'::timestamptz, '{2026-03-01,2026-03-02}'::date[]), ('2026-03-01', '2026-02-01', '2026-03-02 02:30:00+00', '{}'),
               (NULL, '2026-02-01', NULL, NULL), ('infinity', '-infinity', 'infinity', '{NULL,2026-03-02}'), ('-infinity', 'infinity', '-infinity', '{infinity}'),
               ('0001-01-01', '9999-12-31', '4714-11-24 00:00:00+00 BC', '{-infinity,2026-03-31}')) p (a, b, at, days)
 GROUP BY view, n ORDER BY n;
RESET plan_cache_mode;

-- What reaches the functions: a range, an equality, a list, parameters, the day, the result of a subquery, what is equal to something known. Not what is
-- known only row by row, or is another thing each time.
CREATE FUNCTION pg_temp.calls(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        IF line LIKE '%Function Call:%' THEN
            RETURN NEXT regexp_replace(btrim(line), '^Function Call: \w+\.|\(array_agg\(.*\)\)|\m[hs]\.', '', 'g');
        END IF;
    END LOOP;
END
$$;
SELECT condition, pg_temp.calls('SELECT * FROM invtrack.stock_daily f WHERE ' || condition) AS call
  FROM unnest(ARRAY['sku = ''s1''', 'day = ''2026-03-01''', 'day BETWEEN ''2026-03-01'' AND ''2026-03-07''', 'day > ''2026-03-01'' AND day >= ''2026-03-04'' AND sku = ''s1''', '''2026-03-04'' >= day', 'day = current_date',
                    'day >= current_date - 7', 'day >= timestamp ''2026-03-01 10:00''', 'day > now()', 'day < now()', 'day IN (''2026-03-07'', ''2026-03-01'', NULL)',
                    'day > date ''2026-03-01'' - floor(3 * random())::integer', 'day + 1 > ''2026-03-01''', 'day > NULL::date OR day < ''2026-03-01''', 'day <> ''2026-03-01''']) WITH ORDINALITY t (condition, n)
 ORDER BY n;
SELECT pg_temp.calls($$SELECT * FROM invtrack.flow_daily WHERE day BETWEEN '2026-03-01' AND '2026-03-07'$$)
UNION ALL SELECT pg_temp.calls($$SELECT * FROM invtrack.health_daily WHERE day BETWEEN '2026-03-01' AND '2026-03-07'$$)
UNION ALL SELECT pg_temp.calls($$SELECT * FROM (SELECT day, sum(on_hand) FROM invtrack.stock_daily GROUP BY day) d WHERE day = '2026-03-07'$$)
UNION ALL SELECT pg_temp.calls($$SELECT * FROM (VALUES (date '2026-03-07')) v (asked) JOIN invtrack.stock_daily f ON f.day = v.asked$$);
-- (which parameter is told in another way by each version)
SELECT pg_temp.calls($$SELECT * FROM invtrack.stock_daily WHERE day = (SELECT max(day) FROM pg_temp.asked)$$) NOT LIKE '%infinity%' AS of_a_subquery;
SELECT count(*) FILTER (WHERE c NOT LIKE '%infinity%') AS of_a_lateral_query
  FROM pg_temp.calls($$SELECT * FROM pg_temp.asked a, LATERAL (SELECT * FROM invtrack.stock_daily d WHERE d.day = a.day OFFSET 0) l$$) c;
PREPARE range (date, date) AS SELECT * FROM invtrack.stock_daily WHERE day BETWEEN $1 AND $2;
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT pg_temp.calls($$EXECUTE range ('2026-03-01', '2026-03-07')$$);
RESET plan_cache_mode;
-- Only the views' own calls are changed: not those with bounds, nor where rows are numbered or set beside others.
SELECT pg_temp.calls(query) FROM unnest(ARRAY[
    $$SELECT * FROM invtrack_internal.stock_days('{2026-03-01:1}', '{2026-03-01:1}', '2026-03-01', 'infinity') f WHERE day = '2026-03-02'$$,
    $$SELECT * FROM invtrack_internal.stock_days('{2026-03-01:1}', '{2026-03-01:1}', 'infinity', '-infinity') f WHERE day = '2026-03-02'$$,
    $$SELECT * FROM invtrack_internal.stock_days('{2026-03-01:1}', '{2026-03-01:1}', '-infinity', 'infinity') WITH ORDINALITY f WHERE day = '2026-03-02'$$,
    $$SELECT * FROM ROWS FROM (invtrack_internal.stock_days('{2026-03-01:1}', '{2026-03-01:1}', '-infinity', 'infinity'), generate_series(1, 3)) f WHERE day = '2026-03-02'$$]) query;

-- A tenant, and a view of the tenant's own that keeps secrets: the same.
CREATE ROLE invtrack_test_tenant;
SELECT invtrack.grant_access('invtrack_test_tenant', 'm');
GRANT SELECT ON pg_temp.flow_daily, pg_temp.health_daily, pg_temp.stock_daily TO invtrack_test_tenant;
SET LOCAL ROLE invtrack_test_tenant;
CREATE TEMPORARY VIEW guarded WITH (security_barrier) AS SELECT * FROM invtrack.stock_daily WHERE sku <> 's1';
SELECT pg_temp.differences(format('SELECT * FROM invtrack.%I WHERE day >= %L', view, '2026-03-11'), format('SELECT * FROM pg_temp.%I WHERE day >= %L AND merchant = %L', view, '2026-03-11', 'm')) AS differences,
       pg_temp.calls(format('SELECT * FROM invtrack.%I WHERE day >= %L', view, '2026-03-11')) AS call
  FROM unnest(ARRAY['flow_daily', 'health_daily', 'stock_daily']) WITH ORDINALITY v (view, n) ORDER BY n;
SELECT pg_temp.calls($$SELECT * FROM pg_temp.guarded WHERE day = '2026-03-07'$$) AS call;
RESET ROLE;
ROLLBACK;

-- From the first statement of a session on, which loads the library.
\c -
EXPLAIN (VERBOSE, COSTS OFF) SELECT FROM invtrack_internal.stock_days('{2026-03-01:1}', '{2026-03-01:1}', '-infinity', 'infinity') f WHERE day = '2026-03-02';
