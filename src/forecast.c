/*
 * forecast.c
 *		project_stock() and forecast(): until when stock lasts.
 *
 * SQL fetches (sql/forecast.sql); the judgement of turnover_days says what
 * counts now and at which pace it sells; projection.c goes on from there.
 */
#include "postgres.h"

#include "case.h"
#include "fmgr.h"
#include "funcapi.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "day_series.h"
#include "figure.h"
#include "projection.h"
#include "quantity.h"
#include "statement.h"
#include "tracker_rule.h"

/* The rows that are fetched. */
enum FetchedColumn
{
	FETCHED_SKU,
	FETCHED_INVENTORY_TYPE,
	FETCHED_LAUNCHED_ON,
	FETCHED_LOTS,
	FETCHED_FOLDED,
	FETCHED_TAIL,
	FETCHED_AS_OF,
	FETCHED_COUNT_TODAY,
	FETCHED_NEGATIVE_LOTS,
	FETCHED_INCOMING
};

#define SELECT_SUPPLY \
	"SELECT r.sku, r.inventory_type, r.launched_on, r.lots, r.folded, r.tail, r.as_of," \
	" r.count_today, r.negative_lots, r.incoming FROM invtrack_internal.supply_reading r" \
	" WHERE r.merchant " EQ " $1"

#define PROJECTED_COLUMNS	6
#define FORECAST_COLUMNS	8

/* Takes fetched rows, and writes a row for each day, or for each item. */
typedef struct Projector
{
	DestReceiver receiver;
	Tuplestorestate *rows;
	TupleDesc	columns;
	MemoryContext row_context;	/* lives for one row */
	NullableDatum rule[JUDGED_ARGUMENTS];	/* as far as it is the same for
											 * all */
	int32		horizon_days;
	int32		expiry_days;	/* NO_DAY: nothing is lost */
	bool		by_day;
} Projector;

