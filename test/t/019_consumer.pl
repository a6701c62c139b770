# The example consumer: two workers deliver to a webhook while trackers fall ill and recover, while the
# workers are killed and the server goes down. No event is lost, and each merchant's come in order.
# INVTRACK_LONG=1: for longer.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;
use IPC::Run;
use Time::HiRes qw(usleep);

my $dir = "$FindBin::Bin/../../examples/consumer";
my $version = `node --version 2>&1`;
plan skip_all => 'there is no node' unless $? == 0;
plan skip_all => 'the modules of examples/consumer are not installed' unless -e "$dir/node_modules/pg/package.json";

my $seed = $ENV{INVTRACK_SEED} // int(rand(1_000_000_000));
srand($seed);
note "seed $seed, node $version";
my $rounds = $ENV{INVTRACK_LONG} ? 30 : 12;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
# One code has letters that a header can't have.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION invtrack CASCADE;
INSERT INTO invtrack.merchant (merchant, name)
SELECT 'm' || m, 'M' FROM generate_series(1, 5) m UNION ALL VALUES ('Käse/ 7 €', 'Tom''s "Käse"');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 'p' || p FROM invtrack.merchant, generate_series(1, 8) p;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 20 FROM invtrack.product;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
SELECT merchant, sku, 'good', 'stock_quantity', 10 FROM invtrack.product;
SQL

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = getpwuid($<);
$ENV{PGDATABASE} = 'postgres';
$ENV{INVTRACK_BATCH} = 10;

# A webhook: writes what it accepts to stdout, a line a request, in the order in which it came. Takes its
# time, and answers every 40th request with an error. While the file "hold" is there it answers nothing, and says so.
my $tmp = PostgreSQL::Test::Utils::tempdir();
append_to_file("$tmp/receiver.mjs", <<'NODE');
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

let requests = 0;
createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const accepted = ++requests % 40 !== 0;
    if (accepted) process.stdout.write(`${request.headers['idempotency-key']} ${body}\n`);
    response.statusCode = accepted ? 204 : 503;
    if (existsSync(process.argv[3])) process.stderr.write('holding\n');
    const answer = () => (existsSync(process.argv[3]) ? setTimeout(answer, 10) : response.end());
    setTimeout(answer, 10);
  });
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stderr.write('listening\n'));
NODE
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $said = '';
my $receiver = IPC::Run::start([ 'node', "$tmp/receiver.mjs", $port, "$tmp/hold" ],
	'<', \undef, '>', "$tmp/received", '2>', \$said, IPC::Run::timeout(36_000));
$receiver->pump until $said =~ /listening/;

# What is left running if the test dies.
my @started = ($receiver);
END
{
	local $?;
	eval { $_->signal('KILL') } for @started;
}

# start_worker(name of the consumer, file of its output, seconds between looks, webhook): to the file without a webhook
sub start_worker
{
	my ($name, $out, $seconds, $webhook) = @_;
	local $ENV{INVTRACK_CONSUMER} = $name;
	local $ENV{PGAPPNAME} = "consumer $name";
	local $ENV{INVTRACK_POLL_SECONDS} = $seconds;
	local $ENV{INVTRACK_WEBHOOK} = $webhook // '';
	push @started, IPC::Run::start([ 'node', "$dir/consumer.mjs" ], '<', \undef, '>>', $out, '2>>', "$tmp/log");
	return $started[-1];
}

# An end that nobody planned.
sub kill_worker
{
	my ($worker) = @_;
	$worker->signal('KILL');
	IPC::Run::finish($worker);
	@started = grep { $_ != $worker } @started;
}

# Two workers are killed while one of them waits for the webhook, and so is in the middle of a batch.
sub kill_in_batch
{
	my @workers = @_;
	my $from = -s $node->logfile;
	$said = '';
	append_to_file("$tmp/hold", '');
	change_and_check();
	$receiver->pump until $said =~ /holding/;
	kill_worker($_) for @workers;
	$node->wait_for_log(qr/unexpected EOF on client connection with an open transaction/, $from);
	unlink "$tmp/hold" or die "hold: $!";
	return;
}

# Ends well when told to.
sub stop_worker
{
	my ($worker) = @_;
	$worker->signal('TERM');
	@started = grep { $_ != $worker } @started;
	return IPC::Run::finish($worker);
}

# Some stock goes, some comes back, and what that means is found out.
sub change_and_check
{
	my $number = int(rand(1_000_000_000));
	$node->safe_psql('postgres', qq{
	    UPDATE invtrack.stock_lot SET quantity = CASE WHEN quantity < 10 THEN 20 ELSE 1 END
	     WHERE hashtext(merchant || sku || $number) % 2 = 0;
	    CALL invtrack.check_all();});
}

sub wait_until_confirmed
{
	my ($name) = @_;
	return $node->poll_query_until('postgres', qq{
	    SELECT count(*) > 0 AND bool_and(coalesce(c.confirmed, 0) = s.events) FROM invtrack.check_state s
	      LEFT JOIN invtrack.alert_consumer c ON c.merchant = s.merchant AND c.consumer = '$name'
	     WHERE s.events > 0});
}

# What should have been received: merchant/event => payload, and how many of each merchant.
sub recorded
{
	my (%payload, %count);
	for my $line (split /\n/, $node->safe_psql('postgres', q{
	    SELECT CASE merchant WHEN 'Käse/ 7 €' THEN 'K%C3%A4se%2F%207%20%E2%82%AC' ELSE merchant END || '/' || event_id, payload
	      FROM invtrack.alert_event}))
	{
		my ($key, $text) = $line =~ /^(\S+)\|(.*)$/ or die $line;
		$payload{$key} = $text;
		$count{ $key =~ s{/\d+$}{}r }++;
	}
	return (\%payload, \%count);
}

