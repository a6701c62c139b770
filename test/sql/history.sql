-- History: what checks found, day by day, in series that are rewritten only when a figure changed.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';

-- The functions over series: what the latest entry up to a day says, one day replaced.
SELECT day, invtrack_internal.history_says('{2026-03-01:5,2026-03-04:2.5}', day, 5) AS says_5, invtrack_internal.history_says('{2026-03-01:5,2026-03-04:2.5}', day, 2.50) AS says_2_5
  FROM unnest(ARRAY[date '2026-02-28', '2026-03-01', '2026-03-03', '2026-03-04', '9999-12-31']) WITH ORDINALITY t (day, n)
 ORDER BY n;
SELECT invtrack_internal.history_says(NULL, '2026-03-01', 0) AS of_null, invtrack_internal.history_says('{}', '2026-03-01', 0) AS of_none;
SELECT series, invtrack_internal.history_with(series, '2026-03-04', 7) AS "with"
  FROM unnest(ARRAY[NULL, '{}', '{2026-03-04:1}', '{2026-03-03:1,2026-03-05:1.000001}', '{2026-03-05:1}', '{2026-03-03:7}']::invtrack.day_series[]) WITH ORDINALITY t (series, n)
 ORDER BY n;
SELECT invtrack_internal.history_with(NULL, '2026-03-04', value) AS "with"
  FROM unnest(ARRAY[0, -2.5, 1e24, 1e24 + 1, -1e30, 1e300]) WITH ORDINALITY t (value, n)
 ORDER BY n;
-- a figure that is cut to the largest there is says what it was cut to
SELECT invtrack_internal.history_says(invtrack_internal.history_with(NULL, '2026-03-04', 1e30), '2026-03-04', 1e28) AS largest,
       invtrack_internal.history_says(invtrack_internal.history_with(NULL, '2026-03-04', 1e30), '2026-03-04', -1e28) AS other_sign,
       invtrack_internal.history_says(invtrack_internal.history_with(NULL, '2026-03-04', 1e30), '2026-03-04', 1) AS small;
SELECT arguments, split_part(public.error_of(format('SELECT invtrack_internal.history_with(%s)', arguments)), E'\n', 1) AS error
  FROM unnest(ARRAY[$$NULL, NULL, 1$$, $$NULL, '2026-03-01', NULL$$, $$NULL, 'infinity', 1$$, $$NULL, '2026-03-01', 'NaN'$$,
                    $$NULL, '2026-03-01', 0.0000001$$]) WITH ORDINALITY t (arguments, n)
 ORDER BY n;
SELECT arguments, split_part(public.error_of(format('SELECT invtrack_internal.history_says(%s)', arguments)), E'\n', 1) AS error
  FROM unnest(ARRAY[$$'{}', NULL, 1$$, $$'{}', '2026-03-01', NULL$$, $$'{}', '-infinity', 1$$]) WITH ORDINALITY t (arguments, n)
 ORDER BY n;

-- The last check of a day wins; a day without a check has no row; a day on which nothing changed has one.
INSERT INTO invtrack.merchant (merchant, time_zone) VALUES ('m', 'UTC'), ('o', 'UTC');
INSERT INTO invtrack.inventory_type VALUES ('m', 'good'), ('o', 'good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'a'), ('m', 'b'), ('o', 'a');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity)
VALUES ('m', 'a', 'good', '1', 30), ('m', 'a', 'good', '2', 0.5), ('m', 'b', 'good', '', 7), ('o', 'a', 'good', '', 1);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days)
VALUES ('m', 'a', 'good', 'stock_quantity', 61, NULL), ('m', 'a', 'good', 'stalled_days', 10, 30);
CREATE FUNCTION pg_temp.check_at(day text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('invtrack.as_of', day, true);
    RETURN (SELECT count(*) FROM invtrack.check_trackers());
END
$$;
SELECT pg_temp.check_at('2026-03-01');
UPDATE invtrack.stock_lot SET quantity = 60.5 WHERE lot = '1';
SELECT pg_temp.check_at('2026-03-01');
SELECT pg_temp.check_at('2026-03-02');
UPDATE invtrack.stock_lot SET quantity = -1 WHERE lot = '1';
DELETE FROM invtrack.stock_lot WHERE sku = 'b';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'a', 'good', 'shipment', '2026-03-04', 2.5);
SELECT pg_temp.check_at('2026-03-04');
SELECT sku, mechanism, day, health, current_stock, threshold, status, reason FROM invtrack.health_daily WHERE merchant = 'm' ORDER BY mechanism, day;
SELECT sku, day, on_hand FROM invtrack.stock_daily WHERE merchant = 'm' ORDER BY sku, day;
SELECT checked_days FROM invtrack.check_state WHERE merchant = 'm';
-- entries for changes only
SELECT mechanism, health, current_stock, threshold, reasons FROM invtrack.tracker_history ORDER BY mechanism;
SELECT merchant, sku, on_hand FROM invtrack.stock_history ORDER BY merchant, sku;
-- a tracker that comes later begins then
SELECT invtrack.save_tracker('m', 'b', 'good', 'stock_quantity', 10) FROM pg_temp.check_at('2026-03-05');
SELECT pg_temp.check_at('2026-03-06');
SELECT sku, day, health FROM invtrack.health_daily WHERE merchant = 'm' AND mechanism = 'stock_quantity' AND day > '2026-03-04' ORDER BY sku, day;

