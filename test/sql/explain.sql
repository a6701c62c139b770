-- explain_health(): the rows add up to the view, each mechanism and reason has its sentence, and what is
-- hostile stays text.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL invtrack.as_of = '2026-03-10';
\pset format unaligned

INSERT INTO invtrack.merchant (merchant, count_today) VALUES ('m', true), ('late', false), ('other', true);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku, launched_on) VALUES
    ('m', 'a', NULL), ('m', 'new', '2026-03-01'), ('m', 'none', NULL), ('m', 'past', '2025-01-01'), ('late', 'a', NULL), ('other', 'a', NULL),
    ('m', '%s '' " \ <b>', NULL);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) VALUES
    ('m', 'a', 'good', 'L1', '2026-03-25', 12), ('m', 'a', 'good', 'L2', '2026-03-24', 3.5), ('m', 'a', 'good', 'L3', '2026-03-10', 4),
    ('m', 'a', 'good', '', NULL, 1), ('m', 'a', 'good', 'A', NULL, -0.000001), ('m', 'new', 'good', '', NULL, 2.00), ('m', 'past', 'good', '', '9999-12-31', 999999999999.999999),
    ('late', 'a', 'good', '', NULL, 7), ('m', '%s '' " \ <b>', 'good', '%n %s '' " \ <b>', NULL, 0);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'sale', '2026-02-08', 100), ('m', 'a', 'good', 'sale', '2026-02-09', 1), ('m', 'a', 'good', 'sale', '2026-03-01', 5),
    ('m', 'a', 'good', 'sale', '2026-03-01', -5), ('m', 'a', 'good', 'sale', '2026-03-04', 40.5), ('m', 'a', 'good', 'sale', '2026-03-09', -2),
    ('m', 'a', 'good', 'sale', '2026-03-11', 50), ('m', 'a', 'good', 'shipment', '2026-03-04', 2), ('m', 'past', 'good', 'sale', '2025-06-01', 3),
    ('late', 'a', 'good', 'sale', '2026-03-08', 2), ('late', 'a', 'good', 'sale', '2026-03-10', 9);
SELECT invtrack.fold('m') > 0 AS folded;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'a', 'good', 'sale', '2026-03-04', -0.5), ('m', 'a', 'good', 'sale', '2026-03-10', 1);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days) VALUES
    ('m', 'a', 'good', 'stock_quantity', 20, NULL, NULL, 14), ('m', 'a', 'good', 'turnover_days', NULL, 30, 14, NULL), ('m', 'a', 'good', 'stalled_days', 1, 7, NULL, NULL),
    ('m', 'new', 'good', 'stock_quantity', 1, NULL, NULL, NULL), ('m', 'new', 'good', 'turnover_days', NULL, 30, 1, NULL), ('m', 'new', 'good', 'stalled_days', 5, 30, NULL, NULL),
    ('m', 'none', 'good', 'stock_quantity', 0.000001, NULL, NULL, NULL), ('m', 'none', 'good', 'stalled_days', 5, 30, NULL, NULL),
    ('m', 'past', 'good', 'turnover_days', NULL, 3650, 3650, 3650), ('m', 'past', 'good', 'stalled_days', 5, 30, NULL, NULL),
    ('late', 'a', 'good', 'turnover_days', NULL, 1, 1, NULL), ('late', 'a', 'good', 'stalled_days', 1, 1, NULL, NULL),
    ('m', '%s '' " \ <b>', 'good', 'stock_quantity', 1, NULL, NULL, NULL);

SELECT * FROM invtrack.explain_health('m', 'a', 'good', 'stock_quantity');
SELECT * FROM invtrack.explain_health('m', 'a', 'good', 'turnover_days');
SELECT * FROM invtrack.explain_health('m', 'a', 'good', 'stalled_days');
SELECT * FROM invtrack.explain_health('late', 'a', 'good', 'turnover_days');
SELECT * FROM invtrack.explain_health('m', '%s '' " \ <b>', 'good', 'stock_quantity');
SELECT sku, mechanism, e.note FROM invtrack.tracker t, LATERAL invtrack.explain_health(merchant, sku, inventory_type, mechanism) WITH ORDINALITY e
 WHERE merchant = 'm' AND sku IN ('new', 'none', 'past') AND part IN ('window', 'rule', 'result') ORDER BY sku COLLATE "C", mechanism, e.ordinality;

-- as_of: the argument, the setting
SELECT a.day, count(e.part), max(e.note) FILTER (WHERE e.part = 'result') AS note
  FROM (VALUES (date '0001-01-01'), ('2026-02-09'), ('9999-12-31')) a (day), LATERAL invtrack.explain_health('late', 'a', 'good', 'turnover_days', a.day) e GROUP BY a.day ORDER BY a.day;
SET LOCAL invtrack.as_of = '2026-03-09';
SELECT note FROM invtrack.explain_health('late', 'a', 'good', 'turnover_days') WHERE part IN ('day', 'result');

