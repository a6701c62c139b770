/*
 * movement.h
 *		Movements are only ever added; what may take them away all the same.
 */
#ifndef INVTRACK_MOVEMENT_H
#define INVTRACK_MOVEMENT_H

#include "plan.h"

/* movement.c: between SPI_connect() and SPI_finish() */
extern uint64 movement_run_removal(Statement *statement, Datum *values);

#endif							/* INVTRACK_MOVEMENT_H */
