/*
 * daily.h
 *		Views by day that unpack only the days asked for.
 */
#ifndef INVTRACK_DAILY_H
#define INVTRACK_DAILY_H

/* daily_plan.c */
extern void daily_init(void);

#endif							/* INVTRACK_DAILY_H */
