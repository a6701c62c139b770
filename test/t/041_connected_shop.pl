# A shop that others wrote, connected as docs/how-to/connect-tryton.md says: the SQL is taken from that page, and the tables have
# the names and types of Tryton's. Orders are placed, changed, shipped and cancelled at random; what invtrack says is what plain SQL says.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED} // int(rand(1_000_000));
my $rounds = $ENV{INVTRACK_LONG} ? 10 : 4;
note "seed $seed";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
my ($grants, $views, $connect) = slurp_file("$FindBin::Bin/../../docs/how-to/connect-tryton.md") =~ /^```sql no-run\n(.*?)^```/msg;
ok($connect, 'the page has its three blocks');

my $tables = <<'SQL';
CREATE TABLE party_party (id serial PRIMARY KEY, name varchar);
CREATE TABLE company_company (id serial PRIMARY KEY, party integer REFERENCES party_party, timezone varchar);
CREATE TABLE product_uom (id serial PRIMARY KEY, digits integer NOT NULL, factor double precision NOT NULL);
CREATE TABLE product_template (id serial PRIMARY KEY, name varchar NOT NULL, type varchar NOT NULL, default_uom integer NOT NULL REFERENCES product_uom);
CREATE TABLE product_product (id serial PRIMARY KEY, template integer NOT NULL REFERENCES product_template, code varchar, active boolean DEFAULT false);
CREATE TABLE stock_location (id serial PRIMARY KEY, type varchar, code varchar, name varchar NOT NULL, parent integer REFERENCES stock_location, "left" integer NOT NULL, "right" integer NOT NULL);
CREATE TABLE stock_lot (id serial PRIMARY KEY, number varchar NOT NULL, product integer NOT NULL REFERENCES product_product);
CREATE TABLE sale_sale (id serial PRIMARY KEY, company integer NOT NULL, state varchar NOT NULL, sale_date date, warehouse integer REFERENCES stock_location);
CREATE TABLE sale_line (id serial PRIMARY KEY, sale integer NOT NULL REFERENCES sale_sale ON DELETE CASCADE, type varchar NOT NULL, product integer REFERENCES product_product,
    unit integer REFERENCES product_uom, quantity double precision, actual_quantity double precision);
CREATE TABLE stock_move (id serial PRIMARY KEY, company integer NOT NULL, product integer NOT NULL REFERENCES product_product, from_location integer NOT NULL REFERENCES stock_location,
    to_location integer NOT NULL REFERENCES stock_location, internal_quantity double precision NOT NULL, state varchar, planned_date date, effective_date date, lot integer REFERENCES stock_lot, origin varchar);
CREATE INDEX ON stock_move (product);
INSERT INTO party_party (name) VALUES ('Müller & Söhne');
INSERT INTO company_company (party, timezone) VALUES (1, 'Europe/Berlin');
INSERT INTO product_uom (digits, factor) VALUES (0, 1), (0, 12), (3, 1);
INSERT INTO product_template (name, type, default_uom) SELECT 't' || n, CASE n WHEN 6 THEN 'service' ELSE 'goods' END, CASE n WHEN 5 THEN 3 ELSE 1 END FROM generate_series(1, 6) n;
INSERT INTO product_product (template, code) VALUES (1, 'GT-1'), (2, 'Kanne ü'), (3, 'it''s "x"'), (4, ''), (5, 'kg'), (6, NULL);
INSERT INTO stock_location (type, code, name, parent, "left", "right") VALUES ('warehouse', 'WH', 'House', NULL, 1, 8), ('storage', 'IN', 'In', 1, 2, 3), ('storage', 'STO', 'Store', 1, 4, 5),
    ('storage', 'OUT', 'Out', 1, 6, 7), ('warehouse', NULL, 'Second', NULL, 9, 12), ('storage', NULL, 'All', 5, 10, 11), ('supplier', 'SUP', 'Supplier', NULL, 13, 14),
    ('customer', 'CUS', 'Customer', NULL, 15, 16), ('lost_found', NULL, 'Lost', NULL, 17, 18);
INSERT INTO stock_lot (number, product) VALUES ('L-1', 1), ('L''ü 2', 1);
SQL
# What the shop does; 3 and 6 are the stores, of the warehouses 1 and 5.
my $steps = <<'SQL';
CREATE FUNCTION pick(n integer) RETURNS integer LANGUAGE sql RETURN floor(random() * n)::integer;
CREATE PROCEDURE step() LANGUAGE plpgsql AS $$
DECLARE
    today constant date := '2026-03-10';
    s integer := (SELECT id FROM sale_sale ORDER BY random() LIMIT 1);
    store integer := 3 * (1 + pick(2));
