
-- Who owns all this ---------------------------------------------------------------------------------
--
-- Tables and views belong to the owner of the extension, who grants, dumps and restores. Functions and
-- types stay with the bootstrap superuser, as those of PostgreSQL's own extensions do: who owns a C function may
-- change what it is called with. The owner may use them, and let others.

CREATE FUNCTION invtrack.set_owner(role text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    keeper constant name := pg_get_userbyid(10);
    database constant oid := (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
    new_owner oid;
    home record;
    object record;
    holder record;
    stranger text;
BEGIN
    IF NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'permission denied to change the owner of invtrack',
            HINT = 'A superuser hands it over.';
    ELSIF role IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'role must not be null', COLUMN = 'role',
            HINT = 'Give a value for the argument role.';
    END IF;
    SELECT r.oid INTO new_owner FROM pg_roles r WHERE r.rolname = role;
    IF new_owner IS NULL THEN
        RAISE undefined_object USING MESSAGE = format('role "%s" does not exist', role), COLUMN = 'role',
            HINT = 'Write the role''s name as pg_roles has it, without quotes.';
    END IF;
    -- The owner may add functions to the extension, which must not become a superuser's. Ours are in languages that only
    -- superusers write, or made by the script.
    SELECT i.identity INTO stranger
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
      JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
      JOIN pg_language l ON l.oid = p.prolang
      JOIN pg_roles r ON r.oid = p.proowner
      LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
     CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND NOT r.rolsuper
       AND coalesce(a.aggtranstype <> 'internal'::regtype, l.lanpltrusted)
     LIMIT 1;
    IF stranger IS NOT NULL THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('function %s is not one of extension invtrack', stranger),
            DETAIL = 'Its owner added it; with the others it would become a superuser''s.',
            HINT = format('ALTER EXTENSION invtrack DROP FUNCTION %s;', stranger);
    END IF;
    -- Nobody grants meanwhile.
    LOCK TABLE invtrack.access_grant;
    SELECT n.nspowner AS owner, n.nspacl AS acl, c.relowner AS former_owner INTO home
      FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'merchant'
     WHERE n.nspname = 'invtrack';
    IF home.owner = home.former_owner THEN
        EXECUTE format('ALTER SCHEMA invtrack OWNER TO %I', role);
    ELSIF home.owner <> new_owner THEN
        -- Another's schema: what the former owner let others do goes on in the name of the schema's owner.
        FOR holder IN
            SELECT DISTINCT a.grantee FROM aclexplode(home.acl) a
             WHERE a.privilege_type = 'USAGE' AND a.grantor <> home.owner AND a.grantee NOT IN (0, home.owner)
        LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA invtrack TO %I', pg_get_userbyid(holder.grantee));
        END LOOP;
        EXECUTE format('GRANT USAGE ON SCHEMA invtrack TO %I WITH GRANT OPTION', role);
    END IF;
    FOR object IN
        SELECT d.classid, d.objid, o.kind, o.acl, o.privilege, o.owner, i.identity, o.is_kept
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
         CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
         CROSS JOIN LATERAL (
               SELECT CASE c.relkind WHEN 'r' THEN 'TABLE' ELSE 'VIEW' END AS kind, c.relacl AS acl,
                      NULL AS privilege, c.relowner AS owner, false AS is_kept
                 FROM pg_class c
                WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('r', 'v')
               UNION ALL
               SELECT 'ROUTINE', coalesce(p.proacl, acldefault('f', p.proowner)),
                      'EXECUTE', p.proowner, true
                 FROM pg_proc p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
               UNION ALL
               SELECT 'SCHEMA', coalesce(n.nspacl, acldefault('n', n.nspowner)), 'USAGE', n.nspowner, true
                 FROM pg_namespace n
                WHERE d.classid = 'pg_namespace'::regclass AND n.oid = d.objid AND n.nspname = 'invtrack_internal'
               UNION ALL
               -- Not the types of arrays, and of the rows of tables and views, members too from PostgreSQL 17 on:
               -- they follow what they are of.
               SELECT 'TYPE', coalesce(t.typacl, acldefault('T', t.typowner)), 'USAGE', t.typowner, true
                 FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
                  AND NOT EXISTS (SELECT FROM pg_type b WHERE b.typarray = t.oid)
                  AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')) o
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    LOOP
        IF NOT object.is_kept THEN
            IF object.owner <> new_owner THEN
                EXECUTE format('ALTER %s %s OWNER TO %I', object.kind, object.identity, role);
            END IF;
            CONTINUE;
        END IF;
        IF object.owner <> 10 THEN
            EXECUTE format('ALTER %s %s OWNER TO %I', object.kind, object.identity, keeper);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', object.kind, object.identity);
        -- What the former owner let others do, they may go on doing. The former owner is whom the keeper let grant.
        FOR holder IN
            SELECT a.grantee, a.grantor, a.is_grantable FROM aclexplode(object.acl) a
             WHERE a.grantee NOT IN (0, 10, object.owner, new_owner)
             ORDER BY a.is_grantable
        LOOP
            IF holder.is_grantable AND holder.grantor = 10 THEN
                EXECUTE format('REVOKE ALL ON %s %s FROM %I CASCADE', object.kind, object.identity, pg_get_userbyid(holder.grantee));
            ELSIF holder.grantor <> 10 THEN
                EXECUTE format('GRANT %s ON %s %s TO %I', object.privilege, object.kind, object.identity, pg_get_userbyid(holder.grantee));
            END IF;
        END LOOP;
        IF new_owner <> 10 THEN
            EXECUTE format('GRANT %s ON %s %s TO %I WITH GRANT OPTION', object.privilege, object.kind, object.identity, role);
        END IF;
        -- What CREATE EXTENSION grants by itself, so that a dump does not say it.
        UPDATE pg_init_privs p
           SET initprivs = CASE object.kind WHEN 'SCHEMA' THEN acldefault('n', 10)
                                ELSE ARRAY[makeaclitem(10, 10, object.privilege, false)] END
                           || CASE WHEN new_owner <> 10 THEN ARRAY[makeaclitem(new_owner, 10, object.privilege, true)] END
         WHERE p.classoid = object.classid AND p.objoid = object.objid AND p.objsubid = 0;
        -- From PostgreSQL 17 on what is granted so depends on the role, which DROP OWNED, REASSIGN OWNED and DROP ROLE go by.
        IF FOUND AND current_setting('server_version_num')::integer >= 170000 THEN
            DELETE FROM pg_shdepend s
             WHERE s.dbid = database AND s.classid = object.classid AND s.objid = object.objid AND s.objsubid = 0
               AND s.deptype = 'i';
            INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
            SELECT database, object.classid, object.objid, 0, 'pg_authid'::regclass, new_owner, 'i'
             WHERE new_owner <> 10;
        END IF;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION invtrack.set_owner(text) IS
'Hands tables, views, the schema and the use of all functions and types to another role; only a superuser may';

-- The script of a trusted extension runs as the bootstrap superuser, and what it makes goes to the owner of the
-- extension; in a restore by a superuser, which sets row_security off, to whom the schema belonged before. Here
-- the first table; all else goes along in the epilogue.
DO $$
BEGIN
    EXECUTE (SELECT format('ALTER TABLE invtrack.merchant OWNER TO %I', pg_get_userbyid(
                        CASE WHEN x.rolsuper AND NOT current_setting('row_security')::boolean THEN n.nspowner
                             ELSE e.extowner END))
               FROM pg_extension e
               JOIN pg_roles x ON x.oid = e.extowner
               JOIN pg_namespace n ON n.nspname = 'invtrack'
              WHERE e.extname = 'invtrack');
END
$$;
