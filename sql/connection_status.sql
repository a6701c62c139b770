
-- How connections are doing --------------------------------------------------------------------------

CREATE FUNCTION invtrack_internal.source_problem(c invtrack.connection)
RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    problem text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = c.source) THEN
        RETURN 'the source is gone: connect() what is there now';
    END IF;
    SELECT format('column "%s" of %s is gone', n.name, c.source) INTO problem
      FROM unnest(c.key || c.columns) n (name)
     WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.source AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped)
     LIMIT 1;
    IF problem IS NULL THEN
        SELECT CASE WHEN r.oid IS NULL THEN 'a watched table is gone: unwatch() its number'
                    WHEN a.attname IS NULL THEN format('column "%s" of %s is gone: watch() another one', w.key, w.watched)
                    WHEN m.misfit IS NOT NULL THEN m.misfit
                    ELSE format('a trigger of invtrack on %s was dropped or disabled', w.watched) END INTO problem
          FROM invtrack.connection_watch w
          LEFT JOIN pg_class r ON r.oid = w.watched
          LEFT JOIN pg_attribute a ON a.attrelid = w.watched AND a.attname = w.key AND a.attnum > 0 AND NOT a.attisdropped
         CROSS JOIN LATERAL invtrack_internal.key_misfit(c, w.watched, w.key) m (misfit)
         WHERE w.connection = c.connection
           AND (a.attname IS NULL OR m.misfit IS NOT NULL OR NOT invtrack_internal.is_followed(w.watched))
         ORDER BY w.watched LIMIT 1;
    END IF;
    RETURN problem;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.source_problem(invtrack.connection) IS
'What of a connection''s source or watched tables has gone, or is not as the connection needs it; null: nothing';

CREATE FUNCTION invtrack_internal.broken_connections()
RETURNS bigint LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'connection_broken_connections';
COMMENT ON FUNCTION invtrack_internal.broken_connections() IS
'How many connections cannot follow their source; 0 for who may not read all merchants';

CREATE VIEW invtrack.connection_status WITH (security_invoker) AS
SELECT c.connection,
       c.target,
       c.source::text AS source,
       c.key,
       ARRAY(SELECT w.watched::text FROM invtrack.connection_watch w WHERE w.connection = c.connection ORDER BY w.watched::text) AS watched,
       k.keys,
       r.rejects,
       k.last_sync,
       coalesce(invtrack_internal.source_problem(c.*), r.last_error) AS last_error
  FROM invtrack.connection c
 CROSS JOIN LATERAL (
     SELECT pg_catalog.count(*) AS keys, pg_catalog.max(k.synced_at) AS last_sync
       FROM invtrack.connection_key k WHERE k.connection = c.number) k
 CROSS JOIN LATERAL (
     SELECT pg_catalog.count(*) AS rejects,
            (pg_catalog.array_agg(r.message ORDER BY r.rejected_at DESC, r.row_number))[1] AS last_error
       FROM invtrack.connection_reject r WHERE r.connection = c.connection) r;
COMMENT ON VIEW invtrack.connection_status IS 'How each connection is doing';
COMMENT ON COLUMN invtrack.connection_status.connection IS 'Name of the connection';
COMMENT ON COLUMN invtrack.connection_status.target IS 'What it feeds';
COMMENT ON COLUMN invtrack.connection_status.source IS 'The table or view that it reads; a number: it is gone';
COMMENT ON COLUMN invtrack.connection_status.key IS 'Column of the source that is the key';
COMMENT ON COLUMN invtrack.connection_status.watched IS 'Tables whose changes are followed';
COMMENT ON COLUMN invtrack.connection_status.keys IS 'How many keys have been synced';
COMMENT ON COLUMN invtrack.connection_status.rejects IS 'How many rows, or keys, are rejected';
COMMENT ON COLUMN invtrack.connection_status.last_sync IS 'When a key was last brought in line; null: never';
COMMENT ON COLUMN invtrack.connection_status.last_error IS 'Why changes cannot be followed, such as a column or trigger that has gone, or else the last error; null: none';
