-- status_daily: how many trackers had which status, a few rows for each day that was checked.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
INSERT INTO invtrack.merchant (merchant, alert_nothing_on_hand) VALUES ('m', true), ('n', false), ('empty', false);
INSERT INTO invtrack.inventory_type VALUES ('m', 'good'), ('n', 'good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'a'), ('m', 'b'), ('m', 'c'), ('n', 'a');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'a', 'good', 5), ('m', 'b', 'good', 20), ('n', 'a', 'good', 5);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, sku, 'good', 'stock_quantity', 10 FROM invtrack.product;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days) VALUES ('m', 'a', 'good', 'turnover_days', 30, 7), ('m', 'b', 'good', 'turnover_days', 30, 7);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days) VALUES ('m', 'b', 'good', 'stalled_days', 10, 30);
CREATE FUNCTION pg_temp.check_at(day text, of_merchant text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('invtrack.as_of', day, true);
    RETURN (SELECT count(*) FROM invtrack.check_trackers(of_merchant));
END
$$;
CREATE FUNCTION pg_temp.of_day(asked date) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', merchant, mechanism, status, trackers) FROM invtrack.status_daily WHERE day = asked ORDER BY merchant, mechanism, status
$$;

-- The last check of a day counts, and a status that no tracker has by then has no row; other days stay.
SELECT count(*) AS none_yet FROM invtrack.status_daily;
SELECT pg_temp.check_at('2026-03-01') > 0 AS told;
SELECT * FROM pg_temp.of_day('2026-03-01');
UPDATE invtrack.stock_lot SET quantity = 100 WHERE merchant = 'm';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 'a', 'good', 'sale', '2026-02-20', 1), ('m', 'b', 'good', 'sale', '2026-02-01', 1);
SELECT pg_temp.check_at('2026-03-01') > 0 AS told;
SELECT * FROM pg_temp.of_day('2026-03-01');
SELECT pg_temp.check_at('2026-03-03', 'm') >= 0 AS told;
SELECT merchant, day, sum(trackers) FROM invtrack.status_daily GROUP BY 1, 2 ORDER BY 1, 2;
-- rows are rewritten only where a count changed
CREATE TEMPORARY TABLE place AS SELECT ctid AS place, merchant, day, mechanism, status FROM invtrack.status_daily;
SELECT pg_temp.check_at('2026-03-03', 'm');
SELECT count(*) AS as_before FROM invtrack.status_daily d JOIN place p USING (merchant, day, mechanism, status) WHERE d.ctid = p.place;
-- trackers that are gone, paused, retired, and new
SELECT invtrack.delete_tracker('m', 'b', 'good', 'stalled_days');
UPDATE invtrack.tracker SET active = false WHERE merchant = 'm' AND sku = 'a' AND mechanism = 'stock_quantity';
UPDATE invtrack.product SET discontinued_on = '2026-03-01' WHERE merchant = 'm' AND sku = 'b';
SELECT invtrack.save_tracker('m', 'c', 'good', 'stalled_days', 5, 30);
SELECT pg_temp.check_at('2026-03-03', 'm') >= 0 AS told;
SELECT * FROM pg_temp.of_day('2026-03-03');
-- changes of products leave past days as they were
SELECT invtrack.delete_product('m', 'c') AND invtrack.rename_product('m', 'a', 'z') AS changed;
SELECT pg_temp.check_at('2026-03-04', 'm') >= 0 AS told;
SELECT * FROM pg_temp.of_day('2026-03-03');
SELECT * FROM pg_temp.of_day('2026-03-04');
-- neither a day before the last that was checked nor one that is still to come is written
CREATE TEMPORARY TABLE before AS TABLE invtrack.status_daily;
UPDATE invtrack.stock_lot SET quantity = 0 WHERE merchant = 'm';
SELECT pg_temp.check_at('2026-03-02', 'm') >= 0 AS told;
SELECT pg_temp.check_at('9999-12-31', 'm') >= 0 AS told;
SELECT count(*) AS differences FROM ((TABLE before EXCEPT TABLE invtrack.status_daily) UNION ALL (TABLE invtrack.status_daily EXCEPT TABLE before)) d;
-- no tracker is left: the day has no row, also if it had some
SELECT pg_temp.check_at('2026-03-05', 'm') >= 0 AS told;
SELECT count(*) FROM pg_temp.of_day('2026-03-05');
DELETE FROM invtrack.tracker WHERE merchant = 'm';
SELECT pg_temp.check_at('2026-03-05', 'm') >= 0 AS told;
SELECT count(*) FROM pg_temp.of_day('2026-03-05');
SELECT count(DISTINCT day) AS days, count(*) FILTER (WHERE merchant = 'empty') AS of_a_merchant_without_trackers FROM invtrack.status_daily;
SELECT count(*) FROM invtrack.verify();
SELECT invtrack.delete_merchant('m');
SELECT DISTINCT merchant FROM invtrack.status_daily;

-- What has no status yet, as what 0.2 recorded, counts from the next check on.
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days) VALUES ('n', 'a', 'good', 'stalled_days', 5, 30);
UPDATE invtrack.check_state SET checked_days = '{2026-03-01:1,2026-03-02:1}' WHERE merchant = 'n';
DELETE FROM invtrack.status_daily;
DELETE FROM invtrack.tracker_history;
INSERT INTO invtrack.tracker_history (merchant, sku, inventory_type, mechanism, health, current_stock)
VALUES ('n', 'a', 'good', 'stock_quantity', '{2026-03-01:50}', '{2026-03-01:5}'), ('n', 'a', 'good', 'stalled_days', '{2026-03-02:0}', '{2026-03-02:0}');
SELECT mechanism, day, health, current_stock, threshold, status, reason FROM invtrack.health_daily ORDER BY mechanism, day;
SELECT pg_temp.check_at('2026-03-04', 'n') >= 0 AS told;
SELECT mechanism, day, health, current_stock, threshold, status, reason FROM invtrack.health_daily ORDER BY mechanism, day;
SELECT mechanism, health, threshold, reasons FROM invtrack.tracker_history ORDER BY mechanism;
SELECT day, mechanism, status, trackers FROM invtrack.status_daily ORDER BY day, mechanism;
-- A filter on the day unpacks that day only, and finds what came before it.
SELECT day, threshold, status, reason FROM invtrack.health_daily WHERE day = '2026-03-04' ORDER BY mechanism;
SELECT count(*) FROM invtrack.health_daily WHERE status = 'stalled' AND day >= '2026-03-03';
ROLLBACK;

