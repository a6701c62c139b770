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
 * memberships and of the database's owner, and then has the session plan
 * everything anew: all statements that it keeps, so also one that is being
 * planned when the news comes. As with PostgreSQL's own privileges, a change
 * counts for others from their next transaction at the latest, whatever the
 * snapshot is.
 *
 * What is running goes on with what it was planned for, whatever the current
 * role is by then. So everything that was read stays until the end of the
 * transaction, and a plan names the reading that it was made from.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "access.h"
#include "argument.h"
#include "code.h"
#include "compat.h"
#include "statement.h"

/* How often access is read again where it changes meanwhile, before that is an error. */
#define READINGS_MAX	100

/* What was read for a role: the newest reading, and those before it that differ. */
typedef struct CachedRole
{
	Oid			role;			/* key of the cache */
	uint64		read_at;		/* the news at the beginning of the newest
								 * reading */
	RoleAccess *newest;
} CachedRole;

static HTAB *cache;
static MemoryContext cache_context;
static uint64 cache_started_at; /* the news then */
static uint64 news = 1;			/* how often something has changed */
static uint32 readings;
static Oid	access_table;

static void
forget_access(void)
{
	news++;
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

/* No plan of this transaction is run any more: what is out of date may go. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT ||
		event == XACT_EVENT_PRE_PREPARE || cache_context == NULL || cache_started_at == news)
		return;
	MemoryContextDelete(cache_context);
	cache_context = NULL;
	cache = NULL;
}

void
access_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
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
		[ACCESS_NONE] = "",
		[ACCESS_READ] = "read",
		[ACCESS_LOAD] = "load",
		[ACCESS_MANAGE] = "manage"
	};

	for (AccessLevel level = ACCESS_READ; level <= ACCESS_MANAGE; level++)
		if (size == strlen(names[level]) && memcmp(bytes, names[level], size) == 0)
			return level;
	return ACCESS_NONE;
}

AccessLevel
require_access_level(FunctionCallInfo fcinfo, int arg)
{
	text	   *name;
	AccessLevel level;

	require_not_null(fcinfo, arg, "level");
	name = PG_GETARG_TEXT_PP(arg);
	level = access_level_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (level == ACCESS_NONE)
		refuse(NULL, "level", psprintf("level \"%s\" does not exist", shown(text_to_cstring(name))),
			   "Use read, load or manage.");
	return level;
}

static int
compare_merchants(const void *a, const void *b)
{
	return compare_codes(PointerGetDatum(((const MerchantAccess *) a)->merchant),
						 PointerGetDatum(((const MerchantAccess *) b)->merchant));
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

		if (compare_codes(PointerGetDatum(last->merchant),
						  PointerGetDatum(access->merchants[i].merchant)) != 0)
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
	/* the array doubles at each power of two */
	if (access->count == 0)
		access->merchants = palloc(sizeof(MerchantAccess));
	else if ((access->count & (access->count - 1)) == 0)
		access->merchants = repalloc_huge(access->merchants,
										  2 * (Size) access->count * sizeof(MerchantAccess));
	access->merchants[access->count].merchant = DatumGetTextPCopy(merchant);
	access->merchants[access->count].level = level;
	access->count++;
}

/* Add what the rows of the table give to a role. The newest state is read, as for privileges. */
static void
read_grants(RoleAccess *access, Oid role, Relation table)
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
		Oid			holder = DatumGetObjectId(heap_getattr(row, role_column, columns, &nobody));
		Datum		merchant = heap_getattr(row, merchant_column, columns, &to_all);
		Datum		name = heap_getattr(row, level_column, columns, &no_level);
		AccessLevel level;

		if (nobody || no_level || !OidIsValid(holder) || !has_privs_of_role(role, holder))
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
	return find_relation("invtrack", "access_grant");
}

/* Read what a role has. Those whom row security does not bind have all. */
static RoleAccess
read_access(Oid role)
{
	RoleAccess	access = {0};
	Relation	table;

	access_table = find_access_table();
	table = table_open(access_table, AccessShareLock);
	if (table->rd_rel->relkind != RELKIND_RELATION)
		report_wrong_table();
	if (has_bypassrls_privilege(role) || has_privs_of_role(role, table->rd_rel->relowner))
		access.to_all = ACCESS_MANAGE;
	else
	{
		read_grants(&access, role, table);
		sort_merchants(&access);
	}
	table_close(table, AccessShareLock);
	return access;
}

