/*
 * explain.c
 *		Why a tracker's health is what it is: the rows that went into it.
 *
 * The figures are those of the one judgement over the one reading, and each
 * row is counted or not by the limits that the judgement itself goes by, so
 * that the rows add up to what invtrack.health shows. explain_note.c writes
 * the sentences.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "case.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "calendar.h"
#include "compat.h"
#include "day_series.h"
#include "explain.h"
#include "net_days.h"
#include "quantity.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_rule.h"

#define EXPLAIN_COLUMNS 6

/* Does the row count? Only lots and days do or don't. */
typedef enum Counted
{
	NOT_COUNTED,
	COUNTED,
	COUNTS_NOT					/* is nothing that could */
} Counted;

/* The quantity of a row that has none. */
static const NullableDatum no_quantity = {0, true};

static void
put_row(const Explanation *e, const char *part, int32 day, NullableDatum lot,
		NullableDatum quantity, Counted counted, const char *note)
{
	Datum		values[EXPLAIN_COLUMNS] = {CStringGetTextDatum(part)};
	bool		nulls[EXPLAIN_COLUMNS] = {false};

	CHECK_FOR_INTERRUPTS();
	nulls[1] = day == NO_DAY;
	values[1] = DateADTGetDatum(nulls[1] ? 0 : day_to_date(day));
	nulls[2] = lot.isnull;
	values[2] = lot.value;
	nulls[3] = quantity.isnull;
	values[3] = quantity.value;
	nulls[4] = counted == COUNTS_NOT;
	values[4] = BoolGetDatum(counted == COUNTED);
	values[5] = CStringGetTextDatum(note);
	tuplestore_putvalues(e->result->setResult, e->result->setDesc, values, nulls);
}

/* A row that is neither of a lot nor of a day of the window. */
static void
put_figure(const Explanation *e, const char *part, int32 day, NullableDatum quantity,
		   const char *note)
{
	const NullableDatum no_lot = {0, true};

	put_row(e, part, day, no_lot, quantity, COUNTS_NOT, note);
}

static NullableDatum
quantity_value(Quantity quantity)
{
	NullableDatum value = {
		NumericGetDatum(quantity_to_numeric(quantity, QUANTITY_DECIMALS)), false
	};

	return value;
}

/* The lots themselves, first expiry first. */
static void
put_lots(const Explanation *e, Datum *key)
{
	static Statement read_lots = {
		"SELECT l.lot, l.expires_on, l.quantity::pg_catalog.numeric FROM invtrack.stock_lot l"
		" WHERE l.merchant " EQ " $1 AND l.sku " EQ " $2"
		" AND l.inventory_type " EQ " $3"
		" ORDER BY l.expires_on, l.lot",
		3, {TEXTOID, TEXTOID, TEXTOID}, 0, {TEXTOID, DATEOID, NUMERICOID}
	};
	uint64		count = statement_run(&read_lots, key, NULL, true);
	const SPITupleTable *rows = SPI_tuptable;

	for (uint64 row = 0; row < count; row++)
	{
		NullableDatum lot = {result_text(rows, row, 1), false};
		NullableDatum quantity = {result_datum(rows, row, 3, NUMERICOID), false};
		Datum		date;
		int32		expires_on = DAY_NEVER;
		bool		counts;

		if (result_nullable(rows, row, 2, DATEOID, &date))
			expires_on = bound_to_day(DatumGetDateADT(date));
		counts = expires_on > last_day_excluded(&e->rule, e->as_of);
		put_row(e, "lot", expires_on == DAY_NEVER ? NO_DAY : expires_on, lot, quantity,
				counts ? COUNTED : NOT_COUNTED,
				note_of_lot(e, lot.value, expires_on, quantity.value, counts));
	}
}