# What is wrong with these deliveries ("merchant/event payload"), and how many came again.
sub judge
{
	my (@delivered) = @_;
	my ($payload, $count) = recorded();
	my (%last, @wrong);
	my $again = 0;
	for my $line (@delivered)
	{
		my ($key, $merchant, $event, $text) = $line =~ m{^((\S+)/(\d+)) (.*)$} or die $line;
		my $last = $last{$merchant} // 0;
		push @wrong, "$key came after $last" if $event > $last + 1;
		push @wrong, "$key is not what was recorded" if $text ne ($payload->{$key} // '');
		$again++ if $event <= $last;
		$last{$merchant} = $event if $event > $last;
	}
	push @wrong, map { "$_ ends with " . ($last{$_} // 0) } grep { ($last{$_} // 0) != $count->{$_} } sort keys %$count;
	return (join("\n", @wrong), $again, scalar keys %$payload);
}

sub received { return split /\n/, slurp_file("$tmp/received"); }

my $webhook = "http://127.0.0.1:$port/";

# All is well: each event comes once, in order, from two workers that only NOTIFY wakes.
my @workers = map { start_worker('mail', '/dev/null', 3600, $webhook) } 1 .. 2;
$node->poll_query_until('postgres', q{
    SELECT count(*) = 2 FROM pg_stat_activity
     WHERE application_name = 'consumer mail' AND state = 'idle' AND query = 'COMMIT'}) or die 'workers are not there';
for (1 .. 3)
{
	change_and_check();
	usleep(rand(200_000));
}
ok(wait_until_confirmed('mail'), 'two workers confirm all');
my ($wrong, $again, $events) = judge(received());
is($wrong, '', "$events events come in order");
is($again, 0, 'none comes twice');
ok(stop_worker($_), 'a worker stops when told to') for @workers;

# Nothing is well. What a killed worker had is found by looking again.
@workers = map { start_worker('mail', '/dev/null', 1, $webhook) } 1 .. 2;
my $log = -s $node->logfile;
my $in_batch = 0;
for my $round (1 .. $rounds)
{
	change_and_check();
	usleep(rand(250_000));
	if ($round % 6 == 4)
	{
		$node->stop('immediate');
		usleep(rand(300_000));
		$node->start;
	}
	if ($round % 6 == 1)
	{
		kill_in_batch(@workers);
		@workers = map { start_worker('mail', '/dev/null', 1, $webhook) } 1 .. 2;
		$in_batch++;
		next;
	}
	my $i = int(rand(2));
	kill_worker($workers[$i]);
	$workers[$i] = start_worker('mail', '/dev/null', 1, $webhook);
	usleep(rand(400_000));
}
ok(wait_until_confirmed('mail'), 'all is confirmed after all that');
($wrong, $again, $events) = judge(received());
is($wrong, '', "no event is lost of $events, and they come in order");
my $interrupted = () = slurp_file($node->logfile, $log) =~ /unexpected EOF on client connection with an open transaction/g;
cmp_ok($interrupted, '>=', $in_batch, 'workers were killed in the middle of a batch');
note "$again came again, $interrupted batches were cut short";

# What comes while there is none waits for the next one.
ok(stop_worker($_), 'a worker stops when told to') for @workers;
change_and_check();
@workers = (start_worker('mail', '/dev/null', 3600, $webhook));
ok(wait_until_confirmed('mail'), 'the next worker begins with what has come meanwhile');
($wrong) = judge(received());
is($wrong, '', 'and that is all there');
ok(stop_worker(@workers), 'it stops as well');

# Another consumer begins with the oldest event, here on stdout.
my $printer = start_worker('print', "$tmp/printed", 3600);
ok(wait_until_confirmed('print'), 'a new consumer confirms all');
ok(stop_worker($printer), 'and stops');
my ($payload) = recorded();
my @printed = split /\n/, slurp_file("$tmp/printed");
is_deeply([ sort @printed ], [ sort values %$payload ], 'it printed each event once');
($wrong) = judge(map {
	my ($event) = /"event_id": (\d+)/;
	my ($merchant) = /"merchant": "([^"]+)"/;
	($merchant =~ /^K/ ? 'K%C3%A4se%2F%207%20%E2%82%AC' : $merchant) . "/$event $_";
} @printed);
is($wrong, '', 'in order');
like(slurp_file("$tmp/log"), qr/connecting again in \d+ ms/, 'workers connected again by themselves');
unlike(slurp_file("$tmp/log"), qr/Warning/, 'and node had nothing to warn of');

# What docs/reference/events.md says of the payload, of which one key is only in events of renamed products.
$node->safe_psql('postgres', q{
    SELECT invtrack.rename_product(merchant, sku, sku || '-renamed') FROM invtrack.alert_open ORDER BY merchant, sku LIMIT 1});
my ($section) = slurp_file("$FindBin::Bin/../../docs/reference/events.md") =~ /^# What an event says\n(.*)/ms;
my %documented = map { $_ => 1 } map { /`(\w+)`/g } $section =~ /^\| (`\w+`(?:, `\w+`)*) \|/mg;
is( join(' ', sort keys %documented),
	$node->safe_psql('postgres', q{
	    SELECT string_agg(DISTINCT key, ' ' ORDER BY key) FROM invtrack.alert_event, jsonb_object_keys(payload) key}),
	'the keys of the payload are those that docs/reference/events.md lists');

$receiver->kill_kill;
$node->stop;
done_testing();
