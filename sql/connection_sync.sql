
-- Keys brought in line -------------------------------------------------------------------------------
--
-- In this order: the keys are locked, by updating their rows, in the order of their bytes; the source is read, with a new
-- snapshot; rows are judged as a set; items are locked in order where several keys add up; what the keys brought
-- before is compared with what they bring now, and the difference is written. What is refused goes to connection_reject and counts
-- as absent. An error that no rule foresaw is looked for by halving the keys, each half in a subtransaction of its own.

CREATE FUNCTION invtrack_internal.target_rank(target text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.array_position(ARRAY['merchant', 'inventory_type', 'product', 'stock_lot', 'incoming', 'sale', 'shipment'], target);
COMMENT ON FUNCTION invtrack_internal.target_rank(text) IS 'Targets in the order in which they are brought in line: what is referred to comes first';

CREATE FUNCTION invtrack_internal.sync_judge(c invtrack.connection, source invtrack_internal.source_rows)
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
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

CREATE FUNCTION invtrack_internal.sync_references(c invtrack.connection, source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
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
                     )::invtrack_internal.source_row ORDER BY r.n)
      FROM unnest(source) WITH ORDINALITY
           r (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
      LEFT JOIN invtrack.merchant m ON m.merchant = r.merchant
      LEFT JOIN invtrack.product p ON p.merchant = r.merchant AND p.sku = r.sku
      LEFT JOIN invtrack.inventory_type t ON t.merchant = r.merchant AND t.inventory_type = r.inventory_type);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_references(invtrack.connection, invtrack_internal.source_row[]) IS
'The rows, with the faults of those whose merchant, product or inventory type does not exist';

