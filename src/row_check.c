/*
 * row_check.c
 *		Which rows of a file would a table refuse?
 *
 * What the tables and the other rows of the file say about a row is asked for
 * all rows at once.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "row_rule.h"
#include "setting.h"
#include "statement.h"

/* So many codes that do not exist get a "did you mean"; each costs a search. */
#define SUGGESTIONS_MAX		1000

/* A row of the file, as far as other rows and tables matter. Absent: null or refused. */
typedef struct FileRow
{
	int			row;			/* counted from 1 */
	Datum		codes[ITEM_CODES];
	bool		absent[ITEM_CODES];
	Datum		key[KEY_FIELDS];
	bool		has_key;
	bool		is_taken;		/* there is one of its key in the table */
} FileRow;

/* Something that is wrong with a row. */
typedef struct Finding
{
	int			row;
	int			place;			/* as it was found */
	const char *value;			/* null: none */
	Refusal		refusal;
} Finding;

typedef struct FileCheck
{
	const Target *target;
	int			count;
	FileRow    *rows;
	int			found;
	int			room;
	Finding    *findings;
} FileCheck;

static void
add_finding(FileCheck *file, int row, const char *value, Refusal refusal)
{
	Finding    *finding;

	if (file->found == file->room)
	{
		file->room *= 2;
		file->findings = repalloc_huge(file->findings, sizeof(Finding) * file->room);
	}
	finding = &file->findings[file->found];
	finding->row = row;
	finding->place = file->found++;
	finding->value = value;
	finding->refusal = refusal;
}

/* Keep what the look at the tables needs. */
static void
keep_row(const Target *target, const FieldValue *values, FileRow *row)
{
	row->has_key = true;
	row->is_taken = false;
	for (int i = 0; i < ITEM_CODES; i++)
	{
		row->absent[i] = i >= target->item_codes || values[i].converted.isnull ||
			values[i].refusal.sqlstate != 0;
		row->codes[i] = row->absent[i] ? (Datum) 0 : values[i].converted.value;
	}
	for (int i = 0; i < KEY_FIELDS; i++)
	{
		const FieldValue *value = &values[target->key[i]];
		bool		is_default = target->has_default[target->key[i]] && !value->is_given;

		row->key[i] = is_default ? CStringGetTextDatum("") : value->converted.value;
		row->has_key &= is_default || (!value->converted.isnull && value->refusal.sqlstate == 0);
	}
}

/* Read a row, and check its values. */
static void
read_row(FileCheck *file, Jsonb *given, int i)
{
	const Target *target = file->target;
	FieldValue	values[TARGET_FIELDS];

	read_json_row(given, i, "rows", target->fields, target->count, values);
	file->rows[i].row = i + 1;
	for (int field = 0; field < target->count; field++)
	{
		require_row_value(target, field, values);
		if (values[field].refusal.sqlstate != 0)
		{
			values[field].refusal.column = target->fields[field].name;
			add_finding(file, i + 1, values[field].string, values[field].refusal);
		}
	}
	keep_row(target, values, &file->rows[i]);
}

/* Run a statement for all rows, without JIT compilation, which costs more than it saves. */
static uint64
run_for_rows(Statement *statement, Datum *arrays)
{
	int			nest_level = NewGUCNestLevel();
	uint64		found;

	set_for_now("jit", "off");
	found = statement_run(statement, arrays, NULL, true);
	AtEOXact_GUC(false, nest_level);
	return found;
}

/* The row that a row of a result is about, by its first column. */
static FileRow *
row_of(FileRow **rows, int count, SPITupleTable *result, uint64 i)
{
	return rows[result_place(result, i, 1, count)];
}

/* A code of an item that does not exist; the argument of a Check. */
typedef struct MissingCode
{
	const Datum *codes;
	bool		found[ITEM_CODES];
} MissingCode;

static void
require_missing(void *arg)
{
	const MissingCode *missing = arg;

	report_missing_item(missing->codes, missing->found);
}

