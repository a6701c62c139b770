/*
 * product_change.c
 *		Products under another code, merged into another, and deleted.
 *
 * All that is committed of a product goes along. Folds, purges and checks of
 * the merchant wait, and the other way round. It is done as the owner of the
 * tables, for callers who may manage the merchant.
 */
#include "postgres.h"

#include "catalog/pg_collation_d.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "access.h"
#include "alert_event.h"
#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "connection.h"
#include "fold.h"
#include "owner.h"
#include "product_rows.h"
#include "statement.h"
#include "suggestion.h"
#include "trigger.h"

/* What is there of the two codes. */
typedef struct Present
{
	bool		product;
	bool		movements;
	bool		other_product;
	bool		other_movements;
} Present;

static Present
find_present(Datum *values)
{
#define HAS_PRODUCT(parameter) \
	"EXISTS (SELECT FROM invtrack.product p WHERE" OF_SKU("p", parameter) ")"
	/* what is folded has a series; what is not is in a small index */
#define HAS_MOVEMENTS(parameter) \
	"EXISTS (SELECT FROM invtrack.flow_series s WHERE" OF_SKU("s", parameter) ")" \
	" OR EXISTS (SELECT FROM invtrack.movement v WHERE" OF_SKU("v", parameter) " AND NOT v.folded)"
	static Statement find = {
		"SELECT " HAS_PRODUCT("$2") ", " HAS_MOVEMENTS("$2") ", "
		HAS_PRODUCT("$3") ", " HAS_MOVEMENTS("$3"),
		KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}, 0, {BOOLOID, BOOLOID, BOOLOID, BOOLOID}
	};
	Present		present;

	statement_run(&find, values, NULL, false);
	present.product = result_bool(SPI_tuptable, 0, 1);
	present.movements = result_bool(SPI_tuptable, 0, 2);
	present.other_product = result_bool(SPI_tuptable, 0, 3);
	present.other_movements = result_bool(SPI_tuptable, 0, 4);
	return present;
}

static void
require_product_or_movements(const Present *present, const Datum *values)
{
	if (!present->product && !present->movements)
		report_missing("sku",
					   psprintf("there is no product \"%s\" of merchant \"%s\", and there are no movements of it",
								TextDatumGetCString(values[SKU]),
								TextDatumGetCString(values[MERCHANT])),
					   suggest_code(SKU_CODE, values[MERCHANT], values[SKU]),
					   "Is the sku right, and does it belong to that merchant?");
}

/*
 * An event for each open alert of the product that the condition leaves: they
 * are renamed, or withdrawn.
 */
#define TELL_ALERTS(condition) \
	"WITH t AS (" \
	" SELECT a.merchant, a.alert_id, a.inventory_type, a.mechanism, a.status, a.reason," \
	" a.opened_at," \
	" CASE WHEN $6 " EQ " 'renamed' THEN $3 ELSE $2 END AS sku," \
	" CASE WHEN $6 " EQ " 'renamed' THEN coalesce(o.name, p.name) ELSE p.name END" \
	" AS product_name," \
	" m.name AS merchant_name, i.name AS inventory_type_name," \
	" invtrack_internal.as_of(m.time_zone::pg_catalog.text) AS as_of, a.status AS alert_status," \
	" NULL::pg_catalog.numeric AS health, NULL::pg_catalog.numeric AS current_stock," \
	" NULL::pg_catalog.numeric AS threshold, a.severity, $6 AS transition," \
	" $4 OPERATOR(pg_catalog.+) pg_catalog.row_number()" \
	" OVER (ORDER BY a.inventory_type, a.mechanism) AS event_id" \
	" FROM invtrack.alert a" \
	" JOIN invtrack.merchant m ON m.merchant " EQ " a.merchant" \
	" LEFT JOIN invtrack.product p ON" OF_SKU("p", "$2") \
	" LEFT JOIN invtrack.product o ON" OF_SKU("o", "$3") \
	" LEFT JOIN invtrack.inventory_type i ON i.merchant " EQ " a.merchant AND" \
	SAME_TYPE("i", "a") \
	" WHERE" OF_SKU("a", "$2") " AND a.closed_at IS NULL" condition ")" \
	" INSERT INTO invtrack.alert_event (merchant, event_id, transition, alert_id," \
	" sku, inventory_type, mechanism, recorded_at, payload)" \
	" SELECT t.merchant, t.event_id, t.transition, t.alert_id," \
	" t.sku, t.inventory_type, t.mechanism, $5, " ALERT_PAYLOAD("$5") \
	" OPERATOR(pg_catalog.||) CASE WHEN $6 " EQ " 'renamed'" \
	" THEN pg_catalog.jsonb_build_object('previous_sku', $2) ELSE '{}'::pg_catalog.jsonb END" \
	" FROM t ORDER BY t.event_id"

