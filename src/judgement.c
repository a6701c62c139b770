/*
 * judgement.c
 *		How healthy a tracked item is: the rules, in C without PostgreSQL.
 *
 * What is read and joined is SQL (sql/reading.sql); what decides is here,
 * once, for the view and all functions. Everything is exact integers; the
 * figures that people see are made of them in figure.c.
 *
 * The rules are those of the tracker guide, sections 2.2 and 3.1: current
 * stock against a quantity, against what sells in the days to cover, and
 * shipments against a quantity.
 */
#include <string.h>

#include "judgement.h"
#include "net_days.h"

static const char *const mechanism_names[] = {
	"stock_quantity", "turnover_days", "stalled_days"
};

static const char *const status_names[] = {
	"ok", "replenish", "stalled", "no_sales"
};

static const char *const reason_names[REASONS] = {
	NULL, "stock_below_quantity", "stock_below_coverage", "too_new", "nothing_on_hand",
	"shipments_below_quantity", "no_sales_history", "no_sales_in_window"
};

static const Status reason_status[REASONS] = {
	TRACKER_OK, TRACKER_REPLENISH, TRACKER_REPLENISH, TRACKER_STALLED, TRACKER_STALLED,
	TRACKER_STALLED, TRACKER_NO_SALES, TRACKER_NO_SALES
};

static const char *const parameter_names[PARAMETERS] = {
	"quantity", "lookback_days", "coverage_days", "expiry_days"
};

/* Guide 2.2: the fields of each mechanism. */
static const ParameterUse uses[MECHANISM_UNKNOWN][PARAMETERS] = {
	[MECHANISM_STOCK_QUANTITY] = {
		[PARAMETER_QUANTITY] = PARAMETER_REQUIRED,
		[PARAMETER_EXPIRY_DAYS] = PARAMETER_OPTIONAL
	},
	[MECHANISM_TURNOVER_DAYS] = {
		[PARAMETER_LOOKBACK_DAYS] = PARAMETER_REQUIRED,
		[PARAMETER_COVERAGE_DAYS] = PARAMETER_REQUIRED,
		[PARAMETER_EXPIRY_DAYS] = PARAMETER_OPTIONAL
	},
	[MECHANISM_STALLED_DAYS] = {
		[PARAMETER_QUANTITY] = PARAMETER_REQUIRED,
		[PARAMETER_LOOKBACK_DAYS] = PARAMETER_REQUIRED
	}
};

/* The smallest value of a parameter in days; the largest is RULE_DAYS_MAX. */
int32_t
parameter_days_min(Parameter parameter)
{
	return parameter == PARAMETER_EXPIRY_DAYS ? 0 : 1;
}

/* Is the value in the range of the parameter? */
static bool
in_range(Parameter parameter, Quantity value)
{
	if (parameter == PARAMETER_QUANTITY)
		return value > 0 && value < QUANTITY_LIMIT;
	return value >= parameter_days_min(parameter) && value <= RULE_DAYS_MAX;
}

/*
 * The first fault of a rule, and which parameter has it. A mechanism has its
 * own parameters and no others; this is looked at first. Everything that takes
 * rules goes by this: functions, the CHECK of the table, and the judgement.
 */
ParameterFault
find_fault(Mechanism mechanism, const GivenParameters *given, Parameter *parameter)
{
	for (*parameter = 0; *parameter < PARAMETERS; (*parameter)++)
	{
		if (!given->is_given[*parameter] && uses[mechanism][*parameter] == PARAMETER_REQUIRED)
			return PARAMETER_MISSING;
		if (given->is_given[*parameter] && uses[mechanism][*parameter] == PARAMETER_FOREIGN)
			return PARAMETER_SURPLUS;
	}
	for (*parameter = 0; *parameter < PARAMETERS; (*parameter)++)
		if (given->is_given[*parameter] && !in_range(*parameter, given->values[*parameter]))
			return PARAMETER_OUT_OF_RANGE;
	return PARAMETER_SOUND;
}

const char *
parameter_name(Parameter parameter)
{
	return parameter_names[parameter];
}

