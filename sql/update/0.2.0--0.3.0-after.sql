
-- What is not needed any more once functions and views are replaced. Who could call it may call what came in its place.

DO $$
DECLARE
    changed record;
    holder record;
BEGIN
    FOR changed IN
        SELECT p.oid, p.oid::regprocedure::text AS name, p.proacl,
               (SELECT array_agg(n.oid::regprocedure::text) FROM pg_proc n
                 WHERE n.pronamespace = p.pronamespace
                   AND (n.proname = p.proname AND n.pronargs = p.pronargs + 1
                        OR p.proname = 'judge_health' AND n.proname = 'tracker_key')) AS replaced_by
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
          JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND (p.proname LIKE 'judge\_%' AND p.pronargs = 10 OR p.proname = 'save_tracker' AND p.pronargs = 8)
    LOOP
        FOR holder IN
            SELECT DISTINCT r.rolname, n.name
              FROM aclexplode(changed.proacl) a
              JOIN pg_roles r ON r.oid = a.grantee
             CROSS JOIN unnest(changed.replaced_by) n (name)
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', holder.name, holder.rolname);
        END LOOP;
        EXECUTE format('DROP FUNCTION %s', changed.name);
    END LOOP;
END
$$;

-- Roles that have access get what is new. (What a dump says of it is what is granted: it does not come with CREATE
-- EXTENSION. Functions, types and schemas are seen to by set_owner().)
DO $$
DECLARE
    missing record;
BEGIN
    FOR missing IN
        SELECT DISTINCT p.privilege, p.kind, p.object, r.rolname
          FROM invtrack_internal.level_privilege p
          JOIN invtrack.access_grant a ON strpos('read load manage', a.level) >= strpos('read load manage', p.level)
          JOIN pg_roles r ON r.oid = a.role::oid
         WHERE r.oid <> p.owner
           AND NOT EXISTS (SELECT FROM aclexplode(p.acl) x
                            WHERE x.grantee = r.oid AND x.privilege_type = split_part(p.privilege, '(', 1))
    LOOP
        EXECUTE format('GRANT %s ON %s %s TO %I', missing.privilege, missing.kind, missing.object, missing.rolname);
    END LOOP;
    DELETE FROM pg_init_privs i
     USING pg_class c
     WHERE i.classoid = 'pg_class'::regclass AND c.oid = i.objoid
       AND c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace);
END
$$;

-- The indexes of find_products() hold what their function gave in 0.2.
REINDEX INDEX invtrack.product_folded_sku;
REINDEX INDEX invtrack.product_folded_name;
REINDEX INDEX invtrack.product_search_text;
