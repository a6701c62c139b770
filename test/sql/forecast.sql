-- project_stock() and forecast(): until when stock lasts at the pace of its sales. Random items: test/t/054_random_forecast.pl.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m', true), ('other', true), ('late', false);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('m', 'old'), ('other', 'good'), ('late', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'm', unnest('{a,b,debt,huge,none,returned,thirds}'::text[]);
INSERT INTO invtrack.product (merchant, sku) VALUES ('other', 'a'), ('late', 'a');

-- Four a day. What expires first is sold first; what is left of it on its date is lost; expired units do not count.
INSERT INTO invtrack.stock_lot VALUES
    ('m', 'a', 'good', 'gone', '2026-03-10', 100), ('m', 'a', 'good', 'first', '2026-03-12', 10), ('m', 'a', 'good', 'next', '2026-03-30', 6),
    ('m', 'a', 'good', 'never', NULL, 3), ('m', 'a', 'old', '', NULL, 7), ('other', 'a', 'good', '', NULL, 1000);
-- Late units on order are not counted on, nor those without a date.
INSERT INTO invtrack.incoming VALUES ('m', 'a', 'good', 'due', '2026-03-10', 50), ('m', 'a', 'good', 'some day', NULL, 50),
    ('m', 'a', 'good', '1', '2026-03-14', 5), ('m', 'a', 'good', '2', '2026-03-14', 1.5), ('other', 'a', 'good', '', '2026-03-11', 9);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'sale', '2026-03-06', 24), ('m', 'a', 'good', 'sale', '2026-03-10', -4), ('m', 'a', 'good', 'sale', '2026-03-11', 99),
    ('m', 'a', 'good', 'shipment', '2026-03-10', 99), ('other', 'a', 'good', 'sale', '2026-03-10', 500);
SELECT * FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 7);
SELECT * FROM invtrack.forecast('m', horizon_days => 7);
-- Null: nothing is lost, and all lots count. Two days of shelf life more: the first lot is lost at once.
SELECT * FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 3, expiry_days => NULL);
SELECT * FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 3, expiry_days => 1);
SELECT * FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 1, expiry_days => 3650);
-- A shorter lookback, another day.
SELECT * FROM invtrack.project_stock('m', 'a', 'good', lookback_days => 1, horizon_days => 2);
SELECT * FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 2, as_of => '2026-03-11');

-- A third of a unit: closings are rounded, the rows add up, and nothing drifts in ten years.
INSERT INTO invtrack.stock_lot VALUES ('m', 'thirds', 'good', '', NULL, 1000), ('m', 'thirds', 'good', 'd', '2026-03-12', 1);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'thirds', 'good', 'sale', '2026-03-08', 1);
SELECT * FROM invtrack.project_stock('m', 'thirds', 'good', horizon_days => 4);
SELECT count(*), min(closing), min(day) FILTER (WHERE closing <= 0) AS runs_out_on, sum(sold) AS sold, sum(expired) AS expired
  FROM invtrack.project_stock('m', 'thirds', 'good', horizon_days => 3650);
SELECT runs_out_on, units_lost FROM invtrack.forecast('m', horizon_days => 3650) WHERE sku = 'thirds';

-- Negative lots are netted against what expires first; what is owed beyond is paid by what comes.
INSERT INTO invtrack.stock_lot VALUES ('m', 'debt', 'good', 'minus', NULL, -7), ('m', 'debt', 'good', 'x', '2026-03-12', 5);
INSERT INTO invtrack.incoming VALUES ('m', 'debt', 'good', '', '2026-03-12', 4);
SELECT * FROM invtrack.project_stock('m', 'debt', 'good', horizon_days => 3);
INSERT INTO invtrack.stock_lot VALUES ('m', 'debt', 'good', 'y', '2026-03-12', 3);
INSERT INTO invtrack.stock_lot VALUES ('m', 'debt', 'good', 'z', '2026-03-13', 3), ('m', 'debt', 'good', 'past', '2026-03-01', -90);
SELECT * FROM invtrack.project_stock('m', 'debt', 'good', horizon_days => 3);

-- More was returned than sold: nothing is sold. Nothing there at all: nothing happens.
INSERT INTO invtrack.stock_lot VALUES ('m', 'returned', 'good', '', '2026-03-12', 2);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'returned', 'good', 'sale', '2026-03-09', -2);
SELECT * FROM invtrack.project_stock('m', 'returned', 'good', horizon_days => 2);
SELECT * FROM invtrack.project_stock('m', 'none', 'good', horizon_days => 2);
-- All there can be, for ten years.
INSERT INTO invtrack.stock_lot SELECT 'm', 'huge', 'good', n::text, date '2026-04-01' + n, 999999999999.999999 FROM generate_series(1, 500) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'm', 'huge', 'good', 'sale', '2026-03-04', 999999999999.999999 FROM generate_series(1, 10);
SELECT count(*), bool_and(opening + incoming - sold - expired = closing) AS adds_up, sum(sold) + sum(expired) AS gone, max(expired)
  FROM invtrack.project_stock('m', 'huge', 'good', lookback_days => 3650, horizon_days => 3650);
