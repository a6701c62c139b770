/*
 * product_rows.c
 *		The rows of a product that gets another code, is merged into another, or
 *		is deleted.
 *
 * Who calls holds the locks, and acts as the owner of the tables.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "catalogue.h"
#include "product_rows.h"
#include "statement.h"
#include "trigger.h"

static void
run(Statement *statement, Datum *values)
{
	(void) statement_run(statement, values, NULL, false);
}

/*
 * Give all rows the other code. One statement, so that foreign keys, which are
 * checked at its end, find both sides as they will be.
 */
#define MOVE(table) \
	" AS (UPDATE invtrack." table " d SET sku = $3 WHERE" OF_SKU("d", "$2") LIFT_GUARD("d") ")"
#define MOVE_REST \
	" lots" MOVE("stock_lot") ", orders" MOVE("incoming") ", movements" MOVE("movement") \
	", series" MOVE("flow_series") ", trackers" MOVE("tracker") \
	", tracker_days" MOVE("tracker_history") ", stock_days" MOVE("stock_history") \
	", alerts" MOVE("alert") ", changes" MOVE("tracker_change") " SELECT"

void
rename_product_rows(Datum *values)
{
	static Statement rename = {
		"WITH products" MOVE("product") "," MOVE_REST, KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
	};

	run(&rename, values);
}

/* The other code is the product's, too, in the place of what has it: to be merged into. */
void
copy_product(Datum *values)
{
	static Statement copy = {
		"INSERT INTO invtrack.product AS p (merchant, sku, name, launched_on, discontinued_on)"
		" SELECT d.merchant, $3, d.name, d.launched_on, d.discontinued_on"
		" FROM invtrack.product d WHERE" OF_SKU("d", "$2")
		" ON CONFLICT (merchant, sku) DO UPDATE SET name = excluded.name,"
		" launched_on = excluded.launched_on, discontinued_on = excluded.discontinued_on",
		KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
	};

	run(&copy, values);
}

/* Equal lots and orders are added up; those with one code and two dates are not the same. */
static void
require_equal_dates(Datum *values)
{
	static Statement find_other = {
		"SELECT c.what, c.code, c.date, c.other_date FROM ("
		" SELECT 'lot' AS what, a.lot AS code, coalesce(a.expires_on::pg_catalog.text, 'none')"
		" AS date, coalesce(b.expires_on::pg_catalog.text, 'none') AS other_date,"
		" coalesce(a.expires_on, 'infinity') " EQ " coalesce(b.expires_on, 'infinity') AS equal"
		" FROM invtrack.stock_lot a JOIN invtrack.stock_lot b ON" SAME_TYPE("b", "a")
		" AND b.lot " EQ " a.lot WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3")
		" UNION ALL"
		" SELECT 'order', a.ref, coalesce(a.expected_on::pg_catalog.text, 'none'),"
		" coalesce(b.expected_on::pg_catalog.text, 'none'),"
		" coalesce(a.expected_on, 'infinity') " EQ " coalesce(b.expected_on, 'infinity')"
		" FROM invtrack.incoming a JOIN invtrack.incoming b ON" SAME_TYPE("b", "a")
		" AND b.ref " EQ " a.ref WHERE" OF_SKU("a", "$2") " AND" OF_SKU("b", "$3")
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
#define SAME_LOT	SAME_TYPE("b", "a") " AND b.lot " EQ " a.lot"
#define SAME_ORDER	SAME_TYPE("b", "a") " AND b.ref " EQ " a.ref"
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
			" purged_movements = s.purged_movements OPERATOR(pg_catalog.+)"
			" excluded.purged_movements,"
			" purged = coalesce(s.purged OPERATOR(invtrack.+) excluded.purged, s.purged,"
			" excluded.purged)",
			KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
		},
		DELETE_OF_SKU("flow_series"),
		{
			"INSERT INTO invtrack.stock_history AS s (merchant, sku, inventory_type, on_hand)"
			" SELECT a.merchant, $3, a.inventory_type, a.on_hand"
			" FROM invtrack.stock_history a WHERE" OF_SKU("a", "$2")
			" ON CONFLICT (merchant, sku, inventory_type) DO UPDATE"
			" SET on_hand = invtrack_internal.history_sum("
			" s.on_hand::invtrack.day_series, excluded.on_hand::invtrack.day_series)",
			KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
		},
		DELETE_OF_SKU("stock_history"),
		/* the history of these trackers goes with them */
		DELETE_DOUBLE("tracker", SAME_TYPE("b", "a") " AND" SAME_MECHANISM("b", "a")),
		/* their deletion, just recorded, is not that of those that are kept */
		{
			"UPDATE invtrack.tracker_change c SET after = pg_catalog.jsonb_build_object("
			"'quantity', b.quantity::pg_catalog.numeric, 'lookback_days', b.lookback_days,"
			" 'coverage_days', b.coverage_days, 'expiry_days', b.expiry_days,"
			" 'active', b.active, 'version', b.version) FROM invtrack.tracker b"
			" WHERE" OF_SKU("c", "$2") " AND" OF_SKU("b", "$3") " AND" SAME_TYPE("b", "c")
			" AND" SAME_MECHANISM("b", "c") " AND c.after IS NULL"
			" AND c.changed_at " EQ " pg_catalog.statement_timestamp()"
			" AND NOT EXISTS (SELECT FROM invtrack.tracker_change d"
			" WHERE" OF_SKU("d", "$2") " AND" SAME_TYPE("d", "c") " AND" SAME_MECHANISM("d", "c")
			" AND d.change_id OPERATOR(pg_catalog.>) c.change_id)",
			KEY_PARAMETERS, {TEXTOID, TEXTOID, TEXTOID}
		}
	};

	for (int i = 0; i < lengthof(steps); i++)
		run(&steps[i], values);
}

void
merge_product_rows(Datum *values)
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
void
delete_product_rows(Datum *values)
{
	static Statement steps[] = {
		DELETE_OF_SKU("alert"), DELETE_OF_SKU("tracker"), DELETE_OF_SKU("tracker_change"),
		DELETE_OF_SKU("stock_lot"), DELETE_OF_SKU("incoming"),
		{"DELETE FROM invtrack.movement d WHERE" OF_SKU("d", "$2") LIFT_GUARD("d"), 2,
		{TEXTOID, TEXTOID}},
		DELETE_OF_SKU("flow_series"), DELETE_OF_SKU("product")
	};

	for (int i = 0; i < lengthof(steps); i++)
		run(&steps[i], values);
}
