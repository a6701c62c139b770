/*
 * schedule.c
 *		schedule_jobs() and unschedule_jobs(): what is done again and again,
 *		and when.
 *
 * Here is which jobs there are, as pg_cron's schedules. How pg_cron gets them
 * is in schedule_cron.c, and in schedule_worker.c where it lives in another
 * database.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type_d.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "schedule.h"
#include "statement.h"

/* The arguments of schedule_jobs(), in this order. */
#define ARG_FOLD_EVERY				0
#define ARG_CHECK_EVERY				1
#define ARG_PURGE_MOVEMENTS_AFTER	2
#define ARG_PURGE_ALERTS_AFTER		3
#define ARG_KEEP_RUNS				4

#define MINUTES_OF_HOUR		60
#define MINUTES_OF_DAY		(24 * MINUTES_OF_HOUR)

/* When the daily jobs run, in pg_cron's time zone, and near which minutes. */
#define DAILY_HOUR				3
#define PURGE_MOVEMENTS_MINUTE	17
#define PURGE_ALERTS_MINUTE		27
#define PURGE_RUNS_MINUTE		37

#define JOB_COLUMNS			4

/*
 * A job's name has to fit into a name of PostgreSQL: pg_cron before 1.5 keeps
 * it in one, and cuts what is longer without a word.
 */
#define JOB_NAME_SIZE_MAX	(NAMEDATALEN - 1)
#define DIGEST_DIGITS		16

enum JobKind
{
	JOB_FOLD,
	JOB_CHECK,
	JOB_PURGE_MOVEMENTS,
	JOB_PURGE_ALERTS,
	JOB_PURGE_RUNS,
	JOB_KINDS
};

StaticAssertDecl(JOB_KINDS == JOBS_MAX, "each kind of job has a place");

static const char *const job_titles[JOB_KINDS] = {
	"invtrack fold ", "invtrack check ", "invtrack purge movements ", "invtrack purge alerts ",
	"invtrack purge runs "
};

/* Minutes of an hour, a bit each. */
typedef uint64 MinuteSet;

static MinuteSet
minutes_from(int first, int step)
{
	MinuteSet	minutes = 0;

	for (int minute = first; minute < MINUTES_OF_HOUR; minute += step)
		minutes |= UINT64CONST(1) << minute;
	return minutes;
}

/*
 * The minute at which what runs every so many minutes first runs: from the
 * preferred one on, the first that shares no minute with other jobs, if
 * there is one.
 */
static int
first_minute(int step, int preferred, MinuteSet *taken)
{
	int			first = preferred % step;

	for (int i = 0; i < step; i++)
	{
		int			minute = (preferred + i) % step;

		if ((minutes_from(minute, step) & *taken) == 0)
		{
			first = minute;
			break;
		}
	}
	*taken |= minutes_from(first, step);
	return first;
}

/* The cron expression of what runs every so many minutes; daily at this hour. */
static char *
cron_expression(int minutes, int hour, int preferred, MinuteSet *taken)
{
	int			step = Min(minutes, MINUTES_OF_HOUR);
	int			first = first_minute(step, preferred, taken);
	char	   *minute,
			   *hours;

	if (step == 1)
		minute = pstrdup("*");
	else if (step == MINUTES_OF_HOUR)
		minute = psprintf("%d", first);
	else if (first == 0)
		minute = psprintf("*/%d", step);
	else
		minute = psprintf("%d-%d/%d", first, MINUTES_OF_HOUR - 1, step);
	if (minutes <= MINUTES_OF_HOUR)
		hours = pstrdup("*");
	else if (minutes == MINUTES_OF_DAY)
		hours = psprintf("%d", hour);
	else
		hours = psprintf("*/%d", minutes / MINUTES_OF_HOUR);
	return psprintf("%s %s * * *", minute, hours);
}

/* Whole minutes of an interval; -1 where it is anything else. */
static int
minutes_of_interval(const Interval *interval)
{
	int128		microseconds = (int128) interval->day * USECS_PER_DAY + interval->time;

	if (interval->month != 0 || microseconds <= 0 || microseconds > USECS_PER_DAY ||
		microseconds % USECS_PER_MINUTE != 0)
		return -1;
	return (int) (microseconds / USECS_PER_MINUTE);
}

static const char *
shown_interval(FunctionCallInfo fcinfo, int arg)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(arg)));
}

/*
 * The minutes of an interval that a cron expression can tell: those that divide an hour,
 * and whole hours that divide a day.
 */
static int
require_interval(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int			minutes = minutes_of_interval(PG_GETARG_INTERVAL_P(arg));

	if (minutes < 1 ||
		!(minutes < MINUTES_OF_HOUR ? MINUTES_OF_HOUR % minutes == 0 :
		  minutes % MINUTES_OF_HOUR == 0 && MINUTES_OF_DAY % minutes == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" can't be written as a cron expression", name,
						shown_interval(fcinfo, arg)),
				 errhint("Use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes%s.",
						 arg == ARG_CHECK_EVERY ? ", or 1 hour" :
						 ", or 1, 2, 3, 4, 6, 8, 12 or 24 hours"),
				 errargument(name)));
	return minutes;
}

