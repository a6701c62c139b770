/*
 * tracker.h
 *		Trackers: what is asked of an item.
 */
#ifndef INVTRACK_TRACKER_H
#define INVTRACK_TRACKER_H

#include "fmgr.h"

/* tracker.c */
extern text *tracker_key_text(const Datum *key);
extern void report_denied(const char *action, const Datum *key);
extern void report_other_version(const Datum *key, int32 version, const char *row);
extern Datum with_key_in_errors(FunctionCallInfo fcinfo, PGFunction work);
extern void get_rule_values(FunctionCallInfo fcinfo, Datum *values, char *nulls);
extern int32 version_if_saved(Datum *values, const char *nulls);

#endif							/* INVTRACK_TRACKER_H */
