/*
 * catalogue.c
 *		Merchants, products and inventory types: that they are there.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "plan.h"

static void
report_missing(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("%s", message),
			 errhint("Is the keyword right, and does it belong to that merchant?")));
}

void
report_missing_merchant(Datum merchant)
{
	report_missing(psprintf("merchant \"%s\" does not exist", TextDatumGetCString(merchant)));
}

void
check_merchant_exists(Datum merchant)
{
	static Statement find_merchant = {
		"SELECT FROM invtrack.merchant m WHERE m.merchant OPERATOR(pg_catalog.=) $1",
		1, {TEXTOID}
	};

	if (statement_run(&find_merchant, &merchant, NULL, true) == 0)
		report_missing_merchant(merchant);
}

/*
 * The merchant, product and inventory type of a key exist, as far as the
 * caller can see: what row security hides does not.
 */
void
check_item_exists(FunctionCallInfo fcinfo, bool read_only)
{
	static Statement find_item = {
		"SELECT EXISTS (SELECT FROM invtrack.merchant m"
		" WHERE m.merchant OPERATOR(pg_catalog.=) $1),"
		" EXISTS (SELECT FROM invtrack.product p WHERE p.merchant OPERATOR(pg_catalog.=) $1"
		" AND p.sku OPERATOR(pg_catalog.=) $2),"
		" EXISTS (SELECT FROM invtrack.inventory_type i WHERE i.merchant OPERATOR(pg_catalog.=) $1"
		" AND i.inventory_type OPERATOR(pg_catalog.=) $3)",
		3, {TEXTOID, TEXTOID, TEXTOID}, 0, {BOOLOID, BOOLOID, BOOLOID}
	};
	Datum		key[3];
	const char *merchant = TextDatumGetCString(PG_GETARG_DATUM(ARG_MERCHANT));
	bool		found[3];

	for (int i = 0; i < lengthof(key); i++)
		key[i] = PG_GETARG_DATUM(i);
	statement_run(&find_item, key, NULL, read_only);
	for (int i = 0; i < lengthof(found); i++)
		found[i] = result_bool(SPI_tuptable, 0, i + 1);
	if (!found[ARG_MERCHANT])
		report_missing_merchant(key[ARG_MERCHANT]);
	if (!found[ARG_SKU])
		report_missing(psprintf("product \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_SKU]), merchant));
	if (!found[ARG_INVENTORY_TYPE])
		report_missing(psprintf("inventory type \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_INVENTORY_TYPE]), merchant));
}
