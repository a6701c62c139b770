
-- Trackers: what is asked of an item ---------------------------------------------------

CREATE FUNCTION invtrack_internal.is_tracker(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'tracker_is_tracker';
COMMENT ON FUNCTION invtrack_internal.is_tracker(text, text, text, text, numeric, integer, integer, integer) IS
'Are these what a tracker can have, by the rules of save_tracker()? True, or an error that names the column and its value';

CREATE TABLE invtrack.tracker (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    quantity invtrack.quantity,
    lookback_days integer,
    coverage_days integer,
    expiry_days integer,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    active boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT tracker_pkey PRIMARY KEY (merchant, sku, inventory_type, mechanism),
    CONSTRAINT tracker_product_fkey FOREIGN KEY (merchant, sku)
        REFERENCES invtrack.product ON DELETE CASCADE,
    CONSTRAINT tracker_inventory_type_fkey FOREIGN KEY (merchant, inventory_type)
        REFERENCES invtrack.inventory_type,
    CONSTRAINT tracker_check CHECK (
        invtrack_internal.is_tracker(merchant, sku, inventory_type, mechanism,
            quantity, lookback_days, coverage_days, expiry_days))
);
COMMENT ON TABLE invtrack.tracker IS 'Items watched with a mechanism and its parameters';
COMMENT ON COLUMN invtrack.tracker.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.tracker.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.tracker.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.tracker.mechanism IS 'stock_quantity, turnover_days or stalled_days';
COMMENT ON COLUMN invtrack.tracker.quantity IS
'stock_quantity: safety stock in units; stalled_days: units that ship at least in the lookback';
COMMENT ON COLUMN invtrack.tracker.lookback_days IS
'turnover_days: days whose sales are averaged; stalled_days: days whose shipments are added up';
COMMENT ON COLUMN invtrack.tracker.coverage_days IS 'turnover_days: days of sales that stock should last';
COMMENT ON COLUMN invtrack.tracker.expiry_days IS
'stock_quantity, turnover_days: only lots with a shelf life above this many days count; null: all';
COMMENT ON COLUMN invtrack.tracker.created_at IS 'When the tracker was created';
COMMENT ON COLUMN invtrack.tracker.updated_at IS 'When a parameter or active last changed';
COMMENT ON COLUMN invtrack.tracker.active IS 'Does it alert? False: paused';
COMMENT ON COLUMN invtrack.tracker.version IS 'Grows by 1 when a parameter or active changes';

CREATE FUNCTION invtrack_internal.tracker_key(
    merchant text, sku text, inventory_type text, mechanism text)
RETURNS text LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'tracker_key';
COMMENT ON FUNCTION invtrack_internal.tracker_key(text, text, text, text) IS
'The key of a tracker as one text, different for different keys: its parts between slashes, / and % in them as %2F and %25';

CREATE FUNCTION invtrack_internal.set_updated_at()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'tracker_set_updated_at';
COMMENT ON FUNCTION invtrack_internal.set_updated_at() IS
'trigger: updated_at and version of a tracker move when a parameter or active changes, and only then';

CREATE TRIGGER tracker_refuse_change
    BEFORE UPDATE OF merchant, sku, inventory_type, mechanism ON invtrack.tracker FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'A tracker is known by its key: save another tracker, and delete this one.',
        'merchant', 'sku', 'inventory_type', 'mechanism');
COMMENT ON TRIGGER tracker_refuse_change ON invtrack.tracker IS 'A tracker is known by its key';
CREATE TRIGGER tracker_set_updated_at
    BEFORE UPDATE ON invtrack.tracker FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.set_updated_at();
COMMENT ON TRIGGER tracker_set_updated_at ON invtrack.tracker IS
'updated_at and version move when a parameter or active changes, and only then';

CREATE FUNCTION invtrack.save_tracker(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric DEFAULT NULL, lookback_days integer DEFAULT NULL,
    coverage_days integer DEFAULT NULL, expiry_days integer DEFAULT NULL,
    expected_version integer DEFAULT NULL)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'tracker_save';
COMMENT ON FUNCTION invtrack.save_tracker(text, text, text, text, numeric, integer, integer, integer, integer) IS
'Creates a tracker, or replaces all parameters of the one with this key, if it has the version expected; returns created, updated or unchanged';

CREATE FUNCTION invtrack.delete_tracker(
    merchant text, sku text, inventory_type text, mechanism text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'tracker_delete';
COMMENT ON FUNCTION invtrack.delete_tracker(text, text, text, text) IS
'Deletes a tracker; true, or an error where there is none';

SELECT pg_catalog.pg_extension_config_dump('invtrack.tracker', '');
