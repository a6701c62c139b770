/*
 * connection_sync.c
 *		Keys of a connection, brought in line with its source.
 *
 * The connection is held. Keys are locked in the order of their bytes, by an
 * update of their rows, so that sessions wait for each other and do not
 * deadlock. Then they are brought in line in batches. A batch whose data is
 * refused is split until the keys that fail stand alone: these are rejected, and
 * the others go in.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "lookup.h"
#include "merchant_work.h"
#include "setting.h"
#include "statement.h"
#include "subtransaction.h"

/*
 * So many keys are brought in line at once; of a catalogue more, since products
 * that pass on their codes are renamed together.
 */
#define BATCH_KEYS		2000
#define CATALOGUE_KEYS	100000

/* An index does not hold longer keys, in bytes. */
#define KEY_BYTES_MAX	2000

typedef struct Batch
{
	const Connection *connection;
	Datum	   *keys;
	int			count;
	bool		is_empty;		/* as if the source had nothing of them */
	bool		tries;			/* row by row: together they failed */
	int			attempt;		/* from 1 */
	bool		is_done;
	uint64		written;
} Batch;

/* ---------- batches ---------- */

/*
 * Start a stretch in which the statements of SQL functions fit to so many keys:
 * for a few, they are planned once a session; for many, each time, since tables
 * grow while they are loaded. Returns its level.
 */
static int
start_planning_for(int count)
{
	int			nest_level = start_using_indexes();

	set_for_now("plan_cache_mode", count > FEW_KEYS ? "force_custom_plan" : "force_generic_plan");
	return nest_level;
}

/* Bring a batch in line: the work of a subtransaction. */
static bool
sync_batch(void *argument)
{
	static Statement sync = {
		"SELECT invtrack_internal.sync_batch(n, $2, $3, $4) FROM invtrack.connection n"
		" WHERE n.number " EQ " $1",
		4, {INT4OID, TEXTARRAYOID, BOOLOID, BOOLOID}, CURSOR_OPT_GENERIC_PLAN, {INT8OID}
	};
	Batch	   *batch = argument;
	Datum		values[4] = {batch->connection->number};
	Datum		written = Int64GetDatum(0);
	int			nest_level;

	if (feeds_movements(batch->connection->target))
		return batch->is_done = sync_movements(batch->connection, batch->keys, batch->count,
											   batch->is_empty, batch->attempt,
											   &batch->written);
	SPI_connect();
	values[1] = array_of(TEXTOID, batch->keys, NULL, batch->count);
	values[2] = BoolGetDatum(batch->is_empty);
	values[3] = BoolGetDatum(batch->tries);
	nest_level = start_planning_for(batch->count);
	batch->is_done = statement_run(&sync, values, NULL, false) == 0 ||
		result_nullable(SPI_tuptable, 0, 1, INT8OID, &written);
	batch->written = DatumGetInt64(written);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	return batch->is_done;
}

/* The key failed as a whole, and is as it was. */
static void
reject_key(const Batch *batch, const ErrorData *error)
{
	static Statement reject = {
		"INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate,"
		" message, hint) VALUES ($1, $2, 0, $3, $4, $5)",
		5, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[5] = {batch->connection->name, batch->keys[0]};
	char		nulls[] = "     ";
	Datum		key = array_of(TEXTOID, batch->keys, NULL, 1);
	int			nest_level = start_using_indexes();

	forget_rejects(batch->connection->name, key);
	AtEOXact_GUC(false, nest_level);
	values[2] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	values[3] = CStringGetTextDatum(error->message == NULL ? "" : error->message);
	if (error->hint != NULL && error->hint[0] != '\0')
		values[4] = CStringGetTextDatum(error->hint);
	else if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
		values[4] = CStringGetTextDatum("The source is read as its owner, who must be allowed to read all rows of what it reads.");
	else
		nulls[4] = 'n';
	statement_run(&reject, values, nulls, false);
}

/* is_of_data(sqlstate) */
PG_FUNCTION_INFO_V1(connection_is_of_data);
Datum
connection_is_of_data(PG_FUNCTION_ARGS)
{
	char	   *state = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (strlen(state) != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not an SQLSTATE", shown(state)),
				 errhint("An SQLSTATE has five characters."),
				 errargument("sqlstate")));
	PG_RETURN_BOOL(is_of_data(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])));
}

