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
check_not_null(FunctionCallInfo fcinfo, int arg, const char *name)
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

Mechanism
check_mechanism(const char *table, Datum value)
{
	text	   *name = DatumGetTextPP(value);
	Mechanism	mechanism = mechanism_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (mechanism == MECHANISM_UNKNOWN)
		refuse(table, "mechanism",
			   psprintf("mechanism \"%s\" does not exist", shown(text_to_cstring(name))),
			   "Use stock_quantity, turnover_days or stalled_days.");
	return mechanism;
}

void
check_day(const char *table, const char *name, Datum value)
{
	if (!is_day(DatumGetDateADT(value)))
		refuse(table, name,
			   psprintf("%s \"%s\" is out of range", name,
						DatumGetCString(DirectFunctionCall1(date_out, value))),
			   "Give a date from 0001-01-01 to 9999-12-31.");
}

/* A percentage from 0 to the maximum, which NaN and infinities are not. */
void
check_percent(const char *table, const char *name, NullableDatum value, int32 maximum)
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

/* The first arguments, the parts of a key, which begins with an item's: nothing null, and three codes. */
static void
check_key(FunctionCallInfo fcinfo, int count)
{
	static const char *const names[] = {"merchant", "sku", "inventory_type", "mechanism"};
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};

	for (int arg = 0; arg < count; arg++)
		check_not_null(fcinfo, arg, names[arg]);
	check_codes(NULL, codes, lengthof(codes), fcinfo->args);
}

/* The key of a tracker: that of an item, and a mechanism. */
void
check_tracker_key(FunctionCallInfo fcinfo)
{
	check_key(fcinfo, TRACKER_KEY_ARGS);
	(void) check_mechanism(NULL, PG_GETARG_DATUM(ARG_MECHANISM));
}

/* The key of an item, as the values that statements take. */
void
get_item_key(FunctionCallInfo fcinfo, Datum *key)
{
	check_key(fcinfo, ITEM_KEY_ARGS);
	for (int arg = 0; arg < ITEM_KEY_ARGS; arg++)
		key[arg] = PG_GETARG_DATUM(arg);
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

/* The parameters of a rule, which follow each other. */
void
get_parameters(const NullableDatum *arguments, GivenParameters *given)
{
	for (Parameter p = 0; p < PARAMETERS; p++)
	{
		given->is_given[p] = !arguments[p].isnull;
		if (p == PARAMETER_QUANTITY)
		{
			if (arguments[p].isnull ||
				quantity_from_numeric(arguments[p].value, &given->values[p]) != DAY_CODEC_OK)
				given->values[p] = 0;
		}
		else
			given->values[p] = arguments[p].isnull ? NO_DAY : DatumGetInt32(arguments[p].value);
	}
}

/* A parameter as an error shows it. */
static const char *
shown_parameter(Parameter parameter, Datum value)
{
	if (parameter == PARAMETER_QUANTITY)
		return shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
	return psprintf("%d", DatumGetInt32(value));
}

/* Parameters of a rule are what its mechanism asks for. */
void
check_rule(const char *table, Mechanism mechanism, const NullableDatum *arguments)
{
	const char *kind = table == NULL ? "argument" : "column";
	GivenParameters given;
	Parameter	parameter;
	ParameterFault fault;
	const char *name;
	const char *value;

	get_parameters(arguments, &given);
	fault = find_fault(mechanism, &given, &parameter);
	if (fault == PARAMETER_SOUND)
		return;
	name = parameter_name(parameter);
	if (fault == PARAMETER_MISSING)
		refuse(table, name,
			   psprintf("%s is missing: mechanism %s needs it", name, mechanism_name(mechanism)),
			   psprintf("Give a value for the %s %s.", kind, name));
	value = shown_parameter(parameter, arguments[parameter].value);
	if (fault == PARAMETER_SURPLUS)
		refuse(table, name,
			   psprintf("%s %s must be left out: mechanism %s does not use it", name, value,
						mechanism_name(mechanism)),
			   psprintf("Leave out the %s %s, or use another mechanism.", kind, name));
	refuse(table, name, psprintf("%s %s is out of range", name, value),
		   parameter == PARAMETER_QUANTITY ?
		   "quantity is above 0 and below 10^12, with at most 6 decimals." :
		   psprintf("%s is a number of days from %d to %d.", name,
					parameter_days_min(parameter), RULE_DAYS_MAX));
}

/* The arguments of a rule, for a key that is checked already. */
void
check_tracker_rule(FunctionCallInfo fcinfo)
{
	check_rule(NULL, check_mechanism(NULL, PG_GETARG_DATUM(ARG_MECHANISM)),
			   &fcinfo->args[ARG_QUANTITY]);
}

/* The day of an optional date; false where it is null. */
bool
day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day)
{
	if (PG_ARGISNULL(arg))
		return false;
	check_day(NULL, name, PG_GETARG_DATUM(arg));
	*day = PG_GETARG_DATEADT(arg) - DATE_OF_DAY_FIRST;
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
		refuse(NULL, name, psprintf("%s %d is out of range", name, days),
			   psprintf("%s is a number of days from 0 to %d.", name, AGE_DAYS_MAX));
	return GetCurrentStatementStartTimestamp() - days * USECS_PER_DAY;
}

/*
 * Raise the error that was caught again, with this detail if it has none. One
 * about the expected version stays as it is: its detail is the row, or there is none.
 * To be called in PG_CATCH(), in the memory context of before PG_TRY().
 */
void
rethrow_with_detail(char *detail)
{
	ErrorData  *error = CopyErrorData();

	FlushErrorState();
	if (error->detail == NULL && error->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
		error->detail = detail;
	ReThrowError(error);
}
