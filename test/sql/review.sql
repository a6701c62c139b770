-- review(): each finding is found, its remedy mends it, and what is healthy is not found.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL invtrack.as_of = '2026-06-30';
\pset format unaligned

-- m has what cannot be right, h what can, n nothing but codes that are hard to quote.
INSERT INTO invtrack.merchant (merchant, name) VALUES ('m', 'M'), ('h', 'H'), ('n'' OR true; --', 'N');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) SELECT merchant, 'good' FROM invtrack.merchant UNION ALL VALUES ('m', 'bad');
INSERT INTO invtrack.product (merchant, sku, launched_on, discontinued_on) VALUES
    ('m', 'unsold', NULL, NULL), ('m', 'faded', NULL, NULL), ('m', 'faded2', NULL, NULL), ('m', 'steady', NULL, NULL), ('m', 'undated', NULL, NULL),
    ('m', 'low', NULL, NULL), ('m', 'high', NULL, NULL), ('m', 'out', NULL, NULL), ('m', 'ordered', NULL, NULL), ('m', 'paused', NULL, NULL),
    ('m', 'old', NULL, '2026-06-30'), ('m', 'other', NULL, NULL), ('m', 'both', NULL, NULL), ('m', 'grams', NULL, NULL), ('m', 'burst', NULL, NULL), ('m', 'resting', NULL, NULL), ('m', 'early', '2026-06-01', NULL), ('m', 'minus', NULL, NULL), ('m', 'one-minus', NULL, NULL),
    ('h', 'steady', '2026-01-01', NULL), ('h', 'volatile', NULL, NULL), ('h', 'fresh', '2026-06-10', NULL), ('h', 'dated', NULL, NULL), ('h', 'moving', NULL, NULL),
    ('h', 'paused', NULL, NULL), ('h', 'last day', NULL, '2026-07-01'), ('h', 'reversed', '2026-06-01', NULL), ('h', 'slow', NULL, NULL);
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity) VALUES
    ('m', 'unsold', 'good', '', NULL, 5), ('m', 'both', 'good', '', NULL, 5), ('m', 'grams', 'good', '', NULL, 5), ('m', 'undated', 'good', 'a', NULL, 5), ('m', 'undated', 'good', 'b', NULL, 5), ('m', 'other', 'bad', '', NULL, 7),
    ('m', 'minus', 'good', 'a', NULL, -7.5), ('m', 'minus', 'good', 'b', NULL, 2), ('m', 'one-minus', 'good', 'a', NULL, -1), ('m', 'one-minus', 'good', 'b', NULL, 2),
    ('h', 'dated', 'good', 'a', NULL, 5), ('h', 'dated', 'good', 'b', '2026-07-05', 5), ('h', 'moving', 'good', '', NULL, 5);
INSERT INTO invtrack.incoming (merchant, sku, inventory_type, quantity) VALUES ('m', 'ordered', 'good', 5);
CREATE FUNCTION pg_temp.sell(merchant text, sku text, quantity numeric, first date, last date, step integer) RETURNS void LANGUAGE sql AS
    $$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
      SELECT $1, $2, 'good', 'sale', day, $3 FROM generate_series($4, $5, $6 * interval '1 day') day$$;
