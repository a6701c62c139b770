/*
 * connection_lock.c
 *		What keeps who brings items in line and who renames, merges or deletes
 *		their products from each other.
 *
 * All of them lock target by target, and of a target first what stands for items
 * that have no number yet, then the others, in the order of their codes. Who
 * changes products takes turns with folds, purges and checks of the
 * merchant before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"

#include "alert_event.h"
#include "argument.h"
#include "connection.h"
#include "fold.h"
#include "statement.h"

/* So many products are locked one by one; of more, all products of their merchants are. */
#define FEW_PRODUCTS	64

/* What stands for a product, and for its merchant. */
typedef struct Product
{
	uint32		merchant;
	uint32		product;
} Product;

static uint32
hash_of_code(Datum code)
{
	text	   *bytes = DatumGetTextPP(code);

	return hash_any((unsigned char *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

static int
compare_products(const void *a, const void *b)
{
	const Product *product_a = a;
	const Product *product_b = b;

	if (product_a->merchant != product_b->merchant)
		return product_a->merchant < product_b->merchant ? -1 : 1;
	if (product_a->product != product_b->product)
		return product_a->product < product_b->product ? -1 : 1;
	return 0;
}

/*
 * Who is about to give an item its first number cannot be seen, nor waited for by a
 * lock of its row. So a lock stands for the items of a target and product that
 * have no number yet, and is taken before those of items that have one: in share by
 * who numbers them, alone by who renames, merges or deletes the product. A server
 * has room for few locks: for many products, one of their merchant stands for all
 * of its products, and who locks few products locks their merchant weakly.
 */
static void
lock_numbering(int rank, Datum *merchants, Datum *skus, int count, bool alone)
{
	bool		few = count <= FEW_PRODUCTS;
	LOCKMODE	of_merchant = few ? (alone ? RowExclusiveLock : RowShareLock) :
		(alone ? ExclusiveLock : ShareLock);
	Oid			table = find_relation("invtrack", "connection_item");
	Product    *products = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Product) * count);

	for (int i = 0; i < count; i++)
	{
		products[i].merchant = hash_of_code(merchants[i]);
		products[i].product = hash_combine(products[i].merchant, hash_of_code(skus[i]));
	}
	qsort(products, count, sizeof(Product), compare_products);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || products[i].merchant != products[i - 1].merchant)
			LockDatabaseObject(table, products[i].merchant, 2 * rank, of_merchant);
		if (few && (i == 0 || compare_products(&products[i - 1], &products[i]) != 0))
			LockDatabaseObject(table, products[i].product, 2 * rank + 1,
							   alone ? ExclusiveLock : ShareLock);
	}
	pfree(products);
}

/* The numbers of products, an array: 0 where one has none, null where there is no such product. */
static Datum
numbers_of_products(Datum *values, bool read_only)
{
	static Statement find = {
		"SELECT ARRAY(SELECT CASE WHEN EXISTS (SELECT FROM invtrack.product p"
		" WHERE p.merchant " EQ " u.merchant AND p.sku " EQ " u.sku) THEN coalesce(i.item, 0) END"
		" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) WITH ORDINALITY AS u(merchant, sku, n)"
		" LEFT JOIN LATERAL (SELECT i.item FROM invtrack.connection_item i"
		" WHERE i.target " EQ " 'product' AND i.merchant " EQ " u.merchant AND i.sku " EQ " u.sku"
		" OFFSET 0) i ON true ORDER BY u.n)",
		2, {TEXTARRAYOID, TEXTARRAYOID}, 0, {INT8ARRAYOID}
	};

	statement_run(&find, values, NULL, read_only);
	return result_datum(SPI_tuptable, 0, 1, INT8ARRAYOID);
}

/*
 * Let nobody rename, merge or delete products until the transaction ends: items
 * of theirs get their first number. Above READ COMMITTED, somebody may have done
 * so since our snapshot, with which the source is read. Within SPI.
 */
void
hold_numbering(int rank, Datum *merchants, Datum *skus, int count)
{
	Datum		values[2];
	Datum		seen;

	lock_numbering(rank, merchants, skus, count, false);
	if (!IsolationUsesXactSnapshot())
		return;
	values[0] = array_of(TEXTOID, merchants, NULL, count);
	values[1] = array_of(TEXTOID, skus, NULL, count);
	seen = numbers_of_products(values, false);
	PushActiveSnapshot(GetLatestSnapshot());
	if (!datumIsEqual(numbers_of_products(values, true), seen, false, -1))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent change of the code of a product"),
				 errhint("Try the transaction again.")));
	PopActiveSnapshot();
}

