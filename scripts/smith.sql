-- What sqlsmith sees of a database: it looks for functions in pg_proc, without a schema, so a view of that name that comes
-- first in its search_path makes most of its calls ours. Of PostgreSQL's own it gets some that only
-- compute with the types that ours take, to make arguments of. It does not call functions that return sets; so they are wrapped.
CREATE SCHEMA smith;

DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid, p.pronamespace::regnamespace AS home, p.proname, p.pronargs, pg_get_function_identity_arguments(p.oid) AS arguments,
                    pg_catalog.array_to_string(ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), ', ') AS types,
                    pg_catalog.array_to_string(ARRAY(SELECT '$' || n FROM generate_series(1, p.pronargs) n), ', ') AS parameters
               FROM pg_catalog.pg_proc p
              WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND p.proretset LOOP
        EXECUTE format('CREATE FUNCTION smith.%I(%s) RETURNS text LANGUAGE sql
                        BEGIN ATOMIC SELECT string_agg(f::text, %L) FROM %s.%I(%s) f; END',
                       f.proname, f.types, E'\n', f.home, f.proname, f.parameters);
    END LOOP;
END
$$;

-- The same as tables, so that there are rows of theirs to compute with.
CREATE VIEW smith.every_tracker AS
SELECT * FROM invtrack.tracker_health();
CREATE VIEW smith.every_day AS
SELECT s.merchant, s.sku, s.flow, u.day, u.quantity FROM invtrack.flow_series s, invtrack.unnest(s.days) u;

CREATE VIEW smith.pg_proc AS
SELECT p.* FROM pg_catalog.pg_proc p
 WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace, 'smith'::regnamespace)
       AND NOT p.proretset
       AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
       AND NOT 'internal'::regtype = ANY (p.proargtypes)
    OR p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'i' AND p.oid::bigint % 10 = 0
       AND p.prorettype || p.proargtypes::oid[] <@
           ARRAY['text', 'integer', 'bigint', 'numeric', 'boolean', 'date', 'timestamptz']::regtype[]::oid[];

CALL invtrack.fold_all();
ALTER ROLE smith SET search_path = smith, pg_catalog, invtrack, public;
-- The library is loaded by now, so this is a setting that anybody may set.
ALTER ROLE smith SET invtrack.as_of = '1998-05-06';
