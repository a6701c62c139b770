-- Triggers, a sync from scratch and the source agree, in whichever order things come: sync() finds nothing to change.
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) VALUES ('agree');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('agree', 'good');
CREATE TABLE article (id integer, sku text, name text DEFAULT '', merchant text DEFAULT 'agree');
CREATE TABLE bin (id integer, sku text, lot text, expires_on date, quantity numeric, merchant text DEFAULT 'agree', inventory_type text DEFAULT 'good');
SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('bins', 'stock_lot', 'bin', 'id'), invtrack.watch('bins', 'bin', 'id');
CREATE VIEW products AS SELECT sku, name FROM invtrack.product WHERE merchant = 'agree' ORDER BY sku;
CREATE VIEW lots AS SELECT sku, lot, expires_on, quantity FROM invtrack.stock_lot WHERE merchant = 'agree' ORDER BY sku, lot;
CREATE VIEW trackers AS SELECT sku, quantity FROM invtrack.tracker WHERE merchant = 'agree' ORDER BY sku;
CREATE VIEW rejected AS SELECT connection, key, sqlstate, message FROM invtrack.connection_reject ORDER BY connection, key, row_number;
CREATE VIEW out_of_line AS SELECT connection, changed FROM invtrack.sync() WHERE changed > 0;
SET CONSTRAINTS ALL IMMEDIATE;

-- Of two keys that are the same product and say different things, the later one is rejected, whichever came first. It is taken when the
-- earlier one goes, or says the same.
INSERT INTO article VALUES (20, 'a', 'of 20');
INSERT INTO article VALUES (10, 'a', 'of 10');
TABLE products;
TABLE rejected;
TABLE out_of_line;
DELETE FROM article WHERE id = 10;
TABLE products;
TABLE rejected;
INSERT INTO article VALUES (10, 'a', 'of 10'), (30, 'a', 'of 30');
UPDATE article SET name = 'of 30' WHERE id = 10;
TABLE products;
TABLE rejected;
TABLE out_of_line;
UPDATE article SET name = 'of all';
TABLE products;
TABLE rejected;
TABLE out_of_line;
-- So with the date of a lot.
INSERT INTO bin VALUES (2, 'a', 'l', '2026-06-01', 20);
INSERT INTO bin VALUES (1, 'a', 'l', '2026-07-01', 10);
TABLE lots;
TABLE rejected;
TABLE out_of_line;
DELETE FROM bin WHERE id = 1;
TABLE lots;
INSERT INTO bin VALUES (3, 'a', 'l', '2026-06-01', 1);
UPDATE bin SET expires_on = '2026-08-01' WHERE id = 3;
TABLE lots;
UPDATE bin SET expires_on = '2026-08-01' WHERE id = 2;
TABLE lots;
TABLE rejected;
TABLE out_of_line;
-- What keys bring, and somebody wrote by hand, is put right.
UPDATE invtrack.stock_lot SET quantity = 1, expires_on = NULL WHERE merchant = 'agree';
TABLE out_of_line;
TABLE lots;
DELETE FROM invtrack.stock_lot WHERE merchant = 'agree';
TABLE out_of_line;
TABLE lots;
DELETE FROM bin;
DELETE FROM article;
TABLE products;

-- Codes that follow one another, and that change places, are renamed where they come together: trackers go along.
INSERT INTO article SELECT n, 'r' || n, 'was ' || n FROM generate_series(1, 4) n;
SELECT count(invtrack.save_tracker('agree', 'r' || n, 'good', 'stock_quantity', n)) FROM generate_series(1, 4) n;
SET CONSTRAINTS ALL DEFERRED;
UPDATE article SET sku = 'r' || id + 1;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE products;
TABLE trackers;
TABLE out_of_line;
SET CONSTRAINTS ALL DEFERRED;
UPDATE article SET sku = CASE sku WHEN 'r2' THEN 'r3' WHEN 'r3' THEN 'r4' WHEN 'r4' THEN 'r2' ELSE sku END;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE products;
TABLE trackers;
TABLE rejected;
TABLE out_of_line;
-- to a code that somebody else's product has, they are not, nor is who waits for theirs
INSERT INTO invtrack.product (merchant, sku) VALUES ('agree', 'taken');
SET CONSTRAINTS ALL DEFERRED;
UPDATE article SET sku = CASE sku WHEN 'r3' THEN 'taken' WHEN 'r2' THEN 'r3' ELSE sku END;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE products;
TABLE trackers;
TABLE rejected;
TABLE out_of_line;
DELETE FROM article;
DELETE FROM invtrack.tracker WHERE merchant = 'agree';
TABLE out_of_line;
TABLE rejected;
TABLE products;

