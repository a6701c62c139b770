/*
 * fold.h
 *		Folding of movements, and what must take turns with it.
 */
#ifndef INVTRACK_FOLD_H
#define INVTRACK_FOLD_H

#include "utils/date.h"

/* The last day that purges have taken of merchant $1; -infinity if there was none. */
#define LAST_PURGED_DAY \
	"(SELECT coalesce(pg_catalog.max(invtrack.last_day(s.purged::invtrack.day_series))," \
	" '-infinity'::pg_catalog.date) FROM invtrack.flow_series s" \
	" WHERE s.merchant " EQ " $1 AND s.purged IS NOT NULL" \
	" AND invtrack_internal.is_intact(s.purged::invtrack.day_series))"

/* fold.c: between SPI_connect() and SPI_finish() */
extern void lock_fold_state(Datum merchant);
extern void share_fold_state(Datum merchant);
extern DateADT last_purged_day(Datum merchant);
extern void note_purged(Datum merchant);

#endif							/* INVTRACK_FOLD_H */
