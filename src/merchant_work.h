/*
 * merchant_work.h
 *		What procedures that commit as they go have in common.
 */
#ifndef INVTRACK_MERCHANT_WORK_H
#define INVTRACK_MERCHANT_WORK_H

#include "datatype/timestamp.h"
#include "fmgr.h"

/* The merchants for whom something failed. */
typedef struct Failures
{
	int			merchants;
	int			sqlstate;		/* of the first error */
	bool		in_transaction; /* no commit follows: the transaction is the caller's */
} Failures;

/* merchant_work.c */
extern void require_may_commit(FunctionCallInfo fcinfo, const char *procedure,
							 const char *function);
extern bool time_to_tell(TimestampTz *told);
extern bool try_for_merchant(void (*work) (void *), void *argument, Datum merchant,
							 Failures *failures);
extern void report_failures(const Failures *failures, const char *procedure);
extern Datum procedure_result(FunctionCallInfo fcinfo, int64 count);

#endif							/* INVTRACK_MERCHANT_WORK_H */
