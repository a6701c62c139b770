
-- Keys brought in line, from what is locked first to what is deleted last --------------------------------

CREATE FUNCTION invtrack_internal.is_referred_to(target text, of_merchant text, of_sku text, of_type text)
RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN CASE target
        WHEN 'merchant' THEN
            EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.inventory_type t WHERE t.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.alert a WHERE a.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.check_state s WHERE s.merchant = of_merchant AND s.events > 0)
            OR EXISTS (SELECT FROM invtrack.flow_daily f WHERE f.merchant = of_merchant AND f.quantity <> 0)
            OR EXISTS (SELECT FROM invtrack.access_grant g WHERE g.merchant = of_merchant)
        WHEN 'product' THEN
            EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = of_merchant AND t.sku = of_sku)
            OR EXISTS (SELECT FROM invtrack.stock_lot l WHERE l.merchant = of_merchant AND l.sku = of_sku)
            OR EXISTS (SELECT FROM invtrack.incoming i WHERE i.merchant = of_merchant AND i.sku = of_sku)
            OR EXISTS (SELECT FROM invtrack.flow_daily f WHERE f.merchant = of_merchant AND f.sku = of_sku AND f.quantity <> 0)
        ELSE
            EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = of_merchant AND t.inventory_type = of_type)
            OR EXISTS (SELECT FROM invtrack.stock_lot l WHERE l.merchant = of_merchant AND l.inventory_type = of_type)
            OR EXISTS (SELECT FROM invtrack.incoming i WHERE i.merchant = of_merchant AND i.inventory_type = of_type)
            OR EXISTS (SELECT FROM invtrack.flow_daily f WHERE f.merchant = of_merchant AND f.inventory_type = of_type AND f.quantity <> 0)
        END;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.is_referred_to(text, text, text, text) IS
'Does anything refer to this merchant, product or inventory type: trackers, stock, units on order, movements, access?';

