/*
 * quantity.c
 *		Exact quantities between SQL's numeric and 128-bit integers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "argument.h"
#include "compat.h"
#include "quantity.h"

/* A numeric as it is stored: see NumericShort in PostgreSQL's numeric.c. */
#define STORED_KIND_MASK		0xC000
#define STORED_KIND_SHORT		0x8000
#define STORED_NEGATIVE			0x2000
#define STORED_WEIGHT_MASK		0x003F
#define STORED_WEIGHT_NEGATIVE	0x0040

/*
 * The millionths of a numeric below 10^12, read from its stored form: a header
 * of 16 bits and 16-bit digits of base 10000, of which the first counts for
 * 10000^weight. It has been the form on disk since 9.1, and a sweep reads
 * hundreds of thousands. False: it is larger, finer or special, maybe no
 * quantity at all.
 */
static bool
read_stored(const struct varlena *value, Quantity *micro)
{
	/* what a digit counts for in millionths, from 10000^-1 to 10000^2 */
	static const int64 units[] = {
		100, INT64CONST(1000000), INT64CONST(10000000000), INT64CONST(100000000000000)
	};
	const char *bytes = VARDATA_ANY(value);
	const char *end = bytes + VARSIZE_ANY_EXHDR(value);
	uint16		header;
	int16		digit;
	int			place;
	int64		sum = 0;

	memcpy(&header, bytes, sizeof(header));
	if ((header & STORED_KIND_MASK) != STORED_KIND_SHORT)
		return false;
	place = header & STORED_WEIGHT_MASK;
	if (header & STORED_WEIGHT_NEGATIVE)
		place -= STORED_WEIGHT_MASK + 1;
	for (bytes += sizeof(header); bytes < end; bytes += sizeof(digit), place--)
	{
		memcpy(&digit, bytes, sizeof(digit));
		if (place > 2 || place < -2 || (place == -2 && digit % 100 != 0))
			return false;
		sum += place == -2 ? digit / 100 : digit * units[place + 1];
	}
	*micro = (header & STORED_NEGATIVE) ? -sum : sum;
	return true;
}

/*
 * A numeric in millionths. Anything that is no decimal of at most 6 places
 * inside the limit, NaN and infinities included, gives a status other than OK.
 */
DayCodecStatus
quantity_from_numeric(Datum value, Quantity *micro)
{
	char	   *string;
	size_t		size;
	size_t		used;
	DayCodecStatus status;

	if (read_stored(PG_DETOAST_DATUM_PACKED(value), micro))
		return DAY_CODEC_OK;
	string = numeric_normalize(DatumGetNumeric(value));
	size = strlen(string);
	status = quantity_parse(string, size, micro, &used);
	if (status == DAY_CODEC_OK && used < size)
		status = DAY_CODEC_BAD_SYNTAX;
	pfree(string);
	return status;
}

/* The same within the limits of invtrack.quantity; false: it is none. */
bool
read_quantity(Datum value, Quantity *micro)
{
	return quantity_from_numeric(value, micro) == DAY_CODEC_OK &&
		*micro > -QUANTITY_LIMIT && *micro < QUANTITY_LIMIT;
}

/*
 * is_quantity(value): the CHECK of the domain invtrack.quantity, which raises
 * its own error, with the value. Faster than numeric arithmetic, too.
 */
PG_FUNCTION_INFO_V1(quantity_is_quantity);
Datum
quantity_is_quantity(PG_FUNCTION_ARGS)
{
	Datum		value = PG_GETARG_DATUM(0);
	Quantity	micro;

	if (read_quantity(value, &micro))
		PG_RETURN_BOOL(true);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s is not a valid quantity",
					shown(DatumGetCString(DirectFunctionCall1(numeric_out, value)))),
			 errhint(QUANTITY_HINT),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, "invtrack"),
			 err_generic_string(PG_DIAG_DATATYPE_NAME, "quantity"),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "quantity_check")));
	PG_RETURN_BOOL(false);
}

/* An integer of units of 10^-scale, shown with that many decimals. */
static Numeric
scaled_numeric(Quantity value, int scale)
{
	char		string[64];
	Datum		plain;

	if (value >= PG_INT64_MIN && value <= PG_INT64_MAX)
		return int64_div_fast_to_numeric((int64) value, scale);
	string[quantity_format(value, scale, string)] = '\0';
	plain = DirectFunctionCall3(numeric_in, CStringGetDatum(string),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return DatumGetNumeric(DirectFunctionCall2(numeric_round, plain, Int32GetDatum(scale)));
}

/* A quantity as numeric, with only the decimals that it has. */
Numeric
quantity_to_numeric(Quantity quantity, int scale)
{
	int64		narrow = (int64) quantity;

	if (narrow != quantity)		/* 128-bit division is slow, and hardly ever
								 * needed */
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
										NumericGetDatum(int64_to_numeric(b *
																		 power_of_ten(decimals))));
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
	if (__builtin_mul_overflow((__int128) a, (__int128) b * power_of_ten(decimals), &n) ||
		__builtin_mul_overflow((__int128) c, (__int128) d, &m))
		return wide_ratio(a, b, c, d, decimals, rounding);
	half = (rounding == ROUND_HALF_AWAY) ? m / 2 : 0;
	/* an odd m has no exact half, but then no remainder is one either */
	if (__builtin_add_overflow(n, n < 0 ? -half : half, &n))
		return wide_ratio(a, b, c, d, decimals, rounding);
	return scaled_numeric(n / m, decimals);
}
