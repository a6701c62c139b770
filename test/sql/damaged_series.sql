-- Series whose bytes are damaged: verify() names them in a row and rebuilds those of movements, one merchant's keep
-- nothing of another's from its turn, and no movement goes that is needed to rebuild one.
CREATE FUNCTION pg_temp.words(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT split_part(public.error_of(statement), E'\n', 1)$$;
\pset format unaligned
\set VERBOSITY terse
SET datestyle = 'ISO, YMD';
SET invtrack.as_of = '2026-03-10';
SET client_min_messages = warning;
-- Only a superuser makes such a cast, or what the disk does.
CREATE CAST (bytea AS invtrack.day_series) WITHOUT FUNCTION;
CREATE CAST (invtrack.day_series AS bytea) WITHOUT FUNCTION;

-- Each byte of a series in each of its bits: no error, whatever comes out, and what counts as intact is a series to the byte.
DO $$
DECLARE
    given bytea;
    damaged bytea;
    intact integer := 0;
    tried integer := 0;
BEGIN
    FOR given IN SELECT s::invtrack.day_series::bytea FROM unnest(ARRAY['{}', '{2026-03-01:1}', '{2026-03-01:-0.000001,2026-03-02:999999999999.5,infinity:300}',
                                                                        '{2025-12-31:0,2026-03-01:70000,2026-03-02:64,2026-03-03:-64,9999-12-31:12}']) s LOOP
        ASSERT invtrack_internal.is_intact(given::invtrack.day_series);
        FOR bit IN 0 .. 8 * length(given) - 1 LOOP
            damaged := set_bit(given, bit, 1 - get_bit(given, bit));
            tried := tried + 1;
            IF invtrack_internal.is_intact(damaged::invtrack.day_series) THEN
                intact := intact + 1;
                ASSERT damaged::invtrack.day_series::text::invtrack.day_series::bytea = damaged, damaged;
            END IF;
        END LOOP;
        FOR bytes IN 0 .. length(given) - 1 LOOP
            ASSERT NOT invtrack_internal.is_intact(substr(given, 1, bytes)::invtrack.day_series), bytes;
        END LOOP;
        ASSERT NOT invtrack_internal.is_intact((given || '\x00')::invtrack.day_series);
    END LOOP;
    RAISE WARNING '%', CASE WHEN tried > 300 AND intact < tried / 2 THEN 'most are found out' ELSE format('%s of %s', intact, tried) END;
END
$$;
SELECT invtrack_internal.is_intact(NULL) AS of_null;

-- m1, m2 and m3 have the same; a part of s1 is purged, and nothing else.
INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2'), ('m3');
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' || n FROM invtrack.merchant, generate_series(1, 3) n;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, lookback_days, coverage_days)
SELECT merchant, sku, 'good', 'turnover_days', 30, 7 FROM invtrack.product;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, recorded_at)
SELECT merchant, sku, 'good', 'sale', date '2026-03-01' + n, n, now() - CASE WHEN sku = 's1' AND n < 3 THEN 100 ELSE 0 END * interval '1 day'
  FROM invtrack.product, generate_series(1, 4) n;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m2', 'nobody knows', 'good', 'sale', '2026-03-02', 1);
SELECT invtrack.fold(), invtrack.purge_movements(NULL, 50) AS purged;
SELECT count(*) AS alerts FROM invtrack.check_trackers();

UPDATE invtrack.flow_series SET days = '\x01ffffffffff07'::bytea::invtrack.day_series WHERE merchant = 'm1' AND sku = 's2';
SELECT * FROM invtrack.verify();
-- Others' readings, and those of other items, are what they were; one of all says how to find it.
SELECT (SELECT count(*) FROM invtrack.health WHERE merchant = 'm2') AS health, (SELECT count(*) FROM invtrack.tracker_health('m3')) AS tracker_health,
       (SELECT count(*) FROM invtrack.tracker_health('m1', 's1')) AS other_item, (SELECT count(quantity) FROM invtrack.flow_daily WHERE merchant = 'm3') AS flow_daily,
       (SELECT count(*) FROM invtrack.check_trackers('m3')) AS check_trackers;
SELECT statement, public.error_of(statement)
  FROM unnest(ARRAY['SELECT count(health) FROM invtrack.health', 'SELECT * FROM invtrack.tracker_health(''m1'')', 'SELECT count(quantity) FROM invtrack.flow_daily',
                    'SELECT days FROM invtrack.flow_series']) WITH ORDINALITY t (statement, n) ORDER BY n;
-- Metrics count it as what it is, and all else as ever.
SELECT name, merchant, value FROM invtrack.metrics
 WHERE name IN ('trackers_damaged', 'trackers_replenish', 'unknown_item_movements') ORDER BY name, merchant NULLS FIRST;
