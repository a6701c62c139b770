-- Random trackers, stock and movements for test/t/002_random.pl and 006_random_fold.pl, after oracle.sql.
-- Three worlds: ordinary days, and the first and the last days that there are. Random numbers are
-- drawn in one session, from one seed (the variable from_seed, below 1), and never by workers. The
-- variable products says how many products a merchant has.
SET max_parallel_workers_per_gather = 0;
SELECT setseed(:from_seed);

CREATE TABLE world (world integer, day date);
INSERT INTO world VALUES (1, '2026-03-10'), (2, '0001-02-01'), (3, '9999-12-01');

-- A day so far from another, brought into the calendar.
CREATE FUNCTION day_at(day date, days integer) RETURNS date LANGUAGE sql IMMUTABLE
RETURN greatest(least(day + days, date '9999-12-31'), date '0001-01-01');

CREATE FUNCTION pick(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE
AS 'SELECT choices[1 + floor(random() * cardinality(choices))::integer]';

-- Mostly small and whole, so that equal and zero sums are frequent; some with all decimals, some
-- as large as there are.
CREATE FUNCTION random_quantity() RETURNS numeric LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind double precision := random();
BEGIN
    RETURN CASE
        WHEN kind < 0.08 THEN 0
        WHEN kind < 0.20 THEN -ceil(random() * 6)::numeric
        WHEN kind < 0.36 THEN round((random() * 20 - 4)::numeric, 6)
        WHEN kind < 0.40 THEN pick(ARRAY[999999999999.999999, -999999999999.999999, 0.000001, -0.000001])
        ELSE ceil(random() * 12)::numeric
    END;
END
$$;

-- Lookbacks that offsets of launches and movements meet again, and any other.
CREATE FUNCTION random_days() RETURNS integer LANGUAGE sql VOLATILE
RETURN CASE WHEN random() < 0.8 THEN pick(ARRAY[1, 2, 7, 14, 30, 30, 90, 90, 365, 3650])
            ELSE 1 + floor(random() * 3650)::integer END;

INSERT INTO invtrack.merchant (merchant, name, time_zone, count_today)
SELECT format('w%s m%s', world, m), 'Merchant ' || m,
       (ARRAY['UTC', 'Pacific/Kiritimati', 'America/St_Johns', 'Pacific/Pago_Pago'])[m], m % 2 = 1
  FROM world, generate_series(1, 4) m;
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
SELECT merchant, type, initcap(type) FROM invtrack.merchant, unnest(ARRAY['good', 'defective']) type;

INSERT INTO invtrack.product (merchant, sku, name, launched_on)
SELECT format('w%s m%s', world, m), 'p' || p, 'Product ' || p,
       CASE WHEN random() < 0.6
            THEN day_at(day, CASE WHEN random() < 0.15 THEN 1 + floor(random() * 40)::integer
                                  ELSE pick(ARRAY[-1, 0, 1, 2]) - random_days() END) END
  FROM world, generate_series(1, 4) m, generate_series(1, :products) p;

-- Items: what may have lots, movements and trackers.
CREATE TABLE item AS
SELECT row_number() OVER (ORDER BY p.merchant, p.sku, i.inventory_type) AS item,
       w.day, p.merchant, p.sku, i.inventory_type
  FROM invtrack.product p
  JOIN invtrack.inventory_type i USING (merchant)
  JOIN world w ON p.merchant LIKE format('w%s %%', w.world);

INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, inventory_type, 'lot ' || n,
       CASE WHEN random() < 0.65
            THEN day_at(day, CASE WHEN random() < 0.7
                                  THEN pick(ARRAY[0, 1, 7, 14, 30, 3650]) + pick(ARRAY[-1, 0, 1, 2])
                                  ELSE floor(random() * 80)::integer - 40 END) END,
       random_quantity()
  FROM (SELECT item.*, pick(ARRAY[0, 1, 1, 2, 3, 5]) AS lots FROM item) i,
       generate_series(1, lots) n;

-- Some are on order, also without lots, and without a day.
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, expected_on, quantity)
SELECT merchant, sku, inventory_type, 'order ' || n,
       CASE WHEN random() < 0.8 THEN day_at(day, floor(random() * 60)::integer - 10) END, 1 + floor(random() * 50)
  FROM item, generate_series(1, 2) n WHERE random() < 0.2;

-- A quarter of the items has none of a flow. The rest's are near, at the edges of windows, or
-- long ago; some are after the day.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, inventory_type, flow,
       day_at(day, CASE age WHEN 'old' THEN -20 - floor(random() * 4000)::integer
                            WHEN 'later' THEN 1 + floor(random() * 30)::integer
                            ELSE CASE floor(random() * 3)
                                     WHEN 0 THEN pick(ARRAY[-1, 0, 1]) - random_days()
                                     ELSE 2 - floor(random() * 30)::integer END END),
       random_quantity()
  FROM (SELECT item.*, flow, pick(ARRAY[0, 1, 2, 4, 9]) AS movements,
               pick(ARRAY['any', 'any', 'any', 'any', 'any', 'any', 'old', 'later']) AS age
          FROM item, unnest(ARRAY['sale', 'shipment']) flow) i,
       generate_series(1, movements) n;
-- Movements of items that nobody knows count for nobody.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'nobody', sku, inventory_type, 'sale', day, 5 FROM item LIMIT 100;

INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days,
                              coverage_days, expiry_days)
SELECT merchant, sku, inventory_type, mechanism,
       CASE WHEN mechanism <> 'turnover_days' THEN
           CASE WHEN random() < 0.8 THEN ceil(random() * 20)::numeric
                ELSE pick(ARRAY[0.000001, 0.333333, 7.5, 999999999999.999999]) END END,
       CASE WHEN mechanism <> 'stock_quantity' THEN random_days() END,
       CASE WHEN mechanism = 'turnover_days' THEN pick(ARRAY[1, 1, 2, 3, 7, 30, 3650]) END,
       CASE WHEN mechanism <> 'stalled_days' THEN pick(ARRAY[NULL, NULL, 0, 1, 7, 14, 30, 3650]) END
  FROM item, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism
 WHERE random() < 0.9;

-- Some stock is what turnover asks for, to the unit, or as near as the rounded threshold shows.
UPDATE invtrack.stock_lot l
   SET quantity = l.quantity + o.threshold - o.current_stock + pick(ARRAY[0, 0, 0.000001, -0.000001])
  FROM world w, oracle_health(w.day) o
 WHERE o.merchant LIKE format('w%s %%', w.world) AND o.mechanism = 'turnover_days'
   AND o.status <> 'no_sales' AND o.threshold < 1000000
   AND l.merchant = o.merchant AND l.sku = o.sku AND l.inventory_type = o.inventory_type
   AND l.lot = 'lot 1' AND l.expires_on IS NULL
   AND abs(l.quantity) < 1000000 AND abs(o.current_stock) < 1000000;

-- The days that health is asked for: of each world its own, two near it and two further away.
CREATE TABLE as_of AS
SELECT world, day_at(day, CASE n WHEN 0 THEN 0
                                 WHEN 1 THEN -(1 + floor(random() * 40)::integer)
                                 WHEN 2 THEN 1 + floor(random() * 40)::integer
                                 WHEN 3 THEN -floor(random() * 500)::integer
                                 ELSE floor(random() * 500)::integer END) AS day
  FROM world, generate_series(0, 4) n;
INSERT INTO as_of VALUES (1, '0001-01-01'), (1, '9999-12-31');
ANALYZE invtrack.merchant, invtrack.product, invtrack.inventory_type, invtrack.stock_lot,
        invtrack.movement, invtrack.tracker;
