/*
 * tracker.c
 *		Saving and deleting trackers.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "refusal.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_rule.h"
#include "trigger.h"

/* How often to try before it can't be another session that is in the way. */
#define SAVE_ROUNDS_MAX		100

#define KEY_MATCHES \
	" t.merchant " EQ " $1 AND t.sku " EQ " $2" \
	" AND t.inventory_type " EQ " $3 AND t.mechanism " EQ " $4"

static Statement read_rule = {
	"SELECT t.quantity::pg_catalog.numeric, t.lookback_days, t.coverage_days, t.expiry_days,"
	" t.version FROM invtrack.tracker t WHERE" KEY_MATCHES,
	TRACKER_KEY_ARGS, {TRACKER_KEY_TYPES}, 0, {NUMERICOID, INT4OID, INT4OID, INT4OID, INT4OID}
};

/*
 * is_tracker(merchant, sku, inventory_type, mechanism, quantity, lookback_days,
 * coverage_days, expiry_days): the table's CHECK. Nulls are left to NOT NULL.
 */
PG_FUNCTION_INFO_V1(tracker_is_tracker);
Datum
tracker_is_tracker(PG_FUNCTION_ARGS)
{
	static const char table[] = "tracker";
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};

	require_codes(table, codes, lengthof(codes), fcinfo->args);
	if (!PG_ARGISNULL(ARG_MECHANISM))
		require_rule(table, require_mechanism(table, PG_GETARG_DATUM(ARG_MECHANISM)),
					 &fcinfo->args[ARG_QUANTITY]);
	PG_RETURN_BOOL(true);
}

/* The position of version in a row of read_rule. */
#define READ_VERSION	5

/* What save_tracker() is called with: a key and a rule, and the version that the caller knows. */
typedef struct Saving
{
	Datum		values[TRACKER_RULE_ARGS];
	char		nulls[TRACKER_RULE_ARGS];
	bool		expects;
	int32		version;		/* 0: there is none yet */
} Saving;

/*
 * The key as one text: its parts between slashes. A slash in a part, and the
 * percent sign that stands for it, are written as in a URL, so that two keys
 * never have the same text.
 */
text *
tracker_key_text(const Datum *key)
{
	StringInfoData shown;

	initStringInfo(&shown);
	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
	{
		text	   *part = DatumGetTextPP(key[arg]);
		const char *end = VARDATA_ANY(part) + VARSIZE_ANY_EXHDR(part);

		if (arg > 0)
			appendStringInfoCharMacro(&shown, '/');
		for (const char *p = VARDATA_ANY(part); p < end; p++)
		{
			if (*p == '/')
				appendStringInfoString(&shown, "%2F");
			else if (*p == '%')
				appendStringInfoString(&shown, "%25");
			else
				appendStringInfoCharMacro(&shown, *p);
		}
	}
	return cstring_to_text_with_len(shown.data, shown.len);
}

PG_FUNCTION_INFO_V1(tracker_key);
Datum
tracker_key(PG_FUNCTION_ARGS)
{
	Datum		key[TRACKER_KEY_ARGS];

	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
		key[arg] = PG_GETARG_DATUM(arg);
	PG_RETURN_TEXT_P(tracker_key_text(key));
}

#define DENIED_HINT \
	"It requires the level manage for the merchant. A trigger of the table's owner can prevent it as well."

/* A tracker that the caller can see and not write. */
void
report_denied(const char *action, const Datum *key)
{
	mark_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to %s tracker %s", action, shown_tracker(key)),
			 errhint(DENIED_HINT)));
}

/* Values and null flags of a key and its rule, for SPI. */
void
get_rule_values(FunctionCallInfo fcinfo, Datum *values, char *nulls)
{
	for (int arg = 0; arg < TRACKER_RULE_ARGS; arg++)
	{
		values[arg] = PG_GETARG_DATUM(arg);
		nulls[arg] = PG_ARGISNULL(arg) ? 'n' : ' ';
	}
}

/* Does the row that SPI just found hold this rule? */
static bool
holds_rule(const Datum *values, const char *nulls)
{
	for (int arg = TRACKER_KEY_ARGS; arg < TRACKER_RULE_ARGS; arg++)
	{
		Datum		value;
		bool		is_null = !result_nullable(SPI_tuptable, 0, arg - TRACKER_KEY_ARGS + 1,
											   read_rule.results[arg - TRACKER_KEY_ARGS], &value);

		if (is_null || nulls[arg] == 'n')
		{
			if (is_null != (nulls[arg] == 'n'))
				return false;
		}
		else if (arg == ARG_QUANTITY ?
				 !DatumGetBool(DirectFunctionCall2(numeric_eq, value, values[arg])) :
				 DatumGetInt32(value) != DatumGetInt32(values[arg]))
			return false;
	}
	return true;
}

