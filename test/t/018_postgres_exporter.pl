# examples/postgres_exporter.yaml with the real prometheus-postgres-exporter, scraped over HTTP: each figure of
# invtrack.metrics is there with its name, type and labels, sweeps are cached, and an error shows.

use strict;
use warnings;
use FindBin;
use HTTP::Tiny;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my ($exporter) = grep { -x } map { "$_/prometheus-postgres-exporter" } split /:/, $ENV{PATH};
plan skip_all => 'prometheus-postgres-exporter is not installed' unless $exporter;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
# A merchant whose code needs quotes in a label, with a tracker to replenish, one that is ok, and a movement of
# an item that is not known; another that was never checked.
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant (merchant) VALUES (E'm "1" \\\\ ü'), ('n');
    INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 'p' FROM invtrack.merchant;
    INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, 'p', 'good', 5 FROM invtrack.merchant;
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days)
    SELECT merchant, 'p', 'good', v.* FROM invtrack.merchant, (VALUES ('stock_quantity', 10, NULL::integer), ('stalled_days', 1, 30)) v;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
    SELECT merchant, 'p', 'good', 'shipment', current_date, 7, now() - interval '2 hours' FROM invtrack.merchant WHERE merchant <> 'n';
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('nobody', 'q', 'good', 'sale', current_date, 1);
    SELECT invtrack.fold('nobody');
    SELECT invtrack.check_trackers(merchant) FROM invtrack.merchant WHERE merchant <> 'n';
    SELECT count(*) FROM invtrack.take_alert_events('mail');
    CREATE ROLE watcher LOGIN;
    ALTER ROLE watcher SET jit = off;
});
may_read_everything('watcher');

# All that the exporter's role needs.
sub may_read_everything
{
	my ($role) = @_;
	$node->safe_psql('postgres', qq{
	    SELECT invtrack.grant_access('$role', NULL, 'read');
	});
}

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $log = '';
# Go's driver refuses to start with this, which pg_virtualenv sets.
delete local $ENV{PGSYSCONFDIR};
$ENV{DATA_SOURCE_NAME} = 'user=watcher sslmode=disable dbname=postgres host=' . $node->host . ' port=' . $node->port;
my $process = IPC::Run::start(
	[ $exporter, '--disable-default-metrics', '--disable-settings-metrics', "--web.listen-address=127.0.0.1:$port",
	  "--extend.query-path=$FindBin::RealBin/../../examples/postgres_exporter.yaml" ],
	'<', \undef, '>&', \$log);
END
{
	my $status = $?;
	$process->kill_kill if $process;
	$? = $status;
}

# What the exporter says: series => value, and the types of metrics.
sub scrape
{
	my $answer;
	for my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$answer = HTTP::Tiny->new(timeout => 600)->get("http://127.0.0.1:$port/metrics");
		last if $answer->{success} || !$process->pumpable;
		$process->pump_nb;
		usleep(100_000);
	}
	$process->pump_nb if $process->pumpable;
	die "the exporter answers $answer->{status} $answer->{content}\n$log" unless $answer->{success};
	my (%values, %types);
	for (split /\n/, $answer->{content})
	{
		$types{$1} = $2 if /^# TYPE (\S+) (\S+)/;
		$values{$1} = $2 if /^(invtrack_[^{ ]+(?:\{.*\})?|pg_up.*|pg_exporter_\S+(?:\{.*\})?) (\S+)$/;
	}
	return (\%values, \%types);
}

# The same from the view: its rows as series, with labels sorted by name and the server's among them.
sub expected
{
	my ($server) = @_;
	my $rows = $node->safe_psql('postgres', q{
	    SELECT json_build_array(name, value, replace(replace(merchant, E'\\\\', E'\\\\\\\\'), '"', E'\\\\"'), consumer)
	      FROM invtrack.metrics});
	my %values;
	for my $row (split /\n/, $rows)
	{
		my ($name, $value, $merchant, $consumer) = @{ decode($row) };
		my @labels = ("merchant=\"$merchant\"", "server=\"$server\"");
		unshift @labels, "consumer=\"$consumer\"" if $name eq 'undelivered_events';
		$values{"invtrack_$name\{" . join(',', @labels) . '}'} = $value;
	}
	return \%values;
}

