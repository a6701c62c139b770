/*
 * trigger.h
 *		What triggers have in common.
 */
#ifndef INVTRACK_TRIGGER_H
#define INVTRACK_TRIGGER_H

#include "commands/trigger.h"
#include "fmgr.h"

/* When a trigger function may run; a bit each. */
#define ON_INSERT	0x01
#define ON_UPDATE	0x02
#define ON_DELETE	0x04
#define ON_TRUNCATE	0x08		/* for each statement; all others for each row */

/* In the WHERE of a statement over rows that guards keep: they let it pass. */
#define LIFT_GUARD(alias) \
	" AND invtrack_internal.lift_guard(" alias ".merchant::pg_catalog.text)"

/* trigger.c */
extern void guard_init(void);
extern bool guard_is_lifted(void);
extern TriggerData *require_trigger(FunctionCallInfo fcinfo, int events);
extern int	trigger_column(const TriggerData *trigger, const char *name, Oid type);
extern char *trigger_value(const TriggerData *trigger, HeapTuple row, const char *name, Oid type);
extern bool column_changes(const TriggerData *trigger, const char *name);

#endif							/* INVTRACK_TRIGGER_H */
