/*
 * day_codec_test.c
 *		The codec of day_series alone, under the sanitizers: what is packed is
 *		read back, there is one packed form, and no bytes or text make it read
 *		past their end. Takes a seed as its argument, or INVTRACK_SEED.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "day_codec.h"
#include "tap.h"

#define DAYS_MAX	400
#define ROUNDS		20000
#define BYTES_MAX	(DAY_HEADER_SIZE_MAX + DAYS_MAX * (VARINT_SIZE_MAX + 4))

static uint64_t
random_bits(void)
{
	static uint64_t state = 0;

	if (state == 0)
	{
		const char *seed = getenv("INVTRACK_SEED");

		state = seed != NULL ? strtoull(seed, NULL, 10) : 20260101;
		printf("# seed %llu\n", (unsigned long long) state);
		state = state * 2 + 1;
	}
	/* xorshift64* */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717ULL;
}

/* A number of up to this many bits, each size as likely. */
static Quantity
random_quantity(int bits)
{
	Quantity	value = (Quantity) random_bits() << 36 | (random_bits() >> 28);

	value >>= 100 - random_bits() % (bits + 1);
	return random_bits() % 4 == 0 ? -value : value;
}

/* Ascending entries, dense or sparse, sometimes with the day "never". */
static int32_t
random_entries(DayEntry *entries, int bits)
{
	int32_t		count = random_bits() % DAYS_MAX;
	int32_t		step = 1 + random_bits() % (random_bits() % 8 == 0 ? 3000 : 3);
	int32_t		day = random_bits() % 700000;

	for (int32_t i = 0; i < count; i++)
	{
		day += 1 + random_bits() % step;
		entries[i].day = day;
		entries[i].quantity = random_quantity(bits);
	}
	if (count > 0 && random_bits() % 4 == 0)
		entries[count - 1].day = DAY_NEVER;
	return count;
}

static bool
read_back(const uint8_t *bytes, size_t size, const DayEntry *entries, int32_t count, int scale)
{
	DayReader	reader;
	DayEntry	entry;

	if (day_reader_open(&reader, bytes, size) != DAY_CODEC_OK || reader.count != count)
		return false;
	for (int32_t i = count - 1; i >= 0; i--)
		if (!day_reader_next(&reader, &entry) || entry.day != entries[i].day ||
			entry.quantity * power_of_ten(scale - reader.scale) != entries[i].quantity)
			return false;
	return !day_reader_next(&reader, &entry);
}

static bool
sums_agree(const uint8_t *bytes, size_t size, const DayEntry *entries, int32_t count, int scale)
{
	/* around a day that is there, so that most ranges begin or end inside the series */
	int32_t		after = count == 0 ? 0 : entries[random_bits() % count].day - random_bits() % 3;
	int32_t		upto = random_bits() % 3 == 0 ? DAY_NEVER : after + random_bits() % 1000;
	Quantity	expected = 0;
	Quantity	sum;
	DayReader	reader;

	for (int32_t i = 0; i < count; i++)
		if (entries[i].day > after && entries[i].day <= upto)
			expected += entries[i].quantity;
	return day_reader_open(&reader, bytes, size) == DAY_CODEC_OK &&
		day_reader_sum(&reader, after, upto, &sum) &&
		sum * power_of_ten(scale - reader.scale) == expected;
}

static bool
text_agrees(const uint8_t *bytes, size_t size)
{
	static char text[DAYS_MAX * DAY_ENTRY_TEXT_MAX + 2];
	static DayEntry entries[DAYS_MAX * DAY_ENTRY_TEXT_MAX];
	uint8_t		again[BYTES_MAX];
	size_t		again_size;
	size_t		position;
	int32_t		count;
	DayReader	reader;

	day_reader_open(&reader, bytes, size);
	return day_codec_parse(text, day_codec_format(&reader, entries, text), entries,
						   &count, &position) == DAY_CODEC_OK &&
		day_codec_pack(entries, count, QUANTITY_DECIMALS, again, &again_size) == DAY_CODEC_OK &&
		again_size == size && memcmp(bytes, again, size) == 0;
}

