/*
 * choice.c
 *		suggest_tracker(): which mechanism suits an item, and with which parameters.
 *
 * The guide's section 3.1 tells how to choose; choose() is that as a table of
 * decisions, and the numbers in it stand here and nowhere else.
 * docs/explanation/choosing-a-mechanism.md says why they are what they are.
 */
#include "postgres.h"

#include "case.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "day_series.h"
#include "quantity.h"
#include "statement.h"
#include "tracker_rule.h"

#define WEEK_DAYS			7
/* Sales are looked at for so many weeks, and nothing moved in them: stalled. */
#define OBSERVED_WEEKS		13
#define OBSERVED_DAYS		(OBSERVED_WEEKS * WEEK_DAYS)
/* An item that has been on sale for fewer days is new. */
#define HISTORY_DAYS_MIN	(4 * WEEK_DAYS)
/* Weekly sales that vary by at most this many hundredths of their mean are stable. */
#define STABLE_VARIATION	50
/* What is suggested. */
#define LOOKBACK_DAYS		28
#define COVERAGE_DAYS		14
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
	int32		history_days;	/* on sale, up to the window's end; 0: never */
	int32		sale_days;		/* of the observed ones, with net sales above 0 */
	Quantity	weeks[OBSERVED_WEEKS];	/* net sales, the latest first */
	Quantity	days[OBSERVED_DAYS];	/* the same by day */
	int32		variation;		/* in hundredths; NO_DAY: not known */
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

/* A series of the row that was found, in millionths, ascending; none where there is none. */
static DayEntry *
entries_of(int column, int32 *count)
{
	Datum		series;
	DayEntry   *entries;
	int			scale;

	*count = 0;
	if (!result_nullable(SPI_tuptable, 0, column, InvalidOid, &series))
		return NULL;
	entries = day_series_entries(DatumGetDaySeries(series), count, &scale);
	if (!day_entries_rescale(entries, *count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	return entries;
}

/* A flow by day: what is folded, and what is not yet. */
static DayEntry *
flow_of(int folded_column, int tail_column, int32 *count)
{
	int32		folded_count;
	int32		tail_count;
	DayEntry   *folded = entries_of(folded_column, &folded_count);
	DayEntry   *tail = entries_of(tail_column, &tail_count);
	DayEntry   *merged = palloc((folded_count + tail_count + 1) * sizeof(DayEntry));

	*count = day_entries_merge(folded, folded_count, tail, tail_count, merged);
	return merged;
}

static void
get_lots(Facts *facts)
{
	facts->lots = entries_of(FETCHED_LOTS, &facts->lot_count);
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
get_sales(Facts *facts)
{
	int32		count;
	DayEntry   *sales = flow_of(FETCHED_SOLD, FETCHED_SOLD_TAIL, &count);

	for (int32 i = 0; i < count; i++)
	{
		int32		ago = facts->window_end - sales[i].day;

		if (ago < 0 || ago >= OBSERVED_DAYS)
			continue;
		facts->days[ago] = sales[i].quantity;
		facts->weeks[ago / WEEK_DAYS] += sales[i].quantity;
		facts->sale_days += sales[i].quantity > 0;
	}
}

static void
get_last_shipment(Facts *facts)
{
	int32		count;
	DayEntry   *shipments = flow_of(FETCHED_SHIPPED, FETCHED_SHIPPED_TAIL, &count);

	facts->last_shipment = NO_DAY;
	for (int32 i = 0; i < count; i++)
		if (shipments[i].quantity > 0 && shipments[i].day <= facts->window_end)
			facts->last_shipment = shipments[i].day;
}

static Numeric
numeric_of(Quantity quantity)
{
	return quantity_to_numeric(quantity, 0);
}

/*
 * The coefficient of variation of the weeks, standard deviation / mean, in
 * hundredths: sqrt(n * sum of squares - square of the sum) / sum. As numeric,
 * so that it is the same on each machine. Only whole weeks on sale count.
 */
static void
measure_variation(Facts *facts)
{
	int			weeks = Min(facts->history_days / WEEK_DAYS, OBSERVED_WEEKS);
	Quantity	sum = 0;
	Datum		spread = NumericGetDatum(numeric_of(0));
	Datum		total;

	facts->variation = NO_DAY;
	for (int i = 0; i < weeks; i++)
		sum += facts->weeks[i];
	if (sum <= 0)
		return;
	total = NumericGetDatum(numeric_of(sum));
	for (int i = 0; i < weeks; i++)
	{
		Datum		week = NumericGetDatum(numeric_of(facts->weeks[i]));

		spread = DirectFunctionCall2(numeric_add, spread,
									 DirectFunctionCall2(numeric_mul, week, week));
	}
	spread = DirectFunctionCall2(numeric_mul, spread, NumericGetDatum(numeric_of(weeks)));
	spread = DirectFunctionCall2(numeric_sub, spread, DirectFunctionCall2(numeric_mul, total, total));
	/* (100 * sqrt(spread) / total) rounded: sqrt(10000 * spread / total^2) */
	spread = DirectFunctionCall2(numeric_mul, spread, NumericGetDatum(numeric_of(10000)));
	spread = DirectFunctionCall2(numeric_div, spread, DirectFunctionCall2(numeric_mul, total, total));
	spread = DirectFunctionCall1(numeric_sqrt, spread);
	spread = DirectFunctionCall2(numeric_round, spread, Int32GetDatum(0));
	/* returns may make the sum as small as can be, and this as large */
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, spread, NumericGetDatum(numeric_of(PG_INT32_MAX)))))
		facts->variation = PG_INT32_MAX;
	else
		facts->variation = DatumGetInt32(DirectFunctionCall1(numeric_int4, spread));
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
		sum += facts->days[i];
		if (i >= COVERAGE_DAYS)
			sum -= facts->days[i - COVERAGE_DAYS];
		best = Max(best, sum);
	}
	if (facts->history_days > 0 && facts->history_days < COVERAGE_DAYS)
		best = (best * COVERAGE_DAYS + facts->history_days - 1) / facts->history_days;
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
	if (facts->on_hand > 0 && facts->history_days >= OBSERVED_DAYS && facts->sale_days == 0 &&
		facts->last_shipment <= facts->window_end - OBSERVED_DAYS)
		choice = (Choice)
	{
		MECHANISM_STALLED_DAYS, whole_units((facts->on_hand + STALLED_PART - 1) / STALLED_PART),
			STALLED_DAYS, NO_DAY, NO_DAY, "nothing_moves"
	};
	else if (facts->history_days < HISTORY_DAYS_MIN)
		choice.reason = "new_item";
	else if (facts->sale_days == 0 || facts->variation == NO_DAY)
		choice.reason = "no_recent_sales";
	else if (facts->variation > STABLE_VARIATION)
		choice.reason = "volatile_sales";
	else
		choice = (Choice)
	{
		MECHANISM_TURNOVER_DAYS, 0, LOOKBACK_DAYS, COVERAGE_DAYS, choice.expiry_days, "stable_sales"
	};
	return choice;
}

