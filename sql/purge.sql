
-- Deleting what is not needed any more ------------------------------------------------------------

CREATE FUNCTION invtrack.purge_movements(merchant text, older_than_days integer)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'purge_movements';
COMMENT ON FUNCTION invtrack.purge_movements(text, integer) IS
'Deletes folded movements of a merchant, or of all where it is null, recorded more than this many days ago; their sums are kept. Returns how many';

CREATE PROCEDURE invtrack.purge_all(older_than_days integer, INOUT movements bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'purge_all';
COMMENT ON PROCEDURE invtrack.purge_all(integer, bigint) IS
'Purges the movements of all merchants as purge_movements() does, and commits after each; tells how many';

CREATE FUNCTION invtrack.delete_merchant(merchant text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'delete_merchant';
COMMENT ON FUNCTION invtrack.delete_merchant(text) IS
'Deletes everything of a merchant, its history included; true, or an error where there is nothing';
