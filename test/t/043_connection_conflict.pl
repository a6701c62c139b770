# Keys of several connections that say different things of the same products and lots, at random, in savepoints and with
# drains in between: a sync finds nothing to do, and a sync from scratch takes and rejects the same rows.
# INVTRACK_LONG=1: for longer.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED} // int(rand(1_000_000));
my $rounds = $ENV{INVTRACK_LONG} ? 1000 : 150;
note "seed $seed";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nfsync = off");
$node->start;

# A key has one product for good: another one would be a rename, and the lots beside it have copies of its code.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION invtrack CASCADE;
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
CREATE TABLE article (id integer, sku text, name text, merchant text DEFAULT 'm');
CREATE TABLE other_article (id text, sku text, name text, merchant text DEFAULT 'm');
CREATE TABLE bin (id integer, sku text, lot text, expires_on date, quantity numeric, merchant text DEFAULT 'm', inventory_type text DEFAULT 'good');
CREATE TABLE other_bin (id uuid, sku text, lot text, expires_on date, quantity numeric, merchant text DEFAULT 'm', inventory_type text DEFAULT 'good');
CREATE FUNCTION pick(n integer) RETURNS integer LANGUAGE sql RETURN floor(random() * n)::integer;
CREATE FUNCTION uuid_of(n integer) RETURNS uuid LANGUAGE sql RETURN md5(n::text)::uuid;
CREATE PROCEDURE step() LANGUAGE plpgsql AS $$
BEGIN
    CASE pick(10)
        WHEN 0 THEN INSERT INTO article SELECT n, 's' || n % 5, 'n' || pick(2) FROM pick(12) n;
        WHEN 1 THEN INSERT INTO other_article SELECT n, 's' || n % 5, 'n' || pick(2) FROM pick(12) n;
        WHEN 2 THEN DELETE FROM article WHERE id = pick(12);
        WHEN 3 THEN DELETE FROM other_article WHERE id = pick(12)::text;
        WHEN 4 THEN UPDATE article SET name = 'n' || pick(2) WHERE id = pick(12);
        WHEN 5 THEN UPDATE article SET id = id + 5 WHERE id = pick(6);
        WHEN 6 THEN INSERT INTO bin (id, sku, lot, expires_on, quantity) VALUES (pick(12), 's' || pick(5), 'l' || pick(2), date '2026-01-01' + pick(2), pick(9));
        WHEN 7 THEN INSERT INTO other_bin (id, sku, lot, expires_on, quantity)
            VALUES (uuid_of(pick(12)), 's' || pick(5), 'l' || pick(2), CASE WHEN pick(3) > 0 THEN date '2026-01-01' + pick(2) END, pick(9));
        WHEN 8 THEN UPDATE bin SET expires_on = date '2026-01-01' + pick(2) WHERE id = pick(12);
        ELSE DELETE FROM bin WHERE id = pick(12); DELETE FROM other_bin WHERE id = uuid_of(pick(12));
    END CASE;
END
$$;
CREATE TABLE out_of_line (round integer, connection text, changed bigint);
CREATE PROCEDURE run(rounds integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR round IN 1 .. rounds LOOP
        FOR i IN 0 .. pick(3) LOOP
            BEGIN
                CALL step();
                IF pick(6) = 0 THEN
                    SET CONSTRAINTS ALL IMMEDIATE;
                    SET CONSTRAINTS ALL DEFERRED;
                END IF;
                IF pick(5) = 0 THEN
                    RAISE 'rolled back' USING ERRCODE = 'P0009';
                END IF;
            EXCEPTION WHEN SQLSTATE 'P0009' THEN
                NULL;
            END;
        END LOOP;
        COMMIT;
        -- what stayed for a lot that is gone by now
        PERFORM invtrack_internal.sync_gone_of(ARRAY(SELECT n.number FROM invtrack.connection n));
        INSERT INTO out_of_line SELECT round, s.connection, s.changed FROM invtrack.sync() s WHERE s.changed > 0;
        COMMIT;
    END LOOP;
END
$$;
SQL
my $connect = q{SELECT invtrack.connect('articles', 'product', 'article', 'id'), invtrack.connect('other articles', 'product', 'other_article', 'id'),
	invtrack.connect('bins', 'stock_lot', 'bin', 'id'), invtrack.connect('other bins', 'stock_lot', 'other_bin', 'id')};
$node->safe_psql('postgres', $connect);
$node->safe_psql('postgres', q{SELECT invtrack.watch('articles', 'article', 'id'), invtrack.watch('other articles', 'other_article', 'id'),
	invtrack.watch('bins', 'bin', 'id'), invtrack.watch('other bins', 'other_bin', 'id')});
$node->safe_psql('postgres', "SELECT setseed($seed / 1000000.0); CALL run($rounds)");
is($node->safe_psql('postgres', 'TABLE out_of_line'), '', 'a sync finds nothing to do');

# A product that has gone from the source, and stays for its lots, would not come again.
$node->safe_psql('postgres', <<'SQL');
DELETE FROM bin WHERE sku NOT IN (SELECT sku FROM article UNION SELECT sku FROM other_article);
DELETE FROM other_bin WHERE sku NOT IN (SELECT sku FROM article UNION SELECT sku FROM other_article);
SELECT FROM invtrack.sync();
SQL
my $state = <<'SQL';
SELECT 'product', sku, name, '', 0 FROM invtrack.product
UNION ALL SELECT 'lot', sku, lot, coalesce(expires_on::text, ''), quantity FROM invtrack.stock_lot
UNION ALL SELECT 'reject', connection, key, sqlstate || ' ' || message, row_number FROM invtrack.connection_reject ORDER BY 1, 2, 3, 4, 5;
SQL
my $state_before = $node->safe_psql('postgres', $state);
$node->safe_psql('postgres', q{SELECT count(invtrack.disconnect(c, false)) FROM unnest(ARRAY['other bins', 'bins', 'other articles', 'articles']) c});
is($node->safe_psql('postgres', 'SELECT count(*) FROM invtrack.product'), '0', 'what connections brought is taken away');
$node->safe_psql('postgres', $connect);
$node->safe_psql('postgres', 'CALL invtrack.sync_all()');
is($node->safe_psql('postgres', $state), $state_before, 'from scratch it is the same');
$node->stop;
done_testing;
