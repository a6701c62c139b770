/*
 * daily.c
 *		Series as rows, a row a day, between two days.
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
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "day_series.h"
#include "quantity.h"

/* Figures of a history that are shown side by side. */
#define HISTORIES_MAX	2

/* Ascending entries, of units of 10^-scale. */
typedef struct Entries
{
	DayEntry   *entry;
	int32		count;
	int			scale;
} Entries;

/* Put a row of a day and its quantities, null where there is none, into the result. */
static void
put_day(ReturnSetInfo *result, int32 day, const Quantity *quantities, const bool *is_null,
		const int *scales, int count)
{
	Datum		values[1 + HISTORIES_MAX] = {DateADTGetDatum(day_to_date(day))};
	bool		nulls[1 + HISTORIES_MAX] = {false};

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < count; i++)
	{
		nulls[i + 1] = is_null[i];
		if (!is_null[i])
			values[i + 1] = NumericGetDatum(quantity_to_numeric(quantities[i], scales[i]));
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	for (int i = 0; i < count; i++)
		if (!is_null[i])
			pfree(DatumGetPointer(values[i + 1]));
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
	static const bool not_null = false;
	int			count;
	DaySeries **parts = get_parts(PG_GETARG_ARRAYTYPE_P(0), &count);
	Entries		sum = sum_parts(parts, count, bound_to_day(PG_GETARG_DATEADT(1)),
								bound_to_day(PG_GETARG_DATEADT(2)));

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int32 i = 0; i < sum.count; i++)
		put_day((ReturnSetInfo *) fcinfo->resultinfo, sum.entry[i].day, &sum.entry[i].quantity,
				&not_null, &sum.scale, 1);
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
 * history on, with the quantity of each history's latest entry up to then.
 */
static void
return_histories(FunctionCallInfo fcinfo, int histories, int32 first, int32 last)
{
	Entries		days;
	Entries		history[HISTORIES_MAX];
	int			scales[HISTORIES_MAX];
	int32		next[HISTORIES_MAX] = {0};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	days.entry = day_series_between(PG_GETARG_DAY_SERIES(histories), first, last, false,
									&days.count, &days.scale);
	if (days.count == 0)
		return;
	for (int h = 0; h < histories; h++)
	{
		history[h].entry = day_series_between(PG_GETARG_DAY_SERIES(h), days.entry[0].day,
											  days.entry[days.count - 1].day, true,
											  &history[h].count, &history[h].scale);
		scales[h] = history[h].scale;
	}
	for (int32 i = 0; i < days.count; i++)
	{
		Quantity	quantities[HISTORIES_MAX];
		bool		is_null[HISTORIES_MAX];
		bool		any = false;

		for (int h = 0; h < histories; h++)
		{
			while (next[h] < history[h].count && history[h].entry[next[h]].day <= days.entry[i].day)
				next[h]++;
			is_null[h] = next[h] == 0;
			quantities[h] = is_null[h] ? 0 : history[h].entry[next[h] - 1].quantity;
			any |= !is_null[h];
		}
		if (any)
			put_day((ReturnSetInfo *) fcinfo->resultinfo, days.entry[i].day, quantities, is_null,
					scales, histories);
	}
}

/* health_days(health, current_stock, days, first, last) */
PG_FUNCTION_INFO_V1(health_days);
Datum
health_days(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 2, bound_to_day(PG_GETARG_DATEADT(3)),
					 bound_to_day(PG_GETARG_DATEADT(4)));
	return (Datum) 0;
}

/* stock_days(on_hand, days, first, last) */
PG_FUNCTION_INFO_V1(stock_days);
Datum
stock_days(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 1, bound_to_day(PG_GETARG_DATEADT(2)),
					 bound_to_day(PG_GETARG_DATEADT(3)));
	return (Datum) 0;
}

/* history_fill(series, days), of a database that is not updated from 0.2.0 yet */
PG_FUNCTION_INFO_V1(history_fill);
Datum
history_fill(PG_FUNCTION_ARGS)
{
	return_histories(fcinfo, 1, DAY_FIRST, DAY_NEVER);
	return (Datum) 0;
}
