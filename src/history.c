/*
 * history.c
 *		Series that say what a figure was, day by day.
 *
 * Such a series has an entry for a day on which the figure changed, and none
 * for a day on which it stayed: its row is rewritten only when there is news.
 * Which days were looked at at all is one more series, of the merchant.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "argument.h"
#include "compat.h"
#include "day_series.h"
#include "history.h"
#include "quantity.h"

/*
 * A figure in millionths. One that is larger than an entry may be, as health
 * can be, counts as the largest there is.
 */
static Quantity
figure_of_numeric(Datum value)
{
	Quantity	micro = 0;

	switch (quantity_from_numeric(value, &micro))
	{
		case DAY_CODEC_OK:
			break;
		case DAY_CODEC_OUT_OF_RANGE:
			micro = DatumGetBool(DirectFunctionCall2(numeric_lt, value,
													 NumericGetDatum(int64_to_numeric(0)))) ?
				-QUANTITY_MICRO_MAX : QUANTITY_MICRO_MAX;
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("quantity %s cannot be kept in a day_series",
							DatumGetCString(DirectFunctionCall1(numeric_out, value))),
					 errhint("A quantity is a number with at most %d decimals.",
							 QUANTITY_DECIMALS),
					 errargument("quantity")));
	}
	return micro;
}

/* The argument of a day; there must be one. */
static int32
history_day(FunctionCallInfo fcinfo, int arg)
{
	int32		day;

	require_not_null(fcinfo, arg, "day");
	(void) day_of_argument(fcinfo, arg, "day", &day);
	return day;
}

/* The reason that an entry of a history stands for; false: it is none. */
bool
history_reason(Quantity quantity, int scale, Reason *reason)
{
	Quantity	unit = power_of_ten(scale);

	*reason = (Reason) (quantity / unit);
	return quantity >= 0 && quantity % unit == 0 && quantity / unit < REASONS;
}

/*
 * history_says(series, day, quantity): is the latest entry up to the day of
 * this quantity?
 */
PG_FUNCTION_INFO_V1(history_says);
Datum
history_says(PG_FUNCTION_ARGS)
{
	int32		day = history_day(fcinfo, 1);
	DayReader	reader;
	DayEntry	entry;

	require_not_null(fcinfo, 2, "quantity");
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	while (day_reader_next(&reader, &entry))
	{
		if (entry.day <= day)
			PG_RETURN_BOOL(entry.quantity * power_of_ten(QUANTITY_DECIMALS - reader.scale) ==
						   figure_of_numeric(PG_GETARG_DATUM(2)));
	}
	if (reader.taken < reader.count)
		day_series_damaged();
	PG_RETURN_BOOL(false);
}

/*
 * Put an entry where it belongs into ascending ones, which have room for it;
 * it takes the place of one of the same day.
 */
static int32
put_entry(DayEntry *entries, int32 count, DayEntry entry)
{
	int32		place = count;

	while (place > 0 && entries[place - 1].day > entry.day)
		place--;
	if (place > 0 && entries[place - 1].day == entry.day)
	{
		entries[place - 1] = entry;
		return count;
	}
	memmove(entries + place + 1, entries + place, (count - place) * sizeof(DayEntry));
	entries[place] = entry;
	return count + 1;
}

/*
 * history_with(series, day, quantity): the series with this quantity as that
 * of the day, whatever was there before.
 */
