# A publication of all tables: what is granted, changed and revoked arrives at the subscriber, too.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(shop branch);
$node->safe_psql('postgres', q{CREATE ROLE bi; CREATE ROLE office; CREATE ROLE renamed; CREATE ROLE "Odd ""name"""});
$node->safe_psql($_, 'CREATE EXTENSION invtrack CASCADE') for qw(shop branch);
$node->safe_psql('shop', q{
    INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2');
    INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
    INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT merchant, 's', 'good', 'sale', '2026-03-09', 5 FROM invtrack.merchant;
    SELECT invtrack.fold();
    SELECT invtrack.grant_access('bi', 'm1'), invtrack.grant_access('office', NULL, 'manage'), invtrack.grant_access('renamed', 'm2')});
$node->safe_psql('shop', q{
    CREATE PUBLICATION everything FOR TABLES IN SCHEMA invtrack;
    SELECT pg_create_logical_replication_slot('branch', 'pgoutput')});
my $connection = $node->connstr('shop') =~ s/'/''/gr;
$node->safe_psql('branch', qq{
    CREATE SUBSCRIPTION branch CONNECTION '$connection' PUBLICATION everything WITH (create_slot = false, slot_name = 'branch')});
$node->wait_for_subscription_sync($node, 'branch', 'branch');

my $grants = q{SELECT role, coalesce(merchant, '-'), level, granted_at, granted_by FROM invtrack.access_grant ORDER BY role::text COLLATE "C", merchant};

sub arrives
{
	my ($sql, $count, $what) = @_;
	$node->safe_psql('shop', $sql);
	$node->wait_for_catchup('branch');
	my $published = $node->safe_psql('shop', $grants);
	is(scalar(split /\n/, $published), $count, "$what: grants");
	is($node->safe_psql('branch', $grants), $published, "$what: arrives");
}

arrives('', 3, 'copied');
arrives(q{SELECT invtrack.grant_access('bi', 'm2'), invtrack.grant_access('Odd "name"', 'm2')}, 5, 'granted');
arrives(q{SELECT invtrack.grant_access('bi', 'm1', 'load'), invtrack.grant_access('office', NULL, 'load')}, 5, 'changed');
arrives(q{SELECT invtrack.revoke_access('bi', 'm2'), invtrack.revoke_access('office')}, 3, 'revoked');
arrives(q{ALTER ROLE renamed RENAME TO "new name"; SELECT invtrack.grant_access('new name', 'm2', 'manage')}, 3, 'renamed');
arrives(q{SELECT invtrack.delete_merchant('m2')}, 1, 'merchant deleted');

# On the subscriber it means what it says, once the privileges are given.
is($node->safe_psql('branch', 'SELECT invtrack.refresh_access()'), 1, 'the subscriber gives privileges');
is( $node->safe_psql('branch', q{SET ROLE bi; SELECT string_agg(merchant, ' '), bool_and(invtrack.has_access(merchant, 'load')) FROM invtrack.product}),
	'm1|t', 'and shows what was granted');

# The type has an equality, whatever the search_path is.
is( $node->safe_psql('shop', q{
    SELECT g.role, count(*) FILTER (WHERE g.role OPERATOR(invtrack_internal.=) h.role), count(*) FILTER (WHERE g.role OPERATOR(invtrack_internal.<>) h.role)
      FROM (VALUES ('bi'::invtrack_internal.role_ref), ('office'), ('bi')) g (role), (VALUES ('bi'::invtrack_internal.role_ref), ('office')) h (role)
     GROUP BY g.role ORDER BY g.role::text COLLATE "C"}), "bi|2|2\noffice|1|1", 'equal roles');

$node->stop;
done_testing();