BEGIN
    CASE pick(13)
    WHEN 0, 1 THEN
        INSERT INTO sale_sale (company, state, sale_date, warehouse) VALUES (1, 'draft', today - pick(40), 1 + 4 * pick(2)) RETURNING id INTO s;
        INSERT INTO sale_line (sale, type, product, unit, quantity)
        SELECT s, CASE pick(5) WHEN 0 THEN 'comment' ELSE 'line' END, p, CASE WHEN p = 5 THEN 3 ELSE 1 + pick(2) END, pick(9) - 1 + CASE WHEN p = 5 THEN 0.125 ELSE 0 END
          FROM (SELECT 1 + pick(6) AS p FROM generate_series(0, 1 + pick(2))) l;
    WHEN 2, 3 THEN
        UPDATE sale_sale SET state = 'processing' WHERE id = s AND state = 'draft';
        IF FOUND THEN
            UPDATE sale_line SET actual_quantity = quantity WHERE sale = s AND type = 'line';
            INSERT INTO stock_move (company, product, from_location, to_location, internal_quantity, state, planned_date, origin)
            SELECT 1, product, CASE WHEN quantity < 0 THEN 8 ELSE 4 END, CASE WHEN quantity < 0 THEN 2 ELSE 8 END, abs(quantity) * CASE unit WHEN 2 THEN 12 ELSE 1 END, 'draft', today, 'sale.sale,' || s
              FROM sale_line WHERE sale = s AND type = 'line';
        END IF;
    WHEN 4, 5 THEN UPDATE stock_move SET state = 'done', effective_date = today - pick(3) WHERE origin = 'sale.sale,' || s AND state = 'draft';
    WHEN 6 THEN
        UPDATE stock_move SET state = 'cancelled' WHERE origin = 'sale.sale,' || s AND state = 'draft' AND pick(2) = 0;
        UPDATE sale_line SET actual_quantity = 0 WHERE sale = s AND pick(2) = 0;
    WHEN 7 THEN
        UPDATE sale_line SET quantity = quantity + 1 WHERE sale = s;
        UPDATE sale_sale SET state = 'cancelled' WHERE id = s AND state = 'draft';
    WHEN 8 THEN
        INSERT INTO stock_move (company, product, from_location, to_location, internal_quantity, state, effective_date, lot)
        SELECT 1, p, CASE way WHEN 0 THEN store ELSE 9 END, CASE way WHEN 0 THEN 9 ELSE store END, pick(30), 'done', today, CASE p WHEN 1 THEN 1 + pick(2) END
          FROM (SELECT 1 + pick(5) AS p, pick(3) AS way) l;
    WHEN 9 THEN
        INSERT INTO stock_move (company, product, from_location, to_location, internal_quantity, state, planned_date)
        SELECT 1, 1 + pick(5), 7, 2, pick(20), 'draft', today + pick(20) FROM generate_series(0, pick(3));
    WHEN 10 THEN
        UPDATE stock_move SET state = 'done', effective_date = today, internal_quantity = internal_quantity / 2 WHERE from_location = 7 AND state = 'draft' AND pick(2) = 0;
        INSERT INTO stock_move (company, product, from_location, to_location, internal_quantity, state, effective_date) VALUES (1, 1 + pick(5), 2, 3, pick(9), 'done', today);
    WHEN 11 THEN UPDATE product_product SET code = 'c' || pick(1000000) WHERE id = 1 + pick(5);
    ELSE
        DELETE FROM sale_sale WHERE id = s AND state IN ('draft', 'cancelled');
        BEGIN
            DELETE FROM stock_move;
            SET CONSTRAINTS ALL IMMEDIATE;
            SET CONSTRAINTS ALL DEFERRED;
            RAISE EXCEPTION 'undone';
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END CASE;
END
$$;
SQL
# The same in plain SQL, warehouses found by their parents and not by the views' numbers.
my $checks = <<'SQL';
CREATE SCHEMA checks;
CREATE VIEW checks.house AS
WITH RECURSIVE h(id, type) AS (SELECT id, CASE id WHEN 1 THEN 'WH' ELSE 'warehouse-5' END FROM public.stock_location WHERE type = 'warehouse'
                               UNION ALL SELECT l.id, h.type FROM public.stock_location l JOIN h ON l.parent = h.id) TABLE h;
CREATE VIEW checks.goods AS SELECT id, CASE WHEN code <> '' THEN code ELSE 'product-' || id END AS sku FROM public.product_product WHERE id <= 5;
CREATE VIEW checks.fact AS
SELECT 'sale' AS what, sku, h.type, sale_date AS day, (coalesce(actual_quantity, quantity) * CASE unit WHEN 2 THEN 12 ELSE 1 END)::numeric AS q
  FROM public.sale_sale s, public.sale_line l, checks.house h, checks.goods p WHERE l.sale = s.id AND l.type = 'line' AND h.id = warehouse AND p.id = product AND state NOT IN ('draft', 'cancelled')
