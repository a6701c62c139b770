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
#include "utils/lsyscache.h"

#include "connection.h"
#include "lookup.h"
#include "statement.h"

/* Keys that were noted of one column. */
typedef struct Noted
{
	Oid			table;			/* InvalidOid: column is the name of a
								 * connection */
	char	   *column;			/* empty: something came to the table */
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
	/* unpacked, since array_of() would unpack it in memory of its own */
	of_column->keys[of_column->count++] = PointerGetDatum(PG_DETOAST_DATUM_COPY(key));
	return noted;
}

/* A connection that has to do with a note. */
typedef struct Followed
{
	Connection	connection;
	const Noted *noted;
} Followed;

/* Add a connection, if there is one of this name. */
static List *
add_followed(List *found, Datum connection, const Noted *noted)
{
	Followed   *followed = palloc(sizeof(Followed));

	followed->noted = noted;
	return find_connection(connection, &followed->connection) ? lappend(found, followed) : found;
}

/* What is referred to comes first. */
static int
compare_followed(const ListCell *a, const ListCell *b)
{
	const Connection *connection_a = &((const Followed *) lfirst(a))->connection;
	const Connection *connection_b = &((const Followed *) lfirst(b))->connection;

	if (connection_a->rank != connection_b->rank)
		return connection_a->rank < connection_b->rank ? -1 : 1;
	return DatumGetInt32(connection_a->number) < DatumGetInt32(connection_b->number) ? -1 :
		DatumGetInt32(connection_a->number) > DatumGetInt32(connection_b->number);
}

/* The connections that follow the column of a note, in the table or what it is a partition of. */
static List *
add_followers(List *found, LookupScan *scan, const Noted *noted)
{
	List	   *tables = list_make1_oid(noted->table);
	ListCell   *cell;

	if (get_rel_relispartition(noted->table))
		tables = list_concat(tables, get_partition_ancestors(noted->table));
	foreach(cell, tables)
	{
		Datum		table = ObjectIdGetDatum(lfirst_oid(cell));
		Datum		values[2];

		lookup_keys(scan, &table);
		while (lookup_next(scan, values))
			if (strcmp(TextDatumGetCString(values[1]), noted->column) == 0)
				found = add_followed(found, PointerGetDatum(DatumGetTextPCopy(values[0])), noted);
	}
	return found;
}

/* The connections that notes are of, in the order in which they are synced. */
static List *
find_connections(List *noted)
{
	static const Lookup find = {
		"connection_watch", {{"watched", REGCLASSOID}}, {{"connection", TEXTOID}, {"key", TEXTOID}}
	};
	LookupScan	scan;
	List	   *found = NIL;
	ListCell   *cell;

	lookup_start(&find, &scan);
	foreach(cell, noted)
	{
		const Noted *of_column = lfirst(cell);

		if (OidIsValid(of_column->table))
			found = add_followers(found, &scan, of_column);
		else
			found = add_followed(found, CStringGetTextDatum(of_column->column), of_column);
	}
	lookup_end(&scan);
	list_sort(found, compare_followed);
	return found;
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

/*
 * The keys of a note, as the source has them; how many. A column of texts may
 * write a number or uuid otherwise, and one of larger numbers have some that the
 * source cannot have.
 */
static int
put_keys(const Connection *connection, const Noted *noted, Datum *keys)
{
	Oid			type = get_atttype(connection->source,
								   get_attnum(connection->source, connection->key));
	int			count = 0;

	if (!OidIsValid(noted->table) || !is_typed_key(type) ||
		get_atttype(noted->table, get_attnum(noted->table, noted->column)) == type)
	{
		memcpy(keys, noted->keys, sizeof(Datum) * noted->count);
		return noted->count;
	}
	for (int i = 0; i < noted->count; i++)
	{
		keys[count] = key_as_type(noted->keys[i], type);
		if (keys[count] != (Datum) 0)
			count++;
	}
	return count;
}

/* Bring the connection of some notes in line, from the first to the last of what was found. */
static void
sync_connection(List *found, int first, int end)
{
	const Connection *connection = &((const Followed *) list_nth(found, first))->connection;
	Datum	   *keys;
	int			count = 0;
	bool		is_whole = false;

	for (int i = first; i < end; i++)
	{
		const Noted *noted = ((const Followed *) list_nth(found, i))->noted;

		count += noted->count;
		is_whole |= noted->is_whole;
	}
	if (is_whole)
		keys = known_keys(connection, &count);
	else
	{
		keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count + 1));
		count = 0;
		for (int i = first; i < end; i++)
			count += put_keys(connection, ((const Followed *) list_nth(found, i))->noted,
							  keys + count);
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
	List	   *found = find_connections(noted);
	Datum	   *entities = palloc(sizeof(Datum) * (list_length(found) + 1));
	int			entity_count = 0;
	int			end;
	ListCell   *cell;

	for (int first = 0; first < list_length(found); first = end)
	{
		const ListCell *first_cell = list_nth_cell(found, first);
		const Connection *connection = &((const Followed *) lfirst(first_cell))->connection;

		for (end = first + 1; end < list_length(found);)
		{
			if (compare_followed(first_cell, list_nth_cell(found, end)) != 0)
				break;
			end++;
		}
		sync_connection(found, first, end);
		if (feeds_catalogue(connection->target))
			entities[entity_count++] = connection->number;
	}
	if (entity_count > 0)
	{
		Datum		numbers = array_of(INT4OID, entities, NULL, entity_count);

		statement_run(&delete_gone, &numbers, NULL, false);
	}
	foreach(cell, noted)
	{
		const Noted *of_column = lfirst(cell);
		char	   *table = of_column->column[0] == '\0' ? get_rel_name(of_column->table) : NULL;

		if (table != NULL)
			note_waiting(table);
	}
}
