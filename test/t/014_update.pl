# ALTER EXTENSION UPDATE from the version before: object by object what a fresh install has, with all
# the data, as an owner who is no superuser, and whatever that owner has put in its way.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $before = '0.1.0';
my $objects = slurp_file('test/objects.sql');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => "$before can't be installed with this PostgreSQL: it knew none after 16"
  if $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for qw(fresh updated restored);

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

owner_psql('fresh', 'CREATE EXTENSION invtrack CASCADE');
owner_psql('updated', "CREATE EXTENSION invtrack VERSION '$before' CASCADE");
my $version = owner_psql('fresh', q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'});
isnt($version, $before, "$before is a version before $version");

my $data = q{
    INSERT INTO invtrack.merchant VALUES ('m', 'Merchant', 'Europe/Berlin');
    INSERT INTO invtrack.inventory_type VALUES ('m', 'good', 'Good');
    INSERT INTO invtrack.product VALUES ('m', 'a', 'A', '2026-01-01'), ('m', 'b', 'B', NULL);
    INSERT INTO invtrack.stock_lot VALUES ('m', 'a', 'good', '1', '2026-04-01', 7.5), ('m', 'b', 'good', '', NULL, 3);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT 'm', sku, 'good', flow, date '2026-03-10' - n, 1.25
      FROM unnest(ARRAY['a', 'b']) sku, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 40) n;
    SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 10, expiry_days => 30);
    SELECT invtrack.save_tracker('m', 'b', 'good', 'turnover_days', lookback_days => 30, coverage_days => 14);
    SELECT invtrack.save_tracker('m', 'b', 'good', 'stalled_days', 5, lookback_days => 30);
    SELECT invtrack.fold();
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 'a', 'good', 'sale', '2026-03-10', 2);
};
owner_psql('updated', $data);

# The update runs as superuser. What could run for it then says so: triggers, and functions that the owner has replaced
# or that are found under the names that the script uses, by a search_path of the owner's.
my $told = q{
    CREATE TABLE public.told (who name, what text);
    CREATE FUNCTION public.tell(what text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.told VALUES (current_user, what); RETURN true; END $$;
    CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM public.tell(TG_TABLE_NAME); RETURN new; END $$;
    DO $$
    DECLARE
        name text;
    BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'r' LOOP
            EXECUTE format('CREATE TRIGGER fire BEFORE INSERT OR UPDATE ON invtrack.%I FOR EACH ROW EXECUTE FUNCTION public.fire()', name);
        END LOOP;
    END
    $$};
my $hostile = q{
    CREATE OR REPLACE FUNCTION invtrack_internal.is_day(day date) RETURNS boolean LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT AS
    $$ BEGIN RETURN public.tell('is_day'); END $$;
    CREATE OR REPLACE FUNCTION invtrack_internal.is_code(code text) RETURNS boolean LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT AS
    $$ BEGIN RETURN public.tell('is_code'); END $$;
    CREATE FUNCTION invtrack.has_access(merchant text, level varchar) RETURNS boolean LANGUAGE sql AS $$ SELECT public.tell('has_access') $$;
    DO $$
    DECLARE
        f record;
    BEGIN
        FOR f IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args, pg_get_function_result(p.oid) AS result
                   FROM pg_proc p
                  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
                    AND p.proname IN ('lower', 'quote_ident', 'now', 'statement_timestamp', 'pg_extension_config_dump', 'pg_has_role',
                                      'string_to_table', 'split_part', 'octet_length', 'strpos', 'substring')
                    AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a (type) JOIN pg_type t ON t.oid = a.type WHERE t.typtype = 'p') LOOP
            EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE sql AS %L', f.proname, f.args, f.result,
                           format('SELECT public.tell(%L); SELECT NULL::%s', f.proname, f.result));
        END LOOP;
        FOR f IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, row_number() OVER () AS n
                   FROM pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprname IN ('=', '<>', '>', '~~')
                    AND o.oprleft IN ('text'::regtype, 'name'::regtype, 'oid'::regtype, '"char"'::regtype) LOOP
            EXECUTE format('CREATE FUNCTION public.compare_%s(%s, %s) RETURNS boolean LANGUAGE plpgsql AS %L', f.n, f.l, f.r,
                           format('BEGIN RETURN public.tell(%L); END', f.oprname));
            EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.compare_%s, LEFTARG = %s, RIGHTARG = %s)', f.oprname, f.n, f.l, f.r);
        END LOOP;
    END
    $$;
    CREATE DOMAIN public.text AS pg_catalog.int4;
    CREATE DOMAIN public.regclass AS pg_catalog.int4;
    CREATE DOMAIN public.date AS pg_catalog.int4;
    CREATE DOMAIN public.numeric AS pg_catalog.int4;
    CREATE VIEW public.pg_class AS SELECT public.tell('pg_class') AS relname;
};
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner TEMPLATE updated") for qw(hostile blocked);
owner_psql($_, $told) for qw(updated hostile);

my $figures = q{
    SET invtrack.as_of = '2026-03-10';
    SELECT merchant, sku, mechanism, current_stock, threshold, health, status, reason, daily_sales,
           actual_days, days_of_cover, excluded_stock, updated_at FROM invtrack.health ORDER BY 1, 2, 3;
    SELECT * FROM invtrack.stock ORDER BY 1, 2;
    SELECT * FROM invtrack.flow_daily ORDER BY 1, 2, 3, 4, 5;
    SELECT * FROM invtrack.verify();
};
my $expected = owner_psql('updated', $figures);
like($expected, qr/replenish/, 'there are figures to compare');

