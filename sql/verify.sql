
-- Comparing what is folded with what it was made of ----------------------------------------------

CREATE VIEW invtrack_internal.wrong_series WITH (security_invoker) AS
SELECT c.merchant, c.sku, c.inventory_type, c.flow, c.expected_movements, c.found_movements,
       c.expected_days, c.found_days, c.is_damaged, c.purged_is_damaged
  FROM (SELECT b.merchant, b.sku, b.inventory_type, b.flow,
               pg_catalog.sum(b.expected_movements)::bigint AS expected_movements,
               pg_catalog.sum(b.found_movements)::bigint AS found_movements,
               invtrack.day_series_sum(b.expected_days) AS expected_days,
               invtrack.day_series_sum(b.found_days) AS found_days,
               pg_catalog.bool_or(b.has_days AND b.found_days IS NULL) AS is_damaged,
               pg_catalog.bool_or(b.has_purged AND b.expected_days IS NULL) AS purged_is_damaged
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow,
                       s.purged_movements AS expected_movements, s.movements AS found_movements,
                       CASE WHEN invtrack_internal.is_intact(s.purged) THEN s.purged END AS expected_days,
                       CASE WHEN invtrack_internal.is_intact(s.days) THEN s.days END AS found_days,
                       true AS has_days, s.purged IS NOT NULL AS has_purged
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT m.merchant, m.sku, m.inventory_type, m.flow, pg_catalog.count(*), 0,
                       invtrack.day_series_agg(m.occurred_on, m.quantity::numeric), NULL, false, false
                  FROM invtrack.movement m
                 WHERE m.folded
                 GROUP BY m.merchant, m.sku, m.inventory_type, m.flow) b
         GROUP BY b.merchant, b.sku, b.inventory_type, b.flow) c
 WHERE NOT coalesce(c.expected_days OPERATOR(invtrack.=) c.found_days, false)
    OR c.expected_movements IS DISTINCT FROM c.found_movements
    OR c.is_damaged OR c.purged_is_damaged;
COMMENT ON VIEW invtrack_internal.wrong_series IS
'Rows of flow_series that are not purged + kept; internal, may change';
COMMENT ON COLUMN invtrack_internal.wrong_series.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.wrong_series.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.wrong_series.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.wrong_series.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack_internal.wrong_series.expected_movements IS 'Purged movements and those that are marked as folded';
COMMENT ON COLUMN invtrack_internal.wrong_series.found_movements IS 'What flow_series says';
COMMENT ON COLUMN invtrack_internal.wrong_series.expected_days IS 'Their units by day; null where there are none';
COMMENT ON COLUMN invtrack_internal.wrong_series.found_days IS 'What flow_series says; null where it has no row, or is damaged';
COMMENT ON COLUMN invtrack_internal.wrong_series.is_damaged IS 'Are the bytes of what flow_series says damaged?';
COMMENT ON COLUMN invtrack_internal.wrong_series.purged_is_damaged IS
'Are the bytes of what was purged damaged? Then nobody knows what is expected';

-- A movement is reversed if a reversal of it counts: one that is not reversed itself.
CREATE VIEW invtrack_internal.wrong_mark WITH (security_invoker) AS
SELECT m.merchant, m.movement_id, m.sku, m.inventory_type, m.flow, m.reversed
  FROM invtrack.movement m
  LEFT JOIN (SELECT v.merchant, v.reverses FROM invtrack.movement v
              WHERE v.reverses IS NOT NULL AND NOT v.reversed) r
    ON r.merchant = m.merchant AND r.reverses = m.movement_id
 WHERE m.reversed = (r.reverses IS NULL);
COMMENT ON VIEW invtrack_internal.wrong_mark IS
'Movements that are marked as reversed and are not, or the other way round; internal, may change';
COMMENT ON COLUMN invtrack_internal.wrong_mark.merchant IS 'Merchant of the movement';
COMMENT ON COLUMN invtrack_internal.wrong_mark.movement_id IS 'Number of the movement';
COMMENT ON COLUMN invtrack_internal.wrong_mark.sku IS 'Product of the movement';
COMMENT ON COLUMN invtrack_internal.wrong_mark.inventory_type IS 'Inventory type of the movement';
COMMENT ON COLUMN invtrack_internal.wrong_mark.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack_internal.wrong_mark.reversed IS 'Is it marked as reversed?';

