/*
 * batch_save.c
 *		Many trackers at once: writing them, in statements for all.
 *
 * A batch locks in the order of its keys: first the trackers that it creates,
 * then those that it changes. So two batches never wait for each other. Those
 * that were shown with the rule that is to be saved, or with another version
 * than expected, are left alone: what becomes of them while the batch waits for
 * others comes after it.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "batch.h"
#include "code.h"
#include "compat.h"
#include "distribute.h"
#include "json_rows.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_rule.h"

/* How often to try before it can't be another session that is in the way. */
#define SAVE_ROUNDS_MAX		100

/* What is to be done about a setting whose tracker is this row of lock_rules. */
static bool
must_change(Setting *setting, uint64 row)
{
	if (refuse_other_version(setting, version_at(row, 2)))
	{
		/* as it is now, and no more as it was shown */
		setting->before = state_at(row, 2);
		setting->health_before = (Datum) 0;
		return false;
	}
	if (!holds_rule(setting, row, 2))
		return true;
	setting->outcome = "unchanged";
	take_after(setting, row, 2);
	return false;
}

/* Those settings of which nothing is known yet; returns their number. */
static int
take_pending(Setting **settings, int count, Setting **pending)
{
	int			taken = 0;

	for (int i = 0; i < count; i++)
		if (settings[i]->outcome == NULL && settings[i]->refusal.sqlstate == 0)
			pending[taken++] = settings[i];
	return taken;
}

/*
 * Is it tried to create a setting's tracker? Not in the first round, if it was
 * there when it was shown.
 */
static bool
may_create(const Setting *setting, int round)
{
	return (!setting->expects || setting->version == 0) &&
		(round > 0 || setting->version_before == 0);
}

/* Create those trackers that are not there. */
static void
create(Setting **settings, int count, int round)
{
	static Statement insert_trackers = {
		"INSERT INTO invtrack.tracker AS t (merchant, sku, inventory_type, mechanism,"
		" quantity, lookback_days, coverage_days, expiry_days)"
		" SELECT u.merchant, u.sku, u.inventory_type, u.mechanism, u.quantity, u.lookback_days,"
		" u.coverage_days, u.expiry_days FROM " GIVEN " ORDER BY u.n"
		" ON CONFLICT (merchant, sku, inventory_type, mechanism) DO NOTHING"
		" RETURNING t.merchant, t.sku, t.inventory_type, t.mechanism," STATE_COLUMNS,
		GIVEN_ARGS, CURSOR_OPT_CUSTOM_PLAN, {TRACKER_KEY_TYPES, STATE_TYPES}
	};
	Setting   **given = palloc(sizeof(Setting *) * Max(count, 1));
	int			next = 0,
				n = 0;
	uint64		created;

	for (int i = 0; i < count; i++)
		if (may_create(settings[i], round))
			given[n++] = settings[i];
	created = n == 0 ? 0 : run_for(&insert_trackers, given, n);
	for (uint64 row = 0; row < created; row++)
	{
		/* they come in the order in which they were given */
		for (bool same = false; !same && next < n; next++)
		{
			same = true;
			for (int arg = 0; arg < TRACKER_KEY_ARGS && same; arg++)
				same = compare_codes(result_text(SPI_tuptable, row, arg + 1),
									 given[next]->values[arg]) == 0;
			if (!same)
				continue;
			given[next]->outcome = "created";
			take_after(given[next], row, TRACKER_KEY_ARGS + 1);
		}
	}
	if (n > 0)
		SPI_freetuptable(SPI_tuptable);
	pfree(given);
}

/* The same, one by one: Citus counts what INSERT ... SELECT ... ON CONFLICT passes over. */
static void
create_each(Setting **settings, int count, int round)
{
	static Statement insert_tracker = {
		"INSERT INTO invtrack.tracker AS t (merchant, sku, inventory_type, mechanism,"
		" quantity, lookback_days, coverage_days, expiry_days)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (merchant, sku, inventory_type, mechanism) DO NOTHING"
		" RETURNING" STATE_COLUMNS,
		TRACKER_RULE_ARGS, {TRACKER_RULE_TYPES}, 0, {STATE_TYPES}
	};

	for (int i = 0; i < count; i++)
	{
		Setting    *setting = settings[i];
		char		nulls[TRACKER_RULE_ARGS];

		if (!may_create(setting, round))
			continue;
		for (int arg = 0; arg < TRACKER_RULE_ARGS; arg++)
			nulls[arg] = setting->nulls[arg] ? 'n' : ' ';
		if (statement_run(&insert_tracker, setting->values, nulls, false) > 0)
		{
			setting->outcome = "created";
			take_after(setting, 0, 1);
		}
		SPI_freetuptable(SPI_tuptable);
	}
}

