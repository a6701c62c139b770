-- A product takes a code that another one gives up by going, or that something was sold under: what it has goes along.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL invtrack.as_of = '2026-03-10';
CREATE TABLE article (id integer PRIMARY KEY, sku text, name text);
CREATE TABLE shelf (article integer, lot text, best_before date, units numeric);
CREATE TABLE sold (id integer, article integer, units numeric);
CREATE VIEW of_article AS SELECT id, 'take' AS merchant, sku, name FROM article;
CREATE VIEW of_shelf AS
SELECT s.article, 'take' AS merchant, a.sku, 'good' AS inventory_type, lot, best_before AS expires_on, units AS quantity FROM shelf s JOIN article a ON a.id = s.article;
CREATE VIEW of_sold AS
SELECT s.id, 'take' AS merchant, a.sku, 'good' AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM sold s JOIN article a ON a.id = s.article;
INSERT INTO invtrack.merchant (merchant) VALUES ('take');
INSERT INTO invtrack.inventory_type VALUES ('take', 'good');
SELECT invtrack.connect('articles', 'product', 'of_article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('shelves', 'stock_lot', 'of_shelf', 'article'), invtrack.watch('shelves', 'shelf', 'article'),
       invtrack.connect('sales', 'sale', 'of_sold', 'id'), invtrack.watch('sales', 'sold', 'id');
CREATE VIEW state AS
SELECT p.sku, p.name, p.launched_on, (SELECT sum(l.quantity) FROM invtrack.stock_lot l WHERE l.merchant = p.merchant AND l.sku = p.sku) AS units,
       (SELECT sum(f.quantity) FROM invtrack.flow_daily f WHERE f.merchant = p.merchant AND f.sku = p.sku) AS sold,
       (SELECT string_agg(t.mechanism || ' ' || t.quantity, ',') FROM invtrack.tracker t WHERE t.merchant = p.merchant AND t.sku = p.sku) AS trackers
  FROM invtrack.product p WHERE p.merchant = 'take' ORDER BY p.sku;
CREATE VIEW in_line AS SELECT (SELECT count(*) FROM invtrack.connection_reject) AS rejected, (SELECT sum(s.changed) FROM invtrack.sync() s) AS changed;
INSERT INTO article VALUES (1, 'a', 'Apple'), (2, 'b', 'Banana'), (3, 'c', 'Corn');
INSERT INTO shelf VALUES (1, '', NULL, 10), (2, '', NULL, 20), (2, 'x', '2026-06-01', 5), (3, '', NULL, 30);
INSERT INTO sold VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
UPDATE invtrack.product SET launched_on = '2026-01-02' WHERE merchant = 'take' AND sku = 'b';
SELECT invtrack.save_tracker('take', 'b', 'good', 'stock_quantity', 100);
-- the other one goes in the same transaction, with all there was of it
DELETE FROM sold WHERE article = 1;
DELETE FROM shelf WHERE article = 1;
DELETE FROM article WHERE id = 1;
UPDATE article SET sku = 'a' WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
TABLE state;
TABLE in_line;
-- it passes its code on, and so on
DELETE FROM sold WHERE article = 3;
DELETE FROM shelf WHERE article = 3;
DELETE FROM article WHERE id = 3;
INSERT INTO article VALUES (4, 'd', 'Date');
INSERT INTO shelf VALUES (4, '', NULL, 40);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
TABLE state;
INSERT INTO article VALUES (5, 'e', 'Egg');
INSERT INTO sold VALUES (5, 5, 5);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM article WHERE id = 5;
DELETE FROM sold WHERE article = 5;
UPDATE article SET sku = CASE id WHEN 2 THEN 'e' ELSE 'a' END;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
TABLE state;
TABLE in_line;
-- something was sold under the code, once
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('take', 'old', 'good', 'sale', '2026-02-01', 7), ('take', 'old', 'good', 'sale', '2026-02-01', -7);
UPDATE article SET sku = 'old' WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
TABLE state;
TABLE in_line;
-- who has a tracker stays, and its code is not taken
SELECT invtrack.save_tracker('take', 'a', 'good', 'stock_quantity', 50);
DELETE FROM shelf WHERE article = 4;
DELETE FROM article WHERE id = 4;
UPDATE article SET sku = 'a' WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
TABLE state;
SELECT key, sqlstate, message FROM invtrack.connection_reject;
SELECT sum(s.changed) FROM invtrack.sync() s;
TABLE state;
TABLE in_line;
-- a key that has two products has one of them once they are merged by hand, until its source says so, too
CREATE TABLE both_of (id integer, sku text, units numeric);
CREATE VIEW of_both AS SELECT id, 'take' AS merchant, sku, 'good' AS inventory_type, units AS quantity FROM both_of;
INSERT INTO invtrack.product (merchant, sku) VALUES ('take', 'x'), ('take', 'y');
SELECT invtrack.connect('both', 'stock_lot', 'of_both', 'id'), invtrack.watch('both', 'both_of', 'id');
INSERT INTO both_of VALUES (1, 'x', 3), (1, 'y', 3);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT invtrack.merge_product('take', 'x', 'y');
SELECT sku, units FROM state WHERE sku IN ('x', 'y');
DELETE FROM both_of WHERE sku = 'x';
SET CONSTRAINTS ALL IMMEDIATE;
SELECT sku, units FROM state WHERE sku IN ('x', 'y');
ROLLBACK;
