
-- Units on order: they never raise health ------------------------------------------------------------

CREATE FUNCTION invtrack_internal.is_incoming(
    merchant text, sku text, inventory_type text, ref text, expected_on date, quantity numeric)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'stock_is_incoming';
COMMENT ON FUNCTION invtrack_internal.is_incoming(text, text, text, text, date, numeric) IS
'Are these what units on order can have? True, or an error that names the column and its value';

CREATE TABLE invtrack.incoming (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL DEFAULT '',
    expected_on date,
    quantity invtrack.quantity NOT NULL,
    CONSTRAINT incoming_pkey PRIMARY KEY (merchant, sku, inventory_type, ref),
    CONSTRAINT incoming_product_fkey FOREIGN KEY (merchant, sku) REFERENCES invtrack.product,
    CONSTRAINT incoming_inventory_type_fkey FOREIGN KEY (merchant, inventory_type)
        REFERENCES invtrack.inventory_type,
    CONSTRAINT incoming_check CHECK (
        invtrack_internal.is_incoming(merchant, sku, inventory_type, ref, expected_on, quantity))
);
COMMENT ON TABLE invtrack.incoming IS 'Units of items that are on order';
COMMENT ON COLUMN invtrack.incoming.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.incoming.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.incoming.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.incoming.ref IS 'The application''s own reference of the order or its line; may be empty';
COMMENT ON COLUMN invtrack.incoming.expected_on IS 'Day on which the units are expected; null: not known';
COMMENT ON COLUMN invtrack.incoming.quantity IS 'Units on order, more than 0';

CREATE TRIGGER incoming_refuse_change
    BEFORE UPDATE OF merchant, sku, inventory_type, ref ON invtrack.incoming FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: insert the order under its new code, and delete the old one.',
        'merchant', 'sku', 'inventory_type', 'ref');
COMMENT ON TRIGGER incoming_refuse_change ON invtrack.incoming IS 'Codes are immutable';

SELECT pg_catalog.pg_extension_config_dump('invtrack.incoming', '');
