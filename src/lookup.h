/*
 * lookup.h
 *		Rows of a table of ours, found by an index, past the executor.
 */
#ifndef INVTRACK_LOOKUP_H
#define INVTRACK_LOOKUP_H

#include "access/genam.h"
#include "access/relscan.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#define LOOKUP_KEYS_MAX		2
#define LOOKUP_RESULTS_MAX	5

typedef struct LookupColumn
{
	const char *name;
	Oid			type;
} LookupColumn;

/* What is looked up: a table, columns that an index begins with, and those that are read. */
typedef struct Lookup
{
	const char *table;
	LookupColumn keys[LOOKUP_KEYS_MAX];
	LookupColumn results[LOOKUP_RESULTS_MAX];
} Lookup;

typedef struct LookupScan
{
	const Lookup *lookup;
	Relation	table;
	Relation	index;
	IndexScanDesc scan;
	Snapshot	snapshot;
	TupleTableSlot *slot;
	AttrNumber	results[LOOKUP_RESULTS_MAX];
	int			result_count;
	AttrNumber	columns[LOOKUP_KEYS_MAX];	/* of the keys */
	ScanKeyData keys[LOOKUP_KEYS_MAX];
	int			key_count;
} LookupScan;

extern void lookup_start(const Lookup *lookup, LookupScan *scan);
extern void lookup_keys(LookupScan *scan, const Datum *keys);
extern bool lookup_next(LookupScan *scan, Datum *values);
extern void lookup_end(LookupScan *scan);

#endif							/* INVTRACK_LOOKUP_H */
