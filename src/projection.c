/*
 * projection.c
 *		What becomes of an item's stock, day by day: C without PostgreSQL.
 *
 * The rows of project_stock() and the sums of forecast() are of this one
 * simulation. Within a day, units whose shelf life is no longer above the limit
 * are lost, units on order arrive, and then sales take what expires first.
 */
#include <string.h>

#include "judgement.h"
#include "projection.h"

/*
 * All units that an item has or gets, in millionths, are below this: times the
 * days of a pace, they are far inside 128 bits. It is more than any number of
 * rows comes to.
 */
#define SUPPLY_LIMIT	((Quantity) 10000 * QUANTITY_MICRO_MAX)

/* The sum of entries; false where it is out of all proportion. */
static bool
add_up(const DayEntry *entries, int32_t count, Quantity *sum)
{
	for (int32_t i = 0; i < count; i++)
	{
		*sum += entries[i].quantity;
		if (*sum > SUPPLY_LIMIT || *sum < -SUPPLY_LIMIT)
			return false;
	}
	return true;
}

/*
 * What negative lots owe is taken from the units that expire first; what then
 * remains, from units to come.
 */
static void
settle_owed(Projection *projection, Quantity owed)
{
	projection->total += owed;
	while (owed < 0 && projection->lot_count > 0)
	{
		DayEntry   *lot = projection->lots;

		if (lot->quantity + owed > 0)
		{
			lot->quantity += owed;
			return;
		}
		owed += lot->quantity;
		projection->lots++;
		projection->lot_count--;
	}
	projection->undated += owed;
}

/* Leave out the lots that do not count; put aside those without a date, and multiply. */
static void
take_lots(Projection *projection, const Supply *supply)
{
	int32_t		first = 0;

	while (projection->expiry_days != NO_DAY && first < supply->lot_count &&
		   supply->lots[first].day != DAY_NEVER &&
		   supply->lots[first].day <= projection->day + projection->expiry_days)
		first++;
	projection->lots = supply->lots + first;
	projection->lot_count = supply->lot_count - first;
	for (int32_t i = 0; i < projection->lot_count; i++)
	{
		projection->lots[i].quantity *= projection->pace_days;
		projection->total += projection->lots[i].quantity;
	}
	if (projection->lot_count > 0 &&
		projection->lots[projection->lot_count - 1].day == DAY_NEVER)
		projection->undated = projection->lots[--projection->lot_count].quantity;
}

/* Nobody knows when units come that are due by now, or have no day. */
static void
leave_out_late(Projection *projection)
{
	while (projection->incoming_count > 0 && projection->incoming->day <= projection->day)
	{
		projection->incoming++;
		projection->incoming_count--;
	}
	if (projection->incoming_count > 0 &&
		projection->incoming[projection->incoming_count - 1].day == DAY_NEVER)
		projection->incoming_count--;
}

/*
 * Begin at the end of the day as_of. Sales are net units in pace_days days;
 * nothing is sold where they are not positive. The lots of the supply are changed.
 * False: quantities are too large to be true.
 */
bool
start_projection(Projection *projection, const Supply *supply, int32_t as_of,
				 int32_t horizon_days, int32_t expiry_days, Quantity sales, int32_t pace_days)
{
	Quantity	sum = 0;

	if (!add_up(supply->lots, supply->lot_count, &sum) ||
		!add_up(supply->incoming, supply->incoming_count, &sum) ||
		supply->owed < -SUPPLY_LIMIT || sales > SUPPLY_LIMIT)
		return false;
	memset(projection, 0, sizeof(Projection));
	projection->day = as_of;
	projection->last_day = horizon_days > DAY_LAST - as_of ? DAY_LAST : as_of + horizon_days;
	projection->expiry_days = expiry_days;
	projection->pace_days = sales > 0 ? pace_days : 1;
	projection->pace = sales > 0 ? sales : 0;
	take_lots(projection, supply);
	settle_owed(projection, supply->owed * projection->pace_days);
	projection->incoming = supply->incoming;
	projection->incoming_count = supply->incoming_count;
	leave_out_late(projection);
	return true;
}

/* Units of the lots whose shelf life is no longer above the limit. */
static Quantity
lose_expired(Projection *projection)
{
	Quantity	expired = 0;

	if (projection->expiry_days == NO_DAY)
		return 0;
	while (projection->lot_count > 0 &&
		   projection->lots->day <= projection->day + projection->expiry_days)
	{
		expired += projection->lots->quantity;
		projection->lots++;
		projection->lot_count--;
	}
	projection->total -= expired;
	return expired;
}

