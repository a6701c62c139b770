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
#include "guard.h"
#include "owner.h"
#include "plan.h"

#define SAME_TYPE(a, b)			" " a ".inventory_type OPERATOR(pg_catalog.=) " b ".inventory_type"
#define SAME_MECHANISM(a, b)	" " a ".mechanism OPERATOR(pg_catalog.=) " b ".mechanism"

/* The parameters of statements here. */
enum
{
	MERCHANT,
	SKU,
	OTHER_SKU,					/* the new one, or the one that it is merged into */
	LAST_EVENT,
	NOW,
	TRANSITION,
	PARAMETERS_MAX
};

#define PARAMETER_TYPES		TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID, TEXTOID
#define KEY_PARAMETERS		3

/* What is there of the two codes. */
typedef struct Present
{
	bool		product;
	bool		movements;
	bool		other_product;
	bool		other_movements;
} Present;

static void
run(Statement *statement, Datum *values)
{
	(void) statement_run_unguarded(statement, values);
}

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
	bool		found[4];

	statement_run(&find, values, NULL, false);
	for (int i = 0; i < lengthof(found); i++)
		found[i] = result_bool(SPI_tuptable, 0, i + 1);
	return (Present) {found[0], found[1], found[2], found[3]};
}

static void
require_product_or_movements(const Present *present, const Datum *values)
{
	if (!present->product && !present->movements)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("there is no product \"%s\" of merchant \"%s\", and there are no movements of it",
						TextDatumGetCString(values[SKU]), TextDatumGetCString(values[MERCHANT])),
				 errhint("Is the sku right, and does it belong to that merchant?"),
				 errargument("sku")));
}

/*
 * An event for each open alert of the product that the condition leaves: they
 * are renamed, or withdrawn.
 */
#define TELL_ALERTS(condition) \
	"WITH t AS (" \
	" SELECT a.merchant, a.alert_id, a.inventory_type, a.mechanism, a.status, a.reason, a.opened_at," \
	" CASE WHEN $6 OPERATOR(pg_catalog.=) 'renamed' THEN $3 ELSE $2 END AS sku," \
	" CASE WHEN $6 OPERATOR(pg_catalog.=) 'renamed' THEN coalesce(o.name, p.name) ELSE p.name END AS product_name," \
	" m.name AS merchant_name, i.name AS inventory_type_name," \
	" invtrack_internal.as_of(m.time_zone::pg_catalog.text) AS as_of, a.status AS alert_status," \
	" NULL::pg_catalog.numeric AS health, NULL::pg_catalog.numeric AS current_stock," \
	" NULL::pg_catalog.numeric AS threshold, a.severity, $6 AS transition," \
	" $4 OPERATOR(pg_catalog.+) pg_catalog.row_number()" \
	" OVER (ORDER BY a.inventory_type, a.mechanism) AS event_id" \
	" FROM invtrack.alert a" \
	" JOIN invtrack.merchant m ON m.merchant OPERATOR(pg_catalog.=) a.merchant" \
	" LEFT JOIN invtrack.product p ON" OF_SKU("p", "$2") \
	" LEFT JOIN invtrack.product o ON" OF_SKU("o", "$3") \
	" LEFT JOIN invtrack.inventory_type i ON i.merchant OPERATOR(pg_catalog.=) a.merchant AND" \
	SAME_TYPE("i", "a") \
	" WHERE" OF_SKU("a", "$2") " AND a.closed_at IS NULL" condition ")" \
	" INSERT INTO invtrack.alert_event (merchant, event_id, transition, alert_id," \
	" sku, inventory_type, mechanism, recorded_at, payload)" \
	" SELECT t.merchant, t.event_id, t.transition, t.alert_id," \
	" t.sku, t.inventory_type, t.mechanism, $5, " ALERT_PAYLOAD("$5") \
	" OPERATOR(pg_catalog.||) CASE WHEN $6 OPERATOR(pg_catalog.=) 'renamed'" \
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
		" WHERE m.merchant OPERATOR(pg_catalog.=) $1)"
		" WHERE" OF_SKU("a", "$2") " AND a.closed_at IS NULL" LOSES,
		4, {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		close_values[4] = {values[MERCHANT], values[SKU], values[OTHER_SKU], values[NOW]};

	tell_alerts(&tell, "withdrawn", values);
	run(&close_alerts, close_values);
}

