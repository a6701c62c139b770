/*
 * plan.h
 *		SPI statements that are prepared once a session.
 */
#ifndef INVTRACK_PLAN_H
#define INVTRACK_PLAN_H

#include "catalog/pg_type_d.h"
#include "executor/spi.h"

#define PLAN_ARGS_MAX	10

/*
 * A statement and its saved plan. To be a static variable; plan and nargs are
 * set at the first use.
 */
typedef struct Statement
{
	const char *query;
	int			nargs;
	Oid			types[PLAN_ARGS_MAX];
	int			cursor_options;
	SPIPlanPtr	plan;
} Statement;

/* plan.c: inside SPI_connect() and SPI_finish() */
extern SPIPlanPtr statement_plan(Statement *statement);
extern uint64 statement_run(Statement *statement, Datum *values, const char *nulls,
							bool read_only);
extern void statement_run_into(Statement *statement, Datum *values, const char *nulls,
							   DestReceiver *receiver);

#endif							/* INVTRACK_PLAN_H */
