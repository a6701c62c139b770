
-- Checks: what has changed since the last one ------------------------------------------------------
--
-- A check reads all trackers of a merchant, whoever wrote them and how, and compares them with the
-- open alerts and the history. Only what differs comes out, so that writing is in proportion to change.
--
-- ORDER BY keeps a subquery one of its own, so that what is the same for all trackers of a merchant is worked
-- out once; a merchant that is asked for still reaches it, and there is nothing to sort then.
--
-- When an alert opens and closes is in src/transition.c, of which back-tests ask, too.

CREATE FUNCTION invtrack_internal.transition(
    is_open boolean, is_worse boolean, is_active boolean, is_retired boolean, reason text, health numeric,
    recovers_from numeric, alert_too_new boolean, alert_nothing_on_hand boolean)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'transition';
COMMENT ON FUNCTION invtrack_internal.transition(boolean, boolean, boolean, boolean, text, numeric, numeric, boolean, boolean) IS
'What a check tells of a tracker: opened, worsened, recovered or withdrawn; null: nothing';

CREATE VIEW invtrack_internal.check_reading WITH (security_invoker) AS
SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, h.merchant_name, h.status, h.reason, h.health,
       h.current_stock, h.threshold, h.as_of, a.alert_id, a.status AS alert_status, a.opened_at,
       invtrack_internal.transition(
           a.alert_id IS NOT NULL,
           (h.status <> a.status OR a.severity = 'low' AND h.status IN ('replenish', 'stalled') AND h.health <= m.critical_percent)
               AND coalesce(a.snoozed_until <= pg_catalog.now(), true),
           h.active, h.discontinued_on <= h.as_of, h.reason, h.health, (100 + m.rearm_percent)::numeric,
           m.alert_too_new, m.alert_nothing_on_hand) COLLATE pg_catalog."default" AS transition,
       a.alert_id IS NOT NULL
       AND (h.health < a.lowest_health OR (h.status = a.status AND h.reason <> a.reason)) AS alert_changes,
       CASE WHEN h.as_of < m.last_day THEN false
            ELSE NOT (invtrack_internal.history_says(y.health, h.as_of, h.health)
                      AND invtrack_internal.history_says(y.current_stock, h.as_of, h.current_stock)
                      AND invtrack_internal.history_says(y.threshold, h.as_of, h.threshold)
                      AND invtrack_internal.history_says(y.reasons, h.as_of, invtrack_internal.reason_number(h.reason)))
       END AS history_changes,
       y.health AS health_history, y.current_stock AS stock_history, y.threshold AS threshold_history, y.reasons AS reason_history,
       -- the worst that was told, or is told now
       CASE WHEN a.severity = 'critical'
                 OR h.status IN ('replenish', 'stalled') AND h.health <= m.critical_percent
                    AND NOT coalesce(h.discontinued_on <= h.as_of, false)
            THEN 'critical' ELSE 'low' END AS severity,
       -- an alert that would be opened, but for units on order
       m.hold_for_incoming AND a.alert_id IS NULL AND h.status = 'replenish' AND h.health > m.critical_percent AS may_wait
  FROM invtrack.health h
  JOIN (SELECT c.merchant, c.rearm_percent, c.alert_too_new, c.alert_nothing_on_hand, c.critical_percent, c.hold_for_incoming,
               invtrack.last_day(s.checked_days) AS last_day
          FROM invtrack.merchant c
          LEFT JOIN invtrack.check_state s ON s.merchant = c.merchant
         ORDER BY c.merchant) m
    ON m.merchant = h.merchant
  LEFT JOIN invtrack.alert a
    ON a.merchant = h.merchant AND a.sku = h.sku AND a.inventory_type = h.inventory_type
   AND a.mechanism = h.mechanism AND a.closed_at IS NULL
  LEFT JOIN invtrack.tracker_history y
    ON y.merchant = h.merchant AND y.sku = h.sku AND y.inventory_type = h.inventory_type
   AND y.mechanism = h.mechanism
UNION ALL
SELECT a.merchant, a.sku, a.inventory_type, a.mechanism, m.name, a.status, a.reason, NULL,
       NULL, NULL, invtrack_internal.as_of(m.time_zone), a.alert_id, a.status, a.opened_at,
       'withdrawn', false, false, NULL, NULL, NULL, NULL, a.severity, false
  FROM invtrack.alert a
  JOIN invtrack.merchant m ON m.merchant = a.merchant
 WHERE a.closed_at IS NULL
   AND NOT EXISTS (SELECT FROM invtrack.tracker t
                    WHERE t.merchant = a.merchant AND t.sku = a.sku
                      AND t.inventory_type = a.inventory_type AND t.mechanism = a.mechanism);
