# ALTER EXTENSION UPDATE while applications work: none of their transactions fails, whatever it has locked, in whatever
# order, and for how long. Whoever is in the way longer than the update may wait is named.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Released qw(released_versions before_data);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 40\nautovacuum_naptime = 1");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER');

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

# What a transaction does, in opposite orders, by tables and by views that read them; some hold what they have for longer
# than deadlock_timeout, and others wait for their rows meanwhile.
my %work = (
	sell => q{INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	          VALUES ('m', 'a', 'good', 'sale', '2026-03-10', 1);
	          PERFORM pg_sleep(random() * 0.01);
	          PERFORM count(health) FROM invtrack.health WHERE merchant = 'm';},
	look => q{PERFORM count(health) FROM invtrack.health;
	          PERFORM pg_sleep(random() * 0.01);
	          INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	          VALUES ('m', 'b', 'good', 'shipment', '2026-03-10', 1);},
	plan => q{UPDATE invtrack.tracker SET quantity = 1 + (10 * random())::integer WHERE merchant = 'm' AND mechanism = 'stock_quantity';
	          PERFORM sum(on_hand) FROM invtrack.stock;
	          PERFORM count(*) FROM invtrack.product;},
	store => q{PERFORM count(*) FROM invtrack.product;
	           UPDATE invtrack.stock_lot SET quantity = quantity + 1 WHERE merchant = 'm' AND sku = 'b';
	           PERFORM pg_sleep(random() * 0.01);
	           PERFORM count(*) FROM invtrack.tracker;},
	report => q{SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
	            PERFORM sum(quantity) FROM invtrack.flow_daily;
	            PERFORM count(*) FROM invtrack.unknown_items;
	            PERFORM count(*) FROM invtrack.merchant;},
	name => q{UPDATE invtrack.merchant SET name = 'n' WHERE merchant = 'm';
	          PERFORM pg_sleep(1.2 * random());
	          PERFORM count(*) FROM invtrack.stock_lot;
	          COMMIT;
	          PERFORM pg_sleep(0.2);},
	rename => q{PERFORM count(*) FROM invtrack.stock_lot;
	            UPDATE invtrack.merchant SET name = 'r' WHERE merchant = 'm';
	            PERFORM count(*) FROM invtrack.tracker;},
	analyze => q{ANALYZE invtrack.movement, invtrack.tracker; PERFORM pg_sleep(0.1);});

my @running;

# Each in a session of its own, one transaction after the other until it is told to stop.
sub start_work
{
	my ($database, $name) = @_;
	my %work = (name => $name, out => '', err => '');

	$work{run} = IPC::Run::start(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'shop_owner', '-h', $node->host, '-p', $node->port,
			'-d', $database, '-c', "CALL public.work_$name()" ],
		'<', \undef, '>', \$work{out}, '2>', \$work{err});
	return \%work;
}

# All have done so many more since now. Those that have failed are told of below.
sub wait_for_work
{
	my ($database, $more) = @_;

	my $done = join ' + ', map { "least($more, (SELECT last_value FROM public.done_$_) - (SELECT last_value FROM public.start_$_))" } keys %work;

	owner_psql($database, "SELECT setval('public.start_$_', last_value) FROM public.done_$_") for keys %work;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if owner_psql($database, "SELECT $done") == $more * keys %work || grep { !$_->{run}->pumpable || ($_->{run}->pump_nb && !$_->{run}->pumpable) } @running;
		usleep(100_000);
	}
	die 'work stands still';
}

