# pg_dump and pg_restore, as a database's owner who is no superuser: everything that merchants wrote
# is there again, says the same, and can be written on.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
    CREATE ROLE shop_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    CREATE ROLE clerk LOGIN NOSUPERUSER;
    CREATE ROLE manager;
});
my @targets = qw(from_plain from_custom from_jobs from_inserts from_parts jobs_by_owner jobs_by_superuser);
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for 'shop', @targets;

sub owner_psql
{
	my ($database, $sql) = @_;
	my $result = $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
	return $result;
}

# SQLSTATE, message and hint of a statement that has to fail.
sub error_of
{
	my ($database, $sql) = @_;
	my ($code, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql",
		extra_params => [ '-U', 'shop_owner' ], on_error_stop => 0);
	return $err;
}

owner_psql('shop', 'CREATE EXTENSION invtrack CASCADE');
is( owner_psql('shop', q{SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user}),
	'shop_owner false', 'the owner is no superuser');
owner_psql('shop', q{
    INSERT INTO invtrack.merchant VALUES
        ('acme', 'Acme "Tools"', 'Europe/Berlin'), ('bean', E'Bean\tCo\\N', 'Pacific/Kiritimati'),
        ('empty', '', 'UTC');
    -- As from a server whose list of time zones had one more.
    SET check_function_bodies = off;
    INSERT INTO invtrack.merchant VALUES ('mars', 'Mars', 'Mars/Olympus_Mons');
    SET check_function_bodies = on;
    INSERT INTO invtrack.inventory_type
    SELECT merchant, type, initcap(type) FROM invtrack.merchant, unnest(ARRAY['good', 'defective']) type;
    INSERT INTO invtrack.product
    SELECT merchant, 'p' || n, 'Product ' || n || ' é',
           CASE n % 3 WHEN 0 THEN date '2026-02-01' + n WHEN 1 THEN date '2027-01-01' END
      FROM invtrack.merchant, generate_series(1, 20) n WHERE merchant <> 'empty';
    INSERT INTO invtrack.stock_lot
    SELECT merchant, sku, 'good', CASE n WHEN 0 THEN '' ELSE 'lot ' || n END,
           CASE n WHEN 0 THEN NULL WHEN 1 THEN date '9999-12-31' ELSE date '2026-03-01' + n * 4 END,
           CASE WHEN sku = 'p7' THEN -1 ELSE 12.000001 * n + 4 END
      FROM invtrack.product, generate_series(0, 3) n WHERE sku NOT IN ('p3', 'p4');
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    SELECT merchant, sku, 'good', flow, date '2026-03-10' - n * 3, n + 0.25,
           CASE WHEN n % 2 = 0 THEN sku || '/' || n END
      FROM invtrack.product, generate_series(-1, 12) n, unnest(ARRAY['sale', 'shipment']) flow
     WHERE sku NOT IN ('p4', 'p5');
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('acme', 'unknown', 'good', 'sale', '2026-03-01', 3),
           ('nobody', 'p1', 'good', 'shipment', '0001-01-01', -999999999999.999999);
    SELECT invtrack.reverse_movement('acme', min(movement_id)) FROM invtrack.movement WHERE merchant = 'acme';
});
# Folded: all of acme's movements; of bean's a first part, which is then purged, and one of two later
# ones. Each in a transaction of its own, since what was recorded just now is older than no day.
owner_psql('shop', q{
    SELECT invtrack.fold('acme'), invtrack.fold('bean');
    SELECT invtrack.purge_movements('bean', 0);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('bean', 'p1', 'good', 'sale', '2026-03-10', 0.000001);
    SELECT invtrack.fold('bean');
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('bean', 'p1', 'good', 'sale', '2026-03-10', 1000);
});
# Each in a transaction of its own, so that times differ.
owner_psql('shop', qq{
    SELECT invtrack.save_tracker(merchant, sku, 'good', 'stock_quantity', 50, expiry_days => 7) FROM invtrack.product;
    SELECT invtrack.save_tracker(merchant, sku, 'defective', 'stock_quantity', 0.000001) FROM invtrack.product;
    SELECT invtrack.save_tracker(merchant, sku, 'good', 'turnover_days', NULL, 30, 14, 3) FROM invtrack.product;
    SELECT invtrack.save_tracker(merchant, sku, 'good', 'stalled_days', 60, 30) FROM invtrack.product;
    SELECT invtrack.save_tracker(merchant, sku, 'good', 'stalled_days', 70, 30) FROM invtrack.product WHERE sku = 'p1';
    SET invtrack.as_of = '2026-03-09';
    SELECT count(*) FROM invtrack.check_trackers();
    SET invtrack.as_of = '2026-03-10';
    UPDATE invtrack.stock_lot SET quantity = quantity + 200 WHERE sku = 'p2';
    SELECT count(*) FROM invtrack.check_trackers();
    SELECT invtrack.acknowledge_alert(merchant, sku, inventory_type, mechanism, 'on its way', 'Ann')
      FROM invtrack.alert_open WHERE sku = 'p1';
    SELECT count(*) FROM invtrack.take_alert_events('mail', 1000);
    SELECT invtrack.confirm_alert_events('mail', 'acme', 3);
    SELECT invtrack.grant_access('manager', 'acme', 'manage');
    GRANT USAGE ON SCHEMA invtrack TO clerk;
    GRANT SELECT ON invtrack.merchant, invtrack.stock TO clerk;
    GRANT EXECUTE ON FUNCTION invtrack.today(text) TO clerk;
});

