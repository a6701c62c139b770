/*
 * choice.c
 *		suggest_tracker(): which mechanism suits an item, and with which parameters.
 *
 * The guide's section 3.1 tells how to choose; choose() is that as a table of
 * decisions, and the numbers in it stand here and in choice.h and nowhere else.
 * docs/explanation/choosing-a-mechanism.md says why they are what they are.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "choice.h"
#include "compat.h"
#include "day_series.h"
#include "quantity.h"
#include "statement.h"
#include "tracker_rule.h"

/* What is suggested of what nothing moves. */
#define STALLED_DAYS		90
#define STALLED_PART		10	/* of what is on hand */
static const int32 shelf_lives[] = {14, 7, 3, 0};

#define MICRO				((Quantity) 1000000)
#define SUGGESTED_COLUMNS	11

enum FetchedColumn
{
	FETCHED_LAUNCHED_ON = 1,
	FETCHED_LOTS,
	FETCHED_SOLD,
	FETCHED_SOLD_TAIL,
	FETCHED_SHIPPED,
	FETCHED_SHIPPED_TAIL,
	FETCHED_AS_OF,
	FETCHED_COUNT_TODAY
};

/* What decides; quantities are in millionths. */
typedef struct Facts
{
	int32		as_of;
	int32		window_end;
	Quantity	on_hand;		/* in all lots */
	Quantity	positive;		/* in lots above 0 */
	Quantity	dated;			/* of these, with an expiry date */
	DayEntry   *lots;
	int32		lot_count;
	SalesPattern sales;
	int32		last_shipment;	/* NO_DAY: none */
} Facts;

/* What is suggested; days that are not are NO_DAY, the quantity is then 0. */
typedef struct Choice
{
	Mechanism	mechanism;
	Quantity	quantity;
	int32		lookback_days;
	int32		coverage_days;
	int32		expiry_days;
	const char *reason;
} Choice;

/* A series of the row that was found. */
static NullableDatum
series_of(int column)
{
	NullableDatum series;

	series.isnull = !result_nullable(SPI_tuptable, 0, column, InvalidOid, &series.value);
	return series;
}

static void
get_lots(Facts *facts)
{
	facts->lots = series_entries(series_of(FETCHED_LOTS), &facts->lot_count);
	for (int32 i = 0; i < facts->lot_count; i++)
	{
		Quantity	quantity = facts->lots[i].quantity;

		facts->on_hand += quantity;
		if (quantity > 0)
			facts->positive += quantity;
		if (quantity > 0 && facts->lots[i].day != DAY_NEVER)
			facts->dated += quantity;
	}
}

static void
get_sales(Facts *facts, Datum as_of)
{
	SalesFlow	flow = {
		.folded = series_of(FETCHED_SOLD),
		.tail = series_of(FETCHED_SOLD_TAIL),
		.as_of = {as_of, false},
		.count_today = {BoolGetDatum(result_bool(SPI_tuptable, 0, FETCHED_COUNT_TODAY)), false}
	};

	flow.launched_on.isnull = !result_nullable(SPI_tuptable, 0, FETCHED_LAUNCHED_ON, DATEOID,
											   &flow.launched_on.value);
	measure_sales(&flow, &facts->sales);
}

static void
get_last_shipment(Facts *facts)
{
	int32		count;
	DayEntry   *shipments = flow_entries(series_of(FETCHED_SHIPPED),
										 series_of(FETCHED_SHIPPED_TAIL),
										 &count);

	facts->last_shipment = NO_DAY;
	for (int32 i = 0; i < count; i++)
		if (shipments[i].quantity > 0 && shipments[i].day <= facts->window_end)
			facts->last_shipment = shipments[i].day;
}

/* Whole units, at least 1, and no more than a tracker takes. */
static Quantity
whole_units(Quantity quantity)
{
	Quantity	units = (quantity + MICRO - 1) / MICRO;

	if (units < 1)
		units = 1;
	if (units * MICRO >= QUANTITY_LIMIT)
		units = QUANTITY_LIMIT / MICRO - 1;
	return units * MICRO;
}

/*
 * The most that sold in so many successive days as stock is to last, of those
 * observed; of an item that has been on sale for fewer, what it would at its pace.
 */
static Quantity
best_days(const Facts *facts)
{
	Quantity	sum = 0;
	Quantity	best = 0;

	for (int i = 0; i < OBSERVED_DAYS; i++)
	{
		sum += facts->sales.days[i];
		if (i >= COVERAGE_DAYS)
			sum -= facts->sales.days[i - COVERAGE_DAYS];
		best = Max(best, sum);
	}
	if (facts->sales.history_days > 0 && facts->sales.history_days < COVERAGE_DAYS)
		best = (best * COVERAGE_DAYS + facts->sales.history_days - 1) / facts->sales.history_days;
	return best;
}

/*
 * The longest of the shelf lives that leaves at least half of what has not
 * expired; NO_DAY where no unit has a date, since then it has no effect.
 */
static int32
choose_shelf_life(const Facts *facts)
{
	if (facts->dated == 0)
		return NO_DAY;
	for (int s = 0; s < lengthof(shelf_lives); s++)
	{
		Quantity	fresh = 0;
		Quantity	counted = 0;

		for (int32 i = 0; i < facts->lot_count; i++)
		{
			if (facts->lots[i].quantity <= 0)
				continue;
			if (facts->lots[i].day > facts->as_of)
				fresh += facts->lots[i].quantity;
			if (facts->lots[i].day == DAY_NEVER ||
				facts->lots[i].day > facts->as_of + shelf_lives[s])
				counted += facts->lots[i].quantity;
		}
		if (2 * counted >= fresh)
			return shelf_lives[s];
	}
	return 0;
}

