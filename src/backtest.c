/*
 * backtest.c
 *		What a tracker's health would have been day by day.
 *
 * Each day is judged by the one judgement. Flows of past days are known to the
 * day; what was on hand is known where a check recorded it, but not in which
 * lots, so shelf life is not.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "case.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "day_series.h"
#include "figure.h"
#include "net_days.h"
#include "quantity.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_rule.h"
#include "transition.h"

/* The arguments after the rule, and how many days they may be apart. */
#define ARG_FROM_DAY		TRACKER_RULE_ARGS
#define ARG_TO_DAY			(TRACKER_RULE_ARGS + 1)
#define BACKTEST_DAYS_MAX	3660

#define BACKTEST_COLUMNS	6

/* A history, as ascending entries in millionths. */
typedef struct History
{
	DayEntry   *entries;
	int32		count;
} History;

/* A day, judged, if it is known. */
typedef struct BacktestDay
{
	bool		is_known;
	Judgement	judgement;
} BacktestDay;

typedef struct Backtest
{
	int32		from_day;
	int32		to_day;
	Case		opened;			/* for the last day; days are judged from
								 * there back */
	bool		count_today;
	int32		discontinued_on;	/* NO_DAY: not */
	AlertSettings settings;
	History		checked_days;
	History		on_hand;
	BacktestDay *days;
} Backtest;

static void
get_days(FunctionCallInfo fcinfo, Backtest *test)
{
	require_not_null(fcinfo, ARG_FROM_DAY, "from_day");
	require_not_null(fcinfo, ARG_TO_DAY, "to_day");
	(void) day_of_argument(fcinfo, ARG_FROM_DAY, "from_day", &test->from_day);
	(void) day_of_argument(fcinfo, ARG_TO_DAY, "to_day", &test->to_day);
	if (test->to_day < test->from_day)
		refuse(NULL, "to_day",
			   psprintf("to_day %s is before from_day %s",
						DatumGetCString(DirectFunctionCall1(date_out, PG_GETARG_DATUM(ARG_TO_DAY))),
						DatumGetCString(DirectFunctionCall1(date_out,
															PG_GETARG_DATUM(ARG_FROM_DAY)))),
			   "Give the earlier day as from_day.");
	if (test->to_day - test->from_day >= BACKTEST_DAYS_MAX)
		refuse(NULL, "to_day",
			   psprintf("from_day to to_day are %d days", test->to_day - test->from_day + 1),
			   psprintf("Ask for at most %d days at a time.", BACKTEST_DAYS_MAX));
}

/* The columns of what is fetched. */
enum FetchedColumn
{
	FETCHED_LAUNCHED_ON = 1,
	FETCHED_LOTS,
	FETCHED_FOLDED,
	FETCHED_TAIL,
	FETCHED_COUNT_TODAY,
	FETCHED_DISCONTINUED_ON,
	FETCHED_RECOVERS_FROM,
	FETCHED_ALERT_TOO_NEW,
	FETCHED_ALERT_NOTHING_ON_HAND,
	FETCHED_CHECKED_DAYS,
	FETCHED_ON_HAND
};

static Statement read_item = {
	"SELECT r.launched_on, r.lots, r.folded, r.tail, r.count_today, r.discontinued_on,"
	" 100::pg_catalog.numeric OPERATOR(pg_catalog.+) m.rearm_percent::pg_catalog.numeric,"
	" m.alert_too_new, m.alert_nothing_on_hand,"
	" s.checked_days, y.on_hand"
	" FROM invtrack_internal.reading r"
	" JOIN invtrack.merchant m ON m.merchant " EQ " r.merchant"
	" LEFT JOIN invtrack.check_state s ON s.merchant " EQ " r.merchant"
	" LEFT JOIN invtrack.stock_history y ON y.merchant " EQ " r.merchant"
	" AND y.sku " EQ " r.sku"
	" AND y.inventory_type " EQ " r.inventory_type"
	" WHERE r.merchant " EQ " $1 AND r.sku " EQ " $2"
	" AND r.inventory_type " EQ " $3"
	" AND r.mechanism " EQ " $4",
	TRACKER_KEY_ARGS, {TRACKER_KEY_TYPES}, CURSOR_OPT_GENERIC_PLAN
};

