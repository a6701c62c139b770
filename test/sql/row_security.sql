-- Row security: what a role has no access to does not exist for it, whatever it asks. (Levels and grants:
-- access_grant.sql.) The merchant hid, all of whose texts say SECRET, is hidden from roles with access to m1.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, name, time_zone) VALUES ('m1', 'One', 'UTC'), ('m2', 'Two', 'UTC'), ('hid', 'SECRET', 'Asia/Tokyo');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) SELECT merchant, 'good', name FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name) SELECT merchant, s, name || ' tea' FROM invtrack.merchant, unnest(ARRAY['s', 't']) s;
INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m1', 'only', 'One only');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity)
SELECT merchant, 's', 'good', name, 9 FROM invtrack.merchant;
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, quantity)
SELECT merchant, sku, inventory_type, lot, 5 FROM invtrack.stock_lot;
-- folded, not folded, wrongly folded, and of an unknown item
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
SELECT merchant, n, s, 'good', 'sale', '2026-03-09', 5, name || n FROM invtrack.merchant, (VALUES (1, 's'), (2, 'SECRET u')) v (n, s);
SELECT invtrack.fold();
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref, folded)
SELECT merchant, n, 's', 'good', 'shipment', '2026-03-09', 5, name || n, n = 4 FROM invtrack.merchant, generate_series(3, 4) n;
SELECT count(invtrack.save_tracker(merchant, 's', 'good', mechanism, CASE WHEN mechanism <> 'turnover_days' THEN 5 END,
                                   CASE WHEN mechanism <> 'stock_quantity' THEN 30 END, CASE WHEN mechanism = 'turnover_days' THEN 7 END))
  FROM invtrack.merchant, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
-- alerts that are open, acknowledged, snoozed, and closed; two consumers, of which one has confirmed; stock that has changed
-- since the check, and an alert whose tracker is gone
UPDATE invtrack.stock_lot SET quantity = 2;
SELECT merchant, transition, count(*) FROM invtrack.check_trackers() GROUP BY merchant, transition ORDER BY merchant, transition;
SELECT count(invtrack.acknowledge_alert(merchant, 's', 'good', 'stock_quantity', name, name)), count(invtrack.snooze_alert(merchant, 's', 'good', 'stock_quantity', 'infinity'))
  FROM invtrack.merchant;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, 't', 'good', 'stock_quantity', 5 FROM invtrack.merchant;
SELECT merchant, count(*) FROM invtrack.check_trackers() GROUP BY merchant ORDER BY merchant;
DELETE FROM invtrack.tracker WHERE sku = 't';
UPDATE invtrack.stock_lot SET quantity = 9;
SELECT merchant, count(*) FROM invtrack.take_alert_events('mail', 1000) GROUP BY merchant ORDER BY merchant;
SELECT merchant, invtrack.confirm_alert_events('mail', merchant, 1) FROM invtrack.merchant ORDER BY merchant;
INSERT INTO invtrack.alert_consumer (merchant, consumer) VALUES ('hid', 'SECRET');
CREATE ROLE "invtrack_test SECRET";
CREATE ROLE invtrack_test_one;
CREATE ROLE invtrack_test_one_manages;
CREATE ROLE invtrack_test_two;
SELECT invtrack.grant_access('invtrack_test SECRET', 'hid'), invtrack.grant_access('invtrack_test_one', 'm1'),
       invtrack.grant_access('invtrack_test_one_manages', 'm1', 'manage'), invtrack.grant_access('invtrack_test_two', 'm2');
-- all of them at first: autovacuum, which may be at one, is not met at the next
LOCK TABLE invtrack.merchant, invtrack.product, invtrack.inventory_type, invtrack.stock_lot, invtrack.movement, invtrack.flow_series, invtrack.tracker, invtrack.alert, invtrack.alert_event,
    invtrack.alert_consumer, invtrack.check_state, invtrack.tracker_history, invtrack.stock_history IN SHARE UPDATE EXCLUSIVE MODE;
