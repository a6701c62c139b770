
-- Folded history: a row for each item and flow, whatever the number of movements ------------------

CREATE TABLE invtrack.flow_series (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    movements bigint NOT NULL,
    days invtrack.day_series NOT NULL,
    purged_movements bigint NOT NULL DEFAULT 0,
    purged invtrack.day_series,
    CONSTRAINT flow_series_pkey PRIMARY KEY (merchant, sku, inventory_type, flow),
    CONSTRAINT flow_series_flow_check CHECK (flow IN ('sale', 'shipment'))
) WITH (
        -- Ten dense years stay in line. Of six folds of 20,000 movements, 80 % of the updates were HOT at
        -- a fillfactor of 90 and a tenth more space; 31 % at 100, 93 % at 80.
        toast_tuple_target = 8160, fillfactor = 90,
        autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE invtrack.flow_series IS
'Folded movements: the whole history of an item''s flow in one row. Written by fold(), not by applications';
COMMENT ON COLUMN invtrack.flow_series.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.flow_series.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.flow_series.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.flow_series.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.flow_series.movements IS 'How many movements were folded, purged ones included';
COMMENT ON COLUMN invtrack.flow_series.days IS 'Their units by day';
COMMENT ON COLUMN invtrack.flow_series.purged_movements IS 'How many of them were purged';
COMMENT ON COLUMN invtrack.flow_series.purged IS 'Units by day of the purged ones; null where none was';

CREATE TABLE invtrack.fold_state (
    merchant text COLLATE "C" NOT NULL,
    folded_at timestamptz,
    purged_upto date,
    CONSTRAINT fold_state_pkey PRIMARY KEY (merchant)
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.fold_state IS
'One row for each merchant that has been folded: folds, purges, repairs and changes of products take turns on it; corrections share it';
COMMENT ON COLUMN invtrack.fold_state.merchant IS 'Merchant of the movements';
COMMENT ON COLUMN invtrack.fold_state.folded_at IS 'When its movements were last folded';
COMMENT ON COLUMN invtrack.fold_state.purged_upto IS
'Last day of its purged movements, -infinity without any; null until a fold has looked';

CREATE VIEW invtrack_internal.flow_tail WITH (security_invoker) AS
SELECT m.merchant, m.sku, m.inventory_type, m.flow,
       pg_catalog.count(*) AS movements,
       invtrack.day_series_agg(m.occurred_on, m.quantity::numeric) AS days
  FROM invtrack.movement m
 WHERE NOT m.folded
 GROUP BY m.merchant, m.sku, m.inventory_type, m.flow;
COMMENT ON VIEW invtrack_internal.flow_tail IS
'Movements that are not folded yet, as series; internal, may change';
COMMENT ON COLUMN invtrack_internal.flow_tail.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.flow_tail.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.flow_tail.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.flow_tail.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack_internal.flow_tail.movements IS 'How many movements';
COMMENT ON COLUMN invtrack_internal.flow_tail.days IS 'Their units by day';

CREATE VIEW invtrack.flow_daily WITH (security_invoker) AS
SELECT a.merchant, a.sku, a.inventory_type, a.flow, u.day, u.quantity
  FROM (SELECT b.merchant, b.sku, b.inventory_type, b.flow, pg_catalog.array_agg(b.days) AS parts
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow, s.days
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT t.merchant, t.sku, t.inventory_type, t.flow, t.days
                  FROM invtrack_internal.flow_tail t) b
         GROUP BY b.merchant, b.sku, b.inventory_type, b.flow) a
 CROSS JOIN LATERAL invtrack_internal.flow_days(a.parts, '-infinity', 'infinity') u;
COMMENT ON VIEW invtrack.flow_daily IS
'Units sold and shipped a day, folded or not: for charts and BI';
COMMENT ON COLUMN invtrack.flow_daily.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.flow_daily.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.flow_daily.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.flow_daily.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.flow_daily.day IS 'Day of the movements';
COMMENT ON COLUMN invtrack.flow_daily.quantity IS 'Their net units';

-- An item goes when all its flows add up to 0 on every day, as those of wrong codes that were reversed do.
CREATE VIEW invtrack.unknown_items WITH (security_invoker) AS
SELECT v.merchant, v.sku, v.inventory_type, v.flow, v.movements, v.quantity
  FROM (SELECT a.merchant, a.sku, a.inventory_type, a.flow,
               pg_catalog.sum(a.movements)::bigint AS movements, pg_catalog.sum(invtrack.total(a.days)) AS quantity,
               pg_catalog.bool_and(invtrack_internal.is_zero(pg_catalog.array_agg(a.days)))
                   OVER (PARTITION BY a.merchant, a.sku, a.inventory_type) AS is_zero
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow, s.movements, s.days
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT t.merchant, t.sku, t.inventory_type, t.flow, t.movements, t.days
                  FROM invtrack_internal.flow_tail t) a
         WHERE NOT EXISTS (SELECT FROM invtrack.product p
                            WHERE p.merchant = a.merchant AND p.sku = a.sku)
            OR NOT EXISTS (SELECT FROM invtrack.inventory_type i
                            WHERE i.merchant = a.merchant AND i.inventory_type = a.inventory_type)
         GROUP BY a.merchant, a.sku, a.inventory_type, a.flow) v
 WHERE NOT v.is_zero;
COMMENT ON VIEW invtrack.unknown_items IS
'Movements of items whose product or inventory type is not in the catalogue, unless they add up to 0 on every day';
COMMENT ON COLUMN invtrack.unknown_items.merchant IS 'Merchant that the movements name';
COMMENT ON COLUMN invtrack.unknown_items.sku IS 'Product that the movements name';
COMMENT ON COLUMN invtrack.unknown_items.inventory_type IS 'Inventory type that the movements name';
COMMENT ON COLUMN invtrack.unknown_items.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.unknown_items.movements IS 'Number of movements';
COMMENT ON COLUMN invtrack.unknown_items.quantity IS 'Their net units';

CREATE FUNCTION invtrack.fold(merchant text DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'fold';
COMMENT ON FUNCTION invtrack.fold(text) IS
'Folds the movements of a merchant, or of all, that are not folded yet, in one transaction; returns how many';

CREATE PROCEDURE invtrack.fold_all(INOUT movements bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'fold_all';
COMMENT ON PROCEDURE invtrack.fold_all(bigint) IS
'Folds the movements of all merchants, and commits as it goes; tells how many';

SELECT pg_catalog.pg_extension_config_dump('invtrack.flow_series', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.fold_state', '');
