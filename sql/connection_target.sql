
-- What the rows of some keys become: lots and units on order, merchants, products and inventory types --------
--
-- What the keys brought before is compared with what they bring now, and the difference is written.

CREATE FUNCTION invtrack_internal.unit_sums(items bigint[], codes text[])
RETURNS TABLE (merchant text, sku text, inventory_type text, code text, quantity numeric, day date, has_two_dates boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.merchant, i.sku, i.inventory_type, u.code, w.quantity, w.day, w.has_two_dates
      FROM unnest(items, codes) u (item, code)
     CROSS JOIN LATERAL (
         SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.connection_item i WHERE i.item = u.item OFFSET 0) i
     CROSS JOIN LATERAL (
         SELECT sum(w.quantity) AS quantity, min(w.day) AS day,
                min(w.day) <> max(w.day) OR count(w.day) NOT IN (0, count(*)) AS has_two_dates
           FROM invtrack.connection_row w WHERE w.item = u.item AND w.code = u.code) w;
END;
COMMENT ON FUNCTION invtrack_internal.unit_sums(bigint[], text[]) IS
'Sums of what all keys of all connections bring, per lot or order; a null quantity: no key has it any more. Its date, and do keys have two?';

CREATE FUNCTION invtrack_internal.sync_units(c invtrack.connection, keys text[], INOUT source invtrack_internal.source_row[], OUT written bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    items bigint[];
    codes text[];
    changed bigint[];
    changed_codes text[];
    has_two_dates boolean;
BEGIN
    -- A code has one date, that of the first key, whichever came first; and was not written by hand.
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
          FROM (SELECT u.*, first_value(u.day) OVER first AS first_day, first_value(u.key) OVER first AS first_key
                  FROM unnest(source) WITH ORDINALITY u
                WINDOW first AS (PARTITION BY u.fault IS NULL, u.item, u.code ORDER BY u.key COLLATE "C", u.ordinality)) r
          -- the first one of other keys
          LEFT JOIN (
              SELECT d.item, d.code, f.connection, f.key, f.day
                FROM (SELECT DISTINCT u.item, u.code FROM unnest(source) u WHERE u.fault IS NULL) d
               CROSS JOIN LATERAL (
                   SELECT w.connection, w.key, w.day FROM invtrack.connection_row w
                    WHERE w.item = d.item AND w.code = d.code AND NOT (w.connection = c.number AND w.key = ANY (keys))
                    ORDER BY w.connection, w.key LIMIT 1) f) o ON r.fault IS NULL AND o.item = r.item AND o.code = r.code
         CROSS JOIN LATERAL (
              SELECT CASE c.target WHEN 'stock_lot' THEN 'lot' ELSE 'order' END AS what,
                     CASE WHEN (o.connection, o.key) < (c.number, r.first_key COLLATE "C") THEN o.day ELSE r.first_day END AS day,
                     o.item IS NULL AND NOT EXISTS (
                         SELECT FROM invtrack.connection_row w WHERE w.item = r.item AND w.code = r.code)
                     AND CASE c.target
                         WHEN 'stock_lot' THEN EXISTS (
                             SELECT FROM invtrack.stock_lot l WHERE l.merchant = r.merchant AND l.sku = r.sku
                                AND l.inventory_type = r.inventory_type AND l.lot = r.code)
                         ELSE EXISTS (
                             SELECT FROM invtrack.incoming l WHERE l.merchant = r.merchant AND l.sku = r.sku
                                AND l.inventory_type = r.inventory_type AND l.ref = r.code) END AS by_hand) h
         ORDER BY r.ordinality);
    WITH n AS (
        SELECT r.key, r.item, r.code, r.day, sum(r.quantity) AS quantity
          FROM unnest(source) r WHERE r.fault IS NULL GROUP BY r.key, r.item, r.code, r.day),
    o AS (
        SELECT w.ctid AS place, w.key, w.item, w.code, w.day, w.quantity
          FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = ANY (keys)),
    d AS (
        SELECT o.place, coalesce(n.key, o.key) AS key, coalesce(n.item, o.item) AS item, coalesce(n.code, o.code) AS code, n.day, n.quantity, n.key IS NOT NULL AS is_there
          FROM n FULL JOIN o ON o.key = n.key AND o.item = n.item AND o.code = n.code
         WHERE (n.day, n.quantity) IS DISTINCT FROM (o.day, o.quantity) OR n.key IS NULL OR o.key IS NULL),
    gone AS (
        DELETE FROM invtrack.connection_row w USING d WHERE w.ctid = d.place),
    came AS (
        INSERT INTO invtrack.connection_row (connection, key, item, code, day, quantity)
        SELECT c.number, d.key, d.item, d.code, d.day, d.quantity FROM d WHERE d.is_there)
    SELECT array_agg(u.item), array_agg(u.code), array_agg(u.item) FILTER (WHERE u.is_changed), array_agg(u.code) FILTER (WHERE u.is_changed)
      INTO items, codes, changed, changed_codes
      FROM (SELECT a.item, a.code, bool_or(a.is_changed) AS is_changed
              FROM (SELECT d.item, d.code, true AS is_changed FROM d UNION ALL SELECT n.item, n.code, false FROM n) a
             GROUP BY a.item, a.code) u;
    -- What somebody wrote by hand into what keys bring is put right, too.
    IF c.target = 'stock_lot' THEN
        WITH s AS MATERIALIZED (
            SELECT * FROM invtrack_internal.unit_sums(items, codes)),
        t AS (
            SELECT s.* FROM s
              LEFT JOIN LATERAL (
                  SELECT l.quantity, l.expires_on FROM invtrack.stock_lot l
                   WHERE l.merchant = s.merchant AND l.sku = s.sku AND l.inventory_type = s.inventory_type AND l.lot = s.code OFFSET 0) l ON true
             WHERE s.quantity IS DISTINCT FROM l.quantity::numeric OR s.day IS DISTINCT FROM l.expires_on),
        gone AS (
            DELETE FROM invtrack.stock_lot l USING t
             WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type = t.inventory_type AND l.lot = t.code AND t.quantity IS NULL),
        came AS (
            INSERT INTO invtrack.stock_lot AS l (merchant, sku, inventory_type, lot, expires_on, quantity)
            SELECT t.merchant, t.sku, t.inventory_type, t.code, t.day, t.quantity FROM t WHERE t.quantity IS NOT NULL
                ON CONFLICT (merchant, sku, inventory_type, lot) DO UPDATE SET quantity = excluded.quantity, expires_on = excluded.expires_on)
        SELECT (SELECT count(*) FROM t), bool_or(s.has_two_dates) INTO written, has_two_dates FROM s;
    ELSE
        WITH s AS MATERIALIZED (
            SELECT * FROM invtrack_internal.unit_sums(items, codes)),
        t AS (
            SELECT s.* FROM s
              LEFT JOIN LATERAL (
                  SELECT l.quantity, l.expected_on FROM invtrack.incoming l
                   WHERE l.merchant = s.merchant AND l.sku = s.sku AND l.inventory_type = s.inventory_type AND l.ref = s.code OFFSET 0) l ON true
             WHERE s.quantity IS DISTINCT FROM l.quantity::numeric OR s.day IS DISTINCT FROM l.expected_on),
        gone AS (
            DELETE FROM invtrack.incoming l USING t
             WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type = t.inventory_type AND l.ref = t.code AND t.quantity IS NULL),
        came AS (
            INSERT INTO invtrack.incoming AS l (merchant, sku, inventory_type, ref, expected_on, quantity)
            SELECT t.merchant, t.sku, t.inventory_type, t.code, t.day, t.quantity FROM t WHERE t.quantity IS NOT NULL
                ON CONFLICT (merchant, sku, inventory_type, ref) DO UPDATE SET quantity = excluded.quantity, expected_on = excluded.expected_on)
        SELECT (SELECT count(*) FROM t), bool_or(s.has_two_dates) INTO written, has_two_dates FROM s;
    END IF;
    IF has_two_dates THEN
        -- those of later keys give way
        PERFORM invtrack_internal.note_key(n.connection, w.key)
           FROM (SELECT DISTINCT r.item, r.code, r.day FROM unnest(source) r WHERE r.fault IS NULL) r
           JOIN invtrack.connection_row w ON w.item = r.item AND w.code = r.code AND w.day IS DISTINCT FROM r.day
           JOIN invtrack.connection n ON n.number = w.connection
          CROSS JOIN LATERAL (
              SELECT FROM invtrack.connection_key k WHERE k.connection = w.connection AND k.key = w.key FOR UPDATE SKIP LOCKED) k;
    END IF;
    PERFORM invtrack_internal.note_rejected(c, keys, changed, changed_codes);
    PERFORM invtrack_internal.note_gone(changed);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_units(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'Lots, or units on order, with the sum of what all keys bring; the rows with further faults, and how many lots or orders changed';

CREATE FUNCTION invtrack_internal.rename_fed_product(merchant text, sku text, new_sku text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'product_rename_fed';
COMMENT ON FUNCTION invtrack_internal.rename_fed_product(text, text, text) IS
'rename_product() of what a connection feeds, as its source has it now; what has the new code already becomes one with it';

CREATE FUNCTION invtrack_internal.lock_items_of_products(merchants text[], skus text[])
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'connection_lock_items_of_products';
COMMENT ON FUNCTION invtrack_internal.lock_items_of_products(text[], text[]) IS
'Locks, as connections do, what they feed of products, and what they are about to: those of a commit before the first of them is renamed';

CREATE FUNCTION invtrack_internal.may_take_code(
    c invtrack.connection, keys text[], source invtrack_internal.source_row[], of_merchant text, new_sku text)
RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN NOT EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = of_merchant AND p.sku = new_sku)
        OR NOT EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = of_merchant AND t.sku = new_sku)
           AND (SELECT count(*) > 0
                       AND bool_and(w.gone OR w.connection = c.number AND w.key = ANY (keys)
                                    AND NOT EXISTS (SELECT FROM unnest(source) r WHERE r.key = w.key))
                  FROM invtrack.connection_item i JOIN invtrack.connection_row w ON w.item = i.item
                 WHERE i.target = 'product' AND i.merchant = of_merchant AND i.sku = new_sku);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.may_take_code(invtrack.connection, text[], invtrack_internal.source_row[], text, text) IS
'May a product take this code: is there no product of it, or only one that is gone from its source, or goes now, and has no trackers?';

CREATE FUNCTION invtrack_internal.sync_renames(c invtrack.connection, keys text[], source invtrack_internal.source_row[])
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    merchants text[];
    skus text[];
    new_skus text[];
    items bigint[];
    givers integer[];
    takers integer[];
    place integer;
    aside text;
    written bigint := 0;
BEGIN
    -- Each with the places of who has the code that it takes, and of who takes the one that it gives up.
    WITH r AS MATERIALIZED (
        SELECT r.*, row_number() OVER (ORDER BY r.merchant COLLATE "C", r.sku COLLATE "C")::integer AS place
          FROM (SELECT n.item, n.merchant, n.sku, n.new_sku, count(*) OVER (PARTITION BY n.merchant, n.new_sku) AS wanted
                  FROM invtrack_internal.renamed_keys(c, source) n
                 WHERE NOT EXISTS (SELECT FROM invtrack.connection_row w
                                    WHERE w.item = n.item AND NOT (w.connection = c.number AND w.key = n.key))
                   AND EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = n.merchant AND p.sku = n.sku)) r
         WHERE r.wanted = 1)
    SELECT array_agg(r.merchant ORDER BY r.place), array_agg(r.sku ORDER BY r.place), array_agg(r.new_sku ORDER BY r.place),
           array_agg(r.item ORDER BY r.place), array_agg(g.place ORDER BY r.place), array_agg(t.place ORDER BY r.place)
      INTO merchants, skus, new_skus, items, givers, takers
      FROM r
      LEFT JOIN r g ON g.merchant = r.merchant AND g.sku = r.new_sku
      LEFT JOIN r t ON t.merchant = r.merchant AND t.new_sku = r.sku;
    IF merchants IS NOT NULL THEN
        PERFORM invtrack_internal.lock_items_of_products(merchants || merchants, skus || new_skus);
    END IF;
    -- others may have had the codes that they give up
    PERFORM invtrack_internal.note_rejected(c, '{}', items, NULL);
    FOR step IN 1 .. 3 LOOP
        FOR i IN 1 .. coalesce(array_length(skus, 1), 0) LOOP
            place := i;
            IF step = 2 AND (givers[i] IS NULL OR skus[givers[i]] IS NULL) THEN
                -- the code that it takes is not given up: it stays as it is, and so does who waits for its own
                WHILE skus[place] IS NOT NULL LOOP
                    skus[place] := NULL;
                    place := takers[place];
                END LOOP;
            ELSIF step = 3 AND skus[i] IS NOT NULL THEN
                -- the others form circles: one steps aside
                aside := 'renamed ' || gen_random_uuid();
                PERFORM invtrack_internal.rename_fed_product(merchants[i], skus[i], aside);
                skus[i] := aside;
                place := takers[i];
            END IF;
            WHILE skus[place] IS NOT NULL AND invtrack_internal.may_take_code(c, keys, source, merchants[place], new_skus[place]) LOOP
                PERFORM invtrack_internal.rename_fed_product(merchants[place], skus[place], new_skus[place]);
                written := written + 1;
                skus[place] := NULL;
                place := takers[place];
            END LOOP;
        END LOOP;
    END LOOP;
    RETURN written;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_renames(invtrack.connection, text[], invtrack_internal.source_row[]) IS
