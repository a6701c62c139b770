
-- Metrics: figures to watch and to alarm on ------------------------------------------------------

CREATE VIEW invtrack_internal.tracker_state WITH (security_invoker) AS
SELECT t.merchant,
       CASE WHEN t.discontinued_on <= t.as_of THEN 'retired'
            WHEN NOT t.active THEN 'paused'
            ELSE invtrack_internal.judge_state(
                     t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
                     t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of, t.count_today) END AS state
  FROM invtrack_internal.tracker_reading t;
COMMENT ON VIEW invtrack_internal.tracker_state IS
'The status of each tracker that may alert, and why the others may not; internal, may change';
COMMENT ON COLUMN invtrack_internal.tracker_state.merchant IS 'Merchant of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_state.state IS 'ok, replenish, stalled or no_sales; damaged; paused; retired, paused or not';

CREATE VIEW invtrack_internal.alert_backlog WITH (security_invoker) AS
SELECT c.merchant, c.consumer, greatest(s.events - c.confirmed, 0) AS events
  FROM invtrack.alert_consumer c
  JOIN invtrack.check_state s ON s.merchant = c.merchant;
COMMENT ON VIEW invtrack_internal.alert_backlog IS
'How many events each consumer has yet to confirm; internal, may change';
COMMENT ON COLUMN invtrack_internal.alert_backlog.merchant IS 'Merchant of the events';
COMMENT ON COLUMN invtrack_internal.alert_backlog.consumer IS 'Name of a program that delivers';
COMMENT ON COLUMN invtrack_internal.alert_backlog.events IS 'Events that it has not confirmed';

CREATE VIEW invtrack_internal.fold_backlog WITH (security_invoker) AS
SELECT m.merchant, pg_catalog.count(*) AS movements,
       pg_catalog.min(m.recorded_at) FILTER (WHERE pg_catalog.isfinite(m.recorded_at)) AS oldest
  FROM invtrack.movement m
 WHERE NOT m.folded
 GROUP BY m.merchant;
COMMENT ON VIEW invtrack_internal.fold_backlog IS
'Movements that wait for a fold, by merchant; internal, may change';
COMMENT ON COLUMN invtrack_internal.fold_backlog.merchant IS 'Merchant of the movements, in the catalogue or not';
COMMENT ON COLUMN invtrack_internal.fold_backlog.movements IS 'How many movements';
COMMENT ON COLUMN invtrack_internal.fold_backlog.oldest IS 'When the first of them was recorded; null where none says so';

-- Metrics have three parts: what takes a sweep, what reads all series, and the rest. A figure has a branch
-- of totals and one by merchant. Names are constants, of arms of their own where a branch has several, and
-- totals are worked out one level down, so that a filter by name leaves nothing of the other figures in the
-- plan; a filter by merchant reaches the tables. Grouping sets would stop both, so totals read the tables
-- again. All branches have the same types and collations, else the planner would not see through the UNION ALL.

-- Trackers by status
CREATE VIEW invtrack_internal.tracker_metrics WITH (security_invoker) AS
SELECT n.name, coalesce(c.trackers, 0)::numeric AS value, NULL::text COLLATE "C" AS merchant,
       NULL::text COLLATE "C" AS consumer
  FROM (SELECT 'trackers_ok' AS name, 'ok' AS state
        UNION ALL SELECT 'trackers_replenish', 'replenish'
        UNION ALL SELECT 'trackers_stalled', 'stalled'
        UNION ALL SELECT 'trackers_no_sales', 'no_sales'
        UNION ALL SELECT 'trackers_paused', 'paused'
        UNION ALL SELECT 'trackers_retired', 'retired'
        UNION ALL SELECT 'trackers_damaged', 'damaged') n
  LEFT JOIN (SELECT t.state, pg_catalog.count(*) AS trackers
               FROM invtrack_internal.tracker_state t
              GROUP BY t.state) c ON c.state = n.state
