/*
 * subtransaction.c
 *		Work whose errors are caught, with nothing of it left behind.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "subtransaction.h"

/*
 * Run work in a subtransaction of its own, which is kept if the work returns
 * true. Returns the error that it raised, if any, with nothing saved: who calls
 * can still go on.
 */
ErrorData *
run_in_subtransaction(bool (*work) (void *), void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		if (work(argument))
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * Is an error one of the data, or of what reads them, and not one that the
 * transaction would have without a connection, too?
 */
bool
is_of_data(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_TO_CATEGORY(ERRCODE_INVALID_TRANSACTION_STATE):
		case ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK):
		case ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES):
		case ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION):
		case ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR):
			return false;
		case ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR):
			return sqlstate == ERRCODE_INTERNAL_ERROR;	/* and not damaged data */
		default:
			return sqlstate != ERRCODE_LOCK_NOT_AVAILABLE;
	}
}
