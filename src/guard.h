/*
 * guard.h
 *		What triggers have in common.
 */
#ifndef INVTRACK_GUARD_H
#define INVTRACK_GUARD_H

#include "commands/trigger.h"
#include "fmgr.h"

#include "plan.h"

/* When a trigger function may run; a bit each. */
#define GUARD_INSERT	0x01
#define GUARD_UPDATE	0x02
#define GUARD_DELETE	0x04
#define GUARD_TRUNCATE	0x08	/* for each statement; all others for each row */

/* guard.c */
extern uint64 statement_run_unguarded(Statement *statement, Datum *values);
extern bool guard_is_lifted(void);
extern TriggerData *check_trigger(FunctionCallInfo fcinfo, int events);
extern int	trigger_column(const TriggerData *trigger, const char *name, Oid type);
extern char *trigger_value(const TriggerData *trigger, HeapTuple row, const char *name, Oid type);
extern bool column_changes(const TriggerData *trigger, const char *name);

#endif							/* INVTRACK_GUARD_H */
