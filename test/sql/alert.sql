-- Alerts: who takes care of them, until when they are quiet, and when closed ones go.
\pset format unaligned
BEGIN;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('o');
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name) SELECT merchant, sku, 'Name of ' || sku FROM invtrack.merchant, unnest(ARRAY['a', 'b''"']) sku;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
SELECT merchant, sku, 'good', 'stock_quantity', 10 FROM invtrack.product;
SELECT merchant, sku, transition FROM invtrack.check_trackers() ORDER BY merchant, event_id;

-- Acknowledged by somebody, with a note or without; again says who does it now.
SELECT invtrack.acknowledge_alert('m', 'a', 'good', 'stock_quantity', 'ordered 20', 'Ann');
SELECT invtrack.acknowledge_alert('m', 'b''"', 'good', 'stock_quantity');
SELECT merchant, sku, acknowledged_by = current_user AS by_me, acknowledged_by = 'Ann' AS by_ann, acknowledged_at IS NOT NULL AS at, acknowledged_note
  FROM invtrack.alert_open ORDER BY merchant, sku;
SELECT invtrack.acknowledge_alert(merchant => 'm', sku => 'a', inventory_type => 'good', mechanism => 'stock_quantity', acknowledged_by => 'Bob');
SELECT acknowledged_by, acknowledged_note FROM invtrack.alert_open WHERE merchant = 'm' AND sku = 'a';
-- Snoozed until a time, which may be never, or over.
SELECT invtrack.snooze_alert('m', 'a', 'good', 'stock_quantity', '9999-12-31 00:00+00');
SELECT merchant, sku, snoozed_until, snoozed FROM invtrack.alert_open ORDER BY merchant, sku;
SELECT invtrack.snooze_alert('m', 'a', 'good', 'stock_quantity', now()), snoozed FROM invtrack.alert_open WHERE merchant = 'm' AND sku = 'a';
SELECT snoozed FROM invtrack.alert_open WHERE merchant = 'm' AND sku = 'a';
SELECT invtrack.snooze_alert('m', 'a', 'good', 'stock_quantity', NULL);
SELECT snoozed_until, snoozed FROM invtrack.alert_open WHERE merchant = 'm' AND sku = 'a';
-- Neither is news to a check.
SELECT count(*) AS events FROM invtrack.check_trackers();

-- 22004 a null key, 22023 a bad one, P0002 no open alert.
SELECT call, public.error_of(format('SELECT invtrack.%s', call)) AS error
  FROM unnest(ARRAY[$$acknowledge_alert(NULL, 'a', 'good', 'stock_quantity')$$, $$acknowledge_alert('m', NULL, 'good', 'stock_quantity')$$,
                    $$acknowledge_alert('m', 'a', NULL, 'stock_quantity')$$, $$acknowledge_alert('m', 'a', 'good', NULL)$$,
                    $$acknowledge_alert('m', 'a', 'good', 'stock')$$, $$acknowledge_alert('m', '', 'good', 'stock_quantity')$$,
                    $$acknowledge_alert('m', 'a', 'good', 'stalled_days')$$, $$acknowledge_alert('nobody', 'a', 'good', 'stock_quantity')$$,
                    $$snooze_alert('m', 'nothing', 'good', 'stock_quantity', now())$$, $$snooze_alert(NULL, 'a', 'good', 'stock_quantity', now())$$]) WITH ORDINALITY t (call, n)
 ORDER BY n;

-- Closed ones can't be acknowledged, and are deleted when they are old: with events that every consumer has confirmed.
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, 'a', 'good', 10 FROM invtrack.merchant;
SELECT merchant, sku, transition FROM invtrack.check_trackers() ORDER BY merchant, event_id;
SELECT left(public.error_of($$SELECT invtrack.acknowledge_alert('m', 'a', 'good', 'stock_quantity')$$), 5) AS closed;
SELECT merchant, sku, closed_as, acknowledged_by = 'Bob' AS by_bob FROM invtrack.alert WHERE closed_at IS NOT NULL ORDER BY merchant;
SELECT arguments, public.error_of(format('SELECT invtrack.purge_alerts(%s)', arguments)) AS error
  FROM unnest(ARRAY['''m'', NULL', 'NULL, -1', '''m'', 36501', '''m'', 36500', 'NULL, 1']) WITH ORDINALITY t (arguments, n)
 ORDER BY n;
SELECT count(*) AS taken FROM invtrack.take_alert_events('mail');
SELECT invtrack.confirm_alert_events('mail', 'm', 2);
-- what was written in this transaction is younger than now
UPDATE invtrack.alert SET closed_at = closed_at - interval '3 days' WHERE closed_at IS NOT NULL;
UPDATE invtrack.alert_event SET recorded_at = recorded_at - interval '3 days';
SELECT invtrack.purge_alerts('m', 4) AS none_that_old, invtrack.purge_alerts('nobody', 0) AS of_nobody, invtrack.purge_alerts('m', 2) AS of_m;
SELECT merchant, event_id FROM invtrack.alert_event ORDER BY merchant, event_id;
SELECT merchant, sku, closed_as FROM invtrack.alert ORDER BY merchant, sku;
DELETE FROM invtrack.alert_consumer WHERE consumer = 'mail';
SELECT invtrack.purge_alerts(NULL, 2) AS without_consumers;
SELECT count(*) AS events_left FROM invtrack.alert_event;
SELECT merchant, sku, closed_as FROM invtrack.alert ORDER BY merchant, sku;
-- numbers go on where they were
DELETE FROM invtrack.stock_lot;
SELECT merchant, event_id, alert_id, transition FROM invtrack.check_trackers() ORDER BY merchant, event_id;
ROLLBACK;
