-- What a session holds does not grow with its calls: neither memory nor plans, whether calls succeed or fail.
SET invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('memory');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('memory', 'good');
INSERT INTO invtrack.product (merchant, sku, name) SELECT 'memory', 'p' || n, 'Tea ' || n FROM generate_series(1, 20) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, expires_on, quantity)
SELECT 'memory', 'p' || n, 'good', '2026-06-01', n FROM generate_series(1, 20) n;

CREATE TEMP TABLE call (n integer, statement text, sqlstate text);
INSERT INTO call VALUES
    (1, $$SELECT invtrack.save_tracker('memory', 'p1', 'good', 'stock_quantity', 1 + :n, expiry_days => 14)$$, NULL),
    (2, $$SELECT invtrack.save_tracker('memory', 'p' || 1 + :n % 20, 'good', 'turnover_days', NULL, 30, 1 + :n % 7)$$, NULL),
    (3, $$SELECT invtrack.save_tracker('memory', 'p2', 'good', 'stalled_days', 5, 30)$$, NULL),
    (4, $$SELECT invtrack.delete_tracker('memory', 'p2', 'good', 'stalled_days')$$, NULL),
    (5, $$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
          SELECT 'memory', 'p' || 1 + :n % 20, 'good', 'sale', date '2026-03-10' - :n % 40, 1$$, NULL),
    (6, $$SELECT invtrack.fold('memory')$$, NULL),
    (7, $$SELECT invtrack.fold()$$, NULL),
    (8, $$SELECT count(*) FROM invtrack.tracker_health('memory')$$, NULL),
    (9, $$SELECT count(*) FROM invtrack.tracker_health()$$, NULL),
    (10, $$SELECT count(*) FROM invtrack.tracker_health('memory', 'p1', as_of => '2026-03-01')$$, NULL),
    (11, $$SELECT count(*) FROM invtrack.tracker_health_of('memory', ARRAY['p1', 'p2', 'x'])$$, NULL),
    (12, $$SELECT count(*) FROM invtrack.preview_health('memory', 'p1', 'good', 'turnover_days', NULL, 30, 7)$$, NULL),
    (13, $$SELECT count(*) FROM invtrack.find_products('memory', 'TEA é ' || :n)$$, NULL),
    (14, $$SELECT count(health) FROM invtrack.health$$, NULL),
    (15, $$SELECT count(on_hand) FROM invtrack.stock$$, NULL),
    (16, $$SELECT count(*) FROM invtrack.verify('memory', true)$$, NULL),
    (17, $$SELECT invtrack.purge_movements('memory', 0)$$, NULL),
    (18, $$SELECT invtrack.today('memory')$$, NULL),
    (19, $$SELECT invtrack.day_series_agg(d::date, 1.5) FROM generate_series(timestamp '2026-01-01', '2026-03-01', '1 day') d$$, NULL),
    (20, $$UPDATE invtrack.stock_lot SET quantity = 1 + :n % 2 * 1000 WHERE merchant = 'memory'$$, NULL),
    (21, $$SELECT count(*) FROM invtrack.check_trackers('memory')$$, NULL),
    (22, $$SELECT count(*) FROM invtrack.check_trackers()$$, NULL),
    (23, $$SELECT count(merchant) FROM invtrack.take_alert_events('mail', 10)$$, NULL),
    (24, $$SELECT invtrack.confirm_alert_events('mail', merchant, events) FROM invtrack.check_state WHERE merchant = 'memory' AND events > 0$$, NULL),
    (25, $$SELECT invtrack.acknowledge_alert(merchant, sku, inventory_type, mechanism, 'note ' || :n) FROM invtrack.alert_open WHERE merchant = 'memory'$$, NULL),
    (26, $$SELECT invtrack.snooze_alert(merchant, sku, inventory_type, mechanism, now()) FROM invtrack.alert_open WHERE merchant = 'memory'$$, NULL),
    (27, $$SELECT count(*) FROM invtrack.metrics WHERE merchant = 'memory'$$, NULL),
    (28, $$SELECT count(health) FROM invtrack.health_daily$$, NULL),
    (29, $$SELECT invtrack.purge_alerts('memory', 0)$$, NULL),
    (30, $$SELECT invtrack.save_tracker('memory', 'p1', 'good', 'stock_quantity', 0)$$, '22023'),
    (31, $$SELECT invtrack.save_tracker('memory', 'x' || :n, 'good', 'stock_quantity', 1)$$, '23503'),
    (32, $$SELECT invtrack.save_tracker('memory', NULL, 'good', 'stock_quantity', 1)$$, '22004'),
    (33, $$SELECT invtrack.delete_tracker('memory', 'p3', 'good', 'stalled_days')$$, 'P0002'),
    (34, $$SELECT count(*) FROM invtrack.tracker_health('memory', mechanism => 'm' || :n)$$, '22023'),
    (35, $$SELECT count(*) FROM invtrack.preview_health('memory', 'x', 'good', 'turnover_days', NULL, 30, 7)$$, '23503'),
    (36, $$SELECT count(*) FROM invtrack.find_products('x', 'tea')$$, '23503'),
    (37, $$SELECT 1 / (count(*) - count(*)) FROM invtrack.tracker_health('memory')$$, '22012'),
    (38, $$SELECT invtrack.reverse_movement('memory', :n)$$, 'P0002'),
    (39, $$DELETE FROM invtrack.movement WHERE merchant = 'memory'$$, '23001'),
    (40, $$SELECT invtrack.purge_movements('memory', -1)$$, '22023'),
    (41, $$SELECT invtrack.today('x')$$, '23503'),
    (42, $$SELECT invtrack.delete_merchant('x')$$, '23503'),
    (43, $$SELECT ('{2026-01-01:' || :n || ',2026-01-01:1}')::invtrack.day_series$$, '22P02'),
    (44, $$SELECT invtrack.day_series_agg('2026-01-01', 'NaN') FROM generate_series(1, 3)$$, '22023'),
    (45, $$CALL invtrack.fold_all()$$, '2D000'),
    (46, $$CALL invtrack.check_all()$$, '2D000'),
    (47, $$SELECT invtrack.acknowledge_alert('memory', 'p20', 'good', 'stalled_days')$$, 'P0002'),
    (48, $$SELECT invtrack.confirm_alert_events('mail', 'memory', 1000000)$$, 'P0002'),
    (49, $$SELECT count(*) FROM invtrack.check_trackers('x')$$, '23503'),
    (50, $$SELECT invtrack.purge_movements(NULL, 0)$$, NULL),
    (51, $$SELECT count(*) FROM invtrack.verify('typo' || :n, true)$$, NULL),
    (52, $$CALL invtrack.purge_all(0)$$, '2D000'),
    (53, $$SELECT invtrack.record_movement('memory', 'sale', 'line', 'p1', 'good', '2999-03-10', 0)$$, NULL),
    (54, $$SELECT invtrack.record_movement('memory', 'sale', 'line', 'p1', 'good', '2026-03-10', 1e12)$$, '22023'),
    (55, $$SELECT invtrack.reverse_movements('memory', 'sale', 'li')$$, NULL),
    (56, $$SELECT invtrack.rename_product('memory', 'p19', 'p19')$$, '22023'),
    (57, $$SELECT invtrack.merge_product('memory', 'x', 'p1')$$, '23503'),
    (58, $$SELECT invtrack.delete_product('memory', 'x')$$, '23503'),
    (59, $$SELECT count(quantity) FROM invtrack.flow_daily WHERE day > '2026-03-01'$$, NULL),
    (60, $$SELECT invtrack.day_of('memory', now())$$, NULL),
    (61, $$SELECT CASE WHEN :n % 10 = 0 THEN (SELECT count(*) FROM invtrack.review('memory')) END$$, NULL),
    (62, $$SELECT CASE WHEN :n % 10 = 0 THEN length(invtrack.report('memory')) END$$, NULL),
    (63, $$SELECT count(*) FROM invtrack.forecast('memory')$$, NULL),
    (64, $$SELECT count(*) FROM invtrack.project_stock('memory', 'p1', 'good')$$, NULL),
    (65, $$SELECT count(*) FROM invtrack.tracker t, invtrack.explain_health(t.merchant, t.sku, t.inventory_type, t.mechanism) WHERE t.merchant = 'memory' AND t.sku = 'p2'$$, NULL),
    (66, $$SELECT count(*) FROM invtrack.explain_health('memory', 'x', 'good', 'turnover_days')$$, 'P0002'),
    (67, $$SELECT count(*) FROM invtrack.backtest_tracker('memory', 'p1', 'good', 'stalled_days', 5, 7, from_day => '2026-01-01', to_day => '2026-03-10')$$, NULL),
    (68, $$SELECT count(*) FROM invtrack.save_trackers('[{"merchant": "memory", "sku": "p3", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": :n},
          {"merchant": "memory", "sku": "x:n", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": "1,5"}]', on_error => 'skip')$$, NULL),
    (69, $$SELECT count(*) FROM invtrack.save_trackers('[{"merchant": "memory", "sku": "p3", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": :n}]', true)$$, NULL),
    (70, $$SELECT count(*) FROM invtrack.check_rows('stock_lot', '[{"merchant": "memory", "sku": "x:n", "inventory_type": "good", "quantity": "NaN"}, {"quantity": "1,5"},
          {"merchant": "memory", "sku": "p1", "inventory_type": "good", "lot": "x", "quantity": 1}, {"merchant": "memory", "sku": "p1", "inventory_type": "good", "lot": "x", "quantity": 1}]')$$, NULL),
    (71, $$SELECT count(*) FROM invtrack.check_rows('movement', '[{"merchant": "memory"}, {"x": 1}]')$$, '22023');

-- Each of them so many times; returns those that did not end as they should.
CREATE FUNCTION pg_temp.call_all(rounds integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
    ended text;
BEGIN
    FOR n IN 1 .. rounds LOOP
        FOR c IN SELECT * FROM call ORDER BY call.n LOOP
            ended := NULL;
            BEGIN
                IF c.n = 39 THEN        -- so that there is something to delete
                    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
                    VALUES ('memory', 'p1', 'good', 'shipment', '2026-03-10', 1);
                END IF;
                EXECUTE replace(c.statement, ':n', n::text);
            EXCEPTION WHEN others THEN
                ended := SQLSTATE;
            END;
            IF ended IS DISTINCT FROM c.sqlstate THEN
                RETURN NEXT concat_ws(' ', c.n, ended);
            END IF;
        END LOOP;
    END LOOP;
END
$$;

-- What a session holds for good (the rest goes with its statement or transaction), its plans, and how many
-- pieces of memory there are of any kind.
CREATE FUNCTION pg_temp.held(OUT bytes bigint, OUT plans bigint, OUT contexts bigint) LANGUAGE sql AS $$
    SELECT sum(used_bytes) FILTER (WHERE name IN ('TopMemoryContext', 'CacheMemoryContext', 'SPI Plan', 'CachedPlanSource')),
           count(*) FILTER (WHERE name IN ('SPI Plan', 'CachedPlanSource', 'CachedPlan')), count(*)
      FROM pg_backend_memory_contexts
$$;

-- A leak leaves something at each call. What others do to this session's caches (new statistics of a table, a reset of all)
-- comes once, at any time, and is no leak: so there are up to five tries, and one without growth is enough. The bounds are
-- below what the hundred rounds of a try would leave behind if each left the smallest piece.
CREATE TEMP TABLE looked (n integer GENERATED ALWAYS AS IDENTITY, bytes bigint, plans bigint, contexts bigint);
CREATE FUNCTION pg_temp.growth(OUT more_plans bigint, OUT more_bytes bigint, OUT more_contexts bigint) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT l.plans - b.plans, l.bytes - b.bytes, l.contexts - b.contexts FROM looked l JOIN looked b ON b.n = l.n - 1 ORDER BY l.n
$$;
CREATE FUNCTION pg_temp.grows() RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (SELECT FROM pg_temp.growth() WHERE more_plans <= 0 AND more_bytes <= 10000 AND more_contexts <= 50)
$$;
CREATE TEMP TABLE wrong (call text);
-- What a try runs: \gexec takes the statements, while there is growth.
CREATE TEMP TABLE step (part text, n integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO step (part, statement)
SELECT 'calls', 'INSERT INTO wrong SELECT * FROM pg_temp.call_all(100)';
-- fold_all(), check_all() and purge_all() commit as they go
INSERT INTO step (part, statement)
SELECT 'commit', s
  FROM generate_series(1, 100) n,
       unnest(ARRAY[$$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
                      SELECT 'memory', 'p' || n, 'good', 'sale', '2026-03-10', 1 FROM generate_series(1, 5) n$$,
                    'UPDATE invtrack.stock_lot SET quantity = quantity + 1000 * (1 - 2 * (' || n || ' % 2)) WHERE merchant = ''memory''',
                    'CALL invtrack.fold_all()', 'CALL invtrack.check_all()', 'CALL invtrack.purge_all(0)']) WITH ORDINALITY u (s, place)
 ORDER BY n, place;
DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name);
    END LOOP;
END
$$;
\set look 'INSERT INTO looked (bytes, plans, contexts) SELECT * FROM pg_temp.held();'
\set try 'SELECT statement FROM step WHERE part = :''part'' AND pg_temp.grows() ORDER BY n'

-- The first rounds make plans, some anew after five times, and fill caches; so does the first look.
INSERT INTO wrong SELECT * FROM pg_temp.call_all(20);
:look
SELECT pg_temp.grows() AS not_known_yet;
TRUNCATE looked RESTART IDENTITY;
:look
\set ECHO none
\o /dev/null
\set part calls
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
\o
\set ECHO all
SELECT * FROM wrong;
SELECT events > 100 AS checks_had_news FROM invtrack.check_state WHERE merchant = 'memory';
SELECT pg_temp.grows() AS grows;
SELECT * FROM pg_temp.growth() WHERE pg_temp.grows();

-- The same of what commits as it goes; the first try fills caches.
\set ECHO none
\o /dev/null
\set part commit
TRUNCATE looked RESTART IDENTITY;
SELECT statement FROM step WHERE part = 'commit' ORDER BY n LIMIT 100 \gexec
:look
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
:try \gexec
:look
\o
\set ECHO all
SELECT pg_temp.grows() AS grows;
SELECT * FROM pg_temp.growth() WHERE pg_temp.grows();

DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s RESET (autovacuum_enabled)', name);
    END LOOP;
END
$$;
SELECT invtrack.delete_merchant('memory');
