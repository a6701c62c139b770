
-- Checks: what has changed since the last one ------------------------------------------------------
--
-- A check reads all trackers of a merchant, whoever wrote them and how, and compares them with the
-- open alerts and the history. Only what differs comes out, so that writing is in proportion to change.

CREATE VIEW invtrack.check_reading WITH (security_invoker) AS
SELECT j.merchant, j.sku, j.inventory_type, j.mechanism, j.merchant_name, j.product_name,
       j.inventory_type_name, j.status, j.reason, j.health, j.current_stock, j.threshold, j.as_of,
       j.alert_id, j.alert_status, j.opened_at,
       j.transition,
       j.alert_id IS NOT NULL
       AND (j.health < j.lowest_health
            OR (j.status = j.alert_status AND j.reason <> j.alert_reason)) AS alert_changes,
       j.is_forward
       AND NOT (invtrack.history_says(j.health_history, j.as_of, j.health)
                AND invtrack.history_says(j.stock_history, j.as_of, j.current_stock)) AS history_changes,
       j.health_history, j.stock_history
  FROM (SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, h.merchant_name, h.product_name,
               h.inventory_type_name, h.status, h.reason, h.health, h.current_stock, h.threshold, h.as_of,
               a.alert_id, a.status AS alert_status, a.reason AS alert_reason, a.lowest_health, a.opened_at,
               CASE WHEN a.alert_id IS NOT NULL AND h.status = 'ok'
                    THEN CASE WHEN h.health >= 100 + m.rearm_percent THEN 'recovered' END
                    WHEN h.status = 'ok' OR NOT h.active OR h.discontinued_on <= h.as_of
                         OR (h.reason = 'too_new' AND NOT m.alert_too_new)
                         OR (h.reason = 'nothing_on_hand' AND NOT m.alert_nothing_on_hand)
                    THEN NULL
                    WHEN a.alert_id IS NULL THEN 'opened'
                    WHEN h.status <> a.status AND coalesce(a.snoozed_until <= pg_catalog.now(), true)
                    THEN 'worsened'
               END AS transition,
               coalesce(h.as_of >= invtrack.last_day(s.checked_days), true) AS is_forward,
               y.health AS health_history, y.current_stock AS stock_history
          FROM invtrack.health h
          JOIN invtrack.merchant m ON m.merchant = h.merchant
          LEFT JOIN invtrack.check_state s ON s.merchant = h.merchant
          LEFT JOIN invtrack.alert a
            ON a.merchant = h.merchant AND a.sku = h.sku AND a.inventory_type = h.inventory_type
           AND a.mechanism = h.mechanism AND a.closed_at IS NULL
          LEFT JOIN invtrack.tracker_history y
            ON y.merchant = h.merchant AND y.sku = h.sku AND y.inventory_type = h.inventory_type
           AND y.mechanism = h.mechanism) j
UNION ALL
SELECT a.merchant, a.sku, a.inventory_type, a.mechanism, m.name, NULL,
       NULL, a.status, a.reason, NULL, NULL, NULL, invtrack.as_of(m.time_zone),
       a.alert_id, a.status, a.opened_at,
       'withdrawn', false, false, NULL, NULL
  FROM invtrack.alert a
  JOIN invtrack.merchant m ON m.merchant = a.merchant
 WHERE a.closed_at IS NULL
   AND NOT EXISTS (SELECT FROM invtrack.tracker t
                    WHERE t.merchant = a.merchant AND t.sku = a.sku
                      AND t.inventory_type = a.inventory_type AND t.mechanism = a.mechanism);
COMMENT ON VIEW invtrack.check_reading IS
'What a check would find of each tracker, and of alerts whose tracker is gone; internal, may change';
COMMENT ON COLUMN invtrack.check_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.check_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.check_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.check_reading.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.check_reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.check_reading.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.check_reading.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.check_reading.status IS 'Status of the tracker';
COMMENT ON COLUMN invtrack.check_reading.reason IS 'Why';
COMMENT ON COLUMN invtrack.check_reading.health IS 'Health of the tracker';
COMMENT ON COLUMN invtrack.check_reading.current_stock IS 'Units that count';
COMMENT ON COLUMN invtrack.check_reading.threshold IS 'What the tracker asks for';
COMMENT ON COLUMN invtrack.check_reading.as_of IS 'The day that all this is worked out for';
COMMENT ON COLUMN invtrack.check_reading.alert_id IS 'Its open alert; null: none';
COMMENT ON COLUMN invtrack.check_reading.alert_status IS 'The status that the alert told last';
COMMENT ON COLUMN invtrack.check_reading.opened_at IS 'When the alert was opened';
COMMENT ON COLUMN invtrack.check_reading.transition IS 'What is to be told: opened, worsened, recovered or withdrawn; null: nothing';
COMMENT ON COLUMN invtrack.check_reading.alert_changes IS 'Is there more for the open alert to say?';
COMMENT ON COLUMN invtrack.check_reading.history_changes IS 'Is there news for the history?';
COMMENT ON COLUMN invtrack.check_reading.health_history IS 'Health so far, by day; null: none yet';
COMMENT ON COLUMN invtrack.check_reading.stock_history IS 'Units that counted so far, by day; null: none yet';

CREATE VIEW invtrack.check_stock WITH (security_invoker) AS
SELECT i.merchant, i.sku, i.inventory_type, i.on_hand, d.as_of, y.on_hand AS history
  FROM (SELECT l.merchant, l.sku, l.inventory_type, pg_catalog.sum(l.quantity) AS on_hand
          FROM invtrack.stock_lot l
         GROUP BY l.merchant, l.sku, l.inventory_type
        UNION ALL
        SELECT g.merchant, g.sku, g.inventory_type, 0
          FROM invtrack.stock_history g
         WHERE NOT EXISTS (SELECT FROM invtrack.stock_lot l
                            WHERE l.merchant = g.merchant AND l.sku = g.sku
                              AND l.inventory_type = g.inventory_type)) i
  JOIN (SELECT m.merchant, invtrack.as_of(m.time_zone) AS as_of FROM invtrack.merchant m) d
    ON d.merchant = i.merchant
  LEFT JOIN invtrack.check_state s ON s.merchant = i.merchant
  LEFT JOIN invtrack.stock_history y
    ON y.merchant = i.merchant AND y.sku = i.sku AND y.inventory_type = i.inventory_type
 WHERE coalesce(d.as_of >= invtrack.last_day(s.checked_days), true)
   AND NOT invtrack.history_says(y.on_hand, d.as_of, i.on_hand);
COMMENT ON VIEW invtrack.check_stock IS
'Items whose units on hand are news for the history; internal, may change';
COMMENT ON COLUMN invtrack.check_stock.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.check_stock.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.check_stock.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.check_stock.on_hand IS 'Units in all lots; 0 where none is left';
COMMENT ON COLUMN invtrack.check_stock.as_of IS 'The day';
COMMENT ON COLUMN invtrack.check_stock.history IS 'Units so far, by day; null: none yet';

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
