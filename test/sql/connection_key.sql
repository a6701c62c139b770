-- Keys of connections: of each type, composite ones cast in the view, whatever is in them, and ones that are too long.
\pset format unaligned
SET client_min_messages = warning;
SET datestyle = 'German, DMY';
SET invtrack.as_of = '2026-03-10';
CREATE SCHEMA keys;
SELECT format('CREATE TABLE keys.%1$s_line (id %2$s, sku text, units numeric);
               CREATE VIEW keys.%1$s_sale AS SELECT id, ''k''::text AS merchant, ''%1$s ''||sku AS sku, ''good''::text AS inventory_type, date ''2026-03-01'' AS occurred_on, units AS quantity
                 FROM keys.%1$s_line',
              name, type)
  FROM (VALUES ('small', 'smallint'), ('int', 'integer'), ('big', 'bigint'), ('uuid', 'uuid'), ('text', 'text'), ('var', 'varchar(40)')) t (name, type) \gexec
-- A document of two columns: the view casts them to one, and the table has it, too, for its triggers.
CREATE TABLE keys.pair_line (shop integer, number text, id text GENERATED ALWAYS AS (shop::text || '/' || number) STORED, sku text, units numeric);
CREATE VIEW keys.pair_sale AS
SELECT id, 'k'::text AS merchant, 'pair ' || sku AS sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM keys.pair_line;
SELECT count(invtrack.connect(name, 'sale', ('keys.' || name || '_sale')::regclass, 'id')) AS connected,
       count(invtrack.watch(name, ('keys.' || name || '_line')::regclass, 'id')) AS watched
  FROM unnest(ARRAY['small', 'int', 'big', 'uuid', 'text', 'var', 'pair']) name;
CREATE VIEW public.disagreement AS
WITH source AS (
    SELECT sku, quantity FROM keys.small_sale UNION ALL SELECT sku, quantity FROM keys.int_sale UNION ALL SELECT sku, quantity FROM keys.big_sale
    UNION ALL SELECT sku, quantity FROM keys.uuid_sale UNION ALL SELECT sku, quantity FROM keys.text_sale WHERE octet_length(id) <= 2000
    UNION ALL SELECT sku, quantity FROM keys.var_sale UNION ALL SELECT sku, quantity FROM keys.pair_sale)
SELECT sku, s.quantity AS source, f.quantity AS invtrack
  FROM (SELECT sku, sum(quantity) AS quantity FROM source GROUP BY sku) s
  FULL JOIN (SELECT sku, sum(quantity) AS quantity FROM invtrack.flow_daily GROUP BY sku) f USING (sku)
 WHERE coalesce(s.quantity, 0) <> coalesce(f.quantity, 0);
INSERT INTO keys.small_line VALUES (-32768, 'a', 1), (32767, 'a', 2), (NULL, 'a', 4);
INSERT INTO keys.int_line VALUES (-2147483648, 'a', 1), (0, 'a', 2);
INSERT INTO keys.big_line VALUES (9223372036854775807, 'a', 1), (1, 'b', 2);
INSERT INTO keys.uuid_line VALUES ('00000000-0000-0000-0000-000000000000', 'a', 1), ('{A0EEBC99-9C0B4EF8BB6D6BB9BD380A11}', 'a', 2);
INSERT INTO keys.text_line VALUES ('', 'a', 1), (' ', 'a', 2), ('a b', 'a', 4), ('it''s "so"', 'a', 8), (E'back\\slash {,} %s $1', 'a', 16), ('NULL', 'a', 32),
    ('Öl', 'a', 64), (U&'\00F6', 'a', 128), (U&'o\0308', 'a', 256), (E'two\nlines\t', 'a', 512), ('infinity', 'b', 1), ('10', 'b', 2), ('9', 'b', 4);
