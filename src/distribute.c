/*
 * distribute.c
 *		Are the tables distributed by Citus, and what has to be done then on its
 *		other nodes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "distribute.h"
#include "statement.h"

/* Is this row of Citus' list of tables about the table merchant? Its first column is the table. */
static bool
lists_table(Relation list, Oid wanted)
{
	SysScanDesc scan = systable_beginscan(list, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	row;
	bool		found = false;

	while (!found && HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		is_null;
		Datum		table = heap_getattr(row, 1, RelationGetDescr(list), &is_null);

		found = !is_null && DatumGetObjectId(table) == wanted;
	}
	systable_endscan(scan);
	return found;
}

/* Has Citus distributed our tables? Read from its catalogue, which each of its nodes has. */
bool
is_distributed(void)
{
	Oid			schema = get_namespace_oid("invtrack", true);
	Oid			merchant = OidIsValid(schema) ? get_relname_relid("merchant", schema) : InvalidOid;
	Oid			list_id;
	Relation	list;
	bool		found;

	if (!OidIsValid(merchant) || !OidIsValid(get_extension_oid("citus", true)))
		return false;
	list_id = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
	if (!OidIsValid(list_id))
		return false;
	list = table_open(list_id, AccessShareLock);
	found = RelationGetDescr(list)->natts > 0 &&
		getBaseType(TupleDescAttr(RelationGetDescr(list), 0)->atttypid) == REGCLASSOID &&
		lists_table(list, merchant);
	table_close(list, AccessShareLock);
	return found;
}

PG_FUNCTION_INFO_V1(distribute_is_distributed);
Datum
distribute_is_distributed(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_distributed());
}

/* What Citus does not do, said before it fails in its own words. */
void
require_not_distributed(const char *what, const char *hint)
{
	if (is_distributed())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s where Citus has distributed the tables of invtrack", what),
				 errhint("%s", hint)));
}

/* Is this session one that Citus itself has opened, for a statement of another node's? */
bool
is_session_of_citus(void)
{
	return application_name != NULL && strncmp(application_name, "citus_", strlen("citus_")) == 0 &&
		strstr(application_name, " gpid=") != NULL;
}

/* Does a setting of this session reach the nodes that work for it? */
bool
settings_are_passed_on(void)
{
	const char *commands;

	if (is_session_of_citus() || !is_distributed())
		return true;
	commands = GetConfigOption("citus.propagate_set_commands", true, false);
	return commands != NULL && strcmp(commands, "local") == 0;
}

/*
 * Run a statement on the other nodes as the current user, within SPI. What it
 * does is committed there at once. A lock that this very transaction holds there
 * would never be given away, hence the timeout.
 */
static void
run_on_workers(const char *command)
{
	static Statement run = {
		"SELECT r.nodename::pg_catalog.text, r.nodeport::pg_catalog.int4, r.result::pg_catalog.text"
		" FROM pg_catalog.run_command_on_workers($1) r WHERE NOT r.success",
		1, {TEXTOID}, 0, {TEXTOID, INT4OID, TEXTOID}
	};
	Datum		value = CStringGetTextDatum(command);
	Datum		result;

	if (statement_run(&run, &value, NULL, false) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("node %s:%d of Citus: %s", result_string(SPI_tuptable, 0, 1),
					DatumGetInt32(result_datum(SPI_tuptable, 0, 2, INT4OID)),
					result_nullable(SPI_tuptable, 0, 3, TEXTOID, &result) ?
					TextDatumGetCString(result) : "no answer"),
			 errhint("Nodes before this one are done. Mend what it says and call again, in a transaction of its own.")));
}

/*
 * Call a function of ours on the other nodes, where the tables are
 * distributed; this text has its arguments.
 */
void
call_on_workers(const char *function, const char *arguments)
{
	if (is_session_of_citus() || !is_distributed())
		return;
	run_on_workers(psprintf("SELECT %s(%s) FROM pg_catalog.set_config('citus.enable_ddl_propagation', 'off', true) a,"
							" pg_catalog.set_config('lock_timeout', '10s', true) b", function,
							arguments));
}

/*
 * The other nodes get the access that this one has now. Before this transaction
 * grants anything: a GRANT of a table goes to all nodes, and what it changes
 * stays locked there.
 */
void
send_access_to_workers(void)
{
	static Statement list_access = {
		"SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object("
		"'role', a.role, 'merchant', a.merchant, 'level', a.level)),"
		" '[]'::pg_catalog.jsonb)::pg_catalog.text"
		" FROM invtrack.access a",
		0, {InvalidOid}, 0, {TEXTOID}
	};

	if (is_session_of_citus() || !is_distributed())
		return;
	statement_run(&list_access, NULL, NULL, false);
	call_on_workers("invtrack_internal.take_access",
					quote_literal_cstr(result_string(SPI_tuptable, 0, 1)));
}
