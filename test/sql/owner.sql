-- What the owner of the extension may do to what is the owner's: the library says so in an error, and the server
-- stays up. And whose names and operators it goes by. The owner is an ordinary role.
SET datestyle = 'ISO';
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE ROLE invtrack_test_owner;
CREATE ROLE invtrack_test_tenant;
CREATE ROLE invtrack_test_reader;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO invtrack_test_owner, invtrack_test_tenant', current_database()); END$$;
DROP EXTENSION invtrack;
DROP SCHEMA IF EXISTS invtrack;

-- CREATE EXTENSION runs as superuser: functions that the owner has put into the schema before are not what it calls,
-- however well they match.
SAVEPOINT nothing;
SET LOCAL ROLE invtrack_test_owner;
CREATE SCHEMA invtrack;
CREATE FUNCTION invtrack.set_owner(name) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'set_owner(name) runs as %', current_user; END$$;
CREATE FUNCTION invtrack.set_owner(text, integer DEFAULT 0) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'set_owner(text, integer) runs as %', current_user; END$$;
CREATE FUNCTION invtrack.set_owner(VARIADIC text[]) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'set_owner(VARIADIC text[]) runs as %', current_user; END$$;
SELECT left(public.error_of('CREATE EXTENSION invtrack'), 60) AS planted;
ROLLBACK TO nothing;

-- Nor does a function that the owner adds to the extension become a superuser's by an update.
SET LOCAL ROLE invtrack_test_owner;
CREATE EXTENSION invtrack VERSION '0.2.0';
CREATE FUNCTION invtrack.mine() RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT current_user::text';
ALTER EXTENSION invtrack ADD FUNCTION invtrack.mine();
CREATE FUNCTION invtrack.set_owner(name) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'set_owner(name) runs as %', current_user; END$$;
SELECT public.error_of('ALTER EXTENSION invtrack UPDATE') AS added, invtrack.mine();
ALTER EXTENSION invtrack DROP FUNCTION invtrack.mine();
SELECT public.error_of('ALTER EXTENSION invtrack UPDATE') AS dropped, invtrack.mine();
-- An overload that is there before the update is not what views call after it.
SELECT count(*) AS views, count(*) FILTER (WHERE d.refobjid = 'invtrack.day_series_agg(date, numeric)'::regprocedure) AS with_ours
  FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_proc'::regclass AND p.proname = 'day_series_agg';
ROLLBACK TO nothing;

