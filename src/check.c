/*
 * check.c
 *		Checks: telling what fell ill and what recovered, once.
 *
 * A check reads all trackers of a merchant through the one reading
 * (invtrack_internal.check_reading), takes those that differ from what is recorded, and
 * writes them down: alerts, events and history, in one transaction. Checks of
 * a merchant take turns by locking its row in check_state, which also numbers
 * the events: so they are numbered in the order of commits, without gaps.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "alert_event.h"
#include "calendar.h"
#include "catalogue.h"
#include "check.h"
#include "check_run.h"
#include "compat.h"
#include "day_series.h"
#include "merchant_work.h"
#include "row_security.h"
#include "setting.h"
#include "statement.h"

/* How many changed trackers are written down at a time. */
#define CHUNK_ROWS		5000

static void
find_row_type(Check *check)
{
	Oid			view = find_relation("invtrack_internal", "check_reading");

	check->row_type = get_rel_type_id(view);
	check->array_type = get_array_type(check->row_type);
	if (!OidIsValid(check->array_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("view invtrack_internal.check_reading is not as the library of invtrack expects it")));
}

/* Wait for the merchant's turn. Returns false where there is no such merchant. */
static bool
lock_check_state(Check *check)
{
	static Statement read_day = {
		"SELECT m.time_zone, invtrack.last_day(s.checked_days::invtrack.day_series),"
		" m.hold_for_incoming"
		" FROM invtrack.merchant m JOIN invtrack.check_state s"
		" ON s.merchant " EQ " m.merchant"
		" WHERE m.merchant " EQ " $1",
		1, {TEXTOID}, 0, {TEXTOID, DATEOID, BOOLOID}
	};
	int64		events;
	const text *zone;
	int32		day;
	Datum		last_day;

	if (!lock_alert_events(check->merchant, &events) ||
		statement_run(&read_day, &check->merchant, NULL, false) == 0)
		return false;
	check->events = check->events_before = events;
	zone = DatumGetTextPP(result_text(SPI_tuptable, 0, 1));
	day = as_of_in_zone(zone);
	check->day = DateADTGetDatum(day_to_date(day));
	check->is_history = day <= today_in_zone(zone) &&
		(!result_nullable(SPI_tuptable, 0, 2, DATEOID, &last_day) ||
		 DatumGetDateADT(check->day) >= DatumGetDateADT(last_day));
	check->holds = result_bool(SPI_tuptable, 0, 3);
	check->now = GetCurrentTimestamp();
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/*
 * All that differs from what is recorded, as rows of these columns: one, of the
 * view's row type, which is checked, for a column of the view may be called c.
 * A plain query, so that it may run in parallel; what changes comes after it.
 * Planned without Memoize: no key comes twice, and PostgreSQL would look up
 * each tracker's history by its own where that is not in work_mem.
 */
static Tuplestorestate *
read_changes(Check *check, TupleDesc columns)
{
	static Statement read_differences = {
		"SELECT c FROM invtrack_internal.check_reading c WHERE c.merchant " EQ " $1"
		" AND (c.transition IS NOT NULL OR c.alert_changes OR c.history_changes)",
		1, {TEXTOID}, CURSOR_OPT_PARALLEL_OK
	};
	Tuplestorestate *rows = tuplestore_begin_heap(false, false, work_mem);
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);
	int			nest_level = NewGUCNestLevel();

	set_for_now("enable_memoize", "off");
	SetTuplestoreDestReceiverParams(receiver, rows, CurrentMemoryContext, false, columns,
									"view invtrack_internal.check_reading is not as the library of invtrack expects it");
	statement_run_into(&read_differences, &check->merchant, NULL, false, receiver);
	AtEOXact_GUC(false, nest_level);
	receiver->rDestroy(receiver);
	return rows;
}

/*
 * The next rows as an array; false where there are none. The slot is left
 * empty, since what it holds is of the caller's memory context.
 */
static bool
next_chunk(const Check *check, Tuplestorestate *rows, TupleTableSlot *slot, Datum *array)
{
	Datum	   *elements = palloc(CHUNK_ROWS * sizeof(Datum));
	int			count = 0;

	while (count < CHUNK_ROWS && tuplestore_gettupleslot(rows, true, false, slot))
		elements[count++] = datumCopy(slot_not_null(slot, 1), false, -1);
	ExecClearTuple(slot);
	if (count > 0)
		*array = PointerGetDatum(construct_array(elements, count, check->row_type, -1, false,
												 TYPALIGN_DOUBLE));
	return count > 0;
}

