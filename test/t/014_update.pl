# ALTER EXTENSION UPDATE from each version that was released: object by object what a fresh install has, with all the data and
# all access, as an owner who is no superuser, and whatever that owner has put in its way.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Released qw(released_versions before_data before_alerts before_access);

my $objects = slurp_file('test/objects.sql');
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER; CREATE ROLE other LOGIN;
    CREATE ROLE clerk; CREATE ROLE loader; CREATE ROLE reader; CREATE ROLE by_hand; GRANT by_hand TO shop_owner');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for qw(fresh granted);
my @server = ('-U', 'shop_owner', '-h', $node->host, '-p', $node->port);
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

sub version { return owner_psql($_[0], q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}) }

# All that a database has of the extension, a line each. Privileges are in the order in which they were granted, and those of
# an owner stand there only once others have got some.
sub sorted_acl
{
	my @items = sort grep { !/^(\w+)=(?:arwdDxtm?|UC)\/\1$/ } split /,/, $_[0];
	return @items ? ' | {' . join(',', @items) . '}' : '';
}

sub objects_of
{
	my ($database) = @_;
	return map { s/ \| \{([^{}|]*=[^{}|]*\/[^{}|]*)\}/sorted_acl($1)/ger } split /\n/, $node->safe_psql($database, $objects);
}

# What a role was granted by hand, by whoever.
sub drop_by_hand
{
	owner_psql($_[0], 'DROP OWNED BY by_hand');
	$node->safe_psql($_[0], 'DROP OWNED BY by_hand');
	return;
}

sub same_objects
{
	my ($database, $model, $what, $is_restored) = @_;
	# Who restores grants in its own name.
	my @model = map { $is_restored ? s{/(?:postgres|shop_owner)(?=[,\}])}{}gr : $_ } objects_of($model);
	my @other = map { $is_restored ? s{/(?:postgres|shop_owner)(?=[,\}])}{}gr : $_ } objects_of($database);
	my %is_model = map { $_ => 1 } @model;
	my %is_other = map { $_ => 1 } @other;
	my @missing = grep { !$is_other{$_} } @model;
	my @extra = grep { !$is_model{$_} } @other;
	cmp_ok(scalar @model, '>', 600, "$what: there are objects to compare");
	is(join("\n", @missing), '', "$what leaves nothing out");
	is(join("\n", @extra), '', "$what has nothing of its own");
	return;
}

owner_psql('fresh', 'CREATE EXTENSION invtrack CASCADE');
my $version = version('fresh');
my @grants = (q{('clerk', NULL, 'manage')}, q{('loader', 'm', 'load')}, q{('reader', NULL, 'read')});
owner_psql('granted', q{CREATE EXTENSION invtrack CASCADE; INSERT INTO invtrack.merchant (merchant) VALUES ('m')});
owner_psql('granted', "SELECT invtrack.grant_access$_") for @grants;

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
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('CREATE TRIGGER fire BEFORE INSERT OR UPDATE ON invtrack.%I FOR EACH ROW EXECUTE FUNCTION public.fire()', name);
        END LOOP;
    END
    $$};
