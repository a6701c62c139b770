-- The outbox: events are handed out in the order of their merchant, until they are confirmed, to each
-- consumer; what they say of each transition; and what is purged.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'UTC';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, name) VALUES ('a', 'Anna'), ('b', 'Bert'), ('c', 'Carl');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) SELECT merchant, 'good', 'Good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, name)
SELECT merchant, 'p' || p, 'Product ' || p FROM invtrack.merchant, generate_series(1, 3) p;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 4.5 FROM invtrack.product;
CREATE FUNCTION pg_temp.set_stock(merchant text, sku text, quantity numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE invtrack.stock_lot l SET quantity = set_stock.quantity WHERE l.merchant = set_stock.merchant AND l.sku = set_stock.sku
$$;
-- Events in the order in which they were taken.
CREATE FUNCTION pg_temp.take(consumer text, max_rows integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(merchant || event_id, ' ' ORDER BY n)
      FROM invtrack.take_alert_events(consumer, max_rows) WITH ORDINALITY e (merchant, event_id, transition, alert_id, sku, inventory_type, mechanism, recorded_at, payload, n)
$$;

-- Nobody has been checked: no events, and no rows of a consumer.
SELECT count(*) FROM invtrack.take_alert_events('mail');
SELECT count(*) FROM invtrack.alert_consumer;

-- Each transition's payload, with times left out that are not the test's; they are those of the tables.
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
VALUES ('a', 'p1', 'good', 'stock_quantity', 10, NULL, NULL), ('a', 'p2', 'good', 'turnover_days', NULL, 30, 30);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('a', 'p2', 'good', 'sale', '2026-03-10', 9, 's');
CREATE VIEW pg_temp.payloads AS
SELECT e.event_id, e.transition, jsonb_pretty(e.payload - 'recorded_at' - 'opened_at') AS payload,
       (e.payload ->> 'recorded_at')::timestamptz = e.recorded_at AND (e.payload ->> 'opened_at')::timestamptz = a.opened_at AS times
  FROM invtrack.alert_event e JOIN invtrack.alert a USING (merchant, alert_id) WHERE e.merchant = 'a' ORDER BY e.event_id;
SELECT event_id, transition, alert_id, sku, mechanism FROM invtrack.check_trackers('a');
SELECT * FROM pg_temp.payloads;
SAVEPOINT transitions;
-- The sale is taken back: another status of the same episode. Then stock comes.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('a', 'p2', 'good', 'sale', '2026-03-10', -9);
SELECT pg_temp.set_stock('a', 'p1', 12.345678);
SELECT event_id, transition, alert_id, sku, mechanism FROM invtrack.check_trackers('a');
DELETE FROM invtrack.tracker WHERE merchant = 'a' AND sku = 'p2';
SELECT event_id, transition, alert_id, sku, mechanism FROM invtrack.check_trackers('a');
SELECT * FROM pg_temp.payloads WHERE event_id > 2;
SELECT count(*) FROM invtrack.check_trackers('a');
-- Every payload has the same keys.
SELECT DISTINCT string_agg(key, ' ' ORDER BY key) AS keys FROM invtrack.alert_event e, jsonb_object_keys(e.payload) key GROUP BY e.event_id;
SELECT DISTINCT key, jsonb_typeof(value) FROM invtrack.alert_event e, jsonb_each(e.payload) WHERE transition <> 'withdrawn' ORDER BY key, 2;
ROLLBACK TO transitions;

-- Three merchants with three events each. Order within a merchant is that of event_id; a batch ends
-- where it is full, in the middle of a merchant as well.
DELETE FROM invtrack.tracker;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, sku, 'good', 'stock_quantity', 10 FROM invtrack.product;
SELECT merchant, count(*), min(event_id), max(event_id) FROM invtrack.check_trackers() GROUP BY merchant ORDER BY merchant;
SELECT pg_temp.take('mail', 100) AS everything, pg_temp.take('mail', 100) AS again, pg_temp.take('mail', 2147483647) AS at_most;
SELECT merchant, consumer, confirmed, confirmed_at, taken_at IS NOT NULL AS taken FROM invtrack.alert_consumer ORDER BY merchant;
-- Who was taken longest ago is first; nobody takes away another consumer's events, nor is a quote in a name any harm.
SELECT pg_temp.take('chat', 1) AS first, pg_temp.take('chat', 4) AS second, pg_temp.take('chat', 4) AS third;
SELECT pg_temp.take($$o'neil "; --$$, 1), pg_temp.take('mail', 2) AS mail;

-- Confirming: the number of those that were not confirmed; again, or fewer: none.
SELECT invtrack.confirm_alert_events('mail', 'a', 2) AS two, invtrack.confirm_alert_events('mail', 'a', 2) AS again,
       invtrack.confirm_alert_events('mail', 'a', 1) AS fewer, invtrack.confirm_alert_events(consumer => 'mail', merchant => 'b', event_id => 3) AS three;
SELECT consumer, merchant, confirmed, confirmed_at IS NOT NULL AS confirmed_at FROM invtrack.alert_consumer WHERE consumer <> 'chat' AND confirmed > 0 ORDER BY 1, 2;
SELECT pg_temp.take('mail', 100) AS mail, pg_temp.take($$o'neil "; --$$, 100) AS oneil;
-- What cannot be: an event that is not there, another merchant's number, a consumer that never took.
SELECT call, replace(public.error_of('SELECT invtrack.confirm_alert_events' || call), repeat('x', 201), '(201 x)') AS error
  FROM unnest(ARRAY['(''mail'', ''a'', 7)', '(''mail'', ''c'', 4)', '(''mail'', ''c'', 0)', '(''mail'', ''c'', -9223372036854775808)', '(''mail'', ''c'', 9223372036854775807)',
                    '(''mail'', ''nobody'', 1)', '(''nobody'', ''a'', 1)', '(''Mail'', ''a'', 1)', '('' mail'', ''a'', 1)', '('''', ''a'', 1)', '(''mail'', ''a '', 1)',
                    '(repeat(''x'', 201), ''a'', 1)', '(NULL, ''a'', 1)', '(''mail'', NULL, 1)', '(''mail'', ''a'', NULL)', '('''', NULL, -1)']) WITH ORDINALITY t (call, n)
 ORDER BY n;
SELECT call, replace(public.error_of('SELECT invtrack.take_alert_events' || call), repeat('x', 201), '(201 x)') AS error
  FROM unnest(ARRAY['(NULL)', '(NULL, NULL)', '(''mail'', NULL)', '('''')', '('''', 0)', '(E''\tmail'')', '(repeat(''x'', 201))', '(''mail'', 0)', '(''mail'', -2147483648)']) WITH ORDINALITY t (call, n)
 ORDER BY n;
SELECT merchant, confirmed FROM invtrack.alert_consumer WHERE consumer = 'mail' ORDER BY merchant;

-- Going back to a savepoint takes a taking and a confirming back.
SAVEPOINT taken;
SELECT pg_temp.take('mail', 1), pg_temp.take('fresh', 2), invtrack.confirm_alert_events('mail', 'c', 3), pg_temp.take('mail', 100) AS after_it;
ROLLBACK TO taken;
SELECT pg_temp.take('mail', 100), (SELECT count(*) FROM invtrack.alert_consumer WHERE consumer = 'fresh') AS fresh;
-- In every place where a set can stand: a cursor, a select list, LATERAL, LIMIT.
DECLARE events SCROLL CURSOR FOR SELECT merchant, event_id FROM invtrack.take_alert_events('chat', 5);
FETCH 1 FROM events;
SELECT invtrack.confirm_alert_events('chat', 'a', 3);
FETCH ALL FROM events;
FETCH BACKWARD 1 FROM events;
CLOSE events;
SELECT (invtrack.take_alert_events('cursor', 2)).event_id;
SELECT c, string_agg(e.merchant || e.event_id, ' ') FROM unnest(ARRAY['x', 'y', 'x']) WITH ORDINALITY c (c, n), LATERAL (SELECT * FROM invtrack.take_alert_events(c, n::integer) LIMIT 2) e GROUP BY c, n ORDER BY n;

-- Events that come later; and a table that is not what it was is refused.
SELECT pg_temp.set_stock('c', 'p2', 10);
SELECT transition, event_id, alert_id FROM invtrack.check_trackers('c');
SELECT pg_temp.take('mail', 100);
SAVEPOINT changed;
ALTER TABLE invtrack.alert_event ADD COLUMN more text;
SELECT public.error_of('SELECT invtrack.take_alert_events(''mail'')') LIKE '42804: %' AS refused;
ROLLBACK TO changed;

-- A consumer reads only: 25006; as one without rights: 42501.
SAVEPOINT read_only;
SET TRANSACTION READ ONLY;
SELECT left(public.error_of('SELECT invtrack.take_alert_events(''mail'')'), 5) AS read_only;
ROLLBACK TO read_only;
CREATE ROLE invtrack_deliverer;
GRANT USAGE ON SCHEMA invtrack, public TO invtrack_deliverer;
SET LOCAL ROLE invtrack_deliverer;
SELECT left(public.error_of('SELECT invtrack.take_alert_events(''mail'')'), 5) AS take, left(public.error_of('SELECT invtrack.confirm_alert_events(''mail'', ''a'', 1)'), 5) AS confirm,
       left(public.error_of('SELECT invtrack.purge_alerts(NULL, 1)'), 5) AS purge;
RESET ROLE;

-- Purging: events that every consumer has confirmed, closed alerts, and only such as are old.
DELETE FROM invtrack.alert_consumer WHERE consumer NOT IN ('mail', 'chat');
CREATE VIEW pg_temp.kept AS
SELECT merchant, (SELECT string_agg(event_id::text, ' ' ORDER BY event_id) FROM invtrack.alert_event e WHERE e.merchant = m.merchant) AS events,
       (SELECT string_agg(alert_id || CASE WHEN closed_at IS NULL THEN '' ELSE ' closed' END, ', ' ORDER BY alert_id) FROM invtrack.alert a WHERE a.merchant = m.merchant) AS alerts
  FROM invtrack.merchant m ORDER BY merchant;
SELECT invtrack.confirm_alert_events('mail', 'c', 4) AS mail, invtrack.confirm_alert_events('chat', 'c', 2) AS chat, invtrack.confirm_alert_events('chat', 'a', 5) AS chat_a;
SELECT * FROM pg_temp.kept;
-- Nothing is older than a day; ten days later all that may go does: 1 and 2 of c, 1 and 2 of a.
SELECT invtrack.purge_alerts(NULL, 1);
UPDATE invtrack.alert_event SET recorded_at = recorded_at - interval '10 days' WHERE event_id > 1;
UPDATE invtrack.alert_event SET recorded_at = recorded_at - interval '20 days' WHERE event_id = 1;
UPDATE invtrack.alert SET closed_at = closed_at - interval '20 days';
SELECT invtrack.purge_alerts('c', 15) AS c, invtrack.purge_alerts('nobody', 0) AS nobody, invtrack.purge_alerts(merchant => 'b', older_than_days => 0) AS b;
SELECT * FROM pg_temp.kept;
SELECT invtrack.purge_alerts(NULL, 9), invtrack.purge_alerts(NULL, 9) AS again, invtrack.purge_alerts(NULL, 36500) AS longest;
SELECT * FROM pg_temp.kept;
SELECT pg_temp.take('chat', 100) AS chat, pg_temp.take('mail', 100) AS mail;
-- A new consumer begins with the oldest kept, and knows nothing of a merchant without any. Those that somebody
-- has deleted by hand count as confirmed.
SELECT pg_temp.take('new', 100);
SELECT merchant, confirmed FROM invtrack.alert_consumer WHERE consumer = 'new' ORDER BY merchant;
DELETE FROM invtrack.alert_event WHERE merchant = 'a';
SELECT pg_temp.take('newer', 100), pg_temp.take('mail', 100) AS mail, pg_temp.take('new', 100) AS new;
SELECT consumer, merchant, confirmed FROM invtrack.alert_consumer WHERE merchant = 'a' OR consumer = 'newer' ORDER BY 1, 2;
-- A call gives a consumer at most 200 merchants that are new to it: the next call goes on.
SAVEPOINT many;
INSERT INTO invtrack.merchant (merchant) SELECT 'many' || n FROM generate_series(1, 450) n;
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant WHERE merchant LIKE 'many%';
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 'p' FROM invtrack.merchant WHERE merchant LIKE 'many%';
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, 'p', 'good', 'stock_quantity', 10 FROM invtrack.merchant WHERE merchant LIKE 'many%';
SELECT count(*) FROM invtrack.check_trackers();
SELECT n, (SELECT count(invtrack.confirm_alert_events('lots', e.merchant, e.event_id)) FROM invtrack.take_alert_events('lots', 1000 + n) e) AS taken FROM generate_series(1, 4) n;
SELECT count(*) AS merchants, sum(confirmed) AS confirmed FROM invtrack.alert_consumer WHERE consumer = 'lots' AND merchant LIKE 'many%';
ROLLBACK TO many;
-- What a consumer is called is a tenant's own: one that takes of another merchant keeps nothing of this one. A consumer
-- that was given up keeps none.
DELETE FROM invtrack.alert_consumer WHERE consumer <> 'mail' OR merchant = 'c';
UPDATE invtrack.alert_event SET recorded_at = statement_timestamp() - interval '5 days' WHERE merchant = 'c';
SELECT invtrack.purge_alerts('c', 1);
SELECT * FROM pg_temp.kept;
DELETE FROM invtrack.alert_consumer;
SELECT invtrack.purge_alerts('b', 1);
SELECT * FROM pg_temp.kept;
-- What is wrong is an error: 22004 null days, 22023 out of range.
SELECT call, public.error_of('SELECT invtrack.purge_alerts' || call)
  FROM unnest(ARRAY['(''b'', -1)', '(''b'', 36501)', '(NULL, -2147483648)', '(''b'', NULL)', '(NULL, NULL)']) WITH ORDINALITY t (call, n)
 ORDER BY n;
-- A trigger of the owner's may not close the cursor that merchants are taken from.
INSERT INTO invtrack.merchant (merchant) VALUES ('d');
INSERT INTO invtrack.inventory_type VALUES ('d', 'good', 'Good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('d', 'x');
SELECT invtrack.save_tracker('d', 'x', 'good', 'stock_quantity', 5), (SELECT count(*) FROM invtrack.check_trackers('d')) AS events;
CREATE FUNCTION pg_temp.close_cursor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    merchants refcursor := (SELECT name FROM pg_cursors WHERE statement LIKE '%FROM invtrack.alert' || '_consumer c JOIN%');
BEGIN
    CLOSE merchants;
    RETURN NEW;
END
$$;
CREATE TRIGGER close_cursor BEFORE UPDATE ON invtrack.alert_consumer FOR EACH ROW EXECUTE FUNCTION pg_temp.close_cursor();
SELECT regexp_replace(public.error_of($$SELECT invtrack.take_alert_events('post', 10)$$), '\d+>', 'N>') AS refused;
ROLLBACK;
