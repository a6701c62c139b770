-- Connections: an application's own tables feed ours, in the same transaction.
\pset format unaligned
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET invtrack.as_of = '2026-03-10';
CREATE SCHEMA "App";
CREATE ROLE invtrack_test_clerk;
CREATE TABLE "App"."Product" (id integer PRIMARY KEY, vendor integer, code text, "Name" text NOT NULL DEFAULT 'x', since date, until date);
CREATE TABLE "App"."Order" (id bigint PRIMARY KEY, day date, state text DEFAULT 'new');
CREATE TABLE "App"."Line" (order_id bigint REFERENCES "App"."Order" ON DELETE CASCADE, n integer, product_id integer, quantity numeric, PRIMARY KEY (order_id, n));
CREATE TABLE "App"."Stock" (product_id integer, expires date, quantity numeric);
CREATE TABLE "App"."Buy" (id uuid PRIMARY KEY, product_id integer, due date, quantity numeric);
CREATE VIEW "App".merchants AS SELECT DISTINCT vendor AS id, 'v' || vendor AS merchant, 'Vendor ' || vendor AS name FROM "App"."Product";
CREATE VIEW "App".types AS SELECT DISTINCT vendor AS id, 'v' || vendor AS merchant, 'good' AS inventory_type FROM "App"."Product";
CREATE VIEW "App".products AS SELECT id, 'v' || vendor AS merchant, code AS sku, "Name" AS name, since AS launched_on, until AS discontinued_on FROM "App"."Product";
CREATE VIEW "App".stock AS
SELECT product_id, 'v' || vendor AS merchant, code AS sku, 'good' AS inventory_type, s.quantity, expires AS expires_on
  FROM "App"."Stock" s JOIN "App"."Product" p ON p.id = s.product_id;
CREATE VIEW "App".buys AS
SELECT b.id, 'v' || vendor AS merchant, code AS sku, 'good' AS inventory_type, b.quantity, due AS expected_on FROM "App"."Buy" b JOIN "App"."Product" p ON p.id = b.product_id;
CREATE VIEW "App".sales AS
SELECT o.id, 'v' || vendor AS merchant, code AS sku, 'good' AS inventory_type, o.day AS occurred_on, l.quantity
  FROM "App"."Order" o JOIN "App"."Line" l ON l.order_id = o.id JOIN "App"."Product" p ON p.id = l.product_id WHERE o.state <> 'cancelled';
GRANT USAGE ON SCHEMA "App" TO invtrack_test_clerk;
GRANT ALL ON ALL TABLES IN SCHEMA "App" TO invtrack_test_clerk;
INSERT INTO "App"."Product" VALUES (1, 1, 'A', 'Apple'), (2, 1, 'B', 'Bean'), (3, 2, 'C', 'Corn');
INSERT INTO "App"."Stock" VALUES (1, NULL, 10), (1, '2026-06-01', 5), (2, NULL, 20), (2, NULL, 2), (3, NULL, 30);
INSERT INTO "App"."Order" VALUES (1, '2026-03-01'), (2, '2026-03-02');
INSERT INTO "App"."Line" VALUES (1, 1, 1, 5), (1, 2, 2, 1), (1, 3, 2, 1), (2, 1, 3, 7);
-- What is known of the application, straight from its tables, against what invtrack says; nothing: they agree.
CREATE VIEW public.disagreement AS
(SELECT 'sale', merchant, sku, day::text, quantity FROM invtrack.flow_daily WHERE quantity <> 0
 EXCEPT ALL SELECT 'sale', merchant, sku, occurred_on::text, sum(quantity) FROM "App".sales GROUP BY 2, 3, 4 HAVING sum(quantity) <> 0)
UNION ALL
(SELECT 'sale missing', merchant, sku, occurred_on::text, sum(quantity) FROM "App".sales GROUP BY 2, 3, 4 HAVING sum(quantity) <> 0
 EXCEPT ALL SELECT 'sale missing', merchant, sku, day::text, quantity FROM invtrack.flow_daily WHERE quantity <> 0)
UNION ALL
(SELECT 'stock', merchant, sku, coalesce(expires_on::text, ''), quantity FROM invtrack.stock_lot
 EXCEPT ALL SELECT 'stock', merchant, sku, coalesce(expires_on::text, ''), sum(quantity) FROM "App".stock GROUP BY 2, 3, 4)
UNION ALL
(SELECT 'stock missing', merchant, sku, coalesce(expires_on::text, ''), sum(quantity) FROM "App".stock GROUP BY 2, 3, 4
 EXCEPT ALL SELECT 'stock missing', merchant, sku, coalesce(expires_on::text, ''), quantity FROM invtrack.stock_lot);


