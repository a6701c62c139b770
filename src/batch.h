/*
 * batch.h
 *		Many trackers at once.
 */
#ifndef INVTRACK_BATCH_H
#define INVTRACK_BATCH_H

#include "postgres.h"

#include "argument.h"
#include "refusal.h"
#include "statement.h"
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
	int32		version_before; /* 0: there was none */
	bool		is_as_before;	/* unchanged, and as it was shown */
	Datum		before,
				after,
				health_before,
				health_after;	/* 0: none */
} Setting;

/* The arrays that a statement for all settings gets, and how it reads them. */
#define KEY_ARRAYS	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID
#define RULE_ARRAYS	KEY_ARRAYS, NUMERICARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID

#define GIVEN_KEYS \
	"ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)," \
	" pg_catalog.unnest($4)) WITH ORDINALITY AS u(merchant, sku, inventory_type, mechanism, n)"
#define GIVEN_RULES \
	"ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)," \
	" pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)," \
	" pg_catalog.unnest($8)) WITH ORDINALITY AS u(merchant, sku, inventory_type, mechanism," \
	" quantity, lookback_days, coverage_days, expiry_days, n)"
#define IS_GIVEN(t) \
	t ".merchant " EQ " u.merchant AND " t ".sku " EQ " u.sku" \
	" AND " t ".inventory_type " EQ " u.inventory_type" \
	" AND " t ".mechanism " EQ " u.mechanism"
/* A statement looks at the rows of one merchant only, if all settings are of it. */
#define OF_ONE_MERCHANT(t, parameter) \
	" AND (" parameter " IS NULL OR " t ".merchant " EQ " " parameter ")"

/* batch_read.c: settings in the order of their keys */
extern uint64 run_for(Statement *statement, Setting **settings, int count, int columns);
extern Setting *setting_of(Setting **settings, int count, uint64 row);
extern bool refuse_other_version(Setting *setting, int32 version);
extern bool holds_rule(const Setting *setting, uint64 row);
extern void find_missing_items(Setting **settings, int count);
extern void show_before(Setting **settings, int count);
extern void show_after(Setting **settings, int count);

/* batch_save.c: the same */
extern void save_settings(Setting **settings, int count);

#endif							/* INVTRACK_BATCH_H */
