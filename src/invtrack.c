/*
 * invtrack.c
 *		The library: what happens when it is loaded.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "access.h"
#include "calendar.h"
#include "check_run.h"
#include "compat.h"
#include "connection.h"
#include "daily.h"
#include "tracker_change.h"
#include "trigger.h"

INVTRACK_MODULE_MAGIC;

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the server's name */
PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	calendar_init();
	access_init();
	check_run_init();
	daily_init();
	guard_init();
	tracker_change_init();
	connection_init();
	MarkGUCPrefixReserved("invtrack");
}
