/*
 * connection_compare.c
 *		Which keys of sales and shipments are not in line.
 *
 * The rows of the source, what keys brought before and what was rejected are
 * passed once, side by side, in the order of keys. Where the source cannot be read
 * as a whole, keys are looked up, in halves until those that fail stand alone.
 * Nothing is locked or written: what changes meanwhile comes with its own sync.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "code.h"
#include "connection.h"
#include "connection_line.h"
#include "owner.h"
#include "statement.h"
#include "subtransaction.h"

/* So many rows are fetched at once, and so many keys looked at. */
#define FETCHED_ROWS	1000
#define COMPARED_KEYS	10000

/* Rows in the order of keys, which are their first column. */
typedef struct Pass
{
	Portal		cursor;
	Oid			source;			/* fetched as the owner of this; InvalidOid:
								 * as we are */
	SPITupleTable *rows;
	uint64		next;			/* among these */
} Pass;

typedef struct Comparison
{
	const Connection *connection;
	Datum	   *keys;
	int			count;
	int			first;			/* of those that are looked up */
	int			end;
	Pass		source;
	Pass		before;
	Pass		rejected;
	Datum	   *differing;
	int			differing_count;
} Comparison;

/* ---------- a pass ---------- */

static void
fetch_rows(Pass *pass)
{
	MemoryContext before = CurrentMemoryContext;
	Caller		caller;

	SPI_freetuptable(pass->rows);
	if (OidIsValid(pass->source))
		become_owner_of(pass->source, &caller);
	SPI_cursor_fetch(pass->cursor, true, FETCHED_ROWS);
	if (OidIsValid(pass->source))
		become_caller(&caller);
	/* SPI leaves us in one of its own, which stays to the end */
	MemoryContextSwitchTo(before);
	pass->rows = SPI_tuptable;
	pass->next = 0;
}

/* Is the next row one of this key? Those of keys before it are left behind. */
static bool
is_at(Pass *pass, Datum key)
{
	for (;; pass->next++)
	{
		int			order;

		if (pass->rows == NULL || (pass->next > 0 && pass->next == pass->rows->numvals))
			fetch_rows(pass);
		if (pass->rows->numvals == 0)
			return false;		/* there is no more */
		order = compare_codes(result_text(pass->rows, pass->next, 1), key);
		if (order >= 0)
			return order == 0;
	}
}

/* What keys brought before: take_lines() takes the columns after the key. */
static Statement before = {
	"SELECT l.key, l.items, l.days, l.quantities, l.counts FROM invtrack.connection_line l"
	" WHERE l.connection " EQ " $1 ORDER BY l.key COLLATE pg_catalog.\"C\"",
	1, {INT4OID}, CURSOR_OPT_CUSTOM_PLAN | CURSOR_OPT_NO_SCROLL,
	{TEXTOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, INT4ARRAYOID}
};

static void
start_passes(Comparison *comparison)
{
	static Statement rejected = {
		"SELECT r.key FROM invtrack.connection_reject r"
		" WHERE r.connection " EQ " $1 ORDER BY r.key COLLATE pg_catalog.\"C\"",
		1, {TEXTOID}, CURSOR_OPT_CUSTOM_PLAN | CURSOR_OPT_NO_SCROLL, {TEXTOID}
	};
	Datum		number = comparison->connection->number;
	Datum		name = comparison->connection->name;

	comparison->source.cursor = open_rows_of_source(comparison->connection);
	comparison->source.source = comparison->connection->source;
	comparison->before.cursor = statement_open(&before, &number);
	comparison->rejected.cursor = statement_open(&rejected, &name);
}

/* ---------- keys ---------- */

/* Of keys of which all is known, from the first on, note those that differ or have rejects. */
static void
note_differing(Comparison *comparison, Lines *lines, int first, bool *differs)
{
	SPI_connect();				/* what is found for this goes at once */
	(void) number_rows(lines);
	SPI_finish();
	add_lines(lines);
	for (int i = 0; i < lines->row_count; i++)
		differs[lines->rows[i].key] |= lines->rows[i].fault != NULL;
	for (int i = 0; i < lines->count; i++)
		differs[lines->lines[i].key] |= lines->lines[i].now != lines->lines[i].before;
	for (int key = 0; key < lines->key_count; key++)
		if (differs[key])
			comparison->differing[comparison->differing_count++] = comparison->keys[first + key];
}

