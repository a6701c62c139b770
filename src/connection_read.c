/*
 * connection_read.c
 *		Rows of a source of sales or shipments: judged, given numbers for their
 *		items, and made lines of.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "catalogue.h"
#include "code.h"
#include "connection.h"
#include "connection_line.h"
#include "setting.h"
#include "statement.h"

/*
 * A row of a key, whose columns require_columns() has seen; it stays as long as
 * the lines. Rows of a key come together.
 */
void
take_row(Lines *lines, int key, HeapTuple tuple, TupleDesc columns)
{
	static const Oid types[SOURCE_COLUMNS] = {SOURCE_TYPES};
	static const int taken[ITEM_UNITS] = {
		SOURCE_MERCHANT, SOURCE_SKU, SOURCE_INVENTORY_TYPE, SOURCE_DAY, SOURCE_QUANTITY
	};
	Datum		found[SOURCE_COLUMNS];
	bool		nulls[SOURCE_COLUMNS];
	NullableDatum values[SOURCE_COLUMNS];
	SourceRow  *row;

	if (lines->row_count == lines->row_room)
	{
		lines->row_room = Max(8, lines->row_room * 2);
		lines->rows = lines->rows == NULL ? palloc(sizeof(SourceRow) * lines->row_room) :
			repalloc_huge(lines->rows, sizeof(SourceRow) * lines->row_room);
	}
	row = &lines->rows[lines->row_count++];
	heap_deform_tuple(tuple, columns, found, nulls);
	for (int c = 0; c < SOURCE_COLUMNS; c++)
	{
		/* what is compressed or stored out of line is fetched once */
		if (!nulls[c] && types[c] != DATEOID)
			found[c] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(found[c]));
		values[c].value = found[c];
		values[c].isnull = nulls[c];
	}
	row->key = key;
	row->number = lines->row_count > 1 && row[-1].key == key ? row[-1].number + 1 : 1;
	row->item = 0;
	row->fault = find_row_fault(DatumGetTextPP(lines->connection->target), values);
	for (int c = 0; c < ITEM_UNITS; c++)
	{
		row->values[c] = found[taken[c]];
		row->nulls[c] = nulls[taken[c]];
	}
}

/* The rows that the source has of the keys. */
void
read_rows(Lines *lines)
{
	uint64		count;
	int			place = 0;

	if (lines->snapshot != InvalidSnapshot)
		UnregisterSnapshot(lines->snapshot);
	lines->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	count = read_source(lines->snapshot, lines->connection, lines->key_array, 0);
	lines->row_count = 0;
	lines->row_room = count;
	lines->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(SourceRow) * (count + 1));
	for (uint64 i = 0; i < count; i++)
	{
		Datum		key = result_text(SPI_tuptable, i, 1);

		if (i == 0 || compare_codes(lines->keys[place].key, key) != 0)
			place = place_of_key(lines->keys, lines->key_count, sizeof(LineKey), key);
		take_row(lines, place, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	}
}

static int
compare_items(const void *a, const void *b)
{
	const SourceRow *row_a = *(SourceRow *const *) a;
	const SourceRow *row_b = *(SourceRow *const *) b;
	int			order = 0;

	for (int c = 0; c < ITEM_CODES && order == 0; c++)
		order = compare_codes(row_a->values[c], row_b->values[c]);
	return order;
}

/* The codes of the items of sound rows, in their order; how many items. Rows get their places. */
static int
codes_of_rows(Lines *lines, Datum **codes)
{
	SourceRow **sound = palloc(sizeof(SourceRow *) * (lines->row_count + 1));
	int			count = 0;
	int			items = 0;

	for (int i = 0; i < lines->row_count; i++)
		if (lines->rows[i].fault == NULL)
			sound[count++] = &lines->rows[i];
	qsort(sound, count, sizeof(SourceRow *), compare_items);
	for (int c = 0; c < ITEM_CODES; c++)
		codes[c] = palloc(sizeof(Datum) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_items(&sound[i - 1], &sound[i]) != 0)
		{
			for (int c = 0; c < ITEM_CODES; c++)
				codes[c][items] = sound[i]->values[c];
			items++;
		}
		sound[i]->item = items - 1;
	}
	pfree(sound);
	return items;
}

/*
 * The numbers of the items of sound rows, which are locked as lines->locks says.
 * Returns false where some have none.
 */
bool
number_rows(Lines *lines)
{
	Datum	   *codes[ITEM_CODES];
	int			count = codes_of_rows(lines, codes);
	int64	   *numbers = palloc0(sizeof(int64) * (count + 1));
	int			nest_level = start_using_indexes();
	bool		is_done = number_items(lines, codes, count, numbers) == count;

	for (int i = 0; i < lines->row_count; i++)
		if (lines->rows[i].fault == NULL)
			lines->rows[i].item = numbers[lines->rows[i].item];
	AtEOXact_GUC(false, nest_level);
	return is_done;
}

/*
 * The same before any item is locked, by who may wait for others: items that have
 * no number get one, to be found with the next snapshot. made: how many.
 */
bool
number_rows_first(Lines *lines, uint64 *made)
{
	Datum	   *codes[ITEM_CODES];
	int			count = codes_of_rows(lines, codes);
	int			nest_level = start_using_indexes();
	bool		is_done;

	count = hold_unnumbered(lines, codes, count);
	is_done = number_rows(lines);
	*made = make_numbers(lines, codes, count);
	AtEOXact_GUC(false, nest_level);
	return is_done;
}

/* The lines that sound rows say, beside what was before. */
void
add_lines(Lines *lines)
{
	expect_lines(lines, lines->row_count);
	for (int i = 0; i < lines->row_count; i++)
	{
		const SourceRow *row = &lines->rows[i];

		if (row->fault == NULL)
			add_line(lines, row->key, row->item, DatumGetDateADT(row->values[ITEM_DAY]),
					 row->values[ITEM_QUANTITY]);
	}
	combine_lines(lines);
}
