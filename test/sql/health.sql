-- Health: the view and the functions over it have one shape and give one answer, however they are
-- filtered, called and fetched.
SET datestyle = 'ISO';
\pset format unaligned

-- The columns are SPEC.md's, in its order; the functions return the view's rows.
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), E'\n' ORDER BY attnum) AS columns
  FROM pg_attribute
 WHERE attrelid = 'invtrack.health'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT proname, proretset, prorettype = (SELECT reltype FROM pg_class WHERE oid = 'invtrack.health'::regclass) AS rows_of_view,
       array_to_string(proargnames[:pronargs], ', ') AS arguments, pronargdefaults
  FROM pg_proc WHERE proname IN ('tracker_health', 'tracker_health_of', 'preview_health')
 ORDER BY proname COLLATE "C";

-- Over how many rows a cursor moves (psql -q does not tell).
CREATE FUNCTION pg_temp.moved(name refcursor, rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF rows > 0 THEN
        MOVE FORWARD rows FROM name;
    ELSE
        MOVE BACKWARD -rows FROM name;
    END IF;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;

BEGIN;
SET LOCAL invtrack.as_of = '2026-03-10';
-- Merchants m1 and m2 have the same products, types and trackers, m3 has one, m4 none.
INSERT INTO invtrack.merchant (merchant, name, time_zone) VALUES
    ('m1', 'One', 'UTC'), ('m2', 'Two', 'Pacific/Kiritimati'), ('m3', 'Three', 'Pacific/Pago_Pago'),
    ('m4', 'Four', 'Europe/Berlin');
INSERT INTO invtrack.product (merchant, sku, name, launched_on)
SELECT m, s, initcap(s), CASE s WHEN 's2' THEN date '2026-03-01' END
  FROM unnest(ARRAY['m1', 'm2']) m, unnest(ARRAY['s1', 's2', 's3', 's4']) s;
INSERT INTO invtrack.product (merchant, sku) VALUES ('m3', 's9'), ('m4', 's1');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
SELECT m, t, upper(t) FROM unnest(ARRAY['m1', 'm2', 'm3', 'm4']) m, unnest(ARRAY['bad', 'good']) t;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT p.merchant, p.sku, t.inventory_type, v.*
  FROM invtrack.product p JOIN invtrack.inventory_type t USING (merchant),
       (VALUES ('stock_quantity', 10.50, NULL::integer, NULL::integer, 14),
               ('turnover_days', NULL, 30, 7, NULL), ('stalled_days', 5, 10, NULL, NULL)) v
 WHERE p.merchant IN ('m1', 'm2') AND p.sku <> 's4' AND (p.sku, t.inventory_type) <> ('s3', 'bad');
SELECT invtrack.save_tracker('m3', 's9', 'good', 'stock_quantity', 1);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', lot, expires_on, quantity
  FROM invtrack.product, (VALUES ('', NULL::date, 4.5), ('a', '2026-03-24', 8), ('b', '2026-03-25', 2)) v (lot, expires_on, quantity)
 WHERE merchant = 'm1' OR sku = 's1';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'm1', 's1', 'good', flow, date '2026-03-10' - n, 1 + n
  FROM unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 3) n;

-- A whole row of each mechanism.
\pset format aligned
\x
SELECT merchant, merchant_name, sku, product_name, inventory_type, inventory_type_name, mechanism, quantity,
       lookback_days, coverage_days, expiry_days, current_stock, threshold, health, status, reason, daily_sales,
       actual_days, days_of_cover, excluded_stock, as_of, updated_at IS NOT NULL AS updated
  FROM invtrack.health WHERE merchant = 'm1' AND sku = 's1' AND inventory_type = 'good'
 ORDER BY mechanism;
\x
\pset format unaligned

-- View and function are the same rows.
SELECT (SELECT count(*) FROM invtrack.health) AS rows,
       (SELECT count(*) FROM (TABLE invtrack.health EXCEPT ALL SELECT * FROM invtrack.tracker_health()) v) AS only_view,
       (SELECT count(*) FROM (SELECT * FROM invtrack.tracker_health() EXCEPT ALL TABLE invtrack.health) f) AS only_function;

