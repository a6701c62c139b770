# Operations that run out of something: memory of their process, disk space, room for temporary files. They
# fail with the error of that (53200, 53100, 53400); nothing is lost, nothing counted twice, and the same session
# works as soon as there is room again. The limits are real ones:
#   memory      RLIMIT_AS of the session's process (prlimit), at what it has and a little more each time
#   disk        a tmpfs that is filled up to a little less each time, mounted in a user namespace of its own, that
#               holds the database's tables; skipped where the kernel gives nobody a namespace
#   temporary   temp_file_limit, with the smallest work_mem
# INVTRACK_LONG=1 is the long form.

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

my $finer = $ENV{INVTRACK_LONG} ? 4 : 1;
my $config = "autovacuum = off\nmax_parallel_workers_per_gather = 0\n";

# Run a script of rounds. What sets the limits complains to psql where it can't.
sub run_rounds
{
	my ($node, $script) = @_;
	my ($out, $err);
	$node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0);
	my @others = grep { /prlimit|program "|closed the connection|connection to server/ } split /\n/, $err;
	is(join("\n", @others), '', 'the limits were set');
	return;
}

sub check_rounds
{
	my ($node, $what, $state) = @_;
	my $rows = sub { return $node->safe_psql('postgres', $_[0]) };
	note($rows->(q{SELECT format('%-16s %s', operation, string_agg(format('%s x %s', n, state), ', ' ORDER BY state)) FROM (
	    SELECT operation, state, count(*) AS n FROM test.round WHERE how <> 'whole' GROUP BY 1, 2) r GROUP BY operation ORDER BY operation}));
	is($rows->('SELECT count(DISTINCT backend) FROM test.round'), 1, "$what: one session survived it all");
	is($rows->(q{SELECT operation, how, wrong FROM test.round WHERE wrong <> '' ORDER BY n LIMIT 5}), '',
		"$what: nothing lost, nothing counted twice");
	is($rows->(q{SELECT operation, how, locks FROM test.round WHERE locks IS NOT NULL ORDER BY n LIMIT 5}), '', "$what: no locks are left");
	is($rows->(q{SELECT operation, how, doubles FROM test.round WHERE doubles IS NOT NULL ORDER BY n LIMIT 5}), '',
		"$what: no plan is there twice");
	is($rows->(qq{SELECT operation, how, state FROM test.round
	    WHERE state <> '00000' AND (how = 'whole' OR state <> '$state') ORDER BY n LIMIT 5}), '', "$what: it works, or fails with $state");
	return $rows->(qq{SELECT count(DISTINCT operation) FROM test.round WHERE state = '$state'});
}

sub whole { return round_script($_[0], q{'whole'}, '', ''); }

# Memory. psql runs prlimit, not the server, which could not even start it.
{
	my $node = PostgreSQL::Test::Cluster->new('memory');
	$node->init;
	load_configure($node);
	$node->append_conf('postgresql.conf', $config);
	{
		# What is freed goes back to the kernel, so that what a process has is what it needs.
		local @ENV{ 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'MALLOC_TOP_PAD_' } = (8192, 4096, 0);
		$node->start;
	}
	load_set_up($node);
	my $script = round_set_up($node);
	$script .= "SELECT pg_backend_pid() AS pid\n\\gset\n\\setenv BACKEND :pid\n";
	$script .= whole($_) for operations();
	for my $operation (operations())
	{
		for my $more (map { $_ / $finer } 0 .. 3 * $finer)
		{
			my $bytes = int(2**(14 + 2 * $more));
			$script .= round_script($operation, "'$bytes bytes more'",
				"\\! prlimit --pid \$BACKEND --as=\$((\$(cut -d' ' -f1 /proc/\$BACKEND/statm) * \$(getconf PAGESIZE) + $bytes)):",
				"\\! prlimit --pid \$BACKEND --as=unlimited:");
		}
		$script .= whole($operation);
	}
	run_rounds($node, $script);
	# Which ones run out depends on what the C library kept of the memory of those before.
	cmp_ok(check_rounds($node, 'memory', '53200'), '>', operations() / 2, 'memory: most ran out of it');
	$node->stop;
}

# Room for temporary files: what sorts or collects much.
{
	my $node = PostgreSQL::Test::Cluster->new('temporary');
	$node->init;
	load_configure($node);
	$node->append_conf('postgresql.conf', $config);
	$node->start;
	load_set_up($node);
	my $script = round_set_up($node);
	$script .= whole($_) for operations();
	for my $operation (operations())
	{
		$script .= round_script($operation, "'$_ kB'", "SET work_mem = '64kB';\nSET temp_file_limit = '${_}kB';",
			"RESET work_mem;\nRESET temp_file_limit;")
		  for 8, 64, 512;
		$script .= whole($operation);
	}
	run_rounds($node, $script);
	cmp_ok(check_rounds($node, 'temporary files', '53400'), '>', 0, 'temporary files: some ran out of room');
	$node->stop;
}

# Disk space. The server is started in a user namespace of its own, where it may mount a tmpfs; a directory
# with another pg_ctl in it comes first in PATH for that moment.
my $disk = PostgreSQL::Test::Utils::tempdir();
my $unshare = 'unshare --user --mount --map-current-user --keep-caps';
my $mount = "mount -t tmpfs -o size=100m none $disk";

sub start_on_small_disk
{
	my ($node) = @_;
	my $bin = PostgreSQL::Test::Utils::tempdir();
	my ($pg_ctl) = grep { -x } map { "$_/pg_ctl" } split /:/, $ENV{PATH};
	append_to_file("$bin/pg_ctl", <<SH);
#!/bin/sh
exec $unshare sh -c '$mount && mkdir $disk/space && chmod 700 $disk/space && exec setpriv --ambient-caps=-all "\$@"' sh $pg_ctl "\$@"
SH
	chmod 0755, "$bin/pg_ctl";
	local $ENV{PATH} = "$bin:$ENV{PATH}";
	$node->start;
	return;
}

SKIP:
{
	skip 'no disk to fill: nobody may mount one in a namespace here', 7
	  if system("$unshare sh -c '$mount && setpriv --ambient-caps=-all true' >$disk/log 2>&1") != 0;
	my $node = PostgreSQL::Test::Cluster->new('disk');
	$node->init;
	load_configure($node);
	$node->append_conf('postgresql.conf', $config);
	start_on_small_disk($node);
	# The database's tables on the small disk; log, WAL and catalogue of the server elsewhere.
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk/space'");
	$node->safe_psql('template1', 'ALTER DATABASE postgres SET TABLESPACE small');
	load_set_up($node);
	my $script = round_set_up($node);
	$script .= whole($_) for operations();
	for my $operation (operations())
	{
		for my $left (map { $_ * 40 / $finer } 0 .. 3 * $finer)
		{
			# To so much less than is free; what was deleted before is still full of holes to write into.
			$script .= round_script($operation, "'$left kB left'",
				"COPY (SELECT) TO PROGRAM 'head -c \$(( (\$(df --output=avail -k $disk | tail -n 1) - $left) * 1024 )) /dev/zero >$disk/filler';",
				"COPY (SELECT) TO PROGRAM 'rm $disk/filler';");
		}
		$script .= whole($operation);
	}
	run_rounds($node, $script);
	cmp_ok(check_rounds($node, 'disk', '53100'), '>', 5, 'disk: those that write much ran out of it');
	$node->stop;
}

done_testing();
