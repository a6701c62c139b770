-- Lines of sales whose products are merged, renamed and deleted: what a key brought is taken back from the product that has it now.
\pset format unaligned
\set SHOW_CONTEXT never
VACUUM invtrack.connection_line, invtrack.connection_row, invtrack.connection_reject;
BEGIN;
SET LOCAL client_min_messages = warning;
-- Keys are found by an index, whatever was in the tables when a statement was planned.
CREATE FUNCTION filters(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    line text;
    found bigint := 0;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        found := found + (line LIKE '%Filter:%')::integer;
    END LOOP;
    RETURN found;
END
$$;
PREPARE lines(integer, text[]) AS SELECT k.* FROM unnest($2) u(key) CROSS JOIN LATERAL (SELECT * FROM invtrack.connection_line k WHERE k.connection = $1 AND k.key = u.key OFFSET 0) k;
PREPARE rows(integer, text[]) AS SELECT * FROM invtrack.connection_row WHERE connection = $1 AND key = ANY ($2);
PREPARE rejects(text, text[]) AS SELECT * FROM invtrack.connection_reject WHERE connection = $1 AND key = ANY ($2);
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL enable_seqscan = off;
SELECT filters('EXECUTE lines(1, NULL)') AS lines, filters('EXECUTE rows(1, NULL)') AS rows, filters('EXECUTE rejects(NULL, NULL)') AS rejects;
DEALLOCATE ALL;
RESET enable_seqscan;
RESET plan_cache_mode;
CREATE TABLE sold (id integer PRIMARY KEY, order_id integer, sku text, units numeric);
CREATE VIEW to_sale AS SELECT order_id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM sold;
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.product (merchant, sku) SELECT 'm', s FROM unnest('{a,b,c,d}'::text[]) s;
INSERT INTO sold VALUES (1, 1, 'a', 5), (2, 1, 'a', 5), (3, 1, 'b', 2), (4, 2, 'b', 7), (5, 3, 'c', 1), (6, 4, 'a', 2.50);
SELECT invtrack.connect('sales', 'sale', 'to_sale', 'order_id');
CREATE FUNCTION now_sold() RETURNS TABLE (sku text, sold numeric, movements bigint) LANGUAGE sql AS
    $$SELECT m.sku, sum(m.quantity), count(*) FROM invtrack.movement m WHERE m.merchant = 'm' GROUP BY m.sku ORDER BY m.sku$$;
CREATE FUNCTION synced() RETURNS text LANGUAGE sql AS $$SELECT format('%s of %s keys changed, %s rejected', changed, keys, rejected) FROM invtrack.sync()$$;
SELECT synced();
SELECT * FROM now_sold();
SELECT l.key, l.quantities, l.counts, ARRAY(SELECT i.sku FROM unnest(l.items) WITH ORDINALITY u (item, n) JOIN invtrack.connection_item i ON i.item = u.item ORDER BY u.n) AS skus
  FROM invtrack.connection_line l ORDER BY l.key;

-- A product is merged, and the application says so, too: nothing moves. Again into a third one.
SELECT invtrack.merge_product('m', 'a', 'b');
UPDATE sold SET sku = 'b' WHERE sku = 'a';
SELECT synced();
SELECT synced();
SELECT * FROM now_sold();
SELECT invtrack.merge_product('m', 'b', 'c');
UPDATE sold SET sku = 'c' WHERE sku = 'b' AND order_id <> 4;
DELETE FROM sold WHERE id = 1;
SELECT synced();
SELECT * FROM now_sold();
SELECT synced();

-- The code is used anew, and its number is another one.
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'a');
INSERT INTO sold VALUES (7, 5, 'a', 3);
SELECT synced();
SELECT * FROM now_sold();
SELECT sku, count(*) FILTER (WHERE same_as IS NULL) AS items, count(same_as) AS others FROM invtrack.connection_item GROUP BY sku ORDER BY sku;

