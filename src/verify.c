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
#include "utils/tuplestore.h"

#include "argument.h"
#include "compat.h"
#include "fold.h"
#include "plan.h"
#include "row_security.h"

/* The types of the columns of invtrack_internal.difference. */
#define DIFFERENCE_COLUMNS \
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID

/*
 * Set each wrong series of a merchant to what it should be: purged + kept.
 * What was purged is nowhere else, so it is never touched; a series of which
 * neither is left is deleted.
 */
static void
repair_merchant(Datum merchant)
{
	static Statement repair_series = {
		"INSERT INTO invtrack.flow_series AS s"
		" (merchant, sku, inventory_type, flow, movements, days)"
		" SELECT w.merchant, w.sku, w.inventory_type, w.flow, w.expected_movements, w.expected_days"
		" FROM invtrack_internal.wrong_series w WHERE w.merchant OPERATOR(pg_catalog.=) $1"
		" AND w.expected_days IS NOT NULL"
		" ON CONFLICT (merchant, sku, inventory_type, flow) DO UPDATE"
		" SET movements = excluded.movements, days = excluded.days",
		1, {TEXTOID}
	};
	static Statement delete_series = {
		"DELETE FROM invtrack.flow_series s USING invtrack_internal.wrong_series w"
		" WHERE s.merchant OPERATOR(pg_catalog.=) $1 AND w.merchant OPERATOR(pg_catalog.=) $1"
		" AND s.sku OPERATOR(pg_catalog.=) w.sku"
		" AND s.inventory_type OPERATOR(pg_catalog.=) w.inventory_type"
		" AND s.flow OPERATOR(pg_catalog.=) w.flow AND w.expected_days IS NULL",
		1, {TEXTOID}
	};

	statement_run(&repair_series, &merchant, NULL, false);
	statement_run(&delete_series, &merchant, NULL, false);
}

/* Repair the merchants of which SPI just found differences. */
static void
repair_found(uint64 count)
{
	SPITupleTable *found = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
	{
		Datum		merchant = result_text(found, i, 1);

		lock_fold_state(merchant);
		repair_merchant(merchant);
	}
}

/*
 * verify(merchant, repair): the differences found, before the repair. With
 * repair the merchant is locked against folds first, so that what is listed is
 * what is repaired.
 */
PG_FUNCTION_INFO_V1(verify);
Datum
verify(PG_FUNCTION_ARGS)
{
	static Statement list_all = {
		"SELECT d.what, d.merchant, d.sku, d.inventory_type, d.part, d.expected, d.found"
		" FROM invtrack_internal.difference d"
		" ORDER BY d.what, d.merchant, d.sku, d.inventory_type, d.part, d.found",
		0, {InvalidOid}, 0, {DIFFERENCE_COLUMNS}
	};
	static Statement list_merchant = {
		"SELECT d.what, d.merchant, d.sku, d.inventory_type, d.part, d.expected, d.found"
		" FROM invtrack_internal.difference d WHERE d.merchant OPERATOR(pg_catalog.=) $1"
		" ORDER BY d.what, d.merchant, d.sku, d.inventory_type, d.part, d.found",
		1, {TEXTOID}, 0, {DIFFERENCE_COLUMNS}
	};
	static Statement find_wrong = {
		"SELECT DISTINCT w.merchant::pg_catalog.text FROM invtrack_internal.wrong_series w ORDER BY 1",
		0, {InvalidOid}, 0, {TEXTOID}
	};
	static const Oid returned[] = {DIFFERENCE_COLUMNS};
	ReturnSetInfo *result;
	Datum		merchant = PG_GETARG_DATUM(0);
	bool		repair = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	uint64		rows;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	check_columns(result->setDesc, returned, lengthof(returned));
	check_row_security();
	SPI_connect();
	if (repair && !PG_ARGISNULL(0))
		lock_fold_state(merchant);
	rows = statement_run(PG_ARGISNULL(0) ? &list_all : &list_merchant, &merchant, NULL, false);
	for (uint64 i = 0; i < rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	}
	if (repair && rows > 0)
	{
		if (!PG_ARGISNULL(0))
			repair_merchant(merchant);
		else
			repair_found(statement_run(&find_wrong, NULL, NULL, false));
	}
	SPI_finish();
	return (Datum) 0;
}
