/*
 * batch_read.c
 *		Many trackers at once: statements for all settings of a batch, and what
 *		the tables say of them.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "batch.h"
#include "catalogue.h"
#include "code.h"
#include "setting.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_change.h"
#include "tracker_rule.h"

/*
 * From this many settings on, nested loops are off. If the last ANALYZE saw no
 * trackers, the planner expects one row, and would compare each setting with
 * each tracker.
 */
#define NESTED_LOOPS_END	2000

/* So many items that do not exist get a "did you mean"; each costs a search. */
#define SUGGESTIONS_MAX		1000

/* The keys and rules of settings as arrays, for a statement. */
static void
get_arrays(Setting **settings, int count, int columns, Datum *arrays)
{
	static const Oid types[TRACKER_RULE_ARGS] = {TRACKER_RULE_TYPES};
	Datum	   *values = palloc(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(count, 1));

	for (int column = 0; column < columns; column++)
	{
		for (int i = 0; i < count; i++)
		{
			values[i] = settings[i]->values[column];
			nulls[i] = settings[i]->nulls[column];
		}
		arrays[column] = array_of(types[column], values, nulls, count);
	}
	pfree(values);
	pfree(nulls);
}

/* The merchant of all settings; 0 if there are several. */
static Datum
merchant_of(Setting **settings, int count)
{
	Datum		merchant = settings[0]->values[ARG_MERCHANT];

	return compare_codes(settings[count - 1]->values[ARG_MERCHANT], merchant) == 0 ? merchant :
		(Datum) 0;
}

/*
 * Run a statement for all settings, of which there is at least one. JIT
 * compilation is off, since it costs more than it saves. The parameters are
 * arrays of the first columns of the settings, and then, if the statement has
 * one more, their merchant, or null if there are several.
 */
uint64
run_for(Statement *statement, Setting **settings, int count, int columns)
{
	Datum		arrays[TRACKER_RULE_ARGS + 1];
	char		nulls[TRACKER_RULE_ARGS + 1];
	int			nest_level = NewGUCNestLevel();
	uint64		found;

	get_arrays(settings, count, columns, arrays);
	memset(nulls, ' ', sizeof(nulls));
	arrays[columns] = merchant_of(settings, count);
	nulls[columns] = arrays[columns] == (Datum) 0 ? 'n' : ' ';
	set_for_now("jit", "off");
	if (count >= NESTED_LOOPS_END)
		set_for_now("enable_nestloop", "off");
	found = statement_run(statement, arrays, nulls, false);
	AtEOXact_GUC(false, nest_level);
	for (int i = 0; i < columns; i++)
		pfree(DatumGetPointer(arrays[i]));
	return found;
}

/* The setting that a row of a result is about, by its first column. */
Setting *
setting_of(Setting **settings, int count, uint64 row)
{
	return settings[result_place(SPI_tuptable, row, 1, count)];
}

/* What is found of an item; a Check. */
typedef struct FoundItem
{
	const Setting *setting;
	bool		found[ITEM_CODES];
	bool		may_manage;
} FoundItem;

static void
require_found(void *arg)
{
	FoundItem  *item = arg;

	report_missing_item(item->setting->values, item->found);
	if (!item->may_manage)
		report_denied("save", item->setting->values);
}

/* Refuse settings whose item does not exist, or whose merchant the caller may not manage. */
void
find_missing_items(Setting **settings, int count)
{
	static Statement find_items = {
		"SELECT u.n, m.merchant IS NOT NULL, p.sku IS NOT NULL, i.inventory_type IS NOT NULL,"
		" m.merchant IS NOT NULL AND invtrack.has_access(u.merchant, 'manage') FROM " GIVEN_KEYS
		" LEFT JOIN invtrack.merchant m ON m.merchant " EQ " u.merchant"
		" LEFT JOIN invtrack.product p ON p.merchant " EQ " u.merchant"
		" AND p.sku " EQ " u.sku" OF_ONE_MERCHANT("p", "$5")
		" LEFT JOIN invtrack.inventory_type i ON i.merchant " EQ " u.merchant"
		" AND i.inventory_type " EQ " u.inventory_type",
		5, {KEY_ARRAYS, TEXTOID}, CURSOR_OPT_CUSTOM_PLAN,
		{INT8OID, BOOLOID, BOOLOID, BOOLOID, BOOLOID}
	};
	uint64		found = run_for(&find_items, settings, count, TRACKER_KEY_ARGS);
	SPITupleTable *rows = SPI_tuptable;
	int			suggestions = 0;

	for (uint64 row = 0; row < found; row++)
	{
		Setting    *setting = setting_of(settings, count, row);
		FoundItem	item = {setting};
		bool		is_missing = false;

		for (int i = 0; i < ITEM_CODES; i++)
		{
			item.found[i] = result_bool(rows, row, i + 2);
			is_missing |= !item.found[i];
		}
		item.may_manage = result_bool(rows, row, ITEM_CODES + 2);
		if (is_missing && suggestions++ >= SUGGESTIONS_MAX)
			missing_item(setting->values, item.found, &setting->refusal);
		else if (is_missing || !item.may_manage)
			(void) passes(require_found, &item, &setting->refusal);
		SPI_tuptable = rows;	/* the search has set another */
	}
	SPI_freetuptable(rows);
}

