# Access after a restore into another cluster, where roles have other oids and one is missing: roles that
# are there keep theirs, also under a new name; nobody gets another's.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = PostgreSQL::Test::Cluster->new('from');
$from->init;
$from->start;
my $to = PostgreSQL::Test::Cluster->new('to');
$to->init;
$to->start;

# Other roles first, so that the same oid is another role's.
$from->safe_psql('postgres', q{
    CREATE ROLE shop_owner LOGIN;
    CREATE ROLE bi; CREATE ROLE loader; CREATE ROLE absent; CREATE ROLE old_name; CREATE ROLE vanished; CREATE ROLE "Odd ""name""";
    CREATE DATABASE shop OWNER shop_owner});
$to->safe_psql('postgres', q{
    CREATE ROLE vanished; CREATE ROLE old_name; CREATE ROLE shop_owner LOGIN; CREATE ROLE "new name"; CREATE ROLE loader;
    CREATE ROLE bi; CREATE ROLE "Odd ""name"""});

sub owner_psql
{
	my ($node, $database, $sql) = @_;
	my $result = $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
	return $result;
}

# The merchants whose products a role sees, or that it may not ask.
sub sees
{
	my ($node, $database, $role) = @_;
	my ($code, $out) = $node->psql($database, qq{SET ROLE "$role"; SELECT string_agg(merchant, ' ' ORDER BY merchant) FROM invtrack.product});
	return $code == 0 ? $out : 'denied';
}

owner_psql($from, 'shop', q{
    CREATE EXTENSION invtrack CASCADE;
    INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2'), ('m3');
    INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant;
    SELECT invtrack.grant_access('bi', 'm1'), invtrack.grant_access('bi', 'm2'), invtrack.grant_access('loader', NULL, 'load'),
           invtrack.grant_access('absent', 'm1', 'manage'), invtrack.grant_access('absent', NULL), invtrack.grant_access('old_name', 'm2', 'manage'),
           invtrack.grant_access('vanished', NULL, 'manage'), invtrack.grant_access('Odd "name"', 'm3')});
$from->safe_psql('shop', q{ALTER ROLE old_name RENAME TO "new name"; DROP OWNED BY vanished; DROP ROLE vanished; CREATE ROLE vanished});
is(sees($from, 'shop', 'bi'), 'm1 m2', 'before: of two merchants');
is(sees($from, 'shop', 'new name'), 'm2', 'before: of the role that was renamed');

my $dir = PostgreSQL::Test::Utils::tempdir();
my @from = ('-U', 'shop_owner', '-h', $from->host, '-p', $from->port);
command_ok([ 'pg_dump', @from, '-Fp', '-f', "$dir/plain.sql", 'shop' ], 'dump as SQL');
command_ok([ 'pg_dump', @from, '-Fc', '-f', "$dir/custom", 'shop' ], 'dump in the custom format');
unlike(slurp_file("$dir/plain.sql"), qr/\bvanished\b/, 'what was a dropped role\'s is not in the dump');

# What is there after a restore; before refresh_access() privileges may be missing.
sub check_restored
{
	my ($database) = @_;

	is( owner_psql($to, $database, q{SELECT role, merchant, level FROM invtrack.access ORDER BY role COLLATE "C", merchant}),
		qq{Odd "name"|m3|read\nbi|m1|read\nbi|m2|read\nloader||load\nnew name|m2|manage}, "$database: access of the roles that are there");
	owner_psql($to, $database, 'SELECT invtrack.refresh_access()');
	is(owner_psql($to, $database, 'SELECT invtrack.refresh_access()'), '0', "$database: refreshed");
	is(sees($to, $database, 'bi'), 'm1 m2', "$database: bi");
	is(sees($to, $database, 'loader'), 'm1 m2 m3', "$database: loader");
	is(sees($to, $database, 'new name'), 'm2', "$database: renamed");
	is(sees($to, $database, 'Odd ""name""'), 'm3', "$database: odd name");
	is(sees($to, $database, $_), 'denied', "$database: $_") for 'old_name', 'vanished';
	is( $to->safe_psql($database, q{SET ROLE "new name"; SELECT invtrack.has_access('m2', 'manage'), has_table_privilege('invtrack.tracker', 'INSERT'), has_sequence_privilege('invtrack.movement_movement_id_seq', 'USAGE')}),
		't|t|t', "$database: the level, too");
	# whoever gets the name later gets nothing by it
	$to->safe_psql($database, 'CREATE ROLE absent; GRANT USAGE ON SCHEMA invtrack TO absent; GRANT SELECT ON invtrack.product TO absent');
	is(sees($to, $database, 'absent'), '', "$database: a role of the missing one's name");
	is(owner_psql($to, $database, 'SELECT invtrack.refresh_access()'), '0', "$database: nor by refreshing");
	$to->safe_psql($database, 'DROP OWNED BY absent; DROP ROLE absent');
	owner_psql($to, $database, q{SELECT invtrack.grant_access('bi', 'm3'), invtrack.revoke_access('loader')});
	is(sees($to, $database, 'bi'), 'm1 m2 m3', "$database: grants go on");
	is(sees($to, $database, 'loader'), 'denied', "$database: and so do revokes");
}

my @to = ('-U', 'shop_owner', '-h', $to->host, '-p', $to->port);
$to->safe_psql('postgres', "CREATE DATABASE $_ OWNER shop_owner") for qw(from_plain from_custom no_acl);

# Errors at the grants to the role that is missing, and nowhere else.
my ($out, $err);
run_log([ 'psql', '-X', '-q', @to, '-o', "$dir/psql.out", '-f', "$dir/plain.sql", 'from_plain' ], '2>', \$err);
is(join("\n", grep { !/role "absent" does not exist|^CONTEXT|^psql:[^ ]* NOTICE/ } split(/\n/, $err)), '', 'plain: no other errors');
like($err, qr/WARNING: +role "absent" does not exist/, 'plain: a warning for its access');
is($to->safe_psql('from_plain', q{SELECT has_sequence_privilege('loader', 'invtrack.movement_movement_id_seq', 'USAGE')}), 't', 'plain: the sequence of movements is in the dump');
check_restored('from_plain');

run_log([ 'pg_restore', @to, '-d', 'from_custom', "$dir/custom" ], '2>', \$err);
is(join("\n", grep { /error: / && !/role "absent" does not exist/ } split(/\n/, $err)), '', 'custom: no other errors');
check_restored('from_custom');

# Without privileges, a restore has no errors at all; then they are refreshed.
command_ok([ 'pg_restore', @to, '--exit-on-error', '--no-acl', '-d', 'no_acl', "$dir/custom" ], 'restore without privileges');
is(sees($to, 'no_acl', 'bi'), 'denied', 'no_acl: not yet');
check_restored('no_acl');

# Data alone, into a database that has the extension.
$to->safe_psql('postgres', 'CREATE DATABASE data_only OWNER shop_owner');
owner_psql($to, 'data_only', 'CREATE EXTENSION invtrack CASCADE');
command_ok([ 'pg_restore', @to, '--exit-on-error', '--data-only', '-d', 'data_only', "$dir/custom" ], 'restore of data alone');
check_restored('data_only');

$from->stop;
$to->stop;
done_testing();