'Renames products whose key has one row before and now, of the same merchant and another sku; how many';

-- Without bitmaps, as sync_references().
CREATE FUNCTION invtrack_internal.write_entities(c invtrack.connection, source invtrack_internal.source_row[], OUT written bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_bitmapscan = off
SET datestyle = 'ISO, YMD'
AS $body$
BEGIN
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
COMMENT ON FUNCTION invtrack_internal.write_entities(invtrack.connection, invtrack_internal.source_row[]) IS
'Merchants, products or inventory types as rows of a source say; how many differ from before';

CREATE FUNCTION invtrack_internal.misfit(target text, attributes jsonb)
RETURNS text[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
AS $body$
DECLARE
    attribute record;
BEGIN
    FOR attribute IN SELECT a.key, jsonb_build_object(a.key, a.value) AS alone FROM jsonb_each(attributes) a LOOP
        CASE target
            WHEN 'merchant' THEN PERFORM jsonb_populate_record(NULL::invtrack.merchant, attribute.alone);
            WHEN 'product' THEN PERFORM jsonb_populate_record(NULL::invtrack.product, attribute.alone);
            ELSE PERFORM jsonb_populate_record(NULL::invtrack.inventory_type, attribute.alone);
        END CASE;
    END LOOP;
    RETURN NULL;
EXCEPTION WHEN data_exception OR check_violation THEN
    RETURN ARRAY[SQLSTATE, attribute.key || ': ' || SQLERRM, attribute.key];
END
$body$;
COMMENT ON FUNCTION invtrack_internal.misfit(text, jsonb) IS
'The SQLSTATE, message and name of the first column of a target whose type does not take its value; null: all do';

CREATE FUNCTION invtrack_internal.try_entities(c invtrack.connection, source invtrack_internal.source_row[])
RETURNS invtrack_internal.source_row[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    is_written boolean;
    hint text;
    of_column text;
    misfit text[];
BEGIN
    FOR i IN 1 .. coalesce(array_length(source, 1), 0) LOOP
        CONTINUE WHEN source[i].fault IS NOT NULL;
        is_written := false;
        BEGIN
            PERFORM invtrack_internal.write_entities(c, source[i:i]);
            is_written := true;
            RAISE EXCEPTION 'written, and taken back';
        EXCEPTION WHEN OTHERS THEN
            IF NOT is_written THEN
                IF NOT invtrack_internal.is_of_data(SQLSTATE) THEN
                    RAISE;
                END IF;
                GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, of_column = COLUMN_NAME;
                misfit := coalesce(invtrack_internal.misfit(c.target, source[i].attributes), ARRAY[SQLSTATE, SQLERRM, of_column]);
                source[i].fault := CASE misfit[1]
                    WHEN '23502' THEN ARRAY['23502', format('%s must not be null', misfit[3]), 'Leave the row out in a view, or give it a value.', misfit[3]]
                    ELSE ARRAY[misfit[1], misfit[2], CASE WHEN misfit[1] IN ('22007', '22008') THEN 'Give a date, or write it as 2026-06-30.' ELSE hint END, misfit[3]] END;
            END IF;
        END;
    END LOOP;
    RETURN source;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.try_entities(invtrack.connection, invtrack_internal.source_row[]) IS
'The rows, with the faults of those that the table does not take: each is written, and taken back';

CREATE FUNCTION invtrack_internal.sync_entities(
    c invtrack.connection, keys text[], INOUT source invtrack_internal.source_row[], tries boolean, OUT written bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    renamed bigint := 0;
    changed bigint[];
    said record;
    of_item bigint;
    agreed jsonb;
    taken jsonb;
BEGIN
    IF c.target = 'product' THEN
        renamed := invtrack_internal.sync_renames(c, keys, source);
        IF renamed > 0 THEN
            source := invtrack_internal.sync_items(c, keys, invtrack_internal.sync_source(c, keys, tries), tries);
        END IF;
    END IF;
    -- What several keys have is the same in all of them; the later key is refused where it is not, whichever came first. Columns that a
    -- key has not say nothing. Only items of which rows differ are gone through.
    FOR said IN
        WITH n AS (
            SELECT u.item, u.key, u.ordinality, u.attributes FROM unnest(source) WITH ORDINALITY u WHERE u.fault IS NULL),
        a AS MATERIALIZED (
            SELECT n.item, c.number AS connection, n.key, n.ordinality, n.attributes FROM n
            UNION ALL
            SELECT d.item, w.connection, w.key, NULL, w.attributes
              -- where all of them say the same, they are not put in order
              FROM (SELECT DISTINCT d.item FROM (SELECT DISTINCT n.item, n.attributes FROM n) d
                     WHERE EXISTS (SELECT FROM invtrack.connection_row w WHERE w.item = d.item AND NOT w.gone AND w.attributes <> d.attributes)) d
             CROSS JOIN LATERAL (
                 SELECT DISTINCT ON (w.attributes) w.connection, w.key, w.attributes
                   FROM (SELECT w.connection, w.key, w.attributes FROM invtrack.connection_row w
                          WHERE w.item = d.item AND NOT w.gone AND NOT (w.connection = c.number AND w.key = ANY (keys)) OFFSET 0) w
                  ORDER BY w.attributes, w.connection, w.key) w)
        SELECT a.* FROM a
         WHERE a.item IN (SELECT e.item FROM (SELECT a.item, j.key, j.value FROM a CROSS JOIN LATERAL jsonb_each(a.attributes) j) e
                           GROUP BY e.item, e.key HAVING count(DISTINCT e.value) > 1)
         ORDER BY a.item, a.connection, a.key COLLATE "C", a.ordinality
    LOOP
        IF said.item IS DISTINCT FROM of_item THEN
            of_item := said.item;
            agreed := '{}';
            taken := '{}';
        END IF;
        IF agreed || said.attributes = said.attributes || agreed THEN
            agreed := said.attributes || agreed;
            taken := taken || jsonb_build_array(jsonb_build_array(said.key, said.attributes));
        ELSIF said.ordinality IS NULL THEN
            -- it gives way
            PERFORM invtrack_internal.note_key(n.connection, w.key)
               FROM invtrack.connection_row w
               JOIN invtrack.connection n ON n.number = w.connection
              CROSS JOIN LATERAL (
                  SELECT FROM invtrack.connection_key k WHERE k.connection = w.connection AND k.key = w.key FOR UPDATE SKIP LOCKED) k
              WHERE w.item = said.item AND NOT w.gone AND w.attributes = said.attributes;
        ELSE
            -- what the table does not take is told first
            source[said.ordinality] := (invtrack_internal.try_entities(c, source[said.ordinality:said.ordinality]))[1];
            CONTINUE WHEN source[said.ordinality].fault IS NOT NULL;
            source[said.ordinality].fault := ARRAY['21000',
                format('key "%s" says something else of %s "%s"',
                       (SELECT t.value ->> 0 FROM jsonb_array_elements(taken) t WHERE (t.value -> 1) || said.attributes <> said.attributes || (t.value -> 1) LIMIT 1),
                       c.target, CASE c.target WHEN 'product' THEN source[said.ordinality].sku
                                 WHEN 'merchant' THEN source[said.ordinality].merchant ELSE source[said.ordinality].inventory_type END),
                'Rows of several keys that are the same merchant, product or inventory type must be equal.'];
        END IF;
    END LOOP;
    WITH n AS (
        SELECT DISTINCT ON (r.key, r.item) r.key, r.item, r.attributes
          FROM unnest(source) r WHERE r.fault IS NULL ORDER BY r.key, r.item),
    o AS (
        SELECT w.ctid AS place, w.key, w.item, w.attributes, w.gone
          FROM invtrack.connection_row w WHERE w.connection = c.number AND w.key = ANY (keys)),
    here AS (
        UPDATE invtrack.connection_row w SET attributes = n.attributes, gone = false FROM n JOIN o ON o.key = n.key AND o.item = n.item
         WHERE w.ctid = o.place AND (o.gone OR o.attributes <> n.attributes) RETURNING w.item),
    gone AS (
        UPDATE invtrack.connection_row w SET gone = true FROM o
         WHERE w.ctid = o.place AND NOT o.gone AND NOT EXISTS (SELECT FROM n WHERE n.key = o.key AND n.item = o.item) RETURNING w.item),
    came AS (
        INSERT INTO invtrack.connection_row (connection, key, item, attributes)
        SELECT c.number, n.key, n.item, n.attributes FROM n
         WHERE NOT EXISTS (SELECT FROM o WHERE o.key = n.key AND o.item = n.item) RETURNING item)
    SELECT array_agg(DISTINCT u.item) INTO changed
      FROM (SELECT h.item FROM here h UNION ALL SELECT g.item FROM gone g UNION ALL SELECT e.item FROM came e) u;
    written := renamed + invtrack_internal.write_entities(c, source);
    IF changed IS NOT NULL THEN
        -- Others that had them, and could not give them up, have shared them.
        WITH given_up AS (
            DELETE FROM invtrack.connection_row w
             WHERE w.item = ANY (changed) AND w.gone AND NOT (w.connection = c.number AND w.key = ANY (keys))
               AND EXISTS (SELECT FROM invtrack.connection_row o WHERE o.item = w.item AND NOT o.gone) RETURNING w.connection, w.key)
        DELETE FROM invtrack.connection_reject r USING given_up g, invtrack.connection n
         WHERE n.number = g.connection AND r.connection = n.connection AND r.key = g.key AND r.row_number = 0 AND r.sqlstate = '23503'
           AND NOT EXISTS (SELECT FROM invtrack.connection_row w
                            WHERE w.connection = g.connection AND w.key = g.key AND w.gone AND w.item <> ALL (changed));
    END IF;
    PERFORM invtrack_internal.note_rejected(c, keys, changed, NULL);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.sync_entities(invtrack.connection, text[], invtrack_internal.source_row[], boolean) IS
'Merchants, products or inventory types as the keys have them now; what is gone is marked, and deleted by sync_gone()';
