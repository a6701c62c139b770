# pg_upgrade takes everything along: what is folded, what is purged, what is neither, who owns it and who
# may read it. From the server in INVTRACK_OLD_SERVER (/usr/lib/postgresql/15), which has the extension,
# too; without it, from another cluster of the same server.

use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old_server = $ENV{INVTRACK_OLD_SERVER};
my $old = PostgreSQL::Test::Cluster->new('old', $old_server ? (install_path => $old_server) : ());
my $new = PostgreSQL::Test::Cluster->new('new');
# The default has changed with PostgreSQL 18, and both have to have the same.
$_->init(extra => ['--data-checksums']) for $old, $new;
$old->start;
note("from $1") if $old->safe_psql('postgres', 'SELECT version()') =~ /^(\S+ \S+)/;

$old->safe_psql('postgres', q{
    CREATE ROLE shop_owner LOGIN NOSUPERUSER;
    CREATE ROLE clerk;
    CREATE DATABASE shop OWNER shop_owner;
    ALTER DATABASE shop SET invtrack.as_of = '1998-05-06';
});

sub owner_psql
{
	my ($node, $sql) = @_;
	my $result = $node->safe_psql('shop', $sql, extra_params => [ '-U', 'shop_owner' ]);
	return $result;
}

# The examples find their files from the root of the repository.
chdir "$FindBin::Bin/../.." or die "chdir: $!";
owner_psql($old, 'CREATE EXTENSION invtrack CASCADE');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $old->host, '-p', $old->port, '-U', 'shop_owner',
	'-d', 'shop', '-o', "$PostgreSQL::Test::Utils::tmp_check/$_.out", '-f', "examples/$_.sql" ], "$_ is loaded")
  for 'scenarios', 'northwind';

# Northwind's suppliers, in three parts: purged, folded, and as they are.
owner_psql($old, q{
    SELECT count(invtrack.fold(merchant)) FROM invtrack.merchant WHERE merchant < '2';
    SELECT sum(invtrack.purge_movements(merchant, 0)) FROM invtrack.merchant WHERE merchant < '14'});
owner_psql($old, q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT merchant, sku, 'good', 'sale', '1998-05-01', 0.000001 FROM invtrack.product;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('1', 'unknown', 'good', 'sale', '9999-12-31', -999999999999.999999);
    CREATE TABLE public.own (days invtrack.day_series, quantity invtrack.quantity);
    INSERT INTO public.own VALUES ('{0001-01-01:1.5,infinity:-2}', 0.000001);
    CREATE VIEW public.low AS SELECT merchant, sku, health FROM invtrack.health WHERE status <> 'ok';
    GRANT USAGE ON SCHEMA invtrack TO clerk;
    GRANT SELECT ON invtrack.stock TO clerk;
    GRANT EXECUTE ON FUNCTION invtrack.today(text) TO clerk});

my %questions = (
	'folds' => 'TABLE invtrack.fold_state ORDER BY merchant',
	'own values' => 'TABLE public.own',
	'own view' => 'TABLE public.low ORDER BY merchant, sku, health',
	'series' => 'TABLE invtrack.flow_series ORDER BY merchant, sku, inventory_type, flow',
	'movements' => 'TABLE invtrack.movement ORDER BY merchant, movement_id',
	'trackers' => 'TABLE invtrack.tracker ORDER BY merchant, sku, inventory_type, mechanism',
	'health' => 'TABLE invtrack.health ORDER BY merchant, sku, inventory_type, mechanism',
	'health by function' =>
	  q{SELECT * FROM invtrack.tracker_health(as_of => '1997-12-31') ORDER BY merchant, sku, inventory_type, mechanism},
	'stock' => 'TABLE invtrack.stock ORDER BY merchant, sku, inventory_type',
	'daily' => 'TABLE invtrack.flow_daily ORDER BY merchant, sku, inventory_type, flow, day',
	'unknown items' => 'TABLE invtrack.unknown_items ORDER BY merchant, sku, inventory_type, flow',
	'search' => q{SELECT m.merchant, f.* FROM invtrack.merchant m, invtrack.find_products(m.merchant, 'ch') f ORDER BY 1, 2},
	'differences' => 'SELECT * FROM invtrack.verify()',
	# Not its owner: to pg_upgrade, an extension is the superuser's. What it consists of is whose it was.
	'version' => q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'},
	'dumped tables' => q{
	    SELECT unnest(extconfig)::regclass, unnest(extcondition) FROM pg_extension WHERE extname = 'invtrack' ORDER BY 1::text},
	# Those of arrays and rows are members since PostgreSQL 17.
	'members' => q{
	    SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
	     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	       AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
	       AND (classid <> 'pg_type'::regclass OR objid IN (SELECT oid FROM pg_type WHERE typtype <> 'c' AND typcategory <> 'A'))
	     ORDER BY 1},
	# MAINTAIN, which owners have, is new with PostgreSQL 17.
	'owners and privileges' => q{
	    SELECT o.name, o.owner::regrole,
	           (SELECT string_agg(format('%s=%s', a.grantee::regrole, a.privilege_type), ' ' ORDER BY a.grantee::regrole::text, a.privilege_type)
	              FROM aclexplode(o.acl) a WHERE a.privilege_type <> 'MAINTAIN')
	      FROM (SELECT relname::text, relowner, relacl FROM pg_class
	             WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v', 'S')
	            UNION ALL
	            SELECT oid::regprocedure::text, proowner, proacl FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)) o (name, owner, acl)
	     ORDER BY 1},
);

sub answer
{
	my ($node, $question) = @_;
	return owner_psql($node, "SET timezone = 'UTC'; $questions{$question};");
}

my %before = map { $_ => answer($old, $_) } keys %questions;
is($before{'differences'}, '', 'nothing is wrong before');
cmp_ok(scalar(split /\n/, $before{'daily'}), '>', 1000, 'days with movements');
is( owner_psql($old, q{
    SELECT sum(purged_movements) > 100, sum(movements - purged_movements) > 100,
           (SELECT count(*) FROM invtrack.movement WHERE NOT folded) > 100 FROM invtrack.flow_series}),
	't|t|t', 'purged, folded, and neither');
$old->stop;

# It writes into the directory that it is called in.
chdir ${PostgreSQL::Test::Utils::tmp_check} or die "chdir: $!";
command_ok(
	[ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
		'-b', $old->config_data('--bindir'), '-B', $new->config_data('--bindir'),
		'-s', $new->host, '-p', $old->port, '-P', $new->port ],
	'pg_upgrade');
$new->start;
note("to $1") if $new->safe_psql('postgres', 'SELECT version()') =~ /^(\S+ \S+)/;

is(answer($new, $_), $before{$_}, $_) for sort keys %questions;

# And it goes on.
my $highest = owner_psql($new, 'SELECT max(movement_id) FROM invtrack.movement');
cmp_ok( owner_psql($new, q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT merchant, sku, 'good', 'sale', '1998-05-06', 0 FROM invtrack.product LIMIT 1 RETURNING movement_id}),
	'>', $highest, 'the numbers of movements go on');
cmp_ok(owner_psql($new, 'SELECT invtrack.fold()'), '>', 1000, 'the rest is folded');
is(answer($new, 'health'), $before{'health'}, 'and changes no health');
is(answer($new, 'differences'), '', 'nothing is wrong after');
is( owner_psql($new, q{
    SELECT string_agg(DISTINCT invtrack.save_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days,
                                                     coverage_days, expiry_days), ' ') FROM invtrack.tracker}),
	'unchanged', 'trackers are what they were');

$new->stop;
done_testing();
