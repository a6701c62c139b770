/*
 * row_rule.c
 *		What a table takes from a file: its columns and their rules.
 *
 * Values are judged one by one, by the checks of the tables, so that the
 * findings have the rules and messages of an INSERT.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "argument.h"
#include "catalogue.h"
#include "code.h"
#include "compat.h"
#include "movement.h"
#include "quantity.h"
#include "row_rule.h"
#include "stock.h"

#define FIND_TAKEN(table, condition) { \
	"SELECT u.n FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)," \
	" pg_catalog.unnest($3), pg_catalog.unnest($4)) WITH ORDINALITY AS u(a, b, c, d, n)" \
	" JOIN invtrack." table " t ON " condition, \
	4, {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID}, CURSOR_OPT_CUSTOM_PLAN, {INT8OID}}
#define EQUALS(column, key)	"t." column " " EQ " u." key
#define ITEM_EQUALS			EQUALS("merchant", "a") " AND " EQUALS("sku", "b") \
	" AND " EQUALS("inventory_type", "c") " AND "

static Statement find_product =
FIND_TAKEN("product", EQUALS("merchant", "a") " AND " EQUALS("sku", "b"));
static Statement find_lot = FIND_TAKEN("stock_lot", ITEM_EQUALS EQUALS("lot", "d"));
static Statement find_incoming = FIND_TAKEN("incoming", ITEM_EQUALS EQUALS("ref", "d"));
static Statement find_ref = FIND_TAKEN("movement",
									   EQUALS("merchant", "a") " AND " EQUALS("flow", "b")
									   " AND " EQUALS("ref", "c") " AND NOT t.reversed");

#define ITEM_FIELDS \
	{"merchant", FIELD_TEXT, true}, {"sku", FIELD_TEXT, true}, {"inventory_type", FIELD_TEXT, true}
#define WRITE_HINT "Leave the row out, or write it by INSERT with ON CONFLICT DO UPDATE."

static const Target targets[] = {
	{
		"product", 5,
		{{"merchant", FIELD_TEXT, true}, {"sku", FIELD_TEXT, true}, {"name", FIELD_TEXT},
		{"launched_on", FIELD_DATE}, {"discontinued_on", FIELD_DATE}},
		{RULE_CODE, RULE_CODE, RULE_NONE, RULE_DAY, RULE_DAY},
		{false, false, true}, {0, 1, 1, 1}, 1, &find_product, WRITE_HINT
	},
	{
		"stock_lot", 6,
		{ITEM_FIELDS, {"lot", FIELD_TEXT}, {"expires_on", FIELD_DATE},
		{"quantity", FIELD_NUMERIC, true}},
		{RULE_CODE, RULE_CODE, RULE_CODE, RULE_CODE, RULE_DAY, RULE_QUANTITY},
		{false, false, false, true}, {0, 1, 2, 3}, ITEM_CODES, &find_lot, WRITE_HINT
	},
	{
		"movement", 7,
		{ITEM_FIELDS, {"flow", FIELD_TEXT, true}, {"occurred_on", FIELD_DATE, true},
		{"quantity", FIELD_NUMERIC, true}, {"ref", FIELD_TEXT}},
		{RULE_CODE, RULE_CODE, RULE_CODE, RULE_FLOW, RULE_DAY, RULE_QUANTITY, RULE_REF},
		{false}, {0, 3, 6, 6}, 0, &find_ref,
		"It is recorded already: leave the row out, or load by INSERT with ON CONFLICT DO NOTHING."
	},
	{
		"incoming", 6,
		{ITEM_FIELDS, {"ref", FIELD_TEXT}, {"expected_on", FIELD_DATE},
		{"quantity", FIELD_NUMERIC, true}},
		{RULE_CODE, RULE_CODE, RULE_CODE, RULE_INCOMING_REF, RULE_DAY, RULE_QUANTITY},
		{false, false, false, true}, {0, 1, 2, 3}, ITEM_CODES, &find_incoming, WRITE_HINT
	}
};

const Target *
find_target(const char *name)
{
	for (int i = 0; i < lengthof(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	return NULL;
}

/* A value and what it is checked by; the argument of a Check. */
typedef struct Checked
{
	const Target *target;
	int			field;
	const FieldValue *values;
} Checked;

/*
 * A code of an item or a lot. The codes before it say where one from before
 * 0.3 would be; what is wrong with them is told of their own columns.
 */
static void
require_row_code(const Checked *c)
{
	static const CodeColumn all[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE, LOT_CODE};
	NullableDatum codes[lengthof(all)];

	for (int i = 0; i <= c->field; i++)
	{
		codes[i] = c->values[i].converted;
		codes[i].isnull |= c->values[i].refusal.sqlstate != 0;
	}
	require_codes(c->target->name, all, c->field + 1, codes);
}

static void
require_quantity(const char *table, Datum value)
{
	const char *given = shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
	Quantity	quantity;

	if (!read_quantity(value, &quantity))
		refuse(table, "quantity", psprintf("%s is not a valid quantity", given), QUANTITY_HINT);
	if (strcmp(table, "incoming") == 0)
		require_incoming_quantity(table, value);
}

static void
require_value(void *arg)
{
	const Checked *c = arg;
	const char *table = c->target->name;
	const char *column = c->target->fields[c->field].name;
	Datum		value = c->values[c->field].converted.value;

	switch (c->target->rules[c->field])
	{
		case RULE_NONE:
			break;
		case RULE_CODE:
			require_row_code(c);
			break;
		case RULE_INCOMING_REF:
			require_incoming_ref(table, value);
			break;
		case RULE_DAY:
			require_day(table, column, value);
			break;
		case RULE_QUANTITY:
			require_quantity(table, value);
			break;
		case RULE_FLOW:
			require_flow(table, value);
			break;
		case RULE_REF:
			require_ref(table, column, value);
			break;
	}
}

static Refusal
null_refusal(const Field *field, const char *hint)
{
	return refusal_of(ERRCODE_NOT_NULL_VIOLATION, field->name,
					  psprintf("%s must not be null", field->name), hint);
}

/* What is wrong with one value of a row, without a look at other rows, becomes its refusal. */
void
require_row_value(const Target *target, int i, FieldValue *values)
{
	FieldValue *value = &values[i];
	const Field *field = &target->fields[i];
	Checked		checked = {target, i, values};

	if (value->refusal.sqlstate != 0)
		value->refusal.sqlstate = value->input_state;
	else if (!value->converted.isnull)
		(void) passes(require_value, &checked, &value->refusal);
	else if (field->required)
		value->refusal = null_refusal(field,
									  psprintf("Give a value for the column %s.", field->name));
	else if (target->has_default[i] && value->is_given)
		value->refusal = null_refusal(field,
									  psprintf("Leave out the column %s, or give an empty text.",
											   field->name));
}
