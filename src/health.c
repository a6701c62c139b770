/*
 * health.c
 *		The set-returning functions of health: what the view shows, with
 *		filters, an as_of of their own, and for trackers not saved yet.
 *
 * SQL fetches (sql/reading.sql) and C judges (judgement.c): each function
 * runs a saved plan over the one reading and sends its rows to a receiver,
 * which judges them and puts them into the result as they come.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "case.h"
#include "fmgr.h"
#include "funcapi.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "calendar.h"
#include "catalogue.h"
#include "compat.h"
#include "day_series.h"
#include "figure.h"
#include "judgement.h"
#include "statement.h"
#include "tracker.h"
#include "tracker_rule.h"

/*
 * The rows that are fetched: the columns of a reading with a rule. Up to
 * expiry_days they are those of invtrack.health.
 */
#define NAMES_OF_READING \
	" r.merchant, r.merchant_name, r.sku, r.product_name," \
	" r.inventory_type, r.inventory_type_name, r.mechanism,"
#define SERIES_OF_READING	" r.launched_on, r.lots, r.folded, r.tail, r.as_of, r.count_today,"

enum FetchedColumn
{
	FETCHED_MERCHANT = 0,
	FETCHED_SKU = 2,
	FETCHED_INVENTORY_TYPE = 4,
	FETCHED_MECHANISM = 6,
	FETCHED_QUANTITY,
	FETCHED_LOOKBACK_DAYS,
	FETCHED_COVERAGE_DAYS,
	FETCHED_EXPIRY_DAYS,
	FETCHED_UPDATED_AT,
	FETCHED_LAUNCHED_ON,
	FETCHED_LOTS,
	FETCHED_FOLDED,
	FETCHED_TAIL,
	FETCHED_AS_OF,
	FETCHED_COUNT_TODAY,
	FETCHED_ACTIVE,
	FETCHED_DISCONTINUED_ON,
	FETCHED_VERSION
};

/* The types of the columns up to expiry_days, and of a series. */
#define TRACKER_COLUMNS \
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, \
	NUMERICOID, INT4OID, INT4OID, INT4OID
#define SERIES			InvalidOid

/*
 * The columns of invtrack.health: as fetched, nine figures, the day, four as fetched, and the key.
 */
#define HEALTH_FIGURES		FETCHED_UPDATED_AT
#define HEALTH_AS_OF		(HEALTH_FIGURES + FIGURES)
#define HEALTH_REST			(HEALTH_AS_OF + 1)
#define HEALTH_KEY			(HEALTH_REST + 4)
#define HEALTH_COLUMNS		(HEALTH_KEY + 1)

/* Takes fetched rows and writes judged ones. */
typedef struct Judge
{
	DestReceiver receiver;
	Tuplestorestate *rows;
	TupleDesc	columns;
	MemoryContext row_context;	/* lives for one row */
	int32		as_of;			/* overrides the reading's, unless NO_DAY */
} Judge;

/* What a fetched row is judged by. */
static void
get_arguments(const Judge *judge, const TupleTableSlot *slot, NullableDatum *arguments)
{
	static const int fetched[JUDGED_ARGUMENTS] = {
		FETCHED_MECHANISM, FETCHED_QUANTITY, FETCHED_LOOKBACK_DAYS, FETCHED_COVERAGE_DAYS,
		FETCHED_EXPIRY_DAYS, FETCHED_LAUNCHED_ON, FETCHED_LOTS, FETCHED_FOLDED, FETCHED_TAIL,
		FETCHED_AS_OF, FETCHED_COUNT_TODAY
	};

	for (int i = 0; i < JUDGED_ARGUMENTS; i++)
	{
		arguments[i].value = slot->tts_values[fetched[i]];
		arguments[i].isnull = slot->tts_isnull[fetched[i]];
	}
	if (judge->as_of != NO_DAY)
	{
		arguments[JUDGED_AS_OF].value = DateADTGetDatum(day_to_date(judge->as_of));
		arguments[JUDGED_AS_OF].isnull = false;
	}
}

