/*
 * argument.h
 *		Checks of what callers hand in: one small function a rule.
 *
 * They raise the errors of the public functions: a message with the name of
 * the argument and its value, a hint, and the SQLSTATE that the reference
 * promises.
 */
#ifndef INVTRACK_ARGUMENT_H
#define INVTRACK_ARGUMENT_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/date.h"

#include "day_codec.h"
#include "judgement.h"

#define CODE_SIZE_MAX	200

/* The age of something that is to be deleted is at most this. */
#define AGE_DAYS_MAX	36500

/*
 * The arguments that make up a tracker's key and its rule, in this order;
 * those from ARG_QUANTITY on are the Parameters.
 */
#define ARG_MERCHANT		0
#define ARG_SKU				1
#define ARG_INVENTORY_TYPE	2
#define ARG_MECHANISM		3
#define ARG_QUANTITY		4
#define TRACKER_KEY_ARGS	4
#define TRACKER_RULE_ARGS	(ARG_QUANTITY + PARAMETERS)

/* argument.c */
extern bool is_code(const char *bytes, size_t size);
extern bool is_day(DateADT date);
extern const char *shown(const char *value);
extern void check_not_null(FunctionCallInfo fcinfo, int arg, const char *name);
extern void check_code(FunctionCallInfo fcinfo, int arg, const char *name);
extern Mechanism check_mechanism(FunctionCallInfo fcinfo, int arg);
extern void check_tracker_key(FunctionCallInfo fcinfo);
extern void get_tracker_key(FunctionCallInfo fcinfo, Datum *key);
extern const char *shown_tracker(const Datum *key);
extern void check_tracker_rule(FunctionCallInfo fcinfo);
extern TimestampTz time_of_age(FunctionCallInfo fcinfo, int arg, const char *name);
extern bool day_of_argument(FunctionCallInfo fcinfo, int arg, const char *name, int32 *day);

#endif							/* INVTRACK_ARGUMENT_H */
