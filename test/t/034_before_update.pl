# The new library and the objects of each released version, as it is between the installation of the files and ALTER EXTENSION
# UPDATE: applications read and write as before; each function works, or says that the update is missing.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Released qw(released_versions before_data);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner LOGIN NOSUPERUSER; CREATE ROLE clerk');

sub owner_psql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'shop_owner' ]);
}

# Call each function, with nulls and with values, and undo it: what it is, and its error.
my $calls = q{
    CREATE FUNCTION pg_temp.value_of(name text, type regtype) RETURNS text LANGUAGE sql AS $$
        SELECT coalesce(
            (SELECT v.value FROM (VALUES
                ('merchant', 'm'), ('sku', 'a'), ('inventory_type', 'good'), ('mechanism', 'stock_quantity'), ('flow', 'sale'),
                ('role', 'clerk'), ('level', 'manage'), ('time_zone', 'UTC'), ('skus', '{a,b}'), ('keyword', 'a'),
                ('lookback_days', NULL), ('coverage_days', NULL)) v (name, value) WHERE v.name = $1),
            CASE WHEN $1 IN ('lookback_days', 'coverage_days') THEN NULL
                 WHEN $2::text LIKE '%day_series' THEN '{2026-03-10:1}'
                 WHEN $2 IN ('date'::regtype, 'timestamptz'::regtype) THEN '2026-03-10'
                 WHEN $2 = 'interval'::regtype THEN '1 hour'
                 ELSE '1' END)
    $$;
    CREATE FUNCTION pg_temp.call_all() RETURNS TABLE (call text, state text, hint text) LANGUAGE plpgsql AS $$
    BEGIN
        FOR call IN
            SELECT format('%s(%s)', p.oid::regproc,
                          (SELECT string_agg(CASE WHEN with_values THEN format('%L::%s', pg_temp.value_of(p.proargnames[a.n], a.type), a.type::regtype)
                                                  ELSE format('NULL::%s', a.type::regtype) END, ', ' ORDER BY a.n)
                             FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n)))
              FROM pg_depend d
              JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
              JOIN pg_proc p ON p.oid = d.objid
             CROSS JOIN (VALUES (true), (false)) v (with_values)
             WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
               AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype AND 'internal'::regtype <> ALL (p.proargtypes)
        LOOP
            state := 'ok';
            hint := NULL;
            BEGIN
                EXECUTE 'SELECT count(*), min(r::text) FROM ' || call || ' r';
                RAISE SQLSTATE 'UNDO0';
            EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
                NULL;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
            END;
            RETURN NEXT;
        END LOOP;
    END
    $$;
    SELECT call, state, hint FROM pg_temp.call_all()};

# What an error is that comes of a missing or different object, or of the library itself.
my $missing = qr/^(42P01|42703|42883|42704|42804|42P10|3F000)$/;
my $asks = qr/^ALTER EXTENSION invtrack UPDATE/;
my $version = slurp_file('invtrack.control') =~ /^default_version = '(.*)'/m ? $1 : die 'no version';