# What a database says, as sorted text.
my %questions = (
	'merchants' => 'TABLE invtrack.merchant ORDER BY merchant',
	'products' => 'TABLE invtrack.product ORDER BY merchant, sku',
	'inventory types' => 'TABLE invtrack.inventory_type ORDER BY merchant, inventory_type',
	'lots' => 'TABLE invtrack.stock_lot ORDER BY merchant, sku, inventory_type, lot',
	'movements' => 'TABLE invtrack.movement ORDER BY merchant, movement_id',
	'series' => 'TABLE invtrack.flow_series ORDER BY merchant, sku, inventory_type, flow',
	'folds' => 'TABLE invtrack.fold_state ORDER BY merchant',
	'daily' => 'TABLE invtrack.flow_daily ORDER BY merchant, sku, inventory_type, flow, day',
	'differences' => 'SELECT * FROM invtrack.verify()',
	'trackers' => 'TABLE invtrack.tracker ORDER BY merchant, sku, inventory_type, mechanism',
	'health' => 'TABLE invtrack.health ORDER BY merchant, sku, inventory_type, mechanism',
	'health by function' =>
	  q{SELECT * FROM invtrack.tracker_health(as_of => '2026-04-01') ORDER BY merchant, sku, inventory_type, mechanism},
	'stock' => 'TABLE invtrack.stock ORDER BY merchant, sku, inventory_type',
	'unknown items' => 'TABLE invtrack.unknown_items ORDER BY merchant, sku, inventory_type, flow',
	'alerts' => 'TABLE invtrack.alert ORDER BY merchant, alert_id',
	'events' => 'TABLE invtrack.alert_event ORDER BY merchant, event_id',
	'consumers' => 'TABLE invtrack.alert_consumer ORDER BY merchant, consumer',
	'checks' => 'SELECT merchant, events, checked_at IS NOT NULL, checked_days FROM invtrack.check_state ORDER BY merchant',
	'health by day' => 'TABLE invtrack.health_daily ORDER BY merchant, sku, inventory_type, mechanism, day',
	'stock by day' => 'TABLE invtrack.stock_daily ORDER BY merchant, sku, inventory_type, day',
	'statuses by day' => 'TABLE invtrack.status_daily ORDER BY merchant, day, mechanism, status',
	'news' => 'SELECT count(*) FROM invtrack.check_trackers()',
	'access' => 'TABLE invtrack.access ORDER BY role, merchant',
	'privileges on columns' => q{
	    SELECT attname, has_column_privilege('manager', attrelid, attname, 'UPDATE') FROM pg_attribute
	     WHERE attrelid = 'invtrack.alert'::regclass AND attnum > 0 ORDER BY attname},
	'privileges' => q{
	    SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), r.role, string_agg(p.privilege, ' ' ORDER BY p.privilege)
	      FROM pg_class c, unnest(ARRAY['shop_owner', 'clerk']) r(role),
	           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p(privilege)
	     WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND c.relkind IN ('r', 'v')
	       AND has_table_privilege(r.role, c.oid, p.privilege)
	     GROUP BY 1, 2, 3, 4 ORDER BY 1, 4},
	'function privileges' => q{
	    SELECT p.oid::regprocedure, pg_get_userbyid(p.proowner), has_function_privilege('clerk', p.oid, 'EXECUTE')
	      FROM pg_proc p WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) ORDER BY p.oid::regprocedure::text},
);

sub answer
{
	my ($database, $question) = @_;
	return owner_psql($database, "SET timezone = 'UTC'; SET invtrack.as_of = '2026-03-10'; $questions{$question};");
}

