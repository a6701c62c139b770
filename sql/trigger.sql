
-- The guard of columns that stay as they are -----------------------------------

CREATE FUNCTION invtrack_internal.refuse_change()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'guard_refuse_change';
COMMENT ON FUNCTION invtrack_internal.refuse_change() IS
'trigger (hint, column ...): refuses to change what these columns say';
