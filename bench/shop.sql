-- Merchants with a history, for scale.sql and day.sql: psql variables merchants and products (of all of them), a new database.
--
-- Three trackers a product, Zipf's law, some 210 key-days a product in 400 days, as in data.sql. Series are of 1,000 kinds,
-- made once and copied, so that 200 million key-days take minutes; their bytes are as many as if each had been made by itself.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET jit = off;
CREATE EXTENSION invtrack CASCADE;
SELECT format('ALTER DATABASE %I SET invtrack.as_of = ''2026-02-15''', current_database()) \gexec
SET invtrack.as_of = '2026-02-15';

BEGIN;
-- Foreign keys hold by construction, and nobody follows these tables.
SET LOCAL session_replication_role = replica;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT setseed(0.5) \g /dev/null
CREATE SCHEMA bench;

CREATE TABLE bench.item AS
SELECT 'merchant-' || n % :merchants AS merchant, 'SKU-' || lpad(n::text, 7, '0') AS sku, n,
       n / :merchants * 617 % 1000 AS kind, n / :merchants AS number
  FROM generate_series(0, :products - 1) n
 ORDER BY 1, 2;
CREATE TABLE bench.kind_day AS
SELECT kind, flow, date '2026-02-15' - age AS day,
       greatest(1, 97 / (kind + 1.0) * (0.5 + random()))::integer + CASE WHEN kind % 10 = 7 THEN 0.25 ELSE 0 END AS quantity
  FROM generate_series(0, 999) kind, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 399) age
       -- Flow and age are named for the dice to be thrown again for each.
 WHERE random() < 1 - exp(-97 / (kind + 1.0)) + 0 * length(flow) + 0 * age;
CREATE TABLE bench.kind AS
SELECT kind, flow, count(*) AS movements, invtrack.day_series_agg(day, quantity) AS days FROM bench.kind_day GROUP BY kind, flow;
ANALYZE bench.item, bench.kind;

INSERT INTO invtrack.merchant (merchant, name)
SELECT 'merchant-' || m, 'Merchant number ' || m FROM generate_series(0, :merchants - 1) m;
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) SELECT merchant, 'good', 'Good stock' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name, launched_on)
SELECT merchant, sku, 'Product number ' || n, CASE WHEN number % 10 = 3 THEN date '2026-02-15' - number % 120 END FROM bench.item;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', 'lot-' || lot, CASE WHEN random() < 0.5 THEN date '2026-01-16' + floor(400 * random())::integer END,
       floor((0.3 + random()) * (40 + 4000 / (kind + 1)))
  FROM bench.item, generate_series(1, CASE WHEN n % 3 = 0 THEN 3 WHEN n % 50 = 1 THEN 0 ELSE 1 END) lot;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT merchant, sku, 'good', mechanism, CASE mechanism WHEN 'stock_quantity' THEN 20 WHEN 'stalled_days' THEN 1 END,
       CASE WHEN mechanism <> 'stock_quantity' THEN 30 + 30 * (number % 3) END, CASE WHEN mechanism = 'turnover_days' THEN 14 END,
       CASE WHEN mechanism <> 'stalled_days' AND number % 4 = 0 THEN 30 END
  FROM bench.item, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days, purged_movements, purged)
SELECT merchant, sku, 'good', flow, movements, days, movements, days FROM bench.item JOIN bench.kind USING (kind)
 ORDER BY merchant, sku, flow;
COMMIT;
VACUUM (ANALYZE);
