# The server is killed again and again in the midst of checks: after each restart alerts, events and
# history fit together, and what was told is told once. INVTRACK_LONG=1 is the long form.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{INVTRACK_LONG} ? 12 : 5;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\ninvtrack.as_of = '2026-03-10'\n");
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant (merchant) SELECT 'm' || n FROM generate_series(1, 30) n;
    INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
    INSERT INTO invtrack.product SELECT merchant, 'p' || n FROM invtrack.merchant, generate_series(1, 200) n;
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 15 FROM invtrack.product;
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
    SELECT merchant, sku, 'good', 'stock_quantity', 10 FROM invtrack.product;
    ANALYZE;
});

# Rows of any of these are a contradiction.
my %contradictions = (
	'an alert has one event that opened it' => q{
	    SELECT a.merchant, a.alert_id FROM invtrack.alert a
	     WHERE 1 <> (SELECT count(*) FROM invtrack.alert_event e WHERE e.merchant = a.merchant
	                    AND e.alert_id = a.alert_id AND e.event_id = a.alert_id AND e.transition = 'opened')},
	'and one that closed it, if it is closed' => q{
	    SELECT a.merchant, a.alert_id FROM invtrack.alert a
	     WHERE (a.closed_at IS NOT NULL)::integer <> (SELECT count(*) FROM invtrack.alert_event e
	             WHERE e.merchant = a.merchant AND e.alert_id = a.alert_id AND e.transition IN ('recovered', 'withdrawn'))},
	'an event has an alert' => q{
	    SELECT merchant, event_id FROM invtrack.alert_event e
	     WHERE NOT EXISTS (SELECT FROM invtrack.alert a WHERE a.merchant = e.merchant AND a.alert_id = e.alert_id)},
	'events are numbered without gaps up to the last' => q{
	    SELECT s.merchant, s.events, count(e.event_id), max(e.event_id)
	      FROM invtrack.check_state s LEFT JOIN invtrack.alert_event e USING (merchant) GROUP BY s.merchant, s.events
	    HAVING s.events <> count(e.event_id) OR s.events <> coalesce(max(e.event_id), 0)},
	'history and alerts are of the same check' => q{
	    SELECT h.merchant, h.sku FROM invtrack.tracker_history h
	     WHERE (invtrack.range_sum(h.health, '-infinity', 'infinity') < 100)
	        <> EXISTS (SELECT FROM invtrack.alert_open a WHERE a.merchant = h.merchant AND a.sku = h.sku)},
);

sub start_session
{
	my ($sql) = @_;
	return IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \my $out, '2>', \my $err);
}

my $log_from = 0;
my $recovered = 0;	# a round has nothing to recover if a checkpoint has just ended
for my $round (1 .. $rounds)
{
	# Two that check one after the other, and one that makes trackers ill and well again.
	my @sessions = map { start_session($_) } (
		q{DO $$ DECLARE n bigint; BEGIN LOOP CALL invtrack.check_all(n); END LOOP; END $$},
		q{DO $$ DECLARE n bigint; BEGIN LOOP CALL invtrack.check_all(n); END LOOP; END $$},
		q{DO $$ BEGIN LOOP
		     UPDATE invtrack.stock_lot SET quantity = 20 - quantity WHERE random() < 0.1 AND merchant = 'm' || 1 + floor(random() * 30);
		     COMMIT;
		  END LOOP; END $$});
	my $events = $node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.alert_event');
	$node->poll_query_until('postgres', 'SELECT count(*) >= ' . ($events + 200) . ' FROM invtrack.alert_event')
	  or die 'the checks tell nothing';
	usleep(int(rand(300_000)));
	$node->stop('immediate');
	IPC::Run::finish($_) for @sessions;
	$node->start;
	$recovered++ if slurp_file($node->logfile, $log_from) =~ /redo done at/;
	unlike(slurp_file($node->logfile, $log_from), qr/ERROR|PANIC/, "round $round: no error");
	$log_from = -s $node->logfile;
	is($node->safe_psql('postgres', $contradictions{$_}), '', "round $round: $_") for sort keys %contradictions;
	$node->safe_psql('postgres', 'CALL invtrack.check_all()');
	is($node->safe_psql('postgres', q{
	    SELECT merchant, sku FROM invtrack.health
	     WHERE (status <> 'ok') <> EXISTS (SELECT FROM invtrack.alert_open a WHERE a.merchant = health.merchant AND a.sku = health.sku)}),
		'', "round $round: the next check tells what was left");
	is($node->safe_psql('postgres', 'SELECT * FROM invtrack.check_trackers()'), '', "round $round: and the one after it nothing");
}
cmp_ok($recovered, '>', 0, "there was something to recover in $recovered of $rounds rounds");

done_testing();
