/*
 * product_rows.h
 *		The rows of a product, and what statements about two products have in
 *		common.
 */
#ifndef INVTRACK_PRODUCT_ROWS_H
#define INVTRACK_PRODUCT_ROWS_H

#include "fmgr.h"

#define SAME_TYPE(a, b)			" " a ".inventory_type " EQ " " b ".inventory_type"
#define SAME_MECHANISM(a, b)	" " a ".mechanism " EQ " " b ".mechanism"

/* The parameters of statements here. */
enum
{
	MERCHANT,
	SKU,
	OTHER_SKU,					/* the new one, or the one that it is merged
								 * into */
	LAST_EVENT,
	NOW,
	TRANSITION,
	PARAMETERS_MAX
};

#define PARAMETER_TYPES		TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID, TEXTOID
#define KEY_PARAMETERS		3

/* product_rows.c: the values are those of KEY_PARAMETERS */
extern void rename_product_rows(Datum *values);
extern void copy_product(Datum *values);
extern void merge_product_rows(Datum *values);
extern void delete_product_rows(Datum *values);

#endif							/* INVTRACK_PRODUCT_ROWS_H */