CREATE FUNCTION invtrack_internal.sync_gone(c invtrack.connection, of_keys text[] DEFAULT NULL, keep_adopted boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    keys text[];
    entity record;
    stays boolean;
    written bigint := 0;
    merchants text[];
BEGIN
    IF of_keys IS NULL THEN
        keys := ARRAY(SELECT DISTINCT w.key FROM invtrack.connection_row w WHERE w.connection = c.number AND w.gone);
    ELSE
        -- most are gone for good, and none of these is read: so the index of what is gone is not to be used here, and below
        keys := ARRAY(SELECT DISTINCT u.key FROM unnest(of_keys) u (key)
                       CROSS JOIN LATERAL (
                           SELECT w.gone FROM invtrack.connection_row w WHERE w.key = u.key AND w.connection = c.number OFFSET 0) w
                       WHERE w.gone);
    END IF;
    -- that they stay is told anew
    DELETE FROM invtrack.connection_reject r
     WHERE r.connection = c.connection AND r.key = ANY (keys) AND r.row_number = 0 AND r.sqlstate = '23503';
    FOR entity IN
        SELECT w.place, u.key, i.item, i.merchant, i.sku, i.inventory_type, i.adopted,
               EXISTS (SELECT FROM invtrack.connection_row o WHERE o.item = w.item AND NOT o.gone) AS is_shared,
               -- does a key have it that was rejected for what this one said of it?
               EXISTS (SELECT FROM invtrack.connection_reject r JOIN invtrack.connection n ON n.connection = r.connection AND n.target = c.target
                           WHERE r.sqlstate = '21000' AND r.source_row ->> 'merchant' = i.merchant AND coalesce(r.source_row ->> 'sku', '') = i.sku
                             AND coalesce(r.source_row ->> 'inventory_type', '') = i.inventory_type) AS is_wanted
          FROM unnest(keys) u (key)
         CROSS JOIN LATERAL (
             SELECT w.ctid AS place, w.item, w.gone FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = u.key OFFSET 0) w
          JOIN invtrack.connection_item i ON i.item = w.item
         WHERE w.gone
         ORDER BY i.merchant, i.sku, i.inventory_type, u.key
    LOOP
        IF entity.is_shared OR keep_adopted AND entity.adopted THEN
            DELETE FROM invtrack.connection_row w WHERE w.ctid = entity.place;
            CONTINUE;
        END IF;
        CONTINUE WHEN entity.is_wanted;
        -- only what may go gets a subtransaction, and is locked
        stays := invtrack_internal.is_referred_to(c.target, entity.merchant, entity.sku, entity.inventory_type);
        IF NOT stays THEN
            BEGIN
                -- Somebody may have brought it again.
                PERFORM FROM invtrack.connection_item i WHERE i.item = entity.item FOR UPDATE;
                PERFORM FROM invtrack.connection_row w
                  WHERE w.ctid = entity.place AND w.item = entity.item AND w.gone
                    AND NOT EXISTS (SELECT FROM invtrack.connection_row o WHERE o.item = entity.item AND NOT o.gone) FOR UPDATE;
                CONTINUE WHEN NOT FOUND;
                -- Nobody refers to it from now on until we are done.
                IF c.target = 'merchant' THEN
                    -- it counts events of the merchant, and there was none
                    DELETE FROM invtrack.check_state s WHERE s.merchant = entity.merchant AND s.events = 0;
                    PERFORM FROM invtrack.merchant m WHERE m.merchant = entity.merchant FOR UPDATE;
                ELSIF c.target = 'product' THEN
                    PERFORM FROM invtrack.product p WHERE p.merchant = entity.merchant AND p.sku = entity.sku FOR UPDATE;
                ELSE
                    PERFORM FROM invtrack.inventory_type t
                      WHERE t.merchant = entity.merchant AND t.inventory_type = entity.inventory_type FOR UPDATE;
                END IF;
                IF invtrack_internal.is_referred_to(c.target, entity.merchant, entity.sku, entity.inventory_type) THEN
                    RAISE foreign_key_violation;
                ELSIF c.target = 'merchant' THEN
                    DELETE FROM invtrack.merchant m WHERE m.merchant = entity.merchant;
                ELSIF c.target = 'product' THEN
                    DELETE FROM invtrack.product p WHERE p.merchant = entity.merchant AND p.sku = entity.sku;
                ELSE
                    DELETE FROM invtrack.inventory_type t WHERE t.merchant = entity.merchant AND t.inventory_type = entity.inventory_type;
                END IF;
                DELETE FROM invtrack.connection_row w WHERE w.ctid = entity.place;
                -- its merchant may go, too; what comes in its place is adopted, or not, by what is there then
                merchants := merchants || entity.merchant;
                DELETE FROM invtrack.connection_item i
                 WHERE i.item = entity.item AND NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = i.item);
                written := written + 1;
            EXCEPTION WHEN foreign_key_violation THEN
                stays := true;
            END;
        END IF;
        IF stays THEN
            INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate, message, hint)
            VALUES (c.connection, entity.key, 0, '23503',
                    format('%s "%s" is gone from the source, and stays: trackers, stock or movements refer to it', replace(c.target, '_', ' '),
                           CASE c.target WHEN 'merchant' THEN entity.merchant WHEN 'product' THEN entity.sku ELSE entity.inventory_type END),
                    'It is tried again when the key is synced. Mend its row if that is rejected, too; or delete what refers to it'
                    || CASE c.target WHEN 'product' THEN ', such as trackers, or merge it into another product.'
                                     WHEN 'merchant' THEN ', or all of it with delete_merchant().' ELSE '.' END)
                ON CONFLICT (connection, key, row_number) DO UPDATE
               SET sqlstate = excluded.sqlstate, message = excluded.message, hint = excluded.hint, rejected_at = excluded.rejected_at;
        END IF;
    END LOOP;
    IF c.target <> 'merchant' THEN
        PERFORM invtrack_internal.note_gone(ARRAY(
            SELECT i.item FROM invtrack.connection_item i
             WHERE i.target = 'merchant' AND i.merchant = ANY (merchants) AND i.sku = '' AND i.inventory_type = '' AND i.same_as IS NULL));
    END IF;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_gone(invtrack.connection, text[], boolean) IS
'Deletes the merchants, products or inventory types that some keys, or all, brought and have no more, unless anything refers to them; how many';

