/*
 * connection.h
 *		Connections to the tables that people already have.
 */
#ifndef INVTRACK_CONNECTION_H
#define INVTRACK_CONNECTION_H

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "nodes/pg_list.h"

/* The columns of a source, and of invtrack_internal.source_rows. */
enum
{
	SOURCE_KEY,
	SOURCE_MERCHANT,
	SOURCE_SKU,
	SOURCE_INVENTORY_TYPE,
	SOURCE_CODE,
	SOURCE_DAY,
	SOURCE_QUANTITY,
	SOURCE_ATTRIBUTES,
	SOURCE_COLUMNS
};

#define SOURCE_TYPES \
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, DATEARRAYOID, \
	NUMERICARRAYOID, JSONBARRAYOID

typedef struct Connection
{
	Datum		name;
	Datum		number;			/* in the tables of keys and rows */
	Datum		target;
} Connection;

/* Why a row is not taken. */
typedef struct RowFault
{
	const char *sqlstate;
	const char *message;
	const char *hint;
	const char *column;
} RowFault;

/* connection.c */
extern void read_source(Datum connection, Datum keys, int32 max_rows, Datum *columns, bool *nulls);

/* connection_item.c */
extern void require_not_fed(Datum merchant, Datum sku);
extern void lock_items(Datum merchant, Datum *skus, int count);
extern void move_items(Datum merchant, Datum sku, Datum other_sku);
extern void forget_items(Datum merchant, Datum sku);

/* connection_movement.c */
extern void forget_rejects(Datum connection, Datum keys);
extern uint64 sync_movements(const Connection *connection, Datum keys, bool is_empty);

/* connection_note.c */
extern List *add_note(List *noted, Oid table, const char *column, Datum key);
extern void sync_noted(List *noted);

/* connection_row.c */
extern bool feeds_catalogue(Datum target);
extern bool feeds_movements(Datum target);
extern const RowFault *find_row_fault(text *target, const NullableDatum *row);

/* connection_sync.c */
extern uint64 sync_keys(const Connection *connection, Datum *keys, int count, bool is_empty);
extern Datum *take_keys(Datum array, int *count);

/* connection_watch.c */
extern void connection_init(void);

#endif							/* INVTRACK_CONNECTION_H */
