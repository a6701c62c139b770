/*
 * calendar.h
 *		Which day it is for a merchant.
 */
#ifndef INVTRACK_CALENDAR_H
#define INVTRACK_CALENDAR_H

#include "fmgr.h"

/* calendar.c */
extern void calendar_init(void);
extern void require_as_of_setting(void);
extern int32 as_of_argument(FunctionCallInfo fcinfo, int arg);
extern int32 as_of_in_zone(const text *zone);
extern int32 today_in_zone(const text *zone);

#endif							/* INVTRACK_CALENDAR_H */
