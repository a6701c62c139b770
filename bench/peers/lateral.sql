-- Look-ups for each tracker in :movements, which has a row a movement or a row a day.

SELECT t.*, m.name AS merchant_name, p.name AS product_name, y.name AS inventory_type_name,
       p.launched_on, s.on_hand, s.counted, coalesce(f.moved, 0) AS moved, b.first_sale
  FROM invtrack.tracker t
  JOIN invtrack.merchant m ON m.merchant = t.merchant
  JOIN invtrack.inventory_type y ON y.merchant = t.merchant AND y.inventory_type = t.inventory_type
  JOIN invtrack.product p ON p.merchant = t.merchant AND p.sku = t.sku
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(l.quantity), 0) AS on_hand,
              coalesce(sum(l.quantity) FILTER (WHERE t.expiry_days IS NULL OR l.expires_on IS NULL
                                               OR l.expires_on > :as_of + t.expiry_days), 0) AS counted
         FROM invtrack.stock_lot l
        WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type = t.inventory_type) s
  LEFT JOIN LATERAL (
       SELECT sum(r.quantity) AS moved
         FROM :movements r
        WHERE t.mechanism <> 'stock_quantity'
          AND r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
          AND r.flow = CASE t.mechanism WHEN 'turnover_days' THEN 'sale' ELSE 'shipment' END
          AND r.occurred_on > :as_of - t.lookback_days AND r.occurred_on <= :as_of) f
    ON true
  LEFT JOIN LATERAL (
       SELECT min(r.occurred_on) AS first_sale
         FROM :movements r
        WHERE t.mechanism = 'turnover_days'
          AND r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
          AND r.flow = 'sale' AND r.occurred_on <= :as_of) b
    ON true
