/*
 * catalogue.h
 *		Merchants, products and inventory types.
 */
#ifndef INVTRACK_CATALOGUE_H
#define INVTRACK_CATALOGUE_H

#include "fmgr.h"

/* catalogue.c: between SPI_connect() and SPI_finish() */
extern void report_missing_merchant(Datum merchant);
extern void check_merchant_exists(Datum merchant);
extern void check_item_exists(const Datum *key, bool read_only);
extern void lock_products(Datum *key);

#endif							/* INVTRACK_CATALOGUE_H */
