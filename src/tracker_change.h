/*
 * tracker_change.h
 *		What became of trackers.
 */
#ifndef INVTRACK_TRACKER_CHANGE_H
#define INVTRACK_TRACKER_CHANGE_H

/* tracker_change.c */
extern void tracker_change_init(void);

#endif							/* INVTRACK_TRACKER_CHANGE_H */
