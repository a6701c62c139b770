\echo Use "CREATE EXTENSION invtrack CASCADE" to load this file. \quit

-- A trusted extension's script runs as superuser, with the schemas of the extensions that it
-- requires in its search_path, where others may own things. Here it sees PostgreSQL's own only.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Rules of single values ---------------------------------------------------

CREATE FUNCTION invtrack.is_code(code text)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'invtrack_is_code';
COMMENT ON FUNCTION invtrack.is_code(text) IS
'Is this a code of the back-office: 1 to 200 bytes, no ASCII white space at either end?';

CREATE DOMAIN invtrack.quantity AS numeric
    CONSTRAINT quantity_check CHECK (
        VALUE > (-1000000000000)::numeric
        AND VALUE < 1000000000000::numeric
        AND pg_catalog.round(VALUE, 6) = VALUE);
COMMENT ON DOMAIN invtrack.quantity IS
'Units: an exact decimal of at most 6 decimals, above -10^12 and below 10^12';

CREATE FUNCTION invtrack.is_day(day date)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'invtrack_is_day';
COMMENT ON FUNCTION invtrack.is_day(date) IS
'Is this a day of the calendar, from 0001-01-01 to 9999-12-31?';

-- The type day_series: quantities by day ------------------------------------

CREATE TYPE invtrack.day_series;

CREATE FUNCTION invtrack.day_series_in(cstring)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_in';
COMMENT ON FUNCTION invtrack.day_series_in(cstring) IS 'I/O';

CREATE FUNCTION invtrack.day_series_out(invtrack.day_series)
RETURNS cstring LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_out';
COMMENT ON FUNCTION invtrack.day_series_out(invtrack.day_series) IS 'I/O';

CREATE FUNCTION invtrack.day_series_recv(internal)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_recv';
COMMENT ON FUNCTION invtrack.day_series_recv(internal) IS 'I/O';

CREATE FUNCTION invtrack.day_series_send(invtrack.day_series)
RETURNS bytea LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_send';
COMMENT ON FUNCTION invtrack.day_series_send(invtrack.day_series) IS 'I/O';

