/*
 * day_codec.h
 *		The packed form of a day_series, without PostgreSQL.
 *
 * Nothing here allocates, reports or knows what a Datum is: the codec works on
 * buffers of its caller and says by a DayCodecStatus what it found. That keeps
 * it small enough to be tested and fuzzed alone.
 *
 * A day is a number: 0 is 0001-01-01, DAY_LAST is 9999-12-31, and DAY_NEVER,
 * one later, stands for "no date" (the text "infinity"). A quantity is an
 * integer of units of 10^-scale.
 *
 * Packed format, version 1
 * ------------------------
 *	byte 0		version, 1
 *	byte 1		scale, 0 to 6: how many decimals the quantities have; always
 *				the smallest that holds them all
 *	varint		number of days; if it is 0, the value ends here and scale is 0
 *	varint		the last day
 *	varint		last day - first day
 *	varint		the total of all quantities, zigzag
 *	tokens		one a day, newest day first:
 *				varint(zigzag(quantity) * 2 + gap), where gap is 1 if the day
 *				does not directly precede the newer one; then it is followed
 *				by varint(days between the two - 2). The newest has gap 0.
 *
 * A varint has 7 bits a byte, least significant first, the top bit set on all
 * bytes but its last, and no superfluous bytes; zigzag maps 0, -1, 1, -2, ...
 * to 0, 1, 2, 3, ... So each series has exactly one packed form and equality
 * is that of bytes; a dense year of small sales takes one or two bytes a day.
 * Newest first, because windows end near today: a reader stops at their start.
 */
#ifndef INVTRACK_DAY_CODEC_H
#define INVTRACK_DAY_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAY_FIRST			0
#define DAY_LAST			3652058

/* A day or a number of days that is not there. */
#define NO_DAY				(-1)
#define DAY_NEVER			3652059
#define DAY_COUNT_MAX		(DAY_NEVER + 1)
#define QUANTITY_DECIMALS	6

/* The longest varint (128 bits) and the longest header. */
#define VARINT_SIZE_MAX		19
#define DAY_HEADER_SIZE_MAX (2 + 3 * 4 + VARINT_SIZE_MAX)

/* The longest text of an entry: a date, a colon, sign, digits, point, comma. */
#define DAY_ENTRY_TEXT_MAX	(10 + 1 + 1 + 31 + 1 + 1)
/* The shortest, which bounds the number of entries in a text. */
#define DAY_ENTRY_TEXT_MIN	10

/*
 * A quantity in units of 10^-scale. palloc aligns to 8 bytes and a bare
 * __int128 wants 16, hence the attribute.
 */
typedef __int128 Quantity __attribute__((aligned(8)));
typedef unsigned __int128 Unsigned;

/* What a rule, a movement or a lot says, in millionths, is below this. */
#define QUANTITY_LIMIT		((Quantity) 1000000000000000000LL)

/*
 * No day's quantity is larger than this many millionths: 10^24 whole units, a
 * million million of the largest quantities that a table takes. The sum of
 * that over all days there are is still far inside 128 bits.
 */
#define QUANTITY_MICRO_MAX	((Quantity) 1000000000000000LL * 1000000000000000LL)

typedef enum DayCodecStatus
{
	DAY_CODEC_OK,
	DAY_CODEC_BAD_SYNTAX,		/* text or bytes that are no day_series */
	DAY_CODEC_BAD_DAY,			/* no such date, or not from 0001 to 9999 */
	DAY_CODEC_REPEATED_DAY,
	DAY_CODEC_TOO_MANY_DECIMALS,
	DAY_CODEC_OUT_OF_RANGE,		/* a quantity above QUANTITY_MICRO_MAX */
	DAY_CODEC_BAD_VERSION
} DayCodecStatus;

typedef struct DayEntry
{
	Quantity	quantity;
	int32_t		day;
} DayEntry;

/* An unpacked header, and the place in the tokens that is read next. */
typedef struct DayReader
{
	const uint8_t *start;
	const uint8_t *next;
	const uint8_t *end;
	int			scale;
	int32_t		count;
	int32_t		first;
	int32_t		last;
	Quantity	limit;			/* of a day's quantity, in units of scale */
	Quantity	total;
	int32_t		taken;			/* entries returned so far */
	int32_t		day;			/* the day returned last */
	Quantity	quantity;		/* and its quantity, where day_reader_next()
								 * returned it */
} DayReader;

/* Reading packed series. */
extern DayCodecStatus day_reader_open(DayReader *reader, const uint8_t *bytes, size_t size);
extern bool day_reader_next(DayReader *reader, DayEntry *entry);
extern bool day_reader_sum(DayReader *reader, int32_t after, int32_t upto, Quantity *sum);
extern DayCodecStatus day_codec_check(const uint8_t *bytes, size_t size, size_t *position);

/* Making them; entries are in ascending order of their days. */
extern size_t day_codec_size_max(int32_t count);
extern DayCodecStatus day_codec_pack(const DayEntry *entries, int32_t count, int scale,
									 uint8_t *bytes, size_t *size);
extern bool day_entries_compact(DayEntry *entries, int32_t *count);
extern bool day_entries_rescale(DayEntry *entries, int32_t count, int from, int to);
extern int32_t day_entries_merge(const DayEntry *a, int32_t a_count,
								 const DayEntry *b, int32_t b_count, DayEntry *merged);

/* Text. */
extern DayCodecStatus day_codec_parse(const char *string, size_t size, DayEntry *entries,
									  int32_t *count, size_t *position);
extern size_t day_codec_format(DayReader *reader, DayEntry *entries, char *string);
extern bool day_parse(const char *string, size_t size, int32_t *day);
extern DayCodecStatus quantity_parse(const char *string, size_t size, Quantity *micro,
									 size_t *used);
extern size_t quantity_format(Quantity quantity, int scale, char *string);

/* 10^exponent, for 0 <= exponent <= QUANTITY_DECIMALS */
static inline int64_t
power_of_ten(int exponent)
{
	static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

	return powers[exponent];
}

#endif							/* INVTRACK_DAY_CODEC_H */
