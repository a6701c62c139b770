# The first session in README gives the output that README shows.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;

my $readme = slurp_file("$FindBin::Bin/../../README.md");
my ($session) = $readme =~ /^## A first session\n(.*?)^## /ms or die 'README has no first session';

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION invtrack CASCADE');

# What README says is to be typed in one session; each block that is followed
# by an output block is checked.
my $typed = '';
while ($session =~ /^```sql\n(.*?)^```\n(?:```\n(.*?)^```\n)?/msg)
{
	my ($sql, $expected) = ($1, $2);

	if (!defined $expected)
	{
		$typed .= $sql;
		next;
	}
	my ($out, $err);
	my $code = run_log([ 'psql', '-XqA', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1',
			'-f', '-', '-P', 'format=aligned' ],
		'<', \"BEGIN;\n\\o /dev/null\n$typed\n\\o\n$sql\nROLLBACK;\n", '>', \$out, '2>', \$err);
	ok($code, 'runs') or diag $err;
	$out =~ s/\s+\z//;
	$expected =~ s/\s+\z//;
	is($out, $expected, (split /\n/, $sql)[0]);
}
$node->stop;
done_testing();
