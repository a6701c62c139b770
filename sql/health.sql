
-- Health: the list of trackers -------------------------------------------------------------

CREATE VIEW invtrack.health WITH (security_invoker) AS
SELECT t.merchant,
       t.merchant_name,
       t.sku,
       t.product_name,
       t.inventory_type,
       t.inventory_type_name,
       t.mechanism,
       t.quantity,
       t.lookback_days,
       t.coverage_days,
       t.expiry_days,
       invtrack_internal.judge_current_stock(@judged_columns@) AS current_stock,
       invtrack_internal.judge_threshold(@judged_columns@) AS threshold,
       invtrack_internal.judge_health(@judged_columns@) AS health,
       invtrack_internal.judge_status(@judged_columns@) AS status,
       invtrack_internal.judge_reason(@judged_columns@) AS reason,
       invtrack_internal.judge_daily_sales(@judged_columns@) AS daily_sales,
       invtrack_internal.judge_actual_days(@judged_columns@) AS actual_days,
       invtrack_internal.judge_days_of_cover(@judged_columns@) AS days_of_cover,
       invtrack_internal.judge_excluded_stock(@judged_columns@) AS excluded_stock,
       t.as_of,
       t.updated_at,
       t.active,
       t.discontinued_on,
       t.version,
       invtrack_internal.tracker_key(t.merchant, t.sku, t.inventory_type, t.mechanism) AS tracker_key
  FROM invtrack_internal.tracker_reading t;
COMMENT ON VIEW invtrack.health IS
'How healthy each tracked item is, live: one row for each tracker';
COMMENT ON COLUMN invtrack.health.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.health.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.health.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.health.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.health.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.health.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.health.mechanism IS 'stock_quantity, turnover_days or stalled_days';
COMMENT ON COLUMN invtrack.health.quantity IS 'Parameter: units';
COMMENT ON COLUMN invtrack.health.lookback_days IS 'Parameter: days looked back';
COMMENT ON COLUMN invtrack.health.coverage_days IS 'Parameter: days of sales that stock should last';
COMMENT ON COLUMN invtrack.health.expiry_days IS 'Parameter: shelf life in days above which lots count';
COMMENT ON COLUMN invtrack.health.current_stock IS 'Units that count; under stalled_days the units shipped in the lookback';
COMMENT ON COLUMN invtrack.health.threshold IS 'What the tracker asks for, rounded to 4 decimals; 0 without sales';
COMMENT ON COLUMN invtrack.health.health IS '100 x current / threshold, exact, cut to 2 decimals; 0 without sales';
COMMENT ON COLUMN invtrack.health.status IS 'ok, replenish, stalled or no_sales';
COMMENT ON COLUMN invtrack.health.reason IS 'Why the status is not ok; null where it is';
COMMENT ON COLUMN invtrack.health.daily_sales IS 'turnover_days: average daily sales, rounded to 4 decimals';
COMMENT ON COLUMN invtrack.health.actual_days IS 'turnover_days: days on sale, at most the lookback; null where never on sale';
COMMENT ON COLUMN invtrack.health.days_of_cover IS 'turnover_days: current stock / daily sales, cut to 1 decimal; null without sales';
COMMENT ON COLUMN invtrack.health.excluded_stock IS 'Units on hand that do not count for their shelf life; null under stalled_days';
COMMENT ON COLUMN invtrack.health.as_of IS 'The day that all this is worked out for';
COMMENT ON COLUMN invtrack.health.updated_at IS 'When a parameter or active last changed';
COMMENT ON COLUMN invtrack.health.active IS 'Does the tracker alert? False: paused';
COMMENT ON COLUMN invtrack.health.discontinued_on IS 'From this day on the product is retired and alerts no more; null: not';
COMMENT ON COLUMN invtrack.health.version IS 'Grows by 1 when a parameter or active changes; see save_tracker()';
COMMENT ON COLUMN invtrack.health.tracker_key IS 'The key as one text, for tools that want one column: unique in the database and stable';

CREATE FUNCTION invtrack.tracker_health(
    merchant text DEFAULT NULL, sku text DEFAULT NULL, inventory_type text DEFAULT NULL,
    mechanism text DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'health_of_trackers';
COMMENT ON FUNCTION invtrack.tracker_health(text, text, text, text, date) IS
'Health of the trackers that match all arguments given, at a day';

CREATE FUNCTION invtrack.tracker_health_of(
    merchant text, skus text[], as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'health_of_products';
COMMENT ON FUNCTION invtrack.tracker_health_of(text, text[], date) IS
'Health of the trackers of a list of products, at the cost of that list';

CREATE FUNCTION invtrack.preview_health(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric DEFAULT NULL, lookback_days integer DEFAULT NULL,
    coverage_days integer DEFAULT NULL, expiry_days integer DEFAULT NULL,
    as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1
AS 'MODULE_PATHNAME', 'health_preview';
COMMENT ON FUNCTION invtrack.preview_health(text, text, text, text, numeric, integer, integer, integer, date) IS
'What the row of a tracker would be, without saving it';
