/*
 * refusal.c
 *		Checks of many rows: what is wrong with one is a verdict, and no error.
 *
 * The checks are those that raise errors for a single call, so that rules and
 * messages are the same. What they raise is caught without a subtransaction,
 * which a hundred thousand rows could not pay for. That is safe only where the
 * error leaves nothing behind: checks mark such errors just before they raise
 * them, when no statement is being run. All others go on to the caller.
 */
#include "postgres.h"

#include "refusal.h"

/* Has a check just marked the error that it raises? */
static bool is_marked;

Refusal
refusal_of(int sqlstate, const char *column, const char *message, const char *hint)
{
	Refusal		refusal = {sqlstate, column, message, hint};

	return refusal;
}

void
mark_refusal(void)
{
	is_marked = true;
}

/* Is this about the value of an argument of a function that only reads its arguments? */
static bool
is_about_data(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_DATA_EXCEPTION ||
		error->sqlerrcode == ERRCODE_CHECK_VIOLATION;
}

/* Run a check; false, and what it would raise, where it does not pass. */
static bool
run(Check check, void *arg, bool only_reads_arguments, Refusal *refusal)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool passed = true;

	is_marked = false;
	PG_TRY();
	{
		check(arg);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (!is_marked && !(only_reads_arguments && is_about_data(error)))
			PG_RE_THROW();
		FlushErrorState();
		*refusal = refusal_of(error->sqlerrcode, error->column_name, error->message, error->hint);
		passed = false;
	}
	PG_END_TRY();
	return passed;
}

bool
passes(Check check, void *arg, Refusal *refusal)
{
	return run(check, arg, false, refusal);
}

/* The same of a type's input function, which marks nothing. */
bool
converts(Check convert, void *arg, Refusal *refusal)
{
	return run(convert, arg, true, refusal);
}
