
-- From 0.2.0: what is not needed any more once functions and views are replaced -----------------------

DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT p.oid::regprocedure AS name
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
          JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND p.proname LIKE 'judge\_%' AND p.pronargs = 10
    LOOP
        EXECUTE format('DROP FUNCTION %s', object.name);
    END LOOP;
END
$$;

-- Who was allowed to save trackers goes on doing so.
DO $$
DECLARE
    holder record;
BEGIN
    FOR holder IN
        SELECT DISTINCT a.grantee FROM pg_proc p, aclexplode(p.proacl) a
         WHERE p.oid = 'invtrack.save_tracker(text, text, text, text, numeric, integer, integer, integer)'::regprocedure
           AND a.grantee NOT IN (0, p.proowner)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION invtrack.save_tracker(text, text, text, text, numeric, integer, integer,
                        integer, integer) TO %I', pg_get_userbyid(holder.grantee));
    END LOOP;
END
$$;
DROP FUNCTION invtrack.save_tracker(text, text, text, text, numeric, integer, integer, integer);
