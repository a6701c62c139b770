# After a crash health is what it was: committed movements and stock are there, uncommitted are not,
# and a day that is set for the database holds before the library is loaded.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    ALTER DATABASE postgres SET invtrack.as_of = '2026-03-10';
    INSERT INTO invtrack.merchant (merchant, name) VALUES ('m', 'M');
    INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m', 'p', 'P');
    INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) VALUES ('m', 'good', 'Good');
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'p', 'good', 20);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-01', 10), ('m', 'p', 'good', 'shipment', '2026-03-02', 5);
    SELECT invtrack.save_tracker('m', 'p', 'good', 'stock_quantity', 10);
    SELECT invtrack.save_tracker('m', 'p', 'good', 'turnover_days', NULL, 10, 5);
    SELECT invtrack.save_tracker('m', 'p', 'good', 'stalled_days', 4, 10);
});

my $all = 'TABLE invtrack.health ORDER BY mechanism';
my $figures = 'SELECT mechanism, current_stock, threshold, health, status FROM invtrack.health ORDER BY mechanism';

# 20 on hand; 10 sold in 10 days are 1 a day, so 5 for 5 days; 5 shipped of 4.
my $expected = "stalled_days|5|4.0000|125.00|ok\nstock_quantity|20|10.0000|200.00|ok\nturnover_days|20|5.0000|400.00|ok";
is($node->safe_psql('postgres', $figures), $expected, 'health before');
my $before = $node->safe_psql('postgres', $all);
my $first_id = $node->safe_psql('postgres', 'SELECT max(movement_id) FROM invtrack.movement');

# A session that has written everything and does not commit, when the server goes down.
my $session = $node->background_psql('postgres');
$session->query_safe(q{
    BEGIN;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-05', 30, 'lost'), ('m', 'p', 'good', 'shipment', '2026-03-05', -3, 'lost');
    UPDATE invtrack.stock_lot SET quantity = 1;
    DELETE FROM invtrack.tracker WHERE mechanism = 'stalled_days';
});
is( $session->query_safe($figures), "stock_quantity|1|10.0000|10.00|replenish\nturnover_days|1|20.0000|5.00|replenish",
	'health in the session');
is($node->safe_psql('postgres', $all), $before, 'health in another');

$node->stop('immediate');
$node->start;
eval { $session->quit };
is($node->safe_psql('postgres', $all), $before, 'health after the crash');

# What was lost can be sent again, and then survives the next crash.
$node->safe_psql('postgres', q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-05', 30, 'lost'), ('m', 'p', 'good', 'shipment', '2026-03-05', -3, 'lost')
    ON CONFLICT DO NOTHING;
});
$node->stop('immediate');
$node->start;
# 40 in 10 days are 4 a day, 20 for 5 days; 2 shipped of 4.
is( $node->safe_psql('postgres', $figures),
	"stalled_days|2|4.0000|50.00|stalled\nstock_quantity|20|10.0000|200.00|ok\nturnover_days|20|20.0000|100.00|ok",
	'what was committed after the first crash is there after the second');
is( $node->safe_psql('postgres', q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-05', 30, 'lost') ON CONFLICT DO NOTHING;
    SELECT count(*), sum(quantity) FROM invtrack.movement WHERE ref = 'lost'}),
	'2|27', 'and is not counted again');
cmp_ok( $node->safe_psql('postgres', q{
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 'p', 'good', 'sale', '2026-03-10', 1) RETURNING movement_id}),
	'>', $first_id + 2, 'numbers of movements are not given twice');

$node->stop;
done_testing();
