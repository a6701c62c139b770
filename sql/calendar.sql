
-- The calendar: which day it is for a merchant -------------------------------

CREATE FUNCTION invtrack_internal.as_of_support(internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'calendar_as_of_support';
COMMENT ON FUNCTION invtrack_internal.as_of_support(internal) IS
'planner support of as_of: refuses a day that would not reach the nodes of Citus';

CREATE FUNCTION invtrack_internal.as_of(time_zone text)
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE
SUPPORT invtrack_internal.as_of_support
AS 'MODULE_PATHNAME', 'calendar_as_of';
COMMENT ON FUNCTION invtrack_internal.as_of(text) IS
'The day that health is worked out for: the setting invtrack.as_of, else today in this time zone';

CREATE FUNCTION invtrack.today(merchant text)
RETURNS date LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'calendar_today';
COMMENT ON FUNCTION invtrack.today(text) IS
'Today in the merchant''s time zone at the start of the transaction, whatever TimeZone and invtrack.as_of are';

CREATE FUNCTION invtrack.day_of(merchant text, at timestamptz)
RETURNS date LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'calendar_day_of';
COMMENT ON FUNCTION invtrack.day_of(text, timestamptz) IS
'The day of a moment in the merchant''s time zone';

CREATE FUNCTION invtrack_internal.day_in(time_zone text, at timestamptz)
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'calendar_day_in';
COMMENT ON FUNCTION invtrack_internal.day_in(text, timestamptz) IS
'The day of a moment in this time zone';

CREATE FUNCTION invtrack_internal.check_time_zone()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'calendar_check_time_zone';
COMMENT ON FUNCTION invtrack_internal.check_time_zone() IS
'trigger: the column time_zone is a name in the server''s own list; a restore takes what an older list had';
