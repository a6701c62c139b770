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
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "day_series.h"
#include "quantity.h"

/* How much of a wrong value an error shows. */
#define SHOWN_SIZE_MAX	((size_t) 2 * CODE_SIZE_MAX)

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

/* The same, as the values that statements take. */
void
get_tracker_key(FunctionCallInfo fcinfo, Datum *key)
{
	check_tracker_key(fcinfo);
	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
		key[arg] = PG_GETARG_DATUM(arg);
}

/* A tracker as errors name it: by its key. */
const char *
shown_tracker(const Datum *key)
{
	return psprintf("(\"%s\", \"%s\", \"%s\", \"%s\")",
					TextDatumGetCString(key[ARG_MERCHANT]), TextDatumGetCString(key[ARG_SKU]),
					TextDatumGetCString(key[ARG_INVENTORY_TYPE]),
					TextDatumGetCString(key[ARG_MECHANISM]));
}

/* The argument of a parameter as text. */
static const char *
shown_parameter(FunctionCallInfo fcinfo, Parameter parameter)
{
	Datum		value = PG_GETARG_DATUM(ARG_QUANTITY + parameter);

	if (parameter == PARAMETER_QUANTITY)
		return shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
	return psprintf("%d", DatumGetInt32(value));
}

/* A parameter is there if, and only if, the mechanism has it. */
static void
check_presence(FunctionCallInfo fcinfo, Mechanism mechanism, Parameter parameter)
{
	const char *name = parameter_name(parameter);
	bool		is_null = PG_ARGISNULL(ARG_QUANTITY + parameter);
	ParameterUse use = parameter_use(mechanism, parameter);

	if (is_null && use == PARAMETER_REQUIRED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is missing: mechanism %s needs it", name, mechanism_name(mechanism)),
				 errhint("Give a value for the argument %s.", name)));
	if (!is_null && use == PARAMETER_FOREIGN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s must be left out: mechanism %s does not use it", name,
						shown_parameter(fcinfo, parameter), mechanism_name(mechanism)),
				 errhint("Leave out the argument %s, or use another mechanism.", name)));
}

static void
check_days(FunctionCallInfo fcinfo, Parameter parameter)
{
	const char *name = parameter_name(parameter);
	int32		days = PG_GETARG_INT32(ARG_QUANTITY + parameter);

	if (days < parameter_days_min(parameter) || days > RULE_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is out of range", name, days),
				 errhint("%s is a number of days from %d to %d.", name,
						 parameter_days_min(parameter), RULE_DAYS_MAX)));
}

static void
check_quantity(FunctionCallInfo fcinfo)
{
	Quantity	micro;

	if (quantity_from_numeric(PG_GETARG_DATUM(ARG_QUANTITY), &micro) != DAY_CODEC_OK ||
		micro <= 0 || micro >= RULE_QUANTITY_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantity %s is out of range", shown_parameter(fcinfo, PARAMETER_QUANTITY)),
				 errhint("quantity is above 0 and below 10^12, with at most 6 decimals.")));
}

/*
 * The parameters of a rule, for a key that is checked already. The table
 * invtrack.tracker has the same rules as CHECKs, for those who write it
 * without save_tracker().
 */
void
check_tracker_rule(FunctionCallInfo fcinfo)
{
	Mechanism	mechanism = check_mechanism(fcinfo, ARG_MECHANISM);

	for (Parameter p = 0; p < PARAMETERS; p++)
		check_presence(fcinfo, mechanism, p);
	if (!PG_ARGISNULL(ARG_QUANTITY))
		check_quantity(fcinfo);
	for (Parameter p = PARAMETER_LOOKBACK_DAYS; p < PARAMETERS; p++)
		if (!PG_ARGISNULL(ARG_QUANTITY + p))
			check_days(fcinfo, p);
}

/* The day of an optional date; false where it is null. */
bool
day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day)
{
	DateADT		date;

	if (PG_ARGISNULL(arg))
		return false;
	date = PG_GETARG_DATEADT(arg);
	if (!is_day(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" is out of range", name,
						DatumGetCString(DirectFunctionCall1(date_out, PG_GETARG_DATUM(arg)))),
				 errhint("Give a date from 0001-01-01 to 9999-12-31.")));
	*day = date - DATE_OF_DAY_FIRST;
	return true;
}

/* The time that was this many days ago. */
TimestampTz
time_of_age(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int32		days;

	check_not_null(fcinfo, arg, name);
	days = PG_GETARG_INT32(arg);
	if (days < 0 || days > AGE_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is out of range", name, days),
				 errhint("%s is a number of days from 0 to %d.", name, AGE_DAYS_MAX)));
	return GetCurrentStatementStartTimestamp() - days * USECS_PER_DAY;
}
