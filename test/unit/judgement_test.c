/*
 * judgement_test.c
 *		The rules alone, under the sanitizers: what judge() makes of each
 *		mechanism at each boundary, to the last millionth. Series, quantities
 *		and days are written as text, as people write them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judgement.h"
#include "tap.h"

#define SERIES_DAYS_MAX 16

#define FIRST		"0001-01-01"
#define LAST		"9999-12-31"
#define MOST		"1000000000000000000000000"
#define NEARLY_MOST "999999999999999999999999.999999"

/* An argument that is not there. */
#define NONE		NULL

typedef struct Case
{
	const char *what;
	const char *as_of;
	TrackerRule rule;
	const char *quantity;
	const char *launched_on;
	const char *lots;
	const char *folded;
	const char *tail;
	/* what is expected */
	const char *current;
	const char *excluded;
	const char *sales;
	int32_t		actual_days;
	const char *status;
	const char *reason;
} Case;

#define STOCK(expiry)					{MECHANISM_STOCK_QUANTITY, 0, NO_DAY, NO_DAY, expiry}
#define TURNOVER(lookback, coverage, expiry) {MECHANISM_TURNOVER_DAYS, 0, lookback, coverage, expiry}
#define STALLED(lookback)				{MECHANISM_STALLED_DAYS, 0, lookback, NO_DAY, NO_DAY}

static Quantity
quantity(const char *text)
{
	Quantity	micro = 0;
	size_t		used;

	if (text != NONE && (quantity_parse(text, strlen(text), &micro, &used) != DAY_CODEC_OK || text[used] != '\0'))
		abort();
	return micro;
}

static int32_t
day(const char *text)
{
	int32_t		day = NO_DAY;

	if (text != NONE && !day_parse(text, strlen(text), &day))
		abort();
	return day;
}

/* Series of one judgement: packed into memory of their own size, so that the sanitizer sees an over-read. */
typedef struct Series
{
	DayReader	reader;
	uint8_t    *bytes;
	size_t		size;
} Series;

