
-- The reading: the one query that brings together what a tracker is judged by ----------------
--
-- Flat joins, unique per row, with no GROUP BY above them, so that a filter by key reaches
-- every table and a sweep of all trackers becomes a few hash joins. There is no day in it: a
-- series holds all days, and the judgement takes the sum over the range that it needs.

CREATE VIEW invtrack_internal.reading WITH (security_invoker) AS
SELECT p.merchant,
       m.name AS merchant_name,
       p.sku,
       p.name AS product_name,
       i.inventory_type,
       i.name AS inventory_type_name,
       k.mechanism,
       p.launched_on,
       l.lots,
       f.days AS folded,
       v.days AS tail,
       m.as_of,
       p.discontinued_on,
       m.count_today
  FROM invtrack.product p
  JOIN invtrack.inventory_type i ON i.merchant = p.merchant
 CROSS JOIN (VALUES ('stock_quantity', NULL), ('turnover_days', 'sale'),
                    ('stalled_days', 'shipment')) k (mechanism, flow)
  -- ORDER BY keeps this a subquery of its own, so that a merchant's day is worked out once and not for each
  -- figure of each tracker; a merchant that is asked for still reaches it.
  JOIN (SELECT c.merchant, c.name, invtrack_internal.as_of(c.time_zone) AS as_of, c.count_today
          FROM invtrack.merchant c
         ORDER BY c.merchant) m ON m.merchant = p.merchant
  LEFT JOIN (SELECT s.merchant, s.sku, s.inventory_type,
                    invtrack.day_series_agg(coalesce(s.expires_on, date 'infinity'), s.quantity::numeric) AS lots
               FROM invtrack.stock_lot s
              GROUP BY s.merchant, s.sku, s.inventory_type) l
    ON l.merchant = p.merchant AND l.sku = p.sku AND l.inventory_type = i.inventory_type
  LEFT JOIN invtrack.flow_series f
    ON f.merchant = p.merchant AND f.sku = p.sku AND f.inventory_type = i.inventory_type
   AND f.flow = k.flow
  LEFT JOIN invtrack_internal.flow_tail v
    ON v.merchant = p.merchant AND v.sku = p.sku AND v.inventory_type = i.inventory_type
   AND v.flow = k.flow;
COMMENT ON VIEW invtrack_internal.reading IS
'What an item is judged by, for each product, inventory type and mechanism there is; internal, may change';
COMMENT ON COLUMN invtrack_internal.reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack_internal.reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.reading.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack_internal.reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.reading.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack_internal.reading.mechanism IS 'Mechanism, which says which flow is read';
COMMENT ON COLUMN invtrack_internal.reading.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack_internal.reading.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack_internal.reading.folded IS 'Units sold (turnover_days) or shipped (stalled_days) by day; null without folded movements';
COMMENT ON COLUMN invtrack_internal.reading.tail IS 'The same, of movements that are not folded yet';
COMMENT ON COLUMN invtrack_internal.reading.as_of IS 'The day that health is worked out for';
COMMENT ON COLUMN invtrack_internal.reading.discontinued_on IS 'From when on the product is retired; null: not';
COMMENT ON COLUMN invtrack_internal.reading.count_today IS 'Does that day count in windows of sales and shipments?';

CREATE VIEW invtrack_internal.tracker_reading WITH (security_invoker) AS
SELECT t.merchant,
       r.merchant_name,
       t.sku,
       r.product_name,
       t.inventory_type,
       r.inventory_type_name,
       t.mechanism,
       t.quantity::numeric AS quantity,
       t.lookback_days,
       t.coverage_days,
       t.expiry_days,
       t.updated_at,
       r.launched_on,
       r.lots,
       r.folded,
       r.tail,
       r.as_of,
       t.active,
       r.discontinued_on,
       r.count_today,
       t.version
  FROM invtrack.tracker t
  JOIN invtrack_internal.reading r
    ON r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
   AND r.mechanism = t.mechanism;
COMMENT ON VIEW invtrack_internal.tracker_reading IS
'The reading of each tracker, with its parameters; internal, may change';
COMMENT ON COLUMN invtrack_internal.tracker_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.tracker_reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack_internal.tracker_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.tracker_reading.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack_internal.tracker_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.tracker_reading.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack_internal.tracker_reading.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_reading.quantity IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_reading.lookback_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_reading.coverage_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_reading.expiry_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.tracker_reading.updated_at IS 'When a parameter last changed';
COMMENT ON COLUMN invtrack_internal.tracker_reading.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack_internal.tracker_reading.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack_internal.tracker_reading.folded IS 'Units sold (turnover_days) or shipped (stalled_days) by day; null without folded movements';
COMMENT ON COLUMN invtrack_internal.tracker_reading.tail IS 'The same, of movements that are not folded yet';
COMMENT ON COLUMN invtrack_internal.tracker_reading.as_of IS 'The day that health is worked out for';
COMMENT ON COLUMN invtrack_internal.tracker_reading.active IS 'Does the tracker alert? False: paused';
COMMENT ON COLUMN invtrack_internal.tracker_reading.discontinued_on IS 'From when on the product is retired; null: not';
COMMENT ON COLUMN invtrack_internal.tracker_reading.count_today IS 'Does that day count in windows of sales and shipments?';
COMMENT ON COLUMN invtrack_internal.tracker_reading.version IS 'Version of the tracker';
