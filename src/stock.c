/*
 * stock.c
 *		Lots: units on hand.
 */
#include "postgres.h"

#include "fmgr.h"

#include "argument.h"
#include "code.h"
#include "compat.h"

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
