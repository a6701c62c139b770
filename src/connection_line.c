/*
 * connection_line.c
 *		Lines of sales and shipments: what a connection's keys say now, against
 *		what they brought before, which connection_row keeps.
 *
 * Each line more is a movement, each line less an opposite one.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/numeric.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "connection_line.h"
#include "quantity.h"

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

/*
 * Tables of connections are read by their indexes, however small they were
 * when a statement was planned, until AtEOXact_GUC() of what this returns.
 */
int
start_using_indexes(void)
{
	int			nest_level = NewGUCNestLevel();

	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	return nest_level;
}

/* Start with an array of keys, in their order. */
void
start_lines(Lines *lines, Datum number, Datum keys)
{
	memset(lines, 0, sizeof(Lines));
	lines->number = number;
	lines->keys = keys;
	lines->room = 16;
	lines->lines = palloc(sizeof(Line) * lines->room);
	deconstruct_array(DatumGetArrayTypeP(keys), TEXTOID, -1, false, TYPALIGN_INT, &lines->key, NULL,
					  &lines->key_count);
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
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a row of table \"connection_row\" has no quantity of invtrack"),
				 errhint("Undo changes to its rows: only invtrack writes them.")));
	return line;
}

/* A line that the source has now. */
void
add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity)
{
	new_line(lines, key, item, day, quantity)->now = 1;
}

/* The lines of before go behind those of now. */
static void
add_lines_before(Lines *lines)
{
	static Statement find = {
		"SELECT w.key, w.item, w.day, w.quantity, w.lines, w.ctid FROM invtrack.connection_row w"
		" WHERE w.connection " EQ " $1 AND w.key " EQ " ANY ($2)",
		2, {INT4OID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN,
		{TEXTOID, INT8OID, DATEOID, NUMERICOID, INT4OID, TIDOID}
	};
	Datum		values[2] = {lines->number, lines->keys};
	uint64		count = statement_run(&find, values, NULL, false);

	for (uint64 i = 0; i < count; i++)
	{
		Line	   *line = new_line(lines, place_of_key(lines, result_text(SPI_tuptable, i, 1)),
									result_int64(SPI_tuptable, i, 2),
									DatumGetDateADT(result_datum(SPI_tuptable, i, 3, DATEOID)),
									result_datum(SPI_tuptable, i, 4, NUMERICOID));

		line->before = DatumGetInt32(result_datum(SPI_tuptable, i, 5, INT4OID));
		line->place = *(ItemPointer) DatumGetPointer(result_datum(SPI_tuptable, i, 6, TIDOID));
	}
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

/* Equal lines become one, and those that are as before go. */
static void
keep_changed(Lines *lines)
{
	int			kept = 0;		/* those that are finished */

	lines->gone = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(ItemPointerData) * (lines->count + 1));
	qsort(lines->lines, lines->count, sizeof(Line), compare_lines);
	for (int i = 0; i < lines->count;)
	{
		int			first = i;
		Line		sum = lines->lines[i];

		for (i++; i < lines->count && compare_lines(&sum, &lines->lines[i]) == 0; i++)
		{
			sum.now += lines->lines[i].now;
			sum.before += lines->lines[i].before;
		}
		if (sum.now == sum.before)
			continue;
		for (int j = first; j < i; j++)
			if (lines->lines[j].before > 0)
				lines->gone[lines->gone_count++] = lines->lines[j].place;
		lines->lines[kept++] = sum;
	}
	lines->count = kept;
}

/*
 * Rows and items may be another product's, or gone, since they were read: their
 * keys are locked, and they are not.
 */
static void
require_written(uint64 written, uint64 expected)
{
	if (written != expected)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("a product was merged or deleted while a connection followed it"),
				 errhint("Try the transaction again.")));
}

/* What statements take of lines. */
enum
{
	LINE_KEY,
	LINE_ITEM,
	LINE_DAY,
	LINE_QUANTITY,
	LINE_COUNT,
	LINE_COLUMNS
};

#define LINE_TYPES \
	INT4OID, TEXTARRAYOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, INT4ARRAYOID

/* In SQL, lines of the connection $1. */
#define LINES \
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6)) AS u(key, item, day, quantity, lines)"

static const Oid line_types[LINE_COLUMNS] = {TEXTOID, INT8OID, DATEOID, NUMERICOID, INT4OID};

