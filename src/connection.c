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
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "compat.h"
#include "connection.h"
#include "lookup.h"
#include "owner.h"
#include "setting.h"
#include "statement.h"

/* How many plans of sources are kept. */
#define PLANS_MAX	64

/* ---------- connections ---------- */

/* The connection of a name; false: there is none. */
bool
find_connection(Datum name, Connection *connection)
{
	static const Lookup find = {
		"connection", {{"connection", TEXTOID}},
		{{"number", INT4OID}, {"target", TEXTOID}, {"source", REGCLASSOID}, {"key", TEXTOID},
		{"columns", TEXTARRAYOID}}
	};
	LookupScan	scan;
	Datum		values[5];
	bool		found;

	lookup_start(&find, &scan);
	lookup_keys(&scan, &name);
	found = lookup_next(&scan, values);
	if (found)
	{
		connection->name = name;
		connection->number = values[0];
		connection->target = PointerGetDatum(DatumGetTextPCopy(values[1]));
		connection->rank = rank_of_target(connection->target);
		connection->source = DatumGetObjectId(values[2]);
		connection->key = TextDatumGetCString(values[3]);
		connection->columns = PointerGetDatum(DatumGetArrayTypePCopy(values[4]));
	}
	lookup_end(&scan);
	return found;
}

/* The same, or an error. */
void
get_connection(Datum name, Connection *connection)
{
	if (!find_connection(name, connection))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("connection \"%s\" does not exist", TextDatumGetCString(name))));
}

/* ---------- the query of a source ---------- */

static SPIPlanPtr
prepare(const char *query, int nargs, Oid *types, int cursor_options)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(query, nargs, types, cursor_options);

	if (plan == NULL)			/* cannot happen: the text is ours and can be
								 * prepared */
		elog(ERROR, "could not prepare \"%s\": %s", query, SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * The plan of a query over a source. PostgreSQL makes it anew where something
 * that it depends on has changed.
 */
SPIPlanPtr
plan_of_source(const char *query, int nargs, Oid *types)
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
	plan = prepare(query, nargs, types, planning_options(CURSOR_OPT_GENERIC_PLAN));
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

/* Run a plan over the source, with a snapshot, as statement_run_at() does. */
static void
run_plan(Snapshot snapshot, const char *query, SPIPlanPtr plan, Datum *values)
{
	int			result = SPI_execute_snapshot(plan, values, NULL, snapshot, InvalidSnapshot, false,
											  true, 0);

	if (result != SPI_OK_SELECT)	/* cannot happen: the text is ours */
		elog(ERROR, "could not run \"%s\": %s", query, SPI_result_code_string(result));
}

/* Run a query over the source as its owner. Returns how many rows it gives. */
uint64
run_as_owner_of_source(Snapshot snapshot, const Source *source, const char *query, int nargs,
					   Oid *types, Datum *values)
{
	Caller		before;

	become_owner_of(source->connection->source, &before);
	run_plan(snapshot, query, plan_of_source(query, nargs, types), values);
	become_caller(&before);
	return SPI_processed;
}

/* ---------- rows ---------- */

/*
 * The query of a source's rows, in their order: those that have one of the keys,
 * an expression, or, where it is null, all. With max_rows: so many of them, as
 * they come.
 */
static char *
query_of(const Source *source, const char *keys, int32 max_rows)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		appendStringInfo(&query, "%s%s", i > 0 ? ", " : "", source->columns[i].data);
	appendStringInfo(&query, " FROM %s s WHERE s.%s ", source->name, source->key);
	if (keys != NULL)
		appendStringInfo(&query, EQ " ANY (%s::%s[])", keys, source->key_type);
	else
		appendStringInfoString(&query, "IS NOT NULL");
	if (max_rows > 0)
		appendStringInfo(&query, " LIMIT %d", max_rows);
	else
		appendStringInfoString(&query, " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8");
	return query.data;
}

/*
 * Rows that have one of many keys. The keys stand in the query, so that
 * PostgreSQL looks them up in a hash table where no index has them. Where one has
 * them, it is used: without statistics, PostgreSQL would rather read all rows, and
 * what was just written lies in memory, where no page is far from another.
 */
static void
read_many_keys(Snapshot snapshot, const Source *source, Datum keys, int32 max_rows)
{
	char	   *list = quote_literal_cstr(OidOutputFunctionCall(F_ARRAY_OUT, keys));
	char	   *query = query_of(source, psprintf("%s::pg_catalog.text[]", list), max_rows);
	Caller		before;

	become_owner_of(source->connection->source, &before);
	set_for_now("enable_seqscan", "off");
	set_for_now("random_page_cost", "1");
	run_plan(snapshot, query, prepare(query, 0, NULL, CURSOR_OPT_PARALLEL_OK), NULL);
	become_caller(&before);
}

/*
 * Rows of a connection's source that have one of the keys, an array, or, where
 * keys is 0, at most so many of all. They lie in SPI_tuptable; returns how many.
 * The snapshot as in statement_run_at(). Within SPI.
 */