/*
 * Bring keys in line, halving them until those that fail are found. Returns
 * how many rows were written.
 */
static uint64
sync_halving(Batch *batch)
{
	Batch		half = *batch;
	ErrorData  *error = NULL;
	uint64		written;

	batch->is_done = false;
	for (batch->attempt = 1; error == NULL && !batch->is_done; batch->attempt++)
	{
		if (batch->attempt > ATTEMPTS_MAX)
			report_renamed_items();
		error = run_in_subtransaction(sync_batch, batch);
	}
	if (error == NULL)
		return batch->written;
	if (!is_of_data(error->sqlerrcode))
		ReThrowError(error);
	if (batch->count == 1 && (batch->tries || !feeds_catalogue(batch->connection->target)))
	{
		reject_key(batch, error);
		return 0;
	}
	FreeErrorData(error);
	if (batch->count == 1)
	{
		half.tries = true;
		return sync_halving(&half);
	}
	half.count = batch->count / 2;
	written = sync_halving(&half);
	half.keys = batch->keys + half.count;
	half.count = batch->count - half.count;
	return written + sync_halving(&half);
}

/* ---------- locks ---------- */

/*
 * A connection is locked as an object, which costs less than a lock of its row
 * where many do it: in share by who brings keys in line, alone by who ends it.
 */
static void
lock_connection(Datum number, LOCKMODE mode)
{
	LockDatabaseObject(find_relation("invtrack", "connection"), DatumGetInt32(number), 0, mode);
}

/* Keep others from ending a connection. Returns false where it has gone. */
static bool
hold_connection(Datum number)
{
	static const Lookup find = {"connection", {{"number", INT4OID}}};
	static Statement hold = {
		"SELECT FROM invtrack.connection n WHERE n.number " EQ " $1 FOR KEY SHARE", 1, {INT4OID}
	};
	LookupScan	scan;
	bool		is_there;

	lock_connection(number, AccessShareLock);
	if (IsolationUsesXactSnapshot())	/* which may be older than its end */
		return statement_run(&hold, &number, NULL, false) > 0;
	lookup_start(&find, &scan);
	lookup_keys(&scan, &number);
	is_there = lookup_next(&scan, NULL);
	lookup_end(&scan);
	return is_there;
}

/* How many keys a connection has. */
static int64
count_keys(Datum number, bool read_only)
{
	static Statement count = {
		"SELECT pg_catalog.count(*) FROM invtrack.connection_key k WHERE k.connection " EQ " $1",
		1, {INT4OID}, 0, {INT8OID}
	};

	(void) statement_run(&count, &number, NULL, read_only);
	return result_int64(SPI_tuptable, 0, 1);
}

/*
 * Before all keys of a connection are taken: above READ COMMITTED, those that
 * others have brought since our snapshot would be left behind. Within SPI.
 */
void
require_all_keys(Datum number)
{
	int64		seen;

	if (!IsolationUsesXactSnapshot())
		return;
	seen = count_keys(number, false);
	PushActiveSnapshot(GetLatestSnapshot());
	if (count_keys(number, true) != seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent change of a connection"),
				 errhint("Try the transaction again.")));
	PopActiveSnapshot();
}

/* wait_for_syncs(number) */
PG_FUNCTION_INFO_V1(connection_wait_for_syncs);
Datum
connection_wait_for_syncs(PG_FUNCTION_ARGS)
{
	Datum		number = PG_GETARG_DATUM(0);

	require_not_null(fcinfo, 0, "number");
	SPI_connect();
	lock_connection(number, AccessExclusiveLock);
	require_all_keys(number);
	SPI_finish();
	PG_RETURN_VOID();
}