/* day_reader_sum() has a faster loop of its own: an entry at a time must give the same, for damaged bytes too. */
static bool
sum_agrees_with_entries(const uint8_t *bytes, size_t size)
{
	DayReader	reader;
	DayEntry	entry;
	int32_t		after,
				upto;
	Quantity	sum,
				expected = 0;
	bool		older = false;

	if (day_reader_open(&reader, bytes, size) != DAY_CODEC_OK || reader.count == 0)
		return true;
	after = reader.first + random_bits() % 3;
	upto = reader.last - random_bits() % 3;
	if (reader.last <= after || reader.first > upto)
		return true;
	while (!older && day_reader_next(&reader, &entry))
	{
		older = entry.day <= after;
		if (!older && entry.day <= upto)
			expected += entry.quantity;
	}
	older |= reader.taken == reader.count;
	day_reader_open(&reader, bytes, size);
	return day_reader_sum(&reader, after, upto, &sum) == older && (!older || sum == expected);
}

static void
test_round_trips(void)
{
	bool		packed = true,
				read = true,
				checked = true,
				summed = true,
				text = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		static const int bits[] = {0, 3, 8, 40, 60, 75};
		DayEntry	entries[DAYS_MAX];
		uint8_t		bytes[BYTES_MAX];
		size_t		size = 0;
		size_t		position;
		int			scale = random_bits() % (QUANTITY_DECIMALS + 1);
		int32_t		count = random_entries(entries, bits[random_bits() % 6]);
		uint8_t    *exact;

		packed &= day_codec_pack(entries, count, scale, bytes, &size) == DAY_CODEC_OK;
		exact = malloc(size);	/* so that the sanitizer sees an over-read */
		memcpy(exact, bytes, size);
		checked &= day_codec_check(exact, size, &position) == DAY_CODEC_OK;
		read &= read_back(exact, size, entries, count, scale);
		summed &= sums_agree(exact, size, entries, count, scale);
		text &= i % 20 != 0 || text_agrees(exact, size);
		free(exact);
	}
	ok(packed, "random series are packed");
	ok(checked, "what is packed is in the one packed form");
	ok(read, "what is packed is read back");
	ok(summed, "sums over ranges equal those of the entries");
	ok(text, "text and back gives the same bytes");
}

/* Bytes that pass the check must be exactly what packing their entries gives. */
static bool
is_canonical(const uint8_t *bytes, size_t size)
{
	static DayEntry entries[BYTES_MAX];
	uint8_t		again[BYTES_MAX];
	size_t		again_size;
	DayReader	reader;

	day_reader_open(&reader, bytes, size);
	for (int32_t i = reader.count; i > 0; i--)
		if (!day_reader_next(&reader, &entries[i - 1]))
			return false;
	return day_codec_pack(entries, reader.count, reader.scale, again, &again_size) == DAY_CODEC_OK &&
		again_size == size && memcmp(bytes, again, size) == 0;
}

static void
test_damage(void)
{
	int			accepted = 0,
				refused = 0;
	bool		canonical = true,
				summed = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		DayEntry	entries[DAYS_MAX];
		uint8_t		bytes[BYTES_MAX];
		size_t		size;
		size_t		position;
		uint8_t    *damaged;
		int32_t		count = random_entries(entries, 8) % 20;

		day_codec_pack(entries, count, 0, bytes, &size);
		if (random_bits() % 2 == 0)
			size = random_bits() % (size + 1);
		damaged = malloc(size);
		memcpy(damaged, bytes, size);
		for (int flips = random_bits() % 3; flips > 0 && size > 0; flips--)
			damaged[random_bits() % size] ^= 1 << random_bits() % 8;
		if (day_codec_check(damaged, size, &position) == DAY_CODEC_OK)
		{
			accepted++;
			canonical &= is_canonical(damaged, size);
		}
		else
		{
			/* reading them all the same must end, and stay inside */
			refused++;
			summed &= sum_agrees_with_entries(damaged, size);
		}
		free(damaged);
	}
	printf("# %d damaged values refused, %d are values\n", refused, accepted);
	ok(refused > ROUNDS / 4 && accepted > 0, "damage is found");
	ok(canonical, "what passes the check has the one packed form");
	ok(summed, "sums over damaged values are those of the entries, or refused like them");
}

