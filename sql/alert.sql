
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
    severity text COLLATE "C" NOT NULL DEFAULT 'low',
    CONSTRAINT alert_pkey PRIMARY KEY (merchant, alert_id),
    CONSTRAINT alert_status_check CHECK (status IN ('replenish', 'stalled', 'no_sales')),
    CONSTRAINT alert_reason_check CHECK (
        reason IN ('stock_below_quantity', 'stock_below_coverage', 'too_new', 'nothing_on_hand',
                   'shipments_below_quantity', 'no_sales_history', 'no_sales_in_window')),
    CONSTRAINT alert_closed_check CHECK (
        pg_catalog.num_nulls(closed_at, closed_on, closed_as) IN (0, 3)),
    CONSTRAINT alert_acknowledged_check CHECK (
        pg_catalog.num_nulls(acknowledged_by, acknowledged_at) IN (0, 2)),
    CONSTRAINT alert_closed_as_check CHECK (closed_as IN ('recovered', 'withdrawn')),
    CONSTRAINT alert_severity_check CHECK (severity IN ('low', 'critical'))
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
COMMENT ON COLUMN invtrack.alert.closed_as IS 'recovered, or withdrawn: the tracker or its product was deleted, merged or retired';
COMMENT ON COLUMN invtrack.alert.acknowledged_by IS 'Who takes care of it';
COMMENT ON COLUMN invtrack.alert.acknowledged_at IS 'Since when';
COMMENT ON COLUMN invtrack.alert.acknowledged_note IS 'What they say';
COMMENT ON COLUMN invtrack.alert.snoozed_until IS 'No event tells that it worsened until then';
COMMENT ON COLUMN invtrack.alert.severity IS 'low or critical: the worst that was told in the episode; it never falls';

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
       t.active, p.discontinued_on, a.severity
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
COMMENT ON COLUMN invtrack.alert_open.severity IS 'low or critical: the worst that was told in the episode';

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
'Deletes closed alerts, events that every consumer has confirmed, and changes of trackers, older than this many days; of a merchant, or of all if it is null. Returns the number of rows';

SELECT pg_catalog.pg_extension_config_dump('invtrack.alert', '');
