
-- Connecting, watching, syncing: what a DBA calls ----------------------------------------------------

CREATE FUNCTION invtrack_internal.find_connection(connection text)
RETURNS invtrack.connection LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    has invtrack.connection;
BEGIN
    IF connection IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'connection must not be null', COLUMN = 'connection',
            HINT = 'Give a value for the argument connection.';
    END IF;
    SELECT c.* INTO has FROM invtrack.connection c WHERE c.connection = find_connection.connection;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('connection "%s" does not exist', find_connection.connection), COLUMN = 'connection',
            HINT = 'The view invtrack.connection_status lists what there is.';
    END IF;
    RETURN has;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.find_connection(text) IS 'The connection of this name, or an error';

CREATE FUNCTION invtrack.connect(connection text, target text, source regclass, key name)
RETURNS text LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    before invtrack.connection;
    now invtrack.connection;
    missing text;
BEGIN
    missing := CASE WHEN connection IS NULL THEN 'connection' WHEN target IS NULL THEN 'target'
                    WHEN source IS NULL THEN 'source' WHEN key IS NULL THEN 'key' END;
    IF missing IS NOT NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = format('%s must not be null', missing), COLUMN = missing,
            HINT = format('Give a value for the argument %s.', missing);
    ELSIF NOT invtrack_internal.is_code(connection) THEN
        RAISE invalid_parameter_value USING MESSAGE = format('connection "%s" is not a valid code', connection), COLUMN = 'connection',
            HINT = 'A code has 1 to 200 bytes and no white space at either end.';
    ELSIF invtrack_internal.target_rank(target) IS NULL THEN
        RAISE invalid_parameter_value USING MESSAGE = format('target "%s" does not exist', target), COLUMN = 'target',
            HINT = 'Use merchant, inventory_type, product, stock_lot, incoming, sale or shipment.';
    ELSIF invtrack_internal.is_distributed() THEN
        RAISE feature_not_supported USING MESSAGE = 'connections do not feed tables that Citus has distributed',
            HINT = 'Load them by INSERT.';
    END IF;
    PERFORM invtrack_internal.require_source(target, source, key);
    SELECT c.* INTO before FROM invtrack.connection c WHERE c.connection = connect.connection FOR UPDATE;
    IF before.target <> target THEN
        RAISE invalid_parameter_value USING MESSAGE = format('connection "%s" feeds %s already', connection, before.target), COLUMN = 'target',
            HINT = 'Disconnect it first, or use another name.';
    END IF;
    INSERT INTO invtrack.connection AS c (connection, target, source, key, columns)
    SELECT connect.connection, connect.target, connect.source, connect.key,
           ARRAY(SELECT k.column_name FROM invtrack_internal.target_columns(target) k JOIN pg_attribute a ON a.attrelid = source AND a.attname = k.column_name
                  WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY k.column_name COLLATE "C")
        ON CONFLICT ON CONSTRAINT connection_pkey DO UPDATE
        SET source = excluded.source, key = excluded.key, columns = excluded.columns, progress = NULL, started_at = NULL
     WHERE (c.source, c.key, c.columns) IS DISTINCT FROM (excluded.source, excluded.key, excluded.columns)
    RETURNING c.* INTO now;
    IF now.connection IS NOT NULL THEN
        PERFORM invtrack_internal.require_sample(now);
        PERFORM invtrack_internal.tell_doubts(now);
    END IF;
    IF now.key <> before.key AND now.target IN ('merchant', 'product', 'inventory_type') THEN
        -- a key of another column is another record's, which is not renamed
        UPDATE invtrack.connection_row w SET gone = true WHERE w.connection = now.number AND NOT w.gone;
    END IF;
    RETURN CASE WHEN before.connection IS NULL THEN 'created' WHEN now.connection IS NULL THEN 'unchanged' ELSE 'updated' END;
END
$body$;
COMMENT ON FUNCTION invtrack.connect(text, text, regclass, name) IS
'Feeds merchant, product, inventory_type, stock_lot, incoming, sale or shipment from a table or view, whose rows of a key are brought in line together; created, updated or unchanged';

