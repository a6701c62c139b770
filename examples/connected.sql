-- An application that invtrack follows: Northwind in tables of its own, with integer keys, connected by views.
--
-- From the root of the repository, in a database that has the extension, as its owner:
--
--     psql -f examples/connected.sql
--
-- Orders are placed, shipped, changed, cancelled and deleted, stock is adjusted, products get other codes and suppliers; after
-- each step health must be what plain SQL on Northwind's tables says. All of it is taken away again in the end, so that to run
-- it once more gives the same. docs/how-to/connect.md goes through it slowly.

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET invtrack.as_of = '1998-05-06';

CREATE SCHEMA app;
CREATE TABLE app.supplier (id integer PRIMARY KEY, company text);
CREATE TABLE app.product (id integer PRIMARY KEY, name text, supplier_id integer REFERENCES app.supplier, packaging text,
                          in_stock numeric, on_order numeric, reorder_level numeric, discontinued integer);
CREATE TABLE app.orders (id integer PRIMARY KEY, ordered_on date, shipped_on date, country text);
CREATE TABLE app.order_detail (order_id integer REFERENCES app.orders ON DELETE CASCADE, product_id integer REFERENCES app.product,
                               quantity numeric, PRIMARY KEY (order_id, product_id));
\copy app.supplier FROM 'examples/northwind/suppliers.csv' (FORMAT csv, HEADER)
\copy app.product FROM 'examples/northwind/products.csv' (FORMAT csv, HEADER)
\copy app.orders FROM 'examples/northwind/orders.csv' (FORMAT csv, HEADER)
\copy app.order_detail FROM 'examples/northwind/order_details.csv' (FORMAT csv, HEADER)
CREATE INDEX ON app.order_detail (product_id);
ANALYZE app.supplier, app.product, app.orders, app.order_detail;

-- What each of our tables is fed from. Codes are the application's numbers, told from other merchants' by a prefix.
CREATE VIEW app.to_merchant AS SELECT id, 'nw-' || id AS merchant, company AS name FROM app.supplier;
CREATE VIEW app.to_type AS SELECT id, 'nw-' || id AS merchant, 'good' AS inventory_type, 'Good' AS name FROM app.supplier;
CREATE VIEW app.to_product AS
SELECT id, 'nw-' || supplier_id AS merchant, 'p-' || id AS sku, name, CASE WHEN discontinued = 1 THEN date '1998-05-01' END AS discontinued_on FROM app.product;
CREATE VIEW app.to_stock AS SELECT id, 'nw-' || supplier_id AS merchant, 'p-' || id AS sku, 'good' AS inventory_type, in_stock AS quantity FROM app.product;
CREATE VIEW app.to_incoming AS SELECT id, 'nw-' || supplier_id AS merchant, 'p-' || id AS sku, 'good' AS inventory_type, on_order AS quantity FROM app.product WHERE on_order > 0;
CREATE VIEW app.to_sale AS
SELECT o.id, 'nw-' || supplier_id AS merchant, 'p-' || p.id AS sku, 'good' AS inventory_type, o.ordered_on AS occurred_on, d.quantity
  FROM app.orders o JOIN app.order_detail d ON d.order_id = o.id JOIN app.product p ON p.id = d.product_id;
CREATE VIEW app.to_shipment AS
SELECT o.id, 'nw-' || supplier_id AS merchant, 'p-' || p.id AS sku, 'good' AS inventory_type, o.shipped_on AS occurred_on, d.quantity
  FROM app.orders o JOIN app.order_detail d ON d.order_id = o.id JOIN app.product p ON p.id = d.product_id WHERE o.shipped_on IS NOT NULL;

SELECT invtrack.connect(c.target, c.target, c.source::regclass, 'id') AS made, count(*) AS connections
  FROM (VALUES ('merchant', 'app.to_merchant'), ('inventory_type', 'app.to_type'), ('product', 'app.to_product'), ('stock_lot', 'app.to_stock'),
               ('incoming', 'app.to_incoming'), ('sale', 'app.to_sale'), ('shipment', 'app.to_shipment')) c (target, source)
 GROUP BY 1;
SELECT invtrack.watch(w.connection, w.watched::regclass, w.key) AS made, count(*) AS watches
  FROM (VALUES ('merchant', 'app.supplier', 'id'), ('inventory_type', 'app.supplier', 'id'), ('product', 'app.product', 'id'),
               ('stock_lot', 'app.product', 'id'), ('incoming', 'app.product', 'id'), ('sale', 'app.orders', 'id'), ('sale', 'app.order_detail', 'order_id'),
               ('shipment', 'app.orders', 'id'), ('shipment', 'app.order_detail', 'order_id')) w (connection, watched, key)
 GROUP BY 1;
CALL invtrack.sync_all();
SELECT invtrack.save_tracker(merchant, sku, 'good', mechanism, quantity, lookback_days, coverage_days) AS saved, mechanism, count(*) AS trackers
  FROM app.to_product, (VALUES ('stock_quantity', 25, NULL, NULL), ('turnover_days', NULL, 30, 14), ('stalled_days', 20, 90, NULL)) r (mechanism, quantity, lookback_days, coverage_days)
 GROUP BY 1, 2 ORDER BY 2;

