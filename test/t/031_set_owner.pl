# Whose all of it is: set_owner() hands it to another role, a restore gives it to whom it belonged, and
# CREATE EXTENSION takes no schema that is in others' hands.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my @server = ('-h', $node->host, '-p', $node->port);
my $super = $node->safe_psql('postgres', 'SELECT current_user');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for qw(a b mallory dbo);
$node->safe_psql('postgres', "CREATE ROLE $_") for qw(bi office by_hand absent);

sub as
{
	my ($role, $database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', $role ]);
}

# The SQLSTATE of what fails, or ok.
sub outcome
{
	my ($role, $database, $sql) = @_;
	my ($code, $out, $err) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql", extra_params => [ '-U', $role ], on_error_stop => 1);
	return $code == 0 ? 'ok' : $err =~ /ERROR:  (\w{5})/ ? $1 : $err;
}

sub create_database
{
	my ($name, $owner, @creators) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER $owner");
	$node->safe_psql('postgres', "GRANT CREATE ON DATABASE $name TO $_") for @creators;
}

# What belongs to others than it should, which is nothing.
my $strangers = q{
    SELECT string_agg(o.kind || ' ' || o.name || ' ' || o.owner::regrole, ', ')
      FROM (SELECT 'relation', c.oid::regclass::text, c.relowner, '%1$s'::regrole
              FROM pg_class c WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'S', 'i')
            UNION ALL SELECT 'routine', p.oid::regprocedure::text, p.proowner, 10 FROM pg_proc p WHERE p.pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
            UNION ALL SELECT 'type', t.oid::regtype::text, t.typowner, 10 FROM pg_type t
             WHERE t.typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND t.typtype IN ('b', 'd') AND t.typcategory <> 'A'
            UNION ALL SELECT 'schema', n.nspname, n.nspowner, CASE n.nspname WHEN 'invtrack' THEN '%1$s'::regrole ELSE 10::oid END
              FROM pg_namespace n WHERE n.nspname IN ('invtrack', 'invtrack_internal')) o (kind, name, owner, due)
     WHERE o.owner <> o.due};

sub is_all_of
{
	my ($owner, $database, $what) = @_;
	is($node->safe_psql($database, sprintf($strangers, $owner)), '', "$what: all belongs to $owner");
}

# Whatever an owner does, with a merchant of its own that is gone in the end.
my $work = q{
    SET invtrack.as_of = '2026-03-10';
    INSERT INTO invtrack.merchant (merchant) VALUES ('w');
    INSERT INTO invtrack.inventory_type VALUES ('w', 'good');
    INSERT INTO invtrack.product VALUES ('w', 's', 'Green tea');
    INSERT INTO invtrack.stock_lot VALUES ('w', 's', 'good', '', NULL, 3);
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('w', 's', 'good', 'sale', '2026-03-09', 5);
    SELECT invtrack.save_tracker('w', 's', 'good', 'stock_quantity', 10);
    CALL invtrack.fold_all();
    CALL invtrack.check_all();
    SELECT invtrack.fold('w'), invtrack.reverse_movement('w', max(movement_id)) FROM invtrack.movement WHERE merchant = 'w';
    SELECT count(*) FROM invtrack.verify();
    SELECT count(*) FROM invtrack.verify('w', true);
    SELECT count(*) FROM invtrack.take_alert_events('mail');
    SELECT invtrack.purge_movements('w', 0), invtrack.purge_alerts('w', 0);
    SELECT count(*) FROM invtrack.health, invtrack.stock, invtrack.metrics;
    SELECT count(*) FROM invtrack.find_products('w', 'tea');
    SELECT invtrack.grant_access('bi', 'w', 'manage'), invtrack.revoke_access('bi', 'w'), invtrack.refresh_access();
    GRANT EXECUTE ON FUNCTION invtrack.fold TO absent;
    REVOKE EXECUTE ON FUNCTION invtrack.fold FROM absent;
    SELECT invtrack.delete_merchant('w');

    CREATE TEMP TABLE own (quantity invtrack.quantity, days invtrack.day_series)};

sub works
{
	my ($owner, $database, $what) = @_;
	is(outcome($owner, $database, $work), 'ok', "$what: $owner does all that owners do");
	is(as($owner, $database, q{SELECT string_agg(role || ' ' || level, ', ' ORDER BY role) FROM invtrack.access}), 'bi read, office manage', "$what: access is there");
	is(as($super, $database, q{SET ROLE bi; SELECT string_agg(merchant, ' ') FROM invtrack.health}), 'm1', "$what: bi reads");
	is(outcome($super, $database, q{SET ROLE office; SELECT invtrack.save_tracker('m2', 's', 'good', 'stock_quantity', 4)}), 'ok', "$what: office manages");
	is(outcome($super, $database, q{SET ROLE by_hand; SELECT invtrack.has_access('m1')}), 'ok', "$what: what was granted by hand");
	is(outcome($super, $database, q{SET ROLE by_hand; SELECT invtrack.fold()}), '42501', "$what: and nothing else");
	is(outcome($owner, $database, q{SELECT invtrack.set_owner('mallory')}), '42501', "$what: an owner does not hand it over");
	is(outcome($owner, $database, 'ALTER FUNCTION invtrack_internal.fold_case(text) CALLED ON NULL INPUT'), '42501', "$what: nor alters functions");
}

