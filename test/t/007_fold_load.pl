# Writers, folds, purges and readers at once, at all isolation levels: in every reading folded + tail
# is what was written, nothing is lost, and above READ COMMITTED the only error is 40001.
# INVTRACK_SEED repeats a run; INVTRACK_LONG=1 is the long form.

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
# Of each client: the rarest scripts are 1 of 97, so that at READ COMMITTED each is run some 30 times.
my $transactions = $ENV{INVTRACK_LONG} ? 1500 : 600;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
load_configure($node);
$node->start;
load_set_up($node);

my @load = load_start($node, $seed, $transactions, 5, 2, 1);
ok(load_wait(@load), "pgbench for $transactions transactions a client") or diag("repeat with INVTRACK_SEED=$seed");
my $report = load_report(@load);
is(log_errors($node, 0), '', 'no error but serialization failures above READ COMMITTED');
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'no deadlock');

for my $level (sort keys %$report)
{
	my ($done, $failed, $serialization, $idle) = (0, 0, 0, '');
	for my $name (sort keys %{ $report->{$level} })
	{
		my @n = map { $_ // die "$level, $name: pgbench says something else" } @{ $report->{$level}{$name} };
		note(sprintf '%-16s %-16s %6d done %6d failed', $level, $name, @n[ 0, 1 ]);
		$done += $n[0];
		$failed += $n[1];
		$serialization += $n[2];
		$idle .= " $name" unless $n[0] > 0;
	}
	cmp_ok($done, '>', 0, "$level: $done transactions, $failed failed");
	is($failed, $level eq 'read committed' ? 0 : $serialization, "$level: failed transactions");
	is($idle, '', "$level: each script was run") if $level eq 'read committed';
}
is(join(' ', sort keys %$report), 'read committed repeatable read serializable', 'all levels reported');

my $written = $node->safe_psql('postgres', q{
    SELECT string_agg(format('%s %s', how, n), ', ' ORDER BY how), sum(n) FROM (
        SELECT how, count(*) AS n FROM test.ledger GROUP BY how) l});
like($written, qr/^backdated \d+, many \d+, one \d+, ref \d+, reversal \d+\|/, 'all kinds were written');
note("movements written: $written");
cmp_ok($node->safe_psql('postgres', 'SELECT sum(purged_movements) FROM invtrack.flow_series'), '>', 0, 'some were purged');

is(load_differences($node), '', 'health, flow_daily, and folded + tail equal the ledger');
is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', 'verify() finds nothing');

$node->safe_psql('postgres', 'SELECT invtrack.fold()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement WHERE NOT folded'), 0, 'no tail after a fold');
is(load_differences($node), '', 'which changes no answer');
# A reversal may stay until what it reverses is gone.
1 while $node->safe_psql('postgres', 'SELECT invtrack.purge_movements(NULL, 0)') > 0;
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement'), 0, 'no movement after a purge');
is(load_differences($node), '', 'which changes no answer');
is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', 'verify() finds nothing');

$node->stop;
done_testing();
