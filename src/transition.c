/*
 * transition.c
 *		What a day's health does to the alert of a tracker.
 *
 * A check asks for each tracker (sql/check.sql), a back-test for each day.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "history.h"
#include "transition.h"

static const char *const names[] = {NULL, "opened", "worsened", "recovered", "withdrawn"};

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
 * ok and health has come far enough. A reason that is not told, or a paused
 * tracker, neither opens an alert nor worsens nor closes one.
 */
Transition
next_transition(const AlertState *state, const AlertSettings *settings)
{
	if (state->is_retired)
		return state->is_open ? TRANSITION_WITHDRAWN : TRANSITION_NONE;
	if (state->is_open && state->reason == REASON_NONE)
		return DatumGetBool(DirectFunctionCall2(numeric_ge, state->health,
												settings->recovers_from)) ?
			TRANSITION_RECOVERED : TRANSITION_NONE;
	if (!state->is_active || !is_told(state->reason, settings))
		return TRANSITION_NONE;
	if (!state->is_open)
		return TRANSITION_OPENED;
	return state->is_worse ? TRANSITION_WORSENED : TRANSITION_NONE;
}

/*
 * transition(is_open, is_worse, is_active, is_retired, reason, health,
 * recovers_from, alert_too_new, alert_nothing_on_hand): null stands for false,
 * and for no reason; without health nothing is told
 */
PG_FUNCTION_INFO_V1(transition);
Datum
transition(PG_FUNCTION_ARGS)
{
	AlertState	state = {0};
	AlertSettings settings = {0};
	Transition	next;

	state.is_open = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	state.is_worse = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	state.is_active = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	state.is_retired = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	state.reason = reason_of_argument(fcinfo, 4);
	if (PG_ARGISNULL(5) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	state.health = PG_GETARG_DATUM(5);
	settings.recovers_from = PG_GETARG_DATUM(6);
	settings.alert_too_new = !PG_ARGISNULL(7) && PG_GETARG_BOOL(7);
	settings.alert_nothing_on_hand = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8);
	next = next_transition(&state, &settings);
	if (next == TRANSITION_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(names[next]));
}
