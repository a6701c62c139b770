/*
 * quantity.c
 *		Exact quantities between SQL's numeric and 128-bit integers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "quantity.h"

/*
 * A numeric in millionths. Anything that is no decimal of at most 6 places
 * inside the limit, NaN and infinities included, gives a status other than OK.
 */
DayCodecStatus
quantity_from_numeric(Numeric value, Quantity *micro)
{
	char	   *text = numeric_normalize(value);
	size_t		size = strlen(text);
	size_t		used;
	DayCodecStatus status = quantity_parse(text, size, micro, &used);

	if (status == DAY_CODEC_OK && used < size)
		status = DAY_CODEC_BAD_SYNTAX;
	pfree(text);
	return status;
}

/* An integer of units of 10^-scale, shown with that many decimals. */
static Numeric
scaled_numeric(Quantity value, int scale)
{
	char		text[64];
	Datum		plain;

	if (value >= PG_INT64_MIN && value <= PG_INT64_MAX)
		return int64_div_fast_to_numeric((int64) value, scale);
	text[quantity_format(value, scale, text)] = '\0';
	plain = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return DatumGetNumeric(DirectFunctionCall2(numeric_round, plain, Int32GetDatum(scale)));
}

/* A quantity as numeric, with only the decimals that it has. */
Numeric
quantity_to_numeric(Quantity quantity, int scale)
{
	int64		narrow = (int64) quantity;

	if (narrow != quantity)		/* 128-bit division is slow, and hardly ever needed */
	{
		for (; scale > 0 && quantity % 10 == 0; scale--)
			quantity /= 10;
		return scaled_numeric(quantity, scale);
	}
	for (; scale > 0 && narrow % 10 == 0; scale--)
		narrow /= 10;
	return scaled_numeric(narrow, scale);
}

/* a * b * 10^decimals / (c * d) where 128 bits don't hold the products. */
static Numeric
wide_ratio(Quantity a, int64 b, Quantity c, int64 d, int decimals, Rounding rounding)
{
	Datum		n = DirectFunctionCall2(numeric_mul,
										NumericGetDatum(scaled_numeric(a, 0)),
										NumericGetDatum(int64_to_numeric(b * power_of_ten(decimals))));
	Datum		m = DirectFunctionCall2(numeric_mul,
										NumericGetDatum(scaled_numeric(c, 0)),
										NumericGetDatum(int64_to_numeric(d)));

	if (rounding == ROUND_HALF_AWAY)
	{
		Datum		two = NumericGetDatum(int64_to_numeric(2));

		n = DirectFunctionCall2(numeric_mul, n, two);
		n = DirectFunctionCall2(a < 0 ? numeric_sub : numeric_add, n, m);
		m = DirectFunctionCall2(numeric_mul, m, two);
	}
	n = DirectFunctionCall2(numeric_div_trunc, n, m);
	n = DirectFunctionCall2(numeric_mul, n,
							NumericGetDatum(int64_div_fast_to_numeric(1, decimals)));
	return DatumGetNumeric(n);
}

/*
 * a * b / (c * d), worked out exactly and then rounded to this many decimals.
 * c and d are positive, b is not negative and at most 10^12.
 */
Numeric
quantity_ratio(Quantity a, int64 b, Quantity c, int64 d, int decimals, Rounding rounding)
{
	__int128	n,
				m,
				half;

	Assert(c > 0 && d > 0 && b >= 0);
	if (__builtin_mul_overflow((__int128) a, (__int128) (b * power_of_ten(decimals)), &n) ||
		__builtin_mul_overflow((__int128) c, (__int128) d, &m))
		return wide_ratio(a, b, c, d, decimals, rounding);
	half = (rounding == ROUND_HALF_AWAY) ? m / 2 : 0;
	/* an odd m has no exact half, but then no remainder is one either */
	if (__builtin_add_overflow(n, n < 0 ? -half : half, &n))
		return wide_ratio(a, b, c, d, decimals, rounding);
	return scaled_numeric(n / m, decimals);
}
