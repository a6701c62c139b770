-- What changes under a connection: its source, the tables that it watches, and who watches them. Nothing is lost without a word.
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY default
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) VALUES ('under');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('under', 'good');
CREATE TABLE article (id integer, sku text, merchant text DEFAULT 'under');
CREATE TABLE bin (id integer, article_id integer, lot text, expires_on date, quantity numeric);
CREATE TABLE sold (id integer, day date, sku text, quantity integer) PARTITION BY RANGE (day);
CREATE TABLE sold_old PARTITION OF sold FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY LIST (sku);
CREATE TABLE sold_old_a PARTITION OF sold_old FOR VALUES IN ('a');
CREATE TABLE sold_new PARTITION OF sold FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE to_sale AS SELECT 1 AS id, 'under' AS merchant, 'a' AS sku, 'good' AS inventory_type, date '2026-01-01' AS occurred_on, 1 AS quantity WHERE false;
CREATE VIEW to_bin AS SELECT b.id, a.merchant, a.sku, 'good'::text AS inventory_type, lot, expires_on, quantity FROM bin b JOIN article a ON a.id = article_id;
CREATE VIEW of_sold AS SELECT id, 'under'::text AS merchant, sku, 'good'::text AS inventory_type, day AS occurred_on, quantity FROM sold;
SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('bins', 'stock_lot', 'to_bin', 'id'), invtrack.watch('bins', 'bin', 'id'),
       invtrack.connect('sold', 'sale', 'of_sold', 'id'), invtrack.watch('sold', 'sold', 'id');
CREATE VIEW lots AS SELECT sku, lot, expires_on, quantity FROM invtrack.stock_lot WHERE merchant = 'under' ORDER BY sku, lot;
CREATE VIEW sales AS SELECT sku, day, quantity FROM invtrack.flow_daily WHERE merchant = 'under' AND quantity <> 0 ORDER BY sku, day;
CREATE VIEW rejected AS SELECT connection, key, row_number, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key, row_number;
CREATE VIEW status AS SELECT connection, last_error FROM invtrack.connection_status WHERE last_error IS NOT NULL ORDER BY connection;
CREATE VIEW rejected_rows AS SELECT value FROM invtrack.metrics WHERE name = 'rejected_rows';
CREATE VIEW out_of_line AS SELECT connection, changed FROM invtrack.sync() WHERE changed > 0;
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    of_column text; of_hint text; result text;
BEGIN
    EXECUTE 'SELECT ' || statement INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS of_column = COLUMN_NAME, of_hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, of_column, SQLERRM, of_hint);
END$$;

-- What cannot be a source: what is not there for others, and what connections write.
CREATE TEMP TABLE passing (LIKE to_sale);
CREATE TEMP VIEW passing_view AS TABLE to_sale;
SELECT try(format('invtrack.connect(%L, %L, %L, %L)', 'c', 'sale', s, 'id'))
  FROM unnest('{passing,passing_view,invtrack.movement,invtrack.health,pg_catalog.pg_class}'::text[]) s;
-- a domain is not the type whose name it has; and a number is no date
CREATE DOMAIN date AS timestamptz;
CREATE TABLE odd (id integer, sku text, merchant text, inventory_type text, occurred_on public.date, quantity integer, launched_on integer);
SELECT try($$invtrack.connect('c', 'sale', 'odd', 'id')$$), try($$invtrack.connect('c', 'product', 'odd', 'id')$$);
-- a text is a date as ISO writes it, whatever the session thinks
ALTER TABLE odd ALTER launched_on TYPE text;
INSERT INTO odd VALUES (1, 'o', 'under', NULL, NULL, NULL, '03/04/2026');
SELECT try($$invtrack.connect('c', 'product', 'odd', 'id')$$);
UPDATE odd SET launched_on = '2026-04-03';
SELECT try($$invtrack.connect('c', 'product', 'odd', 'id')$$);
SELECT invtrack.disconnect('c');

-- Nulls come first, then values, then what is there.
SELECT try(s) FROM unnest(ARRAY[
    'invtrack.watch(''no'', NULL, ''id'')', 'invtrack.watch(''no'', ''bin'', NULL)', 'invtrack.watch(''no'', ''bin'', ''id'', NULL)', 'invtrack.watch(NULL, ''bin'', ''id'')',
    'invtrack.watch(''no'', ''bin'', ''id'', ''Always'')', 'invtrack.watch(''no'', ''bin'', ''id'')', 'invtrack.unwatch(NULL, ''bin'')', 'invtrack.unwatch(''no'', NULL)',
    'invtrack.unwatch(''no'', ''bin'')', 'invtrack.disconnect(NULL)', 'invtrack.disconnect(''no'', NULL)', 'invtrack.disconnect(''no'')']) s;
