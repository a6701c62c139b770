/*
 * connection.c
 *		Reading the source of a connection.
 *
 * A source is a table or view of the application's. It is read as its owner,
 * in a restricted operation, with search_path pinned and row_security off:
 * what its functions do is done with no other rights than its owner's, and a
 * policy that would hide rows is an error. The text of the query is made here
 * from the names of the connection, and whoever calls must be allowed to read
 * these columns: so nobody gets at more than before.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "owner.h"
#include "statement.h"

/* How many plans of sources are kept. */
#define PLANS_MAX	64

typedef struct Source
{
	char	   *target;
	Oid			relation;
	char	   *name;			/* of the relation, qualified and quoted */
	char	   *key;			/* quoted */
	char	   *key_type;		/* qualified */
	StringInfoData columns[SOURCE_COLUMNS];
} Source;

/*
 * A column of the source, which the caller must be allowed to read;
 * InvalidAttrNumber: it has none of this name.
 */
static AttrNumber
find_column(Oid relation, const char *name, bool is_required)
{
	AttrNumber	column = get_attnum(relation, name);

	if (column <= 0)
	{
		if (is_required)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of source \"%s\" does not exist", name, get_rel_name(relation)),
					 errargument(pstrdup(name))));
		return InvalidAttrNumber;
	}
	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(relation, column, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read column \"%s\" of source \"%s\"", name,
						get_rel_name(relation)),
				 errhint("The owner of the extension needs SELECT on the source."),
				 errargument(pstrdup(name))));
	return column;
}

static const char *
type_name(Oid type)
{
	return format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);
}

/* Where a column of the source goes. */
static void
add_column(Source *source, const char *name, const char *kind)
{
	const char *quoted = quote_identifier(name);

	if (strcmp(kind, "attribute") == 0)
		appendStringInfo(&source->columns[SOURCE_ATTRIBUTES], "%s%s, s.%s",
						 source->columns[SOURCE_ATTRIBUTES].len > 0 ? ", " : "",
						 quote_literal_cstr(name), quoted);
	else if (strcmp(kind, "quantity") == 0)
		appendStringInfo(&source->columns[SOURCE_QUANTITY], "s.%s::pg_catalog.numeric", quoted);
	else if (strcmp(kind, "day") == 0)
		appendStringInfo(&source->columns[SOURCE_DAY], "s.%s", quoted);
	else if (strcmp(name, "merchant") == 0)
		appendStringInfo(&source->columns[SOURCE_MERCHANT], "s.%s::pg_catalog.text", quoted);
	else if (strcmp(name, "sku") == 0)
		appendStringInfo(&source->columns[SOURCE_SKU], "s.%s::pg_catalog.text", quoted);
	else if (strcmp(name, "inventory_type") == 0)
		appendStringInfo(&source->columns[SOURCE_INVENTORY_TYPE], "s.%s::pg_catalog.text", quoted);
	else
		appendStringInfo(&source->columns[SOURCE_CODE], "coalesce(s.%s::pg_catalog.text, '')",
						 quoted);
}

/* A lot without a code has its date for one, units on order the key. */
static void
complete_columns(Source *source)
{
	static const char *const types[SOURCE_COLUMNS] = {
		"text", "text", "text", "text", "text", "date", "numeric", "jsonb"
	};
	StringInfo	code = &source->columns[SOURCE_CODE];
	StringInfo	attributes = &source->columns[SOURCE_ATTRIBUTES];
	char	   *pairs = attributes->len > 0 ? pstrdup(attributes->data) : NULL;

	if (code->len == 0 && strcmp(source->target, "incoming") == 0)
		appendStringInfo(code, "s.%s::pg_catalog.text", source->key);
	else if (code->len == 0 && strcmp(source->target, "stock_lot") == 0 &&
			 source->columns[SOURCE_DAY].len > 0)
		appendStringInfo(code, "coalesce(pg_catalog.to_char(%s, 'FMYYYY-MM-DD'), '')",
						 source->columns[SOURCE_DAY].data);
	else if (code->len == 0 && strcmp(source->target, "stock_lot") == 0)
		appendStringInfoString(code, "''::pg_catalog.text");
	resetStringInfo(attributes);
	appendStringInfo(attributes, "pg_catalog.jsonb_build_object(%s)", pairs == NULL ? "" : pairs);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		if (source->columns[i].len == 0)
			appendStringInfo(&source->columns[i], "NULL::pg_catalog.%s", types[i]);
}