Mechanism
mechanism_of_name(const char *name, size_t size)
{
	for (Mechanism m = MECHANISM_STOCK_QUANTITY; m < MECHANISM_UNKNOWN; m++)
		if (strlen(mechanism_names[m]) == size && memcmp(mechanism_names[m], name, size) == 0)
			return m;
	return MECHANISM_UNKNOWN;
}

const char *
mechanism_name(Mechanism mechanism)
{
	return mechanism_names[mechanism];
}

const char *
status_name(Status status)
{
	return status_names[status];
}

/* Null for no reason. */
const char *
reason_name(Reason reason)
{
	return reason_names[reason];
}

/* False: no reason has this name. */
bool
reason_of_name(const char *name, size_t size, Reason *reason)
{
	for (*reason = REASON_NONE + 1; *reason < REASONS; (*reason)++)
		if (strlen(reason_names[*reason]) == size && memcmp(reason_names[*reason], name, size) == 0)
			return true;
	return false;
}

/* The status that each reason stands for. */
Status
status_of_reason(Reason reason)
{
	return reason_status[reason];
}

/*
 * The sum of the days after < day <= upto in millionths; no series has 0.
 * *older is an earlier day with units, if the sum came across one, else NO_DAY.
 */
static bool
sum_of(const DayReader *series, int32_t after, int32_t upto, Quantity *sum, int32_t *older)
{
	DayReader	reader;

	*sum = 0;
	*older = NO_DAY;
	if (series == NULL)
		return true;
	reader = *series;
	if (!day_reader_sum(&reader, after, upto, sum))
		return false;
	*sum = in_millionths(*sum, &reader);
	if (reader.taken > 0 && reader.day <= after && reader.quantity != 0)
		*older = reader.day;
	return true;
}

static Quantity
total_of(const DayReader *reader)
{
	return reader == NULL ? 0 : in_millionths(reader->total, reader);
}

/*
 * Lots that expire after this day count: all of them, or those that expire
 * more than expiry_days after the day. Lots without an expiry date always
 * count, also where the limit passes the end of the calendar.
 */
int32_t
last_day_excluded(const TrackerRule *rule, int32_t as_of)
{
	if (rule->expiry_days == NO_DAY)
		return DAY_FIRST - 1;
	return as_of + rule->expiry_days > DAY_LAST ? DAY_LAST : as_of + rule->expiry_days;
}

/* Units on hand that count. */
static bool
measure_stock(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	int32_t		older;

	if (!sum_of(evidence->lots, last_day_excluded(rule, evidence->as_of), DAY_NEVER,
				&judgement->current, &older))
		return false;
	judgement->excluded = total_of(evidence->lots) - judgement->current;
	return true;
}

/*
 * Net units moved in the lookback window, the N days up to its end. *older is
 * an earlier day with net units, if reading came across one, else NO_DAY.
 */
static bool
measure_window(const TrackerRule *rule, const Evidence *evidence, Quantity *sum, int32_t *older)
{
	int32_t		after = evidence->window_end - rule->lookback_days;
	int32_t		older_in_tail;
	Quantity	tail;

	if (!sum_of(evidence->folded, after, evidence->window_end, sum, older) ||
		!sum_of(evidence->tail, after, evidence->window_end, &tail, &older_in_tail))
		return false;
	*sum += tail;
	/* the tail may take back what is folded */
	if (evidence->tail != NULL && evidence->tail->first <= *older)
		*older = NO_DAY;
	return true;
}

/*
 * The first day up to the window's end on which units were sold, by what its
 * movements add up to; NO_DAY if there is none. Of the days up to enough, the
 * latest will do.
 */
bool
find_first_sale(const Evidence *evidence, int32_t enough, int32_t *first)
{
	NetDays		days;
	int32_t		day;
	Quantity	net;

	*first = NO_DAY;
	if (!open_net_days(evidence->folded, evidence->tail, &days))
		return false;
	do
	{
		if (!next_net_day(&days, &day, &net))
			return false;
		if (day != NO_DAY && day <= evidence->window_end && net != 0)
			*first = day;
	} while (day != NO_DAY && (*first == NO_DAY || *first > enough));
	return true;
}

