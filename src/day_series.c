/*
 * day_series.c
 *		The SQL type day_series and its functions, over day_codec.c.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "compat.h"
#include "day_series.h"
#include "quantity.h"
#include "subtransaction.h"

/* How much of a wrong text an error shows. */
#define SHOWN_TEXT_MAX	40

void
day_series_damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a day_series is damaged"),
			 errdetail("Its bytes do not follow the packed format, or are of a version that this library does not know."),
			 errhint("invtrack.verify() tells which series of invtrack's tables are damaged, and invtrack.verify(repair => true) rebuilds those of movements.")));
}

/* Read the header of a value; false where it is damaged. */
bool
day_series_try_open(const DaySeries *series, DayReader *reader)
{
	return day_reader_open(reader, (const uint8_t *) VARDATA_ANY(series),
						   VARSIZE_ANY_EXHDR(series)) == DAY_CODEC_OK;
}

void
day_series_open(const DaySeries *series, DayReader *reader)
{
	if (!day_series_try_open(series, reader))
		day_series_damaged();
}

/* Unpack a value into an array of its entries, ascending. */
DayEntry *
day_series_entries(const DaySeries *series, int32 *count, int *scale)
{
	DayReader	reader;
	DayEntry   *entries;
	int32		i;

	day_series_open(series, &reader);
	entries = palloc(Max(reader.count, 1) * sizeof(DayEntry));
	for (i = reader.count; i > 0; i--)
		if (!day_reader_next(&reader, &entries[i - 1]))
			day_series_damaged();
	*count = reader.count;
	*scale = reader.scale;
	return entries;
}

/*
 * Unpack the entries of the days first <= day <= last, ascending; if asked for,
 * after the latest older one, where the first day has none. Newer ones are passed over,
 * those that are older still are not looked at.
 */
DayEntry *
day_series_between(const DaySeries *series, int32 first, int32 last, bool with_older,
				   int32 *count, int *scale)
{
	DayReader	reader;
	DayEntry   *entries;
	DayEntry	entry = {0, DAY_NEVER + 1};
	int32		taken = 0;

	day_series_open(series, &reader);
	entries = palloc((Min(reader.count, Max(last - first + 1, 0)) + 1) * sizeof(DayEntry));
	while (reader.taken < reader.count && entry.day > first && (with_older || reader.last >= first))
	{
		if (!day_reader_next(&reader, &entry))
			day_series_damaged();
		if (entry.day < first ? with_older : entry.day <= last)
			entries[taken++] = entry;
	}
	for (int32 i = 0; i < taken / 2; i++)
	{
		entry = entries[i];
		entries[i] = entries[taken - 1 - i];
		entries[taken - 1 - i] = entry;
	}
	*count = taken;
	*scale = reader.scale;
	return entries;
}

/* Make a value of ascending entries. */
DaySeries *
day_series_pack(const DayEntry *entries, int32 count, int scale)
{
	DaySeries  *series = palloc_extended(VARHDRSZ + day_codec_size_max(count), MCXT_ALLOC_HUGE);
	size_t		size;

	if (day_codec_pack(entries, count, scale, (uint8_t *) VARDATA(series), &size) != DAY_CODEC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a quantity of a day_series is out of range"),
				 errhint("The quantity of a day is at most 10^24; leave out what is larger.")));
	SET_VARSIZE(series, VARHDRSZ + size);
	return repalloc(series, VARHDRSZ + size);
}

static int
status_sqlstate(DayCodecStatus status, int malformed)
{
	return status == DAY_CODEC_OUT_OF_RANGE ? ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : malformed;
}

static const char *
status_text(DayCodecStatus status)
{
	switch (status)
	{
		case DAY_CODEC_BAD_DAY:
			return "no date from 0001-01-01 to 9999-12-31";
		case DAY_CODEC_TOO_MANY_DECIMALS:
			return "more than 6 decimals";
		case DAY_CODEC_OUT_OF_RANGE:
			return "a quantity above 10^24";
		case DAY_CODEC_BAD_VERSION:
			return "an unknown format version";
		default:
			return "unexpected or missing characters";
	}
}

