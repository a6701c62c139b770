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
	TRANSITION_RECOVERED,
	TRANSITION_WITHDRAWN
} Transition;

/* What a merchant has set for its alerts. */
typedef struct AlertSettings
{
	Datum		recovers_from;	/* health: 100 + rearm_percent */
	bool		alert_too_new;
	bool		alert_nothing_on_hand;
} AlertSettings;

/* transition.c */
extern Transition next_transition(bool is_open, Reason reason, Datum health, bool is_retired,
								  const AlertSettings *settings);

#endif							/* INVTRACK_TRANSITION_H */
