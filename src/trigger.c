/*
 * trigger.c
 *		What triggers have in common, and the one that keeps columns as they are.
 *
 * Whoever may execute a trigger function can attach it to a table of their
 * own, so each of them trusts nothing about the table that it finds itself on.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "compat.h"
#include "owner.h"
#include "statement.h"
#include "trigger.h"

/*
 * The statements of this transaction that guards let pass, by the command of
 * their snapshot; in the transaction's memory.
 */
static HTAB *lifted = NULL;

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		lifted = NULL;
}

void
guard_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}

/*
 * That command is used, so that the statement after this one has another,
 * whatever this one changes.
 */
static void
note_lifted(CommandId command)
{
	HASHCTL		control = {
		.keysize = sizeof(CommandId),
		.entrysize = sizeof(CommandId),
		.hcxt = TopTransactionContext
	};

	require_caller_is_owner("movement", "change what guards keep");
	if (lifted == NULL)
		lifted = hash_create("invtrack lifted guards", 16, &control,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	(void) hash_search(lifted, &command, HASH_ENTER, NULL);
	(void) GetCurrentCommandId(true);
}

bool
guard_is_lifted(void)
{
	CommandId	command = GetActiveSnapshot()->curcid;

	return lifted != NULL && hash_search(lifted, &command, HASH_FIND, NULL) != NULL;
}

/*
 * lift_guard(merchant), true: in the WHERE of a statement of this library, which
 * the guards of our tables then let pass. They keep codes and movements as they
 * are. So the permission travels with the statement, wherever it is run; the
 * argument keeps the planner from running it beforehand.
 */
PG_FUNCTION_INFO_V1(guard_lift);
Datum
guard_lift(PG_FUNCTION_ARGS)
{
	if (!guard_is_lifted())
		note_lifted(GetActiveSnapshot()->curcid);
	PG_RETURN_BOOL(true);
}

static int
event_of(TriggerEvent event)
{
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return TRIGGER_FIRED_FOR_STATEMENT(event) ? ON_TRUNCATE : 0;
	if (!TRIGGER_FIRED_FOR_ROW(event))
		return 0;
	if (TRIGGER_FIRED_BY_INSERT(event))
		return ON_INSERT;
	return TRIGGER_FIRED_BY_UPDATE(event) ? ON_UPDATE : ON_DELETE;
}

/* Called as a trigger before one of these events? */
TriggerData *
require_trigger(FunctionCallInfo fcinfo, int events)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		(event_of(trigger->tg_event) & events) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function can only be called by invtrack's own triggers")));
	return trigger;
}

/*
 * The number of a column; 0: there is none. For each row all are asked for in
 * their order, so a search begins where the last one has ended.
 */
static int
find_column(TupleDesc columns, const char *name)
{
	static int	last = 0;

	for (int n = 0; n < columns->natts; n++)
	{
		int			i = (last + n) % columns->natts;
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!column->attisdropped && namestrcmp(&column->attname, name) == 0)
			return last = i + 1;
	}
	return 0;
}

/* The number of a column; it must be there, of this type or a domain over it. */
int
trigger_column(const TriggerData *trigger, const char *name, Oid type)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;
	int			column = find_column(columns, name);

	if (column == 0 ||
		(OidIsValid(type) && !is_of_type(TupleDescAttr(columns, column - 1), type)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("table %s has no column %s as invtrack's triggers expect it",
						RelationGetRelationName(trigger->tg_relation), name)));
	return column;
}

/* A column of a trigger's row as text, null for null. */
char *
trigger_value(const TriggerData *trigger, HeapTuple row, const char *name, Oid type)
{
	return SPI_getvalue(row, trigger->tg_relation->rd_att, trigger_column(trigger, name, type));
}

/* In a trigger before an update: does the column say something else? 5.0 says what 5 does. */
bool
column_changes(const TriggerData *trigger, const char *name)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;
	int			column = trigger_column(trigger, name, InvalidOid);
	Form_pg_attribute attribute = TupleDescAttr(columns, column - 1);
	bool		old_null,
				new_null;
	Datum		old_value = heap_getattr(trigger->tg_trigtuple, column, columns, &old_null);
	Datum		new_value = heap_getattr(trigger->tg_newtuple, column, columns, &new_null);
	TypeCacheEntry *type;

	if (old_null || new_null)
		return old_null != new_null;
	type = lookup_type_cache(attribute->atttypid, TYPECACHE_EQ_OPR_FINFO);
	if (!OidIsValid(type->eq_opr_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("column %s is of type %s, which has no equality", name,
						format_type_be(attribute->atttypid))));
	return !DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo, attribute->attcollation,
										   old_value, new_value));
}

/* A column's value as an error shows it. */
static const char *
shown_value(const TriggerData *trigger, HeapTuple row, const char *name)
{
	char	   *value = trigger_value(trigger, row, name, InvalidOid);

	return value == NULL ? "null" : psprintf("\"%s\"", value);
}

/*
 * Trigger, BEFORE UPDATE OF the same columns FOR EACH ROW: refuses to change
 * them. Its arguments are a hint and the names of the columns. An UPDATE that
 * sets what is there already passes.
 */
PG_FUNCTION_INFO_V1(guard_refuse_change);
Datum
guard_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_trigger(fcinfo, ON_UPDATE);
	char	  **arguments = trigger->tg_trigger->tgargs;

	if (guard_is_lifted())
		return PointerGetDatum(trigger->tg_newtuple);
	for (int i = 1; i < trigger->tg_trigger->tgnargs; i++)
	{
		if (column_changes(trigger, arguments[i]))
			ereport(ERROR,
					(errcode(ERRCODE_RESTRICT_VIOLATION),
					 errmsg("%s of table %s cannot be changed from %s to %s",
							arguments[i], RelationGetRelationName(trigger->tg_relation),
							shown_value(trigger, trigger->tg_trigtuple, arguments[i]),
							shown_value(trigger, trigger->tg_newtuple, arguments[i])),
					 errhint("%s", arguments[0]),
					 errtablecol(trigger->tg_relation,
								 trigger_column(trigger, arguments[i], InvalidOid))));
	}
	return PointerGetDatum(trigger->tg_newtuple);
}
