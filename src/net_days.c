/*
 * net_days.c
 *		What two series come to day by day: the folded one of a flow, and
 *		the one of its movements that are not folded yet. Without PostgreSQL.
 */
#include "net_days.h"

Quantity
in_millionths(Quantity quantity, const DayReader *reader)
{
	return quantity * power_of_ten(QUANTITY_DECIMALS - reader->scale);
}

/* Read the next entry of one of the series, if it has one; false: damaged. */
static bool
advance(NetDays *days, int i)
{
	DayReader  *reader = &days->readers[i];

	days->pending[i] = day_reader_next(reader, &days->entries[i]);
	return days->pending[i] || reader->taken == reader->count;
}

/* Begin with the newest day. A series may be null; false: damaged. */
bool
open_net_days(const DayReader *folded, const DayReader *tail, NetDays *days)
{
	const DayReader *series[2] = {folded, tail};

	for (int i = 0; i < 2; i++)
	{
		days->pending[i] = false;
		if (series[i] == NULL)
			continue;
		days->readers[i] = *series[i];
		if (!advance(days, i))
			return false;
	}
	return true;
}

/* Take the next day and its units in millionths; *day is -1 at the end. False: damaged. */
bool
next_net_day(NetDays *days, int32_t *day, Quantity *net)
{
	*day = -1;
	*net = 0;
	for (int i = 0; i < 2; i++)
		if (days->pending[i] && days->entries[i].day > *day)
			*day = days->entries[i].day;
	for (int i = 0; i < 2; i++)
	{
		if (!days->pending[i] || days->entries[i].day != *day)
			continue;
		*net += in_millionths(days->entries[i].quantity, &days->readers[i]);
		if (!advance(days, i))
			return false;
	}
	return true;
}

/* Take the days after this one from a reader, which may be null; false: damaged. */
bool
skip_newer_days(DayReader *reader, int32_t day)
{
	DayEntry	entry;

	while (reader != NULL && reader->taken < reader->count)
	{
		DayReader	ahead = *reader;

		if (!day_reader_next(&ahead, &entry))
			return false;
		if (entry.day <= day)
			break;
		*reader = ahead;
	}
	return true;
}