PG_FUNCTION_INFO_V1(history_with);
Datum
history_with(PG_FUNCTION_ARGS)
{
	DayEntry	entry;
	DayEntry   *entries = NULL;
	int32		count = 0;
	int			scale = QUANTITY_DECIMALS;

	entry.day = history_day(fcinfo, 1);
	require_not_null(fcinfo, 2, "quantity");
	entry.quantity = figure_of_numeric(PG_GETARG_DATUM(2));
	if (!PG_ARGISNULL(0))
		entries = day_series_entries(PG_GETARG_DAY_SERIES(0), &count, &scale);
	if (entries == NULL)
		entries = palloc(sizeof(DayEntry));
	else
		entries = repalloc(entries, (count + 1) * sizeof(DayEntry));
	if (!day_entries_rescale(entries, count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	count = put_entry(entries, count, entry);
	PG_RETURN_POINTER(day_series_pack(entries, count, QUANTITY_DECIMALS));
}

/*
 * history_sum(one, other): what two figures were together. A figure is 0 before its
 * first entry, and what its latest entry says after that.
 */
PG_FUNCTION_INFO_V1(history_sum);
Datum
history_sum(PG_FUNCTION_ARGS)
{
	DayEntry   *entries[2];
	int32		counts[2];
	int32		next[2] = {0, 0};
	DayEntry   *sums;
	int32		count = 0;

	for (int i = 0; i < 2; i++)
	{
		int			scale;

		entries[i] = day_series_entries(PG_GETARG_DAY_SERIES(i), &counts[i], &scale);
		if (!day_entries_rescale(entries[i], counts[i], scale, QUANTITY_DECIMALS))
			day_series_damaged();
	}
	sums = palloc(((Size) counts[0] + counts[1] + 1) * sizeof(DayEntry));
	while (next[0] < counts[0] || next[1] < counts[1])
	{
		DayEntry   *sum = &sums[count++];

		sum->day = DAY_COUNT_MAX;
		sum->quantity = 0;
		for (int i = 0; i < 2; i++)
			if (next[i] < counts[i] && entries[i][next[i]].day < sum->day)
				sum->day = entries[i][next[i]].day;
		for (int i = 0; i < 2; i++)
		{
			if (next[i] < counts[i] && entries[i][next[i]].day == sum->day)
				next[i]++;
			if (next[i] > 0)
				sum->quantity += entries[i][next[i] - 1].quantity;
		}
	}
	PG_RETURN_POINTER(day_series_pack(sums, count, QUANTITY_DECIMALS));
}

/* The reason of this name, an argument; null is none. */
Reason
reason_of_argument(FunctionCallInfo fcinfo, int arg)
{
	Reason		reason = REASON_NONE;

	if (!PG_ARGISNULL(arg))
	{
		text	   *name = PG_GETARG_TEXT_PP(arg);

		if (!reason_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &reason))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("reason \"%s\" does not exist", text_to_cstring(name)),
					 errargument("reason")));
	}
	return reason;
}

/* reason_number(reason): what a history keeps of a reason; 0 for none */
PG_FUNCTION_INFO_V1(history_reason_number);
Datum
history_reason_number(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(int64_to_numeric(reason_of_argument(fcinfo, 0)));
}

/*
 * last_status(reasons): the status that the latest reason of a history stands for; null without any
 */
PG_FUNCTION_INFO_V1(history_last_status);
Datum
history_last_status(PG_FUNCTION_ARGS)
{
	DayReader	reader;
	DayEntry	entry;
	Reason		reason;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	if (reader.count == 0)
		PG_RETURN_NULL();
	if (!day_reader_next(&reader, &entry))
		day_series_damaged();
	if (!history_reason(entry.quantity, reader.scale, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the day_series is not one of reasons"),
				 errhint("Only checks write invtrack.tracker_history."),
				 errargument("reasons")));
	PG_RETURN_TEXT_P(cstring_to_text(status_name(status_of_reason(reason))));
}

/* are_reasons(reasons): does each entry of an intact history stand for a reason? */
PG_FUNCTION_INFO_V1(history_are_reasons);
Datum
history_are_reasons(PG_FUNCTION_ARGS)
{
	DayReader	reader;
	DayEntry	entry;
	Reason		reason;

	day_series_open(PG_GETARG_DAY_SERIES(0), &reader);
	while (day_reader_next(&reader, &entry))
		if (!history_reason(entry.quantity, reader.scale, &reason))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}
