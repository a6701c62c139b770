# Codes that 0.2 took, which knew white space of ASCII only: they are there after the update and a restore, and can be
# worked with. Who may load before the update goes on loading, without anything else to do.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER');

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my @server = ('-U', 'shop_owner', '-h', $node->host, '-p', $node->port);
my ($code, $out, $err);
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for qw(codes codes_restored);
$node->safe_psql('postgres', 'CREATE ROLE loader');
owner_psql('codes', q{
    CREATE EXTENSION invtrack VERSION '0.2.0' CASCADE;
    INSERT INTO invtrack.merchant (merchant) VALUES ('m'), (U&'\2003n');
    INSERT INTO invtrack.inventory_type VALUES ('m', U&'\FEFFgood');
    INSERT INTO invtrack.product VALUES ('m', U&'p\00A0');
    INSERT INTO invtrack.stock_lot VALUES ('m', U&'p\00A0', U&'\FEFFgood', U&'\3000', NULL, 5);
    SET check_function_bodies = off;  -- in 0.2, too, the CHECK of movement is the library's
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', U&'p\00A0', U&'\FEFFgood', 'sale', '2026-03-01', 1), (U&'\2003n', U&'unknown\205F', 'good', 'sale', '2026-03-01', 1);
    INSERT INTO invtrack.access_grant (role, level) VALUES ('loader', 'load');
    GRANT USAGE ON SCHEMA invtrack TO loader;
    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA invtrack TO loader;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA invtrack TO loader});
my $codes = q{SELECT merchant FROM invtrack.merchant ORDER BY 1; SELECT * FROM invtrack.product; SELECT * FROM invtrack.stock_lot;
    SELECT merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at, reverses, folded
      FROM invtrack.movement ORDER BY merchant, movement_id};
my $kept = owner_psql('codes', $codes);
owner_psql('codes', 'ALTER EXTENSION invtrack UPDATE');
is(owner_psql('codes', $codes), $kept, 'codes that end with white space of Unicode are kept');
command_ok([ 'pg_dump', @server, '-Fc', '-f', $dump, 'codes' ], 'dump them');
command_ok([ 'pg_restore', @server, '--exit-on-error', '-d', 'codes_restored', $dump ], 'restore them');
is(owner_psql('codes_restored', $codes), $kept, 'they are there');
for my $database (qw(codes codes_restored))
{
	$node->safe_psql($database, q{SET ROLE loader; UPDATE invtrack.stock_lot SET quantity = 7;
	    INSERT INTO invtrack.inventory_type VALUES ('m', 'bad'); INSERT INTO invtrack.product VALUES ('m', 'q');
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', U&'p\00A0', U&'\FEFFgood', 'sale', '2026-03-02', 1)});
	is(owner_psql($database, 'SELECT invtrack.fold(); SELECT count(*) FROM invtrack.movement WHERE NOT folded'), "3\n0", "$database: writing and folding go on");
	($code, $out, $err) = $node->psql($database, q{SET ROLE loader; INSERT INTO invtrack.product VALUES ('m', U&'new\00A0')});
	like($err, qr/ERROR: .*is not a valid code.*U\+00A0/s, "$database: new ones are refused");
}

$node->stop;
done_testing();
