/*
 * connection_line.c
 *		Lines of sales and shipments: what a connection's keys say now, against
 *		what they brought before, which connection_line keeps.
 *
 * Each line more is a movement, each line less an opposite one. A line knows
 * its item by a number, which stays when the product is renamed, stands for
 * another number when it is merged, and is nobody's when it is deleted.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "connection_line.h"
#include "lookup.h"
#include "quantity.h"
#include "row_table.h"
#include "statement.h"

/* ---------- lines and items ---------- */

static void
report_damage(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a row of table \"connection_line\" is not as invtrack writes it"),
			 errhint("Undo changes to its rows: only invtrack writes them.")));
}

static Line *
new_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity)
{
	Line	   *line;

	if (lines->count == lines->room)
		lines->lines = repalloc_huge(lines->lines, sizeof(Line) * (lines->room *= 2));
	line = &lines->lines[lines->count++];
	memset(line, 0, sizeof(Line));
	line->key = key;
	line->item = item;
	line->day = day;
	line->quantity = quantity;
	if (!read_quantity(quantity, &line->micro))
		report_damage();
	return line;
}

/* Make room for so many lines more. */
void
expect_lines(Lines *lines, int more)
{
	if (lines->room >= lines->count + more)
		return;
	lines->room = lines->count + more;
	lines->lines = repalloc_huge(lines->lines, sizeof(Line) * lines->room);
}

/* A line that the source has now. */
void
add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity)
{
	new_line(lines, key, item, day, quantity)->now = 1;
}

/* What an item stands for, itself or the one that it was merged into, and the codes of that. */
void
add_item(Lines *lines, int64 number, int64 stands_for, const Datum *codes)
{
	LineItem   *item;

	if (lines->item_count == lines->item_room)
	{
		lines->item_room = Max(8, lines->item_room * 2);
		lines->items = lines->items == NULL ? palloc(sizeof(LineItem) * lines->item_room) :
			repalloc_huge(lines->items, sizeof(LineItem) * lines->item_room);
	}
	item = &lines->items[lines->item_count++];
	item->number = number;
	item->stands_for = stands_for;
	memcpy(item->codes, codes, sizeof(item->codes));
}

/* Items, and whatever else begins with the number of one. */
static int
compare_numbers(const void *a, const void *b)
{
	int64		number_a = *(const int64 *) a;
	int64		number_b = *(const int64 *) b;

	return number_a < number_b ? -1 : number_a > number_b;
}

/* The item of a line; null: it was deleted. */
const LineItem *
item_of_line(const Lines *lines, const Line *line)
{
	if (lines->item_count == 0)
		return NULL;
	return bsearch(&line->item, lines->items, lines->item_count, sizeof(LineItem),
				   compare_numbers);
}

static int
compare_lines(const void *a, const void *b)
{
	const Line *line_a = a;
	const Line *line_b = b;

	if (line_a->key != line_b->key)
		return line_a->key < line_b->key ? -1 : 1;
	if (line_a->item != line_b->item)
		return line_a->item < line_b->item ? -1 : 1;
	if (line_a->day != line_b->day)
		return line_a->day < line_b->day ? -1 : 1;
	if (line_a->micro != line_b->micro)
		return line_a->micro < line_b->micro ? -1 : 1;
	return 0;
}

/* Equal lines become one. */
void
combine_lines(Lines *lines)
{
	int			kept = 0;		/* those that are finished */

	qsort(lines->lines, lines->count, sizeof(Line), compare_lines);
	for (int i = 0; i < lines->count; i++)
	{
		Line	   *line = &lines->lines[i];
		Line	   *last = &lines->lines[kept - 1];

		if (kept > 0 && compare_lines(last, line) == 0)
		{
			last->now += line->now;
			last->before += line->before;
		}
		else
			lines->lines[kept++] = *line;
	}
	lines->count = kept;
}

/* ---------- what the keys brought before ---------- */

