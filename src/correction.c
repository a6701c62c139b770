/*
 * correction.c
 *		Corrections: what a line says now, and wrong loads undone.
 *
 * A movement is never changed. A line that says something else now is reversed
 * and recorded anew under its own ref, which a reversed movement leaves free.
 * All of it is done as the owner of the table, for callers who may load the
 * merchant's movements. Corrections of a merchant wait for its folds and
 * purges, and not for each other unless they are of the same line.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "argument.h"
#include "compat.h"
#include "fold.h"
#include "movement.h"
#include "owner.h"
#include "quantity.h"
#include "statement.h"

/* How often to try before it can't be another session that is in the way. */
#define RECORD_ROUNDS_MAX	100

/* The arguments of record_movement(); the first three are the key of the line. */
enum
{
	LINE_MERCHANT,
	LINE_FLOW,
	LINE_REF,
	LINE_SKU,
	LINE_INVENTORY_TYPE,
	LINE_OCCURRED_ON,
	LINE_QUANTITY,
	LINE_ARGS
};

#define LINE_KEY_ARGS	LINE_SKU
#define LINE_KEY_TYPES	TEXTOID, TEXTOID, TEXTOID
#define LINE_TYPES		LINE_KEY_TYPES, TEXTOID, TEXTOID, DATEOID, NUMERICOID

#define OF_LINE \
	" m.merchant " EQ " $1 AND m.flow " EQ " $2" \
	" AND m.ref " EQ " $3"

static const char *const line_names[LINE_ARGS] = {
	"merchant", "flow", "ref", "sku", "inventory_type", "occurred_on", "quantity"
};

/* The line as it stands, locked. Returns false if there is none; *same: it says this already. */
static bool
find_line(Datum *values, Datum *id, bool *same)
{
	static Statement find = {
		"SELECT m.movement_id, m.sku " EQ " $4"
		" AND m.inventory_type " EQ " $5 AND m.occurred_on " EQ " $6"
		" AND m.quantity::pg_catalog.numeric " EQ " $7"
		" FROM invtrack.movement m WHERE" OF_LINE " AND NOT m.reversed FOR UPDATE",
		LINE_ARGS, {LINE_TYPES}, 0, {INT8OID, BOOLOID}
	};

	if (statement_run(&find, values, NULL, false) == 0)
		return false;
	*id = result_datum(SPI_tuptable, 0, 1, INT8OID);
	*same = result_bool(SPI_tuptable, 0, 2);
	return true;
}

/* Record the line; false if another session has done so since we looked. */
static bool
insert_line(Datum *values)
{
	static Statement insert = {
		"INSERT INTO invtrack.movement"
		" (merchant, flow, ref, sku, inventory_type, occurred_on, quantity)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (merchant, flow, ref) WHERE ref IS NOT NULL AND NOT reversed DO NOTHING",
		LINE_ARGS, {LINE_TYPES}
	};

	return statement_run(&insert, values, NULL, false) > 0;
}

/*
 * A ref that is not known, on a day up to the last that a purge has taken of
 * the merchant, may be a line that was purged: recorded again it would count
 * twice, and it cannot be taken back. One that was taken back before is known.
 */
static void
refuse_purged(Datum *values)
{
	static Statement find_ref = {
		"SELECT FROM invtrack.movement m WHERE" OF_LINE " LIMIT 1", LINE_KEY_ARGS, {LINE_KEY_TYPES}
	};

	if (DatumGetDateADT(values[LINE_OCCURRED_ON]) > last_purged_day(values[LINE_MERCHANT]) ||
		statement_run(&find_ref, values, NULL, false) > 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("ref \"%s\" of merchant \"%s\" is not known, and a purge has reached its day, %s",
					TextDatumGetCString(values[LINE_REF]),
					TextDatumGetCString(values[LINE_MERCHANT]),
					DatumGetCString(DirectFunctionCall1(date_out, values[LINE_OCCURRED_ON]))),
			 errhint("If the line was purged, insert a movement of the difference without a ref; if it is new, insert it into invtrack.movement."),
			 errargument("ref")));
}

