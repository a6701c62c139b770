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

#define FIGURES 9

/* figure.c: in the order of the columns of invtrack.health */
extern const Figure figures[FIGURES];
extern bool judge_datums(const NullableDatum *arguments, Judgement *judgement);

#endif							/* INVTRACK_FIGURE_H */