sub decode
{
	require JSON::PP;
	return [ map { $_ // '' } @{ JSON::PP->new->allow_bignum(0)->decode($_[0]) } ];
}

my $server = $node->host . ':' . $node->port;
my $before = expected($server);
my ($got, $types) = scrape();
my $scraped_at = time;
is($got->{pg_up}, 1, 'the exporter is connected');
is(scalar(grep { /user_queries_load_error/ && $got->{$_} } keys %$got), 0, 'it has read the file');
is($got->{pg_exporter_last_scrape_error}, 0, 'no query failed') or diag($log);

my $expected = expected($server);
my %series = map { $_ => 1 } grep { /^invtrack_/ } keys %$got;
is_deeply([ sort keys %series ], [ sort keys %$expected ], 'each row of the view is a series, and nothing else is');
# Ages have grown since before, and grow until after.
my @wrong = grep { $got->{$_} < $before->{$_} - 0.001 || $got->{$_} > $expected->{$_} + 0.001 } grep { exists $got->{$_} } keys %$expected;
is("@wrong", '', 'with its value');
is(join(' ', grep { $types->{$_} ne 'gauge' } grep { /^invtrack_/ } sort keys %$types), '', 'all are gauges');

# Some of them worked out.
sub figure
{
	my ($values, $name, $labels) = @_;
	return $values->{"invtrack_$name\{${labels}server=\"$server\"}"};
}
my $all = 'merchant="",';
my $first = 'merchant="m \\"1\\" \\\\ ü",';
my $none = 'consumer="",merchant="",';
is(figure($got, 'trackers_replenish', $all), 2, 'trackers to replenish');
is(figure($got, 'trackers_replenish', $first), 1, 'trackers to replenish of a merchant');
is(figure($got, 'trackers_ok', $first), 1, 'trackers that are ok');
is(figure($got, 'open_alerts', $all), 1, 'open alerts');
is(figure($got, 'unfolded_movements', $first), 1, 'unfolded movements');
cmp_ok(figure($got, 'oldest_unfolded_seconds', $all), '>=', 7200, 'age of the oldest');
is(figure($got, 'unknown_item_movements', 'merchant="nobody",'), 1, 'movements of unknown items');
is(figure($got, 'last_check_timestamp_seconds', $all), 0, 'a merchant was never checked');
cmp_ok(figure($got, 'last_check_timestamp_seconds', $first), '>', time - 3600, 'another was');
is(figure($got, 'undelivered_events', "consumer=\"mail\",$first"), 1, 'undelivered events');
is(figure($got, 'undelivered_events', $none), 1, 'undelivered events of all');

# What is cheap follows at once; what sweeps is repeated for some minutes.
$node->safe_psql('postgres', q{
    SELECT invtrack.fold();
    SELECT invtrack.check_trackers();
    SELECT invtrack.confirm_alert_events('mail', merchant, 1) FROM invtrack.merchant WHERE merchant <> 'n';
    UPDATE invtrack.tracker SET active = false WHERE merchant = 'n';
});
($got) = scrape();
is(figure($got, 'unfolded_movements', $all), 0, 'all is folded');
is(figure($got, 'oldest_unfolded_seconds', $all), 0, 'nothing waits');
is(figure($got, 'last_fold_timestamp_seconds', $all), undef, 'nobody is behind with folding');
cmp_ok(figure($got, 'last_check_timestamp_seconds', $all), '>', time - 3600, 'all are checked');
is(figure($got, 'undelivered_events', "consumer=\"mail\",$first"), 0, 'the event is confirmed');
is(figure($got, 'open_alerts', 'merchant="n",'), 2, 'alerts of the merchant that was checked now');
SKIP:
{
	my $yaml = slurp_file("$FindBin::RealBin/../../examples/postgres_exporter.yaml");
	my ($cached) = $yaml =~ /cache_seconds: (\d+)/;
	skip 'the machine is so slow that nothing of before is kept', 1 if time - $scraped_at >= $cached - 1;
	is(figure($got, 'trackers_paused', $all), 0, 'trackers are those of before');
}
is($node->safe_psql('postgres', q{SELECT value FROM invtrack.metrics WHERE name = 'trackers_paused' AND merchant IS NULL}),
	2, 'which have changed');

# A role that may not read: no figures, rather than wrong ones, and the exporter says so.
$node->safe_psql('postgres', 'REVOKE SELECT ON invtrack.alert FROM watcher');
($got) = scrape();
is($got->{pg_exporter_last_scrape_error}, 1, 'a query fails');
is(figure($got, 'open_alerts', $all), undef, 'it gives no figure');
may_read_everything('watcher');
($got) = scrape();
is($got->{pg_exporter_last_scrape_error}, 0, 'no query fails any more');
is(figure($got, 'open_alerts', $all), 3, 'and there are figures again');

$process->kill_kill;
undef $process;
$node->stop;
done_testing();