CREATE FUNCTION invtrack_internal.is_followed(watched regclass)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    -- Rows are noted by the triggers of partitions. These are not locked, as pg_partition_tree() would.
    WITH RECURSIVE part AS (
        SELECT watched::oid AS relid
        UNION ALL
        SELECT i.inhrelid FROM part JOIN pg_inherits i ON i.inhparent = part.relid JOIN pg_class r ON r.oid = i.inhrelid AND r.relispartition),
    w AS MATERIALIZED (
        SELECT string_agg(convert_to(k.key, getdatabaseencoding()) || '\x00', '' ORDER BY k.key) AS arguments, bool_or(k.always) AS always
          FROM (SELECT w.key, bool_or(w.fire = 'always') AS always FROM invtrack.connection_watch w WHERE w.watched = is_followed.watched GROUP BY w.key) k)
    SELECT NOT EXISTS (
        SELECT FROM (SELECT part.relid, 'invtrack_note' AS name FROM part UNION ALL SELECT watched, 'invtrack_note_truncate') n
         CROSS JOIN w
          LEFT JOIN pg_trigger t
            ON t.tgrelid = n.relid AND t.tgname = n.name AND t.tgfoid = 'invtrack_internal.connection_note()'::regprocedure
           AND t.tgargs = w.arguments AND (t.tgenabled = 'A' OR t.tgenabled = 'O' AND NOT w.always)
         WHERE t.oid IS NULL);
END;
COMMENT ON FUNCTION invtrack_internal.is_followed(regclass) IS
'Are the triggers of a watched table there, and enabled as its watches want them?';

CREATE FUNCTION invtrack_internal.key_misfit(c invtrack.connection, watched regclass, key name)
RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN w.kind IS NULL THEN format('column "%s" of %s cannot be a key', key, watched)
                WHEN w.kind <> s.kind AND 'text' NOT IN (w.kind, s.kind)
                THEN format('column "%s" of %s cannot hold a key of connection "%s": %s, and not %s', key, watched, (c).connection, w.kind, s.kind) END
      FROM (SELECT invtrack_internal.key_kind(watched, key) AS kind) w, (SELECT invtrack_internal.key_kind((c).source, (c).key) AS kind) s;
END;
COMMENT ON FUNCTION invtrack_internal.key_misfit(invtrack.connection, regclass, name) IS
'Why a column of a table cannot hold the keys of a connection; null: it can';

CREATE FUNCTION invtrack.watch(connection text, watched regclass, key name, fire text DEFAULT 'origin')
RETURNS text LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    c invtrack.connection;
    before invtrack.connection_watch;
    missing text;
    other regclass;
    misfit text;
    partitioner oid;
BEGIN
    missing := CASE WHEN connection IS NULL THEN 'connection' WHEN watched IS NULL THEN 'watched' WHEN key IS NULL THEN 'key' WHEN fire IS NULL THEN 'fire' END;
    IF missing IS NOT NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = format('%s must not be null', missing), COLUMN = missing,
            HINT = format('Give a value for the argument %s.', missing);
    ELSIF fire NOT IN ('origin', 'always') THEN
        RAISE invalid_parameter_value USING MESSAGE = format('fire "%s" does not exist', fire), COLUMN = 'fire',
            HINT = 'Use origin, or always for a table that logical replication writes.';
    END IF;
    c := invtrack_internal.find_connection(connection);
    IF NOT invtrack_internal.is_of_application(watched) OR NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = watched AND r.relkind IN ('r', 'p')) THEN
        RAISE wrong_object_type USING MESSAGE = format('%s cannot be watched', watched), COLUMN = 'watched',
            HINT = 'Watch base tables of the application: not views, foreign or temporary tables, or those of invtrack.';
    END IF;
    -- triggers of a partitioned table are also those of its partitions
    SELECT w.watched INTO other FROM invtrack.connection_watch w
     WHERE w.watched <> watch.watched
       AND (w.watched IN (SELECT p.relid FROM pg_partition_ancestors(watch.watched) p)
            OR w.watched IN (SELECT p.relid FROM pg_partition_tree(watch.watched) p))
     LIMIT 1;
    IF FOUND THEN
        RAISE wrong_object_type USING MESSAGE = format('%s cannot be watched beside %s, which is watched', watched, other), COLUMN = 'watched',
            HINT = 'Watch the partitioned table, which includes its partitions, and none of these by itself.';
    END IF;
    PERFORM FROM pg_attribute a WHERE a.attrelid = watched AND a.attname = watch.key AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', key, watched), COLUMN = 'key',
            HINT = 'Name the column that holds the key of the connection. A table without one cannot be watched: sync() brings its changes.';
    END IF;
    misfit := invtrack_internal.key_misfit(c, watched, key);
    IF misfit IS NOT NULL THEN
        RAISE datatype_mismatch USING MESSAGE = misfit, COLUMN = 'key',
            HINT = 'Name the column that holds the key of the connection: a smallint, integer, bigint, uuid, text or varchar. '
                   'A generated column can make one of other columns.';
    END IF;
    -- who adds a partition makes our triggers there
    FOR partitioner IN
        SELECT DISTINCT r.relowner FROM pg_partition_tree(watched) p JOIN pg_class r ON r.oid = p.relid
         WHERE r.relkind = 'p' AND NOT has_function_privilege(r.relowner, 'invtrack_internal.connection_note()', 'EXECUTE')
    LOOP
        LOCK TABLE invtrack.connection_watch IN SHARE UPDATE EXCLUSIVE MODE;    -- one GRANT at a time
        EXECUTE format('GRANT EXECUTE ON FUNCTION invtrack_internal.connection_note() TO %I', pg_get_userbyid(partitioner));
    END LOOP;
    SELECT w.* INTO before FROM invtrack.connection_watch w WHERE w.connection = c.connection AND w.watched = watch.watched;
    IF before.key = watch.key AND before.fire = watch.fire AND invtrack_internal.is_followed(watched) THEN
        RETURN 'unchanged';
    END IF;
    PERFORM invtrack_internal.lock_watched(ARRAY[watched]);
    PERFORM FROM invtrack.connection n WHERE n.number = c.number FOR KEY SHARE;
    IF NOT FOUND THEN
        c := invtrack_internal.find_connection(connection);
    END IF;
    PERFORM invtrack_internal.settle_notes();
    SELECT w.* INTO before FROM invtrack.connection_watch w WHERE w.connection = c.connection AND w.watched = watch.watched FOR UPDATE;
    INSERT INTO invtrack.connection_watch AS w (connection, watched, key, fire) VALUES (c.connection, watch.watched, watch.key, watch.fire)
        ON CONFLICT ON CONSTRAINT connection_watch_pkey DO UPDATE SET key = excluded.key, fire = excluded.fire;
    PERFORM invtrack_internal.set_watch(watched);
    RETURN CASE WHEN before.connection IS NULL THEN 'created' ELSE 'updated' END;