INSERT INTO keys.var_line VALUES ('trailing  ', 'a', 1), ('trailing', 'a', 2), ('Z', 'b', 1), ('a', 'b', 2), ('ä', 'b', 4);
INSERT INTO keys.pair_line (shop, number, sku, units) VALUES (1, '1/1', 'a', 1), (11, '1', 'a', 2), (1, NULL, 'a', 4);
-- null keys are no keys
DELETE FROM keys.small_line WHERE id IS NULL;
DELETE FROM keys.pair_line WHERE id IS NULL;
TABLE public.disagreement;
UPDATE keys.text_line SET units = units + 1000, id = id || 'x' WHERE id IN ('', 'NULL', 'Öl');
UPDATE keys.text_line SET id = 'NULL' WHERE id = U&'\00F6';
DELETE FROM keys.uuid_line WHERE id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
UPDATE keys.pair_line SET shop = 2;
UPDATE keys.var_line SET units = 7 WHERE id = 'trailing';
TRUNCATE keys.big_line;
TABLE public.disagreement;
SELECT connection, changed, rejected FROM invtrack.sync() ORDER BY connection;
-- One that is too long for an index: the application goes on, and the reject says so.
INSERT INTO keys.text_line VALUES (repeat('long ', 400), 'b', 8), (repeat('long ', 400) || '.', 'b', 16), (repeat('ä', 3000), 'b', 32);
TABLE public.disagreement;
SELECT left(key, 20) AS key, row_number, sqlstate, message, hint FROM invtrack.connection_reject ORDER BY key COLLATE "C";
DELETE FROM keys.text_line WHERE octet_length(id) > 2000;
CALL invtrack.sync_all('text');
TABLE public.disagreement;
SELECT count(*) AS still_rejected FROM invtrack.connection_reject;
INSERT INTO keys.text_line VALUES (repeat('long ', 400) || 'again', 'b', 8);
SELECT count(*) AS rejected FROM invtrack.connection_reject;
TRUNCATE keys.text_line;
SELECT count(*) AS still_rejected FROM invtrack.connection_reject;
-- A column of texts holds keys that are numbers or uuids: written otherwise, they are the same keys.
CREATE TABLE keys.written (no text, uuid text, units numeric);
CREATE VIEW keys.by_no AS SELECT no::integer AS id, 'k'::text AS merchant, 'a'::text AS sku, 'good'::text AS inventory_type, 'by number'::text AS lot, units AS quantity FROM keys.written;
CREATE VIEW keys.by_uuid AS SELECT uuid::uuid AS id, 'k'::text AS merchant, 'by uuid'::text AS sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM keys.written;
INSERT INTO invtrack.merchant (merchant) VALUES ('k') ON CONFLICT DO NOTHING;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('k', 'good') ON CONFLICT DO NOTHING;
INSERT INTO invtrack.product (merchant, sku) VALUES ('k', 'a') ON CONFLICT DO NOTHING;
SELECT invtrack.connect('by number', 'stock_lot', 'keys.by_no', 'id'), invtrack.watch('by number', 'keys.written', 'no'),
       invtrack.connect('by uuid', 'sale', 'keys.by_uuid', 'id'), invtrack.watch('by uuid', 'keys.written', 'uuid');
