-- Checks: each transition is told once, whoever wrote the data and how; nothing else is.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, name) VALUES ('m', 'Merchant M'), ('other', 'Other'), ('none', 'No trackers');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('other', 'good');
INSERT INTO invtrack.product (merchant, sku, name, launched_on)
VALUES ('m', 'a', 'A', NULL), ('m', 'b', 'B', NULL), ('m', 'c', 'C', '2026-03-01'), ('other', 'a', 'A of other', NULL);

-- What is on hand of an item from now on, and how the trackers of merchant m are told then.
CREATE FUNCTION pg_temp.stock(sku text, units numeric, merchant text DEFAULT 'm') RETURNS void LANGUAGE sql AS $$
    INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES (stock.merchant, stock.sku, 'good', units)
        ON CONFLICT ON CONSTRAINT stock_lot_pkey DO UPDATE SET quantity = excluded.quantity
$$;
CREATE FUNCTION pg_temp.move(sku text, flow text, day date, units numeric) RETURNS void LANGUAGE sql AS $$
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m', move.sku, 'good', move.flow, day, units)
$$;
CREATE FUNCTION pg_temp.told() RETURNS TABLE (event_id bigint, transition text, alert_id bigint, sku text, mechanism text,
                                              previous text, status text, reason text, health text) LANGUAGE sql AS $$
    SELECT event_id, transition, alert_id, sku, mechanism, payload ->> 'previous_status', payload ->> 'status',
           payload ->> 'reason', payload ->> 'health'
      FROM invtrack.check_trackers('m') ORDER BY event_id
$$;

-- Nobody is ill, and nobody there; a null merchant is all of them.
SELECT public.error_of('SELECT invtrack.check_trackers(''nobody'')');
SELECT count(*) AS events FROM invtrack.check_trackers(NULL);
SELECT merchant, events, checked_at IS NOT NULL AS checked, checked_days FROM invtrack.check_state ORDER BY merchant;

-- Opened, once; worse health alone is no news, but the alert keeps the lowest; recovered.
SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 100);
SELECT pg_temp.stock('a', 100);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 99.999);
SELECT * FROM pg_temp.told();
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 20);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', -3);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 50);
SELECT * FROM pg_temp.told();
SELECT alert_id, status, reason, opened_health, lowest_health, opened_on, closed_at FROM invtrack.alert;
SET LOCAL invtrack.as_of = '2026-03-12';
SELECT pg_temp.stock('a', 100);
SELECT * FROM pg_temp.told();
SELECT alert_id, status, reason, opened_health, lowest_health, opened_on, closed_on, closed_as,
       closed_at >= opened_at AS later FROM invtrack.alert;

-- Ill again is an episode of its own.
SELECT pg_temp.stock('a', 0);
SELECT * FROM pg_temp.told();

-- It does not flap where the merchant asks for more than 100: closed at 110, not at 109.99.
UPDATE invtrack.merchant SET rearm_percent = 10 WHERE merchant = 'm';
SELECT pg_temp.stock('a', 109.99);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 99);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 110);
SELECT * FROM pg_temp.told();
SELECT pg_temp.stock('a', 105);
SELECT * FROM pg_temp.told();
SELECT value, split_part(public.error_of(format('UPDATE invtrack.merchant SET rearm_percent = %s', value)), E'\n', 1) AS error
  FROM unnest(ARRAY['0', '1000', '1000.01', '-0.01', $$'NaN'$$, $$'Infinity'$$, 'NULL']) WITH ORDINALITY t (value, n)
 ORDER BY n;
UPDATE invtrack.merchant SET rearm_percent = 0;

-- Another status while ill is told: no sales, then sales that stock does not last for.
SELECT invtrack.save_tracker('m', 'b', 'good', 'turnover_days', lookback_days => 10, coverage_days => 10);
SELECT pg_temp.stock('b', 5);
SELECT * FROM pg_temp.told();
SELECT pg_temp.move('b', 'sale', '2026-03-12', 2);
SELECT * FROM pg_temp.told();
SELECT pg_temp.move('b', 'sale', '2026-03-11', -2);
SELECT * FROM pg_temp.told();
SELECT status, reason, opened_health, lowest_health FROM invtrack.alert_open WHERE sku = 'b';

