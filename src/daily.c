/*
 * daily.c
 *		Series as rows, one for each day, between two days.
 *
 * The views by day call these functions for all days. daily_plan.c puts the
 * days that a query asks for in their place, so that other days are neither
 * made rows nor, where they are older, looked at.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "day_series.h"
#include "history.h"
#include "quantity.h"

/* Series of a history that are shown side by side. */
#define HISTORIES_MAX	4

/* Ascending entries, of units of 10^-scale. */
typedef struct Entries
{
	DayEntry   *entry;
	int32		count;
	int			scale;
} Entries;

/* Put a row of a day and its values into the result, and free the values. */
static void
put_day(ReturnSetInfo *result, int32 day, Datum *values, bool *nulls, int count)
{
	CHECK_FOR_INTERRUPTS();
	values[0] = DateADTGetDatum(day_to_date(day));
	nulls[0] = false;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	for (int i = 1; i <= count; i++)
		if (!nulls[i])
			pfree(DatumGetPointer(values[i]));
}

/* The status and the reason that an entry stands for. */
static void
set_verdict(const DayEntry *entry, int scale, Datum *values, bool *nulls)
{
	Reason		reason;
	const char *name;

	if (!history_reason(entry->quantity, scale, &reason))
		day_series_damaged();
	values[0] = CStringGetTextDatum(status_name(status_of_reason(reason)));
	nulls[0] = false;
	name = reason_name(reason);
	if (name != NULL)
		values[1] = CStringGetTextDatum(name);
	nulls[1] = name == NULL;
}

/*
 * Put a row of a day and what histories say into the result; an entry is null where there is none.
 */
static void
put_histories(ReturnSetInfo *result, int32 day, const Entries *history,
			  const DayEntry *const *entries, int histories, bool with_reasons)
{
	Datum		values[2 + HISTORIES_MAX];
	bool		nulls[2 + HISTORIES_MAX];
	int			quantities = histories - (with_reasons ? 1 : 0);

	memset(nulls, true, sizeof(nulls));
	for (int h = 0; h < quantities; h++)
	{
		nulls[h + 1] = entries[h] == NULL;
		if (!nulls[h + 1])
			values[h + 1] = NumericGetDatum(quantity_to_numeric(entries[h]->quantity,
																history[h].scale));
	}
	if (with_reasons && entries[quantities] != NULL)
		set_verdict(entries[quantities], history[quantities].scale, &values[histories],
					&nulls[histories]);
	put_day(result, day, values, nulls, histories + (with_reasons ? 1 : 0));
}

/* The parts of a flow: the folded one and the one that waits, where they are. */
static DaySeries **
get_parts(ArrayType *array, int *count)
{
	Datum	   *values;
	bool	   *nulls;
	int			elements;
	DaySeries **parts;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &values, &nulls,
					  &elements);
	parts = palloc(Max(elements, 1) * sizeof(DaySeries *));
	*count = 0;
	for (int i = 0; i < elements; i++)
		if (!nulls[i])
			parts[(*count)++] = DatumGetDaySeries(values[i]);
	return parts;
}

/* Add entries to a sum, in the finer scale of both. */
static void
add_entries(Entries *sum, Entries *more)
{
	int			scale = Max(sum->scale, more->scale);
	DayEntry   *merged = palloc_extended((Size) (sum->count + more->count + 1) * sizeof(DayEntry),
										 MCXT_ALLOC_HUGE);

	if (!day_entries_rescale(sum->entry, sum->count, sum->scale, scale) ||
		!day_entries_rescale(more->entry, more->count, more->scale, scale))
		day_series_damaged();
	sum->count = day_entries_merge(sum->entry, sum->count, more->entry, more->count, merged);
	sum->entry = merged;
	sum->scale = scale;
}

/* The sum of the parts, of the days from first to last. */
static Entries
sum_parts(DaySeries **parts, int count, int32 first, int32 last)
{
	Entries		sum = {NULL, 0, 0};

	for (int i = 0; i < count; i++)
	{
		Entries		part;

		part.entry = day_series_between(parts[i], first, last, false, &part.count, &part.scale);
		if (i == 0)
			sum = part;
		else
			add_entries(&sum, &part);
	}
	return sum;
}

