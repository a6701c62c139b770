-- A model of what corrections, changes of products and checks do, in plain SQL over tables of its own, for
-- test/t/025_random_corrections.pl, which reads it after oracle.sql with the schema model in place of invtrack.
-- It is told the same facts as invtrack: a step of correction_steps.sql does the same to both.
CREATE TABLE model.merchant (LIKE invtrack.merchant);
CREATE TABLE model.product (LIKE invtrack.product);
CREATE TABLE model.inventory_type (LIKE invtrack.inventory_type);
CREATE TABLE model.stock_lot (LIKE invtrack.stock_lot);
CREATE TABLE model.incoming (LIKE invtrack.incoming);
CREATE TABLE model.tracker (LIKE invtrack.tracker);

-- All that was ever recorded. A line (depth 0) counts while it says something; reversals, and reversals of these, belong to it.
CREATE TABLE model.written (
    merchant text COLLATE "C", movement_id bigint, line bigint, depth integer, reverses bigint,
    sku text COLLATE "C", inventory_type text COLLATE "C", flow text COLLATE "C", occurred_on date, quantity numeric, ref text COLLATE "C",
    says boolean DEFAULT true, reversed boolean DEFAULT false, purged boolean DEFAULT false);
CREATE INDEX ON model.written (merchant, movement_id);
CREATE VIEW model.movement AS SELECT * FROM model.written WHERE depth = 0 AND says;

CREATE TABLE model.state (
    merchant text COLLATE "C", events bigint DEFAULT 0, last_day date, purged_upto date DEFAULT '-infinity');
CREATE TABLE model.alert (
    merchant text COLLATE "C", alert_id bigint, sku text COLLATE "C", inventory_type text COLLATE "C", mechanism text COLLATE "C",
    status text COLLATE "C", reason text COLLATE "C", severity text COLLATE "C", opened_health numeric, lowest_health numeric, opened_on date,
    closed_on date, closed_as text COLLATE "C", is_snoozed boolean DEFAULT false);
CREATE VIEW model.open_alert AS SELECT * FROM model.alert WHERE closed_as IS NULL;
CREATE TABLE model.event (
    merchant text COLLATE "C", event_id bigint, transition text COLLATE "C", alert_id bigint, sku text COLLATE "C",
    inventory_type text COLLATE "C", mechanism text COLLATE "C", previous_sku text COLLATE "C");
CREATE TABLE model.health_daily (LIKE invtrack.health_daily);
CREATE TABLE model.stock_daily (LIKE invtrack.stock_daily);
CREATE TABLE model.status_daily (LIKE invtrack.status_daily);
CREATE TABLE model.change (
    merchant text COLLATE "C", sku text COLLATE "C", inventory_type text COLLATE "C", mechanism text COLLATE "C", before integer, after integer,
    change_id bigint GENERATED ALWAYS AS IDENTITY);

CREATE FUNCTION model.today() RETURNS date LANGUAGE sql RETURN current_setting('invtrack.as_of')::date;

-- Movements ---------------------------------------------------------------------------------------

CREATE FUNCTION model.line_of(m text, f text, r text) RETURNS model.movement LANGUAGE sql
BEGIN ATOMIC SELECT v.* FROM model.movement v WHERE v.merchant = m AND v.flow = f AND v.ref = r AND NOT v.purged; END;

