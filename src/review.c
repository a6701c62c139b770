/*
 * review.c
 *		What cannot be right in settings and data.
 *
 * The findings are those of a view (sql/review.sql). The function adds what a
 * view cannot do: an error where the merchant does not exist, since an empty
 * answer to a mistyped code would say that all is well.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "setting.h"
#include "statement.h"

#define FINDING_COLUMNS \
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID

#define SELECT_FINDINGS \
	"SELECT f.finding, f.severity, f.merchant, f.sku, f.inventory_type, f.mechanism, f.detail," \
	" f.remedy" \
	" FROM invtrack_internal.finding f"

/* What is critical comes first. */
#define IN_ORDER \
	" ORDER BY f.severity, f.merchant, f.sku, f.inventory_type, f.mechanism," \
	" f.finding COLLATE pg_catalog.\"C\""

/*
 * Run the statement without JIT compilation: there are so many expressions in
 * it that compiling them takes seconds, whatever the number of trackers.
 */
static uint64
run_interpreted(Statement *statement, Datum *values)
{
	int			nest_level = NewGUCNestLevel();
	uint64		count;

	set_for_now("jit", "off");
	count = statement_run(statement, values, NULL, true);
	AtEOXact_GUC(false, nest_level);
	return count;
}

/* review(merchant) */
PG_FUNCTION_INFO_V1(review);
Datum
review(PG_FUNCTION_ARGS)
{
	static const Oid returned[] = {FINDING_COLUMNS};
	static Statement of_all = {
		SELECT_FINDINGS IN_ORDER, 0, {InvalidOid}, CURSOR_OPT_CUSTOM_PLAN, {FINDING_COLUMNS}
	};
	static Statement of_merchant = {
		SELECT_FINDINGS " WHERE f.merchant " EQ " $1" IN_ORDER,
		1, {TEXTOID}, CURSOR_OPT_CUSTOM_PLAN, {FINDING_COLUMNS}
	};
	ReturnSetInfo *result;
	Datum		merchant = PG_GETARG_DATUM(0);
	uint64		count;

	require_as_of_setting();
	if (!PG_ARGISNULL(0))
		require_code(fcinfo, 0, "merchant");
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	require_columns(result->setDesc, returned, lengthof(returned));
	SPI_connect();
	if (!PG_ARGISNULL(0))
		require_merchant_exists(merchant);
	count = run_interpreted(PG_ARGISNULL(0) ? &of_all : &of_merchant, &merchant);
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	return (Datum) 0;
}
