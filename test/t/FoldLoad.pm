# What 007_fold_load.pl and 008_fold_crash.pl share: a database in which each movement is written a
# second time into test.ledger, in the same transaction, and pgbench scripts that write, fold, purge
# and read, at all isolation levels at once, and stop at the first reading that differs from the ledger.

package FoldLoad;

use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(load_seed load_configure load_set_up load_start load_runs load_wait load_report
  load_differences log_errors);

my @levels = ('read committed', 'repeatable read', 'serializable');

# name => [ weight, script ]
my $some_item = <<'SQL';
\set merchant random(1, 4)
\set sku random_zipfian(1, 40, 1.05)
\set type random(1, 2)
\set flow random(1, 2)
\set day random(0, 70)
\set cents random(-300, 1000)
SQL
my $key = q{'m:merchant', 'p:sku', (ARRAY['good', 'defective'])[:type], (ARRAY['sale', 'shipment'])[:flow]};
my $columns = 'merchant, sku, inventory_type, flow, occurred_on, quantity';
# An arithmetic series of items and days, the same for a seed.
my $rows = q{SELECT 'm:merchant' AS merchant, 'p' || 1 + (:sku + 7 * n) % 40 AS sku,
    (ARRAY['good', 'defective'])[1 + (:type + n) % 2] AS inventory_type,
    (ARRAY['sale', 'shipment'])[:flow] AS flow,
    date '2026-01-01' + (:day + 3 * n) % 70 AS occurred_on, (:cents + n) * 0.01 AS quantity
    FROM generate_series(1, :rows) n};
my $insert_rows = "WITH r AS ($rows),
    noted AS (INSERT INTO test.ledger SELECT 'many', r.* FROM r)
    INSERT INTO invtrack.movement ($columns) SELECT $columns FROM r;";

my %scripts = (
	write_one => [
		30, qq{$some_item
BEGIN;
INSERT INTO invtrack.movement ($columns) VALUES ($key, date '2026-01-01' + :day, :cents * 0.01);
INSERT INTO test.ledger VALUES ('one', $key, date '2026-01-01' + :day, :cents * 0.01);
COMMIT;
} ],
	# Any day long ago, and quantities of any size, with all decimals.
	write_backdated => [
		6, qq{$some_item
\\set day random(0, 13000)
\\set micro random(-999999999999999999, 999999999999999999) / random(1, 3)
BEGIN;
INSERT INTO test.ledger VALUES ('backdated', $key, date '1990-01-01' + :day, :micro * 0.000001);
INSERT INTO invtrack.movement ($columns) VALUES ($key, date '1990-01-01' + :day, :micro * 0.000001);
COMMIT;
} ],
	# What is there already is not written again; after a purge it is.
	write_ref => [
		12, qq{$some_item
\\set ref random(1, 500)
WITH w AS (
    INSERT INTO invtrack.movement ($columns, ref)
    VALUES ($key, date '2026-01-01' + :day, :cents * 0.01, 'r:ref') ON CONFLICT DO NOTHING
    RETURNING $columns)
INSERT INTO test.ledger SELECT 'ref', w.* FROM w;
} ],
	# Of several rows; a third rolls all back, a third the part after a savepoint.
	write_many => [
		6, qq{$some_item
\\set rows random(2, 60)
\\set fate random(1, 3)
BEGIN;
$insert_rows
SAVEPOINT half;
\\set sku :sku + 1
$insert_rows
\\if :fate = 1
ROLLBACK;
\\elif :fate = 2
ROLLBACK TO half;
COMMIT;
\\else
COMMIT;
\\endif
} ],
	reverse => [
		6, q{
\set merchant random(1, 4)
\set nth random(0, 30)
SELECT test.reverse('m:merchant', :nth);
} ],
	fold => [ 4, qq{\\set merchant random(1, 4)\nSELECT invtrack.fold('m:merchant');\n} ],
	fold_every => [ 2, "SELECT invtrack.fold();\n" ],
	fold_all => [ 2, "CALL invtrack.fold_all();\n" ],
	# A fold among writes and readings of one transaction, which half the time comes to nothing.
	fold_between => [
		2, qq{$some_item
\\set rows random(1, 20)
\\set fate random(1, 2)
BEGIN;
$insert_rows
SELECT test.check('m:merchant');
SELECT invtrack.fold('m:merchant');
$insert_rows
SELECT test.check('m:merchant');
\\if :fate = 1
ROLLBACK;
\\else
COMMIT;
\\endif
} ],
	purge => [ 2, qq{\\set merchant random(1, 4)\nSELECT invtrack.purge_movements('m:merchant', 0);\n} ],
	purge_every => [ 1, "SELECT invtrack.purge_movements(NULL, 0);\n" ],
	read_product => [
		12, q{
\set merchant random(1, 4)
\set sku random_zipfian(1, 40, 1.05)
SELECT test.check('m:merchant', 'p:sku');
} ],
	read_merchant => [ 4, qq{\\set merchant random(1, 4)\nSELECT test.check('m:merchant');\n} ],
	# One snapshot, two readings: the same, whatever was folded and purged in between.
	read_twice => [
		3, q{
\set merchant random(1, 4)
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT test.answers('m:merchant') AS before \gset
SELECT test.check('m:merchant');
SELECT test.expect_same(':before', test.answers('m:merchant'));
COMMIT;
} ],
	verify => [ 2, qq{\\set merchant random(1, 4)\nSELECT test.check_verify('m:merchant');\n} ],
	verify_every => [ 1, "SELECT test.check_verify();\n" ],
	# Truncation waits seconds for a moment without any other lock: that is left to autovacuum.
	vacuum => [ 1, "VACUUM (TRUNCATE false) invtrack.movement, invtrack.flow_series, invtrack.fold_state;\n" ],
	checkpoint => [ 1, "CHECKPOINT;\n" ]);