CREATE VIEW invtrack_internal.difference WITH (security_invoker) AS
SELECT 'flow_series' AS what, w.merchant, w.sku, w.inventory_type, w.flow AS part,
       pg_catalog.format('%s movements: %s', w.expected_movements,
                         CASE WHEN w.purged_is_damaged THEN 'what was purged is damaged and cannot be rebuilt'
                              ELSE coalesce(w.expected_days::text, 'no series') END) AS expected,
       pg_catalog.format('%s movements: %s', w.found_movements,
                         CASE WHEN w.is_damaged THEN 'a damaged series'
                              ELSE coalesce(w.found_days::text, 'no series') END) AS found
  FROM invtrack_internal.wrong_series w
UNION ALL
SELECT 'tracker', t.merchant, t.sku, t.inventory_type, t.mechanism,
       'a product and an inventory type', 'no such product'
  FROM invtrack.tracker t
 WHERE NOT EXISTS (SELECT FROM invtrack.product p
                    WHERE p.merchant = t.merchant AND p.sku = t.sku)
UNION ALL
SELECT 'tracker', t.merchant, t.sku, t.inventory_type, t.mechanism,
       'a product and an inventory type', 'no such inventory type'
  FROM invtrack.tracker t
 WHERE NOT EXISTS (SELECT FROM invtrack.inventory_type i
                    WHERE i.merchant = t.merchant AND i.inventory_type = t.inventory_type)
UNION ALL
SELECT 'movement', w.merchant, w.sku, w.inventory_type, w.flow,
       pg_catalog.format('movement %s marked as %s', w.movement_id, CASE WHEN w.reversed THEN 'not reversed' ELSE 'reversed' END),
       'the opposite'
  FROM invtrack_internal.wrong_mark w
UNION ALL
SELECT 'tracker_history', h.merchant, h.sku, h.inventory_type, h.mechanism,
       'an intact series', 'a damaged series, which cannot be rebuilt'
  FROM invtrack.tracker_history h
 WHERE NOT invtrack_internal.is_intact(h.health) OR NOT invtrack_internal.is_intact(h.current_stock)
    OR NOT invtrack_internal.is_intact(h.threshold)
    OR CASE WHEN invtrack_internal.is_intact(h.reasons) THEN NOT invtrack_internal.are_reasons(h.reasons) ELSE true END
UNION ALL
SELECT 'stock_history', h.merchant, h.sku, h.inventory_type, NULL,
       'an intact series', 'a damaged series, which cannot be rebuilt'
  FROM invtrack.stock_history h
 WHERE NOT invtrack_internal.is_intact(h.on_hand)
UNION ALL
SELECT 'check_state', c.merchant, NULL, NULL, 'checked_days',
       'an intact series', 'a damaged series, which cannot be rebuilt'
  FROM invtrack.check_state c
 WHERE NOT invtrack_internal.is_intact(c.checked_days);
COMMENT ON VIEW invtrack_internal.difference IS
'What verify() lists: a row for each thing that is not as it should be. Reads all movements';
COMMENT ON COLUMN invtrack_internal.difference.what IS 'Table in which it is';
COMMENT ON COLUMN invtrack_internal.difference.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.difference.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.difference.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.difference.part IS 'Flow, mechanism of the tracker, or column; null for all of a row';
COMMENT ON COLUMN invtrack_internal.difference.expected IS 'What should be there';
COMMENT ON COLUMN invtrack_internal.difference.found IS 'What is';

CREATE FUNCTION invtrack.verify(merchant text DEFAULT NULL, repair boolean DEFAULT false)
RETURNS SETOF invtrack_internal.difference LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'verify';
COMMENT ON FUNCTION invtrack.verify(text, boolean) IS
'Lists what is not as it should be, of a merchant or of all; with repair the series and the marks of reversed movements are then made what they should be';
