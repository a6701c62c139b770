-- The judgement: what the three mechanisms make of stock and movements, to the day and the last
-- decimal, by tracker_health(as_of => ...) and by the view with the setting invtrack.as_of.
SET datestyle = 'ISO';
\pset format unaligned
BEGIN;
INSERT INTO invtrack.merchant (merchant) VALUES ('j'), ('other');
INSERT INTO invtrack.inventory_type (merchant, inventory_type)
VALUES ('j', 'good'), ('j', 'bad'), ('other', 'good');

-- A product with its lots, sales and shipments: [["2026-03-10", 5], [null, 7]].
CREATE FUNCTION pg_temp.item(sku text, launched_on date, lots jsonb, sales jsonb DEFAULT '[]',
                             shipments jsonb DEFAULT '[]', merchant text DEFAULT 'j', type text DEFAULT 'good')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO invtrack.product (merchant, sku, launched_on) VALUES ($6, $1, $2)
        ON CONFLICT DO NOTHING;
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
    SELECT $6, $1, $7, format('%s', n), (e->>0)::date, (e->>1)::numeric
      FROM jsonb_array_elements($3) WITH ORDINALITY a (e, n);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT $6, $1, $7, flow, (e->>0)::date, (e->>1)::numeric
      FROM (VALUES ('sale', $4), ('shipment', $5)) v (flow, moved), jsonb_array_elements(moved) e;
$$;

-- The figures of a product's trackers at some days; same: the view shows exactly this, too.
CREATE FUNCTION pg_temp.figures(sku text, VARIADIC as_ofs date[])
RETURNS TABLE (item text, day date, mechanism text, current numeric, threshold numeric, health numeric,
               status text, reason text, daily numeric, days integer, cover numeric,
               excluded numeric, same boolean)
LANGUAGE plpgsql AS $$
DECLARE
    d date;
BEGIN
    FOREACH d IN ARRAY $2 LOOP
        PERFORM set_config('invtrack.as_of', to_char(d, 'YYYY-MM-DD'), true);
        RETURN QUERY
        SELECT h.sku, h.as_of, h.mechanism, h.current_stock, h.threshold, h.health, h.status,
               h.reason, h.daily_sales, h.actual_days, h.days_of_cover, h.excluded_stock,
               h.as_of = d AND EXISTS (SELECT FROM invtrack.health v
                                        WHERE v.merchant = 'j' AND v.sku = $1 AND v::text = h::text)
          FROM invtrack.tracker_health('j', $1, as_of => d) h
         ORDER BY h.mechanism;
    END LOOP;
END
$$;

-- 1. Shelf life. A lot counts where expires_on > D + expiry_days; without expiry_days all lots
-- count, expired ones too; a lot without a date always counts.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 'e' || expiry, 'good', 'stock_quantity', 112, expiry_days => nullif(expiry, '')::integer), ' ') AS quantity,
       string_agg(DISTINCT invtrack.save_tracker('j', 'e' || expiry, 'good', 'turnover_days',
           lookback_days => 7, coverage_days => 7, expiry_days => nullif(expiry, '')::integer), ' ') AS turnover
  FROM unnest(ARRAY['', '0', '1', '13', '14', '15', '3650']) expiry,
       pg_temp.item('e' || expiry, NULL,
           '[["0001-01-01", 128], ["2026-03-09", 1], ["2026-03-10", 2], ["2026-03-11", 4],
           ["2026-03-24", 8], ["2026-03-25", 16], [null, 32], ["9999-12-31", 64]]',
           '[["2026-03-10", 16]]');
SELECT f.*
  FROM unnest(ARRAY['', '0', '1', '13', '14', '15', '3650']) WITH ORDINALITY e (expiry, n),
       pg_temp.figures('e' || expiry, '2026-03-10') f
 ORDER BY n, mechanism COLLATE "C";
-- the same lots a day earlier and later
SELECT f.* FROM pg_temp.figures('e14', '2026-03-09', '2026-03-11') f WHERE mechanism = 'stock_quantity';
-- at the ends of the calendar: 3650 days after 9990-01-01 is 9999-12-30, later there is no day
SELECT f.* FROM pg_temp.figures('e3650', '0001-01-01', '9990-01-01', '9990-01-02', '9999-12-31') f
 WHERE mechanism = 'stock_quantity';
SELECT f.* FROM pg_temp.figures('e0', '0001-01-01', '9999-12-30', '9999-12-31') f
 WHERE mechanism = 'stock_quantity';
SELECT f.* FROM pg_temp.figures('e', '0001-01-01', '9999-12-31') f WHERE mechanism = 'stock_quantity';

-- 2. The lookback window at D is the N dates D-N+1 ... D. Later movements do not count yet.
SELECT pg_temp.item('w', NULL, '[[null, 6]]',
    '[["2026-03-03", 1], ["2026-03-04", 2], ["2026-03-10", 4], ["2026-03-11", 8]]',
    '[["2026-03-03", 10], ["2026-03-04", 20], ["2026-03-10", 40], ["2026-03-11", 80]]');
