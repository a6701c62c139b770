/*
 * connection_line.h
 *		Lines of sales and shipments: what a connection's keys say.
 */
#ifndef INVTRACK_CONNECTION_LINE_H
#define INVTRACK_CONNECTION_LINE_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/date.h"

#include "catalogue.h"
#include "connection.h"
#include "day_codec.h"
#include "statement.h"

/* Columns of connection_line: items, days, quantities, counts. */
#define LINE_ARRAYS	4

/* Units of an item on a day: its codes, and these. */
enum
{
	ITEM_DAY = ITEM_CODES,
	ITEM_QUANTITY,
	ITEM_UNITS
};

/* Equal lines of a key: now in the source, and before. */
typedef struct Line
{
	int			key;
	int64		item;
	DateADT		day;
	Quantity	micro;
	Datum		quantity;		/* the same, with the decimals that somebody
								 * wrote */
	int64		now;
	int64		before;
} Line;

/* What a number stands for. */
typedef struct LineItem
{
	int64		number;
	int64		stands_for;		/* the same, or the item that it was merged
								 * into */
	Datum		codes[ITEM_CODES];
} LineItem;

/* A key that is brought in line; compare_keys() compares these, too. */
typedef struct LineKey
{
	Datum		key;
	bool		is_kept;		/* connection_line has a row of it */
	bool		is_changed;		/* its lines are others than before */
} LineKey;

/* A row of the source; its values lie in the tuple that take_row() was given. */
typedef struct SourceRow
{
	int			key;			/* its place among the keys */
	int			number;			/* among the rows of the key, from 1 */
	int64		item;
	const RowFault *fault;
	Datum		values[ITEM_UNITS];
	bool		nulls[ITEM_UNITS];
} SourceRow;

/* How items are locked. */
typedef enum ItemLocks
{
	ITEMS_FREE,
	ITEMS_AS_THEY_COME,
	ITEMS_IN_ONE_ORDER			/* those of rows and of lines together */
} ItemLocks;

/* What is known of keys. */
typedef struct Lines
{
	const Connection *connection;
	ItemLocks	locks;
	Snapshot	snapshot;		/* with which the source was read: in a later
								 * one, a code may be another product's */
	Datum		key_array;
	LineKey    *keys;			/* each of them, in their order */
	int			key_count;
	SourceRow  *rows;
	int			row_count;
	int			row_room;
	Line	   *lines;
	int			count;
	int			room;
	LineItem   *items;			/* of lines that move something */
	int			item_count;
	int			item_room;
} Lines;

/* connection_line.c: within SPI */
extern void start_lines(Lines *lines, const Connection *connection, const Datum *keys, int count,
						ItemLocks locks);
extern void take_lines(Lines *lines, int key, const Datum *arrays);
extern void find_lines(Lines *lines);
extern void add_item(Lines *lines, int64 number, int64 stands_for, const Datum *codes);
extern void expect_lines(Lines *lines, int more);
extern void add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity);
extern const LineItem *item_of_line(const Lines *lines, const Line *line);
extern void combine_lines(Lines *lines);
extern Datum items_less(const Lines *lines, int *count);
extern void resolve_lines(Lines *lines);
extern void keep_lines(const Lines *lines);
extern void require_written(uint64 written, uint64 expected, const char *table);

/* connection_movement.c */
extern bool find_rejected(const Lines *lines, bool *rejected);

/* connection_number.c: within SPI */
extern int	number_items(Lines *lines, Datum *const *codes, int count, int64 *numbers);
extern int	hold_unnumbered(const Lines *lines, Datum **codes, int count);
extern uint64 make_numbers(const Lines *lines, Datum *const *codes, int count);
extern bool find_before(Lines *lines);

/* connection_read.c: within SPI */
extern void take_row(Lines *lines, int key, HeapTuple tuple, TupleDesc columns);
extern void read_rows(Lines *lines);
extern bool number_rows(Lines *lines);
extern bool number_rows_first(Lines *lines, uint64 *made);
extern void add_lines(Lines *lines);

#endif							/* INVTRACK_CONNECTION_LINE_H */
