-- A month of Northwind, day by day, with several checks a day: what a check should have found and told,
-- worked out without it. Run by test/t/015_month.pl after examples/northwind.sql. The variable from_seed
-- says how random() begins.

SET max_parallel_workers_per_gather = 0;
SELECT setseed(:from_seed);

UPDATE invtrack.merchant SET rearm_percent = floor(random() * 3) * 25, alert_too_new = random() < 0.3,
                             alert_nothing_on_hand = random() < 0.3, critical_percent = floor(random() * 3) * 20;
UPDATE invtrack.product SET launched_on = date '1998-03-01' + floor(random() * 60)::integer WHERE random() < 0.3;

-- What there was at each check: the view's rows, and what is on hand, by plain SQL.
CREATE TABLE seen (n integer, day date, merchant text, sku text, inventory_type text, mechanism text, status text,
                   reason text, health numeric, current_stock numeric, quiet boolean, rearm_percent numeric,
                   muted boolean, since timestamptz, retired boolean, critical boolean);
CREATE TABLE stock_seen (n integer, day date, merchant text, sku text, inventory_type text, on_hand numeric);
-- What the checks told, and what they should have: an event each, and an episode each.
CREATE TABLE told (n integer, merchant text, event_id bigint, sku text, inventory_type text, mechanism text,
                   transition text, status text);
CREATE TABLE told_twice (LIKE invtrack.alert_event);

-- Something happens. Sales and shipments are there already, and come into sight as the day moves.
CREATE FUNCTION live() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE invtrack.stock_lot SET quantity = greatest(quantity - floor(random() * 40), -5) WHERE random() < 0.15;
    UPDATE invtrack.stock_lot SET quantity = quantity + floor(random() * 300) WHERE random() < 0.05;
    DELETE FROM invtrack.stock_lot WHERE random() < 0.01;
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
    SELECT merchant, sku, 'good', 'new', date '1998-05-01' + floor(random() * 60)::integer, floor(random() * 100)
      FROM invtrack.product WHERE random() < 0.01
        ON CONFLICT DO NOTHING;
    UPDATE invtrack.tracker SET active = NOT active WHERE random() < 0.01;
    UPDATE invtrack.product SET discontinued_on = CASE WHEN random() < 0.7 THEN date '1998-04-05' + floor(random() * 30)::integer END
     WHERE random() < 0.01;
    UPDATE invtrack.tracker SET quantity = quantity + floor(random() * 10) WHERE quantity IS NOT NULL AND random() < 0.02;
    DELETE FROM invtrack.tracker WHERE random() < 0.002;
    -- all of the month is one statement to created_at's default, which could not tell a tracker from one before it
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, created_at)
    SELECT merchant, sku, 'good', 'stock_quantity', 1 + floor(random() * 50), clock_timestamp() FROM invtrack.product WHERE random() < 0.01
        ON CONFLICT DO NOTHING;
    -- a movement that comes late
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT merchant, sku, 'good', 'sale', date '1998-03-01' + floor(random() * 60)::integer, 1 + floor(random() * 30)
      FROM invtrack.product WHERE random() < 0.02;
    IF random() < 0.3 THEN PERFORM invtrack.fold(); END IF;
    IF random() < 0.05 THEN
        DELETE FROM invtrack.stock_lot l USING (SELECT merchant, sku FROM invtrack.product ORDER BY random() LIMIT 1) p
         WHERE l.merchant = p.merchant AND l.sku = p.sku;
        DELETE FROM invtrack.product p WHERE p.discontinued_on IS NOT NULL
           AND NOT EXISTS (SELECT FROM invtrack.stock_lot l WHERE l.merchant = p.merchant AND l.sku = p.sku);
    END IF;
END
$$;