/* The version in the row that SPI just found. */
static int32
found_version(void)
{
	return DatumGetInt32(result_datum(SPI_tuptable, 0, READ_VERSION, INT4OID));
}

/* After the largest comes the first. */
static int32
next_version(int32 version)
{
	return version % PG_INT32_MAX + 1;
}

/* The version that a tracker would have if it were saved with this rule. */
int32
version_if_saved(Datum *values, const char *nulls)
{
	if (statement_run(&read_rule, values, NULL, true) == 0)
		return 1;
	return holds_rule(values, nulls) ? found_version() : next_version(found_version());
}

/* The row that is there, if row shows one, has another version than the caller expects. */
void
report_other_version(const Datum *key, int32 version, const char *row)
{
	mark_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("tracker %s does not have the expected version %d",
					shown_tracker(key), version),
			 row != NULL ? errdetail_internal("%s", row) : 0,
			 row != NULL ? errhint("It has been changed since. DETAIL is the row as it is now: show it, and save again with its version.") :
			 errhint("There is no such tracker; expected_version 0 creates it.")));
}

/* The same, with the row as it is now, if it is there. */
static void
report_version_of(Saving *saving)
{
	static Statement show_row = {
		"SELECT pg_catalog.row_to_json(t)::pg_catalog.text FROM invtrack.tracker t"
		" WHERE" KEY_MATCHES,
		TRACKER_KEY_ARGS, {TRACKER_KEY_TYPES}, 0, {TEXTOID}
	};
	Datum		row;
	bool		found;

	statement_run(&show_row, saving->values, NULL, false);
	found = take_texts(&row, 1);
	report_other_version(saving->values, saving->version, found ? TextDatumGetCString(row) : NULL);
}

/*
 * Insert or update, until one of them meets the row: another session may
 * delete it between the two. At READ COMMITTED each statement sees what was
 * committed before it; above, PostgreSQL raises 40001 where that would not do.
 * Where neither ever meets it, it is not another session, but row security or
 * a trigger of the table's owner that lets the caller see it and not write.
 */
static const char *
save(Saving *saving)
{
	static Statement insert_tracker = {
		"INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism,"
		" quantity, lookback_days, coverage_days, expiry_days)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (merchant, sku, inventory_type, mechanism) DO NOTHING",
		TRACKER_RULE_ARGS, {TRACKER_RULE_TYPES}
	};
	static Statement update_rule = {
		"UPDATE invtrack.tracker t SET quantity = $5, lookback_days = $6,"
		" coverage_days = $7, expiry_days = $8 WHERE" KEY_MATCHES
		" AND ($9 IS NULL OR t.version " EQ " $9)",
		TRACKER_RULE_ARGS + 1, {TRACKER_RULE_TYPES, INT4OID}
	};
	Datum		values[TRACKER_RULE_ARGS + 1];
	char		nulls[TRACKER_RULE_ARGS + 1];

	memcpy(values, saving->values, sizeof(saving->values));
	memcpy(nulls, saving->nulls, sizeof(saving->nulls));
	values[TRACKER_RULE_ARGS] = Int32GetDatum(saving->version);
	nulls[TRACKER_RULE_ARGS] = saving->expects ? ' ' : 'n';
	for (int round = 0; round < SAVE_ROUNDS_MAX; round++)
	{
		CHECK_FOR_INTERRUPTS();
		if ((!saving->expects || saving->version == 0) &&
			statement_run(&insert_tracker, values, nulls, false) > 0)
			return "created";
		if (statement_run(&read_rule, values, nulls, false) == 0)
		{
			if (saving->expects && saving->version != 0)
				report_version_of(saving);
			continue;
		}
		if (saving->expects &&
			(saving->version == 0 || found_version() != saving->version))
			report_version_of(saving);
		if (holds_rule(values, nulls))
			return "unchanged";
		if (statement_run(&update_rule, values, nulls, false) > 0)
			return "updated";
	}
	report_denied("save", values);
	return NULL;
}

