
-- What a source must be ------------------------------------------------------------------------------
--
-- connect() looks at its columns, and at some of its rows.

CREATE FUNCTION invtrack_internal.is_of_application(relation regclass)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = relation AND n.nspname NOT IN ('invtrack', 'invtrack_internal', 'pg_catalog') AND r.relpersistence <> 't');
END;
COMMENT ON FUNCTION invtrack_internal.is_of_application(regclass) IS
'Is it there for all sessions, and not one of invtrack or PostgreSQL?';

CREATE FUNCTION invtrack_internal.key_kind(relation regclass, key name)
RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN a.atttypid = ANY ('{smallint,integer,bigint}'::regtype[]) THEN 'integer'
                WHEN a.atttypid = 'uuid'::regtype THEN 'uuid'
                WHEN a.atttypid = ANY ('{text,varchar}'::regtype[]) THEN 'text' END
      FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = key AND a.attnum > 0 AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION invtrack_internal.key_kind(regclass, name) IS
'What keys a column holds: integer, uuid or text; null: there is no such column, or it cannot be a key';

CREATE FUNCTION invtrack_internal.require_source(target text, source regclass, key name)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    wanted record;
    has record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = source AND r.relkind IN ('r', 'v', 'm', 'p', 'f')) THEN
        RAISE wrong_object_type USING MESSAGE = format('%s is not a table or view', source), COLUMN = 'source',
            HINT = 'A connection reads a table or a view.';
    ELSIF NOT invtrack_internal.is_of_application(source) THEN
        RAISE wrong_object_type USING MESSAGE = format('%s cannot be a source', source), COLUMN = 'source',
            HINT = 'Name a table or view of the application, not a temporary one, or one of invtrack.';
    END IF;
    FOR wanted IN
        SELECT key::text AS name, 'key' AS kind, true AS required
        UNION ALL
        SELECT c.column_name, c.kind, c.required FROM invtrack_internal.target_columns(target) c
    LOOP
        SELECT t.oid, t.typcategory, l.collisdeterministic, w.typcategory AS of_target INTO has
          FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_collation l ON l.oid = a.attcollation
          LEFT JOIN (pg_attribute b JOIN pg_type w ON w.oid = b.atttypid)
            ON wanted.kind = 'attribute' AND b.attrelid = to_regclass(format('invtrack.%I', target)) AND b.attname = wanted.name
         WHERE a.attrelid = source AND a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped;
        IF NOT FOUND AND wanted.required THEN
            RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', wanted.name, source), COLUMN = wanted.name,
                HINT = CASE wanted.kind WHEN 'key' THEN 'The argument key names a column of the source.'
                                        ELSE format('The target %s needs it: write a view that has it.', target) END;
        -- what day a moment is depends on whose session reads it
        ELSIF FOUND AND NOT (CASE wanted.kind
            WHEN 'day' THEN has.oid = 'date'::regtype
            WHEN 'quantity' THEN has.oid = ANY ('{smallint,integer,bigint,numeric,invtrack.quantity}'::regtype[])
            WHEN 'attribute' THEN has.typcategory = 'S' OR has.oid = 'date'::regtype AND has.of_target = 'D'
                               OR has.typcategory IN ('N', 'B', 'E', 'U') AND has.of_target IN (has.typcategory, 'S')
                               OR has.typcategory = 'N' AND has.of_target = 'B'
            ELSE invtrack_internal.key_kind(source, wanted.name) IS NOT NULL END) THEN
            RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is of type %s', wanted.name, source, format_type(has.oid, NULL)),
                COLUMN = wanted.name,
                HINT = CASE wanted.kind
                    WHEN 'day' THEN CASE has.typcategory WHEN 'D' THEN 'Give a date: invtrack.day_of(merchant, at) makes one of a moment.'
                                                         ELSE 'Cast it to date in a view.' END
                    WHEN 'quantity' THEN 'Cast it to numeric in a view.'
                    WHEN 'attribute' THEN format('Cast it in a view to the type of the column of %s.', target)
                    ELSE 'Cast it in a view to smallint, integer, bigint, uuid, text or varchar.' END;
        END IF;
        IF FOUND AND wanted.kind = 'key' AND NOT has.collisdeterministic THEN
            RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s has a collation by which different keys are equal', wanted.name, source),
                COLUMN = wanted.name, HINT = 'Write COLLATE "C" behind it in a view.';
        END IF;
        IF FOUND AND NOT has_column_privilege(source, wanted.name, 'SELECT') THEN
            RAISE insufficient_privilege USING MESSAGE = format('permission denied to read column "%s" of %s', wanted.name, source),
                COLUMN = wanted.name, HINT = 'The owner of the extension needs SELECT on the source.';
        END IF;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.require_source(text, regclass, name) IS
'An error unless the source has the columns of the target and the key, of types that fit, and may be read';

CREATE FUNCTION invtrack_internal.require_sample(c invtrack.connection)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    sample invtrack_internal.source_row[];
    faulty invtrack_internal.source_row;
    hint text;
BEGIN
    BEGIN
        sample := invtrack_internal.sync_judge(c, invtrack_internal.read_source(c.connection, NULL, 100));
    EXCEPTION
        WHEN foreign_key_violation THEN     -- day_of(), of a merchant that may still come
            RETURN;
        WHEN insufficient_privilege THEN
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            RAISE insufficient_privilege USING MESSAGE = SQLERRM, COLUMN = 'source',
                HINT = coalesce(nullif(hint, ''), 'The source is read as its owner, who must be allowed to read all rows of what it reads.');
        WHEN undefined_table OR undefined_function THEN
            RAISE USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM, COLUMN = 'source',
                HINT = 'The source is read with search_path = pg_catalog: its functions name schemas, or have SET search_path.';
    END;
    IF c.target IN ('merchant', 'product', 'inventory_type') THEN
        sample := invtrack_internal.try_entities(c, sample);
    END IF;
    -- What a row refers to may still come.
    SELECT r.* INTO faulty
      FROM unnest(sample) r
     WHERE r.fault[1] <> '23503'
     ORDER BY r.key COLLATE "C", r.row_number LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING MESSAGE = faulty.fault[2], COLUMN = faulty.fault[4],
            DETAIL = format('Row %s of key "%s" of %s.', faulty.row_number, faulty.key, c.source), HINT = faulty.fault[3];
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.require_sample(invtrack.connection) IS
'An error if one of some rows of the source has a value that the target does not take';

CREATE FUNCTION invtrack_internal.tell_doubts(c invtrack.connection)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    unread text;
    other text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO unread
      FROM pg_attribute a
     WHERE a.attrelid = c.source AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (c.key || c.columns);
    IF unread IS NOT NULL THEN
        RAISE NOTICE 'columns of % that are not read: %', c.source, unread
              USING HINT = format('The target %s reads %s.', c.target,
                                  (SELECT string_agg(k.column_name, ', ') FROM invtrack_internal.target_columns(c.target) k));
    END IF;
    SELECT n.connection INTO other FROM invtrack.connection n
     WHERE n.number <> c.number AND n.target = c.target AND n.source = c.source LIMIT 1;
    IF FOUND AND c.target IN ('stock_lot', 'incoming', 'sale', 'shipment') THEN
        RAISE WARNING 'connection "%" reads % already, and both count', other, c.source
              USING HINT = 'Disconnect one of them with keep_data => false.';
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.tell_doubts(invtrack.connection) IS
'Tells what a new connection may not be meant to be: columns that it does not read, and a source that another one reads, too';
