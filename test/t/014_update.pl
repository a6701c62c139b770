# ALTER EXTENSION UPDATE from the version before: object by object what a fresh install has, with all
# the data, as an owner who is no superuser, and whatever triggers that owner has put on the tables.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $before = '0.1.0';
my $objects = slurp_file('test/objects.sql');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => "$before can't be installed with this PostgreSQL: it knew none after 16"
  if $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for qw(fresh updated);

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

owner_psql('fresh', 'CREATE EXTENSION invtrack CASCADE');
owner_psql('updated', "CREATE EXTENSION invtrack VERSION '$before' CASCADE");
my $version = owner_psql('fresh', q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'});
isnt($version, $before, "$before is a version before $version");

owner_psql('updated', q{
    INSERT INTO invtrack.merchant VALUES ('m', 'Merchant', 'Europe/Berlin');
    INSERT INTO invtrack.inventory_type VALUES ('m', 'good', 'Good');
    INSERT INTO invtrack.product VALUES ('m', 'a', 'A', '2026-01-01'), ('m', 'b', 'B', NULL);
    INSERT INTO invtrack.stock_lot VALUES ('m', 'a', 'good', '1', '2026-04-01', 7.5), ('m', 'b', 'good', '', NULL, 3);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT 'm', sku, 'good', flow, date '2026-03-10' - n, 1.25
      FROM unnest(ARRAY['a', 'b']) sku, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 40) n;
    SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 10, expiry_days => 30);
    SELECT invtrack.save_tracker('m', 'b', 'good', 'turnover_days', lookback_days => 30, coverage_days => 14);
    SELECT invtrack.save_tracker('m', 'b', 'good', 'stalled_days', 5, lookback_days => 30);
    SELECT invtrack.fold();
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', 'a', 'good', 'sale', '2026-03-10', 2);

    -- The update runs as superuser: what an owner's triggers do then is at worst their own data's loss.
    CREATE TABLE fired (who name);
    CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.fired VALUES (current_user); RETURN new; END $$;
});
for my $table (qw(merchant product inventory_type stock_lot movement flow_series fold_state tracker))
{
	owner_psql('updated', "CREATE TRIGGER fire BEFORE INSERT OR UPDATE ON invtrack.$table"
		  . ' FOR EACH ROW EXECUTE FUNCTION public.fire()');
}

my $figures = q{
    SET invtrack.as_of = '2026-03-10';
    SELECT merchant, sku, mechanism, current_stock, threshold, health, status, reason, daily_sales,
           actual_days, days_of_cover, excluded_stock, updated_at FROM invtrack.health ORDER BY 1, 2, 3;
    SELECT * FROM invtrack.stock ORDER BY 1, 2;
    SELECT * FROM invtrack.flow_daily ORDER BY 1, 2, 3, 4, 5;
    SELECT * FROM invtrack.verify();
};
my $expected = owner_psql('updated', $figures);
like($expected, qr/replenish/, 'there are figures to compare');

# With the new library and the old objects, until the update: views answer, functions say what to do.
my ($code, $out, $err) = $node->psql('updated', q{SELECT * FROM invtrack.tracker_health('m')},
	extra_params => [ '-U', 'shop_owner' ]);
like($err, qr/HINT:  ALTER EXTENSION invtrack UPDATE/, 'until the update, functions ask for it');

owner_psql('updated', 'ALTER EXTENSION invtrack UPDATE');
is(owner_psql('updated', q{SELECT extversion FROM pg_extension WHERE extname = 'invtrack'}), $version,
	'the owner updates');
is(owner_psql('updated', 'SELECT count(*) FROM fired'), 0, 'the update changes no data');
is(owner_psql('updated', $figures), $expected, 'all figures are as before');

owner_psql('updated', "DROP TRIGGER fire ON invtrack.$_")
  for qw(merchant product inventory_type stock_lot movement flow_series fold_state tracker);
my @fresh = split /\n/, $node->safe_psql('fresh', $objects);
my @updated = split /\n/, $node->safe_psql('updated', $objects);
cmp_ok(scalar @fresh, '>', 300, 'there are objects to compare');
my %is_fresh = map { $_ => 1 } @fresh;
my %is_updated = map { $_ => 1 } @updated;
my @missing = grep { !$is_updated{$_} } @fresh;
my @extra = grep { !$is_fresh{$_} } @updated;
ok(!@missing, 'the update leaves nothing out') or diag("missing: $_") for @missing ? @missing : '';
ok(!@extra, 'and has nothing of its own') or diag("extra: $_") for @extra ? @extra : '';

is(owner_psql('updated', q{SET invtrack.as_of = '2026-03-10';
    SELECT sku, transition FROM invtrack.check_trackers() WHERE mechanism = 'stock_quantity'}),
	'a|opened', 'and the new parts work');

done_testing();