my $hostile = q{
    CREATE OR REPLACE FUNCTION invtrack.is_day(day date) RETURNS boolean LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT AS
    $$ BEGIN RETURN public.tell('is_day'); END $$;
    CREATE OR REPLACE FUNCTION invtrack.is_code(code text) RETURNS boolean LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT AS
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
my $figures = q{
    SET invtrack.as_of = '2026-03-10';
    SELECT merchant, sku, mechanism, current_stock, threshold, health, status, reason, daily_sales,
           actual_days, days_of_cover, excluded_stock, updated_at FROM invtrack.health ORDER BY 1, 2, 3;
    SELECT merchant, sku, product_name, inventory_type, on_hand, expired, next_expires_on, lots FROM invtrack.stock ORDER BY 1, 2;
    SELECT * FROM invtrack.flow_daily ORDER BY 1, 2, 3, 4, 5;
    SELECT movement_id, sku, flow, occurred_on, quantity, recorded_at, folded FROM invtrack.movement ORDER BY 1;
    SELECT merchant, sku, inventory_type, flow, movements, days, purged_movements, purged FROM invtrack.flow_series ORDER BY 1, 2, 3, 4;
};
my $alerts = q{
    SELECT merchant, alert_id, sku, mechanism, status, opened_health, closed_as, acknowledged_by FROM invtrack.alert ORDER BY 1, 2;
    SELECT merchant, event_id, transition, alert_id, payload FROM invtrack.alert_event ORDER BY 1, 2;
    SELECT merchant, consumer, confirmed, taken_at FROM invtrack.alert_consumer;
    SELECT merchant, sku, day, health, current_stock FROM invtrack.health_daily ORDER BY 1, 2, 3;
    SELECT merchant, sku, day, on_hand FROM invtrack.stock_daily ORDER BY 1, 2, 3};

# What roles do in a transaction that is undone: those with access, and one that was granted by hand what it needs.
my %does = (
	clerk => q{SELECT count(*) FROM invtrack.health; INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'c');
	           UPDATE invtrack.tracker SET quantity = 11 WHERE sku = 'a' RETURNING quantity; SELECT count(*) FROM invtrack.access;
	           UPDATE invtrack.alert SET acknowledged_note = 'n' WHERE alert_id = 2 RETURNING 1;
	           DELETE FROM invtrack.alert_consumer RETURNING consumer},
	loader => q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	            VALUES ('m', 'a', 'good', 'sale', '2026-03-10', 1) RETURNING quantity; SELECT count(*) FROM invtrack.stock},
	reader => q{SELECT count(*) FROM invtrack.health_daily; SELECT count(*) FROM invtrack.alert_open;
	            SELECT invtrack.today('m') IS NULL, '{2026-03-10:1}'::invtrack.day_series},
	by_hand => q{SELECT count(*) FROM invtrack.product; SELECT invtrack.total('{2026-03-10:1}')});

# and what needs the new library and its objects, by the same privileges
my %does_then = (
	clerk => q{SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 12); SELECT count(*) FROM invtrack.take_alert_events('mail');
	           SELECT invtrack.delete_tracker('m', 'a', 'good', 'stock_quantity'); SELECT count(*) FROM invtrack.find_products('m', 'a')},
	loader => q{SELECT invtrack.reverse_movement('m', movement_id) > 0 FROM invtrack.movement LIMIT 1},
	reader => q{SELECT count(*) FROM invtrack.tracker_health(); SELECT count(*) FROM invtrack.preview_health('m', 'a', 'good', 'stock_quantity', 1)},
	by_hand => q{SELECT count(*) FROM invtrack.tracker_health('m')});
my %answers_then = (clerk => "updated\n1\nt\n1", loader => 't', reader => "3\n1", by_hand => '0');

sub does
{
	my ($database, $role, $what) = @_;
	my ($code, $out, $err) = $node->psql($database, "SET ROLE $role; SET invtrack.as_of = '2026-03-10'; BEGIN; $what; ROLLBACK");
	return "$out$err";
}

