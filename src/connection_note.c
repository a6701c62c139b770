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
	List	   *tables;			/* the table, and those that it is a partition
								 * of */
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

/* A connection that has to do with a note. */
typedef struct Followed
{
	Connection	connection;
	const Noted *noted;
} Followed;

typedef struct Found
{
	Followed   *followed;
	int			count;
	int			room;
} Found;

static Followed *
next_followed(Found *found)
{
	if (found->count == found->room)
	{
		found->room = found->room == 0 ? 8 : found->room * 2;
		found->followed = found->followed == NULL ? palloc(sizeof(Followed) * found->room) :
			repalloc(found->followed, sizeof(Followed) * found->room);
	}
	return &found->followed[found->count++];
}

/* What is referred to comes first. */
static int
compare_followed(const void *a, const void *b)
{
	const Connection *connection_a = &((const Followed *) a)->connection;
	const Connection *connection_b = &((const Followed *) b)->connection;

	if (connection_a->rank != connection_b->rank)
		return connection_a->rank < connection_b->rank ? -1 : 1;
	return DatumGetInt32(connection_a->number) < DatumGetInt32(connection_b->number) ? -1 :
		DatumGetInt32(connection_a->number) > DatumGetInt32(connection_b->number);
}

/* The connections that follow columns of tables: each with each of its notes. */
static void
find_followers(Found *found, List *noted, Datum *tables, int table_count)
{
	static Statement find = {
		"SELECT " CONNECTION_COLUMNS ", w.watched::pg_catalog.oid, w.key"
		" FROM invtrack.connection_watch w"
		" JOIN invtrack.connection n ON n.connection " EQ " w.connection"
		" WHERE w.watched::pg_catalog.oid " EQ " ANY ($1)",
		1, {OIDARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {CONNECTION_TYPES, OIDOID, TEXTOID}
	};
	Datum		watched = array_of(OIDOID, tables, NULL, table_count);
	uint64		count = statement_run(&find, &watched, NULL, false);

	for (uint64 i = 0; i < count; i++)
	{
		Oid			table = result_oid(SPI_tuptable, i, 7);
		const char *column = result_string(SPI_tuptable, i, 8);
		ListCell   *cell;

		foreach(cell, noted)
		{
			const Noted *of_column = lfirst(cell);

			if (list_member_oid(of_column->tables, table) &&
				strcmp(of_column->column, column) == 0)
			{
				Followed   *followed = next_followed(found);

				take_connection(SPI_tuptable, i, &followed->connection);
				followed->noted = of_column;
			}
		}
	}
}

/* The connections that notes are of, in the order in which they are synced. */
static void
find_connections(Found *found, List *noted)
{
	Datum	   *tables = NULL;
	int			table_count = 0;
	ListCell   *cell;

	memset(found, 0, sizeof(Found));
	foreach(cell, noted)
	{
		Noted	   *of_column = lfirst(cell);
		Connection	connection;

		if (OidIsValid(of_column->table))
		{
			of_column->tables = list_make1_oid(of_column->table);
			if (get_rel_relispartition(of_column->table))
				of_column->tables = list_concat(of_column->tables,
												get_partition_ancestors(of_column->table));
			table_count += list_length(of_column->tables);
		}
		else if (find_connection(CStringGetTextDatum(of_column->column), &connection))
		{
			Followed   *followed = next_followed(found);

			followed->connection = connection;
			followed->noted = of_column;
		}
	}
	if (table_count > 0)
	{
		tables = palloc(sizeof(Datum) * table_count);
		table_count = 0;
		foreach(cell, noted)
		{
			const Noted *of_column = lfirst(cell);
			ListCell   *table;

			foreach(table, of_column->tables)
				tables[table_count++] = ObjectIdGetDatum(lfirst_oid(table));
		}
		find_followers(found, noted, tables, table_count);
	}
	qsort(found->followed, found->count, sizeof(Followed), compare_followed);
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

/* Bring one connection in line, which so many notes are of. */
static void
sync_connection(const Followed *followed, int note_count)
{
	const Connection *connection = &followed->connection;
	Datum	   *keys;
	int			count = 0;
	bool		is_whole = false;

	for (int i = 0; i < note_count; i++)
	{
		count += followed[i].noted->count;
		is_whole |= followed[i].noted->is_whole;
	}
	if (is_whole)
		keys = known_keys(connection, &count);
	else
	{
		keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count + 1));
		count = 0;
		for (int i = 0; i < note_count; i++)
		{
			const Noted *of_column = followed[i].noted;

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
	Datum	   *entities;
	int			entity_count = 0;
	Found		found;
	int			end;

	find_connections(&found, noted);
	entities = palloc(sizeof(Datum) * (found.count + 1));
	for (int i = 0; i < found.count; i = end)
	{
		const Followed *first = &found.followed[i];

		for (end = i + 1; end < found.count && compare_followed(first, &found.followed[end]) == 0;)
			end++;
		sync_connection(first, end - i);
		if (feeds_catalogue(first->connection.target))
			entities[entity_count++] = first->connection.number;
	}
	if (entity_count > 0)
	{
		Datum		numbers = array_of(INT4OID, entities, NULL, entity_count);

		statement_run(&delete_gone, &numbers, NULL, false);
	}
}