/* The table of decisions: the first that holds. */
static Choice
choose(const Facts *facts)
{
	Choice		choice = {MECHANISM_STOCK_QUANTITY, 0, NO_DAY, NO_DAY, NO_DAY, NULL};

	choice.expiry_days = choose_shelf_life(facts);
	choice.quantity = whole_units(best_days(facts));
	if (facts->on_hand > 0 && facts->sales.history_days >= OBSERVED_DAYS &&
		facts->sales.sale_days == 0 &&
		facts->last_shipment <= facts->window_end - OBSERVED_DAYS)
	{
		choice.mechanism = MECHANISM_STALLED_DAYS;
		choice.quantity = whole_units((facts->on_hand + STALLED_PART - 1) / STALLED_PART);
		choice.lookback_days = STALLED_DAYS;
		choice.coverage_days = choice.expiry_days = NO_DAY;
		choice.reason = "nothing_moves";
	}
	else if (is_stable(&facts->sales, &choice.reason))
	{
		choice.mechanism = MECHANISM_TURNOVER_DAYS;
		choice.quantity = 0;
		choice.lookback_days = LOOKBACK_DAYS;
		choice.coverage_days = COVERAGE_DAYS;
		choice.reason = "stable_sales";
	}
	return choice;
}

static Datum
days_or_null(int32 days, bool *is_null)
{
	*is_null = days == NO_DAY;
	return Int32GetDatum(days);
}

static void
put_choice(FunctionCallInfo fcinfo, const Choice *choice, const Facts *facts)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[SUGGESTED_COLUMNS] = {false};
	Datum		values[SUGGESTED_COLUMNS];

	values[0] = CStringGetTextDatum(mechanism_name(choice->mechanism));
	nulls[1] = choice->quantity == 0;
	values[1] = NumericGetDatum(quantity_to_numeric(choice->quantity, QUANTITY_DECIMALS));
	values[2] = days_or_null(choice->lookback_days, &nulls[2]);
	values[3] = days_or_null(choice->coverage_days, &nulls[3]);
	values[4] = days_or_null(choice->expiry_days, &nulls[4]);
	values[5] = CStringGetTextDatum(choice->reason);
	values[6] = Int32GetDatum(facts->sales.sale_days);
	values[7] = Int32GetDatum(facts->sales.history_days);
	nulls[8] = facts->sales.variation == NO_DAY;
	values[8] = NumericGetDatum(int64_div_fast_to_numeric(facts->sales.variation, 2));
	nulls[9] = facts->last_shipment == NO_DAY;
	values[9] = DateADTGetDatum(day_to_date(facts->last_shipment));
	nulls[10] = facts->positive == 0;
	if (!nulls[10])
		values[10] = NumericGetDatum(quantity_ratio(facts->dated, 1, facts->positive, 1, 2,
													ROUND_HALF_AWAY));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
suggest_for_item(FunctionCallInfo fcinfo, int32 as_of)
{
	Facts		facts = {0};
	Choice		choice;
	Datum		day = as_of != NO_DAY ? DateADTGetDatum(day_to_date(as_of)) :
		result_datum(SPI_tuptable, 0, FETCHED_AS_OF, DATEOID);

	if (!is_day(DatumGetDateADT(day)))
		return;
	facts.as_of = DatumGetDateADT(day) - DATE_OF_DAY_FIRST;
	facts.window_end = facts.as_of - !result_bool(SPI_tuptable, 0, FETCHED_COUNT_TODAY);
	get_lots(&facts);
	get_sales(&facts, day);
	get_last_shipment(&facts);
	choice = choose(&facts);
	put_choice(fcinfo, &choice, &facts);
}

/* suggest_tracker(merchant, sku, inventory_type, as_of) */
PG_FUNCTION_INFO_V1(choice_suggest_tracker);
Datum
choice_suggest_tracker(PG_FUNCTION_ARGS)
{
	static const Oid returned[SUGGESTED_COLUMNS] = {
		TEXTOID, NUMERICOID, INT4OID, INT4OID, INT4OID, TEXTOID, INT4OID, INT4OID, NUMERICOID,
		DATEOID, NUMERICOID
	};
	static Statement read_item = {
		"SELECT s.launched_on, s.lots, s.folded, s.tail, h.folded, h.tail, s.as_of, s.count_today"
		" FROM invtrack_internal.reading s JOIN invtrack_internal.reading h"
		" ON h.merchant " EQ " s.merchant AND h.sku " EQ " s.sku"
		" AND h.inventory_type " EQ " s.inventory_type"
		" WHERE s.merchant " EQ " $1 AND s.sku " EQ " $2"
		" AND s.inventory_type " EQ " $3"
		" AND s.mechanism " EQ " 'turnover_days'::pg_catalog.text"
		" AND h.mechanism " EQ " 'stalled_days'::pg_catalog.text",
		ITEM_KEY_ARGS, {TEXTOID, TEXTOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		key[ITEM_KEY_ARGS];
	int32		as_of;

	get_item_key(fcinfo, key);
	as_of = as_of_argument(fcinfo, ITEM_KEY_ARGS);
	InitMaterializedSRF(fcinfo, 0);
	require_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc, returned, SUGGESTED_COLUMNS);
	SPI_connect();
	require_item_exists(key, true);
	if (statement_run(&read_item, key, NULL, true) > 0)
		suggest_for_item(fcinfo, as_of);
	SPI_finish();
	return (Datum) 0;
}