SELECT invtrack.save_tracker('j', 'w', 'good', 'turnover_days', NULL, 7, 7) AS turnover,
       invtrack.save_tracker('j', 'w', 'good', 'stalled_days', 60, 7) AS stalled;
SELECT * FROM pg_temp.figures('w', '2026-03-02', '2026-03-03', '2026-03-09', '2026-03-10',
                              '2026-03-11', '2026-03-17', '2026-03-18');
-- a lookback of one day is that day; of 3650 days, that many
SELECT pg_temp.item('w1', NULL, '[[null, 6]]', '[["2026-03-09", 2], ["2026-03-10", 3]]',
    '[["2026-03-09", 20], ["2026-03-10", 30], ["2026-03-12", 40]]');
SELECT invtrack.save_tracker('j', 'w1', 'good', 'turnover_days', NULL, 1, 1) AS turnover,
       invtrack.save_tracker('j', 'w1', 'good', 'stalled_days', 60, 1) AS stalled;
SELECT * FROM pg_temp.figures('w1', '2026-03-09', '2026-03-10', '2026-03-11');
SELECT invtrack.save_tracker('j', 'w1', 'good', 'turnover_days', NULL, 3650, 1) AS turnover,
       invtrack.save_tracker('j', 'w1', 'good', 'stalled_days', 60, 3650) AS stalled;
SELECT * FROM pg_temp.figures('w1', date '2026-03-09' + 3649, date '2026-03-09' + 3650,
                              date '2026-03-10' + 3650);
-- near the ends of the calendar windows neither wrap nor fail
SELECT pg_temp.item('ends', NULL, '[[null, 6]]',
    '[["0001-01-01", 4], ["0001-01-02", 2], ["9999-12-31", 365]]',
    '[["0001-01-01", 40], ["0001-01-02", 20], ["9999-12-31", 80]]');
SELECT invtrack.save_tracker('j', 'ends', 'good', 'turnover_days', NULL, 3650, 3650, 3650) AS turnover,
       invtrack.save_tracker('j', 'ends', 'good', 'stalled_days', 60, 3650) AS stalled;
SELECT * FROM pg_temp.figures('ends', '0001-01-01', '0001-01-02', '9999-12-30', '9999-12-31');

-- 3. Actual days: from the earlier of launched_on and the first day of sales up to D, at most the
-- lookback. 12 units were sold, the first on 2026-03-05, 6 days before D; lookback 30.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 'd' || n, 'good', 'turnover_days', NULL, 30, 10), '') AS saved
  FROM (VALUES (1, NULL::date), (2, '2026-03-04'), (3, '2026-03-05'), (4, '2026-03-08'),
               (5, '2026-03-10'), (6, '2026-03-11'), (7, '9999-12-31'), (8, '2026-02-10'),
               (9, '2026-02-09'), (10, '2026-02-08'), (11, '0001-01-01')) v (n, launched),
       pg_temp.item('d' || n, launched, '[[null, 20]]',
           '[["2026-03-05", 6], ["2026-03-10", 6]]');
SELECT p.launched_on, f.*
  FROM generate_series(1, 11) n, invtrack.product p, pg_temp.figures('d' || n, '2026-03-10') f
 WHERE p.merchant = 'j' AND p.sku = 'd' || n ORDER BY n;
-- without sales: on sale since the launch, if that is known and not in the future
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 'n' || n, 'good', 'turnover_days', NULL, 30, 10), '') AS saved
  FROM (VALUES (1, NULL::date, '[]'::jsonb), (2, '2026-03-01', '[]'), (3, '2026-03-10', '[]'),
               (4, '2026-03-11', '[]'), (5, '2020-01-01', '[]'), (6, NULL, '[["2026-03-11", 5]]'),
               (7, '2026-03-01', '[["2026-03-11", 5]]'), (8, NULL, '[["2026-02-08", 5]]'),
               (9, NULL, '[["2026-02-09", 5]]')) v (n, launched, sales),
       pg_temp.item('n' || n, launched, '[[null, 20]]', sales);
SELECT f.* FROM generate_series(1, 9) n, pg_temp.figures('n' || n, '2026-03-10') f ORDER BY n;

