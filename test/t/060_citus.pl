# On Citus: three nodes with numbers of roles of their own, one list of statements on Citus and on one server compared as text,
# tenants on each node, writes from workers, a node that is added later, a shard that moves, a worker that stops, and the way back.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($library, $share) = map { my $dir = `pg_config --$_`; chomp $dir; $dir } qw(pkglibdir sharedir);
plan skip_all => 'Citus is not installed' unless -e "$library/citus.so" && -e "$share/extension/citus.control";

# A node of its own roles: their numbers differ from node to node, so that one node's bob has that of another's lou.
sub new_node
{
	my ($name, $with_citus, @roles) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "max_prepared_transactions = 50\nwal_level = logical\nmax_connections = 60\nfsync = off\n");
	my $dir = $node->host;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'\ncitus.local_hostname = '$dir'\ncitus.node_conninfo = 'sslmode=prefer'\n")
	  if $with_citus;
	$node->start;
	$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for @roles;
	$node->safe_psql('postgres', 'CREATE DATABASE shop OWNER keeper');
	$node->safe_psql('shop', 'CREATE EXTENSION citus') if $with_citus;
	return $node;
}

sub as
{
	my ($node, $role, $sql) = @_;
	return $node->safe_psql('shop', $sql, extra_params => [ '-U', $role ]);
}

# What it answers: rows, or the SQLSTATE and message of the error.
sub answer
{
	my ($node, $role, $sql) = @_;
	my ($code, $out, $err) = $node->psql('shop', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ], on_error_stop => 1);
	return $out if $code == 0;
	return $err =~ /ERROR:  (.*)/ ? $1 =~ s/_10\d{4}\b//gr : $err;
}

my @first = qw(keeper bob lou mgr amy);
my $coordinator = new_node('coordinator', 1, @first);
my $one = new_node('one', 1, qw(shifted lou bob keeper amy mgr));
my $two = new_node('two', 1, qw(a b c amy mgr lou keeper bob));
my $plain = new_node('plain', 0, @first);
sub place { my $node = shift; return sprintf "'%s', %d", $node->host, $node->port }
$coordinator->safe_psql('shop', 'SELECT citus_set_coordinator_host(' . place($coordinator) . ')');
$coordinator->safe_psql('shop', 'SELECT citus_add_node(' . place($_) . ')') for $one, $two;

# Adopted late, with data, after an update that reached the workers, too: nothing is counted or recorded twice.
my $before = q{
    INSERT INTO invtrack.merchant (merchant) VALUES ('m0');
    INSERT INTO invtrack.inventory_type VALUES ('m0', 'good', 'Good');
    INSERT INTO invtrack.product (merchant, sku) VALUES ('m0', 'a');
    INSERT INTO invtrack.stock_lot VALUES ('m0', 'a', 'good', '', NULL, 4);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m0', 'a', 'good', 'sale', '2026-02-03', 4);
    SELECT invtrack.save_tracker('m0', 'a', 'good', 'stock_quantity', 9), invtrack.fold();
    SELECT count(*) FROM invtrack.check_trackers();
    SELECT invtrack.grant_access('bob', 'm0', 'read'), invtrack.grant_access('amy', NULL, 'manage');
};
my $counts = join ' UNION ALL ', map { "SELECT '$_', count(*) FROM invtrack.$_" }
  qw(merchant product tracker movement flow_series fold_state alert alert_event check_state tracker_history stock_history tracker_change status_daily);
for my $node ($coordinator, $plain)
{
	my $create = $node == $coordinator ? q{CREATE EXTENSION invtrack VERSION '0.2.0' CASCADE; ALTER EXTENSION invtrack UPDATE} : 'CREATE EXTENSION invtrack CASCADE';
	as($node, 'keeper', "SET client_min_messages = warning; $create");
	as($node, 'keeper', $before);
}
is(as($_, 'keeper', q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}), as($plain, 'keeper', q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}), $_->name . ' is updated') for $one, $two;
my $adopted = as($plain, 'keeper', $counts);
is(answer($plain, 'keeper', 'SELECT * FROM invtrack.distribute()'), '0A000: distribute() needs the extension Citus, which this database does not have', 'not without Citus');
is(answer($coordinator, 'keeper', 'BEGIN; CREATE POLICY mine ON invtrack.product AS RESTRICTIVE USING (true); SELECT * FROM invtrack.distribute(4)'),
	'0A000: policies of yours are restrictive, which Citus does not keep', 'restrictive policies');
