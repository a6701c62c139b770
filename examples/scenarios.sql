-- The three questions that a tracker answers, each with data small enough to check by hand, and mistakes taken back.
--
-- From the root of the repository, in a database that has the extension:
--
--     psql -f examples/scenarios.sql
--
-- To run it again changes nothing but the word "created", which becomes "unchanged".

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET invtrack.as_of = '1998-05-06';     -- the day to look at; without it, today

-- A shop with three products and one class of stock.
BEGIN;

INSERT INTO invtrack.merchant (merchant, name) VALUES ('shop', 'Corner Shop')
    ON CONFLICT DO NOTHING;
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) VALUES ('shop', 'good', 'Good')
    ON CONFLICT DO NOTHING;
INSERT INTO invtrack.product (merchant, sku, name)
VALUES ('shop', 'TEA', 'Green tea'),
       ('shop', 'YOGHURT', 'Yoghurt'),
       ('shop', 'LAMP', 'Desk lamp')
    ON CONFLICT DO NOTHING;

INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
VALUES ('shop', 'TEA', 'good', '', NULL, 60),
       ('shop', 'YOGHURT', 'good', 'A', '1998-05-12', 45),
       ('shop', 'YOGHURT', 'good', 'B', '1998-05-20', 35),
       ('shop', 'YOGHURT', 'good', 'C', '1998-06-30', 70),
       ('shop', 'LAMP', 'good', '', NULL, 40)
    ON CONFLICT DO NOTHING;

-- Tea: 12 a day, every day for 30 days. Lamps: once they shipped, now they hardly do.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
SELECT 'shop', 'TEA', 'good', 'sale', day, 12, 'tea ' || day::date
  FROM generate_series(date '1998-04-07', date '1998-05-06', interval '1 day') day
UNION ALL
VALUES ('shop', 'LAMP', 'good', 'shipment', date '1998-01-15', 9, 'lamp 1'),
       ('shop', 'LAMP', 'good', 'shipment', date '1998-02-20', 2, 'lamp 2'),
       ('shop', 'LAMP', 'good', 'shipment', date '1998-04-02', 1, 'lamp 3')
    ON CONFLICT DO NOTHING;

COMMIT;

\echo
\echo '1. A hot seller: will the stock last a week?'
\echo '--------------------------------------------'
\echo 'Green tea sells fast. The tracker looks at the sales of the last 30 days and asks for stock'
\echo 'that lasts 7 days at that pace: an alert that follows the sales by itself.'
\echo

SELECT p.name AS product, sum(m.quantity) AS "sold in 30 days", s.on_hand AS "on hand"
  FROM invtrack.movement m
  JOIN invtrack.product p USING (merchant, sku)
  JOIN invtrack.stock s USING (merchant, sku, inventory_type)
 WHERE m.merchant = 'shop' AND m.sku = 'TEA' AND m.flow = 'sale'
   AND m.occurred_on BETWEEN date '1998-04-07' AND date '1998-05-06'
 GROUP BY p.name, s.on_hand;

\set ECHO queries
SELECT invtrack.save_tracker('shop', 'TEA', 'good', 'turnover_days',
                             lookback_days => 30, coverage_days => 7)
\gset
\set ECHO none
\echo '-- saved:' :save_tracker
\echo

SELECT trim_scale(current_stock) AS there, trim_scale(threshold) AS asked, health AS "health %",
       status, reason, trim_scale(daily_sales) AS "daily sales", days_of_cover AS "lasts days"
  FROM invtrack.health
 WHERE merchant = 'shop' AND sku = 'TEA';

\echo
\echo '2. Shelf life: is there enough that does not spoil soon?'
\echo '--------------------------------------------------------'
\echo 'Of yoghurt there should be 100, and only what keeps for more than 14 days counts. Lots A and B'
\echo 'are on the shelf, but not in the health.'
\echo

SELECT p.name AS product, l.lot, l.quantity AS units, l.expires_on,
       l.expires_on - date '1998-05-06' AS "days left"
  FROM invtrack.stock_lot l
  JOIN invtrack.product p USING (merchant, sku)
 WHERE l.merchant = 'shop' AND l.sku = 'YOGHURT'
 ORDER BY l.expires_on;

\set ECHO queries
SELECT invtrack.save_tracker('shop', 'YOGHURT', 'good', 'stock_quantity',
                             quantity => 100, expiry_days => 14)
\gset
\set ECHO none
\echo '-- saved:' :save_tracker
\echo

SELECT trim_scale(current_stock) AS there, trim_scale(threshold) AS asked, health AS "health %",
       status, reason, trim_scale(excluded_stock) AS "not counted"
  FROM invtrack.health
 WHERE merchant = 'shop' AND sku = 'YOGHURT';

\echo
\echo '3. Stalled stock: what hardly ships any more?'
\echo '---------------------------------------------'
\echo 'Of desk lamps 5 should ship in 90 days, that is since 1998-02-06. January was better, but what'
\echo 'is there now is what shipped within these 90 days.'
\echo

SELECT p.name AS product, m.occurred_on AS "shipped on", m.quantity AS units,
       date '1998-05-06' - m.occurred_on AS "days ago"
  FROM invtrack.movement m
  JOIN invtrack.product p USING (merchant, sku)
 WHERE m.merchant = 'shop' AND m.sku = 'LAMP' AND m.flow = 'shipment'
 ORDER BY m.occurred_on;

\set ECHO queries
SELECT invtrack.save_tracker('shop', 'LAMP', 'good', 'stalled_days',
                             lookback_days => 90, quantity => 5)
\gset
\set ECHO none
\echo '-- saved:' :save_tracker
\echo

SELECT trim_scale(current_stock) AS there, trim_scale(threshold) AS asked, health AS "health %",
       status, reason
  FROM invtrack.health
 WHERE merchant = 'shop' AND sku = 'LAMP';

\echo
\echo '4. Mistakes, and an empty shelf'
\echo '-------------------------------'
\echo 'What is recorded wrongly is taken back, and what is sold out is told as critical. All of this is'
\echo 'rolled back in the end.'
\echo

BEGIN;
SELECT invtrack.record_movement('shop', 'sale', 'typo', 'TEA', 'good', '1998-05-06', 1200) AS was \gset
SELECT (invtrack.tracker_health('shop', 'TEA')).health AS wrong \gset
SELECT invtrack.record_movement('shop', 'sale', 'typo', 'TEA', 'good', '1998-05-06', 0) AS now \gset
SELECT (invtrack.tracker_health('shop', 'TEA')).health AS right \gset
\echo '-- 1200 packs of tea by mistake:' :was', health' :wrong'; taken back:' :now', health' :right
SELECT invtrack.rename_product('shop', 'TEA', 'GREEN-TEA') AS renamed \gset
SELECT sku, health FROM invtrack.tracker_health('shop', 'GREEN-TEA') \gset
\echo '-- TEA has a new code:' :sku', health' :health
UPDATE invtrack.stock_lot SET quantity = 0 WHERE merchant = 'shop' AND sku = 'GREEN-TEA';
SELECT transition, payload ->> 'severity' AS severity, payload ->> 'product_name' AS name
  FROM invtrack.check_trackers('shop') WHERE sku = 'GREEN-TEA' \gset
\echo '-- The shelf is empty:' :name',' :transition',' :severity
ROLLBACK;
