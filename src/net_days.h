/*
 * net_days.h
 *		What two series come to day by day.
 */
#ifndef INVTRACK_NET_DAYS_H
#define INVTRACK_NET_DAYS_H

#include "day_codec.h"

/* The days of two series, newest first, with the units of both. */
typedef struct NetDays
{
	DayReader	readers[2];
	DayEntry	entries[2];
	bool		pending[2];		/* is there an entry that was not taken? */
} NetDays;

/* net_days.c */
extern Quantity in_millionths(Quantity quantity, const DayReader *reader);
extern bool open_net_days(const DayReader *folded, const DayReader *tail, NetDays *days);
extern bool next_net_day(NetDays *days, int32_t *day, Quantity *net);
extern bool skip_newer_days(DayReader *reader, int32_t day);

#endif							/* INVTRACK_NET_DAYS_H */
