-- Applications have triggers of their own: what these change, watch, unwatch or want to read, where constraints are deferred, and
-- where they are immediate. A sync never finds anything to do.
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) VALUES ('inside');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('inside', 'good');
CREATE TABLE article (id integer PRIMARY KEY, sku text);
CREATE TABLE bin (id integer PRIMARY KEY, article_id integer REFERENCES article ON DELETE CASCADE, quantity numeric);
CREATE TABLE sold (id integer PRIMARY KEY, units numeric);
CREATE TABLE spare (id integer);
CREATE VIEW to_product AS SELECT id, 'inside'::text AS merchant, sku FROM article;
CREATE VIEW to_bin AS SELECT b.id, 'inside'::text AS merchant, a.sku, 'good'::text AS inventory_type, quantity FROM bin b JOIN article a ON a.id = b.article_id;
CREATE VIEW to_sale AS SELECT id, 'inside'::text AS merchant, 's1'::text AS sku, 'good'::text AS inventory_type, date '2026-01-01' AS occurred_on, units AS quantity FROM sold;
SELECT invtrack.connect('articles', 'product', 'to_product', 'id'), invtrack.watch('articles', 'article', 'id'),
       invtrack.connect('bins', 'stock_lot', 'to_bin', 'id'), invtrack.watch('bins', 'bin', 'id'),
       invtrack.connect('sales', 'sale', 'to_sale', 'id'), invtrack.watch('sales', 'sold', 'id');
INSERT INTO article SELECT n, 's' || n FROM generate_series(1, 9) n;
INSERT INTO bin SELECT n, n, 10 FROM generate_series(1, 9) n;
INSERT INTO sold VALUES (1, 1);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
CREATE FUNCTION stock(sku text) RETURNS numeric LANGUAGE sql AS
    'SELECT quantity FROM invtrack.stock_lot l WHERE l.merchant = ''inside'' AND l.sku = stock.sku';
CREATE VIEW out_of_line AS SELECT connection, changed FROM invtrack.sync() WHERE changed > 0;
SAVEPOINT clean;

-- A trigger reads what its statement has changed.
CREATE FUNCTION reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE WARNING 'stock is %', stock('s1');
    SET CONSTRAINTS ALL DEFERRED;
    RETURN NULL;
END$$;
CREATE TRIGGER reads AFTER UPDATE ON bin FOR EACH STATEMENT EXECUTE FUNCTION reads();
UPDATE bin SET quantity = 11 WHERE id = 1;
ROLLBACK TO clean;

-- It ends a watch, also of what it has just changed.
CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bin SET quantity = 99 WHERE id = 2;
    PERFORM invtrack.unwatch('bins', 'bin');
    RETURN NULL;
END$$;
CREATE TRIGGER z_ends AFTER UPDATE ON sold FOR EACH ROW EXECUTE FUNCTION ends();
UPDATE sold SET units = 2;
SELECT stock('s2');
TABLE out_of_line;
ROLLBACK TO clean;
CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bin SET quantity = 98 WHERE id = 2;
    PERFORM invtrack.disconnect('bins');
    RETURN NULL;
END$$;
CREATE TRIGGER z_ends AFTER UPDATE ON sold FOR EACH ROW EXECUTE FUNCTION ends();
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE sold SET units = 2;
SELECT stock('s2');
TABLE out_of_line;
ROLLBACK TO clean;

-- It watches: constraints stay as they are.
CREATE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM invtrack.watch('articles', 'spare', 'id'); RETURN NULL; END$$;
CREATE TRIGGER z_follows AFTER UPDATE ON sold FOR EACH ROW EXECUTE FUNCTION follows();
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE sold SET units = 3;
UPDATE bin SET quantity = 97 WHERE id = 2;
SELECT stock('s2'), count(*) FROM invtrack.connection_pending;
ROLLBACK TO clean;

-- Where constraints are immediate, what one statement changes, in cascades too, is brought in line together, when its triggers have run.
CREATE FUNCTION changes() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE bin SET quantity = 77 WHERE id = 3; RETURN NULL; END$$;
CREATE TRIGGER z_changes AFTER UPDATE ON sold FOR EACH ROW EXECUTE FUNCTION changes();
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE sold SET units = 4;
SELECT stock('s3');
DELETE FROM article WHERE id IN (8, 9);
SELECT key, message FROM invtrack.connection_reject;
SELECT count(*) FROM invtrack.product WHERE merchant = 'inside';
TABLE out_of_line;
ROLLBACK TO clean;

-- What was brought in line in a savepoint is so once more if that is rolled back, and else not.
UPDATE bin SET quantity = 20 WHERE id = 4;
SAVEPOINT within;
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE bin SET quantity = 21 WHERE id = 5;
SELECT stock('s4'), stock('s5');
ROLLBACK TO within;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT stock('s4'), stock('s5');
DO $$
BEGIN
    UPDATE bin SET quantity = 22 WHERE id = 6;
    BEGIN
        UPDATE bin SET quantity = 23 WHERE id = 7;
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN
        UPDATE bin SET quantity = 24 WHERE id = 8;
    END;
END$$;
SELECT stock('s6'), stock('s7'), stock('s8');
TABLE out_of_line;
-- notes that were written to disk
SET LOCAL work_mem = '64kB';
INSERT INTO bin SELECT 1000 + n, 1, 1 FROM generate_series(1, 3000) n;
SELECT stock('s1');
ROLLBACK TO clean;

-- Our trigger works as watch() makes it.
CREATE CONSTRAINT TRIGGER mine AFTER INSERT ON spare DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invtrack_internal.connection_note('id');
INSERT INTO spare VALUES (1);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