/* Of a row: the merchant, or else the product and the inventory type, that do not exist. */
static void
find_missing_of_row(FileCheck *file, const FileRow *row, const bool *found, int *suggestions)
{
	for (int i = 0; i < file->target->item_codes; i++)
	{
		MissingCode missing = {row->codes, {true, true, true}};
		Refusal		refusal;

		if (found[i] || row->absent[i] || row->absent[0])
			continue;
		missing.found[i] = false;
		if ((*suggestions)++ >= SUGGESTIONS_MAX)
			missing_item(row->codes, missing.found, &refusal);
		else
			(void) passes(require_missing, &missing, &refusal);
		add_finding(file, row->row, TextDatumGetCString(row->codes[i]), refusal);
		if (i == 0)
			return;
	}
}

/* Items that do not exist, or that row security hides. */
static void
find_missing(FileCheck *file)
{
	static Statement find_items = {
		"SELECT u.n, m.merchant IS NOT NULL, p.sku IS NOT NULL, i.inventory_type IS NOT NULL"
		" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))"
		" WITH ORDINALITY AS u(merchant, sku, inventory_type, n)"
		" LEFT JOIN invtrack.merchant m ON m.merchant " EQ " u.merchant"
		" LEFT JOIN invtrack.product p ON p.merchant " EQ " u.merchant"
		" AND p.sku " EQ " u.sku"
		" LEFT JOIN invtrack.inventory_type i ON i.merchant " EQ " u.merchant"
		" AND i.inventory_type " EQ " u.inventory_type",
		3, {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID}, CURSOR_OPT_CUSTOM_PLAN,
		{INT8OID, BOOLOID, BOOLOID, BOOLOID}
	};
	Datum	   *values = palloc_extended(sizeof(Datum) * file->count, MCXT_ALLOC_HUGE);
	bool	   *nulls = palloc(sizeof(bool) * file->count);
	FileRow   **rows = palloc_extended(sizeof(FileRow *) * file->count, MCXT_ALLOC_HUGE);
	Datum		arrays[ITEM_CODES];
	int			suggestions = 0;
	uint64		found;
	SPITupleTable *result;

	for (int code = 0; code < ITEM_CODES; code++)
	{
		for (int i = 0; i < file->count; i++)
		{
			rows[i] = &file->rows[i];
			values[i] = rows[i]->codes[code];
			nulls[i] = rows[i]->absent[code];
		}
		arrays[code] = array_of(TEXTOID, values, nulls, file->count);
	}
	found = run_for_rows(&find_items, arrays);
	result = SPI_tuptable;
	for (uint64 n = 0; n < found; n++)
	{
		bool		is_there[ITEM_CODES];

		for (int code = 0; code < ITEM_CODES; code++)
			is_there[code] = result_bool(result, n, code + 2);
		find_missing_of_row(file, row_of(rows, file->count, result, n), is_there, &suggestions);
	}
	SPI_freetuptable(result);
}

/* A key as messages show it: (merchant, sku) = ("m1", "p1"). */
static const char *
shown_key(const Target *target, const FileRow *row)
{
	StringInfoData names,
				codes;

	initStringInfo(&names);
	initStringInfo(&codes);
	for (int i = 0; i < KEY_FIELDS && (i == 0 || target->key[i] != target->key[i - 1]); i++)
	{
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", target->fields[target->key[i]].name);
		appendStringInfo(&codes, "%s\"%s\"", i > 0 ? ", " : "",
						 shown(TextDatumGetCString(row->key[i])));
	}
	return psprintf("(%s) = (%s)", names.data, codes.data);
}

static void
refuse_key(FileCheck *file, const FileRow *row, const char *message, const char *hint)
{
	const Field *last = &file->target->fields[file->target->key[KEY_FIELDS - 1]];

	add_finding(file, row->row, TextDatumGetCString(row->key[KEY_FIELDS - 1]),
				refusal_of(ERRCODE_UNIQUE_VIOLATION, last->name, message, hint));
}

/* Keys that are in the table already. */
static void
find_taken(FileCheck *file, FileRow **keyed, int count)
{
	Datum	   *values = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);
	Datum		arrays[KEY_FIELDS];
	uint64		found;

	for (int field = 0; field < KEY_FIELDS; field++)
	{
		for (int i = 0; i < count; i++)
			values[i] = keyed[i]->key[field];
		arrays[field] = array_of(TEXTOID, values, NULL, count);
	}
	found = run_for_rows(file->target->find_taken, arrays);
	for (uint64 n = 0; n < found; n++)
	{
		FileRow    *row = row_of(keyed, count, SPI_tuptable, n);

		row->is_taken = true;
		refuse_key(file, row, psprintf("%s exists already: %s", file->target->name,
									   shown_key(file->target, row)), file->target->taken_hint);
	}
	SPI_freetuptable(SPI_tuptable);
}

