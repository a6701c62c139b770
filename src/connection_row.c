/*
 * connection_row.c
 *		The columns of each target, and what is wrong with a row of a source,
 *		told without raising.
 *
 * The rules are those of the tables, and the messages, too. Whether the row
 * fits to what is there already is not looked at here.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "connection.h"
#include "quantity.h"

typedef struct Target
{
	const char *name;
	bool		needs[SOURCE_ATTRIBUTES];	/* may this not be null? */
	const char *code;			/* name of its column */
	const char *day;
	const char *attributes[TARGET_COLUMNS_MAX - 1]; /* up to the first null */
} Target;

/* In the order of invtrack_internal.target_rank(): what is referred to comes first. */
static const Target targets[TARGET_COUNT] = {
	{"merchant", {false, true}, NULL, NULL,
	{"name", "time_zone", "rearm_percent", "alert_too_new", "alert_nothing_on_hand",
	"critical_percent", "count_today", "hold_for_incoming"}},
	{"inventory_type", {false, true, false, true}, NULL, NULL, {"name"}},
	{"product", {false, true, true}, NULL, NULL, {"name", "launched_on", "discontinued_on"}},
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

/* Its place in the order in which targets are brought in line. */
int
rank_of_target(Datum target)
{
	return find_target(DatumGetTextPP(target)) - targets;
}

Datum
target_of_rank(int rank)
{
	return CStringGetTextDatum(targets[rank].name);
}

/* Does it feed merchants, products or inventory types? */
bool
feeds_catalogue(Datum target)
{
	return find_target(DatumGetTextPP(target))->day == NULL;
}

/* Does it feed sales or shipments? */
bool
feeds_movements(Datum target)
{
	const Target *found = find_target(DatumGetTextPP(target));

	return found->day != NULL && found->code == NULL;
}

/* The columns that its source has beside the key, at most TARGET_COLUMNS_MAX; how many. */
int
columns_of_target(Datum name, TargetColumn *columns)
{
	const Target *target = find_target(DatumGetTextPP(name));
	const char *const names[SOURCE_ATTRIBUTES] = {
		NULL, "merchant", "sku", "inventory_type", target->code, target->day, "quantity"
	};
	int			count = 0;

	for (int place = SOURCE_MERCHANT; place < SOURCE_ATTRIBUTES; place++)
	{
		bool		may_be_null = place == SOURCE_CODE || place == SOURCE_DAY;
		TargetColumn column = {names[place], place, target->needs[place]};

		if (column.is_required || (may_be_null && column.name != NULL))
			columns[count++] = column;
	}
	for (int i = 0; target->attributes[i] != NULL; i++)
	{
		TargetColumn column = {target->attributes[i], SOURCE_ATTRIBUTES, false};

		columns[count++] = column;
	}
	return count;
}

/* target_columns(target) returns setof (column_name, kind, required) */
PG_FUNCTION_INFO_V1(connection_target_columns);
Datum
connection_target_columns(PG_FUNCTION_ARGS)
{
	static const char *const kinds[SOURCE_COLUMNS] = {
		"key", "code", "code", "code", "code", "day", "quantity", "attribute"
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TargetColumn columns[TARGET_COLUMNS_MAX];
	int			count;

	require_not_null(fcinfo, 0, "target");
	count = columns_of_target(PG_GETARG_DATUM(0), columns);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = CStringGetTextDatum(columns[i].name);
		values[1] = CStringGetTextDatum(kinds[columns[i].place]);
		values[2] = BoolGetDatum(columns[i].is_required);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static const RowFault *
fault(const char *sqlstate, const char *message, const char *hint, const char *column)
{
	RowFault   *found = palloc(sizeof(RowFault));

	found->sqlstate = sqlstate;
	found->message = message;
	found->hint = hint;
	found->column = column;
	return found;
}

/* What is wrong with a code; null: nothing. */
static const RowFault *
code_fault(const char *column, Datum value, bool may_be_empty)
{
	text	   *code = DatumGetTextPP(value);

	if ((may_be_empty && VARSIZE_ANY_EXHDR(code) == 0) ||
		code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) == CODE_SOUND)
		return NULL;
	return fault("23514", psprintf("%s \"%s\" is not a valid code", column,
								   shown(text_to_cstring(code))),
				 code_hint(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)), column);
}

static const RowFault *
day_fault(const char *column, Datum value)
{
	if (is_day(DatumGetDateADT(value)))
		return NULL;
	return fault("23514", psprintf("%s \"%s\" is out of range", column,
								   DatumGetCString(DirectFunctionCall1(date_out, value))),
				 "Give a date from 0001-01-01 to 9999-12-31.", column);
}

static const char *
shown_number(Datum value)
{
	return shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
}

static const RowFault *
quantity_fault(const Target *target, Datum value)
{
	Quantity	micro;

	if (quantity_from_numeric(value, &micro) != DAY_CODEC_OK ||
		micro <= -QUANTITY_LIMIT || micro >= QUANTITY_LIMIT)
		return fault("23514", psprintf("%s is not a valid quantity", shown_number(value)),
					 "A quantity has at most 6 decimals, and is above -10^12 and below 10^12.",
					 "quantity");
	if (micro <= 0 && strcmp(target->name, "incoming") == 0)
		return fault("23514", psprintf("quantity %s is not above 0", shown_number(value)),
					 "Leave out what is not on order.", "quantity");
	return NULL;
}

/* What is wrong with a row, whose values stand as the columns of a source; null: nothing. */
const RowFault *
find_row_fault(text *target_name, const NullableDatum *row)
{
	static const char *const names[SOURCE_ATTRIBUTES] = {
		"key", "merchant", "sku", "inventory_type", "code", "occurred_on", "quantity"
	};
	const Target *target = find_target(target_name);
	const RowFault *found = NULL;

	for (int i = SOURCE_MERCHANT; i < SOURCE_ATTRIBUTES && found == NULL; i++)
	{
		if (row[i].isnull)
		{
			if (target->needs[i])
				found = fault("23502", psprintf("%s must not be null", names[i]),
							  "Leave the row out in a view, or give it a value.", names[i]);
		}
		else if (i == SOURCE_CODE)
			found = target->code == NULL ? NULL : code_fault(target->code, row[i].value, true);
		else if (i == SOURCE_DAY)
			found = day_fault(target->day == NULL ? "day" : target->day, row[i].value);
		else if (i == SOURCE_QUANTITY)
			found = quantity_fault(target, row[i].value);
		else if (target->needs[i])
			found = code_fault(names[i], row[i].value, false);
	}
	return found;
}

/* row_fault(target, merchant, sku, inventory_type, code, day, quantity) */
PG_FUNCTION_INFO_V1(connection_row_fault);
Datum
connection_row_fault(PG_FUNCTION_ARGS)
{
	const RowFault *found;
	Datum		parts[4];

	require_not_null(fcinfo, 0, "target");
	/* the target stands where a source has its key */
	found = find_row_fault(PG_GETARG_TEXT_PP(0), fcinfo->args);
	if (found == NULL)
		PG_RETURN_NULL();
	parts[0] = CStringGetTextDatum(found->sqlstate);
	parts[1] = CStringGetTextDatum(found->message);
	parts[2] = CStringGetTextDatum(found->hint);
	parts[3] = CStringGetTextDatum(found->column);
	PG_RETURN_ARRAYTYPE_P(construct_array(parts, lengthof(parts), TEXTOID, -1, false,
										  TYPALIGN_INT));
}
