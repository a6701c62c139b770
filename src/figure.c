/*
 * figure.c
 *		What people see of a judgement: the nine columns, as SQL values.
 *
 * The view invtrack.health calls a function a column, so that it stays flat
 * SQL that any planner, a distributed one too, can take apart. They are called
 * one after the other for the same row, so the last judgement is remembered.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "case.h"
#include "compat.h"
#include "figure.h"
#include "quantity.h"

/* How figures are shown: decimals, rounded or cut. */
#define THRESHOLD_DECIMALS		4
#define DAILY_SALES_DECIMALS	4
#define HEALTH_DECIMALS			2
#define DAYS_OF_COVER_DECIMALS	1

#define MICRO					1000000

/* Arguments of more bytes than this are judged each time. */
#define REMEMBERED_SIZE_MAX		4096

static Datum
no_figure(bool *is_null)
{
	*is_null = true;
	return (Datum) 0;
}

static bool
has_stock(const Judgement *judgement)
{
	return judgement->rule.mechanism != MECHANISM_STALLED_DAYS;
}

static bool
has_sales(const Judgement *judgement)
{
	return judgement->rule.mechanism == MECHANISM_TURNOVER_DAYS && judgement->sales > 0;
}

/* Any of the quotients is 0 where there are no sales to divide by. */
static Datum
no_sales_figure(int decimals)
{
	return NumericGetDatum(quantity_ratio(0, 1, 1, 1, decimals, ROUND_CUT));
}

static Datum
figure_current_stock(const Judgement *judgement, bool *is_null)
{
	return NumericGetDatum(quantity_to_numeric(judgement->current, QUANTITY_DECIMALS));
}

static Datum
figure_threshold(const Judgement *judgement, bool *is_null)
{
	const TrackerRule *rule = &judgement->rule;

	if (rule->mechanism != MECHANISM_TURNOVER_DAYS)
		return NumericGetDatum(quantity_ratio(rule->quantity, 1, 1, MICRO,
											  THRESHOLD_DECIMALS, ROUND_HALF_AWAY));
	if (!has_sales(judgement))
		return no_sales_figure(THRESHOLD_DECIMALS);
	return NumericGetDatum(quantity_ratio(judgement->sales, rule->coverage_days,
										  judgement->actual_days, MICRO,
										  THRESHOLD_DECIMALS, ROUND_HALF_AWAY));
}

static Datum
figure_health(const Judgement *judgement, bool *is_null)
{
	const TrackerRule *rule = &judgement->rule;

	if (rule->mechanism != MECHANISM_TURNOVER_DAYS)
		return NumericGetDatum(quantity_ratio(judgement->current, 100, rule->quantity, 1,
											  HEALTH_DECIMALS, ROUND_CUT));
	if (!has_sales(judgement))
		return no_sales_figure(HEALTH_DECIMALS);
	return NumericGetDatum(quantity_ratio(judgement->current, (int64) 100 * judgement->actual_days,
										  judgement->sales, rule->coverage_days,
										  HEALTH_DECIMALS, ROUND_CUT));
}

static Datum
figure_status(const Judgement *judgement, bool *is_null)
{
	return CStringGetTextDatum(status_name(judgement->status));
}

static Datum
figure_reason(const Judgement *judgement, bool *is_null)
{
	const char *name = reason_name(judgement->reason);

	return name == NULL ? no_figure(is_null) : CStringGetTextDatum(name);
}

static Datum
figure_daily_sales(const Judgement *judgement, bool *is_null)
{
	if (judgement->rule.mechanism != MECHANISM_TURNOVER_DAYS)
		return no_figure(is_null);
	if (!has_sales(judgement))
		return no_sales_figure(DAILY_SALES_DECIMALS);
	return NumericGetDatum(quantity_ratio(judgement->sales, 1, judgement->actual_days, MICRO,
										  DAILY_SALES_DECIMALS, ROUND_HALF_AWAY));
}

static Datum
figure_actual_days(const Judgement *judgement, bool *is_null)
{
	if (judgement->actual_days == NO_DAY)
		return no_figure(is_null);
	return Int32GetDatum(judgement->actual_days);
}

static Datum
figure_days_of_cover(const Judgement *judgement, bool *is_null)
{
	if (!has_sales(judgement))
		return no_figure(is_null);
	return NumericGetDatum(quantity_ratio(judgement->current, judgement->actual_days,
										  judgement->sales, 1,
										  DAYS_OF_COVER_DECIMALS, ROUND_CUT));
}

static Datum
figure_excluded_stock(const Judgement *judgement, bool *is_null)
{
	if (!has_stock(judgement))
		return no_figure(is_null);
	return NumericGetDatum(quantity_to_numeric(judgement->excluded, QUANTITY_DECIMALS));
}

