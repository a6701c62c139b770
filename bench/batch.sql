-- save_trackers() of 100,000 settings: created, unchanged and updated, and a dry run; then a loop of save_tracker(); and what
-- review() of these trackers and check_rows() of 100,000 lots take.
-- In a database with the extension, as its owner: psql -qX -f bench/batch.sql
\set ON_ERROR_STOP 1
\pset pager off
INSERT INTO invtrack.merchant (merchant) VALUES ('bench_batch');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('bench_batch', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'bench_batch', 'p' || i FROM generate_series(1, 100000) i;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT 'bench_batch', 'p' || i, 'good', i FROM generate_series(1, 100000) i;
ANALYZE;
CREATE TEMP TABLE setting AS
SELECT q, jsonb_agg(jsonb_build_object('merchant', 'bench_batch', 'sku', 'p' || i, 'inventory_type', 'good', 'mechanism', 'stock_quantity', 'quantity', q)) AS rows
  FROM generate_series(1, 100000) i, (VALUES (10), (20)) v (q) GROUP BY q;
\timing on
\echo created, in a dry run
SELECT outcome, count(*) FROM invtrack.save_trackers((SELECT rows FROM setting WHERE q = 10), true) GROUP BY 1;
\echo created
SELECT outcome, count(*) FROM invtrack.save_trackers((SELECT rows FROM setting WHERE q = 10)) GROUP BY 1;
\echo unchanged
SELECT outcome, count(*) FROM invtrack.save_trackers((SELECT rows FROM setting WHERE q = 10)) GROUP BY 1;
\echo updated
SELECT outcome, count(*) FROM invtrack.save_trackers((SELECT rows FROM setting WHERE q = 20)) GROUP BY 1;
\echo save_tracker() one by one: updated
SELECT invtrack.save_tracker('bench_batch', sku, 'good', 'stock_quantity', 10), count(*) FROM invtrack.product WHERE merchant = 'bench_batch' GROUP BY 1;
\echo review() of 100,000 trackers
SELECT count(*) FROM invtrack.review('bench_batch');
\echo sweep of the view, for comparison
SELECT count(status), sum(health) FROM invtrack.health WHERE merchant = 'bench_batch';
\timing off
CREATE TEMP TABLE file AS
SELECT jsonb_agg(jsonb_build_object('merchant', merchant, 'sku', sku, 'inventory_type', 'good', 'lot', 'new', 'quantity', '1.5', 'expires_on', '2026-12-31')) AS rows
  FROM invtrack.product WHERE merchant = 'bench_batch';
\timing on
\echo check_rows() of 100,000 lots
SELECT count(*) FROM invtrack.check_rows('stock_lot', (SELECT rows FROM file));
\timing off
SELECT invtrack.delete_merchant('bench_batch');