-- Sums: the differences from the view, on many days.
CREATE VIEW pg_temp.difference AS
SELECT h.merchant, h.sku, h.mechanism, h.as_of
  FROM generate_series(timestamp '2026-02-08', '2026-04-05', '4 days') d, invtrack.tracker_health(as_of => d::date) h,
       LATERAL (SELECT coalesce(sum(e.quantity) FILTER (WHERE e.part = 'lot' AND e.counted), 0) AS stock,
                       coalesce(sum(e.quantity) FILTER (WHERE e.part = 'lot' AND NOT e.counted), 0) AS excluded,
                       count(*) FILTER (WHERE e.part = 'lot') AS lots,
                       coalesce(sum(e.quantity) FILTER (WHERE e.part = 'day' AND e.counted), 0) AS net,
                       sum(e.quantity) FILTER (WHERE e.part = 'window') AS window_net,
                       sum(e.quantity) FILTER (WHERE e.part = 'result') AS health,
                       bool_or(round(e.quantity, 4) = h.threshold) FILTER (WHERE e.part = 'rule') AS has_threshold,
                       max(e.note) FILTER (WHERE e.part = 'result') AS note
                  FROM invtrack.explain_health(h.merchant, h.sku, h.inventory_type, h.mechanism, h.as_of) e) e,
       LATERAL (SELECT coalesce(sum(f.quantity), 0) AS net FROM invtrack.flow_daily f
                 WHERE f.merchant = h.merchant AND f.sku = h.sku AND f.inventory_type = h.inventory_type
                   AND f.flow = CASE h.mechanism WHEN 'stalled_days' THEN 'shipment' ELSE 'sale' END
                   AND f.day BETWEEN h.as_of - (h.merchant = 'late')::int - h.lookback_days + 1 AND h.as_of - (h.merchant = 'late')::int) f
 WHERE e.health IS DISTINCT FROM h.health OR NOT e.has_threshold OR strpos(e.note, h.status) = 0 OR strpos(e.note, coalesce(h.reason, '')) = 0
    OR CASE WHEN h.mechanism = 'stalled_days' THEN e.lots > 0 OR e.net <> h.current_stock
            ELSE e.stock <> h.current_stock OR e.excluded <> h.excluded_stock END
    OR h.lookback_days IS NOT NULL AND (e.net <> f.net OR e.window_net <> f.net);
SELECT count(*) FROM pg_temp.difference;
UPDATE invtrack.stock_lot SET quantity = quantity + 1 WHERE sku = 'a' AND lot = 'L2';
SELECT count(*) FROM pg_temp.difference;

-- Errors
CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE query;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || SQLERRM || ' | ' || detail;
END
$$;
SELECT call, pg_temp.error_of('SELECT * FROM invtrack.explain_health(' || call || ')') AS error FROM (VALUES
    (1, $$NULL, 'a', 'good', 'stalled_days'$$), (2, $$'m', NULL, 'good', 'x'$$), (3, $$'m', 'a', 'good', NULL$$), (4, $$'m', 'a', 'good', 'x'$$), (5, $$'m', ' a', 'good', 'stalled_days'$$),
    (6, $$'m', 'none', 'good', 'turnover_days'$$), (7, $$'x', 'a', 'good', 'stalled_days'$$), (8, $$'m', 'a', 'good', 'stalled_days', 'infinity'$$),
    (9, $$'m', 'a', 'good', 'stalled_days', '0001-12-31 BC'$$)) v (n, call) ORDER BY n;

-- As a reader of one merchant, with hostile names in the way.
CREATE ROLE invtrack_test_reader;
SELECT invtrack.grant_access('invtrack_test_reader', 'm');
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq);
CREATE TABLE hostile.stock_lot AS SELECT * FROM invtrack.stock_lot LIMIT 0;
GRANT USAGE ON SCHEMA hostile TO invtrack_test_reader;
SET LOCAL ROLE invtrack_test_reader;
SET LOCAL search_path = hostile, pg_catalog, invtrack;
SELECT part, lot, quantity, counted FROM invtrack.explain_health('m', 'a', 'good', 'stock_quantity');
SELECT pg_temp.error_of($$SELECT * FROM invtrack.explain_health('late', 'a', 'good', 'turnover_days')$$) AS of_another_merchant;
RESET ROLE;
RESET search_path;

-- What the owner changes: constraints that are gone, and nulls where none are expected.
SAVEPOINT changed;
ALTER TABLE invtrack.tracker DROP CONSTRAINT tracker_check;
UPDATE invtrack.tracker SET lookback_days = 0 WHERE merchant = 'm' AND sku = 'a';
SELECT pg_temp.error_of($$SELECT * FROM invtrack.explain_health('m', 'a', 'good', 'stalled_days')$$) AS wrong_rule;
ROLLBACK TO changed;
ALTER TABLE invtrack.stock_lot ALTER quantity DROP NOT NULL;
UPDATE invtrack.stock_lot SET quantity = NULL WHERE lot = 'L1';
SELECT pg_temp.error_of($$SELECT * FROM invtrack.explain_health('m', 'a', 'good', 'stock_quantity')$$) AS null_quantity;
ROLLBACK;
