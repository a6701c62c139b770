/*
 * connection_trigger.c
 *		The triggers of watched tables, made and dropped.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/partition.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "owner.h"

#define NOTE_TRIGGER		"invtrack_note"
#define TRUNCATE_TRIGGER	"invtrack_note_truncate"

/* DDL on the watched table. */
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

static char *
qualified_name(Oid table)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
									  get_rel_name(table));
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

/*
 * Lock tables, waiting for one of them only. Returns the first that somebody else
 * is at, and then none is locked; their number: all are.
 */
static int
try_to_lock(const Datum *tables, const LOCKMODE *locks, int count, int waits_for)
{
	LockRelationOid(DatumGetObjectId(tables[waits_for]), locks[waits_for]);
	for (int i = 0; i < count; i++)
	{
		if (i == waits_for ||
			ConditionalLockRelationOid(DatumGetObjectId(tables[i]), locks[i]))
			continue;
		for (int locked = 0; locked < count; locked++)
			if (locked < i || locked == waits_for)
				UnlockRelationOid(DatumGetObjectId(tables[locked]), locks[locked]);
		return i;
	}
	return count;
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
	LOCKMODE   *locks;
	bool	   *nulls;
	int			count;
	int			present = 0;

	require_not_null(fcinfo, 0, "tables");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT,
					  &tables, &nulls, &count);
	locks = palloc(sizeof(LOCKMODE) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i] || get_rel_name(DatumGetObjectId(tables[i])) == NULL)
			continue;
		require_trigger_privilege(DatumGetObjectId(tables[i]));
		locks[present] = lock_of(DatumGetObjectId(tables[i]));
		tables[present++] = tables[i];
	}
	for (int waits_for = 0; waits_for < present;)
	{
		CHECK_FOR_INTERRUPTS();
		waits_for = try_to_lock(tables, locks, present, waits_for);
	}
	PG_RETURN_VOID();
}

/*
 * The table that is watched: this one, which has our trigger, or what it is a
 * partition of. Looked up when rows change, once for those of a statement: at the
 * commit the partition may be gone.
 */
Oid
watched_table(Relation table)
{
	static Oid	last = InvalidOid;
	static Oid	last_watched = InvalidOid;
	static TimestampTz last_at = 0;
	ListCell   *cell;

	if (!table->rd_rel->relispartition)
		return RelationGetRelid(table);
	if (last == RelationGetRelid(table) && last_at == GetCurrentStatementStartTimestamp())
		return last_watched;
	last = InvalidOid;
	last_watched = RelationGetRelid(table);
	foreach(cell, get_partition_ancestors(RelationGetRelid(table)))
	{
		if (OidIsValid(get_trigger_oid(lfirst_oid(cell), NOTE_TRIGGER, true)))
			last_watched = lfirst_oid(cell);
	}
	last = RelationGetRelid(table);
	last_at = GetCurrentStatementStartTimestamp();
	return last_watched;
}

/* set_watch(watched, columns, fire) */
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
	bool		always = !PG_ARGISNULL(2) &&
		strcmp(text_to_cstring(PG_GETARG_TEXT_PP(2)), "always") == 0;

	require_not_null(fcinfo, 0, "watched");
	table = PG_GETARG_OID(0);
	if (get_rel_name(table) == NULL)
		PG_RETURN_VOID();		/* it has gone, and its triggers with it */
	name = qualified_name(table);
	require_trigger_privilege(table);
	SPI_connect();
	for (int i = 0; i < lengthof(events); i++)
	{
		if (OidIsValid(get_trigger_oid(table, events[i][0], true)))
			run_as_owner_of(table, psprintf("DROP TRIGGER %s ON %s", events[i][0], name));
		if (PG_ARGISNULL(1))
			continue;
		run_command(psprintf("CREATE TRIGGER %s %s EXECUTE FUNCTION invtrack_internal.connection_note(%s)",
							 events[i][0], psprintf(events[i][1], name),
							 quoted_columns(PG_GETARG_ARRAYTYPE_P(1))));
		if (always)
			run_as_owner_of(table,
							psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name, events[i][0]));
	}
	SPI_finish();
	PG_RETURN_VOID();
}
