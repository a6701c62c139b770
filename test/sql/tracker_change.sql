-- What became of trackers: version, expected_version, and tracker_change.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('other');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 'a' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'b/1%'), ('m', 'b');
CREATE VIEW pg_temp.change AS
SELECT row_number() OVER (ORDER BY change_id) AS n, sku, inventory_type, mechanism, before, after, changed_by = current_user AS mine, actor
  FROM invtrack.tracker_change WHERE merchant = 'm';

-- A version grows when a parameter or active changes, whoever writes, and only then.
SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 5);
SELECT version FROM invtrack.tracker;
SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 5.0);
SELECT version FROM invtrack.tracker;
SELECT invtrack.save_tracker('m', 'a', 'good', 'stock_quantity', 6, expiry_days => 3);
UPDATE invtrack.tracker SET quantity = 6, version = 77, updated_at = '2020-01-01', created_at = created_at;
SELECT version, updated_at > '2020-01-02' AS kept FROM invtrack.tracker;
UPDATE invtrack.tracker SET active = false;
SELECT version FROM invtrack.tracker;
SET LOCAL invtrack.actor = 'anna@example.com';
UPDATE invtrack.tracker SET active = true, quantity = 7;
SET LOCAL invtrack.actor = '';
DELETE FROM invtrack.tracker;
SELECT * FROM pg_temp.change ORDER BY n;

