/*
 * day_series_agg.c
 *		The aggregates day_series_agg(date, numeric), of rows, and
 *		day_series_sum(day_series), of series.
 *
 * The state is a growing array of entries in millionths. It is sorted and its
 * equal days are added up when it is full, and grows only if that freed less
 * than half of it; so its size follows the number of days, not that of rows.
 * A long series is merged with it instead, as both ascend.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "compat.h"
#include "day_series.h"
#include "quantity.h"

#define INITIAL_ROOM	2

/* A series is long if it has this part of the state's entries. */
#define FEW				8

/* A sweep has a state for each item, most of them of a lot or two: one piece of memory. */
typedef struct AggState
{
	DayEntry   *entries;		/* at first those below */
	int32		count;
	int32		room;
	DayEntry	initial[INITIAL_ROOM];
} AggState;

static void
grow(AggState *state)
{
	Size		size = state->room * sizeof(DayEntry);
	MemoryContext context = GetMemoryChunkContext(state);

	if (state->entries != state->initial)
		state->entries = repalloc_huge(state->entries, 2 * size);
	else
	{
		state->entries = MemoryContextAlloc(context, 2 * size);
		memcpy(state->entries, state->initial, size);
	}
	state->room *= 2;
}

static void
sum_overflows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the sum of a day's quantities is out of range"),
			 errhint("The quantity of a day is at most 10^24.")));
}

static void
compact(AggState *state)
{
	if (!day_entries_compact(state->entries, &state->count))
		sum_overflows();
}

static void
append(AggState *state, int32 day, Quantity quantity)
{
	DayEntry   *entry;

	if (state->count > 0 && state->entries[state->count - 1].day == day)
	{
		entry = &state->entries[state->count - 1];
		if (__builtin_add_overflow(entry->quantity, quantity, &entry->quantity))
			sum_overflows();
		return;
	}
	if (state->count == state->room)
	{
		compact(state);
		if (state->count > state->room / 2)
			grow(state);
	}
	entry = &state->entries[state->count++];
	entry->day = day;
	entry->quantity = quantity;
}

/* Add an entry to the last one of an array that ascends, or after it. */
static void
add_last(DayEntry *entries, int32 *count, const DayEntry *entry)
{
	DayEntry   *last = &entries[*count - 1];

	if (*count == 0 || last->day != entry->day)
		entries[(*count)++] = *entry;
	else if (__builtin_add_overflow(last->quantity, entry->quantity, &last->quantity))
		sum_overflows();
}

/*
 * Add entries that ascend. Many are merged with those of the state, which are
 * moved out of the way: what is written never gets ahead of what is still to
 * be read. A few are appended, and sorted when the state is full.
 */
static void
add_series(AggState *state, const DayEntry *series, int32 count)
{
	int32		had;
	const DayEntry *next;
	const DayEntry *end;

	if (count < state->count / FEW)
	{
		for (int32 i = 0; i < count; i++)
			append(state, series[i].day, series[i].quantity);
		return;
	}
	compact(state);
	had = state->count;
	while (state->room - had < count)
		grow(state);
	next = memmove(state->entries + count, state->entries, had * sizeof(DayEntry));
	end = next + had;
	state->count = 0;
	for (int32 i = 0; i < count || next < end;)
	{
		if (next == end || (i < count && series[i].day < next->day))
			add_last(state->entries, &state->count, &series[i++]);
		else
			add_last(state->entries, &state->count, next++);
	}
}

/* The state of the aggregate, made at its first use. */
static AggState *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	AggState   *state;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function works only inside the aggregate day_series_agg")));
	if (!PG_ARGISNULL(0))
		return (AggState *) PG_GETARG_POINTER(0);
	state = MemoryContextAlloc(context, sizeof(AggState));
	state->entries = state->initial;
	state->count = 0;
	state->room = INITIAL_ROOM;
	return state;
}

static int32
checked_day(DateADT date)
{
	if (DATE_IS_NOEND(date))
		return DAY_NEVER;
	if (date < DATE_OF_DAY_FIRST || date - DATE_OF_DAY_FIRST > DAY_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is no day of a day_series",
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
				 errhint("Give a date from 0001-01-01 to 9999-12-31, or infinity.")));
	return date - DATE_OF_DAY_FIRST;
}

static Quantity
checked_quantity(Datum value)
{
	Quantity	micro;

	if (quantity_from_numeric(value, &micro) != DAY_CODEC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is no quantity of a day_series",
						DatumGetCString(DirectFunctionCall1(numeric_out, value))),
				 errhint("Give a finite number of at most 6 decimals and at most 10^24.")));
	return micro;
}

/* Rows whose day or quantity is null are left out, as sum() does. */
PG_FUNCTION_INFO_V1(day_series_agg_step);
Datum
day_series_agg_step(PG_FUNCTION_ARGS)
{
	AggState   *state;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = get_state(fcinfo);
	append(state, checked_day(PG_GETARG_DATEADT(1)), checked_quantity(PG_GETARG_DATUM(2)));
	PG_RETURN_POINTER(state);
}

/* The aggregate day_series_sum(day_series) has the same state. */
PG_FUNCTION_INFO_V1(day_series_sum_step);
Datum
day_series_sum_step(PG_FUNCTION_ARGS)
{
	AggState   *state;
	DayEntry   *entries;
	int32		count;
	int			scale;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = get_state(fcinfo);
	entries = day_series_entries(PG_GETARG_DAY_SERIES(1), &count, &scale);
	if (!day_entries_rescale(entries, count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	add_series(state, entries, count);
	pfree(entries);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(day_series_agg_combine);
Datum
day_series_agg_combine(PG_FUNCTION_ARGS)
{
	AggState   *state;
	AggState   *other = PG_ARGISNULL(1) ? NULL : (AggState *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = get_state(fcinfo);
	compact(other);
	add_series(state, other->entries, other->count);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(day_series_agg_final);
Datum
day_series_agg_final(PG_FUNCTION_ARGS)
{
	AggState   *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = get_state(fcinfo);
	compact(state);
	PG_RETURN_POINTER(day_series_pack(state->entries, state->count, QUANTITY_DECIMALS));
}

/* Between workers, the state travels as the packed series. */
PG_FUNCTION_INFO_V1(day_series_agg_serialize);
Datum
day_series_agg_serialize(PG_FUNCTION_ARGS)
{
	return day_series_agg_final(fcinfo);
}

PG_FUNCTION_INFO_V1(day_series_agg_deserialize);
Datum
day_series_agg_deserialize(PG_FUNCTION_ARGS)
{
	AggState   *state = palloc(sizeof(AggState));
	int			scale;

	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function works only inside the aggregate day_series_agg")));
	state->entries = day_series_entries(PG_GETARG_DAY_SERIES(0), &state->count, &scale);
	if (!day_entries_rescale(state->entries, state->count, scale, QUANTITY_DECIMALS))
		day_series_damaged();
	state->room = Max(state->count, 1);
	PG_RETURN_POINTER(state);
}
