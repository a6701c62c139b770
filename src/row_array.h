/*
 * row_array.h
 *		Arrays of rows for parameters of statements.
 */
#ifndef INVTRACK_ROW_ARRAY_H
#define INVTRACK_ROW_ARRAY_H

#include "access/tupdesc.h"

#include "statement.h"

extern TupleDesc row_type(const char *name, const Oid *types, int count);
extern Datum make_row(TupleDesc columns, const Datum *values, const bool *nulls);
extern Datum array_of_rows(Statement *statement, int arg, TupleDesc columns, Datum *rows,
						   int count);

#endif							/* INVTRACK_ROW_ARRAY_H */