-- 4. Returns. Without net sales above 0 the status is no_sales. A day whose sales add up to 0 leaves no trace,
-- wherever its movements are; a return alone does.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 'r' || n, 'good', 'turnover_days', NULL, 30, 10), '') AS saved
  FROM (VALUES (1, '[["2026-03-05", 10], ["2026-03-06", -10]]'::jsonb),
               (2, '[["2026-03-05", 10], ["2026-03-06", -12]]'),
               (3, '[["2026-03-01", 3], ["2026-03-01", -3], ["2026-03-05", 12]]'),
               (4, '[["2026-03-01", 0], ["2026-03-05", 12]]'),
               (5, '[["2026-03-01", -3], ["2026-03-05", 12]]'),
               (6, '[["2026-03-01", 0]]'),
               (7, '[["2026-03-01", 3], ["2026-03-01", -3]]'),
               (8, '[["2026-03-05", 10], ["2026-03-06", -9.999999]]'),
               (9, '[["2026-03-05", 12], ["2026-03-11", -12], ["2026-03-01", 3], ["2026-03-01", -3]]'),
               (10, '[["2026-01-05", 12], ["2026-03-01", 3], ["2026-03-01", -3]]')) v (n, sales),
       pg_temp.item('r' || n, NULL, '[[null, 20]]', sales);
SELECT f.* FROM generate_series(1, 10) n, pg_temp.figures('r' || n, '2026-03-10') f ORDER BY n;

-- 5. An item's own: other flows, inventory types, products and merchants do not count.
SELECT pg_temp.item('own', NULL, '[[null, 100]]', '[]', '[["2026-03-09", 50]]'),
       pg_temp.item('own', NULL, '[[null, 7]]', '[["2026-03-09", 5]]', '[]', 'j', 'bad'),
       pg_temp.item('own', NULL, '[[null, 70]]', '[["2026-03-01", 50]]', '[["2026-03-09", 50]]', 'other', 'good'),
       pg_temp.item('own2', NULL, '[[null, 80]]', '[["2026-03-01", 60]]', '[["2026-03-09", 60]]');
SELECT invtrack.save_tracker('j', 'own', type, 'stock_quantity', 10) AS quantity,
       invtrack.save_tracker('j', 'own', type, 'turnover_days', NULL, 30, 10) AS turnover,
       invtrack.save_tracker('j', 'own', type, 'stalled_days', 10, 30) AS stalled
  FROM unnest(ARRAY['good', 'bad']) type;
SELECT inventory_type, mechanism, current_stock, threshold, health, status, reason, actual_days
  FROM invtrack.tracker_health('j', 'own', as_of => '2026-03-10') ORDER BY inventory_type, mechanism;

-- 6. Stock against a quantity: nothing, negative stock, six decimals, the largest quantities. Health
-- is cut toward zero, so it reads 100 only where nothing is missing; the comparison is exact.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 's' || n, 'good', 'stock_quantity', quantity), '') AS saved
  FROM (VALUES (1, '[]'::jsonb, 10), (2, '[[null, 0]]', 10), (3, '[[null, 5], ["2026-01-01", -5]]', 10),
               (4, '[[null, -5]]', 10), (5, '[[null, 4], [null, 5]]', 10), (6, '[[null, 10]]', 10),
               (7, '[[null, 10.000001]]', 10), (8, '[[null, 9.999999]]', 10),
               (9, '[[null, 0.000001]]', 0.000003), (10, '[[null, 99.9999]]', 100),
               (11, '[[null, 99.999999]]', 100), (12, '[[null, 100]]', 100),
               (13, '[[null, 99.994]]', 100), (14, '[[null, 0.009]]', 100),
               (15, '[[null, -0.005]]', 100), (16, '[[null, -0.01]]', 100), (17, '[[null, -1.999]]', 100),
               (18, '[[null, 999999999999.999999]]', 999999999999.999999),
               (19, '[[null, 999999999999.999998]]', 999999999999.999999),
               (20, '[[null, 999999999999.999999]]', 0.000001),
               (21, '[[null, -999999999999.999999]]', 0.000001),
               (22, '[[null, 0.000001]]', 999999999999.999999)) v (n, lots, quantity),
       pg_temp.item('s' || n, NULL, lots);
SELECT f.* FROM generate_series(1, 22) n, pg_temp.figures('s' || n, '2026-03-10') f ORDER BY n;
-- a thousand of the largest lots, by date and without, and the largest negative ones
SELECT pg_temp.item('big', NULL, jsonb_agg(jsonb_build_array(
           CASE WHEN n % 2 = 0 THEN date '2026-03-10' + n END, 999999999999.999999))),
       pg_temp.item('gib', NULL, jsonb_agg(jsonb_build_array(
           CASE WHEN n % 2 = 0 THEN date '2026-03-10' + n END, -999999999999.999999)))
  FROM generate_series(1, 1000) n;
SELECT sku, invtrack.save_tracker('j', sku, 'good', 'stock_quantity', 0.000001, expiry_days => 500)
  FROM unnest(ARRAY['big', 'gib']) sku ORDER BY sku;
SELECT f.* FROM unnest(ARRAY['big', 'gib']) sku, pg_temp.figures(sku, '2026-03-10') f ORDER BY item;

