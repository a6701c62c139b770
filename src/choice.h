/*
 * choice.h
 *		The sales of an item, by which a mechanism is chosen.
 */
#ifndef INVTRACK_CHOICE_H
#define INVTRACK_CHOICE_H

#include "postgres.h"

#include "day_series.h"
#include "quantity.h"

#define WEEK_DAYS			7
/* Sales are looked at for so many weeks, and nothing moved in them: stalled. */
#define OBSERVED_WEEKS		13
#define OBSERVED_DAYS		(OBSERVED_WEEKS * WEEK_DAYS)
/* An item that has been on sale for fewer days is new. */
#define HISTORY_DAYS_MIN	(4 * WEEK_DAYS)
/* Weekly sales that vary by at most this many hundredths of their mean are stable. */
#define STABLE_VARIATION	50
/* What is suggested for stable sales; a fixed quantity is to last as long. */
#define LOOKBACK_DAYS		28
#define COVERAGE_DAYS		14

/* An item's sales as a reading has them. */
typedef struct SalesFlow
{
	NullableDatum launched_on;
	NullableDatum folded;
	NullableDatum tail;
	NullableDatum as_of;		/* a day of the calendar */
	NullableDatum count_today;	/* not null */
} SalesFlow;

/* What they look like; quantities are in millionths. */
typedef struct SalesPattern
{
	int32		history_days;	/* on sale, up to the window's end; 0: never */
	int32		sale_days;		/* of the observed ones, with net sales above
								 * 0 */
	Quantity	weeks[OBSERVED_WEEKS];	/* net sales, the latest first */
	Quantity	days[OBSERVED_DAYS];	/* the same by day */
	int32		variation;		/* in hundredths; NO_DAY: not known */
} SalesPattern;

/* choice_sales.c */
extern DayEntry *series_entries(NullableDatum series, int32 *count);
extern DayEntry *flow_entries(NullableDatum folded, NullableDatum tail, int32 *count);
extern void measure_sales(const SalesFlow *flow, SalesPattern *sales);
extern bool is_stable(const SalesPattern *sales, const char **reason);

#endif							/* INVTRACK_CHOICE_H */
