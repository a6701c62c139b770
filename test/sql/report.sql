-- report(): one page, of one merchant, in which nothing but our own markup is markup. How it looks: test/t/056_report.pl
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'SQL, DMY';
\pset format unaligned
\pset tuples_only on
INSERT INTO invtrack.merchant (merchant, name) VALUES ('m', 'Tea & Sons <Ltd> "x" ''y'''), ('<b>&"''', ''), ('empty', 'Empty'), ('many', 'Many'), ('hid', 'Hidden');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) SELECT merchant, 'good', 'Good' FROM invtrack.merchant UNION ALL VALUES ('<b>&"''', '<i>&"''', '<u>&"''');
INSERT INTO invtrack.product (merchant, sku, name, discontinued_on) VALUES ('m', 'tea', 'Tea', NULL), ('m', 'old', '', '2026-06-01'), ('<b>&"''', '<s>&"''', E'<p>\x01&"''', NULL), ('hid', 'SECRET', 'SECRET', NULL);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) VALUES
    ('m', 'tea', 'good', 'a', '2026-07-10', 12.5), ('m', 'tea', 'good', 'b', '2026-06-30', 2), ('<b>&"''', '<s>&"''', '<i>&"''', '<q>', '2026-07-01', -1);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'm', 'tea', 'good', 'sale', date '2026-06-30' - d, 1 + d % 2 FROM generate_series(0, 3) d
UNION ALL VALUES ('m', 'tea', 'good', 'sale', date '2026-04-01', -2), ('m', 'tea', 'good', 'sale', '2026-04-02', 4), ('<b>&"''', '<x>&"''', '<y>', 'sale', '2026-06-01', 1);
SELECT invtrack.save_tracker('m', 'tea', 'good', 'turnover_days', lookback_days => 30, coverage_days => 70, expiry_days => 5),
       invtrack.save_tracker('m', 'tea', 'good', 'stalled_days', 20, 90), invtrack.save_tracker('m', 'old', 'good', 'stock_quantity', 20),
       invtrack.save_tracker('<b>&"''', '<s>&"''', '<i>&"''', 'stock_quantity', 5);
SET LOCAL invtrack.as_of = '2026-06-30';
SELECT count(*) FROM invtrack.check_trackers('m');
SELECT count(*) FROM invtrack.check_trackers('<b>&"''');
SELECT invtrack.acknowledge_alert('<b>&"''', '<s>&"''', '<i>&"''', 'stock_quantity', '<note>', '<who>&"''');

-- The page, without its style sheet
SELECT regexp_replace(invtrack.report('m'), '<style>.*</style>', '<style></style>');
-- The day moves with the argument, else with the setting, which stays as it was.
SELECT invtrack.report('m', '2026-06-30') = invtrack.report('m') AS same;
SET LOCAL jit = on;
SELECT invtrack.report('m', '2025-01-01') ~ 'As of 2025-01-01.*Movement in the future' AS earlier, current_setting('invtrack.as_of') AS as_of, current_setting('jit') AS jit;
SELECT current_setting('invtrack.as_of') AS as_of, current_setting('jit') AS jit;
SELECT substring(invtrack.report('m', d) FROM 'As of [^<]*') FROM (VALUES (date '0001-01-01'), ('9999-12-31')) v (d);

-- A merchant without anything
SELECT substring(invtrack.report('empty') FROM '<main>.*</main>');

-- Nothing that people write is markup: without our elements, the page has neither < nor >, and no & but of an escape.
CREATE FUNCTION pg_temp.rest(page text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT m[1], ' ') FROM regexp_matches(regexp_replace(regexp_replace(page, '<style>.*</style>', ''),
        '<(!DOCTYPE html|/?(html|head|body|main|section|table|thead|tbody|tr|ul|li|h1|b|i|small|bdi|br|p|title|code|svg|span|td|th|h2)|meta charset="utf-8"|meta name="viewport" content="[^"<>&]*"|html lang="en"|ul class="sum"|h2 id="[a-z]+"|table aria-labelledby="[a-z]+"|th scope="(col|row)"|td data-label="[^"<>&]*"( class="[a-z]+")?|span class="bar [a-z_]+" aria-hidden="true"|i style="width:[0-9]+%"|svg class="chart" role="img" viewBox="[0-9 ]+" preserveAspectRatio="none"|path d="[0-9Mhv. -]+"/)>', '', 'g'),
        '(.{0,20}[<>"''\x01].{0,20}|.{0,20}&(?!(amp|lt|gt|quot|#39|#160);).{0,20})', 'g') m
$$;
SELECT merchant, pg_temp.rest(invtrack.report(merchant)) IS NULL AS is_escaped FROM invtrack.merchant WHERE merchant IN ('m', '<b>&"''', 'empty') ORDER BY merchant;
SELECT regexp_count_of.n > 10 AS some FROM (SELECT count(*) AS n FROM regexp_matches(invtrack.report('<b>&"'''), '&lt;', 'g')) regexp_count_of;
-- what looks for it finds it
SELECT pg_temp.rest('<p>a<b onclick="x">&nbsp;') IS NOT NULL AS found;
SELECT invtrack_internal.html(E'<a href="x" title=''y''>&amp;\x01\x1f\t\n');
SELECT invtrack_internal.html_name(repeat('n', 300), 'c') = '<bdi>' || repeat('n', 199) || '…</bdi> <small><bdi>c</bdi></small>' AS cut;

-- Lists end: worst first
INSERT INTO invtrack.product (merchant, sku, name) SELECT 'many', 's' || n, 'P' FROM generate_series(1, 502) n;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, expires_on, quantity) SELECT 'many', 's' || n, 'good', '2026-07-01', n FROM generate_series(1, 502) n;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT 'many', 's' || n, 'good', 'stock_quantity', 1000 FROM generate_series(1, 502) n;
SELECT count(*) FROM invtrack.check_trackers('many');
WITH page AS MATERIALIZED (SELECT invtrack.report('many') AS page)
SELECT (SELECT count(*) FROM regexp_matches(page, '<tr><th scope="row">', 'g')) AS rows, (SELECT string_agg(m[1], ' ') FROM regexp_matches(page, '(These are [^<]*)', 'g') m) AS told,
       substring(page FROM '<tr><th scope="row">.{50}') AS first, page LIKE '%<b>502</b> to replenish%' AS all_counted
  FROM page;

-- A role sees its own merchants only.
CREATE ROLE invtrack_test_reader;
SELECT invtrack.grant_access('invtrack_test_reader', 'm');
CREATE TEMP TABLE page AS SELECT invtrack.report('m') AS page;
GRANT SELECT ON page TO invtrack_test_reader;
SET LOCAL ROLE invtrack_test_reader;
SELECT invtrack.report('m') = page AS same, page LIKE '%SECRET%' AS secret FROM page;
SAVEPOINT hidden;
SELECT invtrack.report('hid');
ROLLBACK TO hidden;
RESET ROLE;

-- Errors; the setting stays as it was then, too.
SAVEPOINT wrong;
SELECT invtrack.report(NULL);
ROLLBACK TO wrong;
SELECT invtrack.report('nope', '2020-01-01');
ROLLBACK TO wrong;
SELECT invtrack.report(' m');
ROLLBACK TO wrong;
SELECT invtrack.report('m', 'infinity');
ROLLBACK TO wrong;
SELECT current_setting('invtrack.as_of');
ROLLBACK;
