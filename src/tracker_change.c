/*
 * tracker_change.c
 *		What became of trackers: who changed which setting, from what to what.
 *
 * Triggers of the table tracker write the changes, whoever made them and how:
 * one notes each row, another writes all that a statement changed at once.
 * They write as the owner of tracker_change, in which nobody else may write,
 * and so only for the table tracker itself.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "distribute.h"
#include "owner.h"
#include "row_array.h"
#include "statement.h"
#include "tracker_change.h"
#include "trigger.h"

#define KEY_COLUMNS			4

/* So many changes of a statement are written at once: memory stays bounded. */
#define CHANGES_MAX			10000

typedef struct Column
{
	const char *name;
	Oid			type;
} Column;

/* The columns that make up a tracker's key, and those of which changes are recorded. */
static const Column key_columns[KEY_COLUMNS] = {
	{"merchant", TEXTOID}, {"sku", TEXTOID}, {"inventory_type", TEXTOID}, {"mechanism", TEXTOID}
};
static const Column recorded_columns[RECORDED_COLUMNS] = {
	{"quantity", NUMERICOID}, {"lookback_days", INT4OID}, {"coverage_days", INT4OID},
	{"expiry_days", INT4OID}, {"active", BOOLOID}, {"version", INT4OID}
};

/*
 * What is noted of a change: the tracker's key, then what it was and what it is,
 * as jsonb; 0: there was or is none.
 */
enum
{
	BEFORE = KEY_COLUMNS,
	AFTER,
	NOTED_VALUES
};

/* The parameters of an INSERT: of all changes, and those of one, or an array for all. */
enum
{
	CHANGED_BY,
	ACTOR,
	CHANGED_AT,
	NOTED,
	CHANGE_VALUES = NOTED + NOTED_VALUES
};

/* A change that is noted and not written yet, and the subtransaction that made it. */
typedef struct Change
{
	SubTransactionId made_in;
	Datum		values[NOTED_VALUES];
} Change;

/*
 * The changes that this transaction has noted; null: none. Those of a
 * subtransaction that failed are never written.
 */
static List *changes = NIL;
static MemoryContext changes_memory = NULL;

/* Was the table distributed when the first of them was noted? */
static bool on_citus;

static char *actor_setting;

void
tracker_change_init(void)
{
	DefineCustomStringVariable("invtrack.actor",
							   "The application's own user, who changes trackers.",
							   "Recorded in invtrack.tracker_change; empty means none.",
							   &actor_setting, "", PGC_USERSET, 0, NULL, NULL, NULL);
}

/* Is this the table tracker, or a part of it, as Citus has them: beside it, and its owner's? */
static bool
is_tracker_table(Relation relation)
{
	Relation	tracker;
	bool		is_part;

	if (RelationGetRelid(relation) == find_relation("invtrack", "tracker"))
		return true;
	tracker = table_open(find_relation("invtrack", "tracker"), AccessShareLock);
	is_part = relation->rd_rel->relnamespace == tracker->rd_rel->relnamespace &&
		relation->rd_rel->relowner == tracker->rd_rel->relowner;
	table_close(tracker, AccessShareLock);
	return is_part;
}

/* Called as a trigger after tracker changed? It writes where its caller may not. */
static TriggerData *
require_change_trigger(FunctionCallInfo fcinfo, bool for_row)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		(TRIGGER_FIRED_FOR_ROW(trigger->tg_event) != 0) != for_row ||
		!is_tracker_table(trigger->tg_relation))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function can only be called by invtrack's own triggers")));
	return trigger;
}

static void
set_value(JsonbValue *json, Oid type, Datum value, bool is_null)
{
	if (is_null)
		json->type = jbvNull;
	else if (type == BOOLOID)
	{
		json->type = jbvBool;
		json->val.boolean = DatumGetBool(value);
	}
	else
	{
		json->type = jbvNumeric;
		json->val.numeric = type == INT4OID ? int64_to_numeric(DatumGetInt32(value)) :
			DatumGetNumeric(value);
	}
}