is(as($coordinator, 'keeper', 'SELECT outcome, count(*) FROM invtrack.distribute(4) GROUP BY 1'), 'distributed|17', 'all tables are distributed by their owner, who is no superuser');
is(as($coordinator, 'keeper', 'SELECT outcome, count(*) FROM invtrack.distribute() GROUP BY 1'), 'unchanged|17', 'again: nothing to do');
is(as($coordinator, 'keeper', $counts), $adopted, 'all rows are there, once');
is(answer($one, 'keeper', 'SELECT * FROM invtrack.distribute()'), '0A000: distribute() works on the coordinator of Citus, and this is another node', 'not on a worker');
is(answer($coordinator, 'amy', 'SELECT * FROM invtrack.distribute()'), '42501: permission denied for function distribute', 'the owner alone');
is($coordinator->safe_psql('shop', q{SELECT count(*) FROM pg_class WHERE relnamespace = 'invtrack'::regnamespace AND relkind = 'r' AND relname NOT IN ('access_grant', 'merchant') AND pg_relation_size(oid) > 0}),
	0, 'no rows are left where they were copied from');
is($coordinator->safe_psql('shop', q{SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'invtrack.%' AND tgenabled = 'D'}), 0, 'all triggers are on');
is($_->safe_psql('shop', q{SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'invtrack'}), 'keeper', 'the extension of ' . $_->name . ' is the owner\'s')
  for $one, $two;

