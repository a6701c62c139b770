/*
 * connection_trigger.c
 *		The triggers of watched tables, made and dropped.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "owner.h"
#include "statement.h"

#define NOTE_TRIGGER		"invtrack_note"
#define TRUNCATE_TRIGGER	"invtrack_note_truncate"

/* DDL. Within SPI. */
static void
run_command(const char *command)
{
	int			result = SPI_execute(command, false, 0);

	if (result != SPI_OK_UTILITY)	/* cannot happen: what fails raises its
									 * own error */
		elog(ERROR, "could not run \"%s\": %s", command, SPI_result_code_string(result));
}

/*
 * Only the owner of a table may drop and enable its triggers. The names are
 * ours, and who calls may make triggers.
 */
static void
run_as_owner_of(Oid table, const char *command)
{
	Caller		before;

	become_owner_of(table, &before);
	run_command(command);
	become_caller(&before);
}

static char *
quoted_columns(ArrayType *columns)
{
	StringInfoData list;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	initStringInfo(&list);
	deconstruct_array(columns, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
							 quote_literal_cstr(TextDatumGetCString(values[i])));
	return list.data;
}

static void
require_trigger_privilege(Oid table)
{
	if (pg_class_aclcheck(table, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", qualified_name(table)),
				 errhint("The owner of the extension needs the privilege TRIGGER on the table."),
				 errargument("watched")));
}

/* As CREATE TRIGGER locks a table or, where it has ours already, DROP TRIGGER. */
static LOCKMODE
lock_of(Oid table)
{
	return OidIsValid(get_trigger_oid(table, NOTE_TRIGGER, true)) ||
		OidIsValid(get_trigger_oid(table, TRUNCATE_TRIGGER, true)) ?
		AccessExclusiveLock : ShareRowExclusiveLock;
}

/* Lock a table. Returns false where somebody else is at it, unless it waits. */
static bool
lock_table(Oid table, bool waits, LOCKMODE *lock)
{
	for (;;)
	{
		*lock = lock_of(table);
		if (waits)
			LockRelationOid(table, *lock);
		else if (!ConditionalLockRelationOid(table, *lock))
			return false;
		if (lock_of(table) <= *lock)
			return true;
		UnlockRelationOid(table, *lock);	/* it got triggers meanwhile */
	}
}

/*
 * Lock tables, waiting for one of them only. Returns the first that somebody else
 * is at, and then none is locked; their number: all are.
 */
static int
try_to_lock(const List *tables, LOCKMODE *locks, int waits_for)
{
	(void) lock_table(list_nth_oid(tables, waits_for), true, &locks[waits_for]);
	for (int i = 0; i < list_length(tables); i++)
	{
		if (i == waits_for || lock_table(list_nth_oid(tables, i), false, &locks[i]))
			continue;
		for (int locked = 0; locked < list_length(tables); locked++)
			if (locked < i || locked == waits_for)
				UnlockRelationOid(list_nth_oid(tables, locked), locks[locked]);
		return i;
	}
	return list_length(tables);
}

/* A table and its partitions, which have triggers of their own. */
static List *
with_partitions(Oid table)
{
	return get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE ?
		find_all_inheritors(table, NoLock, NULL) : list_make1_oid(table);
}

/*
 * lock_watched(tables): before triggers are made or dropped; waits for none of them
 * while it holds another. Who has changed one reads the others at the commit.
 */
PG_FUNCTION_INFO_V1(connection_lock_watched);
Datum
connection_lock_watched(PG_FUNCTION_ARGS)
{
	Datum	   *tables;
	bool	   *nulls;
	int			count;
	List	   *locked = NIL;
	LOCKMODE   *locks;
	ListCell   *cell;

	require_not_null(fcinfo, 0, "tables");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT,
					  &tables, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i] && get_rel_name(DatumGetObjectId(tables[i])) != NULL)
			locked = list_concat_unique_oid(locked, with_partitions(DatumGetObjectId(tables[i])));
	foreach(cell, locked)
		require_trigger_privilege(lfirst_oid(cell));
	locks = palloc(sizeof(LOCKMODE) * (list_length(locked) + 1));
	for (int waits_for = 0; waits_for < list_length(locked);)
	{
		CHECK_FOR_INTERRUPTS();
		waits_for = try_to_lock(locked, locks, waits_for);
	}
	PG_RETURN_VOID();
}

