
-- Access by merchant: who may see and change which merchants' rows --------------------------------
--
-- A grant is a row here and privileges on the extension's objects. Row security (sql/epilogue.sql)
-- lets a role see and change the rows of the merchants that it has been granted.

CREATE TYPE invtrack_internal.role_ref;

CREATE FUNCTION invtrack_internal.role_ref_in(cstring)
RETURNS invtrack_internal.role_ref LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_in';
COMMENT ON FUNCTION invtrack_internal.role_ref_in(cstring) IS 'I/O';

CREATE FUNCTION invtrack_internal.role_ref_out(invtrack_internal.role_ref)
RETURNS cstring LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_out';
COMMENT ON FUNCTION invtrack_internal.role_ref_out(invtrack_internal.role_ref) IS 'I/O';

CREATE FUNCTION invtrack_internal.role_ref_recv(internal)
RETURNS invtrack_internal.role_ref LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_recv';
COMMENT ON FUNCTION invtrack_internal.role_ref_recv(internal) IS 'I/O';

CREATE FUNCTION invtrack_internal.role_ref_send(invtrack_internal.role_ref)
RETURNS bytea LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_send';
COMMENT ON FUNCTION invtrack_internal.role_ref_send(invtrack_internal.role_ref) IS 'I/O';

-- A role, kept as its oid and written as the name that it has then. So a role that was renamed keeps
-- its access, here and in a dump; one that was dropped, or is missing where a dump is restored, is
-- nobody, and stays so when somebody makes a role of its name.
CREATE TYPE invtrack_internal.role_ref (
    INPUT = invtrack_internal.role_ref_in,
    OUTPUT = invtrack_internal.role_ref_out,
    RECEIVE = invtrack_internal.role_ref_recv,
    SEND = invtrack_internal.role_ref_send,
    LIKE = oid
);
COMMENT ON TYPE invtrack_internal.role_ref IS
'A role of this cluster, written as its name; empty where there is no such role (any more)';

CREATE CAST (invtrack_internal.role_ref AS oid) WITHOUT FUNCTION;
COMMENT ON CAST (invtrack_internal.role_ref AS oid) IS 'The role''s oid, 0 for nobody';
CREATE CAST (oid AS invtrack_internal.role_ref) WITHOUT FUNCTION;
COMMENT ON CAST (oid AS invtrack_internal.role_ref) IS 'The role that has this oid';

-- Equality, as of oids: a subscriber finds a row of access_grant by all of its columns.

