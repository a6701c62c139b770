/*
 * day_codec.c
 *		Packing and unpacking of a day_series; day_codec.h has the format.
 *
 * Every read is checked against the end of the value, so that a damaged or
 * hostile one gives a status and never an over-read.
 */
#include <stdlib.h>

#include "day_codec.h"

#define FORMAT_VERSION	1


static Unsigned
zigzag(Quantity value)
{
	return ((Unsigned) value << 1) ^ (Unsigned) (value >> 127);
}

static Quantity
unzigzag(Unsigned value)
{
	return (Quantity) (value >> 1) ^ -(Quantity) (value & 1);
}

static uint8_t *
put_varint(uint8_t *p, Unsigned value)
{
	while (value >= 0x80)
	{
		*p++ = (uint8_t) value | 0x80;
		value >>= 7;
	}
	*p++ = (uint8_t) value;
	return p;
}

/* The rest of a varint of more than 9 bytes, which 64 bits do not hold. */
static bool
get_long_varint(const uint8_t **p, const uint8_t *end, uint64_t low, Unsigned *value)
{
	Unsigned	result = low;
	int			shift = 63;

	while (*p < end && shift < 7 * VARINT_SIZE_MAX)
	{
		uint8_t		byte = *(*p)++;

		if (shift == 126 && byte > 3)
			return false;		/* more than 128 bits */
		result |= (Unsigned) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = result;
			return byte != 0;	/* a zero at the top is superfluous */
		}
		shift += 7;
	}
	return false;
}

static bool
get_varint(const uint8_t **p, const uint8_t *end, Unsigned *value)
{
	uint64_t	result = 0;
	int			shift = 0;

	while (*p < end && shift < 63)
	{
		uint8_t		byte = *(*p)++;

		result |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = result;
			return byte != 0 || shift == 0;
		}
		shift += 7;
	}
	return shift == 63 && get_long_varint(p, end, result, value);
}

/* A varint that counts days. */
static bool
get_days(const uint8_t **p, const uint8_t *end, int32_t limit, int32_t *value)
{
	Unsigned	wide;

	if (!get_varint(p, end, &wide) || wide > (Unsigned) limit)
		return false;
	*value = (int32_t) wide;
	return true;
}

/*
 * Read the header. A series without days has first = DAY_NEVER + 1 and last =
 * -1, so that no range meets it.
 */
DayCodecStatus
day_reader_open(DayReader *reader, const uint8_t *bytes, size_t size)
{
	const uint8_t *end = bytes + size;
	int32_t		span;
	Unsigned	total;

	reader->start = bytes;
	reader->next = bytes;
	reader->end = end;
	reader->taken = 0;
	if (size < 3)
		return DAY_CODEC_BAD_SYNTAX;
	if (bytes[0] != FORMAT_VERSION)
		return DAY_CODEC_BAD_VERSION;
	reader->next++;
	reader->scale = *reader->next++;
	if (reader->scale > QUANTITY_DECIMALS)
		return DAY_CODEC_BAD_SYNTAX;

	/*
	 * an entry takes a byte at least, so no count makes a caller
	 * over-allocate
	 */
	if (!get_days(&reader->next, end, DAY_COUNT_MAX, &reader->count) ||
		reader->count > end - reader->next)
		return DAY_CODEC_BAD_SYNTAX;
	if (reader->count == 0)
	{
		reader->first = DAY_COUNT_MAX;
		reader->last = -1;
		reader->total = 0;
		return DAY_CODEC_OK;
	}
	if (!get_days(&reader->next, end, DAY_NEVER, &reader->last) ||
		!get_days(&reader->next, end, reader->last, &span) ||
		!get_varint(&reader->next, end, &total))
		return DAY_CODEC_BAD_SYNTAX;
	reader->first = reader->last - span;
	reader->limit = QUANTITY_MICRO_MAX / power_of_ten(QUANTITY_DECIMALS - reader->scale);
	reader->total = unzigzag(total);
	if (reader->total > reader->limit * reader->count ||
		reader->total < -reader->limit * reader->count)
		return DAY_CODEC_OUT_OF_RANGE;
	return DAY_CODEC_OK;
}

/*
 * The next older entry. False at the end, and where the bytes make no sense;
 * reader->taken < reader->count tells the two apart.
 */