SET LOCAL ROLE invtrack_test_owner;
CREATE EXTENSION invtrack;
-- What is refused: functions, types and the internal schema are not the owner's. Of arguments of the type internal minor versions
-- say different things.
SELECT statement, regexp_replace(left(public.error_of(statement), 80), '^(42883|0A000): .*', 'refused for the type internal') AS error FROM (VALUES
    (1, 'ALTER FUNCTION invtrack_internal.fold_case(text) CALLED ON NULL INPUT'),
    (2, 'ALTER FUNCTION invtrack_internal.day_series_send(invtrack.day_series) CALLED ON NULL INPUT'),
    (3, $$CREATE OR REPLACE FUNCTION invtrack.has_access(merchant text, level text DEFAULT 'read') RETURNS boolean LANGUAGE sql AS 'SELECT true'$$),
    (4, 'ALTER FUNCTION invtrack.today(text) RENAME TO yesterday'),
    (5, 'ALTER FUNCTION invtrack.today(text) SECURITY DEFINER'),
    (6, 'ALTER DOMAIN invtrack.quantity DROP CONSTRAINT quantity_check'),
    (7, 'ALTER TYPE invtrack.found_product ALTER ATTRIBUTE launched_on TYPE text'),
    (8, 'ALTER TYPE invtrack.day_series SET (STORAGE = plain)'),
    (9, 'CREATE CAST (bytea AS invtrack.day_series) WITHOUT FUNCTION'),
    (10, 'CREATE CAST (text AS invtrack.day_series) WITH INOUT AS IMPLICIT'),
    (11, 'CREATE TYPE invtrack.mine (INPUT = invtrack_internal.day_series_in, OUTPUT = invtrack_internal.day_series_out)'),
    (12, 'CREATE AGGREGATE invtrack.mine(invtrack.day_series) (SFUNC = invtrack_internal.day_series_sum_step, STYPE = internal)'),
    (13, 'CREATE OPERATOR CLASS invtrack.mine FOR TYPE text USING hash AS OPERATOR 1 pg_catalog.=, FUNCTION 1 pg_catalog.hashtext(text)'),
    (14, 'ALTER OPERATOR invtrack.+ (invtrack.day_series, invtrack.day_series) SET SCHEMA public'),
    (15, 'CREATE OR REPLACE VIEW invtrack_internal.difference AS SELECT 1'),
    (16, 'CREATE FUNCTION invtrack_internal.as_of(varchar) RETURNS date LANGUAGE sql AS ''SELECT NULL::date'''),
    (17, 'ALTER VIEW invtrack_internal.difference RENAME TO before'),
    (18, 'DROP VIEW invtrack_internal.difference'),
    (19, 'ALTER EXTENSION invtrack DROP FUNCTION invtrack.today(text)'),
    (20, 'SELECT invtrack_internal.day_series_agg_step(NULL, date ''2026-01-01'', 5)'),
    (21, 'SELECT invtrack_internal.day_series_agg_combine(NULL, NULL) IS NULL, invtrack_internal.day_series_agg_final(NULL) IS NULL'),
    (22, 'SELECT invtrack_internal.day_series_agg_deserialize(''x'', NULL) IS NULL, invtrack_internal.has_access_support(NULL) IS NULL'),
    (23, 'SELECT invtrack.set_owner(''invtrack_test_tenant'')')) v (n, statement) ORDER BY n;

-- Nulls where there are none ---------------------------------------------------------------------------
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m', 's', 'Green tea'), ('m', 'z', 'Tea'), ('n', 's', '');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('n', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 's', 'good', 9);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', 1, 's', 'good', 'sale', '2026-03-09', 5), ('m', 2, 's', 'good', 'shipment', '2026-03-09', 4);
SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 10), invtrack.fold();
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 3, 's', 'good', 'sale', '2026-03-10', 1);
SELECT count(*) FROM invtrack.check_trackers();
SELECT count(*) FROM invtrack.take_alert_events('c');
SELECT invtrack.grant_access('invtrack_test_reader', 'm');