foreach my $before (released_versions($node))
{
	my $has_access = $before ne '0.1.0';
	my %db = map { $_ => "${_}_$before" } qw(updated restored no_acl with_acl hostile blocked super moved two_steps);
	isnt($before, $version, "$before is a version before $version");
	$node->safe_psql('postgres', qq{CREATE DATABASE "$db{updated}" OWNER shop_owner; CREATE DATABASE "$db{restored}" OWNER shop_owner;
	    CREATE DATABASE "$db{no_acl}" OWNER shop_owner; CREATE DATABASE "$db{with_acl}" OWNER shop_owner});
	owner_psql($db{updated}, "CREATE EXTENSION invtrack VERSION '$before' CASCADE; " . before_data() . ($has_access ? ';' . before_alerts() : ''));
	owner_psql($db{updated}, q{
	    GRANT USAGE ON SCHEMA invtrack TO by_hand;
	    GRANT SELECT ON ALL TABLES IN SCHEMA invtrack TO by_hand;
	    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA invtrack TO by_hand});
	$node->safe_psql('postgres', qq{CREATE DATABASE "$db{$_}" OWNER shop_owner TEMPLATE "$db{updated}"}) for qw(hostile blocked super moved two_steps);
	owner_psql($db{updated}, join ';', before_access(), map { "SELECT pg_temp.grant_access$_" } @grants) if $has_access;

	my @roles = $has_access ? sort keys %does : ();
	my %did = map { $_ => does($db{updated}, $_, $does{$_}) } @roles;
	owner_psql($db{$_}, $told) for qw(updated hostile);
	unlike(join("\n", values %did), qr/ERROR/, "$before: roles do what they may");
	my $all = $figures . ($has_access ? $alerts : '');
	my $expected = owner_psql($db{updated}, $all);
	like($expected, qr/replenish/, "$before: there are figures to compare");

	# A dump from before is restored by the new version: all data, without privileges, which are then refreshed. Or with them, and
	# errors where they are on what has moved.
	command_ok([ 'pg_dump', @server, '-Fc', '-T', 'public.*', '-f', $dump, $db{updated} ], "$before: the owner dumps it");
	command_ok([ 'pg_restore', @server, '--exit-on-error', '--no-acl', '-d', $db{no_acl}, $dump ], "$before: and restores it without privileges");
	run_log([ 'pg_restore', @server, '-d', $db{with_acl}, $dump ], '2>', \my $errors);
	is(join("\n", grep { /error: / && !/error: could not execute query: ERROR:  (?:relation|function|type) "?invtrack\.[^ ]*(?: [^ ]+)* does not exist$/ } split(/\n/, $errors)), '',
		"$before: and with them; what has moved is not there");
	foreach my $db (@db{qw(no_acl with_acl)})
	{
		is(version($db), $version, "$db: is of the new version");
		is(owner_psql($db, $all), $expected, "$db: all figures are there");
		is(owner_psql($db, 'SELECT invtrack.refresh_access(); SELECT * FROM invtrack.verify()'), $has_access ? '3' : '0', "$db: access is refreshed, and all is right");
		is(does($db, $_, $does{$_}), $did{$_}, "$db: $_ does what it did") for grep { $_ ne 'by_hand' } @roles;
		is(does($db, $_, $does_then{$_}), $answers_then{$_}, "$db: $_ calls what it may") for grep { $_ ne 'by_hand' } @roles;
		drop_by_hand($db);
		same_objects($db, $has_access ? 'granted' : 'fresh', "$db:", 1);
	}

	owner_psql($db{updated}, 'ALTER EXTENSION invtrack UPDATE');
	is(version($db{updated}), $version, "$before: the owner updates");
	is(owner_psql($db{updated}, 'SELECT count(*) FROM told'), 0, "$before: the update changes no data");
	is(owner_psql($db{updated}, $all), $expected, "$before: all figures are as before");
	is(owner_psql($db{updated}, 'SELECT * FROM invtrack.verify()'), '', "$before: and right");
	owner_psql($db{updated}, 'DROP FUNCTION public.fire() CASCADE; DROP FUNCTION public.tell; DROP TABLE public.told');
	is(does($db{updated}, $_, $does{$_}), $did{$_}, "$before: $_ does what it did") for @roles;
	is(does($db{updated}, $_, $does_then{$_}), $answers_then{$_}, "$before: $_ calls what it may") for @roles;

	# What was updated is dumped and restored as what was installed, with all access.
	command_ok([ 'pg_dump', @server, '-Fc', '-f', $dump, $db{updated} ], "$before: the owner dumps it");
	command_ok([ 'pg_restore', @server, '--exit-on-error', '-d', $db{restored}, $dump ], "$before: and restores it");
	is(owner_psql($db{restored}, $all), $expected, "$before: all figures are there");
	is(does($db{restored}, $_, $does{$_}), $did{$_}, "$before: $_ does it there") for @roles;
	is(does($db{restored}, $_, $does_then{$_}), $answers_then{$_}, "$before: $_ calls it there") for @roles;

	# The same privileges as of one who was granted access now, when they are refreshed.
	owner_psql($db{$_}, 'SELECT invtrack.refresh_access()') for qw(updated restored);
	drop_by_hand($db{$_}) for qw(updated restored);
	same_objects($db{updated}, $has_access ? 'granted' : 'fresh', "$before: the update");
	same_objects($db{restored}, $has_access ? 'granted' : 'fresh', "$before: the restore", 1);

	is(owner_psql($db{updated}, q{SET invtrack.as_of = '2026-03-10';
	    SELECT sku, mechanism, transition FROM invtrack.check_trackers() WHERE sku = 'a'}),
		$has_access ? '' : 'a|stock_quantity|opened', "$before: checks go on");
	is(owner_psql($db{updated}, q{SELECT event_id FROM invtrack.take_alert_events('mail') WHERE sku = 'a'}), $has_access ? '3' : '1', "$before: and so do consumers");

	# What was judged is recorded from the first check on; the days before have none.
	owner_psql($db{no_acl}, q{SET invtrack.as_of = '2026-03-10'; SELECT count(*) FROM invtrack.check_trackers()});
	foreach my $db (@db{qw(updated no_acl)})
	{
		is(owner_psql($db, q{SELECT day, health, threshold, status, reason FROM invtrack.health_daily WHERE sku = 'a' ORDER BY day}),
			($has_access ? "2026-03-09|75|||\n" : '') . '2026-03-10|75|10|replenish|stock_below_quantity', "$db: what is judged is recorded");
		is(owner_psql($db, 'SELECT mechanism, status, trackers FROM invtrack.status_daily ORDER BY 1, 2'),
			"stalled_days|ok|1\nstock_quantity|replenish|1\nturnover_days|replenish|1", "$db: and counted");
	}

	# By way of the version between, as who wants its script alone.
	owner_psql($db{two_steps}, q{ALTER EXTENSION invtrack UPDATE TO '0.2.0'; ALTER EXTENSION invtrack UPDATE});
	is(owner_psql($db{two_steps}, $figures), owner_psql($db{updated}, $figures), "$before: in two steps, the same figures");

	# Nothing of the owner's runs as superuser. A role with plain privileges has them still, and from 0.1.0 sees no row until
	# it is granted access.
	my $sees = q{SELECT (SELECT count(*) FROM invtrack.product), (SELECT count(*) FROM invtrack.movement), (SELECT count(*) FROM invtrack.health)};
	is(does($db{hostile}, 'by_hand', $sees), $has_access ? '0|0|0' : '2|100|3', "$before: what plain privileges show");
	owner_psql($db{hostile}, $hostile);
	owner_psql($db{hostile}, 'SET search_path = public, pg_catalog; ALTER EXTENSION invtrack UPDATE');
	is(version($db{hostile}), $version, "$before: an owner with other things under the same names updates");
	is(owner_psql($db{hostile}, 'SELECT DISTINCT who, what FROM told'), '', "$before: none of which is run");
	is(owner_psql($db{hostile}, $figures), owner_psql($db{updated}, $figures), "$before: and all figures are as before");
	is(does($db{hostile}, 'by_hand', $sees), '0|0|0', "$before: plain privileges show no row");
	owner_psql($db{hostile}, q{SELECT invtrack.grant_access('by_hand', NULL)});
	is(does($db{hostile}, 'by_hand', $sees), '2|100|3', "$before: access to all shows all");

	# Something of another's is where the update goes: an error, and nothing has changed.
	$node->safe_psql($db{blocked}, 'CREATE SCHEMA invtrack_internal AUTHORIZATION other');
	my $objects_before = join "\n", objects_of($db{blocked});
	my ($code, $out, $err) = $node->psql($db{blocked}, "\\set VERBOSITY verbose\nALTER EXTENSION invtrack UPDATE", extra_params => [ '-U', 'shop_owner' ]);
	like($err, qr/42P06: schema "invtrack_internal" already exists/, "$before: a schema in the way is an error");
	is(join("\n", objects_of($db{blocked})), $objects_before, "$before: after which all is as before");
	$node->safe_psql($db{blocked}, 'DROP SCHEMA invtrack_internal');
	owner_psql($db{blocked}, 'ALTER EXTENSION invtrack UPDATE');
	is(owner_psql($db{blocked}, $figures), owner_psql($db{updated}, $figures), "$before: without it the update is done");

	# An extension that a superuser installed, and one that pg_upgrade has made a superuser's, with the tables of their owner.
	$node->safe_psql($db{moved}, q{UPDATE pg_extension SET extowner = 10 WHERE extname = 'invtrack'; ALTER EXTENSION invtrack UPDATE});
	is($node->safe_psql($db{moved}, q{SELECT relowner::regrole FROM pg_class WHERE oid = 'invtrack.tracker'::regclass}), 'shop_owner',
		"$before: after pg_upgrade, tables stay with their owner");
	owner_psql($db{moved}, 'SELECT invtrack.refresh_access()');
	drop_by_hand($db{moved});
	same_objects($db{moved}, 'fresh', "$before: after pg_upgrade, the update");
	$node->safe_psql($db{super}, "DROP EXTENSION invtrack CASCADE; DROP SCHEMA IF EXISTS invtrack CASCADE;
	    CREATE EXTENSION invtrack VERSION '$before'; " . before_data() . '; ALTER EXTENSION invtrack UPDATE');
	is($node->safe_psql($db{super}, $figures) =~ s/\|[^|]*\+00//gr, owner_psql($db{updated}, $figures) =~ s/\|[^|]*\+00//gr, "$before: a superuser updates what a superuser installed");
	$node->safe_psql($db{super}, q{SELECT invtrack.set_owner('shop_owner')});
	same_objects($db{super}, 'fresh', "$before: a superuser's update, handed over,");
}

$node->stop;
done_testing();
