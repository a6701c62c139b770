
-- Jobs of pg_cron ---------------------------------------------------------------------------------

CREATE FUNCTION invtrack.schedule_jobs(
    fold_every interval DEFAULT '5 minutes',
    check_every interval DEFAULT '1 hour',
    purge_movements_after_days integer DEFAULT NULL,
    purge_alerts_after_days integer DEFAULT 400,
    keep_runs_days integer DEFAULT 7)
RETURNS TABLE (job_name text, schedule text, command text, database text)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 5
AS 'MODULE_PATHNAME', 'schedule_jobs';
COMMENT ON FUNCTION invtrack.schedule_jobs(interval, interval, integer, integer, integer) IS
'Has pg_cron fold, check and purge in this database, as the owner of the extension; replaces the jobs that are there. Returns them';

CREATE FUNCTION invtrack.unschedule_jobs()
RETURNS integer LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'unschedule_jobs';
COMMENT ON FUNCTION invtrack.unschedule_jobs() IS
'Removes the jobs of schedule_jobs() in this database; returns how many there were';