static void
put_day(const Explanation *e, const DayEntry *entry)
{
	const NullableDatum no_lot = {0, true};
	bool		counts = entry->day <= e->window_end;

	put_row(e, "day", entry->day, no_lot, quantity_value(entry->quantity),
			counts ? COUNTED : NOT_COUNTED, note_of_day(e, entry->day, entry->quantity, counts));
}

/*
 * The days of the window that have movements, earliest first, also where these
 * cancel out; and the day itself, where it does not count.
 */
static void
put_days(const Explanation *e, const Evidence *evidence)
{
	DayEntry   *entries = palloc((e->rule.lookback_days + 1) * sizeof(DayEntry));
	int32		count = 0;
	NetDays		days;
	DayEntry	entry;

	if (e->window_end < e->as_of)
	{
		entries[count].day = e->as_of;
		entries[count++].quantity = 0;
	}
	if (!open_net_days(evidence->folded, evidence->tail, &days))
		day_series_damaged();
	do
	{
		if (!next_net_day(&days, &entry.day, &entry.quantity))
			day_series_damaged();
		if (entry.day == e->as_of && e->window_end < e->as_of)
			entries[0].quantity = entry.quantity;
		else if (entry.day >= e->window_start && entry.day <= e->window_end && entry.day != NO_DAY)
			entries[count++] = entry;
	} while (entry.day != NO_DAY && entry.day > e->window_start);
	while (count > 0)
		put_day(e, &entries[--count]);
}

/* The first day on sale, by launch or sales; NO_DAY: never. */
static int32
first_day_on_sale(const Evidence *evidence)
{
	int32		first;

	if (!find_first_sale(evidence, DAY_FIRST - 1, &first))
		day_series_damaged();
	if (evidence->launched_on != NO_DAY && evidence->launched_on <= evidence->window_end &&
		(first == NO_DAY || evidence->launched_on < first))
		first = evidence->launched_on;
	return first;
}

/* Which days the window has, and what they come to. */
static void
put_window(const Explanation *e, const Evidence *evidence)
{
	Quantity	net = e->rule.mechanism == MECHANISM_STALLED_DAYS ? e->judgement.current :
		e->judgement.sales;
	int32		first = e->rule.mechanism == MECHANISM_STALLED_DAYS ? NO_DAY :
		first_day_on_sale(evidence);

	put_figure(e, "window", Max(e->window_start, DAY_FIRST), quantity_value(net),
			   note_of_window(e, net, first, evidence->launched_on));
}

/* What the tracker asks for, and how that came about. */
static void
put_rules(const Explanation *e)
{
	const NullableDatum *figure = e->figures;
	NullableDatum expiry_days = no_quantity;

	switch (e->rule.mechanism)
	{
		case MECHANISM_STALLED_DAYS:
			put_figure(e, "rule", NO_DAY, quantity_value(e->rule.quantity), note_of_quantity(e));
			put_figure(e, "rule", NO_DAY, quantity_value(e->judgement.on_hand), note_of_on_hand(e));
			return;
		case MECHANISM_TURNOVER_DAYS:
			put_figure(e, "rule", NO_DAY, figure[FIGURE_DAILY_SALES], note_of_daily_sales(e));
			put_figure(e, "rule", NO_DAY, figure[FIGURE_THRESHOLD], note_of_threshold(e));
			break;
		default:
			put_figure(e, "rule", NO_DAY, quantity_value(e->rule.quantity), note_of_quantity(e));
	}
	if (e->rule.expiry_days != NO_DAY)
	{
		expiry_days.value = NumericGetDatum(int64_to_numeric(e->rule.expiry_days));
		expiry_days.isnull = false;
	}
	put_figure(e, "rule", NO_DAY, expiry_days, note_of_expiry(e));
}

/* The columns that the tracker's reading is fetched with: what it is judged by. */
#define READ_RULE \
	"r.mechanism, r.quantity, r.lookback_days, r.coverage_days, r.expiry_days, r.launched_on," \
	" r.lots, r.folded, r.tail, r.as_of, r.count_today"

