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

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "connection_line.h"
#include "quantity.h"
#include "statement.h"

/* The order in which keys are locked, that of their bytes; for pointers to them. */
int
compare_keys(const void *a, const void *b)
{
	return compare_codes(*(const Datum *) a, *(const Datum *) b);
}

/* The place of a key among those that are brought in line. */
int
place_of_key(const Lines *lines, Datum key)
{
	const Datum *found = bsearch(&key, lines->key, lines->key_count, sizeof(Datum), compare_keys);

	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("the source returned key \"%s\", which was not asked for",
						shown(TextDatumGetCString(key))),
				 errhint("Cast the key of the source to the type that the watched tables have.")));
	return found - lines->key;
}

/* ---------- lines and items ---------- */

/* Start with an array of keys, in their order. */
void
start_lines(Lines *lines, const Connection *connection, Datum keys)
{
	memset(lines, 0, sizeof(Lines));
	lines->connection = connection;
	lines->keys = keys;
	lines->room = 16;
	lines->lines = palloc(sizeof(Line) * lines->room);
	deconstruct_array(DatumGetArrayTypeP(keys), TEXTOID, -1, false, TYPALIGN_INT, &lines->key, NULL,
					  &lines->key_count);
	lines->is_changed = palloc0(sizeof(bool) * lines->key_count);
}

static void
report_damage(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
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

/* A line that the source has now. */
void
add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity)
{
	new_line(lines, key, item, day, quantity)->now = 1;
}

/* The codes of an item, in the order of a source's columns. */
void
add_item(Lines *lines, int64 number, const Datum *codes)
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