/*
 * Bring the line to what it says now. At READ COMMITTED each statement sees
 * what was committed before it; above, PostgreSQL raises 40001 where that
 * would not do.
 */
static const char *
record(Datum *values)
{
	bool		is_zero = DatumGetBool(DirectFunctionCall2(numeric_eq, values[LINE_QUANTITY],
														   NumericGetDatum(int64_to_numeric(0))));

	for (int round = 0; round < RECORD_ROUNDS_MAX; round++)
	{
		Datum		key[2] = {values[LINE_MERCHANT]};
		Datum		reversal;
		bool		same;

		CHECK_FOR_INTERRUPTS();
		if (find_line(values, &key[1], &same))
		{
			if (same)
				return "unchanged";
			if (!insert_reversal(key, &reversal))
				continue;
			if (is_zero || insert_line(values))
				return "corrected";
		}
		else
		{
			refuse_purged(values);
			if (is_zero)
				return "unchanged";
			if (insert_line(values))
				return "created";
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("ref \"%s\" of merchant \"%s\" could not be recorded",
					TextDatumGetCString(values[LINE_REF]),
					TextDatumGetCString(values[LINE_MERCHANT])),
			 errhint("Other sessions change it all the time, or a trigger is in the way. Try again.")));
	return NULL;
}

static void
require_line(FunctionCallInfo fcinfo)
{
	static const CodeColumn codes[] = {MERCHANT_CODE, SKU_CODE, INVENTORY_TYPE_CODE};
	const NullableDatum item[] = {
		fcinfo->args[LINE_MERCHANT], fcinfo->args[LINE_SKU], fcinfo->args[LINE_INVENTORY_TYPE]
	};
	Datum		quantity = fcinfo->args[LINE_QUANTITY].value;
	int32		day;
	Quantity	micro;

	for (int arg = 0; arg < LINE_ARGS; arg++)
		require_not_null(fcinfo, arg, line_names[arg]);
	require_codes(NULL, codes, lengthof(codes), item);
	require_flow_argument(fcinfo, LINE_FLOW);
	require_ref_argument(fcinfo, LINE_REF, line_names[LINE_REF]);
	(void) day_of_argument(fcinfo, LINE_OCCURRED_ON, line_names[LINE_OCCURRED_ON], &day);
	if (quantity_from_numeric(quantity, &micro) != DAY_CODEC_OK ||
		micro <= -QUANTITY_LIMIT || micro >= QUANTITY_LIMIT)
		refuse(NULL, line_names[LINE_QUANTITY],
			   psprintf("quantity %s is out of range",
						shown(DatumGetCString(DirectFunctionCall1(numeric_out, quantity)))),
			   "quantity is above -10^12 and below 10^12, with at most 6 decimals.");
}

static Datum
validate_and_record(FunctionCallInfo fcinfo)
{
	Datum		values[LINE_ARGS];
	const char *outcome;
	Caller		caller;

	require_line(fcinfo);
	for (int arg = 0; arg < LINE_ARGS; arg++)
		values[arg] = PG_GETARG_DATUM(arg);
	require_may_load(values[LINE_MERCHANT], "record movements");
	become_owner("movement", &caller);
	SPI_connect();
	share_fold_state(values[LINE_MERCHANT]);
	outcome = record(values);
	SPI_finish();
	become_caller(&caller);
	PG_RETURN_TEXT_P(cstring_to_text(outcome));
}

/*
 * record_movement(merchant, flow, ref, sku, inventory_type, occurred_on,
 * quantity). Its errors tell the key, so that a statement that calls it for
 * many lines says which one failed.
 */