/* Of a product that had the new code, and was deleted since the last check: its trackers are gone. */
static void
withdraw_left(Datum *values)
{
	const Datum sku = values[SKU];

	values[SKU] = values[OTHER_SKU];	/* each loses to itself */
	withdraw_losing(values);
	values[SKU] = sku;
}

/*
 * Give all rows the other code. One statement, so that foreign keys, which are
 * checked at its end, find both sides as they will be.
 */
#define MOVE(table) \
	" AS (UPDATE invtrack." table " d SET sku = $3 WHERE" OF_SKU("d", "$2") ")"
#define MOVE_REST \
	" lots" MOVE("stock_lot") ", orders" MOVE("incoming") ", movements" MOVE("movement") \
	", series" MOVE("flow_series") ", trackers" MOVE("tracker") \
	", tracker_days" MOVE("tracker_history") ", stock_days" MOVE("stock_history") \
	", alerts" MOVE("alert") ", changes" MOVE("tracker_change") " SELECT"

static void
rename_rows(Datum *values)
{
	static Statement rename = {
		"WITH products" MOVE("product") "," MOVE_REST, KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
	};

	run(&rename, values);
}

/* Equal lots and orders are added up; those with one code and two dates are not the same. */
static void
require_equal_dates(Datum *values)
{
	static Statement find_other = {
		"SELECT c.what, c.code, c.date, c.other_date FROM ("
		" SELECT 'lot' AS what, a.lot AS code, coalesce(a.expires_on::pg_catalog.text, 'none') AS date,"
		" coalesce(b.expires_on::pg_catalog.text, 'none') AS other_date, coalesce(a.expires_on, 'infinity')"
		" OPERATOR(pg_catalog.=) coalesce(b.expires_on, 'infinity') AS equal"
		" FROM invtrack.stock_lot a JOIN invtrack.stock_lot b ON" SAME_TYPE("b", "a")
		" AND b.lot OPERATOR(pg_catalog.=) a.lot WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3")
		" UNION ALL"
		" SELECT 'order', a.ref, coalesce(a.expected_on::pg_catalog.text, 'none'),"
		" coalesce(b.expected_on::pg_catalog.text, 'none'),"
		" coalesce(a.expected_on, 'infinity') OPERATOR(pg_catalog.=) coalesce(b.expected_on, 'infinity')"
		" FROM invtrack.incoming a JOIN invtrack.incoming b ON" SAME_TYPE("b", "a")
		" AND b.ref OPERATOR(pg_catalog.=) a.ref WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3")
		") c WHERE NOT c.equal ORDER BY c.what, c.code LIMIT 1",
		KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}, 0, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	const char *found[4];

	if (statement_run(&find_other, values, NULL, false) == 0)
		return;
	for (int i = 0; i < lengthof(found); i++)
		found[i] = result_string(SPI_tuptable, 0, i + 1);
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("%s \"%s\" of products \"%s\" and \"%s\" has different dates: %s and %s",
					found[0], found[1], TextDatumGetCString(values[SKU]),
					TextDatumGetCString(values[OTHER_SKU]), found[2], found[3]),
			 errhint("Give one of them another code, or the same date, and merge again.")));
}

/* Add up what both products have under the same key, and delete the one's. */
static void
add_up_rows(Datum *values)
{
#define SAME_LOT	SAME_TYPE("b", "a") " AND b.lot OPERATOR(pg_catalog.=) a.lot"
#define SAME_ORDER	SAME_TYPE("b", "a") " AND b.ref OPERATOR(pg_catalog.=) a.ref"
#define ADD_UP(table, same) \
	{"UPDATE invtrack." table " b SET quantity = b.quantity::pg_catalog.numeric" \
	" OPERATOR(pg_catalog.+) a.quantity::pg_catalog.numeric FROM invtrack." table " a" \
	" WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3") " AND" same, \
	KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}}
