# The tracker screen of examples/backoffice, in a browser: test/backoffice/*.mjs are its tests. Skipped where there is
# no node, no chromium, or modules of npm are not installed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;
use IPC::Run;

my $root = "$FindBin::Bin/../..";
my $dir = "$root/examples/backoffice";
my $version = `node --version 2>&1`;
plan skip_all => 'there is no node' unless $? == 0;
my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
plan skip_all => 'there is no chromium' unless $chromium;
plan skip_all => 'the modules of examples/backoffice are not installed' unless -e "$dir/node_modules/hono/package.json";
plan skip_all => 'the modules of scripts/browser are not installed' unless -e "$root/scripts/browser/node_modules/playwright-core/package.json";
note "node $version";

# What it runs with is pinned, and little.
my $lock = PostgreSQL::Test::Utils::slurp_file("$dir/package-lock.json");
my $modules = () = $lock =~ m{^ *"node_modules/}mg;
cmp_ok($modules, '<', 80, "$modules modules at run time");
my ($wanted) = PostgreSQL::Test::Utils::slurp_file("$dir/package.json") =~ /"dependencies": \{([^}]*)\}/;
unlike($wanted, qr/: "[^"]*[^\d."]/, 'each by its exact version');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET invtrack.as_of = '2026-03-10'});
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION invtrack CASCADE;
INSERT INTO invtrack.merchant (merchant, name)
VALUES ('tea', 'Tea House'), ('toy', 'Tom''s Toys'), ('<img src=x onerror="throw 1">''"%\', '<img src=x onerror="throw 1">''"%\');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
SELECT 'tea', type, initcap(type) FROM unnest(ARRAY['good', 'defective']) type
UNION ALL VALUES ('toy', 'good', ''), ('<img src=x onerror="throw 1">''"%\', '<img src=x onerror="throw 1">''"%\', '');
INSERT INTO invtrack.product (merchant, sku, name)
VALUES ('tea', 'MT-7', 'Mint tea'), ('tea', 'GT-1', 'Green tea'), ('tea', 'NEW-1', 'New tea'), ('tea', '=cmd|x', 'Formula'),
       ('toy', 'TR-1', 'Train'), ('<img src=x onerror="throw 1">''"%\', '<img src=x onerror="throw 1">''"%\', '<img src=x onerror="throw 1">''"%\');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
VALUES ('tea', 'MT-7', 'good', 'A', '2026-03-20', 12), ('tea', 'MT-7', 'good', 'B', NULL, 8), ('tea', 'GT-1', 'good', '', NULL, 25), ('toy', 'TR-1', 'good', '', NULL, 40);
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, expected_on, quantity) VALUES ('tea', 'MT-7', 'good', 'PO-9', '2026-03-15', 30);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'tea', 'MT-7', 'good', 'sale', date '2026-03-10' - n, 4 FROM generate_series(0, 29) n
UNION ALL VALUES ('toy', 'TR-1', 'good', 'shipment', date '2026-02-10', 3);
CREATE ROLE backoffice LOGIN NOINHERIT;
CREATE ROLE manager;
CREATE ROLE auditor;
CREATE ROLE "o'brien <toys>";
GRANT manager, auditor, "o'brien <toys>" TO backoffice;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('tea', '=cmd|x', 'good', 'stock_quantity', 1);
SELECT invtrack.grant_access('manager', NULL, 'manage'), invtrack.grant_access('auditor', NULL, 'read'), invtrack.grant_access('o''brien <toys>', 'toy', 'manage');
SQL

# The web server says where it is.
my ($said, $complained) = ('', '');
my $server;
{
	local @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PORT)} = ($node->host, $node->port, 'backoffice', 'postgres', 0);
	$server = IPC::Run::start([ 'node', "$dir/server.mjs" ], '<', \undef, '>', \$said, '2>', \$complained,
		IPC::Run::timeout(36_000));
}
END
{
	local $?;
	eval { $server->signal('KILL') } if $server;
}
$server->pump until $said =~ m{^(http://127\.0\.0\.1:\d+)/$}m or !$server->pumpable;
my ($address) = $said =~ m{^(http://\S+)/$}m or die "the web server did not start: $complained";

# run_browser(file): its results are ours; "sql ..." is what the owner of the database is to do.
sub run_browser
{
	my ($file) = @_;
	my ($out, $err) = ('', '');
	local $ENV{HOME} = PostgreSQL::Test::Utils::tempdir();
	my $browser = IPC::Run::start([ 'node', "$root/test/backoffice/$file", $address, $chromium ], '<', \undef, '>', \$out, '2>', \$err);
	my $results = 0;
	my $take = sub {
		while ($out =~ s/^(.*)\n//)
		{
			my $line = $1;
			if ($line =~ /^(not )?ok (.*)/) { $results++; ok(!$1, "$file: $2"); }
			elsif ($line =~ /^sql (.*)/) { $node->safe_psql('postgres', $1); }
			else { diag($line); }
		}
	};
	while ($browser->pumpable) { $browser->pump; $take->(); }
	$browser->finish;
	$take->();
	is($err, '', "$file: nothing else is said");
	cmp_ok($results, '>', 5, "$file: there are results");
	return;
}

run_browser('guide.mjs');
run_browser('screen.mjs');

$server->signal('TERM');
ok($server->finish, 'the web server stops when told to');
like($complained, qr/\Aalerts: terminating connection .*\n\z/, 'the web server complained of the connection that was lost, and of nothing else');
undef $server;
$node->stop;
done_testing();