-- The version that the caller knows: 0 for none yet. DETAIL has the row as it is.
CREATE FUNCTION pg_temp.saved(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
    detail text;
    hint text;
BEGIN
    EXECUTE 'SELECT invtrack.save_tracker(''m'', ''a'', ''good'', ''stock_quantity'', ' || call || ')' INTO outcome;
    RETURN outcome;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', SQLSTATE, SQLERRM, CASE WHEN detail LIKE '{%' THEN '(' || (detail::jsonb ->> 'quantity') || ', version ' || (detail::jsonb ->> 'version') || ')' END, hint);
END
$$;
SELECT n, call, pg_temp.saved(call) FROM (VALUES
    (1, '5, expected_version => 1'), (2, '5, expected_version => 0'), (3, '5, expected_version => 0'), (4, '5, expected_version => 1'),
    (5, '6, expected_version => 1'), (6, '6, expected_version => 1'), (7, '7, expected_version => 2'), (8, '8, expected_version => -1'),
    (9, '8, expected_version => NULL'), (10, '8, NULL, NULL, NULL, 4')) v (n, call) ORDER BY n;
SELECT quantity, version FROM invtrack.tracker;
-- Parameters are looked at first, as ever.
SELECT pg_temp.saved('-1, expected_version => 99');

-- A preview has the version that saving would give.
SELECT quantity, version, updated_at FROM invtrack.preview_health('m', 'a', 'good', 'stock_quantity', 8)
UNION ALL SELECT quantity, version, updated_at FROM invtrack.preview_health('m', 'a', 'good', 'stock_quantity', 9)
UNION ALL SELECT quantity, version, updated_at FROM invtrack.preview_health('m', 'b', 'good', 'stock_quantity', 9);

-- tracker_key: one text, unique and stable.
SELECT invtrack.save_tracker('m', 'b/1%', 'good', 'stock_quantity', 1), invtrack.save_tracker('m', 'b', 'good', 'stock_quantity', 1);
SELECT tracker_key, version FROM invtrack.health ORDER BY tracker_key COLLATE "C";
SELECT tracker_key, version FROM invtrack.tracker_health('m') ORDER BY tracker_key COLLATE "C";

-- Who may see it, and who may write it: nobody but the trigger.
CREATE ROLE invtrack_test_manager;
SELECT invtrack.grant_access('invtrack_test_manager', 'other', 'manage');
SET LOCAL ROLE invtrack_test_manager;
SELECT invtrack.save_tracker('other', 'a', 'good', 'stock_quantity', 5);
SELECT merchant, before, after, changed_by FROM invtrack.tracker_change;
SELECT statement, left(public.error_of(statement), 5) FROM unnest(ARRAY[
    $$INSERT INTO invtrack.tracker_change SELECT * FROM invtrack.tracker_change$$,
    'UPDATE invtrack.tracker_change SET changed_by = NULL', 'DELETE FROM invtrack.tracker_change']) statement;
RESET ROLE;
-- What a cascade deletes is told as well, by the session's role.
DELETE FROM invtrack.product WHERE merchant = 'm' AND sku = 'b';
SELECT sku, after, mine FROM pg_temp.change ORDER BY n DESC LIMIT 1;
-- The trigger writes for its own table only.
CREATE TABLE own_tracker (LIKE invtrack.tracker);
CREATE TRIGGER record AFTER INSERT ON own_tracker FOR EACH ROW EXECUTE FUNCTION invtrack_internal.record_change();
SELECT left(public.error_of('INSERT INTO own_tracker SELECT * FROM invtrack.tracker LIMIT 1'), 5);
DROP TRIGGER record ON own_tracker;
CREATE TRIGGER record AFTER INSERT ON own_tracker FOR EACH STATEMENT EXECUTE FUNCTION invtrack_internal.write_changes();
SELECT left(public.error_of('INSERT INTO own_tracker SELECT * FROM invtrack.tracker LIMIT 1'), 5);

-- What one statement changes is told in its order, and nothing of what failed or was rolled back.
INSERT INTO invtrack.merchant (merchant) VALUES ('many');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('many', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'many', 'p' || i FROM generate_series(1, 4) i;
CREATE FUNCTION pg_temp.insert_trackers(skus text[], quantity numeric DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
    SELECT 'many', sku, 'good', 'stock_quantity', quantity FROM unnest(skus) sku
$$;
SELECT pg_temp.insert_trackers('{p3,p1}');
SAVEPOINT undone;
SELECT pg_temp.insert_trackers('{p2,p4}');
ROLLBACK TO undone;
-- The third row of this fails, after triggers of the first two or before.
SELECT left(public.error_of($$SELECT pg_temp.insert_trackers('{p2,p4,nowhere}')$$), 5);
SAVEPOINT kept;
SELECT pg_temp.insert_trackers('{p4}');
RELEASE kept;
UPDATE invtrack.tracker SET quantity = CASE sku WHEN 'p3' THEN 2 ELSE 1 END WHERE merchant = 'many';
-- A trigger of the owner's that changes trackers itself, of which one change fails.
CREATE FUNCTION pg_temp.follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE invtrack.tracker SET quantity = 7 WHERE merchant = 'many' AND sku = 'p4';
    BEGIN
        DELETE FROM invtrack.tracker WHERE merchant = 'many' AND sku = 'p4';
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_follow AFTER DELETE ON invtrack.tracker FOR EACH ROW WHEN (OLD.sku = 'p1') EXECUTE FUNCTION pg_temp.follow();
-- in the order of the index
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
DELETE FROM invtrack.tracker WHERE merchant = 'many' AND sku IN ('p1', 'p3');
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TRIGGER zz_follow ON invtrack.tracker;
SELECT sku, before -> 'quantity' AS before, after -> 'quantity' AS after FROM invtrack.tracker_change WHERE merchant = 'many' ORDER BY change_id;
-- What is written may fire a trigger of the owner's that changes trackers: nothing is told twice.
CREATE FUNCTION pg_temp.answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sku = 'p1' THEN
        UPDATE invtrack.tracker SET quantity = quantity + 1 WHERE merchant = 'many' AND sku = 'p4';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER answer AFTER INSERT ON invtrack.tracker_change FOR EACH ROW EXECUTE FUNCTION pg_temp.answer();
DELETE FROM invtrack.tracker_change WHERE merchant = 'many';
SELECT pg_temp.insert_trackers('{p1}');
SELECT pg_temp.insert_trackers('{p3}');
UPDATE invtrack.tracker SET quantity = 30 WHERE merchant = 'many' AND sku IN ('p1', 'p3');
DROP TRIGGER answer ON invtrack.tracker_change;
SELECT sku, before -> 'quantity' AS before, after -> 'quantity' AS after, count(*) FROM invtrack.tracker_change WHERE merchant = 'many' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- A statement may change more than are written at once.
INSERT INTO invtrack.product (merchant, sku) SELECT 'many', 'q' || i FROM generate_series(1, 10001) i;
SELECT pg_temp.insert_trackers(array_agg(sku)) FROM invtrack.product WHERE merchant = 'many' AND sku LIKE 'q%';
SELECT count(*), count(DISTINCT sku) FROM invtrack.tracker_change WHERE merchant = 'many' AND sku LIKE 'q%';
-- A subscriber's apply process fires no trigger for whole statements.
ALTER TABLE invtrack.tracker ENABLE ALWAYS TRIGGER tracker_record_change;
SET LOCAL session_replication_role = replica;
SELECT pg_temp.insert_trackers('{p2}');
RESET session_replication_role;
ALTER TABLE invtrack.tracker ENABLE TRIGGER tracker_record_change;
SELECT sku, after -> 'quantity' AS after FROM invtrack.tracker_change WHERE merchant = 'many' ORDER BY change_id DESC LIMIT 1;
SELECT invtrack.delete_merchant('many');

-- A restore brings its own changes, and adds none.
CREATE TABLE before_restore AS SELECT count(*) FROM invtrack.tracker_change;
SET LOCAL check_function_bodies = off;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, version)
VALUES ('other', 'a', 'good', 'stalled_days', 5, 30, 9);
RESET check_function_bodies;
SELECT count(*) - (SELECT count FROM before_restore) AS added FROM invtrack.tracker_change;
-- Whoever else sets what a restore sets is recorded all the same.
SET LOCAL ROLE invtrack_test_manager;
SET LOCAL check_function_bodies = off;
SELECT invtrack.save_tracker('other', 'a', 'good', 'stock_quantity', 6);
RESET check_function_bodies;
RESET ROLE;
SELECT count(*) - (SELECT count FROM before_restore) AS added FROM invtrack.tracker_change;
-- So are they where a function does it as the owner.
INSERT INTO invtrack.product (merchant, sku) VALUES ('other', 'into');
SELECT invtrack.save_tracker('other', 'into', 'good', 'stock_quantity', 7);
SET LOCAL ROLE invtrack_test_manager;
SET LOCAL check_function_bodies = off;
SELECT invtrack.merge_product('other', 'a', 'into');
RESET check_function_bodies;
RESET ROLE;
SELECT sku, mechanism, before -> 'quantity' AS before, after -> 'quantity' AS after, changed_by FROM invtrack.tracker_change WHERE merchant = 'other' ORDER BY change_id DESC LIMIT 1;
SELECT count(*) AS not_as_it_is FROM invtrack.tracker t
  JOIN LATERAL (SELECT c.after FROM invtrack.tracker_change c WHERE c.merchant = t.merchant AND c.sku = t.sku AND c.mechanism = t.mechanism ORDER BY change_id DESC LIMIT 1) c
    ON c.after <> jsonb_build_object('quantity', t.quantity::numeric, 'lookback_days', t.lookback_days, 'coverage_days', t.coverage_days, 'expiry_days', t.expiry_days, 'active', t.active, 'version', t.version)
 WHERE t.merchant = 'other';
-- Purged with alerts of the same age; a merchant that is deleted takes them along.
SELECT invtrack.purge_alerts('other', 1) AS too_young, invtrack.purge_alerts('m', 0) AS of_m;
SELECT invtrack.delete_merchant('m');
SELECT count(*) FROM invtrack.tracker_change WHERE merchant = 'm';
ROLLBACK;