/* The elements of an array; how many. */
static int
take_elements(Datum array, Oid type, Datum **elements)
{
	int16		size;
	bool		by_value;
	char		align;
	bool	   *nulls;
	int			count;

	get_typlenbyvalalign(type, &size, &by_value, &align);
	deconstruct_array(DatumGetArrayTypePCopy(array), type, size, by_value, align, elements,
					  &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			report_damage();
	return count;
}

/* The lines of a key, by their arrays, in memory of their own. */
void
take_lines(Lines *lines, int key, const Datum *arrays)
{
	static const Oid types[LINE_ARRAYS] = {INT8OID, DATEOID, NUMERICOID, INT4OID};
	Datum	   *elements[LINE_ARRAYS];
	int			count = 0;

	for (int c = 0; c < LINE_ARRAYS; c++)
	{
		int			length = take_elements(arrays[c], types[c], &elements[c]);

		if (c > 0 && length != count)
			report_damage();
		count = length;
	}
	for (int i = 0; i < count; i++)
	{
		if (DatumGetInt32(elements[3][i]) < 1)
			report_damage();
		new_line(lines, key, DatumGetInt64(elements[0][i]), DatumGetDateADT(elements[1][i]),
				 elements[2][i])->before = DatumGetInt32(elements[3][i]);
	}
}

/* Start with keys, in their order. */
void
start_lines(Lines *lines, const Connection *connection, const Datum *keys, int count,
			ItemLocks locks)
{
	memset(lines, 0, sizeof(Lines));
	lines->connection = connection;
	lines->locks = locks;
	lines->room = 16;
	lines->lines = palloc(sizeof(Line) * lines->room);
	lines->key_count = count;
	lines->keys = palloc0(sizeof(LineKey) * (count + 1));
	for (int i = 0; i < count; i++)
		lines->keys[i].key = keys[i];
}

/* What the keys have brought before. */
void
find_lines(Lines *lines)
{
	static const Lookup find = {
		"connection_line", {{"key", TEXTOID}, {"connection", INT4OID}},
		{{"items", INT8ARRAYOID}, {"days", DATEARRAYOID}, {"quantities", NUMERICARRAYOID},
		{"counts", INT4ARRAYOID}}
	};
	LookupScan	scan;

	lookup_start(&find, &scan);
	for (int key = 0; key < lines->key_count; key++)
	{
		Datum		keys[] = {lines->keys[key].key, lines->connection->number};
		Datum		arrays[LINE_ARRAYS];

		lookup_keys(&scan, keys);
		while (lookup_next(&scan, arrays))
		{
			lines->keys[key].is_kept = true;
			take_lines(lines, key, arrays);
		}
	}
	lookup_end(&scan);
}

/* The numbers of the items of lines that are no more, each once, an array; how many. */
Datum
items_less(const Lines *lines, int *count)
{
	Datum	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext,
												 sizeof(Datum) * (lines->count + 1));
	int			found = 0;

	for (int i = 0; i < lines->count; i++)
		if (lines->lines[i].before > lines->lines[i].now)
			numbers[found++] = Int64GetDatum(lines->lines[i].item);
	qsort(numbers, found, sizeof(Datum), compare_numbers);
	*count = qunique(numbers, found, sizeof(Datum), compare_numbers);
	return array_of(INT8OID, numbers, NULL, *count);
}

/*
 * Lines that are no more, of products that were merged, are those of the other
 * product; nothing is taken back from products that were deleted.
 */
void
resolve_lines(Lines *lines)
{
	bool		is_other = false;

	if (lines->item_count > 0)
		qsort(lines->items, lines->item_count, sizeof(LineItem), compare_numbers);
	for (int i = 0; i < lines->count; i++)
	{
		Line	   *line = &lines->lines[i];
		const LineItem *item;

		if (line->now >= line->before)
			continue;
		lines->keys[line->key].is_changed = true;
		item = item_of_line(lines, line);
		if (item == NULL)
			line->before = line->now;
		else if (item->stands_for != line->item)
		{
			line->item = item->stands_for;
			is_other = true;
		}
	}
	if (is_other)
		combine_lines(lines);
}