SELECT count(*) > 50 AS all_metrics FROM invtrack.metrics;
-- also where the item is one that nobody knows
BEGIN;
UPDATE invtrack.flow_series SET days = '\x0103'::bytea::invtrack.day_series WHERE sku = 'nobody knows';
SELECT value FROM invtrack.metrics WHERE name = 'unknown_item_movements' AND merchant IS NULL;
SELECT count(*) > 50 AS all_metrics FROM invtrack.metrics;
ROLLBACK;

-- A fold, a check and a purge of all pass over it; none deletes what it is to be rebuilt from.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT merchant, 's2', 'good', 'sale', '2026-03-06', 0.5 FROM invtrack.merchant;
CALL invtrack.fold_all();
CALL invtrack.check_all();
SELECT merchant, count(*) AS tail FROM invtrack.movement WHERE NOT folded GROUP BY merchant ORDER BY merchant;
\set VERBOSITY default
SELECT invtrack.purge_movements(NULL, 0) AS purged;
\set VERBOSITY terse
SELECT merchant, count(*) AS kept FROM invtrack.movement GROUP BY merchant ORDER BY merchant;
SELECT public.error_of('SELECT invtrack.purge_movements(''m1'', 0)');
CALL invtrack.purge_all(0);
SELECT merchant, count(*) AS kept FROM invtrack.movement GROUP BY merchant ORDER BY merchant;
-- what is damaged outside of the batch keeps nothing
SELECT invtrack.purge_movements('m1', 50) AS none_that_old;

-- Repaired, all is as it was, and the purge goes on.
SELECT what, merchant, sku, found FROM invtrack.verify(repair => true);
SELECT * FROM invtrack.verify();
SELECT invtrack.fold('m1') AS folded;
SELECT merchant, day, quantity FROM invtrack.flow_daily WHERE sku = 's2' AND merchant IN ('m1', 'm2') ORDER BY day, merchant;
SELECT invtrack.purge_movements(NULL, 0) AS purged;
SELECT * FROM invtrack.verify();

-- What was purged is nowhere else: it is named, and left alone by repair and purge; only when it is well again, the rest is.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT merchant, 's1', 'good', 'sale', '2026-03-06', 0.5 FROM invtrack.merchant;
SELECT invtrack.fold() AS folded;
CREATE TABLE well AS SELECT * FROM invtrack.flow_series;
UPDATE invtrack.flow_series SET purged = '\x0107'::bytea::invtrack.day_series WHERE merchant = 'm1' AND sku = 's1';
UPDATE invtrack.flow_series SET purged = '\x'::bytea::invtrack.day_series, days = '\x02'::bytea::invtrack.day_series WHERE merchant = 'm1' AND sku = 's2';
UPDATE invtrack.flow_series SET movements = movements + 1 WHERE merchant = 'm1' AND sku = 's3';
SELECT merchant, sku, part, expected, found FROM invtrack.verify();
SELECT count(*) AS listed FROM invtrack.verify('m1', true);
SELECT merchant, sku, part, expected, found FROM invtrack.verify();
SELECT count(*) AS others_changed FROM well w JOIN invtrack.flow_series s USING (merchant, sku, inventory_type, flow)
 WHERE (w.movements, w.days::bytea, w.purged::bytea) IS DISTINCT FROM (s.movements, s.days::bytea, s.purged::bytea) AND (merchant, sku) NOT IN (('m1', 's1'), ('m1', 's2'));
CALL invtrack.purge_all(0);
SELECT merchant, count(*) AS kept FROM invtrack.movement GROUP BY merchant ORDER BY merchant;
-- docs/how-to/repair.md: where days are well, what was purged is days less what is kept; else it is given up, or comes from a backup.
UPDATE invtrack.flow_series s
   SET purged = (SELECT invtrack.day_series_agg(d.day, d.quantity)
                   FROM (SELECT u.day, u.quantity FROM invtrack.unnest(s.days) u
                         UNION ALL
                         SELECT m.occurred_on, -m.quantity FROM invtrack.movement m
                          WHERE m.folded AND (m.merchant, m.sku, m.inventory_type, m.flow) = (s.merchant, s.sku, s.inventory_type, s.flow)) d)
 WHERE (merchant, sku, inventory_type, flow) = ('m1', 's1', 'good', 'sale');
SELECT merchant, sku, part FROM invtrack.verify();
SELECT invtrack.total(s.purged) = invtrack.total(w.purged) AS as_before FROM well w JOIN invtrack.flow_series s USING (merchant, sku, inventory_type, flow)
 WHERE merchant = 'm1' AND sku = 's1';
