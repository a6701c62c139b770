-- Row security that binds the owner: what has to see all rows says so, and does nothing by halves.
\pset format unaligned
SET client_min_messages = warning;
SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = 'invtrack.merchant'::regclass \gset
CREATE ROLE invtrack_test_keeper;
CREATE ROLE invtrack_test_reader;
SELECT invtrack.set_owner('invtrack_test_keeper');
SET ROLE invtrack_test_keeper;
SET invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('forced 1'), ('forced 2');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, 's', 'good', 'sale', '2026-03-09', 5 FROM invtrack.merchant;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, 's', 'good', 'stock_quantity', 5 FROM invtrack.merchant;

-- Each table of ours, whatever is called.
CREATE FUNCTION pg_temp.forced(name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    error text;
BEGIN
    EXECUTE format('ALTER TABLE invtrack.%I FORCE ROW LEVEL SECURITY', name);
    error := public.error_of(statement);
    EXECUTE format('ALTER TABLE invtrack.%I NO FORCE ROW LEVEL SECURITY', name);
    RETURN error;
END
$$;
SELECT pg_temp.forced('movement', 'SELECT invtrack.fold()');
SELECT count(*) > 10 AS many, string_agg(relname, ' ') FILTER (WHERE error IS NULL OR error NOT LIKE format('42501: row security of table "%s" binds role "invtrack_test_keeper"%%', relname)) AS without_error
  FROM (SELECT relname, pg_temp.forced(relname, 'SELECT invtrack.fold()') AS error FROM pg_class WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r') f;
SELECT statement, left(pg_temp.forced('flow_series', statement), 46) AS forced
  FROM (VALUES ('SELECT invtrack.fold(''forced 1'')'), ('SELECT invtrack.purge_movements(NULL, 0)'), ('SELECT invtrack.purge_movements(''forced 1'', 0)'),
               ('SELECT * FROM invtrack.verify()'), ('SELECT * FROM invtrack.verify(''forced 1'', true)'), ('SELECT invtrack.delete_merchant(''forced 1'')'),
               ('SELECT * FROM invtrack.check_trackers()'), ('SELECT * FROM invtrack.check_trackers(''forced 1'')'), ('SELECT invtrack.purge_alerts(NULL, 0)'),
               ('SELECT invtrack.grant_access(''invtrack_test_reader'', NULL)'), ('SELECT invtrack.revoke_access(''invtrack_test_reader'')'), ('SELECT invtrack.refresh_access()')) v (statement);

-- Procedures, with a policy of the owner's own that hides everything.
CREATE POLICY hides ON invtrack.merchant AS RESTRICTIVE USING (false);
ALTER TABLE invtrack.merchant FORCE ROW LEVEL SECURITY;
\set VERBOSITY terse
CALL invtrack.fold_all();
CALL invtrack.check_all();
-- row_security = off, which has PostgreSQL refuse what would hide rows, changes nothing
SET row_security = off;
CALL invtrack.fold_all();
RESET row_security;
SELECT count(*) AS not_folded FROM invtrack.movement WHERE NOT folded;
SELECT count(*) AS alerts FROM invtrack.alert;

-- Whom it does not bind: a superuser. Without it, all is done.
RESET ROLE;
CALL invtrack.check_all();
SET ROLE invtrack_test_keeper;
ALTER TABLE invtrack.merchant NO FORCE ROW LEVEL SECURITY;
CALL invtrack.fold_all();
DROP POLICY hides ON invtrack.merchant;
SELECT count(*) AS not_folded FROM invtrack.movement WHERE NOT folded;
SELECT invtrack.delete_merchant('forced 1'), invtrack.delete_merchant('forced 2');
RESET invtrack.as_of;
RESET ROLE;
SELECT invtrack.set_owner(:'owner');
DROP OWNED BY invtrack_test_keeper;
DROP ROLE invtrack_test_keeper, invtrack_test_reader;
