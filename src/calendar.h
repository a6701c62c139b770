/*
 * calendar.h
 *		Which day it is for a merchant.
 */
#ifndef INVTRACK_CALENDAR_H
#define INVTRACK_CALENDAR_H

/* calendar.c */
extern void calendar_init(void);
extern void check_as_of_setting(void);

#endif							/* INVTRACK_CALENDAR_H */
