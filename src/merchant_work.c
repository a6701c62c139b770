/*
 * merchant_work.c
 *		Work that is done merchant by merchant, and where an error of one keeps
 *		none of the others from its turn.
 *
 * Procedures commit after each part of it, so that no merchant waits for the
 * others, no lock is held for long, and what is done stays done.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "merchant_work.h"
#include "row_security.h"
#include "subtransaction.h"

/* How often a long procedure tells where it is. */
#define PROGRESS_SECONDS	10

/* A procedure cannot commit; the function does without. */
void
report_transaction_block(const char *procedure, const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
			 errmsg("%s() cannot run inside a transaction block", procedure),
			 errhint("CALL it by itself, or use invtrack.%s(), which does not commit.", function)));
}

/* Can this CALL commit? Not inside a transaction block. */
void
require_may_commit(FunctionCallInfo fcinfo, const char *procedure, const char *function)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		report_transaction_block(procedure, function);
}

/*
 * Not about a merchant's data: the server is out of something, is a standby,
 * or somebody stops us; or we may not, or tables are not as they should be.
 */
static bool
is_of_server(int sqlstate)
{
	static const int categories[] = {
		ERRCODE_INVALID_TRANSACTION_STATE, ERRCODE_INVALID_SCHEMA_NAME,
		ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION,
		ERRCODE_INSUFFICIENT_RESOURCES, ERRCODE_OPERATOR_INTERVENTION, ERRCODE_SYSTEM_ERROR
	};

	for (int i = 0; i < lengthof(categories); i++)
		if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(categories[i]))
			return true;
	return false;
}

/*
 * In a transaction of the caller's, what says that it is to be run again is the caller's to hear.
 */
static bool
ends_it(int sqlstate, const Failures *failures)
{
	return is_of_server(sqlstate) ||
		(failures->in_transaction &&
		 ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TRANSACTION_ROLLBACK);
}

/* What constraints would have to say at the commit, they say now: SET CONSTRAINTS ALL IMMEDIATE. */
static void
require_constraints(void)
{
	AfterTriggerSetState(makeNode(ConstraintsSetStmt));
}

/* Work that is caught, and what it needs. */
typedef struct Guarded
{
	void		(*work) (void *);
	void	   *argument;
	bool		in_transaction;
} Guarded;

/* Row security may have been forced since the last one's turn. */
static bool
work_guarded(void *argument)
{
	Guarded    *guarded = argument;

	require_row_security();
	guarded->work(guarded->argument);
	/* others of the caller's may be deferred, and are not for us to check */
	if (!guarded->in_transaction)
		require_constraints();
	return true;
}

/*
 * Do something for a merchant in a subtransaction. An error of its data must
 * not keep others from their turn, so it becomes a warning; returns false then.
 */
bool
try_for_merchant(void (*work) (void *), void *argument, Datum merchant, Failures *failures)
{
	Guarded		guarded = {work, argument, failures->in_transaction};
	ErrorData  *error = run_in_subtransaction(work_guarded, &guarded);

	if (error == NULL)
		return true;
	if (ends_it(error->sqlerrcode, failures))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("merchant \"%s\": %s", TextDatumGetCString(merchant), error->message),
			 error->detail == NULL ? 0 : errdetail_internal("%s", error->detail),
			 error->hint == NULL ? 0 : errhint("%s", error->hint)));
	if (failures->merchants++ == 0)
		failures->sqlstate = error->sqlerrcode;
	FreeErrorData(error);
	return false;
}

/*
 * At the end, so that who scheduled the procedure sees that something is wrong.
 * In a transaction of the caller's a warning: an error would undo the rest.
 */
void
report_failures(const Failures *failures, const char *procedure)
{
	if (failures->merchants > 0)
		ereport(failures->in_transaction ? WARNING : ERROR,
				(errcode(failures->sqlstate),
				 errmsg("%s() failed for some merchants: %d", procedure, failures->merchants),
				 errdetail("All others are done."),
				 errhint("The warnings before this, also in the server's log, say why.")));
}

/* The merchant whose turn it is. */
typedef struct Turn
{
	const MerchantWork *work;
	Datum		merchant;
	bool		is_first;		/* the first part of its work */
	bool		has_more;
	MemoryContext context;
	int64		count;			/* of all merchants */
} Turn;

static void
do_part(void *argument)
{
	Turn	   *turn = argument;

	MemoryContextSwitchTo(turn->context);
	turn->has_more = turn->work->work(turn->merchant, turn->is_first, turn->work->state,
									  &turn->count);
}

static void
tell_progress(const Turn *turn, TimestampTz *told)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!TimestampDifferenceExceeds(*told, now, PROGRESS_SECONDS * 1000))
		return;
	*told = now;
	ereport(NOTICE,
			(errmsg("%s(): %lld %s so far, now at merchant \"%s\"", turn->work->name,
					(long long) turn->count, turn->work->units,
					TextDatumGetCString(turn->merchant))));
}

/* One merchant's turn, in as many parts as its work has. */
static void
take_turn(Turn *turn, bool commits, Failures *failures, TimestampTz *told)
{
	turn->is_first = true;
	do
	{
		turn->has_more = false;
		(void) try_for_merchant(do_part, turn, turn->merchant, failures);
		turn->is_first = false;
		if (commits)
		{
			SPI_commit();
			tell_progress(turn, told);
		}
	} while (turn->has_more);
	MemoryContextReset(turn->context);
}

/*
 * Go on to the next text, which a statement finds from this one: of merchants,
 * there may be a million. Returns false, and frees the last, at the end.
 */
bool
statement_next(Statement *statement, Datum *text)
{
	Datum		before = *text;
	bool		found;

	statement_run(statement, text, NULL, false);
	found = take_texts(text, 1);
	pfree(DatumGetPointer(before));
	return found;
}

/*
 * Do something for all merchants. Returns the count. Commits after each part, or
 * leaves all to the caller's transaction; between SPI_connect() and SPI_finish().
 */
int64
work_for_merchants(const MerchantWork *work, bool commits)
{
	TimestampTz told = GetCurrentTimestamp();
	Failures	failures = {.in_transaction = !commits};
	Turn		turn = {
		.work = work,
		.merchant = CStringGetTextDatum("")
	};

	turn.context = AllocSetContextCreate(CurrentMemoryContext, "invtrack work of a merchant",
										 ALLOCSET_DEFAULT_SIZES);
	while (statement_next(work->find_next, &turn.merchant))
		take_turn(&turn, commits, &failures, &told);
	report_failures(&failures, work->name);
	return turn.count;
}

/* The row of the procedure's one INOUT argument, a bigint. */
Datum
procedure_result(FunctionCallInfo fcinfo, int64 count)
{
	TupleDesc	columns;
	Datum		value = Int64GetDatum(count);
	bool		is_null = false;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "a procedure must return a row");	/* cannot happen: see
														 * sql/fold.sql */
	columns = BlessTupleDesc(columns);
	return HeapTupleGetDatum(heap_form_tuple(columns, &value, &is_null));
}