-- Snoozed: what comes in between is told afterwards, unless it has gone by then. The end is told always.
SELECT invtrack.snooze_alert('m', 'b', 'good', 'turnover_days', 'infinity');
SELECT pg_temp.move('b', 'sale', '2026-03-12', 2);
SELECT * FROM pg_temp.told();
SELECT invtrack.snooze_alert('m', 'b', 'good', 'turnover_days', now() - interval '1 second');
SELECT * FROM pg_temp.told();
SELECT invtrack.snooze_alert('m', 'b', 'good', 'turnover_days', 'infinity');
SELECT pg_temp.stock('b', 500);
SELECT * FROM pg_temp.told();

-- Reasons that open no alert unless the merchant asks for it: too new, nothing on hand.
SELECT invtrack.save_tracker('m', 'c', 'good', 'stalled_days', 5, lookback_days => 30);
SELECT invtrack.save_tracker('m', 'b', 'good', 'stalled_days', 5, lookback_days => 30);
SELECT pg_temp.stock('b', 0);
SELECT sku, mechanism, status, reason FROM invtrack.health WHERE merchant = 'm' AND mechanism = 'stalled_days' ORDER BY sku;
SELECT * FROM pg_temp.told() WHERE mechanism = 'stalled_days';
-- the tracker is told of when the reason is another one
SELECT pg_temp.stock('b', 1);
SELECT * FROM pg_temp.told() WHERE mechanism = 'stalled_days';
-- and stays ill, if by the way nothing is left
SELECT pg_temp.stock('b', 0);
SELECT * FROM pg_temp.told() WHERE mechanism = 'stalled_days';
SELECT sku, status, reason FROM invtrack.alert_open WHERE mechanism = 'stalled_days';
UPDATE invtrack.merchant SET alert_too_new = true, alert_nothing_on_hand = true WHERE merchant = 'm';
SELECT * FROM pg_temp.told() WHERE mechanism = 'stalled_days';

-- A paused tracker and one of a retired product open and worsen nothing. What is open of a paused one may recover;
-- that of a retired product is withdrawn.
UPDATE invtrack.tracker SET active = false WHERE sku = 'a';
SELECT pg_temp.stock('a', 1);
SELECT * FROM pg_temp.told() WHERE sku = 'a';
UPDATE invtrack.tracker SET active = true WHERE sku = 'a';
SELECT * FROM pg_temp.told() WHERE sku = 'a';
UPDATE invtrack.product SET discontinued_on = '2026-03-12' WHERE sku = 'a';
SELECT pg_temp.stock('a', 100);
SELECT * FROM pg_temp.told() WHERE sku = 'a';
SELECT pg_temp.stock('a', 1);
SELECT * FROM pg_temp.told() WHERE sku = 'a';
UPDATE invtrack.product SET discontinued_on = '2026-03-13' WHERE sku = 'a';
SELECT * FROM pg_temp.told() WHERE sku = 'a';
SELECT sku, mechanism, health, active, discontinued_on FROM invtrack.health WHERE merchant = 'm' ORDER BY sku, mechanism;
SELECT sku, active, discontinued_on FROM invtrack.alert_open WHERE merchant = 'm' ORDER BY sku, mechanism;

-- Withdrawn: the tracker is deleted, or the product with all of its trackers.
SELECT invtrack.delete_tracker('m', 'a', 'good', 'stock_quantity');
DELETE FROM invtrack.product WHERE sku = 'c';
SELECT sku, active FROM invtrack.alert_open WHERE merchant = 'm' ORDER BY sku, mechanism;
SELECT * FROM pg_temp.told();
SELECT * FROM pg_temp.told();
SELECT sku, closed_as, count(*) FROM invtrack.alert GROUP BY sku, closed_as ORDER BY sku, closed_as;
-- a tracker that is there again before a check is the same to it
SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 100);
SELECT * FROM pg_temp.told();
SELECT invtrack.delete_tracker('m', 'a', 'good', 'stock_quantity'), invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 90);
SELECT * FROM pg_temp.told();

