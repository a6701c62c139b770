# Replicas. A physical standby answers whatever only reads and refuses the rest as PostgreSQL does.
# Another database with the extension takes catalogue, stock and movements by logical replication, folds
# by itself, and says the same.

use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->start;
$primary->safe_psql('postgres', 'CREATE DATABASE shop');
$primary->safe_psql('postgres', 'CREATE DATABASE branch');
$primary->safe_psql('postgres', "ALTER DATABASE $_ SET invtrack.as_of = '2026-03-10'") for qw(shop branch);
$primary->safe_psql('shop', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant VALUES ('acme', 'Acme', 'Europe/Berlin'), ('bean', 'Bean', 'Pacific/Kiritimati');
    INSERT INTO invtrack.inventory_type SELECT merchant, 'good', 'Good' FROM invtrack.merchant;
    INSERT INTO invtrack.product
    SELECT merchant, 'p' || n, 'Green tea ' || n, CASE n % 2 WHEN 0 THEN date '2026-02-20' END
      FROM invtrack.merchant, generate_series(1, 9) n;
    INSERT INTO invtrack.stock_lot
    SELECT merchant, sku, 'good', lot, expires_on, 10.5
      FROM invtrack.product, (VALUES ('', NULL), ('l1', date '2026-03-12'), ('l2', '2026-12-01')) l (lot, expires_on);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at)
    SELECT merchant, sku, 'good', flow, date '2026-03-10' - n, n + 0.25, sku || '/' || n, now() - n * interval '1 day'
      FROM invtrack.product, generate_series(0, 20) n, unnest(ARRAY['sale', 'shipment']) flow;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('acme', 'unknown', 'good', 'sale', '2026-03-01', 3);
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
    SELECT merchant, sku, 'good', t.*
      FROM invtrack.product, (VALUES ('stock_quantity', 30, NULL, NULL, 7), ('turnover_days', NULL, 14, 10, NULL),
                                     ('stalled_days', 200, 30, NULL, NULL)) t (mechanism, quantity, lookback_days, coverage_days, expiry_days);
});
# A part is purged, a part is folded, and a part is neither.
my $gone = $primary->safe_psql('shop', q{SELECT invtrack.purge_movements('acme', 15) FROM invtrack.fold('acme')});
is($gone, 9 * 2 * 6, 'of six of 21 days');
# 18 products of two flows, an unknown item, and what is written now.
my $movements = 18 * 2 * 21 + 1 + 2;
$primary->safe_psql('shop', q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('acme', 'p1', 'good', 'sale', '2026-03-10', 5), ('acme', 'p2', 'good', 'shipment', '2026-01-10', 7)});

# Whatever only reads, with an order.
my %readings = (
	'health' => 'TABLE invtrack.health ORDER BY merchant, sku, mechanism',
	'tracker_health' =>
	  q{SELECT * FROM invtrack.tracker_health('acme', as_of => '2026-03-01') ORDER BY sku, mechanism},
	'tracker_health_of' =>
	  q{SELECT * FROM invtrack.tracker_health_of('bean', ARRAY['p1', 'p2']) ORDER BY sku, mechanism},
	'preview_health' =>
	  q{SELECT * FROM invtrack.preview_health('acme', 'p1', 'good', 'turnover_days', lookback_days => 7, coverage_days => 3)},
	'find_products' => q{SELECT * FROM invtrack.find_products('acme', 'TEA 3')},
	'today' => q{SELECT invtrack.today(merchant) = (now() AT TIME ZONE time_zone)::date FROM invtrack.merchant ORDER BY merchant},
	'stock' => 'TABLE invtrack.stock ORDER BY merchant, sku, inventory_type',
	'unknown_items' => 'TABLE invtrack.unknown_items ORDER BY merchant, sku, inventory_type, flow',
	'flow_daily' => 'TABLE invtrack.flow_daily ORDER BY merchant, sku, inventory_type, flow, day',
	'verify' => q{SELECT count(*) FROM invtrack.verify()},
	'verify of a merchant' => q{SELECT count(*) FROM invtrack.verify('acme')},
);
# How many rows each has.
my %rows = (
	'health' => 54, 'tracker_health' => 27, 'tracker_health_of' => 6, 'preview_health' => 1, 'find_products' => 1,
	'today' => 2, 'stock' => 18, 'unknown_items' => 1, 'flow_daily' => 2 * 9 * 2 * 21 + 2,
	'verify' => 1, 'verify of a merchant' => 1);

