-- The rules of the three mechanisms in plain SQL, for all peers inside PostgreSQL.
--
-- :inputs has a row a tracker: its columns, names, launched_on, on_hand (all lots), counted (lots
-- with enough shelf life), moved (units of its flow in its window), first_sale.

CREATE VIEW :view AS
SELECT j.merchant, j.merchant_name, j.sku, j.product_name, j.inventory_type, j.inventory_type_name,
       j.mechanism, j.quantity, j.lookback_days, j.coverage_days, j.expiry_days,
       j.current AS current_stock,
       CASE WHEN j.no_sales THEN 0 ELSE round(j.asked / j.days, 4) END AS threshold,
       CASE WHEN j.no_sales THEN 0 ELSE div(10000 * j.current * j.days, j.asked) * 0.01 END AS health,
       CASE WHEN j.no_sales THEN 'no_sales'
            WHEN j.current * j.days >= j.asked THEN 'ok'
            WHEN j.mechanism = 'stalled_days' THEN 'stalled'
            ELSE 'replenish' END AS status,
       CASE WHEN j.no_sales AND j.first_sale IS NULL THEN 'no_sales_history'
            WHEN j.no_sales THEN 'no_sales_in_window'
            WHEN j.current * j.days >= j.asked THEN NULL
            WHEN j.mechanism = 'stock_quantity' THEN 'stock_below_quantity'
            WHEN j.mechanism = 'turnover_days' THEN 'stock_below_coverage'
            WHEN :as_of - j.launched_on + 1 < j.lookback_days THEN 'too_new'
            WHEN j.on_hand <= 0 THEN 'nothing_on_hand'
            ELSE 'shipments_below_quantity' END AS reason,
       CASE WHEN j.mechanism = 'turnover_days'
            THEN CASE WHEN j.no_sales THEN 0 ELSE round(j.moved / j.days, 4) END END AS daily_sales,
       CASE WHEN j.mechanism = 'turnover_days' THEN j.days END AS actual_days,
       CASE WHEN j.mechanism = 'turnover_days' AND NOT j.no_sales
            THEN div(10 * j.current * j.days, j.moved) * 0.1 END AS days_of_cover,
       CASE WHEN j.mechanism <> 'stalled_days' THEN j.on_hand - j.counted END AS excluded_stock,
       :as_of AS as_of,
       j.updated_at
  FROM (SELECT i.*,
               CASE WHEN i.mechanism = 'stalled_days' THEN i.moved ELSE i.counted END AS current,
               CASE WHEN i.mechanism = 'turnover_days' THEN i.moved * i.coverage_days
                    ELSE i.quantity END AS asked,
               CASE WHEN i.mechanism = 'turnover_days'
                    THEN least(:as_of - least(i.launched_on, i.first_sale) + 1, i.lookback_days)
                    ELSE 1 END AS days,
               i.mechanism = 'turnover_days' AND i.moved <= 0 AS no_sales
          FROM (:inputs) i) j
