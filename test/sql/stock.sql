-- Lots and the view invtrack.stock: a row an item that has a lot, with what is on hand, what of it
-- has expired at the day, and when the next of it does.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-01-31';
INSERT INTO invtrack.merchant VALUES ('m', 'Merchant M', 'UTC'), ('other', 'Other', 'Pacific/Kiritimati');
INSERT INTO invtrack.product VALUES ('m', 'a', 'Product A'), ('m', 'b', 'Product B'), ('m', 'none', 'No lots'), ('other', 'a', 'A of other');
INSERT INTO invtrack.inventory_type VALUES ('m', 'good'), ('m', 'defective'), ('other', 'good');

-- What a lot must be: 23514 a bad code, date or quantity, 23502 a null, 23505 the same lot again, 23503 no such item.
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'a', 'good', 1);
SELECT lot = '' AS default_lot, expires_on IS NULL AS never_expires FROM invtrack.stock_lot;
SELECT lot, split_part(public.error_of('INSERT INTO invtrack.stock_lot VALUES ' || lot), E'\n', 1) AS error
  FROM unnest(ARRAY[
       $$('m', 'a', 'good', '', NULL, 2)$$, $$('m', 'a', 'good', ' ', NULL, 2)$$, $$('m', 'a', 'good', 'x ', NULL, 2)$$,
       $$('m', 'a', 'good', NULL, NULL, 2)$$, $$('m', 'a', 'good', 'x', NULL, NULL)$$, $$('m', 'a', NULL, 'x', NULL, 2)$$,
       $$('m', 'a', 'good', 'x', 'infinity', 2)$$, $$('m', 'a', 'good', 'x', '-infinity', 2)$$,
       $$('m', 'a', 'good', 'x', '0001-12-31 BC', 2)$$, $$('m', 'a', 'good', 'x', '10000-01-01', 2)$$,
       $$('m', 'a', 'good', 'x', NULL, 1000000000000)$$, $$('m', 'a', 'good', 'x', NULL, 0.0000001)$$, $$('m', 'a', 'good', 'x', NULL, 'NaN')$$,
       $$('m', 'c', 'good', 'x', NULL, 2)$$, $$('m', 'a', 'new', 'x', NULL, 2)$$, $$('other', 'a', 'defective', 'x', NULL, 2)$$]) WITH ORDINALITY t (lot, n)
 ORDER BY n;
SELECT left(public.error_of($$INSERT INTO invtrack.stock_lot VALUES ('nobody', 'a', 'good', 'x', NULL, 2)$$), 5) AS of_nobody;
-- the code of a lot is immutable, its date and quantity are not
SELECT change, split_part(public.error_of('UPDATE invtrack.stock_lot SET ' || change), E'\n', 1) AS error
  FROM unnest(ARRAY[$$lot = 'x'$$, $$sku = 'b'$$, $$inventory_type = 'defective'$$, $$merchant = 'other'$$,
                    $$lot = '', quantity = 2, expires_on = '9999-12-31'$$, $$expires_on = 'infinity'$$, $$quantity = 'NaN'$$])
       WITH ORDINALITY t (change, n)
 ORDER BY n;
-- counting stock again is one statement
INSERT INTO invtrack.stock_lot VALUES ('m', 'a', 'good', '', NULL, 7)
    ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET expires_on = excluded.expires_on, quantity = excluded.quantity;
SELECT * FROM invtrack.stock;
DELETE FROM invtrack.stock_lot;
SELECT count(*) AS without_lots FROM invtrack.stock;

-- A lot has expired on its date: units with expires_on <= 2026-01-31.
INSERT INTO invtrack.stock_lot VALUES
    ('m', 'a', 'good', 'first day', '0001-01-01', 1), ('m', 'a', 'good', 'yesterday', '2026-01-30', 10),
    ('m', 'a', 'good', 'today', '2026-01-31', 100), ('m', 'a', 'good', 'tomorrow', '2026-02-01', 1000),
    ('m', 'a', 'good', 'last day', '9999-12-31', 10000), ('m', 'a', 'good', 'never', NULL, 100000);
-- Each item is its own: the other type, product and merchant have their own rows, an item without a lot has none.
INSERT INTO invtrack.stock_lot VALUES
    ('m', 'a', 'defective', '', '2026-03-01', 2.5), ('m', 'b', 'good', '', NULL, 3), ('other', 'a', 'good', '', '2026-01-01', 4);
SELECT * FROM invtrack.stock ORDER BY merchant, sku, inventory_type;
-- the day moves with the setting; what is on hand does not
CREATE FUNCTION pg_temp.stock_at(day text, OUT on_hand numeric, OUT expired numeric, OUT next_expires_on date)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('invtrack.as_of', day, true);
    SELECT s.on_hand, s.expired, s.next_expires_on INTO on_hand, expired, next_expires_on FROM invtrack.stock s
     WHERE s.merchant = 'm' AND s.sku = 'a' AND s.inventory_type = 'good';
