/*
 * role_ref.c
 *		The type role_ref: a role, kept as its oid and written as its name.
 *
 * A dump writes names, since oids are others in another cluster. A name that
 * no role has is read as nobody, once and for all: whoever makes a role of
 * that name later gets nothing by it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "compat.h"

/* The role of a name, cut as PostgreSQL cuts names; InvalidOid where there is none. */
static Oid
role_of_name(const char *name)
{
	char		cut[NAMEDATALEN];
	Oid			role;

	if (name[0] == '\0')
		return InvalidOid;
	strlcpy(cut, name, pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1) + 1);
	role = get_role_oid(cut, true);
	if (!OidIsValid(role))
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist: its access is nobody's", cut)));
	return role;
}

static const char *
name_of_role(Oid role)
{
	const char *name = OidIsValid(role) ? GetUserNameFromId(role, true) : NULL;

	return name != NULL ? name : "";
}

PG_FUNCTION_INFO_V1(role_ref_in);
Datum
role_ref_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(role_of_name(PG_GETARG_CSTRING(0)));
}

PG_FUNCTION_INFO_V1(role_ref_out);
Datum
role_ref_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(pstrdup(name_of_role(PG_GETARG_OID(0))));
}

PG_FUNCTION_INFO_V1(role_ref_recv);
Datum
role_ref_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size;

	PG_RETURN_OID(role_of_name(pq_getmsgtext(message, message->len - message->cursor, &size)));
}

PG_FUNCTION_INFO_V1(role_ref_send);
Datum
role_ref_send(PG_FUNCTION_ARGS)
{
	const char *name = name_of_role(PG_GETARG_OID(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendtext(&message, name, strlen(name));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
