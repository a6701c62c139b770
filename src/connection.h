/*
 * connection.h
 *		Connections to the tables that people already have.
 */
#ifndef INVTRACK_CONNECTION_H
#define INVTRACK_CONNECTION_H

#include "fmgr.h"

/* connection_item.c */
extern void require_not_fed(Datum merchant, Datum sku);
extern void move_items(Datum merchant, Datum sku, Datum other_sku);
extern void forget_items(Datum merchant, Datum sku);

/* connection_watch.c */
extern void connection_init(void);

#endif							/* INVTRACK_CONNECTION_H */
