-- Products under another code, merged into another, and deleted: all that there is of them goes along.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('other');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name, launched_on) VALUES
    ('m', 'a', 'A', '2026-01-02'), ('m', 'b', 'B', '2026-02-01'), ('other', 'a', 'A of other', NULL);
INSERT INTO invtrack.stock_lot VALUES
    ('m', 'a', 'good', 'both', '2026-05-01', 3), ('m', 'a', 'good', 'of a', NULL, 2), ('m', 'b', 'good', 'both', '2026-05-01', 10),
    ('other', 'a', 'good', '', NULL, 1);
INSERT INTO invtrack.incoming VALUES
    ('m', 'a', 'good', 'both', '2026-03-20', 5), ('m', 'a', 'good', 'of a', NULL, 1), ('m', 'b', 'good', 'both', '2026-03-20', 7);
-- Of each of three, 'typo' without a product: 10 days of 2, the first five purged, the last three not folded.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT 'm', sku, 'good', flow, date '2026-03-10' - n, 2, CASE WHEN n >= 5 THEN '2026-01-01' ELSE now() END::timestamptz
  FROM unnest(ARRAY['a', 'b', 'typo']) sku, unnest(ARRAY['sale', 'shipment']) flow, generate_series(3, 9) n;
SELECT invtrack.fold('m') AS folded, invtrack.purge_movements('m', 1) AS purged;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'm', sku, 'good', flow, date '2026-03-10' - n, 2
  FROM unnest(ARRAY['a', 'b', 'typo']) sku, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 2) n;
SELECT count(*) AS saved, count(invtrack.save_tracker('m', sku, 'good', mechanism, quantity, lookback, coverage))
  FROM (VALUES ('a', 'stock_quantity', 50, NULL, NULL), ('a', 'turnover_days', NULL, 30, 7), ('a', 'stalled_days', 40, 30, NULL),
               ('b', 'stock_quantity', 70, NULL, NULL)) v (sku, mechanism, quantity, lookback, coverage);
SELECT transition, sku, mechanism FROM invtrack.check_trackers('m') ORDER BY event_id;
CREATE VIEW pg_temp.healths AS
SELECT sku, mechanism, current_stock, threshold, health, status, version FROM invtrack.health WHERE merchant = 'm' ORDER BY sku, mechanism;
CREATE VIEW pg_temp.flows AS
SELECT sku, flow, count(*) AS days, sum(quantity) AS quantity FROM invtrack.flow_daily WHERE merchant = 'm' GROUP BY sku, flow ORDER BY sku, flow;
CREATE VIEW pg_temp.news AS
SELECT event_id, transition, sku, mechanism, payload ->> 'previous_sku' AS previous, payload ->> 'product_name' AS name FROM invtrack.alert_event ORDER BY event_id;
SELECT * FROM pg_temp.healths;
SELECT * FROM pg_temp.flows;

-- What cannot be: the caller learns which code is wrong, and nothing changes.
SELECT call, public.error_of('SELECT invtrack.' || call) AS error FROM unnest(ARRAY[
    $$rename_product('m', 'a', 'b')$$, $$rename_product('m', 'a', 'typo')$$, $$rename_product('m', 'a', 'a')$$, $$rename_product('m', 'no', 'z')$$,
    $$rename_product('nobody', 'a', 'z')$$, $$rename_product('m', 'a', NULL)$$, $$rename_product('m', 'a', ' z')$$,
    $$merge_product('m', 'a', 'no')$$, $$merge_product('m', 'a', 'typo')$$, $$merge_product('m', 'no', 'a')$$, $$merge_product('m', 'a', 'a')$$,
    $$delete_product('m', 'no')$$, $$delete_product(NULL, 'a')$$]) WITH ORDINALITY c (call, n) ORDER BY n;
SELECT count(*) AS of_others FROM invtrack.stock WHERE merchant = 'other';

