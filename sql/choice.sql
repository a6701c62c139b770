
-- Choosing: the guide's "how do I choose the right mechanism", for an item -----------------------------

CREATE FUNCTION invtrack.suggest_tracker(merchant text, sku text, inventory_type text, as_of date DEFAULT NULL)
RETURNS TABLE (mechanism text, quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer, reason text,
    sale_days integer, history_days integer, variation numeric, last_shipment_on date, dated_share numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1
AS 'MODULE_PATHNAME', 'choice_suggest_tracker';
COMMENT ON FUNCTION invtrack.suggest_tracker(text, text, text, date) IS
'Which mechanism suits an item, with which parameters, and the figures that decided';
