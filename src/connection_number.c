/*
 * connection_number.c
 *		Numbers of the items that lines of sales and shipments have.
 *
 * A number stays when the product is renamed, and stands for another one when
 * it is merged. Who brings keys in line locks items against this. Who waits for
 * items does so in the order of their codes, as who renames and merges.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"

#include "catalogue.h"
#include "code.h"
#include "connection.h"
#include "connection_line.h"
#include "row_table.h"
#include "statement.h"

/* In SQL, codes of items, which have numbers from 1 in their order. */
#define FROM_CODES	" FROM " GIVEN_ROWS " u"

/* In SQL, what is known of "i". */
#define ITEM_COLUMNS \
	" i.item, coalesce(i.same_as, i.item), i.merchant, i.sku, i.inventory_type"
#define ITEM_TYPES	INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID

/*
 * Statements that lock items, so that nobody renames, merges or deletes their
 * products until the transaction ends; all but one. Items are looked up one by
 * one, however few there were when the statement was planned.
 *
 * The numbers of items: target $1, their codes, in their order.
 */
#define NUMBERS_OF_CODES(lock) { \
	"SELECT u.n, i.item" FROM_CODES \
	" CROSS JOIN LATERAL (SELECT i.item FROM invtrack.connection_item i" \
	" WHERE i.merchant " EQ " u.merchant AND i.sku " EQ " u.sku" \
	" AND i.inventory_type " EQ " u.inventory_type AND i.target " EQ " $1" \
	" AND i.same_as IS NULL " lock ") i", \
	1, {TEXTOID}, CURSOR_OPT_GENERIC_PLAN, {INT8OID, INT8OID} \
}
static Statement find_numbers = NUMBERS_OF_CODES("FOR KEY SHARE");

/* The same, without locks. */
static Statement look_at_numbers = NUMBERS_OF_CODES("OFFSET 0");

