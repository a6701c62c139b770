-- A connection of a million keys with a line each: the first load, and what sync() and sync_all() take when there is nothing to do.
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
