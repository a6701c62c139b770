/*
 * row_array.c
 *		Arrays of rows for parameters of statements. One array of rows is read in
 *		a quarter of the time that its columns take as an array each.
 *
 * The rows are of composite types of the extension's own, whose numbers are
 * other ones after the extension was dropped and created again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "row_array.h"
#include "statement.h"

/* A type of rows by its name; it must have these columns. A copy, to be used at once. */
TupleDesc
row_type(const char *name, const Oid *types, int count)
{
	TupleDesc	columns =
		lookup_rowtype_tupdesc_copy(get_rel_type_id(find_relation("invtrack_internal", name)), -1);

	require_columns(columns, types, count);
	return columns;
}

Datum
make_row(TupleDesc columns, const Datum *values, const bool *nulls)
{
	return HeapTupleGetDatum(heap_form_tuple(columns, unconstify(Datum *, values),
											 unconstify(bool *, nulls)));
}

/* Rows as an array, for this parameter of a statement. */
Datum
array_of_rows(Statement *statement, int arg, TupleDesc columns, Datum *rows, int count)
{
	statement_set_type(statement, arg, get_array_type(columns->tdtypeid));
	return array_of(columns->tdtypeid, rows, NULL, count);
}