SELECT invtrack.connect('merchants', 'merchant', '"App".merchants', 'id'), invtrack.connect('types', 'inventory_type', '"App".types', 'id'),
       invtrack.connect('products', 'product', '"App".products', 'id'), invtrack.connect('stock', 'stock_lot', '"App".stock', 'product_id'),
       invtrack.connect('buys', 'incoming', '"App".buys', 'id'), invtrack.connect('sales', 'sale', '"App".sales', 'id'),
       invtrack.connect('sales', 'sale', '"App".sales', 'id') AS again;
SELECT invtrack.watch('merchants', '"App"."Product"', 'vendor'), invtrack.watch('types', '"App"."Product"', 'vendor'),
       invtrack.watch('products', '"App"."Product"', 'id'), invtrack.watch('stock', '"App"."Stock"', 'product_id'),
       invtrack.watch('stock', '"App"."Product"', 'id'), invtrack.watch('buys', '"App"."Buy"', 'id'),
       invtrack.watch('sales', '"App"."Order"', 'id'), invtrack.watch('sales', '"App"."Line"', 'order_id'),
       invtrack.watch('sales', '"App"."Line"', 'order_id') AS again;
CALL invtrack.sync_all();
SELECT connection, target, source, key, watched, keys, rejects, last_sync IS NOT NULL AS synced, last_error FROM invtrack.connection_status ORDER BY connection;
TABLE public.disagreement;
SELECT merchant, sku, on_hand, lots, dated_lots FROM invtrack.stock ORDER BY sku;
SELECT * FROM invtrack.sync();
-- one set of triggers per table
SELECT tgrelid::regclass, tgname, tgnargs FROM pg_trigger WHERE tgname LIKE 'invtrack%' ORDER BY tgrelid::regclass::text, tgname;

-- The application goes on as it did, as a role that has nothing to do with invtrack.
SET ROLE invtrack_test_clerk;
BEGIN;
UPDATE "App"."Line" SET quantity = 6.5 WHERE order_id = 1 AND n = 1;
INSERT INTO "App"."Line" VALUES (2, 2, 1, 1);
SAVEPOINT a;
DELETE FROM "App"."Order" WHERE id = 2;
ROLLBACK TO a;
COMMIT;
RESET ROLE;
TABLE public.disagreement;
SET ROLE invtrack_test_clerk;
UPDATE "App"."Order" SET state = 'cancelled' WHERE id = 1;
UPDATE "App"."Order" SET day = '2026-03-05' WHERE id = 2;
UPDATE "App"."Stock" SET quantity = 11 WHERE product_id = 1 AND expires IS NULL;
DELETE FROM "App"."Stock" WHERE product_id = 3;
INSERT INTO "App"."Buy" VALUES ('00000000-0000-0000-0000-000000000001', 1, '2026-03-20', 40);
MERGE INTO "App"."Stock" s USING (VALUES (2, 3), (3, 4)) v (id, n) ON s.product_id = v.id
 WHEN MATCHED THEN UPDATE SET quantity = s.quantity + v.n WHEN NOT MATCHED THEN INSERT VALUES (v.id, NULL, v.n);
COPY "App"."Order" (id, day) FROM stdin;
3	2026-03-07
4	2026-03-08
\.
COPY "App"."Line" FROM stdin;
3	1	1	3
3	2	2	0.000001
4	1	3	-1
\.
RESET ROLE;
TABLE public.disagreement;
SELECT merchant, sku, incoming, incoming_on FROM invtrack.stock WHERE incoming > 0;
-- health before the commit
BEGIN;
UPDATE "App"."Stock" SET quantity = 100 WHERE product_id = 1 AND expires IS NULL;
SELECT on_hand FROM invtrack.stock WHERE sku = 'A';
SET CONSTRAINTS ALL IMMEDIATE;
SELECT on_hand FROM invtrack.stock WHERE sku = 'A';
UPDATE "App"."Stock" SET quantity = 101 WHERE product_id = 1 AND expires IS NULL;
SELECT on_hand FROM invtrack.stock WHERE sku = 'A';
ROLLBACK;
-- a savepoint in which all was brought in line, and that is rolled back
BEGIN;
UPDATE "App"."Stock" SET quantity = 12 WHERE product_id = 1 AND expires IS NULL;
SAVEPOINT a;
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE "App"."Stock" SET quantity = 13 WHERE product_id = 1 AND expires IS NULL;
ROLLBACK TO a;
COMMIT;
TABLE public.disagreement;
TABLE invtrack.connection_pending;

