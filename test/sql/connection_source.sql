-- Sources and watched tables that are not what they seem, and whose they are.
\pset format unaligned
\pset tuples_only
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET invtrack.as_of = '2026-03-10';
CREATE ROLE invtrack_test_seller;
CREATE SCHEMA sells AUTHORIZATION invtrack_test_seller;
INSERT INTO invtrack.merchant (merchant) VALUES ('source');
INSERT INTO invtrack.inventory_type VALUES ('source', 'good', 'Good');
INSERT INTO invtrack.product VALUES ('source', 'A', 'Apple');
CREATE VIEW told AS SELECT message, hint FROM invtrack.connection_reject;

-- Who has a partitioned table adds partitions to it, also once it is watched.
SET ROLE invtrack_test_seller;
CREATE TABLE sells.sold (id integer, day date, quantity integer) PARTITION BY RANGE (day);
CREATE VIEW sells.to_sale AS SELECT id, 'source' AS merchant, 'A' AS sku, 'good' AS inventory_type, day AS occurred_on, quantity FROM sells.sold;
RESET ROLE;
SELECT invtrack.connect('sold', 'sale', 'sells.to_sale', 'id'), invtrack.watch('sold', 'sells.sold', 'id');
SET ROLE invtrack_test_seller;
CREATE TABLE sells.sold_3 PARTITION OF sells.sold FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO sells.sold VALUES (1, '2026-03-02', 3);
RESET ROLE;
SELECT day, quantity FROM invtrack.flow_daily WHERE merchant = 'source';
-- its next owner does when it is watched again
CREATE ROLE invtrack_test_buyer;
GRANT USAGE, CREATE ON SCHEMA sells TO invtrack_test_buyer;
ALTER TABLE sells.sold OWNER TO invtrack_test_buyer;
GRANT SELECT ON sells.sold TO invtrack_test_seller;
SET ROLE invtrack_test_buyer;
CREATE TABLE sells.sold_4 PARTITION OF sells.sold FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
RESET ROLE;
SELECT invtrack.watch('sold', 'sells.sold', 'id');
SET ROLE invtrack_test_buyer;
CREATE TABLE sells.sold_4 PARTITION OF sells.sold FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
RESET ROLE;

-- What two connections read counts twice, and a column of another name is not read.
SET client_min_messages = notice;
SELECT invtrack.connect('again', 'sale', 'sells.to_sale', 'id');
CREATE VIEW lot AS SELECT id, 'source'::text AS merchant, 'A'::text AS sku, 'good'::text AS inventory_type, 5 AS quantity, day AS expires, 1 AS "Lot No" FROM sells.sold;
SELECT invtrack.connect('lots', 'stock_lot', 'lot', 'id');
SELECT invtrack.connect('lots', 'stock_lot', 'lot', 'id');
SET client_min_messages = warning;
SELECT invtrack.disconnect('again'), invtrack.disconnect('lots');

-- A source that asks for days of a merchant's may be connected before that one is there. Its keys are tried again when it comes.
CREATE TABLE shop (code text);
CREATE TABLE visit (id integer, shop text, at timestamptz, quantity integer);
CREATE VIEW to_merchant AS SELECT code, code AS merchant, 'Asia/Tokyo' AS time_zone FROM shop;
CREATE VIEW to_sale AS
SELECT id, shop AS merchant, 'A' AS sku, 'good' AS inventory_type, invtrack.day_of(shop, at) AS occurred_on, quantity FROM visit;
INSERT INTO visit VALUES (1, 'source 1', '2026-03-01 23:00+00', 5);
SELECT invtrack.connect('shops', 'merchant', 'to_merchant', 'code'), invtrack.watch('shops', 'shop', 'code'),
       invtrack.connect('visits', 'sale', 'to_sale', 'id'), invtrack.watch('visits', 'visit', 'id');
CREATE VIEW to_product AS SELECT id, shop AS merchant, 'A' AS sku, invtrack.day_of(shop, at) AS launched_on FROM visit;
SELECT invtrack.connect('visited', 'product', 'to_product', 'id');
INSERT INTO visit VALUES (2, 'source 2', '2026-03-01 23:00+00', 5);
CALL invtrack.sync_all('visits');
CALL invtrack.sync_all('visited');
SELECT connection, key, message FROM invtrack.connection_reject ORDER BY 1, 2;
INSERT INTO shop VALUES ('source 1');
SELECT connection, key FROM invtrack.connection_reject ORDER BY 1, 2;
SELECT day, quantity FROM invtrack.flow_daily WHERE merchant = 'source 1';
SELECT sku, launched_on FROM invtrack.product WHERE merchant = 'source 1';
SELECT invtrack.disconnect('visits', false), invtrack.disconnect('visited', false), invtrack.disconnect('shops', false);

-- What a source's owner may not read, and what its functions do not find, when it is connected and later.
\set VERBOSITY terse
CREATE TABLE factor (box integer);
CREATE FUNCTION boxes() RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT box FROM factor); END';
CREATE VIEW boxed AS SELECT 1 AS id, 'source' AS merchant, 'A' AS sku, 'good' AS inventory_type, boxes() AS quantity;
CREATE TABLE sells.shelf (id integer, quantity integer);
INSERT INTO sells.shelf VALUES (1, 4);
ALTER VIEW sells.to_sale RENAME TO to_lot;
CREATE OR REPLACE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE of_error text; of_column text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS of_error = PG_EXCEPTION_HINT, of_column = COLUMN_NAME;
    RETURN concat_ws('|', SQLSTATE, SQLERRM, of_column, of_error);
END
$$;
SELECT pg_temp.hint($$SELECT invtrack.connect('boxed', 'stock_lot', 'boxed', 'id')$$);
SET ROLE invtrack_test_seller;
CREATE VIEW sells.to_shelf AS SELECT id, 'source' AS merchant, 'A' AS sku, 'good' AS inventory_type, quantity FROM sells.shelf;
RESET ROLE;
SELECT pg_temp.hint($$SELECT invtrack.connect('shelves', 'stock_lot', 'sells.to_shelf', 'id')$$);
GRANT SELECT ON sells.shelf TO invtrack_test_seller;
SELECT invtrack.connect('shelves', 'stock_lot', 'sells.to_shelf', 'id'), invtrack.watch('shelves', 'sells.shelf', 'id');
REVOKE SELECT ON sells.shelf FROM invtrack_test_seller;
UPDATE sells.shelf SET quantity = 6;
TABLE told;
GRANT SELECT ON sells.shelf TO invtrack_test_seller;
ALTER TABLE sells.shelf ENABLE ROW LEVEL SECURITY;
UPDATE sells.shelf SET quantity = 7;
TABLE told;
-- a view that was made anew is another one
DROP VIEW sells.to_shelf;
UPDATE sells.shelf SET quantity = 8;
TABLE told;
SELECT last_error FROM invtrack.connection_status WHERE connection = 'shelves';

SELECT invtrack.disconnect('shelves', false), invtrack.disconnect('sold', false);
SELECT invtrack.delete_merchant('source');
SELECT invtrack.delete_merchant('source 1');
DROP VIEW told, lot, to_sale, to_product, to_merchant, boxed;
DROP TABLE shop, visit, factor;
DROP FUNCTION boxes();
DROP SCHEMA sells CASCADE;
DROP OWNED BY invtrack_test_seller, invtrack_test_buyer;
DROP ROLE invtrack_test_seller, invtrack_test_buyer;