foreach my $before (released_versions($node))
{
	my $database = "load_$before";
	$node->safe_psql('postgres', qq{CREATE DATABASE "$database" OWNER shop_owner});
	owner_psql($database, "CREATE EXTENSION invtrack VERSION '$before' CASCADE; " . before_data() . '; CREATE TABLE public.stop ()');
	owner_psql($database, qq{
	    CREATE SEQUENCE public.done_$_; CREATE SEQUENCE public.start_$_;
	    CREATE PROCEDURE public.work_$_() LANGUAGE plpgsql AS \$\$
	    BEGIN
	        COMMIT;
	        WHILE NOT EXISTS (SELECT FROM public.stop) LOOP
	            COMMIT;
	            $work{$_}
	            COMMIT;
	            PERFORM nextval('public.done_$_'), pg_sleep(0.1 * random());
	        END LOOP;
	    END
	    \$\$}) for keys %work;

	@running = map { start_work($database, $_) } sort(keys %work), 'sell', 'look';
	wait_for_work($database, 5);
	owner_psql($database, q{SET lock_timeout = '10min'; ALTER EXTENSION invtrack UPDATE});
	isnt(owner_psql($database, q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}), $before, "$before is updated under load");
	wait_for_work($database, 5);
	owner_psql($database, 'INSERT INTO public.stop DEFAULT VALUES');
	foreach my $work (@running)
	{
		ok($work->{run}->finish && $work->{err} eq '', "$before: no transaction of $work->{name} has failed") or diag($work->{err});
	}
	is(owner_psql($database, 'SELECT * FROM invtrack.verify()'), '', "$before: nothing is wrong");
	$node->safe_psql('postgres', qq{DROP DATABASE "$database" WITH (FORCE)});
}

# A transaction of an application; its session goes on with what it has prepared.
my $before = (released_versions($node))[-1];
$node->safe_psql('postgres', 'CREATE DATABASE shop OWNER shop_owner');
owner_psql('shop', "CREATE EXTENSION invtrack VERSION '$before' CASCADE; " . before_data());
my $update = 'psql -X -v VERBOSITY=verbose -U shop_owner -d shop';
my ($code, $out, $err) = $node->psql('shop', qq{
    SET application_name = 'report';
    PREPARE health (text) AS SELECT sku, mechanism, health FROM invtrack.health WHERE merchant = \$1 ORDER BY 1, 2;
    PREPARE sale (text) AS INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
                           VALUES ('m', \$1, 'good', 'sale', '2026-03-10', 1);
    SET invtrack.as_of = '2026-03-10';
    BEGIN;
    EXECUTE health('m');
    EXECUTE sale('a');
    DO 'BEGIN PERFORM pg_sleep(0.3); END'; -- the update names whoever has kept a lock for so long
    \\! $update -c "SET lock_timeout = '300ms'" -c 'ALTER EXTENSION invtrack UPDATE' 2>&1
    COMMIT;
    \\! $update -c 'ALTER EXTENSION invtrack UPDATE' 2>&1
    EXECUTE health('m');
    EXECUTE sale('b');
    SELECT count(*) FROM invtrack.tracker_health('m')}, on_error_die => 1);
is($code, 0, 'the session goes on');
my $health = qr/a\|stock_quantity\|[0-9.]+\nb\|stalled_days\|[0-9.]+\nb\|turnover_days\|[0-9.]+\n/;
like($out, qr/^${health}SET\n
ERROR:\ \ 55P03:\ could\ not\ lock\ the\ tables\ and\ views\ of\ invtrack\ within\ 00:00:00.3,\ nothing\ was\ changed\n
DETAIL:\ \ Process\ \d+\ \(report\)\ holds\ a\ lock\ on\ invtrack\.\w+,\ in\ a\ transaction\ since\ .*\n
HINT:\ \ Try\ again\ .*\n/x, 'whoever is in the way is named');
like($out, qr/ALTER EXTENSION\n${health}3$/, 'and what was prepared before goes on after');

# Autovacuum gives way, as it does for other locks.
$node->safe_psql('postgres', 'CREATE DATABASE vacuum OWNER shop_owner');
owner_psql('vacuum', "CREATE EXTENSION invtrack VERSION '$before' CASCADE; " . before_data());
owner_psql('vacuum', q{
    ALTER TABLE invtrack.product SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
    INSERT INTO invtrack.product SELECT 'm', 'p' || n, repeat('n', 200) FROM generate_series(1, 5000) n;
    DELETE FROM invtrack.product WHERE sku LIKE 'p%'});
$node->poll_query_until('vacuum', q{
    SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE a.backend_type = 'autovacuum worker' AND l.relation = 'invtrack.product'::regclass AND l.mode = 'ShareUpdateExclusiveLock'})
  or die 'autovacuum has not come';
owner_psql('vacuum', q{SET lock_timeout = '5min'; ALTER EXTENSION invtrack UPDATE});
like(slurp_file($node->logfile), qr/canceling autovacuum task\n.*CONTEXT:  .*invtrack\.product/, 'autovacuum gives way');

$node->stop;
done_testing();
