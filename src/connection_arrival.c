/*
 * connection_arrival.c
 *		What rejected rows of connections have waited for.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/rel.h"

#include "code.h"
#include "connection.h"
#include "owner.h"
#include "statement.h"

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
