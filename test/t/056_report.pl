# The page of report() in a browser: light and dark, on a screen, a phone and paper. It neither runs nor loads anything,
# nothing is cut, and axe-core finds nothing but minor things, whatever names people give. INVTRACK_LONG=1: more widths, and an
# empty page.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;

my $dir = "$FindBin::Bin/../../scripts/browser";
my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
plan skip_all => 'there is no chromium' unless $chromium;
my $version = `node --version 2>&1`;
plan skip_all => 'there is no node' unless $? == 0;
plan skip_all => 'the modules of scripts/browser are not installed' unless -e "$dir/node_modules/playwright-core/package.json";

my $node = PostgreSQL::Test::Cluster->new('report');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION invtrack CASCADE;
SET invtrack.as_of = '2026-06-30';
INSERT INTO invtrack.merchant (merchant, name)
VALUES ('tea', E'</title><script>alert("name")</script> \u05D0\u05D1 \u202Eright to left'), ('empty', '');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
VALUES ('tea', 'good', 'Good'), ('tea', repeat('type', 50), repeat('Type', 100));
INSERT INTO invtrack.product (merchant, sku, name) VALUES
    ('tea', 'T1', 'Green tea, loose, 250 g'), ('tea', 'T2', '<script>alert("product")</script>'),
    ('tea', 'T3', '<img src=x onerror=alert("image")>'), ('tea', 'T4', '" onmouseover="alert(1)" x="'),
    ('tea', 'T5', E'\u05E9\u05DC\u05D5\u05DD \u202Ereversed'), ('tea', 'T6', repeat('Teapot', 10000)),
    ('tea', repeat('sku', 66), E'tab\t new\nline \x01 &amp; &nbsp; <!-- '), ('tea', 'T8', '');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
SELECT merchant, sku, 'good', l, CASE l WHEN 'a' THEN date '2026-07-10' END, CASE sku WHEN 'T5' THEN -3 ELSE 999999999.123456 END
  FROM invtrack.product, unnest(ARRAY['a', 'b']) l WHERE sku <> 'T8';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'tea', p.sku, 'good', f, date '2026-06-30' - d, 1 + d % 7
  FROM invtrack.product p, generate_series(0, 100, 2) d, unnest(ARRAY['sale', 'shipment']) f WHERE p.sku <> 'T8'
UNION ALL VALUES ('tea', '<script>alert("sku")</script>', '"><b>', 'sale', date '2026-06-01', 3), ('tea', 'T1', 'good', 'sale', '2027-01-01', 5);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
SELECT p.merchant, p.sku, i.inventory_type, m, CASE WHEN m <> 'turnover_days' THEN 123456789.5 END,
       CASE WHEN m <> 'stock_quantity' THEN 90 END, CASE m WHEN 'turnover_days' THEN 3650 END, CASE m WHEN 'turnover_days' THEN 7 END
  FROM invtrack.product p JOIN invtrack.inventory_type i USING (merchant), unnest(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']) m
 WHERE p.sku IN ('T1', 'T2', 'T6') OR i.inventory_type = 'good';
SELECT count(*) FROM invtrack.check_trackers('tea');
SELECT invtrack.acknowledge_alert('tea', 'T5', 'good', 'stock_quantity', 'note', '<script>alert("who")</script>');
SQL

my $tmp = PostgreSQL::Test::Utils::tempdir();
for my $merchant ('tea', $ENV{INVTRACK_LONG} ? 'empty' : ())
{
	my $page = $node->safe_psql('postgres', "SELECT invtrack.report('$merchant', '2026-06-30')");
	my ($said, $errors);

	append_to_file("$tmp/$merchant.html", $page);
	{
		local $ENV{HOME} = $tmp;
		run_log([ 'node', "$dir/page.mjs", $chromium, "$tmp/$merchant.html" ], '>', \$said, '2>', \$errors);
	}
	is($?, 0, "$merchant: the browser ends well") or diag $errors;
	for my $line (split /\n/, $said)
	{
		my ($result, $what, $wrong) = $line =~ /^((?:not )?ok) ([^:]*)(?:: (.*))?$/ or die $line;
		is($wrong // '', '', "$merchant: $what");
	}
	like($said, qr/^ok pages of paper$/m, "$merchant: all was looked at");
}
$node->stop;
done_testing();
