/*
 * tracker_rule.h
 *		A tracker's key and rule, as arguments and columns give them.
 */
#ifndef INVTRACK_TRACKER_RULE_H
#define INVTRACK_TRACKER_RULE_H

#include "catalog/pg_type_d.h"
#include "fmgr.h"

#include "judgement.h"

/*
 * The arguments that make up a tracker's key and its rule, in this order;
 * those from ARG_QUANTITY on are the Parameters.
 */
#define ARG_MERCHANT		0
#define ARG_SKU				1
#define ARG_INVENTORY_TYPE	2
#define ARG_MECHANISM		3
#define ARG_QUANTITY		4
#define ITEM_KEY_ARGS		3
#define TRACKER_KEY_ARGS	4
#define TRACKER_RULE_ARGS	(ARG_QUANTITY + PARAMETERS)

/* The types of a key's arguments, and of those with the rule's, for SPI. */
#define TRACKER_KEY_TYPES	TEXTOID, TEXTOID, TEXTOID, TEXTOID
#define TRACKER_RULE_TYPES	TRACKER_KEY_TYPES, NUMERICOID, INT4OID, INT4OID, INT4OID

/* tracker_rule.c */
extern Mechanism require_mechanism(const char *table, Datum value);
extern void require_tracker_key(FunctionCallInfo fcinfo);
extern void get_item_key(FunctionCallInfo fcinfo, Datum *key);
extern void get_tracker_key(FunctionCallInfo fcinfo, Datum *key);
extern const char *shown_tracker(const Datum *key);
extern void get_parameters(const NullableDatum *arguments, GivenParameters *given);
extern void require_rule(const char *table, Mechanism mechanism, const NullableDatum *arguments);
extern void require_tracker_rule(FunctionCallInfo fcinfo);

#endif							/* INVTRACK_TRACKER_RULE_H */
