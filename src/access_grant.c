/*
 * access_grant.c
 *		Granting and revoking access: grant_access(), revoke_access(), and
 *		refresh_access().
 *
 * Access is a row in access_grant, which row security goes by, and the
 * privileges that the highest level of a role calls for, which the view
 * level_privilege lists. All runs as the owner of the table, who the caller
 * is or may become: a superuser does not run what an owner put into views and
 * triggers.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid_d.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_proc_d.h"
#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "access.h"
#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "distribute.h"
#include "owner.h"
#include "row_security.h"
#include "statement.h"

enum
{
	ARG_ROLE, ARG_ROLE_MERCHANT, ARG_LEVEL
};

/* Columns and parameters of the statements below. */
#define ROW_MATCHES \
	" a.role::pg_catalog.oid " EQ " $1" \
	" AND coalesce(a.merchant, '') " EQ " coalesce($2, '')"

/* What a call changes for its time, and puts back. */
typedef struct Granting
{
	Oid			caller;
	int			security_context;
	int			nest_level;
} Granting;

/*
 * Only the owner, or a superuser: others, whom an owner let execute these,
 * would get warnings from GRANT, and rows for nothing. The lock makes grants
 * take turns; two at once would fail on the catalogue rows that both change.
 * After an error the end of the transaction puts back what this changes.
 */
static void
start_granting(Granting *granting)
{
	Oid			table = find_access_table();
	Oid			owner = owner_of_table("access_grant");

	GetUserIdAndSecContext(&granting->caller, &granting->security_context);
	if (!has_privs_of_role(granting->caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to grant or revoke access"),
				 errhint("The owner of the extension invtrack grants access.")));
	LockRelationOid(table, ShareRowExclusiveLock);
	granting->nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	SetUserIdAndSecContext(owner, granting->security_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	require_row_security();
	SPI_connect();
}

static void
finish_granting(const Granting *granting)
{
	SPI_finish();
	SetUserIdAndSecContext(granting->caller, granting->security_context);
	AtEOXact_GUC(false, granting->nest_level);
}

/* The role that an argument names. */
static Oid
require_role(FunctionCallInfo fcinfo)
{
	const char *name;
	Oid			role;

	require_not_null(fcinfo, ARG_ROLE, "role");
	/* by way of the type name, which cuts it as CREATE ROLE did */
	name = NameStr(*DatumGetName(DirectFunctionCall1(text_name, PG_GETARG_DATUM(ARG_ROLE))));
	if (strcmp(name, "public") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_GRANT_OPERATION),
				 errmsg("access is granted to roles, not to PUBLIC"),
				 errhint("Grant it to a role, and make others members of that."),
				 errargument("role")));
	role = get_role_oid(name, true);
	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", name),
				 errhint("Write the role's name as pg_roles has it, without quotes."),
				 errargument("role")));
	return role;
}

/* Access of roles that are no more is nobody's, whoever's oid theirs will be. */
static void
delete_access_of_dropped(void)
{
	static Statement delete_rows = {
		"DELETE FROM invtrack.access_grant a WHERE NOT EXISTS ("
		"SELECT FROM pg_catalog.pg_roles r WHERE r.oid " EQ " a.role::pg_catalog.oid)",
		0, {InvalidOid}
	};

	statement_run(&delete_rows, NULL, NULL, false);
}

/*
 * Is this one of the functions, types and schemas that stay with the bootstrap
 * superuser? Sets its name, from the catalogue: what level_privilege says of it
 * is the owner's word, and not to be run as a superuser.
 */
static bool
is_kept(const char *kind, Oid id, const char *privilege, const char **name)
{
	static const struct
	{
		const char *kind;
		Oid			catalog;
		const char *privilege;
	}			kept[] = {
		{"ROUTINE", ProcedureRelationId, "EXECUTE"},
		{"TYPE", TypeRelationId, "USAGE"},
		{"SCHEMA", NamespaceRelationId, "USAGE"}
	};

	for (int i = 0; i < lengthof(kept); i++)
	{
		ObjectAddress object = {kept[i].catalog, id, 0};

		if (strcmp(kind, kept[i].kind) == 0 && strcmp(privilege, kept[i].privilege) == 0 &&
			getExtensionOfObject(object.classId, id) == get_extension_oid("invtrack", false))
		{
			*name = getObjectIdentity(&object, false);
			return true;
		}
	}
	return false;
}

