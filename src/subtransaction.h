/*
 * subtransaction.h
 *		Work whose errors are caught.
 */
#ifndef INVTRACK_SUBTRANSACTION_H
#define INVTRACK_SUBTRANSACTION_H

#include "postgres.h"

/* subtransaction.c */
extern ErrorData *run_in_subtransaction(bool (*work) (void *), void *argument);
extern bool is_of_data(int sqlstate);

#endif							/* INVTRACK_SUBTRANSACTION_H */