UNION ALL
SELECT n.name, coalesce(c.trackers, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM (SELECT 'trackers_ok' AS name, 'ok' AS state
        UNION ALL SELECT 'trackers_replenish', 'replenish'
        UNION ALL SELECT 'trackers_stalled', 'stalled'
        UNION ALL SELECT 'trackers_no_sales', 'no_sales'
        UNION ALL SELECT 'trackers_paused', 'paused'
        UNION ALL SELECT 'trackers_retired', 'retired'
        UNION ALL SELECT 'trackers_damaged', 'damaged') n
 CROSS JOIN invtrack.merchant m
  LEFT JOIN (SELECT t.merchant, t.state, pg_catalog.count(*) AS trackers
               FROM invtrack_internal.tracker_state t
              GROUP BY t.merchant, t.state) c ON c.merchant = m.merchant AND c.state = n.state;
COMMENT ON VIEW invtrack_internal.tracker_metrics IS
'Figures of metrics that take a sweep of all trackers; internal, may change';
COMMENT ON COLUMN invtrack_internal.tracker_metrics.name IS 'The figure';
COMMENT ON COLUMN invtrack_internal.tracker_metrics.value IS 'As metrics has it';
COMMENT ON COLUMN invtrack_internal.tracker_metrics.merchant IS 'Whose; null: all';
COMMENT ON COLUMN invtrack_internal.tracker_metrics.consumer IS 'For whom; null: all';

-- Movements of items that are not in the catalogue
CREATE VIEW invtrack_internal.unknown_metrics WITH (security_invoker) AS
SELECT 'unknown_item_movements' AS name, coalesce(c.movements, 0) AS value,
       NULL::text COLLATE "C" AS merchant, NULL::text COLLATE "C" AS consumer
  FROM (SELECT pg_catalog.sum(i.movements) AS movements FROM invtrack.unknown_items i) c
UNION ALL
SELECT 'unknown_item_movements', pg_catalog.sum(u.movements), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS movements FROM invtrack.merchant m
        UNION ALL
        SELECT i.merchant, i.movements FROM invtrack.unknown_items i) u
 GROUP BY u.merchant;
COMMENT ON VIEW invtrack_internal.unknown_metrics IS
'The figure of metrics that takes a look at all series; internal, may change';
COMMENT ON COLUMN invtrack_internal.unknown_metrics.name IS 'The figure';
COMMENT ON COLUMN invtrack_internal.unknown_metrics.value IS 'As metrics has it';
COMMENT ON COLUMN invtrack_internal.unknown_metrics.merchant IS 'Whose; null: all';
COMMENT ON COLUMN invtrack_internal.unknown_metrics.consumer IS 'For whom; null: all';

CREATE VIEW invtrack_internal.other_metrics WITH (security_invoker) AS
-- Alerts
SELECT 'open_alerts' AS name, c.alerts::numeric AS value,
       NULL::text COLLATE "C" AS merchant, NULL::text COLLATE "C" AS consumer
  FROM (SELECT pg_catalog.count(*) AS alerts
          FROM invtrack.alert a
         WHERE a.closed_at IS NULL) c
UNION ALL
SELECT 'open_alerts', coalesce(c.alerts, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN (SELECT a.merchant, pg_catalog.count(*) AS alerts
               FROM invtrack.alert a
              WHERE a.closed_at IS NULL
              GROUP BY a.merchant) c ON c.merchant = m.merchant
UNION ALL
SELECT 'unacknowledged_alerts', c.alerts::numeric, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.count(*) AS alerts
          FROM invtrack.alert a
         WHERE a.closed_at IS NULL AND a.acknowledged_at IS NULL) c
UNION ALL
SELECT 'unacknowledged_alerts', coalesce(c.alerts, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN (SELECT a.merchant, pg_catalog.count(*) AS alerts
               FROM invtrack.alert a
              WHERE a.closed_at IS NULL AND a.acknowledged_at IS NULL
              GROUP BY a.merchant) c ON c.merchant = m.merchant
UNION ALL
SELECT 'critical_alerts', c.alerts::numeric, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.count(*) AS alerts
          FROM invtrack.alert a
         WHERE a.closed_at IS NULL AND a.severity = 'critical') c
UNION ALL
SELECT 'critical_alerts', coalesce(c.alerts, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN (SELECT a.merchant, pg_catalog.count(*) AS alerts
               FROM invtrack.alert a
              WHERE a.closed_at IS NULL AND a.severity = 'critical'
              GROUP BY a.merchant) c ON c.merchant = m.merchant
UNION ALL
-- Rows of connections' sources that are not taken, and connections that cannot follow; of whoever may read all merchants
SELECT 'rejected_rows', (c.rejected + invtrack_internal.broken_connections())::numeric, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.count(*) AS rejected FROM invtrack.connection_reject r) c
UNION ALL
-- Movements that wait for a fold, also of merchants that are not in the catalogue
SELECT 'unfolded_movements', coalesce(c.movements, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.sum(b.movements) AS movements FROM invtrack_internal.fold_backlog b) c
UNION ALL
SELECT 'unfolded_movements', pg_catalog.sum(u.movements), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS movements FROM invtrack.merchant m
        UNION ALL
        SELECT b.merchant, b.movements FROM invtrack_internal.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Who records in the future waits for nothing.