/* Days on sale, as the judgement of turnover_days counts them, and up to the most that it does. */
static int32
count_history(Datum as_of)
{
	NullableDatum arguments[JUDGED_ARGUMENTS];
	Judgement	judgement;

	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
		arguments[i].isnull = true;
	arguments[JUDGED_MECHANISM] = (NullableDatum) {CStringGetTextDatum("turnover_days"), false};
	arguments[JUDGED_LOOKBACK_DAYS] = (NullableDatum) {Int32GetDatum(RULE_DAYS_MAX), false};
	arguments[JUDGED_COVERAGE_DAYS] = (NullableDatum) {Int32GetDatum(1), false};
	arguments[JUDGED_AS_OF] = (NullableDatum) {as_of, false};
	arguments[JUDGED_LAUNCHED_ON].isnull =
		!result_nullable(SPI_tuptable, 0, FETCHED_LAUNCHED_ON, DATEOID, &arguments[JUDGED_LAUNCHED_ON].value);
	arguments[JUDGED_FOLDED].isnull =
		!result_nullable(SPI_tuptable, 0, FETCHED_SOLD, InvalidOid, &arguments[JUDGED_FOLDED].value);
	arguments[JUDGED_TAIL].isnull =
		!result_nullable(SPI_tuptable, 0, FETCHED_SOLD_TAIL, InvalidOid, &arguments[JUDGED_TAIL].value);
	arguments[JUDGED_COUNT_TODAY] = (NullableDatum)
	{
		BoolGetDatum(result_bool(SPI_tuptable, 0, FETCHED_COUNT_TODAY)), false
	};
	if (!judge_datums(arguments, &judgement) || judgement.actual_days == NO_DAY)
		return 0;
	return judgement.actual_days;
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
	values[6] = Int32GetDatum(facts->sale_days);
	values[7] = Int32GetDatum(facts->history_days);
	nulls[8] = facts->variation == NO_DAY;
	values[8] = NumericGetDatum(int64_div_fast_to_numeric(facts->variation, 2));
	nulls[9] = facts->last_shipment == NO_DAY;
	values[9] = DateADTGetDatum(day_to_date(facts->last_shipment));
	nulls[10] = facts->positive == 0;
	if (!nulls[10])
		values[10] = NumericGetDatum(quantity_ratio(facts->dated, 1, facts->positive, 1, 2, ROUND_HALF_AWAY));
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
	facts.history_days = count_history(day);
	get_lots(&facts);
	get_sales(&facts);
	get_last_shipment(&facts);
	measure_variation(&facts);
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
		" ON h.merchant OPERATOR(pg_catalog.=) s.merchant AND h.sku OPERATOR(pg_catalog.=) s.sku"
		" AND h.inventory_type OPERATOR(pg_catalog.=) s.inventory_type"
		" WHERE s.merchant OPERATOR(pg_catalog.=) $1 AND s.sku OPERATOR(pg_catalog.=) $2"
		" AND s.inventory_type OPERATOR(pg_catalog.=) $3"
		" AND s.mechanism OPERATOR(pg_catalog.=) 'turnover_days'::pg_catalog.text"
		" AND h.mechanism OPERATOR(pg_catalog.=) 'stalled_days'::pg_catalog.text",
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