-- Each filter alone and with each of the others gives what the view gives; nothing matches: no rows.
SELECT coalesce(m, '') AS merchant, coalesce(s, '') AS sku, coalesce(t, '') AS type, coalesce(k, '') AS mechanism,
       v.rows, v.all_rows IS NOT DISTINCT FROM f.all_rows AS same
  FROM unnest(ARRAY[NULL, 'm2']) m, unnest(ARRAY[NULL, 's1', 's3']) s,
       unnest(ARRAY[NULL, 'good']) t, unnest(ARRAY[NULL, 'turnover_days']) k,
       LATERAL (SELECT count(*) AS rows, array_agg(h::text ORDER BY h::text COLLATE "C") AS all_rows
                  FROM invtrack.health h
                 WHERE (m IS NULL OR h.merchant = m) AND (s IS NULL OR h.sku = s)
                   AND (t IS NULL OR h.inventory_type = t) AND (k IS NULL OR h.mechanism = k)) v,
       LATERAL (SELECT array_agg(h::text ORDER BY h::text COLLATE "C") AS all_rows
                  FROM invtrack.tracker_health(m, s, t, k) h) f
 ORDER BY 1, 2, 3, 4;
CREATE FUNCTION pg_temp.rows_of(call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM invtrack.' || call INTO n;
    RETURN n;
END
$$;
SELECT call, pg_temp.rows_of(call) FROM (VALUES
    (1, $$tracker_health()$$), (2, $$tracker_health('m4')$$), (3, $$tracker_health('m5')$$), (4, $$tracker_health('M1')$$),
    (5, $$tracker_health('')$$), (6, $$tracker_health(' m1')$$), (7, $$tracker_health('m1', 's4')$$),
    (8, $$tracker_health('m1', 's9')$$), (9, $$tracker_health('m1', 's3', 'bad')$$),
    (10, $$tracker_health('m3', mechanism => 'stalled_days')$$), (11, $$tracker_health(sku => '%')$$),
    (12, $$tracker_health('m1', 's1', 'good', 'stalled_days')$$),
    (13, $$tracker_health(sku => 's1', mechanism => 'stalled_days')$$), (14, $$tracker_health(inventory_type => 'bad')$$),
    (15, $$tracker_health(null, null, null, null, null)$$)) v (n, call) ORDER BY n;
SELECT public.error_of($$SELECT * FROM invtrack.tracker_health(mechanism => 'no_mechanism')$$);
SELECT public.error_of($$SELECT * FROM invtrack.tracker_health('m5', mechanism => '')$$);

-- A list of products: each of them once, unknown ones and nulls are nobody, no list is no filter.
SELECT call, pg_temp.rows_of(call) FROM (VALUES
    (1, $$tracker_health_of('m1', '{s1}')$$), (2, $$tracker_health_of('m1', '{s1,s3}')$$),
    (3, $$tracker_health_of('m1', '{s3,s1,s3,s3,s1}')$$), (4, $$tracker_health_of('m1', '{s1,null,s1,null}')$$),
    (5, $$tracker_health_of('m1', '{null}')$$), (6, $$tracker_health_of('m1', '{}')$$),
    (7, $$tracker_health_of('m1', null)$$), (8, $$tracker_health_of('m1', '{x,y,s9,"",S1,s}')$$),
    (9, $$tracker_health_of('m1', '{x,s2}')$$), (10, $$tracker_health_of('m5', '{s1}')$$),
    (11, $$tracker_health_of(null, '{s1,s9}')$$), (12, $$tracker_health_of(null, null)$$),
    (13, $$tracker_health_of('m1', '{{s1,s2},{s3,s4}}')$$),
    (14, $$tracker_health_of(skus => '{s2}', merchant => 'm2', as_of => '2026-03-10')$$)) v (n, call) ORDER BY n;
SELECT skus, f.all_rows IS NOT NULL AS found, f.all_rows IS NOT DISTINCT FROM v.all_rows AS same
  FROM (VALUES ('{s1}'::text[]), ('{s2,s1,s1,none}'), ('{s4,s3,s2,s1}')) k (skus),
       LATERAL (SELECT array_agg(h::text ORDER BY h::text COLLATE "C") AS all_rows
                  FROM invtrack.tracker_health_of('m1', skus) h) f,
       LATERAL (SELECT array_agg(h::text ORDER BY h::text COLLATE "C") AS all_rows
                  FROM invtrack.health h WHERE merchant = 'm1' AND sku = ANY (skus)) v
 ORDER BY skus;

-- The day: the argument, else the setting, else the merchant's today.
CREATE VIEW pg_temp.days AS
SELECT (SELECT as_of FROM invtrack.health WHERE merchant = 'm3') AS view,
       (SELECT as_of FROM invtrack.tracker_health('m3')) AS f,
       (SELECT as_of FROM invtrack.tracker_health_of('m3', '{s9}')) AS f_of,
       (SELECT as_of FROM invtrack.preview_health('m3', 's9', 'good', 'stock_quantity', 1)) AS preview,
       (SELECT as_of FROM invtrack.tracker_health('m3', as_of => '2025-01-01')) AS argument,
       (SELECT as_of FROM invtrack.tracker_health_of('m3', '{s9}', '2025-01-01')) AS argument_of,
       (SELECT as_of FROM invtrack.preview_health('m3', 's9', 'good', 'stock_quantity', 1, as_of => '2025-01-01')) AS argument_preview;
TABLE pg_temp.days;
SET LOCAL invtrack.as_of = '0001-01-01';
SELECT view, f, f_of, preview FROM pg_temp.days;
SET LOCAL invtrack.as_of = '9999-12-31';
SELECT view, f, f_of, preview FROM pg_temp.days;
SET LOCAL invtrack.as_of = '';
SELECT view = t AND f = t AND f_of = t AND preview = t AS today, argument, argument_of, argument_preview
  FROM pg_temp.days, invtrack.today('m3') t;
-- today is that of the merchant's time zone, and knows neither TimeZone nor as_of
CREATE FUNCTION pg_temp.todays(OUT as_it_is boolean, OUT of_view boolean, OUT east_is_ahead boolean) LANGUAGE sql AS $$
    SELECT bool_and(invtrack.today(m.merchant) = (now() AT TIME ZONE m.time_zone)::date),
           bool_and(h.as_of = coalesce(nullif(current_setting('invtrack.as_of'), '')::date,
                                       (now() AT TIME ZONE m.time_zone)::date)),
           invtrack.today('m2') > invtrack.today('m3')
      FROM invtrack.merchant m LEFT JOIN invtrack.health h USING (merchant)
$$;
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT * FROM pg_temp.todays();
SET LOCAL TimeZone = 'Pacific/Pago_Pago';
SELECT * FROM pg_temp.todays();
SET LOCAL TimeZone = 'UTC';
SELECT * FROM pg_temp.todays();
SET LOCAL invtrack.as_of = '2026-03-10';
SELECT * FROM pg_temp.todays();
-- no days of the calendar, also where there is nothing to show
SELECT call, public.error_of('SELECT * FROM invtrack.' || call) FROM (VALUES
    (1, $$tracker_health('m1', as_of => 'infinity')$$), (2, $$tracker_health('m5', as_of => '-infinity')$$),
    (3, $$tracker_health(as_of => '0001-12-31 BC')$$), (4, $$tracker_health(as_of => '10000-01-01')$$),
    (5, $$tracker_health_of('m1', '{s1}', 'infinity')$$), (6, $$tracker_health_of('m1', '{}', '0044-03-15 BC')$$),
    (7, $$preview_health('m1', 's1', 'good', 'stock_quantity', 1, as_of => 'infinity')$$),
    (8, $$preview_health('m5', 's1', 'good', 'stock_quantity', 1, as_of => '0044-03-15 BC')$$)) v (n, call) ORDER BY n;

-- A preview is the row that would be saved, updated_at apart, for a tracker saved already and for others.
SELECT count(*) AS trackers,
       count(*) FILTER (WHERE (to_jsonb(p) - 'updated_at')::text = (to_jsonb(h) - 'updated_at')::text) AS same,
       count(p.updated_at) AS with_updated_at
  FROM invtrack.tracker t,
       invtrack.tracker_health(t.merchant, t.sku, t.inventory_type, t.mechanism) h,
       invtrack.preview_health(t.merchant, t.sku, t.inventory_type, t.mechanism, t.quantity,
                               t.lookback_days, t.coverage_days, t.expiry_days) p;
CREATE TEMP TABLE previewed AS
SELECT * FROM invtrack.preview_health('m1', 's1', 'good', 'stock_quantity', 14.5, expiry_days => 0)
UNION ALL SELECT * FROM invtrack.preview_health('m1', 's4', 'good', 'stock_quantity', 29)
UNION ALL SELECT * FROM invtrack.preview_health('m1', 's1', 'good', 'turnover_days', lookback_days => 2, coverage_days => 5, as_of => '2026-03-09')
UNION ALL SELECT * FROM invtrack.preview_health('m4', 's1', 'bad', 'stalled_days', quantity => 3, lookback_days => 4);
SELECT merchant, merchant_name, sku, inventory_type_name, mechanism, quantity, lookback_days, coverage_days, expiry_days,
       current_stock, threshold, health, status, reason, daily_sales, actual_days, days_of_cover, excluded_stock, as_of, updated_at
  FROM previewed ORDER BY merchant, sku, mechanism;
-- it saves nothing, and works where nothing can be saved
SELECT count(*) AS trackers, count(*) FILTER (WHERE sku = 's4' OR merchant = 'm4') AS previewed FROM invtrack.tracker;
SAVEPOINT read_only;
SET LOCAL transaction_read_only = on;
SELECT current_stock, status FROM invtrack.preview_health('m1', 's4', 'good', 'stock_quantity', 29);
SELECT public.error_of($$SELECT invtrack.save_tracker('m1', 's4', 'good', 'stock_quantity', 29)$$);
ROLLBACK TO read_only;
SELECT invtrack.save_tracker('m1', 's1', 'good', 'stock_quantity', 14.5, expiry_days => 0),
       invtrack.save_tracker('m1', 's4', 'good', 'stock_quantity', 29),
       invtrack.save_tracker('m1', 's1', 'good', 'turnover_days', lookback_days => 2, coverage_days => 5),
       invtrack.save_tracker('m4', 's1', 'bad', 'stalled_days', quantity => 3, lookback_days => 4);
SELECT h.merchant, h.sku, h.mechanism, (to_jsonb(p) - 'updated_at')::text = (to_jsonb(h) - 'updated_at')::text AS same
  FROM previewed p, invtrack.tracker_health(p.merchant, p.sku, p.inventory_type, p.mechanism, p.as_of) h
 ORDER BY h.merchant, h.sku, h.mechanism;
-- its errors are those of save_tracker(), in the same order: null keys, parameters, existence
SELECT args, left(saving, 5) AS sqlstate, saving = previewing AS same
  FROM (VALUES (1, $$null, '', 'none', 'no_mechanism'$$), (2, $$'', null, 'good', 'stock_quantity'$$),
               (3, $$'m9', ' ', null, 'stock_quantity', 0$$), (4, $$'m9', 's1', 'good', null$$),
               (5, $$'', 's1', 'good', 'stock_quantity', 5$$), (6, $$'m9', 's1 ', 'good', 'stock_quantity', 5$$),
               (7, $$'m9', 's1', E'\tgood', 'stock_quantity', 5$$), (8, $$'m9', 's1', 'good', 'other', 5$$),
               (9, $$'m9', 's1', 'good', 'stock_quantity'$$), (10, $$'m9', 's1', 'good', 'stock_quantity', 5, 3$$),
               (11, $$'m9', 's1', 'good', 'stock_quantity', 0$$), (12, $$'m9', 's1', 'good', 'stock_quantity', 'NaN'$$),
               (13, $$'m9', 's1', 'good', 'stock_quantity', 5.0000001$$), (14, $$'m9', 's1', 'good', 'turnover_days', null, 30$$),
               (15, $$'m9', 's1', 'good', 'turnover_days', null, 30, 3651$$), (16, $$'m9', 's1', 'good', 'stalled_days', 5, 0$$),
               (17, $$'m9', 's1', 'good', 'stock_quantity', 5, expiry_days => -1$$),
               (18, $$'m9', 's1', 'good', 'stock_quantity', 5$$), (19, $$'m1', 's9', 'good', 'stock_quantity', 5$$),
               (20, $$'m1', 's1', 'none', 'stock_quantity', 5$$)) v (n, args),
       LATERAL (SELECT public.error_of(format('SELECT invtrack.save_tracker(%s)', args)) AS saving,
                       public.error_of(format('SELECT * FROM invtrack.preview_health(%s)', args)) AS previewing) e
 ORDER BY n;

-- What a transaction has written, it reads; what it has taken back, it does not.
CREATE FUNCTION pg_temp.seen() RETURNS TABLE (view numeric, f numeric, f_of numeric, preview numeric) LANGUAGE sql AS $$
    SELECT (SELECT current_stock FROM invtrack.health WHERE merchant = 'm3'),
           (SELECT current_stock FROM invtrack.tracker_health('m3')),
           (SELECT current_stock FROM invtrack.tracker_health_of('m3', '{s9}')),
           (SELECT current_stock FROM invtrack.preview_health('m3', 's9', 'good', 'stock_quantity', 1))
$$;
SELECT * FROM pg_temp.seen();
SAVEPOINT lots;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m3', 's9', 'good', 7);
SELECT * FROM pg_temp.seen();
UPDATE invtrack.stock_lot SET quantity = 8 WHERE merchant = 'm3';
SELECT * FROM pg_temp.seen();
ROLLBACK TO lots;
SELECT * FROM pg_temp.seen();
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m3', 's9', 'good', 'shipment', '2026-03-10', 3);
SELECT current_stock FROM invtrack.preview_health('m3', 's9', 'good', 'stalled_days', 5, 10);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m3', 's9', 'good', 'shipment', '2026-03-10', 4);
SELECT current_stock FROM invtrack.preview_health('m3', 's9', 'good', 'stalled_days', 5, 10);

-- As a function of a query: LIMIT, ordinality, LATERAL, the target list, rescans.
SELECT count(*) FROM (SELECT * FROM invtrack.tracker_health('m1') LIMIT 3) l;
SELECT count(*) FROM (SELECT * FROM invtrack.tracker_health('m1') OFFSET 14 LIMIT 9) l;
SELECT min(o), max(o), count(DISTINCT o) FROM invtrack.tracker_health('m1') WITH ORDINALITY AS h (a, b, c, d, e, f, g, h, i, j, k, l, m, n, p, q, r, s, t, u, v, w, x, y, z, za, o);
SELECT count(*), count(DISTINCT h) AS distinct FROM (SELECT invtrack.tracker_health('m1') AS h) s;
SELECT (invtrack.preview_health('m1', 's4', 'good', 'stock_quantity', 29)).current_stock;
SELECT n, (invtrack.tracker_health('m1', 's' || n, 'good', 'stock_quantity')).sku FROM generate_series(1, 5) n ORDER BY n;
SELECT count(*) AS trackers, count(h.sku) AS found, bool_and(h.sku = t.sku AND h.mechanism = t.mechanism) AS right
  FROM invtrack.tracker t LEFT JOIN LATERAL invtrack.tracker_health(t.merchant, t.sku, t.inventory_type, t.mechanism) h ON true;
SELECT p.merchant, p.sku, (SELECT count(*) FROM invtrack.tracker_health(p.merchant, p.sku)) AS trackers
  FROM invtrack.product p WHERE p.merchant IN ('m1', 'm2', 'm3', 'm4') ORDER BY p.merchant, p.sku;
SELECT EXISTS (SELECT FROM invtrack.tracker_health('m1')) AS some, EXISTS (SELECT FROM invtrack.tracker_health('m5')) AS none;
SAVEPOINT joins;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_material = off;
SET LOCAL enable_memoize = off;
SELECT count(*), count(DISTINCT h.sku || h.inventory_type || h.mechanism) AS distinct
  FROM generate_series(1, 10) n LEFT JOIN invtrack.tracker_health('m1') h ON h.current_stock <> n + 0.25;
SELECT count(*) FROM invtrack.health a JOIN invtrack.tracker_health() b USING (merchant, sku, inventory_type, mechanism);
ROLLBACK TO joins;

-- As a cursor, forth and back.
DECLARE in_order SCROLL CURSOR FOR
 SELECT sku, mechanism FROM invtrack.tracker_health('m1', inventory_type => 'good') ORDER BY sku, mechanism;
FETCH 2 FROM in_order;
MOVE 3 IN in_order;
FETCH FROM in_order;
FETCH BACKWARD 2 FROM in_order;
FETCH ABSOLUTE 1 FROM in_order;
FETCH LAST FROM in_order;
FETCH FORWARD 1 FROM in_order;
FETCH PRIOR FROM in_order;
CLOSE in_order;
DECLARE unsorted SCROLL CURSOR FOR SELECT * FROM invtrack.tracker_health('m1');
SELECT pg_temp.moved('unsorted', 5);
SELECT pg_temp.moved('unsorted', -3);
SELECT pg_temp.moved('unsorted', 99);
SELECT pg_temp.moved('unsorted', -99);
SELECT pg_temp.moved('unsorted', 99);
CLOSE unsorted;
-- a cursor shows what there was when it was opened
DECLARE early_view CURSOR FOR SELECT current_stock FROM invtrack.health WHERE merchant = 'm3';
DECLARE early_function CURSOR FOR SELECT current_stock FROM invtrack.tracker_health('m3');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m3', 's9', 'good', 7);
FETCH early_view;
FETCH early_function;
SELECT * FROM pg_temp.seen();

-- A prepared statement, ten times with other values (after five of them PostgreSQL may plan for all values).
PREPARE by_item(text, text, date) AS
SELECT $1 AS merchant, $2 AS sku, count(*), sum(current_stock) AS current, min(as_of) AS as_of
  FROM invtrack.tracker_health($1, $2, as_of => $3);
PREPARE by_view(text, text) AS
SELECT count(*), sum(current_stock) AS current FROM invtrack.health WHERE merchant = $1 AND sku = $2;
PREPARE by_list(text, text[]) AS
SELECT $2 AS skus, count(*) FROM invtrack.tracker_health_of($1, $2);
\t
SELECT format('EXECUTE by_item(%L, %L, %L)', merchant, sku, as_of)
  FROM (VALUES (1, 'm1', 's1', '2026-03-10'), (2, 'm1', 's2', NULL), (3, 'm1', 's3', '2026-03-09'), (4, 'm1', 's4', NULL),
               (5, 'm2', 's1', '2026-03-10'), (6, NULL, 's1', NULL), (7, 'm1', NULL, NULL), (8, 'm3', 's9', '2026-01-01'),
               (9, NULL, NULL, NULL), (10, 'm1', 's1', '2026-03-10')) v (n, merchant, sku, as_of) ORDER BY n \gexec
SELECT format('EXECUTE by_view(%L, %L)', merchant, sku)
  FROM (VALUES (1, 'm1', 's1'), (2, 'm1', 's2'), (3, 'm1', 's3'), (4, 'm1', 's4'), (5, 'm2', 's1'), (6, 'm2', 's2'),
               (7, NULL, 's1'), (8, 'm3', 's9'), (9, 'm9', 's1'), (10, 'm1', 's1')) v (n, merchant, sku) ORDER BY n \gexec
SELECT format('EXECUTE by_list(%L, %L)', merchant, skus)
  FROM (VALUES (1, 'm1', '{s1}'), (2, 'm1', '{s1,s2}'), (3, 'm1', NULL), (4, 'm1', '{}'), (5, NULL, '{s1}'), (6, NULL, NULL),
               (7, 'm2', '{s1,s2,s3}'), (8, 'm3', '{s9}'), (9, 'm9', '{s1}'), (10, 'm1', '{s1}')) v (n, merchant, skus) ORDER BY n \gexec
\t
ROLLBACK;

-- Many trackers: 3,600 of three merchants, in little memory, and only by what the filter names.
BEGIN;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) SELECT 'm' || m FROM generate_series(1, 3) m;
INSERT INTO invtrack.product (merchant, sku, name)
SELECT 'm' || m, 's' || s, repeat('long name ', 20) FROM generate_series(1, 3) m, generate_series(1, 400) s;
INSERT INTO invtrack.inventory_type (merchant, inventory_type)
SELECT 'm' || m, t FROM generate_series(1, 3) m, unnest(ARRAY['good', 'bad']) t;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity)
SELECT merchant, sku, 'good', 'l' || l, l FROM invtrack.product, generate_series(1, 3) l;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', flow, date '2026-03-10' - d, d
  FROM invtrack.product, unnest(ARRAY['sale', 'shipment']) flow, generate_series(1, 3) d;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT p.merchant, p.sku, 'good', v.*
  FROM invtrack.product p, (VALUES ('stock_quantity', 10, NULL::integer, NULL::integer),
                                   ('turnover_days', NULL, 30, 7), ('stalled_days', 5, 10, NULL)) v;
