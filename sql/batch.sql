
-- Many at once: settings from a file -----------------------------------------------------------------

CREATE TYPE invtrack_internal.tracker_setting AS (
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer);
COMMENT ON TYPE invtrack_internal.tracker_setting IS 'A tracker and its rule, as save_trackers() is given them';

CREATE FUNCTION invtrack.save_trackers(
    settings jsonb, dry_run boolean DEFAULT false, on_error text DEFAULT 'abort')
RETURNS TABLE (
    row_number integer, merchant text, sku text, inventory_type text, mechanism text,
    outcome text, sqlstate text, message text, hint text,
    before jsonb, after jsonb, health_before numeric, health_after numeric)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'batch_save_trackers';
COMMENT ON FUNCTION invtrack.save_trackers(jsonb, boolean, text) IS
'Saves many trackers by the rules of save_tracker(): a verdict for each row, with the settings and the health before and after';

CREATE FUNCTION invtrack.check_rows(target text, rows jsonb)
RETURNS TABLE (
    row_number integer, column_name text, value text, sqlstate text, message text, hint text)
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'row_check_check_rows';
COMMENT ON FUNCTION invtrack.check_rows(text, jsonb) IS
'Which rows of a product, stock_lot, movement or incoming file would be refused, and why; no row: all would go in';
