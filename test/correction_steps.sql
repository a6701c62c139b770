-- Random steps for test/t/025_random_corrections.pl: each does the same to invtrack and to the model, and after each
-- the two are compared. Random numbers are drawn in one session, from one seed, and in an order that plans don't change.
CREATE TABLE log (step integer, what text);
CREATE TABLE difference (step integer, what text, side text, row_of text);
CREATE TABLE done (what text, outcome text);

CREATE FUNCTION pick(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE
AS 'SELECT choices[1 + floor(random() * cardinality(choices))::integer]';
CREATE FUNCTION chance(p double precision) RETURNS boolean LANGUAGE sql VOLATILE RETURN random() < p;
-- One of these, whatever the order in which they were found.
CREATE FUNCTION any_of(choices text[]) RETURNS text LANGUAGE sql VOLATILE
RETURN pick(ARRAY(SELECT c FROM unnest(choices) c ORDER BY c COLLATE "C"));
-- Mostly a code of a product, else any, of which there may be movements or nothing.
CREATE FUNCTION any_sku(m text) RETURNS text LANGUAGE sql VOLATILE
RETURN coalesce(CASE WHEN chance(0.7) THEN any_of(ARRAY(SELECT sku FROM model.product WHERE merchant = m)) END,
                pick(ARRAY['p1', 'p2', 'p3', 'p4', 'p4%', 'typo', 'P1']));
CREATE FUNCTION any_type() RETURNS text LANGUAGE sql VOLATILE RETURN pick(ARRAY['good', 'good', 'good', 'defective']);
CREATE FUNCTION any_flow() RETURNS text LANGUAGE sql VOLATILE RETURN pick(ARRAY['sale', 'sale', 'shipment']);
CREATE FUNCTION any_ref() RETURNS text LANGUAGE sql VOLATILE RETURN pick(ARRAY['a/', 'a_', 'b/', 'b%']) || pick(ARRAY['1', '2', '3']);
CREATE FUNCTION any_quantity() RETURNS numeric LANGUAGE sql VOLATILE RETURN pick(ARRAY[1, 1, 2, 3, 5, 8, -1, -2, 0.5, 2.000001, 999999999999.999999]);
CREATE FUNCTION any_day() RETURNS date LANGUAGE sql VOLATILE RETURN model.today() + 1 - pick(ARRAY[0, 1, 1, 1, 2, 2, 3, 4, 7, 8, 14, 30]);

-- Do it, and expect this, null for anything. The result, or the SQLSTATE of its error.
CREATE FUNCTION try(statement text, expected text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    step_now integer := current_setting('test.step')::integer;
BEGIN
    INSERT INTO log VALUES (step_now, statement);
    BEGIN
        EXECUTE statement INTO result;
    EXCEPTION WHEN OTHERS THEN
        result := SQLSTATE;
        IF result IS DISTINCT FROM expected THEN INSERT INTO log VALUES (step_now, SQLERRM); END IF;
    END;
    IF result IS DISTINCT FROM expected AND expected IS NOT NULL THEN
        INSERT INTO difference VALUES (step_now, statement, 'got', result), (step_now, statement, 'expected', expected);
    END IF;
    INSERT INTO done VALUES (substring(statement, '^(?:SELECT invtrack\.|CALL invtrack\.)?\w+(?: \w+ invtrack\.\w+)?'), coalesce(expected, 'any'));
    RETURN result;
END
$$;

-- What comes to invtrack, as lines that may have a ref, and be known by it already.
CREATE FUNCTION step_insert(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text; t text; f text; d date; q numeric; r text; is_known boolean; id text; is_old boolean;
BEGIN
    FOR n IN 1 .. 1 + floor(random() * 4) LOOP
        s := any_sku(m); t := pick(ARRAY[any_type(), any_type(), any_type(), 'unknown']); f := any_flow(); d := any_day(); q := any_quantity();
        r := CASE WHEN chance(0.6) THEN any_ref() END; is_old := chance(0.5);
        is_known := (model.line_of(m, f, r)).merchant IS NOT NULL;
        id := try(format('INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref, recorded_at)
                          VALUES (%L, %L, %L, %L, %L, %s, %L, now() - %L::interval) ON CONFLICT DO NOTHING RETURNING movement_id',
                         m, s, t, f, d, q, r, CASE WHEN is_old THEN '60 days' ELSE '1 hour' END));
        IF (id IS NULL) <> is_known THEN
            INSERT INTO difference VALUES (current_setting('test.step')::integer, 'a line that is known', 'got', id);
        END IF;
        IF id IS NOT NULL THEN PERFORM model.record(m, id::bigint, s, t, f, d, q, r); END IF;
    END LOOP;
END
$$;

-- What a line says now: something new, the same, nothing, or one thing that differs.
CREATE FUNCTION step_record(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    f text := any_flow(); r text := any_ref(); s text := any_sku(m); t text := any_type(); d date := any_day(); q numeric := any_quantity();
    old model.movement := model.line_of(m, f, r);
    differs text := pick(ARRAY['all', 'nothing', 'sku', 'day', 'quantity', 'zero']);
    expected text;
BEGIN
    IF old.merchant IS NOT NULL AND differs <> 'all' THEN
        IF differs <> 'sku' THEN s := old.sku; END IF;
        IF differs <> 'day' THEN d := old.occurred_on; END IF;
        IF differs <> 'quantity' THEN q := old.quantity; END IF;
        t := old.inventory_type;
    END IF;
    IF differs = 'zero' THEN q := 0; END IF;
    expected := CASE WHEN (old.sku, old.inventory_type, old.occurred_on, old.quantity) IS NOT DISTINCT FROM (s, t, d, q) THEN 'unchanged'
                     WHEN old.merchant IS NOT NULL THEN 'corrected'
                     WHEN d <= (SELECT purged_upto FROM model.state WHERE merchant = m)
                          AND NOT EXISTS (SELECT FROM model.written WHERE (merchant, flow, ref) = (m, f, r) AND NOT purged) THEN 'P0002'
                     WHEN q = 0 THEN 'unchanged'
                     ELSE 'created' END;
    IF try(format('SELECT invtrack.record_movement(%L, %L, %L, %L, %L, %L, %s)', m, f, r, s, t, d, q), expected) <> expected THEN RETURN; END IF;
    IF expected = 'corrected' THEN
        PERFORM model.reverse(m, old.movement_id, (SELECT movement_id FROM invtrack.movement
                                                    WHERE merchant = m AND reverses = old.movement_id AND NOT reversed));
    END IF;
    IF expected IN ('created', 'corrected') AND q <> 0 THEN
        PERFORM model.record(m, (SELECT movement_id FROM invtrack.movement WHERE (merchant, flow, ref) = (m, f, r) AND NOT reversed), s, t, f, d, q, r);
    END IF;
END
$$;

CREATE FUNCTION step_reverse(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    -- more often what is part of a chain
    is_deep boolean := chance(0.6);
    id bigint := any_of(ARRAY(SELECT movement_id::text FROM model.written WHERE merchant = m AND (depth > 0 OR reversed OR NOT is_deep)));
    expected text := model.refusal(m, id);
    got text := try(format('SELECT invtrack.reverse_movement(%L, %L)', m, coalesce(id, 1)), expected);
BEGIN
    IF expected IS NOT NULL THEN RETURN; END IF;
    IF got ~ '[^0-9]' OR length(got) < 10 THEN
        INSERT INTO difference VALUES (current_setting('test.step')::integer, 'a reversal', 'got', got);
    ELSE
        PERFORM model.reverse(m, id, got::bigint);
    END IF;
END
$$;

CREATE FUNCTION step_reverse_load(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    f text := any_flow();
    prefix text := pick(ARRAY['a', 'a/', 'a_', 'b%', 'b/', '%', '_', 'a_2', 'a/1']);
    ids bigint[] := ARRAY(SELECT movement_id FROM model.movement WHERE merchant = m AND flow = f AND NOT purged AND starts_with(ref, prefix));
BEGIN
    PERFORM try(format('SELECT invtrack.reverse_movements(%L, %L, %L)', m, f, prefix), cardinality(ids)::text);
    PERFORM model.reverse(m, r.reverses, r.movement_id)
       FROM invtrack.movement r WHERE r.merchant = m AND r.reverses = ANY (ids) AND NOT r.reversed;
END
$$;

-- Purges are seen by what is gone; what is gone counts as before.
CREATE FUNCTION note_purged() RETURNS void LANGUAGE sql AS $$
    UPDATE model.written w SET purged = true
     WHERE NOT purged AND NOT EXISTS (SELECT FROM invtrack.movement v WHERE v.merchant = w.merchant AND v.movement_id = w.movement_id);
$$;
CREATE FUNCTION step_purge(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bigint := (SELECT count(*) FROM model.written WHERE purged);
BEGIN
    PERFORM try(format('SELECT invtrack.purge_movements(%L, %s)', m, pick(ARRAY[0, 50])));
    PERFORM note_purged();
    IF (SELECT count(*) FROM model.written WHERE purged) > before THEN
        UPDATE model.state SET purged_upto = (SELECT max(occurred_on) FROM model.written w WHERE w.merchant = m AND purged) WHERE merchant = m;
    END IF;
END
$$;

CREATE FUNCTION step_check(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today text := model.today();
BEGIN
    -- mostly the days go on; now and then somebody looks back
    PERFORM set_config('invtrack.as_of', (today::date + pick(ARRAY[0, 0, 1, 1, 2, 7, -1, -3]))::text, false);
    PERFORM model.check_trackers(m);
    PERFORM try(format('SELECT count(*) FROM invtrack.check_trackers(%L)', m));
    PERFORM set_config('invtrack.as_of', greatest(today, model.today()::text), false);
END
$$;

CREATE FUNCTION step_save(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text := any_sku(m); t text := any_type(); k text := pick(ARRAY['stock_quantity', 'turnover_days', 'stalled_days']);
    q numeric := CASE WHEN k <> 'turnover_days' THEN pick(ARRAY[1, 3, 10, 30]) END;
    l integer := CASE WHEN k <> 'stock_quantity' THEN pick(ARRAY[1, 2, 7, 30]) END;
    c integer := CASE WHEN k = 'turnover_days' THEN pick(ARRAY[1, 7]) END;
    e integer := CASE WHEN k <> 'stalled_days' THEN pick(ARRAY[NULL, 0, 7]) END;
    x model.tracker;
    v integer := pick(ARRAY[NULL, NULL, NULL, 0, 1, 2]);
    expected text;
BEGIN
    SELECT * INTO x FROM model.tracker WHERE (merchant, sku, inventory_type, mechanism) = (m, s, t, k);
    IF chance(0.3) AND x.merchant IS NOT NULL THEN q := x.quantity; l := x.lookback_days; c := x.coverage_days; e := x.expiry_days; END IF;
    expected := CASE WHEN NOT EXISTS (SELECT FROM model.product p WHERE p.merchant = m AND p.sku = s) THEN '23503'
                     WHEN v <> coalesce(x.version, 0) THEN '55000'
                     WHEN x.merchant IS NULL THEN 'created'
                     WHEN (x.quantity::numeric, x.lookback_days, x.coverage_days, x.expiry_days) IS NOT DISTINCT FROM (q, l, c, e) THEN 'unchanged'
                     ELSE 'updated' END;
    PERFORM try(format('SELECT invtrack.save_tracker(%L, %L, %L, %L, %L, %L, %L, %L, %L)', m, s, t, k, q, l, c, e, v), expected);
    IF expected = 'created' THEN
        INSERT INTO model.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days, created_at, updated_at, active, version)
        VALUES (m, s, t, k, q, l, c, e, now(), now(), true, 1);
        INSERT INTO model.change VALUES (m, s, t, k, NULL, 1);
    ELSIF expected = 'updated' THEN
        UPDATE model.tracker SET quantity = q, lookback_days = l, coverage_days = c, expiry_days = e, version = version + 1
         WHERE (merchant, sku, inventory_type, mechanism) = (m, s, t, k);
        INSERT INTO model.change VALUES (m, s, t, k, x.version, x.version + 1);
    END IF;
END
$$;

CREATE FUNCTION step_tracker(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    x model.tracker;
    what text := pick(ARRAY['delete', 'pause', 'snooze', 'wake']);
    key text;
    is_open boolean;
BEGIN
    key := any_of(ARRAY(SELECT concat_ws('|', sku, inventory_type, mechanism) FROM model.tracker WHERE merchant = m));
    SELECT * INTO x FROM model.tracker WHERE merchant = m AND concat_ws('|', sku, inventory_type, mechanism) = key;
    is_open := EXISTS (SELECT FROM model.open_alert WHERE (merchant, sku, inventory_type, mechanism) = (m, x.sku, x.inventory_type, x.mechanism));
    IF x.merchant IS NULL THEN
        PERFORM try(format('SELECT invtrack.delete_tracker(%L, ''p1'', ''good'', ''stock_quantity'')', m), 'P0002');
    ELSIF what = 'delete' THEN
        PERFORM model.delete_trackers(m, x.sku, ARRAY[concat(x.inventory_type, '/', x.mechanism)]);
        PERFORM try(format('SELECT invtrack.delete_tracker(%L, %L, %L, %L)', m, x.sku, x.inventory_type, x.mechanism), 'true');
    ELSIF what = 'pause' THEN
        UPDATE model.tracker SET active = NOT active, version = version + 1
         WHERE (merchant, sku, inventory_type, mechanism) = (m, x.sku, x.inventory_type, x.mechanism);
        INSERT INTO model.change VALUES (m, x.sku, x.inventory_type, x.mechanism, x.version, x.version + 1);
        PERFORM try(format('UPDATE invtrack.tracker SET active = NOT active WHERE (merchant, sku, inventory_type, mechanism) = (%L, %L, %L, %L)
                            RETURNING active', m, x.sku, x.inventory_type, x.mechanism), (NOT x.active)::text);
    ELSE
        UPDATE model.alert SET is_snoozed = what = 'snooze'
         WHERE (merchant, sku, inventory_type, mechanism) = (m, x.sku, x.inventory_type, x.mechanism) AND closed_as IS NULL;
        PERFORM try(format('SELECT invtrack.snooze_alert(%L, %L, %L, %L, %L)', m, x.sku, x.inventory_type, x.mechanism,
                           CASE what WHEN 'snooze' THEN 'infinity' END), CASE WHEN is_open THEN 'true' ELSE 'P0002' END);
    END IF;
END
$$;

-- Plain SQL, the same for both.
CREATE FUNCTION do_both(statement text, expected text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF expected IS NULL THEN EXECUTE replace(statement, 'invtrack.', 'model.'); END IF;
    PERFORM try(statement || ' RETURNING ''done''', coalesce(expected, 'done'));
END
$$;
CREATE FUNCTION step_stock(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text := any_sku(m); t text := any_type(); code text := pick(ARRAY['', 'A', 'B']);
    days integer := pick(ARRAY[NULL, -1, 0, 1, 5, 40]);
    what text := pick(ARRAY['stock_lot', 'stock_lot', 'incoming']);
    code_column text := CASE what WHEN 'stock_lot' THEN 'lot' ELSE 'ref' END;
    day_column text := CASE what WHEN 'stock_lot' THEN 'expires_on' ELSE 'expected_on' END;
    q numeric := pick(ARRAY[1, 4, 20, 100]) * CASE WHEN what = 'stock_lot' THEN pick(ARRAY[1, 1, 1, 0, -1, 0.5]) ELSE 1 END;
    is_there boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM model.%I WHERE (merchant, sku, inventory_type, %I) = ($1, $2, $3, $4))', what, code_column)
       INTO is_there USING m, s, t, code;
    IF NOT EXISTS (SELECT FROM model.product p WHERE p.merchant = m AND p.sku = s) THEN
        PERFORM do_both(format('INSERT INTO invtrack.%I (merchant, sku, inventory_type, quantity) VALUES (%L, %L, %L, %s)', what, m, s, t, q), '23503');
    ELSIF NOT is_there THEN
        PERFORM do_both(format('INSERT INTO invtrack.%I (merchant, sku, inventory_type, %I, %I, quantity) VALUES (%L, %L, %L, %L, %L, %s)',
                            what, code_column, day_column, m, s, t, code, model.today() + days, q));
    ELSIF chance(0.6) THEN
        PERFORM do_both(format('UPDATE invtrack.%I SET quantity = %s, %I = %L WHERE (merchant, sku, inventory_type, %I) = (%L, %L, %L, %L)',
                            what, q, day_column, model.today() + days, code_column, m, s, t, code));
    ELSE
        PERFORM do_both(format('DELETE FROM invtrack.%I WHERE (merchant, sku, inventory_type, %I) = (%L, %L, %L, %L)', what, code_column, m, s, t, code));
    END IF;
END
$$;
CREATE FUNCTION step_catalogue(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text := any_sku(m);
    what text := pick(ARRAY['product', 'delete', 'delete', 'launched_on', 'discontinued_on', 'merchant', 'merchant']);
    is_there boolean := EXISTS (SELECT FROM model.product p WHERE p.merchant = m AND p.sku = s);
    has_stock boolean := EXISTS (SELECT FROM model.stock_lot l WHERE l.merchant = m AND l.sku = s UNION ALL
                                 SELECT FROM model.incoming i WHERE i.merchant = m AND i.sku = s);
BEGIN
    IF what = 'merchant' THEN
        PERFORM do_both(format('UPDATE invtrack.merchant SET %s WHERE merchant = %L', pick(ARRAY[
            'count_today = NOT count_today', 'count_today = NOT count_today', 'rearm_percent = 20 - rearm_percent',
            'critical_percent = 40 - critical_percent', 'alert_too_new = NOT alert_too_new',
            'alert_nothing_on_hand = NOT alert_nothing_on_hand', 'hold_for_incoming = NOT hold_for_incoming']), m));
    ELSIF NOT is_there THEN
        PERFORM do_both(format('INSERT INTO invtrack.product (merchant, sku, name, launched_on) VALUES (%L, %L, %L, %L)', m, s, 'Name of ' || s,
                            model.today() - pick(ARRAY[NULL, 0, 3, 60])));
    ELSIF what IN ('launched_on', 'discontinued_on') THEN
        PERFORM do_both(format('UPDATE invtrack.product SET %I = %L WHERE merchant = %L AND sku = %L', what,
                            model.today() - pick(ARRAY[NULL, NULL, -3, 0, 30]), m, s));
    ELSIF what = 'delete' AND has_stock AND chance(0.3) THEN
        PERFORM do_both(format('DELETE FROM invtrack.product WHERE merchant = %L AND sku = %L', m, s), '23503');
    ELSIF what = 'delete' THEN
        PERFORM model.delete_trackers(m, s, ARRAY(SELECT concat(inventory_type, '/', mechanism) FROM model.tracker));
        DELETE FROM model.stock_daily WHERE merchant = m AND sku = s;
        DELETE FROM invtrack.stock_lot WHERE merchant = m AND sku = s;
        DELETE FROM model.stock_lot WHERE merchant = m AND sku = s;
        DELETE FROM invtrack.incoming WHERE merchant = m AND sku = s;
        DELETE FROM model.incoming WHERE merchant = m AND sku = s;
        PERFORM do_both(format('DELETE FROM invtrack.product WHERE merchant = %L AND sku = %L', m, s));
    END IF;
END
$$;

-- No table but that of events keeps a code that has gone.
CREATE FUNCTION step_product(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text := any_sku(m); what text := pick(ARRAY['rename_product', 'rename_product', 'rename_product', 'merge_product', 'merge_product', 'merge_product', 'delete_product']);
    to_sku text := CASE WHEN what = 'rename_product' AND chance(0.7) THEN pick(ARRAY['new a', 'new b', 'P1', 'typo']) ELSE any_sku(m) END;
    expected text;
    kept bigint;
    name text;
BEGIN
    expected := CASE what WHEN 'rename_product' THEN model.rename_product(m, s, to_sku)
                          WHEN 'merge_product' THEN model.merge_product(m, s, to_sku)
                          ELSE model.delete_product(m, s) END;
    PERFORM try(format('SELECT invtrack.%I(%L, %L%s)', what, m, s, CASE WHEN what <> 'delete_product' THEN format(', %L', to_sku) ELSE '' END), expected);
    IF expected <> 'true' THEN RETURN; END IF;
    FOR name IN SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'sku'
                 WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
                   AND c.oid <> 'invtrack.alert_event'::regclass LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE merchant = $1 AND sku = $2', name) INTO kept USING m, s;
        IF kept > 0 THEN INSERT INTO difference VALUES (current_setting('test.step')::integer, 'an old code in ' || name, 'got', kept); END IF;
    END LOOP;
END
$$;
