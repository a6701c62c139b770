# Jobs of schedule_jobs() that pg_cron really runs, in its own database and in another, for an owner that is no
# superuser: what it needs, what it says where something is missing, and that a call leaves nothing half done.
# pg_cron starts jobs with the minute, so this waits for a minute to begin.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($share) = run_command([ 'pg_config', '--sharedir' ]);
plan skip_all => 'pg_cron is not installed for this PostgreSQL' unless -e "$share/extension/pg_cron.control";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# Jobs as background workers: they need no password.
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'pg_cron'
cron.use_background_workers = on
max_worker_processes = 24
});
$node->start;

# SQL as the owner of the extension in a database; its answer, and its error if it has one.
sub owner
{
	my ($db, $sql, @options) = @_;
	my ($code, $out, $err) = $node->psql($db, $sql, extra_params => [ '-U', 'keeper' ], @options);
	return $err eq '' ? $out : "$out$err";
}

sub superuser
{
	my ($db, $sql) = @_;
	return $node->safe_psql($db, $sql);
}

# The SQLSTATE of a call, and the hint.
sub refused
{
	my ($db, $call, $state, $what) = @_;
	my $said = owner($db, "\\set VERBOSITY verbose\n$call");
	like($said, qr/ERROR:  $state:/, $what);
	my ($hint) = $said =~ /^HINT:  (.*)$/m;
	return ($said, $hint // '');
}

my $schedule = 'SELECT * FROM invtrack.schedule_jobs()';
my $unschedule = 'SELECT invtrack.unschedule_jobs()';
my $table = q{SELECT jobname, schedule, command, database FROM cron.job WHERE jobname LIKE 'invtrack %' AND username = 'keeper' ORDER BY jobid};
my $long = q{an "odd" shop's \ name that is as long as a name may be: é!!!!};
my $latin = 'LATIN1, é';
my @databases = ('postgres', 'shop', 'shop 2', $long, $latin);
superuser('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE other LOGIN');
for my $db (@databases)
{
	(my $name = $db) =~ s/"/""/g;
	my $encoding = $db eq $latin ? q{TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'} : '';
	superuser('postgres', qq{CREATE DATABASE "$name" $encoding}) unless $db eq 'postgres';
	superuser('postgres', qq{GRANT CREATE ON DATABASE "$name" TO keeper});
	owner($db, 'SET client_min_messages = warning; CREATE EXTENSION invtrack CASCADE');
}

# What is missing, one thing after the other, and that doing what the hint says helps.
superuser('postgres', q{
    CREATE SCHEMA cron;
    CREATE FUNCTION cron.schedule_in_database(text, text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1/0';
    CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1/0';
    GRANT USAGE ON SCHEMA cron TO PUBLIC});
for my $db ('postgres', 'shop')
{
	my ($said, $hint) = refused($db, $schedule, 55000, "$db: no extension, but functions of its names");
	like($hint, qr/in database "postgres": CREATE EXTENSION pg_cron;/, 'the hint says what and where');
	like($said, qr{^\*/5 \* \* \* \* psql -X -U keeper -d $db -c "CALL invtrack.fold_all\(\)"$}m, 'a crontab without it');
}
superuser('postgres', 'DROP SCHEMA cron CASCADE; CREATE EXTENSION pg_cron; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
	GRANT CONNECT ON DATABASE postgres TO other');
my ($said, $hint) = refused('shop', $schedule, 42501, 'no CONNECT in the database of pg_cron');
superuser('postgres', 'GRANT CONNECT ON DATABASE postgres TO keeper');
refused('shop', $unschedule, 42501, 'no USAGE of the schema cron');
superuser('postgres', 'REVOKE CONNECT ON DATABASE postgres FROM keeper; GRANT USAGE ON SCHEMA cron TO keeper');
refused('shop', $schedule, 42501, 'USAGE, but no CONNECT');
superuser('postgres', 'REVOKE USAGE ON SCHEMA cron FROM keeper; GRANT CONNECT ON DATABASE postgres TO keeper');
my (undef, $hint_here) = refused('postgres', $schedule, 42501, 'no USAGE in the same database');
like($hint_here, qr/: GRANT USAGE ON SCHEMA cron TO keeper;$/, 'where that is all it takes');
superuser('postgres', $hint_here =~ s/.*?: //r);
is(owner('postgres', "SELECT count(*) FROM invtrack.schedule_jobs()"), 4, 'it is');
is(owner('postgres', $unschedule), 4, 'and gone again');
refused('shop', $schedule, 42501, 'no EXECUTE of schedule_in_database()');
superuser('postgres', $hint =~ s/.*?: //r);
is(owner('shop', $unschedule), 0, 'after what the hint says it works; no job is no error');

# The jobs are what the call returns; again is the same; no database meets another.
my %jobs = map { $_ => owner($_, "SELECT * FROM invtrack.schedule_jobs('1 minute', '1 minute', 1000)") } @databases;
is(superuser('postgres', $table), join("\n", map { $jobs{$_} } @databases), 'pg_cron has what the calls returned');
is(superuser('postgres', 'SELECT count(DISTINCT jobname) FROM cron.job'), 5 * @databases, 'no name twice');
is(superuser('postgres', 'SELECT max(octet_length(jobname)) <= 63 FROM cron.job'), 't', 'names that old versions do not cut');
is(owner($_, "SELECT * FROM invtrack.schedule_jobs('1 minute', '1 minute', 1000)"), $jobs{$_}, 'again') for @databases;
is(superuser('postgres', $table), join("\n", map { $jobs{$_} } @databases), 'changes nothing');
like($jobs{shop}, qr/^invtrack fold shop\|\* \* \* \* \*\|CALL invtrack.fold_all\(\)\|shop$/m, 'fold');
like($jobs{shop}, qr/^invtrack purge runs shop\|37 3 .*\|postgres$/m, 'runs are purged in the database of pg_cron');
is(owner('shop 2', "SELECT job_name FROM invtrack.schedule_jobs(purge_alerts_after_days => NULL, keep_runs_days => NULL)"),
	"invtrack fold shop 2\ninvtrack check shop 2", 'fewer jobs');
is(superuser('postgres', q{SELECT jobname FROM cron.job WHERE database = 'shop 2' OR jobname LIKE '% shop 2' ORDER BY jobid}),
	"invtrack fold shop 2\ninvtrack check shop 2", 'and those that are not asked for are gone');
superuser('postgres', q{SELECT cron.alter_job(jobid, active => false) FROM cron.job WHERE jobname = 'invtrack fold shop 2'});
is(owner('shop 2', q{SELECT count(*) FROM invtrack.schedule_jobs()}), 4, 'scheduled again');
is(superuser('postgres', 'SELECT count(*) FROM cron.job WHERE NOT active'), 0, 'a paused job is no longer paused');

# Only one's own: the owner of the same database's jobs may have been another.
superuser('postgres', q{GRANT USAGE ON SCHEMA cron TO other; SET SESSION AUTHORIZATION other;
	SELECT cron.schedule('invtrack fold shop 2', '7 7 * * *', 'SELECT 7')});
is(owner('shop 2', $unschedule), 4, 'unscheduled');
is(superuser('postgres', q{SELECT username, schedule FROM cron.job WHERE jobname LIKE '% shop 2'}), 'other|7 7 * * *',
	q{the other's job of that name is there});

# Nor where row security does not hold.
superuser('postgres', 'CREATE DATABASE super');
superuser('super', 'SET client_min_messages = warning; CREATE EXTENSION invtrack CASCADE');
superuser('postgres', q{SET SESSION AUTHORIZATION other; SELECT cron.schedule('invtrack fold super', '7 7 * * *', 'SELECT 7')});
is(superuser('super', 'SELECT count(*) FROM invtrack.schedule_jobs()'), 4, 'scheduled by a superuser');
is(superuser('super', $unschedule), 4, 'and unscheduled');
is(superuser('postgres', q{SELECT username, schedule FROM cron.job WHERE jobname LIKE '% super'}), 'other|7 7 * * *',
	q{the other's job of that name is there});

# Within a transaction of pg_cron's own database it is part of that.
owner('postgres', "BEGIN; $schedule; ROLLBACK");
is(superuser('postgres', $table), join("\n", map { $jobs{$_} } grep { $_ ne 'shop 2' } @databases), 'rolled back');

# Settings of the owner that its calls and jobs must not mind.
for my $db ('postgres', 'shop')
{
	superuser($db, q{
	    CREATE SCHEMA evil;
	    GRANT USAGE ON SCHEMA evil TO PUBLIC;
	    CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'evil was called'; END$$;
	    CREATE FUNCTION evil.equal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'evil was called'; END$$;
	    CREATE FUNCTION evil.before(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'evil was called'; END$$;
	    CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equal);
	    CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.equal);
	    CREATE OPERATOR evil.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.before);
	    CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE 'evil was called'; END$$;
	    CREATE TABLE evil.pg_extension ();
	    CREATE DOMAIN evil.text AS pg_catalog.text CHECK (false);
	});
}
superuser('postgres', q{ALTER ROLE keeper SET search_path = evil, pg_catalog; ALTER ROLE keeper SET datestyle = 'SQL, DMY';
	ALTER ROLE keeper SET standard_conforming_strings = off; ALTER ROLE keeper SET default_transaction_isolation = 'serializable'});
is(owner('shop', q{SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text}) =~ /evil was called/, 1, 'it is evil indeed');
is(owner('postgres', 'SET row_security = off; SELECT 5 OPERATOR(pg_catalog.=) pg_catalog.count(*) FROM invtrack.schedule_jobs(\'1 minute\', \'1 minute\', 1000)'),
	't', 'called without row security');
is(owner('shop', "SELECT * FROM invtrack.schedule_jobs('1 minute', '1 minute', 1000)"), $jobs{shop}, 'called with evil settings');

# Of the log of runs, those of one's own jobs go that ended long ago. pg_cron shall purge now.
superuser('postgres', q{
    UPDATE cron.job SET schedule = '* * * * *' WHERE jobname LIKE 'invtrack purge % shop';
    INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, return_message, start_time, end_time)
    SELECT j.jobid, v.runid, j.database, j.username, j.command, v.status, v.message, now() - v.age, CASE WHEN v.ended THEN now() - v.age END
      FROM (VALUES (-1, 'invtrack fold shop', 'keeper', 'succeeded', 'goes', interval '8 days', true),
                   (-2, 'invtrack purge alerts shop', 'keeper', 'failed', 'goes', '7 days 1 minute', true),
                   (-3, 'invtrack fold shop', 'keeper', 'failed', 'goes, too: the server went down', '8 days', false),
                   (-4, 'invtrack fold shop', 'keeper', 'running', 'stays', '8 days', false),
                   (-5, 'invtrack fold shop', 'keeper', 'succeeded', 'stays', '6 days 23 hours', true),
                   (-6, 'invtrack fold postgres', 'keeper', 'succeeded', 'of another database', '8 days', true),
                   (-7, 'invtrack fold shop 2', 'other', 'succeeded', 'of another role', '8 days', true)
           ) v (runid, jobname, username, status, message, age, ended)
      JOIN cron.job j USING (jobname, username)});
# The job of postgres would do the same to its own, at night.
is(superuser('postgres', 'SELECT count(*) FROM cron.job_run_details WHERE runid < 0'), 7, 'runs to purge');

# Two databases get something to fold, and a tracker that is ill.
for my $db ('postgres', 'shop')
{
	is( owner($db, q{
	    INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
	    INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
	    INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p');
	    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
	    SELECT m, 'p', 'good', 'sale', '2026-03-01', n FROM pg_catalog.generate_series(1, 30) n,
	           pg_catalog.unnest('{m,n}'::pg_catalog.text[]) m;
	    SELECT invtrack.save_tracker('m', 'p', 'good', 'stock_quantity', 10)}),
		'created', "$db: something to do");
}
for my $db ('postgres', 'shop')
{
	ok($node->poll_query_until($db, 'SELECT NOT EXISTS (SELECT FROM invtrack.movement WHERE NOT folded)'), "$db: a job folds");
	is(superuser($db, 'SELECT count(*), sum(movements) FROM invtrack.flow_series'), '2|60', "$db: all of it");
	ok($node->poll_query_until('postgres', qq{
	    SELECT EXISTS (SELECT FROM cron.job_run_details WHERE database = '$db' AND command = 'CALL invtrack.fold_all()'
	                      AND username = 'keeper' AND status = 'succeeded' AND runid > 0)}), "$db: as pg_cron says, too");
	ok($node->poll_query_until($db, 'SELECT EXISTS (SELECT FROM invtrack.alert)'), "$db: a job opens an alert");
	is( superuser($db, 'SELECT merchant, sku, mechanism, status, closed_at IS NULL FROM invtrack.alert'),
		'm|p|stock_quantity|replenish|t', "$db: the right one");
}
ok($node->poll_query_until('postgres', q{
    SELECT count(DISTINCT j.jobname) FROM cron.job_run_details d JOIN cron.job j USING (jobid)
     WHERE j.jobname LIKE '% shop' AND d.status = 'succeeded' AND d.runid > 0}, 5), 'each job runs, the purges, too');
is(superuser('postgres', 'SELECT runid, return_message FROM cron.job_run_details WHERE runid < 0 ORDER BY runid DESC'),
	"-4|stays\n-5|stays\n-6|of another database\n-7|of another role", 'the right ones');
is(superuser('postgres', q{SELECT command, return_message FROM cron.job_run_details WHERE status = 'failed' AND runid > 0}),
	'', 'no job fails');
superuser('postgres', 'ALTER ROLE keeper RESET ALL');

# While somebody has pg_cron's table locked a call waits, can be cancelled or terminated, and then takes its worker along.
my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE cron.job');
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'invtrack schedule'};
my ($out, $err) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-U', 'keeper', '-d', $node->connstr('shop'), '-c', $unschedule ],
	'<', \undef, '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "$workers AND wait_event_type = 'Lock'", 1), 'a call waits');
is(superuser('postgres', q{SELECT usename, datname FROM pg_stat_activity WHERE backend_type = 'invtrack schedule'}), 'keeper|postgres', 'as the role');
superuser('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper' AND backend_type = 'client backend'});
IPC::Run::finish($session);
like($err, qr/canceling statement due to user request/, 'and can be cancelled');
ok($node->poll_query_until('postgres', $workers, 0), 'with its worker');
$err = '';
$session = IPC::Run::start([ 'psql', '-XAtq', '-U', 'keeper', '-d', $node->connstr('shop'), '-c', $unschedule ],
	'<', \undef, '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "$workers AND wait_event_type = 'Lock'", 1), 'another waits');
superuser('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper' AND backend_type = 'client backend'});
IPC::Run::finish($session);
like($err, qr/terminating connection/, 'and can be terminated');
ok($node->poll_query_until('postgres', $workers, 0), 'with its worker');
$err = '';
$session = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-U', 'keeper', '-d', $node->connstr('shop'), '-c', $unschedule ],
	'<', \undef, '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "$workers AND wait_event_type = 'Lock'", 1), 'a third waits');
superuser('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'invtrack schedule'});
IPC::Run::finish($session);
like($err, qr/ERROR:  57P01: terminating background worker/, 'the worker alone is terminated: the session says so');
$locker->query_safe('ROLLBACK');
is(superuser('postgres', q{SELECT count(*) FROM cron.job WHERE jobname LIKE '% shop'}), 5, 'and nothing was removed');

# Calls at the same time take turns: one finds all jobs, the other none.
$locker->query_safe(q{BEGIN; SELECT FROM cron.job WHERE jobname = 'invtrack fold shop' FOR UPDATE});
($out, $err) = ('', '');
my @sessions = map {
	IPC::Run::start([ 'psql', '-XAtq', '-U', 'keeper', '-d', $node->connstr('shop'), '-c', $unschedule ],
		'<', \undef, '>>', \$out, '2>>', \$err) } 1 .. 2;
ok($node->poll_query_until('postgres', "$workers AND wait_event_type = 'Lock'", 2), 'two calls wait');
$locker->query_safe('ROLLBACK');
IPC::Run::finish($_) for @sessions;
is(join(' ', sort split /\n/, $out) . $err, '0 5', 'one finds all, the other none');

$locker->quit;

# Without a free worker the error says what to run by hand, which does the same.
$node->append_conf('postgresql.conf', 'max_worker_processes = 2');
$node->restart;
($said, $hint) = refused('shop', "SELECT * FROM invtrack.schedule_jobs('1 minute', '1 minute', 1000)", 53400, 'no free worker');
like($hint, qr/max_worker_processes/, 'the hint says which setting');
my ($by_hand) = $said =~ /role "keeper":\n(.*?)^HINT:/ms;
superuser('postgres', q{DELETE FROM cron.job WHERE username = 'keeper'});
owner('postgres', $by_hand);
is(superuser('postgres', $table), $jobs{shop}, 'by hand it is the same');
is(owner('postgres', $unschedule), 0, 'the database of pg_cron needs no worker');
$node->append_conf('postgresql.conf', "max_worker_processes = 24\ncron.database_name = 'nowhere'");
$node->restart;
refused('shop', $schedule, 55000, 'the database of pg_cron does not exist');

$node->stop('fast');
done_testing();
