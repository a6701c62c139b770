
-- Two schemas: invtrack is what people use, invtrack_internal what that is made of ---------------------
--
-- CREATE EXTENSION takes a schema of the name invtrack as it finds it. Whoever may create in there could
-- overload our functions and operators, so it must be in good hands. A restore by a superuser, which sets
-- row_security off, makes the schema itself, for its former owner, and everything then goes to that owner.

DO $$
DECLARE
    home record;
    stranger name;
BEGIN
    SELECT n.oid, n.nspowner AS owner, n.nspacl AS acl, e.extowner, d.datdba,
           current_setting('row_security')::boolean OR NOT x.rolsuper AS is_strict
      INTO home
      FROM pg_namespace n
      JOIN pg_extension e ON e.extname = 'invtrack'
      JOIN pg_roles x ON x.oid = e.extowner
      JOIN pg_database d ON d.datname = current_database()
     WHERE n.nspname = 'invtrack';
    SELECT r.rolname INTO stranger
      FROM pg_roles r
     WHERE NOT r.rolsuper AND r.oid NOT IN (home.extowner, home.datdba)
       AND r.oid IN (SELECT home.owner WHERE home.is_strict
                     UNION ALL
                     SELECT a.grantee FROM aclexplode(home.acl) a
                      WHERE a.privilege_type = 'CREATE' AND a.grantee <> home.owner
                     UNION ALL SELECT p.proowner FROM pg_proc p WHERE p.pronamespace = home.oid
                     UNION ALL SELECT o.oprowner FROM pg_operator o WHERE o.oprnamespace = home.oid
                     UNION ALL SELECT t.typowner FROM pg_type t WHERE t.typnamespace = home.oid)
     LIMIT 1;
    IF stranger IS NULL AND EXISTS (SELECT FROM aclexplode(home.acl) a
                                     WHERE a.privilege_type = 'CREATE' AND a.grantee = 0) THEN
        stranger := 'PUBLIC';
    END IF;
    IF stranger IS NOT NULL THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('schema "invtrack" is there already, and "%s" may create objects in it', stranger),
            DETAIL = 'What others create there could run with the rights of the extension''s owner.',
            HINT = 'Drop the schema, or give it to the owner of the database, revoke CREATE on it from others, and drop what they created in it.';
    END IF;
END
$$;

CREATE SCHEMA invtrack_internal;
COMMENT ON SCHEMA invtrack_internal IS 'What invtrack is made of; may change with each version';
