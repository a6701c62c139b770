/*
 * connection_item.c
 *		What connections keep of products that get another code, or go.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "catalogue.h"
#include "connection.h"
#include "distribute.h"
#include "statement.h"
#include "trigger.h"

/*
 * A product that a connection feeds gets another code where it comes from: by
 * hand it would come back.
 */
void
require_not_fed(Datum merchant, Datum sku)
{
	static Statement find = {
		"SELECT n.connection FROM invtrack.connection_item i"
		" JOIN invtrack.connection_row w ON w.item " EQ " i.item"
		" JOIN invtrack.connection n ON n.number " EQ " w.connection"
		" WHERE i.target " EQ " 'product' AND NOT w.gone AND" OF_SKU("i", "$2") " LIMIT 1",
		2, {TEXTOID, TEXTOID}, 0, {TEXTOID}
	};
	Datum		values[2] = {merchant, sku};

	if (statement_run(&find, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("connection \"%s\" feeds product \"%s\" of merchant \"%s\"",
						result_string(SPI_tuptable, 0, 1), TextDatumGetCString(sku),
						TextDatumGetCString(merchant)),
				 errhint("Change its code where it comes from, or disconnect first."),
				 errargument("sku")));
}

/*
 * In SQL, what "d" has of the merchant $1 and the products $2; null: all. A plan
 * that does not know which would read all.
 */
#define OF_PRODUCTS \
	" d.merchant " EQ " $1 AND ($2 IS NULL OR d.sku " EQ " ANY ($2))"

/* How much there is of products. */
static int64
count_rows(Datum *values, const char *nulls, bool read_only)
{
#define COUNT_OF(table) \
	" OPERATOR(pg_catalog.+)" \
	" (SELECT pg_catalog.count(*) FROM invtrack." table " d WHERE" OF_PRODUCTS ")"
	static Statement find = {
		"SELECT (SELECT pg_catalog.count(*) FROM invtrack.connection_item d"
		" JOIN invtrack.connection_row w ON w.item " EQ " d.item WHERE" OF_PRODUCTS ")"
		" OPERATOR(pg_catalog.+)"
		" (SELECT pg_catalog.count(*) FROM invtrack.movement d"
		" WHERE NOT d.folded AND" OF_PRODUCTS ")"
		COUNT_OF("flow_series") COUNT_OF("stock_lot") COUNT_OF("incoming") COUNT_OF("tracker"),
		2, {TEXTOID, TEXTARRAYOID}, CURSOR_OPT_CUSTOM_PLAN, {INT8OID}
	};

	(void) statement_run(&find, values, nulls, read_only);
	return result_int64(SPI_tuptable, 0, 1);
}

/*
 * Before items are changed, and what goes by them: lock those of some products,
 * of all where count is 0, in the order in which connections do. Nobody brings
 * anything of them from now on. Returns their numbers, an array.
 *
 * What others have brought or inserted since the snapshot of this transaction was
 * taken would stay behind. Where that was folded, a series is new, or has
 * changed, which PostgreSQL tells.
 */
Datum
lock_items(Datum merchant, Datum *skus, int count)
{
	static Statement lock = {
		"SELECT d.item FROM invtrack.connection_item d WHERE" OF_PRODUCTS
		" ORDER BY invtrack_internal.target_rank(d.target), d.merchant, d.sku, d.inventory_type, d.item"
		" FOR UPDATE",
		2, {TEXTOID, TEXTARRAYOID}, CURSOR_OPT_CUSTOM_PLAN, {INT8OID}
	};
	Datum		values[2] = {merchant};
	const char *nulls = count == 0 ? " n" : NULL;
	Datum	   *items;
	uint64		locked;

	if (count > 0)
		values[1] = array_of(TEXTOID, skus, NULL, count);
	locked = statement_run(&lock, values, nulls, false);
	items = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (locked + 1));
	for (uint64 i = 0; i < locked; i++)
		items[i] = Int64GetDatum(result_int64(SPI_tuptable, i, 1));
	/* on Citus there are no connections */
	if (IsolationUsesXactSnapshot() && (locked > 0 || count > 0) && !is_distributed())
	{
		int64		seen = count_rows(values, nulls, false);

		PushActiveSnapshot(GetLatestSnapshot());
		if (count_rows(values, nulls, true) != seen)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent rows of the product"),
					 errhint("Try the transaction again.")));
		PopActiveSnapshot();
	}
	return array_of(INT8OID, items, NULL, locked);
}

/*
 * Lots and orders that were rejected for what others say of this product: it gets
 * another code, and they are tried again. Who is at such a key waits for an item
 * that we hold, and judges it afterwards.
 */
