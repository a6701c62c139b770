/*
 * report.c
 *		A merchant's inventory as one HTML page.
 *
 * The page is made in SQL (sql/report.sql). The function checks its arguments,
 * and moves the calendar for the whole page.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "distribute.h"
#include "day_series.h"
#include "setting.h"
#include "statement.h"

/*
 * The page, with the calendar at a day unless that is NO_DAY. Without JIT
 * compilation: there are so many expressions that it takes seconds.
 */
static Datum
make_page(Datum merchant, int32 as_of)
{
	static Statement page_of_merchant = {
		"SELECT invtrack_internal.report_page($1)", 1, {TEXTOID}, CURSOR_OPT_CUSTOM_PLAN, {TEXTOID}
	};
	int			nest_level = NewGUCNestLevel();
	int			year;
	int			month;
	int			day;
	Datum		page;

	set_for_now("jit", "off");
	if (as_of != NO_DAY)
	{
		j2date(day_to_date(as_of) + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		set_for_now("invtrack.as_of", psprintf("%04d-%02d-%02d", year, month, day));
	}
	(void) statement_run(&page_of_merchant, &merchant, NULL, true);
	page = result_text(SPI_tuptable, 0, 1);
	AtEOXact_GUC(false, nest_level);
	return page;
}

/* report(merchant, as_of) */
PG_FUNCTION_INFO_V1(report);
Datum
report(PG_FUNCTION_ARGS)
{
	int32		as_of = NO_DAY;
	Datum		page;

	require_not_null(fcinfo, 0, "merchant");
	require_as_of_setting();
	require_code(fcinfo, 0, "merchant");
	if (day_of_argument(fcinfo, 1, "as_of", &as_of))
		require_not_distributed("report() with as_of does not work",
								"Leave it out, or have Citus pass the setting on in a transaction: docs/how-to/scale-out.md says how.");
	SPI_connect();
	require_merchant_exists(PG_GETARG_DATUM(0));
	page = SPI_datumTransfer(make_page(PG_GETARG_DATUM(0), as_of), false, -1);
	SPI_finish();
	PG_RETURN_DATUM(page);
}
