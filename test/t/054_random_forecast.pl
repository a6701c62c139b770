# Random lots, units on order and sales: project_stock() says, row by row, what a slow simulation in plain SQL
# says, and forecast() what its rows come to. INVTRACK_SEED repeats a run.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED};
$seed = int(rand(1_000_000_000)) unless defined $seed && $seed =~ /^\d+$/;
note("INVTRACK_SEED=$seed");
my $from_seed = ($seed % 1_000_000_000) / 1_000_000_000;
my $calls = $ENV{INVTRACK_LONG} ? 2000 : 200;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nsynchronous_commit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION invtrack CASCADE');

# Lots stand one by one here, in arrays in the order of their dates, and quantities are numeric, times the actual days.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION simulate(m text, s text, t text, lookback integer, horizon integer, expiry integer, d date)
RETURNS TABLE (day date, opening numeric, incoming numeric, sold numeric, expired numeric, closing numeric)
LANGUAGE plpgsql AS $$
DECLARE
    e date := d - (NOT (SELECT count_today FROM invtrack.merchant WHERE merchant = m))::integer;
    net numeric := coalesce((SELECT sum(quantity) FROM invtrack.movement WHERE merchant = m AND sku = s AND inventory_type = t
                       AND flow = 'sale' AND occurred_on > e - lookback AND occurred_on <= e), 0);
    first date := least(
        (SELECT launched_on FROM invtrack.product WHERE merchant = m AND sku = s),
        (SELECT min(f.occurred_on) FROM (SELECT occurred_on FROM invtrack.movement WHERE merchant = m AND sku = s AND inventory_type = t
            AND flow = 'sale' AND occurred_on <= e GROUP BY occurred_on HAVING sum(quantity) <> 0) f));
    days numeric := CASE WHEN net > 0 THEN least(lookback, e - first + 1) ELSE 1 END;
    -- the last place is for units without a date; those that are owed are below 0 there
    expiries date[];
    units numeric[];
    wanted numeric;
    part numeric;
BEGIN
    SELECT array_agg(o.expires_on ORDER BY o.expires_on, o.lot), array_agg(o.units ORDER BY o.expires_on, o.lot) INTO expiries, units
      FROM (SELECT coalesce(expires_on, 'infinity') AS expires_on, lot, quantity * days AS units FROM invtrack.stock_lot
             WHERE merchant = m AND sku = s AND inventory_type = t AND quantity >= 0
               AND (expiry IS NULL OR expires_on IS NULL OR expires_on > d + expiry)
            UNION ALL SELECT 'infinity', '~', 0) o;
    SELECT coalesce(-sum(quantity), 0) * days INTO wanted FROM invtrack.stock_lot
     WHERE merchant = m AND sku = s AND inventory_type = t AND quantity < 0
       AND (expiry IS NULL OR expires_on IS NULL OR expires_on > d + expiry);
    FOR i IN 1 .. cardinality(units) LOOP
        part := CASE WHEN i = cardinality(units) THEN wanted ELSE least(wanted, units[i]) END;
        units[i] := units[i] - part;
        wanted := wanted - part;
    END LOOP;
    FOR n IN 1 .. least(horizon, date '9999-12-31' - d) LOOP
        day := d + n;
        opening := (SELECT sum(u) FROM unnest(units) u);
        expired := 0;
        FOR i IN 1 .. cardinality(units) LOOP
            IF expiries[i] <= day + expiry THEN
                expired := expired + units[i];
                units[i] := 0;
            END IF;
        END LOOP;
        SELECT coalesce(sum(quantity), 0) * days INTO incoming FROM invtrack.incoming
         WHERE merchant = m AND sku = s AND inventory_type = t AND expected_on = day;
        units[cardinality(units)] := units[cardinality(units)] + incoming;
        sold := greatest(0, least(net, (SELECT sum(u) FROM unnest(units) u)));
        wanted := sold;
        FOR i IN 1 .. cardinality(units) LOOP
            part := least(wanted, greatest(0, units[i]));
            units[i] := units[i] - part;
            wanted := wanted - part;
        END LOOP;
        closing := (SELECT sum(u) FROM unnest(units) u);
        -- Enough digits that what is rounded is what the exact quotient rounds to: days are 3650 at most.
        opening := opening::numeric(60, 20) / days; incoming := incoming / days; sold := sold::numeric(60, 20) / days;
        expired := expired::numeric(60, 20) / days; closing := closing::numeric(60, 20) / days;
        RETURN NEXT;
    END LOOP;
END
$$;
CREATE TABLE difference (call text, day date, got text, expected text);
SQL

$node->safe_psql('postgres', <<"SQL");
SELECT setseed($from_seed);
INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m1', true), ('m2', false);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT m, t FROM unnest('{m1,m2}'::text[]) m, unnest('{good,old}'::text[]) t;
INSERT INTO invtrack.product (merchant, sku, launched_on)
SELECT m, 'p' || n, CASE WHEN random() < 0.3 THEN date '2026-03-20' - (random() * 60)::integer END
  FROM unnest('{m1,m2}'::text[]) m, generate_series(1, 20) n;
INSERT INTO invtrack.stock_lot
SELECT merchant, sku, CASE WHEN random() < 0.8 THEN 'good' ELSE 'old' END, 'l' || n,
       CASE WHEN random() < 0.8 THEN date '2026-03-01' + (random() * 60)::integer END,
       CASE WHEN random() < 0.2 THEN -round((random() * 20)::numeric, 2) WHEN random() < 0.1 THEN 999999999999.999999
            ELSE round((random() * 50)::numeric, (random() * 6)::integer) END
  FROM invtrack.product, generate_series(1, 8) n WHERE random() < 0.5;