/* ---------- what is written ---------- */

/* A line that is written and not remembered would be counted at each sync. */
void
require_written(uint64 written, uint64 expected, const char *table)
{
	if (written != expected)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a trigger or rule keeps rows out of table \"%s\"", table),
				 errhint("Drop it: connections write all of their rows, or none.")));
}

/* Add a key and its lines as they are now, from the first to the last. */
static void
add_row_of_key(RowTable *table, const Lines *lines, int first, int end, Datum **elements)
{
	static const Oid types[LINE_ARRAYS] = {INT8OID, DATEOID, NUMERICOID, INT4OID};
	Datum		values[1 + LINE_ARRAYS] = {lines->keys[lines->lines[first].key].key};
	int			count = 0;

	for (int i = first; i < end; i++)
	{
		const Line *line = &lines->lines[i];

		if (line->now == 0)
			continue;
		elements[0][count] = Int64GetDatum(line->item);
		elements[1][count] = DateADTGetDatum(line->day);
		elements[2][count] = line->quantity;
		elements[3][count++] = Int32GetDatum((int32) line->now);
	}
	for (int c = 0; c < LINE_ARRAYS; c++)
		values[1 + c] = array_of(types[c], elements[c], NULL, count);
	add_row(table, values);
	for (int c = 0; c < LINE_ARRAYS; c++)
		pfree(DatumGetPointer(values[1 + c]));
}

/* Add the keys whose lines are not as before; how many. */
static int
add_rows_of_keys(RowTable *table, const Lines *lines)
{
	Datum	   *elements[LINE_ARRAYS];
	int			count = 0;
	int			end;

	for (int c = 0; c < LINE_ARRAYS; c++)
		elements[c] = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(Datum) * (lines->count + 1));
	for (int first = 0; first < lines->count; first = end)
	{
		int			key = lines->lines[first].key;

		for (end = first + 1; end < lines->count && lines->lines[end].key == key;)
			end++;
		if (!lines->keys[key].is_changed)
			continue;
		add_row_of_key(table, lines, first, end, elements);
		count++;
	}
	return count;
}

#define KEEP_LINES \
	"INSERT INTO invtrack.connection_line (connection, key, items, days, quantities, counts)" \
	" SELECT $1, u.key, u.items, u.days, u.quantities, u.counts FROM " GIVEN_ROWS " u"

/* Keep what keys say now. Those that have no rows yet are not looked up once more. */
void
keep_lines(const Lines *lines)
{
	static Statement insert = {KEEP_LINES, 1, {INT4OID}, CURSOR_OPT_GENERIC_PLAN};
	static Statement replace = {
		KEEP_LINES " ON CONFLICT (key, connection) DO UPDATE SET items = excluded.items,"
		" days = excluded.days, quantities = excluded.quantities, counts = excluded.counts",
		1, {INT4OID}, CURSOR_OPT_GENERIC_PLAN
	};
	static const RowColumn columns[1 + LINE_ARRAYS] = {
		{"key", TEXTOID}, {"items", INT8ARRAYOID}, {"days", DATEARRAYOID},
		{"quantities", NUMERICARRAYOID}, {"counts", INT4ARRAYOID}
	};
	Statement  *keep = &insert;
	RowTable	table;
	Datum		number = lines->connection->number;
	int			count;

	for (int i = 0; i < lines->count; i++)
		if (lines->lines[i].now != lines->lines[i].before)
			lines->keys[lines->lines[i].key].is_changed = true;
	for (int key = 0; key < lines->key_count; key++)
		if (lines->keys[key].is_changed && lines->keys[key].is_kept)
			keep = &replace;
	start_row_table(&table, columns, lengthof(columns));
	count = add_rows_of_keys(&table, lines);
	if (count > 0)
		require_written(run_with_row_table(&table, InvalidSnapshot, keep, &number), count,
						"connection_line");
}
