
-- Why a tracker's health is what it is --------------------------------------------------------------

CREATE FUNCTION invtrack.explain_health(
    merchant text, sku text, inventory_type text, mechanism text, as_of date DEFAULT NULL)
RETURNS TABLE (part text, day date, lot text, quantity numeric, counted boolean, note text)
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 20
AS 'MODULE_PATHNAME', 'explain_health';
COMMENT ON FUNCTION invtrack.explain_health(text, text, text, text, date) IS
'What went into the health of a tracker: a row for each lot, day with movements, window, rule and the result, each with a sentence';
