/*
 * owner.h
 *		What only the owner of the tables may do, and what is done as the owner.
 */
#ifndef INVTRACK_OWNER_H
#define INVTRACK_OWNER_H

/* What acting as the owner changes, and what is put back. */
typedef struct Caller
{
	Oid			role;
	int			security_context;
	int			nest_level;
} Caller;

/* owner.c */
extern Oid	owner_of_table(const char *table);
extern bool caller_is_owner(const char *table);
extern bool is_restore(const char *table);
extern void require_caller_is_owner(const char *table, const char *action);
extern void become_owner(const char *table, Caller *caller);
extern void become_owner_of(Oid relation, Caller *caller);
extern void become_caller(const Caller *caller);

#endif							/* INVTRACK_OWNER_H */
