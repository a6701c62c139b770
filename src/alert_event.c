/*
 * alert_event.c
 *		The outbox: handing events to programs that deliver them.
 *
 * A consumer has a row a merchant that says how far it has come. Taking locks
 * that row until the end of the transaction, and passes over rows that another
 * worker of the same consumer has locked. An event is handed out until it is
 * confirmed: at least once, in the order of its merchant.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "alert_event.h"
#include "argument.h"
#include "compat.h"
#include "plan.h"

/* Make the result of a function that returns rows of invtrack.alert_event. */
ReturnSetInfo *
start_alert_events(FunctionCallInfo fcinfo)
{
	static const Oid columns[] = {ALERT_EVENT_TYPES};
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	check_columns(result->setDesc, columns, lengthof(columns));
	return result;
}

/* Add the rows that SPI just found. The store keeps copies of its own. */
void
return_alert_events(ReturnSetInfo *result, uint64 count)
{
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
}

static void
check_consumer(FunctionCallInfo fcinfo)
{
	check_not_null(fcinfo, 0, "consumer");
	check_code(fcinfo, 0, "consumer");
}

/* A row for each merchant with events that this consumer has none for yet. */
static void
register_consumer(Datum consumer)
{
	static Statement make_rows = {
		"INSERT INTO invtrack.alert_consumer (merchant, consumer)"
		" SELECT s.merchant, $1 FROM invtrack.check_state s"
		" WHERE s.events OPERATOR(pg_catalog.>) 0 AND NOT EXISTS ("
		" SELECT FROM invtrack.alert_consumer c WHERE c.merchant OPERATOR(pg_catalog.=) s.merchant"
		" AND c.consumer OPERATOR(pg_catalog.=) $1)"
		" ORDER BY s.merchant ON CONFLICT (merchant, consumer) DO NOTHING",
		1, {TEXTOID}
	};

	statement_run(&make_rows, &consumer, NULL, false);
}

/*
 * Lock a merchant that has events for this consumer, which no other worker
 * has: the one that has waited longest. Those in the array were had already.
 */
static bool
take_merchant(Datum consumer, ArrayBuildState *had, Datum *merchant, Datum *confirmed)
{
	static Statement lock_row = {
		"SELECT c.merchant, c.confirmed FROM invtrack.alert_consumer c"
		" JOIN invtrack.check_state s ON s.merchant OPERATOR(pg_catalog.=) c.merchant"
		" WHERE c.consumer OPERATOR(pg_catalog.=) $1"
		" AND s.events OPERATOR(pg_catalog.>) c.confirmed"
		" AND NOT c.merchant OPERATOR(pg_catalog.=) ANY ($2)"
		" ORDER BY c.confirmed_at NULLS FIRST, c.merchant LIMIT 1 FOR UPDATE OF c SKIP LOCKED",
		2, {TEXTOID, TEXTARRAYOID}, 0, {TEXTOID, INT8OID}
	};
	Datum		values[2] = {consumer, makeArrayResult(had, CurrentMemoryContext)};
	bool		is_null;

	if (statement_run(&lock_row, values, NULL, false) == 0)
		return false;
	*merchant = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	*confirmed = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null);
	return true;
}

/* take_alert_events(consumer, max_rows) */
PG_FUNCTION_INFO_V1(alert_event_take);
Datum
alert_event_take(PG_FUNCTION_ARGS)
{
	static Statement read_events = {
		"SELECT " ALERT_EVENT_COLUMNS " FROM invtrack.alert_event e"
		" WHERE e.merchant OPERATOR(pg_catalog.=) $1 AND e.event_id OPERATOR(pg_catalog.>) $2"
		" ORDER BY e.event_id LIMIT $3",
		3, {TEXTOID, INT8OID, INT8OID}, CURSOR_OPT_GENERIC_PLAN, {ALERT_EVENT_TYPES}
	};
	ReturnSetInfo *result = start_alert_events(fcinfo);
	Datum		consumer = PG_GETARG_DATUM(0);
	ArrayBuildState *had;
	int64		left;
	Datum		values[3];

	check_consumer(fcinfo);
	check_not_null(fcinfo, 1, "max_rows");
	left = PG_GETARG_INT32(1);
	if (left < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows %lld is out of range", (long long) left),
				 errhint("Give the largest number of events wanted, at least 1.")));
	SPI_connect();
	register_consumer(consumer);
	had = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	while (left > 0 && take_merchant(consumer, had, &values[0], &values[1]))
	{
		uint64		rows;

		CHECK_FOR_INTERRUPTS();
		accumArrayResult(had, values[0], false, TEXTOID, CurrentMemoryContext);
		values[2] = Int64GetDatum(left);
		rows = statement_run(&read_events, values, NULL, false);
		return_alert_events(result, rows);
		left -= rows;
	}
	SPI_finish();
	return (Datum) 0;
}

static void
report_unknown_event(FunctionCallInfo fcinfo)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("consumer \"%s\" was not given event %lld of merchant \"%s\"",
					TextDatumGetCString(PG_GETARG_DATUM(0)), (long long) PG_GETARG_INT64(2),
					TextDatumGetCString(PG_GETARG_DATUM(1))),
			 errhint("Confirm what invtrack.take_alert_events() returned.")));
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
		" JOIN invtrack.check_state s ON s.merchant OPERATOR(pg_catalog.=) c.merchant"
		" WHERE c.consumer OPERATOR(pg_catalog.=) $1 AND c.merchant OPERATOR(pg_catalog.=) $2"
		" AND s.events OPERATOR(pg_catalog.>=) $3 FOR UPDATE OF c",
		3, {TEXTOID, TEXTOID, INT8OID}, 0, {INT8OID}
	};
	static Statement confirm = {
		"UPDATE invtrack.alert_consumer c SET confirmed = $3, confirmed_at = $4"
		" WHERE c.consumer OPERATOR(pg_catalog.=) $1 AND c.merchant OPERATOR(pg_catalog.=) $2"
		" AND c.confirmed OPERATOR(pg_catalog.<) $3",
		4, {TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[4];
	bool		is_null;
	int64		before;

	check_consumer(fcinfo);
	check_not_null(fcinfo, 1, "merchant");
	check_not_null(fcinfo, 2, "event_id");
	for (int arg = 0; arg < 3; arg++)
		values[arg] = PG_GETARG_DATUM(arg);
	values[3] = TimestampTzGetDatum(GetCurrentTimestamp());
	SPI_connect();
	if (statement_run(&lock_row, values, NULL, false) == 0)
		report_unknown_event(fcinfo);
	before = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	statement_run(&confirm, values, NULL, false);
	SPI_finish();
	PG_RETURN_INT64(Max(PG_GETARG_INT64(2) - before, 0));
}