SELECT pg_temp.sell('m', 'faded', 3, '2026-01-01', '2026-05-20', 1), pg_temp.sell('m', 'faded2', 3, '2026-01-01', '2026-05-20', 1),
       pg_temp.sell('m', 'steady', 2, '2026-01-01', '2026-06-30', 1), pg_temp.sell('m', 'low', 10, '2026-05-01', '2026-06-30', 1),
       pg_temp.sell('m', 'high', 0.5, '2026-05-01', '2026-06-30', 1), pg_temp.sell('m', 'early', 2, '2026-05-29', '2026-06-30', 1),
       pg_temp.sell('m', 'minus', 2, '2026-06-29', '2026-07-02', 1), pg_temp.sell('m', 'both', 100, '2026-06-27', '2026-06-27', 1),
       pg_temp.sell('m', 'grams', 0.0017, '2026-03-30', '2026-06-30', 7), pg_temp.sell('m', 'burst', 7, '2026-05-18', '2026-05-21', 1),
       pg_temp.sell('m', 'resting', 3, '2026-01-01', '2026-05-20', 1),
       pg_temp.sell('h', 'steady', 2, '2026-01-01', '2026-06-30', 1), pg_temp.sell('h', 'volatile', 9, '2026-02-01', '2026-05-30', 1),
       pg_temp.sell('h', 'fresh', 2, '2026-06-10', '2026-06-30', 1), pg_temp.sell('h', 'slow', 0.001, '2026-04-10', '2026-06-30', 30);
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES
    ('m', 'early', 'good', 'shipment', '2026-05-31', 5), ('m', 'early', 'good', 'shipment', '9999-12-31', 1), ('m', 'minus', 'good', 'shipment', '2026-07-01', 3),
    ('m', 'typo', 'good', 'sale', '2026-06-01', 5), ('m', 'typo', 'good', 'shipment', '2026-06-01', 5), ('m', 'out', 'worse', 'sale', '2026-06-01', 1), ('x', 'p', 'good', 'sale', '2026-06-01', 1),
    ('h', 'moving', 'good', 'shipment', '2026-06-15', 20), ('h', 'reversed', 'good', 'sale', '2027-01-01', 5), ('h', 'reversed', 'good', 'sale', '2025-01-01', 5);
-- folded, then reversed: in two series that cancel out
SELECT invtrack.fold('h') > 0 AS folded;
SELECT count(invtrack.reverse_movement('h', movement_id)) FROM invtrack.movement WHERE merchant = 'h' AND sku = 'reversed';

INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days, active, updated_at) VALUES
    ('m', 'unsold', 'good', 'turnover_days', NULL, 30, 14, NULL, true, '2026-06-01'),
    ('m', 'faded', 'good', 'turnover_days', NULL, 30, 14, 7, true, '2026-06-01'),
    ('m', 'faded2', 'good', 'turnover_days', NULL, 30, 14, NULL, true, '2026-06-01'),
    ('m', 'faded2', 'good', 'stock_quantity', 30, NULL, NULL, NULL, true, '2026-06-01'),
    ('m', 'both', 'good', 'stock_quantity', 1, NULL, NULL, 5, true, '2026-06-01'),
    ('m', 'grams', 'good', 'stock_quantity', 1, NULL, NULL, 5, true, '2026-06-01'),
    ('m', 'burst', 'good', 'turnover_days', NULL, 30, 1, NULL, true, '2026-06-01'),
    ('m', 'resting', 'good', 'turnover_days', NULL, 30, 14, NULL, true, '2026-06-01'),
    ('m', 'resting', 'good', 'stock_quantity', 30, NULL, NULL, NULL, false, '2026-06-01'),
    ('m', 'steady', 'good', 'stock_quantity', 41, NULL, NULL, 3, true, '2026-06-01'),
    ('m', 'undated', 'good', 'stock_quantity', 41, NULL, NULL, 30, true, '2026-06-01'),
    ('m', 'low', 'good', 'stock_quantity', 29, NULL, NULL, NULL, true, '2026-06-01'),
    ('m', 'high', 'good', 'stock_quantity', 91, NULL, NULL, NULL, true, '2026-06-01'),
    ('m', 'out', 'good', 'stalled_days', 5, 30, NULL, NULL, true, '2026-06-01'),
    ('m', 'ordered', 'good', 'stalled_days', 5, 30, NULL, NULL, true, '2026-06-01'),
    ('m', 'paused', 'good', 'turnover_days', NULL, 30, 14, NULL, false, '2026-04-01 06:00Z'),
    ('m', 'old', 'good', 'turnover_days', NULL, 30, 14, NULL, true, '2026-06-01'),
    ('m', 'other', 'good', 'stock_quantity', 5, NULL, NULL, NULL, true, '2026-06-01'),
    ('h', 'steady', 'good', 'turnover_days', NULL, 30, 14, NULL, true, '2026-06-01'),
    ('h', 'steady', 'good', 'stock_quantity', 6, NULL, NULL, NULL, true, '2026-06-01'),
    ('h', 'volatile', 'good', 'stock_quantity', 100, NULL, NULL, NULL, true, '2026-06-01'),
    ('h', 'fresh', 'good', 'stock_quantity', 360, NULL, NULL, NULL, true, '2026-06-01'),
    ('h', 'slow', 'good', 'stock_quantity', 1, NULL, NULL, NULL, true, '2026-06-01'),
    ('h', 'dated', 'good', 'stock_quantity', 100, NULL, NULL, 30, true, '2026-06-01'),
    ('h', 'moving', 'good', 'stalled_days', 20, 30, NULL, NULL, true, '2026-06-01'),
    ('h', 'paused', 'good', 'turnover_days', NULL, 30, 14, NULL, false, '2026-04-02 12:00Z'),
    ('h', 'last day', 'good', 'stock_quantity', 5, NULL, NULL, NULL, true, '2026-06-01');

