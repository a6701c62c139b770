/*
 * connection_movement.c
 *		Sales and shipments of a connection's keys, brought in line.
 *
 * The rows that the source has now become lines of items; connection_line.c
 * compares them with what the keys brought before. Movements are only added, so
 * that items are locked against changes of their products, but not against
 * each other, and an order costs a handful of small statements.
 *
 * Keys come locked, then items are: in the order of their codes where that
 * takes a look at what keys brought before, too, as for a merge by hand at the
 * same moment. The first time they are locked as they come.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "argument.h"
#include "catalogue.h"
#include "code.h"
#include "compat.h"
#include "connection.h"
#include "connection_line.h"
#include "setting.h"
#include "statement.h"

/* So often the source is read anew before the transaction gives up. */
#define READS_MAX	10

/* A row of the source. */
typedef struct Row
{
	int			key;			/* its place among the keys */
	int			number;			/* among the rows of the key, from 1 */
	NullableDatum values[SOURCE_COLUMNS];
	const RowFault *fault;
	int64		item;
} Row;

typedef struct Sync
{
	const Connection *connection;
	bool		in_one_order;	/* items of rows and of lines are locked so */
	Lines		lines;
	Row		   *rows;
	int			row_count;
} Sync;

/* ---------- what the source has ---------- */

/* The rows that SPI found. */
static void
take_rows(Sync *sync, uint64 count)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};

	sync->row_count = count;
	sync->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Row) * (count + 1));
	memset(sync->rows, 0, sizeof(Row) * count);
	for (int i = 0; i < count; i++)
	{
		Row		   *row = &sync->rows[i];

		for (int c = 0; c < SOURCE_COLUMNS; c++)
		{
			NullableDatum *value = &row->values[c];

			value->isnull = !result_nullable(SPI_tuptable, i, c + 1, types[c], &value->value);
			if (!value->isnull && types[c] != DATEOID)
				value->value = PointerGetDatum(PG_DETOAST_DATUM(value->value));
		}
		row->key = place_of_key(&sync->lines, row->values[SOURCE_KEY].value);
		row->number = i > 0 && row[-1].key == row->key ? row[-1].number + 1 : 1;
		row->fault = find_row_fault(DatumGetTextPP(sync->connection->target), row->values);
	}
}

static int
compare_items(const void *a, const void *b)
{
	const Row  *row_a = *(Row *const *) a;
	const Row  *row_b = *(Row *const *) b;
	int			order = 0;

	for (int c = SOURCE_MERCHANT; c <= SOURCE_INVENTORY_TYPE && order == 0; c++)
		order = compare_codes(row_a->values[c].value, row_b->values[c].value);
	return order;
}

/* The codes of the items of sound rows, in their order; how many items. Rows get their places. */
static int
codes_of_rows(Sync *sync, Datum **codes)
{
	Row		  **sound = palloc(sizeof(Row *) * (sync->row_count + 1));
	int			count = 0;
	int			items = 0;

	for (int i = 0; i < sync->row_count; i++)
		if (sync->rows[i].fault == NULL)
			sound[count++] = &sync->rows[i];
	qsort(sound, count, sizeof(Row *), compare_items);
	for (int c = 0; c < ITEM_CODES; c++)
		codes[c] = palloc(sizeof(Datum) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_items(&sound[i - 1], &sound[i]) != 0)
		{
			for (int c = 0; c < ITEM_CODES; c++)
				codes[c][items] = sound[i]->values[SOURCE_MERCHANT + c].value;
			items++;
		}
		sound[i]->item = items - 1;
	}
	pfree(sound);
	return items;
}

/*
 * The numbers of the items of sound rows. Returns false where some have none;
 * made: how many were given one, to be found the next time.
 */
static bool
number_rows(Sync *sync, bool may_make, uint64 *made)
{
	Datum	   *codes[ITEM_CODES];
	int			count = codes_of_rows(sync, codes);
	int64	   *numbers = palloc0(sizeof(int64) * (count + 1));
	int			nest_level = start_using_indexes();
	bool		is_done = number_items(&sync->lines, codes, count, numbers,
									   sync->in_one_order) == count;

	for (int i = 0; i < sync->row_count; i++)
		if (sync->rows[i].fault == NULL)
			sync->rows[i].item = numbers[sync->rows[i].item];
	if (!is_done && may_make)
		*made = make_numbers(&sync->lines, codes, count);
	AtEOXact_GUC(false, nest_level);
	return is_done;
}