-- Renamed, with those that were merged into it.
SELECT invtrack.rename_product('m', 'c', 'e');
UPDATE sold SET sku = 'e' WHERE sku = 'c';
SELECT synced();
SELECT * FROM now_sold();

-- Merged, and the application goes on with the old code: it has the last word.
SELECT invtrack.merge_product('m', 'e', 'd');
SELECT synced();
SELECT * FROM now_sold();

-- A product that is deleted takes its movements along: the next sync brings what the source still has.
SELECT invtrack.delete_product('m', 'e');
DELETE FROM sold WHERE order_id = 2;
SELECT synced();
SELECT * FROM now_sold();
SELECT synced();

-- A damaged row is told, and left as it is; the other keys go in.
SAVEPOINT damaged;
UPDATE invtrack.connection_line SET counts = '{}' WHERE key = '1';
UPDATE invtrack.connection_line SET counts = '{-1}' WHERE key = '3';
DELETE FROM sold WHERE order_id = 4;
SELECT synced();
SELECT key, row_number, sqlstate, message, hint FROM invtrack.connection_reject ORDER BY key;
ROLLBACK TO damaged;
-- A trigger that keeps rows away: the key is as it was.
CREATE FUNCTION keep_away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep_away BEFORE INSERT ON invtrack.connection_line FOR EACH ROW EXECUTE FUNCTION keep_away();
INSERT INTO sold VALUES (8, 6, 'a', 1);
SELECT synced();
SELECT key, row_number, sqlstate, message FROM invtrack.connection_reject;
DROP TRIGGER keep_away ON invtrack.connection_line;
SAVEPOINT mended;
SELECT synced();
ROLLBACK TO mended;
CREATE TRIGGER keep_away BEFORE INSERT ON invtrack.connection_item FOR EACH ROW EXECUTE FUNCTION keep_away();
INSERT INTO sold VALUES (9, 7, 'z', 1);
SELECT synced();
SELECT key, row_number, sqlstate, message FROM invtrack.connection_reject WHERE key = '7';
ROLLBACK TO mended;
CREATE TRIGGER keep_away BEFORE INSERT ON invtrack.movement FOR EACH ROW EXECUTE FUNCTION keep_away();
SELECT synced();
DROP TRIGGER keep_away ON invtrack.movement;
SELECT synced();
SELECT * FROM now_sold();
SELECT invtrack.disconnect('sales', keep_data => false);
SELECT sku, sold FROM now_sold();
SELECT (SELECT count(*) FROM invtrack.connection_line) AS lines, (SELECT count(*) FROM invtrack.connection_key) AS keys;
SELECT * FROM invtrack.verify();
-- What was there before a connection stays, renamed or not.
CREATE TABLE article (id integer PRIMARY KEY, merchant text, sku text);
INSERT INTO article VALUES (1, 'm', 'd'), (2, 'm', 'new');
SELECT invtrack.connect('articles', 'product', 'article', 'id');
SELECT synced();
UPDATE article SET sku = 'f' WHERE sku = 'd';
SELECT synced();
SELECT invtrack.disconnect('articles', keep_data => false);
SELECT sku FROM invtrack.product ORDER BY sku;

-- Of many keys those are found that differ, and others are not written.
CREATE TABLE counted (id integer, sku text, units numeric);
CREATE INDEX ON counted (id);
INSERT INTO counted SELECT n, 'f', 1 + n % 7 FROM generate_series(1, 12000) n;
CREATE VIEW to_count AS SELECT id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-02' AS occurred_on, units AS quantity FROM counted;
SELECT invtrack.connect('counted', 'sale', 'to_count', 'id');
CREATE FUNCTION written() RETURNS TABLE (keys bigint, first_key text, last_key text) LANGUAGE sql AS $$
    WITH touched AS (UPDATE invtrack.connection_key SET synced_at = '2026-01-01' WHERE synced_at > '2026-01-01' RETURNING key)
    SELECT count(*), min(key), max(key) FROM touched