/* The connection of this name: its source and the columns that it has. */
static void
find_source(Datum connection, Source *source)
{
	static Statement find = {
		"SELECT c.target, c.source::pg_catalog.oid, c.key, k.column_name, k.kind, k.required"
		" FROM invtrack.connection c"
		" JOIN invtrack_internal.connection_column k ON k.target " EQ " c.target"
		" WHERE c.connection " EQ " $1",
		1, {TEXTOID}, 0, {TEXTOID, OIDOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID}
	};
	uint64		count = statement_run(&find, &connection, NULL, false);
	char	   *key;

	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("connection \"%s\" does not exist", TextDatumGetCString(connection))));
	source->target = result_string(SPI_tuptable, 0, 1);
	source->relation = result_oid(SPI_tuptable, 0, 2);
	key = result_string(SPI_tuptable, 0, 3);
	if (get_rel_name(source->relation) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source of connection \"%s\" is gone", TextDatumGetCString(connection))));
	source->name =
		quote_qualified_identifier(get_namespace_name(get_rel_namespace(source->relation)),
								   get_rel_name(source->relation));
	source->key_type = unconstify(char *, type_name(get_atttype(source->relation,
																find_column(source->relation, key,
																			true))));
	source->key = unconstify(char *, quote_identifier(key));
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		initStringInfo(&source->columns[i]);
	appendStringInfo(&source->columns[SOURCE_KEY], "s.%s::pg_catalog.text", source->key);
	for (uint64 i = 0; i < count; i++)
	{
		const char *name = result_string(SPI_tuptable, i, 4);

		if (find_column(source->relation, name, result_bool(SPI_tuptable, i, 6)) > 0)
			add_column(source, name, result_string(SPI_tuptable, i, 5));
	}
	complete_columns(source);
}

/*
 * The plan of a query over a source. PostgreSQL makes it anew where something
 * that it depends on has changed.
 */
static SPIPlanPtr
plan_of(const char *query, int nargs, Oid *types)
{
	static struct
	{
		char	   *query;
		SPIPlanPtr	plan;
	}			kept[PLANS_MAX];
	static int	next = 0;
	SPIPlanPtr	plan;

	for (int i = 0; i < PLANS_MAX; i++)
		if (kept[i].query != NULL && strcmp(kept[i].query, query) == 0)
			return kept[i].plan;
	plan = SPI_prepare_cursor(query, nargs, types, planning_options(CURSOR_OPT_GENERIC_PLAN));
	if (plan == NULL)			/* cannot happen: the text is ours and can be
								 * prepared */
		elog(ERROR, "could not prepare \"%s\": %s", query, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)	/* cannot happen: it was just prepared */
		elog(ERROR, "could not keep the plan of \"%s\"", query);
	next = (next + 1) % PLANS_MAX;
	if (kept[next].query != NULL)
	{
		SPI_freeplan(kept[next].plan);
		pfree(kept[next].query);
		kept[next].query = NULL;
	}
	kept[next].plan = plan;
	kept[next].query = MemoryContextStrdup(TopMemoryContext, query);
	return plan;
}

/* Run a query over the source as its owner. It gives one row. */
static void
run_as_owner(const Source *source, const char *query, int nargs, Oid *types, Datum *values,
			 const char *nulls)
{
	Caller		before;
	int			result;

	become_owner_of(source->relation, &before);
	result = SPI_execute_plan(plan_of(query, nargs, types), values, nulls, false, 0);
	become_caller(&before);
	if (result != SPI_OK_SELECT || SPI_processed != 1)
		/* cannot happen: an aggregate gives one row */
		elog(ERROR, "could not run \"%s\": %s", query, SPI_result_code_string(result));
}

/* The query of a source's rows that have one of the keys $1, or of some rows for a look. */
static char *
query_of(const Source *source, bool has_keys, int32 max_rows)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		appendStringInfo(&query, "%spg_catalog.array_agg(r.c%d)", i > 0 ? ", " : "", i);
	appendStringInfoString(&query, " FROM (SELECT ");
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		appendStringInfo(&query, "%s%s AS c%d", i > 0 ? ", " : "", source->columns[i].data, i);
	appendStringInfo(&query, " FROM %s s WHERE s.%s ", source->name, source->key);
	if (has_keys)
		appendStringInfo(&query, EQ " ANY ($1::%s[])", source->key_type);
	else
		appendStringInfoString(&query, "IS NOT NULL");
	if (max_rows > 0)
		appendStringInfo(&query, " LIMIT %d) r", max_rows);
	else
		appendStringInfoString(&query, " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8) r");
	return query.data;
}