/*
 * flow_days(parts, first, last): the sum of some series as rows, of the days
 * first <= day <= last.
 */
PG_FUNCTION_INFO_V1(flow_days);
Datum
flow_days(PG_FUNCTION_ARGS)
{
	int			count;
	DaySeries **parts = get_parts(PG_GETARG_ARRAYTYPE_P(0), &count);
	Entries		sum = sum_parts(parts, count, bound_to_day(PG_GETARG_DATEADT(1)),
								bound_to_day(PG_GETARG_DATEADT(2)));

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int32 i = 0; i < sum.count; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false};

		values[1] = NumericGetDatum(quantity_to_numeric(sum.entry[i].quantity, sum.scale));
		put_day((ReturnSetInfo *) fcinfo->resultinfo, sum.entry[i].day, values, nulls, 1);
	}
	return (Datum) 0;
}

/*
 * is_zero(parts): do these series add up to 0 on every day? For views over
 * flows that were taken back. A damaged one does not, so that metrics go on.
 */
PG_FUNCTION_INFO_V1(flow_is_zero);
Datum
flow_is_zero(PG_FUNCTION_ARGS)
{
	int			count;
	DaySeries **parts = get_parts(PG_GETARG_ARRAYTYPE_P(0), &count);
	size_t		position;
	Entries		sum;

	for (int i = 0; i < count; i++)
		if (day_codec_check((const uint8_t *) VARDATA_ANY(parts[i]), VARSIZE_ANY_EXHDR(parts[i]),
							&position) != DAY_CODEC_OK)
			PG_RETURN_BOOL(false);
	sum = sum_parts(parts, count, DAY_FIRST, DAY_NEVER);
	for (int32 i = 0; i < sum.count; i++)
		if (sum.entry[i].quantity != 0)
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}

/*
 * A row for each of the days first <= day <= last, from the first entry of a
 * history on, with what each history's latest entry up to then says. The
 * histories are the arguments before the days, and reasons the last of them.
 */
static void
return_histories(FunctionCallInfo fcinfo, int histories, bool with_reasons, int32 first, int32 last)
{
	Entries		days;
	Entries		history[HISTORIES_MAX];
	int32		next[HISTORIES_MAX] = {0};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	days.entry = day_series_between(PG_GETARG_DAY_SERIES(histories), first, last, false,
									&days.count, &days.scale);
	if (days.count == 0)
		return;
	for (int h = 0; h < histories; h++)
		history[h].entry = day_series_between(PG_GETARG_DAY_SERIES(h), days.entry[0].day,
											  days.entry[days.count - 1].day, true,
											  &history[h].count, &history[h].scale);
	for (int32 i = 0; i < days.count; i++)
	{
		const DayEntry *entries[HISTORIES_MAX];
		bool		any = false;

		for (int h = 0; h < histories; h++)
		{
			while (next[h] < history[h].count && history[h].entry[next[h]].day <= days.entry[i].day)
				next[h]++;
			entries[h] = next[h] == 0 ? NULL : &history[h].entry[next[h] - 1];
			any |= entries[h] != NULL;
		}
		if (any)
			put_histories((ReturnSetInfo *) fcinfo->resultinfo, days.entry[i].day, history,
						  entries, histories, with_reasons);
	}
}

/* health_days(health, current_stock, threshold, reasons, days, first, last) */
PG_FUNCTION_INFO_V1(health_days);
Datum
health_days(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 4, true, bound_to_day(PG_GETARG_DATEADT(5)),
					 bound_to_day(PG_GETARG_DATEADT(6)));
	return (Datum) 0;
}

/* stock_days(on_hand, days, first, last) */
PG_FUNCTION_INFO_V1(stock_days);
Datum
stock_days(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 1, false, bound_to_day(PG_GETARG_DATEADT(2)),
					 bound_to_day(PG_GETARG_DATEADT(3)));
	return (Datum) 0;
}

/* history_fill(series, days), of a database that is not updated from 0.2.0 yet */
PG_FUNCTION_INFO_V1(history_fill);
Datum
history_fill(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 1, false, DAY_FIRST, DAY_NEVER);
	return (Datum) 0;
}
