-- Merchants, products and inventory types: what their rows must be, that codes stay as they are,
-- and what may be deleted while other rows need it.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
CREATE FUNCTION pg_temp.first_line(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;

-- Only codes are required; names are empty where not given, a launch date is not known.
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('other');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 's'), ('m', 'gone'), ('other', 's');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('m', 'defective'), ('other', 'good');
SELECT * FROM invtrack.merchant ORDER BY merchant;
SELECT *, launched_on IS NULL AS not_known FROM invtrack.product ORDER BY merchant, sku;
SELECT * FROM invtrack.inventory_type ORDER BY merchant, inventory_type;

-- Bad rows: 23514 a bad code or date, 23502 a null, 23505 the same code again, 23503 no such merchant.
SELECT statement, pg_temp.first_line('INSERT INTO invtrack.' || statement) AS error
  FROM unnest(ARRAY[
       $$merchant VALUES ('')$$, $$merchant VALUES (' m')$$, $$merchant VALUES (NULL)$$, $$merchant VALUES ('m')$$,
       $$merchant VALUES ('n', NULL)$$, $$merchant VALUES ('n', 'N', NULL)$$, $$merchant VALUES ('n', 'N', 'Mars/Olympus')$$,
       $$product VALUES ('m', '')$$, $$product VALUES ('m', 's ')$$, $$product VALUES ('m', NULL)$$, $$product VALUES (NULL, 's')$$,
       $$product VALUES ('m', 's')$$, $$product VALUES ('nobody', 's')$$, $$product VALUES ('M', 's')$$, $$product VALUES ('m', 'n', NULL)$$,
       $$product VALUES ('m', 'n', '', 'infinity')$$, $$product VALUES ('m', 'n', '', '-infinity')$$,
       $$product VALUES ('m', 'n', '', '0001-12-31 BC')$$, $$product VALUES ('m', 'n', '', '10000-01-01')$$,
       $$inventory_type VALUES ('m', '')$$, $$inventory_type VALUES ('m', E'\tgood')$$, $$inventory_type VALUES ('m', NULL)$$,
       $$inventory_type VALUES ('m', 'good')$$, $$inventory_type VALUES ('nobody', 'good')$$, $$inventory_type VALUES ('m', 'n', NULL)$$])
       WITH ORDINALITY t (statement, n)
 ORDER BY n;
-- a launch date may be either end of the calendar, or in the future, and can be changed or forgotten
INSERT INTO invtrack.product VALUES ('m', 'first', 'First', '0001-01-01'), ('m', 'last', 'Last', '9999-12-31');
UPDATE invtrack.product SET launched_on = '2026-02-28' WHERE sku = 'first';
UPDATE invtrack.product SET launched_on = NULL WHERE sku = 'last';
SELECT sku, name, launched_on FROM invtrack.product WHERE sku IN ('first', 'last') ORDER BY sku;
SELECT day, left(public.error_of(format('UPDATE invtrack.product SET launched_on = %L WHERE sku = ''first''', day)), 5) AS sqlstate
  FROM unnest(ARRAY['infinity', '-infinity', '0044-03-15 BC', '10000-01-01', '5874897-12-31']) WITH ORDINALITY t (day, n)
 ORDER BY n;
-- names may be anything, and long
INSERT INTO invtrack.product VALUES ('m', 'long', repeat('名', 10000));
SELECT char_length(name), octet_length(name) FROM invtrack.product WHERE sku = 'long';

-- Codes are immutable: 23001, with the way out. Nothing but the row's own code passes, names change freely.
SELECT statement, public.error_of('UPDATE invtrack.' || statement) AS error
  FROM unnest(ARRAY[
       $$merchant SET merchant = 'n' WHERE merchant = 'm'$$,
       $$product SET sku = 'n' WHERE merchant = 'm' AND sku = 's'$$,
       $$product SET merchant = 'other' WHERE merchant = 'm' AND sku = 'gone'$$,
       $$inventory_type SET inventory_type = 'n' WHERE merchant = 'm' AND inventory_type = 'good'$$,
       $$inventory_type SET merchant = 'other' WHERE merchant = 'm' AND inventory_type = 'defective'$$])
       WITH ORDINALITY t (statement, n)
 ORDER BY n;
SELECT statement, left(public.error_of('UPDATE invtrack.' || statement), 5) AS sqlstate
  FROM unnest(ARRAY[
       $$merchant SET merchant = 'M' WHERE merchant = 'm'$$, $$merchant SET merchant = '' WHERE merchant = 'm'$$,
       $$merchant SET merchant = NULL WHERE merchant = 'm'$$, $$merchant SET name = 'N', merchant = 'n'$$,
       $$product SET sku = 'n', name = 'N'$$, $$product SET sku = sku || 'x'$$, $$product SET sku = NULL$$,
       $$merchant SET merchant = 'n' WHERE merchant = 'nobody'$$]) WITH ORDINALITY t (statement, n)
 ORDER BY n;