-- A product gets another code, moves to another vendor, and goes.
SELECT invtrack.save_tracker('v1', 'A', 'good', 'stock_quantity', 10);
UPDATE "App"."Product" SET code = 'AA', "Name" = 'Alpha' WHERE id = 1;
SELECT merchant, sku, product_name, mechanism FROM invtrack.health;
TABLE public.disagreement;
SELECT left(public.error_of($$SELECT invtrack.rename_product('v1', 'AA', 'A')$$), 90) AS by_hand, left(public.error_of($$SELECT invtrack.merge_product('v1', 'AA', 'B')$$), 90) AS merged;
UPDATE "App"."Product" SET vendor = 3 WHERE id = 3;
SELECT merchant, sku FROM invtrack.product ORDER BY merchant, sku;
SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key;
SELECT * FROM invtrack.sync();
SELECT merchant, sku FROM invtrack.product ORDER BY merchant, sku;
TABLE public.disagreement;
DELETE FROM "App"."Product" WHERE id = 1;
SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key;
SELECT invtrack.delete_tracker('v1', 'AA', 'good', 'stock_quantity');
SELECT * FROM invtrack.sync();
SELECT merchant, sku FROM invtrack.product ORDER BY merchant, sku;
TABLE public.disagreement;

-- Rows that our rules refuse break nothing, and are tried again.
BEGIN;
INSERT INTO "App"."Order" VALUES (10, '2026-03-09');
INSERT INTO "App"."Line" VALUES (10, 1, 2, 1), (10, 2, 2, 0.0000001), (10, 3, 2, 'NaN'), (10, 4, 2, NULL), (10, 5, 2, 2);
INSERT INTO "App"."Product" (id, vendor, code, "Name", since) VALUES (20, 1, ' blank', 'x', NULL), (21, 1, NULL, 'x', NULL), (22, 1, 'fine', 'x', 'infinity');
INSERT INTO "App"."Stock" VALUES (20, NULL, 1), (22, '2026-01-01', 1e12);
COMMIT;
SELECT connection, key, row_number, source_row, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key, row_number;
SELECT sku, day, quantity FROM invtrack.flow_daily WHERE day = '2026-03-09';
SELECT value FROM invtrack.metrics WHERE name = 'rejected_rows';
UPDATE "App"."Product" SET code = 'blank' WHERE id = 20;
UPDATE "App"."Product" SET since = '2026-01-01' WHERE id = 22;
DELETE FROM "App"."Line" WHERE order_id = 10 AND n IN (2, 3, 4);
SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key, row_number;
-- what it lacked arrives by hand
SELECT invtrack.disconnect('products');
INSERT INTO "App"."Product" VALUES (30, 1, 'late');
INSERT INTO "App"."Stock" VALUES (30, NULL, 9);
SELECT connection, key, sqlstate, message, hint FROM invtrack.connection_reject WHERE key = '30';
INSERT INTO invtrack.product (merchant, sku) VALUES ('v1', 'late');
SELECT sku, on_hand FROM invtrack.stock WHERE sku = 'late';
-- a lot that was written by hand; one code with two dates
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) VALUES ('v1', 'late', 'good', '2027-01-01', '2027-01-01', 3);
INSERT INTO "App"."Stock" VALUES (30, '2027-01-01', 1);
SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject WHERE key = '30';
DELETE FROM invtrack.stock_lot WHERE lot = '2027-01-01';
SELECT * FROM invtrack.sync('stock', '{30, 30,2}');
SELECT lot, quantity FROM invtrack.stock_lot WHERE sku = 'late' ORDER BY lot;

-- All of it goes, and comes back.
BEGIN;
CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE "App"."Line";
TRUNCATE "App"."Order" CASCADE;
INSERT INTO "App"."Order" VALUES (3, '2026-03-07');
INSERT INTO "App"."Line" SELECT * FROM kept WHERE order_id = 3;
COMMIT;
TABLE public.disagreement;
-- the source breaks, and the application goes on
ALTER TABLE "App"."Line" RENAME quantity TO units;
INSERT INTO "App"."Line" VALUES (3, 9, 2, 5);
TABLE public.disagreement;
CREATE OR REPLACE VIEW "App".sales AS
SELECT o.id, 'v' || vendor AS merchant, code AS sku, 'good' AS inventory_type, o.day AS occurred_on, l.units / (l.units - 4) AS quantity
  FROM "App"."Order" o JOIN "App"."Line" l ON l.order_id = o.id JOIN "App"."Product" p ON p.id = l.product_id WHERE o.state <> 'cancelled';
