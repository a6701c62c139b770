# Operations that are stopped in the midst: by a cancel or an error at chosen steps, with and without somebody
# who catches it, by statement_timeout, by pg_terminate_backend(), by the death of their process and by that of
# the server. Nothing is lost, nothing counted twice; the session that survives is as good as new.
# INVTRACK_SEED repeats a run (its steps, not the moments of timeouts); INVTRACK_LONG=1 is the long form.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use FoldLoad;
use Interrupted;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = load_seed();
note("INVTRACK_SEED=$seed");
srand($seed);
# Of each way to stop an operation, in each of two passes.
my $rounds = $ENV{INVTRACK_LONG} ? 3 : 1;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
load_configure($node);
# One process does what it is told; plans and memory don't change by what statistics happen to be there.
$node->append_conf('postgresql.conf', "autovacuum = off\nrestart_after_crash = on\nfsync = on\nmax_parallel_workers_per_gather = 0\n");
$node->start;
load_set_up($node);
my $files = round_set_up($node);
$node->safe_psql('postgres', 'CREATE TABLE test.measured (operation text, steps integer, ms numeric);
	    CREATE TABLE test.pass (n integer, bytes bigint)');

# Run in full, and see how long it takes in steps and time.
sub measure
{
	my ($operation) = @_;
	return round_script($operation, "'whole'",
		"SELECT clock_timestamp() AS began\n\\gset\nSET test.countdown = -1;",
		"SELECT -1 - current_setting('test.countdown')::integer AS steps, 1000 * extract(epoch FROM clock_timestamp() - :'began') AS ms\n\\gset\n"
		  . "SET test.countdown = 0;\nINSERT INTO test.measured VALUES ('$operation->{name}', :steps, :ms);");
}

# A place in the i-th part of so many.
sub part { my ($i, $parts) = @_; return ($i - 1 + rand()) / $parts; }

# A step there.
sub step
{
	my ($operation, $i, $parts) = @_;
	return sprintf('SELECT 1 + floor(%s * :steps)::integer AS step', part($i, $parts) * ($operation->{shrinks} ? 0.95 : 1));
}

sub stopped_at_step
{
	my ($operation, $by, $i) = @_;
	return round_script($operation, "format('$by at step %s of %s', :step, :steps)",
		step($operation, $i, $rounds) . "\n\\gset\nSET test.stop_by = '$by';\nSET test.countdown = :step;",
		'SET test.countdown = 0;');
}

# Somebody catches it, tries again in the same transaction, and commits.
sub caught_at_step
{
	my ($operation, $by, $i) = @_;
	my $sql = $operation->{sql} =~ s/\\;/;/gr;
	my %caught = (%$operation, sql => <<SQL);
BEGIN;
DO \$do\$
BEGIN
    PERFORM set_config('test.caught', '00000', false);
    EXECUTE \$op\$ $sql \$op\$;
EXCEPTION WHEN query_canceled OR SQLSTATE 'UT001' THEN
    PERFORM set_config('test.countdown', '0', false), set_config('test.caught', SQLSTATE, false);
END
\$do\$;
SET test.countdown = 0;
$operation->{sql}
COMMIT;
SQL
	return round_script(\%caught, "format('$by at step %s of %s, caught', :step, :steps)",
		step($operation, $i, $rounds) . "\n\\gset\nSET test.stop_by = '$by';\nSET test.countdown = :step;",
		"SELECT CASE :'state' WHEN '00000' THEN current_setting('test.caught') ELSE :'state' END AS state\n\\gset\nSET test.countdown = 0;");
}

sub timed_out
{
	my ($operation, $i) = @_;
	return round_script($operation, "format('timeout of %s of %s ms', :timeout, round(:ms))",
		sprintf("SELECT greatest(1, round(%s * :ms)) AS timeout\n\\gset\nSET statement_timeout = :timeout;", part($i, $rounds)),
		# which a short one may hit as well
		"SET statement_timeout = 0;\n" x 10);
}

# The time is up at a step, where the operation waits for that, if not before on a machine that is busy.
sub timed_out_at_step
{
	my ($operation, $i) = @_;
	return round_script($operation, "format('timeout at step %s of %s', :step, :steps)",
		step($operation, $i, $rounds) . ", greatest(1, round(:ms)) AS timeout\n\\gset\n"
			  . "SET test.stop_by = 'waiting';\nSET test.countdown = :step;\nSET statement_timeout = :timeout;",
		"SET statement_timeout = 0;\n" x 10 . 'SET test.countdown = 0;');
}

# All of it in one session: each operation in full, then stopped in each way, and in full again. What reads
# only has no steps to be stopped at. The second pass needs nothing that the first has not left there.
sub one_pass
{
	my $script = '';
	for my $operation (operations())
	{
		$script .= measure($operation) . "SELECT :steps > 0 AS has_steps\n\\gset\n";
		for my $round (1 .. $rounds)
		{
			$script .= "\\if :has_steps\n";
			for my $by ('cancel', 'error')
			{
				$script .= stopped_at_step($operation, $by, $round);
				$script .= caught_at_step($operation, $by, $round) unless $operation->{alone};
			}
			$script .= timed_out_at_step($operation, $round);
			$script .= "\\endif\n";
		}
		$script .= timed_out($operation, $_) for 1 .. $rounds;
		$script .= measure($operation);
	}
	return $script . "INSERT INTO test.pass SELECT (SELECT max(n) FROM test.round), sum(total_bytes) FROM pg_backend_memory_contexts;\n";
}
my $script = $files . join('', map { measure($_) } operations()) . one_pass() x 3;
my ($out, $err);
$node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0);
# (fold_all() and check_all() go on with other merchants after an error, and say so in the end)
my @unexpected = grep { /ERROR|FATAL|PANIC|the connection|connection to|terminat/ && !/canceling statement|ERROR:  stopped|_all\(\) failed for some merchants/ } split /\n/, $err;
is(join("\n", @unexpected), '', 'no other errors');

