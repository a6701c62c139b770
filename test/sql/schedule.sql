-- The jobs that schedule_jobs() asks for, and what it refuses. There is no pg_cron here: what it says then has
-- the jobs in it. Jobs that run are in test/t/017_schedule.pl.
BEGIN;
SET LOCAL client_min_messages = warning;

-- The jobs of a call, as the lines of a crontab, and nothing of this server's names.
CREATE FUNCTION pg_temp.jobs_of(arguments text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE format('SELECT invtrack.schedule_jobs(%s)', arguments);
EXCEPTION WHEN SQLSTATE '55000' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN QUERY SELECT regexp_replace(line, ' psql -X -U \S+ -d \S+ -c ', ' : ')
                   FROM regexp_split_to_table(detail, E'\n') WITH ORDINALITY t (line, n) WHERE n > 1;
END
$$;
SELECT * FROM pg_temp.jobs_of('');
SELECT * FROM pg_temp.jobs_of('purge_movements_after_days => 0, purge_alerts_after_days => 36500, keep_runs_days => 0');
SELECT * FROM pg_temp.jobs_of('fold_every => ''10 minutes'', check_every => ''10 minutes'', purge_alerts_after_days => NULL');

-- Every interval that there is: folds, and checks beside a fold every two hours.
SELECT minutes, fold[1] AS fold, checks[2] AS checks
  FROM unnest(ARRAY[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]) minutes,
       LATERAL (SELECT array(SELECT split_part(j, ' :', 1) FROM pg_temp.jobs_of(format('make_interval(mins => %s)', minutes)) j)) f (fold),
       LATERAL (SELECT array(SELECT split_part(j, ' :', 1) FROM pg_temp.jobs_of(format('''2 hours'', make_interval(mins => %s)', minutes)) j
                              WHERE minutes <= 60)) c (checks)
 ORDER BY minutes;
-- An interval is what it comes to.
SELECT value, (SELECT min(split_part(j, ' :', 1)) FROM pg_temp.jobs_of(format('%L, ''1 hour''', value)) j WHERE j ~ 'fold') AS fold
  FROM unnest(ARRAY['300 seconds', '1 day', '1 day -23 hours', '-1 day 1445 minutes', '0.5 hours']) value;

-- The minutes at which jobs start: in pairs of intervals, a fold and a check start together only if
-- there is no way around it, that is if the intervals have no common divisor; a purge with neither.
CREATE FUNCTION pg_temp.minutes_of(expression text) RETURNS SETOF integer LANGUAGE sql AS $$
    SELECT n FROM generate_series(0, 59) n,
           LATERAL (SELECT regexp_match(split_part(expression, ' ', 1), '^(\*|\d+)(?:-59)?(?:/(\d+))?$') AS m) e
     WHERE CASE WHEN m[1] = '*' THEN n % coalesce(m[2]::integer, 1) = 0
                WHEN m[2] IS NULL THEN n = m[1]::integer
                ELSE n >= m[1]::integer AND (n - m[1]::integer) % m[2]::integer = 0 END
$$;
WITH every (minutes) AS (VALUES (1), (2), (3), (5), (10), (60)),
     pair AS MATERIALIZED (
    SELECT f.minutes AS fold, c.minutes AS checks,
           array(SELECT pg_temp.jobs_of(format('make_interval(mins => %s), make_interval(mins => %s), 30', f.minutes, c.minutes))) AS jobs
      FROM every f, every c),
     met AS (
    SELECT fold, checks,
           (SELECT count(*) FROM pg_temp.minutes_of(jobs[1])) = 60 / fold
           AND (SELECT count(*) FROM pg_temp.minutes_of(jobs[2])) = 60 / checks AS right_many,
           EXISTS (SELECT pg_temp.minutes_of(jobs[1]) INTERSECT SELECT pg_temp.minutes_of(jobs[2])) AS met,
           (SELECT count(DISTINCT m) FROM unnest(jobs[3:]) j, pg_temp.minutes_of(j) m) AS purge_minutes,
           EXISTS (SELECT m FROM unnest(jobs[3:]) j, pg_temp.minutes_of(j) m
                   INTERSECT (SELECT pg_temp.minutes_of(jobs[1]) UNION SELECT pg_temp.minutes_of(jobs[2]))) AS purge_met,
           (SELECT count(*) FROM (SELECT pg_temp.minutes_of(jobs[1]) UNION SELECT pg_temp.minutes_of(jobs[2])) u) = 60 AS full_hour
      FROM pair)
SELECT count(*) AS pairs, bool_and(right_many) AS right_many, bool_and(met = (gcd(fold, checks) = 1)) AS met_where_it_must,
       count(*) FILTER (WHERE purge_minutes <> 2) AS purges_together, count(*) FILTER (WHERE purge_met AND NOT full_hour) AS purges_met
  FROM met;

-- What a cron expression can't tell: 22023. Checks are at least hourly.
SELECT arguments, public.error_of(format('SELECT invtrack.schedule_jobs(%s)', arguments))
  FROM unnest(ARRAY['''7 minutes''', '''0''', '''-5 minutes''', '''30 seconds''', '''5 minutes 1 second''', '''90 minutes''', '''5 hours''',
                    '''2 days''', '''1 month''', '''1 month -30 days 5 minutes''', '''178000000 years''', '''2147483647 days''',
                    '''-2147483648 days''', 'check_every => ''7 minutes''', 'check_every => ''61 minutes''', 'check_every => ''2 hours''',
                    'check_every => ''0''', 'check_every => ''1 month''', 'purge_movements_after_days => -1',
                    'purge_alerts_after_days => 36501', 'keep_runs_days => -2147483648',
                    'NULL', 'check_every => NULL']) WITH ORDINALITY t (arguments, n)
 ORDER BY n;

-- Without pg_cron: one SQLSTATE, and what to do.
SELECT call, left(error, 5) AS sqlstate, error ~ 'shared_preload_libraries.*restart.*CREATE EXTENSION pg_cron' AS tells_how,
       error ~ E'DETAIL .* crontab .*:\n' AS tells_without, error ~ 'not installed' = (error ~ 'postgresql-\d\d-cron') AS tells_package
  FROM unnest(ARRAY['SELECT invtrack.schedule_jobs()', 'SELECT invtrack.unschedule_jobs()']) call, public.error_of(call) error;
-- A setting of that name is not pg_cron.
SET LOCAL cron.database_name = 'postgres';
SELECT left(public.error_of('SELECT invtrack.schedule_jobs()'), 5) AS sqlstate;

-- Only the owner schedules, neither who may execute nor a superuser, and as a role that can log in; not in passing.
CREATE ROLE invtrack_test_owner NOLOGIN;
CREATE ROLE invtrack_test_clerk;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO invtrack_test_owner', current_database()); END$$;
DROP EXTENSION invtrack;
DROP SCHEMA IF EXISTS invtrack;
SET LOCAL ROLE invtrack_test_owner;
CREATE EXTENSION invtrack;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_clerk;
CREATE TEMP TABLE call AS SELECT unnest(ARRAY['SELECT invtrack.schedule_jobs()', 'SELECT invtrack.unschedule_jobs()']) AS call;
GRANT SELECT ON call TO invtrack_test_clerk;
SELECT call, public.error_of(call) AS owner_without_login FROM call;
SET LOCAL ROLE invtrack_test_clerk;
SELECT call, left(public.error_of(call), 5) AS without_grant FROM call;
SET LOCAL ROLE invtrack_test_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA invtrack TO invtrack_test_clerk;
SET LOCAL ROLE invtrack_test_clerk;
SELECT call, public.error_of(call) AS with_grant FROM call;
RESET ROLE;
SELECT call, left(public.error_of(call), 5) AS superuser FROM call;
ALTER ROLE invtrack_test_owner LOGIN;
SET LOCAL ROLE invtrack_test_owner;
SELECT call, left(public.error_of(call), 5) AS owner FROM call;
RESET ROLE;
GRANT CREATE ON SCHEMA public TO invtrack_test_owner;
SET LOCAL ROLE invtrack_test_owner;
SELECT public.error_of('CREATE MATERIALIZED VIEW public.passing AS SELECT invtrack.unschedule_jobs()') AS in_passing;
SET LOCAL transaction_read_only = on;
SELECT call, left(public.error_of(call), 5) AS read_only FROM call;
ROLLBACK;