sub reading
{
	my ($node, $database, $name) = @_;
	return $node->safe_psql($database, $readings{$name});
}

# A standby that follows.

# With alerts, events and history.
$primary->safe_psql('shop', q{
    SET invtrack.as_of = '2026-03-10';
    SELECT count(*) FROM invtrack.check_trackers();
});
my $tracker = q{merchant = 'acme' AND sku = 'p1' AND mechanism = 'stock_quantity'};
my %told = (
	'alert_open' => "SELECT * FROM invtrack.alert_open WHERE $tracker",
	'alert_event' => "SELECT * FROM invtrack.alert_event WHERE $tracker",
	'health_daily' => "SELECT * FROM invtrack.health_daily WHERE $tracker",
	'stock_daily' => q{SELECT * FROM invtrack.stock_daily WHERE merchant = 'acme' AND sku = 'p1'},
	'status_daily' => q{SELECT * FROM invtrack.status_daily WHERE merchant = 'acme' AND mechanism = 'stock_quantity'},
	'metrics' => q{SELECT name, value FROM invtrack.metrics WHERE merchant = 'acme' AND name = 'open_alerts'},
);

$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is($standby->safe_psql('shop', 'SELECT pg_is_in_recovery()'), 't', 'the standby is one');
for my $name (sort keys %readings)
{
	my $answer = reading($primary, 'shop', $name);
	is(scalar(split /\n/, $answer), $rows{$name}, "$name has rows");
	is(reading($standby, 'shop', $name), $answer, "$name of the standby");
}
is(reading($standby, 'shop', $_), 0, "$_ finds nothing wrong") for 'verify', 'verify of a merchant';
is(reading($standby, 'shop', 'today'), "t\nt", 'today');
for my $name (sort keys %told)
{
	my $answer = $primary->safe_psql('shop', $told{$name});
	like($answer, qr/\A[^\n]+\z/, "$name has a row");
	is($standby->safe_psql('shop', $told{$name}), $answer, "$name of the standby");
}