# One list of statements.
my $load = q{
    INSERT INTO invtrack.merchant (merchant, name, time_zone) SELECT 'm' || n, 'Merchant ' || n, CASE n WHEN 2 THEN 'Asia/Tokyo' ELSE 'UTC' END FROM generate_series(1, 4) n;
    INSERT INTO invtrack.inventory_type SELECT 'm' || n, 'good', 'Good' FROM generate_series(1, 4) n;
    INSERT INTO invtrack.product (merchant, sku, name, launched_on) SELECT 'm' || n, 'p' || i, 'Tea ' || i, '2026-01-01' FROM generate_series(1, 4) n, generate_series(1, 5) i;
    INSERT INTO invtrack.stock_lot SELECT 'm' || n, 'p' || i, 'good', 'a' || j, date '2026-06-01' + i, i * 10 + j FROM generate_series(1, 4) n, generate_series(1, 5) i, generate_series(1, 2) j;
    INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, expected_on, quantity) VALUES ('m1', 'p1', 'good', 'o1', '2026-04-01', 5);
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref)
    SELECT 'm' || n, i * 1000 + d, 'p' || i, 'good', 'sale', date '2026-02-01' + d, 1 + d % 3, 'r' || i || '-' || d FROM generate_series(1, 4) n, generate_series(1, 5) i, generate_series(1, 20) d;
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m1', 77, 'zz', 'good', 'sale', '2026-02-02', 4);
};
as($_, 'keeper', $load) for $coordinator, $plain;
my @statements = split /;\n/, q{
SELECT invtrack.save_tracker('m' || n, 'p' || i, 'good', 'stock_quantity', 40) FROM generate_series(1, 4) n, generate_series(1, 5) i;
SELECT invtrack.save_tracker('m1', 'p1', 'good', 'turnover_days', lookback_days => 30, coverage_days => 7);
SELECT invtrack.save_tracker('m1', 'p1', 'good', 'turnover_days', lookback_days => 30, coverage_days => 8);
SELECT invtrack.save_tracker('m1', 'p1', 'good', 'turnover_days', lookback_days => 30, coverage_days => 8);
SELECT invtrack.save_tracker('m1', 'p1', 'good', 'turnover_days', lookback_days => 30, coverage_days => 9, expected_version => 1);
SELECT invtrack.save_tracker('m1', 'p1', 'good', 'turnover_days', lookback_days => 30);
SELECT invtrack.save_tracker('m1', 'nope', 'good', 'stock_quantity', 1);
SELECT merchant, sku, mechanism, before, after, changed_by FROM invtrack.tracker_change ORDER BY 1, 2, 3, changed_at, change_id;
SELECT merchant, sku, mechanism, current_stock, health, status, version FROM invtrack.tracker_health(as_of => '2026-03-01') ORDER BY 1, 2, 3;
SELECT merchant, sku, mechanism, current_stock, health, status FROM invtrack.tracker_health('m1', as_of => '2026-03-01') ORDER BY 1, 2, 3;
SELECT merchant, sku, mechanism, current_stock, health, status FROM invtrack.tracker_health('m1', 'p1', as_of => '2026-03-01') ORDER BY 1, 2, 3;
SELECT count(*) FROM invtrack.tracker_health();
SELECT count(*) FROM invtrack.tracker_health_of(NULL, NULL);
SELECT merchant, sku, health FROM invtrack.tracker_health_of('m1', ARRAY['p1', 'p3'], '2026-03-01') ORDER BY 1, 2, 3;
SELECT merchant, sku, health FROM invtrack.tracker_health_of(NULL, ARRAY['p1', 'p3'], '2026-03-01') ORDER BY 1, 2, 3;
SELECT health, status FROM invtrack.preview_health('m1', 'p2', 'good', 'turnover_days', lookback_days => 30, coverage_days => 30, as_of => '2026-03-01');
SELECT * FROM invtrack.find_products('m1', 'tea 2');
SELECT * FROM invtrack.find_products('m1', '');
SELECT invtrack.today('m1') >= '2026-01-01', invtrack.day_of('m2', '2026-03-01 20:00+00');
SELECT * FROM invtrack.explain_health('m1', 'p1', 'good', 'turnover_days', '2026-03-01');
SELECT count(*), sum(closing) FROM invtrack.project_stock('m1', 'p1', 'good', as_of => '2026-03-01');
SELECT * FROM invtrack.forecast('m1', as_of => '2026-03-01') ORDER BY 1;
SELECT count(*) FROM invtrack.backtest_tracker('m1', 'p1', 'good', 'turnover_days', NULL, 30, 7, NULL, '2026-02-01', '2026-03-01');
SELECT * FROM invtrack.suggest_tracker('m1', 'p1', 'good', '2026-03-01');
SELECT row_number, outcome, sqlstate, message, after, health_after IS NULL FROM invtrack.save_trackers('[{"merchant":"m1","sku":"p4","inventory_type":"good","mechanism":"stalled_days","lookback_days":30,"quantity":5},{"merchant":"m2","sku":"p4","inventory_type":"good","mechanism":"stock_quantity","quantity":7},{"merchant":"m3","sku":"no","inventory_type":"good","mechanism":"stock_quantity","quantity":7}]', on_error => 'skip') ORDER BY 1;
SELECT row_number, outcome FROM invtrack.save_trackers('[{"merchant":"m1","sku":"p4","inventory_type":"good","mechanism":"stalled_days","lookback_days":30,"quantity":6}]', dry_run => true);
SELECT * FROM invtrack.check_rows('product', '[{"merchant":"m1","sku":"a b "},{"merchant":"m1","sku":"p1"},{"merchant":"m9","sku":"x"}]') ORDER BY 1;
SELECT * FROM invtrack.check_rows('stock_lot', '[{"merchant":"m1","sku":"p1","inventory_type":"good","quantity":1},{"merchant":"m2","sku":"x","inventory_type":"good","quantity":1}]') ORDER BY 1;
SELECT merchant, sku, on_hand, expired, incoming, incoming_on FROM invtrack.stock ORDER BY 1, 2;
SELECT * FROM invtrack.flow_daily WHERE merchant = 'm1' ORDER BY 2, 3, 4, 5 LIMIT 5;
SELECT * FROM invtrack.unknown_items;
INSERT INTO invtrack.inventory_type VALUES ('m1', 'bad', 'Bad');
INSERT INTO invtrack.product (merchant, sku, discontinued_on) VALUES ('m1', 'old', '2026-01-01'), ('m1', 'never', NULL), ('m1', 'gone', NULL);
INSERT INTO invtrack.stock_lot VALUES ('m1', 'never', 'bad', '', NULL, 3), ('m1', 'p4', 'bad', '', NULL, -3);
SELECT invtrack.save_tracker('m1', 'old', 'good', 'stock_quantity', 9), invtrack.save_tracker('m1', 'never', 'good', 'turnover_days', lookback_days => 30, coverage_days => 7), invtrack.save_tracker('m1', 'gone', 'good', 'stalled_days', 5, 30);
SELECT * FROM invtrack.review();
SELECT * FROM invtrack.review('m1');
SELECT * FROM invtrack.review('nope');
SELECT invtrack.report('m1');
SELECT invtrack.report('m2');
SELECT name, value, merchant FROM invtrack.metrics WHERE name NOT LIKE '%seconds' ORDER BY 1, 3 NULLS FIRST;
SELECT name, value FROM invtrack.metrics WHERE name = 'open_alerts' ORDER BY merchant NULLS FIRST;
SELECT name, count(*), count(value), count(merchant), count(consumer) FROM invtrack.metrics GROUP BY 1 ORDER BY 1;
SELECT * FROM invtrack.verify();
SELECT * FROM invtrack.verify('m1', true);
SELECT invtrack.fold('m1');
SELECT invtrack.fold();
CALL invtrack.fold_all();
SELECT merchant, sku, transition, payload->>'status', payload->>'severity' FROM invtrack.check_trackers('m1') ORDER BY 1, 2, 4;
CALL invtrack.check_all();
CALL invtrack.check_all();
SELECT count(*) FROM invtrack.check_trackers();
SELECT merchant, sku, mechanism, status, severity FROM invtrack.alert_open ORDER BY 1, 2, 3;
SELECT merchant, mechanism, status, trackers FROM invtrack.status_daily ORDER BY 1, 2, 3;
SELECT merchant, sku, mechanism, health, status FROM invtrack.health_daily ORDER BY 1, 2, 3;
SELECT merchant, sku, on_hand FROM invtrack.stock_daily ORDER BY 1, 2, 3;
SELECT invtrack.acknowledge_alert('m1', 'p1', 'good', 'stock_quantity', 'note', 'anna'), invtrack.snooze_alert('m1', 'p1', 'good', 'stock_quantity', '2030-01-01');
SELECT merchant, event_id, transition FROM invtrack.take_alert_events('mail', 3);
SELECT merchant, event_id, transition FROM invtrack.take_alert_events('mail', 100);
SELECT invtrack.confirm_alert_events('mail', 'm1', 2);
SELECT merchant, event_id FROM invtrack.take_alert_events('mail', 100);
SELECT invtrack.confirm_alert_events('mail', 'm1', 99);
SELECT invtrack.record_movement('m1', 'sale', 'new', 'p1', 'good', '2026-02-10', 3);
SELECT invtrack.record_movement('m1', 'sale', 'new', 'p1', 'good', '2026-02-10', 4);
SELECT invtrack.record_movement('m1', 'sale', 'new', 'p1', 'good', '2026-02-10', 4);
SELECT invtrack.record_movement('m1', 'sale', 'new', 'p1', 'good', '2026-02-10', 0);
SELECT invtrack.reverse_movement('m2', 1001) > 0;
SELECT invtrack.reverse_movement('m2', 1001);
SELECT invtrack.reverse_movement('m2', 99999);
SELECT invtrack.reverse_movements('m3', 'sale', 'r2-');
SELECT * FROM invtrack.verify();
SELECT merchant, sku, flow, sum(quantity) FROM invtrack.flow_daily GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT invtrack.rename_product('m2', 'p1', 'q1');
SELECT merchant, sku, mechanism, current_stock, health FROM invtrack.tracker_health('m2', as_of => '2026-03-01') ORDER BY 1, 2, 3;
SELECT invtrack.merge_product('m2', 'q1', 'p2');
SELECT merchant, sku, mechanism, current_stock, health FROM invtrack.tracker_health('m2', as_of => '2026-03-01') ORDER BY 1, 2, 3;
SELECT invtrack.delete_product('m2', 'p5');
SELECT invtrack.delete_tracker('m2', 'p3', 'good', 'stock_quantity');
SELECT * FROM invtrack.unknown_items ORDER BY 1, 2;
SELECT merchant, sku, mechanism, transition FROM invtrack.alert_event WHERE merchant = 'm2' ORDER BY event_id;
SELECT invtrack.fold();
SELECT invtrack.purge_movements('m3', 0) > 0;
DELETE FROM invtrack.movement WHERE merchant = 'm4';
UPDATE invtrack.product SET sku = 'other' WHERE merchant = 'm4' AND sku = 'p1';
CALL invtrack.purge_all(0);
SELECT invtrack.purge_movements(NULL, 0);
SELECT invtrack.record_movement('m1', 'sale', 'r1-1', 'p1', 'good', '2026-02-02', 4);
SELECT invtrack.purge_alerts('m1', 0), invtrack.purge_alerts(NULL, 0);
SELECT * FROM invtrack.verify();
SELECT merchant, sku, flow, sum(quantity) FROM invtrack.flow_daily GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
UPDATE invtrack.flow_series SET movements = movements + 1 WHERE merchant = 'm1' AND sku = 'p1';
SELECT * FROM invtrack.verify('m1', true);
SELECT * FROM invtrack.verify();
UPDATE invtrack.flow_series SET movements = movements + 1 WHERE sku = 'p2';
SELECT count(*) FROM invtrack.verify(NULL, true);
SELECT * FROM invtrack.verify()};
for my $statement (@statements)
{
	$statement =~ s/^\s+//;
	is(answer($coordinator, 'keeper', $statement), answer($plain, 'keeper', $statement), substr($statement, 0, 110));
}