sub rows { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
is(rows('SELECT count(DISTINCT backend) FROM test.round'), 1, 'one session survived it all');
note(rows(q{SELECT format('%-16s %-9s %s', operation, how, string_agg(format('%s x %s', n, state), ', ' ORDER BY state)) FROM (
    SELECT operation, split_part(how, ' ', 1) AS how, state, count(*) AS n FROM test.round GROUP BY 1, 2, 3) r GROUP BY operation, how ORDER BY operation, how}));
is(rows(q{SELECT operation, how, wrong FROM test.round WHERE wrong <> '' ORDER BY n LIMIT 5}), '',
	'nothing lost, nothing counted twice, nothing deleted that may not be');
is(rows(q{SELECT operation, how, locks FROM test.round WHERE locks IS NOT NULL ORDER BY n LIMIT 5}), '', 'no locks are left');
is(rows(q{SELECT operation, how, doubles FROM test.round WHERE doubles IS NOT NULL ORDER BY n LIMIT 5}), '', 'no plan is there twice');
is(rows(q{SELECT operation, how, state FROM test.round WHERE how = 'whole' AND state <> '00000' ORDER BY n LIMIT 5}), '',
	'each operation works before, and again after');
my $going_on = join ', ', map { "'$_->{name}'" } grep { $_->{goes_on} } operations();
is(rows(qq{SELECT operation, how, state FROM test.round WHERE how LIKE '% at step %'
    AND state <> CASE WHEN how LIKE 'error%' THEN 'UT001' ELSE '57014' END
    AND NOT (operation IN ($going_on) AND how LIKE 'error%' AND state = '00000') ORDER BY n LIMIT 5}), '', 'each was stopped at its step');
is(rows(q{SELECT operation, how, state FROM test.round WHERE how LIKE 'timeout%' AND state NOT IN ('00000', '57014') ORDER BY n LIMIT 5}), '',
	'a timeout is a timeout');
my $held = q{SELECT r.plans FROM test.round r JOIN test.pass USING (n) ORDER BY n};
my ($plans_before, undef, $plans_after) = split /\n/, rows($held);
is($plans_after, $plans_before, "as many saved plans after the last pass as after the first: $plans_before");
# A cache may double once, between any two passes; a leak grows in each.
my @memory = split /\n/, rows('SELECT bytes FROM test.pass ORDER BY n');
my ($least_growth) = sort { $a <=> $b } map { $memory[ $_ ] - $memory[ $_ - 1 ] } 1 .. $#memory;
cmp_ok($least_growth, '<', 64 * 1024, "as much memory, to some kilobytes: @memory");

# And now the session does not survive: it waits at a step until somebody ends it, alone or with the server.
my @writes = grep { rows("SELECT max(steps) FROM test.measured WHERE operation = '$_->{name}'") > 0 } operations();
my $log_from = -s $node->logfile;

sub start_and_wait
{
	my ($operation, $step) = @_;
	my %session = (out => '', err => '');
	my $script = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($script, "$files\n" . ($operation->{before} // '')
		  . "SET test.stop_by = 'waiting';\nSET test.countdown = $step;\n$operation->{sql}\n");
	$session{process} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=stopped', '-f', $script ],
		'<', \undef, '>', \$session{out}, '2>', \$session{err});
	$node->poll_query_until('postgres',
		q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'stopped' AND wait_event = 'PgSleep')})
	  or die "$operation->{name} does not get to step $step: $session{err}";
	$session{backend} = rows(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'stopped'});
	return \%session;
}