# The first lines that only one of two texts has.
sub difference
{
	my @sides = map { { map { $_ => 1 } split /\n/ } } @_;
	my @lines = ((map { "- $_" } grep { !$sides[1]{$_} } sort keys %{ $sides[0] }),
		(map { "+ $_" } grep { !$sides[0]{$_} } sort keys %{ $sides[1] }));
	return '' if $_[0] eq $_[1];
	return join("\n", 'not the same', splice(@lines, 0, 6));
}

my %before = map { $_ => answer('shop', $_) } keys %questions;
my $trackers = scalar split(/\n/, $before{'trackers'});
is($trackers, 240, 'four trackers for each of 60 products');
is(scalar(split(/\n/, $before{'health'})), 240, 'health of each of them');
# 18 products of 3 merchants have 14 movements a flow; two are unknown, one is reversed; bean's are
# purged, and two came later.
is(scalar(split(/\n/, $before{'movements'})), 18 * 2 * 14 * 2 + 3 + 2, 'movements');
is(scalar(split(/\n/, $before{'daily'})), 18 * 3 * 14 * 2 + 2, 'days with movements');
is( owner_psql('shop', q{
    SELECT merchant, count(*), sum(movements), sum(purged_movements) FROM invtrack.flow_series GROUP BY merchant ORDER BY merchant}),
	"acme|37|506|0\nbean|36|505|504", 'series: of all 18 products and the unknown one, and what is purged');
is($before{'differences'}, '', 'nothing is wrong');
like($before{$_}, qr/^acme\|/, "there are $_ to restore") for ('alerts', 'events', 'consumers', 'checks', 'health by day', 'stock by day');
like($before{'alerts'}, qr/recovered.*^.*on its way|on its way.*^.*recovered/ms, 'open and closed ones');
is($before{'news'}, '0', 'a check has nothing new to tell, here or after a restore');
is($before{'unknown items'}, "acme|unknown|good|sale|1|3\nnobody|p1|good|shipment|1|-999999999999.999999",
	'unknown items');
like($before{'merchants'}, qr{^mars\|Mars\|Mars/Olympus_Mons\|}m, 'a time zone that is in no list');
is( owner_psql('shop', q{SELECT count(*) FROM invtrack.tracker WHERE updated_at > created_at}),
	'3', 'three trackers were updated later');
is( owner_psql('shop', q{SELECT invtrack.today('mars') = (now() AT TIME ZONE 'UTC')::date}), 't',
	'it counts as UTC');

my $dir = PostgreSQL::Test::Utils::tempdir();
my @as_owner = ('-U', 'shop_owner', '-h', $node->host, '-p', $node->port);
command_ok([ 'pg_dump', @as_owner, '-Fp', '-f', "$dir/plain.sql", 'shop' ], 'dump as SQL');
command_ok([ 'pg_dump', @as_owner, '-Fp', '--inserts', '-f', "$dir/inserts.sql", 'shop' ], 'dump as INSERTs');
command_ok([ 'pg_dump', @as_owner, '-Fc', '-f', "$dir/custom", 'shop' ], 'dump in the custom format');
command_ok([ 'psql', '-X', '-q', @as_owner, '-v', 'ON_ERROR_STOP=1', '-o', "$dir/psql.out",
	'-f', "$dir/plain.sql", 'from_plain' ], 'restore of SQL');
command_ok([ 'psql', '-X', '-q', @as_owner, '-v', 'ON_ERROR_STOP=1', '-o', "$dir/psql.out",
	'-f', "$dir/inserts.sql", 'from_inserts' ], 'restore of INSERTs');
command_ok([ 'pg_restore', @as_owner, '--exit-on-error', '-d', 'from_custom', "$dir/custom" ],
	'restore of the custom format');
command_ok([ 'pg_restore', @as_owner, '--exit-on-error', '--clean', '--if-exists', '-d', 'from_custom',
	"$dir/custom" ], 'and once more, in place of what is there');
# pg_dump does not tell pg_restore that the rows of an extension's table need those of another, so
# that jobs would load trackers before their products: the data section is for one job.
for my $part ([ 'pre-data', 2 ], [ 'data', 1 ], [ 'post-data', 2 ])
{
	command_ok([ 'pg_restore', @as_owner, '--exit-on-error', "--section=$part->[0]", '-j', $part->[1],
		'-d', 'from_jobs', "$dir/custom" ], "restore of $part->[0] by $part->[1] jobs");
}
# In one step, where foreign keys are not checked while rows are loaded: a superuser's backup, restored
# by a superuser in the owner's role; and the owner's, who has been granted to say so.
my @as_superuser = ('-h', $node->host, '-p', $node->port);
command_ok([ 'pg_dump', @as_superuser, '-Fd', '-j', 2, '-f', "$dir/directory", 'shop' ], 'dump by two jobs');
$node->safe_psql('postgres', 'GRANT SET ON PARAMETER session_replication_role TO shop_owner');
{
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
	command_ok([ 'pg_restore', @as_superuser, '--exit-on-error', '--role=shop_owner', '-j', 2,
		'-d', 'jobs_by_superuser', "$dir/directory" ], 'restore of the directory format by a superuser');
	command_ok([ 'pg_restore', @as_owner, '--exit-on-error', '-j', 2, '-d', 'jobs_by_owner', "$dir/custom" ],
		'restore by two jobs of the owner');
}

