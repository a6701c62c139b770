/*
 * day_codec_bytes.c
 *		Any bytes as a packed day_series: they are refused, or they are the one
 *		packed form of what they hold, and sums, merges and text agree with it.
 *		That form with a mistake in it is refused.
 */
#include "fuzz.h"

/* The sum over a range is that of its entries. */
static void
check_sum(const uint8_t *bytes, size_t size, int32_t after, int32_t upto)
{
	Quantity	expected = 0;
	Quantity	sum;
	DayReader	reader;
	DayEntry   *entries;
	int32_t		count;
	int			scale;

	entries = entries_of(bytes, size, &count, &scale);
	for (int32_t i = 0; i < count; i++)
		if (entries[i].day > after && entries[i].day <= upto)
			expected += entries[i].quantity;
	free(entries);
	MUST(day_reader_open(&reader, bytes, size) == DAY_CODEC_OK);
	MUST(day_reader_sum(&reader, after, upto, &sum));
	MUST(sum == expected);
}

/* A part of the entries as a series of its own, read back in millionths. */
static DayEntry *
part_of(const DayEntry *entries, int32_t count, int scale, int32_t *part_count)
{
	size_t		size;
	int			part_scale;
	uint8_t    *packed = pack(entries, count, scale, &size);
	DayEntry   *part = entries_of(packed, size, part_count, &part_scale);

	free(packed);
	MUST(day_entries_rescale(part, *part_count, part_scale, QUANTITY_DECIMALS));
	return part;
}

/* Deal the entries out to two series; merged, in any order, they are what was there. */
static void
check_merge(const uint8_t *bytes, size_t size, unsigned pattern)
{
	int32_t		count,
				a_count = 0,
				b_count = 0;
	int			scale;
	size_t		again_size;
	uint8_t    *again;
	DayEntry   *entries = entries_of(bytes, size, &count, &scale);
	DayEntry   *dealt = room(2 * count * sizeof(DayEntry));
	DayEntry   *merged = room(2 * count * sizeof(DayEntry));
	DayEntry   *a;
	DayEntry   *b;

	for (int32_t i = 0; i < count; i++)
	{
		unsigned	turn = pattern >> (2 * (i % 16)) & 3;

		/* to the one, to the other, or to both */
		if (turn != 1)
			dealt[a_count++] = entries[i];
		if (turn != 0)
			dealt[count + b_count++] = entries[i];
		if (turn > 1)
		{
			dealt[a_count - 1].quantity /= 3;
			dealt[count + b_count - 1].quantity -= dealt[a_count - 1].quantity;
		}
	}
	a = part_of(dealt, a_count, scale, &a_count);
	b = part_of(dealt + count, b_count, scale, &b_count);
	for (int turn = 0; turn < 2; turn++)
	{
		MUST((turn == 0 ? day_entries_merge(a, a_count, b, b_count, merged)
			  : day_entries_merge(b, b_count, a, a_count, merged)) == count);
		again = pack(merged, count, QUANTITY_DECIMALS, &again_size);
		must_be_same(bytes, size, again, again_size);
		free(again);
	}
	free(a);
	free(b);
	free(merged);
	free(dealt);
	free(entries);
}

/* What makes bytes other than the one packed form of a series. */
typedef enum Mistake
{
	NONE,
	LONG_VARINT,				/* a superfluous zero byte */
	WIDE_VARINT,				/* more than 128 bits */
	GAP_BEFORE_NEWEST,
	QUANTITY_TOO_LARGE,
	WRONG_TOTAL,
	WRONG_SPAN,
	SCALE_TOO_LARGE,
	MISTAKES
} Mistake;

typedef struct Writer
{
	uint8_t    *next;
	Mistake		mistake;
	unsigned	place;			/* the number of the varint that it is made in */
	unsigned	written;
	bool		made;
} Writer;

static void
write_varint(Writer *writer, unsigned __int128 value)
{
	uint8_t    *start = writer->next;
	bool		is_place = writer->written++ == writer->place;

	for (; value >= 0x80; value >>= 7)
		*writer->next++ = (uint8_t) value | 0x80;
	*writer->next++ = (uint8_t) value;
	if (!is_place || (writer->mistake != LONG_VARINT && writer->mistake != WIDE_VARINT))
		return;
	writer->made = true;
	if (writer->mistake == LONG_VARINT)
	{
		writer->next[-1] |= 0x80;
		*writer->next++ = 0;
		return;
	}
	while (writer->next - start < VARINT_SIZE_MAX)
	{
		writer->next[-1] |= 0x80;
		*writer->next++ = 0;
	}
	writer->next[-1] |= 4;
}

static void
write_quantity(Writer *writer, Quantity quantity, unsigned gap)
{
	unsigned __int128 value = (unsigned __int128) quantity * 2;

	/* zigzag, shifted by the bit that tells of a gap */
	write_varint(writer, (quantity < 0 ? -value - 1 : value) * 2 + gap);
}

