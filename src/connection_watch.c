/*
 * connection_watch.c
 *		Following changes of tables that people already have.
 *
 * A trigger on each row notes its key, old and new. The first note of a
 * transaction puts a row into invtrack.connection_pending, whose deferred trigger
 * brings all that was noted in line when the transaction commits, or at SET
 * CONSTRAINTS ALL IMMEDIATE. All of it is done as the owner of the extension: who
 * changes the table needs no rights here.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "owner.h"
#include "statement.h"

/* The level of the transaction that has put the row into connection_pending; 0: there is none. */
static int	pending_level = 0;

/* Is the row put there only to see whether constraints are immediate? */
static bool is_asking = false;

/*
 * If the row's trigger is left to the statement that changes rows: how many notes
 * there were then, and when that statement started; 0: it is not.
 */
static uint64 left_count = 0;
static TimestampTz left_at = 0;

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	pending_level = 0;
	is_asking = false;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
					  void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_ABORT_SUB)
		is_asking = false;
	if (event == SUBXACT_EVENT_ABORT_SUB && pending_level >= level)
		pending_level = 0;
	else if (event == SUBXACT_EVENT_COMMIT_SUB && pending_level >= level)
		pending_level = level - 1;
}

void
connection_init(void)
{
	note_store_init();
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/* Put a row into connection_pending, and leave its trigger to the statement around us, or not. */
static void
put_pending(bool leaves_trigger)
{
	static Statement insert = {"INSERT INTO invtrack.connection_pending DEFAULT VALUES"};

	pending_level = GetCurrentTransactionNestLevel();
	left_count = count_notes();
	left_at = leaves_trigger ? GetCurrentStatementStartTimestamp() : 0;
	insert.leaves_triggers = leaves_trigger;
	statement_run(&insert, NULL, NULL, false);
}

/*
 * Put a row into connection_pending for its trigger, which works all off at the
 * commit. Where constraints are immediate, it does so at once or, of rows that
 * change, when all of their statement are noted. Within SPI, as the owner.
 */
static void
make_pending(bool of_rows)
{
	is_asking = of_rows;
	put_pending(false);
	is_asking = false;
	if (of_rows && pending_level == 0)
		put_pending(true);
}

/*
 * Since PostgreSQL 16, a subscription writes a table of somebody else's in a
 * restricted operation, in which there are no deferred triggers. Ours does with
 * nobody else's rights what they could do without it.
 */
static void
lift_restriction(void)
{
	Oid			role;
	int			context;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(role, context & ~SECURITY_RESTRICTED_OPERATION);
}

/* What was noted will be worked off at the commit. */
static void
note_done(bool of_rows)
{
	Caller		caller;

	if (pending_level > 0)
		return;
	become_owner("connection_pending", &caller);
	if (IsLogicalWorker())
	{
		lift_restriction();
		of_rows = false;		/* it is restricted again when the rows are
								 * written */
	}
	SPI_connect();
	make_pending(of_rows);
	SPI_finish();
	become_caller(&caller);
}

/* A column that holds keys, and how its values are written. */
typedef struct KeyColumn
{
	AttrNumber	number;			/* 0: it has gone */
	FmgrInfo	output;
} KeyColumn;

/* The columns that the trigger's arguments name, looked up once a statement. */
static KeyColumn *
key_columns(FmgrInfo *function, const TriggerData *trigger)
{
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	int			count = trigger->tg_trigger->tgnargs;
	KeyColumn  *found = function->fn_extra;

	if (found != NULL)
		return found;
	found = MemoryContextAllocZero(function->fn_mcxt, sizeof(KeyColumn) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		AttrNumber	number = get_attnum(RelationGetRelid(trigger->tg_relation),
										trigger->tg_trigger->tgargs[i]);
		Oid			output;
		bool		is_varlena;

		if (number <= 0)
			continue;
		getTypeOutputInfo(TupleDescAttr(columns, number - 1)->atttypid, &output, &is_varlena);
		fmgr_info_cxt(output, &found[i].output, function->fn_mcxt);
		found[i].number = number;
	}
	return function->fn_extra = found;
}

/* Note the key that a row has in a column, if it has one. */
static void
note_key_of(const TriggerData *trigger, HeapTuple row, int arg, KeyColumn *column)
{
	bool		is_null = true;
	Datum		value = (Datum) 0;

	if (column->number > 0)
		value = heap_getattr(row, column->number, RelationGetDescr(trigger->tg_relation),
							 &is_null);
	if (!is_null)
		note(watched_table(trigger->tg_relation), trigger->tg_trigger->tgargs[arg],
			 OutputFunctionCall(&column->output, value));
}

/* Note the keys of a row, old and new. */
static void
note_row(const TriggerData *trigger, KeyColumn *columns)
{
	for (int arg = 0; arg < trigger->tg_trigger->tgnargs; arg++)
	{
		note_key_of(trigger, trigger->tg_trigtuple, arg, &columns[arg]);
		if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			note_key_of(trigger, trigger->tg_newtuple, arg, &columns[arg]);
	}
}

/* Note that all keys of a table have gone. */
static void
note_emptied(const TriggerData *trigger)
{
	for (int arg = 0; arg < trigger->tg_trigger->tgnargs; arg++)
		note(watched_table(trigger->tg_relation), trigger->tg_trigger->tgargs[arg], NULL);
}

/* Trigger on watched tables; its arguments are the columns that hold keys. */
PG_FUNCTION_INFO_V1(connection_note);
Datum
connection_note(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		trigger->tg_trigger->tgdeferrable ||
		!(TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("connection_note() works only as invtrack.watch() uses it")));
	if (is_draining_notes() && InSecurityRestrictedOperation())
		ereport(ERROR,			/* a source would change while it is read, and
								 * be read again without end */
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("watched table \"%s\" cannot be changed within a security-restricted operation",
						RelationGetRelationName(trigger->tg_relation)),
				 errhint("The source of a connection only reads.")));
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		note_row(trigger, key_columns(fcinfo->flinfo, trigger));
	else
		note_emptied(trigger);
	if (has_notes())
		note_done(TRIGGER_FIRED_FOR_ROW(trigger->tg_event));
	return PointerGetDatum(NULL);
}

