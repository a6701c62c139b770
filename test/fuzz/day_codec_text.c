/*
 * day_codec_text.c
 *		Any text as a day_series: it is refused at a place inside it, or its
 *		packed form is that of its own output. And any text as a date or a
 *		quantity.
 */
#include "fuzz.h"

static void
check_series_text(const char *text, size_t size)
{
	DayEntry   *entries = room((size / DAY_ENTRY_TEXT_MIN + 1) * sizeof(DayEntry));
	uint8_t    *packed;
	size_t		packed_size;
	size_t		position = 0;
	int32_t		count = 0;

	if (day_codec_parse(text, size, entries, &count, &position) == DAY_CODEC_OK)
	{
		packed = pack(entries, count, QUANTITY_DECIMALS, &packed_size);
		must_come_back(packed, packed_size);
		free(packed);
	}
	else
		MUST(position <= size);
	MUST(count >= 0 && (size_t) count <= size / DAY_ENTRY_TEXT_MIN + 1);
	free(entries);
}

static void
check_date(const char *text, size_t size)
{
	DayEntry	entry = {0};
	uint8_t    *packed;
	size_t		packed_size;
	DayReader	reader;
	char		formatted[DAY_ENTRY_TEXT_MAX + 2];

	if (!day_parse(text, size, &entry.day))
		return;
	MUST(entry.day >= DAY_FIRST && entry.day <= DAY_LAST);
	packed = pack(&entry, 1, 0, &packed_size);
	MUST(day_reader_open(&reader, packed, packed_size) == DAY_CODEC_OK);
	MUST(day_codec_format(&reader, &entry, formatted) == 1 + size + 3);
	MUST(memcmp(formatted + 1, text, size) == 0);
	free(packed);
}

static void
require_quantity(const char *text, size_t size)
{
	Quantity	micro;
	Quantity	again;
	size_t		used = 0;
	size_t		again_used;
	size_t		formatted_size;
	char		formatted[DAY_ENTRY_TEXT_MAX];

	if (quantity_parse(text, size, &micro, &used) == DAY_CODEC_OK)
	{
		MUST(micro == 0 || (micro < 0) == (text[0] == '-'));
		MUST(micro <= QUANTITY_MICRO_MAX && micro >= -QUANTITY_MICRO_MAX);
		formatted_size = quantity_format(micro, QUANTITY_DECIMALS, formatted);
		MUST(formatted_size <= sizeof(formatted));
		MUST(quantity_parse(formatted, formatted_size, &again, &again_used) == DAY_CODEC_OK);
		MUST(again == micro && again_used == formatted_size);
	}
	MUST(used <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = copy(data, size);

	check_series_text(text, size);
	check_date(text, size);
	require_quantity(text, size);
	free(text);
	return 0;
}