END
$body$;
COMMENT ON FUNCTION invtrack.watch(text, regclass, name, text) IS
'Follows changes of a table, one column of which holds the key of the connection. Locks the table: SHARE ROW EXCLUSIVE, or ACCESS EXCLUSIVE if it is watched already. Returns created, updated or unchanged';

CREATE FUNCTION invtrack.unwatch(connection text, watched regclass)
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    c invtrack.connection;
BEGIN
    IF connection IS NOT NULL AND watched IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'watched must not be null', COLUMN = 'watched', HINT = 'Give a value for the argument watched.';
    END IF;
    c := invtrack_internal.find_connection(connection);
    PERFORM FROM invtrack.connection_watch w WHERE w.connection = c.connection AND w.watched = unwatch.watched;
    IF FOUND THEN
        PERFORM invtrack_internal.lock_watched(ARRAY[watched]);
        PERFORM invtrack_internal.settle_notes();
        DELETE FROM invtrack.connection_watch w WHERE w.connection = c.connection AND w.watched = unwatch.watched;
    END IF;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('connection "%s" does not watch %s', c.connection, watched), COLUMN = 'watched',
            HINT = 'The view invtrack.connection_status lists what is watched.';
    END IF;
    PERFORM invtrack_internal.set_watch(watched);
    RETURN true;
END
$body$;
COMMENT ON FUNCTION invtrack.unwatch(text, regclass) IS 'Follows the changes of a table no more; true, or an error';

CREATE TYPE invtrack.synced AS (connection text, keys bigint, changed bigint, rejected bigint);
COMMENT ON TYPE invtrack.synced IS 'A row of sync';

CREATE FUNCTION invtrack.sync(connection text DEFAULT NULL, keys text[] DEFAULT NULL)
RETURNS SETOF invtrack.synced LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
    c invtrack.connection;
    wanted text[];
    numbers integer[];
    results jsonb := '{}';
    gone jsonb;