/*
 * Delete the row of connection_pending by its place: what others have left until a
 * VACUUM is not read. Whoever owns the table may have deleted or changed it.
 */
static void
clear_pending(Relation table, ItemPointer place)
{
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TM_FailureData failure;
	Snapshot	snapshot;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	if (table_tuple_fetch_row_version(table, place, snapshot, slot))
		(void) table_tuple_delete(table, place, GetCurrentCommandId(true), snapshot,
								  InvalidSnapshot, true, &failure, false);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
}

/* Trigger on connection_pending, deferred. */
PG_FUNCTION_INFO_V1(connection_drain);
Datum
connection_drain(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Caller		caller;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		trigger->tg_relation->rd_rel->relkind != RELKIND_RELATION ||
		RelationGetRelid(trigger->tg_relation) != find_relation("invtrack", "connection_pending"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("connection_drain() works only on invtrack.connection_pending")));
	become_owner("connection_pending", &caller);
	SPI_connect();
	if (is_asking)
		pending_level = 0;		/* the answer: they are immediate */
	else if (left_at == GetCurrentStatementStartTimestamp() && left_count != count_notes())
		put_pending(true);		/* rows, as of a cascade, are still noted */
	else
	{
		drain_notes();
		pending_level = 0;
	}
	clear_pending(trigger->tg_relation, &trigger->tg_trigtuple->t_self);
	SPI_finish();
	become_caller(&caller);
	return PointerGetDatum(NULL);
}

/* settle_notes(): bring in line what was noted until now */
PG_FUNCTION_INFO_V1(connection_settle_notes);
Datum
connection_settle_notes(PG_FUNCTION_ARGS)
{
	Caller		caller;

	if (!has_notes() || is_draining_notes())
		PG_RETURN_VOID();
	become_owner("connection_pending", &caller);
	SPI_connect();
	drain_notes();
	SPI_finish();
	become_caller(&caller);
	PG_RETURN_VOID();
}

/* Note a key of a connection, to be brought in line before the transaction ends. */
void
note_key(const char *connection, const char *key)
{
	note(InvalidOid, connection, key);
	note_done(false);
}

/* Note that something came to a table of merchants, products or inventory types. */
void
note_table(Oid table)
{
	note(table, "", NULL);
	note_done(false);
}

/* note_key(connection, key) */
PG_FUNCTION_INFO_V1(connection_note_key);
Datum
connection_note_key(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "connection");
	require_not_null(fcinfo, 1, "key");
	note_key(TextDatumGetCString(PG_GETARG_DATUM(0)), TextDatumGetCString(PG_GETARG_DATUM(1)));
	PG_RETURN_VOID();
}
