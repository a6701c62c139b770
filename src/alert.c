/*
 * alert.c
 *		Open alerts: who takes care of them, and when to be told again.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "row_security.h"
#include "statement.h"
#include "tracker_rule.h"

#define OPEN_ALERT_MATCHES \
	" a.merchant " EQ " $1 AND a.sku " EQ " $2" \
	" AND a.inventory_type " EQ " $3 AND a.mechanism " EQ " $4" \
	" AND a.closed_at IS NULL"

/* No open alert was updated: the caller sees none, or sees it and may not write it. */
static void
report_not_updated(Datum *values)
{
	static Statement find_alert = {
		"SELECT 1 FROM invtrack.alert a WHERE" OPEN_ALERT_MATCHES,
		4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}, 0, {INT4OID}
	};

	if (statement_run(&find_alert, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to change the alert of tracker %s",
						shown_tracker(values)),
				 errhint("It requires the level manage for the merchant. A trigger of the table's owner can prevent it as well.")));
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("tracker %s has no open alert", shown_tracker(values)),
			 errhint("The view invtrack.alert_open lists what there is.")));
}

/* Update the open alert of the tracker whose key these values begin with. */
static void
update_open_alert(Statement *update, Datum *values, const char *nulls)
{
	SPI_connect();
	if (statement_run(update, values, nulls, false) == 0)
		report_not_updated(values);
	SPI_finish();
}

/* acknowledge_alert(key of the tracker, note, acknowledged_by) */
PG_FUNCTION_INFO_V1(alert_acknowledge);
Datum
alert_acknowledge(PG_FUNCTION_ARGS)
{
	static Statement acknowledge = {
		"UPDATE invtrack.alert a SET acknowledged_note = $5, acknowledged_by = $6,"
		" acknowledged_at = $7 WHERE" OPEN_ALERT_MATCHES,
		7, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[7];
	char		nulls[] = "       ";

	get_tracker_key(fcinfo, values);
	values[4] = PG_GETARG_DATUM(4);
	nulls[4] = PG_ARGISNULL(4) ? 'n' : ' ';
	values[5] = PG_ARGISNULL(5) ?
		CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)) : PG_GETARG_DATUM(5);
	values[6] = TimestampTzGetDatum(GetCurrentTimestamp());
	update_open_alert(&acknowledge, values, nulls);
	PG_RETURN_BOOL(true);
}

/* snooze_alert(key of the tracker, until) */
PG_FUNCTION_INFO_V1(alert_snooze);
Datum
alert_snooze(PG_FUNCTION_ARGS)
{
	static Statement snooze = {
		"UPDATE invtrack.alert a SET snoozed_until = $5 WHERE" OPEN_ALERT_MATCHES,
		5, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[5];
	char		nulls[] = "     ";

	get_tracker_key(fcinfo, values);
	values[4] = PG_GETARG_DATUM(4);
	nulls[4] = PG_ARGISNULL(4) ? 'n' : ' ';
	update_open_alert(&snooze, values, nulls);
	PG_RETURN_BOOL(true);
}

/*
 * purge_alerts(merchant, older_than_days); a null merchant is all of them.
 * Events wait for the consumers that have a row of their merchant: what a
 * tenant calls a consumer is nothing to other merchants.
 */
PG_FUNCTION_INFO_V1(alert_purge);
Datum
alert_purge(PG_FUNCTION_ARGS)
{
	static Statement deletions[] = {
		{
			"DELETE FROM invtrack.alert_event e"
			" WHERE ($1 IS NULL OR e.merchant " EQ " $1)"
			" AND e.recorded_at OPERATOR(pg_catalog.<) $2"
			" AND NOT EXISTS (SELECT FROM invtrack.alert_consumer c"
			" WHERE c.merchant " EQ " e.merchant"
			" AND c.confirmed OPERATOR(pg_catalog.<) e.event_id)",
			2, {TEXTOID, TIMESTAMPTZOID}, CURSOR_OPT_CUSTOM_PLAN
		},
		{
			"DELETE FROM invtrack.alert a"
			" WHERE ($1 IS NULL OR a.merchant " EQ " $1)"
			" AND a.closed_at OPERATOR(pg_catalog.<) $2",
			2, {TEXTOID, TIMESTAMPTZOID}, CURSOR_OPT_CUSTOM_PLAN
		},
		{
			"DELETE FROM invtrack.tracker_change c"
			" WHERE ($1 IS NULL OR c.merchant " EQ " $1)"
			" AND c.changed_at OPERATOR(pg_catalog.<) $2",
			2, {TEXTOID, TIMESTAMPTZOID}, CURSOR_OPT_CUSTOM_PLAN
		}
	};
	Datum		values[2];
	char		nulls[2] = {PG_ARGISNULL(0) ? 'n' : ' ', ' '};
	int64		rows = 0;

	values[0] = PG_GETARG_DATUM(0);
	values[1] = TimestampTzGetDatum(time_of_age(fcinfo, 1, "older_than_days"));
	require_row_security();
	SPI_connect();
	for (int i = 0; i < lengthof(deletions); i++)
		rows += statement_run(&deletions[i], values, nulls, false);
	SPI_finish();
	PG_RETURN_INT64(rows);
}