/* Fetch what the tracker is judged by; an error where there is none. */
static void
fetch_arguments(Datum *key, NullableDatum *arguments)
{
	static Statement read_tracker = {
		"SELECT " READ_RULE " FROM invtrack_internal.tracker_reading r"
		" WHERE r.merchant " EQ " $1 AND r.sku " EQ " $2"
		" AND r.inventory_type " EQ " $3"
		" AND r.mechanism " EQ " $4",
		TRACKER_KEY_ARGS, {TRACKER_KEY_TYPES}, CURSOR_OPT_GENERIC_PLAN
	};
	static const Oid types[JUDGED_ARGUMENTS] = {
		TEXTOID, NUMERICOID, INT4OID, INT4OID, INT4OID, DATEOID, InvalidOid, InvalidOid,
		InvalidOid, DATEOID, BOOLOID
	};

	if (statement_run(&read_tracker, key, NULL, true) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("tracker %s does not exist", shown_tracker(key)),
				 errhint("invtrack.tracker_health(merchant) lists what there is; preview_health() shows the figures of a tracker that is not saved.")));
	require_columns(SPI_tuptable->tupdesc, types, JUDGED_ARGUMENTS);
	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
		arguments[i].isnull = !result_nullable(SPI_tuptable, 0, i + 1, types[i],
											   &arguments[i].value);
}

/* Judge, and keep what the rows are made of. */
static void
judge_tracker(const NullableDatum *arguments, Case *opened, Explanation *e)
{
	CaseState	state = open_case(arguments, opened);

	if (state == CASE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the tracker's parameters are none that its mechanism has"),
				 errhint("Undo changes to the constraints of tables of invtrack.")));
	if (state == CASE_DAMAGED || !judge(&opened->rule, &opened->evidence, &e->judgement))
		day_series_damaged();
	e->rule = opened->rule;
	e->as_of = opened->evidence.as_of;
	e->window_end = opened->evidence.window_end;
	e->window_start = e->window_end - e->rule.lookback_days + 1;
	for (int i = 0; i < FIGURES; i++)
	{
		e->figures[i].isnull = false;
		e->figures[i].value = figures[i] (&e->judgement, &e->figures[i].isnull);
	}
}

static Datum
validate_and_explain(FunctionCallInfo fcinfo)
{
	Datum		key[TRACKER_KEY_ARGS];
	NullableDatum arguments[JUDGED_ARGUMENTS];
	Explanation e = {0};
	Case		opened;
	int32		as_of;

	get_tracker_key(fcinfo, key);
	require_as_of_setting();
	if (!day_of_argument(fcinfo, TRACKER_KEY_ARGS, "as_of", &as_of))
		as_of = NO_DAY;
	SPI_connect();
	fetch_arguments(key, arguments);
	if (as_of != NO_DAY)
	{
		arguments[JUDGED_AS_OF].value = DateADTGetDatum(day_to_date(as_of));
		arguments[JUDGED_AS_OF].isnull = false;
	}
	judge_tracker(arguments, &opened, &e);
	InitMaterializedSRF(fcinfo, 0);
	e.result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (e.rule.mechanism != MECHANISM_STALLED_DAYS)
		put_lots(&e, key);
	if (e.rule.lookback_days != NO_DAY)
	{
		put_days(&e, &opened.evidence);
		put_window(&e, &opened.evidence);
	}
	put_rules(&e);
	put_figure(&e, "result", e.as_of, e.figures[FIGURE_HEALTH], note_of_result(&e));
	SPI_finish();
	return (Datum) 0;
}

/* explain_health(merchant, sku, inventory_type, mechanism, as_of) */
PG_FUNCTION_INFO_V1(explain_health);
Datum
explain_health(PG_FUNCTION_ARGS)
{
	return with_key_in_errors(fcinfo, validate_and_explain);
}