ANALYZE invtrack.merchant, invtrack.product, invtrack.inventory_type, invtrack.stock_lot, invtrack.movement, invtrack.flow_series, invtrack.tracker, invtrack.alert, invtrack.alert_event,
    invtrack.alert_consumer, invtrack.check_state, invtrack.tracker_history, invtrack.stock_history;

-- Row security is on for each table, and each view reads as who asks.
SELECT relname FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'p')
   AND (NOT relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid) AND relname NOT LIKE 'connection%');
SELECT tablename, policyname, permissive, roles, cmd, coalesce(qual, with_check) FROM pg_policies WHERE schemaname IN ('invtrack', 'invtrack_internal') AND tablename IN ('access_grant', 'merchant', 'movement')
 ORDER BY tablename COLLATE "C", policyname COLLATE "C";

-- Every table and view: how much a role sees of all that the owner sees, and of what is hidden.
CREATE FUNCTION pg_temp.seen(relation regclass, as_role text, word text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    PERFORM set_config('role', as_role, true);
    EXECUTE format('SELECT count(*) FROM %s t WHERE t::text LIKE %L', relation, word) INTO found;
    PERFORM set_config('role', 'none', true);
    RETURN found;
END
$$;
SELECT c.relname, pg_temp.seen(oid, 'none', '%') > pg_temp.seen(oid, 'invtrack_test_one', '%') AS owner_sees_more,
       pg_temp.seen(oid, 'none', '%hid%') > 0 AS owner_sees_hidden, pg_temp.seen(oid, 'invtrack_test_one', '%') > 0 AS reader_sees_some,
       pg_temp.seen(oid, 'invtrack_test_one', '%hid%') + pg_temp.seen(oid, 'invtrack_test_one_manages', '%hid%') AS reader_sees_hidden,
       pg_temp.seen(oid, 'invtrack_test_one', '%SECRET%') - pg_temp.seen(oid, 'invtrack_test_one', '%m1%SECRET u%') AS reader_sees_secrets,
       pg_temp.seen(oid, 'invtrack_test_one', '%m2%') AS reader_sees_others
  FROM pg_class c
 WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v', 'm', 'p') AND relname <> 'level_privilege' AND (relname NOT LIKE 'connection%' OR relname = 'connection_reject')
 ORDER BY relname COLLATE "C";

-- Whatever is done with a hidden merchant gives what it gives with one that does not exist (non): rows, counts and
-- the texts of errors.
CREATE FUNCTION pg_temp.answer(as_role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    affected bigint;
    detail text;
    hint text;
BEGIN
    PERFORM set_config('role', as_role, true);
    EXECUTE statement INTO answer;
    GET DIAGNOSTICS affected = ROW_COUNT;
    RAISE EXCEPTION SQLSTATE 'ZZ999' USING MESSAGE = concat(affected, ' rows, ', answer);
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', nullif(SQLSTATE, 'ZZ999'), SQLERRM, detail, hint);
END
$$;
CREATE TEMP TABLE asked (n integer GENERATED ALWAYS AS IDENTITY, statement text);
-- every function that a role may call, with the hidden key
INSERT INTO asked (statement)
SELECT format('SELECT string_agg(f::text, '' '') FROM %s(%s) f', p.oid::regproc, string_agg(value, ', ' ORDER BY a.n))
  FROM pg_proc p,
       LATERAL (SELECT a.n, concat(name, ' => ', CASE name WHEN 'merchant' THEN '''hid''' WHEN 'sku' THEN '''s''' WHEN 'skus' THEN '''{s,t}''' WHEN 'inventory_type' THEN '''good'''
                                             WHEN 'mechanism' THEN '''stock_quantity''' WHEN 'quantity' THEN '5' WHEN 'flow' THEN '''sale''' WHEN 'ref' THEN '''r''' WHEN 'ref_prefix' THEN '''r'''
                                             WHEN 'occurred_on' THEN '''2026-03-09''' WHEN 'new_sku' THEN '''z''' WHEN 'into_sku' THEN '''t''' WHEN 'keyword' THEN '''e'''
                                             WHEN 'movement_id' THEN '1' WHEN 'level' THEN '''read'''
                                             WHEN 'consumer' THEN '''mail''' WHEN 'event_id' THEN '2' WHEN 'until' THEN '''2026-04-01''' WHEN 'at' THEN '''2026-03-09''' ELSE 'NULL' END)
                  FROM unnest(proargnames[1:pronargs]) WITH ORDINALITY a (name, n)
                 WHERE name IN ('merchant', 'sku', 'skus', 'inventory_type', 'mechanism', 'quantity', 'keyword', 'movement_id', 'level',
                                'flow', 'ref', 'ref_prefix', 'occurred_on', 'new_sku', 'into_sku', 'consumer', 'event_id', 'until', 'at')) a (n, value)
 WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND p.prokind = 'f' AND p.provolatile <> 'i' AND p.proname <> 'has_access_as' -- the planner's
   AND 'merchant' = ANY (p.proargnames) AND has_function_privilege('invtrack_test_one_manages', p.oid, 'EXECUTE')
 GROUP BY p.oid, p.proname ORDER BY p.proname COLLATE "C";
INSERT INTO asked (statement) VALUES
    ($$SELECT count(*) FROM invtrack.health WHERE merchant = 'hid'$$), ($$SELECT max(merchant) FROM invtrack.product WHERE merchant LIKE 'hid'$$),
    ($$SELECT max(movement_id) FROM invtrack.movement WHERE merchant >= 'hid' AND merchant < 'hie'$$),
    -- alerts and events, as they are and by their consumers
    ($$SELECT count(*) FROM invtrack.take_alert_events('mail') WHERE merchant = 'hid'$$), ($$SELECT count(*) FROM invtrack.take_alert_events('SECRET') WHERE merchant = 'hid'$$),
    ($$SELECT count(*) FROM invtrack.take_alert_events('hid')$$), ($$SELECT invtrack.confirm_alert_events('SECRET', 'hid', 1)$$), ($$SELECT invtrack.confirm_alert_events('mail', 'hid', 0)$$),
    ($$SELECT count(*) FROM invtrack.alert_event WHERE payload ->> 'merchant' = 'hid' OR payload::text LIKE '%SECRET%'$$),
    ($$UPDATE invtrack.alert SET snoozed_until = NULL WHERE merchant = 'hid' RETURNING sku$$), ($$UPDATE invtrack.alert_consumer SET confirmed = 0 WHERE merchant = 'hid' RETURNING consumer$$),
    ($$INSERT INTO invtrack.alert_consumer VALUES ('hid', 'mail')$$), ($$INSERT INTO invtrack.alert_consumer VALUES ('hid', 'SECRET') ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO invtrack.alert_consumer VALUES ('hid', 'new') RETURNING consumer$$), ($$UPDATE invtrack.alert_consumer SET merchant = 'hid' WHERE merchant = 'm1'$$),
    ($$DELETE FROM invtrack.alert_consumer WHERE merchant = 'hid' RETURNING confirmed$$), ($$SELECT count(*) FROM invtrack.metrics WHERE merchant = 'hid' OR consumer = 'SECRET'$$),
    -- unique violations and foreign keys
    ($$INSERT INTO invtrack.merchant VALUES ('hid')$$), ($$INSERT INTO invtrack.merchant VALUES ('hid') ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO invtrack.product VALUES ('hid', 's')$$), ($$INSERT INTO invtrack.product VALUES ('hid', 'new')$$),
    ($$INSERT INTO invtrack.product VALUES ('hid', 's') ON CONFLICT DO NOTHING RETURNING name$$),
    ($$INSERT INTO invtrack.product VALUES ('hid', 's') ON CONFLICT (merchant, sku) DO UPDATE SET name = 'x' RETURNING name$$),
    ($$INSERT INTO invtrack.inventory_type VALUES ('hid', 'good')$$), ($$INSERT INTO invtrack.inventory_type VALUES ('hid', 'good') ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO invtrack.stock_lot VALUES ('hid', 's', 'good', 'SECRET', NULL, 1)$$), ($$INSERT INTO invtrack.stock_lot VALUES ('hid', 'no', 'good', 'l', NULL, 1)$$),
    ($$INSERT INTO invtrack.tracker VALUES ('hid', 's', 'good', 'stock_quantity', 5)$$), ($$INSERT INTO invtrack.tracker VALUES ('hid', 'no', 'good', 'stock_quantity', 5)$$),
    ($$INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES ('hid', 1, 's', 'good', 'sale', '2026-03-09', 5)$$),
    ($$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('hid', 's', 'good', 'sale', '2026-03-09', 5, 'SECRET1')$$),
    ($$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('hid', 's', 'good', 'sale', '2026-03-09', 5, 'SECRET1') ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO invtrack.product (merchant, sku, name) SELECT 'm1', 'new', coalesce(max(name), 'none') FROM invtrack.product WHERE merchant = 'hid' RETURNING name$$),
    ($$UPDATE invtrack.product SET name = 'x' WHERE merchant = 'hid' RETURNING name$$), ($$UPDATE invtrack.product SET merchant = 'hid' WHERE sku = 'only'$$),
    ($$UPDATE invtrack.merchant SET name = 'x' WHERE merchant = 'hid' RETURNING name$$), ($$UPDATE invtrack.tracker SET quantity = 1 WHERE merchant = 'hid' RETURNING quantity$$),
    ($$DELETE FROM invtrack.stock_lot WHERE merchant = 'hid' RETURNING lot$$), ($$DELETE FROM invtrack.product WHERE merchant = 'hid' RETURNING name$$),
    ($$DELETE FROM invtrack.tracker t USING invtrack.stock_lot l WHERE l.merchant = 'hid' AND t.merchant = 'm1' RETURNING l.lot$$),
    ($$SELECT count(*) FROM (SELECT FROM invtrack.product WHERE merchant = 'hid' FOR UPDATE) p$$), ($$SELECT count(*) FROM invtrack.access WHERE merchant = 'hid'$$),
    ($$SELECT invtrack.has_access('hid')$$), ($$SELECT EXISTS (SELECT FROM invtrack.fold_state WHERE merchant = 'hid')$$);
SELECT count(*) > 50 AS many FROM asked;
-- what differs: nothing
SELECT role, statement, hidden, missing
  FROM (SELECT role, n, statement, replace(pg_temp.answer(role, statement), 'hid', 'non') AS hidden,
               pg_temp.answer(role, replace(replace(statement, 'hid', 'non'), 'hie', 'noo')) AS missing
          FROM asked, unnest(ARRAY['invtrack_test_one', 'invtrack_test_one_manages']) role) a
 WHERE hidden <> missing OR hidden LIKE '%SECRET%' AND statement NOT LIKE '%SECRET%' ORDER BY role, n;
-- (with access it does)
SELECT count(*) > 30 AS answers_differ_with_access FROM asked
 WHERE replace(pg_temp.answer('none', statement), 'hid', 'non') <> pg_temp.answer('none', replace(replace(statement, 'hid', 'non'), 'hie', 'noo'));
SELECT n, left(statement, 60) AS statement, left(pg_temp.answer('invtrack_test_one_manages', statement), 90) AS answer FROM asked ORDER BY n;
-- What others have does not stand in the way: the same keys and refs under one's own merchant.
SET LOCAL ROLE invtrack_test_one_manages;
SAVEPOINT own;
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
VALUES ('m1', 5, 's', 'good', 'sale', '2026-03-09', 5, 'SECRET1') RETURNING merchant, ref;
INSERT INTO invtrack.stock_lot VALUES ('m1', 't', 'good', 'SECRET', NULL, 1) RETURNING lot;
-- errors of one's own rows name no values that others have
SELECT public.error_of($$INSERT INTO invtrack.product VALUES ('m1', 's')$$), public.error_of($$INSERT INTO invtrack.stock_lot VALUES ('m1', 'no', 'good', 'l', NULL, 1)$$);
ROLLBACK TO own;
RESET ROLE;

-- Two tenants use the same name for a consumer: each takes and confirms its own.
SAVEPOINT consumers;
SELECT invtrack.grant_access('invtrack_test_two', 'm2', 'manage');
CREATE FUNCTION pg_temp.take(as_role text, consumer text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    taken text;
BEGIN
    PERFORM set_config('role', as_role, true);
    SELECT concat_ws(' ', string_agg(DISTINCT e.merchant, ' '), min(e.event_id), count(*), nullif(bool_or(e.payload::text LIKE '%SECRET%' OR e.payload::text LIKE '%hid%'), false))
      INTO taken FROM invtrack.take_alert_events(consumer) e;
    PERFORM set_config('role', 'none', true);
    RETURN taken;
END
$$;
SELECT name, pg_temp.take('invtrack_test_one_manages', name) AS one, pg_temp.take('invtrack_test_two', name) AS two, pg_temp.take('none', name) AS owner FROM unnest(ARRAY['mail', 'new']) name;
SET LOCAL ROLE invtrack_test_two;
SELECT invtrack.confirm_alert_events('new', 'm2', 3), left(public.error_of($$SELECT invtrack.confirm_alert_events('new', 'm1', 3)$$), 5) AS others;
RESET ROLE;
SELECT name, pg_temp.take('invtrack_test_one_manages', name) AS one, pg_temp.take('invtrack_test_two', name) AS two FROM unnest(ARRAY['mail', 'new']) name;
SELECT merchant, consumer, confirmed FROM invtrack.alert_consumer ORDER BY merchant, consumer;
-- what they acknowledge is theirs, whatever it says
SET LOCAL ROLE invtrack_test_two;
SELECT invtrack.acknowledge_alert('m2', 's', 'good', 'stock_quantity', 'theirs', 'two');
RESET ROLE;
SELECT merchant, acknowledged_note, acknowledged_by FROM invtrack.alert_open WHERE sku = 's' AND mechanism = 'stock_quantity' ORDER BY merchant;
ROLLBACK TO consumers;

-- A function that tells what it is called with, however cheap it says it is, is told nothing hidden.
CREATE TABLE public.told (told text);
GRANT ALL ON public.told TO invtrack_test_one;
CREATE FUNCTION public.tell(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO public.told VALUES (what); RETURN true; END$$;
SET LOCAL ROLE invtrack_test_one;
SELECT (SELECT count(*) FROM invtrack.product WHERE public.tell(name)) AS products, (SELECT count(*) FROM invtrack.health WHERE public.tell(product_name)) AS health,
       (SELECT count(*) FROM invtrack.stock WHERE public.tell(product_name)) AS stock, (SELECT count(*) FROM invtrack.flow_daily WHERE public.tell(merchant)) AS daily,
       (SELECT count(*) FROM invtrack.access_grant WHERE public.tell(merchant)) AS access,
       (SELECT count(*) FROM invtrack.alert_event WHERE public.tell(payload ->> 'product_name')) AS events, (SELECT count(*) FROM invtrack.alert_open WHERE public.tell(acknowledged_note)) AS alerts,
       (SELECT count(*) FROM invtrack.health_daily WHERE public.tell(merchant)) AS history, (SELECT count(*) FROM invtrack_internal.check_reading WHERE public.tell(merchant)) AS checked;
SELECT told FROM public.told GROUP BY told ORDER BY told COLLATE "C";
RESET ROLE;

-- Statistics: PostgreSQL's views of them show none of a table whose rows are hidden.
SELECT count(*) > 20 AS owner FROM pg_stats WHERE schemaname IN ('invtrack', 'invtrack_internal');
SET LOCAL ROLE invtrack_test_one;
SELECT (SELECT count(*) FROM pg_stats WHERE schemaname IN ('invtrack', 'invtrack_internal')) AS reader, (SELECT count(*) FROM pg_stats_ext WHERE schemaname IN ('invtrack', 'invtrack_internal')) AS extended,
       left(public.error_of('SELECT * FROM pg_statistic'), 5) AS catalogue;

-- COPY gives what SELECT gives, and takes nothing.
COPY invtrack.merchant TO STDOUT;
COPY (SELECT merchant, sku, status FROM invtrack.health ORDER BY mechanism) TO STDOUT;
RESET ROLE;
SET LOCAL ROLE invtrack_test_one_manages;
SAVEPOINT copied;
\copy invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) FROM /dev/null
ROLLBACK TO copied;
-- Who turns row security off gets an error, not the rows.
SET LOCAL row_security = off;
SELECT left(public.error_of('SELECT * FROM invtrack.product'), 5) AS off, left(public.error_of('SELECT * FROM invtrack.find_products(''m1'', ''tea'')'), 5) AS in_function;
RESET row_security;
RESET ROLE;

-- A cursor shows what the role that opened it may see, also after SET ROLE, both ways.
SET LOCAL ROLE invtrack_test_one;
DECLARE of_reader CURSOR FOR SELECT merchant, sku FROM invtrack.product ORDER BY sku;
FETCH 1 FROM of_reader;
RESET ROLE;
FETCH ALL FROM of_reader;
SET LOCAL ROLE invtrack_test_two;
DECLARE of_two CURSOR FOR SELECT merchant, sku FROM invtrack.product ORDER BY sku;
SET LOCAL ROLE invtrack_test_one;
FETCH ALL FROM of_two;
RESET ROLE;

-- A prepared statement is planned for the role that runs it, and so are the plans that functions keep.
CREATE FUNCTION pg_temp.as_role(as_role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('role', as_role, true);
    EXECUTE statement INTO answer;
    PERFORM set_config('role', 'none', true);
    RETURN answer;
END
$$;
CREATE FUNCTION public.kept() RETURNS text LANGUAGE plpgsql AS $$BEGIN
    RETURN (SELECT concat(string_agg(DISTINCT merchant, ' '), ' ', count(*)) FROM invtrack.product); END$$;
PREPARE kept AS SELECT concat(string_agg(DISTINCT merchant, ' '), ' ', count(*)) FROM invtrack.health WHERE sku = $1;
CREATE FUNCTION pg_temp.ask_all(as_role text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT concat_ws(', ', public.kept(),
                     'health ' || (SELECT concat(string_agg(DISTINCT merchant, ' '), ' ', count(*)) FROM invtrack.tracker_health()),
                     'of ' || (SELECT concat(string_agg(DISTINCT merchant, ' '), ' ', count(*)) FROM invtrack.tracker_health_of(NULL, '{s}')),
                     'access ' || invtrack.has_access('m1') || ' ' || invtrack.has_access('m2'),
                     'find ' || left(coalesce(public.error_of('SELECT * FROM invtrack.find_products(''m1'', '''')'), 'm1'), 5),
                     'save ' || left(coalesce(public.error_of('SELECT invtrack.save_tracker(''m1'', ''t'', ''good'', ''stock_quantity'', 5)'), 'm1'), 5))
$$;
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT n, role, pg_temp.as_role(role, $$EXECUTE kept('s')$$) AS prepared, pg_temp.as_role(role, format('SELECT pg_temp.ask_all(%L)', role)) AS kept
  FROM unnest(ARRAY['none', 'invtrack_test_one', 'invtrack_test_two', 'invtrack_test_one', 'none', 'invtrack_test_one_manages', 'invtrack_test SECRET',
                    'invtrack_test_one', 'invtrack_test_two']) WITH ORDINALITY r (role, n) ORDER BY n;
-- Access that changes changes the plans that are kept, in the same transaction, and back when it is rolled back.
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
RESET ROLE;
SAVEPOINT changed;
SELECT invtrack.grant_access('invtrack_test_one', 'm2');
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
ROLLBACK TO changed;
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
RESET ROLE;
SAVEPOINT changed;
DELETE FROM invtrack.access_grant WHERE role::text = 'invtrack_test_one';
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
ROLLBACK TO changed;
TRUNCATE invtrack.access_grant;
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
ROLLBACK TO changed;
GRANT invtrack_test_two TO invtrack_test_one;
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
RESET ROLE;
REVOKE invtrack_test_two FROM invtrack_test_one;
SET LOCAL ROLE invtrack_test_one;
EXECUTE kept('s');
SELECT public.kept();
RESET ROLE;
RESET plan_cache_mode;

-- A view of a role's own shows nobody more than they may see themselves.
CREATE VIEW public.of_two AS SELECT merchant, sku FROM invtrack.product;
ALTER VIEW public.of_two OWNER TO invtrack_test_two;
GRANT SELECT ON public.of_two TO invtrack_test_one;
SET LOCAL ROLE invtrack_test_one;
SELECT DISTINCT merchant FROM public.of_two;
RESET ROLE;

-- What is planned: the role's merchants, and nothing to look up for each row. Beyond 16 they are looked up. All of it
-- is right in parallel workers.
CREATE FUNCTION pg_temp.plan(query text, as_role text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    PERFORM set_config('role', as_role, true);
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        plan := plan || line;
    END LOOP;
    PERFORM set_config('role', 'none', true);
    RETURN plan;
END
$$;
INSERT INTO invtrack.merchant (merchant) SELECT 'x' || n FROM generate_series(10, 40) n;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant WHERE merchant LIKE 'x%';
CREATE ROLE invtrack_test_several;
CREATE ROLE invtrack_test_many;
CREATE ROLE invtrack_test_all;
CREATE ROLE invtrack_test_none;
SELECT count(invtrack.grant_access('invtrack_test_several', 'x' || n)) FROM generate_series(10, 25) n;
SELECT count(invtrack.grant_access('invtrack_test_many', 'x' || n, CASE WHEN n % 2 = 0 THEN 'load' ELSE 'read' END)) FROM generate_series(10, 30) n;
SELECT invtrack.grant_access('invtrack_test_all', NULL), invtrack.grant_access('invtrack_test_none', 'm1', 'manage');
DELETE FROM invtrack.access_grant WHERE role::text = 'invtrack_test_none';
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CLOSE ALL;
-- pages that earlier tests left cost as much in parallel as without
SET LOCAL seq_page_cost = 0;
ALTER TABLE invtrack.product SET (parallel_workers = 2);
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_indexonlyscan = off;
CREATE FUNCTION pg_temp.kind(plan text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', CASE WHEN plan LIKE '%Gather%' THEN 'parallel' END, CASE WHEN plan LIKE '%SubPlan%' OR plan LIKE '%InitPlan%' THEN 'subplan' END,
                     CASE WHEN plan LIKE '%has_access%' THEN 'looked up by row' END, CASE WHEN plan LIKE '%= ANY%' THEN 'list' END, CASE WHEN plan LIKE '%merchant = ''m1''%' THEN 'one merchant' END,
                     CASE WHEN plan LIKE '%One-Time Filter: false%' THEN 'nothing' END)
$$;
SELECT role, pg_temp.kind(pg_temp.plan('SELECT * FROM invtrack.product', role)) AS products, pg_temp.kind(pg_temp.plan('SELECT * FROM invtrack.health', role)) AS health,
       pg_temp.as_role(role, $$SELECT concat(count(*), ' of ', count(DISTINCT merchant), ', ', string_agg(DISTINCT left(merchant, 1), ' ')) FROM invtrack.product$$) AS sees
  FROM unnest(ARRAY['invtrack_test_one', 'invtrack_test_several', 'invtrack_test_many', 'invtrack_test_all', 'invtrack_test_none']) WITH ORDINALITY r (role, n) ORDER BY n;
-- levels count where they are looked up, too
SELECT pg_temp.as_role('invtrack_test_many', $$WITH u AS (UPDATE invtrack.product SET name = 'x' RETURNING 1) SELECT count(*) FROM u$$) AS loads_11;
-- estimates are those of what the role has: 21 of 34 merchants
ANALYZE invtrack.product;
CREATE FUNCTION pg_temp.estimate(query text, as_role text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    PERFORM set_config('role', as_role, true);
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    PERFORM set_config('role', 'none', true);
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END
$$;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT role, pg_temp.estimate('SELECT * FROM invtrack.product', role) BETWEEN least AND most AS estimate
  FROM (VALUES ('invtrack_test_one', 2, 4), ('invtrack_test_several', 14, 18), ('invtrack_test_many', 18, 27), ('invtrack_test_all', 38, 38)) v (role, least, most);
ROLLBACK;