CREATE FUNCTION invtrack_internal.sync_gone_of(numbers integer[], of_keys text[] DEFAULT NULL)
RETURNS TABLE (number integer, written bigint) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    c invtrack.connection;
BEGIN
    FOR c IN SELECT n.* FROM invtrack.connection n WHERE n.number = ANY (numbers) AND n.target IN ('merchant', 'product', 'inventory_type')
              ORDER BY invtrack_internal.target_rank(n.target) DESC, n.number DESC LOOP
        number := c.number;
        written := invtrack_internal.sync_gone(c, of_keys);
        RETURN NEXT;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_gone_of(integer[], text[]) IS
'The same for some connections, in the reverse order of their targets';

CREATE FUNCTION invtrack_internal.reject_row(connection text, target text, r invtrack_internal.source_row)
RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO invtrack.connection_reject (connection, key, row_number, source_row, sqlstate, message, hint)
    VALUES (connection, (r).key, (r).row_number,
            coalesce((r).attributes, '{}') || jsonb_strip_nulls(jsonb_build_object(
                'merchant', (r).merchant, 'sku', (r).sku, 'inventory_type', (r).inventory_type,
                CASE target WHEN 'incoming' THEN 'ref' ELSE 'lot' END, (r).code,
                CASE target WHEN 'incoming' THEN 'expected_on' WHEN 'stock_lot' THEN 'expires_on' ELSE 'occurred_on' END, (r).day,
                'quantity', (r).quantity)),
            (r).fault[1], (r).fault[2], (r).fault[3]);
END;
COMMENT ON FUNCTION invtrack_internal.reject_row(text, text, invtrack_internal.source_row) IS
'Notes that a row of a source is not taken, and why';

CREATE FUNCTION invtrack_internal.sync_batch(c invtrack.connection, keys text[], is_empty boolean DEFAULT false, tries boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    tries_rows boolean := tries AND c.target IN ('merchant', 'product', 'inventory_type');
    source invtrack_internal.source_row[] := CASE WHEN is_empty THEN '{}' ELSE invtrack_internal.sync_source(c, keys, tries_rows) END;
    renaming text[];
    written bigint;
BEGIN
    IF c.target = 'product' THEN
        renaming := ARRAY(SELECT r.merchant FROM invtrack_internal.renamed_keys(c, source) r);
        PERFORM invtrack_internal.lock_merchants(renaming) WHERE renaming <> '{}';
    END IF;
    source := invtrack_internal.sync_items(c, keys, source, tries_rows);
    IF source IS NULL THEN
        RETURN NULL;
    END IF;
    IF c.target IN ('stock_lot', 'incoming') THEN
        SELECT u.source, u.written INTO source, written FROM invtrack_internal.sync_units(c, keys, source) u;
    ELSE
        SELECT e.source, e.written INTO source, written FROM invtrack_internal.sync_entities(c, keys, source, tries_rows) e;
    END IF;
    DELETE FROM invtrack.connection_reject r WHERE r.connection = c.connection AND r.key = ANY (keys);
    PERFORM invtrack_internal.reject_row(c.connection, c.target, r) FROM unnest(source) r WHERE r.fault IS NOT NULL;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_batch(invtrack.connection, text[], boolean, boolean) IS
'Brings keys in line that do not feed movements and are locked already, as if the source had nothing of them if it is_empty, row by row if it tries; how many rows were written; null: roll back, and do it again';

CREATE FUNCTION invtrack_internal.reject_long_keys(connection text, keys text[], is_empty boolean)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    DELETE FROM invtrack.connection_reject r
     WHERE r.connection = reject_long_keys.connection AND r.key IN (SELECT left(k, 100) || '... ' || md5(k) FROM unnest(keys) k);
    IF is_empty THEN
        RETURN;
    END IF;
    BEGIN
        INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate, message, hint)
        SELECT DISTINCT reject_long_keys.connection, left(k, 100) || '... ' || md5(k), 0, '54000', format('a key of %s bytes is too long', octet_length(k)),
               'A key has at most 2000 bytes. Make it shorter in the source, by a function like md5().'
          FROM unnest((invtrack_internal.read_source(connection, keys)).keys) k;
    EXCEPTION WHEN OTHERS THEN
        IF NOT invtrack_internal.is_of_data(SQLSTATE) THEN
            RAISE;
        END IF;
        INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate, message)
        SELECT DISTINCT reject_long_keys.connection, left(k, 100) || '... ' || md5(k), 0, SQLSTATE, SQLERRM FROM unnest(keys) k;
    END;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.reject_long_keys(text, text[], boolean) IS