-- An item has a row if it has a lot, units on order, or sales.
SELECT * FROM invtrack.forecast('m') ORDER BY sku, inventory_type;
CREATE TEMP TABLE before AS SELECT * FROM invtrack.forecast('m');
SELECT invtrack.fold('m') > 0 AS folded;
SELECT count(*) AS changed FROM (TABLE before EXCEPT ALL SELECT * FROM invtrack.forecast('m')) d;

-- Where today does not count, the window ends yesterday; stock and the first day go by today.
INSERT INTO invtrack.stock_lot VALUES ('late', 'a', 'good', '', '2026-03-13', 10);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('late', 'a', 'good', 'sale', '2026-03-10', 70), ('late', 'a', 'good', 'sale', '2026-03-09', 3);
SELECT * FROM invtrack.project_stock('late', 'a', 'good', horizon_days => 3);
-- At the end of the calendar it ends.
SELECT * FROM invtrack.project_stock('m', 'a', 'good', as_of => '9999-12-30', expiry_days => 3650);
SELECT count(*) FROM invtrack.project_stock('m', 'a', 'good', as_of => '9999-12-31');
SELECT sku, on_hand, runs_out_on FROM invtrack.forecast('m', as_of => '9999-12-31') WHERE sku = 'a';
SELECT count(*) FROM invtrack.project_stock('m', 'a', 'good', as_of => '0001-01-01');

-- Null keys, then parameters, then existence.
SELECT call, split_part(public.error_of('SELECT FROM invtrack.' || call), E'\n', 1) AS error
  FROM unnest(ARRAY[
       $$project_stock(NULL, 'a', 'good')$$, $$project_stock('m', NULL, 'good', 0)$$, $$project_stock('m', 'a', NULL)$$, $$project_stock('m ', 'a', 'good')$$,
       $$project_stock('m', 'a', 'good', NULL)$$, $$project_stock('m', 'a', 'good', 30, NULL)$$, $$project_stock('x', 'a', 'good', 0)$$,
       $$project_stock('m', 'a', 'good', 3651)$$, $$project_stock('m', 'a', 'good', 30, 0)$$, $$project_stock('m', 'a', 'good', 30, 3651)$$,
       $$project_stock('m', 'a', 'good', 30, 90, -1)$$, $$project_stock('m', 'a', 'good', 30, 90, 3651)$$, $$project_stock('m', 'a', 'good', as_of => 'infinity')$$,
       $$project_stock('x', 'a', 'good')$$, $$project_stock('m', 'x', 'good')$$, $$project_stock('m', 'a', 'x')$$,
       $$forecast(NULL)$$, $$forecast('')$$, $$forecast('m', 0)$$, $$forecast('m', 30, NULL)$$, $$forecast('m', 30, 90, -1)$$, $$forecast('x')$$])
       WITH ORDINALITY t (call, n)
 ORDER BY n;

-- Who may read a merchant; others' merchants are as if they were missing. Objects in the search_path change nothing.
CREATE ROLE forecast_reader;
CREATE ROLE forecast_nobody;
SELECT invtrack.grant_access('forecast_reader', 'm');
CREATE SCHEMA forecast_trap;
CREATE VIEW forecast_trap.stock_lot AS SELECT 1 AS merchant;
CREATE FUNCTION forecast_trap.trap(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 = 0';
CREATE OPERATOR forecast_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = forecast_trap.trap);
GRANT USAGE ON SCHEMA forecast_trap TO forecast_reader;
GRANT EXECUTE ON FUNCTION public.error_of(text) TO forecast_reader, forecast_nobody;
SET LOCAL ROLE forecast_reader;
SET LOCAL search_path = forecast_trap, pg_catalog;
SELECT count(*) AS items, pg_catalog.sum(units_lost) AS units_lost FROM invtrack.forecast('m');
SELECT sold FROM invtrack.project_stock('m', 'a', 'good', horizon_days => 1);
RESET search_path;
SELECT split_part(public.error_of('SELECT FROM invtrack.forecast(''other'')'), E'\n', 1) AS forecast,
       split_part(public.error_of('SELECT FROM invtrack.project_stock(''other'', ''a'', ''good'')'), E'\n', 1) AS project_stock;
RESET ROLE;
SET LOCAL ROLE forecast_nobody;
SELECT split_part(public.error_of('SELECT FROM invtrack.forecast(''m'')'), E'\n', 1) AS forecast;
RESET ROLE;
ROLLBACK;