bool
day_reader_next(DayReader *reader, DayEntry *entry)
{
	Unsigned	token;
	int32_t		gap = 1;

	if (reader->taken == reader->count ||
		!get_varint(&reader->next, reader->end, &token))
		return false;
	if (token & 1)
	{
		if (!get_days(&reader->next, reader->end, DAY_NEVER, &gap))
			return false;
		gap += 2;
	}
	entry->day = (reader->taken == 0) ? reader->last : reader->day - gap;
	if (entry->day < reader->first)
		return false;
	entry->quantity = unzigzag(token >> 1);
	if (entry->quantity > reader->limit || entry->quantity < -reader->limit)
		return false;
	reader->day = entry->day;
	reader->quantity = entry->quantity;
	reader->taken++;
	return true;
}

/* A varint of one or two bytes; returns its end, null where it is longer. */
static const uint8_t *
get_short_varint(const uint8_t *p, uint32_t *value)
{
	*value = p[0];
	if (p[0] < 0x80)
		return p + 1;
	*value = (p[0] & 0x7F) | (uint32_t) p[1] << 7;
	return p[1] > 0 && p[1] < 0x80 ? p + 2 : NULL;
}

/*
 * As the loop of day_reader_sum(), for entries of short varints, which most
 * are: a year takes a third of the time. Stops before the first entry
 * that is longer, not in order, too old, or within 4 bytes of the end.
 */
static int64_t
sum_short_entries(DayReader *reader, int32_t after, int32_t upto)
{
	const int32_t oldest = after >= reader->first ? after + 1 : reader->first;
	int64_t		sum = 0;

	while (reader->taken < reader->count && reader->end - reader->next >= 4)
	{
		uint32_t	token,
					gap = 1;
		const uint8_t *p = get_short_varint(reader->next, &token);

		if (p != NULL && (token & 1))
		{
			p = get_short_varint(p, &gap);
			gap += 2;
		}
		if (p == NULL || reader->day - (int32_t) gap < oldest)
			break;
		reader->day -= gap;
		reader->next = p;
		reader->taken++;
		token >>= 1;
		if (reader->day <= upto)
			sum += (int32_t) (token >> 1) ^ -(int32_t) (token & 1);
	}
	return sum;
}

/*
 * The sum of the days after < day <= upto, in units of the reader's scale.
 * To be called once, on a reader just opened, or from which only days after
 * upto were taken. If it has to read as far as an
 * older day, the reader stops there, with its day and quantity. False: damaged
 * bytes.
 */
bool
day_reader_sum(DayReader *reader, int32_t after, int32_t upto, Quantity *sum)
{
	DayEntry	entry;

	*sum = 0;
	if (reader->last <= after || reader->first > upto)
		return true;
	if (reader->first > after && reader->last <= upto)
	{
		*sum = reader->total;
		return true;
	}
	while (day_reader_next(reader, &entry))
	{
		if (entry.day <= after)
			return true;
		if (entry.day <= upto)
			*sum += entry.quantity;
		*sum += sum_short_entries(reader, after, upto);
	}
	return reader->taken == reader->count;
}

/*
 * Bytes from outside: do they hold a series, in its one packed form? Reading
 * checks the syntax; that packing what was read gives the same header and
 * that each step of it is minimal checks the form. *position is the byte that
 * is wrong.
 */
DayCodecStatus
day_codec_check(const uint8_t *bytes, size_t size, size_t *position)
{
	DayReader	reader;
	DayEntry	entry = {0, 0};
	Quantity	total = 0;
	bool		needs_scale = false;
	DayCodecStatus status = day_reader_open(&reader, bytes, size);

	*position = reader.next - bytes;
	if (status != DAY_CODEC_OK)
		return status;
	while (day_reader_next(&reader, &entry))
	{
		/* the newest day follows no other, and no gap is a gap of one day */
		if (reader.taken == 1 && (bytes[*position] & 1))
			return DAY_CODEC_BAD_SYNTAX;
		needs_scale |= entry.quantity % 10 != 0;
		total += entry.quantity;
		*position = reader.next - bytes;
	}
	if (reader.taken < reader.count &&
		(entry.quantity > reader.limit || entry.quantity < -reader.limit))
		return DAY_CODEC_OUT_OF_RANGE;
	if (reader.taken < reader.count || reader.next != reader.end)
		return DAY_CODEC_BAD_SYNTAX;
	if (reader.count > 0 && reader.day != reader.first)
		return DAY_CODEC_BAD_SYNTAX;
	if (total != reader.total || (reader.scale > 0 && !needs_scale))
	{
		*position = 1;
		return DAY_CODEC_BAD_SYNTAX;
	}
	return DAY_CODEC_OK;
}

/* Room that surely holds a packed series of that many days. */
size_t
day_codec_size_max(int32_t count)
{
	return DAY_HEADER_SIZE_MAX + (size_t) count * (VARINT_SIZE_MAX + 4);
}

