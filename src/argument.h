/*
 * argument.h
 *		Checks of what callers hand in: one small function a rule.
 *
 * They raise the errors of the public functions and of the tables' CHECKs: a
 * message with the name of the argument, or column, and its value, a hint, and
 * the SQLSTATE that the reference promises. Where a check has a parameter
 * table, that is null for arguments of a function.
 */
#ifndef INVTRACK_ARGUMENT_H
#define INVTRACK_ARGUMENT_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/date.h"

#include "code.h"
#include "compat.h"
#include "day_codec.h"

/* An error is about this argument: fields of errors name it as a column. */
#define errargument(name)	err_generic_string(PG_DIAG_COLUMN_NAME, name)

/* The age of something that is to be deleted is at most this. */
#define AGE_DAYS_MAX	36500

/* argument.c */
extern bool is_day(DateADT date);
extern const char *shown(const char *value);
pg_noreturn extern void refuse(const char *table, const char *name, const char *message,
							   const char *hint);
extern void require_not_null(FunctionCallInfo fcinfo, int arg, const char *name);
extern void require_day(const char *table, const char *name, Datum value);
extern void require_percent(const char *table, const char *name, NullableDatum value,
							int32 maximum);
extern TimestampTz time_of_age(FunctionCallInfo fcinfo, int arg, const char *name);
extern bool day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day);
pg_noreturn extern void rethrow_with(char *detail, const char *hint);

#endif							/* INVTRACK_ARGUMENT_H */
