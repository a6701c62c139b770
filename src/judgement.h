/*
 * judgement.h
 *		How healthy a tracked item is: the rules, in C without PostgreSQL.
 */
#ifndef INVTRACK_JUDGEMENT_H
#define INVTRACK_JUDGEMENT_H

#include "day_codec.h"

/* Day parameters of a rule are at most this. */
#define RULE_DAYS_MAX		3650

typedef enum Mechanism
{
	MECHANISM_STOCK_QUANTITY,
	MECHANISM_TURNOVER_DAYS,
	MECHANISM_STALLED_DAYS,
	MECHANISM_UNKNOWN
} Mechanism;

/* The parameters of rules, in the order of the arguments and columns. */
typedef enum Parameter
{
	PARAMETER_QUANTITY,
	PARAMETER_LOOKBACK_DAYS,
	PARAMETER_COVERAGE_DAYS,
	PARAMETER_EXPIRY_DAYS,
	PARAMETERS
} Parameter;

/* What a mechanism makes of a parameter. */
typedef enum ParameterUse
{
	PARAMETER_FOREIGN,
	PARAMETER_OPTIONAL,
	PARAMETER_REQUIRED
} ParameterUse;

/*
 * What is given for a rule. A quantity is in millionths, and 0 where it is not
 * given or none at all; days that are not given are NO_DAY.
 */
typedef struct GivenParameters
{
	bool		is_given[PARAMETERS];
	Quantity	values[PARAMETERS];
} GivenParameters;

/* What is wrong with a parameter. */
typedef enum ParameterFault
{
	PARAMETER_SOUND,
	PARAMETER_MISSING,
	PARAMETER_SURPLUS,
	PARAMETER_OUT_OF_RANGE
} ParameterFault;

typedef enum Status
{
	TRACKER_OK,
	TRACKER_REPLENISH,
	TRACKER_STALLED,
	TRACKER_NO_SALES
} Status;

/* Their numbers are recorded in histories: new ones come last. */
typedef enum Reason
{
	REASON_NONE,
	REASON_STOCK_BELOW_QUANTITY,
	REASON_STOCK_BELOW_COVERAGE,
	REASON_TOO_NEW,
	REASON_NOTHING_ON_HAND,
	REASON_SHIPMENTS_BELOW_QUANTITY,
	REASON_NO_SALES_HISTORY,
	REASON_NO_SALES_IN_WINDOW,
	REASONS
} Reason;

/* What a tracker asks for; all quantities here are in millionths. */
typedef struct TrackerRule
{
	Mechanism	mechanism;
	Quantity	quantity;
	int32_t		lookback_days;
	int32_t		coverage_days;
	int32_t		expiry_days;	/* NO_DAY: all lots count */
} TrackerRule;

/*
 * What there is to judge by. A reader is null for no rows, and just opened; of
 * a flow, days after the window's end may have been taken from it.
 */
typedef struct Evidence
{
	int32_t		as_of;			/* the day that shelf life goes by */
	int32_t		window_end;		/* the last day of windows: that day, or the
								 * one before it */
	int32_t		launched_on;	/* NO_DAY: not known */
	DayReader  *lots;			/* units on hand by expiry date */
	DayReader  *folded;			/* units sold, or shipped, by day */
	DayReader  *tail;			/* the same, of movements not folded yet */
} Evidence;

typedef struct Judgement
{
	TrackerRule rule;
	Quantity	current;		/* units counted; stalled_days: shipped */
	Quantity	excluded;		/* on hand, but not counted */
	Quantity	on_hand;		/* stalled_days: units of all lots */
	Quantity	sales;			/* turnover_days: net sales in the window */
	int32_t		actual_days;	/* turnover_days; NO_DAY: never on sale */
	Status		status;
	Reason		reason;
} Judgement;

/* judgement.c */
extern bool judge(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement);
extern int32_t last_day_excluded(const TrackerRule *rule, int32_t as_of);
extern bool find_first_sale(const Evidence *evidence, int32_t enough, int32_t *first);
extern ParameterFault find_fault(Mechanism mechanism, const GivenParameters *given,
								 Parameter *parameter);
extern int32_t parameter_days_min(Parameter parameter);
extern const char *parameter_name(Parameter parameter);
extern Mechanism mechanism_of_name(const char *name, size_t size);
extern const char *mechanism_name(Mechanism mechanism);
extern const char *status_name(Status status);
extern const char *reason_name(Reason reason);
extern bool reason_of_name(const char *name, size_t size, Reason *reason);
extern Status status_of_reason(Reason reason);

#endif							/* INVTRACK_JUDGEMENT_H */
