/*
 * batch.c
 *		Many trackers at once: the settings, their verdicts, and what becomes of
 *		the batch.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "batch.h"
#include "calendar.h"
#include "compat.h"
#include "json_rows.h"
#include "statement.h"
#include "subtransaction.h"
#include "tracker_rule.h"

#define EXPECTED_VERSION	TRACKER_RULE_ARGS

static const Field fields[] = {
	{"merchant", FIELD_TEXT}, {"sku", FIELD_TEXT}, {"inventory_type", FIELD_TEXT},
	{"mechanism", FIELD_TEXT}, {"quantity", FIELD_NUMERIC}, {"lookback_days", FIELD_INTEGER},
	{"coverage_days", FIELD_INTEGER}, {"expiry_days", FIELD_INTEGER},
	{"expected_version", FIELD_INTEGER}
};

/* The arguments of save_tracker(), checked as it checks them; a Check. */
static void
require_arguments(void *arg)
{
	Setting    *setting = arg;

	LOCAL_FCINFO(fcinfo, TRACKER_RULE_ARGS);

	InitFunctionCallInfoData(*fcinfo, NULL, TRACKER_RULE_ARGS, InvalidOid, NULL, NULL);
	for (int i = 0; i < TRACKER_RULE_ARGS; i++)
	{
		fcinfo->args[i].value = setting->values[i];
		fcinfo->args[i].isnull = setting->nulls[i];
	}
	require_tracker_key(fcinfo);
	require_tracker_rule(fcinfo);
}

/* Read a setting; what is wrong with a value of it is its verdict. */
static void
read_setting(Jsonb *settings, int row, Setting *setting)
{
	FieldValue	values[lengthof(fields)];

	read_json_row(settings, row, "settings", fields, lengthof(fields), values);
	memset(setting, 0, sizeof(*setting));
	setting->row = row + 1;
	setting->has_key = true;
	for (int i = 0; i < lengthof(fields); i++)
	{
		/* a null key comes first, and then values that cannot be read */
		if (values[i].refusal.sqlstate != 0 && setting->refusal.sqlstate == 0 &&
			(setting->has_key || i < TRACKER_KEY_ARGS))
			setting->refusal = values[i].refusal;
		if (i == EXPECTED_VERSION)
			continue;
		setting->values[i] = values[i].converted.value;
		setting->nulls[i] = values[i].converted.isnull;
		if (i < TRACKER_KEY_ARGS && setting->nulls[i])
			setting->has_key = false;
	}
	setting->expects = !values[EXPECTED_VERSION].converted.isnull;
	if (setting->expects)
		setting->version = DatumGetInt32(values[EXPECTED_VERSION].converted.value);
}

/* By key, and rows of the same key in their order; those without a key come last. */
static int
compare_keys(const void *a, const void *b)
{
	const Setting *x = *(Setting *const *) a;
	const Setting *y = *(Setting *const *) b;
	int			order = y->has_key - x->has_key;

	for (int i = 0; i < TRACKER_KEY_ARGS && order == 0 && x->has_key; i++)
		order = compare_codes(x->values[i], y->values[i]);
	return order;
}

static int
compare_settings(const void *a, const void *b)
{
	int			order = compare_keys(a, b);

	return order != 0 ? order : (*(Setting *const *) a)->row - (*(Setting *const *) b)->row;
}

/* Refuse settings whose key an earlier row has, whatever became of that. */
static void
refuse_repeated(Setting **sorted, int count)
{
	for (int i = 1, first = 0; i < count; i++)
	{
		if (!sorted[i]->has_key || compare_keys(&sorted[first], &sorted[i]) != 0)
		{
			first = i;
			continue;
		}
		sorted[i]->refusal =
			refusal_of(ERRCODE_CARDINALITY_VIOLATION, "merchant",
					   psprintf("row %d has the key of row %d: tracker %s", sorted[i]->row,
								sorted[first]->row, shown_tracker(sorted[i]->values)),
					   "A batch has one row for each tracker: leave out all but one of them.");
	}
}

/* Those that nothing is said against so far. */
static int
take_sound(Setting **settings, int count, Setting **sound)
{
	int			taken = 0;

	for (int i = 0; i < count; i++)
		if (settings[i]->refusal.sqlstate == 0)
			sound[taken++] = settings[i];
	return taken;
}

/* A try to save; it stays if all that was asked for is saved. */
typedef struct Try
{
	Setting   **settings;
	int			count;
	bool		dry_run;
	bool		all_or_nothing;
} Try;

static bool
save_or_try(void *argument)
{
	Try		   *try = argument;
	Setting   **sound = palloc(sizeof(Setting *) * Max(try->count, 1));
	int			n = take_sound(try->settings, try->count, sound);

	save_settings(sound, n);
	n = take_sound(try->settings, try->count, sound);
	show_after(sound, n);
	return !try->dry_run && !(try->all_or_nothing && n < try->count);
}

