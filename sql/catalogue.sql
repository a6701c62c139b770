
-- The catalogue: merchants, products, inventory types -------------------------

CREATE TABLE invtrack.merchant (
    merchant text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT 'UTC',
    rearm_percent numeric NOT NULL DEFAULT 0,
    alert_too_new boolean NOT NULL DEFAULT false,
    alert_nothing_on_hand boolean NOT NULL DEFAULT false,
    CONSTRAINT merchant_pkey PRIMARY KEY (merchant),
    CONSTRAINT merchant_merchant_check CHECK (invtrack_internal.is_code(merchant)),
    CONSTRAINT merchant_rearm_percent_check CHECK (rearm_percent BETWEEN 0 AND 1000)
);
COMMENT ON TABLE invtrack.merchant IS 'Owners of products; everything is scoped by merchant';
COMMENT ON COLUMN invtrack.merchant.merchant IS 'Code of the merchant';
COMMENT ON COLUMN invtrack.merchant.name IS 'Name that people read';
COMMENT ON COLUMN invtrack.merchant.time_zone IS 'IANA time zone; says when the merchant''s day begins';
COMMENT ON COLUMN invtrack.merchant.rearm_percent IS
'An alert closes when health has come this much above 100, so that it does not flap';
COMMENT ON COLUMN invtrack.merchant.alert_too_new IS 'Do stalled trackers of new products alert (reason too_new)?';
COMMENT ON COLUMN invtrack.merchant.alert_nothing_on_hand IS
'Do stalled trackers of items without stock alert (reason nothing_on_hand)?';

CREATE TRIGGER merchant_refuse_change
    BEFORE UPDATE OF merchant ON invtrack.merchant FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: insert the merchant under its new code.', 'merchant');
COMMENT ON TRIGGER merchant_refuse_change ON invtrack.merchant IS 'Codes are immutable';
CREATE TRIGGER merchant_check_time_zone
    BEFORE INSERT OR UPDATE OF time_zone ON invtrack.merchant FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.check_time_zone();
COMMENT ON TRIGGER merchant_check_time_zone ON invtrack.merchant IS
'Time zones are names in the server''s own list';

CREATE TABLE invtrack.product (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    launched_on date,
    discontinued_on date,
    CONSTRAINT product_pkey PRIMARY KEY (merchant, sku),
    CONSTRAINT product_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant,
    CONSTRAINT product_sku_check CHECK (invtrack_internal.is_code(sku)),
    CONSTRAINT product_launched_on_check CHECK (invtrack_internal.is_day(launched_on)),
    CONSTRAINT product_discontinued_on_check CHECK (invtrack_internal.is_day(discontinued_on))
) WITH (
    -- Its rows are narrow: at 100,000 it is still below min_parallel_table_scan_size, and each process of
    -- a sweep would join and hash all of it. With this they share one hash table (7 % less CPU).
    parallel_workers = 2);
COMMENT ON TABLE invtrack.product IS 'Products of merchants';
COMMENT ON COLUMN invtrack.product.merchant IS 'Merchant that owns the product';
COMMENT ON COLUMN invtrack.product.sku IS 'The merchant''s code of the product';
COMMENT ON COLUMN invtrack.product.name IS 'Name that people read and search for';
COMMENT ON COLUMN invtrack.product.launched_on IS 'First day on sale; null where not known';
COMMENT ON COLUMN invtrack.product.discontinued_on IS
'From this day on its trackers alert no more; null: not retired';

CREATE TRIGGER product_refuse_change
    BEFORE UPDATE OF merchant, sku ON invtrack.product FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: insert the product under its new code.', 'merchant', 'sku');
COMMENT ON TRIGGER product_refuse_change ON invtrack.product IS 'Codes are immutable';

CREATE TABLE invtrack.inventory_type (
    merchant text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    CONSTRAINT inventory_type_pkey PRIMARY KEY (merchant, inventory_type),
    CONSTRAINT inventory_type_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant,
    CONSTRAINT inventory_type_inventory_type_check CHECK (invtrack_internal.is_code(inventory_type))
);
COMMENT ON TABLE invtrack.inventory_type IS 'Merchants'' classes of stock: good, defective, ...';
COMMENT ON COLUMN invtrack.inventory_type.merchant IS 'Merchant whose class it is';
COMMENT ON COLUMN invtrack.inventory_type.inventory_type IS 'Code of the class';
COMMENT ON COLUMN invtrack.inventory_type.name IS 'Name that people read';

CREATE TRIGGER inventory_type_refuse_change
    BEFORE UPDATE OF merchant, inventory_type ON invtrack.inventory_type FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: insert the inventory type under its new code.',
        'merchant', 'inventory_type');
COMMENT ON TRIGGER inventory_type_refuse_change ON invtrack.inventory_type IS 'Codes are immutable';

SELECT pg_catalog.pg_extension_config_dump('invtrack.merchant', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.product', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.inventory_type', '');