/* The key of a fetched row as one text; false if a part of it is null. */
static bool
get_tracker_key_text(const TupleTableSlot *slot, Datum *key)
{
	static const int parts[TRACKER_KEY_ARGS] = {
		FETCHED_MERCHANT, FETCHED_SKU, FETCHED_INVENTORY_TYPE, FETCHED_MECHANISM
	};
	Datum		values[TRACKER_KEY_ARGS];

	for (int i = 0; i < TRACKER_KEY_ARGS; i++)
	{
		if (slot->tts_isnull[parts[i]])
			return false;
		values[i] = slot->tts_values[parts[i]];
	}
	*key = PointerGetDatum(tracker_key_text(values));
	return true;
}

static bool
judge_row(TupleTableSlot *slot, DestReceiver *self)
{
	static const int rest[] = {
		FETCHED_UPDATED_AT, FETCHED_ACTIVE, FETCHED_DISCONTINUED_ON, FETCHED_VERSION
	};
	Judge	   *judge = (Judge *) self;
	MemoryContext caller = MemoryContextSwitchTo(judge->row_context);
	NullableDatum arguments[JUDGED_ARGUMENTS];
	Judgement	judgement;
	bool		judged;
	Datum		values[HEALTH_COLUMNS];
	bool		nulls[HEALTH_COLUMNS] = {false};

	slot_getallattrs(slot);
	get_arguments(judge, slot, arguments);
	judged = judge_datums(arguments, &judgement);
	memcpy(values, slot->tts_values, HEALTH_FIGURES * sizeof(Datum));
	memcpy(nulls, slot->tts_isnull, HEALTH_FIGURES * sizeof(bool));
	for (int i = 0; i < FIGURES; i++)
	{
		nulls[HEALTH_FIGURES + i] = !judged;
		if (judged)
			values[HEALTH_FIGURES + i] = figures[i] (&judgement, &nulls[HEALTH_FIGURES + i]);
	}
	values[HEALTH_AS_OF] = arguments[JUDGED_AS_OF].value;
	nulls[HEALTH_AS_OF] = arguments[JUDGED_AS_OF].isnull;
	for (int i = 0; i < lengthof(rest); i++)
	{
		values[HEALTH_REST + i] = slot->tts_values[rest[i]];
		nulls[HEALTH_REST + i] = slot->tts_isnull[rest[i]];
	}
	nulls[HEALTH_KEY] = !get_tracker_key_text(slot, &values[HEALTH_KEY]);
	tuplestore_putvalues(judge->rows, judge->columns, values, nulls);

	MemoryContextSwitchTo(caller);
	MemoryContextReset(judge->row_context);
	return true;
}

static void
judge_startup(DestReceiver *self, int operation, TupleDesc columns)
{
	static const Oid fetched[] = {
		TRACKER_COLUMNS, TIMESTAMPTZOID, DATEOID, SERIES, SERIES, SERIES, DATEOID,
		BOOLOID, BOOLOID, DATEOID, INT4OID
	};

	require_columns(columns, fetched, lengthof(fetched));
}

static void
judge_shutdown(DestReceiver *self)
{
}

static void
judge_destroy(DestReceiver *self)
{
}

/*
 * Run a statement over the reading; its judged rows are the result of the
 * function call. The tuple store lives in the calling query's context, so it
 * and what is put into it outlive SPI_finish().
 */
static void
return_judged(FunctionCallInfo fcinfo, Statement *statement, Datum *values, const char *nulls,
			  int32 as_of)
{
	static const Oid returned[HEALTH_COLUMNS] = {
		TRACKER_COLUMNS, NUMERICOID, NUMERICOID, NUMERICOID, TEXTOID, TEXTOID, NUMERICOID,
		INT4OID, NUMERICOID, NUMERICOID, DATEOID, TIMESTAMPTZOID, BOOLOID, DATEOID,
		INT4OID, TEXTOID
	};
	ReturnSetInfo *result;
	Judge		judge = {{judge_row, judge_startup, judge_shutdown, judge_destroy, DestNone}};

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	judge.rows = result->setResult;
	judge.columns = result->setDesc;
	require_columns(judge.columns, returned, HEALTH_COLUMNS);
	judge.as_of = as_of;
	judge.row_context = AllocSetContextCreate(CurrentMemoryContext, "invtrack judged row",
											  ALLOCSET_SMALL_SIZES);
	statement_run_into(statement, values, nulls, true, &judge.receiver);
	MemoryContextDelete(judge.row_context);
}