/* GRANT or REVOKE as this role, in whose name the privilege is then. */
static void
run_grant(const char *statement, Oid as_role)
{
	Oid			role;
	int			context;
	int			result;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(as_role, context);
	result = SPI_execute(statement, false, 0);
	SetUserIdAndSecContext(role, context);
	if (result != SPI_OK_UTILITY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("view invtrack_internal.level_privilege is not as the library of invtrack expects it"),
				 errdetail("It leads to \"%s\", which is neither GRANT nor REVOKE.", statement),
				 errhint("ALTER EXTENSION invtrack UPDATE, and undo changes to it.")));
}

/*
 * Give or take a privilege. What is granted on kept objects is granted in
 * their owner's name, so that it stays when the extension changes hands, and a
 * dump says it as anybody can restore it. What is taken may have been granted
 * by the extension's owner, too.
 */
static void
adjust_privilege(bool grant, const char *privilege, const char *kind, const char *name, Oid id,
				 const char *role)
{
	bool		kept = is_kept(kind, id, privilege, &name);
	const char *statement = psprintf("%s %s ON %s %s %s %s", grant ? "GRANT" : "REVOKE",
									 privilege, kind, name, grant ? "TO" : "FROM",
									 quote_identifier(role));

	if (kept)
		run_grant(statement, BOOTSTRAP_SUPERUSERID);
	if (!kept || !grant)
		run_grant(statement, GetUserId());
}

/* Give and take privileges so that a role has those of its levels and none above; how many? */
static uint64
adjust_privileges(Oid role, bool may_revoke)
{
	/*
	 * planned for these values: a general plan would try each object with
	 * each member of the catalogue
	 */
	static Statement find_changes = {
		"SELECT s.due, p.privilege, p.kind, p.object, p.object_id"
		" FROM invtrack_internal.level_privilege p CROSS JOIN LATERAL (SELECT"
		" EXISTS (SELECT FROM invtrack.access_grant a WHERE a.role::pg_catalog.oid " EQ " $1"
		" AND pg_catalog.strpos('read load manage', a.level)"
		" OPERATOR(pg_catalog.>=) pg_catalog.strpos('read load manage', p.level)) AS due,"
		" EXISTS (SELECT FROM pg_catalog.aclexplode(p.acl) x WHERE x.grantee " EQ " $1"
		" AND x.privilege_type " EQ " pg_catalog.split_part(p.privilege, '(', 1)) AS has) s"
		" WHERE s.due OPERATOR(pg_catalog.<>) s.has AND (s.due OR $2)"
		" AND p.owner OPERATOR(pg_catalog.<>) $1"
		" ORDER BY p.kind, p.object, p.privilege, s.due",
		2, {OIDOID, BOOLOID}, CURSOR_OPT_CUSTOM_PLAN, {BOOLOID, TEXTOID, TEXTOID, TEXTOID, OIDOID}
	};
	Datum		values[2] = {ObjectIdGetDatum(role), BoolGetDatum(may_revoke)};
	uint64		count;
	SPITupleTable *changes;

	/* the owner has all, and may not take anything from itself */
	if (role == GetUserId())
		return 0;
	count = statement_run(&find_changes, values, NULL, false);
	changes = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		adjust_privilege(result_bool(changes, i, 1), result_string(changes, i, 2),
						 result_string(changes, i, 3), result_string(changes, i, 4),
						 result_oid(changes, i, 5), GetUserNameFromId(role, false));
	}
	return count;
}

/* Write the row; says what came of it. */
static const char *
write_access(Datum *values, const char *nulls)
{
	static Statement read_level = {
		"SELECT a.level " EQ " $3 FROM invtrack.access_grant a WHERE" ROW_MATCHES,
		3, {OIDOID, TEXTOID, TEXTOID}, 0, {BOOLOID}
	};
	static Statement insert_row = {
		"INSERT INTO invtrack.access_grant (role, merchant, level, granted_by)"
		" VALUES ($1::invtrack_internal.role_ref, $2, $3, $4)",
		4, {OIDOID, TEXTOID, TEXTOID, TEXTOID}
	};
	static Statement update_row = {
		"UPDATE invtrack.access_grant a SET level = $3, granted_at = DEFAULT, granted_by = $4"
		" WHERE" ROW_MATCHES,
		4, {OIDOID, TEXTOID, TEXTOID, TEXTOID}
	};

	if (statement_run(&read_level, values, nulls, false) == 0)
	{
		statement_run(&insert_row, values, nulls, false);
		return "created";
	}
	if (result_bool(SPI_tuptable, 0, 1))
		return "unchanged";
	statement_run(&update_row, values, nulls, false);
	return "updated";
}

static void
tell_if_unbound(Oid role)
{
	if (has_bypassrls_privilege(role) ||
		has_privs_of_role(role, owner_of_table("access_grant")))
		ereport(NOTICE,
				(errmsg("row security does not bind role \"%s\"", GetUserNameFromId(role, false)),
				 errdetail("It is a superuser, has BYPASSRLS, or has the rights of the extension's owner.")));
}