/* Of a merge: the other product has an open alert, or a tracker, of the same key. */
#define LOSES \
	" AND (EXISTS (SELECT FROM invtrack.alert b WHERE" OF_SKU("b", "$3") \
	" AND" SAME_TYPE("b", "a") " AND" SAME_MECHANISM("b", "a") " AND b.closed_at IS NULL)" \
	" OR EXISTS (SELECT FROM invtrack.tracker b WHERE" OF_SKU("b", "$3") \
	" AND" SAME_TYPE("b", "a") " AND" SAME_MECHANISM("b", "a") "))"

/* Tell with a statement made of the above, and count the events. */
static void
tell_alerts(Statement *tell, const char *transition, Datum *values)
{
	values[TRANSITION] = CStringGetTextDatum(transition);
	values[LAST_EVENT] = Int64GetDatum(DatumGetInt64(values[LAST_EVENT]) +
									   (int64) statement_run(tell, values, NULL, false));
}

static void
tell_all_alerts(const char *transition, Datum *values)
{
	static Statement tell = {TELL_ALERTS(""), PARAMETERS_MAX, {PARAMETER_TYPES}};

	tell_alerts(&tell, transition, values);
}

/* Close the alerts of a product that lose in a merge, and tell. */
static void
withdraw_losing(Datum *values)
{
	static Statement tell = {TELL_ALERTS(LOSES), PARAMETERS_MAX, {PARAMETER_TYPES}};
	static Statement close_alerts = {
		"UPDATE invtrack.alert a SET closed_at = $4, closed_as = 'withdrawn', closed_on ="
		" (SELECT invtrack_internal.as_of(m.time_zone::pg_catalog.text) FROM invtrack.merchant m"
		" WHERE m.merchant " EQ " $1)"
		" WHERE" OF_SKU("a", "$2") " AND a.closed_at IS NULL" LOSES,
		4, {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		close_values[4] = {values[MERCHANT], values[SKU], values[OTHER_SKU], values[NOW]};

	tell_alerts(&tell, "withdrawn", values);
	(void) statement_run(&close_alerts, close_values, NULL, false);
}

/*
 * Of a product that had the new code, and was deleted since the last check: its trackers are gone.
 */
static void
withdraw_left(Datum *values)
{
	const Datum sku = values[SKU];

	values[SKU] = values[OTHER_SKU];	/* each loses to itself */
	withdraw_losing(values);
	values[SKU] = sku;
}

/*
 * Take turns with folds, purges and checks of the merchant, with connections
 * that bring something of these products, and with who writes them. Connections
 * lock items before, all of a commit. Returns the items of connections, with
 * those that were made while we waited.
 */
static Datum
start_change(Datum *values, bool by_hand)
{
	int64		events;
	Datum		items;

	lock_fold_state(values[MERCHANT]);
	if (!lock_alert_events(values[MERCHANT], &events))
		report_missing_merchant(values[MERCHANT]);
	if (by_hand)
	{
		Datum		merchants[] = {values[MERCHANT], values[MERCHANT]};

		lock_items_of_products(merchants, &values[SKU], 2);
	}
	lock_products(values);
	items = lock_items(values[MERCHANT], &values[SKU], 2);
	values[LAST_EVENT] = Int64GetDatum(events);
	values[NOW] = TimestampTzGetDatum(GetCurrentTimestamp());
	return items;
}

/* The codes that a function is called with. */
static void
get_codes(FunctionCallInfo fcinfo, const char *const *names, int count, Datum *values)
{
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE};

	for (int arg = 0; arg < count; arg++)
		require_not_null(fcinfo, arg, names[arg]);
	require_codes(NULL, codes, lengthof(codes), fcinfo->args);
	if (count == KEY_PARAMETERS)
		require_code(fcinfo, OTHER_SKU, names[OTHER_SKU]);
	for (int arg = 0; arg < count; arg++)
		values[arg] = PG_GETARG_DATUM(arg);
	if (count == KEY_PARAMETERS &&
		DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, values[SKU],
											 values[OTHER_SKU])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" is the same as sku", names[OTHER_SKU],
						TextDatumGetCString(values[OTHER_SKU])),
				 errhint("Give another sku for the argument %s.", names[OTHER_SKU]),
				 errargument(names[OTHER_SKU])));
}

/* Make one product of two, for which merge_product_rows() finds both. */
static void
merge_as_owner(Datum *values, Datum items)
{
	withdraw_losing(values);
	tell_all_alerts("renamed", values);
	merge_product_rows(values);
	move_items(values[MERCHANT], values[SKU], values[OTHER_SKU], items);
}

