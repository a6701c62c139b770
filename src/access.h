/*
 * access.h
 *		Levels of access, and what a role has of them.
 */
#ifndef INVTRACK_ACCESS_H
#define INVTRACK_ACCESS_H

/* Each includes those before it. */
typedef enum AccessLevel
{
	ACCESS_NONE,
	ACCESS_READ,
	ACCESS_LOAD,
	ACCESS_MANAGE
} AccessLevel;

/* access.c */
extern void access_init(void);
extern AccessLevel check_access_level(FunctionCallInfo fcinfo, int arg);

#endif							/* INVTRACK_ACCESS_H */