-- Weeks of everything at random: the counts of each day are those of health_daily, and what was judged is what health said then.
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
\if :{?seed}
\else
    \set seed 0.7
\endif
SELECT setseed(:seed) \g /dev/null
INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m', true), ('n', false);
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' || n FROM invtrack.merchant, generate_series(1, 8) n;
CREATE TEMPORARY TABLE found AS SELECT merchant, sku, inventory_type, mechanism, as_of AS day, health, current_stock, threshold, status, reason FROM invtrack.health;
DO $$
DECLARE
    today date;
BEGIN
    FOR step IN 1 .. 60 LOOP
        today := date '2026-01-01' + step / 2;
        PERFORM set_config('invtrack.as_of', today::text, true);
        INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity)
        SELECT merchant, sku, 'good', floor(20 * random()) FROM invtrack.product WHERE random() < 0.2
        ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET quantity = excluded.quantity;
        INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        SELECT merchant, sku, 'good', flow, today - floor(5 * random())::integer, floor(8 * random()) - 2
          FROM invtrack.product, unnest(ARRAY['sale', 'shipment']) flow WHERE random() < 0.2;
        DELETE FROM invtrack.tracker WHERE random() < 0.03;
        UPDATE invtrack.tracker SET active = NOT active WHERE random() < 0.05;
        UPDATE invtrack.product SET discontinued_on = CASE WHEN discontinued_on IS NULL THEN today END WHERE random() < 0.03;
        PERFORM invtrack.save_tracker(merchant, sku, 'good', m, CASE WHEN m <> 'turnover_days' THEN 1 + floor(15 * random())::numeric END,
                                      CASE WHEN m <> 'stock_quantity' THEN 1 + floor(10 * random())::integer END, CASE WHEN m = 'turnover_days' THEN 1 + floor(10 * random())::integer END)
           FROM invtrack.product, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) m WHERE random() < 0.1;
        IF random() < 0.1 THEN
            PERFORM invtrack.fold();
        END IF;
        CONTINUE WHEN random() < 0.2;
        PERFORM invtrack.check_trackers();
        DELETE FROM found WHERE day = today;
        INSERT INTO found SELECT merchant, sku, inventory_type, mechanism, as_of, health, current_stock, threshold, status, reason FROM invtrack.health;
    END LOOP;
END
$$;
SELECT count(*) > 400 AS days_of_trackers, count(DISTINCT day) > 20 AS days, count(DISTINCT status) AS statuses, count(DISTINCT reason) >= 5 AS reasons FROM found;
-- each day's counts are what health said at its last check
SELECT count(*) AS differences
  FROM (SELECT merchant, day, mechanism, status, count(*) AS trackers FROM found GROUP BY 1, 2, 3, 4) f
  FULL JOIN invtrack.status_daily d USING (merchant, day, mechanism, status) WHERE d.trackers IS DISTINCT FROM f.trackers;
-- and so is the history of the trackers that are left since they were last made
SELECT count(*) > 100 AS compared, count(*) FILTER (WHERE (d.health, d.current_stock, d.threshold, d.status) IS DISTINCT FROM (f.health, f.current_stock, f.threshold, f.status)
                                                       OR d.reason IS DISTINCT FROM f.reason) AS differences
  FROM invtrack.health_daily d LEFT JOIN found f USING (merchant, sku, inventory_type, mechanism, day);
-- on the last day that was checked all are left
SELECT count(*) AS differences
  FROM (SELECT merchant, day, mechanism, status, count(*) AS trackers FROM invtrack.health_daily WHERE day = (SELECT max(day) FROM invtrack.status_daily) GROUP BY 1, 2, 3, 4) h
  FULL JOIN (SELECT * FROM invtrack.status_daily WHERE day = (SELECT max(day) FROM invtrack.status_daily)) d USING (merchant, day, mechanism, status)
 WHERE d.trackers < h.trackers OR d.trackers IS NULL;

-- A tenant sees its own merchants' rows, and writes none.
CREATE ROLE invtrack_test_tenant;
SELECT invtrack.grant_access('invtrack_test_tenant', 'm', 'manage');
SET LOCAL ROLE invtrack_test_tenant;
SELECT DISTINCT merchant FROM invtrack.status_daily;
SELECT left(public.error_of(statement), 5) AS sqlstate FROM unnest(ARRAY['DELETE FROM invtrack.status_daily', 'UPDATE invtrack.status_daily SET trackers = 0',
    $$INSERT INTO invtrack.status_daily VALUES ('m', '2026-01-01', 'stock_quantity', 'ok', 1)$$]) statement;
ROLLBACK;