PG_FUNCTION_INFO_V1(correction_record);
Datum
correction_record(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		result = (Datum) 0;

	PG_TRY();
	{
		result = validate_and_record(fcinfo);
	}
	PG_CATCH();
	{
		const char *parts[LINE_KEY_ARGS];

		MemoryContextSwitchTo(caller);
		for (int arg = 0; arg < LINE_KEY_ARGS; arg++)
			parts[arg] = PG_ARGISNULL(arg) ? "null" :
				shown(TextDatumGetCString(PG_GETARG_DATUM(arg)));
		rethrow_with(psprintf("Key (merchant, flow, ref)=(%s, %s, %s).",
							  parts[LINE_MERCHANT], parts[LINE_FLOW], parts[LINE_REF]), NULL);
	}
	PG_END_TRY();
	return result;
}

/* The pattern that texts match which begin with this one, to the letter. */
static Datum
pattern_of_prefix(const char *prefix)
{
	StringInfoData pattern;

	initStringInfo(&pattern);
	for (const char *p = prefix; *p != '\0'; p++)
	{
		if (*p == '\\' || *p == '%' || *p == '_')
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *p);
	}
	appendStringInfoChar(&pattern, '%');
	return CStringGetTextDatum(pattern.data);
}

/* reverse_movements(merchant, flow, ref_prefix) */
PG_FUNCTION_INFO_V1(correction_reverse);
Datum
correction_reverse(PG_FUNCTION_ARGS)
{
	/* planned for the pattern, whose beginning leads into the index */
	static Statement reverse_lines = {
		"WITH line AS MATERIALIZED ("
		" SELECT m.movement_id, m.sku, m.inventory_type, m.flow, m.occurred_on,"
		" m.quantity::pg_catalog.numeric AS quantity FROM invtrack.movement m"
		" WHERE m.merchant " EQ " $1 AND m.flow " EQ " $2"
		" AND m.ref IS NOT NULL AND m.ref OPERATOR(pg_catalog.~~) $3 AND NOT m.reversed"
		" ORDER BY m.movement_id FOR UPDATE),"
		" marked AS (UPDATE invtrack.movement m SET reversed = true FROM line"
		" WHERE m.merchant " EQ " $1"
		" AND m.movement_id " EQ " line.movement_id),"
		" opposite AS (INSERT INTO invtrack.movement"
		" (merchant, sku, inventory_type, flow, occurred_on, quantity, reverses)"
		" SELECT $1, line.sku, line.inventory_type, line.flow, line.occurred_on,"
		" OPERATOR(pg_catalog.-) line.quantity, line.movement_id FROM line RETURNING movement_id)"
		" SELECT pg_catalog.count(*) FROM opposite",
		LINE_KEY_ARGS, {LINE_KEY_TYPES}, CURSOR_OPT_CUSTOM_PLAN, {INT8OID}
	};
	Datum		values[LINE_KEY_ARGS];
	Caller		caller;
	int64		count;

	for (int arg = 0; arg < LINE_KEY_ARGS; arg++)
		require_not_null(fcinfo, arg, arg == LINE_REF ? "ref_prefix" : line_names[arg]);
	require_code(fcinfo, LINE_MERCHANT, line_names[LINE_MERCHANT]);
	require_flow_argument(fcinfo, LINE_FLOW);
	require_ref_argument(fcinfo, LINE_REF, "ref_prefix");
	values[LINE_MERCHANT] = PG_GETARG_DATUM(LINE_MERCHANT);
	values[LINE_FLOW] = PG_GETARG_DATUM(LINE_FLOW);
	values[LINE_REF] = pattern_of_prefix(text_to_cstring(PG_GETARG_TEXT_PP(LINE_REF)));
	require_may_load(values[LINE_MERCHANT], "reverse movements");
	become_owner("movement", &caller);
	SPI_connect();
	share_fold_state(values[LINE_MERCHANT]);
	statement_run(&reverse_lines, values, NULL, false);
	count = result_int64(SPI_tuptable, 0, 1);
	SPI_finish();
	become_caller(&caller);
	PG_RETURN_INT64(count);
}