BEGIN
    IF $1 IS NULL AND $2 IS NOT NULL THEN
        RAISE invalid_parameter_value USING MESSAGE = 'keys are given without a connection', COLUMN = 'keys',
            HINT = 'Name the connection whose keys these are.';
    ELSIF $1 IS NOT NULL THEN
        PERFORM invtrack_internal.find_connection($1);
    END IF;
    FOR c IN SELECT n.* FROM invtrack.connection n WHERE n.connection = $1 OR $1 IS NULL
              ORDER BY invtrack_internal.target_rank(n.target), n.number LOOP
        wanted := CASE WHEN $2 IS NULL THEN invtrack_internal.known_keys(c) ELSE invtrack_internal.as_keys(c.connection, $2) END;
        results := results || jsonb_build_object(c.number, jsonb_build_array(
            coalesce(array_length(wanted, 1), 0), invtrack_internal.sync_keys(c.connection, wanted, differing => $2 IS NULL)));
        numbers := numbers || c.number;
    END LOOP;
    SELECT jsonb_object_agg(g.number, g.written) INTO gone FROM invtrack_internal.sync_gone_of(numbers, CASE WHEN $2 IS NOT NULL THEN wanted END) g;
    RETURN QUERY
        SELECT n.connection, (results -> n.number::text ->> 0)::bigint,
               (results -> n.number::text ->> 1)::bigint + coalesce((gone ->> n.number::text)::bigint, 0),
               (SELECT count(*) FROM invtrack.connection_reject r WHERE r.connection = n.connection AND (r.key = ANY (wanted) OR $2 IS NULL))
          FROM invtrack.connection n WHERE n.number = ANY (numbers)
         ORDER BY invtrack_internal.target_rank(n.target), n.number;
END
$body$;
COMMENT ON FUNCTION invtrack.sync(text, text[]) IS
'Brings keys of a connection, or all of it, or all connections, in line with their sources; per connection how many keys it looked at, rows it wrote and rows that are rejected';

CREATE FUNCTION invtrack_internal.require_may_commit(procedure text, function text)
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_require_may_commit';
COMMENT ON FUNCTION invtrack_internal.require_may_commit(text, text) IS
'An error inside a transaction block, where a procedure cannot commit; the function does without';

CREATE PROCEDURE invtrack.sync_all(connection text DEFAULT NULL)
LANGUAGE plpgsql
AS $body$
DECLARE
    c invtrack.connection;
    each integer;
    numbers integer[];
    batch constant integer := 2000;
    coming text[];
    told timestamptz := pg_catalog.clock_timestamp();
    total bigint := 0;
BEGIN
    PERFORM invtrack_internal.require_may_commit('sync_all', 'sync');
    IF sync_all.connection IS NOT NULL THEN
        PERFORM invtrack_internal.find_connection(sync_all.connection);
    END IF;
    numbers := ARRAY(SELECT n.number FROM invtrack.connection n
                      WHERE n.connection OPERATOR(pg_catalog.=) sync_all.connection OR sync_all.connection IS NULL
                      ORDER BY invtrack_internal.target_rank(n.target), n.number);
    FOREACH each IN ARRAY numbers LOOP
        SELECT n.* INTO c FROM invtrack.connection n WHERE n.number OPERATOR(pg_catalog.=) each;
        CONTINUE WHEN c.number IS NULL;
        IF c.started_at IS NULL THEN
            UPDATE invtrack.connection n SET started_at = pg_catalog.clock_timestamp(), progress = NULL
             WHERE n.number OPERATOR(pg_catalog.=) c.number RETURNING n.* INTO c;
        END IF;
        COMMIT;
        LOOP
            coming := invtrack_internal.next_keys(c, 50 OPERATOR(pg_catalog.*) batch);
            EXIT WHEN coming IS NULL;
            FOR i IN 0 .. (pg_catalog.array_length(coming, 1) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) batch LOOP
                PERFORM invtrack_internal.sync_step(c, coming[i OPERATOR(pg_catalog.*) batch OPERATOR(pg_catalog.+) 1:(i OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.*) batch]);
                COMMIT;
                total := total OPERATOR(pg_catalog.+) batch;
                IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>) (told OPERATOR(pg_catalog.+) '10 s'::pg_catalog.interval) THEN
                    RAISE NOTICE 'synced about % keys so far, of connection "%" up to "%"', total, c.connection,
                        (SELECT n.progress FROM invtrack.connection n WHERE n.number OPERATOR(pg_catalog.=) c.number);
                    told := pg_catalog.clock_timestamp();
                END IF;
            END LOOP;
            c.progress := coming[pg_catalog.array_length(coming, 1)];
        END LOOP;
        -- What the source had and has no more was not met on the way.
        LOOP
            coming := invtrack_internal.unmet_keys(c, batch);
            EXIT WHEN coming IS NULL;
            PERFORM invtrack_internal.sync_keys(c.connection, coming);
            COMMIT;
        END LOOP;
        UPDATE invtrack.connection n SET started_at = NULL, progress = NULL WHERE n.number OPERATOR(pg_catalog.=) c.number;
        COMMIT;
    END LOOP;
    PERFORM invtrack_internal.sync_gone_of(numbers);
END
$body$;
COMMENT ON PROCEDURE invtrack.sync_all(text) IS
'Brings a connection, or all of them, in line with their sources, in batches that commit; goes on where it was stopped';

