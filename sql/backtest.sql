
-- What a tracker's health would have been, day by day ------------------------------------------------

CREATE FUNCTION invtrack.backtest_tracker(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric DEFAULT NULL, lookback_days integer DEFAULT NULL,
    coverage_days integer DEFAULT NULL, expiry_days integer DEFAULT NULL,
    from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, health numeric, status text, reason text, is_known boolean, episode integer)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 365
AS 'MODULE_PATHNAME', 'backtest_tracker';
COMMENT ON FUNCTION invtrack.backtest_tracker(text, text, text, text, numeric, integer, integer, integer, date, date) IS
'What health, status and reason a tracker with these parameters would have had on each day, and the alerts that it would have opened';
