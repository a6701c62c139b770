/*
 * json_rows.c
 *		Rows that callers hand in as a JSON array of objects.
 *
 * What is no row at all is an error of the call: a program is wrong there, not
 * a file. What is wrong with a value is a verdict about it.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "argument.h"
#include "compat.h"
#include "json_rows.h"

/* How many rows there are; an error where it is no array. */
int
count_json_rows(Jsonb *rows, const char *argument)
{
	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		refuse(NULL, argument, psprintf("%s is not an array of objects", argument),
			   "Give a JSON array of objects: jsonb_agg(to_jsonb(t)) makes one of the rows of a table t.");
	return JB_ROOT_COUNT(rows);
}

/* Convert the text of a value; a Check. */
typedef struct Conversion
{
	const Field *field;
	const char *string;
	Datum		value;
} Conversion;

static void
convert(void *arg)
{
	Conversion *c = arg;
	Datum		string = CStringGetDatum(c->string);

	switch (c->field->kind)
	{
		case FIELD_TEXT:
			c->value = CStringGetTextDatum(c->string);
			break;
		case FIELD_NUMERIC:
			c->value = DirectFunctionCall3(numeric_in, string, ObjectIdGetDatum(InvalidOid),
										   Int32GetDatum(-1));
			break;
		case FIELD_INTEGER:
			c->value = DirectFunctionCall1(int4in, string);
			break;
		case FIELD_BIGINT:
			c->value = DirectFunctionCall1(int8in, string);
			break;
		case FIELD_DATE:
			c->value = DirectFunctionCall1(date_in, string);
			break;
	}
}

static const char *
hint_of_kind(FieldKind kind)
{
	switch (kind)
	{
		case FIELD_NUMERIC:
			return "Give a decimal number with a point, and nothing between thousands: 1234.5.";
		case FIELD_INTEGER:
		case FIELD_BIGINT:
			return "Give a whole number.";
		case FIELD_DATE:
			return "Give a date as year-month-day: 2026-12-31.";
		default:
			return "Give a text.";
	}
}

/* Dates are read as year, month, day, whatever the session's DateStyle. */
static void
convert_value(const Field *field, FieldValue *value)
{
	Conversion	c = {field, value->string};
	int			order = DateOrder;
	bool		converted;

	DateOrder = DATEORDER_YMD;
	converted = converts(convert, &c, &value->refusal);
	DateOrder = order;
	if (converted)
	{
		value->converted.value = c.value;
		value->converted.isnull = false;
		return;
	}
	value->input_state = value->refusal.sqlstate;
	value->refusal.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
	value->refusal.column = field->name;
	value->refusal.message = psprintf("%s \"%s\" is not a valid %s", field->name,
									  shown(value->string),
									  field->kind == FIELD_DATE ? "date" :
									  field->kind == FIELD_NUMERIC ? "number" : "whole number");
	value->refusal.hint = hint_of_kind(field->kind);
}

/* The value of a key of an object. */
static void
take_value(const JsonbValue *json, const Field *field, FieldValue *value)
{
	value->is_given = true;
	switch (json->type)
	{
		case jbvNull:
			return;
		case jbvString:
			value->string = pnstrdup(json->val.string.val, json->val.string.len);
			break;
		case jbvNumeric:
			value->string =
				DatumGetCString(DirectFunctionCall1(numeric_out,
													NumericGetDatum(json->val.numeric)));
			break;
		default:
			value->string = json->type == jbvBool ? (json->val.boolean ? "true" : "false") :
				"(an object or array)";
			value->input_state = ERRCODE_INVALID_TEXT_REPRESENTATION;
			value->refusal.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
			value->refusal.column = field->name;
			value->refusal.message =
				psprintf("%s is neither a text nor a number in JSON: %s", field->name, value->string);
			value->refusal.hint = hint_of_kind(field->kind);
			return;
	}
	convert_value(field, value);
}

/* Whatever follows up to the end of the value of a key. */
static void
take_pair(JsonbIterator **iterator, const Field *field, FieldValue *value)
{
	JsonbValue	json;

	/* nested objects and arrays come as a whole */
	if (JsonbIteratorNext(iterator, &json, true) == WJB_VALUE)
		take_value(&json, field, value);
}

static const Field *
find_field(const Field *fields, int count, const JsonbValue *key)
{
	for (int i = 0; i < count; i++)
		if (strlen(fields[i].name) == key->val.string.len &&
			memcmp(fields[i].name, key->val.string.val, key->val.string.len) == 0)
			return &fields[i];
	return NULL;
}

/* Read a row, counted from 0, into one value for each field. */
void
read_json_row(Jsonb *rows, int row, const char *argument, const Field *fields, int count,
			  FieldValue *values)
{
	JsonbValue *object = getIthJsonbValueFromContainer(&rows->root, row);
	JsonbIterator *iterator;
	JsonbValue	key;

	CHECK_FOR_INTERRUPTS();
	memset(values, 0, count * sizeof(FieldValue));
	for (int i = 0; i < count; i++)
		values[i].converted.isnull = true;
	if (object == NULL || object->type != jbvBinary ||
		!JsonContainerIsObject(object->val.binary.data))
		refuse(NULL, argument, psprintf("row %d of %s is not an object", row + 1, argument),
			   "Give a JSON array of objects: jsonb_agg(to_jsonb(t)) makes one of the rows of a table t.");
	iterator = JsonbIteratorInit(object->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &key, false);
	while (JsonbIteratorNext(&iterator, &key, false) == WJB_KEY)
	{
		const Field *field = find_field(fields, count, &key);

		if (field == NULL)
			refuse(NULL, argument,
				   psprintf("row %d of %s has the unknown key \"%s\"", row + 1, argument,
							shown(pnstrdup(key.val.string.val, key.val.string.len))),
				   "The reference lists the keys; leave out columns that are for nobody but you.");
		take_pair(&iterator, field, &values[field - fields]);
	}
}
