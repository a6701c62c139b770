/*
 * procedure.h
 *		What procedures that commit as they go have in common.
 */
#ifndef INVTRACK_PROCEDURE_H
#define INVTRACK_PROCEDURE_H

#include "datatype/timestamp.h"
#include "fmgr.h"

/* procedure.c */
extern void check_may_commit(FunctionCallInfo fcinfo, const char *procedure,
							 const char *function);
extern bool time_to_tell(TimestampTz *told);
extern Datum procedure_result(FunctionCallInfo fcinfo, int64 count);

#endif							/* INVTRACK_PROCEDURE_H */
