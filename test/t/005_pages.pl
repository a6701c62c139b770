# What the pages show is what happens: each page is executed from top to bottom, in one session and a
# database of its own. Every ```sql block is run; one that a ``` block follows must give that output.
# Blocks marked ```sql no-run are left out. docs/development.md says how pages are written. Each function
# has a section in the reference that agrees with the catalogue. Each link between pages leads to a file
# that is there, and to a heading of it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Basename qw(dirname);
use FindBin;

my $root = "$FindBin::Bin/../..";
my $readme = slurp_file("$root/README.md");
my ($session) = $readme =~ /^## A first session\n(.*?)^## When not to use it/ms or die 'README has no first session';
my %page = ('README.md' => $session);
for my $file (grep { -e } glob("$root/docs/tutorial.md $root/docs/how-to/*.md $root/docs/reference/*.md $root/docs/reference/*/*.md"))
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
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\A\s+|\s+\z//g;
	return $output;
}

for my $name (sort keys %page)
{
	my @blocks = blocks_of($page{$name}) or next;
	my $script = "\\set VERBOSITY default\n\\set SHOW_CONTEXT never\nSET client_min_messages = warning;\n";
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

# Each function has a section in the reference: a heading that names its arguments in their order, its signature, the version
# that brought it, and each argument that came later, the level that it takes, and a block that is executed. The index has it.
sub rows { return join ', ', map { '(' . join(', ', map { "\$page\$$_\$page\$" } @$_) . ')' } @_ }

my @sections = map { /\A([^\n]*)\n(.*)\z/s ? [ $1, $2, blocks_of($2) ? 't' : 'f' ] : () }
  map { my (undef, @parts) = split /^## /m, $page{$_}; @parts } grep { m{^docs/reference/} } sort keys %page;
my @released;
for my $file (glob("$root/sql/released/*.sql"))
{
	my ($version) = $file =~ m{invtrack--(\d+\.\d+)\.\d+\.sql$} or next;
	my $script = slurp_file($file);
	push @released, [ $version, $1, $2 ] while $script =~ /^CREATE (?:FUNCTION|PROCEDURE|AGGREGATE) invtrack\.(\w+)\(([^;]*);/mg;
}
my $lacking = q{
    WITH section (heading, body, is_executed) AS (VALUES } . rows(@sections) . q{),
    released (version, name, declaration) AS (VALUES } . rows(@released) . q{),
    the_index (body) AS (VALUES } . rows([ $page{'docs/reference/functions/README.md'} ]) . q{),
    level AS MATERIALIZED (SELECT object, level FROM invtrack_internal.level_privilege WHERE kind = 'ROUTINE'),
    routine AS MATERIALIZED (
        SELECT oid, oid::regprocedure::text AS signature, proname, CASE prokind WHEN 'p' THEN 'CALL ' ELSE '' END || proname AS call,
               ARRAY(SELECT a.name FROM unnest(proargnames) WITH ORDINALITY a (name, n) WHERE coalesce(proargmodes[n], 'i') = 'i' ORDER BY n) AS arguments,
               replace(replace(regexp_replace(pg_get_function_arguments(oid), '::[a-z]+(\[\])?', '', 'g'), 'NULL', 'null'), 'timestamp with time zone', 'timestamptz') AS declared,
               coalesce(' → ' || pg_get_function_result(oid), '') AS result
          FROM pg_proc WHERE pronamespace = 'invtrack'::regnamespace),
    -- the first version that has it (name ''), and each argument
    since AS MATERIALIZED (
        SELECT r.oid, a.name, coalesce(min(c.version), substring(e.extversion FROM '^\d+\.\d+')) AS version
          FROM routine r CROSS JOIN unnest(ARRAY[''] || r.arguments) a (name) JOIN pg_extension e ON e.extname = 'invtrack'
          LEFT JOIN released c ON c.name = r.proname AND c.declaration ~ CASE a.name WHEN '' THEN '' ELSE '\m' || a.name || '\M' END
         GROUP BY r.oid, a.name, e.extversion),
    wanted AS MATERIALIZED (
        SELECT r.oid, format('```text %s(%s)%s ``` Since %s', r.call, r.declared, r.result, s.version) AS text
          FROM routine r JOIN since s ON s.oid = r.oid AND s.name = ''
        UNION ALL
        SELECT s.oid, format('`%s` since %s', s.name, s.version)
          FROM since s JOIN since f ON f.oid = s.oid AND f.name = '' AND f.version < s.version
        UNION ALL
        SELECT r.oid, 'Level: ' || coalesce('`' || l.level || '`', 'owner')
          FROM routine r LEFT JOIN level l ON l.object = r.signature)
    SELECT r.call || '() lacks ' || CASE WHEN t.heading IS NULL THEN 'a section' ELSE w.text END
      FROM routine r JOIN wanted w USING (oid)
      LEFT JOIN section t ON t.heading = format('%s(%s)', r.call, array_to_string(r.arguments, ', '))
     WHERE position(w.text IN regexp_replace(t.body, '\s+', ' ', 'g')) > 0 IS NOT TRUE
    UNION
    SELECT r.call || '() lacks an example' FROM routine r JOIN section t ON t.heading LIKE r.call || '(%' WHERE t.is_executed = 'f'
    UNION
    SELECT r.call || '() lacks a line in the index' FROM routine r, the_index i WHERE position(format('[`%s()`](', r.call) IN i.body) = 0
     ORDER BY 1};
$node->safe_psql('postgres', 'CREATE EXTENSION invtrack CASCADE');
is($node->safe_psql('postgres', $lacking), '', 'the reference has each function');
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
for my $file (glob('*.md docs/*.md docs/*/*.md docs/*/*/*.md bench/*.md examples/*/*.md'))
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