CREATE SCHEMA tools;
CREATE FUNCTION tools.errors_of(statements text[]) RETURNS TABLE (statement text, error text) LANGUAGE sql AS $$
SELECT s, coalesce(split_part(public.error_of(s), E'\n', 1), 'works') FROM unnest(statements) WITH ORDINALITY u (s, n) ORDER BY n $$;
-- A view gives one row, null but for these columns: its body is the owner's to replace, also where CREATE OR REPLACE VIEW is refused.
CREATE FUNCTION tools.replace_view(name regclass, given jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE (SELECT format('CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO %s DO INSTEAD SELECT %s', name,
                           string_agg(format('%L::%s AS %I', given ->> attname, format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum))
               FROM pg_attribute WHERE attrelid = name AND attnum > 0);
END
$$;
SAVEPOINT whole;
ALTER TABLE invtrack.merchant ALTER time_zone DROP NOT NULL;
UPDATE invtrack.merchant SET time_zone = NULL;
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.today(''m'')', 'SELECT * FROM invtrack.check_trackers(''m'')', 'SELECT * FROM invtrack.tracker_health(''m'')']);
ROLLBACK TO whole;
ALTER TABLE invtrack.check_state ALTER events DROP NOT NULL;
UPDATE invtrack.check_state SET events = NULL;
SELECT * FROM tools.errors_of(ARRAY['SELECT * FROM invtrack.check_trackers(''m'')', 'SELECT * FROM invtrack.take_alert_events(''c'')']);
ROLLBACK TO whole;
ALTER TABLE invtrack.alert_consumer ALTER confirmed DROP NOT NULL;
UPDATE invtrack.alert_consumer SET confirmed = NULL;
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.confirm_alert_events(''c'', ''m'', 1)', 'SELECT * FROM invtrack.take_alert_events(''c'')']);
ROLLBACK TO whole;
ALTER TABLE invtrack.movement RENAME TO before;
CREATE TABLE invtrack.movement AS SELECT * FROM invtrack.before;
CREATE UNIQUE INDEX ON invtrack.movement (merchant, reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER refuse BEFORE DELETE ON invtrack.movement FOR EACH ROW EXECUTE FUNCTION invtrack_internal.refuse_removal();
INSERT INTO invtrack.movement (sku, flow, occurred_on, quantity, merchant, folded) VALUES ('s', 'sale', '2026-03-10', 1, 'm', false);
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.fold()', 'SELECT invtrack.reverse_movement(''m'', 1)',
    'DELETE FROM invtrack.movement WHERE movement_id IS NULL']);
ROLLBACK TO whole;
ALTER TABLE invtrack.access_grant ALTER level DROP NOT NULL, ALTER role DROP NOT NULL;
UPDATE invtrack.access_grant SET level = NULL;
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.grant_access(''invtrack_test_reader'', ''m'', ''load'')', 'SELECT invtrack.refresh_access()']);
INSERT INTO invtrack.access_grant (role, level) VALUES (NULL, 'read');
CREATE FUNCTION tools.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE DELETE ON invtrack.access_grant FOR EACH ROW EXECUTE FUNCTION tools.keep();
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.refresh_access()']);
ROLLBACK TO whole;
SELECT tools.replace_view('invtrack_internal.level_privilege', '{"level": "read", "owner": 10}');
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.refresh_access()']);
ROLLBACK TO whole;
SELECT tools.replace_view('invtrack_internal.wrong_series'), tools.replace_view('invtrack_internal.difference', '{"what": "flow_series"}');
SELECT * FROM tools.errors_of(ARRAY['SELECT * FROM invtrack.verify()', 'SELECT * FROM invtrack.verify(NULL, true)']);
SELECT what, d.merchant IS NULL AS unknown FROM invtrack.verify() d;
ROLLBACK TO whole;

-- Rules that do something else instead.
CREATE RULE something_else AS ON UPDATE TO invtrack.tracker DO INSTEAD SELECT 1;
CREATE RULE nothing AS ON DELETE TO invtrack.tracker DO INSTEAD NOTHING;
CREATE RULE something_else AS ON UPDATE TO invtrack.alert_consumer DO INSTEAD NOTHING;
CREATE RULE something_else AS ON UPDATE TO invtrack.check_state DO ALSO SELECT NULL;
SELECT * FROM tools.errors_of(ARRAY[
    'SELECT invtrack.save_tracker(''m'', ''s'', ''good'', ''stock_quantity'', 11)', 'SELECT invtrack.delete_tracker(''m'', ''s'', ''good'', ''stock_quantity'')',
    'SELECT count(*) FROM invtrack.take_alert_events(''c'')', 'SELECT * FROM invtrack.check_trackers()', 'SELECT invtrack.fold()']);
ROLLBACK TO whole;
-- What a function returns has lost a column, whose place is still there.
ALTER TABLE invtrack.alert_event DROP COLUMN payload;
SELECT * FROM tools.errors_of(ARRAY['SELECT * FROM invtrack.take_alert_events(''c'')']);
ROLLBACK TO whole;

-- Better matching functions and operators of the owner, for whatever SQL the library sends names: tables whose columns
-- are of domains, and overloads for these domains. The library casts, and calls its own.
DO $$
DECLARE
    t record;
    f record;
BEGIN
    FOR t IN SELECT unnest(ARRAY['text', 'date', 'numeric', 'integer', 'bigint', 'boolean', 'invtrack.day_series']) AS name LOOP
        EXECUTE format('CREATE DOMAIN tools.%I AS %s', 'my_' || t.name::regtype::oid, t.name);
    END LOOP;
    CREATE FUNCTION tools.step(text, anyelement) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RAISE 'overload was called'; END$f$;
    CREATE FUNCTION tools.step(text, anyelement, anyelement) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RAISE 'overload was called'; END$f$;
    FOR f IN SELECT p.oid, p.proname, p.prokind, p.pronargs, string_agg('tools.my_' || a.type, ', ' ORDER BY n) AS args, min(type) AS first_type
               FROM pg_proc p, unnest(p.proargtypes) WITH ORDINALITY a (type, n)
              WHERE p.pronamespace = 'invtrack'::regnamespace GROUP BY p.oid
             HAVING bool_and(to_regtype('tools.my_' || a.type) IS NOT NULL) LOOP
        IF f.prokind = 'a' THEN
            EXECUTE format('CREATE FUNCTION tools.step(text, %s) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RAISE ''overload was called''; END$f$', f.args);
            EXECUTE format('CREATE AGGREGATE invtrack.%I(%s) (SFUNC = tools.step, STYPE = text)', f.proname, f.args);
        ELSE
            EXECUTE format('CREATE FUNCTION invtrack.%I(%s) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RAISE ''overload was called''; END$f$', f.proname, f.args);
        END IF;
    END LOOP;
    FOR f IN SELECT o.oprname, row_number() OVER (ORDER BY o.oid) AS n, format('tools.my_%s', o.oprleft) AS l, format('tools.my_%s', o.oprright) AS r
               FROM pg_operator o WHERE o.oprnamespace = 'invtrack'::regnamespace LOOP
        EXECUTE format('CREATE FUNCTION tools.operator_%s(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$BEGIN RAISE ''overload was called''; END$f$', f.n, f.l, f.r);
        EXECUTE format('CREATE OPERATOR invtrack.%s (FUNCTION = tools.operator_%s, LEFTARG = %s, RIGHTARG = %s)', f.oprname, f.n, f.l, f.r);
    END LOOP;
    FOR t IN SELECT c.oid, c.relname, string_agg(CASE WHEN to_regtype('tools.my_' || coalesce(nullif(y.typbasetype, 0), y.oid)) IS NULL THEN quote_ident(a.attname)
                                                      ELSE format('%I::tools.my_%s', a.attname, coalesce(nullif(y.typbasetype, 0), y.oid)) END, ', ' ORDER BY a.attnum) AS list
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 JOIN pg_type y ON y.oid = a.atttypid
              WHERE c.relnamespace = 'invtrack'::regnamespace AND c.relkind = 'r' GROUP BY c.oid LOOP
        EXECUTE format('ALTER TABLE invtrack.%I RENAME TO %I', t.relname, t.relname || '_before');
        EXECUTE format('CREATE TABLE invtrack.%I AS SELECT %s FROM invtrack.%I', t.relname, t.list, t.relname || '_before');
        FOR f IN SELECT regexp_replace(pg_get_indexdef(indexrelid), '^CREATE( UNIQUE)? INDEX \S+ ON \S+ ', format('CREATE\1 INDEX ON invtrack.%I ', t.relname)) AS definition
                   FROM pg_index WHERE indrelid = t.oid AND indisunique LOOP
            EXECUTE f.definition;
        END LOOP;
    END LOOP;
END
$$;
SELECT count(*) > 20 AS many FROM pg_proc WHERE pronamespace = 'invtrack'::regnamespace AND prosrc ~ 'overload' OR proname LIKE 'day_series_%' AND pronamespace = 'invtrack'::regnamespace;
-- without a cast, it is the owner's that is called
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.day_series_agg(m.occurred_on, m.quantity) FROM invtrack.movement m',
    'SELECT s.days OPERATOR(invtrack.+) s.days FROM invtrack.flow_series s', 'SELECT invtrack.last_day(s.checked_days) FROM invtrack.check_state s',
    'SELECT invtrack.today(m.merchant) FROM invtrack.merchant m']);