CREATE FUNCTION invtrack.disconnect(connection text, keep_data boolean DEFAULT true)
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    c invtrack.connection;
    of_table regclass;
    tables regclass[];
    others text[];
    other_keys text[];
    unused bigint[];
BEGIN
    IF connection IS NOT NULL AND keep_data IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'keep_data must not be null', COLUMN = 'keep_data', HINT = 'Give a value for the argument keep_data.';
    END IF;
    c := invtrack_internal.find_connection(connection);
    tables := ARRAY(SELECT w.watched FROM invtrack.connection_watch w WHERE w.connection = c.connection);
    PERFORM invtrack_internal.lock_watched(tables);
    -- somebody may just let it watch another one
    PERFORM FROM invtrack.connection n WHERE n.number = c.number FOR UPDATE;
    PERFORM invtrack_internal.lock_watched(ARRAY(
        SELECT w.watched FROM invtrack.connection_watch w WHERE w.connection = c.connection AND w.watched <> ALL (tables)));
    tables := ARRAY(SELECT w.watched FROM invtrack.connection_watch w WHERE w.connection = c.connection);
    PERFORM invtrack_internal.settle_notes();
    DELETE FROM invtrack.connection_watch w WHERE w.connection = c.connection;
    FOREACH of_table IN ARRAY tables LOOP
        PERFORM invtrack_internal.set_watch(of_table);
    END LOOP;
    PERFORM invtrack_internal.wait_for_syncs(c.number);
    IF NOT keep_data THEN
        PERFORM invtrack_internal.sync_keys(c.connection, ARRAY(SELECT k.key FROM invtrack.connection_key k WHERE k.connection = c.number), true);
    END IF;
    -- What other connections say of the same is taken then; before it goes, or else as what was there.
    SELECT array_agg(r.connection), array_agg(r.key) INTO others, other_keys
      FROM (SELECT array_agg(w.item) AS items, array_agg(w.code) AS codes
              FROM (SELECT DISTINCT w.item, w.code FROM invtrack.connection_row w WHERE w.connection = c.number) w) w
     CROSS JOIN LATERAL invtrack_internal.rejected_beside(c, '{}', w.items, w.codes) r
     WHERE r.connection <> c.connection;
    IF NOT keep_data THEN
        PERFORM invtrack_internal.sync_keys(u.connection, array_agg(u.key)) FROM unnest(others, other_keys) u (connection, key) GROUP BY u.connection;
        PERFORM invtrack_internal.sync_gone(c, keep_adopted => true);
    END IF;
    IF keep_data AND c.target IN ('merchant', 'product', 'inventory_type') THEN
        -- also where another connection has it, which may lose it
        UPDATE invtrack.connection_item i SET adopted = true FROM invtrack.connection_row w
         WHERE w.connection = c.number AND i.item = w.item AND NOT i.adopted;
    END IF;
    DELETE FROM invtrack.connection n WHERE n.number = c.number;
    DELETE FROM invtrack.connection_key k WHERE k.connection = c.number;
    DELETE FROM invtrack.connection_row w WHERE w.connection = c.number;
    DELETE FROM invtrack.connection_line l WHERE l.connection = c.number;
    -- Another connection may just bring something of an item; a snapshot that stays would not show it. Lines do not tell who has an
    -- item: numbers of theirs go with the last connection.
    IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
        unused := ARRAY(SELECT i.item FROM invtrack.connection_item i
                         WHERE i.target = c.target AND NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = i.item)
                           AND (i.target NOT IN ('sale', 'shipment') OR NOT EXISTS (SELECT FROM invtrack.connection n WHERE n.target = c.target))
                         ORDER BY i.merchant, i.sku, i.inventory_type FOR UPDATE);
        DELETE FROM invtrack.connection_item i
         WHERE i.item = ANY (unused) AND NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = i.item)
           AND (i.target NOT IN ('sale', 'shipment') OR NOT EXISTS (SELECT FROM invtrack.connection n WHERE n.target = c.target));
    ELSIF keep_data THEN
        UPDATE invtrack.connection_item i SET adopted = true
         WHERE i.target = c.target AND NOT i.adopted AND NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = i.item);
    END IF;
    IF keep_data THEN
        PERFORM invtrack_internal.note_key(u.connection, u.key) FROM unnest(others, other_keys) u (connection, key);
    END IF;
    RETURN true;
END
$body$;
COMMENT ON FUNCTION invtrack.disconnect(text, boolean) IS
'Ends a connection. What it brought stays, or, without keep_data, goes: movements by opposite ones; what was there before it stays. True, or an error';
