/*
 * procedure.c
 *		What procedures that commit as they go have in common.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "procedure.h"

/* How often a long procedure tells where it is. */
#define PROGRESS_SECONDS	10

/* Can this CALL commit? Not inside a transaction block. */
void
check_may_commit(FunctionCallInfo fcinfo, const char *procedure, const char *function)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s() cannot run inside a transaction block", procedure),
				 errhint("CALL it by itself, or use invtrack.%s(), which does not commit.",
						 function)));
}

/* Is it time to say something again? */
bool
time_to_tell(TimestampTz *told)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!TimestampDifferenceExceeds(*told, now, PROGRESS_SECONDS * 1000))
		return false;
	*told = now;
	return true;
}

/* The row of the procedure's one INOUT argument, a bigint. */
Datum
procedure_result(FunctionCallInfo fcinfo, int64 count)
{
	TupleDesc	columns;
	Datum		value = Int64GetDatum(count);
	bool		is_null = false;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "a procedure must return a row");
	columns = BlessTupleDesc(columns);
	return HeapTupleGetDatum(heap_form_tuple(columns, &value, &is_null));
}
