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
