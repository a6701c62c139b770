
-- History: health of trackers and units on hand of items, day by day ------------------------------
--
-- A series has an entry for a day on which its figure changed, and none for one on which it
-- stayed, so that a check rewrites the rows that have news only. The days that were checked are
-- in check_state. Health can be larger than an entry of a series may be (10^24), and counts as that then.

CREATE FUNCTION invtrack_internal.history_says(series invtrack.day_series, day date, quantity numeric)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_says';
COMMENT ON FUNCTION invtrack_internal.history_says(invtrack.day_series, date, numeric) IS
'Is the latest entry up to this day of this quantity? False for a null series';

CREATE FUNCTION invtrack_internal.history_with(series invtrack.day_series, day date, quantity numeric)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_with';
COMMENT ON FUNCTION invtrack_internal.history_with(invtrack.day_series, date, numeric) IS
'The series, null for none yet, with this quantity as that of the day, cut to 10^24 either way';

CREATE FUNCTION invtrack_internal.history_sum(one invtrack.day_series, other invtrack.day_series)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_sum';
COMMENT ON FUNCTION invtrack_internal.history_sum(invtrack.day_series, invtrack.day_series) IS
'What two figures were together, day by day';

CREATE FUNCTION invtrack_internal.reason_number(reason text)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_reason_number';
COMMENT ON FUNCTION invtrack_internal.reason_number(text) IS
'What a history keeps of a reason; 0 for null';

CREATE FUNCTION invtrack_internal.last_status(reasons invtrack.day_series)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_last_status';
COMMENT ON FUNCTION invtrack_internal.last_status(invtrack.day_series) IS
'The status that the latest reason of a history stands for; null without any';

CREATE FUNCTION invtrack_internal.are_reasons(reasons invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'history_are_reasons';
COMMENT ON FUNCTION invtrack_internal.are_reasons(invtrack.day_series) IS
'Does each entry of an intact history stand for a reason?';

-- One row for each merchant that has been checked: checks take turns on it, and it numbers the events.
CREATE TABLE invtrack.check_state (
    merchant text COLLATE "C" NOT NULL,
    events bigint NOT NULL DEFAULT 0,
    checked_at timestamptz,
    checked_days invtrack.day_series,
    CONSTRAINT check_state_pkey PRIMARY KEY (merchant),
    CONSTRAINT check_state_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.check_state IS
'One row for each merchant that has been checked: checks of a merchant take turns on it';
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
    -- empty for what 0.2 recorded
    threshold invtrack.day_series NOT NULL DEFAULT '{}',
    reasons invtrack.day_series NOT NULL DEFAULT '{}',
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
COMMENT ON COLUMN invtrack.tracker_history.threshold IS 'What the tracker asked for on the days on which that changed, at most 10^24';
COMMENT ON COLUMN invtrack.tracker_history.reasons IS 'Why the status was not ok, as reason_number() has it, on the days on which that changed';

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
SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, f.day, f.health, f.current_stock,
       f.threshold, f.status, f.reason
  FROM invtrack.tracker_history h
  JOIN invtrack.check_state s ON s.merchant = h.merchant
 CROSS JOIN LATERAL invtrack_internal.health_days(
           h.health, h.current_stock, h.threshold, h.reasons, s.checked_days, '-infinity', 'infinity') f;
COMMENT ON VIEW invtrack.health_daily IS
'Health of each tracker on each day that was checked, as the last check of the day found it';
COMMENT ON COLUMN invtrack.health_daily.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.health_daily.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.health_daily.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.health_daily.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.health_daily.day IS 'Day of the merchant''s calendar';
COMMENT ON COLUMN invtrack.health_daily.health IS 'Percent of what the tracker asks for that was there';
COMMENT ON COLUMN invtrack.health_daily.current_stock IS 'Units that counted; under stalled_days the units shipped in the lookback';
COMMENT ON COLUMN invtrack.health_daily.threshold IS 'What the tracker asked for; null on days that 0.2 recorded';
COMMENT ON COLUMN invtrack.health_daily.status IS 'ok, replenish, stalled or no_sales; null on days that 0.2 recorded';
COMMENT ON COLUMN invtrack.health_daily.reason IS 'Why the status was not ok; null where it was';

CREATE VIEW invtrack.stock_daily WITH (security_invoker) AS
SELECT h.merchant, h.sku, h.inventory_type, f.day, f.on_hand
  FROM invtrack.stock_history h
  JOIN invtrack.check_state s ON s.merchant = h.merchant
 CROSS JOIN LATERAL invtrack_internal.stock_days(h.on_hand, s.checked_days, '-infinity', 'infinity') f;
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
