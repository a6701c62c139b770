/*
 * access.h
 *		Levels of access, and what a role has of them.
 */
#ifndef INVTRACK_ACCESS_H
#define INVTRACK_ACCESS_H

#include "fmgr.h"

/* Each includes those before it. */
typedef enum AccessLevel
{
	ACCESS_NONE,
	ACCESS_READ,
	ACCESS_LOAD,
	ACCESS_MANAGE
} AccessLevel;

typedef struct MerchantAccess
{
	text	   *merchant;
	AccessLevel level;
} MerchantAccess;

/* All that a role has, itself and as a member of others, as it was read once. */
typedef struct RoleAccess
{
	uint32		number;			/* no other reading of this session has it */
	AccessLevel to_all;			/* level of access to all merchants */
	int			count;
	MerchantAccess *merchants;	/* in the order of their bytes */
	struct RoleAccess *older;	/* what the role had before, earlier in this
								 * transaction */
} RoleAccess;

/* access.c */
extern void access_init(void);
extern Oid	find_access_table(void);
extern AccessLevel access_level_of_name(const char *bytes, size_t size);
extern AccessLevel require_access_level(FunctionCallInfo fcinfo, int arg);
extern const RoleAccess *access_of_role(Oid role);
extern const RoleAccess *access_as_read(Oid role, uint32 number);
extern bool is_access_to(const RoleAccess *access, text *merchant, AccessLevel level);
extern void require_merchant_access(Datum merchant, AccessLevel level, const char *action);

#endif							/* INVTRACK_ACCESS_H */