# What cannot be had says so.
like(answer($coordinator, 'keeper', q{SELECT invtrack.report('m1', '2026-03-01')}), qr/^0A000: report\(\) with as_of does not work/, 'report() at a day');
is(answer($coordinator, 'keeper', q{CREATE TABLE item (id integer, merchant text, sku text); SELECT invtrack.connect('items', 'product', 'item', 'id')}),
	'0A000: connections do not feed tables that Citus has distributed', 'connect()');
my $not_passed_on = '0A000: invtrack.as_of is not passed on to the nodes of Citus';
is(answer($coordinator, 'keeper', q{SET invtrack.as_of = '2026-03-01'; SELECT max(as_of) FROM invtrack.health}), $not_passed_on, 'as_of before the library is loaded');
is(answer($coordinator, 'keeper', q{SELECT count(*) FROM invtrack.tracker_health(); SET invtrack.as_of = '2026-03-01'}), $not_passed_on, 'as_of after it');
is(answer($coordinator, 'keeper', q{BEGIN; SET LOCAL citus.propagate_set_commands = 'local'; SET LOCAL invtrack.as_of = '2026-03-01'; SELECT DISTINCT as_of FROM invtrack.health; COMMIT}),
	'2026-03-01', 'as_of that Citus passes on');
is(answer($coordinator, 'keeper', q{SELECT invtrack.distribute(0)}), '22023: shards 0 is out of range', 'shards');
is(scalar(() = as($_, 'keeper', q{EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM invtrack.metrics WHERE name = 'open_alerts'}) =~ /metrics_of.*loops=1\)/g), 1,
	'a figure by name is worked out alone on ' . $_->name) for $coordinator, $one, $two;

