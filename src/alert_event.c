/*
 * alert_event.c
 *		The outbox: handing events to programs that deliver them.
 *
 * A consumer has one row for each merchant, which says how far it has come. Taking locks
 * that row until the end of the transaction, and passes over rows that another
 * worker of the same consumer has locked. An event is handed out until it is
 * confirmed: at least once, in the order of its merchant. Merchants take
 * turns, so that one whose events can't be delivered holds up nobody else.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "alert_event.h"
#include "argument.h"
#include "check_run.h"
#include "compat.h"
#include "statement.h"

/*
 * How many merchants a consumer is given rows for at a time, each under a lock
 * of this class of advisory locks. SQL's have the classes 1 and 2.
 */
#define REGISTRATIONS_MAX	200
#define REGISTRATION_LOCKS	105

/*
 * Wait for the turn to write events of a merchant, and see how many it has:
 * they are numbered in the order of commits, without gaps. Returns false if
 * there is no such merchant.
 */
bool
lock_alert_events(Datum merchant, int64 *events)
{
	static Statement make_row = {
		"INSERT INTO invtrack.check_state (merchant)"
		" SELECT m.merchant FROM invtrack.merchant m WHERE m.merchant " EQ " $1"
		" FOR KEY SHARE ON CONFLICT (merchant) DO NOTHING",
		1, {TEXTOID}
	};

	/* who got events of a merchant that had the code before */
	static Statement forget_ahead = {
		"DELETE FROM invtrack.alert_consumer c WHERE c.merchant " EQ " $1"
		" AND c.confirmed OPERATOR(pg_catalog.>) 0",
		1, {TEXTOID}
	};
	static Statement lock_row = {
		"SELECT s.events FROM invtrack.check_state s"
		" WHERE s.merchant " EQ " $1 FOR UPDATE",
		1, {TEXTOID}, 0, {INT8OID}
	};

	if (statement_run(&lock_row, &merchant, NULL, false) == 0)
	{
		SPI_freetuptable(SPI_tuptable);
		if (statement_run(&make_row, &merchant, NULL, false) > 0)
			statement_run(&forget_ahead, &merchant, NULL, false);
		if (statement_run(&lock_row, &merchant, NULL, false) == 0)
		{
			SPI_freetuptable(SPI_tuptable);
			return false;
		}
	}
	*events = result_int64(SPI_tuptable, 0, 1);
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/* Write down how many events the merchant has now, and tell who listens if there are new ones. */
void
finish_alert_events(Datum merchant, int64 events)
{
	static Statement update = {
		"UPDATE invtrack.check_state s SET events = $2"
		" WHERE s.merchant " EQ " $1 AND s.events OPERATOR(pg_catalog.<) $2",
		2, {TEXTOID, INT8OID}
	};
	Datum		values[2] = {merchant, Int64GetDatum(events)};

	if (statement_run(&update, values, NULL, false) > 0)
		notify_of_news();
}

/* Make the result of a function that returns rows of invtrack.alert_event. */
ReturnSetInfo *
start_alert_events(FunctionCallInfo fcinfo)
{
	static const Oid columns[] = {ALERT_EVENT_TYPES};
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	require_columns(result->setDesc, columns, lengthof(columns));
	return result;
}

/* Add the rows that SPI just found. The store keeps copies of its own. */
void
return_alert_events(ReturnSetInfo *result, uint64 count)
{
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
}

/*
 * May this worker make the consumer's row of a merchant? Another one that has
 * just made it would be waited for at the key, until it has delivered. This
 * lock is one that SQL can't take, so that nobody else stands in the way.
 */
static bool
lock_registration(Datum consumer, Datum merchant)
{
	char	   *name = psprintf("%s %s", TextDatumGetCString(consumer),
								TextDatumGetCString(merchant));
	uint64		key = DatumGetUInt64(hash_any_extended((unsigned char *) name, strlen(name), 0));
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key,
						 REGISTRATION_LOCKS);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Merchants with events that this consumer has no row for, and which no other
 * worker makes one for; some of them. A role that may only read a merchant
 * takes nothing of it. (= ANY is looked up in a hash table and
 * the sub-select in the index, however old the statistics are.)
 */
static Datum
find_unregistered(Datum consumer)
{
	static Statement find_merchants = {
		"SELECT s.merchant FROM invtrack.check_state s"
		" WHERE s.events OPERATOR(pg_catalog.>) 0"
		" AND invtrack.has_access(s.merchant::pg_catalog.text, 'manage'::pg_catalog.text)"
		" AND NOT s.merchant " EQ " ANY ("
		" SELECT c.merchant FROM invtrack.alert_consumer c WHERE c.consumer " EQ " $1)"
		" AND (SELECT e.event_id FROM invtrack.alert_event e"
		" WHERE e.merchant " EQ " s.merchant ORDER BY e.event_id LIMIT 1) IS NOT NULL"
		" ORDER BY s.merchant LIMIT " CppAsString2(REGISTRATIONS_MAX),
		1, {TEXTOID}, 0, {TEXTOID}
	};
	ArrayBuildState *merchants = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	uint64		count = statement_run(&find_merchants, &consumer, NULL, false);

	for (uint64 i = 0; i < count; i++)
	{
		Datum		merchant = result_text(SPI_tuptable, i, 1);

		if (lock_registration(consumer, merchant))
			accumArrayResult(merchants, merchant, false, TEXTOID, CurrentMemoryContext);
	}
	SPI_freetuptable(SPI_tuptable);
	return merchants->nelems > 0 ? makeArrayResult(merchants, CurrentMemoryContext) : (Datum) 0;
}

/* Make the rows of those merchants: they begin with the oldest event that is kept. */
static void
register_consumer(Datum consumer)
{
	static Statement make_rows = {
		"INSERT INTO invtrack.alert_consumer (merchant, consumer, confirmed)"
		" SELECT e.merchant, $1, pg_catalog.min(e.event_id) OPERATOR(pg_catalog.-) 1"
		" FROM invtrack.alert_event e WHERE e.merchant " EQ " ANY ($2)"
		" GROUP BY e.merchant"
		" ON CONFLICT (merchant, consumer) DO NOTHING",
		2, {TEXTOID, TEXTARRAYOID}
	};
	Datum		values[2] = {consumer, find_unregistered(consumer)};

	if (values[1] != (Datum) 0)
		statement_run(&make_rows, values, NULL, false);
}

/* Merchants that have events for this consumer, those first whose turn was longest ago. */
static Portal
open_merchants(Datum consumer)
{
	static Statement find_rows = {
		"SELECT c.merchant, s.events FROM invtrack.alert_consumer c"
		" JOIN invtrack.check_state s ON s.merchant " EQ " c.merchant"
		" WHERE c.consumer " EQ " $1"
		" AND s.events OPERATOR(pg_catalog.>) c.confirmed"
		" ORDER BY c.taken_at NULLS FIRST, c.merchant",
		1, {TEXTOID}, 0, {TEXTOID, INT8OID}
	};

	return statement_open(&find_rows, &consumer);
}

/*
 * Lock a merchant's row, and see how far the consumer has come by now; false
 * if another worker has it.
 */
static bool
lock_merchant(Datum consumer, Datum merchant, Datum *confirmed)
{
	static Statement lock_row = {
		"SELECT c.confirmed FROM invtrack.alert_consumer c"
		" WHERE c.consumer " EQ " $1 AND c.merchant " EQ " $2"
		" FOR UPDATE SKIP LOCKED",
		2, {TEXTOID, TEXTOID}, 0, {INT8OID}
	};
	Datum		values[2] = {consumer, merchant};
	bool		found = statement_run(&lock_row, values, NULL, false) > 0;

	if (found)
		*confirmed = result_datum(SPI_tuptable, 0, 1, INT8OID);
	SPI_freetuptable(SPI_tuptable);
	return found;
}

/*
 * The merchant has had its turn, also if nothing of what it was given is ever
 * confirmed: then others come before it. Where no event is left of those not
 * confirmed, because somebody has deleted them, they count as confirmed.
 */
static void
note_turn(Datum consumer, Datum merchant, Datum confirmed)
{
	static Statement update = {
		"UPDATE invtrack.alert_consumer c SET taken_at = $4, confirmed = $3"
		" WHERE c.consumer " EQ " $1 AND c.merchant " EQ " $2",
		4, {TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[4] = {consumer, merchant, confirmed,
	TimestampTzGetDatum(GetCurrentTimestamp())};

	statement_run(&update, values, NULL, false);
}

/* Hand out at most this many events, merchant by merchant. */
static void
take_events(Datum consumer, int64 left, ReturnSetInfo *result)
{
	static Statement read_events = {
		"SELECT " ALERT_EVENT_COLUMNS " FROM invtrack.alert_event e"
		" WHERE e.merchant " EQ " $1 AND e.event_id OPERATOR(pg_catalog.>) $2"
		" ORDER BY e.event_id LIMIT $3",
		3, {TEXTOID, INT8OID, INT8OID}, CURSOR_OPT_GENERIC_PLAN, {ALERT_EVENT_TYPES}
	};
	Portal		merchants = open_merchants(consumer);
	SPITupleTable *row;
	Datum		values[3];
	Datum		last;
	uint64		events;

	while (left > 0)
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(merchants, true, 1);
		if (SPI_processed == 0)
			break;
		row = SPI_tuptable;
		values[0] = result_text(row, 0, 1);
		last = result_datum(row, 0, 2, INT8OID);
		if (lock_merchant(consumer, values[0], &values[1]) &&
			DatumGetInt64(values[1]) < DatumGetInt64(last))
		{
			values[2] = Int64GetDatum(left);
			events = statement_run(&read_events, values, NULL, false);
			return_alert_events(result, events);
			SPI_freetuptable(SPI_tuptable);
			note_turn(consumer, values[0], events > 0 ? values[1] : last);
			left -= events;
		}
		SPI_freetuptable(row);
	}
	UnpinPortal(merchants);
	SPI_cursor_close(merchants);
}

/* take_alert_events(consumer, max_rows) */
PG_FUNCTION_INFO_V1(alert_event_take);
Datum
alert_event_take(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = start_alert_events(fcinfo);
	int32		max_rows;

	require_not_null(fcinfo, 0, "consumer");
	require_not_null(fcinfo, 1, "max_rows");
	require_code(fcinfo, 0, "consumer");
	max_rows = PG_GETARG_INT32(1);
	if (max_rows < 1)
		refuse(NULL, "max_rows", psprintf("max_rows %d is out of range", max_rows),
			   "Give the largest number of events wanted, at least 1.");
	SPI_connect();
	register_consumer(PG_GETARG_DATUM(0));
	take_events(PG_GETARG_DATUM(0), max_rows, result);
	SPI_finish();
	return (Datum) 0;
}

/* is_alert_consumer(merchant, consumer, confirmed): the table's CHECK */
PG_FUNCTION_INFO_V1(alert_event_is_consumer);
Datum
alert_event_is_consumer(PG_FUNCTION_ARGS)
{
	static const char table[] = "alert_consumer";
	static const CodeColumn codes[] = {MERCHANT_CODE, CONSUMER_CODE};
	const int	confirmed = lengthof(codes);

	require_codes(table, codes, lengthof(codes), fcinfo->args);
	if (!PG_ARGISNULL(confirmed) && PG_GETARG_INT64(confirmed) < 0)
		refuse(table, "confirmed",
			   psprintf("confirmed %lld is out of range", (long long) PG_GETARG_INT64(confirmed)),
			   "Give the number of the last event that was confirmed, 0 for none.");
	PG_RETURN_BOOL(true);
}

static void
report_unknown_event(FunctionCallInfo fcinfo)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("consumer \"%s\" was not given event %lld of merchant \"%s\"",
					TextDatumGetCString(PG_GETARG_DATUM(0)), (long long) PG_GETARG_INT64(2),
					TextDatumGetCString(PG_GETARG_DATUM(1))),
			 errhint("Confirm what invtrack.take_alert_events() returned."),
			 errargument("event_id")));
}