#define SELECT_TRACKERS \
	"SELECT" NAMES_OF_READING \
	" r.quantity, r.lookback_days, r.coverage_days, r.expiry_days, r.updated_at," \
	SERIES_OF_READING " r.active, r.discontinued_on, r.version" \
	" FROM invtrack_internal.tracker_reading r"

/*
 * The statement for a choice of filters, made at its first use. A filter that
 * is null is left out of the text: "$1 IS NULL OR ..." would hide it from the
 * planner. A product's trackers are few whatever their number in all, so that
 * statement is planned once and for all; the others by their values.
 */
static Statement *
filter_statement(int present)
{
	static const char *const filters[TRACKER_KEY_ARGS] = {
		" r.merchant " EQ " $", " r.sku " EQ " $",
		" r.inventory_type " EQ " $", " r.mechanism " EQ " $"
	};
	static Statement statements[1 << TRACKER_KEY_ARGS];
	Statement  *statement = &statements[present];
	const int	product = (1 << ARG_MERCHANT) | (1 << ARG_SKU);
	StringInfoData query;

	if (statement->query != NULL)
		return statement;
	initStringInfo(&query);
	appendStringInfoString(&query, SELECT_TRACKERS);
	statement->nargs = 0;
	for (int arg = 0; arg < TRACKER_KEY_ARGS; arg++)
	{
		if (!(present & (1 << arg)))
			continue;
		appendStringInfoString(&query, statement->nargs == 0 ? " WHERE" : " AND");
		statement->types[statement->nargs++] = TEXTOID;
		appendStringInfo(&query, "%s%d", filters[arg], statement->nargs);
	}
	statement->cursor_options = CURSOR_OPT_PARALLEL_OK |
		((present & product) == product ? CURSOR_OPT_GENERIC_PLAN : CURSOR_OPT_CUSTOM_PLAN);
	statement->query = MemoryContextStrdup(TopMemoryContext, query.data);
	pfree(query.data);
	return statement;
}

/* Run filter_statement() with those of a key's values that are not null. */
static void
return_filtered(FunctionCallInfo fcinfo, int filters, int32 as_of)
{
	Datum		values[TRACKER_KEY_ARGS];
	int			present = 0;
	int			count = 0;

	for (int arg = 0; arg < filters; arg++)
	{
		if (PG_ARGISNULL(arg))
			continue;
		present |= 1 << arg;
		values[count++] = PG_GETARG_DATUM(arg);
	}
	return_judged(fcinfo, filter_statement(present), values, NULL, as_of);
}

/* tracker_health(merchant, sku, inventory_type, mechanism, as_of) */
PG_FUNCTION_INFO_V1(health_of_trackers);
Datum
health_of_trackers(PG_FUNCTION_ARGS)
{
	int32		as_of = as_of_argument(fcinfo, TRACKER_KEY_ARGS);

	if (!PG_ARGISNULL(ARG_MECHANISM))
		(void) require_mechanism(NULL, PG_GETARG_DATUM(ARG_MECHANISM));
	SPI_connect();
	return_filtered(fcinfo, TRACKER_KEY_ARGS, as_of);
	SPI_finish();
	return (Datum) 0;
}

/*
 * Does a list hold so large a part of a merchant's products that one pass over
 * the merchant costs less than a look-up of each? At 5,000 and at 40,000 products
 * both cost the same between a twentieth and a tenth of them. A pass is planned
 * anew each time, so short lists are looked up in any case.
 */
#define LONG_LIST_MIN	100
#define LONG_LIST_PART	10

