-- distribute() without Citus, and what the coordinator of Citus calls on other nodes. With Citus: test/t/060_citus.pl.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT public.error_of('SELECT * FROM invtrack.distribute()');
SELECT public.error_of('SELECT * FROM invtrack.distribute(8)');
-- Nothing was done.
SELECT conname FROM pg_constraint WHERE conrelid = 'invtrack.access_grant'::regclass AND contype = 'f';
-- The owner alone.
CREATE ROLE invtrack_test_one;
CREATE ROLE invtrack_test_two;
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
SELECT invtrack.grant_access('invtrack_test_one', NULL, 'manage');
SET LOCAL ROLE invtrack_test_one;
SELECT left(public.error_of('SELECT * FROM invtrack.distribute()'), 5) AS distribute,
       left(public.error_of('SELECT invtrack_internal.take_access(''[]'')'), 5) AS take_access,
       left(public.error_of('SELECT invtrack_internal.prepare_node(''0'', 1, ''[]'')'), 5) AS prepare_node,
       left(public.error_of('SELECT invtrack_internal.run_on_nodes(''SELECT 1'')'), 5) AS run_on_nodes,
       left(public.error_of('SELECT invtrack_internal.restrict_loads(true)'), 5) AS restrict_loads;
RESET ROLE;
GRANT EXECUTE ON FUNCTION invtrack.distribute, invtrack_internal.take_access, invtrack_internal.require_coordinator TO invtrack_test_one;
SET LOCAL ROLE invtrack_test_one;
SELECT left(public.error_of('SELECT * FROM invtrack.distribute()'), 5) AS distribute,
       left(public.error_of('SELECT invtrack_internal.take_access(''[]'')'), 5) AS take_access;
RESET ROLE;
-- The access of a list, and no other.
SELECT invtrack_internal.take_access('[{"role": "invtrack_test_one", "merchant": "m", "level": "read"}, {"role": "invtrack_test_two", "merchant": null, "level": "load"}]');
SELECT role, merchant, level FROM invtrack.access ORDER BY role, merchant;
SELECT invtrack_internal.take_access('[{"role": "invtrack_test_one", "merchant": "m", "level": "load"}, {"role": "invtrack_test_one", "merchant": "n", "level": "read"}]');
SELECT role, merchant, level FROM invtrack.access ORDER BY role, merchant;
SELECT has_table_privilege('invtrack_test_two', 'invtrack.movement', 'SELECT') AS two, has_table_privilege('invtrack_test_one', 'invtrack.movement', 'INSERT') AS one;
SELECT invtrack_internal.take_access('[]');
SELECT count(*) FROM invtrack.access;
SELECT left(public.error_of($$SELECT invtrack_internal.take_access('[{"role": "invtrack_test_none", "merchant": "m", "level": "load"}]')$$), 5) AS no_role;
-- Each table that has a merchant is distributed, but for access and what connections keep.
SELECT c.relname
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant'
 WHERE c.relnamespace = 'invtrack'::regnamespace AND c.relkind = 'r'
   AND pg_get_functiondef('invtrack.distribute'::regproc) NOT LIKE '%''' || c.relname || '''%'
 ORDER BY c.relname;
-- Who is not known to Citus cannot be made ready for it.
SELECT invtrack_internal.prepare_node(e.extversion, 0, '[]') FROM pg_extension e WHERE e.extname = 'invtrack';
ROLLBACK;
