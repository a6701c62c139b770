/*
 * movement.c
 *		Movements are only ever added: the guard, and how to take one back.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "access.h"
#include "argument.h"
#include "compat.h"
#include "fold.h"
#include "movement.h"
#include "owner.h"
#include "statement.h"
#include "trigger.h"

#define REF_SIZE_MAX	1000

static bool
is_flow(const text *flow)
{
	size_t		size = VARSIZE_ANY_EXHDR(flow);

	return (size == strlen("sale") && memcmp(VARDATA_ANY(flow), "sale", size) == 0) ||
		(size == strlen("shipment") && memcmp(VARDATA_ANY(flow), "shipment", size) == 0);
}

/* Of a column of a table, or, where that is null, of an argument. */
void
require_flow(const char *table, Datum value)
{
	if (!is_flow(DatumGetTextPP(value)))
		refuse(table, "flow",
			   psprintf("flow \"%s\" does not exist", shown(TextDatumGetCString(value))),
			   "Use sale or shipment.");
}

void
require_ref(const char *table, const char *name, Datum value)
{
	text	   *ref = DatumGetTextPP(value);

	if (VARSIZE_ANY_EXHDR(ref) < 1 || VARSIZE_ANY_EXHDR(ref) > REF_SIZE_MAX)
		refuse(table, name,
			   psprintf("%s \"%s\" is not valid", name, shown(text_to_cstring(ref))),
			   table == NULL ? "It has 1 to 1000 bytes." :
			   "A ref has 1 to 1000 bytes; leave it null if there is none.");
}

void
require_flow_argument(FunctionCallInfo fcinfo, int arg)
{
	require_flow(NULL, PG_GETARG_DATUM(arg));
}

void
require_ref_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	require_ref(NULL, name, PG_GETARG_DATUM(arg));
}

/* is_movement(merchant, sku, inventory_type, flow, occurred_on, ref): the table's CHECK */
PG_FUNCTION_INFO_V1(movement_is_movement);
Datum
movement_is_movement(PG_FUNCTION_ARGS)
{
	static const char table[] = "movement";
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};
	const int	flow = lengthof(codes);
	const int	occurred_on = flow + 1;
	const int	ref = occurred_on + 1;

	for (int arg = 0; arg < occurred_on + 1; arg++)
		if (PG_ARGISNULL(arg))
			PG_RETURN_NULL();
	require_codes(table, codes, lengthof(codes), fcinfo->args);
	require_flow(table, PG_GETARG_DATUM(flow));
	require_day(table, "occurred_on", PG_GETARG_DATUM(occurred_on));
	if (!PG_ARGISNULL(ref))
		require_ref(table, "ref", PG_GETARG_DATUM(ref));
	PG_RETURN_BOOL(true);
}

/*
 * Trigger: refuses DELETE, a row at a time, and TRUNCATE. Changes of columns
 * are refused by refuse_change().
 */
PG_FUNCTION_INFO_V1(movement_refuse_removal);
Datum
movement_refuse_removal(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_trigger(fcinfo, ON_DELETE | ON_TRUNCATE);
	const char *id,
			   *merchant;

	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_RESTRICT_VIOLATION),
				 errmsg("movements cannot be truncated"),
				 errhint("Record the opposite instead: invtrack.reverse_movement(merchant, movement_id) does."),
				 errtable(trigger->tg_relation)));
	if (guard_is_lifted())
		return PointerGetDatum(trigger->tg_trigtuple);
	id = trigger_value(trigger, trigger->tg_trigtuple, "movement_id", INT8OID);
	merchant = trigger_value(trigger, trigger->tg_trigtuple, "merchant", TEXTOID);
	ereport(ERROR,
			(errcode(ERRCODE_RESTRICT_VIOLATION),
			 errmsg("movement %s of merchant \"%s\" cannot be deleted",
					id == NULL ? "" : id, merchant == NULL ? "" : merchant),
			 errhint("Record the opposite instead: invtrack.reverse_movement(merchant, movement_id) does."),
			 errtable(trigger->tg_relation)));
	return (Datum) 0;
}

static void
report_missing_movement(const Datum *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("movement %lld of merchant \"%s\" does not exist",
					(long long) DatumGetInt64(key[1]), TextDatumGetCString(key[0])),
			 errhint("Check the merchant's code and the movement_id."),
			 errargument("movement_id")));
}

static void
report_reversed_already(const Datum *key)
{
	const long long id = DatumGetInt64(key[1]);

	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("movement %lld of merchant \"%s\" is reversed already", id,
					TextDatumGetCString(key[0])),
			 errhint("A movement is reversed once. To undo that, reverse the movement whose column reverses is %lld.",
					 id),
			 errargument("movement_id")));
}

/* What a movement and its opposite have in common, and the quantity. */
#define REVERSED_COLUMNS	5
#define REVERSED_TYPES		TEXTOID, TEXTOID, TEXTOID, DATEOID, NUMERICOID