/* a * b as 192 bits, for a comparison that cannot overflow; b is small. */
typedef struct Product
{
	__int128	high;
	uint64_t	low;
} Product;

static Product
multiply(Quantity a, int32_t b)
{
	Unsigned	low = (Unsigned) (uint64_t) a * b;
	Product		product = {(a >> 64) * b + (__int128) (low >> 64), (uint64_t) low};

	return product;
}

static bool
is_below(Product a, Product b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static bool
judge_stock_quantity(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	if (!measure_stock(rule, evidence, judgement))
		return false;
	if (judgement->current < rule->quantity)
		judgement->reason = REASON_STOCK_BELOW_QUANTITY;
	return true;
}

/*
 * Sales in the window, and the days on which the item was on sale, at most the
 * lookback: from its launch or its first day with sales, whichever is earlier.
 * *first_sale is a day with sales that is early enough for both; NO_DAY if
 * there is none.
 */
static bool
measure_sales(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement,
			  int32_t *first_sale)
{
	int32_t		start = evidence->window_end - rule->lookback_days + 1;
	int32_t		first = evidence->launched_on;

	if (!measure_window(rule, evidence, &judgement->sales, first_sale))
		return false;

	/*
	 * launched and sold before the window: the exact first day does not
	 * matter
	 */
	if (*first_sale == NO_DAY &&
		(first == NO_DAY || first > start || judgement->sales <= 0) &&
		!find_first_sale(evidence, start, first_sale))
		return false;
	if (*first_sale != NO_DAY && (first == NO_DAY || *first_sale < first))
		first = *first_sale;
	if (first == NO_DAY || first > evidence->window_end)
		judgement->actual_days = NO_DAY;
	else
		judgement->actual_days = first <= start ? rule->lookback_days :
			evidence->window_end - first + 1;
	return true;
}

/*
 * threshold = sales / actual days * days to cover, so current < threshold is
 * current * actual days < sales * days to cover.
 */
static bool
judge_turnover_days(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	int32_t		first_sale;

	if (!measure_stock(rule, evidence, judgement) ||
		!measure_sales(rule, evidence, judgement, &first_sale))
		return false;
	if (judgement->sales <= 0)
		judgement->reason = first_sale == NO_DAY ? REASON_NO_SALES_HISTORY :
			REASON_NO_SALES_IN_WINDOW;
	else if (is_below(multiply(judgement->current, judgement->actual_days),
					  multiply(judgement->sales, rule->coverage_days)))
		judgement->reason = REASON_STOCK_BELOW_COVERAGE;
	return true;
}

static bool
judge_stalled_days(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	int32_t		older;

	if (!measure_window(rule, evidence, &judgement->current, &older))
		return false;
	judgement->on_hand = total_of(evidence->lots);
	if (judgement->current >= rule->quantity)
		return true;
	if (evidence->launched_on != NO_DAY &&
		evidence->window_end - evidence->launched_on + 1 < rule->lookback_days)
		judgement->reason = REASON_TOO_NEW;
	else if (judgement->on_hand <= 0)
		judgement->reason = REASON_NOTHING_ON_HAND;
	else
		judgement->reason = REASON_SHIPMENTS_BELOW_QUANTITY;
	return true;
}

/*
 * Find the reason why the tracker is not ok, and the figures that tell; false: a series is damaged.
 */
static bool
find_reason(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	switch (rule->mechanism)
	{
		case MECHANISM_STOCK_QUANTITY:
			return judge_stock_quantity(rule, evidence, judgement);
		case MECHANISM_TURNOVER_DAYS:
			return judge_turnover_days(rule, evidence, judgement);
		case MECHANISM_STALLED_DAYS:
			return judge_stalled_days(rule, evidence, judgement);
		default:
			return false;
	}
}

/* Judge an item by a rule; false: a series is damaged. */
bool
judge(const TrackerRule *rule, const Evidence *evidence, Judgement *judgement)
{
	memset(judgement, 0, sizeof(*judgement));
	judgement->rule = *rule;
	judgement->actual_days = NO_DAY;
	judgement->reason = REASON_NONE;
	if (!find_reason(rule, evidence, judgement))
		return false;
	judgement->status = status_of_reason(judgement->reason);
	return true;
}
