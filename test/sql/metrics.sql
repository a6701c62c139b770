-- Metrics: what they count, of whom, and that a filter by name or merchant reads no more than it asks for.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
-- Tables that were never analyzed seem large enough for it.
SET LOCAL jit = off;

-- Nothing is there: a total of each that counts, and no time, since nobody is behind.
SELECT * FROM invtrack.metrics ORDER BY name COLLATE "C";

-- a: a tracker of each status, one paused, one of a retired product and one that is both; one retires tomorrow.
-- b: two to replenish. c: nothing but a product. n: a tracker, never checked. x: movements only.
INSERT INTO invtrack.merchant (merchant) VALUES ('a'), ('b'), ('c'), ('n');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, discontinued_on) VALUES
    ('a', 'p1', NULL), ('a', 'p2', '2026-03-11'), ('a', 'old', '2026-03-10'), ('b', 'p1', NULL), ('b', 'p2', NULL), ('c', 'p1', NULL), ('n', 'p1', NULL);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('a', 'p1', 'good', 20), ('a', 'p2', 'good', 5), ('b', 'p1', 'good', 5);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, active) VALUES
    ('a', 'p1', 'good', 'stock_quantity', 10, NULL, NULL, true), ('a', 'p1', 'good', 'stalled_days', 10, 30, NULL, true),
    ('a', 'p1', 'good', 'turnover_days', NULL, 30, 7, true),
    ('a', 'p2', 'good', 'stock_quantity', 10, NULL, NULL, true), ('a', 'p2', 'good', 'stalled_days', 10, 30, NULL, false),
    ('a', 'old', 'good', 'stock_quantity', 10, NULL, NULL, true), ('a', 'old', 'good', 'stalled_days', 10, 30, NULL, false),
    ('b', 'p1', 'good', 'stock_quantity', 10, NULL, NULL, true), ('b', 'p2', 'good', 'stock_quantity', 10, NULL, NULL, true),
    ('n', 'p1', 'good', 'stock_quantity', 10, NULL, NULL, true);
SELECT status, active, discontinued_on, count(*) FROM invtrack.health GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT * FROM invtrack.metrics WHERE name LIKE 'trackers%' ORDER BY merchant NULLS FIRST, name COLLATE "C";
-- each is counted once
SELECT merchant, sum(value) FROM invtrack.metrics WHERE name LIKE 'trackers%' GROUP BY merchant ORDER BY merchant NULLS FIRST;

-- Movements wait since ten minutes, an hour and a day; x is in no catalogue, and q is no product of b.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at) VALUES
    ('a', 'p1', 'good', 'sale', '2026-03-10', 1, now() - interval '10 minutes'), ('a', 'p1', 'good', 'sale', '2026-03-10', 1, now()),
    ('b', 'q', 'good', 'sale', '2026-03-10', 1, now() - interval '1 hour'), ('b', 'q', 'bad', 'shipment', '2026-03-10', 1, now()),
    ('x', 'q', 'good', 'sale', '2026-03-10', 1, now() - interval '1 day');
CREATE VIEW pg_temp.waiting AS
SELECT merchant, max(value) FILTER (WHERE name = 'unfolded_movements') AS unfolded, round(max(value) FILTER (WHERE name = 'oldest_unfolded_seconds'), 3) AS seconds,
       max(value) FILTER (WHERE name = 'last_fold_timestamp_seconds') = coalesce(extract(epoch FROM max(folded_at)), 0) AS last_fold_is_right,
       max(value) FILTER (WHERE name = 'last_fold_timestamp_seconds') > 0 AS folded_before,
       max(value) FILTER (WHERE name = 'unknown_item_movements') AS unknown
  FROM invtrack.metrics LEFT JOIN invtrack.fold_state USING (merchant)
 WHERE name IN ('unfolded_movements', 'oldest_unfolded_seconds', 'last_fold_timestamp_seconds', 'unknown_item_movements')
 GROUP BY merchant;