/* The item of a line that was kept. */
const LineItem *
item_of_line(const Lines *lines, const Line *line)
{
	const LineItem *item = bsearch(&line->item, lines->items, lines->item_count, sizeof(LineItem),
								   compare_numbers);

	if (item == NULL)			/* cannot happen: lines now and resolved ones
								 * have items */
		elog(ERROR, "there is no item " INT64_FORMAT, line->item);
	return item;
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
static void
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

/* The elements of an array that SPI found; how many. */
static int
take_elements(uint64 row, int column, Oid type, Oid array_type, Datum **elements)
{
	Datum		array = result_datum(SPI_tuptable, row, column, array_type);
	int16		size;
	bool		by_value;
	char		align;
	bool	   *nulls;
	int			count;

	get_typlenbyvalalign(type, &size, &by_value, &align);
	deconstruct_array(DatumGetArrayTypeP(array), type, size, by_value, align, elements, &nulls,
					  &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			report_damage();
	return count;
}

/* What the keys brought before goes behind what they say now. */
static void
read_before(Lines *lines)
{
	static Statement find = {
		"SELECT l.key, l.items, l.days, l.quantities, l.counts FROM invtrack.connection_line l"
		" WHERE l.connection " EQ " $1 AND l.key " EQ " ANY ($2)",
		2, {INT4OID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN,
		{TEXTOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, INT4ARRAYOID}
	};
	Datum		values[2] = {lines->connection->number, lines->keys};
	uint64		rows = statement_run(&find, values, NULL, false);

	for (uint64 row = 0; row < rows; row++)
	{
		int			key = place_of_key(lines, result_text(SPI_tuptable, row, 1));
		Datum	   *items;
		Datum	   *days;
		Datum	   *quantities;
		Datum	   *counts;
		int			count = take_elements(row, 2, INT8OID, INT8ARRAYOID, &items);

		if (take_elements(row, 3, DATEOID, DATEARRAYOID, &days) != count ||
			take_elements(row, 4, NUMERICOID, NUMERICARRAYOID, &quantities) != count ||
			take_elements(row, 5, INT4OID, INT4ARRAYOID, &counts) != count)
			report_damage();
		for (int i = 0; i < count; i++)
		{
			if (DatumGetInt32(counts[i]) < 1)
				report_damage();
			new_line(lines, key, DatumGetInt64(items[i]), DatumGetDateADT(days[i]),
					 quantities[i])->before = DatumGetInt32(counts[i]);
		}
	}
}

/* What became of an item that a line names. */
typedef struct Resolved
{
	int64		number;
	int64		stands_for;		/* the same, or the one that it was merged
								 * into */
} Resolved;

/*
 * The items of lines that are no more, by their numbers; how many. They stay
 * what they are until the transaction ends: a merge comes before or after.
 */
static int
resolve_items(Lines *lines, Resolved **resolved)
{
	static Statement find = {
		"SELECT i.item, coalesce(i.same_as, i.item), i.merchant, i.sku, i.inventory_type"
		" FROM invtrack.connection_item i WHERE i.item " EQ " ANY ($1) FOR KEY SHARE",
		1, {INT8ARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext,
												 sizeof(Datum) * (lines->count + 1));
	int			count = 0;
	Datum		array;
	uint64		rows;

	for (int i = 0; i < lines->count; i++)
		if (lines->lines[i].before > lines->lines[i].now)
			numbers[count++] = Int64GetDatum(lines->lines[i].item);
	*resolved = NULL;
	if (count == 0)
		return 0;
	qsort(numbers, count, sizeof(Datum), compare_numbers);
	count = qunique(numbers, count, sizeof(Datum), compare_numbers);
	array = array_of(INT8OID, numbers, NULL, count);
	rows = statement_run(&find, &array, NULL, false);
	*resolved = palloc(sizeof(Resolved) * (rows + 1));
	for (uint64 row = 0; row < rows; row++)
	{
		Datum		codes[ITEM_CODES];

		(*resolved)[row].number = result_int64(SPI_tuptable, row, 1);
		(*resolved)[row].stands_for = result_int64(SPI_tuptable, row, 2);
		for (int c = 0; c < ITEM_CODES; c++)
			codes[c] = result_text(SPI_tuptable, row, 3 + c);
		add_item(lines, (*resolved)[row].stands_for, codes);
	}
	qsort(*resolved, rows, sizeof(Resolved), compare_numbers);
	return rows;
}

/*
 * Lines that are no more, of products that were merged, are those of the other
 * product; nothing is taken back from products that were deleted.
 */
static void
resolve_lines(Lines *lines)
{
	Resolved   *resolved;
	int			count = resolve_items(lines, &resolved);
	bool		is_other = false;

	for (int i = 0; i < lines->count; i++)
	{
		Line	   *line = &lines->lines[i];
		const Resolved *found;

		if (line->before <= line->now)
			continue;
		found = bsearch(&line->item, resolved, count, sizeof(Resolved), compare_numbers);
		if (found != NULL && found->stands_for == line->item)
			continue;
		lines->is_changed[line->key] = true;
		if (found == NULL)
			line->before = line->now;
		else
		{
			line->item = found->stands_for;
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

/*
 * The lines of a key as they are now, from its first to its last. A statement
 * for each key: unnest() would make one array of the arrays of all.
 */
static void
write_key(const Lines *lines, int first, int end)
{
	static Statement write = {
		"INSERT INTO invtrack.connection_line (connection, key, items, days, quantities, counts)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (connection, key) DO UPDATE SET items = excluded.items,"
		" days = excluded.days, quantities = excluded.quantities, counts = excluded.counts",
		6, {INT4OID, TEXTOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, INT4ARRAYOID}
	};
	static const Oid types[] = {INT8OID, DATEOID, NUMERICOID, INT4OID};
	Datum	   *columns[lengthof(types)];
	Datum		values[2 + lengthof(types)];
	int			count = 0;

	for (int c = 0; c < lengthof(types); c++)
		columns[c] = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (end - first));
	for (int i = first; i < end; i++)
	{
		const Line *line = &lines->lines[i];

		if (line->now == 0)
			continue;
		columns[0][count] = Int64GetDatum(line->item);
		columns[1][count] = DateADTGetDatum(line->day);
		columns[2][count] = line->quantity;
		columns[3][count++] = Int32GetDatum((int32) line->now);
	}
	values[0] = lines->connection->number;
	values[1] = lines->key[lines->lines[first].key];
	for (int c = 0; c < lengthof(types); c++)
	{
		values[2 + c] = array_of(types[c], columns[c], NULL, count);
		pfree(columns[c]);
	}
	require_written(statement_run(&write, values, NULL, false), 1, "connection_line");
	for (int c = 0; c < lengthof(types); c++)
		pfree(DatumGetPointer(values[2 + c]));
}

/* The lines of keys that differ from before. */
static void
write_keys(Lines *lines)
{
	int			end;

	for (int i = 0; i < lines->count; i++)
		lines->is_changed[lines->lines[i].key] |= lines->lines[i].now != lines->lines[i].before;
	for (int first = 0; first < lines->count; first = end)
	{
		int			key = lines->lines[first].key;

		for (end = first + 1; end < lines->count && lines->lines[end].key == key;)
			end++;
		if (lines->is_changed[key])
			write_key(lines, first, end);
	}
}

/* Compare with what was before, and keep what is now. */
void
keep_lines(Lines *lines)
{
	read_before(lines);
	combine_lines(lines);
	resolve_lines(lines);
	if (lines->item_count > 0)
		qsort(lines->items, lines->item_count, sizeof(LineItem), compare_numbers);
	write_keys(lines);
}