# Tenants of each level, on each node.
as($coordinator, 'keeper', q{SELECT invtrack.grant_access('bob', 'm1', 'read'), invtrack.revoke_access('bob', 'm0')});
as($coordinator, 'keeper', q{SELECT invtrack.grant_access('lou', 'm2', 'load')});
as($coordinator, 'keeper', q{SELECT invtrack.grant_access('mgr', 'm3', 'manage')});
my $number = 0;
for my $node ($coordinator, $one, $two)
{
	my $name = $node->name;
	my $seen = q{SELECT string_agg(DISTINCT merchant, ' ' ORDER BY merchant) FROM invtrack.health};
	$number++;
	is(as($node, 'bob', $seen), 'm1', "$name: bob sees what he may");
	is(as($node, 'lou', $seen), 'm2', "$name: lou");
	is(as($node, 'mgr', $seen), 'm3', "$name: mgr");
	is(as($node, 'amy', $seen), 'm0 m1 m2 m3 m4', "$name: amy");
	my $insert = 'INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES (%s, \'p3\', \'good\', \'sale\', \'2026-02-20\', 1, \'%s\')';
	like(answer($node, 'bob', sprintf $insert, q{'m1'}, $name), qr/^42501/, "$name: bob loads nothing");
	like(answer($node, 'lou', sprintf $insert, q{'m1'}, $name), qr/^42501/, "$name: lou loads nothing of others");
	like(answer($node, 'lou', q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, folded) VALUES ('m2', 'p3', 'good', 'sale', '2026-02-19', 1, true)}),
		qr/^42501/, "$name: lou marks nothing as folded");
	is(answer($node, 'lou', sprintf $insert, q{'m2'}, $name), '', "$name: lou loads");
	is(as($node, 'mgr', "SELECT invtrack.save_tracker('m3', 'p3', 'good', 'stalled_days', $number, 30)"), $number == 1 ? 'created' : 'updated', "$name: mgr saves");
	like(answer($node, 'mgr', q{SELECT invtrack.save_tracker('m2', 'p3', 'good', 'stalled_days', 3, 30)}), qr/^23503/, "$name: what is hidden does not exist");
}
is(as($coordinator, 'keeper', q{SELECT count(*), count(DISTINCT movement_id) FROM invtrack.movement WHERE merchant = 'm2' AND occurred_on = '2026-02-20'}), '3|3', 'no number is given twice');
is(as($coordinator, 'keeper', q{SELECT string_agg(changed_by, ' ') FROM invtrack.tracker_change WHERE merchant = 'm3' AND mechanism = 'stalled_days'}), 'mgr mgr mgr', 'changes are those of who made them');
my $many = q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    SELECT 'm2', 'p3', 'good', 'sale', '2026-02-21', 1, '%s' || n FROM generate_series(1, 50) n ON CONFLICT DO NOTHING};
as($_, 'keeper', sprintf $many, $_->name) for $one, $two;
is(as($coordinator, 'keeper', q{SELECT count(*) FROM invtrack.movement WHERE occurred_on = '2026-02-21'}), 100, 'writes of two workers are all kept');