static void
test_texts(void)
{
	static const struct
	{
		const char *text;
		DayCodecStatus status;
		size_t		position;
	}			cases[] = {
		{"{}", DAY_CODEC_OK, 0},
		{" { 2024-02-29 : 1 , 0001-01-01:-.5,infinity:+7.000000000 } ", DAY_CODEC_OK, 0},
		{"", DAY_CODEC_BAD_SYNTAX, 0},
		{"{", DAY_CODEC_BAD_SYNTAX, 1},
		{"{}x", DAY_CODEC_BAD_SYNTAX, 2},
		{"{2024-02-29}", DAY_CODEC_BAD_SYNTAX, 11},
		{"{2024-02-29:}", DAY_CODEC_BAD_SYNTAX, 12},
		{"{2024-02-29:1,}", DAY_CODEC_BAD_SYNTAX, 14},
		{"{2023-02-29:1}", DAY_CODEC_BAD_DAY, 1},
		{"{0000-12-31:1}", DAY_CODEC_BAD_DAY, 1},
		{"{1900-02-29:1}", DAY_CODEC_BAD_DAY, 1},
		{"{2024-02-29:1,2024-02-29:1}", DAY_CODEC_REPEATED_DAY, 0},
		{"{2024-02-29:1.0000001}", DAY_CODEC_TOO_MANY_DECIMALS, 20},
		{"{2024-02-29:1000000000000000000000000}", DAY_CODEC_OK, 0},
		{"{2024-02-29:1000000000000000000000000.000001}", DAY_CODEC_OUT_OF_RANGE, 43},
		{"{2024-02-29:NaN}", DAY_CODEC_BAD_SYNTAX, 12},
		{"{-infinity:1}", DAY_CODEC_BAD_SYNTAX, 1}
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t		size = strlen(cases[i].text);
		char	   *text = malloc(size + 1);
		DayEntry   *entries = malloc((size / DAY_ENTRY_TEXT_MIN + 1) * sizeof(DayEntry));
		int32_t		count;
		size_t		position = 99;
		DayCodecStatus status;

		memcpy(text, cases[i].text, size);
		status = day_codec_parse(text, size, entries, &count, &position);
		if (status != cases[i].status || position != cases[i].position)
			printf("# status %d at %zu\n", status, position);
		ok(status == cases[i].status && position == cases[i].position, cases[i].text);
		free(entries);
		free(text);
	}
}

/* Each day of the calendar is formatted and parsed to itself, in order. */
static void
test_calendar(void)
{
	bool		same = true;
	char		before[11] = "";

	for (int32_t day = DAY_FIRST; day <= DAY_LAST; day++)
	{
		DayEntry	entry = {0, day};
		uint8_t		bytes[DAY_HEADER_SIZE_MAX + VARINT_SIZE_MAX + 4];
		char		text[DAY_ENTRY_TEXT_MAX + 2];
		char		date[11] = "";
		size_t		size;
		int32_t		parsed;
		DayReader	reader;

		day_codec_pack(&entry, 1, 0, bytes, &size);
		day_reader_open(&reader, bytes, size);
		day_codec_format(&reader, &entry, text);
		memcpy(date, text + 1, 10);
		same &= day_parse(date, 10, &parsed) && parsed == day && strcmp(before, date) < 0;
		memcpy(before, date, sizeof(before));
	}
	ok(same && strcmp(before, "9999-12-31") == 0, "each day of the calendar has its own text");
}

int
main(void)
{
	test_texts();
	test_calendar();
	test_round_trips();
	test_damage();
	return done_testing();
}
