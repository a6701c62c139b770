-- merchant.count_today: a shop sells and ships one unit each evening, but for 30 March, and is checked at 00:30 and at 23:00 of its own
-- clock. Where today does not count, a day that has just begun makes no news: only the day without sales does, once it is over.
-- In Berlin the 29th has 23 hours; Kiritimati and Pago Pago are on the same clock and a day apart.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
INSERT INTO invtrack.merchant (merchant, time_zone, count_today)
SELECT format('%s %s', zone, CASE WHEN counts THEN 'counts' ELSE 'waits' END), zone, counts
  FROM unnest(ARRAY['Europe/Berlin', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']) zone, unnest(ARRAY[true, false]) counts;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
-- a product for each lookback
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 'days ' || n FROM invtrack.merchant, unnest(ARRAY[1, 7]) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 100 FROM invtrack.product;
SELECT count(invtrack.save_tracker(merchant, 'days ' || n, 'good', 'stalled_days', n, n)) AS stalled,
       count(invtrack.save_tracker(merchant, 'days ' || n, 'good', 'turnover_days', NULL, n, 100)) AS turnover
  FROM invtrack.merchant, unnest(ARRAY[1, 7]) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', flow, day, 1
  FROM invtrack.product, unnest(ARRAY['sale', 'shipment']) flow, generate_series(date '2026-03-01', '2026-03-27', interval '1 day') day;

CREATE TEMP TABLE news (merchant text COLLATE "C", local_time timestamp, transition text, sku text COLLATE "C", mechanism text COLLATE "C", status text);
DO $$
DECLARE
    m invtrack.merchant;
    clock timestamp;
    day date;
BEGIN
    FOR m IN SELECT * FROM invtrack.merchant ORDER BY merchant LOOP
        FOR n IN 0 .. 9 LOOP
            clock := timestamp '2026-03-28' + n / 2 * interval '1 day' + CASE n % 2 WHEN 0 THEN interval '30 minutes' ELSE interval '23 hours' END;
            day := invtrack.day_of(m.merchant, clock AT TIME ZONE m.time_zone);
            IF n % 2 = 1 AND day <> '2026-03-30' THEN -- sold in the evening
                INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
                SELECT m.merchant, p.sku, 'good', flow, day, 1 FROM invtrack.product p, unnest(ARRAY['sale', 'shipment']) flow WHERE p.merchant = m.merchant;
            END IF;
            PERFORM set_config('invtrack.as_of', day::text, true);
            INSERT INTO news
            SELECT m.merchant, clock, c.transition, c.sku, c.mechanism, c.payload ->> 'status' FROM invtrack.check_trackers(m.merchant) c;
        END LOOP;
    END LOOP;
END $$;

-- All three clocks tell the same.
SELECT array_agg(DISTINCT told) = array_agg(told ORDER BY merchant) FILTER (WHERE merchant LIKE 'Europe/%') AS same
  FROM (SELECT m.merchant, m.count_today, string_agg(concat_ws(' ', n.local_time, n.transition, n.sku, n.mechanism), ', ' ORDER BY n.local_time, n.sku, n.mechanism) AS told
          FROM invtrack.merchant m LEFT JOIN news n USING (merchant) GROUP BY m.merchant) t
 GROUP BY count_today ORDER BY count_today;
SELECT local_time, transition, sku, mechanism, status FROM news WHERE merchant = 'Pacific/Pago_Pago waits' ORDER BY local_time, sku, mechanism;
SELECT local_time, transition, sku, mechanism, status FROM news WHERE merchant = 'Pacific/Pago_Pago counts' ORDER BY local_time, sku, mechanism;

-- The moment that is the 30th on one side of the date line is the 29th on the other, and the windows go by each merchant's day.
SELECT merchant, invtrack.day_of(merchant, '2026-03-29 12:00+00') FROM invtrack.merchant WHERE NOT count_today ORDER BY merchant;
SET LOCAL invtrack.as_of = '2026-03-31';
SELECT merchant, sku, mechanism, current_stock, daily_sales, actual_days, status FROM invtrack.health WHERE merchant LIKE 'Pacific/K%' ORDER BY merchant, sku, mechanism;
ROLLBACK;
