/*
 * case.h
 *		What is to be judged, of SQL values.
 */
#ifndef INVTRACK_CASE_H
#define INVTRACK_CASE_H

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

/* An argument that is given. */
static inline NullableDatum
not_null(Datum value)
{
	NullableDatum argument = {value, false};

	return argument;
}

/* case.c */
extern CaseState open_case(const NullableDatum *arguments, Case *opened);
extern CaseState judge_case(const NullableDatum *arguments, Judgement *judgement);
extern bool judge_datums(const NullableDatum *arguments, Judgement *judgement);

#endif							/* INVTRACK_CASE_H */
