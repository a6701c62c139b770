
-- Series as rows, one for each day ------------------------------------------------------------------
--
-- The last two arguments are the first and the last day. The views by day leave them infinite; what a query
-- asks of the day is put in their place when it is planned, see src/daily_plan.c.

CREATE FUNCTION invtrack_internal.daily_support(internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'daily_support';
COMMENT ON FUNCTION invtrack_internal.daily_support(internal) IS
'planner support of flow_days and the like: marks that their last arguments are bounds of the day';

CREATE FUNCTION invtrack_internal.flow_days(
    parts invtrack.day_series[], first date, last date, OUT day date, OUT quantity numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
SUPPORT invtrack_internal.daily_support
AS 'MODULE_PATHNAME', 'flow_days';
COMMENT ON FUNCTION invtrack_internal.flow_days(invtrack.day_series[], date, date) IS
'The sum of some series as rows, earliest first, of the days first <= day <= last; nulls among them are left out';

CREATE FUNCTION invtrack_internal.health_days(
    health invtrack.day_series, current_stock invtrack.day_series, threshold invtrack.day_series, reasons invtrack.day_series,
    days invtrack.day_series, first date, last date,
    OUT day date, OUT health numeric, OUT current_stock numeric, OUT threshold numeric, OUT status text, OUT reason text)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
SUPPORT invtrack_internal.daily_support
AS 'MODULE_PATHNAME', 'health_days';
COMMENT ON FUNCTION invtrack_internal.health_days(invtrack.day_series, invtrack.day_series, invtrack.day_series, invtrack.day_series, invtrack.day_series, date, date) IS
'For each of the days first <= day <= last, from the first of a history on, what the latest entries of each say';

CREATE FUNCTION invtrack_internal.stock_days(
    on_hand invtrack.day_series, days invtrack.day_series, first date, last date, OUT day date, OUT on_hand numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
SUPPORT invtrack_internal.daily_support
AS 'MODULE_PATHNAME', 'stock_days';
COMMENT ON FUNCTION invtrack_internal.stock_days(invtrack.day_series, invtrack.day_series, date, date) IS
'For each of the days first <= day <= last, from the first of the history on, what its latest entry says';

CREATE FUNCTION invtrack_internal.is_zero(parts invtrack.day_series[])
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'flow_is_zero';
COMMENT ON FUNCTION invtrack_internal.is_zero(invtrack.day_series[]) IS
'Do these series add up to 0 on every day? Nulls among them are left out; a damaged one does not';