PG_FUNCTION_INFO_V1(day_series_in);
Datum
day_series_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);
	size_t		size = strlen(string);
	DayEntry   *entries = palloc(Min(size / DAY_ENTRY_TEXT_MIN + 1,
									 DAY_COUNT_MAX) * sizeof(DayEntry));
	int32		count;
	size_t		position;
	DayCodecStatus status = day_codec_parse(string, size, entries, &count, &position);

	if (status != DAY_CODEC_OK)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(status_sqlstate(status, ERRCODE_INVALID_TEXT_REPRESENTATION)),
				 errmsg("invalid input syntax for type day_series: \"%.*s%s\"",
						pg_mbcliplen(string, size, SHOWN_TEXT_MAX), string,
						size > SHOWN_TEXT_MAX ? "..." : ""),
				 status == DAY_CODEC_REPEATED_DAY ? errdetail("A day is there twice.") :
				 errdetail("At character %d: %s.",
						   pg_mbstrlen_with_len(string, position) + 1, status_text(status)),
				 errhint("Write days and quantities like {2026-01-03:5,2026-01-04:2.5,infinity:7}.")));
	PG_RETURN_POINTER(day_series_pack(entries, count, QUANTITY_DECIMALS));
}

PG_FUNCTION_INFO_V1(day_series_out);
Datum
day_series_out(PG_FUNCTION_ARGS)
{
	DayReader	reader;
	DayEntry   *entries;
	char	   *string;
	size_t		size;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	entries = palloc(Max(reader.count, 1) * sizeof(DayEntry));
	string = palloc_extended((size_t) reader.count * DAY_ENTRY_TEXT_MAX + 3, MCXT_ALLOC_HUGE);
	size = day_codec_format(&reader, entries, string);
	if (size == 0)
		day_series_damaged();
	string[size] = '\0';
	pfree(entries);
	PG_RETURN_CSTRING(string);
}

/* The binary form is the packed one, which is the same on all machines. */
PG_FUNCTION_INFO_V1(day_series_recv);
Datum
day_series_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buffer->len - buffer->cursor;
	const char *bytes = pq_getmsgbytes(buffer, size);
	size_t		position;
	DayCodecStatus status = day_codec_check((const uint8_t *) bytes, size, &position);

	if (status != DAY_CODEC_OK)
		ereport(ERROR,
				(errcode(status_sqlstate(status, ERRCODE_INVALID_BINARY_REPRESENTATION)),
				 errmsg("invalid binary format of type day_series"),
				 errdetail("Near byte %zu of %d: %s.", Min(position + 1, size), size,
						   status == DAY_CODEC_BAD_SYNTAX ? "unexpected or missing bytes" :
						   status_text(status))));
	PG_RETURN_POINTER(cstring_to_text_with_len(bytes, size));
}

PG_FUNCTION_INFO_V1(day_series_send);
Datum
day_series_send(PG_FUNCTION_ARGS)
{
	DaySeries  *series = PG_GETARG_DAY_SERIES(0);

	PG_RETURN_BYTEA_P(cstring_to_text_with_len(VARDATA_ANY(series), VARSIZE_ANY_EXHDR(series)));
}

/* Each series has one packed form, so equality is that of bytes. */
static bool
same_bytes(const DaySeries *a, const DaySeries *b)
{
	Size		size = VARSIZE_ANY_EXHDR(a);

	return size == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), size) == 0;
}

PG_FUNCTION_INFO_V1(day_series_eq);
Datum
day_series_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_bytes(PG_GETARG_DAY_SERIES(0), PG_GETARG_DAY_SERIES(1)));
}

PG_FUNCTION_INFO_V1(day_series_ne);
Datum
day_series_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_bytes(PG_GETARG_DAY_SERIES(0), PG_GETARG_DAY_SERIES(1)));
}

PG_FUNCTION_INFO_V1(day_series_hash);
Datum
day_series_hash(PG_FUNCTION_ARGS)
{
	DaySeries  *series = PG_GETARG_DAY_SERIES(0);

	return hash_any((unsigned char *) VARDATA_ANY(series), VARSIZE_ANY_EXHDR(series));
}

PG_FUNCTION_INFO_V1(day_series_hash_extended);
Datum
day_series_hash_extended(PG_FUNCTION_ARGS)
{
	DaySeries  *series = PG_GETARG_DAY_SERIES(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(series),
							 VARSIZE_ANY_EXHDR(series), PG_GETARG_INT64(1));
}

typedef struct Fetch
{
	Datum		value;
	DaySeries  *series;
} Fetch;

static bool
fetch(void *argument)
{
	Fetch	   *fetching = argument;

	fetching->series = DatumGetDaySeries(fetching->value);
	return true;
}

/*
 * Fetch a value that is stored elsewhere; null where what is stored there is
 * damaged. In a subtransaction, since the error comes from the table below.
 */
static DaySeries *
fetch_softly(Datum value)
{
	Fetch		fetching = {value, NULL};
	ErrorData  *error = run_in_subtransaction(fetch, &fetching);

	if (error != NULL && ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INTERNAL_ERROR)
		ReThrowError(error);
	return fetching.series;
}