# A merchant that goes takes its access along, on each node.
as($coordinator, 'keeper', q{SELECT invtrack.grant_access('bob', 'm4', 'manage')});
is(as($coordinator, 'keeper', q{SELECT invtrack.delete_merchant('m4')}), 't', 'a merchant is deleted');
is($_->safe_psql('shop', q{SELECT string_agg(merchant, ' ') FROM invtrack.access WHERE role = 'bob'}), 'm1', $_->name . ' has forgotten it') for $coordinator, $one, $two;

# A node that is added later, and a shard that moves there while others write, fold and check.
my $three = new_node('three', 1, qw(x y z lou amy mgr bob keeper));
$coordinator->safe_psql('shop', 'SELECT citus_add_node(' . place($three) . ')');
my $later = answer($coordinator, 'keeper', 'SELECT outcome, count(*) FROM invtrack.distribute() GROUP BY 1');
if ($later =~ /is not that of role/)
{
	# Citus made the extension there as a superuser, who hands it over
	$three->safe_psql('shop', q{SET citus.enable_ddl_propagation = off; SELECT invtrack.set_owner('keeper')});
	$later = answer($coordinator, 'keeper', 'SELECT outcome, count(*) FROM invtrack.distribute() GROUP BY 1');
}
is($later, 'unchanged|17', 'distribute() after a node was added');
is(as($three, 'bob', q{SELECT string_agg(DISTINCT merchant, ' ') FROM invtrack.health}), 'm1', 'access has come to it');
ok(as($three, 'keeper', q{SELECT nextval('invtrack.movement_movement_id_seq') > 3::bigint << 48}) eq 't', 'and it has a range of numbers');
my $writer = $coordinator->background_psql('shop', on_error_stop => 1, extra_params => [ '-U', 'keeper' ]);
$writer->query_safe(q{DO $$ BEGIN FOR n IN 1..20 LOOP
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m1', 'p3', 'good', 'sale', '2026-02-22', 1); COMMIT; END LOOP; END $$});
my $shard = $coordinator->safe_psql('shop', q{SELECT get_shard_id_for_distribution_column('invtrack.movement', 'm1')});
my $from = $coordinator->safe_psql('shop', "SELECT quote_literal(nodename) || ', ' || nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = $shard");
my ($in, $out, $err) = ("SELECT citus_move_shard_placement($shard, $from, " . place($three) . ", shard_transfer_mode => 'block_writes');\n", '', '');
my $mover = IPC::Run::start([ 'psql', '-XAtq', '-d', $coordinator->connstr('shop') ], '<', \$in, '>', \$out, '2>', \$err);
for my $round (1 .. 5)
{
	$writer->query_safe(q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT 'm1', 'p3', 'good', 'sale', '2026-02-22', 1 FROM generate_series(1, 20)});
	as($coordinator, 'keeper', 'CALL invtrack.fold_all()');
	as($coordinator, 'keeper', 'CALL invtrack.check_all()');
}
ok($mover->finish, 'the shard has moved') or diag($err);
$writer->quit;
is($coordinator->safe_psql('shop', "SELECT nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = $shard"), $three->port, 'and is there now');
is(as($coordinator, 'keeper', q{SELECT invtrack.fold(); SELECT quantity FROM invtrack.flow_daily WHERE merchant = 'm1' AND day = '2026-02-22'}) =~ /^120$/m, 1, 'nothing is lost or counted twice');
is(as($coordinator, 'keeper', 'SELECT count(*) FROM invtrack.verify()'), 0, 'and all is folded right');
is(as($three, 'bob', q{SELECT string_agg(DISTINCT merchant, ' ') FROM invtrack.health}), 'm1', 'policies went along');

# A worker that stops: an error, and nothing half done.
as($coordinator, 'keeper', q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT 'm' || n % 4, 'p3', 'good', 'sale', '2026-02-23', 1 FROM generate_series(1, 400) n});
$two->stop('immediate');
isnt(answer($coordinator, 'keeper', 'CALL invtrack.fold_all()'), '', 'a fold while a worker is down fails');
isnt(answer($coordinator, 'keeper', 'CALL invtrack.check_all()'), '', 'a check too');
like(answer($coordinator, 'keeper', q{SELECT invtrack.grant_access('bob', 'm3', 'read')}), qr/^\w{5}: /, 'and a grant');
$two->start;
as($coordinator, 'keeper', 'SELECT invtrack.fold()');
is(as($coordinator, 'keeper', q{SELECT sum(quantity) FROM invtrack.flow_daily WHERE day = '2026-02-23'}), 400, 'nothing is lost or counted twice');
is(as($coordinator, 'keeper', 'SELECT count(*) FROM invtrack.verify()'), 0, 'and all is folded right');
as($coordinator, 'keeper', 'CALL invtrack.check_all()');
as($coordinator, 'keeper', 'SELECT count(*) FROM invtrack.distribute()');
is(as($_, 'bob', q{SELECT string_agg(DISTINCT merchant, ' ') FROM invtrack.health}), 'm1', 'access of ' . $_->name . ' is what it was') for $coordinator, $one, $two, $three;

# The way back: a dump, without Citus, into one server.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/shop.dump';
command_ok([ 'pg_dump', '-Fc', '-e', 'invtrack', '-e', 'pg_trgm', '-e', 'btree_gin', '-f', $dump, '-d', $coordinator->connstr('shop') ], 'dump');
$plain->safe_psql('postgres', 'CREATE DATABASE back OWNER keeper');
command_ok([ 'pg_restore', '-d', $plain->connstr('back'), $dump ], 'restore into one server');
$counts = qq{$counts UNION ALL SELECT 'access_grant', count(*) FROM invtrack.access_grant ORDER BY 1};
is($plain->safe_psql('back', $counts), $coordinator->safe_psql('shop', $counts), 'all is there');
is($plain->safe_psql('back', q{SELECT count(*) FROM invtrack.verify(); SELECT invtrack.fold(); SELECT count(*) > 0 FROM invtrack.review()}) =~ /^0\n\d+\nt$/, 1, 'and works');

done_testing();
