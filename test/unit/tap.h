/*
 * tap.h
 *		Tests that say how they went, as TAP has it.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

static int	tests = 0;
static int	failures = 0;

static void
ok(bool condition, const char *what)
{
	printf("%sok %d - %s\n", condition ? "" : "not ", ++tests, what);
	failures += !condition;
}

/* How many there were; the exit status. */
static int
done_testing(void)
{
	printf("1..%d\n", tests);
	return failures > 0;
}

#endif							/* TAP_H */
