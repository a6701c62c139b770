/*
 * connection.h
 *		Connections to the tables that people already have.
 */
#ifndef INVTRACK_CONNECTION_H
#define INVTRACK_CONNECTION_H

#include "executor/spi.h"

/* A switch to a table's owner, for what may be done as no one else. */
typedef struct OwnerSwitch
{
	Oid			role;
	int			security_context;
	int			nest_level;
} OwnerSwitch;

/* connection.c */
extern void become_owner_of(Oid relation, OwnerSwitch *before);
extern void become_self(const OwnerSwitch *before);

/* connection_item.c */
extern void require_not_fed(Datum merchant, Datum sku);
extern void move_items(Datum merchant, Datum sku, Datum other_sku);
extern void forget_items(Datum merchant, Datum sku);

/* connection_watch.c */
extern void connection_init(void);

#endif							/* INVTRACK_CONNECTION_H */