# Installed by a superuser, and handed to a role, which lets others in.
create_database('shop', 'dbo', 'a', 'b');
as($super, 'shop', 'CREATE EXTENSION invtrack CASCADE');
is_all_of($super, 'shop', 'installed by a superuser');
is(outcome('dbo', 'shop', 'SELECT count(*) FROM invtrack.merchant'), '42501', 'nobody else has anything');
as($super, 'shop', q{SELECT invtrack.set_owner('a')});
is_all_of('a', 'shop', 'handed over');
as('a', 'shop', q{
    INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2');
    INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
    INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant;
    SELECT invtrack.save_tracker(merchant, 's', 'good', 'stock_quantity', 4) FROM invtrack.merchant;
    SELECT invtrack.grant_access('bi', 'm1'), invtrack.grant_access('office', NULL, 'manage');
    GRANT USAGE ON SCHEMA invtrack, invtrack_internal TO by_hand;
    GRANT EXECUTE ON FUNCTION invtrack.has_access TO by_hand;
    GRANT SELECT ON invtrack.stock_lot TO by_hand WITH GRANT OPTION});
works('a', 'shop', 'handed over');
is(outcome('a', 'shop', 'ALTER EXTENSION invtrack UPDATE'), '42501', 'ALTER EXTENSION is the superuser\'s');
is(outcome($super, 'shop', q{SELECT invtrack.set_owner('nobody')}), '42704', 'to nobody');
is(outcome($super, 'shop', 'SELECT invtrack.set_owner(NULL)'), '22004', 'to null');

# Dumped and restored: by the owner, by a superuser, who is not needed afterwards, and by another role.
sub dump_and_restore
{
	my ($owner, $database) = @_;
	my $file = "$dir/$database";

	command_ok([ 'pg_dump', @server, '-U', $owner, '-Fc', '-f', $file, $database ], "$owner dumps");
	my $privileges = slurp_dump($file);
	unlike($privileges, qr/\b(REVOKE|GRANT)\b.* \Q$owner\E\b/, "$owner: no privileges of its own in the dump");
	like($privileges, qr/GRANT ALL ON FUNCTION invtrack.has_access\(merchant text, level text\) TO by_hand/, "$owner: what was granted by hand is");

	create_database("${database}_owner", 'dbo', $owner);
	command_ok([ 'pg_restore', @server, '-U', $owner, '--exit-on-error', '-d', "${database}_owner", $file ], "$owner restores");
	is_all_of($owner, "${database}_owner", "restored by $owner");
	works($owner, "${database}_owner", "restored by $owner");
	is(outcome($owner, "${database}_owner", 'ALTER EXTENSION invtrack UPDATE'), 'ok', 'ALTER EXTENSION is the owner\'s');

	create_database("${database}_super", 'dbo', $owner);
	command_ok([ 'pg_restore', @server, '-U', $super, '--exit-on-error', '-d', "${database}_super", $file ], 'a superuser restores');
	is_all_of($owner, "${database}_super", "$owner\'s dump restored by a superuser");
	works($owner, "${database}_super", "$owner\'s dump restored by a superuser");
	command_ok([ 'pg_dump', @server, '-U', $owner, '-Fc', '-f', "$file.again", "${database}_super" ], "$owner dumps again");
	is(slurp_dump("$file.again"), $privileges, 'the same privileges');

	create_database("${database}_other", 'dbo', 'b');
	command_ok([ 'pg_restore', @server, '-U', 'b', '--exit-on-error', '--no-owner', '--no-acl', '-d', "${database}_other", $file ], 'another role restores');
	as('b', "${database}_other", 'SELECT invtrack.refresh_access(); GRANT USAGE ON SCHEMA invtrack TO by_hand; GRANT EXECUTE ON FUNCTION invtrack.has_access TO by_hand');
	is_all_of('b', "${database}_other", "$owner\'s dump restored by another");
	works('b', "${database}_other", "$owner\'s dump restored by another");
	as($super, 'postgres', "DROP DATABASE ${database}_$_") for qw(owner super other);
}

# The privileges in a dump.
sub slurp_dump
{
	my ($file) = @_;
	my ($sql, $err);
	run_log([ 'pg_restore', '-f', '-', $file ], '>', \$sql, '2>', \$err);
	return join("\n", sort grep { /^(GRANT|REVOKE|ALTER .* OWNER)/ } split(/\n/, $sql));
}
dump_and_restore('a', 'shop');