# way => what happens to the session's process or its server
my %ends = (
	'pg_terminate_backend' => sub {
		my ($pid) = @_;
		rows("SELECT pg_terminate_backend($pid)");
		$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
		is(rows("SELECT count(*) FROM pg_locks WHERE pid = $pid"), 0, 'it left no locks');
	},
	'death of the process' => sub {
		my ($pid) = @_;
		my $from = -s $node->logfile;
		kill 'KILL', $pid;
		$node->wait_for_log(qr/all server processes terminated; reinitializing/, $from);
		$node->wait_for_log(qr/database system is ready to accept connections/, $from);
	},
	'immediate shutdown' => sub {
		$node->stop('immediate');
		$node->start;
	});

sub end_in_the_midst
{
	my ($operation, $end) = @_;
	my $steps = rows("SELECT min(steps) FROM test.measured WHERE operation = '$operation->{name}'");
	my $step = 1 + int(rand($steps));
	my $session = start_and_wait($operation, $step);
	$ends{$end}->($session->{backend});
	ok(!IPC::Run::finish($session->{process}), "$operation->{name}, $end at step $step of $steps");
	my $wrong = $operation->{wrong} // q{SELECT NULL WHERE false};
	my $found = rows($wrong);
	rows($operation->{after}) if defined $operation->{after};
	is($found . rows('SELECT what FROM test.wrong_now LIMIT 5'), '', "$operation->{name}, $end: nothing lost, nothing counted twice");
	is(rows("$files $operation->{sql}\n" . ($operation->{after} // '') . "\nSELECT what FROM test.wrong_now LIMIT 5") =~ s/^[\d|t\s]*$//r,
		'', "$operation->{name} works again, and all is right");
	return;
}

# Each in one of the ways, by turns; in the long form in all of them.
my @ways = sort keys %ends;
for my $i (0 .. $#writes)
{
	for my $round (1 .. ($ENV{INVTRACK_LONG} ? scalar @ways : 1))
	{
		end_in_the_midst($writes[$i], $ways[ ($i + $round) % @ways ]);
	}
}
is(log_errors($node, $log_from) , '', 'no other errors');

$node->stop;
done_testing();
