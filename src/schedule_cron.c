/*
 * schedule_cron.c
 *		What is asked of pg_cron, and what is said where it is missing.
 *
 * pg_cron has its tables and functions in one database of the server, that of
 * the setting cron.database_name, for jobs in all databases. Its schema is
 * looked up through the extension that it belongs to: without that, anybody who
 * may create a schema there could hand us functions to run.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "compat.h"
#include "schedule.h"
#include "setting.h"
#include "statement.h"

#define DATABASE_SETTING	"cron.database_name"

/* Calls of a role take turns by an advisory lock of this number and the role's. */
#define LOCK_NUMBER			0x696e7674	/* "invt" */

/* Characters that mean themselves to cron, to the shell, and in a URI. */
#define PLAIN_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static bool
is_plain(const char *name)
{
	return name[0] != '-' && name[strspn(name, PLAIN_CHARACTERS)] == '\0';
}

/*
 * A name as a part of a URI, in a line of a crontab: there % ends a command, unless it is escaped.
 */
static void
append_uri_part(StringInfo line, const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
	{
		if (strchr(PLAIN_CHARACTERS, *c) != NULL)
			appendStringInfoChar(line, *c);
		else
			appendStringInfo(line, "\\%%%02X", (unsigned char) *c);
	}
}

/*
 * Which role connects to which database, as arguments of psql in a crontab. A
 * name of other characters is given in a URI: a line has no room for a newline,
 * however it is quoted, and psql takes a name with = for more than a name.
 */
static void
append_connection(StringInfo line, const char *role, const char *database)
{
	if (is_plain(role) && is_plain(database))
	{
		appendStringInfo(line, "-U %s -d %s", role, database);
		return;
	}
	appendStringInfoString(line, "-d postgresql://");
	append_uri_part(line, role);
	appendStringInfoString(line, "@/");
	append_uri_part(line, database);
}

/*
 * The same jobs for the crontab of whoever may log in as this role: what
 * pg_cron itself leaves behind is none of them.
 */
static char *
jobs_as_crontab(const Job *jobs, int count)
{
	StringInfoData lines;

	initStringInfo(&lines);
	for (int i = 0; i < count; i++)
	{
		if (job_is_to_go(&jobs[i]) || job_is_of_pg_cron(&jobs[i]))
			continue;
		appendStringInfo(&lines, "\n%s psql -X ", jobs[i].schedule);
		append_connection(&lines, GetUserNameFromId(GetUserId(), false), jobs[i].database);
		appendStringInfo(&lines, " -c \"%s\"", jobs[i].command);
	}
	return lines.data;
}

/* The same as SQL for pg_cron, to be run by hand in its database. */
char *
jobs_as_statements(const Job *jobs, int count)
{
	StringInfoData lines;

	initStringInfo(&lines);
	for (int i = 0; i < count; i++)
	{
		const Job  *job = &jobs[i];

		if (job_is_to_go(job))
			/* for people: as they would write it, in a session of their own */
			appendStringInfo(&lines,
							 "\nSELECT cron.unschedule(jobid) FROM cron.job"
							 " WHERE jobname = %s AND username = current_user;",
							 quote_literal_cstr(job->name));
		else if (job_is_of_pg_cron(job))
			appendStringInfo(&lines, "\nSELECT cron.schedule(%s, %s, %s);",
							 quote_literal_cstr(job->name), quote_literal_cstr(job->schedule),
							 quote_literal_cstr(job->command));
		else
			appendStringInfo(&lines, "\nSELECT cron.schedule_in_database(%s, %s, %s, %s);",
							 quote_literal_cstr(job->name), quote_literal_cstr(job->schedule),
							 quote_literal_cstr(job->command), quote_literal_cstr(job->database));
	}
	return lines.data;
}

/*
 * What is missing, what to do, and how to do without. All stages of it have
 * one SQLSTATE, the one with which PostgreSQL's own modules say that they have
 * to be preloaded: the call would do in a server that is set up for it.
 */
static void
report_missing(const Job *jobs, int count, const char *message, const char *hint)
{
	char	   *lines = jobs_as_crontab(jobs, count);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_internal("%s", message),
			 lines[0] == '\0' ? 0 :
			 errdetail("Without pg_cron, a crontab with these lines does the same:%s", lines),
			 errhint("%s", hint)));
}