const Figure figures[FIGURES] = {
	[FIGURE_CURRENT_STOCK] = figure_current_stock,
	[FIGURE_THRESHOLD] = figure_threshold,
	[FIGURE_HEALTH] = figure_health,
	[FIGURE_STATUS] = figure_status,
	[FIGURE_REASON] = figure_reason,
	[FIGURE_DAILY_SALES] = figure_daily_sales,
	[FIGURE_ACTUAL_DAYS] = figure_actual_days,
	[FIGURE_DAYS_OF_COVER] = figure_days_of_cover,
	[FIGURE_EXCLUDED_STOCK] = figure_excluded_stock
};

/*
 * judge_state(): the status, or 'damaged', so that one damaged series does not end a count of all.
 */
PG_FUNCTION_INFO_V1(judge_state);
Datum
judge_state(PG_FUNCTION_ARGS)
{
	Judgement	judgement;

	switch (judge_case(fcinfo->args, &judgement))
	{
		case CASE_OPEN:
			return figure_status(&judgement, &fcinfo->isnull);
		case CASE_DAMAGED:
			PG_RETURN_TEXT_P(cstring_to_text("damaged"));
		default:
			PG_RETURN_NULL();
	}
}

/* The last judgement and the arguments it is of; those by reference lie in bytes. */
typedef struct Remembered
{
	bool		valid;
	NullableDatum arguments[JUDGED_ARGUMENTS];
	char		bytes[REMEMBERED_SIZE_MAX];
	Judgement	judgement;
} Remembered;

static const bool by_value[JUDGED_ARGUMENTS] = {
	[JUDGED_LOOKBACK_DAYS] = true,
	[JUDGED_COVERAGE_DAYS] = true,
	[JUDGED_EXPIRY_DAYS] = true,
	[JUDGED_LAUNCHED_ON] = true,
	[JUDGED_AS_OF] = true,
	[JUDGED_COUNT_TODAY] = true
};

/* Are the arguments the same to the byte? None that is remembered is stored elsewhere. */
static bool
same_arguments(const NullableDatum *arguments, const NullableDatum *remembered)
{
	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
	{
		const char *a = DatumGetPointer(arguments[i].value);
		const char *b = DatumGetPointer(remembered[i].value);

		if (arguments[i].isnull != remembered[i].isnull)
			return false;
		if (arguments[i].isnull || (by_value[i] && a == b))
			continue;
		if (by_value[i] || VARSIZE_ANY(a) != VARSIZE_ANY(b) || memcmp(a, b, VARSIZE_ANY(b)) != 0)
			return false;
	}
	return true;
}

/* Copy the arguments; false where there is no room, or they are stored elsewhere. */
static bool
remember_arguments(const NullableDatum *arguments, Remembered *last)
{
	char	   *to = last->bytes;

	memcpy(last->arguments, arguments, sizeof(last->arguments));
	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
	{
		const char *bytes = DatumGetPointer(arguments[i].value);

		if (by_value[i] || arguments[i].isnull)
			continue;
		if (VARATT_IS_EXTERNAL(bytes) ||
			VARSIZE_ANY(bytes) > last->bytes + REMEMBERED_SIZE_MAX - to)
			return false;
		memcpy(to, bytes, VARSIZE_ANY(bytes));
		last->arguments[i].value = PointerGetDatum(to);
		to += INTALIGN(VARSIZE_ANY(bytes));
	}
	return true;
}

/*
 * A figure of the arguments' judgement. It is taken from the last one if the
 * arguments are the same to the byte.
 */
static Datum
judged_figure(FunctionCallInfo fcinfo, Figure figure)
{
	static Remembered last;
	NullableDatum given[JUDGED_ARGUMENTS];
	const NullableDatum *arguments = fcinfo->args;

	/* before 0.3.0 there was no count_today, and each day counted */
	if (PG_NARGS() < JUDGED_ARGUMENTS)
	{
		memcpy(given, fcinfo->args, JUDGED_COUNT_TODAY * sizeof(NullableDatum));
		given[JUDGED_COUNT_TODAY] = not_null(BoolGetDatum(true));
		arguments = given;
	}
	if (!last.valid || !same_arguments(arguments, last.arguments))
	{
		last.valid = false;
		if (!judge_datums(arguments, &last.judgement))
			PG_RETURN_NULL();
		last.valid = remember_arguments(arguments, &last);
	}
	return figure(&last.judgement, &fcinfo->isnull);
}

/* The SQL functions judge_current_stock() and so on: one a figure. */
#define JUDGE_FUNCTION(name) \
PG_FUNCTION_INFO_V1(judge_##name); \
Datum \
judge_##name(PG_FUNCTION_ARGS) \
{ \
	return judged_figure(fcinfo, figure_##name); \
}

JUDGE_FUNCTION(current_stock)
JUDGE_FUNCTION(threshold)
JUDGE_FUNCTION(health)
JUDGE_FUNCTION(status)
JUDGE_FUNCTION(reason)
JUDGE_FUNCTION(daily_sales)
JUDGE_FUNCTION(actual_days)
JUDGE_FUNCTION(days_of_cover)
JUDGE_FUNCTION(excluded_stock)
