# What the pages show is what happens: each page is executed from top to bottom, in one session and a
# database of its own. Every ```sql block is run; one that a ``` block follows must give that output.
# Blocks marked ```sql no-run are left out. docs/development.md says how pages are written. Each link
# between pages leads to a file that is there, and to a heading of it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Basename qw(dirname);
use FindBin;

my $root = "$FindBin::Bin/../..";
my $readme = slurp_file("$root/README.md");
my ($session) = $readme =~ /^## A first session\n(.*?)^## /ms or die 'README has no first session';
my %page = ('README.md' => $session);
for my $file (grep { -e } glob("$root/docs/tutorial.md $root/docs/how-to/*.md"))
{
	$page{ substr($file, length("$root/")) } = slurp_file($file);
}

my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

# The SQL blocks of a page, with the output that is shown, if any.
sub blocks_of
{
	my ($text) = @_;
	my @blocks;
	while ($text =~ /^```([^\n]*)\n(.*?)^```\n(?:\n?^```\n(.*?)^```\n)?/msg)
	{
		my ($language, $sql, $output) = ($1, $2, $3);
		push @blocks, { sql => $sql, output => $output } if $language =~ /^sql\s*$/;
	}
	return @blocks;
}

# An error is output as psql writes it, without the lines that show the statement.
sub as_shown
{
	my ($output) = @_;
	$output =~ s/^LINE \d+: .*\n\s*\^\n?//mg;
	$output =~ s/^CONTEXT: .*\n?//mg;
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\A\s+|\s+\z//g;
	return $output;
}

for my $name (sort keys %page)
{
	my @blocks = blocks_of($page{$name}) or next;
	my $script = "\\set VERBOSITY default\nSET client_min_messages = warning;\n";
	my ($out, $number) = ('', 0);

	$script .= '\echo ' . "-- block $_ --\n$blocks[$_]{sql}\n" for 0 .. $#blocks;
	$node->safe_psql('postgres', 'CREATE DATABASE page');
	$node->safe_psql('page', 'CREATE EXTENSION invtrack CASCADE');
	run_log([ 'psql', '-Xq', '-P', 'pager=off', '-d', $node->connstr('page') ],
		'<', \$script, '>&', \$out);
	my %output = $out =~ /^-- block (\d+) --\n(.*?)(?=^-- block |\z)/msg;
	for my $block (@blocks)
	{
		my $got = as_shown($output{ $number++ } // 'the session has ended');
		my ($first) = $block->{sql} =~ /^(?!--)(\S.*)$/m;

		if (defined $block->{output})
		{
			is($got, as_shown($block->{output}), "$name: $first");
		}
		else
		{
			unlike($got, qr/^(ERROR|FATAL|PANIC|the session)/m, "$name: $first");
		}
	}
	$node->safe_psql('postgres', 'DROP DATABASE page');
	# Roles belong to all databases; the next page begins without them.
	$node->safe_psql('postgres', q{
		SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE oid >= 16384 \gexec});
}
$node->stop;

# The anchors of a page, as GitHub makes them of its headings.
sub anchors_of
{
	my ($text) = @_;
	$text =~ s/^```.*?^```$//msg;
	return map { my $anchor = lc $_; $anchor =~ s/[^\w\- ]//g; $anchor =~ tr/ /-/; ($anchor => 1) }
	  $text =~ /^#+ (.*)$/mg;
}

chdir $root or die "$root: $!";
for my $file (glob('*.md docs/*.md docs/*/*.md bench/*.md examples/*/*.md'))
{
	my $text = slurp_file($file);
	my @broken;

	$text =~ s/^\s*```.*?^\s*```$//msg;
	for my $link ($text =~ /\]\((?!\w+:)([^)\s]+)\)/g)
	{
		my ($path, $anchor) = split /#/, $link;
		my $target = $path eq '' ? $file : dirname($file) . "/$path";

		push @broken, $link
		  if !-e $target || defined $anchor && !{ anchors_of(slurp_file($target)) }->{$anchor};
	}
	is("@broken", '', "links of $file");
}
done_testing();
