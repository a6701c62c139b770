/*
 * choice_sales.c
 *		The sales of an item, by which a mechanism is chosen: are they stable?
 *
 * suggest_tracker() goes by this, and so does review(), which holds the
 * trackers that are there against it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "case.h"
#include "choice.h"
#include "compat.h"

/* A series in millionths, ascending; none where it is null. */
DayEntry *
series_entries(NullableDatum series, int32 *count)
{
	DayEntry   *entries;
	int			scale;

	*count = 0;
	if (series.isnull)
		return NULL;
	entries = day_series_entries(DatumGetDaySeries(series.value), count, &scale);
	if (!day_entries_rescale(entries, *count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	return entries;
}

/* A flow by day: what is folded, and what is not yet. */
DayEntry *
flow_entries(NullableDatum folded, NullableDatum tail, int32 *count)
{
	int32		folded_count;
	int32		tail_count;
	DayEntry   *first = series_entries(folded, &folded_count);
	DayEntry   *second = series_entries(tail, &tail_count);
	DayEntry   *merged = palloc((folded_count + tail_count + 1) * sizeof(DayEntry));

	*count = day_entries_merge(first, folded_count, second, tail_count, merged);
	return merged;
}

/* Days on sale, as the judgement of turnover_days counts them, and up to the most that it does. */
static int32
count_history(const SalesFlow *flow)
{
	NullableDatum arguments[JUDGED_ARGUMENTS];
	Judgement	judgement;

	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
		arguments[i].isnull = true;
	arguments[JUDGED_MECHANISM] = not_null(CStringGetTextDatum("turnover_days"));
	arguments[JUDGED_LOOKBACK_DAYS] = not_null(Int32GetDatum(RULE_DAYS_MAX));
	arguments[JUDGED_COVERAGE_DAYS] = not_null(Int32GetDatum(1));
	arguments[JUDGED_AS_OF] = flow->as_of;
	arguments[JUDGED_LAUNCHED_ON] = flow->launched_on;
	arguments[JUDGED_FOLDED] = flow->folded;
	arguments[JUDGED_TAIL] = flow->tail;
	arguments[JUDGED_COUNT_TODAY] = flow->count_today;
	if (!judge_datums(arguments, &judgement) || judgement.actual_days == NO_DAY)
		return 0;
	return judgement.actual_days;
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
measure_variation(SalesPattern *sales)
{
	int			weeks = Min(sales->history_days / WEEK_DAYS, OBSERVED_WEEKS);
	Quantity	sum = 0;
	Datum		spread = NumericGetDatum(numeric_of(0));
	Datum		total;

	sales->variation = NO_DAY;
	for (int i = 0; i < weeks; i++)
		sum += sales->weeks[i];
	if (sum <= 0)
		return;
	total = NumericGetDatum(numeric_of(sum));
	for (int i = 0; i < weeks; i++)
	{
		Datum		week = NumericGetDatum(numeric_of(sales->weeks[i]));

		spread = DirectFunctionCall2(numeric_add, spread,
									 DirectFunctionCall2(numeric_mul, week, week));
	}
	spread = DirectFunctionCall2(numeric_mul, spread, NumericGetDatum(numeric_of(weeks)));
	spread = DirectFunctionCall2(numeric_sub, spread,
								 DirectFunctionCall2(numeric_mul, total, total));
	/* (100 * sqrt(spread) / total) rounded: sqrt(10000 * spread / total^2) */
	spread = DirectFunctionCall2(numeric_mul, spread, NumericGetDatum(numeric_of(10000)));
	spread = DirectFunctionCall2(numeric_div, spread,
								 DirectFunctionCall2(numeric_mul, total, total));
	spread = DirectFunctionCall1(numeric_sqrt, spread);
	spread = DirectFunctionCall2(numeric_round, spread, Int32GetDatum(0));
	/* returns may make the sum as small as can be, and this as large */
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, spread,
										 NumericGetDatum(numeric_of(PG_INT32_MAX)))))
		sales->variation = PG_INT32_MAX;
	else
		sales->variation = DatumGetInt32(DirectFunctionCall1(numeric_int4, spread));
}

/* Measure sales of the observed days. */
void
measure_sales(const SalesFlow *flow, SalesPattern *sales)
{
	int32		window_end = DatumGetDateADT(flow->as_of.value) - DATE_OF_DAY_FIRST -
		!DatumGetBool(flow->count_today.value);
	int32		count;
	DayEntry   *entries = flow_entries(flow->folded, flow->tail, &count);

	memset(sales, 0, sizeof(*sales));
	sales->history_days = count_history(flow);
	for (int32 i = 0; i < count; i++)
	{
		int32		ago = window_end - entries[i].day;

		if (ago < 0 || ago >= OBSERVED_DAYS)
			continue;
		sales->days[ago] = entries[i].quantity;
		sales->weeks[ago / WEEK_DAYS] += entries[i].quantity;
		sales->sale_days += entries[i].quantity > 0;
	}
	measure_variation(sales);
}

/* Can the days to come be told from the days before? If not, why. */
bool
is_stable(const SalesPattern *sales, const char **reason)
{
	*reason = sales->history_days < HISTORY_DAYS_MIN ? "new_item" :
		sales->sale_days == 0 || sales->variation == NO_DAY ? "no_recent_sales" :
		sales->variation > STABLE_VARIATION ? "volatile_sales" : NULL;
	return *reason == NULL;
}

/* stable_variation(launched_on, sales, as_of, count_today) */
PG_FUNCTION_INFO_V1(choice_stable_variation);
Datum
choice_stable_variation(PG_FUNCTION_ARGS)
{
	SalesFlow	flow = {
		fcinfo->args[0], fcinfo->args[1], {0, true}, fcinfo->args[2], fcinfo->args[3]
	};
	SalesPattern sales;
	const char *reason;

	if (flow.folded.isnull || flow.as_of.isnull || flow.count_today.isnull ||
		!is_day(DatumGetDateADT(flow.as_of.value)))
		PG_RETURN_NULL();
	measure_sales(&flow, &sales);
	if (!is_stable(&sales, &reason))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(int64_div_fast_to_numeric(sales.variation, 2));
}

/* choice_limit(): for SQL, the numbers that it shares with the above */
PG_FUNCTION_INFO_V1(choice_limit);
Datum
choice_limit(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Datum		values[3] = {
		Int32GetDatum(OBSERVED_DAYS), Int32GetDatum(LOOKBACK_DAYS), Int32GetDatum(COVERAGE_DAYS)
	};
	bool		nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE || columns->natts != 3)
		elog(ERROR, "choice_limit() must return three numbers");	/* cannot happen: see
																	 * sql/choice.sql */
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