UPDATE invtrack.movement SET recorded_at = '2020-01-01';
SELECT * FROM tools.errors_of(ARRAY['SELECT invtrack.fold()', 'SELECT invtrack.today(''m''::text)', 'SELECT * FROM invtrack.check_trackers()', 'SELECT * FROM invtrack.take_alert_events(''d'')',
    'SELECT invtrack.confirm_alert_events(''c'', ''m'', 1)', 'SELECT invtrack.purge_movements(NULL, 1)', 'SELECT invtrack.purge_alerts(NULL, 0)',
    'SELECT * FROM invtrack.find_products(''m'', ''tea'')', 'SELECT * FROM invtrack.tracker_health(''m'')', 'SELECT * FROM invtrack.verify(NULL, true)',
    'SELECT invtrack.save_tracker(''m'', ''s'', ''good'', ''stock_quantity'', 11)', 'SELECT invtrack.delete_tracker(''m'', ''s'', ''good'', ''stock_quantity'')',
    'SELECT invtrack.reverse_movement(''m'', 1)', 'SELECT invtrack.grant_access(''invtrack_test_reader'', ''m'', ''load'')', 'SELECT invtrack.refresh_access()',
    'SELECT invtrack.delete_merchant(''m'')']);
ROLLBACK TO whole;

