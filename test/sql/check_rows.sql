-- Which rows of a file would be refused: every finding is proved by an INSERT of the row, and so is that there is none.
SET datestyle = 'ISO, YMD';
INSERT INTO invtrack.merchant (merchant) VALUES ('rows'), ('rows2');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('rows', 'good'), ('rows2', 'good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('rows', 'p1'), ('rows', 'p2'), ('rows2', 'p1');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity) VALUES
    ('rows', 'p1', 'good', '', 5), ('rows', 'p1', 'good', 'L1', 5);
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, quantity) VALUES ('rows', 'p1', 'good', 'PO1', 5);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES
    ('rows', 'p1', 'good', 'sale', '2026-03-01', 1, 'r1'), ('rows', 'p1', 'good', 'sale', '2026-03-01', 1, 'r2'),
    ('rows2', 'p1', 'good', 'sale', '2026-03-01', 1, 'r1');
SELECT count(invtrack.reverse_movement(merchant, movement_id)) FROM invtrack.movement WHERE merchant = 'rows' AND ref = 'r2';

CREATE TABLE rows_file (target text, n integer, value jsonb);
INSERT INTO rows_file SELECT 'product', n, '{"merchant": "rows"}'::jsonb || v::jsonb FROM (VALUES
    (1, '{"sku": "n1"}'), (2, '{"sku": "n2", "name": "Tea é", "launched_on": "2026-01-31", "discontinued_on": null}'),
    (3, '{"sku": "p1"}'), (4, '{"sku": "n1", "name": "again"}'), (5, '{"sku": null}'), (6, '{}'), (7, '{"sku": " x"}'),
    (8, '{"sku": ""}'), (9, '{"sku": "n3", "name": null}'), (10, '{"sku": "n4", "launched_on": "31.12.2026"}'),
    (11, '{"sku": "n5", "launched_on": "2026-02-30"}'), (12, '{"sku": "n6", "discontinued_on": "infinity"}'),
    (13, '{"sku": "n7", "launched_on": "soon"}'), (14, '{"sku": "n8", "merchant": "row"}'), (15, '{"sku": "n9", "merchant": null}'),
    (16, '{"sku": "%s'';--", "name": "%n"}'), (17, '{"sku": 17}'), (18, '{"sku": "n10", "launched_on": 5}'),
    (19, '{"sku": "n11", "launched_on": ""}'), (20, '{"sku": "n12", "launched_on": "4713-01-01 BC"}')) t (n, v);
INSERT INTO rows_file SELECT 'stock_lot', n, '{"merchant": "rows", "sku": "p2", "inventory_type": "good", "quantity": 1}'::jsonb || v::jsonb FROM (VALUES
    (1, '{}'), (2, '{"lot": "L1", "quantity": "-0.000001", "expires_on": "2026-12-31"}'), (3, '{"sku": "p1"}'), (4, '{"sku": "p1", "lot": "L1"}'),
    (5, '{"lot": ""}'), (6, '{"lot": null}'), (7, '{"lot": "L3 "}'), (8, '{"lot": "L4", "quantity": "1,5"}'), (9, '{"lot": "L5", "quantity": ""}'),
    (10, '{"lot": "L6", "quantity": "0.0000001"}'), (11, '{"lot": "L7", "quantity": 1e12}'), (12, '{"lot": "L8", "quantity": "-999999999999.999999"}'),
    (13, '{"lot": "L9", "quantity": "NaN"}'), (14, '{"lot": "L10", "quantity": "-Infinity"}'), (15, '{"lot": "L11", "quantity": null}'),
    (16, '{"sku": "P2"}'), (17, '{"sku": "p9", "inventory_type": "god"}'), (18, '{"merchant": "nobody"}'), (19, '{"sku": "p2\u00a0"}'),
    (20, '{"lot": "L12", "quantity": true}'), (21, '{"lot": "L13", "quantity": [1]}'), (22, '{"lot": "L2", "quantity": "1e3"}'),
    (23, '{"lot": "L14", "expires_on": "2026-13-01", "quantity": "1.000.000"}'), (24, '{"lot": "L15", "expires_on": "-infinity"}'),
    (25, '{"lot": "L16", "quantity": 1e1000}')) t (n, v);