/* Lock the trackers that are there; changing gets those that are to change, in their order. */
static int
lock(Setting **settings, int count, Setting **changing)
{
	static Statement lock_rules = {
		"SELECT u.n," STATE_COLUMNS " FROM " GIVEN " JOIN invtrack.tracker t ON " IS_GIVEN("t")
		OF_ONE_MERCHANT("t") " ORDER BY u.n FOR NO KEY UPDATE OF t",
		GIVEN_ARGS, CURSOR_OPT_CUSTOM_PLAN, {INT8OID, STATE_TYPES}
	};
	uint64		found = run_for(&lock_rules, settings, count);
	bool	   *changes = palloc0(sizeof(bool) * Max(count, 1));
	bool	   *is_there = palloc0(sizeof(bool) * Max(count, 1));
	int			n = 0;

	for (uint64 row = 0; row < found; row++)
	{
		Setting    *setting = setting_of(settings, count, row);
		int64		i = result_int64(SPI_tuptable, row, 1) - 1;

		is_there[i] = true;
		changes[i] = must_change(setting, row);
	}
	for (int i = 0; i < count; i++)
	{
		if (changes[i])
			changing[n++] = settings[i];
		if (!is_there[i] && refuse_other_version(settings[i], 0))
			settings[i]->before = settings[i]->health_before = (Datum) 0;
	}
	SPI_freetuptable(SPI_tuptable);
	pfree(changes);
	pfree(is_there);
	return n;
}

/* Change trackers that are locked. */
static void
change(Setting **settings, int count)
{
	static Statement update_trackers = {
		"UPDATE invtrack.tracker t SET quantity = u.quantity, lookback_days = u.lookback_days,"
		" coverage_days = u.coverage_days, expiry_days = u.expiry_days FROM " GIVEN
		" WHERE " IS_GIVEN("t") OF_ONE_MERCHANT("t") " RETURNING u.n," STATE_COLUMNS,
		GIVEN_ARGS, CURSOR_OPT_CUSTOM_PLAN, {INT8OID, STATE_TYPES}
	};
	uint64		changed = run_for(&update_trackers, settings, count);

	for (uint64 row = 0; row < changed; row++)
	{
		Setting    *setting = setting_of(settings, count, row);

		setting->outcome = "updated";
		take_after(setting, row, 2);
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
require_denied(void *arg)
{
	report_denied("save", ((const Setting *) arg)->values);
}

/*
 * Save, until each setting has met its tracker, as save_tracker() does: another
 * session may create or delete it in between.
 */
static void
save_together(Setting **settings, int count)
{
	Setting   **pending = palloc(sizeof(Setting *) * Max(count, 1));
	Setting   **changing = palloc(sizeof(Setting *) * Max(count, 1));
	int			n;

	for (int round = 0; round < SAVE_ROUNDS_MAX; round++)
	{
		CHECK_FOR_INTERRUPTS();
		n = take_pending(settings, count, pending);
		if (n == 0)
			return;
		if (is_distributed())
			create_each(pending, n, round);
		else
			create(pending, n, round);
		n = take_pending(settings, count, pending);
		n = n == 0 ? 0 : lock(pending, n, changing);
		if (n > 0)
			change(changing, n);
	}
	n = take_pending(settings, count, pending);
	for (int i = 0; i < n; i++)
		(void) passes(require_denied, pending[i], &pending[i]->refusal);
}

/*
 * Save all at once, or, where Citus has distributed the tables, merchant by
 * merchant, as it wants to know it.
 */
void
save_settings(Setting **settings, int count)
{
	int			first = 0;

	while (first < count)
	{
		Datum		merchant = settings[first]->values[ARG_MERCHANT];
		int			next = is_distributed() ? first + 1 : count;

		while (next < count &&
			   compare_codes(settings[next]->values[ARG_MERCHANT], merchant) == 0)
			next++;
		save_together(settings + first, next - first);
		first = next;
	}
}