CREATE FUNCTION model.record(m text, id bigint, s text, t text, f text, d date, q numeric, r text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO model.written (merchant, movement_id, line, depth, sku, inventory_type, flow, occurred_on, quantity, ref)
    VALUES (m, id, id, 0, s, t, f, d, q, r);
END;

-- Why a movement can't be reversed: it is gone, reversed already, or the line would be taken back, or say something, twice.
CREATE FUNCTION model.refusal(m text, id bigint) RETURNS text LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN x.reversed OR l.says <> (x.depth % 2 = 0)
                     OR (x.depth % 2 = 1 AND NOT l.purged AND (model.line_of(m, l.flow, l.ref)).merchant IS NOT NULL) THEN '23505'
                WHEN x.merchant IS NULL THEN 'P0002' END
      FROM (SELECT m AS of_merchant) one
      LEFT JOIN model.written x ON x.merchant = m AND x.movement_id = id AND NOT x.purged
      LEFT JOIN model.written l ON l.merchant = m AND l.movement_id = x.line;
END;

CREATE FUNCTION model.reverse(m text, id bigint, by_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    x model.written;
    is_reversed boolean := true;
BEGIN
    SELECT * INTO STRICT x FROM model.written w WHERE w.merchant = m AND w.movement_id = id;
    INSERT INTO model.written (merchant, movement_id, line, depth, reverses, sku, inventory_type, flow, occurred_on)
    VALUES (m, by_id, x.line, x.depth + 1, id, x.sku, x.inventory_type, x.flow, x.occurred_on);
    UPDATE model.written w SET says = x.depth % 2 = 1 WHERE w.merchant = m AND w.movement_id = x.line;
    WHILE x.merchant IS NOT NULL LOOP
        UPDATE model.written w SET reversed = is_reversed WHERE w.merchant = m AND w.movement_id = x.movement_id;
        is_reversed := NOT is_reversed;
        SELECT * INTO x FROM model.written w WHERE w.merchant = m AND w.movement_id = x.reverses;
    END LOOP;
END
$$;

-- Checks -----------------------------------------------------------------------------------------

CREATE FUNCTION model.tell(a model.alert, transition text, sku text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE model.state SET events = events + 1 WHERE merchant = a.merchant;
    INSERT INTO model.event
    SELECT a.merchant, s.events, transition, coalesce(a.alert_id, s.events), coalesce(tell.sku, a.sku), a.inventory_type, a.mechanism,
           CASE WHEN tell.sku IS NOT NULL THEN a.sku END
      FROM model.state s WHERE s.merchant = a.merchant
$$;
CREATE FUNCTION model.withdraw(a model.alert) RETURNS void LANGUAGE sql AS $$
    SELECT model.tell(a, 'withdrawn');
    UPDATE model.alert SET closed_as = 'withdrawn', closed_on = model.today() WHERE merchant = a.merchant AND alert_id = a.alert_id
$$;

-- "not opened while incoming units would make the tracker ok that are expected on D or later, and at the latest on
-- D + days of cover (turnover_days) or D + 30 (stock_quantity)"
CREATE FUNCTION model.is_awaited(h invtrack.health) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_ok boolean;
BEGIN
    INSERT INTO model.stock_lot
    SELECT h.merchant, h.sku, h.inventory_type, '-- arriving', NULL, sum(i.quantity::numeric)
      FROM model.incoming i
     WHERE (i.merchant, i.sku, i.inventory_type) = (h.merchant, h.sku, h.inventory_type) AND i.expected_on >= h.as_of
       AND i.expected_on - h.as_of <= CASE h.mechanism WHEN 'stock_quantity' THEN 30 ELSE h.days_of_cover END
    HAVING count(*) > 0;
    SELECT FOUND AND o.status = 'ok' INTO is_ok FROM oracle_health(h.as_of) o
     WHERE (o.merchant, o.sku, o.inventory_type, o.mechanism) = (h.merchant, h.sku, h.inventory_type, h.mechanism);
    DELETE FROM model.stock_lot WHERE lot = '-- arriving';
    RETURN is_ok;
END
$$;

CREATE FUNCTION model.check_tracker(m model.merchant, a model.alert, h invtrack.health) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    is_critical boolean := h.status IN ('replenish', 'stalled') AND h.health <= m.critical_percent;
    is_retired boolean := coalesce(h.discontinued_on <= h.as_of, false);
BEGIN
    IF h.merchant IS NULL THEN -- the tracker is gone
        PERFORM model.withdraw(a);
        RETURN;
    END IF;
    UPDATE model.alert SET lowest_health = least(lowest_health, h.health), reason = CASE WHEN status = h.status THEN h.reason ELSE reason END
     WHERE merchant = a.merchant AND alert_id = a.alert_id;
    IF is_retired THEN
        IF a.merchant IS NOT NULL THEN PERFORM model.withdraw(a); END IF;
    ELSIF h.status = 'ok' THEN
        IF h.health >= 100 + m.rearm_percent AND a.merchant IS NOT NULL THEN
            PERFORM model.tell(a, 'recovered');
            UPDATE model.alert SET closed_as = 'recovered', closed_on = h.as_of WHERE merchant = a.merchant AND alert_id = a.alert_id;
        END IF;
    ELSIF NOT h.active OR h.reason = 'too_new' AND NOT m.alert_too_new OR h.reason = 'nothing_on_hand' AND NOT m.alert_nothing_on_hand THEN
        NULL;
    ELSIF a.merchant IS NULL THEN
        IF m.hold_for_incoming AND h.status = 'replenish' AND NOT is_critical AND model.is_awaited(h) THEN RETURN; END IF;
        a := ROW(h.merchant, NULL, h.sku, h.inventory_type, h.mechanism);
        PERFORM model.tell(a, 'opened');
        INSERT INTO model.alert
        SELECT h.merchant, s.events, h.sku, h.inventory_type, h.mechanism, h.status, h.reason,
               CASE WHEN is_critical THEN 'critical' ELSE 'low' END, h.health, h.health, h.as_of
          FROM model.state s WHERE s.merchant = h.merchant;
    ELSIF NOT a.is_snoozed AND (h.status <> a.status OR is_critical AND a.severity = 'low') THEN
        PERFORM model.tell(a, 'worsened');
        UPDATE model.alert SET status = h.status, reason = h.reason, severity = CASE WHEN is_critical THEN 'critical' ELSE severity END
         WHERE merchant = a.merchant AND alert_id = a.alert_id;
    END IF;
END
$$;

-- "The last check of a day counts"; none is written before the last day that was checked.
CREATE FUNCTION model.remember(m text, d date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM model.health_daily WHERE merchant = m AND day = d;
    INSERT INTO model.health_daily
    SELECT merchant, sku, inventory_type, mechanism, d, health, current_stock, threshold, status, reason
      FROM oracle_health(d) WHERE merchant = m;
    -- what has had stock once has 0 later
    WITH item AS (
        SELECT sku, inventory_type FROM model.stock_lot WHERE merchant = m UNION SELECT sku, inventory_type FROM model.stock_daily WHERE merchant = m),
    before AS (DELETE FROM model.stock_daily WHERE merchant = m AND day = d)
    INSERT INTO model.stock_daily
    SELECT m, i.sku, i.inventory_type, d,
           (SELECT coalesce(sum(l.quantity::numeric), 0) FROM model.stock_lot l
             WHERE l.merchant = m AND l.sku = i.sku AND l.inventory_type = i.inventory_type)
      FROM item i;
    DELETE FROM model.status_daily WHERE merchant = m AND day = d;
    INSERT INTO model.status_daily
    SELECT merchant, day, mechanism, status, count(*) FROM model.health_daily WHERE merchant = m AND day = d GROUP BY 1, 2, 3, 4;
    UPDATE model.state SET last_day = d WHERE merchant = m;
END
$$;

CREATE FUNCTION model.check_trackers(m text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key record;
    a model.alert;
    h invtrack.health;
BEGIN
    FOR key IN
        SELECT sku, inventory_type, mechanism FROM model.tracker WHERE merchant = m
        UNION SELECT sku, inventory_type, mechanism FROM model.open_alert WHERE merchant = m ORDER BY 1, 2, 3
    LOOP
        SELECT * INTO a FROM model.open_alert WHERE (merchant, sku, inventory_type, mechanism) = (m, key.sku, key.inventory_type, key.mechanism);
        SELECT * INTO h FROM oracle_health(model.today())
         WHERE (merchant, sku, inventory_type, mechanism) = (m, key.sku, key.inventory_type, key.mechanism);
        PERFORM model.check_tracker(c, a, h) FROM model.merchant c WHERE c.merchant = m;
    END LOOP;
    IF model.today() >= coalesce((SELECT last_day FROM model.state WHERE merchant = m), '-infinity') THEN
        PERFORM model.remember(m, model.today());
    END IF;
END
$$;

-- Products ----------------------------------------------------------------------------------------

CREATE FUNCTION model.delete_trackers(m text, s text, of_keys text[]) RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM model.tracker WHERE merchant = m AND sku = s AND concat(inventory_type, '/', mechanism) = ANY (of_keys) RETURNING *)
    INSERT INTO model.change SELECT merchant, sku, inventory_type, mechanism, version, NULL FROM gone;
    DELETE FROM model.health_daily WHERE merchant = m AND sku = s AND concat(inventory_type, '/', mechanism) = ANY (of_keys)
$$;

CREATE FUNCTION model.move(m text, s text, to_sku text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    what text;
BEGIN
    FOREACH what IN ARRAY ARRAY['product', 'stock_lot', 'incoming', 'tracker', 'written', 'alert', 'health_daily', 'stock_daily', 'change'] LOOP
        EXECUTE format('UPDATE model.%I SET sku = $3 WHERE merchant = $1 AND sku = $2', what) USING m, s, to_sku;
    END LOOP;
END
$$;

CREATE FUNCTION model.tell_renamed(m text, s text, to_sku text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a model.alert;
BEGIN
    FOR a IN SELECT * FROM model.open_alert WHERE merchant = m AND sku = s ORDER BY inventory_type, mechanism LOOP
        PERFORM model.tell(a, 'renamed', to_sku);
    END LOOP;
END
$$;

CREATE FUNCTION model.has(m text, s text, OUT product boolean, OUT movements boolean) LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM model.product p WHERE p.merchant = m AND p.sku = s), EXISTS (SELECT FROM model.written w WHERE w.merchant = m AND w.sku = s);
END;

CREATE FUNCTION model.rename_product(m text, s text, to_sku text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a model.alert;
BEGIN
    IF s = to_sku THEN RETURN '22023'; END IF;
    IF (SELECT NOT product AND NOT movements FROM model.has(m, s)) THEN RETURN '23503'; END IF;
    IF (SELECT product OR movements FROM model.has(m, to_sku)) THEN RETURN '23505'; END IF;
    -- of a product with that code that was deleted: a check would withdraw it
    FOR a IN SELECT * FROM model.open_alert WHERE merchant = m AND sku = to_sku ORDER BY inventory_type, mechanism LOOP
        PERFORM model.withdraw(a);
    END LOOP;
    PERFORM model.tell_renamed(m, s, to_sku);
    PERFORM model.move(m, s, to_sku);
    RETURN 'true';
END
$$;

CREATE FUNCTION model.merge_product(m text, s text, to_sku text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a model.alert;
    keys text[] := ARRAY(SELECT concat(inventory_type, '/', mechanism) FROM model.tracker WHERE merchant = m AND sku = to_sku);
BEGIN
    IF s = to_sku THEN RETURN '22023'; END IF;
    IF (SELECT NOT product AND NOT movements FROM model.has(m, s)) OR (SELECT NOT product FROM model.has(m, to_sku)) THEN RETURN '23503'; END IF;
    IF EXISTS (SELECT FROM model.stock_lot x JOIN model.stock_lot y USING (merchant, inventory_type, lot)
                WHERE merchant = m AND x.sku = s AND y.sku = to_sku AND x.expires_on IS DISTINCT FROM y.expires_on)
       OR EXISTS (SELECT FROM model.incoming x JOIN model.incoming y USING (merchant, inventory_type, ref)
                   WHERE merchant = m AND x.sku = s AND y.sku = to_sku AND x.expected_on IS DISTINCT FROM y.expected_on) THEN RETURN '23505'; END IF;
    FOR a IN SELECT * FROM model.open_alert x WHERE x.merchant = m AND x.sku = s
                AND (concat(x.inventory_type, '/', x.mechanism) = ANY (keys)
                     OR EXISTS (SELECT FROM model.open_alert y WHERE (y.merchant, y.sku, y.inventory_type, y.mechanism) = (m, to_sku, x.inventory_type, x.mechanism)))
              ORDER BY inventory_type, mechanism LOOP
        PERFORM model.withdraw(a);
    END LOOP;
    PERFORM model.tell_renamed(m, s, to_sku);
    PERFORM model.delete_trackers(m, s, keys);
    -- what is kept does not look deleted
    UPDATE model.change c SET after = t.version
      FROM model.tracker t
     WHERE (t.merchant, t.sku) = (m, to_sku) AND (c.merchant, c.sku, c.inventory_type, c.mechanism) = (m, s, t.inventory_type, t.mechanism)
       AND c.after IS NULL
       AND c.change_id = (SELECT max(d.change_id) FROM model.change d
                           WHERE (d.merchant, d.sku, d.inventory_type, d.mechanism) = (m, s, t.inventory_type, t.mechanism));
    UPDATE model.product o SET launched_on = least(o.launched_on, p.launched_on)
      FROM model.product p WHERE (p.merchant, p.sku) = (m, s) AND (o.merchant, o.sku) = (m, to_sku);
    DELETE FROM model.product WHERE merchant = m AND sku = s;
    PERFORM model.move(m, s, to_sku);
    WITH gone AS (DELETE FROM model.stock_lot WHERE merchant = m AND sku = to_sku RETURNING *)
    INSERT INTO model.stock_lot SELECT merchant, sku, inventory_type, lot, expires_on, sum(quantity::numeric) FROM gone GROUP BY 1, 2, 3, 4, 5;
    WITH gone AS (DELETE FROM model.incoming WHERE merchant = m AND sku = to_sku RETURNING *)
    INSERT INTO model.incoming SELECT merchant, sku, inventory_type, ref, expected_on, sum(quantity::numeric) FROM gone GROUP BY 1, 2, 3, 4, 5;
    WITH gone AS (DELETE FROM model.stock_daily WHERE merchant = m AND sku = to_sku RETURNING *)
    INSERT INTO model.stock_daily SELECT merchant, sku, inventory_type, day, sum(on_hand) FROM gone GROUP BY 1, 2, 3, 4;
    RETURN 'true';
END
$$;

CREATE FUNCTION model.delete_product(m text, s text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    what text;
    a model.alert;
BEGIN
    IF (SELECT NOT product AND NOT movements FROM model.has(m, s)) THEN RETURN '23503'; END IF;
    FOR a IN SELECT * FROM model.open_alert WHERE merchant = m AND sku = s ORDER BY inventory_type, mechanism LOOP
        PERFORM model.withdraw(a);
    END LOOP;
    FOREACH what IN ARRAY ARRAY['product', 'stock_lot', 'incoming', 'tracker', 'written', 'alert', 'health_daily', 'stock_daily', 'change'] LOOP
        EXECUTE format('DELETE FROM model.%I WHERE merchant = $1 AND sku = $2', what) USING m, s;
    END LOOP;
    RETURN 'true';
END
$$;
