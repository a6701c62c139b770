-- Daily sums kept in a materialized view, with the key that serves a range of days of an item.

-- name: setup
CREATE MATERIALIZED VIEW bench.daily_sum AS
SELECT merchant, sku, inventory_type, flow, occurred_on, sum(quantity) AS quantity
  FROM bench.raw_movement
 GROUP BY merchant, sku, inventory_type, flow, occurred_on;
CREATE UNIQUE INDEX ON bench.daily_sum (merchant, sku, inventory_type, flow, occurred_on)
    INCLUDE (quantity);

-- name: refresh
REFRESH MATERIALIZED VIEW bench.daily_sum;