-- A product that stayed goes when nothing refers to it any more, and the reject with it.
INSERT INTO article VALUES (1, 'b');
INSERT INTO bin VALUES (1, 'b', '', NULL, 5);
DELETE FROM article;
TABLE rejected;
DELETE FROM bin;
INSERT INTO article VALUES (2, 'c');
TABLE products;
TABLE rejected;

-- What arrives within a savepoint is waited for, too; and what was noted is not lost with it.
INSERT INTO bin VALUES (5, 'd', '', NULL, 5);
TABLE rejected;
SET CONSTRAINTS ALL DEFERRED;
SAVEPOINT within;
INSERT INTO article VALUES (5, 'd');
SET CONSTRAINTS ALL IMMEDIATE;
RELEASE within;
TABLE lots;
TABLE rejected;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO bin VALUES (6, 'd', '', NULL, 7);
SAVEPOINT within;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE lots;
ROLLBACK TO within;
TABLE lots;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE lots;
-- also where it failed
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now' USING ERRCODE = '40001'; END$$;
SET CONSTRAINTS ALL DEFERRED;
UPDATE bin SET quantity = quantity + 1;
SAVEPOINT within;
CREATE TRIGGER fails BEFORE INSERT ON invtrack.stock_lot FOR EACH ROW EXECUTE FUNCTION fails();
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK TO within;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE lots;
TABLE out_of_line;
RELEASE within;
RELEASE within;
-- A subscriber, where only triggers that always fire do
SELECT invtrack.watch('articles', 'article', 'id', 'always'), invtrack.watch('bins', 'bin', 'id', 'always');
SET LOCAL session_replication_role = replica;
INSERT INTO bin VALUES (7, 'e', '', NULL, 5);
INSERT INTO article VALUES (7, 'e');
SET LOCAL session_replication_role = origin;
TABLE lots;
TABLE rejected;

-- What was there when no key had it is adopted, and stays.
INSERT INTO article VALUES (8, 'f'), (9, 'g');
DELETE FROM article WHERE id = 8;
INSERT INTO invtrack.product (merchant, sku) VALUES ('agree', 'f');
INSERT INTO article VALUES (8, 'f');
SELECT invtrack.disconnect('bins', false), invtrack.disconnect('articles', false);
TABLE products;

