/*
 * connection_item.c
 *		What connections keep of products that get another code.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"

#include "argument.h"
#include "catalogue.h"
#include "connection.h"
#include "statement.h"
#include "trigger.h"

/*
 * A product that a connection feeds gets another code where it comes from: by
 * hand it would come back.
 */
void
require_not_fed(Datum merchant, Datum sku)
{
	static Statement find = {
		"SELECT n.connection FROM invtrack.connection_item i"
		" JOIN invtrack.connection_row w ON w.item " EQ " i.item"
		" JOIN invtrack.connection n ON n.number " EQ " w.connection"
		" WHERE i.target " EQ " 'product' AND NOT w.gone AND" OF_SKU("i", "$2") " LIMIT 1",
		2, {TEXTOID, TEXTOID}, 0, {TEXTOID}
	};
	Datum		values[2] = {merchant, sku};

	if (statement_run(&find, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("connection \"%s\" feeds product \"%s\" of merchant \"%s\"",
						result_string(SPI_tuptable, 0, 1), TextDatumGetCString(sku),
						TextDatumGetCString(merchant)),
				 errhint("Change its code where it comes from, or disconnect first."),
				 errargument("sku")));
}

/*
 * The items of a product are another's now: they take its code, or, where it
 * has such items, their rows go to these.
 */
void
move_items(Datum merchant, Datum sku, Datum other_sku)
{
#define SAME_ITEM \
	OF_SKU("b", "$3") " AND b.target " EQ " a.target" \
	" AND b.inventory_type " EQ " a.inventory_type"
	static Statement steps[] = {
		{
			"SELECT FROM invtrack.connection_item a WHERE a.merchant " EQ " $1"
			" AND a.sku " EQ " ANY (ARRAY[$2, $3]) FOR UPDATE",
			3, {TEXTOID, TEXTOID, TEXTOID}
		},
		{
			"UPDATE invtrack.connection_row w SET item = b.item"
			" FROM invtrack.connection_item a JOIN invtrack.connection_item b ON" SAME_ITEM
			" WHERE w.item " EQ " a.item AND" OF_SKU("a", "$2"),
			3, {TEXTOID, TEXTOID, TEXTOID}
		},
		{
			"DELETE FROM invtrack.connection_item a USING invtrack.connection_item b"
			" WHERE" SAME_ITEM " AND" OF_SKU("a", "$2"),
			3, {TEXTOID, TEXTOID, TEXTOID}
		},
		{
			"UPDATE invtrack.connection_item a SET sku = $3 WHERE" OF_SKU("a", "$2"),
			3, {TEXTOID, TEXTOID, TEXTOID}
		}
	};
	Datum		values[3] = {merchant, sku, other_sku};

	for (int i = 0; i < lengthof(steps); i++)
		(void) statement_run(&steps[i], values, NULL, false);
}

/*
 * The product is gone, and what connections knew of it: the next sync brings
 * what the source still has.
 */
void
forget_items(Datum merchant, Datum sku)
{
	static Statement steps[] = {
		{
			"SELECT FROM invtrack.connection_item a WHERE" OF_SKU("a", "$2") " FOR UPDATE",
			2, {TEXTOID, TEXTOID}
		},
		{
			"DELETE FROM invtrack.connection_row w USING invtrack.connection_item a"
			" WHERE w.item " EQ " a.item AND" OF_SKU("a", "$2"),
			2, {TEXTOID, TEXTOID}
		},
		{
			"DELETE FROM invtrack.connection_item a WHERE" OF_SKU("a", "$2"), 2, {TEXTOID, TEXTOID}
		}
	};
	Datum		values[2] = {merchant, sku};

	for (int i = 0; i < lengthof(steps); i++)
		(void) statement_run(&steps[i], values, NULL, false);
}
