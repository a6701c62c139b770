/*
 * tracker_change.c
 *		What became of trackers: who changed which setting, from what to what.
 *
 * A trigger of the table tracker writes the changes, whoever made them and
 * how. It writes as the owner of tracker_change, in which nobody else may
 * write, and so only for the table tracker itself.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "owner.h"
#include "statement.h"
#include "tracker_change.h"
#include "trigger.h"

#define KEY_COLUMNS			4
#define RECORDED_COLUMNS	6

/* The columns that make up a tracker's key, and those of which changes are recorded. */
static const struct
{
	const char *name;
	Oid			type;
}			key_columns[KEY_COLUMNS] = {
	{"merchant", TEXTOID}, {"sku", TEXTOID}, {"inventory_type", TEXTOID}, {"mechanism", TEXTOID}
}, recorded_columns[RECORDED_COLUMNS] = {
	{"quantity", NUMERICOID}, {"lookback_days", INT4OID}, {"coverage_days", INT4OID},
	{"expiry_days", INT4OID}, {"active", BOOLOID}, {"version", INT4OID}
};

/* The values of a row, in the order of insert_change()'s parameters. */
#define CHANGED_BY			(KEY_COLUMNS + 2 * RECORDED_COLUMNS)
#define ACTOR				(CHANGED_BY + 1)
#define CHANGED_AT			(ACTOR + 1)
#define CHANGE_VALUES		(CHANGED_AT + 1)

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

/* Called as a trigger after a row of tracker changed? It writes where its caller may not. */
static TriggerData *
require_change_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!is_tracker_table(trigger->tg_relation))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("a function of invtrack's triggers works only as those use it")));
	return trigger;
}

/* Columns of a row, as values and null flags for SPI. */
static void
get_recorded(const TriggerData *trigger, HeapTuple row, Datum *values, char *nulls)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;

	for (int i = 0; i < RECORDED_COLUMNS; i++)
	{
		int			column = trigger_column(trigger, recorded_columns[i].name, recorded_columns[i].type);
		bool		is_null = true;

		values[i] = row == NULL ? (Datum) 0 : heap_getattr(row, column, columns, &is_null);
		nulls[i] = is_null ? 'n' : ' ';
	}
}

static void
get_key(const TriggerData *trigger, HeapTuple row, Datum *values)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;

	for (int i = 0; i < KEY_COLUMNS; i++)
	{
		bool		is_null;

		values[i] = heap_getattr(row, trigger_column(trigger, key_columns[i].name, key_columns[i].type),
								 columns, &is_null);
		if (is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("%s of a tracker is null", key_columns[i].name)));
	}
}

/* Write the change as the owner of the table; who made it is who the session's role is. */
static void
insert_change(Datum *values, const char *nulls)
{
	static Statement insert_row = {
		"INSERT INTO invtrack.tracker_change (merchant, sku, inventory_type, mechanism,"
		" before, after, changed_by, actor, changed_at) VALUES ($1, $2, $3, $4,"
		" CASE WHEN $10 IS NOT NULL THEN pg_catalog.jsonb_build_object('quantity', $5, 'lookback_days', $6,"
		" 'coverage_days', $7, 'expiry_days', $8, 'active', $9, 'version', $10) END,"
		" CASE WHEN $16 IS NOT NULL THEN pg_catalog.jsonb_build_object('quantity', $11, 'lookback_days', $12,"
		" 'coverage_days', $13, 'expiry_days', $14, 'active', $15, 'version', $16) END,"
		" $17, $18, $19)",
		19, {
			TEXTOID, TEXTOID, TEXTOID, TEXTOID,
			NUMERICOID, INT4OID, INT4OID, INT4OID, BOOLOID, INT4OID,
			NUMERICOID, INT4OID, INT4OID, INT4OID, BOOLOID, INT4OID,
			TEXTOID, TEXTOID, TIMESTAMPTZOID
		}
	};
	Caller		caller;

	become_owner("tracker_change", &caller);
	SPI_connect();
	statement_run(&insert_row, values, nulls, false);
	SPI_finish();
	become_caller(&caller);
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
 * own changes. It tells itself by check_function_bodies = off, which anybody
 * may set, and runs as the owner or a superuser, as nobody else may be.
 */
PG_FUNCTION_INFO_V1(tracker_record_change);
Datum
tracker_record_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_change_trigger(fcinfo);
	bool		is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	before = is_insert ? NULL : trigger->tg_trigtuple;
	HeapTuple	after = is_insert ? trigger->tg_trigtuple : is_update ? trigger->tg_newtuple : NULL;
	Datum		values[CHANGE_VALUES];
	char		nulls[CHANGE_VALUES];

	if ((!check_function_bodies && caller_is_owner("tracker_change")) ||
		(is_update && says_the_same(trigger)))
		return PointerGetDatum(NULL);
	memset(nulls, ' ', sizeof(nulls));
	get_key(trigger, is_update ? trigger->tg_newtuple : trigger->tg_trigtuple, values);
	get_recorded(trigger, before, values + KEY_COLUMNS, nulls + KEY_COLUMNS);
	get_recorded(trigger, after, values + KEY_COLUMNS + RECORDED_COLUMNS,
				 nulls + KEY_COLUMNS + RECORDED_COLUMNS);
	values[CHANGED_BY] = CStringGetTextDatum(GetUserNameFromId(GetOuterUserId(), false));
	values[ACTOR] = CStringGetTextDatum(actor_setting);
	nulls[ACTOR] = actor_setting[0] == '\0' ? 'n' : ' ';
	values[CHANGED_AT] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	insert_change(values, nulls);
	return PointerGetDatum(NULL);
}