# C functions by their symbols: SQL may call one with as many arguments as any version says.
my $symbols = q{
    SELECT p.prosrc || ' ' || array_agg(DISTINCT p.pronargs)::text
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'c'
      JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
      JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack' GROUP BY p.prosrc};
my $sources = join '', map { slurp_file($_) } glob 'src/*.c';
$node->safe_psql('postgres', 'CREATE DATABASE fresh OWNER shop_owner');
owner_psql('fresh', 'CREATE EXTENSION invtrack CASCADE');
my %is_now = map { $_ => 1 } split /\n/, owner_psql('fresh', $symbols);

foreach my $before (released_versions($node))
{
	$node->safe_psql('postgres', qq{CREATE DATABASE "$before" OWNER shop_owner});
	# The library has each symbol, or this fails.
	owner_psql($before, "CREATE EXTENSION invtrack VERSION '$before' CASCADE; " . before_data());
	foreach my $symbol (grep { !$is_now{$_} } split /\n/, owner_psql($before, $symbols))
	{
		my ($name) = split / /, $symbol;
		my $is_used = grep { /^$name / } keys %is_now;
		# the functions of the judgement are made by a macro, and saving is wrapped
		my $function = $name eq 'tracker_save' ? 'validate_and_save\\(FunctionCallInfo fcinfo\\)' : $name =~ /^judge_/ ? 'judged_figure\\(FunctionCallInfo fcinfo, Figure figure\\)' : "$name\\(PG_FUNCTION_ARGS\\)";
		ok(!$is_used || $sources =~ /^$function\n\{(?:(?!^\}).)*PG_NARGS\(\)/ms, "$before: $symbol looks at how many arguments it has");
	}

	my ($code, $out, $err) = $node->psql($before, $calls, extra_params => [ '-U', 'shop_owner' ]);
	my @calls = map { [ split /\|/, $_, 3 ] } split /\n/, $out;
	is($code, 0, "$before: no function ends the session") or diag($err);
	cmp_ok(scalar @calls, '>', 80, "$before: functions were called");
	my @wrong = grep { $_->[1] =~ /^XX/ || ($_->[1] =~ $missing && $_->[2] !~ $asks) } @calls;
	is(join("\n", map { join '|', @$_ } @wrong), '', "$before: each works, or asks for the update");
	cmp_ok(scalar(grep { $_->[2] =~ /^ALTER EXTENSION invtrack UPDATE: the extension is of version \Q$before\E, and its library of version \Q$version\E\.$/ } @calls),
		'>', 3, "$before: and tells the versions");

	# Procedures, which commit.
	foreach my $procedure (split /\n/, owner_psql($before, q{SELECT proname FROM pg_proc WHERE pronamespace = 'invtrack'::regnamespace AND prokind = 'p' AND pronargs = 1}))
	{
		($code, $out, $err) = $node->psql($before, "CALL invtrack.$procedure(NULL)", extra_params => [ '-U', 'shop_owner' ]);
		ok($code == 0 || $err =~ /HINT:  ALTER EXTENSION invtrack UPDATE/, "$before: CALL $procedure() works, or asks for the update") or diag($err);
	}

	# What applications do without functions goes on.
	is(owner_psql($before, q{
	    SET invtrack.as_of = '2026-03-10';
	    INSERT INTO invtrack.product VALUES ('m', 'c', 'C', NULL);
	    COPY invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) FROM STDIN (FORMAT csv);
m,c,good,"",,4
\.
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('m', 'c', 'good', 'sale', '2026-03-10', 3, 'r1');
	    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days) VALUES ('m', 'c', 'good', 'turnover_days', 3, 2);
	    UPDATE invtrack.tracker SET coverage_days = 4 WHERE sku = 'c';
	    SELECT current_stock, threshold, health, status FROM invtrack.health WHERE merchant = 'm' AND sku = 'c';
	    SELECT on_hand FROM invtrack.stock WHERE merchant = 'm' AND sku = 'c'}),
		"4|12.0000|33.33|replenish\n4", "$before: applications read and write");
}

# The other way round, a session that has kept an old library, after the update.
$node->safe_psql('fresh', q{
    UPDATE pg_catalog.pg_extension SET extversion = '10.0.0' WHERE extname = 'invtrack';
    ALTER VIEW invtrack_internal.tracker_reading RENAME TO moved});
my ($code, $out, $err) = $node->psql('fresh', q{SELECT * FROM invtrack.tracker_health('m')}, extra_params => [ '-U', 'shop_owner' ]);
like($err, qr/^HINT:  Connect anew: this session has loaded the library of version \Q$version\E, and the extension is of version 10\.0\.0\.$/m,
	'a session with an old library is told to connect anew');

$node->stop;
done_testing();