UPDATE invtrack.flow_series SET purged = NULL, purged_movements = 0 WHERE merchant = 'm1' AND sku = 's2';
SELECT merchant, sku, part, expected, found FROM invtrack.verify('m1', repair => true);
SELECT * FROM invtrack.verify();
SELECT count(*) AS given_up FROM invtrack.flow_series WHERE merchant = 'm1' AND sku = 's2';

-- Histories: named; the checks of that merchant fail, until the row is deleted. The history then begins anew.
UPDATE invtrack.tracker_history SET health = set_byte(health::bytea, length(health::bytea) - 1, 128)::invtrack.day_series WHERE merchant = 'm2' AND sku = 's1';
UPDATE invtrack.tracker_history SET current_stock = (current_stock::bytea || '\x00')::invtrack.day_series WHERE merchant = 'm2' AND sku = 's2';
UPDATE invtrack.tracker_history SET threshold = set_byte(threshold::bytea, length(threshold::bytea) - 1, 128)::invtrack.day_series WHERE merchant = 'm2' AND sku = 's3';
INSERT INTO invtrack.stock_history (merchant, sku, inventory_type, on_hand) VALUES ('m3', 's1', 'good', '\x03'::bytea::invtrack.day_series);
UPDATE invtrack.check_state SET checked_days = '\x03'::bytea::invtrack.day_series WHERE merchant = 'm3';
SELECT * FROM invtrack.verify();
SELECT count(*) AS listed FROM invtrack.verify('m3', true);
CALL invtrack.check_all();
SELECT count(health) AS of_m1 FROM invtrack.health_daily WHERE merchant = 'm1';
SELECT pg_temp.words('SELECT count(health) FROM invtrack.health_daily') AS of_all;
DELETE FROM invtrack.tracker_history WHERE merchant = 'm2' AND sku IN ('s1', 's2', 's3');
DELETE FROM invtrack.stock_history WHERE merchant = 'm3' AND sku = 's1';
UPDATE invtrack.check_state SET checked_days = NULL WHERE merchant = 'm3';
CALL invtrack.check_all();
-- a series that is damaged, and intact ones in which a number is no reason
CREATE TEMPORARY TABLE kept AS TABLE invtrack.tracker_history;
UPDATE invtrack.tracker_history SET reasons = (reasons::bytea || '\x00')::invtrack.day_series WHERE merchant = 'm2' AND sku = 's1';
UPDATE invtrack.tracker_history SET reasons = '{2026-03-01:8}' WHERE merchant = 'm2' AND sku = 's2';
UPDATE invtrack.tracker_history SET reasons = '{2026-03-01:0.5,2026-03-10:1}' WHERE merchant = 'm2' AND sku = 's3';
SELECT * FROM invtrack.verify();
SELECT pg_temp.words('SELECT count(status) FROM invtrack.health_daily') AS of_all;
CALL invtrack.check_all();
UPDATE invtrack.tracker_history h SET reasons = k.reasons FROM kept k WHERE (h.merchant, h.sku, h.mechanism) = (k.merchant, k.sku, k.mechanism);
CALL invtrack.check_all();
SELECT * FROM invtrack.verify();

-- A merchant that has nothing to repair, or is nowhere, gives no row, and is not written down.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('tail', 's', 'good', 'sale', '2026-03-02', 1);
SELECT count(*) AS rows FROM unnest(ARRAY['typo', 'tail', '', ' m1', repeat('x', 1000)]) t (merchant), invtrack.verify(t.merchant, true);
SELECT merchant FROM invtrack.fold_state WHERE merchant NOT IN ('m1', 'm2', 'm3');

-- What is in the way of one merchant's repair keeps none of the others.
UPDATE invtrack.flow_series SET movements = movements + 10;
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not this merchant'; END$$;
CREATE TRIGGER refuse BEFORE UPDATE ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant = 'm2') EXECUTE FUNCTION public.refuse();
SELECT count(*) AS listed FROM invtrack.verify(repair => true);
DROP TRIGGER refuse ON invtrack.flow_series;
SELECT merchant, count(*) AS left FROM invtrack.verify() GROUP BY merchant ORDER BY merchant;
SELECT count(*) AS listed FROM invtrack.verify(repair => true);
SELECT count(*) AS left FROM invtrack.verify();

DROP FUNCTION public.refuse();
DROP TABLE well;
DROP CAST (bytea AS invtrack.day_series);
DROP CAST (invtrack.day_series AS bytea);
SELECT invtrack.delete_merchant(m) FROM unnest(ARRAY['m1', 'm2', 'm3', 'tail']) m;
RESET invtrack.as_of;
