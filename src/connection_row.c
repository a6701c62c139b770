/*
 * connection_row.c
 *		What is wrong with a row of a source, told without raising.
 *
 * The rules are those of the tables, and the messages, too. Whether the row
 * fits to what is there already is not looked at here.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "quantity.h"

/* The arguments of row_fault(). */
enum
{
	FAULT_TARGET,
	FAULT_MERCHANT,
	FAULT_SKU,
	FAULT_INVENTORY_TYPE,
	FAULT_CODE,
	FAULT_DAY,
	FAULT_QUANTITY,
	FAULT_ARGS
};

typedef struct Target
{
	const char *name;
	bool		needs[FAULT_ARGS];	/* may this not be null? */
	const char *code;			/* name of its column */
	const char *day;
} Target;

static const Target targets[] = {
	{"merchant", {[FAULT_MERCHANT] = true}},
	{"product", {[FAULT_MERCHANT] = true, [FAULT_SKU] = true}},
	{"inventory_type", {[FAULT_MERCHANT] = true, [FAULT_INVENTORY_TYPE] = true}},
	{"stock_lot", {false, true, true, true, false, false, true}, "lot", "expires_on"},
	{"incoming", {false, true, true, true, false, false, true}, "ref", "expected_on"},
	{"sale", {false, true, true, true, false, true, true}, NULL, "occurred_on"},
	{"shipment", {false, true, true, true, false, true, true}, NULL, "occurred_on"}
};

static const Target *
find_target(text *name)
{
	for (int i = 0; i < lengthof(targets); i++)
		if (strlen(targets[i].name) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(targets[i].name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
			return &targets[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" does not exist", text_to_cstring(name)),
			 errargument("target")));
}

static Datum
fault(const char *sqlstate, const char *message, const char *hint, const char *column)
{
	Datum		parts[4] = {
		CStringGetTextDatum(sqlstate), CStringGetTextDatum(message), CStringGetTextDatum(hint),
		CStringGetTextDatum(column)
	};

	return PointerGetDatum(construct_array(parts, lengthof(parts), TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* What is wrong with a code; 0: nothing. */
static Datum
code_fault(const char *column, Datum value, bool may_be_empty)
{
	text	   *code = DatumGetTextPP(value);

	if ((may_be_empty && VARSIZE_ANY_EXHDR(code) == 0) ||
		code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) == CODE_SOUND)
		return (Datum) 0;
	return fault("23514", psprintf("%s \"%s\" is not a valid code", column, shown(text_to_cstring(code))),
				 code_hint(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)), column);
}

static Datum
day_fault(const char *column, Datum value)
{
	if (is_day(DatumGetDateADT(value)))
		return (Datum) 0;
	return fault("23514", psprintf("%s \"%s\" is out of range", column,
								   DatumGetCString(DirectFunctionCall1(date_out, value))),
				 "Give a date from 0001-01-01 to 9999-12-31.", column);
}

static Datum
quantity_fault(const Target *target, Datum value)
{
	const char *shown_value = shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
	Quantity	micro;

	if (quantity_from_numeric(value, &micro) != DAY_CODEC_OK ||
		micro <= -QUANTITY_LIMIT || micro >= QUANTITY_LIMIT)
		return fault("23514", psprintf("%s is not a valid quantity", shown_value),
					 "A quantity has at most 6 decimals, and is above -10^12 and below 10^12.", "quantity");
	if (micro <= 0 && strcmp(target->name, "incoming") == 0)
		return fault("23514", psprintf("quantity %s is not above 0", shown_value),
					 "Leave out what is not on order.", "quantity");
	return (Datum) 0;
}

/* row_fault(target, merchant, sku, inventory_type, code, day, quantity) */
PG_FUNCTION_INFO_V1(connection_row_fault);
Datum
connection_row_fault(PG_FUNCTION_ARGS)
{
	static const char *const names[FAULT_ARGS] = {
		"target", "merchant", "sku", "inventory_type", "code", "occurred_on", "quantity"
	};
	const Target *target;
	Datum		found = (Datum) 0;

	require_not_null(fcinfo, FAULT_TARGET, "target");
	target = find_target(PG_GETARG_TEXT_PP(FAULT_TARGET));
	for (int arg = FAULT_MERCHANT; arg < FAULT_ARGS && found == (Datum) 0; arg++)
	{
		if (PG_ARGISNULL(arg))
		{
			if (target->needs[arg])
				found = fault("23502", psprintf("%s must not be null", names[arg]),
							  "Leave the row out in a view, or give it a value.", names[arg]);
		}
		else if (arg == FAULT_CODE)
			found = target->code == NULL ? (Datum) 0 :
				code_fault(target->code, PG_GETARG_DATUM(arg), true);
		else if (arg == FAULT_DAY)
			found = day_fault(target->day == NULL ? "day" : target->day, PG_GETARG_DATUM(arg));
		else if (arg == FAULT_QUANTITY)
			found = quantity_fault(target, PG_GETARG_DATUM(arg));
		else if (target->needs[arg])
			found = code_fault(names[arg], PG_GETARG_DATUM(arg), false);
	}
	if (found == (Datum) 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(found);
}
