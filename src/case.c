/*
 * case.c
 *		What is to be judged, of SQL values: those of a row of the reading.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

#include "case.h"
#include "compat.h"
#include "day_series.h"
#include "tracker_rule.h"

/*
 * The rule of the arguments; false where they are no tracker's. The figures
 * divide by what a sound rule has.
 */
static bool
get_rule(const NullableDatum *arguments, TrackerRule *rule)
{
	text	   *name = DatumGetTextPP(arguments[JUDGED_MECHANISM].value);
	GivenParameters given;
	Parameter	parameter;

	rule->mechanism = mechanism_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (rule->mechanism == MECHANISM_UNKNOWN)
		return false;
	get_parameters(&arguments[JUDGED_QUANTITY], &given);
	if (find_fault(rule->mechanism, &given, &parameter) != PARAMETER_SOUND)
		return false;
	rule->quantity = given.values[PARAMETER_QUANTITY];
	rule->lookback_days = (int32) given.values[PARAMETER_LOOKBACK_DAYS];
	rule->coverage_days = (int32) given.values[PARAMETER_COVERAGE_DAYS];
	rule->expiry_days = (int32) given.values[PARAMETER_EXPIRY_DAYS];
	return true;
}

/* Open a series if there is one; false where it is damaged. */
static bool
open_if_any(NullableDatum argument, DayReader *reader, DayReader **opened)
{
	*opened = argument.isnull ? NULL : reader;
	return argument.isnull || day_series_try_open(DatumGetDaySeries(argument.value), reader);
}

static bool
get_day(NullableDatum argument, int32 *day)
{
	*day = NO_DAY;
	if (argument.isnull || DATE_NOT_FINITE(DatumGetDateADT(argument.value)))
		return false;
	*day = DatumGetDateADT(argument.value) - DATE_OF_DAY_FIRST;
	return *day >= DAY_FIRST && *day <= DAY_LAST;
}

/* What there is to judge, of SQL values. */
CaseState
open_case(const NullableDatum *arguments, Case *opened)
{
	Evidence   *evidence = &opened->evidence;

	if (arguments[JUDGED_MECHANISM].isnull ||
		arguments[JUDGED_COUNT_TODAY].isnull ||
		!get_day(arguments[JUDGED_AS_OF], &evidence->as_of))
		return CASE_NONE;
	evidence->window_end = evidence->as_of - !DatumGetBool(arguments[JUDGED_COUNT_TODAY].value);
	if (!get_rule(arguments, &opened->rule))
		return CASE_NONE;
	if (!get_day(arguments[JUDGED_LAUNCHED_ON], &evidence->launched_on))
		evidence->launched_on = NO_DAY;
	if (!open_if_any(arguments[JUDGED_LOTS], &opened->lots, &evidence->lots) ||
		!open_if_any(arguments[JUDGED_FOLDED], &opened->folded, &evidence->folded) ||
		!open_if_any(arguments[JUDGED_TAIL], &opened->tail, &evidence->tail))
		return CASE_DAMAGED;
	return CASE_OPEN;
}

/* Judge if the arguments are a tracker's and its series can be read. */
CaseState
judge_case(const NullableDatum *arguments, Judgement *judgement)
{
	Case		opened;
	CaseState	state = open_case(arguments, &opened);

	if (state == CASE_OPEN && !judge(&opened.rule, &opened.evidence, judgement))
		return CASE_DAMAGED;
	return state;
}

/*
 * Judge by SQL values. False where they are no tracker's: nothing of a table
 * is such, since its constraints refuse it, but anybody can call judge_...().
 */
bool
judge_datums(const NullableDatum *arguments, Judgement *judgement)
{
	CaseState	state = judge_case(arguments, judgement);

	if (state == CASE_DAMAGED)
		day_series_damaged();
	return state == CASE_OPEN;
}