-- Health by plain SQL on Northwind's own tables.
CREATE VIEW app.health AS
SELECT merchant, sku, mechanism, CASE WHEN asked > 0 THEN trunc(100 * there / asked, 2) ELSE 0 END AS health
  FROM (SELECT p.merchant, p.sku, m.mechanism,
               CASE m.mechanism WHEN 'stalled_days' THEN shipped WHEN 'stock_quantity' THEN in_stock
                    -- times the days, so that nothing is divided before the end
                    ELSE in_stock * least(30, date '1998-05-06' - first_sold + 1) END AS there,
               CASE m.mechanism WHEN 'stock_quantity' THEN 25 WHEN 'stalled_days' THEN 20
                    ELSE greatest(sold, 0) * 14 END AS asked
          FROM app.to_product p
          JOIN app.product a ON a.id = p.id
         CROSS JOIN (VALUES ('stock_quantity'), ('turnover_days'), ('stalled_days')) m (mechanism)
         CROSS JOIN LATERAL (
             SELECT coalesce(sum(d.quantity) FILTER (WHERE o.ordered_on BETWEEN '1998-04-07' AND '1998-05-06'), 0) AS sold,
                    min(o.ordered_on) FILTER (WHERE o.ordered_on <= '1998-05-06') AS first_sold,
                    coalesce(sum(d.quantity) FILTER (WHERE o.shipped_on BETWEEN '1998-02-06' AND '1998-05-06'), 0) AS shipped
               FROM app.orders o JOIN app.order_detail d ON d.order_id = o.id WHERE d.product_id = a.id) f) h;
CREATE FUNCTION app.check(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    differ bigint;
BEGIN
    SELECT count(*) INTO differ
      FROM app.health a FULL JOIN (SELECT * FROM invtrack.health WHERE merchant LIKE 'nw-%') h USING (merchant, sku, mechanism)
     WHERE a.health IS DISTINCT FROM h.health;
    IF differ > 0 OR EXISTS (SELECT FROM invtrack.connection_reject) THEN
        RAISE EXCEPTION '%: % trackers differ, % rows are rejected', what, differ, (SELECT count(*) FROM invtrack.connection_reject);
    END IF;
    RETURN what || ': ' || (SELECT string_agg(n || ' ' || status, ', ' ORDER BY status)
                              FROM (SELECT status, count(*) AS n FROM invtrack.health WHERE merchant LIKE 'nw-%' GROUP BY status) s);
END
$$;
\pset tuples_only on
\pset format unaligned
\echo
\echo 'What the application does, and the trackers after it:'
SELECT app.check('as loaded');
BEGIN;
INSERT INTO app.orders VALUES (20001, '1998-05-06', NULL, 'Peru');
INSERT INTO app.order_detail VALUES (20001, 1, 400), (20001, 2, 7);
COMMIT;
SELECT app.check('an order comes');
UPDATE app.orders SET shipped_on = '1998-05-06' WHERE id = 20001;
SELECT app.check('it is shipped');
UPDATE app.order_detail SET quantity = 30 WHERE order_id = 20001 AND product_id = 1;
SELECT app.check('a line changes');
BEGIN;
SAVEPOINT undone;
DELETE FROM app.orders WHERE id > 11000;
ROLLBACK TO undone;
UPDATE app.order_detail SET order_id = 20001 WHERE order_id = 11077 AND product_id NOT IN (1, 2);
COMMIT;
SELECT app.check('lines move to it, a deletion is rolled back');
DELETE FROM app.orders WHERE id = 20001;
SELECT app.check('it is deleted');
UPDATE app.product SET in_stock = in_stock + 15, on_order = 0 WHERE on_order > 0;
SELECT app.check('what was on order is put away');
UPDATE app.product SET discontinued = 1 WHERE id = 1;
SELECT app.check('a product is discontinued');
UPDATE app.supplier SET company = 'Exotic Liquids Ltd' WHERE id = 1;
SELECT app.check('a supplier has another name');

-- The end: what the connections brought goes, trackers first.
SELECT count(invtrack.delete_tracker(merchant, sku, inventory_type, mechanism)) || ' trackers deleted' FROM invtrack.tracker WHERE merchant LIKE 'nw-%';
SELECT count(invtrack.disconnect(connection, keep_data => false)) || ' connections ended'
  FROM (SELECT connection FROM invtrack.connection WHERE source::text LIKE 'app.%'
         ORDER BY array_position(ARRAY['shipment', 'sale', 'incoming', 'stock_lot', 'product', 'inventory_type', 'merchant'], target)) c;
SELECT count(invtrack.delete_merchant(merchant)) || ' merchants left with movements and their opposites deleted'
  FROM (SELECT DISTINCT merchant FROM invtrack.movement WHERE merchant LIKE 'nw-%') m;
DROP SCHEMA app CASCADE;
