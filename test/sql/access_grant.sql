-- grant_access, revoke_access, refresh_access and the view access: what each level may do, and who gets it.
-- (Row by row: row_security.sql.)
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
-- a trusted owner, who is no superuser
CREATE ROLE invtrack_test_owner;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO invtrack_test_owner', current_database()); END$$;
DROP EXTENSION invtrack;
DROP SCHEMA IF EXISTS invtrack;
SET LOCAL ROLE invtrack_test_owner;
CREATE EXTENSION invtrack;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2'), ('gone');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m1', 'good');
INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m1', 's', 'Tea'), ('m1', 'z', 'Tea');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m1', 's', 'good', 9);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m1', 1, 's', 'good', 'sale', '2026-03-09', 5);
SELECT invtrack.save_tracker('m1', 's', 'good', 'stock_quantity', 10);
-- an alert is open, and its event taken by a consumer
SELECT transition FROM invtrack.check_trackers();
SELECT count(*) FROM invtrack.take_alert_events('mail') m, invtrack.take_alert_events('chat') c;
RESET ROLE;

-- What a role has on the extension's objects by grants of its own.
CREATE FUNCTION pg_temp.has(role text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat(kind, ' ', privilege, CASE WHEN names <> '' THEN ': ' || names END), E'\n' ORDER BY kind, privilege)
      FROM (SELECT p.kind, x.privilege_type AS privilege,
                   string_agg(DISTINCT p.name, ' ') FILTER (WHERE x.privilege_type NOT IN ('SELECT', 'USAGE') AND NOT pure) AS names
              FROM (SELECT DISTINCT kind, name, acl, EXISTS (SELECT FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND proname = name AND provolatile = 'i') AS pure
                      FROM (SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, relname::text AS name, relacl AS acl FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
                            UNION ALL SELECT 'column', concat(attrelid::regclass, '.', attname), attacl FROM pg_attribute
                             WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace))
                            UNION ALL SELECT 'routine', proname, proacl FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
                            UNION ALL SELECT 'schema', nspname, nspacl FROM pg_namespace WHERE nspname IN ('invtrack', 'invtrack_internal')
                            UNION ALL SELECT 'type', typname, typacl FROM pg_type WHERE typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)) o) p,
                   aclexplode(p.acl) x
             WHERE x.grantee = role::regrole
             GROUP BY p.kind, x.privilege_type) h
$$;

-- Every routine that is not immutable, and every privilege to write, is somebody's: of a level, or of the owner
-- alone. Whoever adds one says here whose it is.
SELECT coalesce(l.level, 'owner') AS level, string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname) AS routines
  FROM pg_proc p
  LEFT JOIN invtrack_internal.level_privilege l ON l.kind = 'ROUTINE' AND l.object = p.oid::regprocedure::text
 WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND p.provolatile <> 'i' AND p.prorettype <> 'trigger'::regtype
 GROUP BY l.level ORDER BY l.level COLLATE "C";
SELECT name, string_agg(privilege || ' ' || level, ', ' ORDER BY privilege) AS written_by
  FROM invtrack_internal.level_privilege WHERE kind = 'TABLE' AND privilege <> 'SELECT' GROUP BY name ORDER BY name COLLATE "C";
-- A name in the list that is no object's would be granted to nobody.
SELECT rule.kind, rule.name
  FROM regexp_matches(pg_get_viewdef('invtrack_internal.level_privilege'), $$\('(?:read|load|manage)'(?:::text)?,\s*'(\w+)'(?:::text)?,\s*'([^']+)'$$, 'g') m,
       LATERAL (SELECT m[1] AS kind, m[2] AS name) rule
 WHERE rule.name NOT LIKE '(%' AND NOT EXISTS (SELECT FROM invtrack_internal.level_privilege l WHERE l.kind = rule.kind AND l.name = rule.name);

-- The levels, one after the other. A higher or a lower one takes the place of the one before.
CREATE ROLE invtrack_test_a;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_a', 'm1');
SELECT pg_temp.has('invtrack_test_a');
SELECT invtrack.grant_access('invtrack_test_a', 'm1', 'load');
SELECT pg_temp.has('invtrack_test_a');
SELECT invtrack.grant_access('invtrack_test_a', 'm1', level => 'manage');
SELECT pg_temp.has('invtrack_test_a');
SELECT invtrack.grant_access('invtrack_test_a', 'm1', 'manage');
SELECT role, merchant, level, granted_by FROM invtrack.access;
SELECT invtrack.grant_access('invtrack_test_a', 'm2', 'load'), invtrack.grant_access('invtrack_test_a', NULL, 'read'),
       invtrack.grant_access('invtrack_test_a', 'm1', 'read');
