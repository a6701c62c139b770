/*
 * connection_note.c
 *		What changes of watched tables have touched, connection by connection.
 *
 * A note is a key in a column of a table. Several connections may follow the
 * column, and a connection several columns: each is synced once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "connection.h"
#include "lookup.h"
#include "setting.h"
#include "statement.h"
#include "subtransaction.h"

/* So many keys of several connections are read together; larger loads are not made crosswise. */
#define KEYS_TOGETHER_MAX	2000

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

/* The connections that follow the column of a note. */
static List *
add_followers(List *found, LookupScan *scan, const Noted *noted)
{
	Datum		table = ObjectIdGetDatum(noted->table);
	Datum		values[2];

	lookup_keys(scan, &table);
	while (lookup_next(scan, values))
		if (strcmp(TextDatumGetCString(values[1]), noted->column) == 0)
			found = add_followed(found, PointerGetDatum(DatumGetTextPCopy(values[0])), noted);
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
	require_all_keys(number);	/* TRUNCATE takes what our snapshot does not
								 * show */
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

/* Keys of a connection that are to be brought in line. */
typedef struct Due
{
	const Connection *connection;
	Datum	   *keys;
	int			count;
	bool		is_whole;		/* all keys are meant */
} Due;

/* Lock the keys that were noted of a connection, from the first of what was found up to the end. */
static void
lock_noted_keys(List *found, int first, int end, Due *due)
{
	const Connection *connection = &((const Followed *) list_nth(found, first))->connection;
	Datum	   *known = NULL;
	Datum	   *keys;
	int			known_count = 0;
	int			count = 0;
	bool		is_whole = false;

	for (int i = first; i < end; i++)
	{
		const Noted *noted = ((const Followed *) list_nth(found, i))->noted;

		count += noted->count;
		is_whole |= noted->is_whole;
	}
	if (is_whole)
		known = known_keys(connection, &known_count);
	keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count + known_count + 1));
	count = 0;
	for (int i = first; i < end; i++)
		count += put_keys(connection, ((const Followed *) list_nth(found, i))->noted, keys + count);
	if (known != NULL)
		memcpy(keys + count, known, sizeof(Datum) * known_count);
	count += known_count;
	due->is_whole = is_whole;
	due->connection = connection;
	due->keys = keys;
	due->count = lock_keys(connection, keys, count, false);
}

/* Lock what keys have and had: the work of a subtransaction, by the arguments of the statement. */
static bool
lock_items_of(void *argument)
{
	static Statement lock = {
		"SELECT invtrack_internal.lock_items_of($1, $2)", 2, {INT4ARRAYOID, TEXTARRAYOID}
	};
	int			nest_level;

	SPI_connect();
	nest_level = start_using_indexes();
	statement_run(&lock, argument, NULL, false);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	return true;
}

/*
 * Lock the items of those connections at the front that have one target, in one
 * order: one connection after the other, two sessions would wait for each other.
 * What cannot be read is rejected later.
 */
static void
lock_items_together(const Due *dues, int due_count)
{
	const Connection *first = dues[0].connection;
	Datum		values[2];
	Datum	   *numbers;
	Datum	   *keys;
	int			members = 0;
	int			count = 0;
	ErrorData  *error;

	while (members < due_count && dues[members].connection->rank == first->rank)
		count += dues[members++].count;
	if (members == 1 || count == 0 || count > KEYS_TOGETHER_MAX)
		return;
	numbers = palloc(sizeof(Datum) * count);
	keys = palloc(sizeof(Datum) * count);
	count = 0;
	for (int i = 0; i < members; i++)
		for (int key = 0; key < dues[i].count; key++)
		{
			numbers[count] = dues[i].connection->number;
			keys[count++] = dues[i].keys[key];
		}
	values[0] = array_of(INT4OID, numbers, NULL, count);
	values[1] = array_of(TEXTOID, keys, NULL, count);
	error = run_in_subtransaction(lock_items_of, values);
	if (error != NULL && !is_of_data(error->sqlerrcode))
		ReThrowError(error);
}

