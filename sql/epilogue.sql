
-- Whose all this is, and who may use it ------------------------------------------------------------
--
-- To whom the table merchant belongs, all belongs. An update leaves it there, and what is new goes along. (The cast
-- is to the argument's type: the owner may have a function of this name that would match better, and run as superuser.)

SELECT invtrack.set_owner(pg_get_userbyid(c.relowner)::text) FROM pg_class c WHERE c.oid = 'invtrack.merchant'::regclass;

-- Row security: what of each table a role sees and changes follows from invtrack.access_grant. A loop
-- over the tables, so that none can be forgotten: one without a merchant must be named here. The
-- planner puts the merchants of the role in the place of has_access(), see src/access_plan.c. Merchants
-- themselves are written only by those who may load all of them.
DO $$
DECLARE
    target record;
    old record;
    written record;
    merchant text;
BEGIN
    FOR target IN
        SELECT c.oid, c.oid::regclass::text AS name, c.relname,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'merchant'
                          AND a.atttypid = 'text'::regtype AND a.attnotnull) AS of_merchants
          FROM pg_depend d
          JOIN pg_class c ON c.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target.name);
        FOR old IN SELECT p.polname FROM pg_policy p WHERE p.polrelid = target.oid AND p.polname IN ('access_read', 'access_insert', 'access_update', 'access_delete', 'folded_and_reversals_are_set_by_invtrack') LOOP
            EXECUTE format('DROP POLICY %I ON %s', old.polname, target.name);
        END LOOP;
        IF target.relname = 'access_grant' THEN
            CREATE POLICY access_read ON invtrack.access_grant FOR SELECT
                USING (pg_catalog.pg_has_role(role::oid, 'USAGE'));
            COMMENT ON POLICY access_read ON invtrack.access_grant IS
                'A role sees its own access and that of the roles it is a member of';
            CONTINUE;
        ELSIF target.relname = 'connection_reject' THEN
            CREATE POLICY access_read ON invtrack.connection_reject FOR SELECT USING (invtrack.has_access(NULL, 'read'));
            COMMENT ON POLICY access_read ON invtrack.connection_reject IS
                'What is rejected counts in metrics, for who may read all merchants';
            CONTINUE;
        ELSIF target.relname LIKE 'connection%' THEN
            -- The rest of what connections keep is the owner's alone.
            CONTINUE;
        ELSIF NOT target.of_merchants THEN
            RAISE EXCEPTION 'table % has no merchant: say in sql/epilogue.sql who may read it', target.name;
        END IF;
        EXECUTE format('CREATE POLICY access_read ON %s FOR SELECT USING (invtrack.has_access(merchant, %L))',
                       target.name, 'read');
        EXECUTE format('COMMENT ON POLICY access_read ON %s IS %L', target.name,
                       'Rows of merchants that the role has access to');
        merchant := CASE target.relname WHEN 'merchant' THEN 'NULL' ELSE 'merchant' END;
        FOR written IN
            SELECT DISTINCT split_part(p.privilege, '(', 1) AS privilege, p.level FROM invtrack_internal.level_privilege p
             WHERE p.kind = 'TABLE' AND p.name = target.relname AND p.privilege <> 'SELECT'
        LOOP
            EXECUTE format('CREATE POLICY access_%s ON %s FOR %s %s (invtrack.has_access(%s, %L))',
                           lower(written.privilege), target.name, written.privilege,
                           CASE written.privilege WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END,
                           merchant, written.level);
            EXECUTE format('COMMENT ON POLICY access_%s ON %s IS %L', lower(written.privilege), target.name,
                           format('Access of the level %s%s', written.level,
                                  CASE merchant WHEN 'NULL' THEN ' to all merchants' ELSE '' END));
        END LOOP;
    END LOOP;
    PERFORM invtrack_internal.restrict_loads();
END
$$;
