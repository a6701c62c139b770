/*
 * merchant_work.h
 *		Work that is done merchant by merchant, and where an error of one keeps
 *		none of the others from its turn.
 */
#ifndef INVTRACK_MERCHANT_WORK_H
#define INVTRACK_MERCHANT_WORK_H

#include "fmgr.h"

#include "compat.h"
#include "statement.h"

/* The merchants for whom something failed. */
typedef struct Failures
{
	int			merchants;
	int			sqlstate;		/* of the first error */
	bool		in_transaction; /* no commit follows: the transaction is the
								 * caller's */
} Failures;

/* Something to do for all merchants that have it to do, one after the other. */
typedef struct MerchantWork
{
	const char *name;			/* the function or procedure, for errors */
	const char *units;			/* what is counted */
	Statement  *find_next;		/* the next such merchant after $1 */

	/*
	 * Do it, or a part of it, and add to the count. True: there is more to do
	 * for this merchant. The memory context lasts as long as the merchant's
	 * turn.
	 */
	bool		(*work) (Datum merchant, bool is_first, void *state, int64 *count);
	void	   *state;
} MerchantWork;

/* merchant_work.c */
pg_noreturn extern void report_transaction_block(const char *procedure, const char *function);
extern void require_may_commit(FunctionCallInfo fcinfo, const char *procedure,
							   const char *function);
extern bool statement_next(Statement *statement, Datum *text);
extern int64 work_for_merchants(const MerchantWork *work, bool commits);
extern bool try_for_merchant(void (*work) (void *), void *argument, Datum merchant,
							 Failures *failures);
extern void report_failures(const Failures *failures, const char *procedure);
extern Datum procedure_result(FunctionCallInfo fcinfo, int64 count);

#endif							/* INVTRACK_MERCHANT_WORK_H */
