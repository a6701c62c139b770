/*
 * calendar.c
 *		Which day it is for a merchant: time zones, today, and as_of.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/supportnodes.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "day_series.h"
#include "distribute.h"
#include "owner.h"
#include "statement.h"
#include "trigger.h"

/* How many time zones' today is remembered; most databases have one or two. */
#define TODAY_CACHE_SIZE	8

static char *as_of_setting;
static enum
{
	AS_OF_TODAY,
	AS_OF_DAY,
	AS_OF_NO_DATE
}			as_of_kind = AS_OF_TODAY;
static int32 as_of_day;
static bool library_loading;

#define AS_OF_NOT_PASSED_ON	"invtrack.as_of is not passed on to the nodes of Citus"
#define AS_OF_HINT			"Use the argument as_of of the function, or have Citus pass settings on in a transaction: docs/how-to/scale-out.md says how."

/*
 * A value that is no date is refused where somebody sets it. One that was set
 * while the library was not there to look (a placeholder, a database's or a
 * role's default, a worker's copy of either) is taken and refused when it is
 * read: rejecting it here would make PostgreSQL ignore it with a warning.
 */
static bool
as_of_check(char **value, void **extra, GucSource source)
{
	int32		day;

	if (*value == NULL || (*value)[0] == '\0')
		return true;
	if (day_parse(*value, strlen(*value), &day))
	{
		if (library_loading || source < PGC_S_INTERACTIVE || !IsTransactionState() ||
			settings_are_passed_on())
			return true;
		GUC_check_errcode(ERRCODE_FEATURE_NOT_SUPPORTED);
		GUC_check_errmsg(AS_OF_NOT_PASSED_ON);
		GUC_check_errhint(AS_OF_HINT);
		return false;
	}
	if (library_loading || InitializingParallelWorker || source < PGC_S_INTERACTIVE)
		return true;
	GUC_check_errdetail("It is no ISO date from 0001-01-01 to 9999-12-31.");
	GUC_check_errhint("Write a date like 2026-01-31, or '' for each merchant's today.");
	return false;
}

static void
as_of_assign(const char *value, void *extra)
{
	if (value == NULL || value[0] == '\0')
		as_of_kind = AS_OF_TODAY;
	else if (day_parse(value, strlen(value), &as_of_day))
		as_of_kind = AS_OF_DAY;
	else
		as_of_kind = AS_OF_NO_DATE;
}

void
calendar_init(void)
{
	library_loading = true;
	DefineCustomStringVariable("invtrack.as_of",
							   "The day that health is worked out for.",
							   "An ISO date; empty means each merchant's today.",
							   &as_of_setting, "", PGC_USERSET, 0,
							   as_of_check, as_of_assign, NULL);
	library_loading = false;
}

/* A zone that the server does not know any more counts as UTC. */
static int32
find_today(const char *zone, TimestampTz now)
{
	pg_tz	   *tz = pg_tzset(zone);
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(now, tz != NULL ? &offset : NULL, &tm, &fsec, NULL, tz) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE - DATE_OF_DAY_FIRST;
}

/*
 * Today in a time zone, as of the start of the transaction. A sweep asks for
 * each merchant, so the answers for the last few zones are kept.
 */
int32
today_in_zone(const text *zone)
{
	static struct
	{
		char		zone[TZ_STRLEN_MAX + 1];
		size_t		size;
		TimestampTz now;
		int32		day;
	}			cache[TODAY_CACHE_SIZE];
	static int	next = 0;

	TimestampTz now = GetCurrentTransactionStartTimestamp();
	const char *name = VARDATA_ANY(zone);
	size_t		size = Min(VARSIZE_ANY_EXHDR(zone), TZ_STRLEN_MAX);
	int			slot;

	for (int i = 0; i < TODAY_CACHE_SIZE; i++)
		if (cache[i].now == now && cache[i].size == size &&
			memcmp(cache[i].zone, name, size) == 0)
			return cache[i].day;
	slot = next;
	next = (next + 1) % TODAY_CACHE_SIZE;
	/* an error on the way must not leave this zone with the day of another */
	cache[slot].now = 0;
	memcpy(cache[slot].zone, name, size);
	cache[slot].zone[size] = '\0';
	cache[slot].size = size;
	cache[slot].day = find_today(cache[slot].zone, now);
	cache[slot].now = now;
	return cache[slot].day;
}

/* A setting that is no date is never ignored. */
void
require_as_of_setting(void)
{
	if (as_of_kind == AS_OF_NO_DATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for parameter \"invtrack.as_of\": \"%s\"", as_of_setting),
				 errdetail("It is no ISO date from 0001-01-01 to 9999-12-31."),
				 errhint("Write a date like 2026-01-31, or '' for each merchant's today.")));
}

/* The as_of of a call; NO_DAY where it is left out. The setting is checked either way. */
int32
as_of_argument(FunctionCallInfo fcinfo, int arg)
{
	int32		day;

	require_as_of_setting();
	return day_of_argument(fcinfo, arg, "as_of", &day) ? day : NO_DAY;
}

/* The setting invtrack.as_of, else today in the zone. */
int32
as_of_in_zone(const text *zone)
{
	require_as_of_setting();
	return as_of_kind == AS_OF_DAY ? as_of_day : today_in_zone(zone);
}