-- nobody was ever folded
SELECT * FROM pg_temp.waiting ORDER BY merchant NULLS FIRST;
-- a is: the total is still that of b and x
SELECT invtrack.fold('a');
SELECT * FROM pg_temp.waiting ORDER BY merchant NULLS FIRST;
-- all are: nobody is behind, and there is no total; what is not known stays so
SELECT invtrack.fold();
SELECT * FROM pg_temp.waiting ORDER BY merchant NULLS FIRST;
-- a has news: the total is its last fold, whatever the others' is
UPDATE invtrack.fold_state SET folded_at = '2026-01-01' WHERE merchant = 'b';
UPDATE invtrack.fold_state SET folded_at = '2026-02-01' WHERE merchant = 'a';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('a', 'p1', 'good', 'sale', '2026-03-10', 1);
SELECT merchant, to_timestamp(value) AT TIME ZONE current_setting('TimeZone') AS last_fold FROM invtrack.metrics
 WHERE name = 'last_fold_timestamp_seconds' AND (merchant IN ('a', 'b') OR merchant IS NULL) ORDER BY merchant NULLS FIRST;
-- What waits may have been recorded at any time: in the future it waits for nothing, and infinity is no error.
SAVEPOINT times;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
VALUES ('b', 'q', 'good', 'sale', '2026-03-10', 1, 'infinity'), ('c', 'q', 'good', 'sale', '2026-03-10', 1, '-infinity'),
       ('n', 'q', 'good', 'sale', '2026-03-10', 1, now() + interval '1 day');
SELECT merchant, round(value) AS value FROM invtrack.metrics WHERE name = 'oldest_unfolded_seconds' ORDER BY merchant NULLS FIRST;
ROLLBACK TO times;

-- Checks: a, b and n have something to check; who was never checked is most behind. c is checked and has nothing.
CREATE VIEW pg_temp.checked AS
SELECT merchant, value = coalesce(extract(epoch FROM checked_at), 0) AS is_right, value > 0 AS checked_before
  FROM invtrack.metrics LEFT JOIN invtrack.check_state USING (merchant) WHERE name = 'last_check_timestamp_seconds';
SELECT * FROM pg_temp.checked ORDER BY merchant NULLS FIRST;
SELECT merchant, transition, count(*) FROM unnest(ARRAY['a', 'b', 'c']) m, invtrack.check_trackers(m) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM pg_temp.checked ORDER BY merchant NULLS FIRST;
SELECT count(*) AS opened FROM invtrack.check_trackers('n');
UPDATE invtrack.check_state SET checked_at = '2026-01-02' WHERE merchant = 'b';
UPDATE invtrack.check_state SET checked_at = '2026-01-01' WHERE merchant = 'c';
SELECT merchant, to_timestamp(value) AT TIME ZONE current_setting('TimeZone') AS last_check FROM invtrack.metrics
 WHERE name = 'last_check_timestamp_seconds' AND (merchant IN ('b', 'c') OR merchant IS NULL) ORDER BY merchant NULLS FIRST;

-- Alerts: of a tracker each, one acknowledged, one closed.
SELECT invtrack.acknowledge_alert('b', 'p1', 'good', 'stock_quantity');
UPDATE invtrack.stock_lot SET quantity = 10 WHERE merchant = 'a' AND sku = 'p2';
SELECT transition, sku FROM invtrack.check_trackers('a');
SELECT merchant, count(*), count(*) FILTER (WHERE acknowledged_at IS NULL) AS unacknowledged FROM invtrack.alert_open GROUP BY merchant ORDER BY merchant;
SELECT * FROM invtrack.metrics WHERE name IN ('open_alerts', 'unacknowledged_alerts') ORDER BY name, merchant NULLS FIRST;

