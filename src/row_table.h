/*
 * row_table.h
 *		Rows that a statement reads as it reads a table.
 */
#ifndef INVTRACK_ROW_TABLE_H
#define INVTRACK_ROW_TABLE_H

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "statement.h"

typedef struct RowColumn
{
	const char *name;
	Oid			type;
} RowColumn;

/* The name of the table in the text of a statement: "SELECT g.n FROM " GIVEN_ROWS " g". */
#define GIVEN_ROWS	"given_rows"

typedef struct RowTable
{
	TupleDesc	columns;
	Tuplestorestate *rows;
} RowTable;

extern void start_row_table(RowTable *table, const RowColumn *columns, int count);
extern void add_row(RowTable *table, const Datum *values);
extern uint64 run_with_row_table(RowTable *table, Snapshot snapshot, Statement *statement,
								 Datum *values);

#endif							/* INVTRACK_ROW_TABLE_H */