# The structure first, which is the extension and no row; then the rows. (Some views have rows without any data.)
command_ok([ 'pg_dump', @as_owner, '-Fc', '--schema-only', '-f', "$dir/schema", 'shop' ], 'dump without data');
command_ok([ 'pg_restore', @as_owner, '--exit-on-error', '-d', 'from_parts', "$dir/schema" ],
	'restore of the structure');
is( owner_psql('from_parts', q{
    SELECT string_agg(c.relname, ' ') FROM pg_class c
     WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND c.relkind IN ('r', 'v')
       -- these say what there is of nothing
       AND c.relname NOT IN ('level_privilege', 'value_list', 'report_limit', 'review_limit') AND c.relname NOT LIKE '%metrics'
       AND xpath_exists('//row', query_to_xml(format('TABLE %s LIMIT 1', c.oid::regclass), false, false, ''))}),
	'', 'nothing is in it');
command_ok([ 'pg_dump', @as_owner, '-Fc', '--data-only', '-f', "$dir/data", 'shop' ], 'dump of data only');
command_ok([ 'pg_restore', @as_owner, '--exit-on-error', '-d', 'from_parts', "$dir/data" ], 'restore of the data');

for my $target (@targets)
{
	is(difference($before{$_}, answer($target, $_)), '', "$target: $_") for sort keys %questions;

	my $highest = owner_psql($target, 'SELECT max(movement_id) FROM invtrack.movement');
	my $fresh = owner_psql($target, q{
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	    VALUES ('acme', 'p1', 'good', 'sale', '2026-03-10', 1) RETURNING movement_id});
	cmp_ok($fresh, '>', $highest, "$target: the numbers of movements go on");
	is( owner_psql($target, qq{
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
	    VALUES ('acme', 'p1', 'good', 'sale', '2026-03-04', 5, 'p1/2') ON CONFLICT DO NOTHING RETURNING 1}),
		'', "$target: a ref counts once");
	# mars' 504 movements, one each of bean and nobody, and the fresh one.
	my $health = answer($target, 'health');
	is(owner_psql($target, 'SELECT invtrack.fold()'), '507', "$target: the rest is folded");
	is(difference($health, answer($target, 'health')), '', "$target: and changes no health");
	is( owner_psql($target, q{
	    SELECT movements, purged_movements, invtrack.range_sum(days, '2026-03-09', '2026-03-10')
	      FROM invtrack.flow_series WHERE (merchant, sku, flow) = ('bean', 'p1', 'sale')}),
		'16|14|1000.250001', "$target: purged, folded before and folded after are one");
	is(answer($target, 'differences'), '', "$target: nothing is wrong");
	for my $change ("UPDATE invtrack.movement SET quantity = 2 WHERE movement_id = $fresh",
		"DELETE FROM invtrack.movement WHERE movement_id = $fresh", 'TRUNCATE invtrack.movement')
	{
		my ($verb) = $change =~ /^(\w+)/;
		like(error_of($target, $change), qr/ERROR:  \d\w{4}: .*HINT: [^\n]*opposite[^\n]*reverse_movement/s,
			"$target: $verb of movements is refused");
	}
	is( owner_psql($target, q{
	    SELECT invtrack.save_tracker('acme', 'p2', 'good', 'turnover_days', NULL, 30, 14, 3),
	           invtrack.save_tracker('acme', 'p1', 'good', 'stalled_days', 70, 30),
	           invtrack.save_tracker('acme', 'p3', 'good', 'stalled_days', 70, 30)}),
		'unchanged|unchanged|updated', "$target: trackers are saved on");
	like(error_of($target, q{UPDATE invtrack.merchant SET time_zone = 'Mars/Base' WHERE merchant = 'mars'}),
		qr/ERROR:  23514: /, "$target: a new time zone has to be in the list");
	like(error_of($target, q{DELETE FROM invtrack.product WHERE sku = 'p2'}),
		qr/ERROR:  23503: /, "$target: a product with lots is not deleted");
}

$node->stop;
done_testing();
