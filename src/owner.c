/*
 * owner.c
 *		What only the owner of the tables may do, and what is done as the owner.
 *
 * A permission travels with the statement, as its user, and not in this
 * process, since another node may run it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "compat.h"
#include "owner.h"
#include "setting.h"
#include "statement.h"

static Oid
owner_of(Oid relation)
{
	HeapTuple	row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(row))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	owner = ((Form_pg_class) GETSTRUCT(row))->relowner;
	ReleaseSysCache(row);
	return owner;
}

Oid
owner_of_table(const char *table)
{
	return owner_of(find_relation("invtrack", table));
}

bool
caller_is_owner(const char *table)
{
	return has_privs_of_role(GetUserId(), owner_of_table(table));
}

/*
 * Does the owner of a table, or a superuser, bring rows back? A restore tells
 * itself by check_function_bodies = off, as pg_dump says, which anybody may set.
 * So the session's role is looked at as well: what acts as the owner for others
 * is no restore.
 */
bool
is_restore(const char *table)
{
	return !check_function_bodies && caller_is_owner(table) &&
		has_privs_of_role(GetOuterUserId(), owner_of_table(table));
}

/*
 * Others, whom an owner let execute the function, would be refused by a table
 * that they don't know of; or, with privileges on it, row security would hide
 * the rows from them, and they would be told of work that was not done.
 */
void
require_caller_is_owner(const char *table, const char *action)
{
	if (!caller_is_owner(table))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s", action),
				 errhint("Only the owner of the extension invtrack may.")));
}

/*
 * Act as the owner of a table for a statement; who calls has checked that the
 * caller may. The owner's triggers must not find what another's search_path
 * puts in their way. After an error the end of the (sub)transaction puts back
 * what this changes.
 */
void
become_owner(const char *table, Caller *caller)
{
	Oid			owner = owner_of_table(table);

	GetUserIdAndSecContext(&caller->role, &caller->security_context);
	caller->nest_level = NewGUCNestLevel();
	if (!has_privs_of_role(caller->role, owner))
		RestrictSearchPath();
	SetUserIdAndSecContext(owner, caller->security_context | SECURITY_LOCAL_USERID_CHANGE);
}

/*
 * Act as the owner of a relation of the application's, in a restricted
 * operation: what its functions do is done with no other rights, and a policy
 * that would hide rows is an error. To compile a view of many joins takes
 * longer than to read some keys of it, and would be paid by each session.
 */
void
become_owner_of(Oid relation, Caller *caller)
{
	Oid			owner = owner_of(relation);

	GetUserIdAndSecContext(&caller->role, &caller->security_context);
	caller->nest_level = NewGUCNestLevel();
	SetUserIdAndSecContext(owner, caller->security_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	RestrictSearchPath();
	set_for_now("row_security", "off");
	set_for_now("jit", "off");
}

void
become_caller(const Caller *caller)
{
	SetUserIdAndSecContext(caller->role, caller->security_context);
	AtEOXact_GUC(false, caller->nest_level);
}
