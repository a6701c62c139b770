/*
 * statement.h
 *		SPI statements that are prepared once a session.
 */
#ifndef INVTRACK_STATEMENT_H
#define INVTRACK_STATEMENT_H

#include "catalog/pg_attribute.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/snapshot.h"

#define PLAN_ARGS_MAX		20
#define PLAN_RESULTS_MAX	20

/*
 * A statement and its saved plan. To be a static variable; plan is set at the
 * first use. results are the types of the columns that C reads: tables and
 * views belong to a user, who may put others in their place, so each result
 * is held against them.
 */
typedef struct Statement
{
	const char *query;
	int			nargs;
	Oid			types[PLAN_ARGS_MAX];
	int			cursor_options;
	Oid			results[PLAN_RESULTS_MAX];	/* up to the first InvalidOid */
	SPIPlanPtr	plan;
	bool		leaves_triggers;	/* to be fired with those of the statement
									 * around it */
} Statement;

/* A stretch of code in which what is missing is missing for want of an update. */
typedef struct Naming
{
	ErrorContextCallback callback;
	char	   *installed;		/* version of the extension */
} Naming;

extern void start_naming(Naming *naming);
extern void finish_naming(Naming *naming);
extern Oid	find_relation(const char *schema, const char *name);

extern void report_unexpected_type(void);
extern bool is_of_type(const FormData_pg_attribute *column, Oid type);
extern int	planning_options(int options);

/* statement.c: between SPI_connect() and SPI_finish() */
extern uint64 statement_run(Statement *statement, Datum *values, const char *nulls,
							bool read_only);
extern uint64 statement_run_at(Snapshot snapshot, Statement *statement, Datum *values,
							   const char *nulls, bool read_only);
extern void require_columns(TupleDesc columns, const Oid *types, int count);
extern bool take_texts(Datum *texts, int count);
extern void statement_run_into(Statement *statement, Datum *values, const char *nulls,
							   bool read_only, DestReceiver *receiver);
extern Portal statement_open(Statement *statement, Datum *values);
extern void statement_set_type(Statement *statement, int arg, Oid type);

/*
 * statement.c: a value of what SPI found, SPI_tuptable or one that was kept;
 * rows count from 0, columns from 1
 */
extern Datum slot_not_null(TupleTableSlot *slot, int column);
extern bool result_nullable(const SPITupleTable *rows, uint64 row, int column, Oid type,
							Datum *value);
extern Datum result_datum(const SPITupleTable *rows, uint64 row, int column, Oid type);
extern Datum result_text(const SPITupleTable *rows, uint64 row, int column);
extern char *result_string(const SPITupleTable *rows, uint64 row, int column);
extern int64 result_int64(const SPITupleTable *rows, uint64 row, int column);
extern bool result_bool(const SPITupleTable *rows, uint64 row, int column);
extern Oid	result_oid(const SPITupleTable *rows, uint64 row, int column);
extern int	result_place(const SPITupleTable *rows, uint64 row, int column, int count);

/* In SQL text, the operator by its schema: "a.merchant " EQ " $1". */
#define EQ	"OPERATOR(pg_catalog.=)"

/* statement.c */
extern Datum array_of(Oid type, Datum *values, bool *nulls, int count);

#endif							/* INVTRACK_STATEMENT_H */
