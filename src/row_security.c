/*
 * row_security.c
 *		Row security that binds whoever must see all rows.
 *
 * The owner may have row security bind itself, by ALTER TABLE ... FORCE ROW
 * LEVEL SECURITY and policies of its own. What folds, checks, purges, repairs,
 * deletes or grants would then pass over what is hidden, and say that all is
 * done.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension_d.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "compat.h"
#include "row_security.h"

static bool
is_forced(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool		is_forced;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_forced = ((Form_pg_class) GETSTRUCT(tuple))->relforcerowsecurity;
	ReleaseSysCache(tuple);
	return is_forced;
}

static void
check_table(Oid table)
{
	const char *name;

	if (!is_forced(table) || check_enable_rls(table, InvalidOid, true) != RLS_ENABLED)
		return;
	name = get_rel_name(table);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row security of table \"%s\" binds role \"%s\", which has to see all rows",
					name, GetUserNameFromId(GetUserId(), false)),
			 errhint("ALTER TABLE %s NO FORCE ROW LEVEL SECURITY.",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
												name))));
}

/*
 * At the beginning of what has to see all rows: an error if row security is
 * forced on a table of ours.
 */
void
require_row_security(void)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(get_extension_oid("invtrack", false)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend member = (Form_pg_depend) GETSTRUCT(tuple);

		if (member->classid == RelationRelationId)
			check_table(member->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}