/* Open alerts: what was told last, the lowest health, and the end. */
static void
update_alerts(const Check *check, Datum changes)
{
#define CLOSES \
	"c.transition " EQ " ANY ('{recovered,withdrawn}'::pg_catalog.text[])"
	static Statement update = {
		"UPDATE invtrack.alert a SET"
		" status = CASE WHEN c.transition " EQ " 'worsened'"
		" THEN c.status ELSE a.status END,"
		" reason = CASE WHEN c.transition " EQ " 'worsened'"
		" OR c.status " EQ " a.status THEN c.reason ELSE a.reason END,"
		" severity = CASE WHEN c.transition " EQ " 'worsened'"
		" THEN c.severity ELSE a.severity END,"
		" lowest_health = LEAST(a.lowest_health, c.health),"
		" closed_at = CASE WHEN " CLOSES " THEN $2 END,"
		" closed_on = CASE WHEN " CLOSES " THEN c.as_of END,"
		" closed_as = CASE WHEN " CLOSES " THEN c.transition END"
		" FROM pg_catalog.unnest($1) c WHERE (c.alert_changes OR c.transition IS NOT NULL)"
		" AND a.merchant " EQ " $3"
		" AND a.alert_id " EQ " c.alert_id",
		3, {InvalidOid, TIMESTAMPTZOID, TEXTOID}
	};
	Datum		values[3] = {changes, TimestampTzGetDatum(check->now), check->merchant};

	statement_set_type(&update, 0, check->array_type);
	statement_run(&update, values, NULL, false);
}

/*
 * The changes without those that open no alert while units on order are awaited; 0
 * where none is left. A statement of its own, with a plan for all merchants,
 * so that who does not wait for anything does not pay for planning it.
 */
