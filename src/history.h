/*
 * history.h
 *		What the entries of a history stand for.
 */
#ifndef INVTRACK_HISTORY_H
#define INVTRACK_HISTORY_H

#include "postgres.h"

#include "fmgr.h"

#include "judgement.h"

/* history.c */
extern Reason reason_of_argument(FunctionCallInfo fcinfo, int arg);
extern bool history_reason(Quantity quantity, int scale, Reason *reason);

#endif							/* INVTRACK_HISTORY_H */
