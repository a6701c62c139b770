/*
 * metrics.c
 *		Figures of metrics one by one, where Citus would work out all.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "code.h"
#include "compat.h"
#include "statement.h"

#define FIGURE_COLUMNS	4

typedef struct Part
{
	const char *name;
	Statement	read;
} Part;

#define PART(name) { \
	#name, { \
		"SELECT m.name, m.value, m.merchant, m.consumer FROM invtrack_internal." #name "_metrics m", \
		0, {InvalidOid}, 0, {TEXTOID, NUMERICOID, TEXTOID, TEXTOID} \
	} \
}

static Part parts[] = {PART(tracker), PART(unknown), PART(other)};

/* The figures of a part, which last as long as the query that asks for them. */
typedef struct Figures
{
	TupleDesc	columns;		/* null: not worked out yet */
	HeapTuple  *rows;
	uint64		count;
} Figures;

static int
find_part(text *name)
{
	for (int i = 0; i < lengthof(parts); i++)
		if (strlen(parts[i].name) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(parts[i].name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("metrics have no part \"%s\"", shown(text_to_cstring(name))),
			 errargument("part")));
}

/* Work out a part, on the snapshot of the query. */
static void
read_part(Part *part, Figures *figures, MemoryContext memory)
{
	MemoryContext caller;

	SPI_connect();
	figures->count = statement_run(&part->read, NULL, NULL, true);
	caller = MemoryContextSwitchTo(memory);
	figures->columns = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	figures->rows = palloc_extended(sizeof(HeapTuple) * (figures->count + 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < figures->count; i++)
		figures->rows[i] = heap_copytuple(SPI_tuptable->vals[i]);
	MemoryContextSwitchTo(caller);
	SPI_finish();
}

/* metrics_of(part, name) */
PG_FUNCTION_INFO_V1(metrics_of_name);
Datum
metrics_of_name(PG_FUNCTION_ARGS)
{
	static const Oid types[FIGURE_COLUMNS] = {TEXTOID, NUMERICOID, TEXTOID, TEXTOID};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext memory = fcinfo->flinfo->fn_mcxt;
	Figures    *figures;
	int			part;
	Datum		name;

	require_not_null(fcinfo, 0, "part");
	require_not_null(fcinfo, 1, "name");
	part = find_part(PG_GETARG_TEXT_PP(0));
	name = PG_GETARG_DATUM(1);
	InitMaterializedSRF(fcinfo, 0);
	require_columns(result->setDesc, types + 1, FIGURE_COLUMNS - 1);
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(memory, sizeof(Figures) * lengthof(parts));
	figures = (Figures *) fcinfo->flinfo->fn_extra + part;
	if (figures->columns == NULL)
		read_part(&parts[part], figures, memory);
	for (uint64 i = 0; i < figures->count; i++)
	{
		Datum		values[FIGURE_COLUMNS];
		bool		nulls[FIGURE_COLUMNS];

		heap_deform_tuple(figures->rows[i], figures->columns, values, nulls);
		if (!nulls[0] && compare_codes(values[0], name) == 0)
			tuplestore_putvalues(result->setResult, result->setDesc, values + 1, nulls + 1);
	}
	return (Datum) 0;
}
