/*
 * batch.h
 *		Many trackers at once.
 */
#ifndef INVTRACK_BATCH_H
#define INVTRACK_BATCH_H

#include "postgres.h"

#include "argument.h"
#include "refusal.h"
#include "tracker_rule.h"

/* A setting, and what becomes of it. */
typedef struct Setting
{
	int			row;			/* counted from 1 */
	Datum		values[TRACKER_RULE_ARGS];
	bool		nulls[TRACKER_RULE_ARGS];
	bool		expects;
	int32		version;		/* 0: there is none yet */
	bool		has_key;		/* no part of it is null */
	Refusal		refusal;
	const char *outcome;		/* null: not known yet */
	Datum		before,
				after,
				health_before,
				health_after;	/* 0: none */
} Setting;

/* batch_save.c: settings in the order of their keys */
extern void find_missing_items(Setting **settings, int count);
extern void save_settings(Setting **settings, int count);
extern void show_settings(Setting **settings, int count, bool is_after);

#endif							/* INVTRACK_BATCH_H */
