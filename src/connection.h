/*
 * connection.h
 *		Connections to the tables that people already have.
 */
#ifndef INVTRACK_CONNECTION_H
#define INVTRACK_CONNECTION_H

#include "catalog/pg_type_d.h"
#include "fmgr.h"

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
extern void move_items(Datum merchant, Datum sku, Datum other_sku);
extern void forget_items(Datum merchant, Datum sku);

/* connection_row.c */
extern const RowFault *find_row_fault(text *target, const NullableDatum *row);

/* connection_watch.c */
extern void connection_init(void);

#endif							/* INVTRACK_CONNECTION_H */