-- Each merchant has its own numbers, without gaps; at most one episode of a tracker is open.
SELECT invtrack.save_tracker('other', 'a', 'good', 'stock_quantity', 1);
SELECT merchant, event_id, alert_id, transition FROM invtrack.check_trackers();
SELECT merchant, count(*) = max(event_id) AND min(event_id) = 1 AS without_gaps FROM invtrack.alert_event GROUP BY merchant ORDER BY merchant;
SELECT merchant, s.events = max(e.event_id) AS last FROM invtrack.check_state s JOIN invtrack.alert_event e USING (merchant) GROUP BY merchant, s.events ORDER BY merchant;
SELECT count(*) AS alerts_without_event FROM invtrack.alert a
 WHERE NOT EXISTS (SELECT FROM invtrack.alert_event e WHERE e.merchant = a.merchant AND e.event_id = a.alert_id AND e.transition = 'opened');
SELECT left(public.error_of('INSERT INTO invtrack.alert SELECT merchant, 0, sku, inventory_type, mechanism, status, reason, 1, 1, now(), ''2026-03-12'' FROM invtrack.alert_open'), 5) AS second_open;

-- An as_of that is no date is an error, of a check as of a reading.
SELECT left(public.error_of('SET LOCAL invtrack.as_of = ''soon'''), 5) AS as_of;
-- A view that somebody has replaced is an error, also where a column of it has the name that we give to its rows.
SAVEPOINT replaced;
DO $$
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW invtrack_internal.check_reading AS SELECT v.*, uuid ''01020000-0000-4141-4141-414141410000'' AS c FROM (%s) v',
                   rtrim(pg_get_viewdef('invtrack_internal.check_reading'), ';'));
END
$$;
SELECT split_part(public.error_of('SELECT invtrack.check_trackers(''m'')'), E'\n', 1) AS replaced;
ROLLBACK TO replaced;
-- A procedure that commits does not run in a transaction block.
SELECT public.error_of('CALL invtrack.check_all()');
ROLLBACK;

-- A trigger on what a check writes checks again: the same merchant is an error, before anything is numbered twice, in whatever
-- table and at whatever time; another merchant, or later, is well.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product SELECT merchant, 'p' || n FROM invtrack.merchant, generate_series(1, 3) n;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, sku, 'good', 'stock_quantity', 5 FROM invtrack.product;
CREATE FUNCTION pg_temp.check_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.merchant = 'm' THEN
        PERFORM count(*) FROM invtrack.check_trackers(tg_argv[0]);
    END IF;
    RETURN new;
