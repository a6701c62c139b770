\echo Use "ALTER EXTENSION invtrack UPDATE" to load this file. \quit

-- A trusted extension's script runs as superuser, with the schemas of the extensions that it
-- requires in its search_path, where others may own things. Here it sees PostgreSQL's own only.
SET LOCAL search_path TO pg_catalog, pg_temp;

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

CREATE OR REPLACE VIEW invtrack.reading WITH (security_invoker) AS
SELECT p.merchant,
       m.name AS merchant_name,
       p.sku,
       p.name AS product_name,
       i.inventory_type,
       i.name AS inventory_type_name,
       k.mechanism,
       p.launched_on,
       l.lots,
       f.days AS folded,
       v.days AS tail,
       m.as_of,
       p.discontinued_on
  FROM invtrack.product p
  JOIN invtrack.inventory_type i ON i.merchant = p.merchant
 CROSS JOIN (VALUES ('stock_quantity', NULL), ('turnover_days', 'sale'),
                    ('stalled_days', 'shipment')) k (mechanism, flow)
  -- ORDER BY keeps this a subquery of its own, so that a merchant's day is worked out once and not for each
  -- figure of each tracker; a merchant that is asked for still reaches it.
  JOIN (SELECT c.merchant, c.name, invtrack.as_of(c.time_zone) AS as_of
          FROM invtrack.merchant c
         ORDER BY c.merchant) m ON m.merchant = p.merchant
  LEFT JOIN (SELECT s.merchant, s.sku, s.inventory_type,
                    invtrack.day_series_agg(coalesce(s.expires_on, date 'infinity'), s.quantity) AS lots
               FROM invtrack.stock_lot s
              GROUP BY s.merchant, s.sku, s.inventory_type) l
    ON l.merchant = p.merchant AND l.sku = p.sku AND l.inventory_type = i.inventory_type
  LEFT JOIN invtrack.flow_series f
    ON f.merchant = p.merchant AND f.sku = p.sku AND f.inventory_type = i.inventory_type
   AND f.flow = k.flow
  LEFT JOIN invtrack.flow_tail v
    ON v.merchant = p.merchant AND v.sku = p.sku AND v.inventory_type = i.inventory_type
   AND v.flow = k.flow;
COMMENT ON VIEW invtrack.reading IS
'What an item is judged by, for each product, inventory type and mechanism there is; internal, may change';
COMMENT ON COLUMN invtrack.reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.reading.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.reading.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.reading.mechanism IS 'Mechanism, which says which flow is read';
COMMENT ON COLUMN invtrack.reading.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack.reading.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack.reading.folded IS 'Units sold (turnover_days) or shipped (stalled_days) by day; null without folded movements';
COMMENT ON COLUMN invtrack.reading.tail IS 'The same, of movements that are not folded yet';
COMMENT ON COLUMN invtrack.reading.as_of IS 'The day that health is worked out for';
COMMENT ON COLUMN invtrack.reading.discontinued_on IS 'From when on the product is retired; null: not';

CREATE OR REPLACE VIEW invtrack.tracker_reading WITH (security_invoker) AS
SELECT t.merchant,
       r.merchant_name,
       t.sku,
       r.product_name,
       t.inventory_type,
       r.inventory_type_name,
       t.mechanism,
       t.quantity::numeric AS quantity,
       t.lookback_days,
       t.coverage_days,
       t.expiry_days,
       t.updated_at,
       r.launched_on,
       r.lots,
       r.folded,
       r.tail,
       r.as_of,
       t.active,
       r.discontinued_on
  FROM invtrack.tracker t
  JOIN invtrack.reading r
    ON r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
   AND r.mechanism = t.mechanism;
COMMENT ON VIEW invtrack.tracker_reading IS
'The reading of each tracker, with its parameters; internal, may change';
COMMENT ON COLUMN invtrack.tracker_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.tracker_reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.tracker_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.tracker_reading.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.tracker_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.tracker_reading.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.tracker_reading.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.tracker_reading.quantity IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack.tracker_reading.lookback_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack.tracker_reading.coverage_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack.tracker_reading.expiry_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack.tracker_reading.updated_at IS 'When a parameter last changed';
COMMENT ON COLUMN invtrack.tracker_reading.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack.tracker_reading.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack.tracker_reading.folded IS 'Units sold (turnover_days) or shipped (stalled_days) by day; null without folded movements';
COMMENT ON COLUMN invtrack.tracker_reading.tail IS 'The same, of movements that are not folded yet';
COMMENT ON COLUMN invtrack.tracker_reading.as_of IS 'The day that health is worked out for';
COMMENT ON COLUMN invtrack.tracker_reading.active IS 'Does the tracker alert? False: paused';
COMMENT ON COLUMN invtrack.tracker_reading.discontinued_on IS 'From when on the product is retired; null: not';