# What writes is refused, and says why as any statement that writes.
for my $statement (
	q{SELECT invtrack.save_tracker('acme', 'p1', 'good', 'stock_quantity', 30, expiry_days => 7)},
	q{SELECT invtrack.save_tracker('acme', 'p1', 'good', 'stock_quantity', 31)},
	q{SELECT invtrack.delete_tracker('acme', 'p1', 'good', 'stock_quantity')},
	q{SELECT invtrack.fold()},
	q{SELECT invtrack.fold('acme')},
	q{CALL invtrack.fold_all()},
	q{SELECT invtrack.purge_movements(NULL, 0)},
	q{SELECT invtrack.purge_movements('acme', 0)},
	q{SELECT invtrack.check_trackers('acme')},
	q{CALL invtrack.check_all()},
	q{SELECT invtrack.acknowledge_alert('acme', 'p1', 'good', 'stock_quantity')},
	q{SELECT invtrack.snooze_alert('acme', 'p1', 'good', 'stock_quantity', 'infinity')},
	q{SELECT invtrack.take_alert_events('mail')},
	q{SELECT invtrack.purge_alerts(NULL, 0)},
	q{SELECT invtrack.delete_merchant('acme')},
	q{SELECT invtrack.reverse_movement('acme', max(movement_id)) FROM invtrack.movement WHERE merchant = 'acme'},
	q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	  VALUES ('acme', 'p1', 'good', 'sale', '2026-03-10', 5)},
	q{UPDATE invtrack.stock_lot SET quantity = 1},
	q{DELETE FROM invtrack.movement},
	q{DELETE FROM invtrack.product WHERE sku = 'p9'})
{
	my ($code, $out, $err) = $standby->psql('shop', "\\set VERBOSITY verbose\n$statement", on_error_stop => 1);
	like($err, qr/ERROR:  25006: cannot execute \w[\w ]+ (in a read-only transaction|during recovery)/,
		'the standby refuses ' . $statement =~ s/\s.*?\(.*|(?<=\w)\s.*//sr . ' ' . ($statement =~ /invtrack\.(\w+)/)[0]);
}

is($standby->safe_psql('shop', q{SELECT * FROM invtrack.verify('acme', repair => true)}), '', 'a repair of what is right writes nothing');

# Folding changes no answer there either, and what is written shows.
my %before = map { $_ => reading($standby, 'shop', $_) } keys %readings;
$primary->safe_psql('shop', 'SELECT invtrack.fold()');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('shop', 'SELECT count(*) FROM invtrack.movement WHERE NOT folded'), 0, 'the fold has arrived');
is(reading($standby, 'shop', $_), $before{$_}, "$_ after the fold") for sort keys %readings;
$primary->safe_psql('shop', q{UPDATE invtrack.stock_lot SET quantity = 0 WHERE (merchant, sku) = ('acme', 'p1')});
$primary->wait_for_catchup($standby);
is( $standby->safe_psql('shop', q{SELECT health, status FROM invtrack.tracker_health('acme', 'p1', mechanism => 'stock_quantity')}),
	'0.00|replenish', 'what the primary writes');

# Promoted it goes on: numbers of movements are not given twice.
$standby->promote;
is( $standby->safe_psql('shop', q{
    WITH highest AS (SELECT max(movement_id) AS id FROM invtrack.movement)
    SELECT invtrack.reverse_movement('acme', id) > id FROM highest}), 't', 'a promoted standby takes movements');
is($standby->safe_psql('shop', 'SELECT invtrack.fold()'), 1, 'and folds them');
is(reading($standby, 'shop', 'verify'), 0, 'and finds nothing wrong');
$standby->stop;

# Another database with the extension, as docs/how-to/replicate.md says. Its subscription is in the same
# cluster, so the slot is made by hand. What is in the schema of the publisher that is not replicated:
# flow_series and fold_state, which each database makes for itself.

my $page = slurp_file("$FindBin::Bin/../../docs/how-to/replicate.md");

# The SQL of docs/how-to/replicate.md that begins so.
sub documented
{
	my ($beginning) = @_;
	my ($sql) = $page =~ /^```sql(?: no-run)?\n(\Q$beginning\E.*?)^```/ms or die "nothing begins with $beginning";
	return $sql;
}

$primary->safe_psql('shop', documented('CREATE PUBLICATION'));
$primary->safe_psql('shop', q{SELECT pg_create_logical_replication_slot('branch', 'pgoutput')});
$primary->safe_psql('branch', q{CREATE EXTENSION invtrack CASCADE});

# What was purged is in no movement: it is carried over by hand, once, before anything is folded.
my $purged = $primary->safe_psql('shop', documented('COPY (SELECT merchant'));
is(scalar(split /\n/, $purged), 18, 'series with something purged');
$primary->safe_psql('branch', documented('COPY invtrack.flow_series') . "$purged\n\\.\n");

my $connection = $primary->connstr('shop') =~ s/'/''/gr;
$primary->safe_psql('branch', qq{
    CREATE SUBSCRIPTION branch CONNECTION '$connection' PUBLICATION invtrack_state, invtrack_movement
        WITH (create_slot = false, slot_name = 'branch')});
$primary->wait_for_subscription_sync($primary, 'branch', 'branch');

# What both say, but for what one of them may have folded.
sub is_in_step
{
	my ($when) = @_;
	$primary->wait_for_catchup('branch');
	is(reading($primary, 'branch', $_), reading($primary, 'shop', $_), "$when: $_")
	  for grep { !/verify/ } sort keys %readings;
	is(reading($primary, 'branch', 'verify'), 0, "$when: nothing is wrong");
}

is_in_step('copied');
is($primary->safe_psql('branch', 'SELECT count(*) FROM invtrack.movement WHERE folded'), 0,
	'no mark of the publisher has come along');
is($primary->safe_psql('branch', 'SELECT invtrack.fold()'), $movements - $gone, 'the subscriber folds by itself');
is_in_step('folded');

# A tracker of the subscriber's own: its product goes, and nothing takes it along.
$primary->safe_psql('branch', q{
    INSERT INTO invtrack.inventory_type VALUES ('acme', 'own');
    SELECT invtrack.save_tracker('acme', 'p5', 'own', 'stock_quantity', 1)});
$primary->safe_psql('shop', q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    VALUES ('bean', 'p3', 'good', 'sale', '2026-03-09', 100, 'late'), ('nobody', 'p3', 'good', 'sale', '2026-03-09', 1, NULL);
    SELECT invtrack.reverse_movement('acme', min(movement_id)) FROM invtrack.movement WHERE merchant = 'acme';
    UPDATE invtrack.stock_lot SET quantity = 77 WHERE sku = 'p4';
    INSERT INTO invtrack.incoming (merchant, sku, inventory_type, expected_on, quantity)
    SELECT merchant, sku, 'good', '2026-03-20', 5 FROM invtrack.product WHERE sku = 'p4';
    DELETE FROM invtrack.stock_lot WHERE sku = 'p5';
    SELECT invtrack.save_tracker('bean', 'p5', 'good', 'stock_quantity', 12);
    UPDATE invtrack.product SET name = 'White tea 3' WHERE sku = 'p3';
    DELETE FROM invtrack.tracker WHERE sku = 'p5' AND mechanism = 'stalled_days';
    DELETE FROM invtrack.product WHERE (merchant, sku) = ('acme', 'p5')});
