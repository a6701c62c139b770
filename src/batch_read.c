/*
 * batch_read.c
 *		Many trackers at once: statements for all settings of a batch, and what
 *		the tables say of them.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "batch.h"
#include "catalogue.h"
#include "code.h"
#include "row_array.h"
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

/* In kilobytes; above it, work_mem is as the server has it. */
#define WORK_MEM_MAX		(128 * 1024)

/* So many items that do not exist get a "did you mean"; each costs a search. */
#define SUGGESTIONS_MAX		1000

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
 * compilation is off, since it costs more than it saves. What is sorted and joined
 * stays in memory where that is a kilobyte per setting, up to WORK_MEM_MAX.
 */
uint64
run_for(Statement *statement, Setting **settings, int count)
{
	static const Oid types[TRACKER_RULE_ARGS] = {TRACKER_RULE_TYPES};
	MemoryContext passed_context =
		AllocSetContextCreate(CurrentMemoryContext, "settings to pass", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(passed_context);
	TupleDesc	columns = row_type("tracker_setting", types, lengthof(types));
	Datum	   *rows = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);
	Datum		passed[2];
	char		nulls[2] = {' ', ' '};
	int			nest_level = NewGUCNestLevel();
	uint64		found;

	for (int i = 0; i < count; i++)
		rows[i] = make_row(columns, settings[i]->values, settings[i]->nulls);
	passed[0] = array_of_rows(statement, 0, columns, rows, count);
	passed[1] = merchant_of(settings, count);
	if (passed[1] == (Datum) 0)
		nulls[1] = 'n';
	MemoryContextSwitchTo(caller);
	set_for_now("jit", "off");
	set_for_now("work_mem", psprintf("%dkB", Max(work_mem, Min(count, WORK_MEM_MAX))));
	if (count >= NESTED_LOOPS_END)
		set_for_now("enable_nestloop", "off");
	found = statement_run(statement, passed, nulls, false);
	AtEOXact_GUC(false, nest_level);
	MemoryContextDelete(passed_context);
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
static void
find_missing_items(Setting **settings, int count)
{
	static Statement find_items = {
		"SELECT u.n, m.merchant IS NOT NULL, p.sku IS NOT NULL, i.inventory_type IS NOT NULL,"
		" m.merchant IS NOT NULL AND invtrack.has_access(u.merchant, 'manage') FROM " GIVEN
		" LEFT JOIN invtrack.merchant m ON m.merchant " EQ " u.merchant"
		" LEFT JOIN invtrack.product p ON p.merchant " EQ " u.merchant"
		" AND p.sku " EQ " u.sku" OF_ONE_MERCHANT("p")
		" LEFT JOIN invtrack.inventory_type i ON i.merchant " EQ " u.merchant"
		" AND i.inventory_type " EQ " u.inventory_type",
		GIVEN_ARGS, CURSOR_OPT_CUSTOM_PLAN, {INT8OID, BOOLOID, BOOLOID, BOOLOID, BOOLOID}
	};
	uint64		found = run_for(&find_items, settings, count);
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

/* Does the tracker of a row hold a setting's rule? column is the first of its STATE_COLUMNS. */
bool
holds_rule(const Setting *setting, uint64 row, int column)
{
	for (int arg = ARG_QUANTITY; arg < TRACKER_RULE_ARGS; arg++, column++)
	{
		Oid			type = arg == ARG_QUANTITY ? NUMERICOID : INT4OID;
		Datum		value;
		bool		is_null = !result_nullable(SPI_tuptable, row, column, type, &value);

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

/* The tracker of a row, as tracker_change has it; 0: there is none. */
Datum
state_at(uint64 row, int column)
{
	static const Oid types[RECORDED_COLUMNS] = {STATE_TYPES};
	MemoryContext row_context =
		AllocSetContextCreate(CurrentMemoryContext, "tracker to show", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row_context);
	Datum		values[RECORDED_COLUMNS];
	bool		nulls[RECORDED_COLUMNS];
	Datum		state = (Datum) 0;

	for (int i = 0; i < RECORDED_COLUMNS; i++)
		nulls[i] = !result_nullable(SPI_tuptable, row, column + i, types[i], &values[i]);
	if (!nulls[RECORDED_COLUMNS - 1])
		state = recorded_json(values, nulls);
	MemoryContextSwitchTo(caller);
	if (state != (Datum) 0)
		state = datumCopy(state, false, -1);
	MemoryContextDelete(row_context);
	return state;
}

/* A row has the tracker as it was saved. A setting that was not shown before is shown later. */
void
take_after(Setting *setting, uint64 row, int column)
{
	if (setting->is_shown)
		setting->after = state_at(row, column);
}

/* Another version than expected; a Check. */
static void
require_version(void *arg)
{
	const Setting *setting = arg;

	report_other_version(setting->values, setting->version, NULL);
}

/* The version of the tracker of a row. */
int32
version_at(uint64 row, int column)
{
	return DatumGetInt32(result_datum(SPI_tuptable, row, column + RECORDED_COLUMNS - 1, INT4OID));
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
settle(Setting *setting, uint64 row)
{
	int32		version = version_at(row, 2);

	setting->version_before = version;
	if (refuse_other_version(setting, version) || !holds_rule(setting, row, 2))
		return;
	setting->outcome = "unchanged";
	setting->after = setting->before;
}

/* A health that SPI found, 0 for none. */
static Datum
health_at(uint64 row, int column)
{
	Datum		health;

	return result_nullable(SPI_tuptable, row, column, NUMERICOID, &health) ?
		datumCopy(health, false, -1) : (Datum) 0;
}

/*
 * Trackers as they are, and their health. Before they are saved also the health
 * that settings would have: of the same reading, so that what others record
 * meanwhile is no difference between the two. Not shown are those whose item is
 * not there, or whose merchant the caller may not manage.
 */
static void
show(Setting **settings, int count, bool is_after)
{
#define HEALTH_BY(rule) \
	" invtrack_internal.judge_health(r.mechanism, " rule ".quantity, " rule ".lookback_days, " \
	rule ".coverage_days, " rule ".expiry_days, r.launched_on, r.lots, r.folded, r.tail, r.as_of," \
	" r.count_today)"
	static Statement find_health = {
		"SELECT u.n," STATE_COLUMNS ","
		" CASE WHEN t.version IS NOT NULL THEN" HEALTH_BY("t") " END,"
		HEALTH_BY("u") ", invtrack.has_access(u.merchant, 'manage')"
		" FROM " GIVEN " JOIN invtrack_internal.reading r ON " IS_GIVEN("r") OF_ONE_MERCHANT("r")
		/* by keys of r: then Citus sees that each node has both */
		" LEFT JOIN invtrack.tracker t ON t.merchant " EQ " r.merchant AND t.sku " EQ " r.sku"
		" AND t.inventory_type " EQ " r.inventory_type AND t.mechanism " EQ " u.mechanism"
		OF_ONE_MERCHANT("t"),
		GIVEN_ARGS, CURSOR_OPT_CUSTOM_PLAN,
		{INT8OID, STATE_TYPES, NUMERICOID, NUMERICOID, BOOLOID}
	};
	uint64		found = count == 0 ? 0 : run_for(&find_health, settings, count);

	for (uint64 row = 0; row < found; row++)
	{
		Setting    *setting = setting_of(settings, count, row);
		Datum		state,
					health;

		setting->is_shown = result_bool(SPI_tuptable, row, 4 + RECORDED_COLUMNS);
		if (!setting->is_shown)
			continue;
		state = state_at(row, 2);
		health = health_at(row, 2 + RECORDED_COLUMNS);
		if (is_after)
		{
			setting->after = state;
			setting->health_after = health;
			continue;
		}
		setting->before = state;
		setting->health_before = health;
		setting->health_after = health_at(row, 3 + RECORDED_COLUMNS);
		if (state != (Datum) 0)
			settle(setting, row);
	}
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
	Setting   **unseen = palloc(sizeof(Setting *) * Max(count, 1));
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		settings[i]->outcome = NULL;
		settings[i]->is_shown = false;
		settings[i]->version_before = 0;
		settings[i]->before = settings[i]->health_before = (Datum) 0;
		settings[i]->after = settings[i]->health_after = (Datum) 0;
	}
	show(settings, count, false);
	for (int i = 0; i < count; i++)
		if (!settings[i]->is_shown)
			unseen[n++] = settings[i];
	if (n > 0)
		find_missing_items(unseen, n);
	pfree(unseen);
}

/* Has somebody else put a trigger on trackers? It may change what was saved, and anything else. */
static bool
has_other_triggers(void)
{
	Oid			ours = get_namespace_oid("invtrack_internal", false);
	Relation	tracker = table_open(find_relation("invtrack", "tracker"), AccessShareLock);
	const TriggerDesc *triggers = tracker->trigdesc;
	bool		has = false;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers && !has; i++)
		has = !triggers->triggers[i].tgisinternal &&
			get_func_namespace(triggers->triggers[i].tgfoid) != ours;
	table_close(tracker, AccessShareLock);
	return has;
}

/* How trackers are after a batch: of most, that is known since they were saved. */
void
show_after(Setting **settings, int count)
{
	Setting   **others = palloc(sizeof(Setting *) * Max(count, 1));
	bool		is_all = has_other_triggers();
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		if (settings[i]->after != (Datum) 0 && !is_all)
			continue;
		settings[i]->after = settings[i]->health_after = (Datum) 0;
		others[n++] = settings[i];
	}
	show(others, n, true);
	pfree(others);
}
