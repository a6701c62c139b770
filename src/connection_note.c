/*
 * connection_note.c
 *		What changes of watched tables have touched, connection by connection.
 *
 * A note is a key in a column of a table. Several connections may follow the
 * column, and a connection several columns: each is synced once.
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "connection.h"
#include "statement.h"

/* Keys that were noted of one column. */
typedef struct Noted
{
	Oid			table;			/* InvalidOid: column is the name of a
								 * connection */
	char	   *column;
	bool		is_whole;		/* all keys are meant */
	Datum	   *keys;
	int			count;
	int			room;
} Noted;

/* Add a note to those of its column; key 0 is all of them. */
List *
add_note(List *noted, Oid table, const char *column, Datum key)
{
	Noted	   *of_column = NULL;
	ListCell   *cell;

	foreach(cell, noted)
	{
		of_column = lfirst(cell);
		if (of_column->table == table && strcmp(of_column->column, column) == 0)
			break;
	}
	if (cell == NULL)
	{
		of_column = palloc0(sizeof(Noted));
		of_column->table = table;
		of_column->column = pstrdup(column);
		of_column->room = 4;
		of_column->keys = palloc(sizeof(Datum) * of_column->room);
		noted = lappend(noted, of_column);
	}
	if (key == (Datum) 0)
	{
		of_column->is_whole = true;
		return noted;
	}
	if (of_column->count == of_column->room)
		of_column->keys = repalloc_huge(of_column->keys, sizeof(Datum) * (of_column->room *= 2));
	of_column->keys[of_column->count++] = datumCopy(key, false, -1);
	return noted;
}

/*
 * The connections that follow these columns, of a table or of one that it is a
 * partition of, in the order in which they are synced: 1 to 3 are those of
 * Connection, 4 the place of the column in the list.
 */
static uint64
find_connections(List *noted)
{
	static Statement find = {
		"SELECT n.connection, n.number, n.target, u.place"
		" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))"
		" AS u(watched, column_name, place)"
		" JOIN invtrack.connection n"
		" ON CASE WHEN u.watched " EQ " 0 THEN n.connection " EQ " u.column_name"
		" ELSE EXISTS (SELECT FROM invtrack.connection_watch w"
		" WHERE w.connection " EQ " n.connection"
		" AND w.watched::pg_catalog.oid " EQ " u.watched AND w.key " EQ " u.column_name) END"
		" ORDER BY invtrack_internal.target_rank(n.target), n.number",
		3, {OIDARRAYOID, TEXTARRAYOID, INT8ARRAYOID}, CURSOR_OPT_GENERIC_PLAN,
		{TEXTOID, INT4OID, TEXTOID, INT8OID}
	};
	Datum	   *columns[3] = {NULL};
	Datum		values[3];
	int			count = 0;

	for (int i = 0; i < list_length(noted); i++)
	{
		const Noted *of_column = list_nth(noted, i);
		List	   *tables = list_make1_oid(of_column->table);
		ListCell   *cell;

		if (OidIsValid(of_column->table) && get_rel_relispartition(of_column->table))
			tables = list_concat(tables, get_partition_ancestors(of_column->table));
		for (int c = 0; c < lengthof(columns); c++)
		{
			Size		size = sizeof(Datum) * (count + list_length(tables));

			columns[c] = columns[c] == NULL ? palloc(size) : repalloc(columns[c], size);
		}
		foreach(cell, tables)
		{
			columns[0][count] = ObjectIdGetDatum(lfirst_oid(cell));
			columns[1][count] = CStringGetTextDatum(of_column->column);
			columns[2][count++] = Int64GetDatum(i + 1);
		}
	}
	values[0] = array_of(OIDOID, columns[0], NULL, count);
	values[1] = array_of(TEXTOID, columns[1], NULL, count);
	values[2] = array_of(INT8OID, columns[2], NULL, count);
	return statement_run(&find, values, NULL, false);
}

/* The keys of a connection's source now, and those that it had. */
static Datum *
known_keys(const Connection *connection, int *count)
{
	static Statement find = {
		"SELECT invtrack_internal.known_keys(n) FROM invtrack.connection n"
		" WHERE n.number " EQ " $1",
		1, {INT4OID}, CURSOR_OPT_GENERIC_PLAN, {TEXTARRAYOID}
	};
	Datum		number = connection->number;

	*count = 0;
	if (statement_run(&find, &number, NULL, false) == 0)
		return NULL;
	return take_keys(result_datum(SPI_tuptable, 0, 1, TEXTARRAYOID), count);
}

/* Bring one connection in line, whose rows of what find_connections() found are these. */
static void
sync_connection(const Connection *connection, const SPITupleTable *found, uint64 first, uint64 end,
				List *noted)
{
	Datum	   *keys;
	int			count = 0;
	bool		is_whole = false;

	for (uint64 i = first; i < end; i++)
	{
		const Noted *of_column = list_nth(noted, result_place(found, i, 4, list_length(noted)));

		count += of_column->count;
		is_whole |= of_column->is_whole;
	}
	if (is_whole)
		keys = known_keys(connection, &count);
	else
	{
		keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count + 1));
		count = 0;
		for (uint64 i = first; i < end; i++)
		{
			const Noted *of_column = list_nth(noted, result_place(found, i, 4, list_length(noted)));

			memcpy(keys + count, of_column->keys, sizeof(Datum) * of_column->count);
			count += of_column->count;
		}
	}
	sync_keys(connection, keys, count, false);
}

/* Bring in line what was noted, connection by connection. Within SPI. */
void
sync_noted(List *noted)
{
	static Statement delete_gone = {
		"SELECT invtrack_internal.sync_gone_of($1)", 1, {INT4ARRAYOID}
	};
	uint64		count = find_connections(noted);
	SPITupleTable *found = SPI_tuptable;
	Datum	   *entities = palloc(sizeof(Datum) * (count + 1));
	int			entity_count = 0;
	uint64		end;

	for (uint64 i = 0; i < count; i = end)
	{
		Connection	connection;

		connection.name = result_text(found, i, 1);
		connection.number = result_datum(found, i, 2, INT4OID);
		connection.target = result_text(found, i, 3);
		for (end = i + 1; end < count && result_datum(found, end, 2, INT4OID) == connection.number;)
			end++;
		sync_connection(&connection, found, i, end, noted);
		if (feeds_catalogue(connection.target))
			entities[entity_count++] = connection.number;
	}
	if (entity_count > 0)
	{
		Datum		numbers = array_of(INT4OID, entities, NULL, entity_count);

		statement_run(&delete_gone, &numbers, NULL, false);
	}
}