-- threshold is shown rounded to 4 decimals, half away from zero
SELECT pg_temp.item('h', NULL, '[]');
SELECT q, p.quantity, p.threshold
  FROM unnest(ARRAY[5, 0.00004, 0.000049, 0.00005, 0.00015, 0.00025, 0.000349, 12.34565,
                    999999999999.99994, 999999999999.99995]) WITH ORDINALITY u (q, n),
       invtrack.preview_health('j', 'h', 'good', 'stock_quantity', q) p
 ORDER BY n;

-- 7. Turnover: the figures shown are rounded or cut, none of them is calculated with.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 't' || n, 'good', 'turnover_days', NULL, 30, cover), '') AS saved
  FROM (VALUES (1, date '2026-03-08', '[[null, 1]]'::jsonb, '[["2026-03-10", 1]]'::jsonb, 3),
               (2, '2026-03-08', '[[null, 0.3333]]', '[["2026-03-10", 1]]', 1),
               (3, '2026-03-08', '[[null, 0.333334]]', '[["2026-03-10", 1]]', 1),
               (4, '2026-03-08', '[[null, 5]]', '[["2026-03-10", 2]]', 1),
               (5, '2026-03-09', '[]', '[["2026-03-10", 0.0001]]', 1),
               (6, '2026-03-09', '[[null, 0]]', '[["2026-03-10", 0.0003]]', 1),
               (7, '2026-03-09', '[[null, 0.000001]]', '[["2026-03-10", 0.000001]]', 1),
               (8, '2026-03-09', '[[null, 0.000001]]', '[["2026-03-10", 0.000001]]', 2),
               (9, NULL, '[[null, -0.04]]', '[["2026-03-10", 1]]', 10),
               (10, NULL, '[[null, -1.99]]', '[["2026-03-10", 1]]', 10),
               (11, NULL, '[[null, 9.9999]]', '[["2026-03-10", 1]]', 10),
               (12, NULL, '[[null, 999999999999.999999]]', '[["2026-03-10", 999999999999.999999]]', 1),
               (13, NULL, '[[null, 999999999999.999998]]', '[["2026-03-10", 999999999999.999999]]', 1),
               (14, '0001-01-01', '[[null, 999999999999.999999]]', '[["2026-03-10", 0.000001]]', 1),
               (15, NULL, '[[null, 0.000001]]', '[["2026-03-10", 999999999999.999999]]', 3650),
               (16, NULL, '[]', '[["2026-03-10", 1]]', 10),
               (17, '2026-03-04', '[[null, 20], ["2026-03-09", 5]]', '[["2026-03-10", 20]]', 7))
       v (n, launched, lots, sales, cover),
       pg_temp.item('t' || n, launched, lots, sales);
SELECT f.* FROM generate_series(1, 17) n, pg_temp.figures('t' || n, '2026-03-10') f ORDER BY n;
-- a thousand of the largest movements on each of two days
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'j', 'big', 'good', flow, date '2026-03-08' + n % 2, 999999999999.999999
  FROM generate_series(1, 2000) n, unnest(ARRAY['sale', 'shipment']) flow;
SELECT invtrack.save_tracker('j', 'big', 'good', 'turnover_days', NULL, 3650, 3650) AS turnover,
       invtrack.save_tracker('j', 'big', 'good', 'stalled_days', 0.000001, 3650) AS stalled;
SELECT * FROM pg_temp.figures('big', '2026-03-09');

-- 8. Stalled: ok comes first, then too_new (launched less than lookback_days days ago), then
-- nothing_on_hand (all lots, expired ones too, are not above 0), then shipments_below_quantity.
SELECT count(*) AS items,
       string_agg(DISTINCT invtrack.save_tracker('j', 'x' || n, 'good', 'stalled_days', 5, 10), '') AS saved
  FROM (VALUES (1, NULL::date, '[[null, 9]]'::jsonb, '[["2026-03-05", 5]]'::jsonb),
               (2, NULL, '[[null, 9]]', '[["2026-03-05", 4.999999]]'),
               (3, '2026-03-02', '[[null, 9]]', '[]'), (4, '2026-03-01', '[[null, 9]]', '[]'),
               (5, '2026-02-28', '[[null, 9]]', '[]'), (6, '2026-03-10', '[]', '[]'),
               (7, '2026-03-11', '[[null, 9]]', '[]'), (8, '9999-12-31', '[[null, 9]]', '[]'),
               (9, '2026-03-02', '[]', '[["2026-03-05", 5]]'),
               (10, '2026-03-01', '[]', '[]'), (11, NULL, '[[null, 0]]', '[]'),
               (12, NULL, '[[null, 5], ["2026-01-01", -5]]', '[]'), (13, NULL, '[[null, -1]]', '[]'),
               (14, NULL, '[["2026-01-01", 0.000001]]', '[]'),
               (15, NULL, '[[null, 9]]', '[["2026-03-05", 1], ["2026-03-06", -4]]'),
               (16, NULL, '[]', '[["2026-03-05", 12.3456]]'),
               (17, '0001-01-01', '[[null, 9]]', '[["2026-02-28", 5], ["2026-03-11", 5]]'))
       v (n, launched, lots, shipments),
       pg_temp.item('x' || n, launched, lots, '[["2026-03-09", 100]]', shipments);
