
-- Projections: until when stock lasts at the pace of its sales --------------------------------------
--
-- What an item is judged by, and what will be of its stock. Negative lots once more by themselves: they are netted
-- against the units that expire first, whatever their own dates.

CREATE VIEW invtrack_internal.supply_reading WITH (security_invoker) AS
SELECT r.merchant, r.sku, r.inventory_type, r.mechanism, r.launched_on, r.lots, r.folded, r.tail, r.as_of, r.count_today,
       n.lots AS negative_lots, o.days AS incoming
  FROM invtrack_internal.reading r
  LEFT JOIN (SELECT s.merchant, s.sku, s.inventory_type,
                    invtrack.day_series_agg(coalesce(s.expires_on, date 'infinity'), s.quantity::numeric) AS lots
               FROM invtrack.stock_lot s
              WHERE s.quantity < 0
              GROUP BY s.merchant, s.sku, s.inventory_type) n
    ON n.merchant = r.merchant AND n.sku = r.sku AND n.inventory_type = r.inventory_type
  LEFT JOIN (SELECT u.merchant, u.sku, u.inventory_type,
                    invtrack.day_series_agg(coalesce(u.expected_on, date 'infinity'), u.quantity::numeric) AS days
               FROM invtrack.incoming u
              GROUP BY u.merchant, u.sku, u.inventory_type) o
    ON o.merchant = r.merchant AND o.sku = r.sku AND o.inventory_type = r.inventory_type
 WHERE r.mechanism = 'turnover_days';
COMMENT ON VIEW invtrack_internal.supply_reading IS
'The reading of each product and inventory type as turnover_days has it, with what will come; internal, may change';
COMMENT ON COLUMN invtrack_internal.supply_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.supply_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.supply_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.supply_reading.mechanism IS 'turnover_days';
COMMENT ON COLUMN invtrack_internal.supply_reading.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack_internal.supply_reading.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack_internal.supply_reading.folded IS 'Units sold by day; null without folded movements';
COMMENT ON COLUMN invtrack_internal.supply_reading.tail IS 'The same, of movements that are not folded yet';
COMMENT ON COLUMN invtrack_internal.supply_reading.as_of IS 'The day to begin with';
COMMENT ON COLUMN invtrack_internal.supply_reading.count_today IS 'Does that day count in windows of sales?';
COMMENT ON COLUMN invtrack_internal.supply_reading.negative_lots IS 'Units of lots below 0, by expiry date, which lots has too; null without any';
COMMENT ON COLUMN invtrack_internal.supply_reading.incoming IS 'Units on order by the day on which they are expected; null without any';

CREATE FUNCTION invtrack.project_stock(
    merchant text, sku text, inventory_type text, lookback_days integer DEFAULT 30,
    horizon_days integer DEFAULT 90, expiry_days integer DEFAULT 0, as_of date DEFAULT NULL)
RETURNS TABLE (day date, opening numeric, incoming numeric, sold numeric, expired numeric, closing numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 90
AS 'MODULE_PATHNAME', 'forecast_project_stock';
COMMENT ON FUNCTION invtrack.project_stock(text, text, text, integer, integer, integer, date) IS
'What becomes of an item''s stock at the pace of its sales: a row for each day to come';

CREATE FUNCTION invtrack.forecast(
    merchant text, lookback_days integer DEFAULT 30, horizon_days integer DEFAULT 90,
    expiry_days integer DEFAULT 0, as_of date DEFAULT NULL)
RETURNS TABLE (sku text, inventory_type text, daily_sales numeric, on_hand numeric, runs_out_on date,
    first_loss_on date, units_lost numeric, incoming numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1000
AS 'MODULE_PATHNAME', 'forecast';
COMMENT ON FUNCTION invtrack.forecast(text, integer, integer, integer, date) IS
'When each item of a merchant runs out at the pace of its sales, and what expires before it is sold';
