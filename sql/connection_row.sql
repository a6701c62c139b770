
-- Keys brought in line -------------------------------------------------------------------------------
--
-- In this order: the connection is held, so that nobody ends it; the keys are locked, by updating their rows, in the order of their bytes; the source is read, with a new
-- snapshot; rows are judged as a set; items are locked in order where several keys add up; what the keys brought
-- before is compared with what they bring now, and the difference is written. What is refused goes to connection_reject and counts
-- as absent. An error that no rule foresaw is looked for by halving the keys, each half in a subtransaction of its own.

CREATE FUNCTION invtrack_internal.target_rank(target text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.array_position(ARRAY['merchant', 'inventory_type', 'product', 'stock_lot', 'incoming', 'sale', 'shipment'], target);
COMMENT ON FUNCTION invtrack_internal.target_rank(text) IS 'Targets in the order in which they are brought in line: what is referred to comes first';

CREATE FUNCTION invtrack_internal.is_of_data(sqlstate text)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'connection_is_of_data';
COMMENT ON FUNCTION invtrack_internal.is_of_data(text) IS
'Is an error one of the data, and not one that the transaction would have without a connection, too?';

CREATE FUNCTION invtrack_internal.sync_judge(c invtrack.connection, source invtrack_internal.source_rows)
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN (
    SELECT array_agg((r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, NULL,
                      invtrack_internal.row_fault(c.target, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity)
                     )::invtrack_internal.source_row ORDER BY r.n)
      FROM (SELECT u.*, row_number() OVER (PARTITION BY u.key ORDER BY u.n)::integer AS row_number
              FROM unnest((source).keys, (source).merchants, (source).skus, (source).inventory_types, (source).codes,
                          (source).days, (source).quantities, (source).attributes) WITH ORDINALITY
                   u (key, merchant, sku, inventory_type, code, day, quantity, attributes, n)) r);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_judge(invtrack.connection, invtrack_internal.source_rows) IS
'Rows of a source, numbered within their key, with the faults that can be seen in the row itself';

-- Without bitmaps: the index for search, which finds products by merchant too, looks cheap until somebody has analyzed them.
CREATE FUNCTION invtrack_internal.sync_references(c invtrack.connection, source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_bitmapscan = off
AS $body$
BEGIN
    RETURN (
    SELECT array_agg((r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, r.item,
                      CASE WHEN r.fault IS NOT NULL THEN r.fault
                           WHEN m.merchant IS NULL
                           THEN ARRAY['23503', format('merchant "%s" does not exist', r.merchant), 'The row is tried again when the merchant arrives.']
                           WHEN c.target IN ('stock_lot', 'incoming') AND p.sku IS NULL
                           THEN ARRAY['23503', format('product "%s" of merchant "%s" does not exist', r.sku, r.merchant), 'The row is tried again when the product arrives.']
                           WHEN c.target IN ('stock_lot', 'incoming') AND t.inventory_type IS NULL
                           THEN ARRAY['23503', format('inventory type "%s" of merchant "%s" does not exist', r.inventory_type, r.merchant),
                                      'The row is tried again when the inventory type arrives.'] END
                     )::invtrack_internal.source_row ORDER BY r.ordinality)
      FROM unnest(source) WITH ORDINALITY r
      LEFT JOIN invtrack.merchant m ON m.merchant = r.merchant
      LEFT JOIN invtrack.product p ON p.merchant = r.merchant AND p.sku = r.sku
      LEFT JOIN invtrack.inventory_type t ON t.merchant = r.merchant AND t.inventory_type = r.inventory_type);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_references(invtrack.connection, invtrack_internal.source_row[]) IS
'The rows, with the faults of those whose merchant, product or inventory type does not exist';

CREATE FUNCTION invtrack_internal.sync_source(c invtrack.connection, keys text[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    source invtrack_internal.source_row[] := invtrack_internal.sync_judge(c, invtrack_internal.read_source(c.connection, keys));
BEGIN
    IF c.target <> 'merchant' AND source <> '{}' THEN
        source := invtrack_internal.sync_references(c, source);
    END IF;
    RETURN coalesce(source, '{}');
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_source(invtrack.connection, text[]) IS 'The rows that the source has now of some keys, with their faults';

CREATE FUNCTION invtrack_internal.find_numbers(of_target text, source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    -- Items are looked up one by one: of a target that is new, the planner knows nothing, or that its table was empty.
    RETURN ARRAY(
        SELECT (r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, i.item, r.fault
               )::invtrack_internal.source_row
          FROM unnest(source) WITH ORDINALITY r
          LEFT JOIN LATERAL (
              SELECT i.item FROM invtrack.connection_item i
               WHERE i.target = of_target AND i.merchant = r.merchant AND i.sku = coalesce(r.sku, '')
                 AND i.inventory_type = coalesce(r.inventory_type, '') AND i.same_as IS NULL
              OFFSET 0) i ON r.fault IS NULL
         ORDER BY r.ordinality);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.find_numbers(text, invtrack_internal.source_row[]) IS 'The rows with the numbers of their items, where these have one';

CREATE FUNCTION invtrack_internal.make_numbers(of_target text, source invtrack_internal.source_row[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    INSERT INTO invtrack.connection_item (target, merchant, sku, inventory_type, adopted)
    SELECT of_target, n.merchant, n.sku, n.inventory_type,
           CASE of_target
               WHEN 'merchant' THEN EXISTS (SELECT FROM invtrack.merchant m WHERE m.merchant = n.merchant)
               WHEN 'product' THEN EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = n.merchant AND p.sku = n.sku)
               WHEN 'inventory_type' THEN EXISTS (
                   SELECT FROM invtrack.inventory_type t WHERE t.merchant = n.merchant AND t.inventory_type = n.inventory_type)
               ELSE false END
      FROM (SELECT DISTINCT r.merchant, coalesce(r.sku, '') AS sku, coalesce(r.inventory_type, '') AS inventory_type
              FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL) n
     ORDER BY n.merchant COLLATE "C", n.sku COLLATE "C", n.inventory_type COLLATE "C"
        ON CONFLICT DO NOTHING;
    -- Above READ COMMITTED, this fails where a product got another code since the snapshot: the source was read with that.
    PERFORM FROM unnest(source) r
      CROSS JOIN LATERAL (
          SELECT FROM invtrack.connection_item i
           WHERE i.target = 'product' AND i.merchant = r.merchant AND i.sku = r.sku FOR KEY SHARE SKIP LOCKED) i
      WHERE current_setting('transaction_isolation') = ANY ('{repeatable read,serializable}')
        AND of_target = ANY ('{stock_lot,incoming}') AND r.fault IS NULL AND r.item IS NULL;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.make_numbers(text, invtrack_internal.source_row[]) IS
'Gives numbers, in order, to the items of rows that have none';

CREATE FUNCTION invtrack_internal.lock_numbered(source invtrack_internal.source_row[], numbers integer[], keys text[])
RETURNS bigint[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN (
    SELECT array_agg(l.item)
      FROM (SELECT u.item
              FROM (SELECT r.item FROM unnest(source) r
                    UNION
                    SELECT o.item
                      FROM unnest(numbers, keys) k (number, key)
                     CROSS JOIN LATERAL (SELECT w.item FROM invtrack.connection_row w WHERE w.connection = k.number AND w.key = k.key OFFSET 0) o) u
             CROSS JOIN LATERAL (
                 SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = u.item OFFSET 0) i
             ORDER BY i.merchant, i.sku, i.inventory_type) l
     CROSS JOIN LATERAL (SELECT FROM invtrack.connection_item i WHERE i.item = l.item FOR UPDATE) i);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.lock_numbered(invtrack_internal.source_row[], integer[], text[]) IS
'Locks, in order, the items that rows have and those that keys had, each of the connection with the number in its place; which';

CREATE FUNCTION invtrack_internal.lock_items_of(numbers integer[], keys text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    c invtrack.connection;
    of_target text;
    source invtrack_internal.source_row[] := '{}';
BEGIN
    FOR c IN SELECT n.* FROM invtrack.connection n WHERE n.number = ANY (numbers) LOOP
        of_target := c.target;
        source := source || invtrack_internal.sync_source(c, ARRAY(SELECT k.key FROM unnest(numbers, keys) k (number, key) WHERE k.number = c.number));
    END LOOP;
    source := invtrack_internal.find_numbers(of_target, source);
    IF of_target IN ('sale', 'shipment') THEN
        -- Who sells an item does not wait for others that do, but for those who rename it or give it a number.
        PERFORM FROM (SELECT DISTINCT r.item, r.merchant COLLATE "C" AS merchant, r.sku COLLATE "C" AS sku, r.inventory_type COLLATE "C" AS inventory_type
                        FROM unnest(source) r ORDER BY 2, 3, 4) l
          CROSS JOIN LATERAL (SELECT FROM invtrack.connection_item i WHERE i.item = l.item FOR KEY SHARE) i;
        PERFORM invtrack_internal.make_numbers(of_target, source);
    ELSE
        PERFORM invtrack_internal.lock_numbered(source, numbers, keys);
        PERFORM invtrack_internal.make_numbers(of_target, source);
        PERFORM invtrack_internal.lock_numbered(invtrack_internal.find_numbers(of_target, source), numbers, keys);
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.lock_items_of(integer[], text[]) IS
'Locks, in order, what keys of several connections of one target have and had: one connection after the other would take another order';

CREATE FUNCTION invtrack_internal.sync_items(c invtrack.connection, keys text[], source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    rounds constant integer := 10;
    locked bigint[];
BEGIN
    -- An item may be renamed or deleted before it is locked: the source is read once more then. So it is where a number was made, and
    -- who renames a product may have been waited for.
    FOR round IN 1 .. rounds LOOP
        source := invtrack_internal.find_numbers(c.target, source);
        locked := invtrack_internal.lock_numbered(source, array_fill(c.number, ARRAY[cardinality(keys)]), keys);
        IF EXISTS (SELECT FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL) THEN
            PERFORM invtrack_internal.make_numbers(c.target, source);
            IF c.target IN ('stock_lot', 'incoming') THEN
                source := invtrack_internal.sync_source(c, keys);
            END IF;
            source := invtrack_internal.find_numbers(c.target, source);
            locked := invtrack_internal.lock_numbered(source, array_fill(c.number, ARRAY[cardinality(keys)]), keys);
        END IF;
        EXIT WHEN NOT EXISTS (
            SELECT FROM unnest(source) r
              LEFT JOIN LATERAL (
                  SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = r.item OFFSET 0) i ON true
             WHERE r.fault IS NULL
               AND (i.merchant, i.sku, i.inventory_type) IS DISTINCT FROM (r.merchant, coalesce(r.sku, ''), coalesce(r.inventory_type, '')));
        IF round = rounds THEN
            RAISE serialization_failure USING MESSAGE = 'an item was renamed or deleted while a connection numbered it',
                HINT = 'Try the transaction again.';
        END IF;
        source := invtrack_internal.sync_source(c, keys);
    END LOOP;
    UPDATE invtrack.connection_item i SET version = i.version + 1 WHERE i.item = ANY (locked);
    RETURN source;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_items(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'The rows with the numbers of their items, which are locked, in order, since several keys add up';