ANALYZE invtrack.merchant, invtrack.product, invtrack.inventory_type, invtrack.stock_lot, invtrack.movement, invtrack.tracker;
SAVEPOINT little;
SET LOCAL work_mem = '64kB';
SELECT count(*), count(DISTINCT merchant || sku || mechanism) AS distinct, sum(current_stock) AS current,
       sum(length(product_name)) AS names FROM invtrack.tracker_health();
SELECT count(*), count(DISTINCT merchant || sku || mechanism) AS distinct, sum(current_stock) AS current FROM invtrack.health;
SELECT count(*), sum(current_stock) AS current
  FROM invtrack.tracker_health_of('m2', (SELECT array_agg('s' || n) FROM generate_series(0, 1000) n));
SELECT count(*) FROM (TABLE invtrack.health EXCEPT ALL SELECT * FROM invtrack.tracker_health()) d;
SAVEPOINT lists;
-- A list of 100 products or more that are a tenth of the merchant's is read in one pass, a shorter one by look-ups: with the same rows.
INSERT INTO invtrack.merchant (merchant) VALUES ('m4');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m4', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'm4', 's' || n FROM generate_series(1, 1001) n;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT 'm4', 's' || n, 'good', 'stock_quantity', 1 FROM generate_series(1, 150) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 1 FROM invtrack.product WHERE merchant = 'm4';
ANALYZE invtrack.merchant, invtrack.product, invtrack.inventory_type, invtrack.stock_lot, invtrack.tracker;
CREATE FUNCTION pg_temp.lots_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT seq_scan + idx_scan FROM pg_stat_xact_all_tables WHERE relid = 'invtrack.stock_lot'::regclass
$$;
CREATE FUNCTION pg_temp.list_of(merchant text, skus text[]) RETURNS TABLE (rows bigint, differences bigint, looked_up boolean) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := pg_temp.lots_read();
BEGIN
    CREATE TEMPORARY TABLE listed ON COMMIT DROP AS SELECT * FROM invtrack.tracker_health_of(merchant, skus);
    looked_up := pg_temp.lots_read() - before > 50;
    SELECT count(*) INTO rows FROM listed;
    SELECT count(*) INTO differences
      FROM (SELECT h.merchant, h.sku, h.mechanism, h.health FROM invtrack.health h WHERE h.merchant = list_of.merchant AND h.sku = ANY (skus)
            EXCEPT ALL SELECT h.merchant, h.sku, h.mechanism, h.health FROM listed h) d;
    DROP TABLE listed;
    RETURN NEXT;