my $set_up = <<'SQL';
CREATE EXTENSION invtrack CASCADE;
ALTER DATABASE postgres SET invtrack.as_of = '2026-03-10';

INSERT INTO invtrack.merchant (merchant, name) SELECT 'm' || m, 'M' || m FROM generate_series(1, 4) m;
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
SELECT merchant, type, type FROM invtrack.merchant, unnest(ARRAY['good', 'defective']) type;
INSERT INTO invtrack.product (merchant, sku, name)
SELECT merchant, 'p' || p, 'P' || p FROM invtrack.merchant, generate_series(1, 40) p;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity)
SELECT merchant, sku, inventory_type, 100 FROM invtrack.product JOIN invtrack.inventory_type USING (merchant);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT merchant, sku, inventory_type, k.* FROM invtrack.product JOIN invtrack.inventory_type USING (merchant),
       (VALUES ('turnover_days', NULL, 30, 14), ('stalled_days', 50, 3650, NULL)) k;

CREATE SCHEMA test;
CREATE TABLE test.ledger (
    how text, merchant text COLLATE "C", sku text COLLATE "C", inventory_type text COLLATE "C",
    flow text COLLATE "C", occurred_on date, quantity numeric);
CREATE INDEX ON test.ledger (merchant, sku, inventory_type, flow);

-- All that differs from the ledger, in one snapshot. STABLE: that of the calling statement.
CREATE FUNCTION test.wrong(of_merchant text DEFAULT NULL, of_sku text DEFAULT NULL)
RETURNS TABLE (what text, item text, written text, found text) LANGUAGE sql STABLE AS $$
SELECT 'flow_daily', format('%s %s %s %s %s', merchant, sku, inventory_type, flow, day), w.quantity::text, d.quantity::text
  FROM (SELECT d.* FROM invtrack.flow_daily d
         WHERE (of_merchant IS NULL OR d.merchant = of_merchant) AND (of_sku IS NULL OR d.sku = of_sku)) d
  FULL JOIN (SELECT l.merchant, l.sku, l.inventory_type, l.flow, l.occurred_on AS day, sum(l.quantity) AS quantity
               FROM test.ledger l
              WHERE (of_merchant IS NULL OR l.merchant = of_merchant) AND (of_sku IS NULL OR l.sku = of_sku)
              GROUP BY l.merchant, l.sku, l.inventory_type, l.flow, l.occurred_on) w
 USING (merchant, sku, inventory_type, flow, day)
 WHERE w.quantity IS DISTINCT FROM d.quantity
