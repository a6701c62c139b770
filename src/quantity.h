/*
 * quantity.h
 *		Exact quantities between SQL's numeric and 128-bit integers.
 */
#ifndef INVTRACK_QUANTITY_H
#define INVTRACK_QUANTITY_H

#include "utils/numeric.h"

#include "day_codec.h"

#define QUANTITY_HINT	"A quantity has at most 6 decimals, and is above -10^12 and below 10^12."

typedef enum Rounding
{
	ROUND_HALF_AWAY,			/* from zero */
	ROUND_CUT					/* toward zero */
} Rounding;

/* quantity.c */
extern DayCodecStatus quantity_from_numeric(Datum value, Quantity *micro);
extern bool read_quantity(Datum value, Quantity *micro);
extern Numeric quantity_to_numeric(Quantity quantity, int scale);
extern Numeric quantity_ratio(Quantity a, int64 b, Quantity c, int64 d,
							  int decimals, Rounding rounding);

#endif							/* INVTRACK_QUANTITY_H */