END
$$;
CREATE TEMPORARY VIEW list AS
SELECT n, merchant, array_agg(CASE WHEN i % 97 > 0 THEN 's' || i END) AS skus
  FROM (VALUES (1, 'm2', 99), (2, 'm2', 100), (3, 'm2', 400), (4, 'm4', 100), (5, 'm4', 101), (6, 'm9', 100)) v (n, merchant, length), generate_series(1, length) i
 GROUP BY n, merchant
UNION ALL
-- twice, of two dimensions, and none that is there
SELECT 7, 'm2', array_agg('s' || i % 70) FROM generate_series(1, 140) i
UNION ALL
SELECT 8, 'm2', array_agg(ARRAY['s' || i, NULL]) FROM generate_series(1, 60) i
UNION ALL
SELECT 9, 'm2', array_agg(NULL::text) FROM generate_series(1, 200);
SELECT l.n, l.merchant, cardinality(l.skus) AS length, o.* FROM (SELECT * FROM list ORDER BY n) l, pg_temp.list_of(l.merchant, l.skus) o;
-- a tenant of another merchant gets nothing either way
CREATE ROLE invtrack_test_list;
SELECT invtrack.grant_access('invtrack_test_list', 'm1');
GRANT SELECT ON list TO invtrack_test_list;
SET LOCAL ROLE invtrack_test_list;
SELECT count(*), (SELECT count(*) FROM list, invtrack.tracker_health_of('m1', skus) WHERE n = 3) AS own FROM list l, invtrack.tracker_health_of(l.merchant, l.skus);
RESET ROLE;
ROLLBACK TO lists;
DECLARE many SCROLL CURSOR FOR SELECT * FROM invtrack.tracker_health();
SELECT pg_temp.moved('many', 9999);
SELECT pg_temp.moved('many', -3000);
SELECT pg_temp.moved('many', -9999);
SELECT pg_temp.moved('many', 3600);
CLOSE many;
ROLLBACK TO little;

