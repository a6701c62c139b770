/*
 * stock.h
 *		Lots, units on hand, and incoming, units on order.
 */
#ifndef INVTRACK_STOCK_H
#define INVTRACK_STOCK_H

/* stock.c */
extern void require_incoming_ref(const char *table, Datum value);
extern void require_incoming_quantity(const char *table, Datum value);

#endif							/* INVTRACK_STOCK_H */
