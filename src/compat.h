/*
 * compat.h
 *		Differences between PostgreSQL's major versions, newest first. No
 *		other file looks at PG_VERSION_NUM.
 */
#ifndef INVTRACK_COMPAT_H
#define INVTRACK_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "invtrack needs PostgreSQL 15 or later"
#endif

#ifndef HAVE_INT128
#error "invtrack needs a platform with 128-bit integers"
#endif

/* 18: a module tells its name and version */
#ifdef PG_MODULE_MAGIC_EXT
#define INVTRACK_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "invtrack", .version = INVTRACK_VERSION)
#else
#define INVTRACK_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18: index scans are counted for EXPLAIN */
#if PG_VERSION_NUM >= 180000
#define begin_index_scan(table, index, snapshot, key_count) \
	index_beginscan(table, index, snapshot, NULL, key_count, 0)
#else
#define begin_index_scan(table, index, snapshot, key_count) \
	index_beginscan(table, index, snapshot, key_count, 0)
#endif

/* 18: a function that does not return says so in front */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 17: the search_path of a restricted operation is one call */
#if PG_VERSION_NUM < 170000
#define RestrictSearchPath() \
	((void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, \
							  PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false))
#endif

/* 16: varlena macros have their own header; input functions report softly */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(context, dummy_value, ...) ereport(ERROR, __VA_ARGS__)
#endif

/* 16: privileges of all kinds of objects are checked by one function */
#if PG_VERSION_NUM >= 160000
#define may_execute(function, role) \
	(object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK)
#else
#define may_execute(function, role) (pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK)
#endif

#endif							/* INVTRACK_COMPAT_H */
