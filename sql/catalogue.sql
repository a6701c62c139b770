
-- The catalogue: merchants, products, inventory types -------------------------

-- Each table has one CHECK, in C: it names the column and its value.
CREATE FUNCTION invtrack_internal.is_merchant(merchant text, rearm_percent numeric, critical_percent numeric)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_merchant';
COMMENT ON FUNCTION invtrack_internal.is_merchant(text, numeric, numeric) IS
'Are these what a merchant can have? True, or an error that names the column and its value';

CREATE FUNCTION invtrack_internal.is_product(
    merchant text, sku text, launched_on date, discontinued_on date)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_product';
COMMENT ON FUNCTION invtrack_internal.is_product(text, text, date, date) IS
'Are these what a product can have? True, or an error that names the column and its value';

CREATE FUNCTION invtrack_internal.is_inventory_type(merchant text, inventory_type text)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_inventory_type';
COMMENT ON FUNCTION invtrack_internal.is_inventory_type(text, text) IS
'Are these what an inventory type can have? True, or an error that names the column and its value';

CREATE TABLE invtrack.merchant (
    merchant text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT 'UTC',
    rearm_percent numeric NOT NULL DEFAULT 0,
    alert_too_new boolean NOT NULL DEFAULT false,
    alert_nothing_on_hand boolean NOT NULL DEFAULT false,
    critical_percent numeric NOT NULL DEFAULT 0,
    count_today boolean NOT NULL DEFAULT true,
    hold_for_incoming boolean NOT NULL DEFAULT false,
    CONSTRAINT merchant_pkey PRIMARY KEY (merchant),
    CONSTRAINT merchant_check CHECK (invtrack_internal.is_merchant(merchant, rearm_percent, critical_percent))
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
COMMENT ON COLUMN invtrack.merchant.critical_percent IS
'A tracker that is not well is critical at this health and below';
COMMENT ON COLUMN invtrack.merchant.count_today IS
'Do windows of sales and shipments end with today? False: with yesterday, so that a day that has just begun makes no news';
COMMENT ON COLUMN invtrack.merchant.hold_for_incoming IS
'A low alert of too little stock is not opened while units on order are expected soon enough to make the tracker ok';

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
    CONSTRAINT product_check CHECK (
        invtrack_internal.is_product(merchant, sku, launched_on, discontinued_on))
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
        'Codes are immutable: use invtrack.rename_product() or invtrack.merge_product().', 'merchant', 'sku');
COMMENT ON TRIGGER product_refuse_change ON invtrack.product IS 'Codes are immutable';

CREATE TABLE invtrack.inventory_type (
    merchant text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    CONSTRAINT inventory_type_pkey PRIMARY KEY (merchant, inventory_type),
    CONSTRAINT inventory_type_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant,
    CONSTRAINT inventory_type_check CHECK (
        invtrack_internal.is_inventory_type(merchant, inventory_type))
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