/*
 * confirm_alert_events(consumer, merchant, event_id): all up to this one. What
 * was confirmed already stays so.
 */
PG_FUNCTION_INFO_V1(alert_event_confirm);
Datum
alert_event_confirm(PG_FUNCTION_ARGS)
{
	static Statement lock_row = {
		"SELECT c.confirmed FROM invtrack.alert_consumer c"
		" JOIN invtrack.check_state s ON s.merchant " EQ " c.merchant"
		" WHERE c.consumer " EQ " $1 AND c.merchant " EQ " $2"
		" AND s.events OPERATOR(pg_catalog.>=) $3 FOR UPDATE OF c",
		3, {TEXTOID, TEXTOID, INT8OID}, 0, {INT8OID}
	};
	static Statement confirm = {
		"UPDATE invtrack.alert_consumer c SET confirmed = $3, confirmed_at = $4"
		" WHERE c.consumer " EQ " $1 AND c.merchant " EQ " $2"
		" AND c.confirmed OPERATOR(pg_catalog.<) $3",
		4, {TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[4];
	int64		before;

	require_not_null(fcinfo, 0, "consumer");
	require_not_null(fcinfo, 1, "merchant");
	require_not_null(fcinfo, 2, "event_id");
	require_code(fcinfo, 0, "consumer");
	require_code(fcinfo, 1, "merchant");
	for (int arg = 0; arg < 3; arg++)
		values[arg] = PG_GETARG_DATUM(arg);
	values[3] = TimestampTzGetDatum(GetCurrentTimestamp());
	SPI_connect();
	if (PG_GETARG_INT64(2) < 1 || statement_run(&lock_row, values, NULL, false) == 0)
		report_unknown_event(fcinfo);
	before = result_int64(SPI_tuptable, 0, 1);
	statement_run(&confirm, values, NULL, false);
	SPI_finish();
	PG_RETURN_INT64(Max(PG_GETARG_INT64(2) - before, 0));
}