UNION ALL SELECT 'shipment', sku, h.type, effective_date, CASE WHEN to_location = 8 THEN internal_quantity ELSE -internal_quantity END::numeric
  FROM public.stock_move, checks.house h, checks.goods p WHERE p.id = product AND 8 IN (from_location, to_location) AND h.id IN (from_location, to_location) AND state = 'done'
UNION ALL SELECT 'stock', sku, h.type, NULL, CASE WHEN to_location = h.id THEN internal_quantity ELSE -internal_quantity END::numeric
  FROM public.stock_move, checks.house h, checks.goods p WHERE p.id = product AND h.id IN (from_location, to_location) AND state = 'done'
UNION ALL SELECT 'incoming', sku, h.type, planned_date, internal_quantity::numeric
  FROM public.stock_move, checks.house h, checks.goods p WHERE p.id = product AND from_location = 7 AND h.id = to_location AND state = 'draft';
CREATE VIEW checks.disagreement AS
WITH a AS (SELECT what, sku, type, day, trim_scale(sum(q)) FROM checks.fact GROUP BY 1, 2, 3, 4 HAVING sum(q) <> 0
           UNION ALL SELECT 'health', sku, 'WH', NULL, trim_scale(trunc(coalesce((SELECT sum(q) FROM checks.fact f WHERE f.sku = g.sku AND type = 'WH' AND what = 'stock'), 0) * 4, 2)) FROM checks.goods g),
     i AS (SELECT flow, sku, inventory_type, day, trim_scale(quantity) FROM invtrack.flow_daily WHERE quantity <> 0
           UNION ALL SELECT 'stock', sku, inventory_type, NULL, trim_scale(sum(quantity)) FROM invtrack.stock_lot GROUP BY 2, 3 HAVING sum(quantity) <> 0
           UNION ALL SELECT 'incoming', sku, inventory_type, expected_on, trim_scale(sum(quantity)) FROM invtrack.incoming GROUP BY 2, 3, 4
           UNION ALL SELECT 'health', sku, inventory_type, NULL, trim_scale(health) FROM invtrack.health)
(SELECT 'shop', * FROM (TABLE a EXCEPT ALL TABLE i) d) UNION ALL (SELECT 'invtrack', * FROM (TABLE i EXCEPT ALL TABLE a) d);
SQL
sub agrees
{
	my ($what) = @_;
	is($node->safe_psql('postgres', 'TABLE checks.disagreement'), '', "$what: agrees with the shop");
	is($node->safe_psql('postgres', 'SELECT connection, changed, rejected FROM invtrack.sync() WHERE changed + rejected > 0'), '', "$what: nothing is left to sync");
	is($node->safe_psql('postgres', 'SELECT * FROM invtrack.verify()'), '', "$what: verify() finds nothing");
	return;
}

$node->safe_psql('postgres', 'CREATE ROLE tryton; CREATE ROLE keeper; GRANT CREATE ON DATABASE postgres TO keeper; GRANT CREATE ON SCHEMA public TO tryton');
$node->safe_psql('postgres', "SET ROLE tryton; $tables $steps $grants");
$node->safe_psql('postgres', "SET ROLE keeper; CREATE EXTENSION invtrack CASCADE; $views $connect");
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET invtrack.as_of = '2026-03-10'});
$node->safe_psql('postgres', "$checks SELECT invtrack.save_tracker('company-1', sku, 'WH', 'stock_quantity', 25) FROM invtrack.product");
is($node->safe_psql('postgres', 'SELECT merchant, name, time_zone FROM invtrack.merchant'), 'company-1|Müller & Söhne|Europe/Berlin', 'the company is a merchant');
# Some seeds sell nothing in a few rounds: then there are more.
for (my $round = 1; $round <= $rounds || $round < 100 && !$node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement'); $round++)
{
	# What the session of the application has set is no matter.
	my $script = sprintf("SET ROLE tryton; SET datestyle = 'German'; SET timezone = 'Pacific/Kiritimati';\nSELECT setseed(%.6f);\n", ($seed * 31 + $round) % 1_000_000 / 1_000_000);

	$script .= 'BEGIN;' . 'CALL step();' x (1 + int(rand(3))) . "COMMIT;\n" for 1 .. 15;
	$node->safe_psql('postgres', $script);
	agrees("round $round");
}
isnt($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.movement'), '0', 'there are movements');

# A name in another table comes with the next sync; views that are made anew go on where the old ones were.
$node->safe_psql('postgres', q{UPDATE product_template SET name = 'Greener' WHERE id = 1});
is($node->safe_psql('postgres', q{SELECT connection, changed FROM invtrack.sync() WHERE changed > 0}), 'product|1', 'a new name comes with a sync');
$node->safe_psql('postgres', "SET client_min_messages = warning; SET ROLE keeper; DROP SCHEMA to_invtrack CASCADE; $views $connect");
agrees('views made anew');
$node->safe_psql('postgres', 'SET ROLE tryton;' . 'CALL step();' x 20);
agrees('and used');
$node->stop;
done_testing();