/* The entries of a series in millionths, ascending; none where there is no series. */
static DayEntry *
entries_of(const TupleTableSlot *slot, int column, int32 *count)
{
	DayEntry   *entries;
	int			scale;

	*count = 0;
	if (slot->tts_isnull[column])
		return NULL;
	entries = day_series_entries(DatumGetDaySeries(slot->tts_values[column]), count, &scale);
	if (!day_entries_rescale(entries, *count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	return entries;
}

/*
 * Separate what is on hand from what negative lots owe. Of these, only what
 * counts is owed: the judgement has the same limit.
 */
static void
get_lots(const TupleTableSlot *slot, int32 limit, Supply *supply)
{
	int32		count;
	int32		negative_count;
	DayEntry   *lots = entries_of(slot, FETCHED_LOTS, &count);
	DayEntry   *negative = entries_of(slot, FETCHED_NEGATIVE_LOTS, &negative_count);

	supply->lots = lots;
	supply->lot_count = count;
	if (negative_count == 0)
		return;
	for (int32 i = 0; i < negative_count; i++)
	{
		if (negative[i].day > limit)
			supply->owed += negative[i].quantity;
		negative[i].quantity = -negative[i].quantity;
	}
	supply->lots = palloc((count + negative_count) * sizeof(DayEntry));
	supply->lot_count = day_entries_merge(lots, count, negative, negative_count, supply->lots);
}

static void
start_item(const Projector *projector, const TupleTableSlot *slot, const Judgement *judgement,
		   int32 as_of, Projection *projection)
{
	Supply		supply = {0};
	int32		limit = projector->expiry_days == NO_DAY ? DAY_FIRST - 1 :
		Min(as_of + projector->expiry_days, DAY_LAST);

	get_lots(slot, limit, &supply);
	supply.incoming = entries_of(slot, FETCHED_INCOMING, &supply.incoming_count);
	if (!start_projection(projection, &supply, as_of, projector->horizon_days,
						  projector->expiry_days, judgement->sales, judgement->actual_days))
		day_series_damaged();
}

static void
put_days(const Projector *projector, Projection *projection)
{
	ProjectedDay shown;

	while (project_day(projection, &shown))
	{
		bool		nulls[PROJECTED_COLUMNS] = {false};
		Datum		values[PROJECTED_COLUMNS] = {
			DateADTGetDatum(day_to_date(projection->day)),
			NumericGetDatum(quantity_to_numeric(shown.opening, QUANTITY_DECIMALS)),
			NumericGetDatum(quantity_to_numeric(shown.incoming, QUANTITY_DECIMALS)),
			NumericGetDatum(quantity_to_numeric(shown.sold, QUANTITY_DECIMALS)),
			NumericGetDatum(quantity_to_numeric(shown.expired, QUANTITY_DECIMALS)),
			NumericGetDatum(quantity_to_numeric(shown.closing, QUANTITY_DECIMALS))
		};

		tuplestore_putvalues(projector->rows, projector->columns, values, nulls);
	}
}

static void
put_item(const Projector *projector, const TupleTableSlot *slot, const Judgement *judgement,
		 Projection *projection)
{
	Datum		values[FORECAST_COLUMNS];
	bool		nulls[FORECAST_COLUMNS] = {false};
	ProjectedSum sum;

	sum_projection(projection, &sum);
	values[0] = slot->tts_values[FETCHED_SKU];
	nulls[0] = slot->tts_isnull[FETCHED_SKU];
	values[1] = slot->tts_values[FETCHED_INVENTORY_TYPE];
	nulls[1] = slot->tts_isnull[FETCHED_INVENTORY_TYPE];
	values[2] = figures[FIGURE_DAILY_SALES] (judgement, &nulls[2]);
	values[3] = figures[FIGURE_CURRENT_STOCK] (judgement, &nulls[3]);
	values[4] = DateADTGetDatum(day_to_date(sum.runs_out_on));
	nulls[4] = sum.runs_out_on == NO_DAY;
	values[5] = DateADTGetDatum(day_to_date(sum.first_loss_on));
	nulls[5] = sum.first_loss_on == NO_DAY;
	values[6] = NumericGetDatum(quantity_to_numeric(sum.lost, QUANTITY_DECIMALS));
	values[7] = NumericGetDatum(quantity_to_numeric(sum.incoming, QUANTITY_DECIMALS));
	tuplestore_putvalues(projector->rows, projector->columns, values, nulls);
}

static bool
project_row(TupleTableSlot *slot, DestReceiver *self)
{
	static const struct
	{
		JudgedArgument argument;
		int			column;
	}			fetched[] = {
		{JUDGED_LAUNCHED_ON, FETCHED_LAUNCHED_ON}, {JUDGED_LOTS, FETCHED_LOTS},
		{JUDGED_FOLDED, FETCHED_FOLDED}, {JUDGED_TAIL, FETCHED_TAIL},
		{JUDGED_AS_OF, FETCHED_AS_OF}, {JUDGED_COUNT_TODAY, FETCHED_COUNT_TODAY}
	};
	Projector  *projector = (Projector *) self;
	MemoryContext caller = MemoryContextSwitchTo(projector->row_context);
	NullableDatum arguments[JUDGED_ARGUMENTS];
	Judgement	judgement;
	Projection	projection;

	slot_getallattrs(slot);
	memcpy(arguments, projector->rule, sizeof(arguments));
	for (int i = 0; i < lengthof(fetched); i++)
		if (arguments[fetched[i].argument].isnull)
		{
			arguments[fetched[i].argument].value = slot->tts_values[fetched[i].column];
			arguments[fetched[i].argument].isnull = slot->tts_isnull[fetched[i].column];
		}
	if (judge_datums(arguments, &judgement))
	{
		start_item(projector, slot, &judgement,
				   DatumGetDateADT(arguments[JUDGED_AS_OF].value) - DATE_OF_DAY_FIRST, &projection);
		if (projector->by_day)
			put_days(projector, &projection);
		else
			put_item(projector, slot, &judgement, &projection);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(projector->row_context);
	return true;
}

static void
projector_startup(DestReceiver *self, int operation, TupleDesc columns)
{
	/* InvalidOid: a series */
	static const Oid fetched[] = {
		TEXTOID, TEXTOID, DATEOID, InvalidOid, InvalidOid, InvalidOid, DATEOID, BOOLOID,
		InvalidOid, InvalidOid
	};

	require_columns(columns, fetched, lengthof(fetched));
}

static void
projector_shutdown(DestReceiver *self)
{
}

static void
projector_destroy(DestReceiver *self)
{
}

static void
require_days(FunctionCallInfo fcinfo, int arg, const char *name, int32 minimum)
{
	int32		days = PG_GETARG_INT32(arg);

	if (days < minimum || days > RULE_DAYS_MAX)
		refuse(NULL, name, psprintf("%s %d is out of range", name, days),
			   psprintf("%s is a number of days from %d to %d.", name, minimum, RULE_DAYS_MAX));
}

/*
 * The rule that items are judged by, from the arguments lookback_days,
 * horizon_days, expiry_days, as_of.
 */
static void
get_projector(FunctionCallInfo fcinfo, int arg, Projector *projector)
{
	int32		as_of;

	require_not_null(fcinfo, arg, "lookback_days");
	require_not_null(fcinfo, arg + 1, "horizon_days");
	require_days(fcinfo, arg, "lookback_days", 1);
	require_days(fcinfo, arg + 1, "horizon_days", 1);
	if (!PG_ARGISNULL(arg + 2))
		require_days(fcinfo, arg + 2, "expiry_days", 0);
	as_of = as_of_argument(fcinfo, arg + 3);
	projector->horizon_days = PG_GETARG_INT32(arg + 1);
	projector->expiry_days = PG_ARGISNULL(arg + 2) ? NO_DAY : PG_GETARG_INT32(arg + 2);
	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
		projector->rule[i].isnull = true;
	projector->rule[JUDGED_MECHANISM] =
		not_null(CStringGetTextDatum(mechanism_name(MECHANISM_TURNOVER_DAYS)));
	projector->rule[JUDGED_LOOKBACK_DAYS] = fcinfo->args[arg];
	projector->rule[JUDGED_COVERAGE_DAYS] = not_null(Int32GetDatum(1));
	projector->rule[JUDGED_EXPIRY_DAYS] = fcinfo->args[arg + 2];
	if (as_of != NO_DAY)
		projector->rule[JUDGED_AS_OF] = not_null(DateADTGetDatum(day_to_date(as_of)));
}

/*
 * Run a statement; what is projected from its rows is the result of the call.
 * The tuple store lives in the calling query's context, so it outlives SPI_finish().
 */
static void
return_projected(FunctionCallInfo fcinfo, Statement *statement, Datum *values,
				 Projector *projector, const Oid *returned, int columns)
{
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	projector->rows = result->setResult;
	projector->columns = result->setDesc;
	require_columns(projector->columns, returned, columns);
	projector->row_context = AllocSetContextCreate(CurrentMemoryContext, "invtrack projected row",
												   ALLOCSET_DEFAULT_SIZES);
	statement_run_into(statement, values, NULL, true, &projector->receiver);
	MemoryContextDelete(projector->row_context);
}

/* project_stock(merchant, sku, inventory_type, lookback_days, horizon_days, expiry_days, as_of) */
PG_FUNCTION_INFO_V1(forecast_project_stock);
Datum
forecast_project_stock(PG_FUNCTION_ARGS)
{
	static const Oid returned[PROJECTED_COLUMNS] = {
		DATEOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID
	};
	static Statement read_item = {
		SELECT_SUPPLY " AND r.sku " EQ " $2"
		" AND r.inventory_type " EQ " $3",
		ITEM_KEY_ARGS, {TEXTOID, TEXTOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Projector	projector = {
		{project_row, projector_startup, projector_shutdown, projector_destroy, DestNone}
	};
	Datum		key[ITEM_KEY_ARGS];

	get_item_key(fcinfo, key);
	get_projector(fcinfo, ITEM_KEY_ARGS, &projector);
	projector.by_day = true;
	SPI_connect();
	require_item_exists(key, true);
	return_projected(fcinfo, &read_item, key, &projector, returned, PROJECTED_COLUMNS);
	SPI_finish();
	return (Datum) 0;
}

/* forecast(merchant, lookback_days, horizon_days, expiry_days, as_of) */
PG_FUNCTION_INFO_V1(forecast);
Datum
forecast(PG_FUNCTION_ARGS)
{
	static const Oid returned[FORECAST_COLUMNS] = {
		TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, DATEOID, DATEOID, NUMERICOID, NUMERICOID
	};
	static Statement read_items = {
		SELECT_SUPPLY " AND (r.lots IS NOT NULL OR r.incoming IS NOT NULL"
		" OR r.folded IS NOT NULL OR r.tail IS NOT NULL)",
		1, {TEXTOID}, CURSOR_OPT_PARALLEL_OK | CURSOR_OPT_CUSTOM_PLAN
	};
	Projector	projector = {
		{project_row, projector_startup, projector_shutdown, projector_destroy, DestNone}
	};
	Datum		merchant;

	require_not_null(fcinfo, 0, "merchant");
	require_code(fcinfo, 0, "merchant");
	merchant = PG_GETARG_DATUM(0);
	get_projector(fcinfo, 1, &projector);
	SPI_connect();
	require_merchant_exists(merchant);
	return_projected(fcinfo, &read_items, &merchant, &projector, returned, FORECAST_COLUMNS);
	SPI_finish();
	return (Datum) 0;
}