-- A filter on the view reads only what it names: each scan of a table is by an index, with the
-- filter's columns that the table has in its condition. Returns the scans that are not.
SET LOCAL enable_seqscan = off;
CREATE FUNCTION pg_temp.other_scans(query text, names text[]) RETURNS TABLE (node text, relation text, missing text)
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    scans integer := 0;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON, COSTS OFF, VERBOSE) ' || query INTO plan;
    FOR node, relation, missing IN
        WITH RECURSIVE nodes (node) AS (
            SELECT plan->0->'Plan'
            UNION ALL
            SELECT json_array_elements(n.node->'Plans') FROM nodes n WHERE n.node->'Plans' IS NOT NULL)
        SELECT n.node->>'Node Type', n.node->>'Relation Name',
               (SELECT string_agg(name, ' ' ORDER BY name COLLATE "C")
                  FROM unnest(names) name
                 WHERE EXISTS (SELECT FROM pg_attribute a
                                WHERE a.attrelid = format('invtrack.%I', n.node->>'Relation Name')::regclass
                                  AND a.attname = name)
                   AND coalesce(n.node->>'Index Cond', n.node->>'Recheck Cond', '') !~ ('\y' || name || '\y'))
          FROM nodes n
         WHERE n.node->>'Schema' LIKE 'invtrack%'
    LOOP
        scans := scans + 1;
        IF missing IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
    IF scans < 6 THEN
        RAISE 'only % scans of tables found, there are six tables to read', scans;
    END IF;