CREATE FUNCTION invtrack_internal.sync_items(c invtrack.connection, keys text[], source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $body$
DECLARE
    locked bigint[];
BEGIN
    INSERT INTO invtrack.connection_item (target, merchant, sku, inventory_type, adopted)
    SELECT c.target, n.merchant, n.sku, n.inventory_type,
           CASE c.target
               WHEN 'merchant' THEN EXISTS (SELECT FROM invtrack.merchant m WHERE m.merchant = n.merchant)
               WHEN 'product' THEN EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = n.merchant AND p.sku = n.sku)
               WHEN 'inventory_type' THEN EXISTS (
                   SELECT FROM invtrack.inventory_type t WHERE t.merchant = n.merchant AND t.inventory_type = n.inventory_type)
               ELSE false END
      FROM (SELECT DISTINCT r.merchant, coalesce(r.sku, '') AS sku, coalesce(r.inventory_type, '') AS inventory_type
              FROM unnest(source) r WHERE r.fault IS NULL) n
     WHERE NOT EXISTS (SELECT FROM invtrack.connection_item i
                        WHERE i.target = c.target AND i.merchant = n.merchant AND i.sku = n.sku AND i.inventory_type = n.inventory_type)
     ORDER BY n.merchant COLLATE "C", n.sku COLLATE "C", n.inventory_type COLLATE "C"
        ON CONFLICT DO NOTHING;
    source := ARRAY(
        SELECT (r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, i.item, r.fault
               )::invtrack_internal.source_row
          FROM unnest(source) WITH ORDINALITY
               r (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
          LEFT JOIN invtrack.connection_item i
            ON i.target = c.target AND i.merchant = r.merchant AND i.sku = coalesce(r.sku, '')
           AND i.inventory_type = coalesce(r.inventory_type, '') AND r.fault IS NULL
         ORDER BY r.n);
    -- Movements are only added: nothing of an item is added up.
    IF c.target NOT IN ('sale', 'shipment') THEN
        SELECT array_agg(l.item) INTO locked
          FROM (SELECT i.item FROM invtrack.connection_item i
                 WHERE i.item IN (SELECT r.item FROM unnest(source) r
                                  UNION ALL
                                  SELECT o.item FROM invtrack.connection_row o WHERE o.connection = c.number AND o.key = ANY (keys))
                 ORDER BY i.merchant, i.sku, i.inventory_type
                   FOR UPDATE) l;
        UPDATE invtrack.connection_item i SET version = i.version + 1 WHERE i.item = ANY (locked);
    END IF;
    RETURN source;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_items(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'The rows with the numbers of their items; where several keys add up, locks the items, in order';

CREATE FUNCTION invtrack_internal.sync_movements(c invtrack.connection, keys text[], source invtrack_internal.source_row[])
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $body$
DECLARE
    written bigint;
BEGIN
    WITH n AS (
        SELECT r.key, r.item, r.day, r.quantity, count(*)::integer AS lines
          FROM unnest(source) r WHERE r.fault IS NULL GROUP BY r.key, r.item, r.day, r.quantity),
    o AS (
        SELECT w.key, w.item, w.day, w.quantity, w.lines
          FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = ANY (keys)),
    d AS (
        SELECT key, item, day, quantity, coalesce(n.lines, 0) AS now, coalesce(o.lines, 0) AS before
          FROM n FULL JOIN o USING (key, item, day, quantity)
         WHERE n.lines IS DISTINCT FROM o.lines),
    gone AS (
        DELETE FROM invtrack.connection_row w USING d
         WHERE w.connection = c.number AND w.key = d.key AND w.item = d.item AND w.day = d.day AND w.quantity = d.quantity),
    came AS (
        INSERT INTO invtrack.connection_row (connection, key, item, day, quantity, lines)
        SELECT c.number, d.key, d.item, d.day, d.quantity, d.now FROM d WHERE d.now > 0)
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    SELECT i.merchant, i.sku, i.inventory_type, c.target, d.day, d.quantity * sign(d.now - d.before)::integer
      FROM d
      JOIN invtrack.connection_item i ON i.item = d.item
     CROSS JOIN generate_series(1, abs(d.now - d.before))
     WHERE d.quantity <> 0;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_movements(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'A movement for each new line of the keys, and an opposite one for each that the source has no more; how many';

CREATE FUNCTION invtrack_internal.sync_units(c invtrack.connection, keys text[], INOUT source invtrack_internal.source_row[], OUT written bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $body$
DECLARE
    touched bigint[];
    codes text[];
BEGIN
    -- A code has one date: that of other keys, else that of the first of these; and was not written by hand.
    source := ARRAY(
        SELECT (r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, r.item,
                CASE WHEN r.fault IS NOT NULL THEN r.fault
                     WHEN h.by_hand
                     THEN ARRAY['23505', format('%s "%s" of product "%s" was written by hand', h.what, r.code, r.sku),
                                'Delete it, and sync the key; or give this one another code.']
                     WHEN r.day IS DISTINCT FROM h.day
                     THEN ARRAY['23505', format('%s "%s" of product "%s" has two dates: %s and %s', h.what, r.code, r.sku,
                                                coalesce(h.day::text, 'none'), coalesce(r.day::text, 'none')),
                                'Give one of them another code, or the same date.'] END)::invtrack_internal.source_row
          FROM unnest(source) WITH ORDINALITY
               r (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
          LEFT JOIN LATERAL (
              SELECT CASE c.target WHEN 'stock_lot' THEN 'lot' ELSE 'order' END AS what,
                     CASE WHEN o.item IS NOT NULL THEN o.day ELSE f.day END AS day,
                     o.item IS NULL AND NOT EXISTS (
                         SELECT FROM invtrack.connection_row w WHERE w.item = r.item AND w.code = r.code)
                     AND CASE c.target
                         WHEN 'stock_lot' THEN EXISTS (
                             SELECT FROM invtrack.stock_lot l WHERE l.merchant = r.merchant AND l.sku = r.sku
                                AND l.inventory_type = r.inventory_type AND l.lot = r.code)
                         ELSE EXISTS (
                             SELECT FROM invtrack.incoming l WHERE l.merchant = r.merchant AND l.sku = r.sku
                                AND l.inventory_type = r.inventory_type AND l.ref = r.code) END AS by_hand
                FROM (SELECT u.day FROM unnest(source) WITH ORDINALITY
                             u (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
                       WHERE u.fault IS NULL AND u.item = r.item AND u.code = r.code
                       ORDER BY u.key COLLATE "C", u.n LIMIT 1) f
                LEFT JOIN LATERAL (
                    SELECT w.item, w.day FROM invtrack.connection_row w
                     WHERE w.item = r.item AND w.code = r.code AND NOT (w.connection = c.number AND w.key = ANY (keys))
                     LIMIT 1) o ON true) h ON r.fault IS NULL
         ORDER BY r.n);
    WITH n AS (
        SELECT r.key, r.item, r.code, r.day, sum(r.quantity) AS quantity, count(*)::integer AS lines
          FROM unnest(source) r WHERE r.fault IS NULL GROUP BY r.key, r.item, r.code, r.day),
    o AS (
        SELECT w.ctid AS place, w.key, w.item, w.code, w.day, w.quantity
          FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = ANY (keys)),
    d AS (
        SELECT o.place, coalesce(n.key, o.key) AS key, coalesce(n.item, o.item) AS item, coalesce(n.code, o.code) AS code, n.day, n.quantity, n.lines
          FROM n FULL JOIN o ON o.key = n.key AND o.item = n.item AND o.code = n.code
         WHERE (n.day, n.quantity) IS DISTINCT FROM (o.day, o.quantity) OR n.key IS NULL OR o.key IS NULL),
    gone AS (
        DELETE FROM invtrack.connection_row w USING d WHERE w.ctid = d.place),
    came AS (
        INSERT INTO invtrack.connection_row (connection, key, item, code, day, quantity, lines)
        SELECT c.number, d.key, d.item, d.code, d.day, d.quantity, d.lines FROM d WHERE d.lines > 0)
    SELECT array_agg(d.item), array_agg(d.code) INTO touched, codes FROM (SELECT DISTINCT d.item, d.code FROM d) d;
    -- The sums, of all keys of all connections that feed this target.
    IF c.target = 'stock_lot' THEN
        WITH t AS (
            SELECT i.merchant, i.sku, i.inventory_type, u.code, sum(w.quantity) AS quantity, min(w.day) AS day
              FROM unnest(touched, codes) u (item, code)
              JOIN invtrack.connection_item i ON i.item = u.item
              LEFT JOIN invtrack.connection_row w ON w.item = u.item AND w.code = u.code
             GROUP BY i.merchant, i.sku, i.inventory_type, u.code),
        gone AS (
            DELETE FROM invtrack.stock_lot l USING t
             WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type = t.inventory_type AND l.lot = t.code AND t.quantity IS NULL)
        INSERT INTO invtrack.stock_lot AS l (merchant, sku, inventory_type, lot, expires_on, quantity)
        SELECT t.merchant, t.sku, t.inventory_type, t.code, t.day, t.quantity FROM t WHERE t.quantity IS NOT NULL
            ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET quantity = excluded.quantity, expires_on = excluded.expires_on;
    ELSE
        WITH t AS (
            SELECT i.merchant, i.sku, i.inventory_type, u.code, sum(w.quantity) AS quantity, min(w.day) AS day
              FROM unnest(touched, codes) u (item, code)
              JOIN invtrack.connection_item i ON i.item = u.item
              LEFT JOIN invtrack.connection_row w ON w.item = u.item AND w.code = u.code
             GROUP BY i.merchant, i.sku, i.inventory_type, u.code),
        gone AS (
            DELETE FROM invtrack.incoming l USING t
             WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type = t.inventory_type AND l.ref = t.code AND t.quantity IS NULL)
        INSERT INTO invtrack.incoming AS l (merchant, sku, inventory_type, ref, expected_on, quantity)
        SELECT t.merchant, t.sku, t.inventory_type, t.code, t.day, t.quantity FROM t WHERE t.quantity IS NOT NULL
            ON CONFLICT (merchant, sku, inventory_type, ref) DO UPDATE SET quantity = excluded.quantity, expected_on = excluded.expected_on;
    END IF;
    written := coalesce(array_length(touched, 1), 0);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_units(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'Lots, or units on order, with the sum of what all keys bring; the rows with further faults, and how many lots or orders changed';

CREATE FUNCTION invtrack_internal.rename_fed_product(merchant text, sku text, new_sku text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'product_rename_fed';
COMMENT ON FUNCTION invtrack_internal.rename_fed_product(text, text, text) IS
'rename_product() of what a connection feeds, as its source has it now';

CREATE FUNCTION invtrack_internal.sync_renames(c invtrack.connection, keys text[], source invtrack_internal.source_row[])
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    renamed record;
    any_renamed boolean := false;
BEGIN
    FOR renamed IN
        SELECT i.merchant, i.sku, n.sku AS new_sku
          FROM (SELECT r.key, min(r.merchant) AS merchant, min(r.sku) AS sku
                  FROM unnest(source) r GROUP BY r.key HAVING count(*) = 1 AND bool_and(r.fault IS NULL)) n
          JOIN (SELECT w.key, min(w.item) AS item FROM invtrack.connection_row w
                 WHERE w.connection = c.number AND w.key = ANY (keys) GROUP BY w.key HAVING count(*) = 1 AND NOT bool_or(w.gone)) o
            ON o.key = n.key
          JOIN invtrack.connection_item i ON i.item = o.item AND i.merchant = n.merchant AND i.sku <> n.sku
         WHERE NOT EXISTS (SELECT FROM invtrack.connection_row w
                            WHERE w.item = o.item AND NOT (w.connection = c.number AND w.key = o.key))
           AND EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = i.merchant AND p.sku = i.sku)
         ORDER BY i.merchant, n.key COLLATE "C"
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = renamed.merchant AND p.sku = renamed.new_sku)
                   OR EXISTS (SELECT FROM invtrack.flow_series f WHERE f.merchant = renamed.merchant AND f.sku = renamed.new_sku)
                   OR EXISTS (SELECT FROM invtrack.movement m WHERE m.merchant = renamed.merchant AND m.sku = renamed.new_sku AND NOT m.folded);
        PERFORM invtrack_internal.rename_fed_product(renamed.merchant, renamed.sku, renamed.new_sku);
        any_renamed := true;
    END LOOP;
    RETURN any_renamed;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_renames(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'Renames products whose key has one row before and now, of the same merchant and another sku; were there any?';

CREATE FUNCTION invtrack_internal.sync_entities(c invtrack.connection, keys text[], INOUT source invtrack_internal.source_row[], OUT written bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $body$
DECLARE
    changed bigint;
BEGIN
    IF c.target = 'product' AND invtrack_internal.sync_renames(c, keys, source) THEN
        source := invtrack_internal.sync_items(c, keys, source);
    END IF;
    -- What several keys have is the same in all of them; the later key is refused where it is not.
    source := ARRAY(
        SELECT (r.key, r.row_number, r.merchant, r.sku, r.inventory_type, r.code, r.day, r.quantity, r.attributes, r.item,
                CASE WHEN r.fault IS NOT NULL THEN r.fault
                     WHEN f.attributes || r.attributes <> r.attributes || f.attributes
                     THEN ARRAY['21000', format('key "%s" says something else of %s "%s"', f.key, c.target, CASE c.target WHEN 'product' THEN r.sku
                                                WHEN 'merchant' THEN r.merchant ELSE r.inventory_type END),
                                'Rows of several keys that are the same merchant, product or inventory type must be equal.'] END
               )::invtrack_internal.source_row
          FROM unnest(source) WITH ORDINALITY
               r (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
          LEFT JOIN LATERAL (
              SELECT * FROM (
                  (SELECT 1 AS rank, w.key, w.attributes FROM invtrack.connection_row w
                    WHERE w.item = r.item AND NOT w.gone AND NOT (w.connection = c.number AND w.key = ANY (keys))
                    ORDER BY w.key LIMIT 1)
                  UNION ALL
                  (SELECT 2, u.key, u.attributes FROM unnest(source) WITH ORDINALITY
                          u (key, row_number, merchant, sku, inventory_type, code, day, quantity, attributes, item, fault, n)
                    WHERE u.fault IS NULL AND u.item = r.item ORDER BY u.key COLLATE "C", u.n LIMIT 1)) one
               ORDER BY one.rank LIMIT 1) f ON r.fault IS NULL
         ORDER BY r.n);
    WITH n AS (
        SELECT DISTINCT ON (r.key, r.item) r.key, r.item, r.attributes
          FROM unnest(source) r WHERE r.fault IS NULL ORDER BY r.key, r.item),
    o AS (
        SELECT w.ctid AS place, w.key, w.item, w.attributes, w.gone
          FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = ANY (keys)),
    here AS (
        UPDATE invtrack.connection_row w SET attributes = n.attributes, gone = false FROM n JOIN o ON o.key = n.key AND o.item = n.item
         WHERE w.ctid = o.place AND (o.gone OR o.attributes <> n.attributes)),
    gone AS (
        UPDATE invtrack.connection_row w SET gone = true FROM o
         WHERE w.ctid = o.place AND NOT o.gone AND NOT EXISTS (SELECT FROM n WHERE n.key = o.key AND n.item = o.item))
    INSERT INTO invtrack.connection_row (connection, key, item, attributes)
    SELECT c.number, n.key, n.item, n.attributes FROM n
     WHERE NOT EXISTS (SELECT FROM o WHERE o.key = n.key AND o.item = n.item);
    IF c.target = 'merchant' THEN
        WITH n AS (
            SELECT DISTINCT ON (r.merchant) r.merchant, r.attributes FROM unnest(source) r WHERE r.fault IS NULL ORDER BY r.merchant, r.key),
        w AS (
            SELECT (jsonb_populate_record(m, n.attributes)).* FROM n JOIN invtrack.merchant m ON m.merchant = n.merchant),
        u AS (
            UPDATE invtrack.merchant m
               SET name = w.name, time_zone = w.time_zone, rearm_percent = w.rearm_percent, alert_too_new = w.alert_too_new,
                   alert_nothing_on_hand = w.alert_nothing_on_hand, critical_percent = w.critical_percent, count_today = w.count_today,
                   hold_for_incoming = w.hold_for_incoming
              FROM w WHERE w.merchant = m.merchant AND to_jsonb(w) <> to_jsonb(m) RETURNING 1),
        i AS (
            INSERT INTO invtrack.merchant (merchant, name, time_zone, rearm_percent, alert_too_new, alert_nothing_on_hand, critical_percent,
                                           count_today, hold_for_incoming)
            SELECT n.merchant, v.name, v.time_zone, v.rearm_percent, v.alert_too_new, v.alert_nothing_on_hand, v.critical_percent,
                   v.count_today, v.hold_for_incoming
              FROM n CROSS JOIN LATERAL jsonb_populate_record(NULL::invtrack.merchant, jsonb_build_object(
                  'name', '', 'time_zone', 'UTC', 'rearm_percent', 0, 'alert_too_new', false, 'alert_nothing_on_hand', false,
                  'critical_percent', 0, 'count_today', true, 'hold_for_incoming', false) || n.attributes) v
             WHERE NOT EXISTS (SELECT FROM w WHERE w.merchant = n.merchant) RETURNING 1)
        SELECT (SELECT count(*) FROM u) + (SELECT count(*) FROM i) INTO written;
    ELSIF c.target = 'product' THEN
        WITH n AS (
            SELECT DISTINCT ON (r.merchant, r.sku) r.merchant, r.sku, r.attributes
              FROM unnest(source) r WHERE r.fault IS NULL ORDER BY r.merchant, r.sku, r.key),
        w AS (
            SELECT (jsonb_populate_record(p, n.attributes)).* FROM n JOIN invtrack.product p ON p.merchant = n.merchant AND p.sku = n.sku),
        u AS (
            UPDATE invtrack.product p SET name = w.name, launched_on = w.launched_on, discontinued_on = w.discontinued_on
              FROM w WHERE w.merchant = p.merchant AND w.sku = p.sku AND to_jsonb(w) <> to_jsonb(p) RETURNING 1),
        i AS (
            INSERT INTO invtrack.product (merchant, sku, name, launched_on, discontinued_on)
            SELECT n.merchant, n.sku, v.name, v.launched_on, v.discontinued_on
              FROM n CROSS JOIN LATERAL jsonb_populate_record(NULL::invtrack.product, jsonb_build_object('name', '') || n.attributes) v
             WHERE NOT EXISTS (SELECT FROM w WHERE w.merchant = n.merchant AND w.sku = n.sku) RETURNING 1)
        SELECT (SELECT count(*) FROM u) + (SELECT count(*) FROM i) INTO written;
    ELSE
        WITH n AS (
            SELECT DISTINCT ON (r.merchant, r.inventory_type) r.merchant, r.inventory_type, r.attributes
              FROM unnest(source) r WHERE r.fault IS NULL ORDER BY r.merchant, r.inventory_type, r.key),
        w AS (
            SELECT (jsonb_populate_record(t, n.attributes)).*
              FROM n JOIN invtrack.inventory_type t ON t.merchant = n.merchant AND t.inventory_type = n.inventory_type),
        u AS (
            UPDATE invtrack.inventory_type t SET name = w.name
              FROM w WHERE w.merchant = t.merchant AND w.inventory_type = t.inventory_type AND to_jsonb(w) <> to_jsonb(t) RETURNING 1),
        i AS (
            INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
            SELECT n.merchant, n.inventory_type, v.name
              FROM n CROSS JOIN LATERAL jsonb_populate_record(NULL::invtrack.inventory_type, jsonb_build_object('name', '') || n.attributes) v
             WHERE NOT EXISTS (SELECT FROM w WHERE w.merchant = n.merchant AND w.inventory_type = n.inventory_type) RETURNING 1)
        SELECT (SELECT count(*) FROM u) + (SELECT count(*) FROM i) INTO written;
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_entities(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'Merchants, products or inventory types as the keys have them now; what is gone is marked, and deleted by sync_gone()';

CREATE FUNCTION invtrack_internal.is_referred_to(target text, of_merchant text, of_sku text, of_type text)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE target
        WHEN 'merchant' THEN
            EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.inventory_type t WHERE t.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.alert a WHERE a.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.check_state s WHERE s.merchant = of_merchant)
            OR EXISTS (SELECT FROM invtrack.flow_daily f WHERE f.merchant = of_merchant AND f.quantity <> 0)
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
END;
COMMENT ON FUNCTION invtrack_internal.is_referred_to(text, text, text, text) IS
'Does anything refer to this merchant, product or inventory type: trackers, stock, units on order, movements?';

CREATE FUNCTION invtrack_internal.sync_gone(c invtrack.connection, keep_adopted boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    entity record;
    written bigint := 0;
    what text;
BEGIN
    FOR entity IN
        SELECT w.ctid AS place, w.key, i.item, i.merchant, i.sku, i.inventory_type, i.adopted,
               EXISTS (SELECT FROM invtrack.connection_row o WHERE o.item = w.item AND NOT o.gone) AS is_shared
          FROM invtrack.connection_row w
          JOIN invtrack.connection_item i ON i.item = w.item
         WHERE w.connection = c.number AND w.gone
         ORDER BY i.merchant, i.sku, i.inventory_type, w.key
    LOOP
        IF entity.is_shared OR keep_adopted AND entity.adopted THEN
            DELETE FROM invtrack.connection_row w WHERE w.ctid = entity.place;
            CONTINUE;
        END IF;
        BEGIN
            -- Nobody refers to it from now on until we are done.
            IF c.target = 'merchant' THEN
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
            written := written + 1;
        EXCEPTION WHEN foreign_key_violation THEN
            what := CASE c.target WHEN 'merchant' THEN entity.merchant WHEN 'product' THEN entity.sku ELSE entity.inventory_type END;
            INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate, message, hint)
            VALUES (c.connection, entity.key, 0, '23503',
                    format('%s "%s" is gone from the source, and stays: trackers, stock or movements refer to it', replace(c.target, '_', ' '), what),
                    'It is tried again when the key is synced.')
                ON CONFLICT (connection, key, row_number) DO UPDATE
               SET sqlstate = excluded.sqlstate, message = excluded.message, hint = excluded.hint, rejected_at = excluded.rejected_at;
        END;
    END LOOP;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_gone(invtrack.connection, boolean) IS
'Deletes the merchants, products or inventory types that keys brought and have no more, unless anything refers to them; how many';

CREATE FUNCTION invtrack_internal.sync_gone_of(numbers integer[])
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    c invtrack.connection;
    written bigint := 0;
BEGIN
    FOR c IN SELECT n.* FROM invtrack.connection n WHERE n.number = ANY (numbers) AND n.target IN ('merchant', 'product', 'inventory_type')
              ORDER BY invtrack_internal.target_rank(n.target) DESC, n.number DESC LOOP
        written := written + invtrack_internal.sync_gone(c);
    END LOOP;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_gone_of(integer[]) IS
'The same for some connections, in the reverse order of their targets';

CREATE FUNCTION invtrack_internal.sync_batch(c invtrack.connection, keys text[], is_empty boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    source invtrack_internal.source_row[];
    written bigint;
BEGIN
    IF NOT is_empty THEN
        source := invtrack_internal.sync_judge(c, invtrack_internal.read_source(c.connection, keys));
    END IF;
    source := coalesce(source, '{}');
    IF c.target NOT IN ('merchant', 'sale', 'shipment') AND source <> '{}' THEN
        source := invtrack_internal.sync_references(c, source);
    END IF;
    source := invtrack_internal.sync_items(c, keys, source);
    IF c.target IN ('sale', 'shipment') THEN
        written := invtrack_internal.sync_movements(c, keys, source);
    ELSIF c.target IN ('stock_lot', 'incoming') THEN
        SELECT u.source, u.written INTO source, written FROM invtrack_internal.sync_units(c, keys, source) u;
    ELSE
        SELECT e.source, e.written INTO source, written FROM invtrack_internal.sync_entities(c, keys, source) e;
    END IF;
    DELETE FROM invtrack.connection_reject r WHERE r.connection = c.connection AND r.key = ANY (keys);
    INSERT INTO invtrack.connection_reject (connection, key, row_number, source_row, sqlstate, message, hint)
    SELECT c.connection, r.key, r.row_number,
           coalesce(r.attributes, '{}') || jsonb_strip_nulls(jsonb_build_object(
               'merchant', r.merchant, 'sku', r.sku, 'inventory_type', r.inventory_type,
               CASE c.target WHEN 'incoming' THEN 'ref' ELSE 'lot' END, r.code,
               CASE c.target WHEN 'incoming' THEN 'expected_on' WHEN 'stock_lot' THEN 'expires_on' ELSE 'occurred_on' END, r.day,
               'quantity', r.quantity)),
           r.fault[1], r.fault[2], r.fault[3]
      FROM unnest(source) r WHERE r.fault IS NOT NULL;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_batch(invtrack.connection, text[], boolean) IS
'Brings some keys in line, which are locked already, as if the source had nothing of them if it is_empty; how many rows were written';

CREATE FUNCTION invtrack_internal.sync_halving(c invtrack.connection, keys text[], is_empty boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    half constant integer := array_length(keys, 1) / 2;
    failure text;
    hint text;
BEGIN
    BEGIN
        RETURN invtrack_internal.sync_batch(c, keys, is_empty);
    EXCEPTION WHEN OTHERS THEN
        -- Not the data's fault: the transaction fails as it would without a connection.
        IF SQLSTATE ~ '^(40|53|54|57|58|XX|25|55P03)' THEN
            RAISE;
        END IF;
        GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        IF half = 0 THEN
            DELETE FROM invtrack.connection_reject r WHERE r.connection = c.connection AND r.key = keys[1];
            INSERT INTO invtrack.connection_reject (connection, key, row_number, sqlstate, message, hint)
            VALUES (c.connection, keys[1], 0, SQLSTATE, failure, nullif(hint, ''));
            RETURN 0;
        END IF;
    END;
    RETURN invtrack_internal.sync_halving(c, keys[:half], is_empty) + invtrack_internal.sync_halving(c, keys[half + 1:], is_empty);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_halving(invtrack.connection, text[], boolean) IS
'Brings keys in line; those that fail are rejected, the others go in';

CREATE FUNCTION invtrack_internal.sync_keys(c invtrack.connection, keys text[], is_empty boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    batch constant integer := 2000;
    ordered text[];
    written bigint := 0;
BEGIN
    ordered := ARRAY(SELECT DISTINCT k COLLATE "C" FROM unnest(keys) k WHERE k IS NOT NULL ORDER BY 1);
    INSERT INTO invtrack.connection_key AS k (connection, key, synced_at)
    SELECT c.number, u.key, clock_timestamp() FROM unnest(ordered) WITH ORDINALITY u (key, n) ORDER BY u.n
        ON CONFLICT (connection, key) DO UPDATE SET synced_at = excluded.synced_at;
    FOR i IN 0 .. (coalesce(array_length(ordered, 1), 0) - 1) / batch LOOP
        EXIT WHEN ordered = '{}';
        written := written + invtrack_internal.sync_halving(c, ordered[i * batch + 1:(i + 1) * batch], is_empty);
    END LOOP;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_keys(invtrack.connection, text[], boolean) IS
'Locks keys of a connection, in order, and brings them in line; how many rows were written';

CREATE FUNCTION invtrack_internal.known_keys(c invtrack.connection)
RETURNS text[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    of_source text[];
BEGIN
    BEGIN
        of_source := invtrack_internal.read_keys(c.connection, NULL, NULL);
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE ~ '^(40|53|54|57|58|XX|25|55P03)' THEN
            RAISE;
        END IF;
    END;
    RETURN ARRAY(SELECT unnest(of_source) UNION SELECT k.key FROM invtrack.connection_key k WHERE k.connection = c.number);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.known_keys(invtrack.connection) IS 'The keys of the source now, and those that it had';

CREATE FUNCTION invtrack_internal.sync_noted(watched oid[], columns text[], keys text[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    c invtrack.connection;
    each integer;
    noted text[];
    whole boolean;
    numbers integer[];
BEGIN
    FOR each, noted, whole IN
        SELECT n.number, array_agg(DISTINCT u.key) FILTER (WHERE u.key IS NOT NULL), bool_or(u.key IS NULL)
          FROM unnest(watched, columns, keys) u (relation, column_name, key)
         CROSS JOIN LATERAL (
             SELECT w.connection
               FROM invtrack.connection_watch w
              WHERE w.key = u.column_name
                AND (w.watched = u.relation OR w.watched IN (SELECT a.relid FROM pg_partition_ancestors(u.relation) a (relid)))
             -- what lacked a merchant, product or inventory type is noted by the name of the connection
             UNION ALL SELECT u.column_name WHERE u.relation = 0) w
          JOIN invtrack.connection n ON n.connection = w.connection
         GROUP BY n.number, n.target
         ORDER BY invtrack_internal.target_rank(n.target), n.number
    LOOP
        SELECT n.* INTO c FROM invtrack.connection n WHERE n.number = each;
        PERFORM invtrack_internal.sync_keys(c, CASE WHEN whole THEN invtrack_internal.known_keys(c) ELSE noted END);
        numbers := numbers || each;
    END LOOP;
    PERFORM invtrack_internal.sync_gone_of(numbers);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_noted(oid[], text[], text[]) IS
'Brings in line what changes of watched tables have touched; a null key is all of them';
