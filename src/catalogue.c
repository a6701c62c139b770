/*
 * catalogue.c
 *		Merchants, products and inventory types: what they can have, and that
 *		they are there.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "argument.h"
#include "catalogue.h"
#include "code.h"
#include "compat.h"
#include "refusal.h"
#include "statement.h"
#include "suggestion.h"
#include "tracker_rule.h"

#define REARM_PERCENT_MAX	1000
#define CRITICAL_PERCENT_MAX	100

/* is_merchant(merchant, rearm_percent, critical_percent): the table's CHECK */
PG_FUNCTION_INFO_V1(catalogue_is_merchant);
Datum
catalogue_is_merchant(PG_FUNCTION_ARGS)
{
	static const CodeColumn codes[] = {MERCHANT_CODE};

	require_codes("merchant", codes, lengthof(codes), fcinfo->args);
	require_percent("merchant", "rearm_percent", fcinfo->args[1], REARM_PERCENT_MAX);
	require_percent("merchant", "critical_percent", fcinfo->args[2], CRITICAL_PERCENT_MAX);
	PG_RETURN_BOOL(true);
}

/* is_product(merchant, sku, launched_on, discontinued_on): the table's CHECK */
PG_FUNCTION_INFO_V1(catalogue_is_product);
Datum
catalogue_is_product(PG_FUNCTION_ARGS)
{
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE};
	static const char *const days[] = {"launched_on", "discontinued_on"};

	require_codes("product", codes, lengthof(codes), fcinfo->args);
	for (int i = 0; i < lengthof(days); i++)
		if (!PG_ARGISNULL(lengthof(codes) + i))
			require_day("product", days[i], PG_GETARG_DATUM(lengthof(codes) + i));
	PG_RETURN_BOOL(true);
}

/* is_inventory_type(merchant, inventory_type): the table's CHECK */
PG_FUNCTION_INFO_V1(catalogue_is_inventory_type);
Datum
catalogue_is_inventory_type(PG_FUNCTION_ARGS)
{
	static const CodeColumn codes[] = {MERCHANT_CODE, INVENTORY_TYPE_CODE};

	require_codes("inventory_type", codes, lengthof(codes), fcinfo->args);
	PG_RETURN_BOOL(true);
}

/*
 * The error about a code that is not there; suggested is what it may have been
 * meant to be, or null.
 */
void
report_missing(const char *column, const char *message, const char *suggested, const char *hint)
{
	mark_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("%s", message),
			 suggested != NULL ? errhint("Did you mean \"%s\"? %s", suggested, hint) :
			 errhint("%s", hint),
			 errargument(column)));
}

void
report_missing_merchant(Datum merchant)
{
	report_missing("merchant",
				   psprintf("merchant \"%s\" does not exist", TextDatumGetCString(merchant)),
				   suggest_code(MERCHANT_CODE, merchant, merchant),
				   "Is the code right, and do you have access to that merchant? The table invtrack.merchant lists those that you may see.");
}

void
require_merchant_exists(Datum merchant)
{
	static Statement find_merchant = {
		"SELECT FROM invtrack.merchant m WHERE m.merchant " EQ " $1",
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
require_item_exists(const Datum *key, bool read_only)
{
	static Statement find_item = {
		"SELECT EXISTS (SELECT FROM invtrack.merchant m"
		" WHERE m.merchant " EQ " $1),"
		" EXISTS (SELECT FROM invtrack.product p WHERE p.merchant " EQ " $1"
		" AND p.sku " EQ " $2),"
		" EXISTS (SELECT FROM invtrack.inventory_type i WHERE i.merchant " EQ " $1"
		" AND i.inventory_type " EQ " $3)",
		3, {TEXTOID, TEXTOID, TEXTOID}, 0, {BOOLOID, BOOLOID, BOOLOID}
	};
	Datum		values[ITEM_CODES];
	bool		found[ITEM_CODES];

	memcpy(values, key, sizeof(values));
	statement_run(&find_item, values, NULL, read_only);
	for (int i = 0; i < lengthof(found); i++)
		found[i] = result_bool(SPI_tuptable, 0, i + 1);
	report_missing_item(key, found);
}

/* Of the merchant, product and inventory type of a key: raise an error where one was not found. */
void
report_missing_item(const Datum *key, const bool *found)
{
	const char *merchant = TextDatumGetCString(key[ARG_MERCHANT]);

	if (!found[ARG_MERCHANT])
		report_missing_merchant(key[ARG_MERCHANT]);
	if (!found[ARG_SKU])
		report_missing("sku",
					   psprintf("product \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_SKU]), merchant),
					   suggest_code(SKU_CODE, key[ARG_MERCHANT], key[ARG_SKU]),
					   "Is the keyword right, and does it belong to that merchant? invtrack.find_products(merchant, keyword) searches the products of a merchant.");
	if (!found[ARG_INVENTORY_TYPE])
		report_missing("inventory_type",
					   psprintf("inventory type \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_INVENTORY_TYPE]), merchant),
					   suggest_code(INVENTORY_TYPE_CODE, key[ARG_MERCHANT],
									key[ARG_INVENTORY_TYPE]),
					   "Is the inventory type right, and does it belong to that merchant? The table invtrack.inventory_type lists those of each merchant.");
}

/*
 * The same as a refusal, without a search for what was meant: for the rest of
 * a file that is all wrong.
 */
void
missing_item(const Datum *key, const bool *found, Refusal *refusal)
{
	static const char *const names[] = {"merchant", "product", "inventory type"};
	static const char *const columns[] = {"merchant", "sku", "inventory_type"};
	int			i = !found[0] ? 0 : !found[1] ? 1 : 2;

	*refusal = refusal_of(ERRCODE_FOREIGN_KEY_VIOLATION, columns[i],
						  i == 0 ?
						  psprintf("merchant \"%s\" does not exist", TextDatumGetCString(key[0])) :
						  psprintf("%s \"%s\" of merchant \"%s\" does not exist", names[i],
								   TextDatumGetCString(key[i]), TextDatumGetCString(key[0])),
						  "Is the code right, and does it belong to that merchant?");
}

/*
 * Lock two products of a merchant with their stock and trackers: (merchant,
 * sku, other sku). Others that give them lots or trackers, or change these,
 * wait, and statements that follow see what those had done who came before.
 */
void
lock_products(Datum *key)
{
#define LOCK_ROWS(table, place) \
	{"SELECT FROM invtrack." table " d WHERE d.merchant " EQ " $1" \
	" AND (d.sku " EQ " $2 OR d.sku " EQ " $3)" \
	" ORDER BY " place " FOR UPDATE", 3, {TEXTOID, TEXTOID, TEXTOID}}
	static Statement steps[] = {
		LOCK_ROWS("product", "d.sku"),
		LOCK_ROWS("stock_lot", "d.sku, d.inventory_type, d.lot"),
		LOCK_ROWS("incoming", "d.sku, d.inventory_type, d.ref"),
		LOCK_ROWS("tracker", "d.sku, d.inventory_type, d.mechanism")
	};

	for (int i = 0; i < lengthof(steps); i++)
		statement_run(&steps[i], key, NULL, false);
}
