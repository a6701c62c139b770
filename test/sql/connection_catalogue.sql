-- Merchants, products and inventory types from an application's tables: a row that their table refuses is rejected, and the others of its key go in.
\pset format unaligned
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TABLE shop (id integer, merchant text, name text, time_zone text, critical_percent integer);
CREATE TABLE article (vendor integer, merchant text, sku text, name text, launched_on date, discontinued_on text);
CREATE VIEW rejected AS SELECT connection, key, row_number, source_row ->> 'sku' AS sku, sqlstate, message, hint FROM invtrack.connection_reject ORDER BY connection, key, row_number;
SELECT invtrack.connect('shops', 'merchant', 'shop', 'id'), invtrack.watch('shops', 'shop', 'id'),
       invtrack.connect('articles', 'product', 'article', 'vendor'), invtrack.watch('articles', 'article', 'vendor');
INSERT INTO shop VALUES (1, 'm', 'Shop', 'Europe/Berlin', 0), (1, 'n', 'Other', 'Europe/Berlim', 0), (1, 'o', NULL, 'UTC', 0), (2, 'p', 'Third', 'UTC', 101), (3, 'q', 'Fourth', 'UTC', 100);
INSERT INTO article VALUES (7, 'm', 'a', 'Apple', NULL, NULL), (7, 'm', 'b', NULL, NULL, NULL), (7, 'm', 'c', 'Corn', '2026-03-01', '2026-02-31'),
    (7, 'm', 'd', 'Date', '-infinity', NULL), (7, 'm', 'e', 'Egg', '2026-03-01', '2026-02-01'), (7, 'none', 'f', 'Fig', NULL, NULL), (7, 'm', 'g', 'Grape', '2026-01-01', '2026-12-31');
SET CONSTRAINTS ALL IMMEDIATE;
TABLE rejected;
SELECT merchant, name, time_zone, critical_percent FROM invtrack.merchant WHERE merchant IN ('m', 'n', 'o', 'p', 'q') ORDER BY merchant;
SELECT sku, name, launched_on, discontinued_on FROM invtrack.product WHERE merchant = 'm' ORDER BY sku;
-- What was taken, and is refused now, counts as absent: it goes, or stays where something refers to it.
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
SELECT invtrack.save_tracker('m', 'g', 'good', 'stock_quantity', 5);
UPDATE article SET name = NULL WHERE sku IN ('a', 'g');
UPDATE article SET name = 'Corn', discontinued_on = NULL WHERE sku = 'c';
TABLE rejected;
SELECT sku, name, launched_on, discontinued_on FROM invtrack.product WHERE merchant = 'm' ORDER BY sku;
-- All mended.
UPDATE article SET name = 'x', launched_on = NULL, discontinued_on = NULL;
UPDATE shop SET name = 'x', time_zone = 'UTC', critical_percent = 0;
DELETE FROM article WHERE sku = 'f';
TABLE rejected;
SELECT merchant, name FROM invtrack.merchant WHERE merchant IN ('m', 'n', 'o', 'p', 'q') ORDER BY merchant;
SELECT sku, name FROM invtrack.product WHERE merchant = 'm' ORDER BY sku;
SELECT * FROM invtrack.sync();
-- connect() tells at once.
SAVEPOINT told;
INSERT INTO shop VALUES (9, 'z', 'Last', 'Mars', 0);
SELECT invtrack.connect('more', 'merchant', 'shop', 'id');
ROLLBACK TO told;
CREATE VIEW ended AS SELECT 1 AS id, 'nobody'::text AS merchant, 's'::text AS sku, date 'infinity' AS discontinued_on;
SELECT invtrack.connect('more', 'product', 'ended', 'id');
ROLLBACK TO told;
SELECT count(*) AS written FROM invtrack.product WHERE merchant = 'nobody';
ROLLBACK;

