/*
 * day_series.h
 *		The SQL type day_series: a map from days to exact quantities.
 *
 * A value is a varlena around the bytes that day_codec.h describes; it needs
 * no alignment, so that short headers need no copy.
 */
#ifndef INVTRACK_DAY_SERIES_H
#define INVTRACK_DAY_SERIES_H

#include "utils/date.h"

#include "compat.h"
#include "day_codec.h"

typedef struct varlena DaySeries;

#define DatumGetDaySeries(x)		((DaySeries *) PG_DETOAST_DATUM_PACKED(x))
#define PG_GETARG_DAY_SERIES(n)		DatumGetDaySeries(PG_GETARG_DATUM(n))

/* date's number of 0001-01-01 */
#define DATE_OF_DAY_FIRST	(-730119)

static inline DateADT
day_to_date(int32 day)
{
	return day == DAY_NEVER ? DATEVAL_NOEND : day + DATE_OF_DAY_FIRST;
}

/* day_series.c */
extern bool day_series_try_open(const DaySeries *series, DayReader *reader);
extern void day_series_open(const DaySeries *series, DayReader *reader);
extern DayEntry *day_series_entries(const DaySeries *series, int32 *count, int *scale);
extern DayEntry *day_series_between(const DaySeries *series, int32 first, int32 last,
									bool with_older, int32 *count, int *scale);
extern int32 bound_to_day(DateADT date);
extern DaySeries *day_series_pack(const DayEntry *entries, int32 count, int scale);
pg_noreturn extern void day_series_damaged(void);

#endif							/* INVTRACK_DAY_SERIES_H */