/* Is its package there? Whoever can't create extensions can see this, too. */
static bool
is_pg_cron_installed(void)
{
	static Statement find_package = {
		"SELECT FROM pg_catalog.pg_available_extensions a"
		" WHERE a.name " EQ " 'pg_cron'",
		0
	};
	bool		found;

	SPI_connect();
	found = statement_run(&find_package, NULL, NULL, true) > 0;
	SPI_finish();
	return found;
}

/*
 * The database that pg_cron has its tables in; an error where pg_cron isn't
 * preloaded, which alone makes its setting real. What somebody else gave that
 * name doesn't count.
 */
const char *
pg_cron_database(const Job *jobs, int count)
{
	const char *database = GetConfigOption(DATABASE_SETTING, true, false);
	const char *steps =
		"add pg_cron to shared_preload_libraries, set " DATABASE_SETTING
		" unless it is to be postgres, restart the server,"
		" and run CREATE EXTENSION pg_cron in that database as a superuser.";

	if (database != NULL &&
		(GetConfigOptionFlags(DATABASE_SETTING, true) & GUC_CUSTOM_PLACEHOLDER) == 0)
		return database;
	if (is_pg_cron_installed())
		report_missing(jobs, count, "pg_cron is not preloaded",
					   psprintf("In postgresql.conf %s", steps));
	report_missing(jobs, count, "pg_cron is not installed",
				   psprintf("Install it (on Debian: apt-get install postgresql-" PG_MAJORVERSION "-cron), "
							"in postgresql.conf %s", steps));
	return NULL;
}

static void
report_no_grant(const char *database, bool from_elsewhere)
{
	const char *role = quote_identifier(GetUserNameFromId(GetUserId(), false));

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for pg_cron in database \"%s\"", database),
			 from_elsewhere ?
			 errhint("As a superuser, in database \"%s\": GRANT CONNECT ON DATABASE %s TO %s; "
					 "GRANT USAGE ON SCHEMA cron TO %s; "
					 "GRANT EXECUTE ON FUNCTION cron.schedule_in_database"
					 "(text, text, text, text, text, boolean) TO %s;",
					 database, quote_identifier(database), role, role, role) :
			 errhint("As a superuser, in database \"%s\": GRANT USAGE ON SCHEMA cron TO %s;",
					 database, role)));
}

/*
 * Is pg_cron here, and may we use it? Jobs of other databases need a function
 * that PUBLIC does not have.
 */
static void
require_pg_cron(const Job *jobs, int count, bool from_elsewhere)
{
	static Statement find_pg_cron = {
		"SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
		" pg_catalog.has_function_privilege(p.oid, 'EXECUTE')"
		" FROM pg_catalog.pg_extension e"
		" JOIN pg_catalog.pg_depend d"
		" ON d.refclassid " EQ " 'pg_catalog.pg_extension'::pg_catalog.regclass"
		" AND d.refobjid " EQ " e.oid AND d.deptype " EQ " 'e'"
		" AND d.classid " EQ " 'pg_catalog.pg_namespace'::pg_catalog.regclass"
		" JOIN pg_catalog.pg_namespace n"
		" ON n.oid " EQ " d.objid AND n.nspname " EQ " 'cron'"
		" LEFT JOIN pg_catalog.pg_proc p ON p.pronamespace " EQ " n.oid"
		" AND p.proname " EQ " 'schedule_in_database'"
		" WHERE e.extname " EQ " 'pg_cron'",
		0, {InvalidOid}, 0, {BOOLOID, BOOLOID}
	};
	char	   *database = get_database_name(MyDatabaseId);
	Datum		may_schedule;

	if (statement_run(&find_pg_cron, NULL, NULL, true) == 0)
		report_missing(jobs, count,
					   psprintf("extension pg_cron does not exist in database \"%s\"", database),
					   psprintf("As a superuser, in database \"%s\": CREATE EXTENSION pg_cron;",
								database));
	if (!result_nullable(SPI_tuptable, 0, 2, BOOLOID, &may_schedule))
		report_missing(jobs, count,
					   psprintf("extension pg_cron in database \"%s\" is too old", database),
					   psprintf("pg_cron 1.4 or later is needed. As a superuser, in database \"%s\": "
								"ALTER EXTENSION pg_cron UPDATE;", database));
	if (!result_bool(SPI_tuptable, 0, 1) || (from_elsewhere && !DatumGetBool(may_schedule)))
		report_no_grant(database, from_elsewhere);
}