static void
note_rejected_of(Datum merchant, Datum sku)
{
	static Statement find = {
		"SELECT r.connection, r.key FROM (SELECT DISTINCT r.connection, r.key, n.number"
		" FROM invtrack.connection_reject r"
		" JOIN invtrack.connection n ON n.connection " EQ " r.connection"
		" WHERE r.sqlstate " EQ " '23505'"
		" AND (r.source_row OPERATOR(pg_catalog.->>) 'merchant') " EQ " $1"
		" AND coalesce(r.source_row OPERATOR(pg_catalog.->>) 'sku', '') " EQ " $2) r"
		" CROSS JOIN LATERAL (SELECT FROM invtrack.connection_key k"
		" WHERE k.connection " EQ " r.number AND k.key " EQ " r.key FOR UPDATE SKIP LOCKED) k",
		2, {TEXTOID, TEXTOID}, 0, {TEXTOID, TEXTOID}
	};
	Datum		values[2] = {merchant, sku};
	uint64		count = statement_run(&find, values, NULL, false);
	SPITupleTable *found = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
		note_key(result_string(found, i, 1), result_string(found, i, 2));
}

/*
 * Items, which are locked, of a product are another's now: they take its code. Of
 * a product that is gone from its source only what it has goes along.
 * Where it has such items, rows go to these; numbers that lines have stand for
 * these.
 */
void
move_items(Datum merchant, Datum sku, Datum other_sku, Datum items)
{
#define IS_MOVED	" a.item " EQ " ANY ($4) AND" OF_SKU("a", "$2")
#define HAS_OTHER \
	OF_SKU("b", "$3") " AND b.target " EQ " a.target" \
	" AND b.inventory_type " EQ " a.inventory_type AND b.same_as IS NULL"
#define WITH_OTHER	" a JOIN invtrack.connection_item b ON" HAS_OTHER
#define SAME_CODE \
	" o.connection " EQ " w.connection AND o.key " EQ " w.key AND o.code " EQ " w.code"
#define HAS_LINES	" a.target " EQ " ANY ('{sale,shipment}'::pg_catalog.text[])"
#define MOVE_TYPES	4, {TEXTOID, TEXTOID, TEXTOID, INT8ARRAYOID}
	static Statement steps[] = {
		{"SELECT invtrack_internal.forget_gone($1, $2)", MOVE_TYPES},
		/* a key that has the same lot or order of both has it once */
		{
			"UPDATE invtrack.connection_row o SET quantity ="
			" o.quantity OPERATOR(pg_catalog.+) w.quantity FROM invtrack.connection_item" WITH_OTHER
			" JOIN invtrack.connection_row w ON w.item " EQ " a.item"
			" WHERE o.item " EQ " b.item AND" SAME_CODE " AND" IS_MOVED,
			MOVE_TYPES
		},
		{
			"DELETE FROM invtrack.connection_row w USING invtrack.connection_item" WITH_OTHER
			" JOIN invtrack.connection_row o ON o.item " EQ " b.item"
			" WHERE w.item " EQ " a.item AND" SAME_CODE " AND" IS_MOVED,
			MOVE_TYPES
		},
		{
			"UPDATE invtrack.connection_row w SET item = b.item"
			" FROM invtrack.connection_item" WITH_OTHER
			" WHERE w.item " EQ " a.item AND" IS_MOVED,
			MOVE_TYPES
		},
		/* others must not add it up with an older snapshot */
		{
			"UPDATE invtrack.connection_item b SET adopted = b.adopted OR a.adopted,"
			" version = b.version OPERATOR(pg_catalog.+) 1 FROM invtrack.connection_item a"
			" WHERE" HAS_OTHER " AND" IS_MOVED,
			MOVE_TYPES
		},
		{
			"DELETE FROM invtrack.connection_item a USING invtrack.connection_item b"
			" WHERE" HAS_OTHER " AND" IS_MOVED " AND NOT" HAS_LINES,
			MOVE_TYPES
		},
		{
			"UPDATE invtrack.connection_item a SET sku = $3, same_as = b.item"
			" FROM invtrack.connection_item b WHERE" HAS_OTHER " AND" IS_MOVED " AND" HAS_LINES,
			MOVE_TYPES
		},
		{
			"UPDATE invtrack.connection_item a SET sku = $3 WHERE" IS_MOVED,
			MOVE_TYPES
		}
	};
	Datum		values[4] = {merchant, sku, other_sku, items};

	for (int i = 0; i < lengthof(steps); i++)
		(void) statement_run(&steps[i], values, NULL, false);
	note_rejected_of(merchant, sku);
}

/*
 * The products of items, which are locked, are gone, and what connections knew
 * of them: the next sync brings what the source still has. Returns how many
 * rows went.
 */
uint64
forget_items(Datum items)
{
	static Statement steps[] = {
		{"DELETE FROM invtrack.connection_row w WHERE w.item " EQ " ANY ($1)", 1, {INT8ARRAYOID}},
		{"DELETE FROM invtrack.connection_item a WHERE a.item " EQ " ANY ($1)", 1, {INT8ARRAYOID}}
	};
	uint64		rows = 0;

	for (int i = 0; i < lengthof(steps); i++)
		rows += statement_run(&steps[i], &items, NULL, false);
	return rows;
}