INSERT INTO rows_file SELECT 'movement', n, '{"merchant": "rows", "sku": "p1", "inventory_type": "good", "flow": "sale", "occurred_on": "2026-03-02", "quantity": 1}'::jsonb || v::jsonb FROM (VALUES
    (1, '{}'), (2, '{}'), (3, '{"ref": "r1"}'), (4, '{"ref": "r1", "flow": "shipment"}'), (5, '{"ref": "r2"}'), (6, '{"ref": "r2"}'), (7, '{"ref": ""}'),
    (8, '{"ref": null, "sku": "unknown", "quantity": -1}'), (9, '{"flow": "sales"}'), (10, '{"flow": null}'), (11, '{"occurred_on": null}'),
    (12, '{"occurred_on": "10000-01-01"}'), (13, '{"sku": "\tp1"}'), (14, '{"quantity": "12.5.1"}'), (15, '{"ref": "r1", "merchant": "rows2", "flow": "shipment"}'), (16, '{"occurred_on": "today"}')) t (n, v);
INSERT INTO rows_file SELECT 'movement', 17, value || jsonb_build_object('ref', repeat('x', 1001)) FROM rows_file WHERE target = 'movement' AND n = 1;
INSERT INTO rows_file SELECT 'incoming', n, '{"merchant": "rows", "sku": "p1", "inventory_type": "good", "quantity": 1}'::jsonb || v::jsonb FROM (VALUES
    (1, '{}'), (2, '{"ref": "PO1"}'), (3, '{"ref": "PO2", "expected_on": "2026-04-01"}'), (4, '{"ref": "PO2", "sku": "p2"}'), (5, '{"ref": "PO2"}'),
    (6, '{"ref": "PO3", "quantity": 0}'), (7, '{"ref": "PO4", "quantity": "-1"}'), (8, '{"ref": " PO5"}'), (9, '{"ref": null}'), (10, '{"sku": "p1 "}'),
    (11, '{"ref": "PO6", "expected_on": "infinity"}'), (12, '{"ref": "PO7", "quantity": "x", "inventory_type": null}')) t (n, v);

CREATE TABLE rows_found AS
SELECT f.target, c.* FROM (SELECT target, jsonb_agg(value ORDER BY n) AS file FROM rows_file GROUP BY target) f, LATERAL invtrack.check_rows(f.target, f.file) c;
\pset null '(null)'
SELECT row_number, column_name, left(value, 30) AS value, sqlstate, left(message, 100) AS message FROM rows_found WHERE target = 'product' ORDER BY 1, 2;
SELECT row_number, column_name, left(value, 30) AS value, sqlstate, left(message, 100) AS message FROM rows_found WHERE target = 'stock_lot' ORDER BY 1, 2;
SELECT row_number, column_name, left(value, 30) AS value, sqlstate, left(message, 100) AS message FROM rows_found WHERE target = 'movement' ORDER BY 1, 2;
SELECT row_number, column_name, left(value, 30) AS value, sqlstate, left(message, 100) AS message FROM rows_found WHERE target = 'incoming' ORDER BY 1, 2;
\pset null ''
SELECT DISTINCT hint COLLATE "C" AS hint FROM rows_found ORDER BY 1;

-- The trial: each row by itself, keys that are left out left to their defaults, with the errors of the INSERT. Rows that go in stay, as in a load.
CREATE FUNCTION try_row(target text, value jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO invtrack.%I (%s) SELECT %2$s FROM jsonb_populate_record(NULL::invtrack.%1$I, $1)', target,
                   (SELECT string_agg(quote_ident(k), ', ') FROM jsonb_object_keys(value) k)) USING value;
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN NULL;
EXCEPTION WHEN others THEN
    RETURN SQLSTATE;
END
$$;
CREATE TABLE rows_tried (target text, n integer, sqlstate text);
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM rows_file ORDER BY target, n LOOP
        INSERT INTO rows_tried VALUES (f.target, f.n, try_row(f.target, f.value));
    END LOOP;
END
$$;
-- rows that were passed and did not go in, and rows that were refused and either went in or failed with another SQLSTATE
SELECT t.*, (SELECT array_agg(f.sqlstate) FROM rows_found f WHERE f.target = t.target AND f.row_number = t.n) AS found
  FROM rows_tried t
 WHERE (t.sqlstate IS NULL) <> NOT EXISTS (SELECT FROM rows_found f WHERE f.target = t.target AND f.row_number = t.n)
    OR t.sqlstate IS NOT NULL AND t.sqlstate <> ALL (ARRAY(SELECT f.sqlstate FROM rows_found f WHERE f.target = t.target AND f.row_number = t.n))
 ORDER BY 1, 2;
SELECT target, count(*) FILTER (WHERE sqlstate IS NULL) AS went_in, count(sqlstate) AS refused FROM rows_tried GROUP BY 1 ORDER BY 1;