/*
 * Remove a job, if it is there: one that is to go, or one that somebody
 * paused, which scheduling it again would leave as it is.
 */
static int64
remove_job(const Job *job)
{
	static Statement unschedule = {
		"SELECT pg_catalog.count(cron.unschedule(j.jobid)) FROM cron.job j"
		" WHERE j.jobname::pg_catalog.text " EQ " $1"
		" AND j.username " EQ " current_user AND (NOT j.active OR $2)",
		2, {TEXTOID, BOOLOID}, 0, {INT8OID}
	};
	Datum		values[2] = {CStringGetTextDatum(job->name), BoolGetDatum(job_is_to_go(job))};

	statement_run(&unschedule, values, NULL, false);
	return result_int64(SPI_tuptable, 0, 1);
}

/* Make a job, or change the one of this name; its runs stay known. */
static void
schedule_job(const Job *job, const char *here)
{
	static Statement schedule_here = {
		"SELECT cron.schedule($1, $2, $3)",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	static Statement schedule_elsewhere = {
		"SELECT cron.schedule_in_database($1, $2, $3, $4)",
		4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[4] = {
		CStringGetTextDatum(job->name), CStringGetTextDatum(job->schedule),
		CStringGetTextDatum(job->command), CStringGetTextDatum(job->database)
	};
	bool		is_here = job_is_of_pg_cron(job) || strcmp(job->database, here) == 0;

	statement_run(is_here ? &schedule_here : &schedule_elsewhere, values, NULL, false);
}

/* Names mean PostgreSQL's own, and row security hides what is others' without an error. */
static void
enter_own_settings(void)
{
	RestrictSearchPath();
	set_for_now("row_security", "on");
}

/*
 * Make pg_cron's table say what these jobs do, all or nothing, in pg_cron's
 * database, and as part of the transaction. Returns how many are gone.
 */
int64
pg_cron_put_jobs_here(const Job *jobs, int count)
{
	char	   *here = get_database_name(MyDatabaseId);
	bool		from_elsewhere = false;
	int64		removed = 0;
	int			settings = NewGUCNestLevel();

	for (int i = 0; i < count; i++)
		if (!job_is_of_pg_cron(&jobs[i]) && strcmp(jobs[i].database, here) != 0)
			from_elsewhere = true;
	enter_own_settings();
	SPI_connect();
	require_pg_cron(jobs, count, from_elsewhere);
	DirectFunctionCall2(pg_advisory_xact_lock_int4, Int32GetDatum(LOCK_NUMBER),
						Int32GetDatum((int32) GetUserId()));
	for (int i = 0; i < count; i++)
	{
		removed += remove_job(&jobs[i]);
		if (!job_is_to_go(&jobs[i]))
			schedule_job(&jobs[i], here);
	}
	SPI_finish();
	AtEOXact_GUC(false, settings);
	return removed;
}

/* pg_cron's database; an error where it is not there, or we may not connect to it. */
Oid
find_pg_cron_database(const Job *jobs, int count)
{
	const char *database = pg_cron_database(jobs, count);
	Oid			oid = get_database_oid(database, true);

	if (!OidIsValid(oid))
		report_missing(jobs, count,
					   psprintf("database \"%s\" of pg_cron does not exist", database),
					   psprintf("Create it, or set " DATABASE_SETTING
								" to one that there is and restart the server;"
								" then run CREATE EXTENSION pg_cron there as a superuser."));
	if (oid != MyDatabaseId &&
		!DatumGetBool(DirectFunctionCall2(has_database_privilege_id, ObjectIdGetDatum(oid),
										  CStringGetTextDatum("CONNECT"))))
		report_no_grant(database, true);
	return oid;
}