CREATE FUNCTION invtrack_internal.role_ref_eq(invtrack_internal.role_ref, invtrack_internal.role_ref)
RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'oideq';
COMMENT ON FUNCTION invtrack_internal.role_ref_eq(invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'implementation of =';

CREATE FUNCTION invtrack_internal.role_ref_ne(invtrack_internal.role_ref, invtrack_internal.role_ref)
RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'oidne';
COMMENT ON FUNCTION invtrack_internal.role_ref_ne(invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'implementation of <>';

CREATE FUNCTION invtrack_internal.role_ref_hash(invtrack_internal.role_ref)
RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'hashoid';
COMMENT ON FUNCTION invtrack_internal.role_ref_hash(invtrack_internal.role_ref) IS 'hash';

CREATE FUNCTION invtrack_internal.role_ref_hash_extended(invtrack_internal.role_ref, bigint)
RETURNS bigint LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'hashoidextended';
COMMENT ON FUNCTION invtrack_internal.role_ref_hash_extended(invtrack_internal.role_ref, bigint) IS 'hash';

CREATE OPERATOR invtrack_internal.= (
    LEFTARG = invtrack_internal.role_ref, RIGHTARG = invtrack_internal.role_ref,
    FUNCTION = invtrack_internal.role_ref_eq,
    COMMUTATOR = OPERATOR(invtrack_internal.=), NEGATOR = OPERATOR(invtrack_internal.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR invtrack_internal.= (invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'equal';

CREATE OPERATOR invtrack_internal.<> (
    LEFTARG = invtrack_internal.role_ref, RIGHTARG = invtrack_internal.role_ref,
    FUNCTION = invtrack_internal.role_ref_ne,
    COMMUTATOR = OPERATOR(invtrack_internal.<>), NEGATOR = OPERATOR(invtrack_internal.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR invtrack_internal.<> (invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'not equal';

CREATE OPERATOR CLASS invtrack_internal.role_ref_ops
    DEFAULT FOR TYPE invtrack_internal.role_ref USING hash AS
    OPERATOR 1 invtrack_internal.= (invtrack_internal.role_ref, invtrack_internal.role_ref),
    FUNCTION 1 invtrack_internal.role_ref_hash(invtrack_internal.role_ref),
    FUNCTION 2 invtrack_internal.role_ref_hash_extended(invtrack_internal.role_ref, bigint);

CREATE TABLE invtrack.access_grant (
    role invtrack_internal.role_ref NOT NULL,
    merchant text COLLATE "C",
    level text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    granted_by text NOT NULL DEFAULT CURRENT_USER,
    CONSTRAINT access_grant_merchant_fkey FOREIGN KEY (merchant)
        REFERENCES invtrack.merchant ON DELETE CASCADE,
    CONSTRAINT access_grant_level_check CHECK (level IN ('read', 'load', 'manage'))
);
COMMENT ON TABLE invtrack.access_grant IS
'Which roles have access to which merchants. Written by grant_access() and revoke_access(); read the view access';
COMMENT ON COLUMN invtrack.access_grant.role IS 'Role that has access';
COMMENT ON COLUMN invtrack.access_grant.merchant IS 'Merchant whose rows it has access to; null: all';
COMMENT ON COLUMN invtrack.access_grant.level IS 'read, load (includes read) or manage (includes load)';
COMMENT ON COLUMN invtrack.access_grant.granted_at IS 'When this level was granted';
COMMENT ON COLUMN invtrack.access_grant.granted_by IS 'Role that granted it';
CREATE UNIQUE INDEX access_grant_key ON invtrack.access_grant ((role::oid), merchant)
    NULLS NOT DISTINCT WHERE role::oid <> 0;
COMMENT ON INDEX invtrack.access_grant_key IS 'A role has one level for a merchant';
-- It has no key that could be one: a publication of all tables must not make granting fail.
ALTER TABLE invtrack.access_grant REPLICA IDENTITY FULL;

CREATE FUNCTION invtrack_internal.access_changes()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'access_changes';
COMMENT ON FUNCTION invtrack_internal.access_changes() IS
'trigger: has all sessions look up access anew, and plan anew what it went into';

-- Always: also where rows come by logical replication.
CREATE TRIGGER access_grant_changes
    AFTER INSERT OR UPDATE OR DELETE ON invtrack.access_grant FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.access_changes();
ALTER TABLE invtrack.access_grant ENABLE ALWAYS TRIGGER access_grant_changes;
COMMENT ON TRIGGER access_grant_changes ON invtrack.access_grant IS
'All sessions look up access anew';

CREATE FUNCTION invtrack_internal.has_access_support(internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_has_access_support';
COMMENT ON FUNCTION invtrack_internal.has_access_support(internal) IS
'planner support of has_access: puts the merchants of the role into the plan';

CREATE FUNCTION invtrack.has_access(merchant text, level text DEFAULT 'read')
RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE
SUPPORT invtrack_internal.has_access_support
AS 'MODULE_PATHNAME', 'access_has_access';
COMMENT ON FUNCTION invtrack.has_access(text, text) IS
'Has the current role access of this level to the merchant, or, where it is null, to all?';

-- In plans, in the place of has_access(): the call of the role that the plan was made for.

CREATE TYPE invtrack_internal.role_of_plan;

CREATE FUNCTION invtrack_internal.role_of_plan_in(cstring)
RETURNS invtrack_internal.role_of_plan LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_role_of_plan_in';
COMMENT ON FUNCTION invtrack_internal.role_of_plan_in(cstring) IS 'I/O';

CREATE FUNCTION invtrack_internal.role_of_plan_out(invtrack_internal.role_of_plan)
RETURNS cstring LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_role_of_plan_out';
COMMENT ON FUNCTION invtrack_internal.role_of_plan_out(invtrack_internal.role_of_plan) IS 'I/O';

CREATE TYPE invtrack_internal.role_of_plan (
    INPUT = invtrack_internal.role_of_plan_in,
    OUTPUT = invtrack_internal.role_of_plan_out,
    LIKE = bigint
);
COMMENT ON TYPE invtrack_internal.role_of_plan IS
'The role that a plan was made for; only the planner makes such values';

CREATE FUNCTION invtrack_internal.has_access_as(merchant text, level text, role invtrack_internal.role_of_plan)
RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE
SUPPORT invtrack_internal.has_access_support
AS 'MODULE_PATHNAME', 'access_has_access_as';
COMMENT ON FUNCTION invtrack_internal.has_access_as(text, text, invtrack_internal.role_of_plan) IS
'has_access() in plans: of the role that the plan was made for, whatever the current role is';

CREATE VIEW invtrack.access WITH (security_invoker) AS
SELECT r.rolname::text AS role, g.merchant, g.level, g.granted_at, g.granted_by
  FROM invtrack.access_grant g
  JOIN pg_catalog.pg_roles r ON r.oid = g.role::oid;
COMMENT ON VIEW invtrack.access IS
'Who has what: a row for each access granted. A role sees its own and those of the roles it is a member of';
COMMENT ON COLUMN invtrack.access.role IS 'Role that has access';
COMMENT ON COLUMN invtrack.access.merchant IS 'Merchant whose rows it has access to; null: all';
COMMENT ON COLUMN invtrack.access.level IS 'read, load (includes read) or manage (includes load)';
COMMENT ON COLUMN invtrack.access.granted_at IS 'When this level was granted';
COMMENT ON COLUMN invtrack.access.granted_by IS 'Role that granted it';

-- What each level adds to the one before it. What is not named here, only the owner may do. A function
-- that is immutable works on its arguments alone, so whoever reads may call it.
CREATE VIEW invtrack_internal.level_privilege WITH (security_invoker) AS
SELECT rule.level, o.kind, o.name, p.privilege, o.object, o.owner,
       CASE WHEN p.privilege LIKE '%(%' THEN (
               SELECT a.attacl FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = o.oid AND a.attname = substring(p.privilege FROM '\((.*)\)')::name)
            ELSE o.acl END AS acl,
       o.oid AS object_id
  FROM (VALUES
        ('read',   'SCHEMA',  'invtrack',             'USAGE'),
        ('read',   'SCHEMA',  'invtrack_internal',    'USAGE'),
        ('read',   'TYPE',    '(all)',                'USAGE'),
        ('read',   'TABLE',   '(all)',                'SELECT'),
        ('read',   'ROUTINE', '(immutable)',          'EXECUTE'),
        ('read',   'ROUTINE', 'as_of',                'EXECUTE'),
        ('read',   'ROUTINE', 'today',                'EXECUTE'),
        ('read',   'ROUTINE', 'day_of',               'EXECUTE'),
        ('read',   'ROUTINE', 'day_in',               'EXECUTE'),
        ('read',   'ROUTINE', 'tracker_health',       'EXECUTE'),
        ('read',   'ROUTINE', 'tracker_health_of',    'EXECUTE'),
        ('read',   'ROUTINE', 'preview_health',       'EXECUTE'),
        ('read',   'ROUTINE', 'explain_health',       'EXECUTE'),
        ('read',   'ROUTINE', 'backtest_tracker',     'EXECUTE'),
        ('read',   'ROUTINE', 'find_products',        'EXECUTE'),
        ('read',   'ROUTINE', 'project_stock',        'EXECUTE'),
        ('read',   'ROUTINE', 'forecast',             'EXECUTE'),
        ('read',   'ROUTINE', 'suggest_tracker',      'EXECUTE'),
        ('read',   'ROUTINE', 'check_rows',           'EXECUTE'),
        ('read',   'ROUTINE', 'review',               'EXECUTE'),
        ('read',   'ROUTINE', 'day_text',             'EXECUTE'),
        ('read',   'ROUTINE', 'report', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_page', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_trackers', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_series', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_stock', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_alerts', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_expiring', 'EXECUTE'),
        ('read',   'ROUTINE', 'report_findings', 'EXECUTE'),
        ('read',   'ROUTINE', 'html_name', 'EXECUTE'),
        ('read',   'ROUTINE', 'html_label', 'EXECUTE'),
        ('read',   'ROUTINE', 'html_table', 'EXECUTE'),
        ('read',   'ROUTINE', 'html_rule', 'EXECUTE'),
        ('read',   'ROUTINE', 'html_chart', 'EXECUTE'),
        ('read',   'ROUTINE', 'broken_connections',   'EXECUTE'),
        ('read',   'ROUTINE', 'metrics_of',           'EXECUTE'),
        ('read',   'ROUTINE', 'has_access',           'EXECUTE'),
        ('read',   'ROUTINE', 'has_access_as',        'EXECUTE'),
        ('load',   'TABLE',   'merchant',             'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'product',              'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'inventory_type',       'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'stock_lot',            'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'movement',             'INSERT'),
        -- drivers read lastval() after an INSERT
        ('load',   'SEQUENCE', 'movement_movement_id_seq', 'USAGE'),
        ('load',   'ROUTINE', 'reverse_movement',     'EXECUTE'),
        ('load',   'ROUTINE', 'reverse_movements',    'EXECUTE'),
        ('load',   'ROUTINE', 'record_movement',      'EXECUTE'),
        ('load',   'TABLE',   'incoming',             'INSERT UPDATE DELETE'),
        ('manage', 'TABLE',   'tracker',              'INSERT UPDATE DELETE'),
        ('manage', 'ROUTINE', 'save_tracker',         'EXECUTE'),
        ('manage', 'ROUTINE', 'save_trackers',        'EXECUTE'),
        ('manage', 'ROUTINE', 'delete_tracker',       'EXECUTE'),
        ('manage', 'ROUTINE', 'rename_product',       'EXECUTE'),
        ('manage', 'ROUTINE', 'merge_product',        'EXECUTE'),
        ('manage', 'TABLE',   'alert',                'UPDATE(acknowledged_by) UPDATE(acknowledged_at)'),
        ('manage', 'TABLE',   'alert',                'UPDATE(acknowledged_note) UPDATE(snoozed_until)'),
        ('manage', 'TABLE',   'alert_consumer',       'INSERT UPDATE DELETE'),
        ('manage', 'ROUTINE', 'acknowledge_alert',    'EXECUTE'),
        ('manage', 'ROUTINE', 'snooze_alert',         'EXECUTE'),
        ('manage', 'ROUTINE', 'take_alert_events',    'EXECUTE'),
        ('manage', 'ROUTINE', 'confirm_alert_events', 'EXECUTE')
       ) rule (level, kind, name, privileges)
  JOIN (SELECT 'SCHEMA' AS kind, n.oid, n.nspname::text AS name, pg_catalog.quote_ident(n.nspname) AS object,
               n.nspowner AS owner, n.nspacl AS acl, false AS is_immutable
          FROM pg_catalog.pg_namespace n
         WHERE n.nspname IN ('invtrack', 'invtrack_internal')
        UNION ALL
        SELECT CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' WHEN c.oid IS NOT NULL THEN 'TABLE'
                    WHEN f.oid IS NOT NULL THEN 'ROUTINE' ELSE 'TYPE' END,
               d.objid,
               coalesce(c.relname, f.proname, t.typname)::text,
               coalesce(c.oid::regclass::text, f.oid::regprocedure::text, t.oid::regtype::text),
               coalesce(c.relowner, f.proowner, t.typowner),
               coalesce(c.relacl, f.proacl, t.typacl),
               coalesce(f.provolatile = 'i' AND f.proname <> 'lift_guard', false)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
          LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass
                AND c.oid = d.objid AND c.relkind IN ('r', 'v', 'S')
          LEFT JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass
                AND f.oid = d.objid
          -- not arrays and rows of tables and views, members too from PostgreSQL 17 on: what they are of counts
          LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::regclass
                AND t.oid = d.objid
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind <> 'c')
         WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
           AND coalesce(c.oid, f.oid, t.oid) IS NOT NULL
       ) o ON o.kind = rule.kind
          AND (o.name = rule.name OR rule.name = '(all)' AND (o.name NOT LIKE 'connection%' OR o.name = 'connection_reject') OR rule.name = '(immutable)' AND o.is_immutable)
 CROSS JOIN LATERAL pg_catalog.string_to_table(rule.privileges, ' ') p (privilege);
COMMENT ON VIEW invtrack_internal.level_privilege IS
'What each level of access adds to the one before it: a row for each privilege on an object';
COMMENT ON COLUMN invtrack_internal.level_privilege.level IS 'read, load or manage';
COMMENT ON COLUMN invtrack_internal.level_privilege.kind IS 'SCHEMA, TABLE (views too), SEQUENCE, ROUTINE or TYPE (domains too)';
COMMENT ON COLUMN invtrack_internal.level_privilege.name IS 'Name of the object';
COMMENT ON COLUMN invtrack_internal.level_privilege.privilege IS 'Privilege, as GRANT names it; on a column: with its name';
COMMENT ON COLUMN invtrack_internal.level_privilege.object IS 'The object, as GRANT names it';
COMMENT ON COLUMN invtrack_internal.level_privilege.owner IS 'Owner of the object';
COMMENT ON COLUMN invtrack_internal.level_privilege.acl IS 'Who has which privileges on the object, or column, now';
COMMENT ON COLUMN invtrack_internal.level_privilege.object_id IS 'The object, in the catalogue of its kind';

CREATE FUNCTION invtrack.grant_access(role text, merchant text, level text DEFAULT 'read')
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_grant';
COMMENT ON FUNCTION invtrack.grant_access(text, text, text) IS
'Gives a role access to a merchant, or, where it is null, to all: read, load or manage, in place of the level that it had; returns created, updated or unchanged';

CREATE FUNCTION invtrack.revoke_access(role text, merchant text DEFAULT NULL)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_revoke';
COMMENT ON FUNCTION invtrack.revoke_access(text, text) IS
'Takes from a role its access to a merchant, or, where it is null, all that it was granted; true, or an error where there is none';

CREATE FUNCTION invtrack.refresh_access()
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_refresh';
COMMENT ON FUNCTION invtrack.refresh_access() IS
'Gives all roles that have access the privileges that it calls for, where a restore or an update left them out; returns how many roles got some';

SELECT pg_catalog.pg_extension_config_dump('invtrack.access_grant',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role::oid)');
