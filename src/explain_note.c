/*
 * explain_note.c
 *		The sentences of an explanation, as one buyer would say them to another:
 *		with the figures, the dates and the rule.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "compat.h"
#include "day_series.h"
#include "explain.h"
#include "quantity.h"

static const char *const reason_notes[REASONS] = {
	[REASON_NONE] = "that is what the tracker asks for, or more",
	[REASON_STOCK_BELOW_QUANTITY] = "the stock that counts is below the quantity of the tracker",
	[REASON_STOCK_BELOW_COVERAGE] = "the stock that counts does not last for the days to cover",
	[REASON_TOO_NEW] = "too little was shipped, but the product was launched less than the lookback ago",
	[REASON_NOTHING_ON_HAND] = "too little was shipped, but there is nothing on hand to ship",
	[REASON_SHIPMENTS_BELOW_QUANTITY] =
	"shipments are below the quantity of the tracker, though there is stock",
	[REASON_NO_SALES_HISTORY] = "the item was never sold",
	[REASON_NO_SALES_IN_WINDOW] = "the item was sold before, but not in the window, net of returns"
};

/* A number without superfluous zeros. */
static char *
plain(Datum number)
{
	return numeric_normalize(DatumGetNumeric(number));
}

static const char *
units_text(Datum quantity)
{
	const char *number = plain(quantity);

	return psprintf("%s %s", number, strcmp(number, "1") == 0 ? "unit" : "units");
}

static const char *
units_of(Quantity quantity)
{
	return units_text(NumericGetDatum(quantity_to_numeric(quantity, QUANTITY_DECIMALS)));
}

static const char *
days_text(int32 days)
{
	return psprintf("%d %s", days, days == 1 ? "day" : "days");
}

/*
 * A day as ISO 8601 writes it, whatever the session's DateStyle. One before
 * the calendar is its first.
 */
