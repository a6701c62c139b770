
-- Choosing: the guide's "how do I choose the right mechanism", for an item -----------------------------

CREATE FUNCTION invtrack.suggest_tracker(merchant text, sku text, inventory_type text, as_of date DEFAULT NULL)
RETURNS TABLE (mechanism text, quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer, reason text,
    sale_days integer, history_days integer, variation numeric, last_shipment_on date, dated_share numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1
AS 'MODULE_PATHNAME', 'choice_suggest_tracker';
COMMENT ON FUNCTION invtrack.suggest_tracker(text, text, text, date) IS
'Which mechanism suits an item, with which parameters, and the figures that decided';

CREATE FUNCTION invtrack_internal.choice_limit(OUT observed_days integer, OUT lookback_days integer, OUT coverage_days integer)
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'choice_limit';
COMMENT ON FUNCTION invtrack_internal.choice_limit() IS
'What suggest_tracker() goes by: days whose sales it looks at, and the lookback and coverage that it suggests';

CREATE FUNCTION invtrack_internal.stable_variation(launched_on date, sales invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'choice_stable_variation';
COMMENT ON FUNCTION invtrack_internal.stable_variation(date, invtrack.day_series, date, boolean) IS
'By how much of their mean weekly sales vary, where suggest_tracker() would call them stable; else null';
