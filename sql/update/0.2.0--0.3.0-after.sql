
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