SAVEPOINT block;
CALL invtrack.sync_all();
ROLLBACK TO block;

-- A column that cannot hold the key; a source that gets another one.
CREATE TABLE uuids (id uuid, number text, small smallint);
SELECT try($$invtrack.watch('sold', 'uuids', 'id')$$), invtrack.watch('sold', 'uuids', 'number'), invtrack.unwatch('sold', 'uuids'), invtrack.watch('sold', 'uuids', 'small');
CREATE VIEW other_sold AS SELECT md5(id::text)::uuid AS id, merchant, sku, inventory_type, occurred_on, quantity FROM of_sold;
SELECT invtrack.connect('sold', 'sale', 'other_sold', 'id');
TABLE status;
SELECT invtrack.connect('sold', 'sale', 'of_sold', 'id'), invtrack.unwatch('sold', 'uuids');
TABLE status;

-- Triggers that were dropped or disabled are told, and made again.
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO article VALUES (1, 'a'), (2, 'b');
DROP TRIGGER invtrack_note ON bin;
TABLE status;
TABLE rejected_rows;
SELECT invtrack.watch('bins', 'bin', 'id'), invtrack.watch('bins', 'bin', 'id'), invtrack.watch('bins', 'bin', 'id', 'always');
ALTER TABLE bin DISABLE TRIGGER USER;
TABLE status;
ALTER TABLE bin ENABLE TRIGGER USER;
TABLE status;
SELECT invtrack.watch('bins', 'bin', 'id', 'always'), invtrack.watch('bins', 'bin', 'id', 'always');
TABLE status;

-- An optional column that goes takes nothing with it.
CREATE TABLE pallet (id integer, merchant text, sku text, inventory_type text, lot text, expires_on date, quantity integer);
INSERT INTO pallet VALUES (1, 'under', 'b', 'good', 'L1', '2026-12-01', 5), (2, 'under', 'b', 'good', 'L2', NULL, 7);
SELECT invtrack.connect('pallets', 'stock_lot', 'pallet', 'id'), invtrack.watch('pallets', 'pallet', 'id');
SELECT keys, changed, rejected FROM invtrack.sync('pallets');
ALTER TABLE pallet RENAME expires_on TO best_before;
UPDATE pallet SET quantity = 6 WHERE id = 1;
TABLE lots;
TABLE rejected;
TABLE status;
TABLE rejected_rows;
SELECT invtrack.connect('pallets', 'stock_lot', 'pallet', 'id'), invtrack.connect('pallets', 'stock_lot', 'pallet', 'id');
SELECT keys, changed, rejected FROM invtrack.sync('pallets');
TABLE lots;
TABLE status;
-- one that comes is read when connect() says so
ALTER TABLE pallet ADD expires_on date DEFAULT '2026-11-30';
UPDATE pallet SET quantity = 7 WHERE id = 1;
TABLE lots;
SELECT invtrack.connect('pallets', 'stock_lot', 'pallet', 'id');
SELECT keys, changed, rejected FROM invtrack.sync('pallets');
TABLE lots;
DROP TABLE pallet;
TABLE status;
TABLE rejected_rows;
SELECT invtrack.disconnect('pallets', false);
TABLE rejected_rows;
-- nor does another type
CREATE TABLE deal (id integer, merchant text, sku text, inventory_type text, occurred_on date, quantity integer);
SELECT invtrack.connect('deals', 'sale', 'deal', 'id'), invtrack.watch('deals', 'deal', 'id');
ALTER TABLE deal ALTER occurred_on TYPE timestamptz;
INSERT INTO deal VALUES (1, 'under', 'b', 'good', '2026-03-01 12:00+00', 1);
SELECT sqlstate, message, hint FROM invtrack.connection_reject;
DROP TABLE deal;
SELECT invtrack.disconnect('deals', false);

-- A lot that was rejected for what another key said of it is taken when that goes, also after its product has got another code.
INSERT INTO bin VALUES (1, 1, 'L', '2026-12-01', 10);
INSERT INTO bin VALUES (2, 1, 'L', '2026-12-24', 7);
UPDATE article SET sku = 'a2' WHERE id = 1;
TABLE rejected;
DELETE FROM bin WHERE id = 1;
TABLE rejected;
TABLE lots;
TABLE out_of_line;

