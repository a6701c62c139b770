-- Northwind, a food wholesaler, as its inventory stood on 1998-05-06.
--
-- From the root of the repository, in a database that has the extension:
--
--     psql -f examples/northwind.sql
--
-- It shows how an application loads what it has: plain COPY and INSERT .. SELECT for the data,
-- invtrack.save_tracker() for the trackers. To run it again changes nothing. The data's origin and
-- licence: examples/northwind/README.md

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET invtrack.as_of = '1998-05-06';     -- the day to look at; without it, today

-- The source, as it is. COPY writes to a table of one's own, so that it needs no special rights.
CREATE TEMP TABLE suppliers (supplier_id text, company_name text);
CREATE TEMP TABLE products (product_id text, product_name text, supplier_id text,
                            quantity_per_unit text, units_in_stock numeric, units_on_order numeric,
                            reorder_level numeric, discontinued integer);
CREATE TEMP TABLE orders (order_id text, order_date date, shipped_date date, ship_country text);
CREATE TEMP TABLE order_details (order_id text, product_id text, quantity numeric);

\copy suppliers FROM 'examples/northwind/suppliers.csv' (FORMAT csv, HEADER)
\copy products FROM 'examples/northwind/products.csv' (FORMAT csv, HEADER)
\copy orders FROM 'examples/northwind/orders.csv' (FORMAT csv, HEADER)
\copy order_details FROM 'examples/northwind/order_details.csv' (FORMAT csv, HEADER)

BEGIN;

-- A supplier is a merchant, with one class of stock.
INSERT INTO invtrack.merchant (merchant, name)
SELECT supplier_id, company_name FROM suppliers
    ON CONFLICT DO NOTHING;

INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
SELECT supplier_id, 'good', 'Good' FROM suppliers
    ON CONFLICT DO NOTHING;

INSERT INTO invtrack.product (merchant, sku, name)
SELECT supplier_id, product_id, product_name FROM products
    ON CONFLICT DO NOTHING;

-- What is in stock is one lot, which never expires.
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity)
SELECT supplier_id, product_id, 'good', units_in_stock FROM products
    ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET quantity = excluded.quantity;

-- An order line is a sale on the day of the order and, once it has left, a shipment. The reference
-- makes a load that is tried again count once.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
SELECT p.supplier_id, p.product_id, 'good', f.flow, f.occurred_on, d.quantity,
       d.order_id || '/' || d.product_id
  FROM order_details d
  JOIN orders o USING (order_id)
  JOIN products p USING (product_id)
 CROSS JOIN LATERAL (VALUES ('sale', o.order_date), ('shipment', o.shipped_date))
            f (flow, occurred_on)
 WHERE f.occurred_on IS NOT NULL
    ON CONFLICT DO NOTHING;

\echo
\echo 'Northwind, a food wholesaler, as of 1998-05-06'
\echo '----------------------------------------------'
\echo 'Its 29 suppliers are the merchants, with 77 products and two years of order lines as sales and'
\echo 'shipments. Three rules make the trackers:'
\echo

WITH saved AS MATERIALIZED (
    SELECT 'stock_quantity' AS mechanism, 'at least the reorder level, where there is one' AS asks,
           invtrack.save_tracker(supplier_id, product_id, 'good', 'stock_quantity',
                                 quantity => reorder_level) AS saved
      FROM products WHERE reorder_level > 0
    UNION ALL
    SELECT 'turnover_days', 'stock for 14 days, by the sales of 30 days',
           invtrack.save_tracker(supplier_id, product_id, 'good', 'turnover_days',
                                 lookback_days => 30, coverage_days => 14)
      FROM products
    UNION ALL
    SELECT 'stalled_days', 'at least 20 units shipped in 90 days',
           invtrack.save_tracker(supplier_id, product_id, 'good', 'stalled_days',
                                 lookback_days => 90, quantity => 20)
      FROM products)
SELECT mechanism, asks, count(*) AS trackers, saved
  FROM saved
 GROUP BY mechanism, asks, saved
 ORDER BY mechanism;

COMMIT;

\echo
\echo 'The 15 sickest trackers'
\echo '-----------------------'
\echo 'Those that call for action, lowest health first, then by merchant and product. Where nothing'
\echo 'was sold in 30 days there is no pace to judge by: such trackers (no_sales) are only counted.'
\echo 'Under stalled_days, "there" is what was shipped.'
\echo

-- Names cut to fit a table on a screen.
CREATE FUNCTION pg_temp.cut(name text, width integer) RETURNS text LANGUAGE sql
RETURN CASE WHEN length(name) > width THEN rtrim(left(name, width - 1)) || '…' ELSE name END;

\pset border 0
SELECT pg_temp.cut(merchant_name, 14) AS merchant,
       pg_temp.cut(product_name, 18) AS product,
       split_part(mechanism, '_', 1) AS "by",
       trim_scale(current_stock) AS there,
       trim_scale(round(threshold, 1)) AS asked,
       health AS "health %",
       status,
       reason
  FROM invtrack.health
 WHERE inventory_type = 'good' AND merchant IN (SELECT supplier_id FROM suppliers)
   AND status IN ('replenish', 'stalled')
 ORDER BY health, health.merchant, sku, mechanism
 LIMIT 15;

-- All of them in a line.
\pset tuples_only on
\pset format unaligned
SELECT 'All ' || sum(n) || ' trackers: ' || string_agg(n || ' ' || status, ', ' ORDER BY n DESC) || '.'
  FROM (SELECT status, count(*) AS n
          FROM invtrack.health
         WHERE merchant IN (SELECT supplier_id FROM suppliers)
         GROUP BY status) t;
