/*
 * purge.c
 *		Deleting what is not needed any more: folded movements that are old,
 *		and whole merchants.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "connection.h"
#include "distribute.h"
#include "fold.h"
#include "merchant_work.h"
#include "owner.h"
#include "row_security.h"
#include "statement.h"
#include "trigger.h"

/* How many of a merchant's movements are looked through at a time. */
#define BATCH_MOVEMENTS		50000

/*
 * The movement_id at which the next batch ends. Returns false where there is
 * none left.
 */
static bool
find_batch_end(Datum merchant, int64 from, int64 *end)
{
	static Statement find_end = {
		"SELECT pg_catalog.max(b.movement_id) FROM (SELECT m.movement_id FROM invtrack.movement m"
		" WHERE m.merchant " EQ " $1"
		" AND m.movement_id OPERATOR(pg_catalog.>=) $2"
		" ORDER BY m.movement_id LIMIT " CppAsString2(BATCH_MOVEMENTS) ") b",
		2, {TEXTOID, INT8OID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[2] = {merchant, Int64GetDatum(from)};
	Datum		last;
	bool		found;

	statement_run(&find_end, values, NULL, false);
	found = result_nullable(SPI_tuptable, 0, 1, INT8OID, &last);
	*end = DatumGetInt64(last);
	SPI_freetuptable(SPI_tuptable);
	return found;
}

/*
 * Purge a batch: the movements go, and their sums are kept beside those of
 * all folded movements, which stay as they are. So no reading changes, and
 * "folded = purged + kept" can be checked. A reversal stays as long as what it
 * reverses, which could be reversed again otherwise. A series that is damaged
 * is not noted; the CASE keeps that look for those of the batch.
 */
static int64
purge_batch(Datum merchant, int64 from, int64 end, TimestampTz before)
{
	static Statement purge_movements = {
		"WITH gone AS ("
		" DELETE FROM invtrack.movement m WHERE m.merchant " EQ " $1"
		" AND m.movement_id OPERATOR(pg_catalog.>=) $2 AND m.movement_id OPERATOR(pg_catalog.<=) $3"
		" AND m.recorded_at OPERATOR(pg_catalog.<) $4 AND m.folded" LIFT_GUARD("m")
		" AND (m.reverses IS NULL OR NOT EXISTS (SELECT FROM invtrack.movement o"
		" WHERE o.merchant " EQ " $1"
		" AND o.movement_id " EQ " m.reverses))"
		" RETURNING m.sku, m.inventory_type, m.flow, m.occurred_on, m.quantity),"
		" sums AS ("
		" SELECT g.sku, g.inventory_type, g.flow, pg_catalog.count(*) AS movements,"
		" invtrack.day_series_agg(g.occurred_on::pg_catalog.date, g.quantity::pg_catalog.numeric)"
		" AS days"
		" FROM gone g GROUP BY g.sku, g.inventory_type, g.flow),"
		" noted AS ("
		" UPDATE invtrack.flow_series s"
		" SET purged_movements = s.purged_movements OPERATOR(pg_catalog.+) u.movements,"
		" purged = coalesce(s.purged::invtrack.day_series OPERATOR(invtrack.+) u.days, u.days)"
		" FROM sums u WHERE s.merchant " EQ " $1"
		" AND s.sku " EQ " u.sku"
		" AND s.inventory_type " EQ " u.inventory_type"
		" AND s.flow " EQ " u.flow"
		" AND CASE WHEN u.movements IS NOT NULL"
		" THEN invtrack_internal.is_intact(s.days::invtrack.day_series)"
		" AND coalesce(invtrack_internal.is_intact(s.purged::invtrack.day_series), true) END"
		" RETURNING u.movements)"
		" SELECT (SELECT pg_catalog.count(*) FROM gone),"
		" (SELECT coalesce(pg_catalog.sum(n.movements), 0)::pg_catalog.int8 FROM noted n)",
		4, {TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[4] = {merchant, Int64GetDatum(from), Int64GetDatum(end),
	TimestampTzGetDatum(before)};
	int64		gone,
				noted;

	statement_run(&purge_movements, values, NULL, false);
	gone = result_int64(SPI_tuptable, 0, 1);
	noted = result_int64(SPI_tuptable, 0, 2);
	SPI_freetuptable(SPI_tuptable);
	if (gone != noted)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("folded movements of merchant \"%s\" are missing in flow_series, or series of them are damaged",
						TextDatumGetCString(merchant)),
				 errdetail("Nothing of this merchant was purged."),
				 errhint("invtrack.verify(merchant) tells which, and invtrack.verify(merchant, repair => true) mends it.")));
	return gone;
}

static int64
purge_merchant(Datum merchant, TimestampTz before)
{
	int64		purged = 0;
	int64		from = PG_INT64_MIN;
	int64		end;

	if (!find_batch_end(merchant, from, &end))
		return 0;
	lock_fold_state(merchant);
	while (find_batch_end(merchant, from, &end))
	{
		CHECK_FOR_INTERRUPTS();
		purged += purge_batch(merchant, from, end, before);
		if (end == PG_INT64_MAX)
			break;
		from = end + 1;
	}
	if (purged > 0)
		note_purged(merchant);
	return purged;
}

static bool
purge_next(Datum merchant, bool is_first, void *before, int64 *movements)
{
	*movements += purge_merchant(merchant, *(const TimestampTz *) before);
	return false;
}

/*
 * Purge all merchants; what is wrong with one's data becomes a warning, and the others are purged.
 */
static int64
purge_merchants(TimestampTz before, bool commits)
{
	static Statement next_merchant = {
		"SELECT s.merchant FROM invtrack.flow_series s"
		" WHERE s.merchant OPERATOR(pg_catalog.>) $1 ORDER BY s.merchant LIMIT 1",
		1, {TEXTOID}, CURSOR_OPT_GENERIC_PLAN
	};
	const MerchantWork purges = {
		commits ? "purge_all" : "purge_movements", "movements", &next_merchant, purge_next, &before
	};

	return work_for_merchants(&purges, commits);
}

/* purge_movements(merchant, older_than_days); a null merchant is all of them */
PG_FUNCTION_INFO_V1(purge_movements);
Datum
purge_movements(PG_FUNCTION_ARGS)
{
	TimestampTz before = time_of_age(fcinfo, 1, "older_than_days");
	int64		purged;

	require_caller_is_owner("movement", "purge movements");
	require_row_security();
	SPI_connect();
	purged = PG_ARGISNULL(0) ? purge_merchants(before, false) :
		purge_merchant(PG_GETARG_DATUM(0), before);
	SPI_finish();
	PG_RETURN_INT64(purged);
}

/* purge_all(older_than_days): commits after each merchant */
PG_FUNCTION_INFO_V1(purge_all);
Datum
purge_all(PG_FUNCTION_ARGS)
{
	TimestampTz before = time_of_age(fcinfo, 0, "older_than_days");
	int64		movements;

	require_caller_is_owner("movement", "purge movements");
	require_row_security();
	require_may_commit(fcinfo, "purge_all", "purge_movements");
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	movements = purge_merchants(before, true);
	SPI_finish();
	PG_RETURN_DATUM(procedure_result(fcinfo, movements));
}

/* Nobody folds, checks or adds to a merchant that is being deleted. */
static void
lock_merchant(Datum merchant)
{
	static Statement lock_row = {
		"SELECT FROM invtrack.merchant m WHERE m.merchant " EQ " $1 FOR UPDATE",
		1, {TEXTOID}
	};
	static Statement lock_check_state = {
		"SELECT FROM invtrack.check_state s WHERE s.merchant " EQ " $1 FOR UPDATE",
		1, {TEXTOID}
	};

	/* in the order of a check, whose history refers to the merchant */
	statement_run(&lock_check_state, &merchant, NULL, false);
	statement_run(&lock_row, &merchant, NULL, false);
}

/*
 * delete_merchant(merchant): the only thing that takes history away. Tables
 * in the order of what refers to what.
 */
PG_FUNCTION_INFO_V1(delete_merchant);
Datum
delete_merchant(PG_FUNCTION_ARGS)
{
#define DELETE_FROM(table) \
	{"DELETE FROM invtrack." table " d WHERE d.merchant " EQ " $1", 1, {TEXTOID}}
	static Statement deletions[] = {
		{"DELETE FROM invtrack.movement d WHERE d.merchant " EQ " $1" LIFT_GUARD("d"), 1,
		{TEXTOID}},
		DELETE_FROM("access_grant"), DELETE_FROM("flow_series"), DELETE_FROM("alert_consumer"),
		DELETE_FROM("alert_event"), DELETE_FROM("alert"), DELETE_FROM("tracker"),
		DELETE_FROM("stock_lot"), DELETE_FROM("incoming"), DELETE_FROM("product"),
		DELETE_FROM("inventory_type"),
		/* also what the tracker of a product says that we waited for */
		DELETE_FROM("tracker_change"), DELETE_FROM("status_daily"), DELETE_FROM("check_state"),
		DELETE_FROM("merchant")
	};
	static Statement delete_fold_state = DELETE_FROM("fold_state");
	Datum		merchant = PG_GETARG_DATUM(0);
	uint64		rows;
	Datum		items;

	require_not_null(fcinfo, 0, "merchant");
	require_caller_is_owner("movement", "delete a merchant");
	require_row_security();
	SPI_connect();
	lock_fold_state(merchant);
	(void) lock_items(merchant, NULL, 0);
	lock_merchant(merchant);
	items = lock_items(merchant, NULL, 0);
	rows = forget_items(items);
	for (int i = 0; i < lengthof(deletions); i++)
		rows += statement_run(&deletions[i], &merchant, NULL, false);
	if (rows == 0)
		report_missing_merchant(merchant);
	statement_run(&delete_fold_state, &merchant, NULL, false);
	send_access_to_workers();
	SPI_finish();
	PG_RETURN_BOOL(true);
}
