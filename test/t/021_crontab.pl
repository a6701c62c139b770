# The lines of a crontab that schedule_jobs() gives where there is no pg_cron: whatever role and database are called,
# a line is a line, and what cron and the shell make of it connects there as the role.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my @names = (
	"new\nline", "\n", "line\n", "a=b", "dbname=postgres", 'postgresql://postgres', "it's", 'say "no"', '50 %', '100%%\%',
	'$(touch /tmp/x)', '`id`', 'back\slash', '\\', '-d', '-', '--', 'a;b|c&d', "tab\tand space ", '*', '~', '#', 'é€', '%0A', '@/?',
	'plain-1.2_3', 'x' x 63);

# As psql and its shell are asked to, without a shell of ours in between.
sub run_psql
{
	my ($uri, $sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $uri ], '<', \$sql, '>', \$out, '2>', \$err);
	return ($out, $err);
}
sub encode { my ($name) = @_; return join '', map { sprintf '%%%02X', ord } split //, $name }

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
my $super = (getpwuid($<))[0];
my $n = 0;
for my $name (@names)
{
	$n++;
	# as the names of both, and for some as that of one beside a plain one
	for my $case ([ $name, $name ], $n > 2 ? () : ([ "${name}r", "db$n" ], [ "role$n", "${name}d" ]))
	{
		my ($role, $database) = @$case;
		my ($quoted_role, $quoted_db) = map { s/"/""/gr } $role, $database;
		my ($out, $err) = run_psql("postgresql://$super@/postgres", qq{CREATE ROLE "$quoted_role" LOGIN;\nCREATE DATABASE "$quoted_db" OWNER "$quoted_role" TEMPLATE template0;});
		is($err, '', "made " . explain_name($role) . ' ' . explain_name($database));
		my $uri = 'postgresql://' . encode($role) . '@/' . encode($database);
		(undef, $err) = run_psql($uri, "CREATE EXTENSION invtrack CASCADE;\nSELECT invtrack.schedule_jobs(purge_movements_after_days => 1)");
		my ($lines) = $err =~ /crontab with these lines does the same:\n(.*?)\nHINT:/s;
		my @lines = split /\n/, $lines // '', -1;
		is(scalar @lines, 4, 'a line a job') or diag($err);
		like($_, qr/^\S+ \S+ \* \* \* psql -X .* -c "[^"\n]*"$/, 'a line of a crontab') for @lines;
		# cron ends the command at a % that is not escaped, and takes away the backslash of others
		my ($command) = $lines[0] =~ /^\S+ \S+ \* \* \* (.*)$/;
		unlike($command, qr/(?<!\\)%/, 'no % that ends it');
		$command =~ s/\\%/%/g;
		$command =~ s/-c ".*"$/-f -/;
		($out, $err) = ('', '');
		IPC::Run::run([ 'sh', '-c', $command, $0 ], '<', \"SELECT session_user, current_database()\\g (format=unaligned tuples_only=on fieldsep=|)\n", '>', \$out, '2>', \$err);
		is($out . $err, "$role|$database\n", 'connects there as the role');
	}
}

sub explain_name { my ($name) = @_; return $name =~ s/([^ -~]|\\)/sprintf '\\x%02x', ord $1/ger }

$node->stop;
done_testing();
