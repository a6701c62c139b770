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

/*
 * What an event says, of a row t with these columns; when is the parameter of
 * the time at which it is recorded.
 */
#define ALERT_PAYLOAD(when) \
	"pg_catalog.jsonb_build_object(" \
	"'version', 1, 'event_id', t.event_id, 'transition', t.transition," \
	" 'alert_id', coalesce(t.alert_id, t.event_id), 'recorded_at', " when "," \
	" 'opened_at', coalesce(t.opened_at, " when "), 'day', t.as_of," \
	" 'merchant', t.merchant, 'merchant_name', t.merchant_name," \
	" 'sku', t.sku, 'product_name', t.product_name," \
	" 'inventory_type', t.inventory_type, 'inventory_type_name', t.inventory_type_name," \
	" 'mechanism', t.mechanism, 'previous_status', t.alert_status," \
	" 'status', t.status, 'reason', t.reason, 'health', t.health," \
	" 'current_stock', t.current_stock, 'threshold', t.threshold, 'severity', t.severity)"

/* alert_event.c */
extern bool lock_alert_events(Datum merchant, int64 *events);
extern void finish_alert_events(Datum merchant, int64 events);
extern ReturnSetInfo *start_alert_events(FunctionCallInfo fcinfo);
extern void return_alert_events(ReturnSetInfo *result, uint64 count);

#endif							/* INVTRACK_ALERT_EVENT_H */