/* What became of numbers $1, but for items that somebody is at: this waits for nobody. */
static Statement find_free = {
	"SELECT 0::pg_catalog.int8," ITEM_COLUMNS " FROM invtrack.connection_item i"
	" WHERE i.item " EQ " ANY ($1) FOR KEY SHARE SKIP LOCKED",
	1, {INT8ARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {ITEM_TYPES}
};

/* Both, of numbers $2, in one order. */
static Statement find_both = {
	"SELECT x.n," ITEM_COLUMNS
	" FROM (SELECT u.n, c.*" FROM_CODES
	" CROSS JOIN LATERAL (SELECT c.item, c.merchant, c.sku, c.inventory_type"
	" FROM invtrack.connection_item c"
	" WHERE c.merchant " EQ " u.merchant AND c.sku " EQ " u.sku"
	" AND c.inventory_type " EQ " u.inventory_type AND c.target " EQ " $1"
	" AND c.same_as IS NULL OFFSET 0) c"
	" UNION ALL SELECT 0, c.* FROM pg_catalog.unnest($2) AS u(item)"
	" CROSS JOIN LATERAL (SELECT c.item, c.merchant, c.sku, c.inventory_type"
	" FROM invtrack.connection_item c WHERE c.item " EQ " u.item OFFSET 0) c"
	" ORDER BY merchant, sku, inventory_type, item) x"
	" CROSS JOIN LATERAL (SELECT i.* FROM invtrack.connection_item i"
	" WHERE i.item " EQ " x.item FOR KEY SHARE) i",
	2, {TEXTOID, INT8ARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {ITEM_TYPES}
};

/* Run a statement for codes, with a snapshot. The target becomes the first of its values. */
static uint64
run_for_codes(Snapshot snapshot, Statement *statement, const Lines *lines, Datum *const *codes,
			  int count, Datum *values)
{
	static const RowColumn columns[ITEM_CODES + 1] = {
		{"merchant", TEXTOID}, {"sku", TEXTOID}, {"inventory_type", TEXTOID}, {"n", INT8OID}
	};
	RowTable	table;

	start_row_table(&table, columns, lengthof(columns));
	for (int i = 0; i < count; i++)
	{
		Datum		row[ITEM_CODES + 1];

		for (int c = 0; c < ITEM_CODES; c++)
			row[c] = codes[c][i];
		row[ITEM_CODES] = Int64GetDatum(i + 1);
		add_row(&table, row);
	}
	values[0] = lines->connection->target;
	return run_with_row_table(&table, snapshot, statement, values);
}

/*
 * Of items, leave those that have no number with the snapshot with which the source
 * was read; how many. Nobody changes their products from now on.
 */
int
hold_unnumbered(const Lines *lines, Datum **codes, int count)
{
	Datum		target;
	bool	   *has_number = palloc0(sizeof(bool) * (count + 1));
	int			left = 0;
	uint64		found;

	found = run_for_codes(lines->snapshot, &look_at_numbers, lines, codes, count, &target);
	for (uint64 row = 0; row < found; row++)
		has_number[result_place(SPI_tuptable, row, 1, count)] = true;
	for (int i = 0; i < count; i++)
	{
		if (has_number[i])
			continue;
		for (int c = 0; c < ITEM_CODES; c++)
			codes[c][left] = codes[c][i];
		left++;
	}
	pfree(has_number);
	if (left > 0)
		hold_numbering(lines->connection->rank, codes[0], codes[1], left);
	return left;
}

/* Give items numbers, in the order of their codes; how many had none. */
uint64
make_numbers(const Lines *lines, Datum *const *codes, int count)
{
	static Statement make = {
		"INSERT INTO invtrack.connection_item (target, merchant, sku, inventory_type)"
		" SELECT $1, u.merchant, u.sku, u.inventory_type" FROM_CODES
		" ORDER BY u.n ON CONFLICT DO NOTHING",
		1, {TEXTOID}
	};
	Datum		target;

	return count == 0 ? 0 : run_for_codes(InvalidSnapshot, &make, lines, codes, count, &target);
}

/* What SPI found is an item of these codes, and no other. */
static bool
has_codes(uint64 row, Datum *const *codes, int place)
{
	bool		has = result_int64(SPI_tuptable, row, 2) == result_int64(SPI_tuptable, row, 3);

	for (int c = 0; c < ITEM_CODES && has; c++)
		has = compare_codes(result_text(SPI_tuptable, row, 4 + c), codes[c][place]) == 0;
	return has;
}

/* The items of codes that SPI found, and their numbers. */
static void
take_numbers(Lines *lines, uint64 found, Datum *const *codes, int64 *numbers, int count)
{
	for (uint64 row = 0; row < found; row++)
	{
		int			place = result_place(SPI_tuptable, row, 1, count);
		Datum		of_item[ITEM_CODES];

		numbers[place] = result_int64(SPI_tuptable, row, 2);
		for (int c = 0; c < ITEM_CODES; c++)
			of_item[c] = codes[c][place];
		add_item(lines, numbers[place], numbers[place], of_item);
	}
}

/* The items that SPI found, and the numbers of those of codes; how many have one. */
static int
take_items(Lines *lines, uint64 found, Datum *const *codes, int64 *numbers, int count)
{
	int			numbered = 0;

	for (uint64 row = 0; row < found; row++)
	{
		Datum		of_item[ITEM_CODES];
		int64		item = result_int64(SPI_tuptable, row, 2);
		int64		stands_for = result_int64(SPI_tuptable, row, 3);
		int			place;

		for (int c = 0; c < ITEM_CODES; c++)
			of_item[c] = result_text(SPI_tuptable, row, 4 + c);
		add_item(lines, item, stands_for, of_item);
		if (stands_for != item)
			add_item(lines, stands_for, stands_for, of_item);
		if (count == 0 || result_int64(SPI_tuptable, row, 1) == 0)
			continue;
		place = result_place(SPI_tuptable, row, 1, count);
		if (has_codes(row, codes, place))
		{
			numbers[place] = item;
			numbered++;
		}
	}
	return numbered;
}

/*
 * The numbers of items of codes, which come in their order, and, where items are
 * locked in one order, what became of those of lines. Returns how many have one:
 * where some have none, or are just given another code, their numbers are 0.
 */
int
number_items(Lines *lines, Datum *const *codes, int count, int64 *numbers)
{
	Datum		values[2];
	int			before = 0;
	uint64		found;

	if (lines->locks == ITEMS_IN_ONE_ORDER)
		values[1] = items_less(lines, &before);
	lines->item_count = 0;
	if (count == 0 && before == 0)
		return 0;
	if (before > 0)
	{
		found = run_for_codes(lines->snapshot, &find_both, lines, codes, count, values);
		return take_items(lines, found, codes, numbers, count);
	}
	found = run_for_codes(lines->snapshot,
						  lines->locks == ITEMS_FREE ? &look_at_numbers : &find_numbers, lines,
						  codes, count, values);
	take_numbers(lines, found, codes, numbers, count);
	return found;
}

/*
 * What became of the items of lines that are no more. Returns false where
 * somebody is at one, or it was deleted.
 */
bool
find_before(Lines *lines)
{
	int			count;
	Datum		numbers = items_less(lines, &count);
	uint64		found = 0;

	if (count > 0)
		found = statement_run(&find_free, &numbers, NULL, false);
	(void) take_items(lines, found, NULL, NULL, 0);
	return found == count;
}
