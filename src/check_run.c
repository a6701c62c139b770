/*
 * check_run.c
 *		What is around a check: none inside another, and whom its news wakes.
 */
#include "postgres.h"

#include "commands/async.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "check_run.h"
#include "compat.h"

/* Programs that deliver events may listen to this. */
#define CHANNEL			"invtrack_alert"

/* The merchants that this session is checking now, the innermost first. */
typedef struct RunningCheck
{
	const text *merchant;
	struct RunningCheck *outer;
} RunningCheck;

static RunningCheck *running = NULL;
static bool notify_setting = true;

void
check_run_init(void)
{
	DefineCustomBoolVariable("invtrack.notify",
							 "Does a check that has news notify the channel " CHANNEL "?",
							 "PostgreSQL prepares no transaction (PREPARE TRANSACTION) that has notified anybody.",
							 &notify_setting, true, PGC_USERSET, 0, NULL, NULL, NULL);
}

static bool
is_running(const text *merchant)
{
	for (const RunningCheck *check = running; check != NULL; check = check->outer)
		if (VARSIZE_ANY_EXHDR(check->merchant) == VARSIZE_ANY_EXHDR(merchant) &&
			memcmp(VARDATA_ANY(check->merchant), VARDATA_ANY(merchant),
				   VARSIZE_ANY_EXHDR(merchant)) == 0)
			return true;
	return false;
}

/*
 * Run a check, unless one of the same merchant runs around it: a trigger on
 * what that one writes would number events that it numbers, too.
 */
void
run_one_check(void (*work) (void *), void *argument, Datum merchant)
{
	RunningCheck check = {DatumGetTextPP(merchant), running};

	if (is_running(check.merchant))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("merchant \"%s\" is being checked already", text_to_cstring(check.merchant)),
				 errdetail("A check runs a trigger that checks the same merchant."),
				 errhint("Leave what the trigger changes to the next check.")));
	running = &check;
	PG_TRY();
	{
		work(argument);
	}
	PG_FINALLY();
	{
		running = check.outer;
	}
	PG_END_TRY();
}

void
notify_of_news(void)
{
	if (notify_setting)
		Async_Notify(CHANNEL, "");
}
