# Random corrections, changes of products, folds, purges, checks, trackers and stock in any order: after each step
# invtrack says what a model in plain SQL (test/correction_model.sql, oracle.sql) says, and no row keeps a code that
# has gone. INVTRACK_SEED repeats a run, INVTRACK_LONG=1 makes many.

use strict;
use warnings;
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED};
$seed = int(rand(1_000_000)) unless defined $seed && $seed =~ /^\d+$/;
my ($runs, $steps) = $ENV{INVTRACK_LONG} ? (4, 250) : (1, 150);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# New statistics would change plans, and with them the order in which rows draw their numbers.
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\njit = off\nmax_parallel_workers_per_gather = 0");
$node->start;
my $test = dirname(__FILE__) . '/..';
my $oracle = slurp_file("$test/oracle.sql");
$oracle =~ s/\binvtrack\./model./g;
$node->safe_psql('postgres', join("\n", 'CREATE EXTENSION invtrack CASCADE; CREATE SCHEMA model; SET check_function_bodies = off;',
		slurp_file("$test/correction_model.sql"), $oracle, slurp_file("$test/correction_steps.sql"),
		slurp_file("$test/correction_compare.sql")));

for my $run (1 .. $runs)
{
	note("INVTRACK_SEED=$seed");
	my ($code, $out, $err) = $node->psql('postgres', "CALL run($seed, $steps)");
	my $found = $node->safe_psql('postgres', 'SELECT step, what, side, row_of FROM difference ORDER BY step, what, side, row_of LIMIT 12');
	is("$err$found", '', "seed $seed: as the model says") or do
	{
		diag("repeat with INVTRACK_SEED=$seed");
		diag($node->safe_psql('postgres', 'SELECT step, what FROM log ORDER BY ctid DESC LIMIT 30'));
		last;
	};
	$node->safe_psql('postgres', 'SELECT set_config(\'test.step\', \'0\', false), end_run()');
	is($node->safe_psql('postgres', 'SELECT what, row_of FROM difference'), '', 'delete_merchant() leaves nothing');
	$node->safe_psql('postgres', 'TRUNCATE log');
	$seed++;
}
note($node->safe_psql('postgres', q{SELECT format('%-45s %-10s %5s', what, outcome, count(*)) FROM done GROUP BY what, outcome ORDER BY what, outcome}));
note($node->safe_psql('postgres', q{SELECT format('%-15s %7s rows', what, sum(rows)) FROM compared GROUP BY what ORDER BY what}));

$node->stop;
done_testing();
