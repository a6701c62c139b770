/*
 * connection_line.h
 *		Lines of sales and shipments: what a connection's keys say.
 */
#ifndef INVTRACK_CONNECTION_LINE_H
#define INVTRACK_CONNECTION_LINE_H

#include "postgres.h"

#include "utils/date.h"

#include "day_codec.h"
#include "statement.h"

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

typedef struct Lines
{
	Datum		number;			/* of the connection */
	Datum		keys;			/* an array */
	Datum	   *key;			/* each of them, in their order */
	int			key_count;
	Line	   *lines;
	int			count;
	int			room;
} Lines;

/* connection_line.c: within SPI */
extern int	compare_keys(const void *a, const void *b);
extern int	place_of_key(const Lines *lines, Datum key);
extern uint64 run_by_index(Statement *statement, Datum *values);
extern void start_lines(Lines *lines, Datum number, Datum keys);
extern void add_line(Lines *lines, int key, int64 item, DateADT day, Datum quantity);
extern uint64 write_lines(Lines *lines);

#endif							/* INVTRACK_CONNECTION_LINE_H */