UNION ALL
SELECT 'folded + tail', format('%s %s %s %s', merchant, sku, inventory_type, flow), format('%s in %s', w.quantity, w.movements),
       format('%s + %s in %s + %s', invtrack.total(s.days), invtrack.total(t.days), s.movements, t.movements)
  FROM (SELECT s.* FROM invtrack.flow_series s
         WHERE (of_merchant IS NULL OR s.merchant = of_merchant) AND (of_sku IS NULL OR s.sku = of_sku)) s
  FULL JOIN (SELECT t.* FROM invtrack_internal.flow_tail t
         WHERE (of_merchant IS NULL OR t.merchant = of_merchant) AND (of_sku IS NULL OR t.sku = of_sku)) t
 USING (merchant, sku, inventory_type, flow)
  FULL JOIN (SELECT l.merchant, l.sku, l.inventory_type, l.flow, sum(l.quantity) AS quantity, count(*) AS movements
               FROM test.ledger l
              WHERE (of_merchant IS NULL OR l.merchant = of_merchant) AND (of_sku IS NULL OR l.sku = of_sku)
              GROUP BY l.merchant, l.sku, l.inventory_type, l.flow) w
 USING (merchant, sku, inventory_type, flow)
 WHERE w.quantity IS DISTINCT FROM coalesce(invtrack.total(s.days), 0) + coalesce(invtrack.total(t.days), 0)
    OR w.movements IS DISTINCT FROM coalesce(s.movements, 0) + coalesce(t.movements, 0)
$$;

-- Health as the rules say, of the ledger, against view and function.
SET check_function_bodies = off; -- oracle_health() comes later
CREATE FUNCTION test.wrong_health(of_merchant text, of_sku text)
RETURNS TABLE (what text, item text, written text, found text) LANGUAGE sql STABLE AS $$
WITH o AS MATERIALIZED (
    SELECT to_jsonb(o) AS tracker FROM oracle_health('2026-03-10') o
     WHERE o.merchant = of_merchant AND o.sku = of_sku),
h AS MATERIALIZED (
    SELECT 'health' AS what, to_jsonb(h) AS tracker FROM invtrack.health h
     WHERE h.merchant = of_merchant AND h.sku = of_sku
    UNION ALL
    SELECT 'tracker_health()', to_jsonb(h) FROM invtrack.tracker_health(of_merchant, of_sku) h)
(SELECT h.what, of_merchant || ' ' || of_sku, NULL, h.tracker::text FROM h
  WHERE NOT EXISTS (SELECT FROM o WHERE o.tracker = h.tracker))
UNION ALL
(SELECT n.what, of_merchant || ' ' || of_sku, o.tracker::text, NULL
   FROM o, (VALUES ('health'), ('tracker_health()')) n (what)
  WHERE NOT EXISTS (SELECT FROM h WHERE h.what = n.what AND h.tracker = o.tracker))
$$;

