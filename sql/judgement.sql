
-- The judgement: figures of a tracker, from its rule and its series ---------------------
--
-- One function a column of invtrack.health, all of the same arguments and over the same C
-- (src/judgement.c), so that the view is flat SQL. The rules are those of the tracker guide,
-- section 2.2. They return null where the arguments are no tracker's.

CREATE FUNCTION invtrack_internal.judge_current_stock(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_current_stock';
COMMENT ON FUNCTION invtrack_internal.judge_current_stock(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'Units that count; under stalled_days the units shipped in the lookback';

CREATE FUNCTION invtrack_internal.judge_threshold(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_threshold';
COMMENT ON FUNCTION invtrack_internal.judge_threshold(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'What the tracker asks for, rounded to 4 decimals; 0 without sales';

CREATE FUNCTION invtrack_internal.judge_health(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_health';
COMMENT ON FUNCTION invtrack_internal.judge_health(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'100 x current / threshold, exact, cut to 2 decimals; 0 without sales';

CREATE FUNCTION invtrack_internal.judge_status(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_status';
COMMENT ON FUNCTION invtrack_internal.judge_status(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'ok, replenish, stalled or no_sales';

CREATE FUNCTION invtrack_internal.judge_reason(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_reason';
COMMENT ON FUNCTION invtrack_internal.judge_reason(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'Why the status is not ok; null where it is';

CREATE FUNCTION invtrack_internal.judge_daily_sales(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_daily_sales';
COMMENT ON FUNCTION invtrack_internal.judge_daily_sales(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'turnover_days: average daily sales, rounded to 4 decimals';

CREATE FUNCTION invtrack_internal.judge_actual_days(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS integer LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_actual_days';
COMMENT ON FUNCTION invtrack_internal.judge_actual_days(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'turnover_days: days on sale, at most the lookback; null where never on sale';

CREATE FUNCTION invtrack_internal.judge_days_of_cover(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_days_of_cover';
COMMENT ON FUNCTION invtrack_internal.judge_days_of_cover(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'turnover_days: current stock / daily sales, cut to 1 decimal; null without sales';

CREATE FUNCTION invtrack_internal.judge_excluded_stock(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_excluded_stock';
COMMENT ON FUNCTION invtrack_internal.judge_excluded_stock(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'Units on hand that do not count for their shelf life; null under stalled_days';

CREATE FUNCTION invtrack_internal.judge_state(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date, count_today boolean)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_state';
COMMENT ON FUNCTION invtrack_internal.judge_state(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean) IS
'The status; damaged, and no error, where a series is damaged';