COMMENT ON VIEW invtrack_internal.check_reading IS
'What a check would find of each tracker, and of alerts whose tracker is gone; internal, may change';
COMMENT ON COLUMN invtrack_internal.check_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.check_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.check_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.check_reading.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack_internal.check_reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack_internal.check_reading.status IS 'Status of the tracker';
COMMENT ON COLUMN invtrack_internal.check_reading.reason IS 'Why';
COMMENT ON COLUMN invtrack_internal.check_reading.health IS 'Health of the tracker';
COMMENT ON COLUMN invtrack_internal.check_reading.current_stock IS 'Units that count';
COMMENT ON COLUMN invtrack_internal.check_reading.threshold IS 'What the tracker asks for';
COMMENT ON COLUMN invtrack_internal.check_reading.as_of IS 'The day that all this is worked out for';
COMMENT ON COLUMN invtrack_internal.check_reading.alert_id IS 'Its open alert; null: none';
COMMENT ON COLUMN invtrack_internal.check_reading.alert_status IS 'The status that the alert told last';
COMMENT ON COLUMN invtrack_internal.check_reading.opened_at IS 'When the alert was opened';
COMMENT ON COLUMN invtrack_internal.check_reading.transition IS 'What is to be told: opened, worsened, recovered or withdrawn; null: nothing';
COMMENT ON COLUMN invtrack_internal.check_reading.alert_changes IS 'Is there more for the open alert to say?';
COMMENT ON COLUMN invtrack_internal.check_reading.history_changes IS 'Is there news for the history?';
COMMENT ON COLUMN invtrack_internal.check_reading.health_history IS 'Health so far, by day; null: none yet';
COMMENT ON COLUMN invtrack_internal.check_reading.stock_history IS 'Units that counted so far, by day; null: none yet';
COMMENT ON COLUMN invtrack_internal.check_reading.threshold_history IS 'What the tracker asked for so far, by day; null: none yet';
COMMENT ON COLUMN invtrack_internal.check_reading.reason_history IS 'Reasons so far, by day; null: none yet';
COMMENT ON COLUMN invtrack_internal.check_reading.severity IS 'low or critical: the worst that was told in the episode, or is told now';
COMMENT ON COLUMN invtrack_internal.check_reading.may_wait IS 'Is no alert opened if units on order are expected soon enough?';

-- Is asked for single trackers.
CREATE VIEW invtrack_internal.check_awaited WITH (security_invoker) AS
SELECT t.merchant, t.sku, t.inventory_type, t.mechanism
  FROM invtrack_internal.tracker_reading t
 CROSS JOIN LATERAL (
     SELECT invtrack.day_series_agg(date 'infinity', i.quantity::numeric) AS units
       FROM invtrack.incoming i
      WHERE i.merchant = t.merchant AND i.sku = t.sku AND i.inventory_type = t.inventory_type
        AND i.expected_on >= t.as_of
        AND i.expected_on - t.as_of <= CASE t.mechanism
            WHEN 'stock_quantity' THEN 30
            WHEN 'turnover_days' THEN invtrack_internal.judge_days_of_cover(@judged_columns@) END) w
 WHERE w.units IS NOT NULL
   AND invtrack_internal.judge_status(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days, t.expiry_days, t.launched_on,
           coalesce(t.lots OPERATOR(invtrack.+) w.units, w.units), t.folded, t.tail, t.as_of, t.count_today) = 'ok';
COMMENT ON VIEW invtrack_internal.check_awaited IS
'Trackers of stock that units on order would make ok, if these are expected while stock lasts, or within 30 days under stock_quantity; internal, may change';
COMMENT ON COLUMN invtrack_internal.check_awaited.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.check_awaited.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.check_awaited.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.check_awaited.mechanism IS 'Mechanism of the tracker';

CREATE VIEW invtrack_internal.check_stock WITH (security_invoker) AS
SELECT merchant, sku, inventory_type, coalesce(l.on_hand, 0) AS on_hand, m.as_of, y.on_hand AS history
  FROM (SELECT merchant, sku, inventory_type, pg_catalog.sum(quantity) AS on_hand
          FROM invtrack.stock_lot
         GROUP BY merchant, sku, inventory_type) l
  FULL JOIN invtrack.stock_history y USING (merchant, sku, inventory_type)
  JOIN (SELECT c.merchant, invtrack_internal.as_of(c.time_zone) AS as_of, invtrack.last_day(s.checked_days) AS last_day
          FROM invtrack.merchant c
          LEFT JOIN invtrack.check_state s ON s.merchant = c.merchant
         ORDER BY c.merchant) m
 USING (merchant)
 WHERE coalesce(m.as_of >= m.last_day, true)
   AND NOT invtrack_internal.history_says(y.on_hand, m.as_of, coalesce(l.on_hand, 0));
COMMENT ON VIEW invtrack_internal.check_stock IS
'Items whose units on hand are news for the history; internal, may change';
COMMENT ON COLUMN invtrack_internal.check_stock.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.check_stock.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.check_stock.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.check_stock.on_hand IS 'Units in all lots; 0 where none is left';
COMMENT ON COLUMN invtrack_internal.check_stock.as_of IS 'The day';
COMMENT ON COLUMN invtrack_internal.check_stock.history IS 'Units so far, by day; null: none yet';

CREATE FUNCTION invtrack.check_trackers(merchant text DEFAULT NULL)
RETURNS SETOF invtrack.alert_event LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME', 'check_trackers';
COMMENT ON FUNCTION invtrack.check_trackers(text) IS
'Checks the trackers of a merchant, or of all, in one transaction: opens and closes alerts, and adds to the history. Returns the events';

CREATE PROCEDURE invtrack.check_all(INOUT events bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'check_all';
COMMENT ON PROCEDURE invtrack.check_all(bigint) IS
'Checks the trackers of all merchants, and commits after each; tells how many events there were';