static void
write_series(Writer *writer, const DayEntry *entries, int32_t count, int scale)
{
	Mistake		mistake = writer->mistake;
	Quantity	total = mistake == WRONG_TOTAL;
	unsigned __int128 twice;

	for (int32_t i = 0; i < count; i++)
		total += entries[i].quantity;
	twice = (unsigned __int128) total * 2;
	*writer->next++ = 1;
	*writer->next++ = (uint8_t) scale;
	write_varint(writer, count);
	write_varint(writer, entries[count - 1].day);
	write_varint(writer, entries[count - 1].day - entries[0].day + (mistake == WRONG_SPAN));
	write_varint(writer, total < 0 ? -twice - 1 : twice);
	for (int32_t i = count - 1; i >= 0; i--)
	{
		int32_t		gap = i == count - 1 ? 1 : entries[i + 1].day - entries[i].day;
		bool		wrong = i == count - 1 && mistake == GAP_BEFORE_NEWEST;

		write_quantity(writer, entries[i].quantity, gap > 1 || wrong);
		if (gap > 1 || wrong)
			write_varint(writer, wrong ? 0 : gap - 2);
	}
}

/*
 * The same series with one mistake is refused. Mutations of bytes hardly ever
 * make one that leaves everything else as it should be.
 */
static void
check_mistake(const uint8_t *bytes, size_t size, unsigned any)
{
	int32_t		count;
	int			scale;
	uint8_t    *wrong;
	size_t		position;
	DayEntry   *entries = entries_of(bytes, size, &count, &scale);
	uint8_t    *start = room(day_codec_size_max(count) + VARINT_SIZE_MAX);
	Writer		writer = {start, any % MISTAKES, any / MISTAKES % (4 + 2 * count), 0, false};

	if (count > 0 && (writer.mistake != SCALE_TOO_LARGE || scale < QUANTITY_DECIMALS))
	{
		if (writer.mistake == QUANTITY_TOO_LARGE)
			entries[any % count].quantity =
				(QUANTITY_MICRO_MAX / power_of_ten(QUANTITY_DECIMALS - scale) + 1) * (any & 8 ? 1 : -1);
		if (writer.mistake == SCALE_TOO_LARGE)
		{
			MUST(day_entries_rescale(entries, count, scale, scale + 1));
			scale++;
		}
		writer.made = writer.mistake > WIDE_VARINT;
		write_series(&writer, entries, count, scale);
		wrong = copy(start, writer.next - start);
		MUST((day_codec_check(wrong, writer.next - start, &position) == DAY_CODEC_OK) != writer.made);
		free(wrong);
	}
	free(start);
	free(entries);
}

static void
check_series(const uint8_t *bytes, size_t size, unsigned any)
{
	DayReader	reader;

	must_come_back(bytes, size);
	MUST(day_reader_open(&reader, bytes, size) == DAY_CODEC_OK);
	check_sum(bytes, size, -1, DAY_NEVER);
	check_sum(bytes, size, reader.first, reader.last);
	check_sum(bytes, size, reader.last - (int32_t) (any % 64), reader.last - 1);
	check_sum(bytes, size, any % DAY_NEVER, DAY_LAST);
	check_merge(bytes, size, any);
	check_mistake(bytes, size, any);
}

/*
 * Few mutations of bytes have the right total in their header. So read what
 * they hold as far as it makes sense, and go on with the series of that.
 */
static void
check_what_is_readable(const uint8_t *bytes, size_t size, unsigned any)
{
	DayReader	reader;
	DayEntry   *entries;
	Quantity	limit;
	uint8_t    *packed;
	size_t		packed_size;
	int32_t		count;
	int32_t		unused;

	if (day_reader_open(&reader, bytes, size) != DAY_CODEC_OK)
		return;
	/* what a caller makes room for is bounded by what there is */
	MUST((size_t) reader.count <= size);
	limit = QUANTITY_MICRO_MAX / power_of_ten(QUANTITY_DECIMALS - reader.scale);
	entries = room(reader.count * sizeof(DayEntry));
	count = reader.count;
	while (count > 0 && day_reader_next(&reader, &entries[count - 1]))
	{
		MUST(reader.next <= reader.end);
		if (entries[count - 1].quantity > limit || entries[count - 1].quantity < -limit)
			entries[count - 1].quantity = limit;
		count--;
	}
	unused = count;
	count = reader.count - unused;
	packed = pack(entries + unused, count, reader.scale, &packed_size);
	free(entries);
	check_series(packed, packed_size, any);
	free(packed);
}

/* The first 4 bytes choose ranges and parts, the rest is the value. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned	any;
	size_t		position = 0;
	uint8_t    *bytes;

	if (size < sizeof(any))
		return 0;
	memcpy(&any, data, sizeof(any));
	size -= sizeof(any);
	bytes = copy(data + sizeof(any), size);
	if (day_codec_check(bytes, size, &position) == DAY_CODEC_OK)
		check_series(bytes, size, any);
	else
	{
		MUST(position <= size);
		check_what_is_readable(bytes, size, any);
	}
	free(bytes);
	return 0;
}
