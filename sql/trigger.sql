
-- The guard of columns that stay as they are -----------------------------------

CREATE FUNCTION invtrack_internal.refuse_change()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'guard_refuse_change';
COMMENT ON FUNCTION invtrack_internal.refuse_change() IS
'trigger (hint, column ...): refuses to change what these columns say';

-- Immutable, as Citus wants functions of rows to be that it lets decide what a statement changes.
CREATE FUNCTION invtrack_internal.lift_guard(merchant text)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'guard_lift';
COMMENT ON FUNCTION invtrack_internal.lift_guard(text) IS
'True; the statement whose WHERE it is in may change what guards keep. For the owner alone';