-- What another key takes over is not adopted by that, nor lost: also where it is another connection's, which ends before.
SELECT invtrack.delete_product('agree', 'f');
TRUNCATE article, bin;
CREATE TABLE other_article (LIKE article INCLUDING ALL);
SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('others', 'product', 'other_article', 'id'), invtrack.watch('others', 'other_article', 'id');
INSERT INTO article VALUES (1, 'h', 'of 1'), (2, 'h', 'of 2');
DELETE FROM article WHERE id = 1;
INSERT INTO other_article VALUES (1, 'h', 'of another');
TABLE rejected;
SELECT invtrack.disconnect('articles', false);
TABLE products;
TABLE rejected;
SELECT invtrack.disconnect('others', false);
TABLE products;
-- What is kept at the end of a connection is the next one's.
SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.connect('others', 'product', 'other_article', 'id');
SELECT connection, changed, rejected FROM invtrack.sync();
SELECT invtrack.disconnect('articles');
TABLE products;
TABLE rejected;
TABLE out_of_line;
SELECT invtrack.disconnect('others', false);
TABLE products;
SELECT invtrack.delete_product('agree', 'h');
-- Columns that a key has not say nothing, whichever comes first.
TRUNCATE article, other_article;
CREATE TABLE listed (id integer, sku text, merchant text DEFAULT 'agree');
SELECT invtrack.connect('list', 'product', 'listed', 'id'), invtrack.watch('list', 'listed', 'id'),
       invtrack.connect('articles', 'product', 'article', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('others', 'product', 'other_article', 'id'), invtrack.watch('others', 'other_article', 'id');
INSERT INTO listed VALUES (1, 'k');
INSERT INTO other_article VALUES (1, 'k', 'of another');
INSERT INTO article VALUES (1, 'k', 'of 1');
TABLE products;
TABLE rejected;
TABLE out_of_line;
-- What another connection takes over has not stayed.
INSERT INTO invtrack.stock_lot VALUES ('agree', 'k', 'good', '', NULL, 1);
DELETE FROM listed;
TRUNCATE other_article;
TRUNCATE article;
SELECT count(*) AS stayed FROM rejected;
INSERT INTO article VALUES (2, 'k', 'again');
TABLE products;
TABLE rejected;
TABLE out_of_line;
DELETE FROM invtrack.stock_lot WHERE merchant = 'agree';
-- A key of another column is another record's: nothing is renamed.
ALTER TABLE article ADD legacy integer;
INSERT INTO article (id, sku, legacy) VALUES (3, 'l', 4), (4, 'm', 3);
SELECT invtrack.save_tracker('agree', 'l', 'good', 'stock_quantity', 3), invtrack.save_tracker('agree', 'm', 'good', 'stock_quantity', 4);
SELECT invtrack.connect('articles', 'product', 'article', 'legacy'), invtrack.watch('articles', 'article', 'legacy');
SELECT changed, rejected FROM invtrack.sync('articles');
TABLE trackers;
TABLE rejected;
TABLE out_of_line;
DELETE FROM invtrack.tracker WHERE merchant = 'agree';
SELECT invtrack.disconnect('list', false), invtrack.disconnect('others', false), invtrack.disconnect('articles', false);
TABLE products;
-- A lot waits for a product that is renamed by hand.
INSERT INTO invtrack.product (merchant, sku) VALUES ('agree', 'before');
SELECT invtrack.connect('bins', 'stock_lot', 'bin', 'id'), invtrack.watch('bins', 'bin', 'id');
INSERT INTO bin VALUES (1, 'renamed', '', NULL, 5);
SELECT invtrack.rename_product('agree', 'before', 'renamed');
TABLE lots;
TABLE rejected;
SELECT invtrack.disconnect('bins', false), invtrack.delete_product('agree', 'renamed');
-- A code that is given up is another key's.
TRUNCATE article;
SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.watch('articles', 'article', 'id');
INSERT INTO article VALUES (1, 'i', 'of 1'), (2, 'i', 'of 2');
UPDATE article SET sku = 'j' WHERE id = 1;
TABLE products;
TABLE out_of_line;

-- Constraints are immediate, and all rows of a statement are brought in line together: codes that change places are renamed.
SELECT invtrack.save_tracker('agree', 'i', 'good', 'stock_quantity', 2), invtrack.save_tracker('agree', 'j', 'good', 'stock_quantity', 1);
UPDATE article SET sku = CASE sku WHEN 'i' THEN 'j' ELSE 'i' END;
TABLE trackers;
TABLE out_of_line;
DELETE FROM invtrack.tracker WHERE merchant = 'agree';

-- A source that fails is a reject, whatever its error; one that writes to what is watched does not go on without end.
CREATE TABLE ordered (id integer, state text);
CREATE FUNCTION fails(state text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF state = 'assert' THEN
        ASSERT false;
    ELSIF state = 'write' THEN
        INSERT INTO public.ordered VALUES (0, 'new');
    ELSIF state <> 'new' THEN
        RAISE 'failed' USING ERRCODE = state;
    END IF;
    RETURN 1;
END
$$;
CREATE VIEW sale AS SELECT id, 'agree' AS merchant, 'f' AS sku, 'good' AS inventory_type, date '2026-03-01' AS occurred_on, public.fails(state) AS quantity FROM ordered;
SELECT invtrack.connect('sales', 'sale', 'sale', 'id'), invtrack.watch('sales', 'ordered', 'id');
INSERT INTO ordered VALUES (1, '54000'), (2, 'XX000'), (3, 'assert'), (4, 'write'), (5, 'new');
TABLE rejected;
SELECT sum(quantity) FROM invtrack.movement WHERE merchant = 'agree';
SAVEPOINT transaction_fails;
INSERT INTO ordered VALUES (6, '40001');
ROLLBACK TO transaction_fails;

-- What cannot be watched or connected
CREATE TABLE parted (id integer, sku text) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10);
SELECT invtrack.watch('sales', 'parted', 'id');
SELECT public.error_of($$SELECT invtrack.watch('sales', 'part', 'id')$$);
SELECT invtrack.unwatch('sales', 'parted'), invtrack.watch('sales', 'part', 'id');
SELECT public.error_of($$SELECT invtrack.watch('sales', 'parted', 'id')$$);
CREATE VIEW moment AS SELECT 1 AS id, 'agree'::text AS merchant, 's'::text AS sku, now() AS launched_on;
SELECT public.error_of($$SELECT invtrack.connect('moments', 'product', 'moment', 'id')$$);
ROLLBACK;
