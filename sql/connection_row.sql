
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
    SELECT array_agg((r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, r.item,
                      invtrack_internal.row_fault(c.target, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity)
                     )::invtrack_internal.source_row ORDER BY r.n)
      FROM (SELECT u.*, row_number() OVER (PARTITION BY u.key ORDER BY u.n)::integer AS row_number
              FROM unnest((source).keys, (source).merchants, (source).skus, (source).inventory_types, (source).codes,
                          (source).days, (source).quantities, (source).attributes, (source).items) WITH ORDINALITY
                   u (key, merchant, sku, inventory_type, code, day, quantity, attributes, item, n)) r);
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

CREATE FUNCTION invtrack_internal.sync_source(c invtrack.connection, keys text[], tries boolean DEFAULT false)
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    source invtrack_internal.source_row[] := invtrack_internal.sync_judge(c, invtrack_internal.read_source(c.connection, keys));
BEGIN
    IF c.target <> 'merchant' AND source <> '{}' THEN
        source := invtrack_internal.sync_references(c, source);
    END IF;
    IF tries THEN
        source := invtrack_internal.try_entities(c, source);
    END IF;
    RETURN coalesce(source, '{}');
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_source(invtrack.connection, text[], boolean) IS
'The rows that the source has now of some keys, with their faults, also those that come out if it tries to write them';

CREATE FUNCTION invtrack_internal.hold_numbering(target text, merchants text[], skus text[])
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_hold_numbering';
COMMENT ON FUNCTION invtrack_internal.hold_numbering(text, text[], text[]) IS
'Until the transaction ends, nobody renames, merges or deletes these products, of which items are about to get their first number';