'Notes that keys are too long for an index: the application''s transaction does not fail by them';

CREATE FUNCTION invtrack_internal.sync_keys(connection text, keys text[], is_empty boolean DEFAULT false, differing boolean DEFAULT false)
RETURNS bigint LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_sync_keys';
COMMENT ON FUNCTION invtrack_internal.sync_keys(text, text[], boolean, boolean) IS
'Brings keys of a connection in line, as if the source had nothing of them if is_empty, or only those of sales and shipments that differ; those that fail are rejected; how many rows were written';

CREATE FUNCTION invtrack_internal.wait_for_syncs(number integer)
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_wait_for_syncs';
COMMENT ON FUNCTION invtrack_internal.wait_for_syncs(integer) IS
'Waits for who brings keys of a connection in line; nobody does from now until the transaction ends';

CREATE FUNCTION invtrack_internal.forget_long_keys(c invtrack.connection, before timestamptz)
RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM invtrack.connection_reject r
     WHERE r.connection = (c).connection AND r.row_number = 0 AND r.rejected_at < before
       AND NOT EXISTS (SELECT FROM invtrack.connection_key k WHERE k.connection = (c).number AND k.key = r.key);
END;
COMMENT ON FUNCTION invtrack_internal.forget_long_keys(invtrack.connection, timestamptz) IS
'Takes away the rejects of keys that are too long for an index: those that the source still has are told anew';

CREATE FUNCTION invtrack_internal.known_keys(c invtrack.connection)
RETURNS text[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    of_source text[];
    is_read boolean := false;
BEGIN
    BEGIN
        of_source := invtrack_internal.read_keys(c.connection, NULL, NULL);
        is_read := true;
    EXCEPTION WHEN OTHERS THEN
        IF NOT invtrack_internal.is_of_data(SQLSTATE) THEN
            RAISE;
        END IF;
    END;
    IF is_read THEN
        PERFORM invtrack_internal.forget_long_keys(c, 'infinity');
    END IF;
    RETURN ARRAY(SELECT unnest(of_source) UNION SELECT k.key FROM invtrack.connection_key k WHERE k.connection = c.number);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.known_keys(invtrack.connection) IS 'The keys of the source now, and those that it had';

CREATE FUNCTION invtrack_internal.next_keys(c invtrack.connection, max_keys integer)
RETURNS text[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    coming text[];
BEGIN
    coming := invtrack_internal.read_keys(c.connection, c.progress, max_keys);
    IF coming IS NULL THEN
        PERFORM invtrack_internal.forget_long_keys(c, c.started_at);
    END IF;
    RETURN coming;
EXCEPTION WHEN OTHERS THEN
    IF NOT invtrack_internal.is_of_data(SQLSTATE) THEN
        RAISE;
    END IF;
    -- the keys that it had are not met, so they are rejected with the reason; other connections go on
    RAISE WARNING 'connection "%" cannot be read: %', c.connection, SQLERRM;
    RETURN NULL;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.next_keys(invtrack.connection, integer) IS
'The keys that sync_all() comes to next; null: there are no more, or the source cannot be read';

CREATE FUNCTION invtrack_internal.sync_step(c invtrack.connection, keys text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    PERFORM invtrack_internal.sync_keys(c.connection, keys);
    UPDATE invtrack.connection n SET progress = keys[array_length(keys, 1)] WHERE n.number = c.number;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_step(invtrack.connection, text[]) IS 'A batch of sync_all(), and how far it has come';

CREATE FUNCTION invtrack_internal.unmet_keys(c invtrack.connection, max_keys integer)
RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(k.key)
      FROM (SELECT u.key FROM invtrack.connection_key u
             WHERE u.connection = c.number AND u.synced_at < c.started_at ORDER BY u.key LIMIT max_keys) k;
END;
COMMENT ON FUNCTION invtrack_internal.unmet_keys(invtrack.connection, integer) IS 'Some keys that the sync_all() under way has not met; null: none';