/* grant_access(role, merchant, level); a null merchant is all of them */
PG_FUNCTION_INFO_V1(access_grant);
Datum
access_grant(PG_FUNCTION_ARGS)
{
	Datum		values[4] = {0, PG_GETARG_DATUM(ARG_ROLE_MERCHANT), PG_GETARG_DATUM(ARG_LEVEL)};
	char		nulls[4] = {' ', PG_ARGISNULL(ARG_ROLE_MERCHANT) ? 'n' : ' ', ' ', ' '};
	const char *outcome;
	Granting	granting;
	Oid			role;

	require_not_null(fcinfo, ARG_ROLE, "role");
	(void) require_access_level(fcinfo, ARG_LEVEL);
	if (!PG_ARGISNULL(ARG_ROLE_MERCHANT))
		require_code(fcinfo, ARG_ROLE_MERCHANT, "merchant");
	role = require_role(fcinfo);
	values[0] = ObjectIdGetDatum(role);
	start_granting(&granting);
	values[3] = CStringGetTextDatum(GetUserNameFromId(granting.caller, false));
	/* what the coordinator of Citus sends it has looked at */
	if (!PG_ARGISNULL(ARG_ROLE_MERCHANT) && !is_session_of_citus())
		require_merchant_exists(values[1]);
	delete_access_of_dropped();
	outcome = write_access(values, nulls);
	send_access_to_workers();
	adjust_privileges(role, true);
	finish_granting(&granting);
	tell_if_unbound(role);
	PG_RETURN_TEXT_P(cstring_to_text(outcome));
}

static void
report_no_access(FunctionCallInfo fcinfo, Oid role)
{
	const char *name = GetUserNameFromId(role, false);

	if (PG_ARGISNULL(ARG_ROLE_MERCHANT))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("role \"%s\" has been granted no access", name),
				 errhint("The view invtrack.access lists who has what."),
				 errargument("role")));
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("role \"%s\" has been granted no access to merchant \"%s\"", name,
					text_to_cstring(PG_GETARG_TEXT_PP(ARG_ROLE_MERCHANT))),
			 errhint("The view invtrack.access lists who has what. Revoke access to all merchants with a null merchant, and access of a group from the group."),
			 errargument("merchant")));
}

/* revoke_access(role, merchant); a null merchant: all that it was granted */
PG_FUNCTION_INFO_V1(access_revoke);
Datum
access_revoke(PG_FUNCTION_ARGS)
{
	static Statement delete_row = {
		"DELETE FROM invtrack.access_grant a WHERE" ROW_MATCHES, 2, {OIDOID, TEXTOID}
	};
	static Statement delete_rows = {
		"DELETE FROM invtrack.access_grant a WHERE a.role::pg_catalog.oid " EQ " $1",
		1, {OIDOID}
	};
	Datum		values[2] = {0, PG_GETARG_DATUM(ARG_ROLE_MERCHANT)};
	bool		everything = PG_ARGISNULL(ARG_ROLE_MERCHANT);
	Granting	granting;
	Oid			role;

	require_not_null(fcinfo, ARG_ROLE, "role");
	if (!everything)
		require_code(fcinfo, ARG_ROLE_MERCHANT, "merchant");
	role = require_role(fcinfo);
	values[0] = ObjectIdGetDatum(role);
	start_granting(&granting);
	if (statement_run(everything ? &delete_rows : &delete_row, values, NULL, false) == 0)
		report_no_access(fcinfo, role);
	delete_access_of_dropped();
	send_access_to_workers();
	adjust_privileges(role, true);
	finish_granting(&granting);
	PG_RETURN_BOOL(true);
}

/* refresh_access(): the privileges that are due and are not there, of all roles */
PG_FUNCTION_INFO_V1(access_refresh);
Datum
access_refresh(PG_FUNCTION_ARGS)
{
	static Statement list_roles = {
		"SELECT DISTINCT a.role::pg_catalog.oid FROM invtrack.access_grant a ORDER BY 1",
		0, {InvalidOid}, 0, {OIDOID}
	};
	SPITupleTable *roles;
	uint64		count;
	int64		refreshed = 0;
	Granting	granting;

	start_granting(&granting);
	call_on_workers("invtrack.refresh_access", "");
	delete_access_of_dropped();
	count = statement_run(&list_roles, NULL, NULL, false);
	roles = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
		refreshed += adjust_privileges(result_oid(roles, i, 1), false) > 0;
	finish_granting(&granting);
	PG_RETURN_INT64(refreshed);
}