$rows{'health'} -= 4;
is(scalar(split /\n/, reading($primary, 'shop', 'health')), $rows{'health'}, 'trackers of the deleted product are gone');
$primary->wait_for_catchup('branch');
is( $primary->safe_psql('branch', q{SELECT what, merchant, sku, inventory_type, part, found FROM invtrack.verify()}),
	'tracker|acme|p5|own|stock_quantity|no such product', 'verify() finds the tracker whose product is gone');
$primary->safe_psql('branch', q{
    DELETE FROM invtrack.tracker WHERE inventory_type = 'own';
    DELETE FROM invtrack.inventory_type WHERE inventory_type = 'own'});
is_in_step('written');

# A fold and a purge of the publisher are its own matter.
my $kept = $primary->safe_psql('branch', 'SELECT count(*) FROM invtrack.movement');
$primary->safe_psql('shop', 'SELECT invtrack.fold()');
is($primary->safe_psql('shop', 'SELECT invtrack.purge_movements(NULL, 0)'), $movements - $gone + 2,
	'the publisher purges all but the reversal');
is_in_step('purged');
is($primary->safe_psql('branch', 'SELECT count(*) FROM invtrack.movement'), $kept, 'the subscriber keeps its movements');

# So is the end of a merchant, but for what is state.
$primary->safe_psql('shop', q{SELECT invtrack.delete_merchant('bean')});
$primary->wait_for_catchup('branch');
is( $primary->safe_psql('branch', q{
    SELECT (SELECT count(*) FROM invtrack.health WHERE merchant = 'bean'),
           (SELECT count(*) FROM invtrack.unknown_items WHERE merchant = 'bean')}),
	'0|18', 'a deleted merchant leaves its movements on the subscriber');
is($primary->safe_psql('branch', q{SELECT invtrack.delete_merchant('bean')}), 't', 'until it is deleted there, too');
is_in_step('a merchant less');

# Movements of its own get numbers that the publisher does not give.
$primary->safe_psql('branch', 'ALTER TABLE invtrack.movement ALTER COLUMN movement_id RESTART WITH 2000000000000');
for my $database ('branch', 'shop')
{
	$primary->safe_psql($database, q{
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	    VALUES ('acme', 'p1', 'good', 'sale', '2026-03-10', 1)});
}
$primary->wait_for_catchup('branch');
is( $primary->safe_psql('branch', 'SELECT count(*), max(movement_id) FROM invtrack.movement WHERE NOT folded AND quantity = 1'),
	'3|2000000000000', 'one of its own, one of the publisher, and one of before');

# To go on by itself: no subscription, and numbers above those that have come.
$primary->safe_psql('branch', q{
    ALTER SUBSCRIPTION branch DISABLE;
    ALTER SUBSCRIPTION branch SET (slot_name = NONE);
    DROP SUBSCRIPTION branch});
$primary->safe_psql('branch', documented('SELECT setval'));
is( $primary->safe_psql('branch', q{
    WITH highest AS (SELECT max(movement_id) AS id FROM invtrack.movement)
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('acme', 'p1', 'good', 'sale', '2026-03-10', 1) RETURNING movement_id > (SELECT id FROM highest)}),
	't', 'the subscriber by itself takes movements');

$primary->stop;
done_testing();