INSERT INTO "App"."Line" VALUES (3, 10, 2, 4);
SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject WHERE connection = 'sales';
SELECT last_error FROM invtrack.connection_status WHERE connection = 'sales';
DROP VIEW "App".sales CASCADE;
DELETE FROM "App"."Line" WHERE n = 10;
SELECT source ~ '^\d+$' AS gone, last_error FROM (SELECT source::text, last_error FROM invtrack.connection_status WHERE connection = 'sales') s;

-- Errors.
CREATE VIEW "App".bad AS SELECT id, 1.5::float8 AS quantity, 'm' AS merchant, 's' AS sku, 't' AS inventory_type, now() AS occurred_on, id::char(3) AS short FROM "App"."Product";
CREATE TABLE "App".empty_code (id integer, merchant text);
INSERT INTO "App".empty_code VALUES (1, 'm'), (2, ' ');
SELECT call, public.error_of('SELECT invtrack.' || call) FROM (VALUES
    (1, $$connect(NULL, 'sale', '"App".bad', 'id')$$), (2, $$connect('c', NULL, '"App".bad', 'id')$$), (3, $$connect('c', 'sale', NULL, 'id')$$), (4, $$connect('c', 'sale', '"App".bad', NULL)$$),
    (5, $$connect(' c', 'sale', '"App".bad', 'id')$$), (6, $$connect('c', 'Sale', '"App".bad', 'id')$$), (7, $$connect('c', 'sale', '"App".bad', 'ID')$$),
    (8, $$connect('c', 'sale', '"App".bad', 'id')$$), (9, $$connect('c', 'stock_lot', '"App".bad', 'id')$$), (10, $$connect('c', 'merchant', '"App".bad', 'short')$$),
    (11, $$connect('c', 'merchant', '"App".empty_code', 'id')$$), (12, $$connect('c', 'product', '"App".empty_code', 'id')$$), (13, $$connect('stock', 'incoming', '"App".buys', 'id')$$),
    (21, $$watch('none', '"App"."Line"', 'order_id')$$), (22, $$watch('stock', '"App".stock', 'product_id')$$), (23, $$watch('stock', 'invtrack.product', 'sku')$$),
    (24, $$watch('stock', '"App"."Line"', 'none')$$), (25, $$watch('stock', '"App"."Product"', 'since')$$), (26, $$watch('stock', '"App"."Line"', 'n', 'never')$$),
    (31, $$unwatch('stock', '"App"."Line"')$$), (32, $$unwatch('none', '"App"."Line"')$$), (33, $$disconnect('none')$$), (34, $$disconnect('stock', NULL)$$), (35, $$disconnect(NULL)$$),
    (41, $$sync('none')$$), (42, $$sync(NULL, '{1}')$$), (43, $$sync('stock', '{x}')$$)) v (n, call) ORDER BY n;
SELECT count(*) FROM invtrack.connection WHERE connection = 'c';

-- The end: what the connection brought goes, what was there stays.
SELECT invtrack.disconnect('stock', keep_data => false), invtrack.disconnect('buys');
SELECT count(*) AS lots FROM invtrack.stock_lot;
SELECT count(*) AS on_order FROM invtrack.incoming;
SELECT tgrelid::regclass, tgname, encode(tgargs, 'escape') AS columns FROM pg_trigger WHERE tgname = 'invtrack_note' ORDER BY tgrelid::regclass::text;
SELECT invtrack.disconnect('sales', false), invtrack.disconnect('types', false), invtrack.disconnect('merchants', false);
SELECT count(*) AS not_taken_back FROM invtrack.flow_daily WHERE quantity <> 0;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'invtrack%';
SELECT (SELECT count(*) FROM invtrack.connection_key) AS keys, (SELECT count(*) FROM invtrack.connection_row) AS rows, (SELECT count(*) FROM invtrack.connection_line) AS lines, (SELECT count(*) FROM invtrack.connection_item) AS items, (SELECT count(*) FROM invtrack.connection_reject) AS rejects;
SELECT * FROM invtrack.verify();
DROP SCHEMA "App" CASCADE;

DROP ROLE invtrack_test_clerk;
SELECT bool_and(invtrack.delete_merchant(m)) AS deleted FROM (SELECT merchant FROM invtrack.merchant UNION SELECT merchant FROM invtrack.movement UNION SELECT merchant FROM invtrack.flow_series) m (m);
