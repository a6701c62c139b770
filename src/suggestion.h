/*
 * suggestion.h
 *		"Did you mean": a code that is there, for one that is not.
 */
#ifndef INVTRACK_SUGGESTION_H
#define INVTRACK_SUGGESTION_H

#include "code.h"

/* suggestion.c: between SPI_connect() and SPI_finish() */
extern const char *suggest_code(CodeColumn column, Datum merchant, Datum code);

#endif							/* INVTRACK_SUGGESTION_H */