CREATE FUNCTION check_now(at integer, today date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen
    SELECT at, today, h.merchant, h.sku, h.inventory_type, h.mechanism, h.status, h.reason, h.health, h.current_stock,
           NOT h.active OR coalesce(h.discontinued_on <= today, false), m.rearm_percent,
           coalesce(h.reason = 'too_new' AND NOT m.alert_too_new OR h.reason = 'nothing_on_hand' AND NOT m.alert_nothing_on_hand, false),
           t.created_at, coalesce(h.discontinued_on <= today, false),
           h.status IN ('replenish', 'stalled') AND h.health <= m.critical_percent
      FROM invtrack.health h JOIN invtrack.merchant m USING (merchant) JOIN invtrack.tracker t USING (merchant, sku, inventory_type, mechanism);
    INSERT INTO stock_seen
    SELECT at, today, merchant, sku, inventory_type, sum(quantity) FROM invtrack.stock_lot GROUP BY merchant, sku, inventory_type;
    INSERT INTO stock_seen
    SELECT DISTINCT at, today, s.merchant, s.sku, s.inventory_type, 0
      FROM stock_seen s JOIN invtrack.product USING (merchant, sku)
     WHERE NOT EXISTS (SELECT FROM stock_seen t WHERE t.n = at AND (t.merchant, t.sku, t.inventory_type) = (s.merchant, s.sku, s.inventory_type));
    INSERT INTO told
    SELECT at, merchant, event_id, sku, inventory_type, mechanism, transition, payload ->> 'status' FROM invtrack.check_trackers();
    INSERT INTO told_twice SELECT * FROM invtrack.check_trackers();
END
$$;

-- The days, each a transaction, so that times differ; here and there a day without a check.
CREATE PROCEDURE month() LANGUAGE plpgsql AS $$
DECLARE
    today date;
    at integer := 0;
BEGIN
    FOR today IN SELECT generate_series(date '1998-04-01', '1998-05-06', '1 day') LOOP
        PERFORM set_config('invtrack.as_of', today::text, false);
        FOR i IN 1 .. 1 + floor(random() * 3) LOOP
            PERFORM live();
            COMMIT;
            CONTINUE WHEN random() < 0.1;
            at := at + 1;
            PERFORM check_now(at, today);
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
CALL month();

-- The rules of alerts, once more: a tracker's checks in order.
CREATE TABLE expected_event (n integer, merchant text, sku text, inventory_type text, mechanism text, transition text, status text);
CREATE TABLE expected_episode (merchant text, sku text, inventory_type text, mechanism text, opened_on date,
                               opened_health numeric, lowest_health numeric, closed_on date, closed_as text);
DO $$
DECLARE
    key record;
    point record;
    open boolean;
    last_told text;
    told_critical boolean;
    e expected_episode;
    what text;
BEGIN
    FOR key IN SELECT DISTINCT merchant, sku, inventory_type, mechanism FROM seen LOOP
        open := false;
        e := NULL;
        FOR point IN
            SELECT c.n, c.day, s.status, s.health, s.quiet, s.muted, s.rearm_percent, s.retired, s.critical
              FROM (SELECT DISTINCT n, day FROM seen) c
              LEFT JOIN seen s ON s.n = c.n AND (s.merchant, s.sku, s.inventory_type, s.mechanism)
                                              = (key.merchant, key.sku, key.inventory_type, key.mechanism)
             ORDER BY c.n
        LOOP
            what := NULL;
            IF open AND (point.status IS NULL OR point.retired) THEN
                what := 'withdrawn';
            ELSIF open AND point.status = 'ok' AND point.health >= 100 + point.rearm_percent THEN
                what := 'recovered';
            ELSIF point.status <> 'ok' AND NOT point.quiet AND NOT point.muted THEN
                IF NOT open THEN
                    what := 'opened';
                ELSIF point.status <> last_told OR point.critical AND NOT told_critical THEN
                    what := 'worsened';
                END IF;
            END IF;
            IF what = 'opened' THEN
                e := (key.merchant, key.sku, key.inventory_type, key.mechanism, point.day, point.health, point.health, NULL, NULL);
                open := true;
            ELSIF open THEN
                e.lowest_health := least(e.lowest_health, point.health);
            END IF;
            IF what IN ('opened', 'worsened') THEN
                last_told := point.status;
                told_critical := what = 'worsened' AND told_critical OR point.critical;
            ELSIF what IN ('recovered', 'withdrawn') THEN
                e.closed_on := point.day;
                e.closed_as := what;
                INSERT INTO expected_episode SELECT e.*;
                open := false;
            END IF;
            IF what IS NOT NULL THEN
                INSERT INTO expected_event
                VALUES (point.n, key.merchant, key.sku, key.inventory_type, key.mechanism, what, coalesce(point.status, last_told));
            END IF;
        END LOOP;
        IF open THEN
            INSERT INTO expected_episode SELECT e.*;
        END IF;
    END LOOP;
END
$$;

-- The last check of a day wins. A tracker's history begins with the tracker that is there now.
CREATE VIEW expected_health AS
SELECT DISTINCT ON (s.day, s.merchant, s.sku, s.inventory_type, s.mechanism)
       s.merchant, s.sku, s.inventory_type, s.mechanism, s.day, s.health, s.current_stock
  FROM seen s JOIN invtrack.tracker t USING (merchant, sku, inventory_type, mechanism)
 WHERE s.since = t.created_at
 ORDER BY s.day, s.merchant, s.sku, s.inventory_type, s.mechanism, s.n DESC;
CREATE VIEW expected_stock AS
SELECT DISTINCT ON (s.day, s.merchant, s.sku, s.inventory_type) s.merchant, s.sku, s.inventory_type, s.day, s.on_hand
  FROM stock_seen s JOIN invtrack.product p USING (merchant, sku)
 ORDER BY s.day, s.merchant, s.sku, s.inventory_type, s.n DESC;

-- Rows of either that the other has not.
CREATE FUNCTION differences(expected text, actual text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT ''expected '' || d::text FROM (%1$s EXCEPT ALL %2$s) d UNION ALL SELECT ''found '' || d::text FROM (%2$s EXCEPT ALL %1$s) d LIMIT 10',
        expected, actual);
END
$$;