static DayReader *
open_series(Series *series, const char *text)
{
	DayEntry	entries[SERIES_DAYS_MAX];
	uint8_t		bytes[1024];
	int32_t		count;
	size_t		position;

	series->bytes = NULL;
	if (text == NONE)
		return NULL;
	if (strlen(text) / DAY_ENTRY_TEXT_MIN >= SERIES_DAYS_MAX ||
		day_codec_parse(text, strlen(text), entries, &count, &position) != DAY_CODEC_OK ||
		day_codec_size_max(count) > sizeof(bytes) ||
		day_codec_pack(entries, count, QUANTITY_DECIMALS, bytes, &series->size) != DAY_CODEC_OK)
		abort();
	series->bytes = malloc(series->size);
	memcpy(series->bytes, bytes, series->size);
	if (day_reader_open(&series->reader, series->bytes, series->size) != DAY_CODEC_OK)
		abort();
	return &series->reader;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_quantity(const char *name, Quantity got, const char *expected)
{
	char		text[64];

	text[quantity_format(got, QUANTITY_DECIMALS, text)] = '\0';
	if (strcmp(text, expected) == 0)
		return true;
	printf("# %s: %s, not %s\n", name, text, expected);
	return false;
}

static void
test_case(const Case *c, bool counts_today)
{
	Series		lots,
				folded,
				tail;
	TrackerRule rule = c->rule;
	Evidence	evidence = {
		.as_of = day(c->as_of), .window_end = day(c->as_of) - !counts_today,
		.launched_on = day(c->launched_on)
	};
	Judgement	judgement;
	bool		good;

	rule.quantity = quantity(c->quantity);
	evidence.lots = open_series(&lots, c->lots);
	evidence.folded = open_series(&folded, c->folded);
	evidence.tail = open_series(&tail, c->tail);
	memset(&judgement, 0x7F, sizeof(judgement));
	good = judge(&rule, &evidence, &judgement);
	good &= same_quantity("current", judgement.current, c->current);
	good &= same_quantity("excluded", judgement.excluded, c->excluded);
	good &= same_quantity("sales", judgement.sales, c->sales);
	good &= memcmp(&judgement.rule, &rule, sizeof(rule)) == 0;
	if (judgement.actual_days != c->actual_days ||
		!same_text(status_name(judgement.status), c->status) ||
		!same_text(reason_name(judgement.reason), c->reason))
	{
		printf("# %d days, %s, %s\n", judgement.actual_days, status_name(judgement.status),
			   reason_name(judgement.reason) != NULL ? reason_name(judgement.reason) : "no reason");
		good = false;
	}
	ok(good, c->what);
	free(lots.bytes);
	free(folded.bytes);
	free(tail.bytes);
}

#define BELOW_QUANTITY	"replenish", "stock_below_quantity"
#define BELOW_COVERAGE	"replenish", "stock_below_coverage"
#define OK				"ok", NONE

static const Case stock_cases[] = {
	{"exactly the quantity", "2026-03-10", STOCK(NO_DAY), "10", NONE, "{infinity:10}", NONE, NONE,
	"10", "0", "0", NO_DAY, OK},
	{"a millionth less", "2026-03-10", STOCK(NO_DAY), "10", NONE, "{infinity:9.999999}", NONE, NONE,
	"9.999999", "0", "0", NO_DAY, BELOW_QUANTITY},
	{"a millionth more", "2026-03-10", STOCK(NO_DAY), "10", NONE, "{infinity:10.000001}", NONE, NONE,
	"10.000001", "0", "0", NO_DAY, OK},
	{"no lots", "2026-03-10", STOCK(NO_DAY), "0.000001", NONE, NONE, NONE, NONE,
	"0", "0", "0", NO_DAY, BELOW_QUANTITY},
	{"a series without lots", "2026-03-10", STOCK(0), "0.000001", NONE, "{}", NONE, NONE,
	"0", "0", "0", NO_DAY, BELOW_QUANTITY},
	{"stock below zero", "2026-03-10", STOCK(NO_DAY), "0.000001", NONE, "{infinity:-5}", NONE, NONE,
	"-5", "0", "0", NO_DAY, BELOW_QUANTITY},
	{"without a shelf life expired lots count", "2026-03-10", STOCK(NO_DAY), "7", NONE,
	"{" FIRST ":1,2026-03-10:2,2026-03-11:4}", NONE, NONE, "7", "0", "0", NO_DAY, OK},
	{"a shelf life of 0 days: from tomorrow on", "2026-03-10", STOCK(0), "7", NONE,
	"{2026-03-09:1,2026-03-10:2,2026-03-11:4,infinity:8}", NONE, NONE, "12", "3", "0", NO_DAY, OK},
	{"a shelf life of 14 days: later than the day and 14", "2026-03-10", STOCK(14), "16", NONE,
	"{2026-03-23:1,2026-03-24:2,2026-03-25:4,infinity:8}", NONE, NONE, "12", "3", "0", NO_DAY, BELOW_QUANTITY},
	{"the longest shelf life", "2026-03-10", STOCK(RULE_DAYS_MAX), "4", NONE,
	"{2036-03-06:1,2036-03-07:2,2036-03-08:4}", NONE, NONE, "4", "3", "0", NO_DAY, OK},
	{"what is excluded can be below zero", "2026-03-10", STOCK(0), "8", NONE,
	"{2026-03-10:-2,2026-03-11:8}", NONE, NONE, "8", "-2", "0", NO_DAY, OK},
	{"the last day, no shelf life", LAST, STOCK(NO_DAY), "3", NONE,
	"{" LAST ":1,infinity:2}", NONE, NONE, "3", "0", "0", NO_DAY, OK},
	{"the last day, a shelf life beyond it", LAST, STOCK(RULE_DAYS_MAX), "2", NONE,
	"{" LAST ":1,infinity:2}", NONE, NONE, "2", "1", "0", NO_DAY, OK},
	{"a shelf life that ends with the calendar", "9999-12-30", STOCK(0), "3", NONE,
	"{9999-12-30:4," LAST ":1,infinity:2}", NONE, NONE, "3", "4", "0", NO_DAY, OK},
	{"the first day", FIRST, STOCK(0), "3", NONE,
	"{" FIRST ":1,0001-01-02:2,infinity:1}", NONE, NONE, "3", "1", "0", NO_DAY, OK},
	{"movements and launch have no say", "2026-03-10", STOCK(NO_DAY), "5", "2026-03-10", "{infinity:5}",
	"{2026-03-09:70}", "{2026-03-09:7}", "5", "0", "0", NO_DAY, OK},
	{"the largest stock of two days", "2026-03-10", STOCK(NO_DAY), "999999999999.999999", NONE,
	"{2026-03-10:" MOST ",infinity:" MOST "}", NONE, NONE, "2000000000000000000000000", "0", "0", NO_DAY, OK},
	{"and below zero", "2026-03-10", STOCK(0), "0.000001", NONE,
	"{2026-03-10:" MOST ",infinity:-" MOST "}", NONE, NONE, "-" MOST, MOST, "0", NO_DAY, BELOW_QUANTITY}
};

static const Case turnover_cases[] = {
	/* 6 sold in 3 days, 2 days to cover: 4 */
	{"exactly what the days to cover ask for", "2026-03-10", TURNOVER(3, 2, NO_DAY), NONE, "2026-01-01",
	"{infinity:4}", "{2026-03-09:6}", NONE, "4", "0", "6", 3, OK},
	{"a millionth less", "2026-03-10", TURNOVER(3, 2, NO_DAY), NONE, "2026-01-01",
	"{infinity:3.999999}", "{2026-03-09:6}", NONE, "3.999999", "0", "6", 3, BELOW_COVERAGE},
	/* 1 sold in 3 days: a third, that no decimal is */
	{"a third, seen from below", "2026-03-10", TURNOVER(3, 1, NO_DAY), NONE, "2026-01-01",
	"{infinity:0.333333}", "{2026-03-09:1}", NONE, "0.333333", "0", "1", 3, BELOW_COVERAGE},
	{"a third, seen from above", "2026-03-10", TURNOVER(3, 1, NO_DAY), NONE, "2026-01-01",
	"{infinity:0.333334}", "{2026-03-09:1}", NONE, "0.333334", "0", "1", 3, OK},
	{"nothing on hand", "2026-03-10", TURNOVER(3, 1, NO_DAY), NONE, "2026-01-01",
	NONE, "{2026-03-09:0.000001}", NONE, "0", "0", "0.000001", 3, BELOW_COVERAGE},
	{"stock below zero", "2026-03-10", TURNOVER(3, 1, NO_DAY), NONE, "2026-01-01",
	"{infinity:-1}", "{2026-03-09:1}", NONE, "-1", "0", "1", 3, BELOW_COVERAGE},
	{"shelf life", "2026-03-10", TURNOVER(1, 1, 7), NONE, "2026-01-01",
	"{2026-03-17:5,2026-03-18:6}", "{2026-03-10:6}", NONE, "6", "5", "6", 1, OK},

	{"the window begins with its first day", "2026-03-10", TURNOVER(7, 1, NO_DAY), NONE, "2026-01-01",
	"{infinity:1}", "{2026-03-03:1,2026-03-04:2,2026-03-10:4,2026-03-11:8}", NONE, "1", "0", "6", 7, OK},
	{"and moves with the day", "2026-03-11", TURNOVER(7, 1, NO_DAY), NONE, "2026-01-01",
	"{infinity:1}", "{2026-03-03:1,2026-03-04:2,2026-03-10:4,2026-03-11:8}", NONE, "1", "0", "12", 7, BELOW_COVERAGE},
	{"a window of one day", "2026-03-10", TURNOVER(1, 1, NO_DAY), NONE, NONE,
	"{infinity:4}", "{2026-03-09:2,2026-03-10:4}", NONE, "4", "0", "4", 1, OK},
	{"the longest window", "2026-03-10", TURNOVER(RULE_DAYS_MAX, 1, NO_DAY), NONE, NONE,
	"{infinity:1}", "{2016-03-12:1,2016-03-13:2,2026-03-10:4}", NONE, "1", "0", "6", RULE_DAYS_MAX, OK},
	{"folded and not folded add up", "2026-03-10", TURNOVER(10, 1, NO_DAY), NONE, NONE,
	"{infinity:2}", "{2026-03-01:5}", "{2026-03-01:8,2026-03-10:7}", "2", "0", "20", 10, OK},
	{"not folded alone", "2026-03-10", TURNOVER(10, 1, NO_DAY), NONE, NONE,
	"{infinity:1}", NONE, "{2026-03-01:10}", "1", "0", "10", 10, OK},
	{"a return takes from it", "2026-03-10", TURNOVER(10, 1, NO_DAY), NONE, NONE,
	"{infinity:1}", "{2026-03-01:12}", "{2026-03-09:-2}", "1", "0", "10", 10, OK},

	{"days since the first sale", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:2}", "{2026-03-05:6}", "{2026-03-10:6}", "2", "0", "12", 6, OK},
	{"or the first one that is not folded", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:2}", "{2026-03-10:6}", "{2026-03-05:6}", "2", "0", "12", 6, OK},
	{"or the launch, if that was before", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-04",
	"{infinity:2}", "{2026-03-05:6}", NONE, "2", "0", "6", 7, OK},
	{"a later launch does not matter", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-08",
	"{infinity:2}", "{2026-03-05:6}", NONE, "2", "0", "6", 6, OK},
	{"a launch in the future neither", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-11",
	"{infinity:2}", "{2026-03-05:6}", NONE, "2", "0", "6", 6, OK},
	{"launched and sold today", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-10",
	"{infinity:6}", "{2026-03-10:6}", NONE, "6", "0", "6", 1, OK},
	{"as many days as the lookback", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-02-09",
	"{infinity:1}", "{2026-03-10:6}", NONE, "1", "0", "6", 30, OK},
	{"one day less", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-02-10",
	"{infinity:1}", "{2026-03-10:6}", NONE, "1", "0", "6", 29, OK},
	{"and never more", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, FIRST,
	"{infinity:1}", "{2026-03-10:6}", NONE, "1", "0", "6", 30, OK},

	{"no sales at all, launch not known", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", NONE, NONE, "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},
	{"no sales, on sale for some days", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-01",
	"{infinity:9}", "{}", "{}", "9", "0", "0", 10, "no_sales", "no_sales_history"},
	{"sales in the future only", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-03-11:5}", "{2026-03-12:5}", "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},
	{"launch in the future", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, "2026-03-11",
	"{infinity:9}", NONE, NONE, "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},
	{"sales before the window", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-02-08:5}", NONE, "9", "0", "0", 30, "no_sales", "no_sales_in_window"},
	{"what comes back takes all", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-03-05:10}", "{2026-03-06:-10}", "9", "0", "0", 6, "no_sales", "no_sales_in_window"},
	{"more comes back than was sold", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-03-05:10}", "{2026-03-06:-12}", "9", "0", "-2", 6, "no_sales", "no_sales_in_window"},
	{"a millionth is left", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-03-05:10}", "{2026-03-06:-9.999999}", "9", "0", "0.000001", 6, OK},
	{"no sales with nothing on hand", "2026-03-10", TURNOVER(30, 1, NO_DAY), NONE, NONE,
	"{infinity:-9}", NONE, NONE, "-9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},

	{"the first day of the calendar", FIRST, TURNOVER(RULE_DAYS_MAX, 1, RULE_DAYS_MAX), NONE, NONE,
	"{" FIRST ":1,infinity:4}", "{" FIRST ":4}", "{0001-01-02:9}", "4", "1", "4", 1, OK},
	{"the last day of the calendar", LAST, TURNOVER(1, RULE_DAYS_MAX, RULE_DAYS_MAX), NONE, LAST,
	"{" LAST ":1,infinity:4}", "{" LAST ":4}", NONE, "4", "1", "4", 1, BELOW_COVERAGE},

	/* products of 140 bits: they are compared, not rounded */
	{"the largest numbers, equal", "2026-03-10", TURNOVER(RULE_DAYS_MAX, RULE_DAYS_MAX, NO_DAY), NONE, FIRST,
	"{infinity:" MOST "}", "{2026-03-10:" MOST "}", NONE, MOST, "0", MOST, RULE_DAYS_MAX, OK},
	{"the largest numbers, a millionth less", "2026-03-10", TURNOVER(RULE_DAYS_MAX, RULE_DAYS_MAX, NO_DAY), NONE, FIRST,
	"{infinity:" NEARLY_MOST "}", "{2026-03-10:" MOST "}", NONE, NEARLY_MOST, "0", MOST, RULE_DAYS_MAX, BELOW_COVERAGE},
	{"the largest numbers, a millionth more", "2026-03-10", TURNOVER(RULE_DAYS_MAX, RULE_DAYS_MAX, NO_DAY), NONE, FIRST,
	"{infinity:" MOST "}", "{2026-03-10:" NEARLY_MOST "}", NONE, MOST, "0", NEARLY_MOST, RULE_DAYS_MAX, OK},
	{"as far below zero as can be", "2026-03-10", TURNOVER(RULE_DAYS_MAX, 1, NO_DAY), NONE, FIRST,
	"{infinity:-" MOST "}", "{2026-03-10:0.000001}", NONE, "-" MOST, "0", "0.000001", RULE_DAYS_MAX, BELOW_COVERAGE},
	{"a millionth below zero", "2026-03-10", TURNOVER(1, 1, NO_DAY), NONE, FIRST,
	"{infinity:-0.000001}", "{2026-03-10:0.000001}", NONE, "-0.000001", "0", "0.000001", 1, BELOW_COVERAGE},
	/* where the low 64 bits alone would say the opposite: 2^64 millionths and a few */
	{"just above 64 bits", "2026-03-10", TURNOVER(1, 1, NO_DAY), NONE, FIRST,
	"{infinity:18446744073709.551617}", "{2026-03-10:18446744073709.551615}", NONE,
	"18446744073709.551617", "0", "18446744073709.551615", 1, OK},
	{"2^63 millionths, for 2 days", "2026-03-10", TURNOVER(2, 1, NO_DAY), NONE, FIRST,
	"{infinity:9223372036854.775808}", "{2026-03-10:5}", NONE, "9223372036854.775808", "0", "5", 2, OK},
	{"just below 64 bits", "2026-03-10", TURNOVER(1, 1, NO_DAY), NONE, FIRST,
	"{infinity:18446744073709.551615}", "{2026-03-10:18446744073709.551617}", NONE,
	"18446744073709.551615", "0", "18446744073709.551617", 1, BELOW_COVERAGE},
	{"equal but for the low 64 bits", "2026-03-10", TURNOVER(1, 1, NO_DAY), NONE, FIRST,
	"{infinity:18446744073709.551618}", "{2026-03-10:18446744073709.551619}", NONE,
	"18446744073709.551618", "0", "18446744073709.551619", 1, BELOW_COVERAGE},

};

static const Case stalled_cases[] = {
	{"exactly the quantity shipped", "2026-03-10", STALLED(7), "5", NONE, NONE, "{2026-03-04:5}", NONE,
	"5", "0", "0", NO_DAY, OK},
	{"a millionth less", "2026-03-10", STALLED(7), "5", NONE, "{infinity:1}", "{2026-03-04:4.999999}", NONE,
	"4.999999", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"shipped before and after the window", "2026-03-10", STALLED(7), "5", NONE, "{infinity:1}",
	"{2026-03-03:5,2026-03-11:5}", "{2026-03-11:5}", "0", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"folded and not folded add up", "2026-03-10", STALLED(7), "5", NONE, NONE, "{2026-03-04:2}", "{2026-03-10:3}",
	"5", "0", "0", NO_DAY, OK},
	{"what came back takes from it", "2026-03-10", STALLED(7), "5", NONE, "{infinity:1}", "{2026-03-04:2}", "{2026-03-10:-3}",
	"-1", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"launched a day too late", "2026-03-10", STALLED(10), "5", "2026-03-02", "{infinity:9}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "too_new"},
	{"launched with the window", "2026-03-10", STALLED(10), "5", "2026-03-01", "{infinity:9}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"too new comes before nothing on hand", "2026-03-10", STALLED(10), "5", "2026-03-02", NONE, NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "too_new"},
	{"launched in the future", "2026-03-10", STALLED(10), "5", "2026-03-11", NONE, NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "too_new"},
	{"new, and shipped enough", "2026-03-10", STALLED(10), "5", "2026-03-09", NONE, "{2026-03-09:5}", NONE,
	"5", "0", "0", NO_DAY, OK},
	{"no lots", "2026-03-10", STALLED(10), "5", NONE, NONE, NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "nothing_on_hand"},
	{"lots that add up to nothing", "2026-03-10", STALLED(10), "5", NONE, "{2026-01-01:-5,infinity:5}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "nothing_on_hand"},
	{"a day that is taken back leaves no trace", "2026-03-10", TURNOVER(30, 7, NO_DAY), NONE, NONE,
	"{infinity:19}", "{2026-02-20:5,2026-03-05:10}", "{2026-02-20:-5}", "19", "0", "10", 6, "ok", NONE},
	{"nor one before the window", "2026-03-10", TURNOVER(30, 7, NO_DAY), NONE, NONE,
	"{infinity:19}", "{2016-03-10:5,2026-03-05:10}", "{2016-03-10:-5}", "19", "0", "10", 6, "ok", NONE},
	{"one that is taken back in part does", "2026-03-10", TURNOVER(30, 7, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2016-03-10:5,2026-03-05:10}", "{2016-03-10:-4.5}", "9", "0", "10", 30, "ok", NONE},
	{"nothing but what is taken back", "2026-03-10", TURNOVER(30, 7, NO_DAY), NONE, NONE,
	"{infinity:9}", "{2026-03-05:10}", "{2026-03-05:-10}", "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},
	{"lots below zero", "2026-03-10", STALLED(10), "5", NONE, "{infinity:-0.000001}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "nothing_on_hand"},
	{"an expired millionth is on hand", "2026-03-10", STALLED(10), "5", NONE, "{2026-01-01:0.000001}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"new at the first day of the calendar", FIRST, STALLED(RULE_DAYS_MAX), "5", LAST, "{infinity:9}", "{" FIRST ":4}", NONE,
	"4", "0", "0", NO_DAY, "stalled", "too_new"},
	{"a launch that is not known, in the first year", "0001-01-05", STALLED(RULE_DAYS_MAX), "5", NONE, "{infinity:9}", NONE, NONE,
	"0", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"old at the last", LAST, STALLED(RULE_DAYS_MAX), "5", FIRST, "{infinity:9}", "{" LAST ":4}", NONE,
	"4", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"},
	{"the largest shipments", "2026-03-10", STALLED(2), "999999999999.999999", NONE, NONE,
	"{2026-03-09:" MOST ",2026-03-10:" MOST "}", "{2026-03-10:" MOST "}",
	"3000000000000000000000000", "0", "0", NO_DAY, OK},
	{"and the other way", "2026-03-10", STALLED(2), "0.000001", NONE, "{infinity:" MOST "}",
	"{2026-03-09:-" MOST ",2026-03-10:-" MOST "}", "{2026-03-10:-" MOST "}",
	"-3000000000000000000000000", "0", "0", NO_DAY, "stalled", "shipments_below_quantity"}
};

/* Where the day itself does not count, windows end with the one before it; shelf life does not. */
static const Case cases_without_today[] = {
	{"today does not count", "2026-03-10", TURNOVER(3, 2, 0), NONE, NONE,
	"{2026-03-10:4,2026-03-11:9}", "{2026-03-06:5,2026-03-07:2,2026-03-09:4}", "{2026-03-10:90}",
	"9", "4", "6", 3, "ok", NONE},
	{"what is sold today only", "2026-03-10", TURNOVER(3, 2, 0), NONE, "2026-03-10",
	"{infinity:9}", NONE, "{2026-03-10:90}", "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"},
	{"too new by the day before", "2026-03-10", STALLED(3), "5", "2026-03-08",
	"{infinity:9}", NONE, "{2026-03-10:90}", "0", "0", "0", NO_DAY, "stalled", "too_new"},
	{"before the first day there is none", FIRST, TURNOVER(3, 2, NO_DAY), NONE, FIRST,
	"{infinity:9}", "{" FIRST ":5}", NONE, "9", "0", "0", NO_DAY, "no_sales", "no_sales_history"}
};

/* A series of which a part is gone is no reason for a figure, whichever it is and whoever reads it. */
static void
test_damage(void)
{
	static const TrackerRule rules[] = {STOCK(0), TURNOVER(30, 7, 0), STALLED(30)};
	static const bool reads[][3] = {{true, false, false}, {true, true, true}, {false, true, true}};
	bool		refused = true;

	for (int r = 0; r < 3; r++)
		for (int damaged = 0; damaged < 3; damaged++)
		{
			Series		series[3];
			Evidence	evidence = {
				.as_of = day("2026-03-10"), .window_end = day("2026-03-10"), .launched_on = NO_DAY
			};
			Judgement	judgement;
			TrackerRule rule = rules[r];

			rule.quantity = 1;
			evidence.lots = open_series(&series[0], "{2026-03-09:1,2026-03-20:700,2026-03-25:5}");
			evidence.folded = open_series(&series[1], "{2026-01-01:1,2026-03-01:700,2026-04-01:5}");
			evidence.tail = open_series(&series[2], "{2026-01-01:1,2026-03-01:700,2026-04-01:5}");
			/* the last bytes, which say what the oldest days had; the header stays */
			series[damaged].reader.end -= 3;
			refused &= judge(&rule, &evidence, &judgement) != reads[r][damaged];
			for (int i = 0; i < 3; i++)
				free(series[i].bytes);
		}
	ok(refused, "a damaged series is refused by the mechanisms that read it");
}

static void
test_no_mechanism(void)
{
	TrackerRule rule = {MECHANISM_UNKNOWN, 1, 1, 1, 1};
	Evidence	evidence = {.launched_on = NO_DAY};
	Judgement	judgement;

	ok(!judge(&rule, &evidence, &judgement), "a rule of no mechanism judges nothing");
}

#define TEST_CASES(cases, counts_today) \
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) \
		test_case(&cases[i], counts_today)

int
main(void)
{
	TEST_CASES(stock_cases, true);
	TEST_CASES(turnover_cases, true);
	TEST_CASES(stalled_cases, true);
	TEST_CASES(cases_without_today, false);
	test_damage();
	test_no_mechanism();
	return done_testing();
}
