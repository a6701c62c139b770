/*
 * row_table.c
 *		Rows that a statement reads as it reads a table.
 *
 * Unlike an array of rows, such a table is neither made as a whole nor taken
 * apart. A statement finds it by its bare name, whatever there is in schemas.
 * Citus does not know such tables; only connections use them, and it has none.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/queryenvironment.h"

#include "row_table.h"
#include "statement.h"

/* A table without rows, of these columns, none of which takes nulls. */
void
start_row_table(RowTable *table, const RowColumn *columns, int count)
{
	table->columns = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
		TupleDescInitEntry(table->columns, i + 1, columns[i].name, columns[i].type, -1, 0);
	table->rows = tuplestore_begin_heap(false, false, work_mem);
}

void
add_row(RowTable *table, const Datum *values)
{
	static const bool nulls[PLAN_ARGS_MAX];

	Assert(table->columns->natts <= PLAN_ARGS_MAX);
	tuplestore_putvalues(table->rows, table->columns, unconstify(Datum *, values),
						 unconstify(bool *, &nulls[0]));
}

/* Run a statement that reads the table, as statement_run_at() does. The table goes with it. */
uint64
run_with_row_table(RowTable *table, Snapshot snapshot, Statement *statement, Datum *values)
{
	EphemeralNamedRelationData relation = {
		.md = {
			.name = GIVEN_ROWS,
			.tupdesc = table->columns,
			.enrtype = ENR_NAMED_TUPLESTORE
		},
		.reldata = table->rows
	};
	uint64		count;

	if (SPI_register_relation(&relation) != SPI_OK_REL_REGISTER)	/* cannot happen: it is
																	 * the only one */
		elog(ERROR, "could not register the rows of a statement");
	count = statement_run_at(snapshot, statement, values, NULL, false);
	SPI_unregister_relation(GIVEN_ROWS);
	tuplestore_end(table->rows);
	return count;
}