/*
 * Rows of a connection's source that have one of the keys, or, where keys is 0,
 * at most so many of all, column by column. The arrays, or nulls where there is
 * no row, lie in SPI's memory. Within SPI.
 */
void
read_source(Datum connection, Datum keys, int32 max_rows, Datum *columns, bool *nulls)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	Oid			argument_types[] = {TEXTARRAYOID};
	bool		has_keys = keys != (Datum) 0;
	Source		source;

	find_source(connection, &source);
	run_as_owner(&source, query_of(&source, has_keys, max_rows), has_keys ? 1 : 0, argument_types,
				 &keys, NULL);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		nulls[i] = !result_nullable(SPI_tuptable, 0, i + 1, types[i], &columns[i]);
}

/* read_source(connection, keys, max_rows) */
PG_FUNCTION_INFO_V1(connection_read_source);
Datum
connection_read_source(PG_FUNCTION_ARGS)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc	columns;
	Datum		values[SOURCE_COLUMNS];
	bool		nulls[SOURCE_COLUMNS];
	HeapTuple	row;

	require_not_null(fcinfo, 0, "connection");
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "read_source must return a row");	/* cannot happen: see
														 * sql/connection.sql */
	columns = BlessTupleDesc(columns);
	require_columns(columns, types, lengthof(types));
	SPI_connect();
	read_source(PG_GETARG_DATUM(0), PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1),
				PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2), values, nulls);
	MemoryContextSwitchTo(caller);
	row = heap_form_tuple(columns, values, nulls);
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(row));
}

/* The one value that SPI found, an array, in the memory of the caller's; null if it is. */
static bool
take_array(MemoryContext caller, Datum *array)
{
	bool		found = result_nullable(SPI_tuptable, 0, 1, TEXTARRAYOID, array);

	if (found)
	{
		MemoryContext before = MemoryContextSwitchTo(caller);

		*array = PointerGetDatum(PG_DETOAST_DATUM_COPY(*array));
		MemoryContextSwitchTo(before);
	}
	return found;
}

/* read_keys(connection, after, max_keys) */
PG_FUNCTION_INFO_V1(connection_read_keys);
Datum
connection_read_keys(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID};
	MemoryContext caller = CurrentMemoryContext;
	Source		source;
	StringInfoData query;
	Datum		after = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	Datum		keys;
	bool		found;

	require_not_null(fcinfo, 0, "connection");
	SPI_connect();
	find_source(PG_GETARG_DATUM(0), &source);
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT pg_catalog.array_agg(r.k::pg_catalog.text)"
					 " FROM (SELECT DISTINCT s.%s AS k"
					 " FROM %s s WHERE s.%s ", source.key, source.name, source.key);
	if (PG_ARGISNULL(1))
		appendStringInfoString(&query, "IS NOT NULL");
	else
		appendStringInfo(&query, "OPERATOR(pg_catalog.>) $1::%s", source.key_type);
	appendStringInfoString(&query, " ORDER BY 1");
	if (!PG_ARGISNULL(2))
		appendStringInfo(&query, " LIMIT %d", PG_GETARG_INT32(2));
	appendStringInfoString(&query, ") r");
	run_as_owner(&source, query.data, PG_ARGISNULL(1) ? 0 : 1, types, &after, NULL);
	found = take_array(caller, &keys);
	SPI_finish();
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(keys);
}

/* as_keys(connection, keys) */
PG_FUNCTION_INFO_V1(connection_as_keys);
Datum
connection_as_keys(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTARRAYOID};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	Source		source;
	Datum		given = PG_GETARG_DATUM(1);
	Datum		keys;
	char	   *query;
	bool		found;

	require_not_null(fcinfo, 0, "connection");
	require_not_null(fcinfo, 1, "keys");
	SPI_connect();
	find_source(PG_GETARG_DATUM(0), &source);
	query = psprintf("SELECT pg_catalog.array_agg(DISTINCT k::%s::pg_catalog.text)"
					 " FROM pg_catalog.unnest($1) k WHERE k IS NOT NULL", source.key_type);
	spi = CurrentMemoryContext;
	PG_TRY();
	{
		(void) SPI_execute_plan(plan_of(query, 1, types), &given, NULL, true, 0);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(spi);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", error->message),
				 errhint("The key of the connection is of type %s.", source.key_type),
				 errargument("keys")));
	}
	PG_END_TRY();
	found = take_array(caller, &keys);
	SPI_finish();
	PG_RETURN_DATUM(found ? keys : PointerGetDatum(construct_empty_array(TEXTOID)));
}
