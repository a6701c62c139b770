/*
 * parameter_test.c
 *		Which parameters a mechanism takes, their ranges and names, under the
 *		sanitizers.
 */
#include <stdio.h>
#include <string.h>

#include "judgement.h"
#include "tap.h"

/* A parameter that is not given. */
#define LEFT_OUT	((Quantity) -999)

/* What find_fault() has to say of these parameters, in the order of Parameter. */
static void
test_fault(Mechanism mechanism, const Quantity values[PARAMETERS], ParameterFault fault, Parameter where)
{
	GivenParameters given = {.is_given = {false}};
	Parameter	found;
	char		what[100];

	for (Parameter p = 0; p < PARAMETERS; p++)
	{
		given.is_given[p] = values[p] != LEFT_OUT;
		given.values[p] = given.is_given[p] ? values[p] : p == PARAMETER_QUANTITY ? 0 : NO_DAY;
	}
	snprintf(what, sizeof(what), "%s of %lld, %lld, %lld, %lld: %d", mechanism_name(mechanism), (long long) values[0],
			 (long long) values[1], (long long) values[2], (long long) values[3], fault);
	ok(find_fault(mechanism, &given, &found) == fault && (fault == PARAMETER_SOUND || found == where), what);
}

static void
test_faults(void)
{
	static const struct
	{
		Mechanism	mechanism;
		Quantity	values[PARAMETERS];
		ParameterFault fault;
		Parameter	where;
	}			cases[] = {
		{MECHANISM_STOCK_QUANTITY, {1, LEFT_OUT, LEFT_OUT, LEFT_OUT}, PARAMETER_SOUND, 0},
		{MECHANISM_STOCK_QUANTITY, {QUANTITY_LIMIT - 1, LEFT_OUT, LEFT_OUT, 0}, PARAMETER_SOUND, 0},
		{MECHANISM_STOCK_QUANTITY, {1, LEFT_OUT, LEFT_OUT, RULE_DAYS_MAX}, PARAMETER_SOUND, 0},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, 1, 1, LEFT_OUT}, PARAMETER_SOUND, 0},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, RULE_DAYS_MAX, RULE_DAYS_MAX, RULE_DAYS_MAX}, PARAMETER_SOUND, 0},
		{MECHANISM_STALLED_DAYS, {1, 1, LEFT_OUT, LEFT_OUT}, PARAMETER_SOUND, 0},
		{MECHANISM_STOCK_QUANTITY, {LEFT_OUT, LEFT_OUT, LEFT_OUT, 0}, PARAMETER_MISSING, PARAMETER_QUANTITY},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, LEFT_OUT, 1, LEFT_OUT}, PARAMETER_MISSING, PARAMETER_LOOKBACK_DAYS},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, 1, LEFT_OUT, LEFT_OUT}, PARAMETER_MISSING, PARAMETER_COVERAGE_DAYS},
		{MECHANISM_STALLED_DAYS, {LEFT_OUT, 1, LEFT_OUT, LEFT_OUT}, PARAMETER_MISSING, PARAMETER_QUANTITY},
		{MECHANISM_STALLED_DAYS, {1, LEFT_OUT, LEFT_OUT, LEFT_OUT}, PARAMETER_MISSING, PARAMETER_LOOKBACK_DAYS},
		{MECHANISM_STOCK_QUANTITY, {1, 1, LEFT_OUT, LEFT_OUT}, PARAMETER_SURPLUS, PARAMETER_LOOKBACK_DAYS},
		{MECHANISM_STOCK_QUANTITY, {1, LEFT_OUT, 1, LEFT_OUT}, PARAMETER_SURPLUS, PARAMETER_COVERAGE_DAYS},
		{MECHANISM_TURNOVER_DAYS, {1, 1, 1, LEFT_OUT}, PARAMETER_SURPLUS, PARAMETER_QUANTITY},
		{MECHANISM_STALLED_DAYS, {1, 1, 1, LEFT_OUT}, PARAMETER_SURPLUS, PARAMETER_COVERAGE_DAYS},
		{MECHANISM_STALLED_DAYS, {1, 1, LEFT_OUT, 0}, PARAMETER_SURPLUS, PARAMETER_EXPIRY_DAYS},
		{MECHANISM_STOCK_QUANTITY, {0, LEFT_OUT, LEFT_OUT, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_QUANTITY},
		{MECHANISM_STOCK_QUANTITY, {-1, LEFT_OUT, LEFT_OUT, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_QUANTITY},
		{MECHANISM_STALLED_DAYS, {QUANTITY_LIMIT, 1, LEFT_OUT, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_QUANTITY},
		{MECHANISM_STOCK_QUANTITY, {1, LEFT_OUT, LEFT_OUT, -1}, PARAMETER_OUT_OF_RANGE, PARAMETER_EXPIRY_DAYS},
		{MECHANISM_STOCK_QUANTITY, {1, LEFT_OUT, LEFT_OUT, RULE_DAYS_MAX + 1}, PARAMETER_OUT_OF_RANGE, PARAMETER_EXPIRY_DAYS},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, 0, 1, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_LOOKBACK_DAYS},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, 1, 0, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_COVERAGE_DAYS},
		{MECHANISM_TURNOVER_DAYS, {LEFT_OUT, 1, RULE_DAYS_MAX + 1, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_COVERAGE_DAYS},
		{MECHANISM_STALLED_DAYS, {1, RULE_DAYS_MAX + 1, LEFT_OUT, LEFT_OUT}, PARAMETER_OUT_OF_RANGE, PARAMETER_LOOKBACK_DAYS},
		/* whose parameters they are is asked first */
		{MECHANISM_STALLED_DAYS, {0, LEFT_OUT, LEFT_OUT, LEFT_OUT}, PARAMETER_MISSING, PARAMETER_LOOKBACK_DAYS}
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_fault(cases[i].mechanism, cases[i].values, cases[i].fault, cases[i].where);
}

/* Each name is found again, and nothing else is. */
static void
test_names(void)
{
	static const char *const names[] = {"stock_quantity", "turnover_days", "stalled_days"};
	static const char *const wrong[] = {"", "stock", "stock_quantit", "stock_quantity ", "STOCK_QUANTITY", "no_mechanism"};
	bool		found = true,
				refused = true;

	for (Mechanism m = 0; m < MECHANISM_UNKNOWN; m++)
		found &= mechanism_of_name(names[m], strlen(names[m])) == m && strcmp(mechanism_name(m), names[m]) == 0;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused &= mechanism_of_name(wrong[i], strlen(wrong[i])) == MECHANISM_UNKNOWN;
	ok(found, "mechanisms have their names");
	ok(refused, "and no other text is one");
	ok(strcmp(parameter_name(PARAMETER_QUANTITY), "quantity") == 0 &&
	   strcmp(parameter_name(PARAMETER_LOOKBACK_DAYS), "lookback_days") == 0 &&
	   strcmp(parameter_name(PARAMETER_COVERAGE_DAYS), "coverage_days") == 0 &&
	   strcmp(parameter_name(PARAMETER_EXPIRY_DAYS), "expiry_days") == 0, "parameters have the names of the columns");
	ok(parameter_days_min(PARAMETER_EXPIRY_DAYS) == 0 && parameter_days_min(PARAMETER_LOOKBACK_DAYS) == 1 &&
	   parameter_days_min(PARAMETER_COVERAGE_DAYS) == 1, "from 1 day, or 0 of shelf life");
}

int
main(void)
{
	test_faults();
	test_names();
	return done_testing();
}