/* Does a row that begins with the number of a setting hold its rule? */
bool
holds_rule(const Setting *setting, uint64 row)
{
	for (int arg = ARG_QUANTITY; arg < TRACKER_RULE_ARGS; arg++)
	{
		Oid			type = arg == ARG_QUANTITY ? NUMERICOID : INT4OID;
		Datum		value;
		bool		is_null = !result_nullable(SPI_tuptable, row, arg - ARG_QUANTITY + 2, type,
											   &value);

		if (is_null || setting->nulls[arg])
		{
			if (is_null != setting->nulls[arg])
				return false;
		}
		else if (arg == ARG_QUANTITY ?
				 !DatumGetBool(DirectFunctionCall2(numeric_eq, value, setting->values[arg])) :
				 DatumGetInt32(value) != DatumGetInt32(setting->values[arg]))
			return false;
	}
	return true;
}

/* Another version than expected; a Check. */
static void
require_version(void *arg)
{
	const Setting *setting = arg;

	report_other_version(setting->values, setting->version, NULL);
}

/* Refuse a setting that expects another version than its tracker has, 0: there is none. */
bool
refuse_other_version(Setting *setting, int32 version)
{
	if (!setting->expects || setting->version == version)
		return false;
	(void) passes(require_version, setting, &setting->refusal);
	if (version > 0)
		setting->refusal.hint =
			"It has been changed since. The column before is the tracker as it is now: show it, and save again with its version.";
	return true;
}

/* A tracker is shown: is there nothing to do about it? */
static void
settle(Setting *setting, uint64 row, int32 version)
{
	setting->version_before = version;
	if (refuse_other_version(setting, version) || !holds_rule(setting, row))
		return;
	setting->outcome = "unchanged";
	setting->is_as_before = true;
}

/* The state and health of trackers; of those that have none they stay as they are. */
static void
show(Setting **settings, int count, bool is_after)
{
	static Statement find_health = {
		"SELECT u.n, h.quantity, h.lookback_days, h.coverage_days, h.expiry_days, h.active,"
		" h.version, h.health"
		" FROM " GIVEN_KEYS " JOIN invtrack.health h ON " IS_GIVEN("h") OF_ONE_MERCHANT("h", "$5"),
		5, {KEY_ARRAYS, TEXTOID}, CURSOR_OPT_CUSTOM_PLAN,
		{INT8OID, NUMERICOID, INT4OID, INT4OID, INT4OID, BOOLOID, INT4OID, NUMERICOID}
	};
	uint64		found = count == 0 ? 0 : run_for(&find_health, settings, count, TRACKER_KEY_ARGS);
	MemoryContext row_context =
		AllocSetContextCreate(CurrentMemoryContext, "tracker to show", ALLOCSET_SMALL_SIZES);

	for (uint64 row = 0; row < found; row++)
	{
		Setting    *setting = setting_of(settings, count, row);
		Datum		values[RECORDED_COLUMNS + 1];
		bool		nulls[RECORDED_COLUMNS + 1];
		Datum		state,
					health;
		MemoryContext caller = MemoryContextSwitchTo(row_context);

		for (int i = 0; i <= RECORDED_COLUMNS; i++)
			nulls[i] = !result_nullable(SPI_tuptable, row, i + 2, find_health.results[i + 1],
										&values[i]);
		state = recorded_json(values, nulls);
		MemoryContextSwitchTo(caller);
		health = nulls[RECORDED_COLUMNS] ? (Datum) 0 :
			datumCopy(values[RECORDED_COLUMNS], false, -1);
		*(is_after ? &setting->after : &setting->before) = datumCopy(state, false, -1);
		*(is_after ? &setting->health_after : &setting->health_before) = health;
		if (!is_after)
			settle(setting, row, DatumGetInt32(values[RECORDED_COLUMNS - 1]));
		MemoryContextReset(row_context);
	}
	MemoryContextDelete(row_context);
	if (count > 0)
		SPI_freetuptable(SPI_tuptable);
}

/*
 * How trackers are before a batch: as tracker_change has it, and their health.
 * What can be said of them then is settled.
 */
void
show_before(Setting **settings, int count)
{
	show(settings, count, false);
}

/* How they are after it: those that it has left alone need no other look. */
void
show_after(Setting **settings, int count)
{
	Setting   **others = palloc(sizeof(Setting *) * Max(count, 1));
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		if (!settings[i]->is_as_before)
		{
			others[n++] = settings[i];
			continue;
		}
		settings[i]->after = settings[i]->before;
		settings[i]->health_after = settings[i]->health_before;
	}
	show(others, n, true);
	pfree(others);
}
