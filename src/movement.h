/*
 * movement.h
 *		Movements are only ever added; what takes one back.
 */
#ifndef INVTRACK_MOVEMENT_H
#define INVTRACK_MOVEMENT_H

#include "fmgr.h"

/* movement.c */
extern void require_flow(const char *table, Datum value);
extern void require_ref(const char *table, const char *name, Datum value);
extern void require_flow_argument(FunctionCallInfo fcinfo, int arg);
extern void require_ref_argument(FunctionCallInfo fcinfo, int arg, const char *name);
extern void require_may_load(Datum merchant, const char *action);
extern bool insert_reversal(Datum *key, Datum *id);

#endif							/* INVTRACK_MOVEMENT_H */
