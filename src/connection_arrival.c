/*
 * connection_arrival.c
 *		What rejected rows of connections have waited for.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "code.h"
#include "connection.h"
#include "owner.h"
#include "statement.h"

/* Keys with rows that lacked a merchant, product or inventory type, and do no more, as of now. */
void
note_waiting(const char *table_name)
{
#define IS_OF(column) \
	column " " EQ " (r.source_row OPERATOR(pg_catalog.->>) '" column "')"
	static Statement find = {
		"SELECT DISTINCT r.connection, r.key FROM invtrack.connection_reject r"
		" WHERE r.sqlstate " EQ " '23503' AND r.row_number OPERATOR(pg_catalog.>) 0 AND ("
		"$1 " EQ " 'merchant'"
		" AND EXISTS (SELECT FROM invtrack.merchant WHERE " IS_OF("merchant") ")"
		" OR $1 " EQ " 'product'"
		" AND EXISTS (SELECT FROM invtrack.product"
		" WHERE " IS_OF("merchant") " AND " IS_OF("sku") ")"
		" OR $1 " EQ " 'inventory_type'"
		" AND EXISTS (SELECT FROM invtrack.inventory_type WHERE " IS_OF("merchant")
		" AND " IS_OF("inventory_type") "))",
		1, {TEXTOID}, 0, {TEXTOID, TEXTOID}
	};
	Datum		table = CStringGetTextDatum(table_name);
	SPITupleTable *found;
	uint64		count;

	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	count = statement_run(&find, &table, NULL, true);
	PopActiveSnapshot();
	found = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
		note_key(result_string(found, i, 1), result_string(found, i, 2));
}

/*
 * Something came to a table of merchants, products or inventory types. What has
 * waited for it is looked for when the transaction commits: until then, others
 * reject what lacks it.
 */
void
note_arrival(const char *table_name)
{
	static Statement find = {"SELECT FROM invtrack.connection LIMIT 1"};
	Caller		caller;
	bool		is_connected;

	become_owner("connection", &caller);
	SPI_connect();
	is_connected = statement_run(&find, NULL, NULL, false) > 0;
	SPI_finish();
	become_caller(&caller);
	if (is_connected)
		note_table(find_relation("invtrack", table_name));
}

/*
 * Trigger on merchant, product and inventory_type, after an INSERT. What a
 * restore brings is taken as it is, and what a subscriber brings in line itself
 * is not.
 */
PG_FUNCTION_INFO_V1(connection_arrival);
Datum
connection_arrival(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("connection_arrival() works only as invtrack's triggers use it")));
	if (is_draining_notes() || !old_codes_are_taken())
		note_arrival(RelationGetRelationName(trigger->tg_relation));
	return PointerGetDatum(NULL);
}