/* is_intact(series): is it what a series is, to the byte? Damage is no error here. */
PG_FUNCTION_INFO_V1(day_series_is_intact);
Datum
day_series_is_intact(PG_FUNCTION_ARGS)
{
	Pointer		value = DatumGetPointer(PG_GETARG_DATUM(0));
	DaySeries  *series;
	size_t		position;

	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		series = fetch_softly(PG_GETARG_DATUM(0));
	else
		series = PG_GETARG_DAY_SERIES(0);
	PG_RETURN_BOOL(series != NULL &&
				   day_codec_check((const uint8_t *) VARDATA_ANY(series), VARSIZE_ANY_EXHDR(series),
								   &position) == DAY_CODEC_OK);
}

PG_FUNCTION_INFO_V1(day_series_add);
Datum
day_series_add(PG_FUNCTION_ARGS)
{
	int32		a_count,
				b_count,
				count;
	int			a_scale,
				b_scale,
				scale;
	DayEntry   *a = day_series_entries(PG_GETARG_DAY_SERIES(0), &a_count, &a_scale);
	DayEntry   *b = day_series_entries(PG_GETARG_DAY_SERIES(1), &b_count, &b_scale);
	DayEntry   *merged = palloc_extended((Size) (a_count + b_count + 1) * sizeof(DayEntry),
										 MCXT_ALLOC_HUGE);

	scale = Max(a_scale, b_scale);
	if (!day_entries_rescale(a, a_count, a_scale, scale) ||
		!day_entries_rescale(b, b_count, b_scale, scale))
		day_series_damaged();
	count = day_entries_merge(a, a_count, b, b_count, merged);
	PG_RETURN_POINTER(day_series_pack(merged, count, scale));
}

/*
 * A bound of a range as a day. Bounds may lie outside of the days that a
 * series can have; they are brought to the nearest that means the same.
 */
int32
bound_to_day(DateADT date)
{
	if (DATE_IS_NOEND(date))
		return DAY_NEVER;
	if (date < DATE_OF_DAY_FIRST)
		return DAY_FIRST - 1;
	return Min(date - DATE_OF_DAY_FIRST, DAY_LAST);
}

PG_FUNCTION_INFO_V1(day_series_range_sum);
Datum
day_series_range_sum(PG_FUNCTION_ARGS)
{
	DayReader	reader;
	Quantity	sum;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	if (!day_reader_sum(&reader, bound_to_day(PG_GETARG_DATEADT(1)),
						bound_to_day(PG_GETARG_DATEADT(2)), &sum))
		day_series_damaged();
	PG_RETURN_NUMERIC(quantity_to_numeric(sum, reader.scale));
}

PG_FUNCTION_INFO_V1(day_series_first_day);
Datum
day_series_first_day(PG_FUNCTION_ARGS)
{
	DayReader	reader;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	if (reader.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day_to_date(reader.first));
}

PG_FUNCTION_INFO_V1(day_series_last_day);
Datum
day_series_last_day(PG_FUNCTION_ARGS)
{
	DayReader	reader;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	if (reader.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day_to_date(reader.last));
}

/* The earliest day later than this one that has more than 0 units. */
PG_FUNCTION_INFO_V1(day_series_next_day);
Datum
day_series_next_day(PG_FUNCTION_ARGS)
{
	int32		after = bound_to_day(PG_GETARG_DATEADT(1));
	int32		found = -1;
	DayReader	reader;
	DayEntry	entry = {0, DAY_NEVER};

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	while (day_reader_next(&reader, &entry))
	{
		if (entry.day <= after)
			break;
		if (entry.quantity > 0)
			found = entry.day;
	}
	if (reader.taken < reader.count && entry.day > after)
		day_series_damaged();
	if (found < 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day_to_date(found));
}

PG_FUNCTION_INFO_V1(day_series_total);
Datum
day_series_total(PG_FUNCTION_ARGS)
{
	DayReader	reader;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	PG_RETURN_NUMERIC(quantity_to_numeric(reader.total, reader.scale));
}

PG_FUNCTION_INFO_V1(day_series_unnest);
Datum
day_series_unnest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	DayEntry   *entries;
	int32		count;
	int			scale;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	entries = day_series_entries(PG_GETARG_DAY_SERIES(0), &count, &scale);
	for (int32 i = 0; i < count; i++)
	{
		Numeric		quantity = quantity_to_numeric(entries[i].quantity, scale);
		Datum		values[2] = {DateADTGetDatum(day_to_date(entries[i].day)),
		NumericGetDatum(quantity)};
		bool		nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(quantity);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}