END
$$;
SELECT q, o.* FROM (VALUES
    (1, $$SELECT * FROM invtrack.health WHERE merchant = 'm2'$$, '{merchant}'::text[]),
    (2, $$SELECT * FROM invtrack.health WHERE merchant = 'm2' AND sku = 's77'$$, '{merchant,sku}'),
    (3, $$SELECT * FROM invtrack.health WHERE merchant = 'm2' AND sku = 's77' AND inventory_type = 'good'$$, '{merchant,sku,inventory_type}'),
    (4, $$SELECT health FROM invtrack.health WHERE sku = 's77' AND merchant = 'm2' AND mechanism = 'stock_quantity' AND status = 'replenish'$$, '{merchant,sku}'))
    v (n, q, names), pg_temp.other_scans(q, names) o ORDER BY n, relation;
-- the walker finds what is read without such a condition
SELECT count(*) > 0 AS found
  FROM pg_temp.other_scans($$SELECT * FROM invtrack.health WHERE product_name = 'x'$$, '{merchant,sku}')
 WHERE relation = 'product' AND missing LIKE '%sku';

-- Saved plans do not pile up: 10,000 calls leave what a few have left.
SET LOCAL enable_seqscan = on;
CREATE FUNCTION pg_temp.calls(n integer) RETURNS TABLE (saved bigint, rows bigint, rows_of bigint, previews bigint, todays bigint)
LANGUAGE sql AS $$
    SELECT (SELECT count(invtrack.save_tracker('m1', 's' || 1 + i % 400, 'bad', 'stock_quantity', 1 + i % 7)) FROM generate_series(1, n) i),
           (SELECT count(*) FROM generate_series(1, n) i, invtrack.tracker_health('m1', 's' || 1 + i % 400, 'good') h),
           (SELECT count(*) FROM generate_series(1, n) i, invtrack.tracker_health_of('m2', ARRAY['s' || 1 + i % 400, 's0']) h),
           (SELECT count(*) FROM generate_series(1, n) i, invtrack.preview_health('m3', 's' || 1 + i % 400, 'good', 'stock_quantity', 1 + i % 7) h),
           (SELECT count(invtrack.today('m' || 1 + i % 3)) FROM generate_series(1, n) i)
$$;
CREATE VIEW pg_temp.plans AS
SELECT count(*) AS contexts, sum(total_bytes) AS bytes FROM pg_backend_memory_contexts
 WHERE name LIKE 'CachedPlan%' OR name LIKE 'SPI Plan';
-- (a few: so many that trackers are created and updated)
SELECT * FROM pg_temp.calls(2);
SELECT * FROM pg_temp.calls(20);
SELECT * FROM pg_temp.calls(800);
TABLE pg_temp.plans \gset before_
SELECT * FROM pg_temp.calls(2000);
SELECT contexts > 0 AS some, contexts - :before_contexts AS more_contexts, bytes - :before_bytes AS more_bytes FROM pg_temp.plans;
ROLLBACK;
