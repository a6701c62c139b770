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
#include "utils/rls.h"

#include "access.h"
#include "argument.h"
#include "compat.h"
#include "guard.h"
#include "owner.h"
#include "plan.h"

#define REF_SIZE_MAX	1000


static bool
is_flow(const text *flow)
{
	size_t		size = VARSIZE_ANY_EXHDR(flow);

	return (size == strlen("sale") && memcmp(VARDATA_ANY(flow), "sale", size) == 0) ||
		(size == strlen("shipment") && memcmp(VARDATA_ANY(flow), "shipment", size) == 0);
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
	check_codes(table, codes, lengthof(codes), fcinfo->args);
	if (!is_flow(PG_GETARG_TEXT_PP(flow)))
		refuse(table, "flow",
			   psprintf("flow \"%s\" does not exist",
						shown(text_to_cstring(PG_GETARG_TEXT_PP(flow)))),
			   "Use sale or shipment.");
	check_day(table, "occurred_on", PG_GETARG_DATUM(occurred_on));
	if (!PG_ARGISNULL(ref))
	{
		text	   *value = PG_GETARG_TEXT_PP(ref);

		if (VARSIZE_ANY_EXHDR(value) < 1 || VARSIZE_ANY_EXHDR(value) > REF_SIZE_MAX)
			refuse(table, "ref",
				   psprintf("ref \"%s\" is not valid", shown(text_to_cstring(value))),
				   psprintf("A ref has 1 to %d bytes; leave it null where there is none.",
							REF_SIZE_MAX));
	}
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
	TriggerData *trigger = check_trigger(fcinfo, GUARD_DELETE | GUARD_TRUNCATE);
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
				 errhint("Check the merchant's code and the movement_id."),
				 errargument("movement_id")));
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("movement %lld of merchant \"%s\" is reversed already", (long long) id, merchant),
			 errhint("A movement is reversed once. To undo that, reverse the movement whose column reverses is %lld.",
					 (long long) id),
			 errargument("movement_id")));
}

/* May the caller, whom row security binds, load movements of this merchant? */
static void
check_may_reverse(Oid table, Datum merchant)
{
	AclResult	result = pg_class_aclcheck(table, GetUserId(), ACL_INSERT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, "movement");
	if (!is_access_to(access_of_role(GetUserId()), DatumGetTextPP(merchant), ACCESS_LOAD))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to reverse movements of merchant \"%s\"",
						TextDatumGetCString(merchant)),
				 errhint("It takes access of the level load, which the owner of the extension invtrack grants.")));
}

/*
 * Insert the opposite; false where there is nothing to reverse, or it is
 * reversed. Row security lets no loader insert a reversal, so that is done as
 * the owner of the table.
 */
static bool
insert_reversal(Datum *key)
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
	Oid			table = find_relation("invtrack", "movement");
	Caller		caller;
	uint64		rows;

	if (check_enable_rls(table, InvalidOid, true) != RLS_ENABLED)
		return statement_run(&insert_opposite, key, NULL, false) > 0;
	check_may_reverse(table, key[0]);
	become_owner("movement", &caller);
	rows = statement_run(&insert_opposite, key, NULL, false);
	become_caller(&caller);
	return rows > 0;
}

/*
 * reverse_movement(merchant, movement_id): the unique index on reverses makes
 * it happen once, also from two sessions at once. A movement that the caller
 * does not see does not exist.
 */
PG_FUNCTION_INFO_V1(movement_reverse);
Datum
movement_reverse(PG_FUNCTION_ARGS)
{
	static Statement find_movement = {
		"SELECT FROM invtrack.movement m WHERE m.merchant OPERATOR(pg_catalog.=) $1"
		" AND m.movement_id OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, INT8OID}
	};
	Datum		key[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	Datum		id;

	check_not_null(fcinfo, 0, "merchant");
	check_not_null(fcinfo, 1, "movement_id");
	check_code(fcinfo, 0, "merchant");
	SPI_connect();
	if (statement_run(&find_movement, key, NULL, false) == 0)
		report_not_reversed(key);
	if (!insert_reversal(key))
		report_not_reversed(key);
	id = result_datum(SPI_tuptable, 0, 1, INT8OID);
	SPI_finish();
	return id;
}