static NullableDatum
fetched(int column, Oid type)
{
	NullableDatum value;

	value.isnull = !result_nullable(SPI_tuptable, 0, column, type, &value.value);
	return value;
}

static History
fetched_history(int column)
{
	NullableDatum series = fetched(column, InvalidOid);
	History		history = {NULL, 0};
	int			scale;

	if (series.isnull)
		return history;
	history.entries = day_series_entries(DatumGetDaySeries(series.value), &history.count, &scale);
	if (!day_entries_rescale(history.entries, history.count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	return history;
}

/* Open the case of the last day: the rule of the arguments, and the item as it was read. */
static void
open_last_day(FunctionCallInfo fcinfo, Backtest *test)
{
	NullableDatum arguments[JUDGED_ARGUMENTS];

	memcpy(arguments, &fcinfo->args[ARG_MECHANISM], JUDGED_LAUNCHED_ON * sizeof(NullableDatum));
	arguments[JUDGED_LAUNCHED_ON] = fetched(FETCHED_LAUNCHED_ON, DATEOID);
	arguments[JUDGED_LOTS] = fetched(FETCHED_LOTS, InvalidOid);
	arguments[JUDGED_FOLDED] = fetched(FETCHED_FOLDED, InvalidOid);
	arguments[JUDGED_TAIL] = fetched(FETCHED_TAIL, InvalidOid);
	arguments[JUDGED_AS_OF] = fcinfo->args[ARG_TO_DAY];
	test->count_today = result_bool(SPI_tuptable, 0, FETCHED_COUNT_TODAY);
	arguments[JUDGED_COUNT_TODAY].value = BoolGetDatum(test->count_today);
	arguments[JUDGED_COUNT_TODAY].isnull = false;

	/*
	 * the rule and the day are checked, so it is only a series that may be
	 * wrong
	 */
	if (open_case(arguments, &test->opened) != CASE_OPEN)
		day_series_damaged();
}

static void
fetch_item(FunctionCallInfo fcinfo, Datum *key, Backtest *test)
{
	NullableDatum discontinued_on;

	if (statement_run(&read_item, key, NULL, true) == 0)
		ereport(ERROR,			/* cannot happen but to what a view was put in
								 * place of */
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("views of invtrack do not show the item"),
				 errhint("ALTER EXTENSION invtrack UPDATE, and undo changes to its views.")));
	open_last_day(fcinfo, test);
	discontinued_on = fetched(FETCHED_DISCONTINUED_ON, DATEOID);
	test->discontinued_on = discontinued_on.isnull ? NO_DAY :
		bound_to_day(DatumGetDateADT(discontinued_on.value));
	test->settings.recovers_from = result_datum(SPI_tuptable, 0, FETCHED_RECOVERS_FROM, NUMERICOID);
	test->settings.alert_too_new = result_bool(SPI_tuptable, 0, FETCHED_ALERT_TOO_NEW);
	test->settings.alert_nothing_on_hand = result_bool(SPI_tuptable, 0,
													   FETCHED_ALERT_NOTHING_ON_HAND);
	test->checked_days = fetched_history(FETCHED_CHECKED_DAYS);
	test->on_hand = fetched_history(FETCHED_ON_HAND);
}

/* Give up the entries after a day, which are not asked for again; returns the latest up to it. */
static const DayEntry *
latest_entry(History *history, int32 day)
{
	while (history->count > 0 && history->entries[history->count - 1].day > day)
		history->count--;
	return history->count > 0 ? &history->entries[history->count - 1] : NULL;
}

/*
 * What was on hand on a day, if a check recorded it, as units that never
 * expire. An item of which a check recorded nothing yet had no lots.
 */
static bool
recall_stock(Backtest *test, int32 day, DayReader *stock)
{
	const DayEntry *checked = latest_entry(&test->checked_days, day);
	const DayEntry *on_hand = latest_entry(&test->on_hand, day);

	if (checked == NULL || checked->day != day)
		return false;
	memset(stock, 0, sizeof(*stock));
	stock->scale = QUANTITY_DECIMALS;
	stock->count = 1;
	stock->first = stock->last = DAY_NEVER;
	stock->total = on_hand == NULL ? 0 : on_hand->quantity;
	return true;
}

/*
 * Judge a day; each call is for an earlier one. Under stalled_days stock only
 * tells between two reasons: where it is not known, it is what is on hand now,
 * as in tracker_health() of a past day.
 */
static void
judge_day(Backtest *test, int32 day)
{
	BacktestDay *result = &test->days[day - test->from_day];
	Evidence	evidence = test->opened.evidence;
	DayReader	stock;

	if (recall_stock(test, day, &stock))
	{
		evidence.lots = &stock;
		result->is_known = test->opened.rule.expiry_days == NO_DAY;
	}
	result->is_known |= test->opened.rule.mechanism == MECHANISM_STALLED_DAYS;
	if (!result->is_known)
		return;
	evidence.as_of = day;
	evidence.window_end = day - !test->count_today;
	if (!skip_newer_days(evidence.folded, evidence.window_end) ||
		!skip_newer_days(evidence.tail, evidence.window_end) ||
		!judge(&test->opened.rule, &evidence, &result->judgement))
		day_series_damaged();
}

/* The values of a judged day: health, status and reason. Returns what it does to the alert. */
static Transition
set_verdict(const Backtest *test, int32 day, bool is_open, Datum *values, bool *nulls)
{
	const Judgement *judgement = &test->days[day - test->from_day].judgement;
	static const FigureColumn columns[] = {FIGURE_HEALTH, FIGURE_STATUS, FIGURE_REASON};
	AlertState	state = {0};

	for (int i = 0; i < lengthof(columns); i++)
	{
		nulls[i] = false;
		values[i] = figures[columns[i]] (judgement, &nulls[i]);
	}
	state.is_open = is_open;
	state.is_active = true;
	state.is_retired = test->discontinued_on != NO_DAY && test->discontinued_on <= day;
	state.reason = judgement->reason;
	state.health = values[0];
	return next_transition(&state, &test->settings);
}

/* The rows, earliest first, with the alerts that would have been opened. */
static void
put_days(const Backtest *test, ReturnSetInfo *result)
{
	int32		episode = 0;
	bool		is_open = false;

	for (int32 day = test->from_day; day <= test->to_day; day++)
	{
		bool		is_known = test->days[day - test->from_day].is_known;
		Datum		values[BACKTEST_COLUMNS] = {DateADTGetDatum(day_to_date(day))};
		bool		nulls[BACKTEST_COLUMNS] = {false, true, true, true, false, true};

		CHECK_FOR_INTERRUPTS();
		if (is_known)
		{
			Transition	transition = set_verdict(test, day, is_open, &values[1], &nulls[1]);

			if (transition != TRANSITION_NONE)
				is_open = transition == TRANSITION_OPENED;
			episode += transition == TRANSITION_OPENED;
			nulls[5] = !is_open;
		}
		values[4] = BoolGetDatum(is_known);
		values[5] = Int32GetDatum(episode);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static Datum
validate_and_test(FunctionCallInfo fcinfo)
{
	Datum		key[TRACKER_KEY_ARGS];
	Backtest	test = {0};

	get_tracker_key(fcinfo, key);
	require_tracker_rule(fcinfo);
	get_days(fcinfo, &test);
	require_as_of_setting();
	SPI_connect();
	require_item_exists(key, true);
	fetch_item(fcinfo, key, &test);
	test.days = palloc0((test.to_day - test.from_day + 1) * sizeof(BacktestDay));
	for (int32 day = test.to_day; day >= test.from_day; day--)
		judge_day(&test, day);
	InitMaterializedSRF(fcinfo, 0);
	put_days(&test, (ReturnSetInfo *) fcinfo->resultinfo);
	SPI_finish();
	return (Datum) 0;
}

/* backtest_tracker(key, rule, from_day, to_day) */
PG_FUNCTION_INFO_V1(backtest_tracker);
Datum
backtest_tracker(PG_FUNCTION_ARGS)
{
	return with_key_in_errors(fcinfo, validate_and_test);
}