/* Units on order, in millionths, which come fresh: they have no expiry date. */
static Quantity
receive_incoming(Projection *projection)
{
	Quantity	incoming = 0;

	if (projection->incoming_count > 0 && projection->incoming->day == projection->day)
	{
		incoming = projection->incoming->quantity;
		projection->undated += incoming * projection->pace_days;
		projection->total += incoming * projection->pace_days;
		projection->incoming++;
		projection->incoming_count--;
	}
	return incoming;
}

/* Sell a day's pace, of what expires first, and never more than there is. */
static Quantity
sell(Projection *projection)
{
	Quantity	sold = projection->pace < projection->total ? projection->pace : projection->total;
	Quantity	rest;

	if (sold <= 0)
		return 0;
	projection->total -= sold;
	for (rest = sold; rest > 0 && projection->lot_count > 0;)
	{
		DayEntry   *lot = projection->lots;

		if (lot->quantity > rest)
		{
			lot->quantity -= rest;
			return sold;
		}
		rest -= lot->quantity;
		projection->lots++;
		projection->lot_count--;
	}
	projection->undated -= rest;
	return sold;
}

/* A quantity of the projection in millionths, rounded half away from zero. */
static Quantity
rounded(Quantity quantity, int32_t pace_days)
{
	Quantity	half = pace_days / 2;

	return (quantity < 0 ? quantity - half : quantity + half) / pace_days;
}

/*
 * How much of the units that go in a day, rounded, was lost: what brings the
 * losses shown so far nearest to the real ones. The rest was sold. So rows add
 * up, rounding does not pile up, and neither figure is negative, or other than
 * 0 where it is 0.
 */
static Quantity
shown_loss(Projection *projection, Quantity expired, Quantity sold, Quantity gone)
{
	Quantity	loss;

	projection->lost += expired;
	loss = rounded(projection->lost, projection->pace_days) - projection->shown_lost;
	if (expired == 0 || (sold != 0 && loss < 0))
		loss = 0;
	else if (sold == 0 || loss > gone)
		loss = gone;
	projection->shown_lost += loss;
	return loss;
}

/* Go on to the next day, and show it; false after the last one. */
bool
project_day(Projection *projection, ProjectedDay *shown)
{
	Quantity	opening = projection->total;
	Quantity	expired;
	Quantity	sold;
	Quantity	gone;

	if (projection->day >= projection->last_day)
		return false;
	projection->day++;
	expired = lose_expired(projection);
	shown->incoming = receive_incoming(projection);
	sold = sell(projection);
	shown->opening = rounded(opening, projection->pace_days);
	shown->closing = rounded(projection->total, projection->pace_days);
	gone = shown->opening + shown->incoming - shown->closing;
	shown->expired = shown_loss(projection, expired, sold, gone);
	shown->sold = gone - shown->expired;
	return true;
}

/* Can nothing change any more, whatever the horizon? */
static bool
is_settled(const Projection *projection)
{
	return projection->incoming_count == 0 &&
		(projection->total <= 0 || (projection->pace == 0 && projection->lot_count == 0));
}

/*
 * The same days, added up. Only a day with a loss needs figures as they are
 * shown: a closing is shown as 0 where it is below half of a millionth.
 */
void
sum_projection(Projection *projection, ProjectedSum *sum)
{
	memset(sum, 0, sizeof(ProjectedSum));
	sum->runs_out_on = sum->first_loss_on = NO_DAY;
	while (projection->day < projection->last_day)
	{
		Quantity	opening = projection->total;
		Quantity	expired;
		Quantity	incoming;
		Quantity	sold;

		projection->day++;
		expired = lose_expired(projection);
		incoming = receive_incoming(projection);
		sold = sell(projection);
		sum->incoming += incoming;
		if (expired > 0)
			(void) shown_loss(projection, expired, sold,
							  rounded(opening, projection->pace_days) + incoming -
							  rounded(projection->total, projection->pace_days));
		if (projection->shown_lost > 0 && sum->first_loss_on == NO_DAY)
			sum->first_loss_on = projection->day;
		if (2 * projection->total < projection->pace_days && sum->runs_out_on == NO_DAY)
			sum->runs_out_on = projection->day;
		if (is_settled(projection))
			break;
	}
	sum->lost = projection->shown_lost;
}
