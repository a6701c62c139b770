
-- From 0.1.0: what the new topics, which follow, add to tables and views that are there ----------------
--
-- No data is changed here: the owner's triggers would fire, and the script runs as superuser. So would a
-- function that its owner has replaced, where rows are checked: it is made what it was before that.

CREATE OR REPLACE FUNCTION invtrack.is_day(day date)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'invtrack_is_day';

ALTER TABLE invtrack.merchant
    ADD COLUMN rearm_percent numeric NOT NULL DEFAULT 0,
    ADD COLUMN alert_too_new boolean NOT NULL DEFAULT false,
    ADD COLUMN alert_nothing_on_hand boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT merchant_rearm_percent_check CHECK (rearm_percent BETWEEN 0 AND 1000);
COMMENT ON COLUMN invtrack.merchant.rearm_percent IS
'An alert closes when health has come this much above 100, so that it does not flap';
COMMENT ON COLUMN invtrack.merchant.alert_too_new IS 'Do stalled trackers of new products alert (reason too_new)?';
COMMENT ON COLUMN invtrack.merchant.alert_nothing_on_hand IS
'Do stalled trackers of items without stock alert (reason nothing_on_hand)?';

ALTER TABLE invtrack.product
    ADD COLUMN discontinued_on date,
    ADD CONSTRAINT product_discontinued_on_check CHECK (invtrack.is_day(discontinued_on));
COMMENT ON COLUMN invtrack.product.discontinued_on IS
'From this day on its trackers alert no more; null: not retired';

ALTER TABLE invtrack.tracker ADD COLUMN active boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN invtrack.tracker.active IS 'Does it alert? False: paused';
ALTER TABLE invtrack.product SET (parallel_workers = 2);
