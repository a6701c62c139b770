
-- Who owns all this, and who may use it -----------------------------------------------------------
--
-- The script of a trusted extension runs as the bootstrap superuser. Its objects go to the owner of
-- the extension, who then grants, dumps and restores; PUBLIC gets nothing. In a loop over what the
-- extension has, so that no object can be forgotten. (The prologue
-- pins search_path. Operators and their class stay: nobody needs to own them to use or dump them.)

DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT c.relkind, format('%I.%I', n.nspname, c.relname) AS name
          FROM pg_depend d
          JOIN pg_class c ON c.oid = d.objid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
           AND c.relkind IN ('r', 'v')
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %s',
                       CASE object.relkind WHEN 'r' THEN 'TABLE' ELSE 'VIEW' END,
                       object.name, '@extowner@');
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure::text AS name
          FROM pg_proc p
          JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO %s', object.name, '@extowner@');
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', object.name);
    END LOOP;
    FOR object IN
        SELECT t.oid::regtype::text AS name
          FROM pg_type t
          JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           -- From PostgreSQL 17 on, these include the types of arrays, and of the rows of tables and
           -- views. They follow what they are of.
           AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
           AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
    LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO %s', object.name, '@extowner@');
        EXECUTE format('REVOKE ALL ON TYPE %s FROM PUBLIC', object.name);
    END LOOP;
END
$$;
