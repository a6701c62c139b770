/*
 * access.c
 *		What a role has access to: the look-up behind row security.
 *
 * Policies say has_access(merchant, level), in whose place the planner puts
 * the role's merchants (access_plan.c).
 *
 * What went into a plan must not outlive the access that it was made from.
 * PostgreSQL plans anew for another role. For the rest this file listens to
 * changes of access_grant (through the trigger at the end), of roles, of
 * memberships and of the database's owner, and then has the session plan everything anew: all statements
 * that it keeps, so also one that is being planned when the news comes. As
 * with PostgreSQL's own privileges, a change counts for others from their
 * next transaction at the latest, whatever the snapshot is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "access.h"
#include "argument.h"
#include "compat.h"

/* What was looked up in this session, a RoleAccess a role. */
static HTAB *cache;
static MemoryContext cache_context;
static bool cache_is_stale = true;
static Oid	access_table;

static void
forget_access(void)
{
	cache_is_stale = true;
	ResetPlanCache();
}

static void
at_relation_change(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || relation == access_table)
		forget_access();
}

static void
at_role_change(Datum arg, int cache_id, uint32 hash)
{
	forget_access();
}

void
access_init(void)
{
	CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, at_role_change, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, at_role_change, (Datum) 0);
	/* the owner of the database is a member of pg_database_owner */
	CacheRegisterSyscacheCallback(DATABASEOID, at_role_change, (Datum) 0);
}

AccessLevel
access_level_of_name(const char *bytes, size_t size)
{
	static const char *const names[] = {
		[ACCESS_NONE] = "", [ACCESS_READ] = "read", [ACCESS_LOAD] = "load",
		[ACCESS_MANAGE] = "manage"
	};

	for (AccessLevel level = ACCESS_READ; level <= ACCESS_MANAGE; level++)
		if (size == strlen(names[level]) && memcmp(bytes, names[level], size) == 0)
			return level;
	return ACCESS_NONE;
}

AccessLevel
check_access_level(FunctionCallInfo fcinfo, int arg)
{
	text	   *name;
	AccessLevel level;

	check_not_null(fcinfo, arg, "level");
	name = PG_GETARG_TEXT_PP(arg);
	level = access_level_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (level == ACCESS_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level \"%s\" does not exist", shown(text_to_cstring(name))),
				 errhint("Use read, load or manage.")));
	return level;
}

/* Order of bytes, which is that of the collation "C". */
static int
compare_codes(const text *a, const text *b)
{
	int			a_size = VARSIZE_ANY_EXHDR(a);
	int			b_size = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	return order != 0 ? order : a_size - b_size;
}

static int
compare_merchants(const void *a, const void *b)
{
	return compare_codes(((const MerchantAccess *) a)->merchant,
						 ((const MerchantAccess *) b)->merchant);
}

/* A merchant that is there more than once, from several roles, stays with the highest level. */
static void
sort_merchants(RoleAccess *access)
{
	int			kept = 0;

	if (access->count == 0)
		return;
	qsort(access->merchants, access->count, sizeof(MerchantAccess), compare_merchants);
	for (int i = 1; i < access->count; i++)
	{
		MerchantAccess *last = &access->merchants[kept];

		if (compare_codes(last->merchant, access->merchants[i].merchant) != 0)
			access->merchants[++kept] = access->merchants[i];
		else
			last->level = Max(last->level, access->merchants[i].level);
	}
	access->count = kept + 1;
}

static void
report_wrong_table(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("table invtrack.access_grant is not as the library of invtrack expects it"),
			 errhint("ALTER EXTENSION invtrack UPDATE, and undo changes to its columns.")));
}

/* The number of a column of the table, which may have been replaced. */
static int
access_column(Relation table, const char *name, Oid type)
{
	int			column = SPI_fnumber(RelationGetDescr(table), name);
	Form_pg_attribute attribute;

	if (column > 0)
	{
		attribute = TupleDescAttr(RelationGetDescr(table), column - 1);
		if (OidIsValid(type) ? attribute->atttypid == type :
			attribute->attlen == sizeof(Oid) && attribute->attbyval)
			return column;
	}
	report_wrong_table();
	return 0;
}