/* Lines that wait for a statement, column by column. */
typedef struct Writing
{
	Datum	   *columns[LINE_COLUMNS];
	int			count;
} Writing;

static void
start_writing(Writing *writing, int64 lines)
{
	for (int c = 0; c < LINE_COLUMNS; c++)
		writing->columns[c] = MemoryContextAllocHuge(CurrentMemoryContext,
													 sizeof(Datum) * (lines + 1));
	writing->count = 0;
}

static void
write_line(Writing *writing, const Lines *lines, const Line *line, Datum quantity, int64 count)
{
	int			i = writing->count++;

	writing->columns[LINE_KEY][i] = lines->key[line->key];
	writing->columns[LINE_ITEM][i] = Int64GetDatum(line->item);
	writing->columns[LINE_DAY][i] = DateADTGetDatum(line->day);
	writing->columns[LINE_QUANTITY][i] = quantity;
	writing->columns[LINE_COUNT][i] = Int32GetDatum((int32) count);
}

/*
 * Run a statement for the lines: $1 the connection, then arrays. It writes as
 * many rows.
 */
static void
finish_writing(Writing *writing, const Lines *lines, Statement *statement)
{
	Datum		values[LINE_COLUMNS + 1] = {lines->number};

	if (writing->count == 0)
		return;
	for (int c = 0; c < LINE_COLUMNS; c++)
		values[1 + c] = array_of(line_types[c], writing->columns[c], NULL, writing->count);
	require_written(statement_run(statement, values, NULL, false), writing->count);
}

/* What keys have brought and is true no more. */
static void
delete_gone(const Lines *lines)
{
	static Statement delete = {
		"DELETE FROM invtrack.connection_row w WHERE w.ctid " EQ " ANY ($1)",
		1, {TIDARRAYOID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum	   *places;
	Datum		array;

	if (lines->gone_count == 0)
		return;
	places = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * lines->gone_count);
	for (int i = 0; i < lines->gone_count; i++)
		places[i] = PointerGetDatum(&lines->gone[i]);
	array = array_of(TIDOID, places, NULL, lines->gone_count);
	require_written(statement_run(&delete, &array, NULL, false), lines->gone_count);
}

/* What keys have brought, as it is now. */
static void
write_rows(const Lines *lines)
{
	static Statement insert = {
		"INSERT INTO invtrack.connection_row (connection, key, item, day, quantity, lines)"
		" SELECT $1, u.key, u.item, u.day, u.quantity, u.lines"
		LINES,
		LINE_COLUMNS + 1, {LINE_TYPES}
	};
	Writing		came;

	start_writing(&came, lines->count);
	for (int i = 0; i < lines->count; i++)
	{
		const Line *line = &lines->lines[i];

		if (line->now > 0)
			write_line(&came, lines, line, line->quantity, line->now);
	}
	finish_writing(&came, lines, &insert);
}

/*
 * A movement for each line more, an opposite one for each less; how many. Its
 * item stays what it is until the transaction ends: a merge comes before or
 * after.
 */
static uint64
write_movements(const Lines *lines)
{
	static Statement insert = {
		"INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)"
		" SELECT i.merchant, i.sku, i.inventory_type, i.target, u.day, u.quantity"
		LINES
		" JOIN invtrack.connection_item i ON i.item " EQ " u.item FOR KEY SHARE OF i",
		LINE_COLUMNS + 1, {LINE_TYPES}, CURSOR_OPT_GENERIC_PLAN
	};
	Writing		movements;
	int64		count = 0;

	for (int i = 0; i < lines->count; i++)
		count += llabs(lines->lines[i].now - lines->lines[i].before);
	start_writing(&movements, count);
	for (int i = 0; i < lines->count; i++)
	{
		const Line *line = &lines->lines[i];
		int64		more = line->now - line->before;
		Datum		quantity = more > 0 ? line->quantity :
			DirectFunctionCall1(numeric_uminus, line->quantity);

		/* a line of nothing is known, and moves nothing */
		for (int64 n = 0; n < llabs(more) && line->micro != 0; n++)
			write_line(&movements, lines, line, quantity, 1);
	}
	finish_writing(&movements, lines, &insert);
	return movements.count;
}

/* Write what differs from before. Returns the number of movements. */
uint64
write_lines(Lines *lines)
{
	add_lines_before(lines);
	keep_changed(lines);
	delete_gone(lines);
	write_rows(lines);
	return write_movements(lines);
}