/*
 * Insert the opposite of a movement and mark it as reversed, which frees its
 * ref. Of a reversal, what it had reversed is brought back, which takes its
 * ref again; and so on along the chain. Returns false if there is no such
 * movement, or it is reversed: the unique index on reverses makes it happen
 * once, also from two sessions at once. (Two statements, since Citus counts what
 * INSERT ... SELECT ... ON CONFLICT passes over.)
 */
bool
insert_reversal(Datum *key, Datum *id)
{
	static Statement read_movement = {
		"SELECT m.sku, m.inventory_type, m.flow, m.occurred_on, m.quantity::pg_catalog.numeric"
		" FROM invtrack.movement m WHERE m.merchant " EQ " $1"
		" AND m.movement_id " EQ " $2 AND NOT m.reversed",
		2, {TEXTOID, INT8OID}, 0, {REVERSED_TYPES}
	};
	static Statement insert_opposite = {
		"INSERT INTO invtrack.movement"
		" (merchant, reverses, sku, inventory_type, flow, occurred_on, quantity)"
		" VALUES ($1, $2, $3, $4, $5, $6, OPERATOR(pg_catalog.-) $7)"
		" ON CONFLICT (merchant, reverses) WHERE reverses IS NOT NULL AND NOT reversed DO NOTHING"
		" RETURNING movement_id",
		2 + REVERSED_COLUMNS, {TEXTOID, INT8OID, REVERSED_TYPES}, 0, {INT8OID}
	};
	static Statement mark_chain = {
		"WITH RECURSIVE chain AS ("
		" SELECT m.movement_id, m.reverses, true AS reversed FROM invtrack.movement m"
		" WHERE m.merchant " EQ " $1 AND m.movement_id " EQ " $2"
		/* not UNION ALL: ends where an owner has closed a circle */
		" UNION"
		" SELECT m.movement_id, m.reverses, NOT c.reversed FROM chain c JOIN invtrack.movement m"
		" ON m.merchant " EQ " $1 AND m.movement_id " EQ " c.reverses)"
		" UPDATE invtrack.movement m SET reversed = c.reversed FROM chain c"
		" WHERE m.merchant " EQ " $1"
		" AND m.movement_id " EQ " c.movement_id"
		" AND m.reversed OPERATOR(pg_catalog.<>) c.reversed",
		2, {TEXTOID, INT8OID}
	};
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[2 + REVERSED_COLUMNS] = {key[0], key[1]};

	if (statement_run(&read_movement, key, NULL, false) == 0)
		return false;
	for (int i = 0; i < REVERSED_COLUMNS; i++)
		values[2 + i] = result_datum(SPI_tuptable, 0, i + 1, read_movement.results[i]);
	if (statement_run(&insert_opposite, values, NULL, false) == 0)
		return false;
	*id = result_datum(SPI_tuptable, 0, 1, INT8OID);
	PG_TRY();
	{
		statement_run(&mark_chain, key, NULL, false);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		rethrow_with(NULL, geterrcode() == ERRCODE_UNIQUE_VIOLATION ?
					 "The line cannot come back while another movement has its ref: reverse that one first." : NULL);
	}
	PG_END_TRY();
	return true;
}

/*
 * May the caller load movements of this merchant? Corrections mark movements
 * and record reversals, which is done as the owner of the table.
 */
void
require_may_load(Datum merchant, const char *action)
{
	AclResult	result = pg_class_aclcheck(find_relation("invtrack", "movement"), GetUserId(),
										   ACL_INSERT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, "movement");
	require_merchant_access(merchant, ACCESS_LOAD, action);
}

static bool
is_visible(Datum *key)
{
	static Statement find = {
		"SELECT FROM invtrack.movement m WHERE m.merchant " EQ " $1"
		" AND m.movement_id " EQ " $2",
		2, {TEXTOID, INT8OID}
	};

	return statement_run(&find, key, NULL, false) > 0;
}

/*
 * reverse_movement(merchant, movement_id); a movement that the caller does not see does not exist
 */
PG_FUNCTION_INFO_V1(movement_reverse);
Datum
movement_reverse(PG_FUNCTION_ARGS)
{
	Datum		key[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	Datum		id;
	Caller		caller;

	require_not_null(fcinfo, 0, "merchant");
	require_not_null(fcinfo, 1, "movement_id");
	require_code(fcinfo, 0, "merchant");
	SPI_connect();
	if (!is_visible(key))
		report_missing_movement(key);
	require_may_load(key[0], "reverse movements");
	become_owner("movement", &caller);
	share_fold_state(key[0]);
	if (!insert_reversal(key, &id))
	{
		if (!is_visible(key))
			report_missing_movement(key);	/* a purge has taken it meanwhile */
		report_reversed_already(key);
	}
	become_caller(&caller);
	SPI_finish();
	return id;
}