/* Compare some keys, to which the passes have come. */
static void
compare_passed(Comparison *comparison, int first, int count)
{
	Datum	   *keys = comparison->keys + first;
	bool	   *differs = palloc0(sizeof(bool) * count);
	Lines		lines;

	start_lines(&lines, comparison->connection, keys, count, ITEMS_FREE);
	for (int key = 0; key < count; key++)
	{
		Pass	   *pass;

		for (pass = &comparison->source; is_at(pass, keys[key]); pass->next++)
			/* a copy outlasts the rows that were fetched with it */
			take_row(&lines, key, heap_copytuple(pass->rows->vals[pass->next]),
					 pass->rows->tupdesc);
		for (pass = &comparison->before; is_at(pass, keys[key]); pass->next++)
		{
			Datum		arrays[LINE_ARRAYS];

			for (int c = 0; c < LINE_ARRAYS; c++)
				arrays[c] = result_datum(pass->rows, pass->next, 2 + c, before.results[1 + c]);
			take_lines(&lines, key, arrays);
		}
		differs[key] = is_at(&comparison->rejected, keys[key]);
	}
	note_differing(comparison, &lines, first, differs);
}

/* Compare all keys: the work of a subtransaction, of which nothing stays. */
static bool
compare_all(void *argument)
{
	Comparison *comparison = argument;
	MemoryContext memory;
	MemoryContext spi;

	SPI_connect();
	memory = AllocSetContextCreate(CurrentMemoryContext, "invtrack compared keys",
								   ALLOCSET_DEFAULT_SIZES);
	start_passes(comparison);
	spi = MemoryContextSwitchTo(memory);
	for (int first = 0; first < comparison->count; first += COMPARED_KEYS)
	{
		compare_passed(comparison, first, Min(comparison->count - first, COMPARED_KEYS));
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(spi);
	SPI_finish();
	return false;
}

/* The same for some keys, which are looked up. */
static bool
compare_some(void *argument)
{
	Comparison *comparison = argument;
	int			count = comparison->end - comparison->first;
	Datum	   *keys = comparison->keys + comparison->first;
	bool	   *differs = palloc0(sizeof(bool) * count);
	Lines		lines;

	SPI_connect();
	start_lines(&lines, comparison->connection, keys, count, ITEMS_FREE);
	lines.key_array = array_of(TEXTOID, keys, NULL, count);
	find_lines(&lines);
	read_rows(&lines);
	(void) find_rejected(&lines, differs);
	note_differing(comparison, &lines, comparison->first, differs);
	SPI_finish();
	pfree(differs);
	return false;
}

static void
compare_halving(Comparison *comparison, int first, int end)
{
	int			middle = first + (end - first) / 2;
	int			differing_count = comparison->differing_count;
	ErrorData  *error;

	comparison->first = first;
	comparison->end = end;
	error = run_in_subtransaction(compare_some, comparison);
	if (error == NULL)
		return;
	if (!is_of_data(error->sqlerrcode))
		ReThrowError(error);
	FreeErrorData(error);
	comparison->differing_count = differing_count;
	if (end - first == 1)
	{
		comparison->differing[comparison->differing_count++] = comparison->keys[first];
		return;
	}
	compare_halving(comparison, first, middle);
	compare_halving(comparison, middle, end);
}

/*
 * Leave the keys of sales or shipments that are not in line, or cannot be read;
 * how many. Those that are in line are neither locked nor written, but for the
 * first where all are: connection_status tells by it when that was. Within SPI.
 */
int
keep_differing(const Connection *connection, Datum *keys, int count)
{
	Comparison	comparison = {connection, keys};
	ErrorData  *error;

	comparison.count = count = sort_keys(keys, count);
	comparison.differing = MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(Datum) * (count + 1));
	error = run_in_subtransaction(compare_all, &comparison);
	if (error != NULL)
	{
		if (!is_of_data(error->sqlerrcode))
			ReThrowError(error);
		FreeErrorData(error);
		comparison.differing_count = 0;
		for (int first = 0; first < count; first += COMPARED_KEYS)
			compare_halving(&comparison, first, Min(count, first + COMPARED_KEYS));
	}
	memcpy(keys, comparison.differing, sizeof(Datum) * comparison.differing_count);
	return Max(comparison.differing_count, Min(count, 1));
}
