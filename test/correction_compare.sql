-- What is compared after each step for test/t/025_random_corrections.pl, and the steps in any order.
CREATE TABLE compared (what text, rows bigint);
CREATE FUNCTION compare(what text, is_now text, should_be text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($q$
        WITH got AS MATERIALIZED (%1$s), wanted AS MATERIALIZED (%2$s),
        noted AS (INSERT INTO compared SELECT $1, count(*) FROM wanted)
        INSERT INTO difference
        (SELECT current_setting('test.step')::integer, $1, 'got', to_jsonb(d) FROM (TABLE got EXCEPT ALL TABLE wanted) d)
        UNION ALL
        (SELECT current_setting('test.step')::integer, $1, 'expected', to_jsonb(d) FROM (TABLE wanted EXCEPT ALL TABLE got) d)
        $q$, is_now, should_be) USING what;
END
$$;

CREATE FUNCTION compare_all() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- a time is nothing that the model can know
    UPDATE model.tracker t SET updated_at = i.updated_at FROM invtrack.tracker i
     WHERE (t.merchant, t.sku, t.inventory_type, t.mechanism) = (i.merchant, i.sku, i.inventory_type, i.mechanism) AND t.updated_at <> i.updated_at;
    PERFORM compare('health', 'TABLE invtrack.health', 'SELECT * FROM oracle_health(model.today())');
    PERFORM compare('stock', 'TABLE invtrack.stock', 'SELECT * FROM oracle_stock(model.today())');
    PERFORM compare('products', 'SELECT merchant, sku, name, launched_on, discontinued_on FROM invtrack.product',
                                'SELECT merchant, sku, name, launched_on, discontinued_on FROM model.product');
    PERFORM compare('incoming', 'TABLE invtrack.incoming', 'TABLE model.incoming');
    PERFORM compare('flow_daily', 'SELECT * FROM invtrack.flow_daily WHERE quantity <> 0',
        'SELECT merchant, sku, inventory_type, flow, occurred_on, sum(quantity) FROM model.movement GROUP BY 1, 2, 3, 4, 5 HAVING sum(quantity) <> 0');
    PERFORM compare('unknown_items', 'TABLE invtrack.unknown_items', $q$
        WITH units AS (SELECT merchant, sku, inventory_type, flow, occurred_on, sum(quantity) AS quantity FROM model.movement GROUP BY 1, 2, 3, 4, 5)
        SELECT w.merchant, w.sku, w.inventory_type, w.flow, count(*),
               (SELECT coalesce(sum(u.quantity), 0) FROM units u WHERE (u.merchant, u.sku, u.inventory_type, u.flow) = (w.merchant, w.sku, w.inventory_type, w.flow))
          FROM model.written w
         WHERE (NOT EXISTS (SELECT FROM model.product p WHERE (p.merchant, p.sku) = (w.merchant, w.sku))
                OR NOT EXISTS (SELECT FROM model.inventory_type i WHERE (i.merchant, i.inventory_type) = (w.merchant, w.inventory_type)))
           AND EXISTS (SELECT FROM units u WHERE (u.merchant, u.sku, u.inventory_type) = (w.merchant, w.sku, w.inventory_type) AND u.quantity <> 0)
         GROUP BY 1, 2, 3, 4$q$);
    -- "movements and series": each that was written is counted once
    PERFORM compare('movements', 'SELECT (SELECT coalesce(sum(movements), 0) FROM invtrack.flow_series) + (SELECT count(*) FROM invtrack.movement WHERE NOT folded)',
                                 'SELECT count(*)::numeric FROM model.written');
    PERFORM compare('marks', 'SELECT merchant, movement_id, reversed FROM invtrack.movement',
                             'SELECT merchant, movement_id, reversed FROM model.written WHERE NOT purged');
    PERFORM compare('alerts', 'SELECT merchant, alert_id, sku, inventory_type, mechanism, status, reason, severity, opened_health, lowest_health, opened_on,
                                      closed_on, closed_as FROM invtrack.alert',
                              'SELECT merchant, alert_id, sku, inventory_type, mechanism, status, reason, severity, opened_health, lowest_health, opened_on,
                                      closed_on, closed_as FROM model.alert');
    PERFORM compare('events', $q$SELECT merchant, event_id, transition, alert_id, sku, inventory_type, mechanism, payload ->> 'previous_sku' FROM invtrack.alert_event$q$,
                              'TABLE model.event');
    PERFORM compare('health_daily', 'TABLE invtrack.health_daily', 'TABLE model.health_daily');
    PERFORM compare('stock_daily', 'TABLE invtrack.stock_daily', 'TABLE model.stock_daily');
    PERFORM compare('status_daily', 'TABLE invtrack.status_daily', 'TABLE model.status_daily');
    PERFORM compare('changes', $q$SELECT merchant, sku, inventory_type, mechanism, (before ->> 'version')::integer AS before, (after ->> 'version')::integer AS after
                                    FROM invtrack.tracker_change$q$,
                               'SELECT merchant, sku, inventory_type, mechanism, before, after FROM model.change');
    PERFORM compare('verify', 'SELECT * FROM invtrack.verify()', 'SELECT * FROM invtrack_internal.difference WHERE false');
END
$$;

-- Two merchants, so that what happens to one shows in the other.
CREATE FUNCTION begin_run() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM do_both($q$INSERT INTO invtrack.merchant (merchant, name, time_zone, rearm_percent, alert_too_new, alert_nothing_on_hand, critical_percent, count_today, hold_for_incoming)
                    VALUES ('m', 'M', 'UTC', 0, false, false, 0, true, false), ('n', 'N', 'Pacific/Kiritimati', 20, true, true, 40, false, true)$q$);
    PERFORM do_both($q$INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
                    SELECT m, t, t FROM unnest(ARRAY['m', 'n']) m, unnest(ARRAY['good', 'defective']) t$q$);
    PERFORM do_both($q$INSERT INTO invtrack.product (merchant, sku, name)
                    SELECT m, s, 'Name of ' || s FROM unnest(ARRAY['m', 'n']) m, unnest(ARRAY['p1', 'p2', 'p3', 'p4']) s$q$);
    INSERT INTO model.state (merchant) VALUES ('m'), ('n');
END
$$;

CREATE FUNCTION end_run() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
    kept bigint;
BEGIN
    PERFORM try('SELECT invtrack.delete_merchant(''m'')', 'true');
    PERFORM try('SELECT invtrack.delete_merchant(''n'')', 'true');
    FOR name IN SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant'
                 WHERE c.relkind = 'r' AND c.relnamespace = 'invtrack'::regnamespace LOOP
        EXECUTE format('SELECT count(*) FROM %s', name) INTO kept;
        IF kept > 0 THEN INSERT INTO difference VALUES (current_setting('test.step')::integer, 'after delete_merchant in ' || name, 'got', kept); END IF;
    END LOOP;
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'model'::regnamespace AND relkind = 'r');
END
$$;

-- Each step is a transaction of its own; the first difference that is seen ends the run.
CREATE PROCEDURE run(seed integer, steps integer) LANGUAGE plpgsql AS $$
DECLARE
    what text;
    m text;
    ignored bigint;
BEGIN
    PERFORM setseed(seed % 1000000 / 1000000.0), set_config('test.step', '0', false), set_config('invtrack.as_of', '2020-03-01', false);
    PERFORM begin_run();
    COMMIT;
    FOR step IN 1 .. steps LOOP
        PERFORM set_config('test.step', step::text, false);
        m := pick(ARRAY['m', 'm', 'n']);
        what := pick(ARRAY['insert', 'insert', 'insert', 'record', 'record', 'record', 'record', 'reverse', 'reverse', 'reverse', 'reverse_load',
                           'fold', 'fold', 'fold', 'purge', 'purge', 'check', 'check', 'check', 'check', 'save', 'save', 'save', 'save', 'save',
                           'tracker', 'tracker', 'stock', 'stock', 'stock', 'stock', 'catalogue', 'catalogue', 'product', 'product', 'product', 'all', 'repair']);
        IF what IN ('fold', 'repair') THEN
            PERFORM try(format(CASE what WHEN 'fold' THEN 'SELECT invtrack.fold(%L)' ELSE 'SELECT count(*) FROM invtrack.verify(%L, true)' END, m),
                        CASE what WHEN 'repair' THEN '0' END);
        ELSIF what = 'all' THEN
            INSERT INTO log VALUES (step, 'fold_all, check_all');
            CALL invtrack.fold_all(ignored);
            PERFORM model.check_trackers('m'), model.check_trackers('n');
            CALL invtrack.check_all(ignored);
        ELSE
            EXECUTE format('SELECT step_%s($1)', what) USING m;
        END IF;
        COMMIT;
        CONTINUE WHEN step % 3 <> 0 AND what <> 'product';
        PERFORM compare_all();
        COMMIT;
        EXIT WHEN EXISTS (SELECT FROM difference);
    END LOOP;
END
$$;
