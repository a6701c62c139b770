/*
 * projection.h
 *		What becomes of an item's stock, day by day: C without PostgreSQL.
 */
#ifndef INVTRACK_PROJECTION_H
#define INVTRACK_PROJECTION_H

#include "day_codec.h"

/*
 * Units that are there or come, in millionths. Entries are in ascending order
 * of their days.
 */
typedef struct Supply
{
	DayEntry   *lots;			/* units by expiry date; no negative ones */
	int32_t		lot_count;
	Quantity	owed;			/* units of negative lots that count, not
								 * above 0 */
	const DayEntry *incoming;	/* units on order by day */
	int32_t		incoming_count;
} Supply;

/*
 * The state at the end of a day. Sales are net units per so many days, so all
 * quantities are kept in millionths times those days: they are whole numbers, and
 * nothing is ever rounded on the way.
 */
typedef struct Projection
{
	int32_t		day;
	int32_t		last_day;
	int32_t		expiry_days;	/* NO_DAY: nothing is lost */
	int32_t		pace_days;		/* what all quantities are multiplied by */
	Quantity	pace;			/* units sold a day, as far as they are there */
	Quantity	total;
	Quantity	undated;		/* of that, units without expiry date, or owed */
	Quantity	lost;			/* since the first day */
	Quantity	shown_lost;		/* the same as the rows show it, in millionths */
	DayEntry   *lots;			/* with an expiry date: the next ones to sell
								 * or to expire */
	int32_t		lot_count;
	const DayEntry *incoming;	/* in millionths */
	int32_t		incoming_count;
} Projection;

/* A day as people see it, in millionths. */
typedef struct ProjectedDay
{
	Quantity	opening;
	Quantity	incoming;
	Quantity	sold;
	Quantity	expired;
	Quantity	closing;
} ProjectedDay;

/* What all days come to. */
typedef struct ProjectedSum
{
	int32_t		runs_out_on;	/* NO_DAY: beyond the horizon */
	int32_t		first_loss_on;	/* NO_DAY: nothing is lost */
	Quantity	lost;
	Quantity	incoming;
} ProjectedSum;

/* projection.c */
extern bool start_projection(Projection *projection, const Supply *supply, int32_t as_of,
							 int32_t horizon_days, int32_t expiry_days, Quantity sales,
							 int32_t pace_days);
extern bool project_day(Projection *projection, ProjectedDay *shown);
extern void sum_projection(Projection *projection, ProjectedSum *sum);

#endif							/* INVTRACK_PROJECTION_H */
