# Random weeks with stock and movements by day, checked each day or on some: backtest_tracker() afterwards
# says what checks recorded and which alerts they opened, and what tracker_health() says of each day under
# stalled_days. INVTRACK_SEED repeats a run.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED};
$seed = int(rand(1_000_000_000)) unless defined $seed && $seed =~ /^\d+$/;
note("INVTRACK_SEED=$seed");
my $from_seed = ($seed % 1_000_000_000) / 1_000_000_000;
my $days = $ENV{INVTRACK_LONG} ? 200 : 40;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION invtrack CASCADE;
SELECT setseed($from_seed);
-- m1 and m2 are checked each day, m3 on some
INSERT INTO invtrack.merchant (merchant, count_today, rearm_percent, alert_too_new, alert_nothing_on_hand, critical_percent)
VALUES ('m1', true, 0, false, false, 0), ('m2', false, 25.5, true, true, 50), ('m3', true, 10, false, true, 0);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, launched_on, discontinued_on)
SELECT merchant, 'p' || n, CASE WHEN random() < 0.4 THEN date '2026-01-01' + (random() * $days)::int END,
       CASE WHEN random() < 0.2 THEN date '2026-01-01' + (random() * $days)::int END
  FROM invtrack.merchant, generate_series(1, 8) n;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT merchant, sku, 'good', mechanism, CASE WHEN mechanism <> 'turnover_days' THEN round((random() * 20 + 0.01)::numeric, 2) END,
       CASE WHEN mechanism <> 'stock_quantity' THEN 1 + (random() * 20)::int END, CASE WHEN mechanism = 'turnover_days' THEN 1 + (random() * 8)::int END,
       CASE WHEN mechanism <> 'stalled_days' AND random() < 0.1 THEN 3 END
  FROM invtrack.product, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
-- whatever the seed is, an alert is withdrawn: always low, and then discontinued
INSERT INTO invtrack.product (merchant, sku, discontinued_on) VALUES ('m1', 'ends', '2026-01-20');
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m1', 'ends', 'good', 'stock_quantity', 1000);
DO \$\$
BEGIN
    FOR day IN 1 .. $days LOOP
        PERFORM set_config('invtrack.as_of', (date '2025-12-31' + day)::text, true);
        DELETE FROM invtrack.stock_lot WHERE random() < 0.15;
        INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, quantity)
        SELECT merchant, sku, 'good', 'L' || day % 3, round((random() * 25 - 2)::numeric, 3) FROM invtrack.product WHERE random() < 0.3
            ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET quantity = excluded.quantity;
        INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        SELECT merchant, sku, 'good', flow, date '2025-12-31' + day, round((random() * 6 - 1)::numeric, 2)
          FROM invtrack.product, unnest(ARRAY['sale', 'shipment']) flow WHERE random() < 0.4;
        IF random() < 0.1 THEN
            PERFORM invtrack.fold('m' || n) FROM generate_series(1, 3) n;
        END IF;
        PERFORM invtrack.check_trackers(m.merchant) FROM invtrack.merchant m WHERE m.merchant <> 'm3' OR random() < 0.6;
    END LOOP;
END
\$\$;
CREATE ROLE reader;
SELECT invtrack.grant_access('reader', 'm3');
CREATE TABLE tested AS
SELECT t.merchant, t.sku, t.mechanism, t.expiry_days, b.*
  FROM invtrack.tracker t,
       LATERAL invtrack.backtest_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days,
                                         date '2025-12-31', date '2025-12-31' + $days) b;
SET ROLE reader;
CREATE TEMPORARY TABLE read AS
SELECT t.merchant, t.sku, t.mechanism, t.expiry_days, b.*
  FROM invtrack.tracker t,
       LATERAL invtrack.backtest_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days,
                                         date '2025-12-31', date '2025-12-31' + $days) b;
RESET ROLE;
CREATE TABLE read_by_reader AS SELECT * FROM read;
SQL

sub result
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

is( result('SELECT * FROM read_by_reader EXCEPT SELECT * FROM tested') . result(q{SELECT count(*) FROM (SELECT * FROM tested WHERE merchant = 'm3' EXCEPT SELECT * FROM read_by_reader) d}),
	'0', 'a reader gets the same, of his merchant');
is(result(<<'SQL'), '', 'what is known of stock is what checks recorded, to the day');
SELECT t.*, r.* FROM tested t
  LEFT JOIN invtrack.health_daily r USING (merchant, sku, mechanism, day)
 WHERE t.mechanism <> 'stalled_days' AND t.expiry_days IS NULL
   AND (t.health, t.status, t.reason, t.is_known) IS DISTINCT FROM (r.health, r.status, r.reason, r.day IS NOT NULL)
SQL
cmp_ok(result('SELECT count(*) FROM invtrack.health_daily'), '>', 1000, 'checks recorded something');
is(result('SELECT count(*) FROM tested WHERE expiry_days IS NOT NULL AND (is_known OR health IS NOT NULL OR status IS NOT NULL OR reason IS NOT NULL OR episode IS NOT NULL)'),
	0, 'by shelf life nothing is known');
is(result(<<'SQL'), '', 'stalled_days is what tracker_health() says of each day');
SELECT t.* FROM tested t, LATERAL invtrack.tracker_health(t.merchant, t.sku, 'good', t.mechanism, t.day) h
 WHERE t.mechanism = 'stalled_days' AND ((t.health, t.status, t.is_known) IS DISTINCT FROM (h.health, h.status, true)
   OR t.reason IS DISTINCT FROM h.reason AND NOT (t.reason IN ('nothing_on_hand', 'shipments_below_quantity') AND h.reason IN ('nothing_on_hand', 'shipments_below_quantity')))
SQL
is(result(<<'SQL'), '', 'and with its reason what checks recorded');
SELECT t.*, r.* FROM tested t JOIN invtrack.health_daily r USING (merchant, sku, mechanism, day)
 WHERE t.mechanism = 'stalled_days' AND (t.health, t.status, t.reason) IS DISTINCT FROM (r.health, r.status, r.reason)
SQL
is(result(<<'SQL'), '', 'episodes are the alerts of the checks, by their number and days');
WITH a AS (SELECT *, row_number() OVER (PARTITION BY merchant, sku, mechanism ORDER BY alert_id) AS episode FROM invtrack.alert)
SELECT t.*, a.episode, a.opened_on, a.closed_on FROM tested t
  LEFT JOIN a ON a.merchant = t.merchant AND a.sku = t.sku AND a.mechanism = t.mechanism
            AND a.opened_on <= t.day AND (a.closed_on IS NULL OR t.day < a.closed_on)
 WHERE t.is_known AND t.day >= '2026-01-01' AND (t.mechanism <> 'stalled_days' OR t.merchant IN ('m1', 'm2')
       AND NOT EXISTS (SELECT FROM tested b WHERE b.merchant = t.merchant AND b.sku = t.sku AND b.mechanism = t.mechanism AND b.day = '2025-12-31' AND b.episode IS NOT NULL))
   AND t.episode IS DISTINCT FROM a.episode
SQL
cmp_ok(result('SELECT count(*) FROM invtrack.alert WHERE closed_as = ' . "'$_'"), '>', 0, "some alerts are $_") for qw(recovered withdrawn);
$node->stop;
done_testing();
