# A month of Northwind with invtrack.as_of moved day by day: each episode is opened and closed on the
# right day, each transition is told once, and the history is what health said on each day.
# INVTRACK_SEED repeats a run.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use FoldLoad;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = load_seed();
note("INVTRACK_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# New statistics would change plans, and with them the order in which rows draw their numbers.
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION invtrack CASCADE');
$node->command_ok([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', 'examples/northwind.sql' ],
	'Northwind is there');
my $from_seed = ($seed % 1_000_000_000) / 1_000_000_000;
$node->safe_psql('postgres', "\\set from_seed $from_seed\n" . slurp_file('test/month.sql'));

sub result
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

sub is_same
{
	my ($expected, $found, $name) = @_;
	is(result("SELECT * FROM differences(\$\$$expected\$\$, \$\$$found\$\$)"), '', $name);
	return;
}

cmp_ok(result('SELECT count(DISTINCT day) FROM seen'), '>', 30, 'a month has passed');
cmp_ok(result("SELECT count(*) FROM expected_event WHERE transition = '$_'"), '>', 0, "there was something $_")
  for qw(opened worsened recovered withdrawn);

is_same('SELECT n, merchant, sku, inventory_type, mechanism, transition, status FROM expected_event',
	'SELECT n, merchant, sku, inventory_type, mechanism, transition, status FROM told',
	'each transition is told when it happens');
is(result('SELECT count(*) FROM told_twice'), 0, 'and not told twice');
is_same('SELECT merchant, sku, inventory_type, mechanism, opened_on, opened_health, lowest_health, closed_on, closed_as FROM expected_episode',
	'SELECT merchant, sku, inventory_type, mechanism, opened_on, opened_health, lowest_health, closed_on, closed_as FROM invtrack.alert',
	'each episode begins and ends on its day');
is(result(q{SELECT count(*) FROM (SELECT FROM invtrack.alert_event GROUP BY merchant
              HAVING min(event_id) <> 1 OR max(event_id) <> count(*)) t}), 0, 'events are numbered without gaps');
is_same('SELECT merchant, sku, inventory_type, mechanism, day, health, current_stock FROM expected_health',
	'SELECT merchant, sku, inventory_type, mechanism, day, health, current_stock FROM invtrack.health_daily',
	'history is what health said on each day');
is_same('SELECT merchant, sku, inventory_type, day, on_hand FROM expected_stock',
	'SELECT merchant, sku, inventory_type, day, on_hand FROM invtrack.stock_daily',
	'and what was on hand');
cmp_ok(result('SELECT count(*) FROM expected_health'), '>',
	result('SELECT sum(count) FROM (SELECT count(*) FROM invtrack.tracker_history, invtrack.unnest(health)) t') * 2,
	'with entries for changes only');
is(result('SELECT * FROM invtrack.verify()'), '', 'verify() finds nothing');

done_testing();
