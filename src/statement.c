/*
 * statement.c
 *		SPI statements that are prepared once a session.
 *
 * Every name and operator in the text of a statement is qualified, so that a
 * caller's search_path cannot change what it means, but for GIVEN_ROWS, which is
 * found before any table (row_table.c); values are parameters.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/rel.h"

#include "compat.h"
#include "statement.h"

/* The version of the extension in this database; null where there is none. */
static char *
installed_version(void)
{
	Relation	table = table_open(ExtensionRelationId, AccessShareLock);
	char	   *version = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("invtrack"));
	scan = systable_beginscan(table, ExtensionNameIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool		is_null;
		Datum		value = heap_getattr(row, Anum_pg_extension_extversion,
										 RelationGetDescr(table), &is_null);

		if (!is_null)
			version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return version;
}

/* Are the objects of this version newer than the library? Numbers are compared, not text. */
static bool
is_newer(const char *version)
{
	int			ours[3] = {0};
	int			theirs[3] = {0};

	(void) sscanf(INVTRACK_VERSION, "%d.%d.%d", &ours[0], &ours[1], &ours[2]);
	(void) sscanf(version, "%d.%d.%d", &theirs[0], &theirs[1], &theirs[2]);
	for (int i = 0; i < lengthof(ours); i++)
		if (theirs[i] != ours[i])
			return theirs[i] > ours[i];
	return false;
}

/*
 * Error context: what a statement names and the extension lacks is missing
 * since the library is of another version, so say what to do about that.
 * PostgreSQL's own hint, which knows of spelling only, gives way.
 */
static void
hint_at_update(void *arg)
{
	const char *installed = ((Naming *) arg)->installed;

	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_SCHEMA:
		case ERRCODE_UNDEFINED_OBJECT:
		case ERRCODE_INVALID_COLUMN_REFERENCE:
		case ERRCODE_DATATYPE_MISMATCH:
			if (is_newer(installed))
				errhint("Connect anew: this session has loaded the library of version %s, and the extension is of version %s.",
						INVTRACK_VERSION, installed);
			else
				errhint("ALTER EXTENSION invtrack UPDATE: the extension is of version %s, and its library of version %s.",
						installed, INVTRACK_VERSION);
			break;
		default:
			break;
	}
}

/*
 * From here to finish_naming() the library names what the extension consists
 * of. Between the installation of a new library and the update of the
 * extension, and in sessions that keep an old library, some of that is not there.
 */
void
start_naming(Naming *naming)
{
	naming->installed = installed_version();
	naming->callback.callback = hint_at_update;
	naming->callback.arg = naming;
	naming->callback.previous = error_context_stack;
	if (naming->installed != NULL && strcmp(naming->installed, INVTRACK_VERSION) != 0)
		error_context_stack = &naming->callback;
}

void
finish_naming(Naming *naming)
{
	error_context_stack = naming->callback.previous;
	if (naming->installed != NULL)
		pfree(naming->installed);
}

/* A table or view of the extension. */
Oid
find_relation(const char *schema, const char *name)
{
	Oid			schema_id = get_namespace_oid(schema, true);
	Oid			relation = OidIsValid(schema_id) ? get_relname_relid(name, schema_id) : InvalidOid;
	Naming		naming;

	if (!OidIsValid(relation))
	{
		start_naming(&naming);
		(void) get_namespace_oid(schema, false);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s.%s\" does not exist", schema, name)));
	}
	return relation;
}

/*
 * How a statement is planned. A plan for any values is none that Citus makes: where
 * the database has it, each execution is planned for its own.
 */
int
planning_options(int options)
{
	if ((options & CURSOR_OPT_GENERIC_PLAN) != 0 && OidIsValid(get_extension_oid("citus", true)))
		return (options & ~CURSOR_OPT_GENERIC_PLAN) | CURSOR_OPT_CUSTOM_PLAN;
	return options;
}

/*
 * The saved plan of a statement. PostgreSQL itself plans it anew where
 * something that it depends on has changed. It is stored only when it is
 * complete, so that an error on the way leaves nothing half made.
 */