-- A change is brought in line also if its partition or watch goes in the same transaction.
INSERT INTO sold VALUES (1, '2026-01-05', 'a', 3), (1, '2026-02-05', 'a', 4), (2, '2026-01-06', 'a', 5), (3, '2026-02-06', 'b', 1);
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM sold WHERE day < '2026-02-01';
DROP TABLE sold_old;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE sales;
TABLE out_of_line;
-- a trigger that was disabled on a partition
ALTER TABLE sold_new DISABLE TRIGGER USER;
TABLE status;
SELECT invtrack.watch('sold', 'sold', 'id'), invtrack.watch('sold', 'sold', 'id');
TABLE status;
SET CONSTRAINTS ALL DEFERRED;
UPDATE sold SET quantity = 9 WHERE id = 3;
SELECT invtrack.unwatch('sold', 'sold');
TABLE sales;
SELECT invtrack.watch('sold', 'sold', 'id');
UPDATE sold SET quantity = 8 WHERE id = 3;
SELECT invtrack.disconnect('sold');
TABLE sales;

-- in one statement of a client, too, a partition that changes sides is followed by who watches it
CREATE TABLE kept (LIKE sold) PARTITION BY RANGE (day);
CREATE VIEW of_kept AS SELECT id, 'under'::text AS merchant, sku, 'good'::text AS inventory_type, day AS occurred_on, quantity FROM kept;
SELECT invtrack.connect('sold', 'sale', 'of_sold', 'id'), invtrack.watch('sold', 'sold', 'id'), invtrack.connect('kept', 'shipment', 'of_kept', 'id'), invtrack.watch('kept', 'kept', 'id');
DO $$
BEGIN
    INSERT INTO sold VALUES (4, '2026-02-07', 'c', 1);
    ALTER TABLE sold DETACH PARTITION sold_new;
    ALTER TABLE kept ATTACH PARTITION sold_new FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    INSERT INTO kept VALUES (5, '2026-02-08', 'c', 2);
END$$;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT k.key FROM invtrack.connection_key k JOIN invtrack.connection n ON n.number = k.connection WHERE n.connection = 'kept' ORDER BY k.key;

-- A table that is emptied and filled again, beside what its source refers to.
CREATE TABLE shop (id integer, merchant text);
CREATE VIEW at_shop AS SELECT k.id, k.merchant, 'd'::text AS sku, 'good'::text AS inventory_type, date '2026-02-09' AS occurred_on, 1 AS quantity
  FROM shop k JOIN invtrack.merchant m ON m.merchant = k.merchant;
CREATE TABLE opened (id integer, merchant text, name text);
SELECT invtrack.connect('opened', 'merchant', 'opened', 'id'), invtrack.watch('opened', 'opened', 'id'), invtrack.connect('shops', 'sale', 'at_shop', 'id'), invtrack.watch('shops', 'shop', 'id');
SET CONSTRAINTS ALL DEFERRED;
TRUNCATE shop;
INSERT INTO opened VALUES (1, 'under 2', '');
INSERT INTO shop VALUES (1, 'under 2');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT merchant, sku, quantity FROM invtrack.flow_daily WHERE merchant = 'under 2';

-- Those who change codes with each other do so together, however many they are.
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO article SELECT n, 'p' || n FROM generate_series(1001, 3100) n;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(invtrack.save_tracker('under', 'p' || n, 'good', 'stock_quantity', n)) FROM unnest('{1001,3050,1500,1501,3100}'::integer[]) n;
SET CONSTRAINTS ALL DEFERRED;
UPDATE article SET sku = 'p' || CASE id WHEN 1001 THEN 3050 WHEN 3050 THEN 1001 WHEN 1500 THEN 1501 WHEN 1501 THEN 3100 WHEN 3100 THEN 4000 ELSE id END WHERE id > 1000;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT sku, quantity FROM invtrack.tracker WHERE merchant = 'under' ORDER BY quantity;
TABLE rejected;
-- who takes a code that nobody gives up stays, and so does who waits for its own
SET CONSTRAINTS ALL DEFERRED;
UPDATE article SET sku = 'p' || id + 1 WHERE id BETWEEN 2001 AND 2998;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(*), min(sku), max(sku) FROM invtrack.product WHERE merchant = 'under' AND sku BETWEEN 'p2001' AND 'p2999';
ROLLBACK;

-- What was kept stays, whatever the level of the transaction that kept it.
CREATE TABLE article (id integer, sku text, merchant text DEFAULT 'under');
INSERT INTO article VALUES (1, 'a');
INSERT INTO invtrack.merchant (merchant) VALUES ('under');
SELECT invtrack.connect('articles', 'product', 'article', 'id');
SELECT changed FROM invtrack.sync();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT invtrack.disconnect('articles');
COMMIT;
SELECT invtrack.connect('articles', 'product', 'article', 'id');
SELECT changed FROM invtrack.sync();
SELECT invtrack.disconnect('articles', false);
SELECT sku FROM invtrack.product WHERE merchant = 'under';
SELECT invtrack.delete_merchant('under');
DROP TABLE article;