-- what is no file at all
SELECT * FROM invtrack.check_rows(NULL, '[]');
SELECT * FROM invtrack.check_rows('product', NULL);
SELECT * FROM invtrack.check_rows('merchant', '[]');
SELECT * FROM invtrack.check_rows('%s', '[]');
SELECT * FROM invtrack.check_rows('product', '{}');
SELECT * FROM invtrack.check_rows('product', '"x"');
SELECT * FROM invtrack.check_rows('product', '[1]');
SELECT * FROM invtrack.check_rows('product', '[{"merchant": "rows", "sku": "z", "price": 1}]');
SELECT * FROM invtrack.check_rows('movement', '[{"reversed": true}]');
SELECT * FROM invtrack.check_rows('product', '[]');

-- a code from before 0.3 that is there may be used where it is
BEGIN;
ALTER TABLE invtrack.product DISABLE TRIGGER ALL;
ALTER TABLE invtrack.product DROP CONSTRAINT product_check;
INSERT INTO invtrack.product (merchant, sku) VALUES ('rows', U&'old\2003');
SELECT try_row('stock_lot', v), (SELECT count(*) FROM invtrack.check_rows('stock_lot', jsonb_build_array(v)))
  FROM (VALUES (jsonb_build_object('merchant', 'rows', 'sku', U&'old\2003', 'inventory_type', 'good', 'quantity', 1)),
               (jsonb_build_object('merchant', 'rows', 'sku', U&'new\2003', 'inventory_type', 'good', 'quantity', 1)),
               (jsonb_build_object('merchant', 'rows2', 'sku', U&'old\2003', 'inventory_type', 'good', 'quantity', 1))) f (v);
ROLLBACK;

-- a role that reads one merchant, and names of its own in its search_path
CREATE ROLE invtrack_test_rows;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_rows;
SET ROLE invtrack_test_rows;
SELECT * FROM invtrack.check_rows('product', '[]');
RESET ROLE;
SELECT invtrack.grant_access('invtrack_test_rows', 'rows', 'read');
SET ROLE invtrack_test_rows;
CREATE TEMP TABLE product (merchant text, sku text);
CREATE FUNCTION pg_temp.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT NULL';
SET search_path = pg_temp, invtrack, pg_catalog;
SELECT row_number, column_name, value, sqlstate, message FROM invtrack.check_rows('product', '[{"merchant": "rows", "sku": "p1"}, {"merchant": "rows2", "sku": "p1"}]');
SELECT row_number, column_name, value, sqlstate, message FROM invtrack.check_rows('stock_lot', '[
 {"merchant": "rows", "sku": "p2", "inventory_type": "good", "lot": "new", "quantity": 1}, {"merchant": "rows2", "sku": "p1", "inventory_type": "good", "quantity": 1}]');
-- the ref is taken at rows2, which is nothing that this role may learn
SELECT row_number, sqlstate, message FROM invtrack.check_rows('movement', '[
 {"merchant": "rows2", "sku": "p1", "inventory_type": "good", "flow": "sale", "occurred_on": "2026-03-01", "quantity": 1, "ref": "r1"},
 {"merchant": "rows", "sku": "p1", "inventory_type": "good", "flow": "sale", "occurred_on": "2026-03-01", "quantity": 1, "ref": "r1"}]');
RESET search_path;
DROP FUNCTION pg_temp.unnest(text[]);
DROP TABLE pg_temp.product;
RESET ROLE;

-- a whole file of unknown items, and one of repeated keys: each row is told, and few suggestions are searched for
SELECT count(*), count(DISTINCT row_number), count(*) FILTER (WHERE hint LIKE 'Did you mean%') AS suggested, min(sqlstate) FROM invtrack.check_rows('stock_lot',
    (SELECT jsonb_agg(jsonb_build_object('merchant', 'rows', 'sku', 'P1', 'inventory_type', 'good', 'lot', 'l' || n, 'quantity', n)) FROM generate_series(1, 3000) n));
SELECT count(*), min(message), max(sqlstate) FROM invtrack.check_rows('movement',
    (SELECT jsonb_agg(jsonb_build_object('merchant', 'rows', 'sku', 'p1', 'inventory_type', 'good', 'flow', 'sale', 'occurred_on', '2026-03-01', 'quantity', n, 'ref', 'same')) FROM generate_series(1, 3000) n));

SELECT invtrack.revoke_access('invtrack_test_rows', 'rows');
REVOKE USAGE ON SCHEMA invtrack FROM invtrack_test_rows;
DROP ROLE invtrack_test_rows;
DROP FUNCTION try_row;
DROP TABLE rows_file, rows_found, rows_tried;
SELECT invtrack.delete_merchant(m) FROM unnest(ARRAY['rows', 'rows2']) m;
