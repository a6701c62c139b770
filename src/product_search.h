/*
 * product_search.h
 *		Finding products by words of their sku or name.
 */
#ifndef INVTRACK_PRODUCT_SEARCH_H
#define INVTRACK_PRODUCT_SEARCH_H

/* product_search.c */
extern Oid	folding_collation(void);

#endif							/* INVTRACK_PRODUCT_SEARCH_H */
