/*
 * transition.h
 *		What a day's health does to the alert of a tracker.
 */
#ifndef INVTRACK_TRANSITION_H
#define INVTRACK_TRANSITION_H

#include "judgement.h"

typedef enum Transition
{
	TRANSITION_NONE,
	TRANSITION_OPENED,
	TRANSITION_WORSENED,
	TRANSITION_RECOVERED,
	TRANSITION_WITHDRAWN
} Transition;

/* What is known of a tracker and of its alert. */
typedef struct AlertState
{
	bool		is_open;		/* is there an alert? */
	bool		is_worse;		/* is there worse to tell than was told? */
	bool		is_active;		/* not paused */
	bool		is_retired;
	Reason		reason;
	Datum		health;
} AlertState;

/* What a merchant has set for its alerts. */
typedef struct AlertSettings
{
	Datum		recovers_from;	/* health: 100 + rearm_percent */
	bool		alert_too_new;
	bool		alert_nothing_on_hand;
} AlertSettings;

/* transition.c */
extern Transition next_transition(const AlertState *state, const AlertSettings *settings);

#endif							/* INVTRACK_TRANSITION_H */
