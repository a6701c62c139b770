/*
 * argument.c
 *		Checks of what callers hand in: one small function a rule.
 */
#include "postgres.h"
#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "day_series.h"
#include "refusal.h"

/* How much of a wrong value an error shows. */
#define SHOWN_SIZE_MAX	((size_t) 2 * CODE_SIZE_MAX)

/* From 0001-01-01 to 9999-12-31. Infinities are the ends of the type. */
bool
is_day(DateADT date)
{
	return date >= DATE_OF_DAY_FIRST && date <= DATE_OF_DAY_FIRST + DAY_LAST;
}

PG_FUNCTION_INFO_V1(invtrack_is_day);
Datum
invtrack_is_day(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_day(PG_GETARG_DATEADT(0)));
}

/* A value as an error shows it: all of it, unless somebody sends us a book. */
const char *
shown(const char *value)
{
	size_t		size = strlen(value);

	if (size <= SHOWN_SIZE_MAX)
		return value;
	return psprintf("%.*s...", pg_mbcliplen(value, size, SHOWN_SIZE_MAX), value);
}

/*
 * The error about a value: of an argument, or, where a table is named, of its
 * column, as its CHECK finds it. PostgreSQL itself would name the constraint
 * and neither the column nor the value.
 */
void
refuse(const char *table, const char *name, const char *message, const char *hint)
{
	mark_refusal();
	ereport(ERROR,
			(errcode(table != NULL ? ERRCODE_CHECK_VIOLATION : ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("%s", hint),
			 errargument(name),
			 table == NULL ? 0 : err_generic_string(PG_DIAG_SCHEMA_NAME, "invtrack"),
			 table == NULL ? 0 : err_generic_string(PG_DIAG_TABLE_NAME, table),
			 table == NULL ? 0 : err_generic_string(PG_DIAG_CONSTRAINT_NAME,
													psprintf("%s_check", table))));
}

void
require_not_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (!PG_ARGISNULL(arg))
		return;
	mark_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must not be null", name),
			 errhint("Give a value for the argument %s.", name),
			 errargument(name)));
}

void
require_day(const char *table, const char *name, Datum value)
{
	if (!is_day(DatumGetDateADT(value)))
		refuse(table, name,
			   psprintf("%s \"%s\" is out of range", name,
						DatumGetCString(DirectFunctionCall1(date_out, value))),
			   "Give a date from 0001-01-01 to 9999-12-31.");
}

/* A percentage from 0 to the maximum, which NaN and infinities are not. */
void
require_percent(const char *table, const char *name, NullableDatum value, int32 maximum)
{
	if (value.isnull ||
		(DatumGetBool(DirectFunctionCall2(numeric_ge, value.value,
										  NumericGetDatum(int64_to_numeric(0)))) &&
		 DatumGetBool(DirectFunctionCall2(numeric_le, value.value,
										  NumericGetDatum(int64_to_numeric(maximum))))))
		return;
	refuse(table, name,
		   psprintf("%s %s is out of range", name,
					shown(DatumGetCString(DirectFunctionCall1(numeric_out, value.value)))),
		   psprintf("%s is a percentage from 0 to %d.", name, maximum));
}

/* The day of an optional date; false where it is null. */
bool
day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day)
{
	if (PG_ARGISNULL(arg))
		return false;
	require_day(NULL, name, PG_GETARG_DATUM(arg));
	*day = PG_GETARG_DATEADT(arg) - DATE_OF_DAY_FIRST;
	return true;
}

/* The time that was this many days ago. */
TimestampTz
time_of_age(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int32		days;

	require_not_null(fcinfo, arg, name);
	days = PG_GETARG_INT32(arg);
	if (days < 0 || days > AGE_DAYS_MAX)
		refuse(NULL, name, psprintf("%s %d is out of range", name, days),
			   psprintf("%s is a number of days from 0 to %d.", name, AGE_DAYS_MAX));
	return GetCurrentStatementStartTimestamp() - days * USECS_PER_DAY;
}

/*
 * Raise the error that was caught again, with this detail if it has none, and
 * this hint, which may be null. One about the expected version keeps what it
 * has: its detail is the row, or there is none. To be called in PG_CATCH(), in
 * the memory context of before PG_TRY().
 */
void
rethrow_with(char *detail, const char *hint)
{
	ErrorData  *error = CopyErrorData();

	FlushErrorState();
	if (error->detail == NULL && error->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
		error->detail = detail;
	if (error->hint == NULL && hint != NULL)
		error->hint = pstrdup(hint);
	ReThrowError(error);
}
