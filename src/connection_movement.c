/*
 * connection_movement.c
 *		Sales and shipments of a connection's keys, brought in line.
 *
 * The rows that the source has now become lines of items; connection_line.c
 * compares them with what the keys brought before. Movements are only added, so
 * that items are locked against changes of their products, but not against
 * each other, and an order costs a handful of small statements.
 *
 * Keys come locked, then items are: as they come, unless one has no number yet, or
 * somebody is at one that keys brought before. Then all is done again, and they are
 * locked in the one order that connection_lock.c tells of.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "catalogue.h"
#include "compat.h"
#include "connection.h"
#include "connection_line.h"
#include "lookup.h"
#include "row_table.h"
#include "setting.h"
#include "statement.h"

/*
 * What the source has now, with numbers for its items, which are locked. Where
 * they had none, the source is read anew: we may have waited for somebody who
 * gave a product another code. Returns false where it is to be done again: more
 * numbers may not be waited for while items are locked.
 */
static bool
read_numbered_rows(Lines *lines, int attempt)
{
	uint64		made;

	read_rows(lines);
	if (lines->locks != ITEMS_IN_ONE_ORDER)
		return number_rows(lines);
	if (number_rows_first(lines, &made))
		return true;
	read_rows(lines);
	if (number_rows(lines))
		return true;
	if (attempt < ATTEMPTS_MAX)
		return false;
	require_written(Min(made, 1), 1, "connection_item");
	report_renamed_items();
}

/* A movement for each line more, an opposite one for each less; how many. */
static uint64
write_movements(const Lines *lines)
{
	static Statement insert = {
		"INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)"
		" SELECT u.merchant, u.sku, u.inventory_type, $1, u.day, u.quantity"
		" FROM " GIVEN_ROWS " u",
		1, {TEXTOID}
	};
	static const RowColumn columns[ITEM_UNITS] = {
		{"merchant", TEXTOID}, {"sku", TEXTOID}, {"inventory_type", TEXTOID}, {"day", DATEOID},
		{"quantity", NUMERICOID}
	};
	RowTable	table;
	Datum		target = lines->connection->target;
	uint64		count = 0;

	start_row_table(&table, columns, lengthof(columns));
	for (int i = 0; i < lines->count; i++)
	{
		const Line *line = &lines->lines[i];
		int64		more = line->now - line->before;
		const LineItem *item;
		Datum		values[ITEM_UNITS];

		if (more == 0 || line->micro == 0)
			continue;			/* a line of nothing is known, and moves
								 * nothing */
		item = item_of_line(lines, line);
		if (item == NULL)		/* cannot happen: lines that move something
								 * have items */
			elog(ERROR, "there is no item " INT64_FORMAT, line->item);
		memcpy(values, item->codes, sizeof(item->codes));
		values[ITEM_DAY] = DateADTGetDatum(line->day);
		values[ITEM_QUANTITY] = more > 0 ? line->quantity :
			DirectFunctionCall1(numeric_uminus, line->quantity);
		for (int64 n = llabs(more); n > 0; n--, count++)
			add_row(&table, values);
	}
	if (count > 0)
		require_written(run_with_row_table(&table, InvalidSnapshot, &insert, &target), count,
						"movement");
	return count;
}

/* Something that is gone from its source may go now: its sales or shipments were fewer. */
static void
note_gone(const Lines *lines)
{
	static Statement note = {
		"SELECT invtrack_internal.note_gone($1)"
		" WHERE EXISTS (SELECT FROM invtrack.connection_row w WHERE w.gone)",
		1, {INT8ARRAYOID}, CURSOR_OPT_GENERIC_PLAN
	};
	int			count;
	Datum		items = items_less(lines, &count);

	if (count > 0)
		statement_run(&note, &items, NULL, false);
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

/* Was something rejected of any of the keys? Of which, rejected gets, where it is given. */
bool
find_rejected(const Lines *lines, bool *rejected)
{
	static const Lookup find = {
		"connection_reject", {{"key", TEXTOID}, {"connection", TEXTOID}}
	};
	LookupScan	scan;
	bool		found = false;

	lookup_start(&find, &scan);
	for (int key = 0; key < lines->key_count && !(found && rejected == NULL); key++)
	{
		Datum		keys[] = {lines->keys[key].key, lines->connection->name};

		lookup_keys(&scan, keys);
		if (!lookup_next(&scan, NULL))
			continue;
		found = true;
		if (rejected != NULL)
			rejected[key] = true;
	}
	lookup_end(&scan);
	return found;
}

/* The rows that are not taken, in the place of those that the keys had. */
static void
write_rejects(const Lines *lines)
{
	static Statement reject = {
		"SELECT invtrack_internal.reject_row($1, $2, ROW($3, $4, $5, $6, $7, NULL, $8, $9,"
		" NULL, NULL, ARRAY[$10, $11, $12])::invtrack_internal.source_row)",
		12, {TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, DATEOID, NUMERICOID,
		TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[12] = {lines->connection->name};

	if (find_rejected(lines, NULL))
		forget_rejects(lines->connection->name, lines->key_array);
	values[1] = lines->connection->target;
	for (int i = 0; i < lines->row_count; i++)
	{
		const SourceRow *row = &lines->rows[i];
		char		nulls[] = "            ";

		if (row->fault == NULL)
			continue;
		values[2] = lines->keys[row->key].key;
		values[3] = Int32GetDatum(row->number);
		for (int c = 0; c < ITEM_UNITS; c++)
		{
			values[4 + c] = row->values[c];
			nulls[4 + c] = row->nulls[c] ? 'n' : ' ';
		}
		values[9] = CStringGetTextDatum(row->fault->sqlstate);
		values[10] = CStringGetTextDatum(row->fault->message);
		values[11] = CStringGetTextDatum(row->fault->hint);
		statement_run(&reject, values, nulls, false);
		SPI_freetuptable(SPI_tuptable);
	}
}

/*
 * A movement for each new line of keys, which are sorted and locked, and an
 * opposite one for each that the source has no more; written: how many. Returns
 * false where all is to be rolled back, and done again with the next attempt, in
 * one order.
 */
bool
sync_movements(const Connection *connection, Datum *keys, int count, bool is_empty, int attempt,
			   uint64 *written)
{
	Lines		lines;
	int			nest_level;
	bool		is_done;

	SPI_connect();
	start_lines(&lines, connection, keys, count,
				attempt > 1 ? ITEMS_IN_ONE_ORDER : ITEMS_AS_THEY_COME);
	lines.key_array = array_of(TEXTOID, keys, NULL, count);
	find_lines(&lines);
	is_done = is_empty ? number_rows(&lines) : read_numbered_rows(&lines, attempt);
	nest_level = start_using_indexes();
	if (is_done)
	{
		add_lines(&lines);
		is_done = attempt > 1 || find_before(&lines);
	}
	if (is_done)
	{
		resolve_lines(&lines);
		keep_lines(&lines);
		*written = write_movements(&lines);
		note_gone(&lines);
		write_rejects(&lines);
	}
	if (lines.snapshot != InvalidSnapshot)
		UnregisterSnapshot(lines.snapshot);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	return is_done;
}
