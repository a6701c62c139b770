/*
 * connection_source_key.c
 *		The keys that a connection's source has, and those that people name.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "argument.h"
#include "connection.h"
#include "statement.h"

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
	Connection	connection;
	Source		source;
	StringInfoData query;
	Datum		after = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	Datum		keys;
	bool		found;

	require_not_null(fcinfo, 0, "connection");
	SPI_connect();
	get_connection(PG_GETARG_DATUM(0), &connection);
	open_source(&connection, &source);
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
	run_as_owner_of_source(InvalidSnapshot, &source, query.data, PG_ARGISNULL(1) ? 0 : 1, types,
						   &after);
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
	Connection	connection;
	Source		source;
	Datum		given = PG_GETARG_DATUM(1);
	Datum		keys;
	char	   *query;
	bool		found;

	require_not_null(fcinfo, 0, "connection");
	require_not_null(fcinfo, 1, "keys");
	SPI_connect();
	get_connection(PG_GETARG_DATUM(0), &connection);
	open_source(&connection, &source);
	query = psprintf("SELECT pg_catalog.array_agg(DISTINCT k::%s::pg_catalog.text)"
					 " FROM pg_catalog.unnest($1) k WHERE k IS NOT NULL", source.key_type);
	spi = CurrentMemoryContext;
	PG_TRY();
	{
		(void) SPI_execute_plan(plan_of_source(query, 1, types), &given, NULL, true, 0);
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