/* What is watched of a partition. */
typedef struct Partition
{
	Oid			table;
	Oid			watched;
} Partition;

/* Those that were looked up; stale: a relation has changed since. */
static HTAB *partitions = NULL;
static bool are_stale = false;

static void
at_change_of_relation(Datum argument, Oid relation)
{
	are_stale = true;
}

static void
renew_partitions(void)
{
	static bool is_registered = false;
	HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(Partition)};

	if (!is_registered)
		CacheRegisterRelcacheCallback(at_change_of_relation, (Datum) 0);
	is_registered = true;
	if (partitions != NULL && are_stale)
	{
		hash_destroy(partitions);
		partitions = NULL;
	}
	are_stale = false;
	if (partitions == NULL)
		partitions = hash_create("invtrack partitions", 16, &control, HASH_ELEM | HASH_BLOBS);
}

/*
 * The table that is watched: this one, which has our trigger, or what it is a
 * partition of. Looked up when rows change: at the commit the partition may be
 * gone.
 */
Oid
watched_table(Relation table)
{
	Oid			watched = RelationGetRelid(table);
	Partition  *partition;
	ListCell   *cell;

	if (!table->rd_rel->relispartition)
		return watched;
	renew_partitions();
	partition = hash_search(partitions, &watched, HASH_FIND, NULL);
	if (partition != NULL)
		return partition->watched;
	foreach(cell, get_partition_ancestors(watched))
	{
		if (OidIsValid(get_trigger_oid(lfirst_oid(cell), NOTE_TRIGGER, true)))
			watched = lfirst_oid(cell);
	}
	if (are_stale)				/* looked up while it changed */
		return watched;
	partition = hash_search(partitions, &RelationGetRelid(table), HASH_ENTER, NULL);
	partition->watched = watched;
	return watched;
}

/* The columns of a table that hold keys, by all of its watches, also of others; null: none. */
static char *
watched_columns(Oid table, bool *always)
{
	static Statement find = {
		"SELECT pg_catalog.array_agg(DISTINCT w.key ORDER BY w.key),"
		" pg_catalog.bool_or(w.fire " EQ " 'always')"
		" FROM invtrack.connection_watch w WHERE w.watched " EQ " $1"
		" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0",
		1, {REGCLASSOID}, 0, {TEXTARRAYOID, BOOLOID}
	};
	Datum		watched = ObjectIdGetDatum(table);
	uint64		found;

	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	found = statement_run(&find, &watched, NULL, true);
	PopActiveSnapshot();
	if (found == 0)
		return NULL;
	*always = result_bool(SPI_tuptable, 0, 2);
	return quoted_columns(DatumGetArrayTypeP(result_datum(SPI_tuptable, 0, 1, TEXTARRAYOID)));
}

/* set_watch(watched): the triggers of a table, which is locked, as its watches want them */
PG_FUNCTION_INFO_V1(connection_set_watch);
Datum
connection_set_watch(PG_FUNCTION_ARGS)
{
	static const char *const events[][2] = {
		{NOTE_TRIGGER, "AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW"},
		{TRUNCATE_TRIGGER, "AFTER TRUNCATE ON %s FOR EACH STATEMENT"}
	};
	Oid			table;
	const char *name;
	const char *columns;
	bool		always = false;

	require_not_null(fcinfo, 0, "watched");
	table = PG_GETARG_OID(0);
	if (get_rel_name(table) == NULL)
		PG_RETURN_VOID();		/* it has gone, and its triggers with it */
	name = qualified_name(table);
	require_trigger_privilege(table);
	SPI_connect();
	columns = watched_columns(table, &always);
	for (int i = 0; i < lengthof(events); i++)
	{
		if (OidIsValid(get_trigger_oid(table, events[i][0], true)))
			run_as_owner_of(table, psprintf("DROP TRIGGER %s ON %s", events[i][0], name));
		if (columns == NULL)
			continue;
		run_command(psprintf("CREATE TRIGGER %s %s EXECUTE FUNCTION invtrack_internal.connection_note(%s)",
							 events[i][0], psprintf(events[i][1], name), columns));
		if (always)
			run_as_owner_of(table,
							psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name, events[i][0]));
	}
	SPI_finish();
	PG_RETURN_VOID();
}