/* Days after which something is purged; -1 is never. */
static int
require_days(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int32		days;

	if (PG_ARGISNULL(arg))
		return -1;
	days = PG_GETARG_INT32(arg);
	if (days < 0 || days > AGE_DAYS_MAX)
		refuse(NULL, name, psprintf("%s %d is out of range", name, days),
			   psprintf("%s is a number of days from 0 to %d, or null: never.", name,
						AGE_DAYS_MAX));
	return days;
}

/* Merchants have midnights of their own, and each is to be checked after it. */
static void
require_at_least_hourly(FunctionCallInfo fcinfo, int minutes)
{
	if (minutes > MINUTES_OF_HOUR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("check_every \"%s\" is too long",
						shown_interval(fcinfo, ARG_CHECK_EVERY)),
				 errdetail("Checks run at least hourly, "
						   "so that each merchant is checked after its own midnight."),
				 errhint("Use 1 hour or less."),
				 errargument("check_every")));
}

/*
 * The end of a job's name, which tells the database: all databases share
 * pg_cron's table. A long name is cut, and told from others by a digest that
 * a server of any version and encoding works out alike.
 */
static char *
database_in_job_name(const char *database, const char *title)
{
	int			size_max = JOB_NAME_SIZE_MAX - strlen(title);
	int			cut;
	bytea	   *digest;
	char		digits[2 * sizeof(uint64) + 1];

	if (strlen(database) <= size_max)
		return pstrdup(database);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
												 PointerGetDatum(cstring_to_text(database))));
	hex_encode(VARDATA_ANY(digest), DIGEST_DIGITS / 2, digits);
	digits[DIGEST_DIGITS] = '\0';
	cut = pg_mbcliplen(database, strlen(database), size_max - DIGEST_DIGITS - 1);
	return psprintf("%.*s %s", cut, database, digits);
}

/* The jobs of this database, by name; as they are, they are to go. */
static void
name_jobs(Job *jobs)
{
	char	   *database = get_database_name(MyDatabaseId);

	for (int kind = 0; kind < JOB_KINDS; kind++)
	{
		const char *title = job_titles[kind];

		jobs[kind].name = psprintf("%s%s", title, database_in_job_name(database, title));
		jobs[kind].schedule = "";
		jobs[kind].command = "";
		jobs[kind].database = kind == JOB_PURGE_RUNS ? "" : database;
	}
}

/* pg_cron notes each run and never forgets one. Nothing in here trusts a search_path. */
static char *
purge_runs_command(const Job *jobs, int days)
{
	StringInfoData command;

	initStringInfo(&command);
	appendStringInfoString(&command,
						   "DELETE FROM cron.job_run_details AS d"
						   " USING cron.job AS j"
						   " WHERE j.jobid " EQ " d.jobid"
						   " AND j.username " EQ " current_user"
						   " AND j.jobname::pg_catalog.text " EQ " ANY (ARRAY[");
	for (int kind = 0; kind < JOB_KINDS; kind++)
		appendStringInfo(&command, "%s%s", kind > 0 ? ", " : "",
						 quote_literal_cstr(jobs[kind].name));
	appendStringInfo(&command,
					 "]::pg_catalog.text[])"
					 " AND d.status " EQ
					 " ANY ('{succeeded,failed}'::pg_catalog.text[])"
					 " AND coalesce(d.end_time, d.start_time) OPERATOR(pg_catalog.<)"
					 " (pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(days =>"
					 " %d))",
					 days);
	return command.data;
}

static void
plan_daily(Job *job, int minute, MinuteSet *taken, char *command)
{
	job->schedule = cron_expression(MINUTES_OF_DAY, DAILY_HOUR, minute, taken);
	job->command = command;
}

/*
 * The jobs that the arguments ask for. A fold starts with the hour and checks
 * a minute later, when what was sold until midnight is folded; no two jobs
 * start in the same minute where that can be had.
 */