/* Delete what keys of merchants, products or inventory types have no more, where that can be. */
static void
delete_gone(const Due *due)
{
	static Statement delete = {
		"SELECT invtrack_internal.sync_gone(n, $2) FROM invtrack.connection n"
		" WHERE n.number " EQ " $1",
		2, {INT4OID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[2] = {due->connection->number};
	int			nest_level = start_using_indexes();

	values[1] = array_of(TEXTOID, due->keys, NULL, due->count);
	statement_run(&delete, values, NULL, false);
	AtEOXact_GUC(false, nest_level);
}

/*
 * Add keys with rows that lacked a merchant, product or inventory type, and do no
 * more, as of now: something came to the table of this name. A source that asks for
 * the day of a merchant fails as a whole, and its message tells which.
 */
static List *
add_waiting(List *noted, const char *table_name)
{
#define IS_OF(column) \
	column " " EQ " (r.source_row OPERATOR(pg_catalog.->>) '" column "')"
	static Statement find = {
		"SELECT DISTINCT r.connection, r.key FROM invtrack.connection_reject r"
		" WHERE r.sqlstate " EQ " '23503' AND ("
		"$1 " EQ " 'merchant'"
		" AND (EXISTS (SELECT FROM invtrack.merchant WHERE " IS_OF("merchant") ")"
		" OR r.row_number " EQ " 0 AND EXISTS (SELECT FROM invtrack.merchant WHERE merchant " EQ
		" pg_catalog.substring(r.message, '^merchant \"(.*)\" does not exist$')))"
		" OR $1 " EQ " 'product'"
		" AND EXISTS (SELECT FROM invtrack.product"
		" WHERE " IS_OF("merchant") " AND " IS_OF("sku") ")"
		" OR $1 " EQ " 'inventory_type'"
		" AND EXISTS (SELECT FROM invtrack.inventory_type WHERE " IS_OF("merchant")
		" AND " IS_OF("inventory_type") "))",
		1, {TEXTOID}, 0, {TEXTOID, TEXTOID}
	};
	Datum		table = CStringGetTextDatum(table_name);
	uint64		count;

	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	count = statement_run(&find, &table, NULL, true);
	PopActiveSnapshot();
	for (uint64 i = 0; i < count; i++)
		noted = add_note(noted, InvalidOid, result_string(SPI_tuptable, i, 1),
						 result_text(SPI_tuptable, i, 2));
	return noted;
}

/*
 * Bring in line what was noted, connection by connection. Keys are locked before
 * all items: who is at one of them may need an item that we hold. Within SPI.
 */
void
sync_noted(List *noted)
{
	List	   *found = find_connections(noted);
	Due		   *dues = palloc(sizeof(Due) * (list_length(found) + 1));
	int			due_count = 0;
	List	   *waiting = NIL;
	int			end;
	ListCell   *cell;

	for (int first = 0; first < list_length(found); first = end)
	{
		for (end = first + 1; end < list_length(found); end++)
			if (compare_followed(list_nth_cell(found, first), list_nth_cell(found, end)) != 0)
				break;
		lock_noted_keys(found, first, end, &dues[due_count++]);
	}
	for (int i = 0; i < due_count; i++)
	{
		if (dues[i].is_whole && i > 0)
		{
			/* a source may read what was just brought: rare, so lock twice */
			dues[i].keys = known_keys(dues[i].connection, &dues[i].count);
			dues[i].count = lock_keys(dues[i].connection, dues[i].keys, dues[i].count, false);
		}
		if (i == 0 || dues[i - 1].connection->rank != dues[i].connection->rank)
			lock_items_together(&dues[i], due_count - i);
		sync_locked_keys(dues[i].connection, dues[i].keys, dues[i].count, false);
	}
	while (--due_count >= 0)
		if (feeds_catalogue(dues[due_count].connection->target))
			delete_gone(&dues[due_count]);
	foreach(cell, noted)
	{
		const Noted *of_column = lfirst(cell);
		char	   *table = of_column->column[0] == '\0' ? get_rel_name(of_column->table) : NULL;

		if (table != NULL)
			waiting = add_waiting(waiting, table);
	}
	if (waiting != NIL)
		sync_noted(waiting);
}