/* Rename, or, of what a connection feeds, refuse to. */
static void
rename_as_owner(Datum *values, bool by_hand)
{
	Present		present;
	Datum		items;

	SPI_connect();
	items = start_change(values, by_hand);
	present = find_present(values);
	require_product_or_movements(&present, values);
	if (by_hand)
		require_not_fed(values[MERCHANT], values[SKU]);
	if (by_hand && (present.other_product || present.other_movements))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg(present.other_product ? "product \"%s\" of merchant \"%s\" exists already" :
						"movements of sku \"%s\" of merchant \"%s\" exist already",
						TextDatumGetCString(values[OTHER_SKU]),
						TextDatumGetCString(values[MERCHANT])),
				 errhint(present.other_product ? "To make one product of the two, use invtrack.merge_product()." :
						 "To make one of the two, insert the product, and use invtrack.merge_product()."),
				 errargument("new_sku")));
	withdraw_left(values);
	if (present.other_product || present.other_movements)
	{
		copy_product(values);
		merge_as_owner(values, items);
	}
	else
	{
		tell_all_alerts("renamed", values);
		rename_product_rows(values);
		move_items(values[MERCHANT], values[SKU], values[OTHER_SKU], items);
	}
	finish_alert_events(values[MERCHANT], DatumGetInt64(values[LAST_EVENT]));
	SPI_finish();
}

/* rename_product(merchant, sku, new_sku) */
PG_FUNCTION_INFO_V1(product_rename);
Datum
product_rename(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"merchant", "sku", "new_sku"};
	Datum		values[PARAMETERS_MAX];
	Caller		caller;

	get_codes(fcinfo, names, KEY_PARAMETERS, values);
	require_merchant_access(values[MERCHANT], ACCESS_MANAGE, "rename products");
	become_owner("product", &caller);
	rename_as_owner(values, true);
	note_arrival("product");
	become_caller(&caller);
	PG_RETURN_BOOL(true);
}

/*
 * rename_fed_product(merchant, sku, new_sku): as the source of a connection
 * has it now; for the owner alone
 */
PG_FUNCTION_INFO_V1(product_rename_fed);
Datum
product_rename_fed(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"merchant", "sku", "new_sku"};
	Datum		values[PARAMETERS_MAX];

	require_caller_is_owner("product", "rename what a connection feeds");
	get_codes(fcinfo, names, KEY_PARAMETERS, values);
	rename_as_owner(values, false);
	PG_RETURN_BOOL(true);
}

/* merge_product(merchant, sku, into_sku) */
PG_FUNCTION_INFO_V1(product_merge);
Datum
product_merge(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"merchant", "sku", "into_sku"};
	Datum		values[PARAMETERS_MAX];
	Present		present;
	Datum		items;
	Caller		caller;

	get_codes(fcinfo, names, KEY_PARAMETERS, values);
	require_merchant_access(values[MERCHANT], ACCESS_MANAGE, "merge products");
	become_owner("product", &caller);
	SPI_connect();
	items = start_change(values, true);
	present = find_present(values);
	require_product_or_movements(&present, values);
	if (!present.other_product)
		report_missing("into_sku",
					   psprintf("product \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(values[OTHER_SKU]),
								TextDatumGetCString(values[MERCHANT])),
					   suggest_code(SKU_CODE, values[MERCHANT], values[OTHER_SKU]),
					   present.other_movements ? "Insert the product first." :
					   "Insert the product first, or use invtrack.rename_product().");
	require_not_fed(values[MERCHANT], values[SKU]);
	merge_as_owner(values, items);
	finish_alert_events(values[MERCHANT], DatumGetInt64(values[LAST_EVENT]));
	SPI_finish();
	become_caller(&caller);
	PG_RETURN_BOOL(true);
}

/* delete_product(merchant, sku); for the owner alone */
PG_FUNCTION_INFO_V1(product_delete);
Datum
product_delete(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"merchant", "sku"};
	Datum		values[PARAMETERS_MAX];
	Present		present;
	Datum		items;

	get_codes(fcinfo, names, lengthof(names), values);
	values[OTHER_SKU] = values[SKU];
	require_caller_is_owner("product", "delete a product");
	SPI_connect();
	items = start_change(values, true);
	present = find_present(values);
	require_product_or_movements(&present, values);
	tell_all_alerts("withdrawn", values);
	delete_product_rows(values);
	forget_items(items);
	finish_alert_events(values[MERCHANT], DatumGetInt64(values[LAST_EVENT]));
	SPI_finish();
	PG_RETURN_BOOL(true);
}
