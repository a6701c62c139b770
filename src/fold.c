/*
 * fold.c
 *		Moving appended movements into flow_series.
 *
 * Writers only append. A fold marks movements as folded and merges their sums
 * into the series of their items in one statement, so that at every moment,
 * in every snapshot, each movement is in exactly one of the two: folding
 * changes no answer. The merge is the type's addition, which knows no order:
 * backdated rows, repeated folds and restarts are all the same to it.
 *
 * Movements are taken in the order of the index movement_tail, some whole
 * keys at a time, which bounds the memory, and makes all folds lock rows in
 * the same order. Folds and purges of a merchant take turns by locking its
 * row in fold_state. Readers and loads never wait for them; corrections of
 * what is loaded do.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "fold.h"
#include "merchant_work.h"
#include "row_security.h"
#include "statement.h"

/* About how many movements are folded at a time. */
#define BATCH_MOVEMENTS		50000

/* A merchant, and a place in its part of the index: sku, inventory type, flow. */
#define PLACE_COLUMNS	3
#define PLACE_TYPES		TEXTOID, TEXTOID, TEXTOID
#define PLACE			"(m.sku, m.inventory_type, m.flow)"

typedef struct FoldPosition
{
	Datum		merchant;
	Datum		place[PLACE_COLUMNS];	/* all before or at it are folded */
} FoldPosition;

/* The merchants that have something to fold, in order. */
static Statement next_merchant = {
	"SELECT m.merchant FROM invtrack.movement m"
	" WHERE NOT m.folded AND m.merchant OPERATOR(pg_catalog.>) $1"
	" ORDER BY m.merchant LIMIT 1",
	1, {TEXTOID}, CURSOR_OPT_GENERIC_PLAN
};