CREATE FUNCTION test.check(of_merchant text, of_sku text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    w record;
BEGIN
    FOR w IN SELECT * FROM test.wrong(of_merchant, of_sku) LOOP
        RAISE '%, %: written %, found %', w.what, w.item, w.written, w.found;
    END LOOP;
    IF of_sku IS NOT NULL THEN
        FOR w IN SELECT * FROM test.wrong_health(of_merchant, of_sku) LOOP
            RAISE '%, %: written %, found %', w.what, w.item, w.written, w.found;
        END LOOP;
    END IF;
END
$$;

CREATE FUNCTION test.check_verify(of_merchant text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    FOR d IN SELECT * FROM invtrack.verify(of_merchant) LOOP
        RAISE 'verify(): %', d;
    END LOOP;
END
$$;

CREATE FUNCTION test.answers(of_merchant text) RETURNS text LANGUAGE sql STABLE AS $$
SELECT md5(coalesce((SELECT string_agg(d::text, ' ' ORDER BY d) FROM invtrack.flow_daily d WHERE d.merchant = of_merchant), '')
        || (SELECT string_agg(h::text, ' ' ORDER BY h.sku, h.inventory_type, h.mechanism)
              FROM invtrack.tracker_health(of_merchant) h))
$$;

CREATE FUNCTION test.expect_same(before text, after text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF before IS DISTINCT FROM after THEN
        RAISE 'one snapshot, two answers';
    END IF;
END
$$;

-- Reverse one of the newest movements, unless others have reversed or purged it since it was found.
CREATE FUNCTION test.reverse(of_merchant text, nth integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    SELECT m.movement_id INTO id FROM invtrack.movement m
     WHERE m.merchant = of_merchant ORDER BY m.movement_id DESC OFFSET nth LIMIT 1;
    IF id IS NULL THEN
        RETURN;
    END IF;
    id := invtrack.reverse_movement(of_merchant, id);
    INSERT INTO test.ledger
    SELECT 'reversal', m.merchant, m.sku, m.inventory_type, m.flow, m.occurred_on, m.quantity
      FROM invtrack.movement m WHERE m.merchant = of_merchant AND m.movement_id = id;
EXCEPTION
    WHEN no_data_found OR unique_violation THEN
END
$$;
SQL

sub load_seed
{
	my $seed = $ENV{INVTRACK_SEED};
	return $seed if defined $seed && $seed =~ /^\d+$/;
	return int(rand(1_000_000_000));
}

# To be called between init and start. Errors are found in the log, by their SQLSTATE and level.
sub load_configure
{
	my ($node) = @_;
	$node->append_conf('postgresql.conf', <<'CONF');
log_statement = none
log_line_prefix = '%m [%p] %e <%a> '
log_lock_waits = on
max_wal_size = 64MB
min_wal_size = 32MB
checkpoint_timeout = 30s
CONF
}

sub load_set_up
{
	my ($node) = @_;
	$node->safe_psql('postgres', $set_up);
	# Of what was written, folded and purged or not.
	my $oracle = slurp_file(dirname(__FILE__) . '/../oracle.sql');
	$oracle =~ s/FROM invtrack\.movement\b/FROM test.ledger/g == 2 or die 'oracle.sql reads movements elsewhere';
	$node->safe_psql('postgres', $oracle);
	$node->safe_psql('postgres', 'VACUUM ANALYZE');
}

# load_start($node, seed, transactions, clients of each level): a pgbench for each, all at once. Transactions are a client's;
# how long they take is the machine's business.
sub load_start
{
	my ($node, $seed, $transactions, @clients) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @files;
	for my $name (sort keys %scripts)
	{
		append_to_file("$dir/$name.sql", $scripts{$name}[1]);
		push @files, '-f', "$dir/$name.sql\@$scripts{$name}[0]";
	}
	my @running;
	for my $i (0 .. $#levels)
	{
		next unless $clients[$i];
		my $level = $levels[$i];
		local $ENV{PGAPPNAME} = $level;
		local $ENV{PGOPTIONS} = "-c default_transaction_isolation=" . ($level =~ s/ /\\ /r);
		my %load = (level => $level, out => '');
		$load{process} = IPC::Run::start(
			[ 'pgbench', '-n', '-c', $clients[$i], '-j', 1, '-t', $transactions, '--failures-detailed',
				'--random-seed', $seed + $i, @files, $node->connstr('postgres') ],
			'<', \undef, '>&', \$load{out});
		push @running, \%load;
	}
	return @running;
}

# Are they all still running? One that has found a fault is not.
sub load_runs
{
	return !grep { !eval { $_->{process}->pump_nb; $_->{process}->pumpable } } @_;
}

# Wait for their ends; true where all ended well.
sub load_wait
{
	my $well = 1;
	for my $load (@_)
	{
		IPC::Run::finish($load->{process}) or $well = 0;
	}
	return $well;
}

# What pgbench says: level => script => [ transactions, failed, serialization failures, deadlocks ].
sub load_report
{
	my %report;
	for my $load (@_)
	{
		while ($load->{out} =~ m{^SQL script \d+: \S*?(\w+)\.sql\n(.*?)(?=^SQL script|\z)}msg)
		{
			my ($name, $text) = ($1, $2);
			my @numbers = map { $text =~ /^ - $_/m ? $1 : undef } (
				qr/(\d+) transactions/,
				qr/number of failed transactions: (\d+)/,
				qr/number of serialization failures: (\d+)/,
				qr/number of deadlock failures: (\d+)/);
			$report{ $load->{level} }{$name} = \@numbers;
		}
	}
	return \%report;
}

# What differs between the ledger and the readings, of all merchants and products; '' where nothing does.
sub load_differences
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{
	    SELECT * FROM test.wrong()
	    UNION ALL
	    SELECT w.* FROM invtrack.product p, test.wrong_health(p.merchant, p.sku) w LIMIT 10});
}

# Errors in the server's log from this place on, but for what is allowed: 40001 above READ COMMITTED, and a
# CHECKPOINT that finds no checkpointer, which has seen before it that the postmaster was killed.
sub log_errors
{
	my ($node, $from) = @_;
	my @errors = grep {
		/ (\S{5}) <(.*?)> (?:ERROR|PANIC): / && !($1 eq '40001' && $2 ne 'read committed')
		  && !/could not signal for checkpoint/
	} split /\n/, slurp_file($node->logfile, $from);
	return join "\n", @errors;
}

1;