static void
plan_jobs(FunctionCallInfo fcinfo, Job *jobs)
{
	int			fold_every = require_interval(fcinfo, ARG_FOLD_EVERY, "fold_every");
	int			check_every = minutes_of_interval(PG_GETARG_INTERVAL_P(ARG_CHECK_EVERY));
	int			movements = require_days(fcinfo, ARG_PURGE_MOVEMENTS_AFTER,
										 "purge_movements_after_days");
	int			alerts = require_days(fcinfo, ARG_PURGE_ALERTS_AFTER, "purge_alerts_after_days");
	int			runs = require_days(fcinfo, ARG_KEEP_RUNS, "keep_runs_days");
	MinuteSet	taken = 0;

	require_at_least_hourly(fcinfo, check_every);
	check_every = require_interval(fcinfo, ARG_CHECK_EVERY, "check_every");
	jobs[JOB_FOLD].schedule = cron_expression(fold_every, 0, 0, &taken);
	jobs[JOB_FOLD].command = "CALL invtrack.fold_all()";
	jobs[JOB_CHECK].schedule = cron_expression(check_every, 0, 1, &taken);
	jobs[JOB_CHECK].command = "CALL invtrack.check_all()";
	if (movements >= 0)
		plan_daily(&jobs[JOB_PURGE_MOVEMENTS], PURGE_MOVEMENTS_MINUTE, &taken,
				   psprintf("CALL invtrack.purge_all(%d)", movements));
	if (alerts >= 0)
		plan_daily(&jobs[JOB_PURGE_ALERTS], PURGE_ALERTS_MINUTE, &taken,
				   psprintf("SELECT invtrack.purge_alerts(NULL, %d)", alerts));
	if (runs >= 0)
		plan_daily(&jobs[JOB_PURGE_RUNS], PURGE_RUNS_MINUTE, &taken,
				   purge_runs_command(jobs, runs));
}

/*
 * pg_cron runs a job as whoever scheduled it. What runs that way runs the
 * triggers and views of the extension's owner, so it has to be the owner, not
 * a superuser in its place; and a role that pg_cron can log in as. The owner
 * is that of the tables: after pg_upgrade the extension itself is the
 * superuser's.
 */
static void
require_owner(void)
{
	static Statement find_owner = {
		"SELECT r.rolname::pg_catalog.text, r.rolname " EQ " current_user,"
		" r.rolcanlogin"
		" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r"
		" ON r.oid " EQ " c.relowner"
		" WHERE c.oid " EQ " 'invtrack.merchant'::pg_catalog.regclass",
		0, {InvalidOid}, 0, {TEXTOID, BOOLOID, BOOLOID}
	};
	const char *owner;

	SPI_connect();
	if (statement_run(&find_owner, NULL, NULL, true) != 1)
		elog(ERROR, "table invtrack.merchant has no owner");	/* cannot happen: all
																 * have one */
	owner = result_string(SPI_tuptable, 0, 1);
	if (!result_bool(SPI_tuptable, 0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the owner of extension invtrack schedules its jobs"),
				 errdetail("Jobs run as the role that schedules them."),
				 errhint("SET ROLE %s;", quote_identifier(owner))));
	if (!result_bool(SPI_tuptable, 0, 3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("role \"%s\" is not permitted to log in", owner),
				 errdetail("pg_cron logs in as the role that a job belongs to."),
				 errhint("ALTER ROLE %s LOGIN; it needs no password.", quote_identifier(owner))));
	SPI_finish();
}

/*
 * What others must not make a role do unawares: jobs stay when what calls
 * us is over.
 */
static void
require_may_schedule(const char *function)
{
	PreventCommandIfReadOnly(function);
	if (InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot execute %s within security-restricted operation", function),
				 errhint("Call it by itself.")));
	require_owner();
}

/* The jobs that are there now, as rows. */
static void
return_jobs(FunctionCallInfo fcinfo, const Job *jobs, const char *cron_database)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int kind = 0; kind < JOB_KINDS; kind++)
	{
		const Job  *job = &jobs[kind];
		Datum		values[JOB_COLUMNS];
		bool		nulls[JOB_COLUMNS] = {false};

		if (job_is_to_go(job))
			continue;
		values[0] = CStringGetTextDatum(job->name);
		values[1] = CStringGetTextDatum(job->schedule);
		values[2] = CStringGetTextDatum(job->command);
		values[3] = CStringGetTextDatum(job_is_of_pg_cron(job) ? cron_database : job->database);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* schedule_jobs(): the jobs, as rows */
PG_FUNCTION_INFO_V1(schedule_jobs);
Datum
schedule_jobs(PG_FUNCTION_ARGS)
{
	Job			jobs[JOB_KINDS];

	require_not_null(fcinfo, ARG_FOLD_EVERY, "fold_every");
	require_not_null(fcinfo, ARG_CHECK_EVERY, "check_every");
	name_jobs(jobs);
	plan_jobs(fcinfo, jobs);
	require_may_schedule("schedule_jobs()");
	InitMaterializedSRF(fcinfo, 0);
	(void) put_jobs(jobs, JOB_KINDS);
	return_jobs(fcinfo, jobs, pg_cron_database(jobs, JOB_KINDS));
	return (Datum) 0;
}

/* unschedule_jobs(): how many there were */
PG_FUNCTION_INFO_V1(unschedule_jobs);
Datum
unschedule_jobs(PG_FUNCTION_ARGS)
{
	Job			jobs[JOB_KINDS];

	require_may_schedule("unschedule_jobs()");
	name_jobs(jobs);
	PG_RETURN_INT32((int32) put_jobs(jobs, JOB_KINDS));
}