static bool
is_long_list(Datum merchant, Datum skus)
{
	static Statement find_more_products = {
		"SELECT FROM invtrack.product p WHERE p.merchant " EQ " $1"
		" ORDER BY p.sku OFFSET $2 LIMIT 1",
		2, {TEXTOID, INT8OID}, CURSOR_OPT_CUSTOM_PLAN
	};
	ArrayType  *list = DatumGetArrayTypeP(skus);
	int64		length = ArrayGetNItems(ARR_NDIM(list), ARR_DIMS(list));
	Datum		values[2] = {merchant, Int64GetDatum(length * LONG_LIST_PART)};
	bool		is_long;

	if (length < LONG_LIST_MIN)
		return false;
	is_long = statement_run(&find_more_products, values, NULL, true) == 0;
	SPI_freetuptable(SPI_tuptable);
	return is_long;
}

/*
 * tracker_health_of(merchant, skus, as_of): as tracker_health(), with a list
 * of products as the second filter. For one merchant each product is looked up,
 * or a long list is found in one pass; for all merchants it is always one pass,
 * since no key begins with the sku.
 */
PG_FUNCTION_INFO_V1(health_of_products);
Datum
health_of_products(PG_FUNCTION_ARGS)
{
	static Statement of_any_merchant = {
		SELECT_TRACKERS " WHERE r.sku " EQ " ANY ($1)",
		1, {TEXTARRAYOID}, CURSOR_OPT_CUSTOM_PLAN
	};
	static Statement of_merchant = {
		/* OFFSET 0 keeps the look-ups from becoming a join */
		"SELECT t.* FROM (SELECT DISTINCT s.sku FROM pg_catalog.unnest($1) AS s(sku)) s,"
		" LATERAL (" SELECT_TRACKERS " WHERE r.merchant " EQ " $2"
		" AND r.sku " EQ " s.sku OFFSET 0) t",
		2, {TEXTARRAYOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN
	};
	static Statement of_merchant_in_one_pass = {
		SELECT_TRACKERS " WHERE r.sku " EQ " ANY ($1)"
		" AND r.merchant " EQ " $2",
		2, {TEXTARRAYOID, TEXTOID}, CURSOR_OPT_CUSTOM_PLAN
	};
	Datum		values[2] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(0)};
	int32		as_of = as_of_argument(fcinfo, 2);
	Statement  *statement = &of_any_merchant;

	SPI_connect();
	if (PG_ARGISNULL(1))
		return_filtered(fcinfo, 1, as_of);
	else
	{
		if (!PG_ARGISNULL(0))
			statement = is_long_list(values[1], values[0]) ? &of_merchant_in_one_pass :
				&of_merchant;
		return_judged(fcinfo, statement, values, NULL, as_of);
	}
	SPI_finish();
	return (Datum) 0;
}

static Datum
validate_and_preview(FunctionCallInfo fcinfo)
{
	static Statement read_item = {
		"SELECT" NAMES_OF_READING
		" $5, $6, $7, $8, NULL::pg_catalog.timestamptz," SERIES_OF_READING
		" true, r.discontinued_on, $9 FROM invtrack_internal.reading r"
		" WHERE r.merchant " EQ " $1 AND r.sku " EQ " $2"
		" AND r.inventory_type " EQ " $3"
		" AND r.mechanism " EQ " $4",
		TRACKER_RULE_ARGS + 1, {TRACKER_RULE_TYPES, INT4OID}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[TRACKER_RULE_ARGS + 1];
	char		nulls[TRACKER_RULE_ARGS + 1];
	int32		as_of;

	require_tracker_key(fcinfo);
	require_tracker_rule(fcinfo);
	as_of = as_of_argument(fcinfo, TRACKER_RULE_ARGS);
	get_rule_values(fcinfo, values, nulls);
	SPI_connect();
	require_item_exists(values, true);
	values[TRACKER_RULE_ARGS] = Int32GetDatum(version_if_saved(values, nulls));
	nulls[TRACKER_RULE_ARGS] = ' ';
	return_judged(fcinfo, &read_item, values, nulls, as_of);
	SPI_finish();
	return (Datum) 0;
}

/* preview_health(... as save_tracker ..., as_of) */
PG_FUNCTION_INFO_V1(health_preview);
Datum
health_preview(PG_FUNCTION_ARGS)
{
	return with_key_in_errors(fcinfo, validate_and_preview);
}