SELECT p.launched_on, f.*
  FROM generate_series(1, 17) n, invtrack.product p, pg_temp.figures('x' || n, '2026-03-10') f
 WHERE p.merchant = 'j' AND p.sku = 'x' || n ORDER BY n;
-- launched in the future at the very ends, with the longest lookback
SELECT pg_temp.item('xe', '9999-12-31', '[[null, 9]]');
SELECT invtrack.save_tracker('j', 'xe', 'good', 'stalled_days', 5, 3650);
SELECT * FROM pg_temp.figures('xe', '0001-01-01', '9999-12-31');

-- 9. The three scenarios of the tracker guide.
SELECT pg_temp.item('hot', '2025-01-01', '[[null, 69]]',
                    (SELECT jsonb_agg(jsonb_build_array(date '2026-03-10' - n, 10))
                       FROM generate_series(0, 40) n)),
       pg_temp.item('food', NULL, '[["2026-03-24", 40], ["2026-03-25", 80]]'),
       pg_temp.item('slow', '2025-01-01', '[[null, 400]]', '[]', '[["2025-12-10", 7], ["2026-01-05", 3]]');
SELECT invtrack.save_tracker('j', 'hot', 'good', 'turnover_days', lookback_days => 30, coverage_days => 7),
       invtrack.save_tracker('j', 'food', 'good', 'stock_quantity', 100, expiry_days => 14),
       invtrack.save_tracker('j', 'slow', 'good', 'stalled_days', 5, lookback_days => 90);
SELECT f.* FROM unnest(ARRAY['hot', 'food', 'slow']) WITH ORDINALITY u (sku, n),
                pg_temp.figures(sku, '2026-03-10') f ORDER BY n;
SELECT f.* FROM pg_temp.figures('slow', '2026-03-09', '2026-03-10') f;
UPDATE invtrack.stock_lot SET quantity = quantity + 1 WHERE (merchant, sku) = ('j', 'hot');
SELECT * FROM pg_temp.figures('hot', '2026-03-10');

-- 10. The functions under the view, called with arguments of no tracker, give null. How many of
-- the nine are not null:
CREATE FUNCTION pg_temp.judged(arguments text) RETURNS TABLE (not_null bigint, errors text)
LANGUAGE plpgsql AS $$
DECLARE
    name text;
    value text;
BEGIN
    not_null := 0;
    FOR name IN SELECT proname FROM pg_proc
                 WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND proname LIKE 'judge\_%' LOOP
        errors := concat_ws(' ', errors, public.error_of(format('SELECT invtrack_internal.%I(%s, true)', name, arguments)));
        EXECUTE format('SELECT invtrack_internal.%I(%s, true)', name, arguments) INTO value;
        not_null := not_null + (value IS NOT NULL)::integer;
    END LOOP;
    RETURN NEXT;
