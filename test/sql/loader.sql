-- What a loader of movements does not write: marks and reversals are set by fold() and reverse_movement().
CREATE FUNCTION pg_temp.words(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;
\pset format unaligned

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE ROLE invtrack_test_owner;
CREATE ROLE invtrack_test_loader;
CREATE ROLE invtrack_test_reader;
CREATE ROLE invtrack_test_by_hand;
SELECT invtrack.set_owner('invtrack_test_owner');
INSERT INTO invtrack.merchant (merchant) VALUES ('a'), ('b'), ('c');
SELECT invtrack.grant_access('invtrack_test_loader', 'a', 'load'), invtrack.grant_access('invtrack_test_loader', 'b', 'read'),
       invtrack.grant_access('invtrack_test_reader', 'a', 'read');
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
SELECT m, n, 'p', 'good', 'sale', '2026-03-01', n FROM unnest('{a,b,c}'::text[]) m, generate_series(1, 4) n;

-- Refused, and the error says why; also beside another policy, and where the row is there already.
SET LOCAL ROLE invtrack_test_owner;
CREATE POLICY anything ON invtrack.movement FOR INSERT WITH CHECK (true);
SET LOCAL ROLE invtrack_test_loader;
SELECT columns, pg_temp.words(format('INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity%s
    VALUES (%L, %s, ''p'', ''good'', ''sale'', ''2020-01-01'', 1%s', split_part(columns, '|', 1), 'a', 100 + n, split_part(columns, '|', 2)))
  FROM unnest(ARRAY[', folded, recorded_at)|, true, ''-infinity'')', ', reverses)|, 1)', ', folded, reverses)|, true, 1)', ', reverses)|, 77)',
                    ', folded)|, NULL)', ', folded)|, true) ON CONFLICT DO NOTHING', ', folded, reverses)|, false, NULL)', ')|)'])
       WITH ORDINALITY t (columns, n) ORDER BY n;
SELECT pg_temp.words('UPDATE invtrack.movement SET folded = true');
RESET ROLE;
SELECT count(*) AS marked FROM invtrack.movement WHERE folded OR reverses IS NOT NULL;
DROP POLICY anything ON invtrack.movement;

-- reverse_movement(): by who may load, once; what one doesn't see does not exist, what one only reads is refused.
SET LOCAL ROLE invtrack_test_loader;
SELECT call, pg_temp.words('SELECT invtrack.reverse_movement' || call)
  FROM unnest(ARRAY['(''a'', 1)', '(''a'', 1)', '(''a'', 99)', '(''b'', 1)', '(''b'', 99)', '(''c'', 1)', '(''nobody'', 1)']) WITH ORDINALITY t (call, n)
 ORDER BY n;
SELECT quantity, reverses, folded, ref FROM invtrack.movement WHERE reverses IS NOT NULL;
-- A wrapper has its owner's access, and no more.
CREATE FUNCTION pg_temp.wrapped(merchant text, movement_id bigint) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS
    'SELECT invtrack.reverse_movement(merchant, movement_id) > 0';
RESET ROLE;
SET LOCAL ROLE invtrack_test_reader;
SELECT pg_temp.words('SELECT invtrack.reverse_movement(''a'', 2)') AS itself;
RESET ROLE;
GRANT EXECUTE ON FUNCTION invtrack.reverse_movement TO invtrack_test_reader;
SET LOCAL ROLE invtrack_test_reader;
SELECT pg_temp.words('SELECT invtrack.reverse_movement(''a'', 2)') AS may_execute;
RESET ROLE;
GRANT INSERT ON invtrack.movement TO invtrack_test_reader;
SET LOCAL ROLE invtrack_test_reader;
SELECT public.error_of('SELECT invtrack.reverse_movement(''a'', 2)') AS may_insert;
SELECT pg_temp.wrapped('a', 2), pg_temp.words('SELECT pg_temp.wrapped(''b'', 2)') AS of_b;
RESET ROLE;
-- Row security does not bind it, but it may not insert.
CREATE ROLE invtrack_test_bypass BYPASSRLS;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_bypass;
GRANT EXECUTE ON FUNCTION invtrack.reverse_movement TO invtrack_test_bypass;
GRANT SELECT ON invtrack.movement TO invtrack_test_bypass;
SET LOCAL ROLE invtrack_test_bypass;
SELECT pg_temp.words('SELECT invtrack.reverse_movement(''c'', 2)') AS bypass;
RESET ROLE;

-- The owner's triggers run as the owner then, and find nothing that the caller put in their way.
CREATE SCHEMA invtrack_test_evil AUTHORIZATION invtrack_test_loader;
SET LOCAL ROLE invtrack_test_loader;
CREATE FUNCTION invtrack_test_evil.upper(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'evil was called as %', current_user; END$$;
GRANT USAGE ON SCHEMA invtrack_test_evil TO invtrack_test_owner;
RESET ROLE;
GRANT CREATE ON SCHEMA public TO invtrack_test_owner;
SET LOCAL ROLE invtrack_test_owner;
CREATE FUNCTION public.tell_user() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE WARNING '% %', upper(current_user), current_setting('search_path'); RETURN new; END$$;
CREATE TRIGGER tell_user BEFORE INSERT ON invtrack.movement FOR EACH ROW EXECUTE FUNCTION public.tell_user();
SET LOCAL ROLE invtrack_test_loader;
SET LOCAL search_path = invtrack_test_evil, pg_catalog, public;
\set VERBOSITY terse
SELECT invtrack.reverse_movement('a', 3) > 0 AS reversed, current_user, current_setting('search_path') AS search_path;
\set VERBOSITY default
RESET search_path;
SELECT pg_temp.words('SELECT invtrack.reverse_movement(''a'', 3)') AS again, current_user;
RESET ROLE;
DROP TRIGGER tell_user ON invtrack.movement;

-- The owner is not bound: a restore brings marks and reversals.
SET LOCAL ROLE invtrack_test_owner;
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, reverses, folded)
VALUES ('c', 50, 'p', 'good', 'sale', '2026-03-01', -1, 1, true), ('c', 51, 'p', 'good', 'sale', '2026-03-01', 1, NULL, true);
SELECT invtrack.reverse_movement('c', 2) > 0 AS reversed;

-- What the owner alone does: others, who may execute it all the same, are told so.
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA invtrack TO invtrack_test_loader;
GRANT ALL ON ALL TABLES IN SCHEMA invtrack TO invtrack_test_loader;
SET LOCAL ROLE invtrack_test_loader;
SELECT call, public.error_of(call)
  FROM unnest(ARRAY['SELECT invtrack.purge_movements(''a'', 0)', 'SELECT invtrack.purge_movements(NULL, 0)', 'CALL invtrack.purge_all(0)',
                    'SELECT * FROM invtrack.verify(''a'', true)', 'SELECT * FROM invtrack.verify(repair => true)',
                    'SELECT invtrack.delete_merchant(''a'')']) WITH ORDINALITY t (call, n) ORDER BY n;
-- without repair everybody who may execute it looks at what they see
SELECT count(*) AS of_what_it_sees FROM invtrack.verify() WHERE merchant <> 'a';
-- By a wrapper of the owner's, anybody may.
SET LOCAL ROLE invtrack_test_owner;
CREATE FUNCTION public.wrapped_purge(merchant text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT invtrack.purge_movements(merchant, 0)';
CREATE FUNCTION public.wrapped_verify(merchant text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT count(*) FROM invtrack.verify(merchant, true)';
SELECT invtrack.fold('a') > 0 AS folded;
SET LOCAL ROLE invtrack_test_reader;
SELECT public.wrapped_verify('c'), public.wrapped_purge('a') >= 0 AS purged, public.wrapped_purge(NULL) >= 0 AS purged_all;
RESET ROLE;
ROLLBACK;