static Datum
without_awaited(const Check *check, Datum changes)
{
	static Statement leave_out = {
		"SELECT pg_catalog.array_agg(c) FROM pg_catalog.unnest($1) c"
		" WHERE c.transition IS NOT NULL AND (NOT c.may_wait OR NOT EXISTS ("
		" SELECT FROM invtrack_internal.check_awaited w"
		" WHERE w.merchant " EQ " $2 AND w.sku " EQ " c.sku"
		" AND w.inventory_type " EQ " c.inventory_type"
		" AND w.mechanism " EQ " c.mechanism))",
		2, {InvalidOid, TEXTOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[2] = {changes, check->merchant};
	Datum		left;

	statement_set_type(&leave_out, 0, check->array_type);
	statement_run(&leave_out, values, NULL, false);
	left = result_nullable(SPI_tuptable, 0, 1, check->array_type, &left) ?
		datumCopy(left, false, -1) : (Datum) 0;
	SPI_freetuptable(SPI_tuptable);
	return left;
}

/*
 * The transitions: an event each, and an alert for each that opens, known by
 * the number of that event. Names are looked up for these few only. Passes
 * the events on to who called.
 */
static void
record_transitions(Check *check, Datum changes)
{
	static Statement record = {
		"WITH t AS ("
		" SELECT c.*, p.name AS product_name, i.name AS inventory_type_name,"
		" $2 OPERATOR(pg_catalog.+) pg_catalog.row_number()"
		" OVER (ORDER BY c.sku, c.inventory_type, c.mechanism) AS event_id"
		" FROM pg_catalog.unnest($1) c"
		" LEFT JOIN invtrack.product p ON p.merchant " EQ " $4"
		" AND p.sku " EQ " c.sku"
		" AND c.transition OPERATOR(pg_catalog.<>) 'withdrawn'"
		" LEFT JOIN invtrack.inventory_type i ON i.merchant " EQ " $4"
		" AND i.inventory_type " EQ " c.inventory_type"
		" AND c.transition OPERATOR(pg_catalog.<>) 'withdrawn'"
		" WHERE c.transition IS NOT NULL),"
		" opened AS ("
		" INSERT INTO invtrack.alert (merchant, alert_id, sku, inventory_type, mechanism,"
		" status, reason, opened_health, lowest_health, opened_at, opened_on, severity)"
		" SELECT $4, t.event_id, t.sku, t.inventory_type, t.mechanism,"
		" t.status, t.reason, t.health, t.health, $3, t.as_of, t.severity"
		" FROM t WHERE t.transition " EQ " 'opened')"
		" INSERT INTO invtrack.alert_event AS e (merchant, event_id, transition, alert_id,"
		" sku, inventory_type, mechanism, recorded_at, payload)"
		" SELECT $4, t.event_id, t.transition, coalesce(t.alert_id, t.event_id),"
		" t.sku, t.inventory_type, t.mechanism, $3, " ALERT_PAYLOAD("$3")
		" FROM t ORDER BY t.event_id"
		" RETURNING " ALERT_EVENT_COLUMNS,
		4, {InvalidOid, INT8OID, TIMESTAMPTZOID, TEXTOID}, 0, {ALERT_EVENT_TYPES}
	};
	Datum		values[4] = {changes, Int64GetDatum(check->events),
	TimestampTzGetDatum(check->now), check->merchant};
	uint64		events;

	if (check->holds)
		values[0] = without_awaited(check, changes);
	if (values[0] == (Datum) 0)
		return;
	statement_set_type(&record, 0, check->array_type);
	events = statement_run(&record, values, NULL, false);
	check->events += events;
	if (check->told != NULL)
		return_alert_events(check->told, events);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Days that were checked are only ever added at the end, as is the history.
 * One that is still to come is not: no other could be added before it then.
 */
static void
update_check_state(const Check *check)
{
	static Statement update = {
		"UPDATE invtrack.check_state s SET events = $2, checked_at = $3,"
		" checked_days = CASE WHEN $4 IS NOT NULL AND (s.checked_days IS NULL"
		" OR invtrack.last_day(s.checked_days::invtrack.day_series) OPERATOR(pg_catalog.<) $4)"
		" THEN invtrack_internal.history_with(" HISTORY_ARGS("s.checked_days", "$4", "1") ")"
		" ELSE s.checked_days END"
		" WHERE s.merchant " EQ " $1",
		4, {TEXTOID, INT8OID, TIMESTAMPTZOID, DATEOID}
	};
	Datum		values[4] = {check->merchant, Int64GetDatum(check->events),
	TimestampTzGetDatum(check->now), check->day};

	statement_run(&update, values, check->is_history ? NULL : "   n", false);
}

/* Wait for the merchant's turn, and write down all that differs. */
static void
write_changes(void *argument)
{
	Check	   *check = argument;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	MemoryContext chunk;
	Tuplestorestate *rows;
	TupleDesc	columns;
	TupleTableSlot *slot;
	Datum		changes;

	if (!lock_check_state(check))
		return;
	context = AllocSetContextCreate(caller, "invtrack check", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	columns = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(columns, 1, "change", check->row_type, -1, 0);
	rows = read_changes(check, columns);
	slot = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
	chunk = AllocSetContextCreate(context, "invtrack check chunk", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(chunk);
	while (next_chunk(check, rows, slot, &changes))
	{
		update_alerts(check, changes);
		record_transitions(check, changes);
		if (check->is_history)
			record_history(check, changes);
		MemoryContextReset(chunk);
	}
	MemoryContextSwitchTo(context);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(rows);
	if (check->is_history)
	{
		record_stock(check);
		record_statuses(check);
	}
	update_check_state(check);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* Check a merchant; returns the number of events, or -1 where there is no such merchant. */
static int64
check_merchant(Datum merchant, ReturnSetInfo *told)
{
	Check		check = {
		.merchant = merchant,
		.told = told,
		.events = -1
	};

	CHECK_FOR_INTERRUPTS();
	find_row_type(&check);
	run_one_check(write_changes, &check, merchant);
	if (check.events < 0)
		return -1;
	if (check.events > check.events_before)
		notify_of_news();
	return check.events - check.events_before;
}

/* All merchants in order. */
static Statement next_merchant = {
	"SELECT m.merchant FROM invtrack.merchant m"
	" WHERE m.merchant OPERATOR(pg_catalog.>) $1 ORDER BY m.merchant LIMIT 1",
	1, {TEXTOID}, CURSOR_OPT_GENERIC_PLAN
};

/* check_trackers(merchant): all in the caller's transaction */
PG_FUNCTION_INFO_V1(check_trackers);
Datum
check_trackers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *told = start_alert_events(fcinfo);
	Datum		merchant;

	require_as_of_setting();
	require_row_security();
	SPI_connect();
	if (!PG_ARGISNULL(0))
	{
		merchant = PG_GETARG_DATUM(0);
		if (check_merchant(merchant, told) < 0)
			report_missing_merchant(merchant);
	}
	else
	{
		merchant = CStringGetTextDatum("");
		while (statement_next(&next_merchant, &merchant))
			check_merchant(merchant, told);
	}
	SPI_finish();
	return (Datum) 0;
}

static bool
check_next(Datum merchant, bool is_first, void *state, int64 *events)
{
	int64		more = check_merchant(merchant, NULL);

	*events += Max(more, 0);
	return false;
}

/* check_all(): commits after each merchant */
PG_FUNCTION_INFO_V1(check_all);
Datum
check_all(PG_FUNCTION_ARGS)
{
	static const MerchantWork checks = {"check_all", "events", &next_merchant, check_next};
	int64		events;

	require_may_commit(fcinfo, "check_all", "check_trackers");
	require_as_of_setting();
	require_row_security();
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	events = work_for_merchants(&checks, true);
	SPI_finish();
	PG_RETURN_DATUM(procedure_result(fcinfo, events));
}
