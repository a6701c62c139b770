/*
 * day_text.c
 *		The text form of a day_series: {2026-01-03:5,2026-01-04:2.5,infinity:7}
 *
 * Output has ascending days, no spaces, and numbers without superfluous
 * zeros, so that equal series have equal text. Input may have its days in any
 * order and white space around its parts, but each day only once.
 *
 * Like day_codec.c, this is C without PostgreSQL.
 */
#include <string.h>

#include "day_codec.h"

#define INFINITY_TEXT	"infinity"
#define DATE_SIZE		10
#define DAYS_BEFORE_ERA	306		/* from 0000-03-01 to 0001-01-01 */

typedef struct TextReader
{
	const char *next;
	const char *end;
} TextReader;

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_space(TextReader *reader)
{
	while (reader->next < reader->end && is_space(*reader->next))
		reader->next++;
}

/* Pass over white space and this character, if it is next. */
static bool
take(TextReader *reader, char c)
{
	skip_space(reader);
	if (reader->next == reader->end || *reader->next != c)
		return false;
	reader->next++;
	return true;
}

/*
 * Days between 0000-03-01 and a date of the Gregorian calendar. A year that
 * begins in March ends with its leap day, which makes a month's start a
 * linear function of its number.
 */
static int32_t
days_since_march(int32_t year, int32_t month, int32_t day)
{
	int32_t		y = year - (month <= 2);
	int32_t		m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

static void
date_of_day(int32_t number, int32_t *year, int32_t *month, int32_t *day)
{
	int32_t		n = number + DAYS_BEFORE_ERA;
	int32_t		era = n / 146097;	/* 400 years */
	int32_t		in_era = n % 146097;
	int32_t		y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int32_t		in_year = in_era - (365 * y + y / 4 - y / 100);
	int32_t		m = (5 * in_year + 2) / 153;

	*day = in_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = era * 400 + y + (*month <= 2);
}

/* Exactly this many digits. */
static bool
take_digits(TextReader *reader, int count, int32_t *value)
{
	*value = 0;
	for (; count > 0; count--, reader->next++)
	{
		if (reader->next == reader->end || !is_digit(*reader->next))
			return false;
		*value = *value * 10 + (*reader->next - '0');
	}
	return true;
}

static DayCodecStatus
take_day(TextReader *reader, int32_t *number)
{
	const size_t infinity_size = strlen(INFINITY_TEXT);
	const char *start;
	int32_t		year,
				month,
				day,
				y,
				m,
				d;

	skip_space(reader);
	start = reader->next;
	if ((size_t) (reader->end - start) >= infinity_size &&
		memcmp(start, INFINITY_TEXT, infinity_size) == 0)
	{
		reader->next += infinity_size;
		*number = DAY_NEVER;
		return DAY_CODEC_OK;
	}
	if (!take_digits(reader, 4, &year) ||
		reader->next == reader->end || *reader->next++ != '-' ||
		!take_digits(reader, 2, &month) ||
		reader->next == reader->end || *reader->next++ != '-' ||
		!take_digits(reader, 2, &day))
	{
		reader->next = start;
		return DAY_CODEC_BAD_SYNTAX;
	}
	*number = days_since_march(year, month, day) - DAYS_BEFORE_ERA;
	if (year >= 1 && month >= 1 && month <= 12)
	{
		date_of_day(*number, &y, &m, &d);
		if (y == year && m == month && d == day)
			return DAY_CODEC_OK;
	}
	reader->next = start;
	return DAY_CODEC_BAD_DAY;
}

/* Is the text as a whole a date that a series can have (infinity is none)? */
bool
day_parse(const char *string, size_t size, int32_t *day)
{
	TextReader	reader = {string, string + size};

	return size == DATE_SIZE && is_digit(string[0]) &&
		take_day(&reader, day) == DAY_CODEC_OK && reader.next == reader.end;
}

/*
 * Read a plain decimal (sign, digits, point, digits; no exponent) as
 * millionths. *used is how far it was read, or where it is wrong.
 */
DayCodecStatus
quantity_parse(const char *string, size_t size, Quantity *micro, size_t *used)
{
	const char *p = string;
	const char *end = string + size;
	bool		negative = false;
	bool		any = false;
	int			decimals = -1;	/* -1: before the point */
	Quantity	value = 0;

	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	for (; p < end; p++)
	{
		*used = p - string;
		if (*p == '.' && decimals < 0)
			decimals = 0;
		else if (!is_digit(*p))
			break;
		else if (decimals == QUANTITY_DECIMALS)
		{
			if (*p != '0')
				return DAY_CODEC_TOO_MANY_DECIMALS;
		}
		else
		{
			any = true;
			decimals += decimals >= 0;
			value = value * 10 + (*p - '0');
			if (value > QUANTITY_MICRO_MAX)
				return DAY_CODEC_OUT_OF_RANGE;
		}
	}
	*used = p - string;
	if (!any)
		return DAY_CODEC_BAD_SYNTAX;
	for (decimals += decimals < 0; decimals < QUANTITY_DECIMALS; decimals++)
		value *= 10;
	*micro = negative ? -value : value;
	return value > QUANTITY_MICRO_MAX ? DAY_CODEC_OUT_OF_RANGE : DAY_CODEC_OK;
}

/* Write a quantity without superfluous zeros; returns the length. */
size_t
quantity_format(Quantity quantity, int scale, char *string)
{
	Unsigned	rest = quantity < 0 ? -(Unsigned) quantity : (Unsigned) quantity;
	char		digits[48];
	int			n = 0;
	char	   *p = string;

	for (; scale > 0 && rest % 10 == 0; scale--)
		rest /= 10;
	do
	{
		digits[n++] = '0' + (int) (rest % 10);
		rest /= 10;
	} while (rest > 0 || n <= scale);
	if (quantity < 0)
		*p++ = '-';
	while (n > 0)
	{
		*p++ = digits[--n];
		if (n == scale && scale > 0)
			*p++ = '.';
	}
	return p - string;
}

/*
 * Parse a text into entries in millionths, ascending. There is room for
 * size / DAY_ENTRY_TEXT_MIN + 1 of them, or for DAY_COUNT_MAX where that is
 * less: of more days, one is there twice. *position is where it is wrong.
 */
DayCodecStatus
day_codec_parse(const char *string, size_t size, DayEntry *entries, int32_t *count,
				size_t *position)
{
	TextReader	reader = {string, string + size};
	DayCodecStatus status = DAY_CODEC_BAD_SYNTAX;
	size_t		used;
	int32_t		given;

	*count = 0;
	if (!take(&reader, '{'))
		goto wrong;
	if (!take(&reader, '}'))
	{
		do
		{
			DayEntry   *entry = &entries[*count];

			status = DAY_CODEC_REPEATED_DAY;
			if (*count == DAY_COUNT_MAX)
				goto wrong;
			status = take_day(&reader, &entry->day);
			if (status != DAY_CODEC_OK)
				goto wrong;
			status = DAY_CODEC_BAD_SYNTAX;
			if (!take(&reader, ':'))
				goto wrong;
			skip_space(&reader);
			status = quantity_parse(reader.next, reader.end - reader.next,
									&entry->quantity, &used);
			reader.next += used;
			if (status != DAY_CODEC_OK)
				goto wrong;
			(*count)++;
		} while (take(&reader, ','));
		status = DAY_CODEC_BAD_SYNTAX;
		if (!take(&reader, '}'))
			goto wrong;
	}
	skip_space(&reader);
	if (reader.next < reader.end)
		goto wrong;
	*position = 0;
	given = *count;
	if (!day_entries_compact(entries, count))
		return DAY_CODEC_OUT_OF_RANGE;
	return *count < given ? DAY_CODEC_REPEATED_DAY : DAY_CODEC_OK;

wrong:
	*position = reader.next - string;
	return status;
}

static char *
format_day(int32_t number, char *p)
{
	int32_t		year,
				month,
				day;

	if (number == DAY_NEVER)
	{
		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): it goes on */
		memcpy(p, INFINITY_TEXT, strlen(INFINITY_TEXT));
		return p + strlen(INFINITY_TEXT);
	}
	date_of_day(number, &year, &month, &day);
	for (int i = 3; i >= 0; i--, year /= 10)
		p[i] = '0' + year % 10;
	p[4] = '-';
	p[5] = '0' + month / 10;
	p[6] = '0' + month % 10;
	p[7] = '-';
	p[8] = '0' + day / 10;
	p[9] = '0' + day % 10;
	return p + DATE_SIZE;
}

/*
 * Write the text of a series whose reader was just opened. entries has room
 * for reader->count, text for DAY_ENTRY_TEXT_MAX of each and 2 more. Returns
 * the length, 0 where the bytes are damaged.
 */
size_t
day_codec_format(DayReader *reader, DayEntry *entries, char *string)
{
	char	   *p = string;
	int32_t		i = reader->count;

	while (i > 0 && day_reader_next(reader, &entries[i - 1]))
		i--;
	if (i > 0)
		return 0;
	*p++ = '{';
	for (; i < reader->count; i++)
	{
		if (i > 0)
			*p++ = ',';
		p = format_day(entries[i].day, p);
		*p++ = ':';
		p += quantity_format(entries[i].quantity, reader->scale, p);
	}
	*p++ = '}';
	return p - string;
}
