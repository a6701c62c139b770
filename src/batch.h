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
	bool		is_shown;		/* health_after is known */
	int32		version_before; /* 0: there was none */
	Datum		before,
				after,
				health_before,
				health_after;	/* 0: none */
} Setting;

/*
 * The parameters of a statement for all settings: the settings, which it reads so,
 * and their merchant, or null if there are several.
 */
#define GIVEN_ARGS	2, {InvalidOid, TEXTOID}
#define GIVEN \
	"pg_catalog.unnest($1) WITH ORDINALITY AS u(merchant, sku, inventory_type, mechanism," \
	" quantity, lookback_days, coverage_days, expiry_days, n)"
#define IS_GIVEN(t) \
	t ".merchant " EQ " u.merchant AND " t ".sku " EQ " u.sku" \
	" AND " t ".inventory_type " EQ " u.inventory_type" \
	" AND " t ".mechanism " EQ " u.mechanism"
/* A statement looks at the rows of one merchant only, if all settings are of it. */
#define OF_ONE_MERCHANT(t)	" AND ($2 IS NULL OR " t ".merchant " EQ " $2)"

/* What a tracker is, as a row of a result. */
#define STATE_COLUMNS \
	" t.quantity::pg_catalog.numeric, t.lookback_days, t.coverage_days, t.expiry_days, t.active," \
	" t.version"
#define STATE_TYPES	NUMERICOID, INT4OID, INT4OID, INT4OID, BOOLOID, INT4OID

/* batch_read.c: settings in the order of their keys */
extern uint64 run_for(Statement *statement, Setting **settings, int count);
extern Setting *setting_of(Setting **settings, int count, uint64 row);
extern bool refuse_other_version(Setting *setting, int32 version);
extern bool holds_rule(const Setting *setting, uint64 row, int column);
extern int32 version_at(uint64 row, int column);
extern Datum state_at(uint64 row, int column);
extern void take_after(Setting *setting, uint64 row, int column);
extern void show_before(Setting **settings, int count);
extern void show_after(Setting **settings, int count);

/* batch_save.c: the same */
extern void save_settings(Setting **settings, int count);

#endif							/* INVTRACK_BATCH_H */