-- What is gone from its source, and stays, goes when nothing refers to it any more. Nobody has to sync it.
CREATE TABLE shop (id integer, merchant text, time_zone text DEFAULT 'UTC');
CREATE TABLE article (id integer, sku text);
CREATE TABLE shelf (id integer, sku text, quantity integer);
CREATE TABLE sold (id integer, sku text);
CREATE VIEW of_shop AS SELECT merchant AS id, merchant, time_zone FROM shop;
CREATE VIEW of_type AS SELECT merchant AS id, merchant, 'good' AS inventory_type FROM shop;
CREATE VIEW of_article AS SELECT id, 'gone' AS merchant, sku FROM article;
CREATE VIEW of_shelf AS SELECT id, 'gone' AS merchant, sku, 'good' AS inventory_type, quantity FROM shelf;
CREATE VIEW of_sold AS SELECT id, 'gone' AS merchant, sku, 'good' AS inventory_type, date '2026-03-01' AS occurred_on, 1 AS quantity FROM sold;
SELECT invtrack.connect('shops', 'merchant', 'of_shop', 'id'), invtrack.watch('shops', 'shop', 'merchant'),
       invtrack.connect('types', 'inventory_type', 'of_type', 'id'), invtrack.watch('types', 'shop', 'merchant'),
       invtrack.connect('articles', 'product', 'of_article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('shelves', 'stock_lot', 'of_shelf', 'id'), invtrack.watch('shelves', 'shelf', 'id'),
       invtrack.connect('sales', 'sale', 'of_sold', 'id'), invtrack.watch('sales', 'sold', 'id');
INSERT INTO shop VALUES (1, 'gone');
INSERT INTO article VALUES (1, 'lot'), (2, 'sold'), (3, 'both'), (4, 'kept');
INSERT INTO shelf VALUES (1, 'lot', 5), (3, 'both', 5);
INSERT INTO sold VALUES (2, 'sold'), (3, 'both'), (4, 'kept');
CREATE VIEW here AS SELECT string_agg(p.sku, ' ' ORDER BY p.sku) AS products, (SELECT count(*) FROM invtrack.connection_reject) AS rejects FROM invtrack.product p WHERE p.merchant = 'gone';
DELETE FROM article WHERE id < 4;
TABLE here;
DELETE FROM shelf;
TABLE here;
DELETE FROM sold WHERE id = 3;
TABLE here;
-- who changes another product does not look at what stays
SELECT max(rejected_at) AS told FROM invtrack.connection_reject \gset
UPDATE article SET sku = 'kept, too' WHERE id = 4;
SELECT count(*) FROM invtrack.connection_reject WHERE rejected_at = :'told';
-- a merchant goes with the last of it, also one that was checked, and one of whose products was renamed
CALL invtrack.check_all();
BEGIN;
DELETE FROM shop;
DELETE FROM article;
COMMIT;
SELECT connection, key, sqlstate FROM invtrack.connection_reject ORDER BY connection;
DELETE FROM sold;
TABLE here;
SELECT merchant FROM invtrack.merchant WHERE merchant = 'gone';

-- Merged into another by hand, it is the connection's no more: the other one stays.
INSERT INTO shop VALUES (1, 'gone');
INSERT INTO article VALUES (1, 'a'), (2, 'b');
INSERT INTO shelf VALUES (1, 'a', 5);
DELETE FROM article WHERE id = 1;
INSERT INTO invtrack.product VALUES ('gone', 'by hand', 'By hand');
SELECT invtrack.merge_product('gone', 'a', 'by hand');
TABLE here;
DELETE FROM shelf;
TABLE here;
DELETE FROM article;
SELECT invtrack.delete_product('gone', 'by hand');
DELETE FROM shop;

-- What one connection has kept stays when another one that had it, too, takes away what it brought.
INSERT INTO shop VALUES (1, 'gone');
INSERT INTO article VALUES (1, 'a');
SELECT invtrack.connect('again', 'product', 'of_article', 'id');
SELECT changed FROM invtrack.sync('again');
SELECT invtrack.disconnect('articles');
SELECT invtrack.disconnect('again', false);
TABLE here;

-- What a table does not take is told before what other keys say, whichever came first.
INSERT INTO shop VALUES (3, 'zone', 'Mars');
CREATE OR REPLACE VIEW of_shop AS SELECT id::text AS id, merchant, time_zone FROM shop;
SELECT changed FROM invtrack.sync('shops');
INSERT INTO shop VALUES (2, 'zone', 'UTC');
SELECT changed FROM invtrack.sync('shops', '{2}');
SELECT key, sqlstate FROM invtrack.connection_reject WHERE connection = 'shops';
SELECT changed FROM invtrack.sync('shops');
SELECT key, sqlstate FROM invtrack.connection_reject WHERE connection = 'shops';
SELECT invtrack.disconnect('sales', false), invtrack.disconnect('shelves', false), invtrack.disconnect('types', false), invtrack.disconnect('shops', false);
SELECT invtrack.delete_merchant(merchant) FROM invtrack.merchant WHERE merchant IN ('gone', 'zone') ORDER BY merchant;
DROP VIEW here, of_shop, of_type, of_article, of_shelf, of_sold;
DROP TABLE shop, article, shelf, sold;
