-- One pass over the movements of the longest window, and joins. The lookbacks that are in use,
-- and the one shelf life, are written into the query: several times faster than a general form.
-- The first day of sales is looked up by index, which is faster than a pass over all history.

SELECT t.*, m.name AS merchant_name, p.name AS product_name, y.name AS inventory_type_name,
       p.launched_on,
       coalesce(s.on_hand, 0) AS on_hand,
       CASE WHEN t.expiry_days IS NULL THEN coalesce(s.on_hand, 0) ELSE coalesce(s.counted_30, 0) END AS counted,
       coalesce(CASE t.lookback_days :moved_by_lookback END, 0) AS moved,
       b.first_sale
  FROM invtrack.tracker t
  JOIN invtrack.merchant m ON m.merchant = t.merchant
  JOIN invtrack.inventory_type y ON y.merchant = t.merchant AND y.inventory_type = t.inventory_type
  JOIN invtrack.product p ON p.merchant = t.merchant AND p.sku = t.sku
  LEFT JOIN (SELECT l.merchant, l.sku, l.inventory_type, sum(l.quantity) AS on_hand,
                    sum(l.quantity) FILTER (WHERE l.expires_on IS NULL
                                            OR l.expires_on > :as_of + 30) AS counted_30
               FROM invtrack.stock_lot l
              GROUP BY l.merchant, l.sku, l.inventory_type) s
    ON s.merchant = t.merchant AND s.sku = t.sku AND s.inventory_type = t.inventory_type
  LEFT JOIN (SELECT r.merchant, r.sku, r.inventory_type, r.flow, :sums_by_lookback
               FROM :movements r
              WHERE r.occurred_on > :as_of - :longest_lookback AND r.occurred_on <= :as_of
              GROUP BY r.merchant, r.sku, r.inventory_type, r.flow) f
    ON f.merchant = t.merchant AND f.sku = t.sku AND f.inventory_type = t.inventory_type
   AND f.flow = CASE t.mechanism WHEN 'turnover_days' THEN 'sale' WHEN 'stalled_days' THEN 'shipment' END
  LEFT JOIN LATERAL (
       SELECT min(r.occurred_on) AS first_sale
         FROM :movements r
        WHERE t.mechanism = 'turnover_days'
          AND r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
          AND r.flow = 'sale' AND r.occurred_on <= :as_of) b
    ON true