/* Products, as two arrays that arguments are, the first at this place; how many. */
static int
take_products(FunctionCallInfo fcinfo, int first, Datum **merchants, Datum **skus)
{
	int			count;
	int			sku_count;

	*merchants = take_keys(PG_GETARG_DATUM(first), &count);
	*skus = take_keys(PG_GETARG_DATUM(first + 1), &sku_count);
	if (count != sku_count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are %d merchants and %d skus", count, sku_count),
				 errhint("Give a merchant for each sku.")));
	return count;
}

/* hold_numbering(target, merchants, skus) */
PG_FUNCTION_INFO_V1(connection_hold_numbering);
Datum
connection_hold_numbering(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"target", "merchants", "skus"};
	Datum	   *merchants;
	Datum	   *skus;
	int			count;

	for (int arg = 0; arg < lengthof(names); arg++)
		require_not_null(fcinfo, arg, names[arg]);
	count = take_products(fcinfo, 1, &merchants, &skus);
	SPI_connect();
	hold_numbering(rank_of_target(PG_GETARG_DATUM(0)), merchants, skus, count);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * Before items of products are changed, and what goes by them: lock them, and
 * keep others from making more, in the order in which connections do, target by
 * target. Within SPI.
 */
void
lock_items_of_products(Datum *merchants, Datum *skus, int count)
{
	static Statement lock = {
		"SELECT FROM (SELECT i.item"
		" FROM (SELECT DISTINCT u.merchant, u.sku FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u(merchant, sku)) u"
		" CROSS JOIN LATERAL (SELECT i.* FROM invtrack.connection_item i"
		" WHERE i.merchant " EQ " u.merchant AND i.sku " EQ " u.sku AND i.target " EQ " $1 OFFSET 0) i"
		" ORDER BY i.merchant, i.sku, i.inventory_type, i.item) l"
		" CROSS JOIN LATERAL (SELECT FROM invtrack.connection_item i"
		" WHERE i.item " EQ " l.item FOR UPDATE) i",
		3, {TEXTOID, TEXTARRAYOID, TEXTARRAYOID}
	};
	static Statement find_connection = {
		"SELECT FROM invtrack.connection n LIMIT 1", 0, {InvalidOid}
	};
	Datum		values[3];

	if (statement_run(&find_connection, NULL, NULL, false) == 0)
		return;
	values[1] = array_of(TEXTOID, merchants, NULL, count);
	values[2] = array_of(TEXTOID, skus, NULL, count);
	for (int rank = 0; rank < TARGET_COUNT; rank++)
	{
		values[0] = target_of_rank(rank);
		if (!feeds_catalogue(values[0]))
			lock_numbering(rank, merchants, skus, count, true);
		statement_run(&lock, values, NULL, false);
	}
}

/* lock_items_of_products(merchants, skus) */
PG_FUNCTION_INFO_V1(connection_lock_items_of_products);
Datum
connection_lock_items_of_products(PG_FUNCTION_ARGS)
{
	Datum	   *merchants;
	Datum	   *skus;
	int			count;

	require_not_null(fcinfo, 0, "merchants");
	require_not_null(fcinfo, 1, "skus");
	count = take_products(fcinfo, 0, &merchants, &skus);
	SPI_connect();
	lock_items_of_products(merchants, skus, count);
	SPI_finish();
	PG_RETURN_VOID();
}

/* So it was at each attempt: give up. */
void
report_renamed_items(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("an item was renamed or deleted while a connection numbered it"),
			 errhint("Try the transaction again.")));
}

/* lock_merchants(merchants), in their order */
PG_FUNCTION_INFO_V1(connection_lock_merchants);
Datum
connection_lock_merchants(PG_FUNCTION_ARGS)
{
	Datum	   *merchants;
	int			count;

	require_not_null(fcinfo, 0, "merchants");
	merchants = take_keys(PG_GETARG_DATUM(0), &count);
	SPI_connect();
	count = sort_keys(merchants, count);
	for (int i = 0; i < count; i++)
	{
		int64		events;

		lock_fold_state(merchants[i]);
		(void) lock_alert_events(merchants[i], &events);
	}
	SPI_finish();
	PG_RETURN_VOID();
}
