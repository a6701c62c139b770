/*
 * verify.c
 *		Comparing what is folded with what it was made of.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "compat.h"
#include "fold.h"
#include "merchant_work.h"
#include "owner.h"
#include "row_security.h"
#include "statement.h"

/* The types of the columns of invtrack_internal.difference. */
#define DIFFERENCE_COLUMNS \
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID

/* How many times a movement may have been reversed, brought back, reversed again ... */
#define CHAIN_LENGTH_MAX	1000

/*
 * Mark as reversed what is, and nothing else. A reversal that is reversed
 * itself may be seen so only then, hence the rounds: one for each step of the
 * longest chain.
 */
static void
repair_marks(Datum merchant)
{
	static Statement repair = {
		"UPDATE invtrack.movement m SET reversed = NOT w.reversed"
		" FROM invtrack_internal.wrong_mark w WHERE m.merchant " EQ " $1"
		" AND w.merchant " EQ " $1"
		" AND m.movement_id " EQ " w.movement_id",
		1, {TEXTOID}
	};

	for (int round = 0; statement_run(&repair, &merchant, NULL, false) > 0; round++)
	{
		CHECK_FOR_INTERRUPTS();
		if (round == CHAIN_LENGTH_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("movements of merchant \"%s\" reverse each other in a circle",
							TextDatumGetCString(merchant)),
					 errhint("Look at their columns movement_id and reverses, and at triggers of yours on invtrack.movement.")));
	}
}

/*
 * Set each wrong series of a merchant to what it should be: purged + kept.
 * What was purged is nowhere else, so it is never touched; where it is damaged,
 * nobody knows what should be, and nothing is. A series of which neither is
 * left is deleted.
 */
static void
repair_merchant(Datum merchant)
{
	static Statement repair_series = {
		"INSERT INTO invtrack.flow_series AS s"
		" (merchant, sku, inventory_type, flow, movements, days)"
		" SELECT w.merchant, w.sku, w.inventory_type, w.flow, w.expected_movements, w.expected_days"
		" FROM invtrack_internal.wrong_series w WHERE w.merchant " EQ " $1"
		" AND w.expected_days IS NOT NULL AND NOT w.purged_is_damaged"
		" ON CONFLICT (merchant, sku, inventory_type, flow) DO UPDATE"
		" SET movements = excluded.movements, days = excluded.days",
		1, {TEXTOID}
	};
	static Statement delete_series = {
		"DELETE FROM invtrack.flow_series s USING invtrack_internal.wrong_series w"
		" WHERE s.merchant " EQ " $1 AND w.merchant " EQ " $1"
		" AND s.sku " EQ " w.sku"
		" AND s.inventory_type " EQ " w.inventory_type"
		" AND s.flow " EQ " w.flow AND w.expected_days IS NULL"
		" AND NOT w.purged_is_damaged",
		1, {TEXTOID}
	};

	statement_run(&repair_series, &merchant, NULL, false);
	statement_run(&delete_series, &merchant, NULL, false);
	repair_marks(merchant);
}

/* The repair of all merchants, of which one has its turn. */
typedef struct RepairAll
{
	Datum		merchant;
	MemoryContext context;		/* of one merchant's repair */
} RepairAll;

static void
repair_next(void *argument)
{
	RepairAll  *all = argument;

	MemoryContextSwitchTo(all->context);
	lock_fold_state(all->merchant);
	repair_merchant(all->merchant);
}

/*
 * Repair all merchants that have wrong series, each as a whole; what is in the
 * way of one keeps none of the others.
 */
static void
repair_all(void)
{
	static Statement find_wrong = {
		"SELECT w.merchant::pg_catalog.text FROM invtrack_internal.wrong_series w UNION"
		" SELECT w.merchant::pg_catalog.text FROM invtrack_internal.wrong_mark w ORDER BY 1",
		0, {InvalidOid}, 0, {TEXTOID}
	};
	RepairAll	all;
	Failures	failures = {.in_transaction = true};
	uint64		count = statement_run(&find_wrong, NULL, NULL, false);
	SPITupleTable *found = SPI_tuptable;

	all.context = AllocSetContextCreate(CurrentMemoryContext, "invtrack repairs",
										ALLOCSET_DEFAULT_SIZES);
	for (uint64 i = 0; i < count; i++)
	{
		all.merchant = result_text(found, i, 1);
		try_for_merchant(repair_next, &all, all.merchant, &failures);
		MemoryContextReset(all.context);
	}
	report_failures(&failures, "verify");
}

/* Is there something to repair among the differences that SPI just found? */
static bool
finds_repairable(uint64 rows)
{
	for (uint64 i = 0; i < rows; i++)
	{
		const char *what = result_string(SPI_tuptable, i, 1);

		if (strcmp(what, "flow_series") == 0 || strcmp(what, "movement") == 0)
			return true;
	}
	return false;
}

/* Find the differences, of a merchant or, where it is 0, of all. */
static uint64
find_differences(Datum merchant)
{
#define SELECT_DIFFERENCES(condition) \
	"SELECT d.what, d.merchant, d.sku, d.inventory_type, d.part, d.expected, d.found" \
	" FROM invtrack_internal.difference d " condition \
	"ORDER BY d.what, d.merchant, d.sku, d.inventory_type, d.part, d.found"
	static Statement find_all = {
		SELECT_DIFFERENCES(""), 0, {InvalidOid}, 0, {DIFFERENCE_COLUMNS}
	};
	static Statement find_of_merchant = {
		SELECT_DIFFERENCES("WHERE d.merchant " EQ " $1 "),
		1, {TEXTOID}, 0, {DIFFERENCE_COLUMNS}
	};

	return statement_run(merchant == (Datum) 0 ? &find_all : &find_of_merchant, &merchant,
						 NULL, false);
}

/*
 * verify(merchant, repair): the differences found, before the repair. A merchant
 * that is given and has some is locked against folds and read again, so that
 * what is listed is what is repaired. Where there are none nothing is locked.
 */
PG_FUNCTION_INFO_V1(verify);
Datum
verify(PG_FUNCTION_ARGS)
{
	static const Oid returned[] = {DIFFERENCE_COLUMNS};
	ReturnSetInfo *result;
	Datum		merchant = PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0);
	bool		repair = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	uint64		rows;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	require_columns(result->setDesc, returned, lengthof(returned));
	if (repair)
		require_caller_is_owner("flow_series", "repair series");
	require_row_security();
	SPI_connect();
	rows = find_differences(merchant);
	repair = repair && finds_repairable(rows);
	if (repair && merchant != (Datum) 0)
	{
		SPI_freetuptable(SPI_tuptable);
		lock_fold_state(merchant);
		rows = find_differences(merchant);
	}
	for (uint64 i = 0; i < rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	}
	SPI_freetuptable(SPI_tuptable);
	if (repair && merchant != (Datum) 0)
		repair_merchant(merchant);
	else if (repair)
		repair_all();
	SPI_finish();
	return (Datum) 0;
}