-- Events: nobody wants them; mail has taken all and confirmed some; chat has taken of b alone, and is nothing to a and n.
SELECT merchant, events FROM invtrack.check_state ORDER BY merchant;
SELECT * FROM invtrack.metrics WHERE name = 'undelivered_events';
SELECT merchant, count(*) FROM invtrack.take_alert_events('mail') GROUP BY merchant ORDER BY merchant;
SELECT invtrack.confirm_alert_events('mail', 'a', 2), invtrack.confirm_alert_events('mail', 'n', 1);
INSERT INTO invtrack.alert_consumer (merchant, consumer) VALUES ('b', 'chat');
SELECT merchant, consumer, value FROM invtrack.metrics WHERE name = 'undelivered_events' ORDER BY consumer NULLS FIRST, merchant NULLS FIRST;
-- as many as they take
SELECT merchant, count(*) FROM invtrack.take_alert_events('mail') GROUP BY merchant ORDER BY merchant;
-- whatever somebody wrote there, a merchant's figure is not below 0, and so does not hide another's
UPDATE invtrack.alert_consumer SET confirmed = 1000 WHERE consumer = 'chat';
SELECT merchant, consumer, value FROM invtrack.metrics WHERE name = 'undelivered_events' AND consumer = 'chat' ORDER BY merchant NULLS FIRST;
SELECT left(public.error_of('UPDATE invtrack.alert_consumer SET confirmed = -1'), 5) AS negative;

-- A total is what its merchants come to: the sum, of an age the highest, of a time the lowest of those that are asked.
SELECT name, consumer FROM invtrack.metrics WHERE name NOT LIKE '%seconds' AND name <> 'rejected_rows' AND (name <> 'undelivered_events' OR consumer IS NOT NULL)
 GROUP BY name, consumer HAVING sum(value) FILTER (WHERE merchant IS NULL) IS DISTINCT FROM sum(value) FILTER (WHERE merchant IS NOT NULL);
SELECT name, merchant, consumer FROM invtrack.metrics GROUP BY 1, 2, 3 HAVING count(*) > 1 OR count(value) = 0;
SELECT name, count(*) FILTER (WHERE merchant IS NULL) AS totals, count(DISTINCT merchant) AS merchants FROM invtrack.metrics GROUP BY name ORDER BY name COLLATE "C";

-- A filter gives the rows that it would give of all.
CREATE TEMP TABLE every AS TABLE invtrack.metrics;
DO $$
DECLARE
    o record;
    n integer := 0;
BEGIN
    FOR o IN SELECT DISTINCT name, merchant FROM every LOOP
        n := n + 1;
        IF EXISTS ((SELECT * FROM invtrack.metrics m WHERE m.name = o.name AND m.merchant IS NOT DISTINCT FROM o.merchant)
                   EXCEPT ALL (SELECT * FROM every e WHERE e.name = o.name AND e.merchant IS NOT DISTINCT FROM o.merchant))
           OR (SELECT count(*) FROM invtrack.metrics m WHERE m.name = o.name AND m.merchant = o.merchant)
              <> (SELECT count(*) FROM every e WHERE e.name = o.name AND e.merchant = o.merchant) THEN
            RAISE 'another answer: %', o;
        END IF;
    END LOOP;
    ASSERT n > 50;
END
$$;

-- The tables that a plan names, and with a filter by merchant those that it reads without one.
CREATE FUNCTION pg_temp.plan_nodes(filter text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) SELECT * FROM invtrack.metrics WHERE ' || filter INTO plan;
    RETURN QUERY SELECT jsonb_path_query(plan, '$.** ? (@."Relation Name" != null)');
END
$$;
SELECT name, (SELECT string_agg(DISTINCT n ->> 'Relation Name', ' ' ORDER BY n ->> 'Relation Name') FROM pg_temp.plan_nodes(format('name = %L', name)) n) AS tables
  FROM (SELECT DISTINCT name FROM every) e ORDER BY name COLLATE "C";
-- several names
SELECT string_agg(DISTINCT n ->> 'Relation Name', ' ' ORDER BY n ->> 'Relation Name') AS tables FROM pg_temp.plan_nodes($$name IN ('open_alerts', 'unfolded_movements')$$) n;
SELECT string_agg(DISTINCT n ->> 'Relation Name', ' ' ORDER BY n ->> 'Relation Name') AS tables FROM pg_temp.plan_nodes($$name LIKE '%alerts'$$) n;
SELECT count(*) AS nodes FROM pg_temp.plan_nodes($$name = 'no_such_name'$$) n;
-- a merchant's: everything by its key (that of unknown items looks up the catalogue as the planner likes)
SET LOCAL enable_seqscan = off;
SELECT DISTINCT n ->> 'Node Type' AS node, n ->> 'Relation Name' AS without_key
  FROM pg_temp.plan_nodes($$merchant = 'a' AND name <> 'unknown_item_movements'$$) n
 WHERE concat(n ->> 'Index Cond', n ->> 'Recheck Cond') NOT LIKE '%merchant = %';
