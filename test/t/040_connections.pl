# Connections under a random application: whatever it does, in savepoints, partitions and prepared transactions, with folds
# and purges in between, what invtrack says is what the application's own tables say, and a sync finds nothing to do.
# The same after a crash, in a restored dump, and on a subscriber whose publisher has no extension.
# INVTRACK_LONG=1: for longer.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED} // int(rand(1_000_000));
my $rounds = $ENV{INVTRACK_LONG} ? 15 : 6;
note "seed $seed";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\njit = off\nautovacuum = off");
$node->start;

# The application: orders in partitions by number, lines that go with them, products whose code changes.
my $application = <<'SQL';
CREATE TABLE product (id integer PRIMARY KEY, code text UNIQUE);
CREATE TABLE shelf (id integer PRIMARY KEY, product_id integer, units numeric);
CREATE TABLE orders (id integer PRIMARY KEY, day date, cancelled boolean DEFAULT false) PARTITION BY RANGE (id);
CREATE TABLE orders_low PARTITION OF orders FOR VALUES FROM (0) TO (20);
CREATE TABLE orders_high PARTITION OF orders FOR VALUES FROM (20) TO (1000);
CREATE TABLE line (id integer PRIMARY KEY, order_id integer REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE, product_id integer, units numeric);
INSERT INTO product SELECT n, 'p' || n FROM generate_series(1, 8) n;
SQL
my $connected = <<'SQL';
CREATE VIEW to_product AS SELECT id, 'm'::text AS merchant, code AS sku FROM product;
CREATE VIEW to_stock AS SELECT s.id, 'm'::text AS merchant, code AS sku, 'good'::text AS inventory_type, units AS quantity FROM shelf s JOIN product p ON p.id = product_id;
CREATE VIEW to_sale AS
SELECT o.id, 'm'::text AS merchant, code AS sku, 'good'::text AS inventory_type, day AS occurred_on, units AS quantity
  FROM orders o JOIN line l ON l.order_id = o.id JOIN product p ON p.id = product_id WHERE NOT cancelled;
CREATE VIEW disagreement AS
WITH a AS (SELECT 'sale' AS what, sku, occurred_on::text AS day, sum(quantity) AS units FROM to_sale GROUP BY 2, 3 HAVING sum(quantity) <> 0
           UNION ALL SELECT 'stock', sku, '', sum(quantity) FROM to_stock GROUP BY 2
           UNION ALL SELECT 'product', sku, '', 1 FROM to_product),
     i AS (SELECT 'sale', sku, day::text, quantity FROM invtrack.flow_daily WHERE quantity <> 0
           UNION ALL SELECT 'stock', sku, '', sum(quantity) FROM invtrack.stock_lot GROUP BY 2
           UNION ALL SELECT 'product', sku, '', 1 FROM invtrack.product)
(TABLE a EXCEPT ALL TABLE i) UNION ALL (TABLE i EXCEPT ALL TABLE a);
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
SELECT invtrack.connect('products', 'product', 'to_product', 'id'), invtrack.connect('stock', 'stock_lot', 'to_stock', 'id'),
       invtrack.connect('sales', 'sale', 'to_sale', 'id');
SQL
my $watches = q{SELECT invtrack.watch('products', 'product', 'id', 'FIRE'), invtrack.watch('stock', 'shelf', 'id', 'FIRE'),
	invtrack.watch('sales', 'orders', 'id', 'FIRE'), invtrack.watch('sales', 'line', 'order_id', 'FIRE');};

# A step of the application, at random; some fail in a savepoint.
my $steps = <<'SQL';
CREATE FUNCTION pick(n integer) RETURNS integer LANGUAGE sql RETURN floor(random() * n)::integer;
CREATE PROCEDURE step() LANGUAGE plpgsql AS $$
DECLARE
    o integer := pick(40);
BEGIN
    CASE pick(12)
    WHEN 0, 1, 2 THEN
        INSERT INTO orders VALUES (o, date '2026-03-01' + pick(5)) ON CONFLICT DO NOTHING;
        INSERT INTO line SELECT coalesce((SELECT max(id) FROM line), 0) + n, o, 1 + pick(8), pick(9) - 2 FROM generate_series(1, 1 + pick(3)) n;
    WHEN 3 THEN UPDATE line SET units = pick(9), product_id = 1 + pick(8) WHERE pick(4) = 0;
    WHEN 4 THEN UPDATE orders SET cancelled = NOT cancelled WHERE id = o;
    WHEN 5 THEN DELETE FROM orders WHERE id = o;
    WHEN 6 THEN UPDATE orders SET id = (SELECT greatest(max(id), 99) + 1 FROM orders) WHERE id = (SELECT min(id) FROM orders) AND NOT EXISTS (SELECT FROM orders WHERE id > 900);
    WHEN 7 THEN
        BEGIN
            UPDATE line SET units = units + 1;
            DELETE FROM orders;
            SET CONSTRAINTS ALL IMMEDIATE;
            SET CONSTRAINTS ALL DEFERRED;
            RAISE EXCEPTION 'undone';
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    WHEN 8 THEN
        INSERT INTO shelf VALUES (pick(6), 1 + pick(8), pick(50)) ON CONFLICT (id) DO UPDATE SET units = excluded.units, product_id = excluded.product_id;
    WHEN 9 THEN DELETE FROM shelf WHERE id = pick(6);
    WHEN 10 THEN UPDATE product SET code = 'c' || pick(1000000) WHERE id = 1 + pick(8);
    ELSE
        IF to_regnamespace('invtrack') IS NOT NULL THEN
            PERFORM invtrack.fold('m');
            IF pick(2) = 0 THEN PERFORM invtrack.purge_movements('m', 0); END IF;
        END IF;
    END CASE;
