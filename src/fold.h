/*
 * fold.h
 *		Folding of movements, and what must take turns with it.
 */
#ifndef INVTRACK_FOLD_H
#define INVTRACK_FOLD_H

/* fold.c: between SPI_connect() and SPI_finish() */
extern void lock_fold_state(Datum merchant);

#endif							/* INVTRACK_FOLD_H */
