
-- What values there are, for tools that offer or explain them --------------------------------------------

CREATE VIEW invtrack.value_list WITH (security_invoker) AS
SELECT v.list, v.value, v.label, v.meaning, v.sort_order
  FROM (VALUES
        ('mechanism', 'stock_quantity', 'Stock Quantity', 'Enough units on hand', 1),
        ('mechanism', 'turnover_days', 'Turnover Days', 'Enough units for the days to cover, at the pace of sales', 2),
        ('mechanism', 'stalled_days', 'Stalled Days', 'Enough units shipped in the lookback', 3),
        ('status', 'ok', 'OK', 'What the tracker asks for is there', 1),
        ('status', 'replenish', 'Replenish', 'Less is on hand than the tracker asks for', 2),
        ('status', 'stalled', 'Stalled', 'Less was shipped than the tracker asks for', 3),
        ('status', 'no_sales', 'No sales', 'Nothing was sold in the lookback, so there is no pace to go by', 4),
        ('reason', 'stock_below_quantity', 'Stock below quantity', 'The units on hand that count are below the quantity', 1),
        ('reason', 'stock_below_coverage', 'Stock below coverage', 'The units on hand that count are below what sells in the days to cover', 2),
        ('reason', 'too_new', 'Too new', 'The product was launched less than the lookback ago', 3),
        ('reason', 'nothing_on_hand', 'Nothing on hand', 'There is nothing on hand that could be shipped', 4),
        ('reason', 'shipments_below_quantity', 'Shipments below quantity', 'Units are on hand, and too few were shipped', 5),
        ('reason', 'no_sales_history', 'No sales history', 'The item was never sold', 6),
        ('reason', 'no_sales_in_window', 'No sales in window', 'The item was sold before, and not in the lookback', 7),
        ('severity', 'low', 'Low', 'Not well', 1),
        ('severity', 'critical', 'Critical', 'Health is at the merchant''s critical percent or below: sold out, or nothing shipped', 2),
        ('level', 'read', 'Read', 'Sees the merchant''s rows', 1),
        ('level', 'load', 'Load', 'Also writes its catalogue, stock and movements', 2),
        ('level', 'manage', 'Manage', 'Also saves trackers and handles alerts', 3),
        ('transition', 'opened', 'Opened', 'The tracker is no longer well', 1),
        ('transition', 'worsened', 'Worsened', 'Its status changed, or it became critical', 2),
        ('transition', 'recovered', 'Recovered', 'The tracker is well again', 3),
        ('transition', 'withdrawn', 'Withdrawn', 'The tracker or its product is gone or retired', 4),
        ('transition', 'renamed', 'Renamed', 'The product has another sku', 5),
        ('suggestion', 'nothing_moves', 'Nothing moves', 'Units are on hand, and none was sold or shipped in 13 weeks', 1),
        ('suggestion', 'new_item', 'New item', 'On sale for less than 4 weeks, or never: no pace to go by yet', 2),
        ('suggestion', 'no_recent_sales', 'No recent sales', 'Nothing was sold, net, in 13 weeks', 3),
        ('suggestion', 'volatile_sales', 'Volatile sales', 'Weekly sales vary by more than half of their mean', 4),
        ('suggestion', 'stable_sales', 'Stable sales', 'Weekly sales vary by at most half of their mean', 5),
        ('finding', 'turnover_without_sales', 'Turnover without sales', 'A tracker goes by a pace of sales that there is not', 1),
        ('finding', 'turnover_possible', 'Turnover possible', 'A fixed quantity watches what sells steadily by now', 2),
        ('finding', 'shelf_life_without_dates', 'Shelf life without dates', 'A tracker asks for shelf life, and no unit on hand has an expiry date', 3),
        ('finding', 'quantity_off_pace', 'Quantity off pace', 'A fixed quantity no longer fits the pace of sales', 4),
        ('finding', 'stalled_without_stock', 'Stalled without stock', 'A tracker looks for stalled stock where nothing is on hand', 5),
        ('finding', 'paused_for_months', 'Paused for months', 'A tracker was paused and not resumed', 6),
        ('finding', 'product_retired', 'Product retired', 'A tracker watches a product that is retired', 7),
        ('finding', 'stock_of_other_type', 'Stock of another type only', 'A tracker watches an inventory type without lots, and another has stock', 8),
        ('finding', 'movement_in_future', 'Movement in the future', 'Movements are dated after today', 9),
        ('finding', 'movement_before_launch', 'Movement before launch', 'Movements are dated before the product was launched', 10),
        ('finding', 'negative_stock', 'Negative stock', 'A lot has less than 0 units', 11),
        ('finding', 'unknown_item', 'Unknown item', 'Movements name an item that is not in the catalogue', 12)
       ) v (list, value, label, meaning, sort_order);
COMMENT ON VIEW invtrack.value_list IS
'The values that columns of invtrack can have: mechanisms, statuses, reasons, severities, levels, transitions, findings, reasons of suggestions';
COMMENT ON COLUMN invtrack.value_list.list IS 'What the value is one of';
COMMENT ON COLUMN invtrack.value_list.value IS 'The value, as columns have it';
COMMENT ON COLUMN invtrack.value_list.label IS 'What a screen shows';
COMMENT ON COLUMN invtrack.value_list.meaning IS 'What it means, in a sentence';
COMMENT ON COLUMN invtrack.value_list.sort_order IS 'Where it stands in its list';
