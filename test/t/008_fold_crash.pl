# The server is killed again and again under the load of 007_fold_load.pl: after each restart what was
# committed is there, folded + tail is what was written, and verify() finds nothing.
# Each crash is in the midst of a large fold or purge, at a row of it.
# INVTRACK_SEED repeats the load and those rows (not what the load has done by then); INVTRACK_LONG=1 is the long form.

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
my $rounds = $ENV{INVTRACK_LONG} ? 12 : 5;
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

# A session that folds or purges a backlog of a merchant that the load does not read. It gets to a row of its choice
# and waits there: in the midst, however fast the machine is. The load's own folds and purges may have taken the backlog
# before it; then it makes another.
sub start_large
{
	my ($node, $what) = @_;
	my $step = 1 + int(rand(2500));
	my $again = q{
	    WITH r AS (
	        SELECT 'm5' AS merchant, 'p' || n % 3000 AS sku, 'good' AS inventory_type,
	               (ARRAY['sale', 'shipment'])[1 + n % 2] AS flow, date '2026-01-01' + n / 3000 AS occurred_on,
	               n * 0.1 AS quantity
	          FROM generate_series(1, 20000) n),
	    noted AS (INSERT INTO test.ledger SELECT 'backlog', r.* FROM r)
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	    SELECT * FROM r;
	    SELECT invtrack.fold('m5');
	};
	$again .= q{SELECT invtrack.purge_movements('m5', 0);} if $what eq 'purge';
	my $script = PostgreSQL::Test::Utils::tempdir() . '/large.sql';
	append_to_file($script, "SET test.$what = $step;\n" . $again x 100);
	local $ENV{PGAPPNAME} = 'large';
	my ($out, $err) = ('', '');
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script ],
		'<', \undef, '>', \$out, '2>', \$err);
	$node->poll_query_until('postgres', q{
	    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'large' AND wait_event = 'PgSleep')})
	  or die "$what does not get to row $step: $err";
	note("$what waits at row $step");
	return $session;
}

# Counts down the rows that a fold writes, or a purge deletes, in a session that has said so, and waits at 0.
my $wait_at_row = q{
    CREATE FUNCTION test.wait_at_row() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        name text := CASE TG_OP WHEN 'DELETE' THEN 'test.purge' ELSE 'test.fold' END;
        left_over integer := nullif(current_setting(name, true), '')::integer - 1;
    BEGIN
        IF left_over IS NOT NULL THEN
            PERFORM set_config(name, left_over::text, false);
            IF left_over = 0 THEN
                PERFORM pg_sleep(100000);
            END IF;
        END IF;
        RETURN coalesce(NEW, OLD);
    END
    $$;
    CREATE TRIGGER wait_at_row BEFORE INSERT ON invtrack.flow_series FOR EACH ROW WHEN (NEW.merchant = 'm5')
        EXECUTE FUNCTION test.wait_at_row();
    CREATE TRIGGER wait_at_row BEFORE DELETE ON invtrack.movement FOR EACH ROW WHEN (OLD.merchant = 'm5')
        EXECUTE FUNCTION test.wait_at_row();
};

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
load_configure($node);
$node->append_conf('postgresql.conf', 'fsync = on');
$node->start;
load_set_up($node);
$node->safe_psql('postgres', $wait_at_row);
is($node->safe_psql('postgres', 'SHOW fsync'), 'on', 'what is written is flushed');

my $log_from = 0;
my $recovered = 0;	# a round has nothing to recover if a checkpoint has just ended
for my $round (1 .. $rounds)
{
	my $how = $round % 2 ? 'immediate' : 'kill -9';
	my $what = $round % 4 < 2 ? 'fold' : 'purge';
	my @load = load_start($node, $seed + 10 * $round, 1_000_000, 4, 1, 1);

	# Until so much more is written.
	my $enough = $node->safe_psql('postgres', $newest) + 500 + int(rand(3000));
	(poll_until { !load_runs(@load) || $node->safe_psql('postgres', $newest) >= $enough }) or die 'the load writes nothing';
	load_runs(@load) or BAIL_OUT("the load has ended by itself:\n" . join '', map { $_->{out} } @load);
	my $large = start_large($node, $what);
	my $seen = $node->safe_psql('postgres', $newest);
	$how eq 'immediate' ? $node->stop('immediate') : kill_postmaster($node);
	ok(!load_wait(@load), "round $round, $how, $what: the load was cut off");
	ok(!IPC::Run::finish($large), "round $round: so was a large $what");
	ok((poll_until { $node->start(fail_ok => 1) }), "round $round: restarted") or BAIL_OUT('the server does not start again');

	my $written = $node->safe_psql('postgres', $newest);
	cmp_ok($written, '>=', $seen, "round $round: what was committed is there: $written of $seen seen before");
	my $well = is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', "round $round: verify() finds nothing");
	$well &= is(load_differences($node), '', "round $round: health, flow_daily, and folded + tail equal the ledger");
	is(log_errors($node, $log_from), '', "round $round: no error but serialization failures above READ COMMITTED");
	$recovered++ if slurp_file($node->logfile, $log_from) =~ /redo done at/;
	$log_from = -s $node->logfile;
	last unless $well;
}
cmp_ok($recovered, '>', 0, "there was something to recover in $recovered of $rounds rounds");
$node->safe_psql('postgres', 'SELECT invtrack.fold()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement WHERE NOT folded'), 0, 'no tail after a fold');
# A reversal may stay until what it reverses is gone.
1 while $node->safe_psql('postgres', 'SELECT invtrack.purge_movements(NULL, 0)') > 0;
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement'), 0, 'no movement after a purge');
is(load_differences($node), '', 'which changes no answer');
is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', 'verify() finds nothing');

$node->stop;
done_testing();
