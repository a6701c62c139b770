/*
 * connection_line.h
 *		Lines of sales and shipments: what a connection's keys say.
 */
#ifndef INVTRACK_CONNECTION_LINE_H
#define INVTRACK_CONNECTION_LINE_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/date.h"

#include "day_codec.h"
#include "statement.h"

/* Equal lines of a key: now in the source, and before, in the row at a place. */
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
	ItemPointerData place;
} Line;

typedef struct Lines
{
	Datum		number;			/* of the connection */
	Datum		keys;			/* an array */
	Datum	   *key;			/* each of them, in their order */
	int			key_count;
	Line	   *lines;
	int			count;
	int			room;
	ItemPointerData *gone;		/* rows of before that are true no more */
	int			gone_count;
} Lines;

/* connection_line.c: within SPI */
extern int	compare_keys(const void *a, const void *b);
extern int	place_of_key(const Lines *lines, Datum key);
extern int	start_using_indexes(void);
extern void start_lines(Lines *lines, Datum number, Datum keys);
extern void add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity);
extern uint64 write_lines(Lines *lines);

#endif							/* INVTRACK_CONNECTION_LINE_H */
