/*
 * fuzz.h
 *		What the fuzz targets share: a condition that must hold, whatever the
 *		input, and the ways from a packed series and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "day_codec.h"

#define MUST(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of exactly this size, so that the sanitizer sees what goes past it. */
static inline void *
room(size_t size)
{
	void	   *memory = malloc(size);

	MUST(memory != NULL || size == 0);
	return memory;
}

static inline void *
copy(const void *bytes, size_t size)
{
	return size == 0 ? room(0) : memcpy(room(size), bytes, size);
}

/* Pack entries, and hold that the result is in the one packed form. */
static inline uint8_t *
pack(const DayEntry *entries, int32_t count, int scale, size_t *size)
{
	uint8_t    *bytes = room(day_codec_size_max(count));
	uint8_t    *packed;
	size_t		position;

	MUST(day_codec_pack(entries, count, scale, bytes, size) == DAY_CODEC_OK);
	MUST(*size <= day_codec_size_max(count));
	packed = copy(bytes, *size);
	free(bytes);
	MUST(day_codec_check(packed, *size, &position) == DAY_CODEC_OK);
	return packed;
}

/* All entries of a packed series, ascending. */
static inline DayEntry *
entries_of(const uint8_t *bytes, size_t size, int32_t *count, int *scale)
{
	DayReader	reader;
	DayEntry   *entries;
	DayEntry	beyond;

	MUST(day_reader_open(&reader, bytes, size) == DAY_CODEC_OK);
	entries = room(reader.count * sizeof(DayEntry));
	for (int32_t i = reader.count - 1; i >= 0; i--)
	{
		MUST(day_reader_next(&reader, &entries[i]));
		MUST(entries[i].day >= DAY_FIRST && entries[i].day <= DAY_NEVER);
		MUST(i == reader.count - 1 || entries[i].day < entries[i + 1].day);
	}
	MUST(!day_reader_next(&reader, &beyond));
	*count = reader.count;
	*scale = reader.scale;
	return entries;
}

static inline void
must_be_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	MUST(a_size == b_size && memcmp(a, b, a_size) == 0);
}

/* Unpack and pack again, format and parse again: the same bytes. */
static inline void
must_come_back(const uint8_t *bytes, size_t size)
{
	DayReader	reader;
	DayEntry   *entries;
	uint8_t    *again;
	char	   *text;
	char	   *exact;
	size_t		again_size;
	size_t		text_size;
	size_t		position;
	int32_t		count;
	int			scale;

	entries = entries_of(bytes, size, &count, &scale);
	again = pack(entries, count, scale, &again_size);
	must_be_same(bytes, size, again, again_size);
	free(again);

	text = room((size_t) count * DAY_ENTRY_TEXT_MAX + 2);
	MUST(day_reader_open(&reader, bytes, size) == DAY_CODEC_OK);
	text_size = day_codec_format(&reader, entries, text);
	MUST(text_size >= 2 && text_size <= (size_t) count * DAY_ENTRY_TEXT_MAX + 2);
	exact = copy(text, text_size);
	free(text);
	free(entries);
	entries = room((text_size / DAY_ENTRY_TEXT_MIN + 1) * sizeof(DayEntry));
	MUST(day_codec_parse(exact, text_size, entries, &count, &position) == DAY_CODEC_OK);
	again = pack(entries, count, QUANTITY_DECIMALS, &again_size);
	must_be_same(bytes, size, again, again_size);
	free(again);
	free(entries);
	free(exact);
}
