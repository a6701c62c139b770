-- merchant.hold_for_incoming: low alerts of stock wait for units on order that are expected in time.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
INSERT INTO invtrack.merchant (merchant, hold_for_incoming) VALUES ('m', true), ('o', false);
INSERT INTO invtrack.inventory_type VALUES ('m', 'good'), ('m', 'bad'), ('o', 'good');
CREATE FUNCTION pg_temp.check_at(day text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('invtrack.as_of', day, true);
    RETURN QUERY SELECT concat_ws(' ', e.merchant, e.sku, e.mechanism, e.transition, e.payload ->> 'severity') FROM invtrack.check_trackers() e ORDER BY e.merchant, e.event_id;
END
$$;

-- stock_quantity: from D to D + 30, exactly, only what is of the item and has a date; all orders together.
CREATE TABLE pg_temp.case_of_quantity (sku text, on_hand numeric, ref text, expected_on date, quantity numeric, is_held boolean);
INSERT INTO pg_temp.case_of_quantity VALUES
    ('enough today', 5, '', '2026-03-10', 5, true), ('a little less', 5, '', '2026-03-10', 4.999999, false),
    ('late', 5, '', '2026-03-09', 5, false), ('day 30', 5, '', '2026-04-09', 5, true), ('day 31', 5, '', '2026-04-10', 5, false),
    ('end of days', 5, '', '9999-12-31', 5, false), ('undated', 5, '', NULL, 5, false),
    ('two orders', 5, 'a', '2026-03-10', 2, true), ('two orders', 5, 'b', '2026-04-01', 3, true),
    ('one undated', 5, 'a', '2026-03-10', 2, false), ('one undated', 5, 'b', NULL, 3, false),
    ('hardly anything', 0.0009, '', '2026-03-11', 1000, false), ('sold out', 0, '', '2026-03-11', 1000, false), ('oversold', -0.000001, '', '2026-03-11', 1000, false),
    ('nearly sold out', 0.001, '', '2026-03-11', 10, true), ('most there is', 0.1, '', '2026-03-11', 999999999999.999999, true),
    ('nothing on order', 5, NULL, NULL, NULL, false), ('other type', 5, NULL, NULL, NULL, false);
INSERT INTO invtrack.product (merchant, sku) SELECT DISTINCT m, sku FROM pg_temp.case_of_quantity, unnest('{m,o}'::text[]) m;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT DISTINCT m, sku, 'good', on_hand FROM pg_temp.case_of_quantity, unnest('{m,o}'::text[]) m;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT DISTINCT m, sku, 'good', 'stock_quantity', 10 FROM pg_temp.case_of_quantity, unnest('{m,o}'::text[]) m;
INSERT INTO invtrack.incoming SELECT m, sku, 'good', ref, expected_on, quantity FROM pg_temp.case_of_quantity, unnest('{m,o}'::text[]) m WHERE ref IS NOT NULL;
INSERT INTO invtrack.incoming VALUES ('m', 'other type', 'bad', '', '2026-03-10', 5), ('o', 'nothing on order', 'good', '', '2026-03-10', 5);
SELECT count(*) FROM pg_temp.check_at('2026-03-10');
SELECT DISTINCT c.sku, c.is_held, a.alert_id IS NULL AS found FROM pg_temp.case_of_quantity c LEFT JOIN invtrack.alert_open a ON a.merchant = 'm' AND a.sku = c.sku ORDER BY c.sku;
-- without the setting all are told, and what is held is in the history as ever
SELECT count(*) AS of_o, (SELECT count(*) FROM invtrack.tracker WHERE merchant = 'o') AS trackers FROM invtrack.alert_open WHERE merchant = 'o';
SELECT health, current_stock FROM invtrack.health_daily WHERE merchant = 'm' AND sku = 'day 30';

-- The next days: an order that is late, gone or smaller, a shelf that is empty by now, one that comes into reach. What is open stays open.
SELECT * FROM pg_temp.check_at('2026-03-10');
INSERT INTO invtrack.incoming VALUES ('m', 'nothing on order', 'good', '', '2026-03-12', 100);
UPDATE invtrack.incoming SET quantity = 4 WHERE merchant = 'm' AND sku = 'day 30';
DELETE FROM invtrack.incoming WHERE merchant = 'm' AND sku = 'two orders' AND ref = 'a';
UPDATE invtrack.stock_lot SET quantity = 0 WHERE merchant = 'm' AND sku = 'nearly sold out';
SELECT * FROM pg_temp.check_at('2026-03-11');
UPDATE invtrack.stock_lot SET quantity = 0 WHERE merchant = 'm' AND sku = 'nothing on order';
SELECT * FROM pg_temp.check_at('2026-03-12');
SELECT sku FROM invtrack.tracker t WHERE merchant = 'm' AND NOT EXISTS (SELECT FROM invtrack.alert_open a WHERE a.merchant = 'm' AND a.sku = t.sku);

-- critical_percent says what is low; a health of 50 is critical here.
UPDATE invtrack.alert SET closed_at = now(), closed_on = '2026-03-12', closed_as = 'withdrawn' WHERE merchant = 'm' AND sku = 'day 31';
UPDATE invtrack.merchant SET critical_percent = 50 WHERE merchant = 'm';
SELECT * FROM pg_temp.check_at('2026-03-12') c WHERE c LIKE '%day 31%';
-- the setting is taken back
UPDATE invtrack.alert SET closed_at = now(), closed_on = '2026-03-12', closed_as = 'withdrawn' WHERE merchant = 'm' AND sku = 'day 31';
UPDATE invtrack.merchant SET critical_percent = 0 WHERE merchant = 'm';
SELECT * FROM pg_temp.check_at('2026-03-12') c WHERE c LIKE '%day 31%';
UPDATE invtrack.merchant SET hold_for_incoming = false WHERE merchant = 'm';
SELECT * FROM pg_temp.check_at('2026-03-12') c WHERE c LIKE '%day 31%';
ROLLBACK;

-- turnover_days: to D + days of cover; the threshold is a third, which no decimals say.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, hold_for_incoming) VALUES ('m', true);
INSERT INTO invtrack.inventory_type VALUES ('m', 'good');
CREATE TABLE pg_temp.case_of_days (sku text, on_hand numeric, sold numeric, coverage integer, expected_on date, quantity numeric, is_held boolean);
INSERT INTO pg_temp.case_of_days VALUES
    ('third, rounded down', 3, 10, 1, '2026-03-10', 0.333333, false), ('third, rounded up', 3, 10, 1, '2026-03-10', 0.333334, true),
    ('3 days, third day', 3, 3, 10, '2026-03-13', 7, true), ('3 days, fourth day', 3, 3, 10, '2026-03-14', 7, false),
    ('3.99 days, third day', 3.99, 3, 10, '2026-03-13', 7, true), ('3.99 days, fourth day', 3.99, 3, 10, '2026-03-14', 7, false),
    ('yesterday', 3, 3, 10, '2026-03-09', 7, false), ('not enough', 3, 3, 10, '2026-03-10', 6.999999, false),
    ('hours', 0.01, 3, 10, '2026-03-10', 10, true), ('tomorrow', 0.01, 3, 10, '2026-03-11', 10, false),
    ('years', 3000, 3, 3650, '2034-05-27', 650, true), ('a day more', 3000, 3, 3650, '2034-05-28', 650, false),
    ('no sales', 3, 0, 10, '2026-03-10', 1000, false);
