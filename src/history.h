/*
 * history.h
 *		What the entries of a history stand for.
 */
#ifndef INVTRACK_HISTORY_H
#define INVTRACK_HISTORY_H

#include "judgement.h"

/* history.c */
extern bool history_reason(Quantity quantity, int scale, Reason *reason);

#endif							/* INVTRACK_HISTORY_H */