# With the new library and the old objects, until the update: views answer, functions say what to do.
my ($code, $out, $err) = $node->psql('updated', q{SELECT * FROM invtrack.tracker_health('m')},
	extra_params => [ '-U', 'shop_owner' ]);
like($err, qr/HINT:  ALTER EXTENSION invtrack UPDATE/, 'until the update, functions ask for it');

owner_psql('updated', 'ALTER EXTENSION invtrack UPDATE');
sub version { return owner_psql($_[0], q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}) }
is(version('updated'), $version, 'the owner updates');
is(owner_psql('updated', 'SELECT count(*) FROM told'), 0, 'the update changes no data');
is(owner_psql('updated', $figures), $expected, 'all figures are as before');

# What one database has and another has not.
owner_psql('updated', 'DROP FUNCTION public.fire() CASCADE; DROP FUNCTION public.tell; DROP TABLE public.told');
sub same_objects
{
	my ($database, $what) = @_;
	my @fresh = split /\n/, $node->safe_psql('fresh', $objects);
	my @other = split /\n/, $node->safe_psql($database, $objects);
	my %is_fresh = map { $_ => 1 } @fresh;
	my %is_other = map { $_ => 1 } @other;
	my @missing = grep { !$is_other{$_} } @fresh;
	my @extra = grep { !$is_fresh{$_} } @other;
	cmp_ok(scalar @fresh, '>', 600, 'there are objects to compare');
	ok(!@missing, "$what leaves nothing out") or diag("missing: $_") for @missing ? @missing : '';
	ok(!@extra, 'and has nothing of its own') or diag("extra: $_") for @extra ? @extra : '';
	return;
}
same_objects('updated', 'the update');

is(owner_psql('updated', q{SET invtrack.as_of = '2026-03-10';
    SELECT sku, transition FROM invtrack.check_trackers() WHERE mechanism = 'stock_quantity'}),
	'a|opened', 'and the new parts work');

# What was updated is dumped and restored as what was installed.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my @server = ('-U', 'shop_owner', '-h', $node->host, '-p', $node->port);
command_ok([ 'pg_dump', @server, '-Fc', '-f', $dump, 'updated' ], 'the owner dumps it');
command_ok([ 'pg_restore', @server, '--exit-on-error', '-d', 'restored', $dump ], 'and restores it');
is(owner_psql('restored', $figures), $expected, 'all figures are there');
my $alerts = 'SELECT * FROM invtrack.alert ORDER BY 1, 2; SELECT * FROM invtrack.alert_event ORDER BY 1, 2; SELECT * FROM invtrack.health_daily ORDER BY 1, 2, 3, 4, 5';
is(owner_psql('restored', $alerts), owner_psql('updated', $alerts), 'and what checks have found');
same_objects('restored', 'the restore');

# Nothing of the owner's runs as superuser. A role with plain privileges has them still, and sees no row until it is
# granted access.
$node->safe_psql('postgres', 'CREATE ROLE clerk');
owner_psql('hostile', q{
    GRANT USAGE ON SCHEMA invtrack TO clerk;
    GRANT SELECT ON ALL TABLES IN SCHEMA invtrack TO clerk;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA invtrack TO clerk});
sub clerk_sees
{
	return $node->safe_psql('hostile', q{SET ROLE clerk; SET invtrack.as_of = '2026-03-10';
	    SELECT (SELECT count(*) FROM invtrack.product), (SELECT count(*) FROM invtrack.movement), (SELECT count(*) FROM invtrack.health)});
}
is(clerk_sees(), '2|165|3', 'plain privileges were enough before');
owner_psql('hostile', $hostile);
owner_psql('hostile', 'SET search_path = public, pg_catalog; ALTER EXTENSION invtrack UPDATE');
is(version('hostile'), $version, 'an owner with other things under the same names updates');
is(owner_psql('hostile', 'SELECT DISTINCT who, what FROM told'), '', 'none of which is run');
is(owner_psql('hostile', $figures), $expected, 'and all figures are as before');
is(clerk_sees(), '0|0|0', 'plain privileges show no row any more');
owner_psql('hostile', q{SELECT invtrack.grant_access('clerk', NULL)});
is(clerk_sees(), '2|165|3', 'access to all shows all');

# Something of the owner's is where a table goes: an error, and nothing has changed.
owner_psql('blocked', 'CREATE TABLE invtrack.alert (a integer); INSERT INTO invtrack.alert VALUES (1)');
($code, $out, $err) = $node->psql('blocked', "\\set VERBOSITY verbose\nALTER EXTENSION invtrack UPDATE", extra_params => [ '-U', 'shop_owner' ]);
like($err, qr/42P07: relation "alert" already exists/, 'a table in the way is an error');
is(version('blocked') . ' ' . owner_psql('blocked', 'SELECT a FROM invtrack.alert'), "$before 1", 'after which all is as before');
owner_psql('blocked', 'DROP TABLE invtrack.alert; ALTER EXTENSION invtrack UPDATE');
is(owner_psql('blocked', $figures), $expected, 'without it the update is done');

done_testing();