END
$$;
SELECT arguments, j.* FROM (VALUES
    -- these are trackers
    (1, $$'turnover_days', null, 30, 7, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (2, $$'turnover_days', null, 3650, 3650, 3650, '9999-12-31', '{infinity:5}', null, '{9999-12-31:5}', '9999-12-31'$$),
    (3, $$'stock_quantity', 5, null, null, 14, null, '{infinity:4}', null, null, '2026-03-10'$$),
    (4, $$'stalled_days', 5, 90, null, null, null, null, null, null, '2026-03-10'$$),
    -- these are none
    (10, $$null, null, null, null, null, null, null, null, null, null$$),
    (11, $$null, 5, 30, 7, 0, '2026-01-01', '{}', null, '{}', '2026-03-10'$$),
    (12, $$'', 5, 30, 7, 0, null, null, null, null, '2026-03-10'$$),
    (13, $$'no_mechanism', 5, 30, 7, 0, null, null, null, null, '2026-03-10'$$),
    (20, $$'stock_quantity', null, null, null, null, null, null, null, null, '2026-03-10'$$),
    (21, $$'stock_quantity', 0, null, null, null, null, null, null, null, '2026-03-10'$$),
    (22, $$'stock_quantity', -5, null, null, null, null, null, null, null, '2026-03-10'$$),
    (23, $$'stock_quantity', 'NaN', null, null, null, null, null, null, null, '2026-03-10'$$),
    (24, $$'stock_quantity', 'Infinity', null, null, null, null, null, null, null, '2026-03-10'$$),
    (25, $$'stock_quantity', 1000000000000, null, null, null, null, null, null, null, '2026-03-10'$$),
    (26, $$'stock_quantity', 1e100, null, null, null, null, null, null, null, '2026-03-10'$$),
    (27, $$'stock_quantity', 5.1234567, null, null, null, null, null, null, null, '2026-03-10'$$),
    (28, $$'stock_quantity', 5, null, null, -2, null, null, null, null, '2026-03-10'$$),
    (29, $$'stock_quantity', 5, null, null, 3651, null, null, null, null, '2026-03-10'$$),
    (30, $$'stock_quantity', 5, null, null, 2147483647, null, null, null, null, '2026-03-10'$$),
    (31, $$'stock_quantity', 5, null, null, -2147483648, null, null, null, null, '2026-03-10'$$),
    (32, $$'stock_quantity', 5, null, null, null, null, null, null, null, null$$),
    (33, $$'stock_quantity', 5, null, null, null, null, null, null, null, 'infinity'$$),
    (34, $$'stock_quantity', 5, null, null, null, null, null, null, null, '-infinity'$$),
    (35, $$'stock_quantity', 5, null, null, null, null, null, null, null, '0001-12-31 BC'$$),
    (36, $$'stock_quantity', 5, null, null, null, null, null, null, null, '10000-01-01'$$),
    (37, $$'stock_quantity', 5, null, null, null, null, null, null, null, '5874897-12-31'$$),
    (38, $$'stock_quantity', 5, null, null, null, null, null, null, null, '4713-01-01 BC'$$),
    (40, $$'turnover_days', null, null, 7, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (41, $$'turnover_days', null, 30, null, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (42, $$'turnover_days', null, 0, 7, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (43, $$'turnover_days', null, 99999, 7, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (44, $$'turnover_days', null, 30, 0, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (45, $$'turnover_days', null, 30, 99999, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (46, $$'turnover_days', null, -2147483648, 2147483647, null, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (47, $$'turnover_days', null, 30, 7, 99999, null, null, null, '{2026-03-09:5}', '2026-03-10'$$),
    (50, $$'stalled_days', null, 90, null, null, null, null, null, null, '2026-03-10'$$),
    (51, $$'stalled_days', 5, null, null, null, null, null, null, null, '2026-03-10'$$),
    (52, $$'stalled_days', 0, 90, null, null, null, null, null, null, '2026-03-10'$$),
    (53, $$'stalled_days', 5, 0, null, null, null, null, null, null, '2026-03-10'$$),
    (54, $$'stalled_days', 5, 99999, null, null, null, null, null, null, '2026-03-10'$$),
    (55, $$'stalled_days', 5, -1, null, null, null, null, null, null, '2026-03-10'$$))
    v (n, arguments), pg_temp.judged(arguments) j ORDER BY n;
-- a launch that is no day of the calendar is not known; series without days are like none
SELECT invtrack_internal.judge_reason('stalled_days', 5, 90, NULL, NULL, launched, lots, NULL, moved, '2026-03-10', true),
       invtrack_internal.judge_current_stock('stalled_days', 5, 90, NULL, NULL, launched, lots, NULL, moved, '2026-03-10', true)
  FROM (VALUES (1, date 'infinity', '{infinity:1}'::invtrack.day_series, NULL::invtrack.day_series),
               (2, '-infinity', '{infinity:1}', '{}'), (3, '5874897-12-31', '{}', '{2026-03-10:0}'))
       v (n, launched, lots, moved) ORDER BY n;
-- the judgement before is remembered, by all that it was asked: rows that differ in an argument or two
SELECT invtrack_internal.judge_current_stock(v.mechanism, v.quantity, v.lookback, v.coverage, v.expiry, v.launched, v.lots, v.folded, v.tail, v.as_of, true) AS current,
       invtrack_internal.judge_threshold(v.mechanism, v.quantity, v.lookback, v.coverage, v.expiry, v.launched, v.lots, v.folded, v.tail, v.as_of, true) AS threshold,
       invtrack_internal.judge_actual_days(v.mechanism, v.quantity, v.lookback, v.coverage, v.expiry, v.launched, v.lots, v.folded, v.tail, v.as_of, true) AS days
  FROM (VALUES (1, 'turnover_days', NULL::numeric, 30, 10, NULL::integer, date '2026-02-20', '{2026-03-20:5,infinity:9}'::invtrack.day_series,
                   '{2026-02-25:3}'::invtrack.day_series, '{2026-03-09:2}'::invtrack.day_series, date '2026-03-10'),
               (2, 'turnover_days', NULL, 8, 10, NULL, '2026-02-20', '{2026-03-20:5,infinity:9}', '{2026-02-25:3}', '{2026-03-09:2}', '2026-03-10'),
               (3, 'turnover_days', NULL, 8, 11, NULL, '2026-02-20', '{2026-03-20:5,infinity:9}', '{2026-02-25:3}', '{2026-03-09:2}', '2026-03-10'),
               (4, 'turnover_days', NULL, 8, 11, 15, '2026-02-20', '{2026-03-20:5,infinity:9}', '{2026-02-25:3}', '{2026-03-09:2}', '2026-03-10'),
               (5, 'turnover_days', NULL, 8, 11, 15, '2026-03-08', '{2026-03-20:5,infinity:9}', '{2026-03-08:3}', '{2026-03-09:2}', '2026-03-10'),
               (6, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:9}', '{2026-03-08:3}', '{2026-03-09:2}', '2026-03-10'),
               (7, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:3}', '{2026-03-09:2}', '2026-03-10'),
               (8, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', '{2026-03-09:2}', '2026-03-10'),
               (9, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', '{2026-03-09:3}', '2026-03-10'),
               (10, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', '{2026-03-09:3}', '2026-03-09'),
               (11, 'turnover_days', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', NULL, '2026-03-09'),
               (12, 'stock_quantity', NULL, 8, 11, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', NULL, '2026-03-09'),
               (13, 'stock_quantity', 5, NULL, NULL, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', NULL, '2026-03-09'),
               (14, 'stock_quantity', 6, NULL, NULL, 15, '2026-03-07', '{2026-03-20:5,infinity:8}', '{2026-03-08:4}', NULL, '2026-03-09'))
       v (n, mechanism, quantity, lookback, coverage, expiry, launched, lots, folded, tail, as_of) ORDER BY n;
-- what series can hold and tables cannot: still exact
SELECT invtrack_internal.judge_health('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS health,
       invtrack_internal.judge_status('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS status,
       invtrack_internal.judge_days_of_cover('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS cover
  FROM (VALUES (1, '{2027-01-01:1000000000000000000000000,2027-01-02:1000000000000000000000000,2027-01-03:1000000000000000000000000}'::invtrack.day_series,
                   '{2026-03-10:0.000001}'::invtrack.day_series),
               (2, '{2027-01-01:-1000000000000000000000000,2027-01-02:-1000000000000000000000000,2027-01-03:-1000000000000000000000000}',
                   '{2026-03-10:0.000001}'),
               (3, '{2027-01-01:1}', '{2026-03-09:1000000000000000000000000,2026-03-10:1000000000000000000000000}'))
       v (n, lots, moved) ORDER BY n;
SELECT invtrack_internal.judge_threshold('turnover_days', NULL, 1, 3650, NULL, NULL, NULL, NULL,
                                '{2026-03-10:1000000000000000000000000}', '2026-03-10', true) AS threshold,
       invtrack_internal.judge_daily_sales('turnover_days', NULL, 2, 1, NULL, '2026-03-09', NULL, NULL,
                                  '{2026-03-10:999999999999999999999999.0001}', '2026-03-10', true) AS half_of_an_odd_one;
-- a threshold whose fraction does not fit 128 bits is rounded as others are: half away from zero, in 3650 of 3650 days
SELECT x, threshold - 5e24 AS threshold
  FROM unnest(ARRAY['0.00004', '0.000049', '0.00005', '0.00015', '0.00025', '0.999949', '0.99995']) WITH ORDINALITY u (x, n),
       LATERAL (SELECT invtrack.day_series_agg(date '2026-03-10' - d, CASE d WHEN 0 THEN x::numeric ELSE 1e24 END) FROM generate_series(0, 5) d) s (sales),
       invtrack_internal.judge_threshold('turnover_days', NULL, 3650, 3650, NULL, '0001-01-01', NULL, NULL, sales, '2026-03-10', true) threshold
 ORDER BY n;
-- and in days that it is no multiple of
SELECT days, threshold, threshold = div(2 * (5e24 + 0.000001) * 3650 * 10000 + days, 2 * days) * 0.0001 AS as_it_should
  FROM unnest(ARRAY[6, 7, 11, 13, 3649]) days,
       LATERAL (SELECT invtrack.day_series_agg(date '2026-03-10' - d, CASE d WHEN 0 THEN 0.000001 ELSE 1e24 END) FROM generate_series(0, 5) d) s (sales),
       invtrack_internal.judge_threshold('turnover_days', NULL, days, 3650, NULL, '0001-01-01', NULL, NULL, sales, '2026-03-10', true) threshold
 ORDER BY days;
-- the comparison is exact where numbers pass 32, 64 and 127 bits
SELECT lots, moved, days, invtrack_internal.judge_status('turnover_days', NULL, days, days, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS status
  FROM (VALUES (1, '{infinity:5000}'::invtrack.day_series, '{2026-03-10:4000}'::invtrack.day_series, 1),
               (2, '{infinity:5000}', '{2026-03-10:9000}', 1),
               (3, '{infinity:4294.967296}', '{2026-03-10:4294.967295}', 1), (4, '{infinity:4294.967295}', '{2026-03-10:4294.967296}', 1),
               (5, '{infinity:20000000000000.000001}', '{2026-03-10:20000000000000.000001}', 1),
               (6, '{infinity:20000000000000.000001}', '{2026-03-10:20000000000000.000002}', 1),
               (7, '{infinity:20000000000000}', '{2026-03-10:1}', 1), (8, '{infinity:1}', '{2026-03-10:20000000000000}', 1),
               (9, '{infinity:-20000000000000}', '{2026-03-10:1}', 1), (10, '{infinity:-0.000001}', '{2026-03-10:20000000000000}', 1),
               (11, '{infinity:1000000000000000000000000}', '{2026-03-10:1000000000000000000000000}', 3650),
               (12, '{infinity:999999999999999999999999.999999}', '{2026-03-10:1000000000000000000000000}', 3650),
               (13, '{infinity:-1000000000000000000000000}', '{2026-03-10:0.000001}', 3650)) v (n, lots, moved, days) ORDER BY n;
SELECT invtrack_internal.judge_status('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS status,
       invtrack_internal.judge_health('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', lots, NULL, moved, '2026-03-10', true) AS health
  FROM (VALUES ('{infinity:10000000000000}'::invtrack.day_series, '{2026-03-10:15000000000000}'::invtrack.day_series)) v (lots, moved);

-- The day that has just begun need not count: windows, days on sale, too_new and the two reasons of no_sales then end
-- with the day before; stock, shelf life and expiry go on by the day itself.
CREATE TABLE judged_day AS
SELECT n, launched::date, lots::invtrack.day_series, folded::invtrack.day_series, tail::invtrack.day_series
  FROM (VALUES (1, NULL, '{2026-03-17:5,2026-03-18:7,infinity:8}', '{2026-03-04:3,2026-03-09:4}', '{2026-03-10:100}'),
               (2, NULL, '{infinity:8}', NULL, '{2026-03-10:100}'),
               (3, '2026-03-10', '{infinity:8}', NULL, '{2026-03-10:100}'),
               (4, '2026-03-04', '{}', '{2026-03-03:1}', '{2026-03-10:100}'),
               (5, '2026-03-05', '{infinity:8}', '{2026-03-03:1}', '{2026-03-10:100}'),
               -- taken back by the tail: before the window, in it, and partly
               (6, NULL, '{infinity:8}', '{2026-01-01:5,2026-03-07:7}', '{2026-01-01:-5}'),
               (7, NULL, '{infinity:8}', '{2026-01-01:5,2026-03-04:7,2026-03-07:7}', '{2026-01-01:-5,2026-03-04:-7}'),
               (8, NULL, '{infinity:8}', '{2026-01-01:5,2026-03-07:7}', '{2026-01-01:-4.5}'),
               (9, NULL, '{infinity:8}', '{2026-01-01:5,2026-01-02:0,2026-03-07:7}', '{2026-01-01:-5,2026-02-01:0}'),
               (10, NULL, '{infinity:8}', '{2026-01-01:5}', '{2026-01-01:-5,2026-03-11:3}')) v (n, launched, lots, folded, tail);
SELECT n, count_today,
       invtrack_internal.judge_actual_days('turnover_days', NULL, 7, 10, 7, launched, lots, folded, tail, '2026-03-10', count_today) AS days,
       invtrack_internal.judge_daily_sales('turnover_days', NULL, 7, 10, 7, launched, lots, folded, tail, '2026-03-10', count_today) AS daily_sales,
       invtrack_internal.judge_reason('turnover_days', NULL, 7, 10, 7, launched, lots, folded, tail, '2026-03-10', count_today) AS reason,
       invtrack_internal.judge_current_stock('turnover_days', NULL, 7, 10, 7, launched, lots, folded, tail, '2026-03-10', count_today) AS stock,
       invtrack_internal.judge_current_stock('stalled_days', 200, 7, NULL, NULL, launched, lots, folded, tail, '2026-03-10', count_today) AS shipped,
       invtrack_internal.judge_reason('stalled_days', 200, 7, NULL, NULL, launched, lots, folded, tail, '2026-03-10', count_today) AS stalled
  FROM judged_day, unnest(ARRAY[true, false]) count_today ORDER BY n, count_today DESC;
-- A lookback of one day; the first day of the calendar, before which there is none.
SELECT count_today, day,
       invtrack_internal.judge_current_stock('stalled_days', 1, 1, NULL, NULL, NULL, NULL, '{0001-01-01:3}', '{0001-01-02:4}', day, count_today) AS shipped,
       invtrack_internal.judge_reason('turnover_days', NULL, 3650, 1, NULL, '0001-01-01', NULL, '{0001-01-01:3}', NULL, day, count_today) AS reason
  FROM unnest(ARRAY[true, false]) count_today, unnest(ARRAY[date '0001-01-01', '0001-01-02']) day ORDER BY 1 DESC, 2;
SELECT invtrack_internal.judge_status('stalled_days', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-10', NULL) IS NULL AS not_a_tracker;

-- The merchant says which.
UPDATE invtrack.merchant SET count_today = false WHERE merchant = 'j';
SELECT f.* FROM pg_temp.figures('r5', '2026-03-05') f UNION ALL SELECT f.* FROM pg_temp.figures('r5', '2026-03-06') f;
ROLLBACK;