CREATE VIEW keys.figures AS SELECT (SELECT sum(quantity) FROM invtrack.stock_lot WHERE lot = 'by number') AS units, (SELECT sum(quantity) FROM invtrack.movement WHERE sku = 'by uuid') AS sold;
INSERT INTO keys.written VALUES (' 007', '{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}', 10), ('+8', 'b0eebc999c0b4ef8bb6d6bb9bd380a11', 5);
TABLE keys.figures;
UPDATE keys.written SET units = units + 1;
TABLE keys.figures;
SELECT connection, changed, rejected FROM invtrack.sync() WHERE connection LIKE 'by %' ORDER BY connection;
DELETE FROM keys.written;
TABLE keys.figures;
-- Another key column: keys of the old one count as absent.
CREATE TABLE keys.document (id integer, doc text, merchant text DEFAULT 'k', sku text DEFAULT 'a', inventory_type text DEFAULT 'good', lot text DEFAULT 'document', quantity numeric);
INSERT INTO keys.document (id, doc, quantity) VALUES (1, 'A', 3), (2, '02', 4);
SELECT invtrack.connect('documents', 'stock_lot', 'keys.document', 'doc');
SELECT changed, rejected FROM invtrack.sync('documents');
SELECT invtrack.connect('documents', 'stock_lot', 'keys.document', 'id');
SELECT changed, rejected FROM invtrack.sync('documents');
SELECT quantity FROM invtrack.stock_lot WHERE lot = 'document';
SELECT changed, rejected FROM invtrack.sync('documents');
-- Numbers that are too large for the key of the source count as absent, too.
CREATE TABLE keys.large (id bigint, merchant text DEFAULT 'k', sku text DEFAULT 'a', inventory_type text DEFAULT 'good', lot text, quantity numeric DEFAULT 1);
CREATE VIEW keys.not_large AS SELECT id::integer AS id, merchant, sku, inventory_type, lot, quantity FROM keys.large WHERE id < 100;
INSERT INTO keys.large (id, lot) VALUES (5, 'small'), (5000000000, 'large');
SELECT invtrack.connect('numbers', 'stock_lot', 'keys.large', 'id'), invtrack.watch('numbers', 'keys.large', 'id');
SELECT changed, rejected FROM invtrack.sync('numbers');
SELECT invtrack.connect('numbers', 'stock_lot', 'keys.not_large', 'id');
SELECT changed, rejected FROM invtrack.sync('numbers');
INSERT INTO keys.large (id, lot) VALUES (6000000000, 'larger');
SELECT changed, rejected FROM invtrack.sync('numbers');
-- A long key does not fail a transaction where its source does, and is forgotten when it has gone.
CREATE FUNCTION keys.fails(units numeric) RETURNS numeric LANGUAGE plpgsql AS $$BEGIN RAISE 'no units'; END$$;
CREATE TABLE keys.long (id text, units numeric);
CREATE VIEW keys.long_sale AS SELECT id, 'k'::text AS merchant, 'long'::text AS sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, keys.fails(units) AS quantity FROM keys.long;
SELECT invtrack.connect('long', 'sale', 'keys.long_sale', 'id'), invtrack.watch('long', 'keys.long', 'id');
INSERT INTO keys.long VALUES (repeat('long ', 500), 1);
SELECT left(key, 9) AS key, sqlstate, message FROM invtrack.connection_reject WHERE connection = 'long';
ALTER TABLE keys.long DISABLE TRIGGER USER;
DELETE FROM keys.long;
CALL invtrack.sync_all();
SELECT count(*) FROM invtrack.connection_reject WHERE connection = 'long';
-- A source that has gone keeps nobody else from being synced.
CREATE TABLE keys.gone (id integer, merchant text, sku text);
SELECT invtrack.connect('a gone one', 'product', 'keys.gone', 'id');
INSERT INTO keys.gone VALUES (1, 'k', 'gone');
SELECT changed FROM invtrack.sync('a gone one');
DROP TABLE keys.gone;
UPDATE keys.document SET quantity = 5;
CALL invtrack.sync_all();
SELECT quantity FROM invtrack.stock_lot WHERE lot = 'document';
SELECT key, sqlstate, message FROM invtrack.connection_reject WHERE connection = 'a gone one';
SELECT last_error FROM invtrack.connection_status WHERE connection = 'a gone one';
SELECT count(invtrack.disconnect(connection, keep_data => false)) AS disconnected FROM invtrack.connection;
SELECT sku, sum(quantity) FROM invtrack.flow_daily GROUP BY sku HAVING sum(quantity) <> 0;
SELECT count(*) AS keys FROM invtrack.connection_key;
SELECT invtrack.delete_merchant('k');
-- A collation may not take different keys for one.
CREATE COLLATION keys.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE keys.folded (id text COLLATE keys.any_case, merchant text, sku text);
CREATE VIEW keys.exact AS SELECT id COLLATE "C" AS id, merchant, sku FROM keys.folded;
SELECT public.error_of($$SELECT invtrack.connect('folded', 'product', 'keys.folded', 'id')$$);
SELECT invtrack.connect('folded', 'product', 'keys.exact', 'id'), invtrack.watch('folded', 'keys.folded', 'id');
INSERT INTO keys.folded VALUES ('a', 'k', 'one'), ('A', 'k', 'two');
SELECT key, sqlstate FROM invtrack.connection_reject ORDER BY key;
INSERT INTO invtrack.merchant (merchant) VALUES ('k');
SELECT sku FROM invtrack.product WHERE merchant = 'k' ORDER BY sku;
SELECT invtrack.disconnect('folded');
SELECT invtrack.delete_merchant('k');
DROP SCHEMA keys CASCADE;
