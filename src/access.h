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

/* All that a role has, itself and as a member of others. */
typedef struct RoleAccess
{
	Oid			role;			/* key of the cache */
	AccessLevel to_all;			/* level of access to all merchants */
	int			count;
	MerchantAccess *merchants;	/* in the order of their bytes */
} RoleAccess;

/* access.c */
extern void access_init(void);
extern Oid	find_access_table(void);
extern AccessLevel access_level_of_name(const char *bytes, size_t size);
extern AccessLevel check_access_level(FunctionCallInfo fcinfo, int arg);
extern const RoleAccess *access_of_role(Oid role);

#endif							/* INVTRACK_ACCESS_H */
