/*
 * check.h
 *		The check of a merchant, and what it writes to the history.
 */
#ifndef INVTRACK_CHECK_H
#define INVTRACK_CHECK_H

#include "datatype/timestamp.h"
#include "nodes/execnodes.h"

/*
 * The arguments of history_says() and history_with(), of their types: no other
 * function matches better.
 */
#define HISTORY_ARGS(series, day, quantity) \
	series "::invtrack.day_series, " day "::pg_catalog.date, " quantity "::pg_catalog.numeric"

/* The check of a merchant. */
typedef struct Check
{
	Datum		merchant;
	Datum		day;			/* of its calendar */
	bool		is_history;		/* is that day today, or past, and none after
								 * it was checked? */
	bool		holds;			/* may alerts wait for units on order? */
	TimestampTz now;
	int64		events;			/* number of its last event; -1: there is no
								 * such merchant */
	int64		events_before;	/* and before this check */
	Oid			row_type;		/* of invtrack_internal.check_reading */
	Oid			array_type;		/* and of an array of such rows */
	ReturnSetInfo *told;		/* takes the events; null: nobody wants them */
} Check;

/* check_history.c */
extern void record_history(const Check *check, Datum changes);
extern void record_stock(const Check *check);
extern void record_statuses(const Check *check);

#endif							/* INVTRACK_CHECK_H */
