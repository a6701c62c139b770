/*
 * connection_trigger.c
 *		The triggers of watched tables, made and dropped.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "argument.h"
#include "compat.h"
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
	name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
									  get_rel_name(table));
	if (pg_class_aclcheck(table, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", name),
				 errhint("The owner of the extension needs the privilege TRIGGER on the table."),
				 errargument("watched")));
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
