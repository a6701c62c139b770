# Damage below the type: a series whose stored chunks are gone. verify() names it and rebuilds it, and pg_dump,
# which such a series ends, works after what docs/how-to/repair.md says.

use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ninvtrack.as_of = '2026-03-10'");
$node->start;
my (undef, undef, $err) = $node->psql('postgres', 'CREATE EXTENSION pg_surgery');
plan skip_all => 'pg_surgery is not installed' if $err;

# Series of 5,000 days, which do not fit into a row; b's is well.
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant (merchant) VALUES ('a'), ('b');
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
    SELECT m, 'p' || p, 'good', 'sale', date '2026-03-01' - 2 * n, n % 100000 + 0.000001 * p, now() - make_interval(days => 100 * (n % 2))
      FROM unnest('{a,b}'::text[]) m, generate_series(1, 2) p, generate_series(1, 5000) n;
    SELECT invtrack.fold();
    CREATE TABLE well AS SELECT * FROM invtrack.flow_daily;
    CREATE VIEW changed AS (TABLE well EXCEPT TABLE invtrack.flow_daily) UNION ALL (TABLE invtrack.flow_daily EXCEPT TABLE well);
});
# Write the value of a column anew, and lose its second chunk.
sub lose_chunk
{
	my ($column, $where) = @_;
	my $toast = $node->safe_psql('postgres', q{SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'invtrack.flow_series'::regclass});
	my $before = $node->safe_psql('postgres', "SELECT string_agg(DISTINCT chunk_id::text, ',') FROM $toast");
	$node->safe_psql('postgres', "UPDATE invtrack.flow_series SET $column = $column OPERATOR(invtrack.+) '{}' WHERE $where");
	my $chunk = $node->safe_psql('postgres', "SELECT ctid FROM $toast WHERE chunk_id NOT IN ($before) AND chunk_seq = 1");
	$node->safe_psql('postgres', "SELECT heap_force_kill('$toast'::regclass, ARRAY['$chunk'::tid])");
	return;
}
sub dump_of
{
	my ($name) = @_;
	my ($out, $err);
	IPC::Run::run([ 'pg_dump', '-Fp', '-d', $node->connstr('postgres'), '-f', "$PostgreSQL::Test::Utils::tmp_check/$name.sql" ], '2>', \$err);
	return $err;
}

lose_chunk('days', "merchant = 'a' AND sku = 'p1'");
like((map { my (undef, undef, $e) = $node->psql('postgres', 'SELECT count(days::text) FROM invtrack.flow_series'); $e } 1)[0],
	qr/chunk number/, 'it is damaged indeed');
like(dump_of('damaged'), qr/chunk number/, 'pg_dump ends');
is($node->safe_psql('postgres', 'SELECT merchant, sku, part, found FROM invtrack.verify()'), 'a|p1|sale|5000 movements: a damaged series', 'verify() names it');
is($node->safe_psql('postgres', q{SELECT count(quantity) FROM invtrack.flow_daily WHERE merchant = 'b'}), 10000, 'b is read');
my ($rc, $out);
($rc, $out, $err) = $node->psql('postgres', 'CALL invtrack.purge_all(50)');
like($err, qr/WARNING:  merchant "a": .*damaged.*ERROR:  purge_all\(\) failed for some merchants: 1/s, 'a purge of all says so');
is($node->safe_psql('postgres', 'SELECT merchant, count(*) FROM invtrack.movement GROUP BY merchant ORDER BY merchant'), "a|10000\nb|5000", 'and takes the others');
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.verify(repair => true)'), 1, 'repaired');
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.verify()'), 0, 'nothing is left to repair');
is($node->safe_psql('postgres', 'SELECT count(*) FROM changed'), 0, 'and all is as it was');
is(dump_of('repaired'), '', 'pg_dump works');

# What was purged is damaged: it is made of days and what is kept, as docs/how-to/repair.md says.
$node->safe_psql('postgres', 'CALL invtrack.purge_all(50)');
lose_chunk('purged', "merchant = 'a' AND sku = 'p2'");
like($node->safe_psql('postgres', 'SELECT merchant, sku, expected FROM invtrack.verify(repair => true)'), qr/^a\|p2\|.*cannot be rebuilt$/, 'it cannot be rebuilt');
like(dump_of('damaged'), qr/chunk number/, 'pg_dump ends');
my ($statement) = slurp_file("$FindBin::Bin/../../docs/how-to/repair.md") =~ /^(UPDATE invtrack\.flow_series s\n.*?;)$/ms;
$statement =~ s/WHERE \(merchant, sku, inventory_type, flow\) = \(.*\)/WHERE (merchant, sku, inventory_type, flow) = ('a', 'p2', 'good', 'sale')/ or die 'the statement of the docs';
$node->safe_psql('postgres', $statement);
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.verify()'), 0, 'nothing is left to repair');
is($node->safe_psql('postgres', 'SELECT count(*) FROM changed'), 0, 'and all is as it was');
is(dump_of('mended'), '', 'pg_dump works');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('again'), '-f', "$PostgreSQL::Test::Utils::tmp_check/mended.sql" ], 'a restore');
is($node->safe_psql('again', 'SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM invtrack.verify())'), '0|0', 'has it all');

$node->stop;
done_testing();
