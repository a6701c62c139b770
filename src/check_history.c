/*
 * check_history.c
 *		What a check writes to the history of trackers and items.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "check.h"
#include "compat.h"
#include "statement.h"

/*
 * The history of these trackers. One that is being deleted is left out:
 * its history goes with it, and nobody waits for anybody.
 */
void
record_history(const Check *check, Datum changes)
{
#define SERIES_WITH(series, quantity) \
	"CASE WHEN invtrack_internal.history_says(" HISTORY_ARGS(series, "c.as_of", quantity) ")" \
	" THEN " series " ELSE" \
	" invtrack_internal.history_with(" HISTORY_ARGS(series, "c.as_of", quantity) ") END"
	static Statement record = {
		"INSERT INTO invtrack.tracker_history"
		" (merchant, sku, inventory_type, mechanism, health, current_stock, threshold, reasons)"
		" SELECT $2, c.sku, c.inventory_type, c.mechanism,"
		" " SERIES_WITH("c.health_history", "c.health") ","
		" " SERIES_WITH("c.stock_history", "c.current_stock") ","
		" " SERIES_WITH("c.threshold_history", "c.threshold") ","
		" " SERIES_WITH("c.reason_history",
						"invtrack_internal.reason_number(c.reason::pg_catalog.text)")
		" FROM pg_catalog.unnest($1) c JOIN invtrack.tracker t"
		" ON t.merchant " EQ " $2 AND t.sku " EQ " c.sku"
		" AND t.inventory_type " EQ " c.inventory_type"
		" AND t.mechanism " EQ " c.mechanism"
		" WHERE c.history_changes FOR KEY SHARE OF t SKIP LOCKED"
		" ON CONFLICT (merchant, sku, inventory_type, mechanism) DO UPDATE"
		" SET health = excluded.health, current_stock = excluded.current_stock,"
		" threshold = excluded.threshold, reasons = excluded.reasons",
		2, {InvalidOid, TEXTOID}
	};
	Datum		values[2] = {changes, check->merchant};

	statement_set_type(&record, 0, check->array_type);
	statement_run(&record, values, NULL, false);
}

/* Units on hand of the merchant's items. */
void
record_stock(const Check *check)
{
	static Statement record = {
		"WITH k AS MATERIALIZED ("
		" SELECT c.sku, c.inventory_type, c.on_hand, c.as_of, c.history"
		" FROM invtrack_internal.check_stock c WHERE c.merchant " EQ " $1)"
		" INSERT INTO invtrack.stock_history (merchant, sku, inventory_type, on_hand)"
		" SELECT $1, k.sku, k.inventory_type,"
		" invtrack_internal.history_with(" HISTORY_ARGS("k.history", "k.as_of", "k.on_hand") ")"
		" FROM k JOIN invtrack.product p"
		" ON p.merchant " EQ " $1 AND p.sku " EQ " k.sku"
		" FOR KEY SHARE OF p SKIP LOCKED"
		" ON CONFLICT (merchant, sku, inventory_type) DO UPDATE SET on_hand = excluded.on_hand",
		1, {TEXTOID}
	};

	statement_run(&record, unconstify(Datum *, &check->merchant), NULL, false);
}

/*
 * How many trackers have which status, as their history says by now. The day
 * has a row for each status that there is; one that is right stays as it is.
 */
void
record_statuses(const Check *check)
{
#define SAME_STATUS \
	"d.merchant " EQ " $1 AND d.day " EQ " $2" \
	" AND d.mechanism " EQ " c.mechanism AND d.status " EQ " c.status"
	static Statement record = {
		"WITH c AS MATERIALIZED ("
		" SELECT h.mechanism,"
		" invtrack_internal.last_status(h.reasons::invtrack.day_series) AS status,"
		" pg_catalog.count(*)::pg_catalog.int4 AS trackers"
		" FROM invtrack.tracker_history h WHERE h.merchant " EQ " $1 GROUP BY 1, 2),"
		" gone AS (DELETE FROM invtrack.status_daily d"
		" WHERE d.merchant " EQ " $1 AND d.day " EQ " $2"
		" AND NOT EXISTS (SELECT FROM c WHERE " SAME_STATUS "))"
		" INSERT INTO invtrack.status_daily AS d (merchant, day, mechanism, status, trackers)"
		" SELECT $1, $2, c.mechanism, c.status, c.trackers FROM c WHERE c.status IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM invtrack.status_daily d WHERE " SAME_STATUS
		" AND d.trackers " EQ " c.trackers)"
		" ON CONFLICT (merchant, day, mechanism, status)"
		" DO UPDATE SET trackers = excluded.trackers",
		2, {TEXTOID, DATEOID}
	};
	Datum		values[2] = {check->merchant, check->day};

	statement_run(&record, values, NULL, false);
}