static SPIPlanPtr
statement_plan(Statement *statement)
{
	SPIPlanPtr	plan = statement->plan;
	Naming		naming;

	if (plan != NULL)
		return plan;
	start_naming(&naming);
	plan = SPI_prepare_cursor(statement->query, statement->nargs, statement->types,
							  planning_options(statement->cursor_options));
	if (plan == NULL)			/* cannot happen: the texts are ours and can
								 * be prepared */
		elog(ERROR, "could not prepare \"%s\": %s", statement->query,
			 SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)	/* cannot happen: it was just prepared */
		elog(ERROR, "could not keep the plan of \"%s\"", statement->query);
	finish_naming(&naming);
	statement->plan = plan;
	return plan;
}

void
report_unexpected_type(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("tables or views of invtrack are not as its library expects them"),
			 errhint("ALTER EXTENSION invtrack UPDATE, and undo changes to their columns.")));
}

static void
report_unexpected_null(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("tables or views of invtrack have nulls where its library expects none"),
			 errhint("Undo changes to their columns.")));
}

/*
 * Is a column of this type, or of a domain over it? InvalidOid stands for any
 * type of variable length, a series, whose bytes are checked when they are
 * read.
 */
bool
is_of_type(const FormData_pg_attribute *column, Oid type)
{
	if (column->attisdropped)
		return false;
	if (!OidIsValid(type))
		return column->attlen == -1;
	return column->atttypid == type || getBaseType(column->atttypid) == type;
}

/* A result has these columns, of these types. */
void
require_columns(TupleDesc columns, const Oid *types, int count)
{
	bool		as_expected = columns->natts == count;

	for (int i = 0; i < count && as_expected; i++)
		as_expected = is_of_type(TupleDescAttr(columns, i), types[i]);
	if (!as_expected)
		report_unexpected_type();
}

/*
 * A value that a statement found, and whether it is there at all: false for
 * null. Nothing else reads results, but for rows whose columns require_columns()
 * has seen, so that none is taken for what it is not: whoever owns a table may
 * drop its NOT NULL, change its types, or put a view or a rule in its place.
 */
bool
result_nullable(const SPITupleTable *rows, uint64 row, int column, Oid type, Datum *value)
{
	bool		is_null;

	if (rows == NULL || row >= rows->numvals || column > rows->tupdesc->natts ||
		!is_of_type(TupleDescAttr(rows->tupdesc, column - 1), type))
		report_unexpected_type();
	/* cppcheck-suppress nullPointerRedundantCheck ; a report ends it */
	*value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &is_null);
	return !is_null;
}

/* The same, where null is an error. It lies in the row, and goes with it. */
Datum
result_datum(const SPITupleTable *rows, uint64 row, int column, Oid type)
{
	Datum		value;

	if (!result_nullable(rows, row, column, type, &value))
		report_unexpected_null();
	return value;
}

/* A value of a row whose types were checked when its scan began. */
Datum
slot_not_null(TupleTableSlot *slot, int column)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, column, &is_null);

	if (is_null)
		report_unexpected_null();
	return value;
}

Datum
result_text(const SPITupleTable *rows, uint64 row, int column)
{
	return result_datum(rows, row, column, TEXTOID);
}

/* A text as C has them, in memory of its own. */
char *
result_string(const SPITupleTable *rows, uint64 row, int column)
{
	return TextDatumGetCString(result_text(rows, row, column));
}

int64
result_int64(const SPITupleTable *rows, uint64 row, int column)
{
	return DatumGetInt64(result_datum(rows, row, column, INT8OID));
}

bool
result_bool(const SPITupleTable *rows, uint64 row, int column)
{
	return DatumGetBool(result_datum(rows, row, column, BOOLOID));
}

Oid
result_oid(const SPITupleTable *rows, uint64 row, int column)
{
	return DatumGetObjectId(result_datum(rows, row, column, OIDOID));
}

static int
count_results(const Statement *statement)
{
	int			count = 0;

	while (count < PLAN_RESULTS_MAX && OidIsValid(statement->results[count]))
		count++;
	return count;
}

/*
 * Run a statement; its rows are in SPI_tuptable. read_only runs it on the
 * snapshot of the calling query, so that a call sees one state of the data.
 * Returns the number of rows.
 */
