# The server is killed again and again under the load of 007_fold_load.pl: after each restart what was
# committed is there, folded + tail is what was written, and verify() finds nothing.
# Each crash is in the midst of a large fold or purge.
# INVTRACK_SEED repeats the load (not the moments of the crashes); INVTRACK_LONG=1 is the long form.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use FoldLoad;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $seed = load_seed();
note("INVTRACK_SEED=$seed");
srand($seed);
my $rounds = $ENV{INVTRACK_LONG} ? 40 : 5;
my $newest = 'SELECT count(*) FROM test.ledger';

# Try until it is true, for so long as tests may wait.
sub poll_until(&)
{
	my ($condition) = @_;
	for my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return 1 if $condition->();
		usleep(100_000);
	}
	return 0;
}

# The postmaster alone is killed: its children go when they notice, and keep the shared memory until then.
sub kill_postmaster
{
	my ($node) = @_;
	my ($pid) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	$node->kill9;
	poll_until { !kill 0, $pid } or die "process $pid is not gone";
}

# A backlog of a merchant that the load does not read, and a session that is folding or purging it.
sub start_large
{
	my ($node, $what) = @_;
	$node->safe_psql('postgres', q{
	    WITH r AS (
	        SELECT 'm5' AS merchant, 'p' || n % 3000 AS sku, 'good' AS inventory_type,
	               (ARRAY['sale', 'shipment'])[1 + n % 2] AS flow, date '2026-01-01' + n / 3000 AS occurred_on,
	               n * 0.1 AS quantity
	          FROM generate_series(1, 20000) n),
	    noted AS (INSERT INTO test.ledger SELECT 'backlog', r.* FROM r)
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	    SELECT * FROM r});
	$node->safe_psql('postgres', q{SELECT invtrack.fold('m5')}) if $what eq 'purge';
	my $sql = $what eq 'purge' ? q{SELECT invtrack.purge_movements('m5', 0)} : q{SELECT invtrack.fold('m5')};
	local $ENV{PGAPPNAME} = 'large';
	my ($out, $err) = ('', '');
	my $session = IPC::Run::start([ 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \$out, '2>', \$err);
	my $backlog = $what eq 'purge' ? 'folded' : 'NOT folded';
	$node->poll_query_until('postgres', qq{
	    SELECT EXISTS (SELECT FROM pg_stat_activity
	                    WHERE application_name = 'large' AND state = 'active'
	                      AND wait_event_type IS DISTINCT FROM 'Lock')
	        OR NOT EXISTS (SELECT FROM invtrack.movement WHERE merchant = 'm5' AND $backlog)});
	return $session;
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
load_configure($node);
$node->append_conf('postgresql.conf', 'fsync = on');
$node->start;
load_set_up($node);
is($node->safe_psql('postgres', 'SHOW fsync'), 'on', 'what is written is flushed');

my $log_from = 0;
my $cut_off = 0;
for my $round (1 .. $rounds)
{
	my $how = $round % 2 ? 'immediate' : 'kill -9';
	my $what = $round % 4 < 2 ? 'fold' : 'purge';
	my @load = load_start($node, $seed + 10 * $round, 600, 4, 1, 1);

	# Until so much more is written.
	my $enough = $node->safe_psql('postgres', $newest) + 500 + int(rand(3000));
	$node->poll_query_until('postgres', "SELECT ($newest) >= $enough") or die 'the load writes nothing';
	my $large = start_large($node, $what);
	my $seen = $node->safe_psql('postgres', $newest);
	$how eq 'immediate' ? $node->stop('immediate') : kill_postmaster($node);
	ok(!load_wait(@load), "round $round, $how, $what: the load was cut off");
	$cut_off += !IPC::Run::finish($large);
	ok((poll_until { $node->start(fail_ok => 1) }), "round $round: restarted") or BAIL_OUT('the server does not start again');

	my $written = $node->safe_psql('postgres', $newest);
	cmp_ok($written, '>=', $seen, "round $round: what was committed is there: $written of $seen seen before");
	my $well = is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', "round $round: verify() finds nothing");
	$well &= is(load_differences($node), '', "round $round: health, flow_daily, and folded + tail equal the ledger");
	is(log_errors($node, $log_from), '', "round $round: no error but serialization failures above READ COMMITTED");
	like(slurp_file($node->logfile, $log_from), qr/redo done at/, "round $round: there was something to recover");
	$log_from = -s $node->logfile;
	last unless $well;
}
cmp_ok($cut_off, '>', 0, "large folds and purges that were cut off: $cut_off");

$node->safe_psql('postgres', 'SELECT invtrack.fold()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement WHERE NOT folded'), 0, 'no tail after a fold');
# A reversal may stay until what it reverses is gone.
1 while $node->safe_psql('postgres', 'SELECT invtrack.purge_movements(NULL, 0)') > 0;
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement'), 0, 'no movement after a purge');
is(load_differences($node), '', 'which changes no answer');
is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', 'verify() finds nothing');

$node->stop;
done_testing();