-- All of it: each column of each table null, or of another type; each column of each view null. Nothing but errors that say
-- what is wrong.
CREATE TEMP TABLE call (statement text, relations text);
INSERT INTO call VALUES
    ($$SELECT invtrack.today('m')$$, 'merchant'),
    ($$SELECT * FROM invtrack.check_trackers()$$, 'merchant check_state alert alert_event tracker_history stock_history status_daily check_reading check_stock check_awaited'),
    ($$SELECT invtrack.fold()$$, 'movement flow_series fold_state'),
    ($$SELECT * FROM invtrack.tracker_health('m', 's')$$, 'tracker_reading'),
    ($$SELECT * FROM invtrack.tracker_health_of('m', '{s}')$$, 'tracker_reading'),
    ($$SELECT * FROM invtrack.preview_health('m', 's', 'good', 'stalled_days', 4, 10)$$, 'merchant product inventory_type reading'),
    ($$SELECT * FROM invtrack.find_products('m', '')$$, 'merchant product'),
    ($$SELECT * FROM invtrack.find_products('m', 'tea')$$, 'product'),
    ($$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 11)$$, 'merchant product inventory_type tracker'),
    ($$SELECT invtrack.save_tracker('m', 'z', 'good', 'turnover_days', NULL, 30, 7)$$, 'tracker'),
    ($$SELECT invtrack.delete_tracker('m', 's', 'good', 'stock_quantity')$$, 'tracker'),
    ($$SELECT invtrack.reverse_movement('m', 1)$$, 'movement'),
    ($$SELECT * FROM invtrack.take_alert_events('c')$$, 'check_state alert_consumer alert_event'),
    ($$SELECT * FROM invtrack.take_alert_events('d')$$, 'check_state alert_consumer alert_event'),
    ($$SELECT invtrack.confirm_alert_events('c', 'm', 1)$$, 'check_state alert_consumer'),
    ($$SELECT invtrack.acknowledge_alert('m', 's', 'good', 'stock_quantity')$$, 'alert'),
    ($$SELECT invtrack.purge_movements(NULL, 0)$$, 'movement flow_series fold_state'),
    ($$SELECT invtrack.purge_alerts(NULL, 0)$$, 'alert alert_event alert_consumer'),
    ($$SELECT * FROM invtrack.verify('m', true)$$, 'flow_series fold_state difference wrong_series'),
    ($$SELECT * FROM invtrack.verify(NULL, true)$$, 'flow_series fold_state difference wrong_series'),
    ($$SELECT invtrack.delete_merchant('m')$$, 'merchant fold_state check_state movement'),
    ($$SELECT invtrack.grant_access('invtrack_test_reader', 'm', 'manage')$$, 'merchant access_grant level_privilege'),
    ($$SELECT invtrack.revoke_access('invtrack_test_reader')$$, 'access_grant'),
    ($$SELECT invtrack.refresh_access()$$, 'access_grant level_privilege');
