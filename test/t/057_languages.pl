# The examples of docs/languages.md run and print what the page shows, in the languages whose drivers are there.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;

my $root = "$FindBin::Bin/../..";
my %page = map { $_ => slurp_file("$root/$_") } qw(README.md docs/languages.md);
my ($session) = $page{'README.md'} =~ /^## A first session\n.*?^```sql\n(.*?)^```/ms or die 'README has no first session';
my $modules = "$root/examples/consumer/node_modules";

# How to run a program that comes on standard input, and what asks whether that can be done.
my @languages = (
	[ 'python', [qw(python3 -)], [ qw(python3 -c), 'import psycopg' ] ],
	[ 'js', [qw(node --input-type=module -)], [ qw(node -e), 'require("pg")' ] ]);

my $node = PostgreSQL::Test::Cluster->new('languages');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION invtrack CASCADE');
$node->safe_psql('postgres', $session);
@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
$ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');
$ENV{TZ} = 'America/Los_Angeles';

# Modules are looked for from the current directory on, where a program comes on standard input.
my $directory = PostgreSQL::Test::Utils::tempdir();
symlink $modules, "$directory/node_modules" if -d $modules;
chdir $directory or die "$directory: $!";

for my $language (@languages)
{
	my ($name, $run, $ask) = @$language;
	my ($program, $shown) = $page{'docs/languages.md'} =~ /^```$name\n(.*?)^```\n```\n(.*?)^```\n/ms
	  or die "docs/languages.md has no example in $name";
	my ($out, $err) = ('', '');

  SKIP:
	{
		skip "the driver of $name is not installed", 1
		  unless eval { IPC::Run::run($ask, '<', \'', '>', \$out, '2>', \$err) };
		IPC::Run::run($run, '<', \$program, '>', \$out, '2>', \$err);
		is("$out$err", $shown, "the example in $name");
	}
}
$node->stop;
done_testing();
