/*
 * argument.c
 *		Checks of what callers hand in: one small function a rule.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "compat.h"
#include "day_series.h"
#include "quantity.h"

/* How much of a wrong value an error shows. */
#define SHOWN_SIZE_MAX	(2 * CODE_SIZE_MAX)

static bool
is_ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Not empty, not too long, no ASCII white space at either end. */
bool
is_code(const char *bytes, size_t size)
{
	return size > 0 && size <= CODE_SIZE_MAX &&
		!is_ascii_space(bytes[0]) && !is_ascii_space(bytes[size - 1]);
}

/* The rule of codes for CHECK constraints. */
PG_FUNCTION_INFO_V1(invtrack_is_code);
Datum
invtrack_is_code(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(is_code(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)));
}

/* A value as an error shows it: all of it, unless somebody sends us a book. */
static const char *
shown(const char *value)
{
	size_t		size = strlen(value);

	if (size <= SHOWN_SIZE_MAX)
		return value;
	return psprintf("%.*s...", pg_mbcliplen(value, size, SHOWN_SIZE_MAX), value);
}

void
check_not_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("Give a value for the argument %s.", name)));
}

void
check_code(FunctionCallInfo fcinfo, int arg, const char *name)
{
	text	   *code = PG_GETARG_TEXT_PP(arg);

	if (!is_code(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" is not a valid code", name, shown(text_to_cstring(code))),
				 errhint("A code has 1 to %d bytes and no white space at either end.",
						 CODE_SIZE_MAX)));
}

Mechanism
check_mechanism(FunctionCallInfo fcinfo, int arg)
{
	text	   *name = PG_GETARG_TEXT_PP(arg);
	Mechanism	mechanism = mechanism_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (mechanism == MECHANISM_UNKNOWN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mechanism \"%s\" does not exist", shown(text_to_cstring(name))),
				 errhint("Use stock_quantity, turnover_days or stalled_days.")));
	return mechanism;
}

/* The key of a tracker: nothing null, three codes and a mechanism. */
void
check_tracker_key(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"merchant", "sku", "inventory_type", "mechanism"};

	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
		check_not_null(fcinfo, arg, names[arg]);
	for (int arg = 0; arg < ARG_MECHANISM; arg++)
		check_code(fcinfo, arg, names[arg]);
	(void) check_mechanism(fcinfo, ARG_MECHANISM);
}

/* A parameter of a rule is there if, and only if, the mechanism has it. */
static void
check_presence(FunctionCallInfo fcinfo, int arg, const char *name, Mechanism mechanism,
			   bool required, bool allowed)
{
	if (required && PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is missing: mechanism %s needs it", name, mechanism_name(mechanism)),
				 errhint("Give a value for the argument %s.", name)));
	if (!allowed && !PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be null: mechanism %s does not use it", name,
						mechanism_name(mechanism)),
				 errhint("Leave out the argument %s, or use another mechanism.", name)));
}

static void
check_days(FunctionCallInfo fcinfo, int arg, const char *name, int32 minimum)
{
	int32		days;

	if (PG_ARGISNULL(arg))
		return;
	days = PG_GETARG_INT32(arg);
	if (days < minimum || days > RULE_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is out of range", name, days),
				 errhint("%s is a number of days from %d to %d.", name, minimum, RULE_DAYS_MAX)));
}

static void
check_quantity(FunctionCallInfo fcinfo, int arg)
{
	Quantity	micro;

	if (PG_ARGISNULL(arg))
		return;
	if (quantity_from_numeric(PG_GETARG_NUMERIC(arg), &micro) != DAY_CODEC_OK ||
		micro <= 0 || micro >= RULE_QUANTITY_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantity %s is out of range",
						shown(DatumGetCString(DirectFunctionCall1(numeric_out,
																  PG_GETARG_DATUM(arg))))),
				 errhint("quantity is above 0 and below 10^12, with at most 6 decimals.")));
}

/*
 * The parameters of a rule, for a key that is checked already. The table
 * invtrack.tracker has the same rules as a CHECK, for those who write it
 * without save_tracker().
 */
void
check_tracker_rule(FunctionCallInfo fcinfo)
{
	Mechanism	mechanism = check_mechanism(fcinfo, ARG_MECHANISM);
	bool		turnover = mechanism == MECHANISM_TURNOVER_DAYS;
	bool		stalled = mechanism == MECHANISM_STALLED_DAYS;

	check_presence(fcinfo, ARG_QUANTITY, "quantity", mechanism, !turnover, !turnover);
	check_presence(fcinfo, ARG_LOOKBACK_DAYS, "lookback_days", mechanism,
				   turnover || stalled, turnover || stalled);
	check_presence(fcinfo, ARG_COVERAGE_DAYS, "coverage_days", mechanism, turnover, turnover);
	check_presence(fcinfo, ARG_EXPIRY_DAYS, "expiry_days", mechanism, false, !stalled);
	check_quantity(fcinfo, ARG_QUANTITY);
	check_days(fcinfo, ARG_LOOKBACK_DAYS, "lookback_days", 1);
	check_days(fcinfo, ARG_COVERAGE_DAYS, "coverage_days", 1);
	check_days(fcinfo, ARG_EXPIRY_DAYS, "expiry_days", 0);
}

/* The day of an optional date; false where it is null. */
bool
day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day)
{
	DateADT		date;

	if (PG_ARGISNULL(arg))
		return false;
	date = PG_GETARG_DATEADT(arg);
	if (DATE_NOT_FINITE(date) || date < DATE_OF_DAY_FIRST ||
		date - DATE_OF_DAY_FIRST > DAY_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" is out of range", name,
						DatumGetCString(DirectFunctionCall1(date_out, PG_GETARG_DATUM(arg)))),
				 errhint("Give a date from 0001-01-01 to 9999-12-31.")));
	*day = date - DATE_OF_DAY_FIRST;
	return true;
}