SELECT role, merchant, level FROM invtrack.access ORDER BY merchant;
SELECT pg_temp.has('invtrack_test_a');
SELECT invtrack.revoke_access('invtrack_test_a', 'm2');
SELECT pg_temp.has('invtrack_test_a');
SELECT invtrack.revoke_access('invtrack_test_a', 'm1');
SELECT pg_temp.has('invtrack_test_a') IS NOT NULL AS still_reads_all;
SELECT invtrack.revoke_access('invtrack_test_a');
SELECT pg_temp.has('invtrack_test_a') IS NULL AS nothing, (SELECT count(*) FROM invtrack.access) AS rows;
-- all of it at once
SELECT invtrack.grant_access('invtrack_test_a', 'm1', 'manage'), invtrack.grant_access('invtrack_test_a', NULL), invtrack.revoke_access('invtrack_test_a');
SELECT pg_temp.has('invtrack_test_a') IS NULL AS nothing, (SELECT count(*) FROM invtrack.access) AS rows;

-- What each level can do to its merchant, and not more: SQLSTATEs of statements, all taken back.
RESET ROLE;
CREATE ROLE invtrack_test_read;
CREATE ROLE invtrack_test_load;
CREATE ROLE invtrack_test_manage;
CREATE ROLE invtrack_test_load_all;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_read', 'm1'), invtrack.grant_access('invtrack_test_load', 'm1', 'load'),
       invtrack.grant_access('invtrack_test_manage', 'm1', 'manage'), invtrack.grant_access('invtrack_test_load_all', NULL, 'load');
