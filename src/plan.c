/*
 * plan.c
 *		SPI statements that are prepared once a session.
 *
 * Every name and operator in the text of a statement is qualified, so that a
 * caller's search_path cannot change what it means; values are parameters.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/params.h"
#include "utils/builtins.h"

#include "compat.h"
#include "plan.h"

/*
 * The saved plan of a statement, made anew where PostgreSQL holds it for
 * invalid. It is stored only when it is complete, so that an error on the way
 * leaves nothing half made.
 */
SPIPlanPtr
statement_plan(Statement *statement)
{
	SPIPlanPtr	plan;

	if (statement->plan != NULL)
	{
		if (SPI_plan_is_valid(statement->plan))
			return statement->plan;
		plan = statement->plan;
		statement->plan = NULL;
		SPI_freeplan(plan);
	}
	plan = SPI_prepare_cursor(statement->query, statement->nargs, statement->types,
							  statement->cursor_options);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement->query,
			 SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep the plan of \"%s\"", statement->query);
	statement->plan = plan;
	return plan;
}

/*
 * Run a statement; its rows are in SPI_tuptable. read_only runs it on the
 * snapshot of the calling query, so that a call sees one state of the data.
 * Returns the number of rows.
 */
uint64
statement_run(Statement *statement, Datum *values, const char *nulls, bool read_only)
{
	int			result = SPI_execute_plan(statement_plan(statement), values, nulls, read_only, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->query,
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* Run a reading statement and send its rows, as they come, to a receiver. */
void
statement_run_into(Statement *statement, Datum *values, const char *nulls,
				   DestReceiver *receiver)
{
	SPIExecuteOptions options = {0};
	ParamListInfo parameters = makeParamList(statement->nargs);
	int			result;

	for (int i = 0; i < statement->nargs; i++)
	{
		ParamExternData *parameter = &parameters->params[i];

		parameter->value = values[i];
		parameter->isnull = nulls != NULL && nulls[i] == 'n';
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->ptype = statement->types[i];
	}
	options.params = parameters;
	options.read_only = true;
	options.dest = receiver;
	result = SPI_execute_plan_extended(statement_plan(statement), &options);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->query,
			 SPI_result_code_string(result));
}