UPDATE invtrack.merchant SET merchant = merchant, name = 'Merchant M', time_zone = 'Europe/Berlin' WHERE merchant = 'm';
UPDATE invtrack.product SET merchant = 'm', sku = 's', name = 'Product S', launched_on = '2026-01-31' WHERE merchant = 'm' AND sku = 's';
UPDATE invtrack.inventory_type SET inventory_type = 'good', name = 'Good' WHERE merchant = 'm' AND inventory_type = 'good';
-- a load that sends the same rows again is an UPDATE to the same codes
INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m', 's', 'Product S, again'), ('m', 'new', 'New')
    ON CONFLICT (merchant, sku) DO UPDATE SET merchant = excluded.merchant, sku = excluded.sku, name = excluded.name;
SELECT m.name AS merchant, p.sku, p.name AS product, p.launched_on, i.name AS type
  FROM invtrack.merchant m JOIN invtrack.product p USING (merchant) JOIN invtrack.inventory_type i USING (merchant)
 WHERE m.merchant = 'm' AND p.sku IN ('s', 'new') AND i.inventory_type = 'good' ORDER BY p.sku;

-- Stock and trackers need a product and a type of their own merchant.
INSERT INTO invtrack.product VALUES ('m', 'only_m');
INSERT INTO invtrack.inventory_type VALUES ('m', 'only_m');
SELECT statement, pg_temp.first_line('INSERT INTO invtrack.' || statement) AS error
  FROM unnest(ARRAY[
       $$stock_lot VALUES ('other', 'only_m', 'good', '', NULL, 1)$$, $$stock_lot VALUES ('other', 's', 'only_m', '', NULL, 1)$$,
       $$tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('other', 'only_m', 'good', 'stock_quantity', 1)$$,
       $$tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('other', 's', 'only_m', 'stock_quantity', 1)$$])
       WITH ORDINALITY t (statement, n)
 ORDER BY n;

SELECT left(public.error_of($$INSERT INTO invtrack.stock_lot VALUES ('nobody', 's', 'good', '', NULL, 1)$$), 5) AS of_nobody;

-- Deleting a product takes its trackers with it, and no others.
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days) VALUES
    ('m', 's', 'good', 'stock_quantity', 1, NULL), ('m', 's', 'good', 'stalled_days', 1, 30),
    ('m', 's', 'defective', 'stock_quantity', 1, NULL), ('m', 'gone', 'good', 'stock_quantity', 1, NULL),
    ('other', 's', 'good', 'stock_quantity', 1, NULL);
DELETE FROM invtrack.product WHERE merchant = 'm' AND sku = 'gone';
SELECT merchant, sku, inventory_type, mechanism FROM invtrack.tracker ORDER BY 1, 2, 3, 4;

-- While it has a lot, an empty one too, it stays, and so do its trackers.
INSERT INTO invtrack.stock_lot VALUES ('m', 's', 'good', 'a', NULL, 0);
SELECT public.error_of($$DELETE FROM invtrack.product WHERE merchant = 'm' AND sku = 's'$$);
SELECT count(*) AS trackers FROM invtrack.tracker WHERE merchant = 'm' AND sku = 's';
DELETE FROM invtrack.stock_lot WHERE merchant = 'm' AND sku = 's';
DELETE FROM invtrack.product WHERE merchant = 'm' AND sku = 's';
SELECT merchant, sku, inventory_type, mechanism FROM invtrack.tracker ORDER BY 1, 2, 3, 4;

-- An inventory type stays while lots or trackers use it, a merchant while it has products or types.
INSERT INTO invtrack.stock_lot VALUES ('other', 's', 'good', '', NULL, 1);
SELECT statement, left(public.error_of(statement), 5) AS sqlstate
  FROM unnest(ARRAY[
       $$DELETE FROM invtrack.inventory_type WHERE merchant = 'other' AND inventory_type = 'good'$$,
       $$DELETE FROM invtrack.stock_lot WHERE merchant = 'other'$$,
       $$DELETE FROM invtrack.inventory_type WHERE merchant = 'other' AND inventory_type = 'good'$$,
       $$DELETE FROM invtrack.tracker WHERE merchant = 'other'$$,
       $$DELETE FROM invtrack.inventory_type WHERE merchant = 'other' AND inventory_type = 'good'$$,
       $$DELETE FROM invtrack.merchant WHERE merchant = 'other'$$,
       $$DELETE FROM invtrack.product WHERE merchant = 'other'$$,
       $$DELETE FROM invtrack.merchant WHERE merchant = 'other'$$,
       $$DELETE FROM invtrack.merchant WHERE merchant = 'm'$$]) WITH ORDINALITY t (statement, n)
 ORDER BY n;
-- movements need neither product nor merchant, and hold neither back
INSERT INTO invtrack.merchant VALUES ('short');
INSERT INTO invtrack.product VALUES ('short', 's');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('short', 's', 'good', 'sale', '2026-01-31', 1);
DELETE FROM invtrack.product WHERE merchant = 'short';
DELETE FROM invtrack.merchant WHERE merchant = 'short';
SELECT merchant, (SELECT count(*) FROM invtrack.movement v WHERE v.merchant = 'short') AS movements_of_short
  FROM invtrack.merchant ORDER BY 1;
ROLLBACK;
