-- suggest_tracker(): the guide's "how do I choose", with the figures that decided.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-06-30';
INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m', true), ('other', true), ('late', false);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('other', 'good'), ('late', 'good');
INSERT INTO invtrack.product (merchant, sku, launched_on) VALUES ('other', 'steady', NULL), ('late', 'steady', NULL),
    ('m', 'back', NULL), ('m', 'bursts', NULL), ('m', 'dead', NULL), ('m', 'dead unsold', '2025-01-01'), ('m', 'fresh', NULL), ('m', 'huge', NULL),
    ('m', 'new', '2026-06-25'), ('m', 'nothing', NULL), ('m', 'sold out', NULL), ('m', 'steady', NULL), ('m', 'stocked', NULL);
-- What sells on each day, on a weekday in spring, on no day since February.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT m, s, 'good', f, date '2026-06-30' - n, q + n % 7
  FROM (VALUES ('m', 'steady', 3), ('m', 'fresh', 3), ('late', 'steady', 3), ('m', 'huge', 999999999990)) i (m, s, q), unnest('{sale,shipment}'::text[]) f, generate_series(0, 119) n
UNION ALL
SELECT 'm', 'bursts', 'good', 'sale', date '2026-06-30' - n, 25.5 FROM generate_series(10, 200, 19) n
UNION ALL
SELECT 'm', s, 'good', f, date '2026-02-01' - n, 2 FROM unnest('{dead,sold out}'::text[]) s, unnest('{sale,shipment}'::text[]) f, generate_series(0, 20) n
UNION ALL
SELECT 'm', 'new', 'good', 'sale', date '2026-06-30' - n, 2 FROM generate_series(0, 2) n
UNION ALL
SELECT 'm', 'back', 'good', 'sale', date '2026-06-30' - n, -1 FROM generate_series(0, 60) n;
INSERT INTO invtrack.stock_lot VALUES ('m', 'steady', 'good', '', NULL, 100), ('m', 'dead', 'good', '', NULL, 95), ('m', 'dead unsold', 'good', '', '2027-01-01', 7),
    ('m', 'fresh', 'good', 'a', '2026-07-05', 30), ('m', 'fresh', 'good', 'b', '2026-07-20', 20), ('m', 'fresh', 'good', 'c', NULL, 8),
    ('m', 'fresh', 'good', 'old', '2026-06-01', 500), ('m', 'fresh', 'good', 'minus', NULL, -3), ('m', 'stocked', 'good', '', NULL, 50);
SELECT p.sku, s.* FROM invtrack.product p, invtrack.suggest_tracker(p.merchant, p.sku, 'good') s WHERE p.merchant = 'm' ORDER BY p.sku;
-- Folded or not, it is the same; as it was on another day; where today does not count, windows end yesterday.
CREATE TEMP TABLE before AS SELECT p.sku, s.* FROM invtrack.product p, invtrack.suggest_tracker(p.merchant, p.sku, 'good') s WHERE p.merchant = 'm';
SELECT invtrack.fold('m') > 0 AS folded;
SELECT count(*) AS changed FROM (SELECT p.sku, s.* FROM invtrack.product p, invtrack.suggest_tracker(p.merchant, p.sku, 'good') s WHERE p.merchant = 'm'
    EXCEPT ALL TABLE before) d;
SELECT mechanism, reason, sale_days, history_days FROM invtrack.suggest_tracker('m', 'steady', 'good', '2026-03-20');
SELECT mechanism, reason, history_days, last_shipment_on FROM invtrack.suggest_tracker('late', 'steady', 'good');
SELECT reason, history_days FROM unnest('{0001-01-01,9999-12-31}'::date[]) d, invtrack.suggest_tracker('m', 'steady', 'good', d);
-- The reasons are all in value_list.
SELECT value, label FROM invtrack.value_list WHERE list = 'suggestion' ORDER BY sort_order;
SELECT count(*) AS unknown FROM before WHERE reason NOT IN (SELECT value FROM invtrack.value_list WHERE list = 'suggestion');
-- What is suggested can be saved.
SELECT p.sku, invtrack.save_tracker(p.merchant, p.sku, 'good', s.mechanism, s.quantity, s.lookback_days, s.coverage_days, s.expiry_days)
  FROM invtrack.product p, invtrack.suggest_tracker(p.merchant, p.sku, 'good') s WHERE p.merchant = 'm' ORDER BY p.sku;
-- Null keys, then parameters, then existence; others' merchants are as if they were missing.
SELECT call, split_part(public.error_of('SELECT FROM invtrack.suggest_tracker' || call), E'\n', 1) AS error
  FROM unnest(ARRAY[$$(NULL, 'steady', 'good')$$, $$('m', NULL, 'good')$$, $$('m', 'steady', NULL)$$, $$('m', ' ', 'good')$$,
       $$('x', 'steady', 'good', 'infinity')$$, $$('x', 'steady', 'good')$$, $$('m', 'x', 'good')$$, $$('m', 'steady', 'x')$$]) WITH ORDINALITY t (call, n)
 ORDER BY n;
CREATE ROLE choice_reader;
SELECT invtrack.grant_access('choice_reader', 'm');
GRANT EXECUTE ON FUNCTION public.error_of(text) TO choice_reader;
SET LOCAL ROLE choice_reader;
SELECT mechanism, reason FROM invtrack.suggest_tracker('m', 'steady', 'good');
SELECT split_part(public.error_of($$SELECT FROM invtrack.suggest_tracker('other', 'steady', 'good')$$), E'\n', 1) AS of_other;
RESET ROLE;
ROLLBACK;