INSERT INTO invtrack.incoming
SELECT merchant, sku, 'good', 'r' || n, CASE WHEN random() < 0.9 THEN date '2026-03-01' + (random() * 40)::integer END,
       round((random() * 30)::numeric, (random() * 6)::integer) + 0.000001
  FROM invtrack.product, generate_series(1, 3) n WHERE random() < 0.4;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', CASE WHEN random() < 0.9 THEN 'sale' ELSE 'shipment' END, date '2026-01-15' + (random() * 70)::integer,
       CASE WHEN random() < 0.15 THEN -3 ELSE round((random() * 9)::numeric, (random() * 6)::integer) END
  FROM invtrack.product, generate_series(1, 25) n WHERE random() < 0.6;
SELECT invtrack.fold('m1');
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, sku, 'good', 'sale', date '2026-02-15' + (random() * 40)::integer, round((random() * 5)::numeric, 3)
  FROM invtrack.product WHERE random() < 0.5;
CREATE TABLE call AS
SELECT n, p.merchant, p.sku, CASE WHEN random() < 0.9 THEN 'good' ELSE 'old' END AS inventory_type,
       (ARRAY[1, 3, 7, 30, 45, 3650])[1 + floor(random() * 6)] AS lookback, (ARRAY[1, 10, 30, 60])[1 + floor(random() * 4)] AS horizon,
       (ARRAY[NULL, 0, 0, 1, 14])[1 + floor(random() * 5)] AS expiry, date '2026-03-01' + (random() * 20)::integer AS as_of
  FROM generate_series(1, $calls) n,
       LATERAL (SELECT merchant, sku FROM invtrack.product WHERE n > 0 ORDER BY random() LIMIT 1) p;
SQL

my ($rows, $summed) = split /\|/, $node->safe_psql('postgres', <<'SQL');
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM call ORDER BY n LOOP
        INSERT INTO difference
        SELECT c::text, coalesce(p.day, o.day), p::text, o::text
          FROM invtrack.project_stock(c.merchant, c.sku, c.inventory_type, c.lookback, c.horizon, c.expiry, c.as_of) p
          FULL JOIN simulate(c.merchant, c.sku, c.inventory_type, c.lookback, c.horizon, c.expiry, c.as_of) o ON o.day = p.day
         WHERE (p.opening = round(o.opening, 6) AND p.incoming = o.incoming AND p.closing = round(o.closing, 6)
                AND p.opening + p.incoming - p.sold - p.expired = p.closing
                AND p.sold >= 0 AND p.expired >= 0 AND (p.sold = 0 OR o.sold > 0) AND (p.expired = 0 OR o.expired > 0)
                AND abs(p.sold - o.sold) < 0.000002 AND abs(p.expired - o.expired) < 0.000002) IS NOT TRUE;
    END LOOP;
END
$$;
CREATE TABLE summed AS
SELECT a.*, f.sku, f.inventory_type, f.daily_sales, f.on_hand, f.runs_out_on, f.first_loss_on, f.units_lost, f.incoming
  FROM (SELECT DISTINCT merchant, lookback, horizon, expiry, as_of FROM call WHERE n <= 20) a,
       LATERAL invtrack.forecast(a.merchant, a.lookback, a.horizon, a.expiry, a.as_of) f;
INSERT INTO difference
SELECT 'forecast', f.as_of, f::text, s::text
  FROM summed f
 CROSS JOIN LATERAL (
       SELECT (array_agg(p.opening ORDER BY p.day))[1] AS on_hand, min(p.day) FILTER (WHERE p.closing <= 0) AS runs_out_on,
              min(p.day) FILTER (WHERE p.expired > 0) AS first_loss_on, sum(p.expired) AS units_lost, sum(p.incoming) AS incoming
         FROM invtrack.project_stock(f.merchant, f.sku, f.inventory_type, f.lookback, f.horizon, f.expiry, f.as_of) p) s
 CROSS JOIN LATERAL invtrack.preview_health(f.merchant, f.sku, f.inventory_type, 'turnover_days',
       lookback_days => f.lookback, coverage_days => 1, expiry_days => f.expiry, as_of => f.as_of) h
 WHERE (f.on_hand, f.runs_out_on, f.first_loss_on, f.units_lost, f.incoming) IS DISTINCT FROM
       (s.on_hand, s.runs_out_on, s.first_loss_on, s.units_lost, s.incoming)
    OR f.on_hand <> h.current_stock OR f.daily_sales <> h.daily_sales;
-- Which items: those with a lot, units on order, or sales.
INSERT INTO difference
SELECT 'items', NULL, f::text, i::text
  FROM (SELECT 'm1' AS merchant, sku, inventory_type FROM invtrack.forecast('m1')) f
  FULL JOIN (SELECT merchant, sku, inventory_type FROM invtrack.stock_lot WHERE merchant = 'm1'
             UNION SELECT merchant, sku, inventory_type FROM invtrack.incoming WHERE merchant = 'm1'
             UNION SELECT merchant, sku, inventory_type FROM invtrack.movement WHERE merchant = 'm1' AND flow = 'sale') i USING (merchant, sku, inventory_type)
 WHERE f IS NULL OR i IS NULL;
SELECT (SELECT sum(least(horizon, 60)) FROM call), (SELECT count(*) FROM summed);
SQL
note("$rows rows, $summed sums");
cmp_ok($rows, '>', 1000, 'days were compared');
cmp_ok($summed, '>', 100, 'sums were compared');
is($node->safe_psql('postgres', 'SELECT * FROM difference ORDER BY call, day LIMIT 5'), '', 'no difference');
$node->stop;
done_testing();