INSERT INTO invtrack.product (merchant, sku, launched_on) SELECT 'm', sku, '2026-01-01' FROM pg_temp.case_of_days;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT 'm', sku, 'good', on_hand FROM pg_temp.case_of_days;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT 'm', sku, 'good', 'sale', '2026-03-09', sold FROM pg_temp.case_of_days WHERE sold <> 0;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days) SELECT 'm', sku, 'good', 'turnover_days', 3, coverage FROM pg_temp.case_of_days;
INSERT INTO invtrack.incoming SELECT 'm', sku, 'good', '', expected_on, quantity FROM pg_temp.case_of_days;
-- a tracker of shipments never waits; units on order keep longer than any shelf life asks
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days) VALUES ('m', 'hours', 'good', 'stalled_days', 1, 3);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, expiry_days) VALUES ('m', 'years', 'good', 'stock_quantity', 3001, 3650);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity, expires_on) VALUES ('m', 'hours', 'good', 'old', 100, '2026-03-12');
UPDATE invtrack.tracker SET expiry_days = 30 WHERE sku = 'hours' AND mechanism = 'turnover_days';
UPDATE invtrack.incoming SET expected_on = '2026-03-20' WHERE sku = 'years';
SELECT invtrack.fold('m') > 0 AS folded;
SELECT count(*) AS told FROM invtrack.check_trackers();
SELECT c.sku, c.is_held, a.alert_id IS NULL AS found, h.threshold, h.days_of_cover
  FROM pg_temp.case_of_days c JOIN invtrack.health h ON h.sku = c.sku AND h.mechanism = 'turnover_days'
  LEFT JOIN invtrack.alert_open a ON a.sku = c.sku AND a.mechanism = 'turnover_days' ORDER BY c.sku COLLATE "C";
SELECT sku, mechanism, status FROM invtrack.alert_open WHERE mechanism <> 'turnover_days';
-- The day that does not count is one of the window: the alert waits by D all the same.
UPDATE invtrack.merchant SET count_today = false;
DELETE FROM invtrack.alert;
SELECT count(*) AS told FROM invtrack.check_trackers();
SELECT c.sku FROM pg_temp.case_of_days c LEFT JOIN invtrack.alert_open a ON a.sku = c.sku AND a.mechanism = 'turnover_days' WHERE c.is_held <> (a.alert_id IS NULL) ORDER BY 1;

-- Units on order are read only for merchants that have the setting.
ALTER TABLE invtrack.incoming RENAME COLUMN quantity TO units;
CREATE OR REPLACE VIEW invtrack_internal.check_awaited AS
SELECT m.merchant, '' COLLATE "C" AS sku, '' COLLATE "C" AS inventory_type, '' COLLATE "C" AS mechanism FROM invtrack.merchant m WHERE length(m.merchant) / 0 = 1;
DELETE FROM invtrack.alert;
UPDATE invtrack.merchant SET hold_for_incoming = false;
SELECT count(*) AS told FROM invtrack.check_trackers();
ROLLBACK;
