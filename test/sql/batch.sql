-- Many trackers at once: a verdict for each row, by the rules and messages of save_tracker().
SET invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, name) VALUES ('batch', 'b'), ('batch2', 'b');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('batch', 'good'), ('batch2', 'good');
INSERT INTO invtrack.product (merchant, sku) SELECT 'batch', 'p' || i FROM generate_series(1, 9) i;
INSERT INTO invtrack.product (merchant, sku) VALUES ('batch2', 'p1');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('batch', 'p1', 'good', 5);
CREATE TABLE batch_result AS SELECT * FROM invtrack.save_trackers('[]');

-- one bad row, and nothing is saved; all verdicts are given
SELECT * FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": "12.5"},
 {"merchant": "batch", "sku": "P1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 1}]');
SELECT count(*) FROM invtrack.tracker WHERE merchant = 'batch';
-- a dry run says what would be, and changes nothing
SELECT row_number, outcome, after, health_before, health_after FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 0.000001}]', true);
SELECT count(*) FROM invtrack.tracker WHERE merchant = 'batch';
SELECT count(*) FROM invtrack.tracker_change WHERE merchant = 'batch';

CREATE TABLE batch_setting (n integer, setting jsonb);
INSERT INTO batch_setting SELECT n, '{"merchant": "batch", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 10}'::jsonb || s::jsonb
  FROM (VALUES
    (1, '{"sku": "p1"}'), (2, '{"sku": "p2", "quantity": "0.100000"}'), (3, '{"sku": "p1", "quantity": 11}'),
    (4, '{"sku": null, "quantity": {}}'), (5, '{"sku": "p3 "}'), (6, '{"sku": "p3", "mechanism": "stock"}'),
    (7, '{"sku": "p3", "quantity": null}'), (8, '{"sku": "p3", "quantity": 10}'), (9, '{"sku": "p4", "quantity": true}'),
    (10, '{"sku": "p5", "quantity": "1,5"}'), (11, '{"sku": "p6", "lookback_days": 5}'), (12, '{"sku": "p7", "quantity": 1e20}'),
    (13, '{"sku": "p7", "inventory_type": "god"}'), (14, '{"sku": "x", "merchant": "batch"}'), (15, '{"sku": "p1", "merchant": "batch3"}'),
    (16, '{"sku": "p8", "expiry_days": "7"}'), (17, '{"sku": "p9", "expected_version": 3}'), (18, '{"sku": "p9", "mechanism": "stalled_days", "lookback_days": 30, "expected_version": 0}'),
    (19, '{"sku": "p8", "mechanism": "turnover_days", "quantity": null, "lookback_days": 1.5, "coverage_days": 7}'),
    (20, '{"sku": ["p8"]}'), (21, '{"sku": "p7", "quantity": "NaN"}'), (22, '{"sku": "%s", "quantity": "1"}')) t (n, s);
SELECT row_number, sku, mechanism, outcome, sqlstate, message, hint, before, after, health_before, health_after
  FROM invtrack.save_trackers((SELECT jsonb_agg(setting ORDER BY n) FROM batch_setting), on_error => 'skip');
SELECT sku, mechanism, quantity, expiry_days, version FROM invtrack.tracker WHERE merchant = 'batch' ORDER BY 1, 2;
SELECT sku, before, after FROM invtrack.tracker_change WHERE merchant = 'batch' ORDER BY change_id;
-- again: unchanged, changed, another version
SELECT row_number, sku, outcome, sqlstate, message, hint, before, after, health_before, health_after FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 20, "expected_version": 1},
 {"merchant": "batch", "sku": "p2", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 0.1},
 {"merchant": "batch", "sku": "p8", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 1, "expected_version": 2}]', on_error => 'skip');
-- no rows of objects at all
SELECT * FROM invtrack.save_trackers(NULL);
SELECT * FROM invtrack.save_trackers('{}');
SELECT * FROM invtrack.save_trackers('1');
SELECT * FROM invtrack.save_trackers('[[]]');
SELECT * FROM invtrack.save_trackers('[null]');
SELECT * FROM invtrack.save_trackers('[{}, {"skew": 1}]');
SELECT * FROM invtrack.save_trackers('[]', on_error => 'ignore');
SELECT * FROM invtrack.save_trackers('[]', NULL);

-- an error that is no verdict is the statement's, and the transaction ends as after any other
\set VERBOSITY terse
CREATE FUNCTION batch_fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not in lunch hours''; END';
CREATE TRIGGER batch_fail BEFORE UPDATE ON invtrack.tracker FOR EACH ROW EXECUTE FUNCTION batch_fail();
SELECT outcome FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p5", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 1},
 {"merchant": "batch", "sku": "p2", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 7}]', on_error => 'skip');
SELECT count(*) FROM invtrack.tracker WHERE merchant = 'batch' AND sku = 'p5';
DROP TRIGGER batch_fail ON invtrack.tracker;
DROP FUNCTION batch_fail();
\set VERBOSITY default

-- what a trigger makes of a setting is shown, with the health of that
CREATE FUNCTION batch_round() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.quantity := ceil(NEW.quantity / 10) * 10; RETURN NEW; END';
CREATE TRIGGER batch_round BEFORE INSERT OR UPDATE ON invtrack.tracker FOR EACH ROW EXECUTE FUNCTION batch_round();
SELECT sku, outcome, before, after, health_before, health_after FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 31},
 {"merchant": "batch", "sku": "p1", "inventory_type": "good", "mechanism": "stalled_days", "quantity": 40, "lookback_days": 7},
 {"merchant": "batch", "sku": "p6", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 1}]');
DROP TRIGGER batch_round ON invtrack.tracker;
CREATE FUNCTION batch_pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE invtrack.tracker t SET active = false WHERE t.merchant = NEW.merchant AND t.sku = NEW.sku AND t.active; RETURN NULL; END';
CREATE TRIGGER batch_pause AFTER INSERT ON invtrack.tracker FOR EACH ROW EXECUTE FUNCTION batch_pause();
SELECT sku, outcome, before, after, health_before, health_after FROM invtrack.save_trackers('[
 {"merchant": "batch", "sku": "p7", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 1}]');
DROP TRIGGER batch_pause ON invtrack.tracker;
DROP FUNCTION batch_pause();
DROP FUNCTION batch_round();

-- a role sees its merchants, and saves where it may manage
CREATE ROLE invtrack_test_batch;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_batch;
SELECT invtrack.grant_access('invtrack_test_batch', 'batch', 'manage');
SET ROLE invtrack_test_batch;
SELECT row_number, outcome, sqlstate, message FROM invtrack.save_trackers('[
 {"merchant": "batch2", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 20},
 {"merchant": "batch", "sku": "p2", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 0.2}]', on_error => 'skip');
RESET ROLE;
SELECT invtrack.grant_access('invtrack_test_batch', 'batch2', 'read');
SET ROLE invtrack_test_batch;
SELECT row_number, outcome, sqlstate, message FROM invtrack.save_trackers('[
 {"merchant": "batch2", "sku": "p1", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 20},
 {"merchant": "batch", "sku": "p2", "inventory_type": "good", "mechanism": "stock_quantity", "quantity": 0.3}]', on_error => 'skip');
RESET ROLE;
SELECT invtrack.revoke_access('invtrack_test_batch', m) FROM unnest(ARRAY['batch', 'batch2']) m;
REVOKE USAGE ON SCHEMA invtrack FROM invtrack_test_batch;
DROP ROLE invtrack_test_batch;
DROP TABLE batch_result, batch_setting;
SELECT invtrack.delete_merchant(m) FROM unnest(ARRAY['batch', 'batch2']) m;