RESET ROLE;
CREATE TEMP TABLE doing (n integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO doing (statement) VALUES
    ('SELECT 1/(count(*) - 1) FROM invtrack.health'), ('SELECT invtrack.today(''m1'')'),
    ('SELECT * FROM invtrack.find_products(''m1'', ''tea'')'), ('SELECT * FROM invtrack.tracker_health(''m1'')'),
    ('SELECT * FROM invtrack.preview_health(''m1'', ''s'', ''good'', ''stock_quantity'', 5)'),
    ('INSERT INTO invtrack.product VALUES (''m1'', ''new'')'), ('UPDATE invtrack.product SET name = ''x'' WHERE merchant = ''m1'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('DELETE FROM invtrack.product WHERE sku = ''z'' RETURNING 1/(octet_length(merchant) - 2)'), ('INSERT INTO invtrack.inventory_type VALUES (''m1'', ''new'')'),
    ('INSERT INTO invtrack.stock_lot VALUES (''m1'', ''z'', ''good'', ''l'', NULL, 1)'), ('UPDATE invtrack.stock_lot SET quantity = 8 WHERE merchant = ''m1'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('DELETE FROM invtrack.stock_lot WHERE merchant = ''m1'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES (''m1'', ''s'', ''good'', ''sale'', ''2026-03-09'', 5)'),
    ('SELECT invtrack.reverse_movement(''m1'', 1)'), ('UPDATE invtrack.movement SET folded = true'), ('DELETE FROM invtrack.movement'),
    ('SELECT invtrack.save_tracker(''m1'', ''z'', ''good'', ''stock_quantity'', 5)'),
    ('SELECT invtrack.save_tracker(''m1'', ''s'', ''good'', ''stock_quantity'', 5)'),
    ('SELECT invtrack.delete_tracker(''m1'', ''s'', ''good'', ''stock_quantity'')'), ('DELETE FROM invtrack.tracker WHERE merchant = ''m1'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('SELECT invtrack.acknowledge_alert(''m1'', ''s'', ''good'', ''stock_quantity'')'), ('SELECT invtrack.snooze_alert(''m1'', ''s'', ''good'', ''stock_quantity'', NULL)'),
    ('UPDATE invtrack.alert SET snoozed_until = NULL RETURNING 1/(octet_length(merchant) - 2)'), ('UPDATE invtrack.alert SET status = ''stalled'''),
    ('UPDATE invtrack.alert SET merchant = ''m2'''), ('DELETE FROM invtrack.alert'), ('INSERT INTO invtrack.alert SELECT * FROM invtrack.alert'),
    ('SELECT 1/(count(*) - 1) FROM invtrack.take_alert_events(''mail'')'), ('SELECT invtrack.confirm_alert_events(''mail'', ''m1'', 1)'),
    ('INSERT INTO invtrack.alert_consumer VALUES (''m1'', ''mail'')'), ('DELETE FROM invtrack.alert_consumer WHERE consumer = ''chat'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('UPDATE invtrack.alert_event SET payload = ''{}'''), ('DELETE FROM invtrack.alert_event'), ('UPDATE invtrack.check_state SET events = 0'),
    ('DELETE FROM invtrack.tracker_history'), ('DELETE FROM invtrack.stock_history'),
    ('SELECT * FROM invtrack.check_trackers(''m1'')'), ('CALL invtrack.check_all()'), ('SELECT invtrack.purge_alerts(''m1'', 0)'),
    ('SELECT * FROM invtrack.schedule_jobs()'), ('SELECT invtrack.unschedule_jobs()'),
    ('INSERT INTO invtrack.merchant VALUES (''m3'')'), ('UPDATE invtrack.merchant SET name = ''x'' WHERE merchant = ''m1'' RETURNING 1/(octet_length(merchant) - 2)'),
    ('INSERT INTO invtrack.product VALUES (''m2'', ''new'')'), ('UPDATE invtrack.flow_series SET movements = 1'), ('DELETE FROM invtrack.fold_state'),
    ('SELECT invtrack.fold(''m1'')'), ('CALL invtrack.fold_all()'), ('SELECT invtrack.purge_movements(''m1'', 0)'), ('SELECT invtrack.verify(''m1'')'),
    ('SELECT invtrack.delete_merchant(''m1'')'), ('SELECT invtrack.grant_access(CURRENT_USER::text, NULL, ''manage'')'),
    ('SELECT invtrack.revoke_access(''invtrack_test_read'')'), ('SELECT invtrack.refresh_access()'),
    ('INSERT INTO invtrack.access_grant (role, level) VALUES (CURRENT_USER::text::invtrack_internal.role_ref, ''manage'')'),
    ('UPDATE invtrack.access_grant SET level = ''manage'''), ('DELETE FROM invtrack.access_grant'), ('TRUNCATE invtrack.access_grant'),
    ('ALTER TABLE invtrack.product DISABLE ROW LEVEL SECURITY'), ('CREATE POLICY p ON invtrack.product USING (true)');
CREATE FUNCTION pg_temp.try(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    RAISE EXCEPTION SQLSTATE 'ZZ999';
EXCEPTION WHEN others THEN
    RETURN CASE SQLSTATE WHEN 'ZZ999' THEN 'yes' WHEN '22012' THEN 'yes!' ELSE SQLSTATE END;
END
$$;
-- yes!: it reached a row
SELECT left(d.statement, 80) AS statement, pg_temp.try('invtrack_test_read', statement) AS read, pg_temp.try('invtrack_test_load', statement) AS load,
       pg_temp.try('invtrack_test_manage', statement) AS manage, pg_temp.try('invtrack_test_load_all', statement) AS load_all
  FROM doing d ORDER BY n;
-- levels of different merchants: what may be done to one may not be done to another, seen or not
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_read', 'm2', 'manage');
RESET ROLE;
SELECT left(d.statement, 80) AS statement, pg_temp.try('invtrack_test_read', statement) FROM doing d WHERE n BETWEEN 6 AND 31 ORDER BY n;
SET LOCAL ROLE invtrack_test_read;
SELECT public.error_of($$SELECT invtrack.save_tracker('m1', 's', 'good', 'stock_quantity', 5)$$);
SELECT public.error_of($$SELECT invtrack.delete_tracker('m1', 's', 'good', 'stock_quantity')$$);
SELECT public.error_of($$SELECT invtrack.snooze_alert('m1', 's', 'good', 'stock_quantity', NULL)$$);
-- nor does a consumer get, or hold up, what it may only read
SELECT count(*) AS taken, (SELECT count(*) FROM invtrack.alert_event) AS read FROM invtrack.take_alert_events('new');
RESET ROLE;
SELECT count(*) AS rows_of_new FROM invtrack.alert_consumer WHERE consumer = 'new';

-- Errors: null arguments, then values, then what does not exist.
SET LOCAL ROLE invtrack_test_owner;
SELECT call, public.error_of('SELECT invtrack.' || call) FROM (VALUES
    (1, $$grant_access(NULL, 'm1')$$), (2, $$grant_access('invtrack_test_a', 'm1', NULL)$$), (3, $$grant_access('invtrack_test_a', 'm1', 'write')$$),
    (4, $$grant_access('invtrack_test_a', ' m1')$$), (5, $$grant_access('no such role', 'm1')$$), (6, $$grant_access('public', 'm1')$$),
    (7, $$grant_access('invtrack_test_a', 'm9')$$), (8, $$grant_access('', 'm1')$$), (9, $$revoke_access(NULL, 'm1')$$),
    (10, $$revoke_access('no such role')$$), (11, $$revoke_access('public')$$), (12, $$revoke_access('invtrack_test_a')$$),
    (13, $$revoke_access('invtrack_test_a', 'm1')$$), (14, $$revoke_access('invtrack_test_load_all', 'm1')$$), (15, $$revoke_access('invtrack_test_a', '')$$),
    (16, $$has_access('m1', 'write')$$), (17, $$has_access('m1', NULL)$$)) v (n, call) ORDER BY n;
SELECT pg_temp.has('invtrack_test_a') IS NULL AS nothing_granted;
-- EXECUTE is not enough
GRANT EXECUTE ON FUNCTION invtrack.grant_access TO invtrack_test_manage;
SET LOCAL ROLE invtrack_test_manage;
SELECT public.error_of($$SELECT invtrack.grant_access('invtrack_test_manage', NULL)$$);
RESET ROLE;

-- Names that need quotes, and one as long as names are; what is longer is cut as CREATE ROLE cuts it.
CREATE ROLE "Invtrack ""test"" 'x'; --";
DO $$BEGIN EXECUTE format('CREATE ROLE %I', repeat('é', 31)); END$$;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('Invtrack "test" ''x''; --', 'm1', 'load'), invtrack.grant_access(repeat('é', 31), 'm1'), invtrack.grant_access(repeat('é', 40), 'm2');
SELECT role, merchant, level, pg_has_role(role, 'USAGE') AS is_mine FROM invtrack.access WHERE role LIKE 'Inv%' OR role LIKE 'é%' ORDER BY role, merchant;
SELECT has_table_privilege('Invtrack "test" ''x''; --', 'invtrack.stock_lot', 'INSERT') AS quoted, has_table_privilege(repeat('é', 31), 'invtrack.health', 'SELECT') AS long;
SELECT invtrack.revoke_access('Invtrack "test" ''x''; --'), invtrack.revoke_access(repeat('é', 40));

-- Roles that row security does not bind are told apart.
RESET ROLE;
SET LOCAL client_min_messages = notice;
SELECT invtrack.grant_access('invtrack_test_owner', 'm1'), invtrack.revoke_access('invtrack_test_owner');
SELECT has_table_privilege('invtrack_test_owner', 'invtrack.product', 'INSERT') AS owner_keeps_all;
CREATE ROLE invtrack_test_bypass BYPASSRLS;
SELECT invtrack.grant_access('invtrack_test_bypass', 'm1');
SET LOCAL client_min_messages = warning;

-- Members have the access of the role, by inheritance or after SET ROLE.
CREATE ROLE invtrack_test_member ROLE postgres;
CREATE ROLE invtrack_test_distant NOINHERIT;
CREATE ROLE invtrack_test_child;
GRANT invtrack_test_load TO invtrack_test_member, invtrack_test_distant;
GRANT invtrack_test_member TO invtrack_test_child;
CREATE FUNCTION pg_temp.sees() RETURNS text LANGUAGE plpgsql AS $$BEGIN
    RETURN (SELECT concat(count(*), ' products, access: ', (SELECT string_agg(concat_ws(' ', role, merchant, level), ', ' ORDER BY role, merchant) FROM invtrack.access))
              FROM invtrack.product);
EXCEPTION WHEN insufficient_privilege THEN RETURN SQLERRM; END$$;
SET LOCAL ROLE invtrack_test_member;
SELECT pg_temp.sees(), invtrack.has_access('m1', 'load') AS load_m1, invtrack.has_access('m2') AS m2, invtrack.has_access(NULL) AS all;
SET LOCAL ROLE invtrack_test_child;
SELECT pg_temp.sees();
SET LOCAL ROLE invtrack_test_distant;
SELECT pg_temp.sees();
SET LOCAL ROLE invtrack_test_load;
SELECT pg_temp.sees();
-- added to that of its own, at the higher level
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_child', 'm2', 'manage'), invtrack.grant_access('invtrack_test_child', 'm1', 'read');
SET LOCAL ROLE invtrack_test_child;
SELECT pg_temp.sees(), invtrack.has_access('m1', 'load') AS load_m1, invtrack.has_access('m1', 'manage') AS manage_m1, invtrack.has_access('m2', 'manage') AS manage_m2;
RESET ROLE;
-- and gone with the membership, from the next statement on
REVOKE invtrack_test_load FROM invtrack_test_member;
SET LOCAL ROLE invtrack_test_child;
SELECT pg_temp.sees(), invtrack.has_access('m1', 'load') AS load_m1;
RESET ROLE;

-- A role that is dropped, and made again under the same name, has nothing. Its privileges stand in the way of
-- dropping it until they are revoked, or dropped with all that it owns.
SELECT public.error_of('DROP ROLE invtrack_test_read') IS NOT NULL AS stands_in_the_way;
DROP OWNED BY invtrack_test_read;
DROP ROLE invtrack_test_read;
SELECT count(*) AS rows_of_nobody FROM invtrack.access_grant WHERE role::text = '';
SELECT count(*) AS shown FROM invtrack.access WHERE role IS NULL OR role = 'invtrack_test_read';
CREATE ROLE invtrack_test_read;
SET LOCAL ROLE invtrack_test_read;
SELECT pg_temp.sees();
RESET ROLE;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_read;
GRANT SELECT ON ALL TABLES IN SCHEMA invtrack TO invtrack_test_read;
SET LOCAL ROLE invtrack_test_read;
SELECT pg_temp.sees();
SET LOCAL ROLE invtrack_test_owner;
SELECT public.error_of($$SELECT invtrack.revoke_access('invtrack_test_read')$$);
SELECT invtrack.grant_access('invtrack_test_read', 'm1');
SELECT count(*) AS rows_of_nobody FROM invtrack.access_grant WHERE role::text = '';
RESET ROLE;
-- A renamed one keeps what it has, and the view follows; one that takes its name has nothing.
ALTER ROLE invtrack_test_read RENAME TO invtrack_test_renamed;
CREATE ROLE invtrack_test_read;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_read;
GRANT SELECT ON ALL TABLES IN SCHEMA invtrack TO invtrack_test_read;
SET LOCAL ROLE invtrack_test_renamed;
SELECT pg_temp.sees();
SET LOCAL ROLE invtrack_test_read;
SELECT pg_temp.sees();
RESET ROLE;

-- A merchant that is deleted takes the access to it along; one that comes under its code starts anew.
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_a', 'gone', 'load'), invtrack.grant_access('invtrack_test_a', 'm2');
SELECT invtrack.delete_merchant('gone');
INSERT INTO invtrack.merchant (merchant) VALUES ('gone');
SELECT merchant, level FROM invtrack.access WHERE role = 'invtrack_test_a';
SET LOCAL ROLE invtrack_test_a;
SELECT merchant FROM invtrack.merchant;
RESET ROLE;

-- refresh_access gives what is due and missing, and takes nothing.
REVOKE ALL ON invtrack.health, invtrack.product FROM invtrack_test_a, invtrack_test_manage;
REVOKE ALL ON FUNCTION invtrack.save_tracker FROM invtrack_test_manage;
REVOKE UPDATE (snoozed_until) ON invtrack.alert FROM invtrack_test_manage;
GRANT DELETE ON invtrack.tracker TO invtrack_test_a;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.refresh_access();
SELECT invtrack.refresh_access();
SELECT has_table_privilege('invtrack_test_a', 'invtrack.health', 'SELECT') AS read, has_table_privilege('invtrack_test_a', 'invtrack.product', 'INSERT') AS not_load,
       has_table_privilege('invtrack_test_manage', 'invtrack.product', 'INSERT') AS load, has_column_privilege('invtrack_test_manage', 'invtrack.alert', 'snoozed_until', 'UPDATE') AS snooze, has_table_privilege('invtrack_test_a', 'invtrack.tracker', 'DELETE') AS kept;
RESET ROLE;

-- Objects of the owner's own in the schema are not the extension's, and not granted.
SET LOCAL ROLE invtrack_test_owner;
CREATE TABLE invtrack.own (a integer);
CREATE VIEW invtrack.own_view AS SELECT 1;
SELECT invtrack.grant_access('invtrack_test_manage', 'm2', 'manage');
SELECT has_table_privilege('invtrack_test_manage', 'invtrack.own', 'SELECT') AS own, has_table_privilege('invtrack_test_manage', 'invtrack.own_view', 'SELECT') AS view;
DROP VIEW invtrack.own_view;
DROP TABLE invtrack.own;
RESET ROLE;

-- What the role_ref type takes and gives; binary too.
SELECT 'invtrack_test_a'::invtrack_internal.role_ref, 0::oid::invtrack_internal.role_ref::text = '' AS nobody, ''::invtrack_internal.role_ref::oid AS none,
       (SELECT oid FROM pg_roles WHERE rolname = 'invtrack_test_a') = 'invtrack_test_a'::invtrack_internal.role_ref::oid AS is_oid,
       4294967295::oid::invtrack_internal.role_ref::text = '' AS no_role, convert_from(invtrack_internal.role_ref_send('invtrack_test_a'), 'UTF8') AS sent;
SELECT 'invtrack_test_x'::invtrack_internal.role_ref::oid;
-- nobody's rows give nothing to nobody, however many there are
INSERT INTO invtrack.access_grant (role, level) VALUES ('invtrack_test_x', 'manage'), ('', 'manage'), ('', 'read');
CREATE ROLE invtrack_test_x;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_x;
GRANT SELECT ON ALL TABLES IN SCHEMA invtrack TO invtrack_test_x;
SET LOCAL ROLE invtrack_test_x;
SELECT pg_temp.sees();
RESET ROLE;

-- The owner may have put another table in its place: an error, not a crash.
SAVEPOINT whole;
ALTER TABLE invtrack.access_grant RENAME TO before;
SET LOCAL ROLE invtrack_test_load;
SELECT public.error_of('SELECT * FROM invtrack.product');
RESET ROLE;
CREATE TABLE invtrack.access_grant (role text, merchant text, level text);
GRANT SELECT ON invtrack.access_grant TO PUBLIC;
SET LOCAL ROLE invtrack_test_load;
SELECT public.error_of('SELECT * FROM invtrack.product');
ROLLBACK TO whole;
SELECT public.error_of($$DROP TABLE invtrack.access_grant$$) IS NOT NULL AS member;
ROLLBACK;

-- Who owns the database is a member of pg_database_owner, from the moment on.
BEGIN;
INSERT INTO invtrack.merchant (merchant) VALUES ('of owner');
CREATE ROLE invtrack_test_database_owner;
SELECT invtrack.grant_access('pg_database_owner', 'of owner');
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_database_owner;
GRANT EXECUTE ON FUNCTION invtrack.has_access(text, text) TO invtrack_test_database_owner;
CREATE FUNCTION pg_temp.has_access_after(change text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    has boolean;
BEGIN
    EXECUTE format(change, current_database());
    SET LOCAL ROLE invtrack_test_database_owner;
    has := invtrack.has_access('of owner');
    RESET ROLE;
    RETURN has;
END
$$;
SELECT pg_temp.has_access_after('SELECT 1') AS before;
SELECT pg_temp.has_access_after('ALTER DATABASE %I OWNER TO invtrack_test_database_owner') AS owner;
SELECT pg_temp.has_access_after('ALTER DATABASE %I OWNER TO CURRENT_USER') AS not_any_more;
ROLLBACK;

-- Something else in the place of the table is an error.
BEGIN;
CREATE ROLE invtrack_test_reader_of_view;
SELECT invtrack.grant_access('invtrack_test_reader_of_view', NULL);
ALTER TABLE invtrack.access_grant RENAME TO was_access_grant;
CREATE VIEW invtrack.access_grant AS SELECT 1::oid AS role, 'm'::text AS merchant, 'read'::text AS level;
SET LOCAL ROLE invtrack_test_reader_of_view;
SELECT split_part(public.error_of('SELECT count(*) FROM invtrack.merchant'), E'\n', 1) AS replaced;
ROLLBACK;