$$;
SELECT synced();
SELECT * FROM written();
SELECT synced();
SELECT * FROM written();
UPDATE counted SET units = units + 1 WHERE id % 1000 = 0;
DELETE FROM counted WHERE id % 1000 = 1;
INSERT INTO counted SELECT n, 'f', 1 FROM generate_series(30000, 30009) n;
INSERT INTO counted SELECT n, 'f', 0.5 FROM generate_series(10, 12) n, generate_series(1, n) l;
INSERT INTO counted VALUES (9, NULL, 1), (99, 'f', 'NaN');
SELECT synced();
SELECT * FROM written();
SELECT synced();
SELECT * FROM written();
SELECT sum(quantity) = (SELECT sum(units) FROM counted WHERE sku = 'f' AND units <> 'NaN') AS as_in_source FROM invtrack.movement WHERE merchant = 'm' AND occurred_on = '2026-03-02';
-- A source that cannot be read as a whole: a key that fails is rejected, and those that are in line are not written.
DELETE FROM counted WHERE id > 40;
CREATE OR REPLACE VIEW to_count AS SELECT id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-02' AS occurred_on, units + 0 / (id - 20) AS quantity FROM counted;
SELECT synced();
SELECT * FROM written();
SELECT key, sqlstate, message FROM invtrack.connection_reject ORDER BY key;
-- A source whose function closes the cursors that it finds loses nothing.
CREATE FUNCTION close_cursors() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    found text;
    of_others refcursor;
BEGIN
    FOR found IN SELECT name FROM pg_cursors WHERE statement LIKE '%FROM invtrack.connection' || '_line%' LOOP
        of_others := found;
        CLOSE of_others;
    END LOOP;
    RETURN 0;
END
$$;
CREATE OR REPLACE VIEW to_count AS SELECT id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-02' AS occurred_on, units + close_cursors() AS quantity FROM counted;
SELECT synced();
SELECT synced();
-- What each commit looks up is found by an index, of whatever name; without one the key is rejected, and tried again.
CREATE OR REPLACE VIEW to_count AS SELECT id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-02' AS occurred_on, units AS quantity FROM counted;
SELECT synced();
SELECT invtrack.watch('counted', 'counted', 'id');
ALTER TABLE invtrack.connection_line RENAME CONSTRAINT connection_line_pkey TO other_name;
CREATE INDEX partial ON invtrack.connection_line (key, connection) WHERE key = '';
UPDATE counted SET units = 100 WHERE id = 5;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT quantity FROM invtrack.movement ORDER BY movement_id DESC LIMIT 1;
SAVEPOINT whole;
ALTER TABLE invtrack.connection_line DROP CONSTRAINT other_name;
UPDATE counted SET units = 200 WHERE id = 5;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT key, sqlstate, message, hint FROM invtrack.connection_reject WHERE key = '5';
ROLLBACK TO whole;
SAVEPOINT whole;
DROP INDEX invtrack.connection_watch_watched;
UPDATE counted SET units = 200 WHERE id = 5;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK TO whole;
-- Whoever owns connection_pending may take its row away.
UPDATE counted SET units = 300 WHERE id = 5;
DELETE FROM invtrack.connection_pending;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT quantity FROM invtrack.movement ORDER BY movement_id DESC LIMIT 1;
-- and put something else in its place, with its trigger.
CREATE TRIGGER early BEFORE INSERT ON invtrack.connection_pending FOR EACH ROW EXECUTE FUNCTION invtrack_internal.connection_drain();
SAVEPOINT whole;
INSERT INTO invtrack.connection_pending DEFAULT VALUES;
ROLLBACK TO whole;
ALTER TABLE invtrack.connection_pending RENAME TO pending;
CREATE VIEW invtrack.connection_pending AS TABLE invtrack.pending;
CREATE TRIGGER instead INSTEAD OF INSERT ON invtrack.connection_pending FOR EACH ROW EXECUTE FUNCTION invtrack_internal.connection_drain();
SAVEPOINT whole;
INSERT INTO invtrack.connection_pending DEFAULT VALUES;
ROLLBACK;
