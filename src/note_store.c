/*
 * note_store.c
 *		What a transaction has noted of watched tables, until it is brought in line.
 *
 * Notes are kept outside of tables, in memory and then on disk: one of a rolled
 * back savepoint costs time only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "connection.h"

/*
 * A note: the changed table, its column that holds the key, the key; a null key
 * is all of them. Without a column: the table, of ours, to which something came.
 */
enum
{
	NOTE_TABLE,
	NOTE_COLUMN,
	NOTE_KEY,
	NOTE_COLUMNS
};

/* What this transaction has noted and not brought in line yet; null: nothing. */
static Tuplestorestate *notes = NULL;

/* What it brought in line in savepoints, or tried to: if one is rolled back, that is undone. */
static Tuplestorestate *tried = NULL;
static TupleDesc note_columns = NULL;

/* The last of them. */
static Oid	last_table = InvalidOid;
static char *last_column = NULL;
static char *last_key = NULL;

/* Was a savepoint rolled back since? */
static bool is_undone = false;

/* How many notes this session has made. */
static uint64 count = 0;

/* Is something brought in line? */
static bool is_draining = false;

/* What was noted lies in the transaction's memory, which goes with it; files are closed before. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		if (notes != NULL)
			tuplestore_end(notes);
		if (tried != NULL)
			tuplestore_end(tried);
	}
	notes = NULL;
	tried = NULL;
	note_columns = NULL;
	last_key = NULL;
	is_undone = false;
	is_draining = false;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
					  void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	is_undone = true;
	last_key = NULL;
}

void
note_store_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/* Was this noted last, as of the lines of an order? */
static bool
is_last(Oid table, const char *column, const char *key)
{
	return last_key != NULL && key != NULL && strcmp(last_key, key) == 0 &&
		last_table == table && strcmp(last_column, column) == 0;
}

static void
remember_last(Oid table, const char *column, const char *key)
{
	if (last_key != NULL)
	{
		pfree(last_column);
		pfree(last_key);
	}
	last_table = table;
	last_column = key == NULL ? NULL : pstrdup(column);
	last_key = key == NULL ? NULL : pstrdup(key);
}

/*
 * Note a key in a column of a table, unless it was just noted; a null key is all of
 * them.
 */
void
note(Oid table, const char *column, const char *key)
{
	MemoryContext before;
	ResourceOwner owner = CurrentResourceOwner;
	Datum		values[NOTE_COLUMNS];
	bool		nulls[NOTE_COLUMNS] = {false, false, key == NULL};

	if (is_last(table, column, key))
		return;
	count++;
	before = MemoryContextSwitchTo(TopTransactionContext);
	remember_last(table, column, key);
	CurrentResourceOwner = TopTransactionResourceOwner;
	if (notes == NULL)
	{
		notes = tuplestore_begin_heap(false, false, work_mem);
		note_columns = CreateTemplateTupleDesc(NOTE_COLUMNS);
		TupleDescInitEntry(note_columns, NOTE_TABLE + 1, "watched", OIDOID, -1, 0);
		TupleDescInitEntry(note_columns, NOTE_COLUMN + 1, "column_name", TEXTOID, -1, 0);
		TupleDescInitEntry(note_columns, NOTE_KEY + 1, "key", TEXTOID, -1, 0);
	}
	values[NOTE_TABLE] = ObjectIdGetDatum(table);
	values[NOTE_COLUMN] = CStringGetTextDatum(column);
	values[NOTE_KEY] = key == NULL ? (Datum) 0 : CStringGetTextDatum(key);
	tuplestore_putvalues(notes, note_columns, values, nulls);
	pfree(DatumGetPointer(values[NOTE_COLUMN]));
	if (key != NULL)
		pfree(DatumGetPointer(values[NOTE_KEY]));
	CurrentResourceOwner = owner;
	MemoryContextSwitchTo(before);
}

/* How many notes this session has made: has it more than before? */
uint64
count_notes(void)
{
	return count;
}

/* Is there something to bring in line? */
bool
has_notes(void)
{
	return notes != NULL || (tried != NULL && is_undone);
}

/* Is something brought in line? */
bool
is_draining_notes(void)
{
	return is_draining;
}

/* All notes. */
static List *
get_notes(void)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(note_columns, &TTSOpsMinimalTuple);
	List	   *noted = NIL;

	tuplestore_rescan(notes);
	while (tuplestore_gettupleslot(notes, true, false, slot))
	{
		char	   *column;

		slot_getallattrs(slot);
		column = TextDatumGetCString(slot->tts_values[NOTE_COLUMN]);
		noted = add_note(noted, DatumGetObjectId(slot->tts_values[NOTE_TABLE]), column,
						 slot->tts_isnull[NOTE_KEY] ? (Datum) 0 : slot->tts_values[NOTE_KEY]);
		pfree(column);
	}
	ExecDropSingleTupleTableSlot(slot);
	return noted;
}

/* Add notes to others, or to none. */
static Tuplestorestate *
add_notes(Tuplestorestate *others, Tuplestorestate *added)
{
	TupleTableSlot *slot;

	if (others == NULL || added == NULL)
		return others == NULL ? added : others;
	slot = MakeSingleTupleTableSlot(note_columns, &TTSOpsMinimalTuple);
	tuplestore_rescan(added);
	while (tuplestore_gettupleslot(added, true, false, slot))
		tuplestore_puttupleslot(others, slot);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(added);
	return others;
}

/*
 * Bring in line what was noted, and then what that has noted itself. Within SPI, as
 * the owner.
 */
void
drain_notes(void)
{
	if (is_undone)
	{
		notes = add_notes(tried, notes);
		tried = NULL;
	}
	is_draining = true;
	PG_TRY();
	{
		while (notes != NULL)
		{
			List	   *noted = get_notes();

			CHECK_FOR_INTERRUPTS();
			tried = add_notes(tried, notes);
			notes = NULL;
			last_key = NULL;
			sync_noted(noted);
		}
	}
	PG_FINALLY();
	{
		is_draining = false;
	}
	PG_END_TRY();
	is_undone = false;			/* or it has done so again */
	if (GetCurrentTransactionNestLevel() == 1)
	{
		if (tried != NULL)
			tuplestore_end(tried);
		tried = NULL;
	}
}
