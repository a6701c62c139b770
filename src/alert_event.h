/*
 * alert_event.h
 *		The outbox of events: its rows as results of functions.
 */
#ifndef INVTRACK_ALERT_EVENT_H
#define INVTRACK_ALERT_EVENT_H

#include "fmgr.h"
#include "nodes/execnodes.h"

/* The columns of invtrack.alert_event, of a table called e, and their types. */
#define ALERT_EVENT_COLUMNS \
	"e.merchant, e.event_id, e.transition, e.alert_id, e.sku, e.inventory_type," \
	" e.mechanism, e.recorded_at, e.payload"
#define ALERT_EVENT_TYPES \
	TEXTOID, INT8OID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, JSONBOID

/* alert_event.c */
extern ReturnSetInfo *start_alert_events(FunctionCallInfo fcinfo);
extern void return_alert_events(ReturnSetInfo *result, uint64 count);

#endif							/* INVTRACK_ALERT_EVENT_H */