END
$$;
SQL
sub agrees
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, 'TABLE disagreement'), '', "$what: agrees with the application");
	is($node->safe_psql($database, 'SELECT connection, changed, rejected FROM invtrack.sync() WHERE changed + rejected > 0'), '',
		"$what: nothing is left to sync");
	is($node->safe_psql($database, 'SELECT * FROM invtrack.verify()'), '', "$what: verify() finds nothing");
	return;
}

$node->safe_psql('postgres', "CREATE EXTENSION invtrack CASCADE; $application $connected $steps" . ($watches =~ s/FIRE/origin/gr) . 'SELECT * FROM invtrack.sync();');
for my $round (1 .. $rounds)
{
	my $script = sprintf("SET client_min_messages = warning;\nSELECT setseed(%.6f);\n", ($seed * 31 + $round) % 1_000_000 / 1_000_000);
	for (1 .. 12)
	{
		$script .= 'BEGIN;' . 'CALL step();' x (1 + int(rand(3))) . "COMMIT;\n";
	}
	$node->safe_psql('postgres', $script);
	agrees('postgres', "round $round");
}

# A prepared transaction, and a crash.
$node->safe_psql('postgres', "BEGIN; INSERT INTO orders VALUES (999, '2026-03-09'); INSERT INTO line VALUES (90001, 999, 1, 5); PREPARE TRANSACTION 'p'");
$node->stop('immediate');
$node->start;
agrees('postgres', 'after a crash');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
agrees('postgres', 'prepared');

# A dump, restored: nothing is loaded twice, and its triggers work.
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), $dump ], 'restore');
agrees('restored', 'restored');
$node->safe_psql('restored', 'CALL step(); ' x 20);
agrees('restored', 'restored, and used');

# Nothing is left of it, and all comes back.
$node->safe_psql('postgres', q{SELECT invtrack.disconnect('sales', false), invtrack.disconnect('stock', false)});
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE quantity <> 0) FROM invtrack.flow_daily}), 0, 'disconnected: movements are taken back');
$node->safe_psql('postgres', q{SELECT invtrack.connect('stock', 'stock_lot', 'to_stock', 'id'), invtrack.connect('sales', 'sale', 'to_sale', 'id')});
$node->safe_psql('postgres', 'CALL invtrack.sync_all()');
agrees('postgres', 'from scratch');

# A publisher without the extension. The tables of the subscriber belong to somebody else: from PostgreSQL 16 on, they are
# written in a restricted operation.
$node->safe_psql('postgres', 'CREATE DATABASE publisher');
$node->safe_psql('postgres', 'CREATE DATABASE subscriber');
$node->safe_psql('publisher', "$application $steps CREATE PUBLICATION app FOR TABLE product, shelf, orders, line WITH (publish_via_partition_root = true);");
$node->safe_psql('publisher', q{SELECT pg_create_logical_replication_slot('app', 'pgoutput')});
$node->safe_psql('subscriber', "CREATE EXTENSION invtrack CASCADE; " . ($application =~ s/INSERT INTO product.*//r) . $connected . ($watches =~ s/FIRE/always/gr));
$node->safe_psql('subscriber', 'CREATE ROLE app; ' . join '', map { "ALTER TABLE $_ OWNER TO app; " } qw(product shelf orders orders_low orders_high line));
$node->safe_psql('subscriber', "CREATE SUBSCRIPTION app CONNECTION '" . ($node->connstr('publisher') =~ s/'/''/gr) . "' PUBLICATION app WITH (create_slot = false)");
$node->poll_query_until('subscriber', q{SELECT count(*) = 4 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel}) or die 'tables are not there';
$node->safe_psql('publisher', 'SELECT setseed(0.5);' . 'CALL step();' x 40);
$node->wait_for_catchup('app');
is($node->safe_psql('subscriber', 'TABLE disagreement'), '', 'subscriber: agrees with the application');
is($node->safe_psql('subscriber', 'SELECT count(*) > 0 FROM invtrack.movement'), 't', 'subscriber: has movements');
agrees('subscriber', 'subscriber');
$node->safe_psql('subscriber', 'DROP SUBSCRIPTION app');
$node->stop;
done_testing();