/* Most quantities fit 64 bits, whose division is several times as fast. */
static Quantity
divide(Quantity quantity, int64_t divisor)
{
	int64_t		narrow = (int64_t) quantity;

	return narrow == quantity ? narrow / divisor : quantity / divisor;
}

/* The smallest scale that holds all the entries, at most the given one. */
static int
smallest_scale(const DayEntry *entries, int32_t count, int scale)
{
	int			needed = 0;

	for (int32_t i = 0; i < count && needed < scale; i++)
	{
		Quantity	q = entries[i].quantity;

		while (needed < scale &&
			   divide(q, power_of_ten(scale - needed)) * power_of_ten(scale - needed) != q)
			needed++;
	}
	return needed;
}

/*
 * Pack entries, which are in ascending order of their days, into bytes, which
 * has room for day_codec_size_max(count).
 */
DayCodecStatus
day_codec_pack(const DayEntry *entries, int32_t count, int scale, uint8_t *bytes, size_t *size)
{
	int			packed_scale = smallest_scale(entries, count, scale);
	int64_t		divisor = power_of_ten(scale - packed_scale);
	Quantity	limit = QUANTITY_MICRO_MAX / power_of_ten(QUANTITY_DECIMALS - scale);
	Quantity	total = 0;
	uint8_t    *p = bytes;

	for (int32_t i = 0; i < count; i++)
	{
		if (entries[i].quantity > limit || entries[i].quantity < -limit)
			return DAY_CODEC_OUT_OF_RANGE;
		total += entries[i].quantity;
	}
	*p++ = FORMAT_VERSION;
	*p++ = (uint8_t) packed_scale;
	p = put_varint(p, count);
	if (count > 0)
	{
		p = put_varint(p, entries[count - 1].day);
		p = put_varint(p, entries[count - 1].day - entries[0].day);
		p = put_varint(p, zigzag(divide(total, divisor)));
	}
	for (int32_t i = count - 1; i >= 0; i--)
	{
		int32_t		gap = (i == count - 1) ? 1 : entries[i + 1].day - entries[i].day;
		Quantity	quantity = divide(entries[i].quantity, divisor);

		p = put_varint(p, zigzag(quantity) << 1 | (gap > 1));
		if (gap > 1)
			p = put_varint(p, gap - 2);
	}
	*size = p - bytes;
	return DAY_CODEC_OK;
}

static int
compare_days(const void *a, const void *b)
{
	int32_t		x = ((const DayEntry *) a)->day;
	int32_t		y = ((const DayEntry *) b)->day;

	return (x > y) - (x < y);
}

/*
 * Bring entries of any order into ascending order and add up those of the
 * same day. False: a sum overflows.
 */
bool
day_entries_compact(DayEntry *entries, int32_t *count)
{
	bool		ascending = true;
	int32_t		last = 0;

	for (int32_t i = 1; i < *count && ascending; i++)
		ascending = entries[i - 1].day < entries[i].day;
	if (ascending)
		return true;
	qsort(entries, *count, sizeof(DayEntry), compare_days);
	for (int32_t i = 1; i < *count; i++)
	{
		if (entries[i].day != entries[last].day)
			entries[++last] = entries[i];
		else if (__builtin_add_overflow(entries[last].quantity, entries[i].quantity,
										&entries[last].quantity))
			return false;
	}
	*count = last + 1;
	return true;
}

/* Go from units of 10^-from to the finer ones of 10^-to; false: too large. */
bool
day_entries_rescale(DayEntry *entries, int32_t count, int from, int to)
{
	int64_t		factor = power_of_ten(to - from);

	if (factor == 1)
		return true;
	for (int32_t i = 0; i < count; i++)
		if (__builtin_mul_overflow(entries[i].quantity, factor, &entries[i].quantity))
			return false;
	return true;
}

/*
 * Merge two ascending lists of the same scale, adding up the days they share.
 * merged has room for both. Returns the number of merged entries. Two sums
 * inside the limit do not overflow 128 bits; packing checks the limit.
 */
int32_t
day_entries_merge(const DayEntry *a, int32_t a_count, const DayEntry *b, int32_t b_count,
				  DayEntry *merged)
{
	int32_t		i = 0,
				j = 0,
				n = 0;

	while (i < a_count && j < b_count)
	{
		if (a[i].day < b[j].day)
			merged[n++] = a[i++];
		else if (a[i].day > b[j].day)
			merged[n++] = b[j++];
		else
		{
			merged[n] = a[i++];
			merged[n++].quantity += b[j++].quantity;
		}
	}
	while (i < a_count)
		merged[n++] = a[i++];
	while (j < b_count)
		merged[n++] = b[j++];
	return n;
}