# The first owner may take over again, and whoever gets it has no more of what it was given before.
as($super, 'shop', q{SELECT invtrack.set_owner('mallory'); SELECT invtrack.set_owner('a')});
is_all_of('a', 'shop', 'there and back');
works('a', 'shop', 'there and back');
is( $node->safe_psql('shop', q{SELECT count(*) FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid AND d.datname = 'shop' WHERE s.refobjid = 'mallory'::regrole}),
	0, 'nothing is left with a former owner');
as($super, 'shop', 'DROP OWNED BY mallory');

# The second owner, once the first one's things are reassigned; the first one can go.
as($super, 'shop', q{REASSIGN OWNED BY a TO b; SELECT invtrack.set_owner('b')});
is_all_of('b', 'shop', 'handed on');
works('b', 'shop', 'handed on');
dump_and_restore('b', 'shop');
as($super, 'shop', 'DROP OWNED BY a');
as($super, 'postgres', 'DROP OWNED BY a; DROP ROLE a');
works('b', 'shop', 'the first owner is gone');
# without REASSIGN OWNED, too
as($super, 'shop', q{CREATE ROLE c LOGIN; SELECT invtrack.set_owner('c'); DROP OWNED BY b});
works('c', 'shop', 'once more');

# A schema that is another's: it stays that.
create_database('home', 'dbo', 'mallory', 'b');
as('dbo', 'home', 'CREATE SCHEMA invtrack');
as('b', 'home', q{CREATE EXTENSION invtrack CASCADE; INSERT INTO invtrack.merchant VALUES ('m1'); SELECT invtrack.grant_access('bi', 'm1')});
as($super, 'home', q{REASSIGN OWNED BY b TO c; SELECT invtrack.set_owner('c'); DROP OWNED BY b});
is(as($super, 'home', q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'invtrack'}), 'dbo', 'the schema is the database owner\'s');
is(as($super, 'home', q{SET ROLE bi; SELECT count(*) FROM invtrack.merchant}), 1, 'access goes on without the former owner');
is(outcome('c', 'home', q{SELECT invtrack.grant_access('office', 'm1')}), 'ok', 'and the new one grants');

# Schemas that are there before. Who makes it, what is done with it, who creates the extension, and what comes of it.
my $n = 0;
for my $case (
	[ 'mallory', '', 'dbo', '42501' ],
	[ 'mallory', '', $super, '42501' ],
	[ 'mallory', 'GRANT USAGE, CREATE ON SCHEMA invtrack TO PUBLIC', 'dbo', '42501' ],
	[ 'mallory', '', 'mallory', 'ok' ],
	[ 'dbo', 'GRANT CREATE ON SCHEMA invtrack TO PUBLIC', 'dbo', '42501' ],
	[ 'dbo', 'GRANT CREATE ON SCHEMA invtrack TO mallory', 'dbo', '42501' ],
	[ 'dbo', q{GRANT CREATE, USAGE ON SCHEMA invtrack TO mallory; SET SESSION AUTHORIZATION mallory; CREATE FUNCTION invtrack.day_series_agg(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
	           RESET SESSION AUTHORIZATION; REVOKE ALL ON SCHEMA invtrack FROM mallory}, 'dbo', '42501' ],
	[ 'dbo', q{GRANT CREATE, USAGE ON SCHEMA invtrack TO mallory; SET SESSION AUTHORIZATION mallory; CREATE DOMAIN invtrack.own AS text; RESET SESSION AUTHORIZATION;
	           REVOKE ALL ON SCHEMA invtrack FROM mallory}, $super, '42501' ],
	[ 'dbo', '', 'dbo', 'ok' ],
	[ 'dbo', 'GRANT USAGE ON SCHEMA invtrack TO PUBLIC', 'b', 'ok' ],
	[ 'dbo', '', $super, 'ok' ],
	[ $super, '', 'dbo', 'ok' ],
	[ $super, 'GRANT CREATE ON SCHEMA invtrack TO dbo', 'b', 'ok' ],
	[ 'b', '', 'b', 'ok' ])
{
	my ($owner, $done, $creator, $expected) = @$case;
	my $database = 'before' . ++$n;

	create_database($database, 'dbo', 'mallory', 'b');
	as($owner, $database, 'CREATE SCHEMA invtrack');
	as($super, $database, $done) if $done;
	is(outcome($creator, $database, 'SET client_min_messages = warning; CREATE EXTENSION invtrack CASCADE'), $expected, "$owner\'s schema, $creator\'s extension: $done");
	is(as($super, $database, q{SELECT relowner::regrole FROM pg_class WHERE oid = to_regclass('invtrack.merchant')}), $expected eq 'ok' ? $creator : '', 'whose it is');
	as($super, 'postgres', "DROP DATABASE $database");
}

$node->stop;
done_testing();