static const char *
day_text(int32 day)
{
	int			year,
				month,
				day_of_month;

	j2date(day_to_date(Max(day, DAY_FIRST)) + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	return psprintf("%04d-%02d-%02d", year, month, day_of_month);
}

/* Why the units of a lot count, or do not. */
static const char *
lot_verdict(const Explanation *e, int32 expires_on, bool counts)
{
	const char *days;

	if (e->rule.expiry_days == NO_DAY)
		return "it counts, as all lots do, since the tracker has no expiry_days";
	if (expires_on == DAY_NEVER)
		return "it counts, since it does not expire";
	if (expires_on <= e->as_of)
		return "it does not count, since it has expired";
	days = days_text(expires_on - e->as_of);
	return counts ?
		psprintf("it counts, since its shelf life of %s is above expiry_days %d", days,
				 e->rule.expiry_days) :
		psprintf("it does not count, since its shelf life of %s is not above expiry_days %d", days,
				 e->rule.expiry_days);
}

const char *
note_of_lot(const Explanation *e, Datum lot, int32 expires_on, Datum quantity, bool counts)
{
	const char *code = TextDatumGetCString(lot);
	const char *name = code[0] == '\0' ? "The lot without a code" : psprintf("Lot %s", code);
	const char *verb = expires_on <= e->as_of ? "expired" :
		strcmp(plain(quantity), "1") == 0 ? "expires" : "expire";
	const char *expiry = expires_on == DAY_NEVER ? "without an expiry date" :
		psprintf("that %s on %s", verb, day_text(expires_on));

	return psprintf("%s has %s %s: %s.", name, units_text(quantity), expiry,
					lot_verdict(e, expires_on, counts));
}

static const char *
flow_verb(const Explanation *e)
{
	return e->rule.mechanism == MECHANISM_STALLED_DAYS ? "shipped" : "sold";
}

const char *
note_of_day(const Explanation *e, int32 day, Quantity net, bool counts)
{
	const char *what;

	if (net > 0)
		what = psprintf("%s %s, net of returns", units_of(net), flow_verb(e));
	else if (net < 0)
		what = psprintf("returns exceed what was %s by %s", flow_verb(e), units_of(-net));
	else
		what = psprintf("nothing %s, net of returns", flow_verb(e));
	return psprintf("%s: %s%s.", day_text(day), what, counts ? "" :
					"; the day does not count yet, since count_today is false for the merchant");
}

/* Since when the item has been on sale, and how many days of the window that makes. */
static const char *
sale_days_text(const Explanation *e, int32 first)
{
	if (first == NO_DAY)
		return "The item was never on sale up to then.";
	return psprintf("The item has been on sale since %s, so average sales go by %s.",
					day_text(first), days_text(e->judgement.actual_days));
}

const char *
note_of_window(const Explanation *e, Quantity net, int32 first, int32 launched_on)
{
	const char *window = e->window_end < DAY_FIRST ? "The window is before the first day of the calendar." :
		psprintf("The window is %s, from %s to %s: %s %s, net of returns.",
				 days_text(e->rule.lookback_days), day_text(e->window_start),
				 day_text(e->window_end), units_of(net), flow_verb(e));

	if (e->rule.mechanism == MECHANISM_TURNOVER_DAYS)
		return psprintf("%s %s", window, sale_days_text(e, first));
	if (launched_on == NO_DAY)
		return window;
	return psprintf("%s The product was launched on %s.", window, day_text(launched_on));
}

const char *
note_of_quantity(const Explanation *e)
{
	if (e->rule.mechanism == MECHANISM_STALLED_DAYS)
		return psprintf("The tracker asks for %s shipped in %s.", units_of(e->rule.quantity),
						days_text(e->rule.lookback_days));
	return psprintf("The tracker asks for %s on hand.", units_of(e->rule.quantity));
}

/* stalled_days: what could be shipped. */
const char *
note_of_on_hand(const Explanation *e)
{
	return psprintf("All lots together have %s on hand.", units_of(e->judgement.on_hand));
}

const char *
note_of_daily_sales(const Explanation *e)
{
	if (e->judgement.sales <= 0)
		return "There are no net sales in the window, so average daily sales count as 0.";
	return psprintf("Average daily sales are %s / %s = %s.", units_of(e->judgement.sales),
					days_text(e->judgement.actual_days),
					plain(e->figures[FIGURE_DAILY_SALES].value));
}

const char *
note_of_threshold(const Explanation *e)
{
	const char *coverage = days_text(e->rule.coverage_days);
	const char *cover;

	if (e->judgement.sales <= 0)
		return psprintf("The tracker asks for stock for %s, which cannot be told without sales.",
						coverage);
	cover = plain(e->figures[FIGURE_DAYS_OF_COVER].value);
	cover = e->judgement.current < 0 ? "There is nothing to last" :
		psprintf("What there is lasts for %s %s", cover, strcmp(cover, "1") == 0 ? "day" : "days");
	return psprintf("The tracker asks for stock for %s: %s / %s x %s = %s. %s.",
					coverage, units_of(e->judgement.sales), days_text(e->judgement.actual_days),
					coverage, units_text(e->figures[FIGURE_THRESHOLD].value), cover);
}

const char *
note_of_expiry(const Explanation *e)
{
	if (e->rule.expiry_days == NO_DAY)
		return "The tracker has no expiry_days, so all lots count, expired ones too.";
	return psprintf("Only lots with a shelf life above %s count: they expire after %s, or never.",
					days_text(e->rule.expiry_days),
					day_text(last_day_excluded(&e->rule, e->as_of)));
}

/* What is there, and what it is held against. */
static const char *
comparison_text(const Explanation *e)
{
	const char *current = units_of(e->judgement.current);
	const char *threshold = e->rule.mechanism == MECHANISM_TURNOVER_DAYS ?
		plain(e->figures[FIGURE_THRESHOLD].value) :
		plain(NumericGetDatum(quantity_to_numeric(e->rule.quantity, QUANTITY_DECIMALS)));

	if (e->rule.mechanism == MECHANISM_STALLED_DAYS)
		return psprintf("%s shipped, %s asked for", current, threshold);
	current = psprintf("%s of stock%s", current,
					   e->rule.expiry_days == NO_DAY ? "" : " that counts");
	if (e->rule.mechanism == MECHANISM_TURNOVER_DAYS && e->judgement.sales <= 0)
		return psprintf("%s, and no sales to go by", current);
	return psprintf("%s, %s asked for", current, threshold);
}

const char *
note_of_result(const Explanation *e)
{
	const char *reason = reason_name(e->judgement.reason);

	return psprintf("Health on %s is %s %%: %s. Status %s%s: %s.", day_text(e->as_of),
					plain(e->figures[FIGURE_HEALTH].value), comparison_text(e),
					status_name(e->judgement.status),
					reason == NULL ? "" : psprintf(" (%s)", reason),
					reason_notes[e->judgement.reason]);
}