static void
add_merchant(RoleAccess *access, Datum merchant, AccessLevel level)
{
	MemoryContext caller = MemoryContextSwitchTo(cache_context);

	/* the array doubles at each power of two */
	if (access->count == 0)
		access->merchants = palloc(sizeof(MerchantAccess));
	else if ((access->count & (access->count - 1)) == 0)
		access->merchants = repalloc_huge(access->merchants,
										  2 * (Size) access->count * sizeof(MerchantAccess));
	access->merchants[access->count].merchant = DatumGetTextPCopy(merchant);
	access->merchants[access->count].level = level;
	access->count++;
	MemoryContextSwitchTo(caller);
}

/* Add what the rows of the table give to a role. The newest state is read, as for privileges. */
static void
read_grants(RoleAccess *access, Relation table)
{
	int			role_column = access_column(table, "role", InvalidOid);
	int			merchant_column = access_column(table, "merchant", TEXTOID);
	int			level_column = access_column(table, "level", TEXTOID);
	TupleDesc	columns = RelationGetDescr(table);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		nobody,
					to_all,
					no_level;
		Oid			role = DatumGetObjectId(heap_getattr(row, role_column, columns, &nobody));
		Datum		merchant = heap_getattr(row, merchant_column, columns, &to_all);
		Datum		name = heap_getattr(row, level_column, columns, &no_level);
		AccessLevel level;

		if (nobody || no_level || !OidIsValid(role) || !has_privs_of_role(access->role, role))
			continue;
		level = access_level_of_name(VARDATA_ANY(DatumGetTextPP(name)),
									 VARSIZE_ANY_EXHDR(DatumGetTextPP(name)));
		if (to_all)
			access->to_all = Max(access->to_all, level);
		else
			add_merchant(access, merchant, level);
	}
	systable_endscan(scan);
}

Oid
find_access_table(void)
{
	Oid			table = get_relname_relid("access_grant", get_namespace_oid("invtrack", false));

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table invtrack.access_grant does not exist")));
	return table;
}

/* Look up what a role has, and keep it. Those whom row security does not bind have all. */
static const RoleAccess *
read_access(Oid role)
{
	RoleAccess	access = {.role = role};
	Relation	table;
	RoleAccess *kept;

	access_table = find_access_table();
	table = table_open(access_table, AccessShareLock);
	if (table->rd_rel->relkind != RELKIND_RELATION)
		report_wrong_table();
	if (has_bypassrls_privilege(role) || has_privs_of_role(role, table->rd_rel->relowner))
		access.to_all = ACCESS_MANAGE;
	else
	{
		read_grants(&access, table);
		sort_merchants(&access);
	}
	table_close(table, AccessShareLock);
	kept = hash_search(cache, &role, HASH_ENTER, NULL);
	*kept = access;
	return kept;
}

static void
start_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(RoleAccess)};

	if (cache != NULL)
		MemoryContextDelete(cache_context);
	cache = NULL;
	cache_context = AllocSetContextCreate(TopMemoryContext, "invtrack access",
										  ALLOCSET_SMALL_SIZES);
	control.hcxt = cache_context;
	cache = hash_create("invtrack access", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cache_is_stale = false;
}

/* What a role has. Valid until the next call. */
const RoleAccess *
access_of_role(Oid role)
{
	const RoleAccess *access;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (cache_is_stale || cache == NULL)
			start_cache();
		access = hash_search(cache, &role, HASH_FIND, NULL);
		if (access == NULL)
			access = read_access(role);
	} while (cache_is_stale);	/* there was news while reading */
	return access;
}

/* has_access(merchant, level), where it isn't the planner that has answered already */
PG_FUNCTION_INFO_V1(access_has_access);
Datum
access_has_access(PG_FUNCTION_ARGS)
{
	AccessLevel level = check_access_level(fcinfo, 1);
	const RoleAccess *access = access_of_role(GetUserId());
	MerchantAccess key;
	MerchantAccess *found;

	if (access->to_all >= level)
		PG_RETURN_BOOL(true);
	if (PG_ARGISNULL(0) || access->count == 0)
		PG_RETURN_BOOL(false);
	key.merchant = PG_GETARG_TEXT_PP(0);
	found = bsearch(&key, access->merchants, access->count, sizeof(MerchantAccess),
					compare_merchants);
	PG_RETURN_BOOL(found != NULL && found->level >= level);
}

/*
 * Trigger, AFTER each row: tells all sessions, when this one commits, that the
 * table has changed. After, since what is told before the row is there may be
 * acted upon too early.
 */
PG_FUNCTION_INFO_V1(access_changes);
Datum
access_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("a function of invtrack's triggers works only as those use it")));
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}