/*
 * What the source has now, with numbers for its items, which are locked. Where
 * they had none, the source is read anew: we may have waited for somebody who
 * gave a product another code.
 */
static void
read_rows(Sync *sync)
{
	uint64		made = 0;

	for (int reads = 0; reads < READS_MAX; reads++)
	{
		take_rows(sync, read_source(sync->connection, sync->lines.key_array, 0));
		if (number_rows(sync, true, &made))
			return;
	}
	require_written(Min(made, 1), 1, "connection_item");
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("an item was renamed or deleted while a connection numbered it"),
			 errhint("Try the transaction again.")));
}

/* The lines that sound rows say, beside what was before. */
static void
add_lines(Sync *sync)
{
	for (int i = 0; i < sync->row_count; i++)
	{
		const Row  *row = &sync->rows[i];

		if (row->fault == NULL)
			add_line(&sync->lines, row->key, row->item,
					 DatumGetDateADT(row->values[SOURCE_DAY].value),
					 row->values[SOURCE_QUANTITY].value);
	}
	combine_lines(&sync->lines);
}

/* A movement for each line more, an opposite one for each less; how many. */
static uint64
write_movements(const Lines *lines)
{
	static Statement insert = {
		"INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)"
		" SELECT u.merchant, u.sku, u.inventory_type, $1, u.day, u.quantity"
		" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),"
		" pg_catalog.unnest($5), pg_catalog.unnest($6))"
		" AS u(merchant, sku, inventory_type, day, quantity)",
		6, {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, DATEARRAYOID, NUMERICARRAYOID}
	};
	static const Oid types[ITEM_CODES + 2] = {TEXTOID, TEXTOID, TEXTOID, DATEOID, NUMERICOID};
	Datum	   *columns[lengthof(types)];
	Datum		values[1 + lengthof(types)] = {lines->connection->target};
	int64		room = 0;
	int64		count = 0;

	for (int i = 0; i < lines->count; i++)
		room += llabs(lines->lines[i].now - lines->lines[i].before);
	for (int c = 0; c < lengthof(types); c++)
		columns[c] = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (room + 1));
	for (int i = 0; i < lines->count; i++)
	{
		const Line *line = &lines->lines[i];
		int64		more = line->now - line->before;
		const LineItem *item;
		Datum		quantity;

		if (more == 0 || line->micro == 0)
			continue;			/* a line of nothing is known, and moves
								 * nothing */
		item = item_of_line(lines, line);
		if (item == NULL)		/* cannot happen: lines that move something
								 * have items */
			elog(ERROR, "there is no item " INT64_FORMAT, line->item);
		quantity = more > 0 ? line->quantity : DirectFunctionCall1(numeric_uminus, line->quantity);
		for (int64 n = llabs(more); n > 0; n--, count++)
		{
			for (int c = 0; c < ITEM_CODES; c++)
				columns[c][count] = item->codes[c];
			columns[ITEM_CODES][count] = DateADTGetDatum(line->day);
			columns[ITEM_CODES + 1][count] = quantity;
		}
	}
	if (count == 0)
		return 0;
	for (int c = 0; c < lengthof(types); c++)
		values[1 + c] = array_of(types[c], columns[c], NULL, count);
	require_written(statement_run(&insert, values, NULL, false), count, "movement");
	return count;
}

