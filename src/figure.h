/*
 * figure.h
 *		What people see of a judgement: the nine columns, as SQL values.
 */
#ifndef INVTRACK_FIGURE_H
#define INVTRACK_FIGURE_H

#include "fmgr.h"

#include "judgement.h"

/* Makes a figure of a judgement; sets *is_null and returns 0 for none. */
typedef Datum (*Figure) (const Judgement *judgement, bool *is_null);

/* In the order of the columns of invtrack.health. */
typedef enum FigureColumn
{
	FIGURE_CURRENT_STOCK,
	FIGURE_THRESHOLD,
	FIGURE_HEALTH,
	FIGURE_STATUS,
	FIGURE_REASON,
	FIGURE_DAILY_SALES,
	FIGURE_ACTUAL_DAYS,
	FIGURE_DAYS_OF_COVER,
	FIGURE_EXCLUDED_STOCK,
	FIGURES
} FigureColumn;

/* figure.c */
extern const Figure figures[FIGURES];

#endif							/* INVTRACK_FIGURE_H */