CREATE FUNCTION invtrack_internal.hold_unnumbered(of_target text, source invtrack_internal.source_row[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF of_target IN ('merchant', 'inventory_type', 'product') THEN
        RETURN;
    END IF;
    PERFORM invtrack_internal.hold_numbering(of_target, n.merchants, n.skus)
       FROM (SELECT array_agg(r.merchant) AS merchants, array_agg(r.sku) AS skus FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL) n
      WHERE n.merchants IS NOT NULL;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.hold_unnumbered(text, invtrack_internal.source_row[]) IS
'hold_numbering() for the products of rows whose item has no number';

CREATE FUNCTION invtrack_internal.make_numbers(of_target text, merchants text[], skus text[], types text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    INSERT INTO invtrack.connection_item AS i (target, merchant, sku, inventory_type, adopted)
    SELECT of_target, u.merchant, u.sku, u.inventory_type,
           CASE of_target
               WHEN 'merchant' THEN EXISTS (SELECT FROM invtrack.merchant m WHERE m.merchant = u.merchant)
               WHEN 'product' THEN EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = u.merchant AND p.sku = u.sku)
               WHEN 'inventory_type' THEN EXISTS (
                   SELECT FROM invtrack.inventory_type t WHERE t.merchant = u.merchant AND t.inventory_type = u.inventory_type)
               ELSE false END
      FROM unnest(merchants, skus, types) WITH ORDINALITY u (merchant, sku, inventory_type, n)
     ORDER BY u.n
        ON CONFLICT (merchant, sku, inventory_type, target) WHERE same_as IS NULL DO UPDATE SET version = i.version WHERE false;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.make_numbers(text, text[], text[], text[]) IS
'Gives items numbers, or locks those that somebody gave one meanwhile, as they come';

CREATE FUNCTION invtrack_internal.lock_numbered(of_target text, source invtrack_internal.source_row[], numbers integer[], keys text[])
RETURNS bigint[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    run record;
    locked bigint[];
BEGIN
    PERFORM invtrack_internal.hold_unnumbered(of_target, source);
    -- in runs of items that all have a number, or all have none
    FOR run IN
        WITH known AS (
            SELECT r.item FROM unnest(source) r WHERE r.fault IS NULL
            UNION
            SELECT o.item
              FROM unnest(numbers, keys) k (number, key)
             CROSS JOIN LATERAL (SELECT w.item FROM invtrack.connection_row w WHERE w.connection = k.number AND w.key = k.key OFFSET 0) o),
        wanted AS (
            SELECT i.item, i.merchant, i.sku, i.inventory_type
              FROM known
             CROSS JOIN LATERAL (
                 SELECT i.item, i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = known.item OFFSET 0) i
            UNION ALL
            SELECT DISTINCT NULL::bigint, r.merchant COLLATE "C", coalesce(r.sku, '') COLLATE "C", coalesce(r.inventory_type, '') COLLATE "C"
              FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL),
        placed AS (
            SELECT w.*, w.item IS NULL AS is_new, row_number() OVER (ORDER BY w.merchant, w.sku, w.inventory_type) AS place FROM wanted w),
        grouped AS (
            SELECT p.*, p.place - row_number() OVER (PARTITION BY p.is_new ORDER BY p.place) AS run FROM placed p)
        SELECT g.is_new, array_agg(g.item ORDER BY g.place) AS items, array_agg(g.merchant ORDER BY g.place) AS merchants,
               array_agg(g.sku ORDER BY g.place) AS skus, array_agg(g.inventory_type ORDER BY g.place) AS types
          FROM grouped g GROUP BY g.is_new, g.run ORDER BY min(g.place)
    LOOP
        IF run.is_new THEN
            PERFORM invtrack_internal.make_numbers(of_target, run.merchants, run.skus, run.types);
        ELSE
            PERFORM FROM unnest(run.items) WITH ORDINALITY l (item, place)
              CROSS JOIN LATERAL (SELECT FROM invtrack.connection_item i WHERE i.item = l.item FOR UPDATE) i;
        END IF;
        locked := locked || run.items;
    END LOOP;
    RETURN locked;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.lock_numbered(text, invtrack_internal.source_row[], integer[], text[]) IS
'Locks, in one order, the items that rows have, or are given numbers now, and those that keys had, each of the connection whose number stands in its place; returns the items';

CREATE FUNCTION invtrack_internal.lock_merchants(merchants text[])
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_lock_merchants';
COMMENT ON FUNCTION invtrack_internal.lock_merchants(text[]) IS
'Takes turns with folds, purges and checks of merchants: who renames products does, before items';

CREATE FUNCTION invtrack_internal.renamed_keys(c invtrack.connection, source invtrack_internal.source_row[])
RETURNS TABLE (key text, item bigint, merchant text, sku text, new_sku text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT n.key, o.item, i.merchant, i.sku, n.sku
      FROM (SELECT r.key, min(r.merchant) AS merchant, min(r.sku) AS sku
              FROM unnest(source) r GROUP BY r.key HAVING count(*) = 1 AND bool_and(r.fault IS NULL)) n
     CROSS JOIN LATERAL (
         SELECT min(w.item) AS item
           FROM (SELECT w.item, w.gone FROM invtrack.connection_row w WHERE w.connection = (c).number AND w.key = n.key OFFSET 0) w
         HAVING count(*) = 1 AND NOT bool_or(w.gone)) o
     CROSS JOIN LATERAL (SELECT i.merchant, i.sku FROM invtrack.connection_item i WHERE i.item = o.item OFFSET 0) i
     WHERE i.merchant = n.merchant AND i.sku <> n.sku;
END;
COMMENT ON FUNCTION invtrack_internal.renamed_keys(invtrack.connection, invtrack_internal.source_row[]) IS
'Keys of products that have one row before and now, of the same merchant and another code';

CREATE FUNCTION invtrack_internal.lock_items_of(numbers integer[], keys text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    c invtrack.connection;
    of_target text;
    source invtrack_internal.source_row[] := '{}';
    of_connection invtrack_internal.source_row[];
    renaming text[];
BEGIN
    FOR c IN SELECT n.* FROM invtrack.connection n WHERE n.number = ANY (numbers) ORDER BY n.number LOOP
        of_target := c.target;
        of_connection := invtrack_internal.sync_source(c, ARRAY(SELECT k.key FROM unnest(numbers, keys) k (number, key) WHERE k.number = c.number));
        IF c.target = 'product' THEN
            renaming := renaming || ARRAY(SELECT r.merchant FROM invtrack_internal.renamed_keys(c, of_connection) r);
        END IF;
        source := source || of_connection;
    END LOOP;
    PERFORM invtrack_internal.lock_merchants(renaming) WHERE renaming <> '{}';
    IF of_target NOT IN ('sale', 'shipment') THEN
        PERFORM invtrack_internal.lock_numbered(of_target, source, numbers, keys);
        RETURN;
    END IF;
    -- Who sells an item does not wait for others that do, but for those who rename it or give it a number.
    PERFORM invtrack_internal.hold_unnumbered(of_target, source);
    PERFORM FROM (SELECT DISTINCT r.item, r.merchant COLLATE "C" AS merchant, r.sku COLLATE "C" AS sku, r.inventory_type COLLATE "C" AS inventory_type
                    FROM unnest(source) r WHERE r.fault IS NULL ORDER BY 2, 3, 4) l
      CROSS JOIN LATERAL (SELECT FROM invtrack.connection_item i WHERE i.item = l.item FOR KEY SHARE) i;
    PERFORM invtrack_internal.make_numbers(of_target, array_agg(n.merchant ORDER BY n.place), array_agg(n.sku ORDER BY n.place), array_agg(n.inventory_type ORDER BY n.place))
       FROM (SELECT d.*, row_number() OVER (ORDER BY d.merchant, d.sku, d.inventory_type) AS place
               FROM (SELECT DISTINCT r.merchant COLLATE "C" AS merchant, r.sku COLLATE "C" AS sku, r.inventory_type COLLATE "C" AS inventory_type
                       FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL) d) n;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.lock_items_of(integer[], text[]) IS
'Locks, in order, what keys of several connections of one target have and had: one connection after the other would take another order';

CREATE FUNCTION invtrack_internal.sync_items(c invtrack.connection, keys text[], source invtrack_internal.source_row[], tries boolean)
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    rounds constant integer := 10;
    locked bigint[];
BEGIN
    -- An item may be renamed or deleted before it is locked, or had no number: the source is read once more then.
    FOR round IN 1 .. rounds LOOP
        locked := invtrack_internal.lock_numbered(c.target, source, array_fill(c.number, ARRAY[cardinality(keys)]), keys);
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
        source := invtrack_internal.sync_source(c, keys, tries);
        IF c.target IN ('stock_lot', 'incoming') AND locked IS NOT NULL
           AND EXISTS (SELECT FROM unnest(source) r WHERE r.fault IS NULL AND r.item IS NULL) THEN
            -- more numbers may not be waited for while items are locked
            RETURN NULL;
        END IF;
    END LOOP;
    UPDATE invtrack.connection_item i SET version = i.version + 1 WHERE i.item = ANY (locked);
    RETURN source;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_items(invtrack.connection, text[], invtrack_internal.source_row[], boolean) IS
'The rows with the numbers of their items, which are locked, in order, since several keys add up; null: roll back, and do it again';
