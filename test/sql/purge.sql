-- Purging: folded movements that are old go, their sums stay, and no answer changes. And
-- delete_merchant(), the only thing that takes history away.
CREATE FUNCTION pg_temp.first_line(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'UTC';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p1'), ('m', 'p2'), ('n', 'p1');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('n', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 20 FROM invtrack.product;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days)
SELECT merchant, sku, 'good', v.*
  FROM invtrack.product, (VALUES ('stock_quantity', 10, NULL::integer, NULL::integer), ('turnover_days', NULL, 30, 7),
                                 ('stalled_days', 10, 30, NULL)) v;
-- Movements, and how many days ago they were recorded.
CREATE FUNCTION pg_temp.record(merchant text, movement_id bigint, sku text, flow text, occurred_on date, quantity numeric, days_ago integer,
                               ref text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at, ref)
    VALUES (merchant, movement_id, sku, 'good', flow, occurred_on, quantity, now() - days_ago * interval '1 day', ref)
$$;
SELECT count(pg_temp.record(r.merchant, id, sku, flow, day, quantity, days_ago, ref))
  FROM (VALUES ('m', 1, 'p1', 'sale', date '2026-03-01', 5, 100, 'r1'), ('m', 2, 'p1', 'sale', '2026-03-02', 2.5, 20, NULL),
               ('m', 3, 'p1', 'sale', '2026-03-02', 1, 5, 'r3'), ('m', 4, 'p1', 'sale', '2026-03-03', -3.5, 100, NULL),
               ('m', 5, 'p1', 'shipment', '2026-03-03', 4, 100, 'r1'), ('m', 6, 'p2', 'sale', '2026-03-04', 0.000008, 5, NULL),
               ('n', 1, 'p1', 'sale', '2026-03-01', 3, 100, NULL), ('n', 2, 'p1', 'sale', '2026-03-01', 4, 100, NULL),
               ('x', 1, 'q', 'sale', '2026-03-01', 1, 100, NULL), ('x', 2, 'q', 'sale', '2026-03-05', 2, -1, NULL)) r (merchant, id, sku, flow, day, quantity, days_ago, ref);
SELECT public.note_answers('all there');
SELECT what, count(*) FROM public.answer GROUP BY what ORDER BY what;
CREATE VIEW pg_temp.series AS
SELECT merchant, sku, flow, movements, days, purged_movements, purged FROM invtrack.flow_series;
CREATE VIEW pg_temp.kept AS
SELECT merchant, folded, array_agg(movement_id ORDER BY movement_id) AS movements FROM invtrack.movement GROUP BY merchant, folded;

-- Only folded movements: none yet.
SELECT invtrack.purge_movements('m', 30) AS m, invtrack.purge_movements(NULL, 0) AS of_all, invtrack.purge_movements('nobody', 0) AS nobody;
SELECT * FROM public.changed_answers('all there');
-- Older than 30 days by when they were recorded: 1, 4 and 5 of m, and not 7, which is not folded.
SELECT invtrack.fold();
SELECT pg_temp.record('m', 7, 'p1', 'sale', '2026-02-01', 6, 200);
DELETE FROM public.answer;
SELECT public.note_answers('seven');
SELECT invtrack.purge_movements('m', 30);
SELECT * FROM public.changed_answers('seven');
SELECT * FROM pg_temp.kept ORDER BY merchant, folded;
SELECT * FROM pg_temp.series ORDER BY merchant, sku, flow;
SELECT * FROM invtrack.verify();
-- Again there is none; a younger age takes more of them, none is there of the highest.
SELECT invtrack.purge_movements('m', 30) AS again, invtrack.purge_movements('m', 10) AS two, invtrack.purge_movements(merchant => 'm', older_than_days => 36500) AS longest;
SELECT * FROM public.changed_answers('seven');
SELECT * FROM pg_temp.kept WHERE merchant = 'm' ORDER BY folded;
-- A fold after a purge loses nothing: not 7, nor what was purged.
SELECT invtrack.fold('m'), (SELECT count(*) FROM public.changed_answers('seven')) AS changes;
SELECT * FROM pg_temp.series WHERE merchant = 'm' ORDER BY sku, flow;
SELECT * FROM invtrack.verify('m');
-- At 0 days all that is folded goes.
SELECT invtrack.purge_movements('m', 0), (SELECT count(*) FROM public.changed_answers('seven')) AS changes;
SELECT count(*) AS kept FROM invtrack.movement WHERE merchant = 'm';
SELECT * FROM pg_temp.series WHERE merchant = 'm' ORDER BY sku, flow;
-- A null merchant is all: 2 of n, 1 of x; the other of x is from tomorrow and stays.
SELECT invtrack.purge_movements(NULL, 0), (SELECT count(*) FROM public.changed_answers('seven')) AS changes;
SELECT * FROM pg_temp.kept ORDER BY merchant, folded;
SELECT * FROM invtrack.unknown_items WHERE merchant = 'x';
SELECT * FROM invtrack.verify();

-- After the purge: a ref is free again, the purged movement cannot be reversed, and what comes later, on
-- the same days and others, is added up with what was purged.
SELECT left(public.error_of('SELECT invtrack.reverse_movement(''m'', 1)'), 5) AS reversed;
SELECT pg_temp.record('m', 1, 'p1', 'sale', '2026-03-01', 10, 0, 'r1'), pg_temp.record('m', 10, 'p1', 'sale', '2025-12-31', -1, 0);
SELECT movements, day, quantity FROM invtrack.flow_daily JOIN pg_temp.series USING (merchant, sku, flow) WHERE merchant = 'm' AND sku = 'p1' AND flow = 'sale' ORDER BY day;
SELECT left(public.error_of($$SELECT pg_temp.record('m', 11, 'p1', 'sale', '2026-03-01', 1, 0, 'r1')$$), 5) AS ref_again;
SELECT invtrack.reverse_movement('m', 1) > 0 AS reversed;
SELECT invtrack.fold('m');
SELECT * FROM pg_temp.series WHERE merchant = 'm' AND sku = 'p1' AND flow = 'sale';
SELECT * FROM invtrack.verify('m');

-- Nothing is purged where an argument is wrong: 22004 null days, 22023 out of range.
SELECT call, public.error_of('SELECT invtrack.purge_movements' || call)
  FROM unnest(ARRAY['(''m'', -1)', '(''m'', 36501)', '(NULL, -2147483648)', '(''m'', 2147483647)', '(''m'', NULL)', '(NULL, NULL)']) WITH ORDINALITY t (call, n)
 ORDER BY n;

-- To the microsecond: what was recorded so many days ago stays, what was recorded before goes.
DO $$
BEGIN
    INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
    SELECT 'edge', n + 10, 'p', 'good', 'sale', '2026-03-01', 1, statement_timestamp() - interval '240 hours' + n * interval '1 microsecond'
      FROM generate_series(-1, 1) n;
    ASSERT invtrack.fold('edge') = 3;
    ASSERT invtrack.purge_movements('edge', 10) = 1;
    ASSERT (SELECT array_agg(movement_id ORDER BY movement_id) = ARRAY[10, 11]::bigint[] FROM invtrack.movement WHERE merchant = 'edge');
END
$$;
-- The first and the last number that there is; 10 and 11 are older than no day, too.
SELECT pg_temp.record('edge', '-9223372036854775808', 'p', 'sale', '2026-03-01', 1, 1), pg_temp.record('edge', 9223372036854775807, 'p', 'sale', '2026-03-01', 1, 1);
SELECT invtrack.fold('edge'), invtrack.purge_movements('edge', 0);

-- More than a batch: every third of 120,000 is not old, every fourth of the rest not folded.
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT 'big', n, 'p' || n % 7, 'good', 'sale', date '2026-03-10' - n % 11, n, now() - CASE WHEN n % 3 = 0 THEN 0 ELSE 100 END * interval '1 day'
  FROM generate_series(1, 120000) n WHERE n % 4 > 0;
SELECT invtrack.fold('big');
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT 'big', n, 'p' || n % 7, 'good', 'sale', date '2026-03-10' - n % 11, n, now() - interval '100 days'
  FROM generate_series(4, 120000, 4) n;
SELECT invtrack.purge_movements('big', 99), invtrack.purge_movements('big', 99) AS again;
SELECT folded, count(*) FROM invtrack.movement WHERE merchant = 'big' GROUP BY folded ORDER BY folded;
SELECT sum(movements) AS movements, sum(purged_movements) AS purged_movements, sum(invtrack.total(days)) AS quantity, sum(invtrack.total(purged)) AS purged
  FROM invtrack.flow_series WHERE merchant = 'big';
SELECT count(*) AS wrong
  FROM (SELECT 'p' || n % 7 AS sku, date '2026-03-10' - n % 11 AS day, sum(n) AS quantity FROM generate_series(1, 120000) n GROUP BY 1, 2) p
  FULL JOIN (SELECT * FROM invtrack.flow_daily WHERE merchant = 'big') d USING (sku, day) WHERE p.quantity IS DISTINCT FROM d.quantity;
SELECT * FROM invtrack.verify();
ROLLBACK;
-- What was rolled back takes up room that all after this would read through.
VACUUM (ANALYZE) invtrack.movement, invtrack.flow_series, invtrack.fold_state;

-- delete_merchant() takes everything of a merchant away, from every table there is.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n'), ('bare');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'p'), ('m', 'q'), ('n', 'p');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good'), ('n', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 20 FROM invtrack.product;
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, quantity) SELECT merchant, sku, 'good', 5 FROM invtrack.product;
INSERT INTO invtrack.connection_item (target, merchant) SELECT 'merchant', merchant FROM invtrack.merchant;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, sku, 'good', 'stock_quantity', 30 FROM invtrack.product;
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT m, n, 'p', 'good', 'sale', '2026-03-01', n, now() - n * interval '1 day' FROM unnest(ARRAY['m', 'n', 'tail', 'folded', 'purged']) m, generate_series(1, 4) n;
SELECT invtrack.fold('m') AS m, invtrack.fold('n') AS n, invtrack.fold('folded') AS folded, invtrack.fold('purged') AS purged;
SELECT invtrack.purge_movements('m', 2) AS m, invtrack.purge_movements('n', 2) AS n, invtrack.purge_movements('purged', 0) AS purged;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'p', 'good', 'sale', '2026-03-01', 10), ('n', 'p', 'good', 'sale', '2026-03-01', 10);
SELECT merchant, transition, count(*) FROM invtrack.check_trackers() GROUP BY merchant, transition ORDER BY merchant;
SELECT merchant, count(*) FROM invtrack.take_alert_events('mail') GROUP BY merchant ORDER BY merchant;
-- Rows of each merchant in each table of the extension that has merchants.
CREATE FUNCTION pg_temp.rows_of(merchant text) RETURNS TABLE (name text, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant'
                WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND c.relkind = 'r' LOOP
        name := one;
        EXECUTE format('SELECT count(*) FROM %s t WHERE t.merchant = $1', one) INTO rows USING merchant;
        RETURN NEXT;
    END LOOP;
END
$$;
INSERT INTO invtrack.access_grant (role, merchant, level) VALUES (CURRENT_USER::text::invtrack_internal.role_ref, 'm', 'read');
SELECT bool_and(rows > 0) AS in_every_table, count(*) >= 8 AS tables FROM pg_temp.rows_of('m');
CREATE TABLE before AS
SELECT m, r.* FROM unnest(ARRAY['n', 'bare', 'tail', 'folded', 'purged']) m, pg_temp.rows_of(m) r;
CREATE TABLE history AS SELECT * FROM invtrack.flow_daily WHERE merchant <> 'm';

-- Of none: 23503, and 22004 for null.
SELECT call, public.error_of('SELECT invtrack.delete_merchant' || call)
  FROM unnest(ARRAY['(''nobody'')', '(''M'')', '(NULL)']) WITH ORDINALITY t (call, n)
 ORDER BY n;
SELECT count(*) AS left_behind FROM invtrack.fold_state WHERE merchant IN ('nobody', 'M');

-- It fails where something outside refers to what is inside: all is there again, and the guard is up.
CREATE TABLE outside (merchant text COLLATE "C", sku text COLLATE "C", FOREIGN KEY (merchant, sku) REFERENCES invtrack.product);
INSERT INTO outside VALUES ('m', 'q');
CREATE TABLE before_error AS SELECT * FROM pg_temp.rows_of('m');
SELECT left(public.error_of('SELECT invtrack.delete_merchant(''m'')'), 5) AS sqlstate;
SELECT count(*) AS changed FROM before_error b FULL JOIN pg_temp.rows_of('m') r USING (name) WHERE b.rows IS DISTINCT FROM r.rows;
SELECT statement, left(public.error_of(statement), 5) AS sqlstate
  FROM unnest(ARRAY['DELETE FROM invtrack.movement WHERE merchant = ''m''', 'DELETE FROM invtrack.movement WHERE merchant = ''tail''', 'TRUNCATE invtrack.movement']) WITH ORDINALITY t (statement, n)
 ORDER BY n;
DELETE FROM outside;

-- A reversal stays as long as what it reverses, which could be reversed again otherwise; also where its
-- time is the earlier one, as that of a long transaction is.
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
VALUES ('twice', 1, 'p', 'good', 'sale', '2026-03-01', 5, now() + interval '1 hour');
SELECT invtrack.reverse_movement('twice', 1) > 0 AS reversed;
SELECT invtrack.fold('twice') AS folded, invtrack.purge_movements('twice', 0) AS purged;
SELECT left(public.error_of($$SELECT invtrack.reverse_movement('twice', 1)$$), 5) AS again;
SELECT invtrack.delete_merchant('twice');
-- What there is nothing of leaves nothing behind.
SELECT invtrack.fold('nobody') AS folded, invtrack.purge_movements('nobody', 5) AS purged;
SELECT count(*) FROM invtrack.fold_state WHERE merchant = 'nobody';

-- Everything of one, nothing of the others; the guard is up afterwards.
SELECT invtrack.delete_merchant('m');
SELECT sum(rows) AS of_m FROM pg_temp.rows_of('m');
SELECT count(*) AS changed FROM before b FULL JOIN (
       SELECT m, r.* FROM unnest(ARRAY['n', 'bare', 'tail', 'folded', 'purged']) m, pg_temp.rows_of(m) r) r USING (m, name)
 WHERE b.rows IS DISTINCT FROM r.rows;
(TABLE history EXCEPT ALL TABLE invtrack.flow_daily) UNION ALL (TABLE invtrack.flow_daily EXCEPT ALL TABLE history);
SELECT left(public.error_of('DELETE FROM invtrack.movement WHERE merchant = ''n'''), 5) AS guard;
SELECT left(public.error_of('SELECT invtrack.delete_merchant(''m'')'), 5) AS again;
SELECT * FROM invtrack.verify();
-- Merchants that have one thing only: a row, unfolded movements, folded ones, purged ones.
SELECT m, invtrack.delete_merchant(merchant => m) FROM unnest(ARRAY['bare', 'tail', 'folded', 'purged']) m;
SELECT m, sum(r.rows) AS rows FROM unnest(ARRAY['n', 'bare', 'tail', 'folded', 'purged']) m, pg_temp.rows_of(m) r GROUP BY m ORDER BY m;
-- The code can be used again, and knows nothing of what was.
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 1, 'p', 'good', 'sale', '2026-03-01', 0.5);
SELECT invtrack.fold();
SELECT merchant, day, quantity FROM invtrack.flow_daily ORDER BY merchant;
ROLLBACK;

-- A trigger of the table's owner deletes another merchant meanwhile: both go, and the guard is up afterwards,
-- also where the trigger's part failed.
BEGIN;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT m, 'p', 'good', 'sale', '2026-03-01', n FROM unnest(ARRAY['outer', 'inner', 'kept']) m, generate_series(1, 3) n;
CREATE FUNCTION pg_temp.delete_inner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.merchant = 'outer' THEN
        PERFORM invtrack.delete_merchant('inner');
    END IF;
    RETURN OLD;
EXCEPTION WHEN foreign_key_violation THEN
    RETURN OLD;
END
$$;
CREATE TRIGGER a_trigger BEFORE DELETE ON invtrack.movement FOR EACH ROW EXECUTE FUNCTION pg_temp.delete_inner();
SELECT invtrack.delete_merchant('outer');
SELECT merchant, count(*) FROM invtrack.movement WHERE merchant IN ('outer', 'inner', 'kept') GROUP BY merchant;
SELECT left(public.error_of('DELETE FROM invtrack.movement WHERE merchant = ''kept'''), 5) AS guard;
ROLLBACK;