SELECT count(*) > 10 AS some FROM pg_temp.plan_nodes($$merchant = 'a' AND name <> 'unknown_item_movements'$$) n;

-- A role that watches reads all of invtrack. One that may read the view alone reads nothing.
CREATE ROLE invtrack_test_watcher;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_watcher;
GRANT SELECT ON invtrack.metrics TO invtrack_test_watcher;
SET LOCAL ROLE invtrack_test_watcher;
SELECT left(public.error_of('TABLE invtrack.metrics'), 5);
RESET ROLE;
SELECT invtrack.grant_access('invtrack_test_watcher', NULL, 'read');
GRANT SELECT ON every TO invtrack_test_watcher;
SET LOCAL ROLE invtrack_test_watcher;
SELECT count(*) AS differences FROM ((TABLE invtrack.metrics EXCEPT ALL TABLE every) UNION ALL (TABLE every EXCEPT ALL TABLE invtrack.metrics)) d;
RESET ROLE;
-- One with access to a merchant gets that merchant's figures, which are the totals then, too; and knows no
-- consumer that only others' events tell of.
SELECT invtrack.revoke_access('invtrack_test_watcher');
SELECT invtrack.grant_access('invtrack_test_watcher', 'a', 'read');
SET LOCAL ROLE invtrack_test_watcher;
SELECT side, name, consumer
  FROM ((SELECT 'seen' AS side, * FROM invtrack.metrics WHERE merchant IS NOT NULL EXCEPT ALL SELECT 'seen', * FROM every WHERE merchant = 'a')
        UNION ALL (SELECT 'owner', * FROM every WHERE merchant = 'a' EXCEPT ALL SELECT 'owner', * FROM invtrack.metrics)) d;
SELECT count(*) AS merchants, count(*) FILTER (WHERE merchant IS NULL) AS totals,
       count(*) FILTER (WHERE merchant IS NULL AND value <> (SELECT value FROM invtrack.metrics a WHERE a.merchant = 'a' AND a.name = m.name)) AS wrong_totals
  FROM invtrack.metrics m WHERE consumer IS NULL AND name <> 'undelivered_events';
RESET ROLE;

-- As it is on Citus: a part is worked out once, and only where a figure of it is asked for.
CREATE TEMP TABLE before AS TABLE invtrack.metrics;
SELECT invtrack_internal.split_metrics();
SELECT count(*) AS differences FROM ((TABLE invtrack.metrics EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE invtrack.metrics)) d;
SELECT name, value, merchant FROM invtrack.metrics WHERE name = 'open_alerts' ORDER BY merchant NULLS FIRST;
CREATE FUNCTION pg_temp.calls(filter text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM invtrack.metrics WHERE ' || filter LOOP
        RETURN NEXT substring(line FROM 'metrics_of.*loops=(\d+)');
    END LOOP;
END
$$;
SELECT c AS calls FROM pg_temp.calls($$name IN ('open_alerts', 'unfolded_movements')$$) c WHERE c IS NOT NULL;
SELECT c AS calls FROM pg_temp.calls($$true$$) c WHERE c IS NOT NULL;
SELECT * FROM invtrack_internal.metrics_of('tracker', 'open_alerts');
SELECT public.error_of($$SELECT * FROM invtrack_internal.metrics_of('no', 'open_alerts')$$);
SELECT public.error_of($$SELECT * FROM invtrack_internal.metrics_of(NULL, 'open_alerts')$$);
SET LOCAL ROLE invtrack_test_watcher;
SELECT count(DISTINCT merchant) AS merchants FROM invtrack.metrics;
RESET ROLE;
ROLLBACK;
