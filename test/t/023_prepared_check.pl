# A check in a transaction that is to be prepared (two-phase commit): PostgreSQL refuses to prepare what has notified
# anybody, so invtrack.notify turns that off; the events are there once it is committed, and only then.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\ninvtrack.as_of = '2026-03-10'");
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant (merchant) VALUES ('m');
    INSERT INTO invtrack.inventory_type VALUES ('m', 'good');
    INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p');
    SELECT invtrack.save_tracker('m', 'p', 'good', 'stock_quantity', 10);
});
my $events = 'SELECT events, (SELECT count(*) FROM invtrack.alert_event), (SELECT count(*) FROM invtrack.alert_open) FROM invtrack.check_state';

my ($rc, $out, $err) = $node->psql('postgres', q{BEGIN; SELECT count(*) FROM invtrack.check_trackers('m'); PREPARE TRANSACTION 'check'});
like($err, qr/cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/, 'with news it cannot be prepared');
is($node->safe_psql('postgres', $events), '', 'and nothing is left of it');

is( $node->safe_psql('postgres', q{BEGIN; SET LOCAL invtrack.notify = off; SELECT count(*) FROM invtrack.check_trackers('m'); PREPARE TRANSACTION 'check'}),
	1, 'without notifying it can');
is($node->safe_psql('postgres', $events), '', 'nobody sees an event yet');
$node->restart;
$node->safe_psql('postgres', q{COMMIT PREPARED 'check'});
is($node->safe_psql('postgres', $events), '1|1|1', 'it is there at the commit, also after a restart');
is($node->safe_psql('postgres', q{SELECT event_id FROM invtrack.take_alert_events('mail')}), 1, 'and delivered');
# Without news nothing is notified, and the next check goes on with its number.
$node->safe_psql('postgres', q{BEGIN; SELECT invtrack.check_trackers('m'); PREPARE TRANSACTION 'check'; ROLLBACK PREPARED 'check'});
$node->safe_psql('postgres', q{UPDATE invtrack.tracker SET quantity = 1; INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'p', 'good', 5)});
$node->safe_psql('postgres', q{BEGIN; SET LOCAL invtrack.notify = off; SELECT invtrack.check_trackers('m'); PREPARE TRANSACTION 'check'; ROLLBACK PREPARED 'check'});
is($node->safe_psql('postgres', q{SELECT event_id, transition FROM invtrack.check_trackers('m')}), '2|recovered', 'what was rolled back is told');

# Folds, purges, repairs and reversals notify nobody.
is( $node->safe_psql('postgres', q{
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 1, 'p', 'good', 'sale', '2026-03-01', 1), ('n', 1, 'p', 'good', 'sale', '2026-03-01', 1);
    BEGIN; SELECT invtrack.fold(); SELECT invtrack.reverse_movement('m', 1) > 0; SELECT invtrack.purge_movements(NULL, 0);
    UPDATE invtrack.flow_series SET movements = 9; SELECT count(*) FROM invtrack.verify(repair => true);
    PREPARE TRANSACTION 'fold'; COMMIT PREPARED 'fold'; SELECT count(*) FROM invtrack.verify()}),
	"2\nt\n2\n2\n0", 'all else can be prepared');

$node->stop;
done_testing();