GRANT ALL ON call TO PUBLIC;
CREATE FUNCTION tools.try_all(relation text, changes text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    change text;
    errors text[];
BEGIN
    FOREACH change IN ARRAY changes LOOP
        BEGIN
            EXECUTE change;
        EXCEPTION WHEN undefined_function OR datatype_mismatch OR syntax_error OR undefined_object OR undefined_column
                OR invalid_text_representation OR unique_violation THEN
            NULL;           -- an index that these values, or this type, do not allow
        END;
    END LOOP;
    SELECT array_agg(coalesce(left(public.error_of(c.statement), 5), 'works') || ' ' || c.statement) INTO errors
      FROM pg_temp.call c WHERE relation = ANY (string_to_array(c.relations, ' '));
    RAISE EXCEPTION SQLSTATE 'ZZ999';
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    RETURN errors;
END
$$;
SET LOCAL client_min_messages = error;
CREATE TEMP TABLE tried AS
SELECT c.relname, a.attname, kind, tools.try_all(c.relname,
           ARRAY[format('ALTER TABLE invtrack.%I RENAME TO before', c.relname),
                 format('CREATE TABLE invtrack.%I AS SELECT %s FROM invtrack.before', c.relname, l.list)]
           || ARRAY(SELECT regexp_replace(pg_get_indexdef(indexrelid), '^CREATE( UNIQUE)? INDEX \S+ ON \S+ ', format('CREATE\1 INDEX ON invtrack.%I ', c.relname))
                      FROM pg_index WHERE indrelid = c.oid ORDER BY indexrelid)) AS errors
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 CROSS JOIN unnest(ARRAY['null', 'another type']) kind
 CROSS JOIN LATERAL (
       SELECT string_agg(CASE WHEN b.attnum <> a.attnum THEN quote_ident(b.attname)
                              WHEN kind = 'null' THEN format('NULL::%s AS %I', format_type(b.atttypid, b.atttypmod), b.attname)
                              WHEN b.atttypid = 'text'::regtype THEN format('4096::bigint AS %I', b.attname)
                              ELSE format('%I::text', b.attname) END, ', ' ORDER BY b.attnum) AS list
         FROM pg_attribute b WHERE b.attrelid = c.oid AND b.attnum > 0) l
 WHERE c.relnamespace = 'invtrack'::regnamespace AND c.relkind = 'r'
UNION ALL
SELECT c.relname, a.attname, 'null in a view', tools.try_all(c.relname,
           ARRAY[format('CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO %s DO INSTEAD SELECT %s FROM (%s) v', c.oid::regclass, l.list, rtrim(pg_get_viewdef(c.oid), ';'))])
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 CROSS JOIN LATERAL (
       SELECT string_agg(CASE WHEN b.attnum <> a.attnum THEN quote_ident(b.attname)
                              ELSE format('NULL::%s %s AS %I', format_type(b.atttypid, b.atttypmod), CASE WHEN b.attcollation <> 0 THEN 'COLLATE "C"' END, b.attname) END, ', ' ORDER BY b.attnum) AS list
         FROM pg_attribute b WHERE b.attrelid = c.oid AND b.attnum > 0) l
 WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND c.relkind = 'v'
   AND c.relname IN ('reading', 'tracker_reading', 'check_reading', 'check_stock', 'wrong_series', 'difference', 'level_privilege');
SELECT kind, count(*) > 100 AS many, bool_or(e ~ '^42804') AS types, bool_or(e ~ '^23502') AS nulls FROM tried, unnest(errors) e GROUP BY kind ORDER BY kind COLLATE "C";
SELECT relname, attname, kind, e FROM tried, unnest(errors) e WHERE e !~ '^(works|0A000|2[23]|42|55000|P0002|XX001)' ORDER BY 1, 2, 3, 4;
ROLLBACK;