-- A check of a day before the last one writes no history; alerts it tells as ever.
UPDATE invtrack.stock_lot SET quantity = 1000 WHERE merchant = 'm';
SELECT pg_temp.check_at('2026-03-03');
SELECT count(*) FILTER (WHERE day = '2026-03-03') AS of_that_day, max(current_stock) FROM invtrack.health_daily WHERE merchant = 'm';
SELECT transition FROM invtrack.alert_event WHERE merchant = 'm' ORDER BY event_id DESC LIMIT 1;

-- Nor does one of a day that is still to come, or no other could come before it.
UPDATE invtrack.stock_lot SET quantity = 1 WHERE merchant = 'm';
SELECT pg_temp.check_at('9999-12-31');
SELECT max(day) FROM invtrack.health_daily;
SELECT max(day) FROM invtrack.stock_daily;
UPDATE invtrack.stock_lot SET quantity = 1000 WHERE merchant = 'm';

-- Rows are rewritten only when a figure changed.
SELECT pg_temp.check_at('2026-03-07');
CREATE VIEW pg_temp.place AS
SELECT 'tracker ' || sku || ' ' || mechanism AS name, ctid AS place FROM invtrack.tracker_history
UNION ALL
SELECT 'stock ' || merchant || ' ' || sku, ctid FROM invtrack.stock_history
UNION ALL
SELECT 'alert ' || merchant || ' ' || alert_id, ctid FROM invtrack.alert;
CREATE TABLE pg_temp.before AS SELECT * FROM pg_temp.place;
SELECT pg_temp.check_at('2026-03-08');
SELECT name FROM pg_temp.place EXCEPT SELECT name FROM pg_temp.before JOIN pg_temp.place USING (name, place);
UPDATE invtrack.stock_lot SET quantity = 1001 WHERE merchant = 'm' AND lot = '1';
SELECT pg_temp.check_at('2026-03-08');
SELECT name FROM pg_temp.place EXCEPT SELECT name FROM pg_temp.before JOIN pg_temp.place USING (name, place) ORDER BY name;

-- Health that is larger than an entry may be: 10^24.
UPDATE invtrack.stock_lot SET quantity = 999999999999.999999 WHERE merchant = 'm';
INSERT INTO invtrack.stock_lot SELECT 'm', 'a', 'good', 'lot ' || n, NULL, 999999999999.999999 FROM generate_series(1, 10000) n;
UPDATE invtrack.tracker SET quantity = 0.000001 WHERE mechanism = 'stock_quantity' AND sku = 'a';
SELECT pg_temp.check_at('2026-03-09');
SELECT h.health > d.health AS cut, d.health, d.current_stock = h.current_stock AS exact
  FROM invtrack.health h JOIN invtrack.health_daily d USING (merchant, sku, inventory_type, mechanism) WHERE d.day = '2026-03-09' AND h.sku = 'a' AND h.mechanism = 'stock_quantity';

-- The history goes with what it is about.
SELECT invtrack.delete_tracker('m', 'a', 'good', 'stalled_days');
SELECT DISTINCT sku, mechanism FROM invtrack.health_daily ORDER BY 1, 2;
DELETE FROM invtrack.product WHERE sku = 'b';
SELECT DISTINCT merchant, sku FROM invtrack.stock_daily ORDER BY 1, 2;
ROLLBACK;
