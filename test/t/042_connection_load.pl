# Sessions at a few orders at once, and at new ones, of new products, too, while one of their products is merged into another again and again: no line is lost or
# counted twice, nobody deadlocks, and above READ COMMITTED the only error is 40001, after which the transaction is tried again. A crash
# in a first load loses no line and counts none twice, either.
# INVTRACK_SEED repeats a run; INVTRACK_LONG=1 is the long form.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED} // int(rand(1_000_000));
my $transactions = $ENV{INVTRACK_LONG} ? 4000 : 800;
note("INVTRACK_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION invtrack CASCADE;
CREATE TABLE line (id bigserial PRIMARY KEY, order_id integer, sku text, units integer);
CREATE INDEX ON line (order_id);
CREATE VIEW sale AS SELECT order_id, 'm'::text AS merchant, sku, 'good'::text AS inventory_type, date '2026-03-01' AS occurred_on, units AS quantity FROM line;
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.product (merchant, sku) SELECT 'm', 'p' || n FROM generate_series(1, 6) n;
SELECT invtrack.connect('sales', 'sale', 'sale', 'order_id'), invtrack.watch('sales', 'line', 'order_id');
INSERT INTO line (order_id, sku, units) SELECT n, 'p1', 1 FROM generate_series(1, 5) n;
SQL

# Lines come, change and go, in two orders of a few; whose line is just another's leaves it alone.
my %scripts = (
	change => q{
\set one random(1, 5)
\set other random(1, 5)
\set product random(1, 6)
\set units random(1, 9)
\set goes random(1, 2)
BEGIN;
INSERT INTO line (order_id, sku, units) VALUES (:one, 'p' || :product, :units);
UPDATE line SET units = units + 1 WHERE id = (SELECT id FROM line WHERE order_id = :other ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
DELETE FROM line WHERE id = (SELECT id FROM line WHERE order_id = :one ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AND :goes = 1;
COMMIT;
},
	move => q{
\set one random(1, 5)
\set product random(1, 6)
UPDATE line SET sku = 'p' || :product WHERE id = (SELECT id FROM line WHERE order_id = :one ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED);
},
	new => q{
\set order random(10, 100)
\set other random(10, 100)
\set product random(10, 100)
BEGIN;
INSERT INTO line (order_id, sku, units) VALUES (:order, 'p' || :product, 1), (:other, 'p' || (:product + 1), 1), (:order + 1, 'p1', 1), (1, 'p' || (:product + 2), 1);
COMMIT;
},
	merge => q{
BEGIN;
SELECT invtrack.merge_product('m', 'p6', 'p1');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p6');
COMMIT;
},
	sync => q{SELECT invtrack.sync();});

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/$_.sql", $scripts{$_}) for keys %scripts;

# pgbench in a level of isolation; transactions that fail for want of serialization are tried again.
sub start
{
	my ($level, $clients, $count, @names) = @_;
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=$level";
	return IPC::Run::start(
		[ 'pgbench', '-n', '-c', $clients, '-t', $count, '--random-seed', $seed++, '--max-tries', $level eq 'read\ committed' ? 1 : 1000,
			(map { ('-f', "$dir/$_.sql") } @names), $node->connstr('postgres') ],
		'<', \undef, '>', '/dev/null', '2>', '/dev/null');
}
my %running = (
	'writers' => start('read\ committed', 3, $transactions, 'change', 'move', 'new'),
	'writers above READ COMMITTED' => start('repeatable\ read', 2, $transactions / 8, 'change', 'move'),
	'merges' => start('read\ committed', 1, $transactions / 4, 'merge'),
	'syncs' => start('read\ committed', 1, $transactions / 8, 'sync'));
ok(IPC::Run::finish($running{$_}), $_) for sort keys %running;
my $log = slurp_file($node->logfile);
unlike($log, qr/deadlock detected/, 'no deadlock');
is(join("\n", grep { /ERROR: / && !/could not serialize access/ } split /\n/, $log), '', 'no other error');

is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.connection_reject'), 0, 'nothing is rejected');
is( $node->safe_psql('postgres', 'SELECT sum(quantity) FROM invtrack.flow_daily'),
	$node->safe_psql('postgres', 'SELECT sum(units) FROM line'),
	'what is sold, of whatever product');
# What was merged into p1 and is still p6 in the application is p6 again.
$node->safe_psql('postgres', 'SELECT invtrack.sync()');
is($node->safe_psql('postgres', q{SELECT sku, sum(quantity) FROM invtrack.flow_daily WHERE merchant = 'm' GROUP BY sku HAVING sum(quantity) <> 0 ORDER BY sku}),
	$node->safe_psql('postgres', 'SELECT sku, sum(units) FROM line GROUP BY sku ORDER BY sku'), 'what is sold of each product');
is($node->safe_psql('postgres', 'SELECT changed, rejected FROM invtrack.sync()'), '0|0', 'a sync finds nothing more to do');
$node->safe_psql('postgres', q{SELECT invtrack.disconnect('sales', keep_data => false)});
is($node->safe_psql('postgres', 'SELECT coalesce(sum(quantity), 0) FROM invtrack.flow_daily'), 0, 'disconnected: movements are taken back');

# A crash in a first load: the next call goes on.
$node->safe_psql('postgres', q{INSERT INTO line (order_id, sku, units) SELECT n, 'p' || (1 + n % 5), 1 + n % 7 FROM generate_series(1000, 40000) n;
    SELECT invtrack.connect('sales', 'sale', 'sale', 'order_id')});
my $load = IPC::Run::start([ 'psql', '-Xqc', 'CALL invtrack.sync_all()', $node->connstr('postgres') ], '<', \undef, '>', '/dev/null', '2>', '/dev/null');
$node->poll_query_until('postgres', 'SELECT EXISTS (SELECT FROM invtrack.connection_key)')
  or die 'the first load does not begin';
$node->stop('immediate');
IPC::Run::finish($load);
$node->start;
$node->safe_psql('postgres', 'CALL invtrack.sync_all()');
is($node->safe_psql('postgres', q{SELECT sku, sum(quantity) FROM invtrack.flow_daily WHERE merchant = 'm' GROUP BY sku HAVING sum(quantity) <> 0 ORDER BY sku}),
	$node->safe_psql('postgres', 'SELECT sku, sum(units) FROM line GROUP BY sku ORDER BY sku'), 'what is sold of each product, after a crash in a first load');
is($node->safe_psql('postgres', 'SELECT changed, rejected FROM invtrack.sync()'), '0|0', 'a sync finds nothing more to do then');
$node->stop;
done_testing();
