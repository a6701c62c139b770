
-- Keys that others give a reason to be brought in line again -----------------------------------------
--
-- They are noted, and brought in line before the transaction ends.

CREATE FUNCTION invtrack_internal.note_key(connection text, key text)
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_note_key';
COMMENT ON FUNCTION invtrack_internal.note_key(text, text) IS
'Notes a key of a connection, to be brought in line before the transaction ends';

-- Who is at such a key has not come to our items yet, which are locked, and judges it by what we leave: nobody waits for it.
CREATE FUNCTION invtrack_internal.rejected_beside(c invtrack.connection, keys text[], items bigint[], codes text[])
RETURNS TABLE (connection text, key text) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
BEGIN
    IF items IS NULL OR NOT EXISTS (SELECT FROM invtrack.connection_reject r WHERE r.sqlstate = ANY ('{21000,23505}')) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT r.connection, r.key
          FROM (SELECT DISTINCT r.connection, r.key, n.number
                  FROM unnest($3, $4) u (item, code)
                 CROSS JOIN LATERAL (
                     SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = u.item OFFSET 0) i
                  JOIN invtrack.connection_reject r
                    ON r.sqlstate = ANY ('{21000,23505}')
                   AND r.source_row ->> 'merchant' = i.merchant AND coalesce(r.source_row ->> 'sku', '') = i.sku
                   AND coalesce(r.source_row ->> 'inventory_type', '') = i.inventory_type
                   AND (u.code IS NULL OR r.source_row ->> CASE c.target WHEN 'incoming' THEN 'ref' ELSE 'lot' END = u.code)
                  JOIN invtrack.connection n ON n.connection = r.connection AND n.target = c.target
                 WHERE NOT (n.number = c.number AND r.key = ANY ($2))) r
         CROSS JOIN LATERAL (
             SELECT FROM invtrack.connection_key k WHERE k.connection = r.number AND k.key = r.key FOR UPDATE SKIP LOCKED) k;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.rejected_beside(invtrack.connection, text[], bigint[], text[]) IS
'Other keys whose rows were rejected for what some keys said of these items, and codes where they have some; locked';

CREATE FUNCTION invtrack_internal.note_rejected(c invtrack.connection, keys text[], items bigint[], codes text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    PERFORM invtrack_internal.note_key(r.connection, r.key) FROM invtrack_internal.rejected_beside(c, keys, items, codes) r;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.note_rejected(invtrack.connection, text[], bigint[], text[]) IS
'Notes them: what some keys said of their items has changed';

CREATE FUNCTION invtrack_internal.forget_gone(of_merchant text, of_sku text)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    of_item bigint;
    gone record;
BEGIN
    SELECT i.item INTO of_item FROM invtrack.connection_item i
     WHERE i.target = 'product' AND i.merchant = of_merchant AND i.sku = of_sku AND i.inventory_type = '' AND i.same_as IS NULL;
    FOR gone IN
        SELECT w.place, w.key, n.connection
          FROM (SELECT w.ctid AS place, w.connection, w.key, w.gone FROM invtrack.connection_row w WHERE w.item = of_item OFFSET 0) w
          JOIN invtrack.connection n ON n.number = w.connection
         WHERE w.gone
    LOOP
        DELETE FROM invtrack.connection_row w WHERE w.ctid = gone.place;
        DELETE FROM invtrack.connection_reject r
         WHERE r.connection = gone.connection AND r.key = gone.key AND r.row_number = 0 AND r.sqlstate = '23503';
    END LOOP;
    IF FOUND THEN
        DELETE FROM invtrack.connection_item i
         WHERE i.item = of_item AND NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = of_item);
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.forget_gone(text, text) IS
'A product that is gone from its source, and was renamed or merged by hand, is not the connection''s any more; its items are locked';

CREATE FUNCTION invtrack_internal.note_gone(items bigint[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF items IS NULL OR NOT EXISTS (SELECT FROM invtrack.connection_row w WHERE w.gone) THEN
        RETURN;
    END IF;
    PERFORM invtrack_internal.note_key(r.connection, r.key)
       FROM (SELECT DISTINCT n.connection, n.number, w.key
               FROM unnest(items) u (item)
              CROSS JOIN LATERAL (
                  SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = u.item OFFSET 0) i
              CROSS JOIN LATERAL (
                  SELECT e.item FROM invtrack.connection_item e
                   WHERE e.merchant = i.merchant AND e.sku = ANY (ARRAY[i.sku, '']) AND e.inventory_type = ANY (ARRAY[i.inventory_type, ''])
                     AND e.target = ANY ('{merchant,inventory_type,product}') AND e.same_as IS NULL OFFSET 0) e
              CROSS JOIN LATERAL (
                  SELECT w.connection, w.key, w.gone FROM invtrack.connection_row w WHERE w.item = e.item OFFSET 0) w
               JOIN invtrack.connection n ON n.number = w.connection
              WHERE w.gone) r
      CROSS JOIN LATERAL (
          SELECT FROM invtrack.connection_key k WHERE k.connection = r.number AND k.key = r.key FOR UPDATE SKIP LOCKED) k;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.note_gone(bigint[]) IS
'Notes the keys of merchants, products and inventory types that are gone from their source, and stay, which these items may have been the reason for';
