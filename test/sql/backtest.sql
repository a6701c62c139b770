-- backtest_tracker(): each day is as tracker_health() has it, stock is what checks recorded, and episodes
-- go by the merchant's settings.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO';
SET LOCAL invtrack.as_of = '2026-03-10';
\pset format unaligned

INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m', true), ('late', false), ('other', true);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, launched_on) VALUES
    ('m', 'a', NULL), ('m', 'new', '2026-03-01'), ('m', 'none', NULL), ('late', 'a', NULL), ('other', 'a', NULL), ('m', 'x'' %', NULL);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) VALUES
    ('m', 'a', 'good', 'L1', '2026-03-25', 12), ('m', 'new', 'good', '', NULL, 2), ('late', 'a', 'good', '', NULL, 7);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'shipment', '2026-02-20', 10), ('m', 'a', 'good', 'shipment', '2026-03-04', 9), ('m', 'a', 'good', 'shipment', '2026-03-05', -9.5),
    ('m', 'a', 'good', 'shipment', '2026-03-11', 50), ('m', 'a', 'good', 'sale', '2026-03-02', 10), ('m', 'a', 'good', 'sale', '2026-03-06', 3.25),
    ('late', 'a', 'good', 'shipment', '2026-03-04', 6), ('late', 'a', 'good', 'sale', '2026-03-04', 6);
SELECT invtrack.fold('m') > 0 AS folded;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'shipment', '2026-03-05', 0.5), ('m', 'a', 'good', 'sale', '2026-02-27', 1);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days) VALUES
    ('m', 'a', 'good', 'stalled_days', 5, 7, NULL, NULL), ('m', 'new', 'good', 'stalled_days', 5, 7, NULL, NULL), ('m', 'none', 'good', 'stalled_days', 5, 7, NULL, NULL),
    ('late', 'a', 'good', 'stalled_days', 5, 3, NULL, NULL), ('m', 'a', 'good', 'stock_quantity', 10, NULL, NULL, NULL), ('m', 'a', 'good', 'turnover_days', NULL, 7, 5, NULL),
    ('m', 'none', 'good', 'stock_quantity', 10, NULL, NULL, NULL), ('late', 'a', 'good', 'turnover_days', NULL, 2, 3, NULL);

-- stalled_days needs no history; stock that was not recorded is not known
SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-02-18', to_day => '2026-03-12');
SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'stock_quantity', 10, from_day => '2026-03-09', to_day => '2026-03-11');

-- What differs from tracker_health() of the day, which has the stock of now.
CREATE VIEW pg_temp.difference AS
SELECT t.merchant, t.sku, b.day
  FROM invtrack.tracker t,
       LATERAL invtrack.backtest_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days, '2026-01-30', '2026-04-05') b,
       LATERAL invtrack.tracker_health(t.merchant, t.sku, t.inventory_type, t.mechanism, b.day) h
 WHERE t.mechanism = 'stalled_days'
   AND (b.health, b.status, b.reason, b.is_known) IS DISTINCT FROM (h.health, h.status, h.reason, true);
SELECT count(*) FROM pg_temp.difference;

-- Checks of some days, with other stock on each; the last of a day counts.
DO $$
BEGIN
    FOR n IN 0 .. 6 LOOP
        PERFORM set_config('invtrack.as_of', (date '2026-02-28' + n * 2 - n / 3)::text, true);
        UPDATE invtrack.stock_lot SET quantity = 20 - n * 3 WHERE merchant = 'm' AND sku = 'a';
        PERFORM invtrack.check_trackers();
        UPDATE invtrack.stock_lot SET quantity = 18 - n * 3 WHERE merchant = 'm' AND sku = 'a';
        PERFORM invtrack.check_trackers();
    END LOOP;
END
$$;
DELETE FROM invtrack.stock_lot WHERE merchant = 'm' AND sku = 'a';
SET LOCAL invtrack.as_of = '2026-03-12';
SELECT count(*) AS events FROM invtrack.check_trackers('m');
SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'stock_quantity', 10, from_day => '2026-02-27', to_day => '2026-03-12');
SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'turnover_days', lookback_days => 7, coverage_days => 5, from_day => '2026-03-06', to_day => '2026-03-12');
SELECT count(*) AS known FROM invtrack.backtest_tracker('m', 'a', 'good', 'stock_quantity', 10, expiry_days => 0, from_day => '2026-02-27', to_day => '2026-03-12') WHERE is_known;

-- What differs from what was recorded, and the days that only one of them has.
SELECT t.merchant, t.sku, t.mechanism, count(r.day) AS recorded, count(*) FILTER (WHERE (b.health, b.status, b.reason) IS DISTINCT FROM (r.health, r.status, r.reason) OR b.is_known <> (r.day IS NOT NULL)) AS different
  FROM invtrack.tracker t
 CROSS JOIN LATERAL invtrack.backtest_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days, '2026-02-20', '2026-03-20') b
  LEFT JOIN invtrack.health_daily r ON r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type AND r.mechanism = t.mechanism AND r.day = b.day
 WHERE t.mechanism <> 'stalled_days' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- The alerts of the checks, and episodes.