CREATE OR REPLACE VIEW invtrack.health WITH (security_invoker) AS
SELECT t.merchant,
       t.merchant_name,
       t.sku,
       t.product_name,
       t.inventory_type,
       t.inventory_type_name,
       t.mechanism,
       t.quantity,
       t.lookback_days,
       t.coverage_days,
       t.expiry_days,
       invtrack.judge_current_stock(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS current_stock,
       invtrack.judge_threshold(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS threshold,
       invtrack.judge_health(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS health,
       invtrack.judge_status(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS status,
       invtrack.judge_reason(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS reason,
       invtrack.judge_daily_sales(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS daily_sales,
       invtrack.judge_actual_days(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS actual_days,
       invtrack.judge_days_of_cover(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS days_of_cover,
       invtrack.judge_excluded_stock(
           t.mechanism, t.quantity, t.lookback_days, t.coverage_days,
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of) AS excluded_stock,
       t.as_of,
       t.updated_at,
       t.active,
       t.discontinued_on
  FROM invtrack.tracker_reading t;
COMMENT ON VIEW invtrack.health IS
'How healthy each tracked item is, live: a row a tracker';
COMMENT ON COLUMN invtrack.health.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.health.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.health.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.health.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.health.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.health.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.health.mechanism IS 'stock_quantity, turnover_days or stalled_days';
COMMENT ON COLUMN invtrack.health.quantity IS 'Parameter: units';
COMMENT ON COLUMN invtrack.health.lookback_days IS 'Parameter: days looked back';
COMMENT ON COLUMN invtrack.health.coverage_days IS 'Parameter: days of sales that stock should last';
COMMENT ON COLUMN invtrack.health.expiry_days IS 'Parameter: shelf life in days above which lots count';
COMMENT ON COLUMN invtrack.health.current_stock IS 'Units that count; under stalled_days the units shipped in the lookback';
COMMENT ON COLUMN invtrack.health.threshold IS 'What the tracker asks for, rounded to 4 decimals; 0 without sales';
COMMENT ON COLUMN invtrack.health.health IS '100 x current / threshold, exact, cut to 2 decimals; 0 without sales';
COMMENT ON COLUMN invtrack.health.status IS 'ok, replenish, stalled or no_sales';
COMMENT ON COLUMN invtrack.health.reason IS 'Why the status is not ok; null where it is';
COMMENT ON COLUMN invtrack.health.daily_sales IS 'turnover_days: average daily sales, rounded to 4 decimals';
COMMENT ON COLUMN invtrack.health.actual_days IS 'turnover_days: days on sale, at most the lookback; null where never on sale';
COMMENT ON COLUMN invtrack.health.days_of_cover IS 'turnover_days: current stock / daily sales, cut to 1 decimal; null without sales';
COMMENT ON COLUMN invtrack.health.excluded_stock IS 'Units on hand that do not count for their shelf life; null under stalled_days';
COMMENT ON COLUMN invtrack.health.as_of IS 'The day that all this is worked out for';
COMMENT ON COLUMN invtrack.health.updated_at IS 'When a parameter of the tracker last changed';
COMMENT ON COLUMN invtrack.health.active IS 'Does the tracker alert? False: paused';
COMMENT ON COLUMN invtrack.health.discontinued_on IS 'From this day on the product is retired and alerts no more; null: not';

-- History: health of trackers and units on hand of items, day by day ------------------------------
--
-- A series has an entry for a day on which its figure changed, and none for one on which it
-- stayed, so that a check rewrites the rows that have news only. The days that were checked are
-- in check_state. Health can be larger than an entry of a series may be (10^24), and counts as that then.

CREATE FUNCTION invtrack.history_says(series invtrack.day_series, day date, quantity numeric)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_says';
COMMENT ON FUNCTION invtrack.history_says(invtrack.day_series, date, numeric) IS
'Is the latest entry up to this day of this quantity? False for a null series';

CREATE FUNCTION invtrack.history_with(series invtrack.day_series, day date, quantity numeric)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_with';
COMMENT ON FUNCTION invtrack.history_with(invtrack.day_series, date, numeric) IS
'The series, null for none yet, with this quantity as that of the day, cut to 10^24 either way';

CREATE FUNCTION invtrack.history_fill(
    series invtrack.day_series, days invtrack.day_series, OUT day date, OUT quantity numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
AS 'MODULE_PATHNAME', 'history_fill';
COMMENT ON FUNCTION invtrack.history_fill(invtrack.day_series, invtrack.day_series) IS
'For each of the days, from the first of the series on, the quantity of the latest entry up to then';

-- A row a merchant that has been checked: checks take turns on it, and it numbers the events.
CREATE TABLE invtrack.check_state (
    merchant text COLLATE "C" NOT NULL,
    events bigint NOT NULL DEFAULT 0,
    checked_at timestamptz,
    checked_days invtrack.day_series,
    CONSTRAINT check_state_pkey PRIMARY KEY (merchant),
    CONSTRAINT check_state_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.check_state IS
'A row a merchant that has been checked: checks of a merchant take turns on it';
COMMENT ON COLUMN invtrack.check_state.merchant IS 'Merchant of the trackers';
COMMENT ON COLUMN invtrack.check_state.events IS 'Number of its last event';
COMMENT ON COLUMN invtrack.check_state.checked_at IS 'When its trackers were last checked';
COMMENT ON COLUMN invtrack.check_state.checked_days IS 'The days of its calendar on which they were';

CREATE TABLE invtrack.tracker_history (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    health invtrack.day_series NOT NULL,
    current_stock invtrack.day_series NOT NULL,
    CONSTRAINT tracker_history_pkey PRIMARY KEY (merchant, sku, inventory_type, mechanism),
    CONSTRAINT tracker_history_tracker_fkey FOREIGN KEY (merchant, sku, inventory_type, mechanism)
        REFERENCES invtrack.tracker ON DELETE CASCADE,
    -- health_daily puts the two side by side
    CONSTRAINT tracker_history_check CHECK (
        invtrack.first_day(health) OPERATOR(pg_catalog.=) invtrack.first_day(current_stock))
) WITH (
        toast_tuple_target = 8160, fillfactor = 90,
        autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE invtrack.tracker_history IS
'What checks found of each tracker, by day; goes with the tracker. invtrack.health_daily shows it';
COMMENT ON COLUMN invtrack.tracker_history.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.tracker_history.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.tracker_history.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.tracker_history.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.tracker_history.health IS 'Health on the days on which it changed, at most 10^24 either way';
COMMENT ON COLUMN invtrack.tracker_history.current_stock IS 'Units that counted on the days on which they changed';

CREATE TABLE invtrack.stock_history (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    on_hand invtrack.day_series NOT NULL,
    CONSTRAINT stock_history_pkey PRIMARY KEY (merchant, sku, inventory_type),
    CONSTRAINT stock_history_product_fkey FOREIGN KEY (merchant, sku)
        REFERENCES invtrack.product ON DELETE CASCADE
) WITH (
        toast_tuple_target = 8160, fillfactor = 90,
        autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE invtrack.stock_history IS
'Units on hand of each item by day, as checks found them; goes with the product. invtrack.stock_daily shows it';
COMMENT ON COLUMN invtrack.stock_history.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.stock_history.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.stock_history.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.stock_history.on_hand IS 'Units in all lots on the days on which they changed';

CREATE VIEW invtrack.health_daily WITH (security_invoker) AS
SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, f.day, f.health, f.current_stock
  FROM invtrack.tracker_history h
  JOIN invtrack.check_state s ON s.merchant = h.merchant
 CROSS JOIN LATERAL ROWS FROM (invtrack.history_fill(h.health, s.checked_days),
                               invtrack.history_fill(h.current_stock, s.checked_days))
            f (day, health, same_day, current_stock);
COMMENT ON VIEW invtrack.health_daily IS
'Health of each tracker on each day that was checked, as the last check of the day found it';
COMMENT ON COLUMN invtrack.health_daily.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.health_daily.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.health_daily.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.health_daily.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.health_daily.day IS 'Day of the merchant''s calendar';
COMMENT ON COLUMN invtrack.health_daily.health IS 'Percent of what the tracker asks for that was there';
COMMENT ON COLUMN invtrack.health_daily.current_stock IS 'Units that counted; under stalled_days the units shipped in the lookback';

CREATE VIEW invtrack.stock_daily WITH (security_invoker) AS
SELECT h.merchant, h.sku, h.inventory_type, f.day, f.quantity AS on_hand
  FROM invtrack.stock_history h
  JOIN invtrack.check_state s ON s.merchant = h.merchant
 CROSS JOIN LATERAL invtrack.history_fill(h.on_hand, s.checked_days) f;
COMMENT ON VIEW invtrack.stock_daily IS
'Units on hand of each item on each day that was checked, as the last check of the day found them';
COMMENT ON COLUMN invtrack.stock_daily.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.stock_daily.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.stock_daily.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.stock_daily.day IS 'Day of the merchant''s calendar';
COMMENT ON COLUMN invtrack.stock_daily.on_hand IS 'Units in all lots';

SELECT pg_catalog.pg_extension_config_dump('invtrack.check_state', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.tracker_history', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.stock_history', '');

-- Alerts: an episode of a tracker that is not well -------------------------------------------------

CREATE TABLE invtrack.alert (
    merchant text COLLATE "C" NOT NULL,
    alert_id bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    opened_health numeric NOT NULL,
    lowest_health numeric NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_on date NOT NULL,
    closed_at timestamptz,
    closed_on date,
    closed_as text COLLATE "C",
    acknowledged_by text,
    acknowledged_at timestamptz,
    acknowledged_note text,
    snoozed_until timestamptz,
    CONSTRAINT alert_pkey PRIMARY KEY (merchant, alert_id),
    CONSTRAINT alert_status_check CHECK (status IN ('replenish', 'stalled', 'no_sales')),
    CONSTRAINT alert_reason_check CHECK (
        reason IN ('stock_below_quantity', 'stock_below_coverage', 'too_new', 'nothing_on_hand',
                   'shipments_below_quantity', 'no_sales_history', 'no_sales_in_window')),
    CONSTRAINT alert_closed_check CHECK (
        pg_catalog.num_nulls(closed_at, closed_on, closed_as) IN (0, 3)),
    CONSTRAINT alert_acknowledged_check CHECK (
        pg_catalog.num_nulls(acknowledged_by, acknowledged_at) IN (0, 2)),
    CONSTRAINT alert_closed_as_check CHECK (closed_as IN ('recovered', 'withdrawn'))
) WITH (fillfactor = 90);
COMMENT ON TABLE invtrack.alert IS
'Episodes of trackers that were not well, open and closed. Written by checks, acknowledge_alert() and snooze_alert()';
COMMENT ON COLUMN invtrack.alert.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.alert.alert_id IS 'Number of the event that opened it';
COMMENT ON COLUMN invtrack.alert.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.alert.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.alert.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.alert.status IS 'Status that was told last: replenish, stalled or no_sales';
COMMENT ON COLUMN invtrack.alert.reason IS 'Why';
COMMENT ON COLUMN invtrack.alert.opened_health IS 'Health when it was opened';
COMMENT ON COLUMN invtrack.alert.lowest_health IS 'The lowest health that a check found since then';
COMMENT ON COLUMN invtrack.alert.opened_at IS 'When it was opened';
COMMENT ON COLUMN invtrack.alert.opened_on IS 'Day of the merchant''s calendar on which it was opened';
COMMENT ON COLUMN invtrack.alert.closed_at IS 'When it was closed; null while it is open';
COMMENT ON COLUMN invtrack.alert.closed_on IS 'Day of the merchant''s calendar on which it was closed';
COMMENT ON COLUMN invtrack.alert.closed_as IS 'recovered, or withdrawn: the tracker or its product was deleted';
COMMENT ON COLUMN invtrack.alert.acknowledged_by IS 'Who takes care of it';
COMMENT ON COLUMN invtrack.alert.acknowledged_at IS 'Since when';
COMMENT ON COLUMN invtrack.alert.acknowledged_note IS 'What they say';
COMMENT ON COLUMN invtrack.alert.snoozed_until IS 'No event tells that it worsened until then';

CREATE UNIQUE INDEX alert_open_key ON invtrack.alert (merchant, sku, inventory_type, mechanism)
    WHERE closed_at IS NULL;
COMMENT ON INDEX invtrack.alert_open_key IS 'A tracker has one open episode at most';
CREATE INDEX alert_tracker ON invtrack.alert (merchant, sku, inventory_type, mechanism);
COMMENT ON INDEX invtrack.alert_tracker IS 'The episodes of a tracker';

CREATE VIEW invtrack.alert_open WITH (security_invoker) AS
SELECT a.merchant, a.alert_id, a.sku, p.name AS product_name, a.inventory_type, a.mechanism,
       a.status, a.reason, a.opened_health, a.lowest_health, a.opened_at, a.opened_on,
       a.acknowledged_by, a.acknowledged_at, a.acknowledged_note, a.snoozed_until,
       coalesce(a.snoozed_until > pg_catalog.now(), false) AS snoozed,
       t.active, p.discontinued_on
  FROM invtrack.alert a
  LEFT JOIN invtrack.product p ON p.merchant = a.merchant AND p.sku = a.sku
  LEFT JOIN invtrack.tracker t
    ON t.merchant = a.merchant AND t.sku = a.sku AND t.inventory_type = a.inventory_type
   AND t.mechanism = a.mechanism
 WHERE a.closed_at IS NULL;
COMMENT ON VIEW invtrack.alert_open IS 'Alerts that are open, as the last check left them';
COMMENT ON COLUMN invtrack.alert_open.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.alert_open.alert_id IS 'Number of the event that opened it';
COMMENT ON COLUMN invtrack.alert_open.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.alert_open.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.alert_open.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.alert_open.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.alert_open.status IS 'Status that was told last: replenish, stalled or no_sales';
COMMENT ON COLUMN invtrack.alert_open.reason IS 'Why';
COMMENT ON COLUMN invtrack.alert_open.opened_health IS 'Health when it was opened';
COMMENT ON COLUMN invtrack.alert_open.lowest_health IS 'The lowest health that a check found since then';
COMMENT ON COLUMN invtrack.alert_open.opened_at IS 'When it was opened';
COMMENT ON COLUMN invtrack.alert_open.opened_on IS 'Day of the merchant''s calendar on which it was opened';
COMMENT ON COLUMN invtrack.alert_open.acknowledged_by IS 'Who takes care of it';
COMMENT ON COLUMN invtrack.alert_open.acknowledged_at IS 'Since when';
COMMENT ON COLUMN invtrack.alert_open.acknowledged_note IS 'What they say';
COMMENT ON COLUMN invtrack.alert_open.snoozed_until IS 'No event tells that it worsened until then';
COMMENT ON COLUMN invtrack.alert_open.snoozed IS 'Is that still to come?';
COMMENT ON COLUMN invtrack.alert_open.active IS 'False: the tracker is paused; null: it was deleted since the last check';
COMMENT ON COLUMN invtrack.alert_open.discontinued_on IS 'From this day on the product is retired; null: not';

CREATE FUNCTION invtrack.acknowledge_alert(
    merchant text, sku text, inventory_type text, mechanism text,
    note text DEFAULT NULL, acknowledged_by text DEFAULT NULL)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'alert_acknowledge';
COMMENT ON FUNCTION invtrack.acknowledge_alert(text, text, text, text, text, text) IS
'Says that somebody, by default the current user, takes care of a tracker''s open alert; true, or an error where there is none';

CREATE FUNCTION invtrack.snooze_alert(
    merchant text, sku text, inventory_type text, mechanism text, until timestamptz)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'alert_snooze';
COMMENT ON FUNCTION invtrack.snooze_alert(text, text, text, text, timestamptz) IS
'Keeps a tracker''s open alert from telling that it worsened until then; null ends that. True, or an error where there is none';

CREATE FUNCTION invtrack.purge_alerts(merchant text, older_than_days integer)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'alert_purge';
COMMENT ON FUNCTION invtrack.purge_alerts(text, integer) IS
'Deletes closed alerts of a merchant, or of all where it is null, and events that every consumer has confirmed, older than this many days; returns how many rows';

SELECT pg_catalog.pg_extension_config_dump('invtrack.alert', '');

-- Events: an outbox for programs that deliver alerts ----------------------------------------------

CREATE TABLE invtrack.alert_event (
    merchant text COLLATE "C" NOT NULL,
    event_id bigint NOT NULL,
    transition text COLLATE "C" NOT NULL,
    alert_id bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT alert_event_pkey PRIMARY KEY (merchant, event_id),
    CONSTRAINT alert_event_transition_check CHECK (
        transition IN ('opened', 'worsened', 'recovered', 'withdrawn'))
);
COMMENT ON TABLE invtrack.alert_event IS
'What checks found out, in order: an outbox for programs that deliver it. Written by checks';
COMMENT ON COLUMN invtrack.alert_event.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.alert_event.event_id IS 'Number of the event: 1, 2, 3, ... of its merchant, in the order of commits';
COMMENT ON COLUMN invtrack.alert_event.transition IS
'opened; worsened: another status; recovered; withdrawn: the tracker or its product was deleted';
COMMENT ON COLUMN invtrack.alert_event.alert_id IS 'Which alert';
COMMENT ON COLUMN invtrack.alert_event.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.alert_event.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.alert_event.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.alert_event.recorded_at IS 'When it was found out';
COMMENT ON COLUMN invtrack.alert_event.payload IS 'All there is to tell; the format has a version and is described in docs/alerts.md';

CREATE TABLE invtrack.alert_consumer (
    merchant text COLLATE "C" NOT NULL,
    consumer text COLLATE "C" NOT NULL,
    confirmed bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    taken_at timestamptz,
    CONSTRAINT alert_consumer_pkey PRIMARY KEY (merchant, consumer),
    CONSTRAINT alert_consumer_consumer_check CHECK (invtrack.is_code(consumer)),
    CONSTRAINT alert_consumer_confirmed_check CHECK (confirmed >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.alert_consumer IS
'How far each program that delivers events has come. To give up a consumer, delete its rows';
COMMENT ON COLUMN invtrack.alert_consumer.merchant IS 'Merchant of the events';
COMMENT ON COLUMN invtrack.alert_consumer.consumer IS 'Name that the program gives itself';
COMMENT ON COLUMN invtrack.alert_consumer.confirmed IS 'Number of the last event that it confirmed';
COMMENT ON COLUMN invtrack.alert_consumer.confirmed_at IS 'When it did; null: never';
COMMENT ON COLUMN invtrack.alert_consumer.taken_at IS 'When it was last given events of this merchant; null: never';

CREATE FUNCTION invtrack.take_alert_events(consumer text, max_rows integer DEFAULT 100)
RETURNS SETOF invtrack.alert_event LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME', 'alert_event_take';
COMMENT ON FUNCTION invtrack.take_alert_events(text, integer) IS
'Events that a consumer has not confirmed, in order per merchant; until the end of the transaction nobody else takes those of the same merchants for it';

CREATE FUNCTION invtrack.confirm_alert_events(consumer text, merchant text, event_id bigint)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'alert_event_confirm';
COMMENT ON FUNCTION invtrack.confirm_alert_events(text, text, bigint) IS
'A consumer has delivered a merchant''s events up to this one; returns how many of them were not confirmed yet';

SELECT pg_catalog.pg_extension_config_dump('invtrack.alert_event', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.alert_consumer', '');

-- Checks: what has changed since the last one ------------------------------------------------------
--
-- A check reads all trackers of a merchant, whoever wrote them and how, and compares them with the
-- open alerts and the history. Only what differs comes out, so that writing is in proportion to change.
--
-- ORDER BY keeps a subquery one of its own: its figures are worked out once a row, and a merchant that is
-- asked for still reaches all tables. There is nothing to sort for one merchant.

CREATE VIEW invtrack.check_reading WITH (security_invoker) AS
SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, h.merchant_name, h.status, h.reason, h.health,
       h.current_stock, h.threshold, h.as_of, a.alert_id, a.status AS alert_status, a.opened_at,
       CASE WHEN a.alert_id IS NOT NULL AND h.reason IS NULL
            THEN CASE WHEN h.health >= 100 + m.rearm_percent THEN 'recovered' END
            WHEN h.reason IS NULL OR NOT h.active OR h.discontinued_on <= h.as_of
                 OR (h.reason = 'too_new' AND NOT m.alert_too_new)
                 OR (h.reason = 'nothing_on_hand' AND NOT m.alert_nothing_on_hand)
            THEN NULL
            WHEN a.alert_id IS NULL THEN 'opened'
            WHEN h.status <> a.status AND coalesce(a.snoozed_until <= pg_catalog.now(), true)
            THEN 'worsened'
       END AS transition,
       a.alert_id IS NOT NULL
       AND (h.health < a.lowest_health OR (h.status = a.status AND h.reason <> a.reason)) AS alert_changes,
       CASE WHEN h.as_of < m.last_day THEN false
            ELSE NOT (invtrack.history_says(y.health, h.as_of, h.health)
                      AND invtrack.history_says(y.current_stock, h.as_of, h.current_stock))
       END AS history_changes,
       y.health AS health_history, y.current_stock AS stock_history
  FROM invtrack.health h
  JOIN (SELECT c.merchant, c.rearm_percent, c.alert_too_new, c.alert_nothing_on_hand,
               invtrack.last_day(s.checked_days) AS last_day
          FROM invtrack.merchant c
          LEFT JOIN invtrack.check_state s ON s.merchant = c.merchant
         ORDER BY c.merchant) m
    ON m.merchant = h.merchant
  LEFT JOIN invtrack.alert a
    ON a.merchant = h.merchant AND a.sku = h.sku AND a.inventory_type = h.inventory_type
   AND a.mechanism = h.mechanism AND a.closed_at IS NULL
  LEFT JOIN invtrack.tracker_history y
    ON y.merchant = h.merchant AND y.sku = h.sku AND y.inventory_type = h.inventory_type
   AND y.mechanism = h.mechanism
UNION ALL
SELECT a.merchant, a.sku, a.inventory_type, a.mechanism, m.name, a.status, a.reason, NULL,
       NULL, NULL, invtrack.as_of(m.time_zone), a.alert_id, a.status, a.opened_at,
       'withdrawn', false, false, NULL, NULL
  FROM invtrack.alert a
  JOIN invtrack.merchant m ON m.merchant = a.merchant
 WHERE a.closed_at IS NULL
   AND NOT EXISTS (SELECT FROM invtrack.tracker t
                    WHERE t.merchant = a.merchant AND t.sku = a.sku
                      AND t.inventory_type = a.inventory_type AND t.mechanism = a.mechanism);
COMMENT ON VIEW invtrack.check_reading IS
'What a check would find of each tracker, and of alerts whose tracker is gone; internal, may change';
COMMENT ON COLUMN invtrack.check_reading.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.check_reading.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.check_reading.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.check_reading.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.check_reading.merchant_name IS 'Name of the merchant';
COMMENT ON COLUMN invtrack.check_reading.status IS 'Status of the tracker';
COMMENT ON COLUMN invtrack.check_reading.reason IS 'Why';
COMMENT ON COLUMN invtrack.check_reading.health IS 'Health of the tracker';
COMMENT ON COLUMN invtrack.check_reading.current_stock IS 'Units that count';
COMMENT ON COLUMN invtrack.check_reading.threshold IS 'What the tracker asks for';
COMMENT ON COLUMN invtrack.check_reading.as_of IS 'The day that all this is worked out for';
COMMENT ON COLUMN invtrack.check_reading.alert_id IS 'Its open alert; null: none';
COMMENT ON COLUMN invtrack.check_reading.alert_status IS 'The status that the alert told last';
COMMENT ON COLUMN invtrack.check_reading.opened_at IS 'When the alert was opened';
COMMENT ON COLUMN invtrack.check_reading.transition IS 'What is to be told: opened, worsened, recovered or withdrawn; null: nothing';
COMMENT ON COLUMN invtrack.check_reading.alert_changes IS 'Is there more for the open alert to say?';
COMMENT ON COLUMN invtrack.check_reading.history_changes IS 'Is there news for the history?';
COMMENT ON COLUMN invtrack.check_reading.health_history IS 'Health so far, by day; null: none yet';
COMMENT ON COLUMN invtrack.check_reading.stock_history IS 'Units that counted so far, by day; null: none yet';

CREATE VIEW invtrack.check_stock WITH (security_invoker) AS
SELECT merchant, sku, inventory_type, coalesce(l.on_hand, 0) AS on_hand, m.as_of, y.on_hand AS history
  FROM (SELECT merchant, sku, inventory_type, pg_catalog.sum(quantity) AS on_hand
          FROM invtrack.stock_lot
         GROUP BY merchant, sku, inventory_type) l
  FULL JOIN invtrack.stock_history y USING (merchant, sku, inventory_type)
  JOIN (SELECT c.merchant, invtrack.as_of(c.time_zone) AS as_of, invtrack.last_day(s.checked_days) AS last_day
          FROM invtrack.merchant c
          LEFT JOIN invtrack.check_state s ON s.merchant = c.merchant
         ORDER BY c.merchant) m
 USING (merchant)
 WHERE coalesce(m.as_of >= m.last_day, true)
   AND NOT invtrack.history_says(y.on_hand, m.as_of, coalesce(l.on_hand, 0));
COMMENT ON VIEW invtrack.check_stock IS
'Items whose units on hand are news for the history; internal, may change';
COMMENT ON COLUMN invtrack.check_stock.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.check_stock.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.check_stock.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.check_stock.on_hand IS 'Units in all lots; 0 where none is left';
COMMENT ON COLUMN invtrack.check_stock.as_of IS 'The day';
COMMENT ON COLUMN invtrack.check_stock.history IS 'Units so far, by day; null: none yet';

CREATE FUNCTION invtrack.check_trackers(merchant text DEFAULT NULL)
RETURNS SETOF invtrack.alert_event LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME', 'check_trackers';
COMMENT ON FUNCTION invtrack.check_trackers(text) IS
'Checks the trackers of a merchant, or of all, in one transaction: opens and closes alerts, and adds to the history. Returns the events';

CREATE PROCEDURE invtrack.check_all(INOUT events bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'check_all';
COMMENT ON PROCEDURE invtrack.check_all(bigint) IS
'Checks the trackers of all merchants, and commits after each; tells how many events there were';

-- Metrics: figures to watch and to alarm on ------------------------------------------------------

CREATE VIEW invtrack.tracker_state WITH (security_invoker) AS
SELECT h.merchant,
       CASE WHEN h.discontinued_on <= h.as_of THEN 'retired'
            WHEN NOT h.active THEN 'paused'
            ELSE h.status END AS state
  FROM invtrack.health h;
COMMENT ON VIEW invtrack.tracker_state IS
'The status of each tracker that may alert, and why the others may not; internal, may change';
COMMENT ON COLUMN invtrack.tracker_state.merchant IS 'Merchant of the tracker';
COMMENT ON COLUMN invtrack.tracker_state.state IS 'ok, replenish, stalled or no_sales; paused; retired, paused or not';

CREATE VIEW invtrack.alert_backlog WITH (security_invoker) AS
SELECT c.merchant, c.consumer, greatest(s.events - c.confirmed, 0) AS events
  FROM invtrack.alert_consumer c
  JOIN invtrack.check_state s ON s.merchant = c.merchant;
COMMENT ON VIEW invtrack.alert_backlog IS
'How many events each consumer has yet to confirm; internal, may change';
COMMENT ON COLUMN invtrack.alert_backlog.merchant IS 'Merchant of the events';
COMMENT ON COLUMN invtrack.alert_backlog.consumer IS 'Name of a program that delivers';
COMMENT ON COLUMN invtrack.alert_backlog.events IS 'Events that it has not confirmed';

CREATE VIEW invtrack.fold_backlog WITH (security_invoker) AS
SELECT m.merchant, pg_catalog.count(*) AS movements,
       pg_catalog.min(m.recorded_at) FILTER (WHERE pg_catalog.isfinite(m.recorded_at)) AS oldest
  FROM invtrack.movement m
 WHERE NOT m.folded
 GROUP BY m.merchant;
COMMENT ON VIEW invtrack.fold_backlog IS
'Movements that wait for a fold, by merchant; internal, may change';
COMMENT ON COLUMN invtrack.fold_backlog.merchant IS 'Merchant of the movements, in the catalogue or not';
COMMENT ON COLUMN invtrack.fold_backlog.movements IS 'How many movements';
COMMENT ON COLUMN invtrack.fold_backlog.oldest IS 'When the first of them was recorded; null where none says so';

-- A figure has a branch of totals and one by merchant. Names are constants, of arms of their own where a
-- branch has several, and totals are worked out one level down, so that a filter by name leaves nothing
-- of the other figures in the plan; a filter by merchant reaches the tables. Grouping sets would stop
-- both, so totals read the tables again. All branches have the same types and collations, else
-- the planner would not see through the UNION ALL.
CREATE VIEW invtrack.metrics WITH (security_invoker) AS
-- Trackers by status: a sweep
SELECT n.name, coalesce(c.trackers, 0)::numeric AS value, NULL::text COLLATE "C" AS merchant,
       NULL::text COLLATE "C" AS consumer
  FROM (SELECT 'trackers_ok' AS name, 'ok' AS state
        UNION ALL SELECT 'trackers_replenish', 'replenish'
        UNION ALL SELECT 'trackers_stalled', 'stalled'
        UNION ALL SELECT 'trackers_no_sales', 'no_sales'
        UNION ALL SELECT 'trackers_paused', 'paused'
        UNION ALL SELECT 'trackers_retired', 'retired') n
  LEFT JOIN (SELECT t.state, pg_catalog.count(*) AS trackers
               FROM invtrack.tracker_state t
              GROUP BY t.state) c ON c.state = n.state
UNION ALL
SELECT n.name, coalesce(c.trackers, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM (SELECT 'trackers_ok' AS name, 'ok' AS state
        UNION ALL SELECT 'trackers_replenish', 'replenish'
        UNION ALL SELECT 'trackers_stalled', 'stalled'
        UNION ALL SELECT 'trackers_no_sales', 'no_sales'
        UNION ALL SELECT 'trackers_paused', 'paused'
        UNION ALL SELECT 'trackers_retired', 'retired') n
 CROSS JOIN invtrack.merchant m
  LEFT JOIN (SELECT t.merchant, t.state, pg_catalog.count(*) AS trackers
               FROM invtrack.tracker_state t
              GROUP BY t.merchant, t.state) c ON c.merchant = m.merchant AND c.state = n.state
UNION ALL
-- Alerts
SELECT 'open_alerts', c.alerts::numeric, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.count(*) AS alerts
          FROM invtrack.alert a
         WHERE a.closed_at IS NULL) c
UNION ALL
SELECT 'open_alerts', coalesce(c.alerts, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN (SELECT a.merchant, pg_catalog.count(*) AS alerts
               FROM invtrack.alert a
              WHERE a.closed_at IS NULL
              GROUP BY a.merchant) c ON c.merchant = m.merchant
UNION ALL
SELECT 'unacknowledged_alerts', c.alerts::numeric, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.count(*) AS alerts
          FROM invtrack.alert a
         WHERE a.closed_at IS NULL AND a.acknowledged_at IS NULL) c
UNION ALL
SELECT 'unacknowledged_alerts', coalesce(c.alerts, 0)::numeric, m.merchant, NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN (SELECT a.merchant, pg_catalog.count(*) AS alerts
               FROM invtrack.alert a
              WHERE a.closed_at IS NULL AND a.acknowledged_at IS NULL
              GROUP BY a.merchant) c ON c.merchant = m.merchant
UNION ALL
-- Movements that wait for a fold, also of merchants that are not in the catalogue
SELECT 'unfolded_movements', coalesce(c.movements, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.sum(b.movements) AS movements FROM invtrack.fold_backlog b) c
UNION ALL
SELECT 'unfolded_movements', pg_catalog.sum(u.movements), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS movements FROM invtrack.merchant m
        UNION ALL
        SELECT b.merchant, b.movements FROM invtrack.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Who records in the future waits for nothing.
SELECT 'oldest_unfolded_seconds', greatest(c.seconds, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.max(extract(epoch FROM pg_catalog.now()) - extract(epoch FROM b.oldest)) AS seconds
          FROM invtrack.fold_backlog b) c
UNION ALL
SELECT 'oldest_unfolded_seconds', greatest(pg_catalog.max(u.seconds), 0), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS seconds FROM invtrack.merchant m
        UNION ALL
        SELECT b.merchant, extract(epoch FROM pg_catalog.now()) - extract(epoch FROM b.oldest)
          FROM invtrack.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Folds. A merchant without news is not folded, so the total is of those that have some.
SELECT 'last_fold_timestamp_seconds', c.folded, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.min(coalesce(extract(epoch FROM f.folded_at), 0)) AS folded
          FROM invtrack.fold_backlog b
          LEFT JOIN invtrack.fold_state f ON f.merchant = b.merchant) c
 WHERE c.folded IS NOT NULL
UNION ALL
SELECT 'last_fold_timestamp_seconds', pg_catalog.max(u.folded), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT f.merchant, extract(epoch FROM f.folded_at) AS folded
          FROM invtrack.fold_state f
         WHERE f.folded_at IS NOT NULL
        UNION ALL
        SELECT b.merchant, 0 FROM invtrack.fold_backlog b) u
 GROUP BY u.merchant
UNION ALL
-- Checks, of merchants that have something to check
SELECT 'last_check_timestamp_seconds', c.checked, NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.min(coalesce(extract(epoch FROM s.checked_at), 0)) AS checked
          FROM invtrack.merchant m
          LEFT JOIN invtrack.check_state s ON s.merchant = m.merchant
         WHERE EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = m.merchant)) c
 WHERE c.checked IS NOT NULL
UNION ALL
SELECT 'last_check_timestamp_seconds', coalesce(extract(epoch FROM s.checked_at), 0), m.merchant,
       NULL::text COLLATE "C"
  FROM invtrack.merchant m
  LEFT JOIN invtrack.check_state s ON s.merchant = m.merchant
 WHERE EXISTS (SELECT FROM invtrack.tracker t WHERE t.merchant = m.merchant)
UNION ALL
-- Movements of items that are not in the catalogue: all series are read
SELECT 'unknown_item_movements', coalesce(c.movements, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.sum(i.movements) AS movements FROM invtrack.unknown_items i) c
UNION ALL
SELECT 'unknown_item_movements', pg_catalog.sum(u.movements), u.merchant, NULL::text COLLATE "C"
  FROM (SELECT m.merchant, 0 AS movements FROM invtrack.merchant m
        UNION ALL
        SELECT i.merchant, i.movements FROM invtrack.unknown_items i) u
 GROUP BY u.merchant
UNION ALL
-- Events: of all consumers, of each, and of each by merchant
SELECT 'undelivered_events', coalesce(c.events, 0), NULL::text COLLATE "C", NULL::text COLLATE "C"
  FROM (SELECT pg_catalog.sum(b.events) AS events FROM invtrack.alert_backlog b) c
UNION ALL
SELECT 'undelivered_events', c.events, NULL::text COLLATE "C", c.consumer
  FROM (SELECT b.consumer, pg_catalog.sum(b.events) AS events
          FROM invtrack.alert_backlog b
         GROUP BY b.consumer) c
UNION ALL
SELECT 'undelivered_events', b.events::numeric, b.merchant, b.consumer
  FROM invtrack.alert_backlog b;
COMMENT ON VIEW invtrack.metrics IS
'Figures to watch and to alarm on, in total and by merchant. trackers_... sweep all trackers, unknown_item_movements all series; a filter by name leaves out what it does not ask for';
COMMENT ON COLUMN invtrack.metrics.name IS 'What is told; the unit is in it, by the rules of Prometheus';
COMMENT ON COLUMN invtrack.metrics.value IS 'How many, or seconds; of a time: seconds since 1970, 0: never';
COMMENT ON COLUMN invtrack.metrics.merchant IS 'Whose; null: all, or of a time the one that is most behind';
COMMENT ON COLUMN invtrack.metrics.consumer IS 'undelivered_events: for whom; null: all';

-- Jobs of pg_cron ---------------------------------------------------------------------------------

CREATE FUNCTION invtrack.schedule_jobs(
    fold_every interval DEFAULT '5 minutes',
    check_every interval DEFAULT '1 hour',
    purge_movements_after_days integer DEFAULT NULL,
    purge_alerts_after_days integer DEFAULT 400,
    keep_runs_days integer DEFAULT 7)
RETURNS TABLE (job_name text, schedule text, command text, database text)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 5
AS 'MODULE_PATHNAME', 'schedule_jobs';
COMMENT ON FUNCTION invtrack.schedule_jobs(interval, interval, integer, integer, integer) IS
'Has pg_cron fold, check and purge in this database, as the owner of the extension; replaces the jobs that are there. Returns them';

CREATE FUNCTION invtrack.unschedule_jobs()
RETURNS integer LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'unschedule_jobs';
COMMENT ON FUNCTION invtrack.unschedule_jobs() IS
'Removes the jobs of schedule_jobs() in this database; returns how many there were';

-- Access by merchant: who may see and change which merchants' rows --------------------------------
--
-- A grant is a row here and privileges on the extension's objects. Row security (sql/access.sql)
-- lets a role see and change the rows of the merchants that it has been granted.

CREATE TYPE invtrack.role_ref;

CREATE FUNCTION invtrack.role_ref_in(cstring)
RETURNS invtrack.role_ref LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_in';
COMMENT ON FUNCTION invtrack.role_ref_in(cstring) IS 'I/O';

CREATE FUNCTION invtrack.role_ref_out(invtrack.role_ref)
RETURNS cstring LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_out';
COMMENT ON FUNCTION invtrack.role_ref_out(invtrack.role_ref) IS 'I/O';

CREATE FUNCTION invtrack.role_ref_recv(internal)
RETURNS invtrack.role_ref LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_recv';
COMMENT ON FUNCTION invtrack.role_ref_recv(internal) IS 'I/O';

CREATE FUNCTION invtrack.role_ref_send(invtrack.role_ref)
RETURNS bytea LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'role_ref_send';
COMMENT ON FUNCTION invtrack.role_ref_send(invtrack.role_ref) IS 'I/O';

-- A role, kept as its oid and written as the name that it has then. So a role that was renamed keeps
-- its access, here and in a dump; one that was dropped, or is missing where a dump is restored, is
-- nobody, and stays so when somebody makes a role of its name.
CREATE TYPE invtrack.role_ref (
    INPUT = invtrack.role_ref_in,
    OUTPUT = invtrack.role_ref_out,
    RECEIVE = invtrack.role_ref_recv,
    SEND = invtrack.role_ref_send,
    LIKE = oid
);
COMMENT ON TYPE invtrack.role_ref IS
'A role of this cluster, written as its name; empty where there is no such role (any more)';

CREATE CAST (invtrack.role_ref AS oid) WITHOUT FUNCTION;
COMMENT ON CAST (invtrack.role_ref AS oid) IS 'The role''s oid, 0 for nobody';
CREATE CAST (oid AS invtrack.role_ref) WITHOUT FUNCTION;
COMMENT ON CAST (oid AS invtrack.role_ref) IS 'The role that has this oid';

CREATE TABLE invtrack.access_grant (
    role invtrack.role_ref NOT NULL,
    merchant text COLLATE "C",
    level text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    granted_by text NOT NULL DEFAULT CURRENT_USER,
    CONSTRAINT access_grant_merchant_fkey FOREIGN KEY (merchant)
        REFERENCES invtrack.merchant ON DELETE CASCADE,
    CONSTRAINT access_grant_level_check CHECK (level IN ('read', 'load', 'manage'))
);
COMMENT ON TABLE invtrack.access_grant IS
'Which roles have access to which merchants. Written by grant_access() and revoke_access(); read the view access';
COMMENT ON COLUMN invtrack.access_grant.role IS 'Role that has access';
COMMENT ON COLUMN invtrack.access_grant.merchant IS 'Merchant whose rows it has access to; null: all';
COMMENT ON COLUMN invtrack.access_grant.level IS 'read, load (includes read) or manage (includes load)';
COMMENT ON COLUMN invtrack.access_grant.granted_at IS 'When this level was granted';
COMMENT ON COLUMN invtrack.access_grant.granted_by IS 'Role that granted it';
CREATE UNIQUE INDEX access_grant_key ON invtrack.access_grant ((role::oid), merchant)
    NULLS NOT DISTINCT WHERE role::oid <> 0;
COMMENT ON INDEX invtrack.access_grant_key IS 'A role has one level for a merchant';
-- It has no key that could be one: a publication of all tables must not make granting fail.
ALTER TABLE invtrack.access_grant REPLICA IDENTITY FULL;

CREATE FUNCTION invtrack.access_changes()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'access_changes';
COMMENT ON FUNCTION invtrack.access_changes() IS
'trigger: has all sessions look up access anew, and plan anew what it went into';

-- Always: also where rows come by logical replication.
CREATE TRIGGER access_grant_changes
    AFTER INSERT OR UPDATE OR DELETE ON invtrack.access_grant FOR EACH ROW
    EXECUTE FUNCTION invtrack.access_changes();
ALTER TABLE invtrack.access_grant ENABLE ALWAYS TRIGGER access_grant_changes;
COMMENT ON TRIGGER access_grant_changes ON invtrack.access_grant IS
'All sessions look up access anew';

CREATE FUNCTION invtrack.has_access_support(internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_has_access_support';
COMMENT ON FUNCTION invtrack.has_access_support(internal) IS
'planner support of has_access: puts the merchants of the role into the plan';

CREATE FUNCTION invtrack.has_access(merchant text, level text DEFAULT 'read')
RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE
SUPPORT invtrack.has_access_support
AS 'MODULE_PATHNAME', 'access_has_access';
COMMENT ON FUNCTION invtrack.has_access(text, text) IS
'Has the current role access of this level to the merchant, or, where it is null, to all?';

CREATE VIEW invtrack.access WITH (security_invoker) AS
SELECT r.rolname::text AS role, g.merchant, g.level, g.granted_at, g.granted_by
  FROM invtrack.access_grant g
  JOIN pg_catalog.pg_roles r ON r.oid = g.role::oid;
COMMENT ON VIEW invtrack.access IS
'Who has what: a row for each access granted. A role sees its own and those of the roles it is a member of';
COMMENT ON COLUMN invtrack.access.role IS 'Role that has access';
COMMENT ON COLUMN invtrack.access.merchant IS 'Merchant whose rows it has access to; null: all';
COMMENT ON COLUMN invtrack.access.level IS 'read, load (includes read) or manage (includes load)';
COMMENT ON COLUMN invtrack.access.granted_at IS 'When this level was granted';
COMMENT ON COLUMN invtrack.access.granted_by IS 'Role that granted it';

-- What each level adds to the one before it. What is not named here, only the owner may do. A function
-- that is immutable works on its arguments alone, so whoever reads may call it.
CREATE VIEW invtrack.level_privilege WITH (security_invoker) AS
SELECT rule.level, o.kind, o.name, p.privilege, o.object, o.owner,
       CASE WHEN p.privilege LIKE '%(%' THEN a.attacl ELSE o.acl END AS acl
  FROM (VALUES
        ('read',   'SCHEMA',  'invtrack',             'USAGE'),
        ('read',   'TYPE',    '(all)',                'USAGE'),
        ('read',   'TABLE',   '(all)',                'SELECT'),
        ('read',   'ROUTINE', '(immutable)',          'EXECUTE'),
        ('read',   'ROUTINE', 'as_of',                'EXECUTE'),
        ('read',   'ROUTINE', 'today',                'EXECUTE'),
        ('read',   'ROUTINE', 'tracker_health',       'EXECUTE'),
        ('read',   'ROUTINE', 'tracker_health_of',    'EXECUTE'),
        ('read',   'ROUTINE', 'preview_health',       'EXECUTE'),
        ('read',   'ROUTINE', 'find_products',        'EXECUTE'),
        ('read',   'ROUTINE', 'has_access',           'EXECUTE'),
        ('load',   'TABLE',   'merchant',             'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'product',              'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'inventory_type',       'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'stock_lot',            'INSERT UPDATE DELETE'),
        ('load',   'TABLE',   'movement',             'INSERT'),
        ('load',   'ROUTINE', 'reverse_movement',     'EXECUTE'),
        ('manage', 'TABLE',   'tracker',              'INSERT UPDATE DELETE'),
        ('manage', 'ROUTINE', 'save_tracker',         'EXECUTE'),
        ('manage', 'ROUTINE', 'delete_tracker',       'EXECUTE'),
        ('manage', 'TABLE',   'alert',                'UPDATE(acknowledged_by) UPDATE(acknowledged_at)'),
        ('manage', 'TABLE',   'alert',                'UPDATE(acknowledged_note) UPDATE(snoozed_until)'),
        ('manage', 'TABLE',   'alert_consumer',       'INSERT UPDATE DELETE'),
        ('manage', 'ROUTINE', 'acknowledge_alert',    'EXECUTE'),
        ('manage', 'ROUTINE', 'snooze_alert',         'EXECUTE'),
        ('manage', 'ROUTINE', 'take_alert_events',    'EXECUTE'),
        ('manage', 'ROUTINE', 'confirm_alert_events', 'EXECUTE')
       ) rule (level, kind, name, privileges)
  JOIN (SELECT 'SCHEMA' AS kind, n.oid, n.nspname::text AS name, pg_catalog.quote_ident(n.nspname) AS object,
               n.nspowner AS owner, n.nspacl AS acl, false AS is_immutable
          FROM pg_catalog.pg_namespace n
         WHERE n.nspname = 'invtrack'
        UNION ALL
        SELECT CASE d.classid WHEN 'pg_catalog.pg_class'::regclass THEN 'TABLE'
                              WHEN 'pg_catalog.pg_proc'::regclass THEN 'ROUTINE' ELSE 'TYPE' END,
               d.objid,
               coalesce(c.relname, f.proname, t.typname)::text,
               coalesce(c.oid::regclass::text, f.oid::regprocedure::text, t.oid::regtype::text),
               coalesce(c.relowner, f.proowner, t.typowner),
               coalesce(c.relacl, f.proacl, t.typacl),
               coalesce(f.provolatile = 'i', false)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
          LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass
                AND c.oid = d.objid AND c.relkind IN ('r', 'v')
          LEFT JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass
                AND f.oid = d.objid
          -- not arrays and rows of tables and views, members too from PostgreSQL 17 on: what they are of counts
          LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::regclass
                AND t.oid = d.objid
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind <> 'c')
         WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
           AND coalesce(c.oid, f.oid, t.oid) IS NOT NULL
       ) o ON o.kind = rule.kind
          AND (o.name = rule.name OR rule.name = '(all)' OR rule.name = '(immutable)' AND o.is_immutable)
 CROSS JOIN LATERAL pg_catalog.string_to_table(rule.privileges, ' ') p (privilege)
  LEFT JOIN pg_catalog.pg_attribute a
    ON o.kind = 'TABLE' AND a.attrelid = o.oid AND a.attname = substring(p.privilege FROM '\((.*)\)');
COMMENT ON VIEW invtrack.level_privilege IS
'What each level of access adds to the one before it: a row for each privilege on an object';
COMMENT ON COLUMN invtrack.level_privilege.level IS 'read, load or manage';
COMMENT ON COLUMN invtrack.level_privilege.kind IS 'SCHEMA, TABLE (views too), ROUTINE or TYPE (domains too)';
COMMENT ON COLUMN invtrack.level_privilege.name IS 'Name of the object';
COMMENT ON COLUMN invtrack.level_privilege.privilege IS 'Privilege, as GRANT names it; on a column: with its name';
COMMENT ON COLUMN invtrack.level_privilege.object IS 'The object, as GRANT names it';
COMMENT ON COLUMN invtrack.level_privilege.owner IS 'Owner of the object';
COMMENT ON COLUMN invtrack.level_privilege.acl IS 'Who has which privileges on the object, or column, now';

CREATE FUNCTION invtrack.grant_access(role text, merchant text, level text DEFAULT 'read')
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_grant';
COMMENT ON FUNCTION invtrack.grant_access(text, text, text) IS
'Gives a role access to a merchant, or, where it is null, to all: read, load or manage, in place of the level that it had; returns created, updated or unchanged';

CREATE FUNCTION invtrack.revoke_access(role text, merchant text DEFAULT NULL)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_revoke';
COMMENT ON FUNCTION invtrack.revoke_access(text, text) IS
'Takes from a role its access to a merchant, or, where it is null, all that it was granted; true, or an error where there is none';

CREATE FUNCTION invtrack.refresh_access()
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'access_refresh';
COMMENT ON FUNCTION invtrack.refresh_access() IS
'Gives all roles that have access the privileges that it calls for, where a restore or an update left them out; returns how many roles got some';

SELECT pg_catalog.pg_extension_config_dump('invtrack.access_grant',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role::oid)');

-- Who owns all this, and who may use it -----------------------------------------------------------
--
-- The script of a trusted extension runs as the bootstrap superuser. Its objects go to the owner of
-- the extension, who then grants, dumps and restores; PUBLIC gets nothing. In a loop over what the
-- extension has, so that no object can be forgotten. An update gives them to whom the tables belong
-- already: after pg_upgrade the extension itself is the superuser's. (The prologue
-- pins search_path. Operators and their class stay: nobody needs to own them to use or dump them.)

DO $$
DECLARE
    object record;
    owner text := (SELECT CASE WHEN relowner = current_user::regrole THEN '@extowner@' ELSE relowner::regrole::text END
                     FROM pg_class WHERE oid = 'invtrack.merchant'::regclass);
BEGIN
    FOR object IN
        SELECT c.relkind, format('%I.%I', n.nspname, c.relname) AS name
          FROM pg_depend d
          JOIN pg_class c ON c.oid = d.objid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
           AND c.relkind IN ('r', 'v')
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %s',
                       CASE object.relkind WHEN 'r' THEN 'TABLE' ELSE 'VIEW' END,
                       object.name, owner);
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure::text AS name
          FROM pg_proc p
          JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO %s', object.name, owner);
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', object.name);
    END LOOP;
    FOR object IN
        SELECT t.oid::regtype::text AS name
          FROM pg_type t
          JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           -- From PostgreSQL 17 on, these include the types of arrays, and of the rows of tables and
           -- views. They follow what they are of.
           AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
           AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
    LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO %s', object.name, owner);
        EXECUTE format('REVOKE ALL ON TYPE %s FROM PUBLIC', object.name);
    END LOOP;
END
$$;

-- Row security: what of each table a role sees and changes follows from invtrack.access_grant. A loop
-- over the tables, so that none can be forgotten: one without a merchant must be named here. The
-- planner puts the merchants of the role in the place of has_access(), see src/access_plan.c. Merchants
-- themselves are written only by those who may load all of them.
DO $$
DECLARE
    target record;
    written record;
    merchant text;
BEGIN
    FOR target IN
        SELECT c.oid::regclass::text AS name, c.relname,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'merchant'
                          AND a.atttypid = 'text'::regtype AND a.attnotnull) AS of_merchants
          FROM pg_depend d
          JOIN pg_class c ON c.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
           AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target.name);
        IF target.relname = 'access_grant' THEN
            CREATE POLICY access_read ON invtrack.access_grant FOR SELECT
                USING (pg_catalog.pg_has_role(role::oid, 'USAGE'));
            COMMENT ON POLICY access_read ON invtrack.access_grant IS
                'A role sees its own access and that of the roles it is a member of';
            CONTINUE;
        ELSIF NOT target.of_merchants THEN
            RAISE EXCEPTION 'table % has no merchant: say in sql/access.sql who may read it', target.name;
        END IF;
        EXECUTE format('CREATE POLICY access_read ON %s FOR SELECT USING (invtrack.has_access(merchant, %L))',
                       target.name, 'read');
        EXECUTE format('COMMENT ON POLICY access_read ON %s IS %L', target.name,
                       'Rows of merchants that the role has access to');
        merchant := CASE target.relname WHEN 'merchant' THEN 'NULL' ELSE 'merchant' END;
        FOR written IN
            SELECT DISTINCT split_part(p.privilege, '(', 1) AS privilege, p.level FROM invtrack.level_privilege p
             WHERE p.kind = 'TABLE' AND p.name = target.relname AND p.privilege <> 'SELECT'
        LOOP
            EXECUTE format('CREATE POLICY access_%s ON %s FOR %s %s (invtrack.has_access(%s, %L))',
                           lower(written.privilege), target.name, written.privilege,
                           CASE written.privilege WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END,
                           merchant, written.level);
            EXECUTE format('COMMENT ON POLICY access_%s ON %s IS %L', lower(written.privilege), target.name,
                           format('Access of the level %s%s', written.level,
                                  CASE merchant WHEN 'NULL' THEN ' to all merchants' ELSE '' END));
        END LOOP;
    END LOOP;
END
$$;
