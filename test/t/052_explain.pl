# Random trackers, lots and movements, folded and not: the rows of explain_health() add up to what
# invtrack.health shows, for a reader of one merchant too. INVTRACK_SEED repeats a run.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED};
$seed = int(rand(1_000_000_000)) unless defined $seed && $seed =~ /^\d+$/;
note("INVTRACK_SEED=$seed");
my $from_seed = ($seed % 1_000_000_000) / 1_000_000_000;
my $days = $ENV{INVTRACK_LONG} ? 60 : 6;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION invtrack CASCADE;
SELECT setseed($from_seed);
INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m1', true), ('m2', false);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, launched_on)
SELECT merchant, 'p' || n, CASE WHEN random() < 0.4 THEN date '2026-03-01' - (random() * 90)::int END
  FROM invtrack.merchant, generate_series(1, 25) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', 'L' || n, CASE WHEN random() < 0.7 THEN date '2026-03-01' + (random() * 80 - 20)::int END,
       round((random() * 40 - 4)::numeric, (random() * 6)::int)
  FROM invtrack.product, generate_series(1, 4) n WHERE random() < 0.7;
CREATE FUNCTION move(times integer) RETURNS void LANGUAGE sql AS \$\$
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT merchant, sku, 'good', CASE WHEN random() < 0.6 THEN 'sale' ELSE 'shipment' END,
           date '2026-03-10' - (random() * random() * 200 - 10)::int, round((random() * 9 - 2)::numeric, (random() * 6)::int)
      FROM invtrack.product, generate_series(1, times) n WHERE random() < 0.7\$\$;
SELECT move(20);
CALL invtrack.fold_all();
SELECT move(5);
-- days that cancel out
SELECT count(invtrack.reverse_movement(merchant, movement_id)) FROM invtrack.movement WHERE random() < 0.2;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT merchant, sku, 'good', mechanism, CASE WHEN mechanism <> 'turnover_days' THEN round((random() * 50 + 0.01)::numeric, 2) END,
       CASE WHEN mechanism <> 'stock_quantity' THEN 1 + (random() * 90)::int END, CASE WHEN mechanism = 'turnover_days' THEN 1 + (random() * 30)::int END,
       CASE WHEN mechanism <> 'stalled_days' AND random() < 0.6 THEN (random() * 30)::int END
  FROM invtrack.product, unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) mechanism;
CREATE ROLE reader;
SELECT invtrack.grant_access('reader', 'm2');

CREATE VIEW explained AS
SELECT h.merchant, h.mechanism, h.status,
       e.health IS DISTINCT FROM h.health AS wrong_health,
       CASE WHEN h.mechanism = 'stalled_days' THEN e.lots > 0 OR e.net <> h.current_stock
            ELSE e.stock <> h.current_stock OR e.excluded <> h.excluded_stock END AS wrong_stock,
       h.lookback_days IS NOT NULL
       AND (e.window_net <> e.net OR e.net <> f.net OR e.days IS DISTINCT FROM f.days) AS wrong_window,
       h.mechanism = 'turnover_days' AND NOT (e.rules \@> ARRAY[h.daily_sales, h.threshold]) AS wrong_rule
  FROM invtrack.tracker_health() h
  JOIN invtrack.merchant m ON m.merchant = h.merchant,
       LATERAL (SELECT coalesce(sum(e.quantity) FILTER (WHERE e.part = 'lot' AND e.counted), 0) AS stock,
                       coalesce(sum(e.quantity) FILTER (WHERE e.part = 'lot' AND NOT e.counted), 0) AS excluded,
                       count(*) FILTER (WHERE e.part = 'lot') AS lots,
                       coalesce(sum(e.quantity) FILTER (WHERE e.part = 'day' AND e.counted), 0) AS net,
                       array_agg(e.day ORDER BY e.day) FILTER (WHERE e.part = 'day') AS days,
                       sum(e.quantity) FILTER (WHERE e.part = 'window') AS window_net,
                       array_agg(e.quantity) FILTER (WHERE e.part = 'rule') AS rules,
                       sum(e.quantity) FILTER (WHERE e.part = 'result') AS health
                  FROM invtrack.explain_health(h.merchant, h.sku, h.inventory_type, h.mechanism) e) e,
       LATERAL (SELECT coalesce(sum(f.quantity) FILTER (WHERE f.day <= h.as_of - (NOT m.count_today)::int), 0) AS net,
                       array_agg(DISTINCT f.day) AS days
                  FROM (SELECT v.occurred_on AS day, v.quantity FROM invtrack.movement v
                         WHERE v.merchant = h.merchant AND v.sku = h.sku AND v.inventory_type = h.inventory_type
                           AND v.flow = CASE h.mechanism WHEN 'stalled_days' THEN 'shipment' ELSE 'sale' END
                        UNION ALL SELECT h.as_of, 0 WHERE NOT m.count_today) f
                 WHERE f.day BETWEEN h.as_of - (NOT m.count_today)::int - h.lookback_days + 1 AND h.as_of) f;
GRANT SELECT ON explained TO reader;
ALTER VIEW explained SET (security_invoker = true);
SQL

my ($rows, %seen);
for my $day (1 .. $days)
{
	my $as_of = $node->safe_psql('postgres', "SELECT date '2026-03-12' - " . int($day * 40 / $days));
	my $set = "SET invtrack.as_of = '$as_of';";
	is( $node->safe_psql('postgres', "$set SELECT * FROM explained WHERE wrong_health OR wrong_stock OR wrong_window OR wrong_rule"),
		'', "rows add up on $as_of");
	my $reader = $node->safe_psql('postgres', "$set SET ROLE reader;
		SELECT string_agg(DISTINCT merchant, ' '), count(*) = 75,
		       count(*) FILTER (WHERE wrong_health OR wrong_stock OR wrong_window OR wrong_rule) FROM explained");
	is($reader, 'm2|t|0', 'for a reader too, of his merchant only');
	$seen{$_}++ for split /\n/, $node->safe_psql('postgres', "$set SELECT DISTINCT mechanism || ' ' || status FROM explained");
}
cmp_ok(scalar keys %seen, '>=', 6, 'trackers of all kinds') or diag(join ', ', sort keys %seen);
is($node->safe_psql('postgres', <<'SQL'), "22004\nP0002", 'errors of a reader');
SET ROLE reader;
DO $$ BEGIN PERFORM invtrack.explain_health('m2', NULL, 'good', 'stalled_days'); EXCEPTION WHEN OTHERS THEN PERFORM set_config('test.state', SQLSTATE, false); END $$;
SELECT current_setting('test.state');
DO $$ BEGIN PERFORM invtrack.explain_health('m1', 'p1', 'good', 'stalled_days'); EXCEPTION WHEN OTHERS THEN PERFORM set_config('test.state', SQLSTATE, false); END $$;
SELECT current_setting('test.state');
SQL
$node->stop;
done_testing();
