/*
 * tracker.h
 *		Trackers: what is asked of an item.
 */
#ifndef INVTRACK_TRACKER_H
#define INVTRACK_TRACKER_H

#include "fmgr.h"

/* The types of a key's arguments, and of those with the rule's, for SPI. */
#define TRACKER_KEY_TYPES	TEXTOID, TEXTOID, TEXTOID, TEXTOID
#define TRACKER_RULE_TYPES	TRACKER_KEY_TYPES, NUMERICOID, INT4OID, INT4OID, INT4OID

/* tracker.c */
extern text *tracker_key_text(const Datum *key);
extern void report_denied(const char *action, const Datum *key);
extern void report_other_version(const Datum *key, int32 version, const char *row);
extern Datum with_key_in_errors(FunctionCallInfo fcinfo, PGFunction work);
extern void get_rule_values(FunctionCallInfo fcinfo, Datum *values, char *nulls);
extern int32 version_if_saved(Datum *values, const char *nulls);

#endif							/* INVTRACK_TRACKER_H */