static int
compare_keys(const void *a, const void *b)
{
	const FileRow *x = *(FileRow *const *) a;
	const FileRow *y = *(FileRow *const *) b;
	int			order = 0;

	for (int i = 0; i < KEY_FIELDS && order == 0; i++)
		order = compare_codes(x->key[i], y->key[i]);
	return order;
}

static int
compare_rows(const void *a, const void *b)
{
	int			order = compare_keys(a, b);

	return order != 0 ? order : (*(FileRow *const *) a)->row - (*(FileRow *const *) b)->row;
}

/* Keys that an earlier row of the file has; where the table has them too, that has been told. */
static void
find_repeated(FileCheck *file, FileRow **keyed, int count)
{
	qsort(keyed, count, sizeof(FileRow *), compare_rows);
	for (int i = 1, first = 0; i < count; i++)
	{
		if (compare_keys(&keyed[first], &keyed[i]) != 0)
			first = i;
		else if (!keyed[i]->is_taken)
			refuse_key(file, keyed[i],
					   psprintf("row %d has the key of row %d: %s", keyed[i]->row,
								keyed[first]->row, shown_key(file->target, keyed[i])),
					   "Leave out all but one of the rows, or add up their quantities.");
	}
}

static int
compare_findings(const void *a, const void *b)
{
	const Finding *x = a;
	const Finding *y = b;

	return x->row != y->row ? x->row - y->row : x->place - y->place;
}

/* The findings in the order of the file. */
static void
put_findings(FileCheck *file, ReturnSetInfo *result)
{
	qsort(file->findings, file->found, sizeof(Finding), compare_findings);
	for (int i = 0; i < file->found; i++)
	{
		const Finding *finding = &file->findings[i];
		const Refusal *refusal = &finding->refusal;
		Datum		values[6] = {Int32GetDatum(finding->row)};
		bool		nulls[6] = {false};
		const char *texts[] = {
			refusal->column, finding->value, unpack_sql_state(refusal->sqlstate),
			refusal->message, refusal->hint
		};

		for (int n = 0; n < lengthof(texts); n++)
		{
			nulls[n + 1] = texts[n] == NULL;
			if (texts[n] != NULL)
				values[n + 1] = CStringGetTextDatum(texts[n]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static void
check_file(FileCheck *file, Jsonb *given)
{
	FileRow   **keyed = palloc_extended(sizeof(FileRow *) * Max(file->count, 1), MCXT_ALLOC_HUGE);
	int			count = 0;

	file->rows = palloc_extended(sizeof(FileRow) * Max(file->count, 1), MCXT_ALLOC_HUGE);
	file->room = 16;
	file->findings = palloc(sizeof(Finding) * file->room);
	for (int i = 0; i < file->count; i++)
	{
		read_row(file, given, i);
		if (file->rows[i].has_key)
			keyed[count++] = &file->rows[i];
	}
	if (file->count > 0 && file->target->item_codes > 0)
		find_missing(file);
	if (count > 0)
		find_taken(file, keyed, count);
	find_repeated(file, keyed, count);
}

/* check_rows(target, rows) */
PG_FUNCTION_INFO_V1(row_check_check_rows);
Datum
row_check_check_rows(PG_FUNCTION_ARGS)
{
	static const Oid returned[] = {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FileCheck	file = {NULL};
	const char *name;
	Jsonb	   *given;

	require_not_null(fcinfo, 0, "target");
	require_not_null(fcinfo, 1, "rows");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	file.target = find_target(name);
	if (file.target == NULL)
		refuse(NULL, "target", psprintf("target \"%s\" does not exist", shown(name)),
			   "Use product, stock_lot, movement or incoming.");
	InitMaterializedSRF(fcinfo, 0);
	require_columns(result->setDesc, returned, lengthof(returned));
	given = PG_GETARG_JSONB_P(1);
	file.count = count_json_rows(given, "rows");
	SPI_connect();
	check_file(&file, given);
	put_findings(&file, result);
	SPI_finish();
	return (Datum) 0;
}