/* save_tracker(key, rule, expected_version); the version came with 0.3.0 */
static Datum
validate_and_save(FunctionCallInfo fcinfo)
{
	Saving		saving = {.expects = false};
	const char *outcome;

	require_tracker_key(fcinfo);
	require_tracker_rule(fcinfo);
	get_rule_values(fcinfo, saving.values, saving.nulls);
	if (PG_NARGS() > TRACKER_RULE_ARGS && !PG_ARGISNULL(TRACKER_RULE_ARGS))
	{
		saving.expects = true;
		saving.version = PG_GETARG_INT32(TRACKER_RULE_ARGS);
	}
	SPI_connect();
	require_item_exists(saving.values, false);
	outcome = save(&saving);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text(outcome));
}

/* The key as PostgreSQL writes keys in the details of errors; a part may be null. */
static char *
key_detail(FunctionCallInfo fcinfo)
{
	const char *parts[TRACKER_KEY_ARGS];

	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
		parts[arg] = PG_ARGISNULL(arg) ? "null" : shown(TextDatumGetCString(PG_GETARG_DATUM(arg)));
	return psprintf("Key (merchant, sku, inventory_type, mechanism)=(%s, %s, %s, %s).",
					parts[ARG_MERCHANT], parts[ARG_SKU], parts[ARG_INVENTORY_TYPE],
					parts[ARG_MECHANISM]);
}

/* What to do about an error that PostgreSQL raises without a hint where a tracker is saved. */
static const char *
save_hint(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return DENIED_HINT;
	if (sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION)
		return "It was renamed or deleted meanwhile: look what there is now.";
	return NULL;
}

/*
 * Do what a function does with its arguments, of which the first are the key
 * of a tracker. Its errors tell the key, so that a statement that calls it for
 * many trackers says which one failed.
 */
Datum
with_key_in_errors(FunctionCallInfo fcinfo, PGFunction work)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		result = (Datum) 0;

	PG_TRY();
	{
		result = work(fcinfo);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		rethrow_with(key_detail(fcinfo),
					 work == validate_and_save ? save_hint(geterrcode()) : NULL);
	}
	PG_END_TRY();
	return result;
}

PG_FUNCTION_INFO_V1(tracker_save);
Datum
tracker_save(PG_FUNCTION_ARGS)
{
	return with_key_in_errors(fcinfo, validate_and_save);
}

PG_FUNCTION_INFO_V1(tracker_delete);
Datum
tracker_delete(PG_FUNCTION_ARGS)
{
	static Statement delete_tracker = {
		"DELETE FROM invtrack.tracker t WHERE" KEY_MATCHES,
		TRACKER_KEY_ARGS, {TRACKER_KEY_TYPES}
	};
	Datum		key[TRACKER_KEY_ARGS];

	get_tracker_key(fcinfo, key);
	SPI_connect();
	if (statement_run(&delete_tracker, key, NULL, false) == 0)
	{
		if (statement_run(&read_rule, key, NULL, false) > 0)
			report_denied("delete", key);
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("tracker %s does not exist", shown_tracker(key)),
				 errhint("invtrack.tracker_health(merchant) lists what there is.")));
	}
	SPI_finish();
	PG_RETURN_BOOL(true);
}

/*
 * Trigger, BEFORE UPDATE FOR EACH ROW: updated_at and version move when a
 * parameter or active changes, and only then, whoever writes the table.
 */
PG_FUNCTION_INFO_V1(tracker_set_updated_at);
Datum
tracker_set_updated_at(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = require_trigger(fcinfo, ON_UPDATE);
	TupleDesc	columns = trigger->tg_relation->rd_att;

	/* the second came with 0.3.0 */
	int			marks[2] = {trigger_column(trigger, "updated_at", TIMESTAMPTZOID)};
	int			count = 1;
	Datum		values[2];
	bool		nulls[2];

	if (SPI_fnumber(columns, "version") > 0)
		marks[count++] = trigger_column(trigger, "version", INT4OID);
	for (int i = 0; i < count; i++)
		values[i] = heap_getattr(trigger->tg_trigtuple, marks[i], columns, &nulls[i]);
	if (column_changes(trigger, "quantity") || column_changes(trigger, "lookback_days") ||
		column_changes(trigger, "coverage_days") || column_changes(trigger, "expiry_days") ||
		(count > 1 && column_changes(trigger, "active")))
	{
		values[0] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
		nulls[0] = false;
		if (count > 1)
			values[1] = Int32GetDatum(nulls[1] ? 1 : next_version(DatumGetInt32(values[1])));
		nulls[count - 1] = false;
	}
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_newtuple, columns, count,
													 marks, values, nulls));
}