/* The recorded columns as a JSON object; the order of its keys is that of jsonb, shorter first. */
Datum
recorded_json(const Datum *values, const bool *nulls)
{
	static const int order[] = {4, 5, 0, 3, 2, 1};
	JsonbPair	pairs[RECORDED_COLUMNS] = {0};
	JsonbValue	object;

	StaticAssertStmt(lengthof(order) == RECORDED_COLUMNS, "each recorded column once");
	for (int n = 0; n < RECORDED_COLUMNS; n++)
	{
		int			i = order[n];

		pairs[n].key.type = jbvString;
		pairs[n].key.val.string.val = unconstify(char *, recorded_columns[i].name);
		pairs[n].key.val.string.len = strlen(recorded_columns[i].name);
		set_value(&pairs[n].value, recorded_columns[i].type, values[i], nulls[i]);
	}
	object.type = jbvObject;
	object.val.object.nPairs = RECORDED_COLUMNS;
	object.val.object.pairs = pairs;
	return JsonbPGetDatum(JsonbValueToJsonb(&object));
}

/* What a row records; 0 for no row. */
static Datum
recorded_of(const TriggerData *trigger, HeapTuple row)
{
	Datum		values[RECORDED_COLUMNS];
	bool		nulls[RECORDED_COLUMNS];

	if (row == NULL)
		return (Datum) 0;
	for (int i = 0; i < RECORDED_COLUMNS; i++)
	{
		int			column = trigger_column(trigger, recorded_columns[i].name,
											recorded_columns[i].type);

		values[i] = heap_getattr(row, column, trigger->tg_relation->rd_att, &nulls[i]);
	}
	return recorded_json(values, nulls);
}

static void
get_key(const TriggerData *trigger, HeapTuple row, Datum *values)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;

	for (int i = 0; i < KEY_COLUMNS; i++)
	{
		bool		is_null;

		values[i] = heap_getattr(row,
								 trigger_column(trigger, key_columns[i].name, key_columns[i].type),
								 columns, &is_null);
		if (is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("%s of a tracker is null", key_columns[i].name)));
	}
}

static void
forget_changes(void *arg)
{
	changes = NIL;
	changes_memory = NULL;
}

/* What is noted lies in memory of the transaction, and goes with it. */
static MemoryContext
enter_changes_memory(void)
{
	if (changes_memory == NULL)
	{
		MemoryContextCallback *callback;

		changes_memory = AllocSetContextCreate(TopTransactionContext, "changes of trackers",
											   ALLOCSET_DEFAULT_SIZES);
		callback = MemoryContextAllocZero(changes_memory, sizeof(MemoryContextCallback));
		callback->func = forget_changes;
		MemoryContextRegisterResetCallback(changes_memory, callback);
		on_citus = is_distributed();
	}
	return MemoryContextSwitchTo(changes_memory);
}

static void
note_change(const TriggerData *trigger, HeapTuple row, HeapTuple before, HeapTuple after)
{
	Change		made = {GetCurrentSubTransactionId()};
	MemoryContext caller;

	get_key(trigger, row, made.values);
	made.values[BEFORE] = recorded_of(trigger, before);
	made.values[AFTER] = recorded_of(trigger, after);
	caller = enter_changes_memory();
	for (int i = 0; i < NOTED_VALUES; i++)
		if (made.values[i] != (Datum) 0)
			made.values[i] = datumCopy(made.values[i], false, -1);
	changes = lappend(changes, memcpy(palloc(sizeof(Change)), &made, sizeof(Change)));
	MemoryContextSwitchTo(caller);
}

/* Only these are still to be written. */
static void
keep_changes(List *others)
{
	MemoryContext caller;

	if (others == NIL)
	{
		MemoryContextDelete(changes_memory);
		return;
	}
	caller = enter_changes_memory();
	list_free(changes);
	changes = list_copy(others);
	MemoryContextSwitchTo(caller);
}

/*
 * Write changes in their order; who made them is who the session's role is.
 * Within SPI, as the owner.
 */
