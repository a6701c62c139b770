/*
 * movement.c
 *		Movements are only ever added: the guard, and how to take one back.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "argument.h"
#include "compat.h"
#include "guard.h"
#include "plan.h"

/*
 * Trigger: refuses DELETE, a row at a time, and TRUNCATE. Changes of columns
 * are refused by refuse_change().
 */
PG_FUNCTION_INFO_V1(movement_refuse_removal);
Datum
movement_refuse_removal(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, GUARD_DELETE | GUARD_TRUNCATE);
	TupleDesc	columns;

	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_RESTRICT_VIOLATION),
				 errmsg("movements cannot be truncated"),
				 errhint("Record the opposite instead: invtrack.reverse_movement(merchant, movement_id) does.")));
	columns = trigger->tg_relation->rd_att;
	ereport(ERROR,
			(errcode(ERRCODE_RESTRICT_VIOLATION),
			 errmsg("movement %s of merchant \"%s\" cannot be deleted",
					SPI_getvalue(trigger->tg_trigtuple, columns,
								 trigger_column(trigger, "movement_id", INT8OID)),
					SPI_getvalue(trigger->tg_trigtuple, columns,
								 trigger_column(trigger, "merchant", TEXTOID))),
			 errhint("Record the opposite instead: invtrack.reverse_movement(merchant, movement_id) does.")));
	return (Datum) 0;
}

/* Why did the reversal write nothing? */
static void
report_not_reversed(Datum *key)
{
	static Statement find_reversal = {
		"SELECT FROM invtrack.movement m WHERE m.merchant OPERATOR(pg_catalog.=) $1"
		" AND m.reverses OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, INT8OID}
	};
	const char *merchant = TextDatumGetCString(key[0]);
	int64		id = DatumGetInt64(key[1]);

	if (statement_run(&find_reversal, key, NULL, false) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("movement %lld of merchant \"%s\" does not exist", (long long) id, merchant),
				 errhint("Check the merchant's code and the movement_id.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("movement %lld of merchant \"%s\" is reversed already", (long long) id, merchant),
			 errhint("A movement is reversed once. To undo that, reverse the movement whose column reverses is %lld.",
					 (long long) id)));
}

/*
 * reverse_movement(merchant, movement_id): the unique index on reverses makes
 * it happen once, also from two sessions at once.
 */
PG_FUNCTION_INFO_V1(movement_reverse);
Datum
movement_reverse(PG_FUNCTION_ARGS)
{
	static Statement insert_opposite = {
		"INSERT INTO invtrack.movement"
		" (merchant, sku, inventory_type, flow, occurred_on, quantity, reverses)"
		" SELECT m.merchant, m.sku, m.inventory_type, m.flow, m.occurred_on,"
		" OPERATOR(pg_catalog.-) m.quantity::pg_catalog.numeric, m.movement_id"
		" FROM invtrack.movement m WHERE m.merchant OPERATOR(pg_catalog.=) $1"
		" AND m.movement_id OPERATOR(pg_catalog.=) $2"
		" ON CONFLICT (merchant, reverses) WHERE reverses IS NOT NULL DO NOTHING"
		" RETURNING movement_id",
		2, {TEXTOID, INT8OID}, 0, {INT8OID}
	};
	Datum		key[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	Datum		id;
	bool		is_null;

	check_not_null(fcinfo, 0, "merchant");
	check_not_null(fcinfo, 1, "movement_id");
	check_code(fcinfo, 0, "merchant");
	SPI_connect();
	if (statement_run(&insert_opposite, key, NULL, false) == 0)
		report_not_reversed(key);
	id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	SPI_finish();
	return id;
}
