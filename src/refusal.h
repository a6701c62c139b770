/*
 * refusal.h
 *		Checks of many rows: what is wrong with one is a verdict, and no error.
 */
#ifndef INVTRACK_REFUSAL_H
#define INVTRACK_REFUSAL_H

#include "postgres.h"

/* What a check would raise. */
typedef struct Refusal
{
	int			sqlstate;		/* 0: nothing */
	const char *column;
	const char *message;
	const char *hint;
} Refusal;

typedef void (*Check) (void *arg);

/* refusal.c */
extern Refusal refusal_of(int sqlstate, const char *column, const char *message, const char *hint);
extern void mark_refusal(void);
extern bool passes(Check check, void *arg, Refusal *refusal);
extern bool converts(Check convert, void *arg, Refusal *refusal);

#endif							/* INVTRACK_REFUSAL_H */
