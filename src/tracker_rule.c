/*
 * tracker_rule.c
 *		A tracker's key and rule, as arguments and columns give them.
 *
 * What a rule needs and may be says find_fault() of the judgement; here are the
 * errors about it, of functions and of the table's CHECK alike.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "argument.h"
#include "compat.h"
#include "day_codec.h"
#include "quantity.h"
#include "tracker_rule.h"

Mechanism
require_mechanism(const char *table, Datum value)
{
	text	   *name = DatumGetTextPP(value);
	Mechanism	mechanism = mechanism_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (mechanism == MECHANISM_UNKNOWN)
		refuse(table, "mechanism",
			   psprintf("mechanism \"%s\" does not exist", shown(text_to_cstring(name))),
			   "Use stock_quantity, turnover_days or stalled_days.");
	return mechanism;
}

/*
 * The first arguments, the parts of a key, which begins with an item's:
 * nothing null, and three codes.
 */
static void
require_key(FunctionCallInfo fcinfo, int count)
{
	static const char *const names[] = {"merchant", "sku", "inventory_type", "mechanism"};
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};

	for (int arg = 0; arg < count; arg++)
		require_not_null(fcinfo, arg, names[arg]);
	require_codes(NULL, codes, lengthof(codes), fcinfo->args);
}

/* The key of a tracker: that of an item, and a mechanism. */
void
require_tracker_key(FunctionCallInfo fcinfo)
{
	require_key(fcinfo, TRACKER_KEY_ARGS);
	(void) require_mechanism(NULL, PG_GETARG_DATUM(ARG_MECHANISM));
}

/* The key of an item, as the values that statements take. */
void
get_item_key(FunctionCallInfo fcinfo, Datum *key)
{
	require_key(fcinfo, ITEM_KEY_ARGS);
	for (int arg = 0; arg < ITEM_KEY_ARGS; arg++)
		key[arg] = PG_GETARG_DATUM(arg);
}

/* The same, as the values that statements take. */
void
get_tracker_key(FunctionCallInfo fcinfo, Datum *key)
{
	require_tracker_key(fcinfo);
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
require_rule(const char *table, Mechanism mechanism, const NullableDatum *arguments)
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
require_tracker_rule(FunctionCallInfo fcinfo)
{
	require_rule(NULL, require_mechanism(NULL, PG_GETARG_DATUM(ARG_MECHANISM)),
				 &fcinfo->args[ARG_QUANTITY]);
}
