/*
 * tracker_change.h
 *		What became of trackers.
 */
#ifndef INVTRACK_TRACKER_CHANGE_H
#define INVTRACK_TRACKER_CHANGE_H

#include "postgres.h"

/* What of a tracker is recorded: its parameters, active and version, in this order. */
#define RECORDED_COLUMNS	6

/* tracker_change.c */
extern void tracker_change_init(void);
extern Datum recorded_json(const Datum *values, const bool *nulls);

#endif							/* INVTRACK_TRACKER_CHANGE_H */
