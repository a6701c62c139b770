/*
 * transition.c
 *		What a day's health does to the alert of a tracker.
 *
 * The rules of opening and closing are those of the column transition of
 * invtrack_internal.check_reading (sql/check.sql), which has them as SQL so
 * that a check of many trackers stays one query; test/t/053_backtest.pl holds
 * the two against each other.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "transition.h"

/* Is this a reason that the merchant wants to hear of? */
static bool
is_told(Reason reason, const AlertSettings *settings)
{
	switch (reason)
	{
		case REASON_NONE:
			return false;
		case REASON_TOO_NEW:
			return settings->alert_too_new;
		case REASON_NOTHING_ON_HAND:
			return settings->alert_nothing_on_hand;
		default:
			return true;
	}
}

/*
 * A retired product has no alert. One that is open closes when the tracker is
 * ok and health has come far enough; a reason that is not told neither opens
 * nor closes one.
 */
Transition
next_transition(bool is_open, Reason reason, Datum health, bool is_retired,
				const AlertSettings *settings)
{
	if (is_retired)
		return is_open ? TRANSITION_WITHDRAWN : TRANSITION_NONE;
	if (!is_open)
		return is_told(reason, settings) ? TRANSITION_OPENED : TRANSITION_NONE;
	if (reason == REASON_NONE &&
		DatumGetBool(DirectFunctionCall2(numeric_ge, health, settings->recovers_from)))
		return TRANSITION_RECOVERED;
	return TRANSITION_NONE;
}