PG_FUNCTION_INFO_V1(calendar_as_of);
Datum
calendar_as_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(day_to_date(as_of_in_zone(PG_GETARG_TEXT_PP(0))));
}

/*
 * planner support of as_of(). The nodes of Citus read the setting as they have
 * it; one that was made before the library was loaded is found here.
 */
PG_FUNCTION_INFO_V1(calendar_as_of_support);
Datum
calendar_as_of_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify) && as_of_kind == AS_OF_DAY &&
		!settings_are_passed_on())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg(AS_OF_NOT_PASSED_ON),
				 errhint(AS_OF_HINT)));
	PG_RETURN_POINTER(NULL);
}

/* The time zone of the merchant that a function is called for; it lies in what SPI found. */
static text *
zone_of_merchant(FunctionCallInfo fcinfo)
{
	static Statement find_zone = {
		"SELECT m.time_zone FROM invtrack.merchant m"
		" WHERE m.merchant " EQ " $1",
		1, {TEXTOID}, 0, {TEXTOID}
	};
	Datum		merchant = PG_GETARG_DATUM(0);

	if (statement_run(&find_zone, &merchant, NULL, true) == 0)
		report_missing_merchant(merchant);
	return DatumGetTextPP(result_text(SPI_tuptable, 0, 1));
}

PG_FUNCTION_INFO_V1(calendar_today);
Datum
calendar_today(PG_FUNCTION_ARGS)
{
	int32		today;

	require_not_null(fcinfo, 0, "merchant");
	require_code(fcinfo, 0, "merchant");
	SPI_connect();
	today = today_in_zone(zone_of_merchant(fcinfo));
	SPI_finish();
	PG_RETURN_DATEADT(day_to_date(today));
}

/* day_of(merchant, at): a moment outside of the calendar is an error */
PG_FUNCTION_INFO_V1(calendar_day_of);
Datum
calendar_day_of(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int32		day;

	require_not_null(fcinfo, 0, "merchant");
	require_not_null(fcinfo, 1, "at");
	require_code(fcinfo, 0, "merchant");
	at = PG_GETARG_TIMESTAMPTZ(1);
	SPI_connect();
	day = TIMESTAMP_NOT_FINITE(at) ? NO_DAY :
		find_today(text_to_cstring(zone_of_merchant(fcinfo)), at);
	SPI_finish();
	if (day < DAY_FIRST || day > DAY_LAST)
		refuse(NULL, "at", psprintf("at \"%s\" is out of range", timestamptz_to_str(at)),
			   "Give a moment from 0001-01-01 to 9999-12-31.");
	PG_RETURN_DATEADT(day_to_date(day));
}

/* day_in(time_zone, at), which is finite */
PG_FUNCTION_INFO_V1(calendar_day_in);
Datum
calendar_day_in(PG_FUNCTION_ARGS)
{
	int32		day = find_today(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_TIMESTAMPTZ(1));

	PG_RETURN_DATEADT(day_to_date(day));
}

/*
 * Could the name also be a POSIX specification, which pg_tzset() takes too?
 * Those have a digit, and pg_tzset() puts them into upper case.
 */
static bool
may_be_posix(const char *name)
{
	bool		digit = false;

	for (const char *p = name; *p != '\0'; p++)
	{
		if (*p >= 'a' && *p <= 'z')
			return false;
		digit |= *p >= '0' && *p <= '9';
	}
	return digit;
}

/*
 * Is the name in the server's own list, pg_timezone_names? Reading that list
 * takes a tenth of a second, and is needed only for the few names that look
 * like a POSIX specification (EST5EDT is in the list, EST6EDT is not).
 */
static bool
is_listed_zone(const char *name)
{
	pg_tz	   *tz = pg_tzset(name);
	pg_tzenum  *list;
	bool		found = false;

	if (tz == NULL || strcmp(pg_get_timezone_name(tz), name) != 0 || !pg_tz_acceptable(tz))
		return false;
	if (!may_be_posix(name))
		return true;
	list = pg_tzenumerate_start();
	while (!found && (tz = pg_tzenumerate_next(list)) != NULL)
		found = strcmp(pg_get_timezone_name(tz), name) == 0;
	pg_tzenumerate_end(list);
	return found;
}

/*
 * Trigger: a merchant's time zone must be known when it is written. A restore
 * takes what an older list had.
 */
PG_FUNCTION_INFO_V1(calendar_check_time_zone);
Datum
calendar_check_time_zone(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_trigger(fcinfo, ON_INSERT | ON_UPDATE);
	HeapTuple	row;
	char	   *zone;
	pg_tz	   *similar;

	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	zone = trigger_value(trigger, row, "time_zone", TEXTOID);
	if (zone == NULL || is_listed_zone(zone) || is_restore("merchant") ||
		(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && !column_changes(trigger, "time_zone")))
		return PointerGetDatum(row);
	similar = pg_tzset(zone);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("time zone \"%s\" is not in the server's list", zone),
			 similar != NULL && is_listed_zone(pg_get_timezone_name(similar)) ?
			 errhint("Did you mean \"%s\"?", pg_get_timezone_name(similar)) :
			 errhint("Use a name of pg_timezone_names, such as Europe/Berlin."),
			 errtablecol(trigger->tg_relation, trigger_column(trigger, "time_zone", TEXTOID))));
	return (Datum) 0;
}