-- Renamed: the same figures under the new code, and its alerts go on.
SELECT invtrack.rename_product('m', 'a', 'z');
SELECT * FROM pg_temp.healths;
SELECT * FROM pg_temp.flows;
SELECT * FROM pg_temp.news;
SELECT sku, count(*) FILTER (WHERE closed_at IS NULL) AS open, count(*) AS alerts FROM invtrack.alert GROUP BY sku ORDER BY sku;
SELECT DISTINCT sku FROM invtrack.health_daily UNION SELECT DISTINCT sku || ' stock' FROM invtrack.stock_daily ORDER BY sku;
SELECT transition, sku, mechanism FROM invtrack.check_trackers('m') ORDER BY event_id;

-- Merged: lots, orders and flows add up, the earlier launch stays; where both have a tracker, its own stays and the other's alert is withdrawn.
SELECT invtrack.merge_product('m', 'z', 'b');
SELECT * FROM pg_temp.healths;
SELECT * FROM pg_temp.flows;
SELECT * FROM pg_temp.news WHERE event_id > 5;
SELECT sku, mechanism, closed_as FROM invtrack.alert ORDER BY alert_id;
SELECT sku, lot, expires_on, quantity FROM invtrack.stock_lot WHERE merchant = 'm' ORDER BY sku, lot;
SELECT sku, ref, expected_on, quantity FROM invtrack.incoming ORDER BY sku, ref;
SELECT sku, launched_on FROM invtrack.product WHERE merchant = 'm';
SELECT sku, day, on_hand FROM invtrack.stock_daily WHERE merchant = 'm' ORDER BY sku, day;
-- movements of a wrong code
SELECT invtrack.merge_product('m', 'typo', 'b');
SELECT * FROM pg_temp.flows;
SELECT sku, flow, movements, purged_movements FROM invtrack.flow_series ORDER BY sku, flow;
SELECT invtrack.fold('m') AS folded;
SELECT * FROM pg_temp.flows;
SELECT * FROM invtrack.verify();

-- A code that is mistyped
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'Tea-1');
SELECT public.error_of(format('SELECT invtrack.%s', call)) FROM unnest(ARRAY[
    $$rename_product('m', 'tea-1', 'x')$$, $$merge_product('m', 'Tea1', 'b')$$, $$merge_product('m', 'Tea-1', 'tea-1')$$, $$delete_product('m', 'tea-1')$$]) call;
SELECT invtrack.delete_product('m', 'Tea-1');

-- One code and two dates are not the same lot, nor the same order.
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'c');
INSERT INTO invtrack.stock_lot VALUES ('m', 'c', 'good', 'both', '2026-05-02', 1);
SELECT public.error_of($$SELECT invtrack.merge_product('m', 'c', 'b')$$);
DELETE FROM invtrack.stock_lot WHERE sku = 'c';
INSERT INTO invtrack.incoming VALUES ('m', 'c', 'good', 'both', NULL, 1);
SELECT public.error_of($$SELECT invtrack.merge_product('m', 'c', 'b')$$);
SELECT invtrack.delete_product('m', 'c');

-- A code of a product that was deleted is free again: its open alert is withdrawn, as the next check would.
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'free'), ('m', 'moves');
SELECT invtrack.save_tracker('m', sku, 'good', 'stock_quantity', 5) FROM unnest(ARRAY['free', 'moves']) sku;
SELECT transition, sku FROM invtrack.check_trackers('m') ORDER BY event_id;
DELETE FROM invtrack.product WHERE sku = 'free';
SELECT invtrack.rename_product('m', 'moves', 'free');
SELECT transition, sku, previous FROM pg_temp.news ORDER BY event_id DESC LIMIT 2;
SELECT sku, closed_as FROM invtrack.alert WHERE sku IN ('free', 'moves') ORDER BY alert_id;
SELECT invtrack.delete_product('m', 'free');

-- Deleted: nothing is left of it, and its open alerts are withdrawn. Events and the changes of others stay.
SELECT invtrack.delete_product('m', 'b');
SELECT (SELECT count(*) FROM invtrack.movement) AS movements, (SELECT count(*) FROM invtrack.flow_series) AS series,
       (SELECT count(*) FROM invtrack.alert) AS alerts, (SELECT count(*) FROM invtrack.stock_lot) AS lots, (SELECT count(*) FROM invtrack.product) AS products;
SELECT transition, sku, mechanism FROM pg_temp.news ORDER BY event_id DESC LIMIT 3;
SELECT * FROM invtrack.verify();
ROLLBACK;