uint64
read_source(Snapshot snapshot, const Connection *connection, Datum keys, int32 max_rows)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	Oid			argument_types[] = {TEXTARRAYOID};
	ArrayType  *array = keys == (Datum) 0 ? NULL : DatumGetArrayTypeP(keys);
	Source		source;

	open_source(connection, &source);
	if (array != NULL)
	{
		keys = keys_of_type(keys, source.key_type_id);
		array = DatumGetArrayTypeP(keys);
	}
	if (array != NULL && ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > FEW_KEYS)
		read_many_keys(snapshot, &source, keys, max_rows);
	else
		run_as_owner_of_source(snapshot, &source,
							   query_of(&source, array == NULL ? NULL : "$1", max_rows),
							   array == NULL ? 0 : 1, argument_types, &keys);
	require_columns(SPI_tuptable->tupdesc, types, lengthof(types));
	return SPI_processed;
}

/*
 * All rows of a connection's source, in the order of their keys, to be fetched as
 * its owner. Within SPI.
 */
Portal
open_rows_of_source(const Connection *connection)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	Source		source;
	Caller		before;
	SPIPlanPtr	plan;
	Portal		cursor;

	open_source(connection, &source);
	become_owner_of(connection->source, &before);
	/* the plan is for the sizes that tables have now, and is not kept */
	plan = prepare(query_of(&source, NULL, 0), 0, NULL, CURSOR_OPT_NO_SCROLL);
	cursor = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	PinPortal(cursor);			/* what runs meanwhile cannot close it */
	become_caller(&before);
	require_columns(cursor->tupDesc, types, lengthof(types));
	return cursor;
}

/* A column of the rows that SPI found, as an array. */
static Datum
array_of_column(uint64 count, int column, Oid type)
{
	Datum	   *values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * count);
	bool	   *nulls = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(bool) * count);

	for (uint64 i = 0; i < count; i++)
		nulls[i] = !result_nullable(SPI_tuptable, i, column, type, &values[i]);
	return array_of(type, values, nulls, count);
}

/* Rows of other keys would be brought in line with theirs. */
static void
require_asked_keys(Datum array, uint64 count)
{
	int			asked_count;
	Datum	   *asked = take_keys(array, &asked_count);

	asked_count = sort_keys(asked, asked_count);
	for (uint64 i = 0; i < count; i++)
		(void) place_of_key(asked, asked_count, sizeof(Datum), result_text(SPI_tuptable, i, 1));
}

/*
 * The numbers that items had with the snapshot with which the source was read, an
 * array: in a later one, a code may be another product's already.
 */
static Datum
find_numbers(Snapshot snapshot, const Connection *connection, const Datum *values)
{
	static Statement find = {
		"SELECT ARRAY(SELECT i.item"
		" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) WITH ORDINALITY AS u(merchant, sku, inventory_type, n)"
		" LEFT JOIN LATERAL (SELECT i.item FROM invtrack.connection_item i WHERE i.target " EQ " $1"
		" AND i.merchant " EQ " u.merchant AND i.sku " EQ " coalesce(u.sku, '')"
		" AND i.inventory_type " EQ " coalesce(u.inventory_type, '')"
		" AND i.same_as IS NULL OFFSET 0) i ON true ORDER BY u.n)",
		4, {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID}, 0, {INT8ARRAYOID}
	};
	Datum		arguments[] = {
		connection->target, values[SOURCE_MERCHANT], values[SOURCE_SKU],
		values[SOURCE_INVENTORY_TYPE]
	};

	statement_run_at(snapshot, &find, arguments, NULL, false);
	return result_datum(SPI_tuptable, 0, 1, INT8ARRAYOID);
}

/* read_source(connection, keys, max_rows) */
PG_FUNCTION_INFO_V1(connection_read_source);
Datum
connection_read_source(PG_FUNCTION_ARGS)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	MemoryContext caller = CurrentMemoryContext;
	Oid			arrays[SOURCE_COLUMNS + 1];
	Connection	connection;
	TupleDesc	columns;
	Datum		values[SOURCE_COLUMNS + 1];
	bool		nulls[SOURCE_COLUMNS + 1] = {false};
	Snapshot	snapshot;
	uint64		count;
	HeapTuple	row;

	require_not_null(fcinfo, 0, "connection");
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "read_source must return a row");	/* cannot happen: see
														 * sql/connection.sql */
	columns = BlessTupleDesc(columns);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		arrays[i] = get_array_type(types[i]);
	arrays[SOURCE_COLUMNS] = INT8ARRAYOID;
	require_columns(columns, arrays, lengthof(arrays));
	SPI_connect();
	get_connection(PG_GETARG_DATUM(0), &connection);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	count = read_source(snapshot, &connection, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1),
						PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2));
	if (!PG_ARGISNULL(1))
		require_asked_keys(PG_GETARG_DATUM(1), count);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		values[i] = array_of_column(count, i + 1, types[i]);
	values[SOURCE_COLUMNS] = find_numbers(snapshot, &connection, values);
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(caller);
	row = heap_form_tuple(columns, values, nulls);
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(row));
}
