/*
 * stock.c
 *		Lots, units on hand, and incoming, units on order.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "quantity.h"
#include "stock.h"

/* is_stock_lot(merchant, sku, inventory_type, lot, expires_on): the table's CHECK */
PG_FUNCTION_INFO_V1(stock_is_stock_lot);
Datum
stock_is_stock_lot(PG_FUNCTION_ARGS)
{
	static const char table[] = "stock_lot";
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE, LOT_CODE};
	const int	expires_on = lengthof(codes);

	require_codes(table, codes, lengthof(codes), fcinfo->args);
	if (!PG_ARGISNULL(expires_on))
		require_day(table, "expires_on", PG_GETARG_DATUM(expires_on));
	PG_RETURN_BOOL(true);
}

/* A reference of an order, which may be empty. */
void
require_incoming_ref(const char *table, Datum value)
{
	text	   *ref = DatumGetTextPP(value);
	int			size = VARSIZE_ANY_EXHDR(ref);

	if (size > 0 && code_kind(VARDATA_ANY(ref), size) != CODE_SOUND)
		refuse(table, "ref",
			   psprintf("ref \"%s\" is not valid", shown(text_to_cstring(ref))),
			   "A ref has at most 200 bytes, and no white space at either end; it may be empty.");
}

/* Units on order, which have the decimals of a quantity. */
void
require_incoming_quantity(const char *table, Datum value)
{
	Quantity	quantity;

	if (read_quantity(value, &quantity) && quantity <= 0)
		refuse(table, "quantity",
			   psprintf("quantity %s is not above 0",
						shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)))),
			   "Give the units that are still on order; leave out what has arrived.");
}

/* is_incoming(merchant, sku, inventory_type, ref, expected_on, quantity): the table's CHECK */
PG_FUNCTION_INFO_V1(stock_is_incoming);
Datum
stock_is_incoming(PG_FUNCTION_ARGS)
{
	static const char table[] = "incoming";
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};
	enum
	{
		REF = lengthof(codes), EXPECTED_ON, QUANTITY
	};

	require_codes(table, codes, lengthof(codes), fcinfo->args);
	if (!PG_ARGISNULL(REF))
		require_incoming_ref(table, PG_GETARG_DATUM(REF));
	if (!PG_ARGISNULL(EXPECTED_ON))
		require_day(table, "expected_on", PG_GETARG_DATUM(EXPECTED_ON));
	if (!PG_ARGISNULL(QUANTITY))
		require_incoming_quantity(table, PG_GETARG_DATUM(QUANTITY));
	PG_RETURN_BOOL(true);
}