#define DELETE_DOUBLE(table, same) \
	{"DELETE FROM invtrack." table " a USING invtrack." table " b" \
	" WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3") " AND" same, \
	KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}}
#define DELETE_OF_SKU(table) \
	{"DELETE FROM invtrack." table " d WHERE" OF_SKU("d", "$2"), 2, {TEXTOID, TEXTOID}}
	static Statement steps[] = {
		ADD_UP("stock_lot", SAME_LOT), DELETE_DOUBLE("stock_lot", SAME_LOT),
		ADD_UP("incoming", SAME_ORDER), DELETE_DOUBLE("incoming", SAME_ORDER),
		{
			"INSERT INTO invtrack.flow_series AS s (merchant, sku, inventory_type, flow,"
			" movements, days, purged_movements, purged)"
			" SELECT a.merchant, $3, a.inventory_type, a.flow, a.movements, a.days,"
			" a.purged_movements, a.purged FROM invtrack.flow_series a WHERE" OF_SKU("a", "$2")
			" ON CONFLICT (merchant, sku, inventory_type, flow) DO UPDATE SET"
			" movements = s.movements OPERATOR(pg_catalog.+) excluded.movements,"
			" days = s.days OPERATOR(invtrack.+) excluded.days,"
			" purged_movements = s.purged_movements OPERATOR(pg_catalog.+) excluded.purged_movements,"
			" purged = coalesce(s.purged OPERATOR(invtrack.+) excluded.purged, s.purged, excluded.purged)",
			KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
		},
		DELETE_OF_SKU("flow_series"),
		{
			"INSERT INTO invtrack.stock_history AS s (merchant, sku, inventory_type, on_hand)"
			" SELECT a.merchant, $3, a.inventory_type, a.on_hand"
			" FROM invtrack.stock_history a WHERE" OF_SKU("a", "$2")
			" ON CONFLICT (merchant, sku, inventory_type) DO UPDATE"
			" SET on_hand = invtrack_internal.history_sum(s.on_hand::invtrack.day_series, excluded.on_hand::invtrack.day_series)",
			KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
		},
		DELETE_OF_SKU("stock_history"),
		/* the history of these trackers goes with them */
		DELETE_DOUBLE("tracker", SAME_TYPE("b", "a") " AND" SAME_MECHANISM("b", "a"))
	};

	for (int i = 0; i < lengthof(steps); i++)
		run(&steps[i], values);
}

static void
merge_rows(Datum *values)
{
	static Statement move_rest = {
		"WITH" MOVE_REST, KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
	};
	static Statement keep_launch = {
		"UPDATE invtrack.product o SET launched_on = LEAST(o.launched_on, p.launched_on)"
		" FROM invtrack.product p WHERE" OF_SKU("p", "$2") " AND" OF_SKU("o", "$3")
		" AND p.launched_on IS NOT NULL",
		KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
	};
	static Statement delete_product = DELETE_OF_SKU("product");

	require_equal_dates(values);
	add_up_rows(values);
	run(&move_rest, values);
	run(&keep_launch, values);
	run(&delete_product, values);
}

/* All that there is of a product, in the order of what refers to what. */
static void
delete_rows(Datum *values)
{
	static Statement steps[] = {
		DELETE_OF_SKU("alert"), DELETE_OF_SKU("tracker"), DELETE_OF_SKU("tracker_change"),
		DELETE_OF_SKU("stock_lot"), DELETE_OF_SKU("incoming"), DELETE_OF_SKU("movement"),
		DELETE_OF_SKU("flow_series"), DELETE_OF_SKU("product")
	};

	for (int i = 0; i < lengthof(steps); i++)
		run(&steps[i], values);
}

/* Take turns with folds, purges and checks of the merchant, and with who writes these products. */
static void
start_change(Datum *values)
{
	int64		events;

	lock_fold_state(values[MERCHANT]);
	if (!lock_alert_events(values[MERCHANT], &events))
		report_missing_merchant(values[MERCHANT]);
	lock_products(values);
	values[LAST_EVENT] = Int64GetDatum(events);
	values[NOW] = TimestampTzGetDatum(GetCurrentTimestamp());
}