/* ---------- keys ---------- */

/*
 * Keys that an index does not hold are rejected. Returns how many others there
 * are, which are moved to the front.
 */
static int
reject_long_keys(const Connection *connection, Datum *keys, int count, bool is_empty)
{
	static Statement reject = {
		"SELECT invtrack_internal.reject_long_keys($1, $2, $3)",
		3, {TEXTOID, TEXTARRAYOID, BOOLOID}
	};
	Datum	   *longs = NULL;
	int			long_count = 0;
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (VARSIZE_ANY_EXHDR(DatumGetPointer(keys[i])) <= KEY_BYTES_MAX)
			keys[kept++] = keys[i];
		else
		{
			if (longs == NULL)
				longs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count - i));
			longs[long_count++] = keys[i];
		}
	}
	if (long_count > 0)
	{
		Datum		values[3] = {connection->name};

		values[1] = array_of(TEXTOID, longs, NULL, long_count);
		values[2] = BoolGetDatum(is_empty);
		statement_run(&reject, values, NULL, false);
	}
	return kept;
}

/*
 * Hold a connection and lock keys, which are sorted. Returns how many are left to
 * be brought in line, the first of them. Within SPI.
 */
int
lock_keys(const Connection *connection, Datum *keys, int count, bool is_empty)
{
	static Statement lock = {
		"INSERT INTO invtrack.connection_key AS k (connection, key, synced_at)"
		" SELECT $1, u.key, pg_catalog.clock_timestamp() FROM pg_catalog.unnest($2) AS u(key)"
		" ON CONFLICT (connection, key) DO UPDATE SET synced_at = excluded.synced_at",
		2, {INT4OID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[2] = {connection->number};

	if (count == 0 || !hold_connection(connection->number))
		return 0;
	count = sort_keys(keys, reject_long_keys(connection, keys, count, is_empty));
	if (count == 0)
		return 0;
	values[1] = array_of(TEXTOID, keys, NULL, count);
	statement_run(&lock, values, NULL, false);
	return count;
}

/*
 * Bring keys in line, which are locked. Returns how many rows were written.
 * Within SPI.
 */
uint64
sync_locked_keys(const Connection *connection, Datum *keys, int count, bool is_empty)
{
	int			at_once = feeds_catalogue(connection->target) ? CATALOGUE_KEYS : BATCH_KEYS;
	uint64		written = 0;

	for (int first = 0; first < count; first += at_once)
	{
		Batch		batch = {connection, keys + first, Min(count - first, at_once), is_empty};

		written += sync_halving(&batch);
	}
	return written;
}

/* sync_keys(connection, keys, is_empty, differing) */
PG_FUNCTION_INFO_V1(connection_sync_keys);
Datum
connection_sync_keys(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"connection", "keys", "is_empty", "differing"};
	Connection	connection;
	Datum	   *keys;
	int			count;
	uint64		written = 0;

	for (int arg = 0; arg < lengthof(names); arg++)
		require_not_null(fcinfo, arg, names[arg]);
	SPI_connect();
	keys = take_keys(PG_GETARG_DATUM(1), &count);
	if (find_connection(PG_GETARG_DATUM(0), &connection))
	{
		if (PG_GETARG_BOOL(3) && feeds_movements(connection.target))
			count = keep_differing(&connection, keys, count);
		count = lock_keys(&connection, keys, count, PG_GETARG_BOOL(2));
		written = sync_locked_keys(&connection, keys, count, PG_GETARG_BOOL(2));
	}
	SPI_finish();
	PG_RETURN_INT64(written);
}

/* require_may_commit(procedure, function): its CALL is not inside a transaction block */
PG_FUNCTION_INFO_V1(connection_require_may_commit);
Datum
connection_require_may_commit(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "procedure");
	require_not_null(fcinfo, 1, "function");
	if (IsTransactionBlock())
		report_transaction_block(text_to_cstring(PG_GETARG_TEXT_PP(0)),
								 text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}