SELECT a.sku, a.mechanism, a.opened_on, a.closed_on, a.closed_as, b.first
  FROM invtrack.alert a LEFT JOIN LATERAL (
       SELECT min(b.day) AS first FROM invtrack.tracker t,
              invtrack.backtest_tracker(t.merchant, t.sku, t.inventory_type, t.mechanism, t.quantity, t.lookback_days, t.coverage_days, t.expiry_days, '2026-02-28', '2026-03-12') b
        WHERE t.merchant = a.merchant AND t.sku = a.sku AND t.inventory_type = a.inventory_type AND t.mechanism = a.mechanism GROUP BY b.episode HAVING min(b.day) = a.opened_on AND b.episode IS NOT NULL) b ON true
 WHERE a.merchant = 'm' AND a.mechanism <> 'stalled_days' ORDER BY 1, 2, 3;

-- The settings
CREATE FUNCTION pg_temp.episodes(sku text, quantity numeric, days integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat(to_char(day, 'DD'), ':', episode), ' ' ORDER BY day)
      FROM invtrack.backtest_tracker('m', sku, 'good', 'stalled_days', quantity, days, from_day => '2026-02-19', to_day => '2026-03-08') WHERE day NOT BETWEEN '2026-02-24' AND '2026-03-01'$$;
SELECT pg_temp.episodes('a', 5, 4) AS plain;
UPDATE invtrack.merchant SET rearm_percent = 80;
SELECT pg_temp.episodes('a', 5, 4) AS rearm_at_180;
UPDATE invtrack.merchant SET rearm_percent = 100.01;
SELECT pg_temp.episodes('a', 5, 4) AS never;
UPDATE invtrack.merchant SET rearm_percent = 0;
SELECT pg_temp.episodes('none', 5, 4) AS nothing_on_hand, pg_temp.episodes('new', 5, 9) AS too_new;
UPDATE invtrack.merchant SET alert_nothing_on_hand = true, alert_too_new = true;
SELECT pg_temp.episodes('none', 5, 4) AS nothing_on_hand, pg_temp.episodes('new', 5, 9) AS too_new;
UPDATE invtrack.product SET discontinued_on = '2026-03-05';
SELECT pg_temp.episodes('none', 5, 4) AS nothing_on_hand, pg_temp.episodes('a', 5, 4) AS retired;
UPDATE invtrack.product SET discontinued_on = NULL;

-- The ends of the calendar
SELECT count(*), count(*) FILTER (WHERE is_known), min(day), max(day)
  FROM (VALUES (date '0001-01-01', date '0001-01-04'), ('9999-12-28', '9999-12-31'), ('2020-01-01', '2030-01-07')) v (a, z),
       LATERAL invtrack.backtest_tracker('late', 'a', 'good', 'stalled_days', 5, 3650, from_day => a, to_day => z) GROUP BY a ORDER BY a;

-- Errors: null keys, parameters, existence
CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    field text;
BEGIN
    EXECUTE query;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS field = COLUMN_NAME;
    RETURN concat(SQLSTATE, ' ', SQLERRM, ' | ', field);
END
$$;
SELECT call, pg_temp.error_of('SELECT * FROM invtrack.backtest_tracker(' || call || ')') AS error FROM (VALUES
    (1, $$NULL, 'a', 'good', 'x', 5, 7, NULL, NULL, NULL, NULL$$), (2, $$'m', 'a', 'good', 'x', 5, 7, NULL, NULL, '2026-03-01', '2026-03-02'$$),
    (3, $$'y', 'a', 'good', 'stalled_days', 5, 7, 1, NULL, '2026-03-01', '2026-03-02'$$), (4, $$'y', 'a', 'good', 'stalled_days', 'NaN', 7, NULL, NULL, '2026-03-01', '2026-03-02'$$),
    (5, $$'y', 'a', 'good', 'stalled_days', 5, 7, to_day => '2026-03-02'$$), (6, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02'$$),
    (7, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '-infinity', to_day => '2026-03-02'$$), (8, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => 'infinity'$$),
    (9, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-03', to_day => '2026-03-02'$$), (10, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '2020-01-01', to_day => '2030-01-08'$$),
    (11, $$'y', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => '2026-03-02'$$), (12, $$'m', 'b', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => '2026-03-02'$$),
    (13, $$'m', 'a', 'goods', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => '2026-03-02'$$)) v (n, call) ORDER BY n;

-- As a reader of one merchant, with hostile names in the way.
CREATE ROLE invtrack_test_reader;
SELECT invtrack.grant_access('invtrack_test_reader', 'm');
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq);
GRANT USAGE ON SCHEMA hostile TO invtrack_test_reader;
SET LOCAL ROLE invtrack_test_reader;
SET LOCAL search_path = hostile, pg_catalog, invtrack;
SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'stock_quantity', 10, from_day => '2026-03-03', to_day => '2026-03-06');
SELECT * FROM invtrack.backtest_tracker('m', 'x'' %', 'good', 'stock_quantity', 10, from_day => '2026-03-03', to_day => '2026-03-04');
SELECT pg_temp.error_of($$SELECT * FROM invtrack.backtest_tracker('late', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => '2026-03-02')$$) AS of_another_merchant;
RESET ROLE;
RESET search_path;

-- What the owner changes
SAVEPOINT changed;
ALTER TABLE invtrack.merchant ALTER alert_too_new DROP NOT NULL;
UPDATE invtrack.merchant SET alert_too_new = NULL;
SELECT pg_temp.error_of($$SELECT * FROM invtrack.backtest_tracker('m', 'a', 'good', 'stalled_days', 5, 7, from_day => '2026-03-02', to_day => '2026-03-02')$$) AS null_setting;
ROLLBACK;
