-- DuckDB over Parquet files, exact: units are integers of a millionth in 128 bits.

-- name: export
COPY (SELECT * FROM read_csv(':directory/:table.csv', header = true, columns = :columns))
  TO ':directory/:table.parquet' (FORMAT parquet);
CREATE OR REPLACE VIEW :table AS SELECT * FROM read_parquet(':directory/:table.parquet');

-- name: health
-- One pass over all movements gives the sums of the lookbacks in use and the first day of sales.
CREATE OR REPLACE MACRO millionths(x) AS CAST(x * 1000000 AS HUGEINT);
CREATE OR REPLACE VIEW health AS
WITH flows AS (
    SELECT merchant, sku, inventory_type, flow, min(occurred_on) AS first_day, :sums_by_lookback
      FROM movement
     WHERE occurred_on <= :as_of
     GROUP BY ALL),
stock AS (
    SELECT merchant, sku, inventory_type, sum(quantity) AS on_hand,
           sum(quantity) FILTER (WHERE expires_on IS NULL OR expires_on > :as_of + 30) AS counted_30
      FROM stock_lot
     GROUP BY ALL),
inputs AS (
    SELECT t.merchant, t.sku, t.inventory_type, t.mechanism, t.lookback_days, t.coverage_days,
           t.merchant_name, t.product_name, t.inventory_type_name, t.updated_at, t.launched_on,
           millionths(t.quantity::DECIMAL(24, 6)) AS quantity,
           millionths(coalesce(s.on_hand, 0)::DECIMAL(24, 6)) AS on_hand,
           millionths((CASE WHEN t.expiry_days IS NULL THEN coalesce(s.on_hand, 0)
                            ELSE coalesce(s.counted_30, 0) END)::DECIMAL(24, 6)) AS counted,
           millionths(coalesce(CASE t.lookback_days :moved_by_lookback END, 0)::DECIMAL(24, 6)) AS moved,
           f.first_day AS first_sale
      FROM tracker t
      LEFT JOIN stock s ON s.merchant = t.merchant AND s.sku = t.sku AND s.inventory_type = t.inventory_type
      LEFT JOIN flows f ON f.merchant = t.merchant AND f.sku = t.sku AND f.inventory_type = t.inventory_type
            AND f.flow = CASE t.mechanism WHEN 'turnover_days' THEN 'sale' WHEN 'stalled_days' THEN 'shipment' END),
judged AS (
    SELECT *,
           CASE WHEN mechanism = 'stalled_days' THEN moved ELSE counted END AS current,
           CASE WHEN mechanism = 'turnover_days' THEN moved * coverage_days ELSE quantity END AS asked,
           CASE WHEN mechanism = 'turnover_days'
                THEN least(:as_of - least(launched_on, first_sale) + 1, lookback_days) ELSE 1 END AS days,
           mechanism = 'turnover_days' AND moved <= 0 AS no_sales
      FROM inputs)
SELECT merchant, merchant_name, sku, product_name, inventory_type, inventory_type_name, mechanism,
       CAST(current AS DECIMAL(32, 0)) * 0.000001 AS current_stock,
       CASE WHEN no_sales THEN 0
            ELSE CAST((2 * asked + 100 * days) // (200 * days) AS DECIMAL(32, 0)) * 0.0001 END AS threshold,
       CASE WHEN no_sales THEN 0
            ELSE CAST(10000 * current * days // asked AS DECIMAL(32, 0)) * 0.01 END AS health,
       CASE WHEN no_sales THEN 'no_sales'
            WHEN current * days >= asked THEN 'ok'
            WHEN mechanism = 'stalled_days' THEN 'stalled'
            ELSE 'replenish' END AS status,
       CASE WHEN no_sales AND first_sale IS NULL THEN 'no_sales_history'
            WHEN no_sales THEN 'no_sales_in_window'
            WHEN current * days >= asked THEN NULL
            WHEN mechanism = 'stock_quantity' THEN 'stock_below_quantity'
            WHEN mechanism = 'turnover_days' THEN 'stock_below_coverage'
            WHEN :as_of - launched_on + 1 < lookback_days THEN 'too_new'
            WHEN on_hand <= 0 THEN 'nothing_on_hand'
            ELSE 'shipments_below_quantity' END AS reason,
       CASE WHEN mechanism = 'turnover_days' AND no_sales THEN 0
            WHEN mechanism = 'turnover_days'
            THEN CAST((2 * moved + 100 * days) // (200 * days) AS DECIMAL(32, 0)) * 0.0001 END AS daily_sales,
       CASE WHEN mechanism = 'turnover_days' THEN days END AS actual_days,
       CASE WHEN mechanism = 'turnover_days' AND NOT no_sales
            THEN CAST(10 * current * days // moved AS DECIMAL(32, 0)) * 0.1 END AS days_of_cover,
       CASE WHEN mechanism <> 'stalled_days' THEN CAST(on_hand - counted AS DECIMAL(32, 0)) * 0.000001 END AS excluded_stock,
       :as_of AS as_of,
       updated_at
  FROM judged;