/* Wait for the merchant's turn; kept until the end of the transaction. */
void
lock_fold_state(Datum merchant)
{
	static Statement make_row = {
		"INSERT INTO invtrack.fold_state (merchant) VALUES ($1)"
		" ON CONFLICT (merchant) DO NOTHING",
		1, {TEXTOID}
	};
	static Statement lock_row = {
		"SELECT FROM invtrack.fold_state f WHERE f.merchant " EQ " $1 FOR UPDATE",
		1, {TEXTOID}
	};

	while (statement_run(&lock_row, &merchant, NULL, false) == 0)
	{
		SPI_freetuptable(SPI_tuptable);
		statement_run(&make_row, &merchant, NULL, false);
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Let folds and purges of the merchant wait until the end of the transaction,
 * but not others that call this: both lock movements, in orders of their own.
 * Before the first fold there is no row, and none is made: others would wait
 * for it.
 */
void
share_fold_state(Datum merchant)
{
	static Statement share_row = {
		"SELECT FROM invtrack.fold_state f WHERE f.merchant " EQ " $1 FOR SHARE",
		1, {TEXTOID}
	};

	statement_run(&share_row, &merchant, NULL, false);
	SPI_freetuptable(SPI_tuptable);
}

/* The last day that purges have taken of the merchant, -infinity where none has. */
DateADT
last_purged_day(Datum merchant)
{
	static Statement find_noted = {
		"SELECT f.purged_upto FROM invtrack.fold_state f WHERE f.merchant " EQ " $1",
		1, {TEXTOID}, 0, {DATEOID}
	};

	/* until a fold has written it down */
	static Statement find_day = {
		"SELECT " LAST_PURGED_DAY, 1, {TEXTOID}, 0, {DATEOID}
	};
	Datum		day;

	if (statement_run(&find_noted, &merchant, NULL, false) == 0 ||
		!result_nullable(SPI_tuptable, 0, 1, DATEOID, &day))
	{
		statement_run(&find_day, &merchant, NULL, false);
		day = result_datum(SPI_tuptable, 0, 1, DATEOID);
	}
	return DatumGetDateADT(day);
}

/* Write down the last day that purges have taken of the merchant; its row is locked. */
void
note_purged(Datum merchant)
{
	static Statement note = {
		"UPDATE invtrack.fold_state f SET purged_upto = " LAST_PURGED_DAY
		" WHERE f.merchant " EQ " $1",
		1, {TEXTOID}
	};

	statement_run(&note, &merchant, NULL, false);
}

/*
 * Where the next batch ends: a batch's worth of movements on, or at the last
 * one there is. Returns false where nothing is left.
 */
static bool
find_batch_end(FoldPosition *position, Datum *end, bool *is_last)
{
#define SELECT_PLACES \
	"SELECT m.sku, m.inventory_type, m.flow FROM invtrack.movement m" \
	" WHERE m.merchant " EQ " $1 AND NOT m.folded" \
	" AND " PLACE " OPERATOR(pg_catalog.>) ($2, $3, $4)"
	static Statement find_end = {
		SELECT_PLACES " ORDER BY m.sku, m.inventory_type, m.flow"
		" OFFSET " CppAsString2(BATCH_MOVEMENTS) " LIMIT 1",
		1 + PLACE_COLUMNS, {TEXTOID, PLACE_TYPES}, CURSOR_OPT_GENERIC_PLAN
	};
	static Statement find_last = {
		SELECT_PLACES " ORDER BY m.sku DESC, m.inventory_type DESC, m.flow DESC LIMIT 1",
		1 + PLACE_COLUMNS, {TEXTOID, PLACE_TYPES}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[1 + PLACE_COLUMNS];

	values[0] = position->merchant;
	memcpy(values + 1, position->place, sizeof(position->place));
	statement_run(&find_end, values, NULL, false);
	*is_last = !take_texts(end, PLACE_COLUMNS);
	if (!*is_last)
		return true;
	statement_run(&find_last, values, NULL, false);
	return take_texts(end, PLACE_COLUMNS);
}

/* Fold what lies after a position up to the end, both marked and merged at once. */
static int64
fold_range(FoldPosition *position, const Datum *end)
{
	static Statement fold_movements = {
		"WITH moved AS ("
		" UPDATE invtrack.movement m SET folded = true"
		" WHERE m.merchant " EQ " $1 AND NOT m.folded"
		" AND " PLACE " OPERATOR(pg_catalog.>) ($2, $3, $4)"
		" AND " PLACE " OPERATOR(pg_catalog.<=) ($5, $6, $7)"
		" RETURNING m.sku, m.inventory_type, m.flow, m.occurred_on, m.quantity),"
		" merged AS ("
		" INSERT INTO invtrack.flow_series AS s"
		" (merchant, sku, inventory_type, flow, movements, days)"
		" SELECT $1, v.sku, v.inventory_type, v.flow, pg_catalog.count(*),"
		" invtrack.day_series_agg(v.occurred_on::pg_catalog.date, v.quantity::pg_catalog.numeric)"
		" FROM moved v GROUP BY v.sku, v.inventory_type, v.flow"
		" ORDER BY v.sku, v.inventory_type, v.flow"
		" ON CONFLICT (merchant, sku, inventory_type, flow) DO UPDATE"
		" SET movements = s.movements OPERATOR(pg_catalog.+) excluded.movements,"
		" days = s.days::invtrack.day_series OPERATOR(invtrack.+)"
		" excluded.days::invtrack.day_series)"
		" SELECT pg_catalog.count(*) FROM moved",
		1 + 2 * PLACE_COLUMNS, {TEXTOID, PLACE_TYPES, PLACE_TYPES}, CURSOR_OPT_GENERIC_PLAN
	};
	Datum		values[1 + 2 * PLACE_COLUMNS];
	int64		moved;

	values[0] = position->merchant;
	memcpy(values + 1, position->place, sizeof(position->place));
	memcpy(values + 1 + PLACE_COLUMNS, end, sizeof(position->place));
	statement_run(&fold_movements, values, NULL, false);
	moved = result_int64(SPI_tuptable, 0, 1);
	SPI_freetuptable(SPI_tuptable);
	return moved;
}

static void
set_folded_at(Datum merchant)
{
	static Statement set_time = {
		"UPDATE invtrack.fold_state f SET folded_at = $2,"
		" purged_upto = coalesce(f.purged_upto, " LAST_PURGED_DAY ")"
		" WHERE f.merchant " EQ " $1",
		2, {TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {merchant, TimestampTzGetDatum(GetCurrentTimestamp())};

	statement_run(&set_time, values, NULL, false);
}

static void
start_position(FoldPosition *position, Datum merchant)
{
	position->merchant = merchant;
	for (int i = 0; i < PLACE_COLUMNS; i++)
		position->place[i] = CStringGetTextDatum("");
}

static void
free_place(FoldPosition *position)
{
	for (int i = 0; i < PLACE_COLUMNS; i++)
		pfree(DatumGetPointer(position->place[i]));
}

/*
 * Fold the next batch of a merchant and move the position on. Returns false
 * when the merchant is done, and the position of no more use.
 */
static bool
fold_batch(FoldPosition *position, int64 *moved)
{
	Datum		end[PLACE_COLUMNS];
	bool		is_last;

	CHECK_FOR_INTERRUPTS();
	if (!find_batch_end(position, end, &is_last))
	{
		free_place(position);
		return false;
	}
	lock_fold_state(position->merchant);
	*moved += fold_range(position, end);
	free_place(position);
	memcpy(position->place, end, sizeof(end));
	if (!is_last)
		return true;
	set_folded_at(position->merchant);
	free_place(position);
	return false;
}

static int64
fold_merchant(Datum merchant)
{
	FoldPosition position;
	int64		moved = 0;

	start_position(&position, merchant);
	while (fold_batch(&position, &moved))
		;
	return moved;
}

/* fold(merchant): all in the caller's transaction */
PG_FUNCTION_INFO_V1(fold);
Datum
fold(PG_FUNCTION_ARGS)
{
	Datum		merchant;
	int64		moved = 0;

	require_row_security();
	SPI_connect();
	if (!PG_ARGISNULL(0))
		moved = fold_merchant(PG_GETARG_DATUM(0));
	else
	{
		merchant = CStringGetTextDatum("");
		while (statement_next(&next_merchant, &merchant))
			moved += fold_merchant(merchant);
	}
	SPI_finish();
	PG_RETURN_INT64(moved);
}

/* A batch of the merchant; the position is where the last one ended. */
static bool
fold_next(Datum merchant, bool is_first, void *position, int64 *moved)
{
	if (is_first)
		start_position(position, merchant);
	return fold_batch(position, moved);
}

/* fold_all(): commits after each batch */
PG_FUNCTION_INFO_V1(fold_all);
Datum
fold_all(PG_FUNCTION_ARGS)
{
	FoldPosition position;
	const MerchantWork folds = {"fold_all", "movements", &next_merchant, fold_next, &position};
	int64		moved;

	require_may_commit(fcinfo, "fold_all", "fold");
	require_row_security();
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	moved = work_for_merchants(&folds, true);
	SPI_finish();
	PG_RETURN_DATUM(procedure_result(fcinfo, moved));
}