END
$$;
SELECT day, s.*
  FROM unnest(ARRAY['0001-01-01', '2026-01-29', '2026-01-30', '2026-01-31', '2026-02-01', '9999-12-30', '9999-12-31']) WITH ORDINALITY t (day, n),
       LATERAL pg_temp.stock_at(day) s
 ORDER BY n;
SET LOCAL invtrack.as_of = '2026-01-31';
-- units on order, for an item without lots too; the earliest day that is known
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, expected_on, quantity) VALUES
    ('m', 'a', 'good', 'one', '2026-03-01', 5), ('m', 'a', 'good', 'two', '2026-02-15', 2.5), ('m', 'none', 'good', 'three', NULL, 4);
SELECT sku, inventory_type, on_hand, expired, lots, dated_lots, incoming, incoming_on FROM invtrack.stock WHERE merchant = 'm' ORDER BY sku, inventory_type;
DELETE FROM invtrack.incoming;
-- a filter by key gives the same rows
SELECT merchant, sku, inventory_type, on_hand, lots FROM invtrack.stock WHERE merchant = 'm' AND sku = 'b';
SELECT count(*) AS of_none FROM invtrack.stock WHERE merchant = 'm' AND sku = 'none';

-- Lots with 0 and below: they are counted as lots and add up, but a date without units is no next expiry.
DELETE FROM invtrack.stock_lot;
INSERT INTO invtrack.stock_lot VALUES
    ('m', 'a', 'good', '1', '2026-02-01', 0), ('m', 'a', 'good', '2', '2026-02-02', -5), ('m', 'a', 'good', '3', '2026-02-03', 0.000001),
    ('m', 'a', 'good', '4', '2026-02-04', 8),
    ('m', 'a', 'defective', '1', '2026-01-31', -3), ('m', 'a', 'defective', '2', NULL, 1),
    ('m', 'b', 'good', '1', '2026-01-01', 0), ('m', 'b', 'good', '2', '2026-03-01', 0),
    ('m', 'b', 'defective', '1', '2026-01-01', 2), ('m', 'b', 'defective', '2', '2026-01-01', -2),
    ('m', 'b', 'defective', '3', '2026-03-01', 2), ('m', 'b', 'defective', '4', '2026-03-01', -2);
SELECT sku, inventory_type, on_hand, expired, next_expires_on, lots FROM invtrack.stock ORDER BY merchant, sku, inventory_type;
-- the last lot deleted, the row is gone
DELETE FROM invtrack.stock_lot WHERE sku = 'b' AND inventory_type = 'good';
SELECT sku, inventory_type, lots FROM invtrack.stock ORDER BY merchant, sku, inventory_type;

-- Large stock adds up exactly: 1000 lots of the largest quantity.
DELETE FROM invtrack.stock_lot;
INSERT INTO invtrack.stock_lot SELECT 'm', 'a', 'good', i, date '2026-01-31' + i - 500, 999999999999.999999 FROM generate_series(1, 1000) i;
SELECT on_hand, expired, next_expires_on, lots FROM invtrack.stock;

-- What units on order cannot be
SELECT n, public.error_of(format('INSERT INTO invtrack.incoming VALUES (%s)', row)) FROM (VALUES
    (1, $$'other', 'a', 'good', 'r', NULL, 0$$), (2, $$'other', 'a', 'good', 'r', NULL, -0.000001$$), (3, $$'other', 'a', 'good', 'r', 'infinity', 1$$),
    (4, $$'other', 'a', 'good', ' r', NULL, 1$$), (5, $$'other', 'a', 'good', repeat('x', 201), NULL, 1$$), (6, $$'other', 'a ', 'good', 'r', NULL, 1$$),
    (7, $$'other', 'b', 'good', 'r', NULL, 1$$), (8, $$'other', 'a', 'good', 'r', NULL, 'NaN'$$), (9, $$'other', 'a', 'good', 'r', '0001-01-01 BC', 1$$)) v (n, row) ORDER BY n;

-- Without the setting, the day is each merchant's today: other is 26 hours ahead of west.
DELETE FROM invtrack.stock_lot;
SET LOCAL invtrack.as_of = '';
INSERT INTO invtrack.merchant VALUES ('west', 'West', 'Etc/GMT+12');
INSERT INTO invtrack.product VALUES ('west', 'a');
INSERT INTO invtrack.inventory_type VALUES ('west', 'good');
INSERT INTO invtrack.stock_lot
    SELECT m.merchant, 'a', 'good', CASE i WHEN 0 THEN 'today' ELSE 'tomorrow' END,
           (now() AT TIME ZONE 'Pacific/Kiritimati')::date + i, 1
      FROM invtrack.merchant m, generate_series(0, 1) i WHERE merchant IN ('other', 'west');
SELECT merchant, on_hand, expired, next_expires_on - (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS next_in_days
  FROM invtrack.stock ORDER BY merchant;
ROLLBACK;
