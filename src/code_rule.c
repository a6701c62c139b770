/*
 * code_rule.c
 *		Checks of codes in arguments and in rows of tables.
 *
 * A code from before 0.3 may begin or end with white space that only Unicode
 * knows. It is refused like any other bad code, but where it is there already:
 * otherwise a product of such a code could not even be counted, folded or put
 * away. So only such a code is looked up, and only then does a CHECK read a
 * table.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "statement.h"

#define CODE_TYPES	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID

static const char *const code_names[CODE_COLUMNS] = {
	"merchant", "sku", "inventory_type", "lot", "consumer"
};

/* Whether a code is there; parameters are the codes of the row, by CodeColumn. */
static Statement find_code[CODE_COLUMNS] = {
	[MERCHANT_CODE] = {
		"SELECT FROM invtrack.merchant m WHERE m.merchant " EQ " $1",
		CODE_COLUMNS, {CODE_TYPES}
	},
	[SKU_CODE] = {
		"SELECT FROM invtrack.product p WHERE p.merchant " EQ " $1"
		" AND p.sku " EQ " $2",
		CODE_COLUMNS, {CODE_TYPES}
	},
	[INVENTORY_TYPE_CODE] = {
		"SELECT FROM invtrack.inventory_type i WHERE i.merchant " EQ " $1"
		" AND i.inventory_type " EQ " $3",
		CODE_COLUMNS, {CODE_TYPES}
	},
	[LOT_CODE] = {
		"SELECT FROM invtrack.stock_lot l WHERE l.merchant " EQ " $1"
		" AND l.sku " EQ " $2 AND l.inventory_type " EQ " $3"
		" AND l.lot " EQ " $4",
		CODE_COLUMNS, {CODE_TYPES}
	},
	[CONSUMER_CODE] = {
		"SELECT FROM invtrack.alert_consumer c WHERE c.consumer " EQ " $5",
		CODE_COLUMNS, {CODE_TYPES}
	}
};

/* Movements refer to nothing, so theirs are also those of movements that are there. */
static Statement find_movement = {
	"SELECT FROM invtrack.flow_series f WHERE f.merchant " EQ " $1"
	" AND f.sku " EQ " $2 AND f.inventory_type " EQ " $3"
	" UNION ALL (SELECT FROM invtrack.movement m WHERE m.merchant " EQ " $1"
	" AND m.sku " EQ " $2 AND m.inventory_type " EQ " $3"
	" AND NOT m.folded LIMIT 1)",
	CODE_COLUMNS, {CODE_TYPES}
};

static bool
is_there(const char *table, CodeColumn column, Datum *codes, const char *nulls)
{
	bool		found;

	SPI_connect();
	found = statement_run(&find_code[column], codes, nulls, true) > 0 ||
		(table != NULL && strcmp(table, "movement") == 0 &&
		 statement_run(&find_movement, codes, nulls, true) > 0);
	SPI_finish();
	return found;
}

static void
refuse_code(const char *table, const char *name, Datum value)
{
	text	   *code = DatumGetTextPP(value);

	refuse(table, name,
		   psprintf("%s \"%s\" is not a valid code", name, shown(text_to_cstring(code))),
		   code_hint(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)));
}

/* Look more closely at codes of which one is not sound. */
static void
require_sound(const char *table, const CodeColumn *columns, int count, const NullableDatum *given)
{
	Datum		codes[CODE_COLUMNS] = {0};
	char		nulls[] = "nnnnn";

	for (int i = 0; i < count; i++)
	{
		codes[columns[i]] = given[i].value;
		nulls[columns[i]] = given[i].isnull ? 'n' : ' ';
	}
	for (int i = 0; i < count; i++)
	{
		text	   *code = given[i].isnull ? NULL : DatumGetTextPP(given[i].value);
		CodeKind	kind = code == NULL ? CODE_SOUND :
			code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));

		if (code != NULL && columns[i] == LOT_CODE && VARSIZE_ANY_EXHDR(code) == 0)
			continue;
		if (kind == CODE_WRONG ||
			(kind == CODE_OLD && !old_codes_are_taken() &&
			 !is_there(table, columns[i], codes, nulls)))
			refuse_code(table, code_names[columns[i]], given[i].value);
	}
}

/* The codes of a row. Nulls are left to NOT NULL. */
void
require_codes(const char *table, const CodeColumn *columns, int count, const NullableDatum *codes)
{
	for (int i = 0; i < count; i++)
	{
		text	   *code = codes[i].isnull ? NULL : DatumGetTextPP(codes[i].value);

		if (code != NULL &&
			code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) != CODE_SOUND)
		{
			require_sound(table, columns, count, codes);
			return;
		}
	}
}

/*
 * The code of an argument that is not null: of a merchant or a consumer; or,
 * by a name of its own, one that is new.
 */
void
require_code(FunctionCallInfo fcinfo, int arg, const char *name)
{
	text	   *code;

	for (CodeColumn column = MERCHANT_CODE; column < CODE_COLUMNS; column++)
		if (strcmp(code_names[column], name) == 0)
		{
			require_codes(NULL, &column, 1, &fcinfo->args[arg]);
			return;
		}
	code = PG_GETARG_TEXT_PP(arg);
	if (code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) != CODE_SOUND)
		refuse_code(NULL, name, PG_GETARG_DATUM(arg));
}