/* The codes that a function is called with. */
static void
get_codes(FunctionCallInfo fcinfo, const char *const *names, int count, Datum *values)
{
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE};

	for (int arg = 0; arg < count; arg++)
		check_not_null(fcinfo, arg, names[arg]);
	check_codes(NULL, codes, lengthof(codes), fcinfo->args);
	if (count == KEY_PARAMETERS)
		check_code(fcinfo, OTHER_SKU, names[OTHER_SKU]);
	for (int arg = 0; arg < count; arg++)
		values[arg] = PG_GETARG_DATUM(arg);
	if (count == KEY_PARAMETERS &&
		DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, values[SKU], values[OTHER_SKU])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" is the same as sku", names[OTHER_SKU],
						TextDatumGetCString(values[OTHER_SKU])),
				 errhint("Give another sku for the argument %s.", names[OTHER_SKU]),
				 errargument(names[OTHER_SKU])));
}

/* Rename, or, of what a connection feeds, refuse to. */
static void
rename_as_owner(Datum *values, bool by_hand)
{
	Present		present;

	SPI_connect();
	start_change(values);
	present = find_present(values);
	require_product_or_movements(&present, values);
	if (by_hand)
		require_not_fed(values[MERCHANT], values[SKU]);
	if (present.other_product || present.other_movements)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg(present.other_product ? "product \"%s\" of merchant \"%s\" exists already" :
						"movements of sku \"%s\" of merchant \"%s\" exist already",
						TextDatumGetCString(values[OTHER_SKU]), TextDatumGetCString(values[MERCHANT])),
				 errhint(present.other_product ? "To make one product of the two, use invtrack.merge_product()." :
						 "To make one of the two, insert the product, and use invtrack.merge_product()."),
				 errargument("new_sku")));
	withdraw_left(values);
	tell_all_alerts("renamed", values);
	rename_rows(values);
	move_items(values[MERCHANT], values[SKU], values[OTHER_SKU]);
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
	become_caller(&caller);
	PG_RETURN_BOOL(true);
}

/* rename_fed_product(merchant, sku, new_sku): as the source of a connection has it now; for the owner alone */
PG_FUNCTION_INFO_V1(product_rename_fed);
Datum
product_rename_fed(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"merchant", "sku", "new_sku"};
	Datum		values[PARAMETERS_MAX];

	check_caller_is_owner("product", "rename what a connection feeds");
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
	Caller		caller;

	get_codes(fcinfo, names, KEY_PARAMETERS, values);
	require_merchant_access(values[MERCHANT], ACCESS_MANAGE, "merge products");
	become_owner("product", &caller);
	SPI_connect();
	start_change(values);
	present = find_present(values);
	require_product_or_movements(&present, values);
	if (!present.other_product)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("product \"%s\" of merchant \"%s\" does not exist",
						TextDatumGetCString(values[OTHER_SKU]), TextDatumGetCString(values[MERCHANT])),
				 errhint(present.other_movements ? "Insert the product first." :
						 "Insert the product first, or use invtrack.rename_product()."),
				 errargument("into_sku")));
	require_not_fed(values[MERCHANT], values[SKU]);
	withdraw_losing(values);
	tell_all_alerts("renamed", values);
	merge_rows(values);
	move_items(values[MERCHANT], values[SKU], values[OTHER_SKU]);
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

	get_codes(fcinfo, names, lengthof(names), values);
	values[OTHER_SKU] = values[SKU];
	check_caller_is_owner("product", "delete a product");
	SPI_connect();
	start_change(values);
	present = find_present(values);
	require_product_or_movements(&present, values);
	tell_all_alerts("withdrawn", values);
	delete_rows(values);
	forget_items(values[MERCHANT], values[SKU]);
	finish_alert_events(values[MERCHANT], DatumGetInt64(values[LAST_EVENT]));
	SPI_finish();
	PG_RETURN_BOOL(true);
}
