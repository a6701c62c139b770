
-- Stock: units on hand now ------------------------------------------------------

CREATE FUNCTION invtrack_internal.is_stock_lot(
    merchant text, sku text, inventory_type text, lot text, expires_on date)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'stock_is_stock_lot';
COMMENT ON FUNCTION invtrack_internal.is_stock_lot(text, text, text, text, date) IS
'Are these what a lot can have? True, or an error that names the column and its value';

CREATE TABLE invtrack.stock_lot (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL DEFAULT '',
    expires_on date,
    quantity invtrack.quantity NOT NULL,
    CONSTRAINT stock_lot_pkey PRIMARY KEY (merchant, sku, inventory_type, lot),
    CONSTRAINT stock_lot_product_fkey FOREIGN KEY (merchant, sku) REFERENCES invtrack.product,
    CONSTRAINT stock_lot_inventory_type_fkey FOREIGN KEY (merchant, inventory_type)
        REFERENCES invtrack.inventory_type,
    CONSTRAINT stock_lot_check CHECK (
        invtrack_internal.is_stock_lot(merchant, sku, inventory_type, lot, expires_on))
);
COMMENT ON TABLE invtrack.stock_lot IS
'Units on hand now that share a lot code and an expiry date';
COMMENT ON COLUMN invtrack.stock_lot.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.stock_lot.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.stock_lot.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.stock_lot.lot IS 'Code of the lot; may be empty';
COMMENT ON COLUMN invtrack.stock_lot.expires_on IS 'Expiry date; null: never expires';
COMMENT ON COLUMN invtrack.stock_lot.quantity IS 'Units on hand; may be negative';

CREATE TRIGGER stock_lot_refuse_change
    BEFORE UPDATE OF merchant, sku, inventory_type, lot ON invtrack.stock_lot FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: insert the lot under its new code, and delete the old one.',
        'merchant', 'sku', 'inventory_type', 'lot');
COMMENT ON TRIGGER stock_lot_refuse_change ON invtrack.stock_lot IS 'Codes are immutable';

CREATE VIEW invtrack.stock WITH (security_invoker) AS
SELECT l.merchant,
       l.sku,
       p.name AS product_name,
       l.inventory_type,
       coalesce(invtrack.total(l.series), 0) AS on_hand,
       coalesce(invtrack.range_sum(l.series, date '-infinity', m.as_of), 0) AS expired,
       nullif(invtrack.next_day(l.series, m.as_of), date 'infinity') AS next_expires_on,
       l.lots,
       i.name AS inventory_type_name,
       l.dated_lots,
       l.incoming,
       l.incoming_on
  FROM (SELECT u.merchant, u.sku, u.inventory_type,
               pg_catalog.count(u.lot) AS lots, pg_catalog.count(u.expires_on) AS dated_lots,
               invtrack.day_series_agg(coalesce(u.expires_on, date 'infinity'), u.quantity) AS series,
               coalesce(pg_catalog.sum(u.incoming), 0) AS incoming, pg_catalog.min(u.incoming_on) AS incoming_on
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.lot, s.expires_on, s.quantity::numeric AS quantity,
                       NULL::numeric AS incoming, NULL::date AS incoming_on
                  FROM invtrack.stock_lot s
                UNION ALL
                SELECT o.merchant, o.sku, o.inventory_type, NULL, NULL, NULL, o.quantity::numeric, o.expected_on
                  FROM invtrack.incoming o) u
         GROUP BY u.merchant, u.sku, u.inventory_type) l
  JOIN invtrack.product p ON p.merchant = l.merchant AND p.sku = l.sku
  JOIN invtrack.inventory_type i ON i.merchant = l.merchant AND i.inventory_type = l.inventory_type
  JOIN (SELECT t.merchant, invtrack_internal.as_of(t.time_zone) AS as_of
          FROM invtrack.merchant t) m ON m.merchant = l.merchant;
COMMENT ON VIEW invtrack.stock IS
'Real-time inventory: a row for each item that has a lot or units on order';
COMMENT ON COLUMN invtrack.stock.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.stock.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.stock.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.stock.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.stock.on_hand IS 'Units in all lots';
COMMENT ON COLUMN invtrack.stock.expired IS 'Units in lots that have expired: expires_on <= the day (as_of, else today)';
COMMENT ON COLUMN invtrack.stock.next_expires_on IS 'Earliest later expiry date that has units; null where none has';
COMMENT ON COLUMN invtrack.stock.lots IS 'Number of lots';
COMMENT ON COLUMN invtrack.stock.inventory_type_name IS 'Name of the inventory type';
COMMENT ON COLUMN invtrack.stock.dated_lots IS 'Number of lots that have an expiry date';
COMMENT ON COLUMN invtrack.stock.incoming IS 'Units on order; 0 without any';
COMMENT ON COLUMN invtrack.stock.incoming_on IS 'Earliest day on which some of them are expected; null where none is known';

SELECT pg_catalog.pg_extension_config_dump('invtrack.stock_lot', '');