/* What was rejected of an array of keys is to be told anew. Within SPI. */
void
forget_rejects(Datum connection, Datum keys)
{
	static Statement forget = {
		"DELETE FROM invtrack.connection_reject r"
		" WHERE r.connection " EQ " $1 AND r.key " EQ " ANY ($2)",
		2, {TEXTOID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[2] = {connection, keys};

	statement_run(&forget, values, NULL, false);
}

/* The rows that are not taken, in the place of those that the keys had. */
static void
write_rejects(const Sync *sync)
{
	static Statement reject = {
		"SELECT invtrack_internal.reject_row($1, $2, ROW($3, $4, $5, $6, $7, NULL, $8, $9,"
		" NULL, NULL, ARRAY[$10, $11, $12])::invtrack_internal.source_row)",
		12, {TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, DATEOID, NUMERICOID,
		TEXTOID, TEXTOID, TEXTOID}
	};
	static const int shown_columns[] = {
		SOURCE_MERCHANT, SOURCE_SKU, SOURCE_INVENTORY_TYPE, SOURCE_DAY, SOURCE_QUANTITY
	};
	Datum		values[12] = {sync->connection->name};

	forget_rejects(sync->connection->name, sync->lines.key_array);
	values[1] = sync->connection->target;
	for (int i = 0; i < sync->row_count; i++)
	{
		const Row  *row = &sync->rows[i];
		char		nulls[] = "            ";

		if (row->fault == NULL)
			continue;
		values[2] = sync->lines.keys[row->key].key;
		values[3] = Int32GetDatum(row->number);
		for (int c = 0; c < lengthof(shown_columns); c++)
		{
			values[4 + c] = row->values[shown_columns[c]].value;
			nulls[4 + c] = row->values[shown_columns[c]].isnull ? 'n' : ' ';
		}
		values[9] = CStringGetTextDatum(row->fault->sqlstate);
		values[10] = CStringGetTextDatum(row->fault->message);
		values[11] = CStringGetTextDatum(row->fault->hint);
		statement_run(&reject, values, nulls, false);
		SPI_freetuptable(SPI_tuptable);
	}
}

/*
 * Which of some keys, an array in their order, are not in line, or have
 * rejects? Says so for each of them. Items are locked; nothing is written.
 */
void
compare_movements(const Connection *connection, Datum keys, bool *differs)
{
	static Statement find_rejected = {
		"SELECT r.key FROM invtrack.connection_reject r"
		" WHERE r.connection " EQ " $1 AND r.key " EQ " ANY ($2)",
		2, {TEXTOID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {TEXTOID}
	};
	Datum		values[2] = {connection->name, keys};
	Sync		sync = {connection};
	uint64		rejected;
	int			nest_level;

	SPI_connect();
	start_lines(&sync.lines, connection, keys);
	take_rows(&sync, read_source(connection, keys, 0));
	(void) number_rows(&sync, false, NULL);
	nest_level = start_using_indexes();
	rejected = statement_run(&find_rejected, values, NULL, false);
	AtEOXact_GUC(false, nest_level);
	memset(differs, 0, sizeof(bool) * sync.lines.key_count);
	for (uint64 i = 0; i < rejected; i++)
		differs[place_of_key(&sync.lines, result_text(SPI_tuptable, i, 1))] = true;
	add_lines(&sync);
	for (int i = 0; i < sync.row_count; i++)
		if (sync.rows[i].fault != NULL)
			differs[sync.rows[i].key] = true;
	for (int i = 0; i < sync.lines.count; i++)
		if (sync.lines.lines[i].now != sync.lines.lines[i].before)
			differs[sync.lines.lines[i].key] = true;
	SPI_finish();
}

/*
 * A movement for each new line of keys, an array in their order, which are
 * locked, and an opposite one for each that the source has no more; how many.
 * Returns false where somebody is at an item of these: then all is to be rolled
 * back, and done again with in_one_order.
 */
bool
sync_movements(const Connection *connection, Datum keys, bool is_empty, bool in_one_order,
			   uint64 *written)
{
	Sync		sync = {connection};
	int			nest_level;
	bool		is_done;

	SPI_connect();
	sync.in_one_order = in_one_order;
	start_lines(&sync.lines, connection, keys);
	if (is_empty)
		(void) number_rows(&sync, false, NULL);
	else
		read_rows(&sync);
	nest_level = start_using_indexes();
	add_lines(&sync);
	is_done = in_one_order || find_before(&sync.lines);
	if (is_done)
	{
		resolve_lines(&sync.lines);
		keep_lines(&sync.lines);
		*written = write_movements(&sync.lines);
		write_rejects(&sync);
	}
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	return is_done;
}