static bool
is_same_access(const RoleAccess *a, const RoleAccess *b)
{
	if (a->to_all != b->to_all || a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (a->merchants[i].level != b->merchants[i].level ||
			compare_codes(PointerGetDatum(a->merchants[i].merchant),
						  PointerGetDatum(b->merchants[i].merchant)) != 0)
			return false;
	return true;
}

/* Keep what was read before the transaction ends. */
static void
keep_access(CachedRole *cached, const RoleAccess *access)
{
	MemoryContext caller = MemoryContextSwitchTo(cache_context);
	RoleAccess *kept = palloc(sizeof(RoleAccess));

	*kept = *access;
	kept->number = ++readings;
	kept->merchants = palloc_extended(Max(access->count, 1) * sizeof(MerchantAccess),
									  MCXT_ALLOC_HUGE);
	for (int i = 0; i < access->count; i++)
	{
		kept->merchants[i] = access->merchants[i];
		kept->merchants[i].merchant =
			DatumGetTextPCopy(PointerGetDatum(access->merchants[i].merchant));
	}
	kept->older = cached->newest;
	cached->newest = kept;
	MemoryContextSwitchTo(caller);
}

/* Read what a role has and keep it; was it known already? */
static bool
renew_access(CachedRole *cached)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "invtrack access reading",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RoleAccess	access = read_access(cached->role);
	bool		is_known = cached->newest != NULL && is_same_access(&access, cached->newest);

	if (!is_known)
		keep_access(cached, &access);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return is_known;
}

static CachedRole *
find_cached(Oid role)
{
	CachedRole *cached;
	bool		is_there;

	if (cache == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(Oid),
			.entrysize = sizeof(CachedRole)
		};

		if (cache_context == NULL)
			cache_context = AllocSetContextCreate(TopMemoryContext, "invtrack access",
												  ALLOCSET_SMALL_SIZES);
		control.hcxt = cache_context;
		cache = hash_create("invtrack access", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		cache_started_at = news;
	}
	cached = hash_search(cache, &role, HASH_ENTER, &is_there);
	if (!is_there)
	{
		cached->read_at = 0;
		cached->newest = NULL;
	}
	return cached;
}

/*
 * What a role has; valid until the end of the transaction. Where there is news
 * while it is read, roles and rows may be of different moments: then it is
 * read again, until there is none, or it says the same twice, so that whoever
 * changes roles without end, be it only their own passwords, stops nobody.
 */
const RoleAccess *
access_of_role(Oid role)
{
	CachedRole *cached = find_cached(role);

	for (int reading = 1; cached->read_at != news; reading++)
	{
		uint64		before = news;
		bool		is_known;

		CHECK_FOR_INTERRUPTS();
		if (reading > READINGS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("access of role \"%s\" changes faster than it can be read",
							GetUserNameFromId(role, false)),
					 errhint("Try again.")));
		is_known = renew_access(cached);
		cached->read_at = before;
		if (is_known && reading > 1)
			break;
	}
	return cached->newest;
}

/* The access of a reading. A parallel worker has not read it, and reads what there is now. */
const RoleAccess *
access_as_read(Oid role, uint32 number)
{
	const RoleAccess *access = find_cached(role)->newest;

	while (access != NULL && access->number != number)
		access = access->older;
	return access != NULL ? access : access_of_role(role);
}

/* Does the access include this level for a merchant, or, where that is NULL, for all? */
bool
is_access_to(const RoleAccess *access, text *merchant, AccessLevel level)
{
	MerchantAccess key = {.merchant = merchant};
	MerchantAccess *found;

	if (access->to_all >= level)
		return true;
	if (merchant == NULL || access->count == 0)
		return false;
	found = bsearch(&key, access->merchants, access->count, sizeof(MerchantAccess),
					compare_merchants);
	return found != NULL && found->level >= level;
}

/* The caller has access of this level to the merchant. action says what it is for. */
void
require_merchant_access(Datum merchant, AccessLevel level, const char *action)
{
	static const char *const names[] = {"none", "read", "load", "manage"};

	if (!is_access_to(access_of_role(GetUserId()), DatumGetTextPP(merchant), level))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s of merchant \"%s\"", action,
						TextDatumGetCString(merchant)),
				 errhint("It takes access of the level %s, which the owner of the extension invtrack grants.",
						 names[level])));
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
				 errmsg("this function can only be called by invtrack's own triggers")));
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}