static void
insert_changes(List *made, Datum *values, const char *nulls)
{
	static Statement insert_rows = {
		"INSERT INTO invtrack.tracker_change (merchant, sku, inventory_type, mechanism,"
		" before, after, changed_by, actor, changed_at)"
		" SELECT u.merchant, u.sku, u.inventory_type, u.mechanism, u.before, u.after, $1, $2, $3"
		" FROM pg_catalog.unnest($4) AS u",
		4, {TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	static const Oid types[NOTED_VALUES] = {
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID
	};
	TupleDesc	columns = row_type("noted_change", types, lengthof(types));
	Datum	   *rows = palloc(sizeof(Datum) * list_length(made));
	ListCell   *cell;

	foreach(cell, made)
	{
		const Change *change = lfirst(cell);
		bool		is_null[NOTED_VALUES];

		for (int i = 0; i < NOTED_VALUES; i++)
			is_null[i] = change->values[i] == (Datum) 0;
		rows[foreach_current_index(cell)] = make_row(columns, change->values, is_null);
	}
	values[NOTED] = array_of_rows(&insert_rows, NOTED, columns, rows, list_length(made));
	statement_run(&insert_rows, values, nulls, false);
}

/* One change: this is cheaper, and Citus takes no INSERT ... SELECT here. */
static void
insert_change(const Change *change, Datum *values, char *nulls)
{
	static Statement insert_row = {
		"INSERT INTO invtrack.tracker_change (merchant, sku, inventory_type, mechanism,"
		" before, after, changed_by, actor, changed_at)"
		" VALUES ($4, $5, $6, $7, $8, $9, $1, $2, $3)",
		CHANGE_VALUES, {
			TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID
		}
	};

	for (int i = 0; i < NOTED_VALUES; i++)
	{
		values[NOTED + i] = change->values[i];
		nulls[NOTED + i] = change->values[i] == (Datum) 0 ? 'n' : ' ';
	}
	statement_run(&insert_row, values, nulls, false);
}

/* Write what this subtransaction has noted. */
static void
write_changes(void)
{
	List	   *made = NIL,
			   *others = NIL;
	Datum		values[CHANGE_VALUES];
	char		nulls[CHANGE_VALUES];
	Caller		caller;
	ListCell   *cell;

	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);

		if (change->made_in != GetCurrentSubTransactionId())
		{
			others = lappend(others, change);
			continue;
		}
		made = lappend(made, change);
		/* not again if a trigger on tracker_change changes trackers */
		change->made_in = InvalidSubTransactionId;
	}
	if (made == NIL)
		return;
	memset(nulls, ' ', sizeof(nulls));
	values[CHANGED_BY] = CStringGetTextDatum(GetUserNameFromId(GetOuterUserId(), false));
	values[ACTOR] = CStringGetTextDatum(actor_setting);
	nulls[ACTOR] = actor_setting[0] == '\0' ? 'n' : ' ';
	values[CHANGED_AT] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	become_owner("tracker_change", &caller);
	SPI_connect();
	if (list_length(made) == 1)
		insert_change(linitial(made), values, nulls);
	else
		insert_changes(made, values, nulls);
	SPI_finish();
	become_caller(&caller);
	keep_changes(others);
}

/* In an update: do the recorded columns say what they said before? */
static bool
says_the_same(const TriggerData *trigger)
{
	for (int i = 0; i < RECORDED_COLUMNS; i++)
		if (column_changes(trigger, recorded_columns[i].name))
			return false;
	return true;
}

/*
 * Trigger, AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW. A restore brings its
 * own changes.
 */
PG_FUNCTION_INFO_V1(tracker_record_change);
Datum
tracker_record_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_change_trigger(fcinfo, true);
	bool		is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	before = is_insert ? NULL : trigger->tg_trigtuple;
	HeapTuple	after = is_insert ? trigger->tg_trigtuple : is_update ? trigger->tg_newtuple : NULL;

	if (is_restore("tracker_change") || (is_update && says_the_same(trigger)))
		return PointerGetDatum(NULL);
	note_change(trigger, is_update ? trigger->tg_newtuple : trigger->tg_trigtuple, before, after);
	/* also on Citus, and where statement triggers do not fire */
	if (list_length(changes) >= CHANGES_MAX || on_citus ||
		SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		write_changes();
	return PointerGetDatum(NULL);
}

/* Trigger, AFTER INSERT OR UPDATE OR DELETE FOR EACH STATEMENT: what it has changed is written. */
PG_FUNCTION_INFO_V1(tracker_write_changes);
Datum
tracker_write_changes(PG_FUNCTION_ARGS)
{
	(void) require_change_trigger(fcinfo, false);
	write_changes();
	return PointerGetDatum(NULL);
}
