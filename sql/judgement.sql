
-- The judgement: figures of a tracker, from its rule and its series ---------------------
--
-- One function a column of invtrack.health, all of the same arguments and over the same C
-- (src/judgement.c), so that the view is flat SQL. The rules are those of the tracker guide,
-- section 2.2. They return null where the arguments are no tracker's. What stands between @ is
-- written out by expand.sed.

CREATE FUNCTION invtrack_internal.judge_current_stock(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_current_stock';
COMMENT ON FUNCTION invtrack_internal.judge_current_stock(@judged_types@) IS
'Units that count; under stalled_days the units shipped in the lookback';

CREATE FUNCTION invtrack_internal.judge_threshold(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_threshold';
COMMENT ON FUNCTION invtrack_internal.judge_threshold(@judged_types@) IS
'What the tracker asks for, rounded to 4 decimals; 0 without sales';

CREATE FUNCTION invtrack_internal.judge_health(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_health';
COMMENT ON FUNCTION invtrack_internal.judge_health(@judged_types@) IS
'100 x current / threshold, exact, cut to 2 decimals; 0 without sales';

CREATE FUNCTION invtrack_internal.judge_status(@judged_arguments@)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_status';
COMMENT ON FUNCTION invtrack_internal.judge_status(@judged_types@) IS
'ok, replenish, stalled or no_sales';

CREATE FUNCTION invtrack_internal.judge_reason(@judged_arguments@)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_reason';
COMMENT ON FUNCTION invtrack_internal.judge_reason(@judged_types@) IS
'Why the status is not ok; null where it is';

CREATE FUNCTION invtrack_internal.judge_daily_sales(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_daily_sales';
COMMENT ON FUNCTION invtrack_internal.judge_daily_sales(@judged_types@) IS
'turnover_days: average daily sales, rounded to 4 decimals';

CREATE FUNCTION invtrack_internal.judge_actual_days(@judged_arguments@)
RETURNS integer LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_actual_days';
COMMENT ON FUNCTION invtrack_internal.judge_actual_days(@judged_types@) IS
'turnover_days: days on sale, at most the lookback; null where never on sale';

CREATE FUNCTION invtrack_internal.judge_days_of_cover(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_days_of_cover';
COMMENT ON FUNCTION invtrack_internal.judge_days_of_cover(@judged_types@) IS
'turnover_days: current stock / daily sales, cut to 1 decimal; null without sales';

CREATE FUNCTION invtrack_internal.judge_excluded_stock(@judged_arguments@)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_excluded_stock';
COMMENT ON FUNCTION invtrack_internal.judge_excluded_stock(@judged_types@) IS
'Units on hand that do not count for their shelf life; null under stalled_days';

CREATE FUNCTION invtrack_internal.judge_state(@judged_arguments@)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_state';
COMMENT ON FUNCTION invtrack_internal.judge_state(@judged_types@) IS
'The status; damaged, and no error, where a series is damaged';
