/*
 * connection_compare.c
 *		Which keys of sales and shipments are not in line.
 *
 * The rows of the source, what keys brought before and what was rejected are
 * passed once, side by side, in the order of keys. Nothing is locked or written:
 * who changes something meanwhile brings it in line himself.
 */
#include "postgres.h"

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
	Caller		caller;

	SPI_freetuptable(pass->rows);
	if (OidIsValid(pass->source))
		become_owner_of(pass->source, &caller);
	SPI_cursor_fetch(pass->cursor, true, FETCHED_ROWS);
	if (OidIsValid(pass->source))
		become_caller(&caller);
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

/* ---------- keys ---------- */

static void
start_passes(Comparison *comparison)
{
	static Statement before = {
		"SELECT l.key, l.items, l.days, l.quantities, l.counts FROM invtrack.connection_line l"
		" WHERE l.connection " EQ " $1 ORDER BY l.key",
		1, {INT4OID}, CURSOR_OPT_CUSTOM_PLAN,
		{TEXTOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, INT4ARRAYOID}
	};
	static Statement rejected = {
		"SELECT r.key FROM invtrack.connection_reject r"
		" WHERE r.connection " EQ " $1 ORDER BY r.key",
		1, {TEXTOID}, CURSOR_OPT_CUSTOM_PLAN, {TEXTOID}
	};
	Datum		number = comparison->connection->number;
	Datum		name = comparison->connection->name;

	comparison->source.cursor = open_rows_of_source(comparison->connection);
	comparison->source.source = comparison->connection->source;
	comparison->before.cursor = statement_open(&before, &number);
	comparison->rejected.cursor = statement_open(&rejected, &name);
}

/* Compare some keys, and note those that differ. */
static void
compare_keys_from(Comparison *comparison, int first, int count)
{
	Datum	   *keys = comparison->keys + first;
	bool	   *differs = palloc0(sizeof(bool) * count);
	Lines		lines;

	start_lines(&lines, comparison->connection, keys, count, ITEMS_FREE);
	for (int key = 0; key < count; key++)
	{
		Pass	   *pass;

		for (pass = &comparison->source; is_at(pass, keys[key]); pass->next++)
			take_row(&lines, key, pass->rows, pass->next);
		for (pass = &comparison->before; is_at(pass, keys[key]); pass->next++)
			take_lines(&lines, key, pass->rows, pass->next, 2);
		differs[key] = is_at(&comparison->rejected, keys[key]);
	}
	SPI_connect();				/* what is found for this goes at once */
	(void) number_rows(&lines, false, NULL);
	SPI_finish();
	add_lines(&lines);
	for (int i = 0; i < lines.row_count; i++)
		differs[lines.rows[i].key] |= lines.rows[i].fault != NULL;
	for (int i = 0; i < lines.count; i++)
		differs[lines.lines[i].key] |= lines.lines[i].now != lines.lines[i].before;
	for (int key = 0; key < count; key++)
		if (differs[key])
			comparison->differing[comparison->differing_count++] = keys[key];
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
		compare_keys_from(comparison, first, Min(comparison->count - first, COMPARED_KEYS));
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(spi);
	SPI_finish();
	return false;
}

/*
 * Leave the keys of sales or shipments that are not in line, which are sorted;
 * how many. Where the source cannot be read, these are all. Keys that are in line
 * are neither locked nor written, but for the first where all are:
 * connection_status tells by it when that was. Within SPI.
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
		return count;
	}
	memcpy(keys, comparison.differing, sizeof(Datum) * comparison.differing_count);
	return Max(comparison.differing_count, Min(count, 1));
}