uint64
statement_run(Statement *statement, Datum *values, const char *nulls, bool read_only)
{
	return statement_run_at(InvalidSnapshot, statement, values, nulls, read_only);
}

/* The same with a snapshot, which is registered; InvalidSnapshot: as it is otherwise. */
uint64
statement_run_at(Snapshot snapshot, Statement *statement, Datum *values, const char *nulls,
				 bool read_only)
{
	int			result = SPI_execute_snapshot(statement_plan(statement), values, nulls, snapshot,
											  InvalidSnapshot, read_only,
											  !statement->leaves_triggers, 0);

	if (result < 0)				/* cannot happen: what fails raises its own
								 * error */
		elog(ERROR, "could not run \"%s\": %s", statement->query,
			 SPI_result_code_string(result));
	if (count_results(statement) > 0 && SPI_tuptable == NULL)
		report_unexpected_type();	/* a rule runs something else instead */
	if (count_results(statement) > 0)
		require_columns(SPI_tuptable->tupdesc, statement->results, count_results(statement));
	return SPI_processed;
}

/*
 * Copy the texts of the one row that SPI found, if it did, and free its rows:
 * otherwise they would pile up until the end of a long function.
 */
bool
take_texts(Datum *texts, int count)
{
	bool		found = SPI_processed > 0;

	for (int i = 0; i < count && found; i++)
		texts[i] = PointerGetDatum(DatumGetTextPCopy(result_text(SPI_tuptable, 0, i + 1)));
	SPI_freetuptable(SPI_tuptable);
	return found;
}

/* Run a statement and send its rows, as they come, to a receiver. */
void
statement_run_into(Statement *statement, Datum *values, const char *nulls,
				   bool read_only, DestReceiver *receiver)
{
	/* an empty list is none: Citus reads what it begins with */
	ParamListInfo parameters = statement->nargs > 0 ? makeParamList(statement->nargs) : NULL;
	SPIExecuteOptions options = {.params = parameters,.read_only = read_only,.dest = receiver};
	int			result;

	for (int i = 0; i < statement->nargs; i++)
	{
		ParamExternData *parameter = &parameters->params[i];

		parameter->value = values[i];
		parameter->isnull = nulls != NULL && nulls[i] == 'n';
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->ptype = statement->types[i];
	}
	result = SPI_execute_plan_extended(statement_plan(statement), &options);
	if (result < 0)				/* cannot happen: what fails raises its own
								 * error */
		elog(ERROR, "could not run \"%s\": %s", statement->query,
			 SPI_result_code_string(result));
}

/*
 * The same, to be fetched from a cursor: where fetching a row does something,
 * as locking does. Pinned, so that what runs meanwhile cannot close it.
 */
Portal
statement_open(Statement *statement, Datum *values)
{
	Portal		cursor = SPI_cursor_open(NULL, statement_plan(statement), values, NULL, false);

	if (count_results(statement) > 0)
		require_columns(cursor->tupDesc, statement->results, count_results(statement));
	PinPortal(cursor);
	return cursor;
}

/*
 * Say of what type a parameter is, where that is a type of the extension's:
 * its number is another one after the extension was dropped and created again.
 */
void
statement_set_type(Statement *statement, int arg, Oid type)
{
	SPIPlanPtr	plan = statement->plan;

	if (statement->types[arg] == type)
		return;
	statement->types[arg] = type;
	statement->plan = NULL;
	if (plan != NULL)
		SPI_freeplan(plan);
}

/* A number that a statement got from us, from 1 to count; counted from 0. */
int
result_place(const SPITupleTable *rows, uint64 row, int column, int count)
{
	int64		n = result_int64(rows, row, column);

	if (n < 1 || n > count)		/* cannot happen: they are our own numbers */
		elog(ERROR, "there is no row " INT64_FORMAT " of %d", n, count);
	return n - 1;
}

/* An array for a statement's parameter. Packed values are unpacked in place, in this memory. */
Datum
array_of(Oid type, Datum *values, bool *nulls, int count)
{
	int			lower = 1;
	int16		size;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &size, &by_value, &align);
	return PointerGetDatum(construct_md_array(values, nulls, count > 0 ? 1 : 0, &count, &lower,
											  type, size, by_value, align));
}
