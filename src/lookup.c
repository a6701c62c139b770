/*
 * lookup.c
 *		Rows of a table of ours, found by an index, past the executor.
 *
 * For what each commit of a connected application looks up: to start and end a
 * plan takes longer than to find a row. Columns and the index are taken as they
 * are: whoever owns a table may have changed them. Rows of tables that inherit
 * from it are not found.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type_d.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "lookup.h"
#include "statement.h"

/* A column of the table, which must be of its type. */
static AttrNumber
find_column(Relation table, const LookupColumn *column)
{
	AttrNumber	number = get_attnum(RelationGetRelid(table), column->name);
	TupleDesc	columns = RelationGetDescr(table);

	if (number <= 0 || !is_of_type(TupleDescAttr(columns, number - 1), column->type))
		report_unexpected_type();
	return number;
}

/*
 * Does an index begin with the columns of the keys, in their own order, and has
 * it all rows? Then this makes the scan's keys. One that was just built is right
 * for old snapshots, too: these columns of a row never change.
 */
static bool
begins_with_keys(LookupScan *scan, Relation index)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) ||
		form->indnkeyatts < scan->key_count)
		return false;
	for (int i = 0; i < scan->key_count; i++)
	{
		LookupColumn key = scan->lookup->keys[i];
		Oid			type = key.type == REGCLASSOID ? OIDOID : key.type;
		Oid			collation = TupleDescAttr(RelationGetDescr(scan->table),
											  scan->columns[i] - 1)->attcollation;
		Oid			equal = get_opfamily_member(index->rd_opfamily[i], type, type,
												BTEqualStrategyNumber);

		if (form->indkey.values[i] != scan->columns[i] || !OidIsValid(equal) ||
			index->rd_indcollation[i] != collation)
			return false;
		ScanKeyEntryInitialize(&scan->keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(equal), (Datum) 0);
	}
	return true;
}

static void
open_index(LookupScan *scan)
{
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(scan->table))
	{
		scan->index = index_open(lfirst_oid(cell), AccessShareLock);
		if (begins_with_keys(scan, scan->index))
			return;
		index_close(scan->index, NoLock);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" has no index that begins with %s%s%s", scan->lookup->table,
					scan->lookup->keys[0].name, scan->key_count > 1 ? ", " : "",
					scan->key_count > 1 ? scan->lookup->keys[1].name : ""),
			 errhint("Create it again.")));
}

/* Rows of now, as a statement of its own would see them. */
void
lookup_start(const Lookup *lookup, LookupScan *scan)
{
	memset(scan, 0, sizeof(LookupScan));
	scan->lookup = lookup;
	scan->table = table_open(find_relation("invtrack", lookup->table), AccessShareLock);
	if (scan->table->rd_rel->relkind != RELKIND_RELATION)
		report_unexpected_type();
	for (int i = 0; i < LOOKUP_KEYS_MAX && lookup->keys[i].name != NULL; i++)
		scan->columns[scan->key_count++] = find_column(scan->table, &lookup->keys[i]);
	for (int i = 0; i < LOOKUP_RESULTS_MAX && lookup->results[i].name != NULL; i++)
		scan->results[scan->result_count++] = find_column(scan->table, &lookup->results[i]);
	open_index(scan);
	CommandCounterIncrement();
	scan->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	scan->slot = table_slot_create(scan->table, NULL);
	scan->scan = begin_index_scan(scan->table, scan->index, scan->snapshot, scan->key_count);
}

/* Go on with the rows of these keys. */
void
lookup_keys(LookupScan *scan, const Datum *keys)
{
	for (int i = 0; i < scan->key_count; i++)
		scan->keys[i].sk_argument = keys[i];
	index_rescan(scan->scan, scan->keys, scan->key_count, NULL, 0);
}

/* The next row; its values lie in it, and go with it. Returns false at the end. */
bool
lookup_next(LookupScan *scan, Datum *values)
{
	if (!index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot))
		return false;
	for (int i = 0; i < scan->result_count; i++)
		values[i] = slot_not_null(scan->slot, scan->results[i]);
	return true;
}

void
lookup_end(LookupScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	UnregisterSnapshot(scan->snapshot);
	index_close(scan->index, NoLock);
	table_close(scan->table, NoLock);
}
