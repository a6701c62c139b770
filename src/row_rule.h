/*
 * row_rule.h
 *		What a table takes from a file: its columns and their rules.
 */
#ifndef INVTRACK_ROW_RULE_H
#define INVTRACK_ROW_RULE_H

#include "json_rows.h"
#include "statement.h"

#define TARGET_FIELDS	7
#define KEY_FIELDS		4

typedef enum Rule
{
	RULE_NONE,
	RULE_CODE,
	RULE_INCOMING_REF,
	RULE_DAY,
	RULE_QUANTITY,
	RULE_FLOW,
	RULE_REF
} Rule;

/* A table that files are loaded into. Of a key of fewer fields, the last is given again. */
typedef struct Target
{
	const char *name;
	int			count;
	Field		fields[TARGET_FIELDS];	/* required: not null, and without a
										 * default */
	Rule		rules[TARGET_FIELDS];
	bool		has_default[TARGET_FIELDS]; /* not null, but with a default:
											 * the empty text */
	int			key[KEY_FIELDS];
	int			item_codes;		/* how many of the codes of an item it refers
								 * to */
	Statement  *find_taken;		/* keys that are there already, by $1 to $4 */
	const char *taken_hint;
} Target;

/* row_rule.c */
extern const Target *find_target(const char *name);
extern void require_row_value(const Target *target, int i, FieldValue *values);

#endif							/* INVTRACK_ROW_RULE_H */