/*
 * Find out what can be saved, and save it. Where a product or an inventory
 * type is deleted in between, all of it once more, and its settings are refused
 * then; if that is not why, the error is the caller's.
 */
static void
find_and_save(Setting **sorted, int count, bool dry_run, bool all_or_nothing)
{
	Setting   **sound = palloc(sizeof(Setting *) * Max(count, 1));
	Try			try = {sorted, count, dry_run, all_or_nothing};
	ErrorData  *error = NULL;

	do
	{
		int			n = take_sound(sorted, count, sound);
		int			n_before = n;

		show_before(sound, n);
		if (error != NULL && take_sound(sorted, count, sound) == n_before)
			ReThrowError(error);
		error = run_in_subtransaction(save_or_try, &try);
		if (error != NULL && error->sqlerrcode != ERRCODE_FOREIGN_KEY_VIOLATION)
			ReThrowError(error);
	} while (error != NULL);
}

/* The verdict of a setting as a row of the result. */
static void
put_verdict(ReturnSetInfo *result, const Setting *setting)
{
	const Refusal *refusal = &setting->refusal;
	bool		refused = refusal->sqlstate != 0;
	Datum		values[13] = {Int32GetDatum(setting->row)};
	bool		nulls[13] = {false};

	for (int i = 0; i < TRACKER_KEY_ARGS; i++)
	{
		values[i + 1] = setting->values[i];
		nulls[i + 1] = setting->nulls[i];
	}
	values[5] = CStringGetTextDatum(refused ? "rejected" : setting->outcome);
	nulls[6] = nulls[7] = !refused;
	nulls[8] = !refused || refusal->hint == NULL;
	if (refused)
	{
		values[6] = CStringGetTextDatum(unpack_sql_state(refusal->sqlstate));
		values[7] = CStringGetTextDatum(refusal->message);
		if (refusal->hint != NULL)
			values[8] = CStringGetTextDatum(refusal->hint);
	}
	values[9] = setting->before;
	values[10] = refused ? (Datum) 0 : setting->after;
	values[11] = setting->health_before;
	values[12] = refused ? (Datum) 0 : setting->health_after;
	for (int i = 9; i < 13; i++)
		nulls[i] = values[i] == (Datum) 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Does on_error say that one rejected row is to keep the others from being saved? */
static bool
is_abort(FunctionCallInfo fcinfo, int arg)
{
	const char *on_error;

	require_not_null(fcinfo, arg, "on_error");
	on_error = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	if (strcmp(on_error, "abort") != 0 && strcmp(on_error, "skip") != 0)
		refuse(NULL, "on_error", psprintf("on_error \"%s\" does not exist", shown(on_error)),
			   "Use abort or skip.");
	return strcmp(on_error, "abort") == 0;
}

/* Read and judge all settings; sorted gets them in the order of their keys. */
static Setting *
read_settings(Jsonb *given, int count, Setting **sorted)
{
	Setting    *settings = palloc_extended(sizeof(Setting) * Max(count, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
	{
		read_setting(given, i, &settings[i]);
		if (settings[i].refusal.sqlstate == 0)
			(void) passes(require_arguments, &settings[i], &settings[i].refusal);
		sorted[i] = &settings[i];
	}
	qsort(sorted, count, sizeof(Setting *), compare_settings);
	refuse_repeated(sorted, count);
	return settings;
}

/* save_trackers(settings, dry_run, on_error) */
PG_FUNCTION_INFO_V1(batch_save_trackers);
Datum
batch_save_trackers(PG_FUNCTION_ARGS)
{
	static const Oid returned[] = {
		INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		JSONBOID, JSONBOID, NUMERICOID, NUMERICOID
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		all_or_nothing;
	Setting    *settings;
	Setting   **sorted;
	Jsonb	   *given;
	int			count;

	require_not_null(fcinfo, 0, "settings");
	require_not_null(fcinfo, 1, "dry_run");
	all_or_nothing = is_abort(fcinfo, 2);
	require_as_of_setting();
	InitMaterializedSRF(fcinfo, 0);
	require_columns(result->setDesc, returned, lengthof(returned));
	given = PG_GETARG_JSONB_P(0);
	count = count_json_rows(given, "settings");
	SPI_connect();
	sorted = palloc(sizeof(Setting *) * Max(count, 1));
	settings = read_settings(given, count, sorted);
	find_and_save(sorted, count, PG_GETARG_BOOL(1), all_or_nothing);
	for (int i = 0; i < count; i++)
		put_verdict(result, &settings[i]);
	SPI_finish();
	return (Datum) 0;
}