CREATE TYPE invtrack.day_series (
    INPUT = invtrack.day_series_in,
    OUTPUT = invtrack.day_series_out,
    RECEIVE = invtrack.day_series_recv,
    SEND = invtrack.day_series_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE invtrack.day_series IS
'Exact quantities by day, packed: {2026-01-03:5,2026-01-04:2.5,infinity:7}; infinity stands for no date';

CREATE FUNCTION invtrack.day_series_eq(invtrack.day_series, invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_eq';
COMMENT ON FUNCTION invtrack.day_series_eq(invtrack.day_series, invtrack.day_series) IS
'implementation of = operator';

CREATE FUNCTION invtrack.day_series_ne(invtrack.day_series, invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_ne';
COMMENT ON FUNCTION invtrack.day_series_ne(invtrack.day_series, invtrack.day_series) IS
'implementation of <> operator';

CREATE FUNCTION invtrack.day_series_hash(invtrack.day_series)
RETURNS integer LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_hash';
COMMENT ON FUNCTION invtrack.day_series_hash(invtrack.day_series) IS 'hash';

CREATE FUNCTION invtrack.day_series_hash_extended(invtrack.day_series, bigint)
RETURNS bigint LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_hash_extended';
COMMENT ON FUNCTION invtrack.day_series_hash_extended(invtrack.day_series, bigint) IS 'hash';

CREATE FUNCTION invtrack.day_series_add(invtrack.day_series, invtrack.day_series)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_add';
COMMENT ON FUNCTION invtrack.day_series_add(invtrack.day_series, invtrack.day_series) IS
'implementation of + operator: the days of both, quantities of the same day added up';

CREATE OPERATOR invtrack.= (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack.day_series_eq,
    COMMUTATOR = OPERATOR(invtrack.=), NEGATOR = OPERATOR(invtrack.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR invtrack.= (invtrack.day_series, invtrack.day_series) IS 'equal';

CREATE OPERATOR invtrack.<> (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack.day_series_ne,
    COMMUTATOR = OPERATOR(invtrack.<>), NEGATOR = OPERATOR(invtrack.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR invtrack.<> (invtrack.day_series, invtrack.day_series) IS 'not equal';

CREATE OPERATOR invtrack.+ (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack.day_series_add,
    COMMUTATOR = OPERATOR(invtrack.+)
);
COMMENT ON OPERATOR invtrack.+ (invtrack.day_series, invtrack.day_series) IS
'the days of both, quantities of the same day added up';

CREATE OPERATOR CLASS invtrack.day_series_ops
    DEFAULT FOR TYPE invtrack.day_series USING hash AS
    OPERATOR 1 invtrack.= (invtrack.day_series, invtrack.day_series),
    FUNCTION 1 invtrack.day_series_hash(invtrack.day_series),
    FUNCTION 2 invtrack.day_series_hash_extended(invtrack.day_series, bigint);

CREATE FUNCTION invtrack.range_sum(series invtrack.day_series, after date, upto date)
RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_range_sum';
COMMENT ON FUNCTION invtrack.range_sum(invtrack.day_series, date, date) IS
'Sum of the quantities of the days after < day <= upto; either bound may be infinite';

CREATE FUNCTION invtrack.first_day(series invtrack.day_series)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_first_day';
COMMENT ON FUNCTION invtrack.first_day(invtrack.day_series) IS
'Earliest day of the series, null where it has none';

CREATE FUNCTION invtrack.last_day(series invtrack.day_series)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_last_day';
COMMENT ON FUNCTION invtrack.last_day(invtrack.day_series) IS
'Latest day of the series, null where it has none';

CREATE FUNCTION invtrack.next_day(series invtrack.day_series, after date)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_next_day';
COMMENT ON FUNCTION invtrack.next_day(invtrack.day_series, date) IS
'Earliest day later than this one that has more than 0 units, null where none has';

CREATE FUNCTION invtrack.total(series invtrack.day_series)
RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_total';
COMMENT ON FUNCTION invtrack.total(invtrack.day_series) IS
'Sum of all quantities of the series';

CREATE FUNCTION invtrack.unnest(series invtrack.day_series, OUT day date, OUT quantity numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
AS 'MODULE_PATHNAME', 'day_series_unnest';
COMMENT ON FUNCTION invtrack.unnest(invtrack.day_series) IS
'The days and quantities of the series as rows, earliest first';

CREATE FUNCTION invtrack.day_series_agg_step(internal, date, numeric)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_step';
COMMENT ON FUNCTION invtrack.day_series_agg_step(internal, date, numeric) IS 'aggregate transition function';

CREATE FUNCTION invtrack.day_series_agg_combine(internal, internal)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_combine';
COMMENT ON FUNCTION invtrack.day_series_agg_combine(internal, internal) IS 'aggregate combine function';

CREATE FUNCTION invtrack.day_series_agg_serialize(internal)
RETURNS bytea LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_serialize';
COMMENT ON FUNCTION invtrack.day_series_agg_serialize(internal) IS 'aggregate serial function';

CREATE FUNCTION invtrack.day_series_agg_deserialize(bytea, internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_deserialize';
COMMENT ON FUNCTION invtrack.day_series_agg_deserialize(bytea, internal) IS 'aggregate deserial function';

CREATE FUNCTION invtrack.day_series_agg_final(internal)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_final';
COMMENT ON FUNCTION invtrack.day_series_agg_final(internal) IS 'aggregate final function';

CREATE AGGREGATE invtrack.day_series_agg(day date, quantity numeric) (
    SFUNC = invtrack.day_series_agg_step,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = invtrack.day_series_agg_final,
    COMBINEFUNC = invtrack.day_series_agg_combine,
    SERIALFUNC = invtrack.day_series_agg_serialize,
    DESERIALFUNC = invtrack.day_series_agg_deserialize,
    PARALLEL = safe
);
COMMENT ON AGGREGATE invtrack.day_series_agg(date, numeric) IS
'A series of the rows'' days and quantities; rows with a null are left out, no row at all gives null';

CREATE FUNCTION invtrack.day_series_sum_step(internal, invtrack.day_series)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_sum_step';
COMMENT ON FUNCTION invtrack.day_series_sum_step(internal, invtrack.day_series) IS 'aggregate transition function';

CREATE AGGREGATE invtrack.day_series_sum(series invtrack.day_series) (
    SFUNC = invtrack.day_series_sum_step,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = invtrack.day_series_agg_final,
    COMBINEFUNC = invtrack.day_series_agg_combine,
    SERIALFUNC = invtrack.day_series_agg_serialize,
    DESERIALFUNC = invtrack.day_series_agg_deserialize,
    PARALLEL = safe
);
COMMENT ON AGGREGATE invtrack.day_series_sum(invtrack.day_series) IS
'The days of all series, quantities of the same day added up; nulls are left out, no series at all gives null';

-- The calendar: which day it is for a merchant -------------------------------

CREATE FUNCTION invtrack.as_of(time_zone text)
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'calendar_as_of';
COMMENT ON FUNCTION invtrack.as_of(text) IS
'The day that health is worked out for: the setting invtrack.as_of, else today in this time zone';

CREATE FUNCTION invtrack.today(merchant text)
RETURNS date LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'calendar_today';
COMMENT ON FUNCTION invtrack.today(text) IS
'Today in the merchant''s time zone at the start of the transaction, whatever TimeZone and invtrack.as_of are';

CREATE FUNCTION invtrack.check_time_zone()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'calendar_check_time_zone';
COMMENT ON FUNCTION invtrack.check_time_zone() IS
'trigger: the column time_zone is a name in the server''s own list; a restore takes what an older list had';

-- The guard of columns that stay as they are -----------------------------------

CREATE FUNCTION invtrack.refuse_change()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'guard_refuse_change';
COMMENT ON FUNCTION invtrack.refuse_change() IS
'trigger (hint, column ...): refuses to change what these columns say';

-- The catalogue: merchants, products, inventory types -------------------------

CREATE TABLE invtrack.merchant (
    merchant text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT 'UTC',
    CONSTRAINT merchant_pkey PRIMARY KEY (merchant),
    CONSTRAINT merchant_merchant_check CHECK (invtrack.is_code(merchant))
);
COMMENT ON TABLE invtrack.merchant IS 'Owners of products; everything is scoped by merchant';
COMMENT ON COLUMN invtrack.merchant.merchant IS 'Code of the merchant';
COMMENT ON COLUMN invtrack.merchant.name IS 'Name that people read';
COMMENT ON COLUMN invtrack.merchant.time_zone IS 'IANA time zone; says when the merchant''s day begins';

CREATE TRIGGER merchant_refuse_change
    BEFORE UPDATE OF merchant ON invtrack.merchant FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_change(
        'Codes are immutable: insert the merchant under its new code.', 'merchant');
COMMENT ON TRIGGER merchant_refuse_change ON invtrack.merchant IS 'Codes are immutable';
CREATE TRIGGER merchant_check_time_zone
    BEFORE INSERT OR UPDATE OF time_zone ON invtrack.merchant FOR EACH ROW
    EXECUTE FUNCTION invtrack.check_time_zone();
COMMENT ON TRIGGER merchant_check_time_zone ON invtrack.merchant IS
'Time zones are names in the server''s own list';

CREATE TABLE invtrack.product (
    merchant text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    launched_on date,
    CONSTRAINT product_pkey PRIMARY KEY (merchant, sku),
    CONSTRAINT product_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant,
    CONSTRAINT product_sku_check CHECK (invtrack.is_code(sku)),
    CONSTRAINT product_launched_on_check CHECK (invtrack.is_day(launched_on))
);
COMMENT ON TABLE invtrack.product IS 'Products of merchants';
COMMENT ON COLUMN invtrack.product.merchant IS 'Merchant that owns the product';
COMMENT ON COLUMN invtrack.product.sku IS 'The merchant''s code of the product';
COMMENT ON COLUMN invtrack.product.name IS 'Name that people read and search for';
COMMENT ON COLUMN invtrack.product.launched_on IS 'First day on sale; null where not known';

CREATE TRIGGER product_refuse_change
    BEFORE UPDATE OF merchant, sku ON invtrack.product FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_change(
        'Codes are immutable: insert the product under its new code.', 'merchant', 'sku');
COMMENT ON TRIGGER product_refuse_change ON invtrack.product IS 'Codes are immutable';

CREATE TABLE invtrack.inventory_type (
    merchant text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    name text NOT NULL DEFAULT '',
    CONSTRAINT inventory_type_pkey PRIMARY KEY (merchant, inventory_type),
    CONSTRAINT inventory_type_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant,
    CONSTRAINT inventory_type_inventory_type_check CHECK (invtrack.is_code(inventory_type))
);
COMMENT ON TABLE invtrack.inventory_type IS 'Merchants'' classes of stock: good, defective, ...';
COMMENT ON COLUMN invtrack.inventory_type.merchant IS 'Merchant whose class it is';
COMMENT ON COLUMN invtrack.inventory_type.inventory_type IS 'Code of the class';
COMMENT ON COLUMN invtrack.inventory_type.name IS 'Name that people read';

CREATE TRIGGER inventory_type_refuse_change
    BEFORE UPDATE OF merchant, inventory_type ON invtrack.inventory_type FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_change(
        'Codes are immutable: insert the inventory type under its new code.',
        'merchant', 'inventory_type');
COMMENT ON TRIGGER inventory_type_refuse_change ON invtrack.inventory_type IS 'Codes are immutable';

SELECT pg_catalog.pg_extension_config_dump('invtrack.merchant', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.product', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.inventory_type', '');

-- Stock: units on hand now ------------------------------------------------------

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
    CONSTRAINT stock_lot_lot_check CHECK (lot = '' OR invtrack.is_code(lot)),
    CONSTRAINT stock_lot_expires_on_check CHECK (invtrack.is_day(expires_on))
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
    EXECUTE FUNCTION invtrack.refuse_change(
        'Codes are immutable: insert the lot under its new code, and delete the old one.',
        'merchant', 'sku', 'inventory_type', 'lot');
COMMENT ON TRIGGER stock_lot_refuse_change ON invtrack.stock_lot IS 'Codes are immutable';

CREATE VIEW invtrack.stock WITH (security_invoker) AS
SELECT l.merchant,
       l.sku,
       p.name AS product_name,
       l.inventory_type,
       invtrack.total(l.series) AS on_hand,
       invtrack.range_sum(l.series, date '-infinity', m.as_of) AS expired,
       nullif(invtrack.next_day(l.series, m.as_of), date 'infinity') AS next_expires_on,
       l.lots
  FROM (SELECT s.merchant, s.sku, s.inventory_type, pg_catalog.count(*) AS lots,
               invtrack.day_series_agg(coalesce(s.expires_on, date 'infinity'), s.quantity) AS series
          FROM invtrack.stock_lot s
         GROUP BY s.merchant, s.sku, s.inventory_type) l
  JOIN invtrack.product p ON p.merchant = l.merchant AND p.sku = l.sku
  JOIN (SELECT t.merchant, invtrack.as_of(t.time_zone) AS as_of
          FROM invtrack.merchant t) m ON m.merchant = l.merchant;
COMMENT ON VIEW invtrack.stock IS
'Real-time inventory: a row for each item that has a lot';
COMMENT ON COLUMN invtrack.stock.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.stock.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.stock.product_name IS 'Name of the product';
COMMENT ON COLUMN invtrack.stock.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.stock.on_hand IS 'Units in all lots';
COMMENT ON COLUMN invtrack.stock.expired IS 'Units in lots that have expired: expires_on <= the day (as_of, else today)';
COMMENT ON COLUMN invtrack.stock.next_expires_on IS 'Earliest later expiry date that has units; null where none has';
COMMENT ON COLUMN invtrack.stock.lots IS 'Number of lots';

SELECT pg_catalog.pg_extension_config_dump('invtrack.stock_lot', '');

-- Movements: units sold and shipped, append-only -----------------------------------

CREATE FUNCTION invtrack.is_movement(
    merchant text, sku text, inventory_type text, flow text, occurred_on date, ref text)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'movement_is_movement';
COMMENT ON FUNCTION invtrack.is_movement(text, text, text, text, date, text) IS
'Are these what a movement can say? True, or an error that names the column and its value';

CREATE TABLE invtrack.movement (
    merchant text COLLATE "C" NOT NULL,
    -- Numbers that are given start above those that applications bring along, so that the two never
    -- meet and a load with ON CONFLICT DO NOTHING drops only what its ref says is there already.
    movement_id bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000000000000),
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    occurred_on date NOT NULL,
    quantity invtrack.quantity NOT NULL,
    ref text COLLATE "C",
    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    reverses bigint,
    folded boolean NOT NULL DEFAULT false,
    CONSTRAINT movement_pkey PRIMARY KEY (merchant, movement_id),
    -- One, in C: each CHECK is prepared anew for each statement, which single rows would feel.
    CONSTRAINT movement_check CHECK (
        invtrack.is_movement(merchant, sku, inventory_type, flow, occurred_on, ref))
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05,
        -- Cutting off what a purge left at the end would lock out readers; movements to come fill it.
        vacuum_truncate = false);
COMMENT ON TABLE invtrack.movement IS
'Units of an item sold or shipped on a day; append-only. Refers to nothing: a movement may come before its product';
COMMENT ON COLUMN invtrack.movement.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.movement.movement_id IS 'Number of the movement, given when omitted; its value means nothing';
COMMENT ON COLUMN invtrack.movement.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.movement.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.movement.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.movement.occurred_on IS 'Day of the movement in the merchant''s time zone';
COMMENT ON COLUMN invtrack.movement.quantity IS 'Units; a return or a cancellation is negative';
COMMENT ON COLUMN invtrack.movement.ref IS
'The application''s own reference, optional; unique per merchant and flow, so that a load that is tried again counts once';
COMMENT ON COLUMN invtrack.movement.recorded_at IS 'When the movement was recorded';
COMMENT ON COLUMN invtrack.movement.reverses IS 'The movement_id that this one takes back; see reverse_movement()';
COMMENT ON COLUMN invtrack.movement.folded IS
'Is it in flow_series already? Set by fold(), not by applications';

-- Only movements with a ref pay for its index.
CREATE UNIQUE INDEX movement_ref_key ON invtrack.movement (merchant, flow, ref)
    WHERE ref IS NOT NULL;
COMMENT ON INDEX invtrack.movement_ref_key IS 'A load that is tried again counts once';
CREATE UNIQUE INDEX movement_reverses_key ON invtrack.movement (merchant, reverses)
    WHERE reverses IS NOT NULL;
COMMENT ON INDEX invtrack.movement_reverses_key IS 'A movement is reversed once';

-- Small, whatever the history: folding takes a movement out of it. It has no more columns, since
-- the heap is visited all the same while rows are too new for the visibility map.
CREATE INDEX movement_tail ON invtrack.movement (merchant, sku, inventory_type, flow)
    WHERE NOT folded;
COMMENT ON INDEX invtrack.movement_tail IS 'Movements that are not folded yet, for readings and for fold()';

CREATE FUNCTION invtrack.refuse_removal()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'movement_refuse_removal';
COMMENT ON FUNCTION invtrack.refuse_removal() IS
'trigger: refuses to delete or truncate movements';

CREATE TRIGGER movement_refuse_change
    BEFORE UPDATE OF merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity,
        ref, recorded_at, reverses
    ON invtrack.movement FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_change(
        'Record the opposite instead: invtrack.reverse_movement(merchant, movement_id) does.',
        'merchant', 'movement_id', 'sku', 'inventory_type', 'flow', 'occurred_on', 'quantity',
        'ref', 'recorded_at', 'reverses');
COMMENT ON TRIGGER movement_refuse_change ON invtrack.movement IS 'Movements are append-only';
CREATE TRIGGER movement_refuse_delete
    BEFORE DELETE ON invtrack.movement FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_removal();
COMMENT ON TRIGGER movement_refuse_delete ON invtrack.movement IS 'Movements are append-only';
CREATE TRIGGER movement_refuse_truncate
    BEFORE TRUNCATE ON invtrack.movement FOR EACH STATEMENT
    EXECUTE FUNCTION invtrack.refuse_removal();
COMMENT ON TRIGGER movement_refuse_truncate ON invtrack.movement IS 'Movements are append-only';

CREATE FUNCTION invtrack.reverse_movement(merchant text, movement_id bigint)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'movement_reverse';
COMMENT ON FUNCTION invtrack.reverse_movement(text, bigint) IS
'Records the opposite of a movement, on the same day, once; returns the new movement_id';

SELECT pg_catalog.pg_extension_config_dump('invtrack.movement', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.movement_movement_id_seq', '');

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
    CONSTRAINT fold_state_pkey PRIMARY KEY (merchant)
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.fold_state IS
'A row a merchant that has been folded: folds and purges of a merchant take turns on it';
COMMENT ON COLUMN invtrack.fold_state.merchant IS 'Merchant of the movements';
COMMENT ON COLUMN invtrack.fold_state.folded_at IS 'When its movements were last folded';

CREATE VIEW invtrack.flow_tail WITH (security_invoker) AS
SELECT m.merchant, m.sku, m.inventory_type, m.flow,
       pg_catalog.count(*) AS movements,
       invtrack.day_series_agg(m.occurred_on, m.quantity) AS days
  FROM invtrack.movement m
 WHERE NOT m.folded
 GROUP BY m.merchant, m.sku, m.inventory_type, m.flow;
COMMENT ON VIEW invtrack.flow_tail IS
'Movements that are not folded yet, as series; internal, may change';
COMMENT ON COLUMN invtrack.flow_tail.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.flow_tail.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.flow_tail.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.flow_tail.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.flow_tail.movements IS 'How many movements';
COMMENT ON COLUMN invtrack.flow_tail.days IS 'Their units by day';

CREATE VIEW invtrack.flow_daily WITH (security_invoker) AS
SELECT a.merchant, a.sku, a.inventory_type, a.flow, u.day, u.quantity
  FROM (SELECT b.merchant, b.sku, b.inventory_type, b.flow, invtrack.day_series_sum(b.days) AS days
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow, s.days
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT t.merchant, t.sku, t.inventory_type, t.flow, t.days
                  FROM invtrack.flow_tail t) b
         GROUP BY b.merchant, b.sku, b.inventory_type, b.flow) a
 CROSS JOIN LATERAL invtrack.unnest(a.days) u;
COMMENT ON VIEW invtrack.flow_daily IS
'Units sold and shipped a day, folded or not: for charts and BI';
COMMENT ON COLUMN invtrack.flow_daily.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.flow_daily.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.flow_daily.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.flow_daily.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.flow_daily.day IS 'Day of the movements';
COMMENT ON COLUMN invtrack.flow_daily.quantity IS 'Their net units';

CREATE VIEW invtrack.unknown_items WITH (security_invoker) AS
SELECT v.merchant, v.sku, v.inventory_type, v.flow, v.movements, v.quantity
  FROM (SELECT a.merchant, a.sku, a.inventory_type, a.flow,
               pg_catalog.sum(a.movements)::bigint AS movements, pg_catalog.sum(a.quantity) AS quantity
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow, s.movements,
                       invtrack.total(s.days) AS quantity
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT t.merchant, t.sku, t.inventory_type, t.flow, t.movements,
                       invtrack.total(t.days)
                  FROM invtrack.flow_tail t) a
         GROUP BY a.merchant, a.sku, a.inventory_type, a.flow) v
 WHERE NOT EXISTS (SELECT FROM invtrack.product p
                    WHERE p.merchant = v.merchant AND p.sku = v.sku)
    OR NOT EXISTS (SELECT FROM invtrack.inventory_type i
                    WHERE i.merchant = v.merchant AND i.inventory_type = v.inventory_type);
COMMENT ON VIEW invtrack.unknown_items IS
'Movements of items whose product or inventory type is not in the catalogue';
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

-- Deleting what is not needed any more ------------------------------------------------------------

CREATE FUNCTION invtrack.purge_movements(merchant text, older_than_days integer)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'purge_movements';
COMMENT ON FUNCTION invtrack.purge_movements(text, integer) IS
'Deletes folded movements of a merchant, or of all where it is null, recorded more than this many days ago; their sums are kept. Returns how many';

CREATE FUNCTION invtrack.delete_merchant(merchant text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'delete_merchant';
COMMENT ON FUNCTION invtrack.delete_merchant(text) IS
'Deletes everything of a merchant, its history included; true, or an error where there is nothing';

-- Trackers: what is asked of an item ---------------------------------------------------

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
    CONSTRAINT tracker_pkey PRIMARY KEY (merchant, sku, inventory_type, mechanism),
    CONSTRAINT tracker_product_fkey FOREIGN KEY (merchant, sku)
        REFERENCES invtrack.product ON DELETE CASCADE,
    CONSTRAINT tracker_inventory_type_fkey FOREIGN KEY (merchant, inventory_type)
        REFERENCES invtrack.inventory_type,
    CONSTRAINT tracker_mechanism_check CHECK (
        mechanism IN ('stock_quantity', 'turnover_days', 'stalled_days')),
    -- A mechanism has its own parameters and no others.
    CONSTRAINT tracker_quantity_check CHECK (
        CASE WHEN mechanism IN ('stock_quantity', 'stalled_days')
             THEN quantity IS NOT NULL AND quantity > 0
             ELSE quantity IS NULL END),
    CONSTRAINT tracker_lookback_days_check CHECK (
        CASE WHEN mechanism IN ('turnover_days', 'stalled_days')
             THEN lookback_days IS NOT NULL AND lookback_days BETWEEN 1 AND 3650
             ELSE lookback_days IS NULL END),
    CONSTRAINT tracker_coverage_days_check CHECK (
        CASE WHEN mechanism = 'turnover_days'
             THEN coverage_days IS NOT NULL AND coverage_days BETWEEN 1 AND 3650
             ELSE coverage_days IS NULL END),
    CONSTRAINT tracker_expiry_days_check CHECK (
        CASE WHEN mechanism IN ('stock_quantity', 'turnover_days')
             THEN expiry_days BETWEEN 0 AND 3650
             ELSE expiry_days IS NULL END)
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
COMMENT ON COLUMN invtrack.tracker.updated_at IS 'When a parameter last changed';

CREATE FUNCTION invtrack.set_updated_at()
RETURNS trigger LANGUAGE c
AS 'MODULE_PATHNAME', 'tracker_set_updated_at';
COMMENT ON FUNCTION invtrack.set_updated_at() IS
'trigger: updated_at of a tracker moves only when a parameter changes';

CREATE TRIGGER tracker_refuse_change
    BEFORE UPDATE OF merchant, sku, inventory_type, mechanism ON invtrack.tracker FOR EACH ROW
    EXECUTE FUNCTION invtrack.refuse_change(
        'A tracker is known by its key: save another tracker, and delete this one.',
        'merchant', 'sku', 'inventory_type', 'mechanism');
COMMENT ON TRIGGER tracker_refuse_change ON invtrack.tracker IS 'A tracker is known by its key';
CREATE TRIGGER tracker_set_updated_at
    BEFORE UPDATE ON invtrack.tracker FOR EACH ROW
    EXECUTE FUNCTION invtrack.set_updated_at();
COMMENT ON TRIGGER tracker_set_updated_at ON invtrack.tracker IS
'updated_at moves only when a parameter changes';

CREATE FUNCTION invtrack.save_tracker(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric DEFAULT NULL, lookback_days integer DEFAULT NULL,
    coverage_days integer DEFAULT NULL, expiry_days integer DEFAULT NULL)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'tracker_save';
COMMENT ON FUNCTION invtrack.save_tracker(text, text, text, text, numeric, integer, integer, integer) IS
'Creates a tracker, or replaces all parameters of the one with this key; returns created, updated or unchanged';

CREATE FUNCTION invtrack.delete_tracker(
    merchant text, sku text, inventory_type text, mechanism text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'tracker_delete';
COMMENT ON FUNCTION invtrack.delete_tracker(text, text, text, text) IS
'Deletes a tracker; true, or an error where there is none';

SELECT pg_catalog.pg_extension_config_dump('invtrack.tracker', '');

-- Comparing what is folded with what it was made of ----------------------------------------------

CREATE VIEW invtrack.wrong_series WITH (security_invoker) AS
SELECT c.merchant, c.sku, c.inventory_type, c.flow, c.expected_movements, c.found_movements,
       c.expected_days, c.found_days
  FROM (SELECT b.merchant, b.sku, b.inventory_type, b.flow,
               pg_catalog.sum(b.expected_movements)::bigint AS expected_movements,
               pg_catalog.sum(b.found_movements)::bigint AS found_movements,
               invtrack.day_series_sum(b.expected_days) AS expected_days,
               invtrack.day_series_sum(b.found_days) AS found_days
          FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow,
                       s.purged_movements AS expected_movements, s.movements AS found_movements,
                       s.purged AS expected_days, s.days AS found_days
                  FROM invtrack.flow_series s
                UNION ALL
                SELECT m.merchant, m.sku, m.inventory_type, m.flow, pg_catalog.count(*), 0,
                       invtrack.day_series_agg(m.occurred_on, m.quantity), NULL
                  FROM invtrack.movement m
                 WHERE m.folded
                 GROUP BY m.merchant, m.sku, m.inventory_type, m.flow) b
         GROUP BY b.merchant, b.sku, b.inventory_type, b.flow) c
 WHERE NOT coalesce(c.expected_days OPERATOR(invtrack.=) c.found_days, false)
    OR c.expected_movements IS DISTINCT FROM c.found_movements;
COMMENT ON VIEW invtrack.wrong_series IS
'Rows of flow_series that are not purged + kept; internal, may change';
COMMENT ON COLUMN invtrack.wrong_series.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.wrong_series.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.wrong_series.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.wrong_series.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack.wrong_series.expected_movements IS 'Purged movements and those that are marked as folded';
COMMENT ON COLUMN invtrack.wrong_series.found_movements IS 'What flow_series says';
COMMENT ON COLUMN invtrack.wrong_series.expected_days IS 'Their units by day; null where there are none';
COMMENT ON COLUMN invtrack.wrong_series.found_days IS 'What flow_series says; null where it has no row';

CREATE VIEW invtrack.difference WITH (security_invoker) AS
SELECT 'flow_series' AS what, w.merchant, w.sku, w.inventory_type, w.flow AS part,
       pg_catalog.format('%s movements: %s', w.expected_movements, coalesce(w.expected_days::text, 'no series')) AS expected,
       pg_catalog.format('%s movements: %s', w.found_movements, coalesce(w.found_days::text, 'no series')) AS found
  FROM invtrack.wrong_series w
UNION ALL
SELECT 'tracker', t.merchant, t.sku, t.inventory_type, t.mechanism,
       'a product and an inventory type', 'no such product'
  FROM invtrack.tracker t
 WHERE NOT EXISTS (SELECT FROM invtrack.product p
                    WHERE p.merchant = t.merchant AND p.sku = t.sku)
UNION ALL
SELECT 'tracker', t.merchant, t.sku, t.inventory_type, t.mechanism,
       'a product and an inventory type', 'no such inventory type'
  FROM invtrack.tracker t
 WHERE NOT EXISTS (SELECT FROM invtrack.inventory_type i
                    WHERE i.merchant = t.merchant AND i.inventory_type = t.inventory_type);
COMMENT ON VIEW invtrack.difference IS
'What verify() lists: a row for each thing that is not as it should be. Reads all movements';
COMMENT ON COLUMN invtrack.difference.what IS 'Table in which it is';
COMMENT ON COLUMN invtrack.difference.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.difference.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.difference.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.difference.part IS 'Flow, or mechanism of the tracker';
COMMENT ON COLUMN invtrack.difference.expected IS 'What should be there';
COMMENT ON COLUMN invtrack.difference.found IS 'What is';

CREATE FUNCTION invtrack.verify(merchant text DEFAULT NULL, repair boolean DEFAULT false)
RETURNS SETOF invtrack.difference LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'verify';
COMMENT ON FUNCTION invtrack.verify(text, boolean) IS
'Lists what is not as it should be, of a merchant or of all; with repair the series are then made what they should be';

-- The judgement: figures of a tracker, from its rule and its series ---------------------
--
-- One function a column of invtrack.health, all of the same arguments and over the same C
-- (src/judgement.c), so that the view is flat SQL. The rules are those of the tracker guide,
-- section 2.2. They return null where the arguments are no tracker's.

CREATE FUNCTION invtrack.judge_current_stock(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_current_stock';
COMMENT ON FUNCTION invtrack.judge_current_stock(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'Units that count; under stalled_days the units shipped in the lookback';

CREATE FUNCTION invtrack.judge_threshold(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_threshold';
COMMENT ON FUNCTION invtrack.judge_threshold(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'What the tracker asks for, rounded to 4 decimals; 0 without sales';

CREATE FUNCTION invtrack.judge_health(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_health';
COMMENT ON FUNCTION invtrack.judge_health(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'100 x current / threshold, exact, cut to 2 decimals; 0 without sales';

CREATE FUNCTION invtrack.judge_status(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_status';
COMMENT ON FUNCTION invtrack.judge_status(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'ok, replenish, stalled or no_sales';

CREATE FUNCTION invtrack.judge_reason(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_reason';
COMMENT ON FUNCTION invtrack.judge_reason(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'Why the status is not ok; null where it is';

CREATE FUNCTION invtrack.judge_daily_sales(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_daily_sales';
COMMENT ON FUNCTION invtrack.judge_daily_sales(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'turnover_days: average daily sales, rounded to 4 decimals';

CREATE FUNCTION invtrack.judge_actual_days(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS integer LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_actual_days';
COMMENT ON FUNCTION invtrack.judge_actual_days(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'turnover_days: days on sale, at most the lookback; null where never on sale';

CREATE FUNCTION invtrack.judge_days_of_cover(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_days_of_cover';
COMMENT ON FUNCTION invtrack.judge_days_of_cover(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'turnover_days: current stock / daily sales, cut to 1 decimal; null without sales';

CREATE FUNCTION invtrack.judge_excluded_stock(
    mechanism text, quantity numeric, lookback_days integer, coverage_days integer,
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,
    tail invtrack.day_series, as_of date)
RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'judge_excluded_stock';
COMMENT ON FUNCTION invtrack.judge_excluded_stock(text, numeric, integer, integer, integer, date,
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date) IS
'Units on hand that do not count for their shelf life; null under stalled_days';

-- The reading: the one query that brings together what a tracker is judged by ----------------
--
-- Flat joins, unique per row, with no GROUP BY above them, so that a filter by key reaches
-- every table and a sweep of all trackers becomes a few hash joins. There is no day in it: a
-- series holds all days, and the judgement takes the sum over the range that it needs.

CREATE VIEW invtrack.reading WITH (security_invoker) AS
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
       invtrack.as_of(m.time_zone) AS as_of
  FROM invtrack.product p
  JOIN invtrack.inventory_type i ON i.merchant = p.merchant
 CROSS JOIN (VALUES ('stock_quantity', NULL), ('turnover_days', 'sale'),
                    ('stalled_days', 'shipment')) k (mechanism, flow)
  JOIN invtrack.merchant m ON m.merchant = p.merchant
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

CREATE VIEW invtrack.tracker_reading WITH (security_invoker) AS
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
       r.as_of
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

-- Health: the list of trackers -------------------------------------------------------------

CREATE VIEW invtrack.health WITH (security_invoker) AS
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
       t.updated_at
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

CREATE FUNCTION invtrack.tracker_health(
    merchant text DEFAULT NULL, sku text DEFAULT NULL, inventory_type text DEFAULT NULL,
    mechanism text DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'health_of_trackers';
COMMENT ON FUNCTION invtrack.tracker_health(text, text, text, text, date) IS
'Health of the trackers that match all arguments given, at a day';

CREATE FUNCTION invtrack.tracker_health_of(
    merchant text, skus text[], as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'health_of_products';
COMMENT ON FUNCTION invtrack.tracker_health_of(text, text[], date) IS
'Health of the trackers of a list of products, at the cost of that list';

CREATE FUNCTION invtrack.preview_health(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric DEFAULT NULL, lookback_days integer DEFAULT NULL,
    coverage_days integer DEFAULT NULL, expiry_days integer DEFAULT NULL,
    as_of date DEFAULT NULL)
RETURNS SETOF invtrack.health LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1
AS 'MODULE_PATHNAME', 'health_preview';
COMMENT ON FUNCTION invtrack.preview_health(text, text, text, text, numeric, integer, integer, integer, date) IS
'What the row of a tracker would be, without saving it';

-- Finding products ----------------------------------------------------------------------------

CREATE FUNCTION invtrack.fold_case(given text)
RETURNS text LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'product_fold_case';
COMMENT ON FUNCTION invtrack.fold_case(text) IS
'The text with case folded away, in any language';

CREATE FUNCTION invtrack.search_text(sku text, name text)
RETURNS text LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'product_search_text';
COMMENT ON FUNCTION invtrack.search_text(text, text) IS
'What the words of a keyword are looked for in';

-- Their expressions stand in src/product_search.c, to the letter.
CREATE INDEX product_folded_sku ON invtrack.product
    (merchant, (invtrack.fold_case(sku) COLLATE pg_catalog."C"));
COMMENT ON INDEX invtrack.product_folded_sku IS 'find_products: exact sku and sku prefix';
CREATE INDEX product_folded_name ON invtrack.product
    (merchant, (pg_catalog."left"(invtrack.fold_case(name) COLLATE pg_catalog."C", 100)));
COMMENT ON INDEX invtrack.product_folded_name IS 'find_products: name prefix';
DO $$
BEGIN
    EXECUTE format(
        'CREATE INDEX product_search_text ON invtrack.product USING gin
             (merchant, (invtrack.search_text(sku, name) COLLATE pg_catalog."C") %I.gin_trgm_ops)',
        (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'pg_trgm'));
END
$$;
COMMENT ON INDEX invtrack.product_search_text IS 'find_products: words';

CREATE TYPE invtrack.found_product AS (merchant text, sku text, name text, launched_on date);
COMMENT ON TYPE invtrack.found_product IS 'A row of find_products';

CREATE FUNCTION invtrack.find_products(merchant text, keyword text, max_rows integer DEFAULT 20)
RETURNS SETOF invtrack.found_product LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME', 'product_find';
COMMENT ON FUNCTION invtrack.find_products(text, text, integer) IS
'Products of a merchant whose sku or name contains every word of the keyword, ignoring case: exact sku first, then sku prefix, name prefix, the rest, each by sku';

-- Who owns all this, and who may use it -----------------------------------------------------------
--
-- The script of a trusted extension runs as the bootstrap superuser. Its objects go to the owner of
-- the extension, who then grants, dumps and restores; PUBLIC gets nothing. In a loop over what the
-- extension has, so that no object can be forgotten. (The prologue
-- pins search_path. Operators and their class stay: nobody needs to own them to use or dump them.)

DO $$
DECLARE
    object record;
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
                       object.name, '@extowner@');
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure::text AS name
          FROM pg_proc p
          JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO %s', object.name, '@extowner@');
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', object.name);
    END LOOP;
    FOR object IN
        SELECT t.oid::regtype::text AS name
          FROM pg_type t
          JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'invtrack')
    LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO %s', object.name, '@extowner@');
        EXECUTE format('REVOKE ALL ON TYPE %s FROM PUBLIC', object.name);
    END LOOP;
END
$$;
