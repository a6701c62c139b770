/*
 * catalogue.h
 *		Merchants, products and inventory types.
 */
#ifndef INVTRACK_CATALOGUE_H
#define INVTRACK_CATALOGUE_H

#include "fmgr.h"

struct Refusal;

/* An item's codes: merchant, product, inventory type. */
#define ITEM_CODES	3

/* In SQL, the rows of a product: its merchant is $1. */
#define OF_SKU(alias, parameter) \
	" " alias ".merchant " EQ " $1" \
	" AND " alias ".sku " EQ " " parameter

/* catalogue.c: between SPI_connect() and SPI_finish() */
extern void report_missing(const char *column, const char *message, const char *suggested,
						   const char *hint);
extern void report_missing_merchant(Datum merchant);
extern void require_merchant_exists(Datum merchant);
extern void require_item_exists(const Datum *key, bool read_only);
extern void lock_products(Datum *key);
extern void report_missing_item(const Datum *key, const bool *found);
extern void missing_item(const Datum *key, const bool *found, struct Refusal *refusal);

#endif							/* INVTRACK_CATALOGUE_H */
