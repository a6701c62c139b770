-- A connection of a million keys with a line each: the first load, and what sync() and sync_all() take when there is nothing to do.
-- The same for 100,000 products and their stock, which begin with tables that a VACUUM has seen empty.
-- In an empty database, as a superuser: psql -qX -f bench/keys.sql
\set ON_ERROR_STOP 1
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS invtrack CASCADE;
CREATE TABLE bench_line (id bigint PRIMARY KEY, sku text, units numeric);
CREATE VIEW bench_sale AS SELECT id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM bench_line;
SELECT invtrack.connect('bench', 'sale', 'bench_sale', 'id');
INSERT INTO bench_line SELECT n, 'p' || n % 1000, 1 + n % 5 FROM generate_series(1, 1000000) n;
ANALYZE bench_line;
\timing on
\echo first load
CALL invtrack.sync_all();
\timing off
VACUUM ANALYZE;
\timing on
\echo sync() with nothing to do
SELECT * FROM invtrack.sync();
\echo sync_all() with nothing to do
CALL invtrack.sync_all();
\timing off
CREATE TABLE bench_item (id bigint PRIMARY KEY, units numeric, expires_on date);
CREATE VIEW bench_product AS SELECT id, 'm'::text AS merchant, 'p' || id AS sku, 'Product ' || id AS name FROM bench_item;
CREATE VIEW bench_stock AS SELECT id, 'm'::text AS merchant, 'p' || id AS sku, 'good'::text AS inventory_type, units AS quantity, expires_on FROM bench_item;
INSERT INTO bench_item SELECT n, n % 50, CASE WHEN n % 3 = 0 THEN date '2027-01-01' + (n % 100)::integer END FROM generate_series(1, 100000) n;
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
SELECT invtrack.connect('products', 'product', 'bench_product', 'id'), invtrack.connect('stock', 'stock_lot', 'bench_stock', 'id');
VACUUM ANALYZE;
\timing on
\echo first load of products
CALL invtrack.sync_all('products');
\echo first load of their stock
CALL invtrack.sync_all('stock');
\echo sync() of each with nothing to do
SELECT * FROM invtrack.sync('products');
SELECT * FROM invtrack.sync('stock');
