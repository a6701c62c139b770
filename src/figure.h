/*
 * figure.h
 *		What people see of a judgement: the nine columns, as SQL values.
 */
#ifndef INVTRACK_FIGURE_H
#define INVTRACK_FIGURE_H

#include "fmgr.h"

#include "judgement.h"

/*
 * The arguments of a judgement in SQL: those of the functions judge_...(),
 * and, from the column of the same name on, of the rows of a reading.
 */
typedef enum JudgedArgument
{
	JUDGED_MECHANISM,
	JUDGED_QUANTITY,
	JUDGED_LOOKBACK_DAYS,
	JUDGED_COVERAGE_DAYS,
	JUDGED_EXPIRY_DAYS,
	JUDGED_LAUNCHED_ON,
	JUDGED_LOTS,
	JUDGED_FOLDED,
	JUDGED_TAIL,
	JUDGED_AS_OF,
	JUDGED_COUNT_TODAY,
	JUDGED_ARGUMENTS
} JudgedArgument;

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

/* What is judged, and by which rule; evidence points into it. */
typedef struct Case
{
	TrackerRule rule;
	Evidence	evidence;
	DayReader	lots;
	DayReader	folded;
	DayReader	tail;
} Case;

typedef enum CaseState
{
	CASE_NONE,					/* the arguments are no tracker's */
	CASE_DAMAGED,				/* a series is damaged */
	CASE_OPEN
} CaseState;

/* figure.c */
extern const Figure figures[FIGURES];
extern CaseState open_case(const NullableDatum *arguments, Case *opened);
extern bool judge_datums(const NullableDatum *arguments, Judgement *judgement);

#endif							/* INVTRACK_FIGURE_H */