SELECT * FROM invtrack.review('m');
SELECT * FROM invtrack.review('h');
-- movements of merchants that are in no catalogue are in the review of all
SELECT finding, merchant, sku, detail FROM invtrack.review() WHERE merchant <> 'm';
-- what is folded is the same
CREATE TEMP TABLE before AS SELECT * FROM invtrack.review();
SELECT invtrack.fold() > 0 AS folded;
SELECT count(*) AS differ FROM (SELECT * FROM before EXCEPT SELECT * FROM invtrack.review()) d;
-- the merchant's last day counts, or does not
UPDATE invtrack.merchant SET count_today = false WHERE merchant = 'm';
SELECT * FROM before EXCEPT SELECT * FROM invtrack.review() ORDER BY sku, finding;
UPDATE invtrack.merchant SET count_today = true WHERE merchant = 'm';

-- Each code is in value_list, and each of value_list is found above.
SELECT finding FROM before EXCEPT SELECT value FROM invtrack.value_list WHERE list = 'finding';
SELECT value FROM invtrack.value_list WHERE list = 'finding' EXCEPT SELECT finding FROM before;

-- Each remedy mends its finding, and brings up no other; as a role that manages the merchant.
CREATE ROLE invtrack_test_manager;
CREATE ROLE invtrack_test_reader;
SELECT invtrack.grant_access('invtrack_test_manager', 'm', 'manage'), invtrack.grant_access('invtrack_test_reader', 'h', 'read');
GRANT SELECT ON before TO invtrack_test_manager;
CREATE FUNCTION pg_temp.mend(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    after text;
BEGIN
    EXECUTE statement;
    SELECT string_agg(f.finding || ' ' || f.sku, ', ') INTO after FROM (SELECT finding, sku, inventory_type, mechanism FROM invtrack.review('m') EXCEPT SELECT finding, sku, inventory_type, mechanism FROM before) f;
    RETURN coalesce('brought up ' || after, 'brought up nothing');
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.mend(text) TO invtrack_test_manager;
SET LOCAL ROLE invtrack_test_manager;
SELECT b.finding, b.sku, b.mechanism, pg_temp.mend(b.remedy) FROM before b WHERE b.merchant = 'm' AND b.remedy IS NOT NULL ORDER BY b.finding, b.sku;
SELECT b.finding, b.sku FROM before b JOIN invtrack.review() r USING (finding, merchant, sku, inventory_type) WHERE b.remedy IS NOT NULL;
SELECT finding, sku FROM invtrack.review() WHERE remedy IS NOT NULL;
SELECT DISTINCT merchant FROM invtrack.review();
-- A remedy is for the tracker as it was: one that somebody changed meanwhile stays as it is.
SELECT 'SELECT ' || invtrack_internal.call_of_save('m', 'low', 'good', 'stock_quantity', 7, NULL, NULL, NULL, 1) AS statement \gset
SAVEPOINT changed;
\set VERBOSITY terse
:statement;
\set VERBOSITY default
ROLLBACK TO changed;
RESET ROLE;

-- A role sees its own merchants only; one without access may not call it.
SET LOCAL ROLE invtrack_test_reader;
SELECT DISTINCT merchant FROM invtrack.review();
SAVEPOINT reader;
SELECT * FROM invtrack.review('m');
ROLLBACK TO reader;
RESET ROLE;

-- Errors
SAVEPOINT wrong;
SELECT * FROM invtrack.review('M');
ROLLBACK TO wrong;
SELECT * FROM invtrack.review('');
ROLLBACK TO wrong;

-- Codes that are hard to quote, and figures at the ends of what there is, also by another standard_conforming_strings.
INSERT INTO invtrack.product (merchant, sku) VALUES ('n'' OR true; --', '%L\''"$$'), ('n'' OR true; --', 'large'), ('n'' OR true; --', 'small');
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days) VALUES
    ('n'' OR true; --', '%L\''"$$', 'good', 'turnover_days', NULL, 3650, 3650), ('n'' OR true; --', 'large', 'good', 'stock_quantity', 999999999999.999999, NULL, NULL),
    ('n'' OR true; --', 'small', 'good', 'stock_quantity', 0.000001, NULL, NULL);
UPDATE invtrack.product SET discontinued_on = '0001-01-01' WHERE merchant = 'n'' OR true; --' AND sku = '%L\''"$$';
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT 'n'' OR true; --', s.sku, 'good', 'sale', date '2026-06-30' - d, 999999999999.999999
  FROM generate_series(0, 9) d, (VALUES ('large'), ('small')) s (sku), generate_series(1, 400) n WHERE s.sku = 'large' OR n = 1;
SELECT finding, sku, detail, remedy FROM invtrack.review('n'' OR true; --');
SET LOCAL standard_conforming_strings = off;
SELECT remedy FROM invtrack.review(E'n\' OR true; --') WHERE remedy IS NOT NULL \gexec
RESET standard_conforming_strings;
SELECT finding, sku, detail, remedy FROM invtrack.review('n'' OR true; --');
SELECT sku, quantity FROM invtrack.tracker WHERE merchant LIKE 'n%';

-- The day of a pause is the merchant's.
UPDATE invtrack.merchant SET time_zone = 'Pacific/Kiritimati' WHERE merchant = 'm';
SELECT finding, sku, detail FROM invtrack.review('m') WHERE finding = 'paused_for_months';
UPDATE invtrack.merchant SET time_zone = 'America/Los_Angeles' WHERE merchant = 'm';
SET LOCAL invtrack.as_of = '2026-06-29';
SELECT finding, sku, detail FROM invtrack.review('m') WHERE finding = 'paused_for_months';
SET LOCAL invtrack.as_of = '2026-06-30';

-- The ends of the calendar, and a time that is none
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, active, updated_at) VALUES ('h', 'paused', 'good', 'stock_quantity', 5, false, '-infinity');
SET LOCAL invtrack.as_of = '0001-01-01';
SELECT finding, count(*) FROM invtrack.review() GROUP BY 1 ORDER BY 1;
SET LOCAL invtrack.as_of = '9999-12-31';
SELECT finding, count(*) FROM invtrack.review() GROUP BY 1 ORDER BY 1;

-- Nobody's search_path matters.
SET LOCAL invtrack.as_of = '2026-06-30';
CREATE SCHEMA invtrack_test_trap;
CREATE FUNCTION invtrack_test_trap.wrong(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1/0 = 1';
CREATE OPERATOR invtrack_test_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = invtrack_test_trap.wrong);
SET LOCAL search_path = invtrack_test_trap, pg_catalog;
SELECT count(*) FROM invtrack.review('m');
ROLLBACK;