SELECT 'oldest_unfolded_seconds', greatest(c.seconds, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.max(extract(epoch FROM pg_catalog.now()) - extract(epoch FROM b.oldest)) AS seconds
          FROM invtrack_internal.fold_backlog b) c
UNION ALL
SELECT 'oldest_unfolded_seconds', greatest(pg_catalog.max(u.seconds), 0), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS seconds FROM invtrack.merchant m
        UNION ALL
        SELECT b.merchant, extract(epoch FROM pg_catalog.now()) - extract(epoch FROM b.oldest)
          FROM invtrack_internal.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Folds. A merchant without news is not folded, so the total is of those that have some.
SELECT 'last_fold_timestamp_seconds', c.folded, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.min(coalesce(extract(epoch FROM f.folded_at), 0)) AS folded
          FROM invtrack_internal.fold_backlog b
          LEFT JOIN invtrack.fold_state f ON f.merchant = b.merchant) c
 WHERE c.folded IS NOT NULL
UNION ALL
SELECT 'last_fold_timestamp_seconds', pg_catalog.max(u.folded), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT f.merchant, extract(epoch FROM f.folded_at) AS folded
          FROM invtrack.fold_state f
         WHERE f.folded_at IS NOT NULL
        UNION ALL
        SELECT b.merchant, 0 FROM invtrack_internal.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Checks, of merchants that have something to check
SELECT 'last_check_timestamp_seconds', c.checked, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.min(coalesce(extract(epoch FROM s.checked_at), 0)) AS checked
          FROM invtrack.merchant m
          LEFT JOIN invtrack.check_state s ON s.merchant = m.merchant
         WHERE EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = m.merchant)) c
 WHERE c.checked IS NOT NULL
UNION ALL
SELECT 'last_check_timestamp_seconds', coalesce(extract(epoch FROM s.checked_at), 0), m.merchant,
       NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN invtrack.check_state s ON s.merchant = m.merchant
 WHERE EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = m.merchant)
UNION ALL
-- Events: of all consumers, of each, and of each by merchant
SELECT 'undelivered_events', coalesce(c.events, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.sum(b.events) AS events FROM invtrack_internal.alert_backlog b) c
UNION ALL
SELECT 'undelivered_events', c.events, NULL::text COLLATE "C", c.consumer
  FROM (SELECT b.consumer, pg_catalog.sum(b.events) AS events
          FROM invtrack_internal.alert_backlog b
         GROUP BY b.consumer) c
UNION ALL
SELECT 'undelivered_events', b.events::numeric, b.merchant, b.consumer
  FROM invtrack_internal.alert_backlog b;
COMMENT ON VIEW invtrack_internal.other_metrics IS
'Figures of metrics that take little; internal, may change';
COMMENT ON COLUMN invtrack_internal.other_metrics.name IS 'The figure';
COMMENT ON COLUMN invtrack_internal.other_metrics.value IS 'As metrics has it';
COMMENT ON COLUMN invtrack_internal.other_metrics.merchant IS 'Whose; null: all';
COMMENT ON COLUMN invtrack_internal.other_metrics.consumer IS 'For whom; null: all';

CREATE VIEW invtrack.metrics WITH (security_invoker) AS
SELECT m.name, m.value, m.merchant, m.consumer FROM invtrack_internal.tracker_metrics m
UNION ALL
SELECT m.name, m.value, m.merchant, m.consumer FROM invtrack_internal.unknown_metrics m
UNION ALL
SELECT m.name, m.value, m.merchant, m.consumer FROM invtrack_internal.other_metrics m;
COMMENT ON VIEW invtrack.metrics IS
'Figures to watch and to alarm on, in total and by merchant. trackers_... sweep all trackers, unknown_item_movements all series; a filter by name leaves out what it does not ask for';
COMMENT ON COLUMN invtrack.metrics.name IS 'What is told; the unit is in it, by the rules of Prometheus';
COMMENT ON COLUMN invtrack.metrics.value IS 'How many, or seconds; of a time: seconds since 1970, 0: never';
COMMENT ON COLUMN invtrack.metrics.merchant IS 'Whose; null: all, or of a time the one that is most behind';
COMMENT ON COLUMN invtrack.metrics.consumer IS 'undelivered_events: for whom; null: all';