END
$$;
CREATE FUNCTION pg_temp.checked(time_and_table text, of_merchant text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    error text;
    numbers text;
BEGIN
    EXECUTE format('CREATE %s FOR EACH ROW EXECUTE FUNCTION pg_temp.check_again(%L)', time_and_table, of_merchant);
    error := public.error_of('SELECT * FROM invtrack.check_trackers(''m''); SET CONSTRAINTS ALL IMMEDIATE');
    SELECT string_agg(merchant || event_id, ' ' ORDER BY merchant, event_id) INTO numbers FROM invtrack.alert_event;
    RAISE EXCEPTION SQLSTATE 'ZZ999' USING message = concat_ws(' | ', error, numbers);
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    RETURN SQLERRM;
END
$$;
SELECT t, of_merchant, pg_temp.checked(t, of_merchant)
  FROM unnest(ARRAY['CONSTRAINT TRIGGER again AFTER INSERT ON invtrack.alert_event DEFERRABLE INITIALLY DEFERRED',
                    'TRIGGER again BEFORE INSERT ON invtrack.alert_event', 'TRIGGER again AFTER INSERT ON invtrack.alert_event',
                    'TRIGGER again AFTER INSERT ON invtrack.alert', 'TRIGGER again BEFORE INSERT ON invtrack.tracker_history',
                    'TRIGGER again BEFORE INSERT ON invtrack.check_state', 'TRIGGER again AFTER UPDATE ON invtrack.check_state']) WITH ORDINALITY t (t, n),
       unnest('{m,n}'::text[]) of_merchant
 ORDER BY n, of_merchant;
SELECT merchant, event_id FROM invtrack.check_trackers();
ROLLBACK;

-- Whether a check notifies: a boolean, that anybody may set (test/t/023_prepared_check.pl).
BEGIN;
SHOW invtrack.notify;
SELECT public.error_of('SET invtrack.notify = maybe');
ROLLBACK;

-- Severity: low first, critical once; it never falls, and a snooze holds it back. The merchant says from where on.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL invtrack.as_of = '2026-03-10';
CREATE FUNCTION pg_temp.checked(units numeric) RETURNS TABLE (transition text, severity text, stock text) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE invtrack.stock_lot SET quantity = units WHERE merchant = 'sev';
    RETURN QUERY SELECT e.transition, e.payload ->> 'severity', e.payload ->> 'current_stock' FROM invtrack.check_trackers('sev') e;
END
$$;
INSERT INTO invtrack.merchant (merchant, critical_percent) VALUES ('sev', 25);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('sev', 'good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('sev', 'p');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('sev', 'p', 'good', 20);
SELECT invtrack.save_tracker('sev', 'p', 'good', 'stock_quantity', 20);
SELECT u, c.* FROM unnest(ARRAY[19, 5.2, 6, 5, 0, 7, 20]) WITH ORDINALITY v (u, n), pg_temp.checked(u) c ORDER BY n;
SELECT severity, closed_as FROM invtrack.alert WHERE merchant = 'sev';
-- acknowledged as low, and snoozed: told when that is over, if it still holds
SELECT * FROM pg_temp.checked(10);
SELECT invtrack.acknowledge_alert('sev', 'p', 'good', 'stock_quantity'), invtrack.snooze_alert('sev', 'p', 'good', 'stock_quantity', now() + interval '1 day');
SELECT * FROM pg_temp.checked(1);
SELECT severity FROM invtrack.alert_open WHERE merchant = 'sev';
SELECT invtrack.snooze_alert('sev', 'p', 'good', 'stock_quantity', NULL);
SELECT * FROM pg_temp.checked(2);
-- a product that is retired: withdrawn, with what was told; then critical at once
UPDATE invtrack.product SET discontinued_on = '2020-01-01' WHERE merchant = 'sev';
SELECT * FROM pg_temp.checked(2);
UPDATE invtrack.product SET discontinued_on = NULL WHERE merchant = 'sev';
SELECT * FROM pg_temp.checked(-3);
SELECT public.error_of($$UPDATE invtrack.merchant SET critical_percent = 101$$);
ROLLBACK;

-- check_all commits after each merchant; a session of its own. NOTIFY wakes whoever listens, and says nothing else.
SET invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('check 1'), ('check 2'), ('check 3');
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product SELECT merchant, 'p' FROM invtrack.merchant;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, 'p', 'good', 'stock_quantity', 1 FROM invtrack.merchant;
CALL invtrack.check_all();
CALL invtrack.check_all(NULL);
SELECT merchant, transition FROM invtrack.alert_event ORDER BY merchant;
SELECT count(DISTINCT xmin::text) AS transactions FROM invtrack.alert_event;
SELECT bool_and(invtrack.delete_merchant(merchant)) AS deleted FROM invtrack.merchant WHERE merchant LIKE 'check %';
SELECT count(*) AS left_behind FROM invtrack.check_state;

-- After the extension was dropped and created again, in a session that has used it.
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION invtrack;
CREATE EXTENSION invtrack;
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.inventory_type VALUES ('m', 'good');
INSERT INTO invtrack.product VALUES ('m', 'p');
SELECT invtrack.save_tracker('m', 'p', 'good', 'stock_quantity', 1);
SELECT transition FROM invtrack.check_trackers();
ROLLBACK;
RESET invtrack.as_of;
