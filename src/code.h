/*
 * code.h
 *		Codes and the white space that they must not begin or end with.
 */
#ifndef INVTRACK_CODE_H
#define INVTRACK_CODE_H

#include "fmgr.h"

#define CODE_SIZE_MAX	200

typedef enum CodeKind
{
	CODE_WRONG,
	CODE_OLD,					/* as versions before 0.3 took it, see
								 * code_kind() */
	CODE_SOUND
} CodeKind;

/* The columns, and arguments, that hold codes. */
typedef enum CodeColumn
{
	MERCHANT_CODE,
	SKU_CODE,
	INVENTORY_TYPE_CODE,
	LOT_CODE,
	CONSUMER_CODE,
	CODE_COLUMNS
} CodeColumn;

/* code.c */
extern size_t white_space_at(const char *bytes, size_t size);
extern size_t white_space_before(const char *bytes, size_t size);
extern CodeKind code_kind(const char *bytes, size_t size);
extern int	compare_codes(Datum a, Datum b);
extern bool old_codes_are_taken(void);
extern const char *code_hint(const char *bytes, size_t size);

/* code_rule.c */
extern void require_codes(const char *table, const CodeColumn *columns, int count,
						  const NullableDatum *codes);
extern void require_code(FunctionCallInfo fcinfo, int arg, const char *name);

#endif							/* INVTRACK_CODE_H */
