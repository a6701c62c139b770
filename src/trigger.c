/*
 * trigger.c
 *		What triggers have in common, and the one that keeps columns as they are.
 *
 * Whoever may execute a trigger function can attach it to a table of their
 * own, so each of them trusts nothing about the table that it finds itself on.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "compat.h"
#include "trigger.h"

/* Set while a statement of this library changes what guards keep. */
static bool guard_lifted = false;

/*
 * Run a statement that the guards of our tables let pass: they keep codes and
 * movements as they are. The flag is the library's own and not a setting, so
 * that nobody else can raise it. It goes back to what it was, since a trigger
 * of the statement may call this too.
 */
uint64
statement_run_unguarded(Statement *statement, Datum *values)
{
	const bool	was_lifted = guard_lifted;
	uint64		rows = 0;

	guard_lifted = true;
	PG_TRY();
	{
		rows = statement_run(statement, values, NULL, false);
	}
	PG_FINALLY();
	{
		guard_lifted = was_lifted;
	}
	PG_END_TRY();
	return rows;
}

bool
guard_is_lifted(void)
{
	return guard_lifted;
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
				 errmsg("a function of invtrack's triggers works only as those use it")));
	return trigger;
}

/* The number of a column; it must be there, of this type or a domain over it. */
int
trigger_column(const TriggerData *trigger, const char *name, Oid type)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;
	int			column = SPI_fnumber(columns, name);

	if (column <= 0 ||
		(OidIsValid(type) && getBaseType(TupleDescAttr(columns, column - 1)->atttypid) != type))
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

	if (guard_lifted)
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
