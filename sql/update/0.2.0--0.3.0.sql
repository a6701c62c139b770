
-- From 0.2.0: what is changed by hand. Functions and views, which follow, are replaced as a whole ----
--
-- No data is changed here: the owner's triggers would fire, and the script runs as superuser.

CREATE SCHEMA invtrack_internal;
COMMENT ON SCHEMA invtrack_internal IS 'What invtrack is made of; may change with each version';

-- Who may use the one schema goes on to use what moves to the other.
DO $$
DECLARE
    grantee name;
BEGIN
    FOR grantee IN
        SELECT DISTINCT r.rolname FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
         WHERE n.nspname = 'invtrack' AND a.privilege_type = 'USAGE' AND a.grantee <> 10
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA invtrack_internal TO %I', grantee);
    END LOOP;
END
$$;

-- By what the extension has, since its owner may have others of the same names.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT d.classid, d.objid
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
         CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
          LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND i.schema = 'invtrack'
           AND (i.type = 'view' AND i.name IN (
                    'reading', 'tracker_reading', 'check_reading', 'check_stock', 'tracker_state', 'flow_tail',
                    'wrong_series', 'difference', 'level_privilege', 'alert_backlog', 'fold_backlog')
                OR i.type = 'type' AND i.name = 'role_ref'
                OR p.prokind = 'f' AND (
                    p.proname LIKE ANY (ARRAY['day\_series\_%', 'judge\_%', 'history\_%', 'role\_ref\_%'])
                    OR p.proname IN ('is_code', 'is_day', 'is_movement', 'as_of', 'check_time_zone', 'refuse_change',
                                     'refuse_removal', 'set_updated_at', 'access_changes', 'has_access_support',
                                     'fold_case', 'search_text')))
    LOOP
        -- as it is called by now: what its arguments are may just have moved
        EXECUTE (SELECT format('ALTER %s %s SET SCHEMA invtrack_internal', i.type, i.identity)
                   FROM pg_identify_object(object.classid, object.objid, 0) i);
    END LOOP;
END
$$;

-- What plans have in the place of has_access().
CREATE TYPE invtrack_internal.role_of_plan;
CREATE FUNCTION invtrack_internal.role_of_plan_in(cstring)
RETURNS invtrack_internal.role_of_plan LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_role_of_plan_in';
CREATE FUNCTION invtrack_internal.role_of_plan_out(invtrack_internal.role_of_plan)
RETURNS cstring LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'access_role_of_plan_out';
CREATE TYPE invtrack_internal.role_of_plan (
    INPUT = invtrack_internal.role_of_plan_in,
    OUTPUT = invtrack_internal.role_of_plan_out,
    LIKE = bigint
);
COMMENT ON TYPE invtrack_internal.role_of_plan IS
'The role that a plan was made for; only the planner makes such values';

-- What review() finds of a setting.
CREATE TYPE invtrack_internal.found AS (finding text, detail text, remedy text);
COMMENT ON TYPE invtrack_internal.found IS 'What the setting of a tracker is found to be';

-- Equality of role_ref, which a subscriber needs.
CREATE FUNCTION invtrack_internal.role_ref_eq(invtrack_internal.role_ref, invtrack_internal.role_ref)
RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'oideq';
CREATE FUNCTION invtrack_internal.role_ref_ne(invtrack_internal.role_ref, invtrack_internal.role_ref)
RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'oidne';
CREATE FUNCTION invtrack_internal.role_ref_hash(invtrack_internal.role_ref)
RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'hashoid';
CREATE FUNCTION invtrack_internal.role_ref_hash_extended(invtrack_internal.role_ref, bigint)
RETURNS bigint LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'hashoidextended';
CREATE OPERATOR invtrack_internal.= (
    LEFTARG = invtrack_internal.role_ref, RIGHTARG = invtrack_internal.role_ref,
    FUNCTION = invtrack_internal.role_ref_eq,
    COMMUTATOR = OPERATOR(invtrack_internal.=), NEGATOR = OPERATOR(invtrack_internal.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR invtrack_internal.= (invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'equal';
CREATE OPERATOR invtrack_internal.<> (
    LEFTARG = invtrack_internal.role_ref, RIGHTARG = invtrack_internal.role_ref,
    FUNCTION = invtrack_internal.role_ref_ne,
    COMMUTATOR = OPERATOR(invtrack_internal.<>), NEGATOR = OPERATOR(invtrack_internal.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR invtrack_internal.<> (invtrack_internal.role_ref, invtrack_internal.role_ref) IS 'not equal';
CREATE OPERATOR CLASS invtrack_internal.role_ref_ops
    DEFAULT FOR TYPE invtrack_internal.role_ref USING hash AS
    OPERATOR 1 invtrack_internal.= (invtrack_internal.role_ref, invtrack_internal.role_ref),
    FUNCTION 1 invtrack_internal.role_ref_hash(invtrack_internal.role_ref),
    FUNCTION 2 invtrack_internal.role_ref_hash_extended(invtrack_internal.role_ref, bigint);

-- Tables and the domain check values by functions that name the column and its value.
CREATE FUNCTION invtrack_internal.is_quantity(value numeric)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'quantity_is_quantity';
CREATE FUNCTION invtrack_internal.is_merchant(merchant text, rearm_percent numeric, critical_percent numeric)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_merchant';
CREATE FUNCTION invtrack_internal.is_product(
    merchant text, sku text, launched_on date, discontinued_on date)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_product';
CREATE FUNCTION invtrack_internal.is_inventory_type(merchant text, inventory_type text)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'catalogue_is_inventory_type';
CREATE FUNCTION invtrack_internal.is_stock_lot(
    merchant text, sku text, inventory_type text, lot text, expires_on date)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'stock_is_stock_lot';
CREATE FUNCTION invtrack_internal.is_tracker(
    merchant text, sku text, inventory_type text, mechanism text,
    quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'tracker_is_tracker';
CREATE FUNCTION invtrack_internal.is_alert_consumer(merchant text, consumer text, confirmed bigint)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'alert_event_is_consumer';

-- Who may write now goes on writing: a CHECK calls its function as who writes.
DO $$
DECLARE
    writer record;
    f regprocedure;
BEGIN
    FOR writer IN
        SELECT DISTINCT a.grantee
          FROM pg_proc p
          JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
          JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'invtrack'
         CROSS JOIN LATERAL aclexplode(p.proacl) a
          JOIN pg_roles r ON r.oid = a.grantee
         WHERE p.pronamespace = 'invtrack_internal'::regnamespace AND p.proname IN ('is_code', 'is_movement')
    LOOP
        FOREACH f IN ARRAY ARRAY[
            'invtrack_internal.is_quantity(numeric)', 'invtrack_internal.is_merchant(text, numeric, numeric)',
            'invtrack_internal.is_product(text, text, date, date)', 'invtrack_internal.is_inventory_type(text, text)',
            'invtrack_internal.is_stock_lot(text, text, text, text, date)',
            'invtrack_internal.is_tracker(text, text, text, text, numeric, integer, integer, integer)',
            'invtrack_internal.is_alert_consumer(text, text, bigint)']
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, pg_get_userbyid(writer.grantee));
        END LOOP;
    END LOOP;
END
$$;

-- The range of quantities is what it was, so that millions of movements need not be read again.
ALTER DOMAIN invtrack.quantity DROP CONSTRAINT IF EXISTS quantity_check;
ALTER DOMAIN invtrack.quantity ADD CONSTRAINT quantity_check
    CHECK (invtrack_internal.is_quantity(VALUE)) NOT VALID;
UPDATE pg_constraint SET convalidated = true
 WHERE contypid = 'invtrack.quantity'::regtype AND conname = 'quantity_check';

ALTER TABLE invtrack.merchant
    ADD COLUMN critical_percent numeric NOT NULL DEFAULT 0,
    ADD COLUMN count_today boolean NOT NULL DEFAULT true,
    ADD COLUMN hold_for_incoming boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN invtrack.merchant.critical_percent IS
'A tracker that is not well is critical at this health and below';
COMMENT ON COLUMN invtrack.merchant.count_today IS
'Do windows of sales and shipments end with today? False: with yesterday, so that a day that has just begun makes no news';
COMMENT ON TABLE invtrack.fold_state IS
'One row for each merchant that has been folded: folds, purges, repairs and changes of products take turns on it; corrections share it';
COMMENT ON COLUMN invtrack.alert_event.payload IS 'All there is to tell; the format has a version and is described in docs/reference/events.md';
COMMENT ON TABLE invtrack.check_state IS
'One row for each merchant that has been checked: checks of a merchant take turns on it';
COMMENT ON COLUMN invtrack.alert_event.transition IS
'opened; worsened: another status, or critical now; recovered; withdrawn: tracker or product deleted, merged or retired; renamed';
CREATE OR REPLACE TRIGGER product_refuse_change
    BEFORE UPDATE OF merchant, sku ON invtrack.product FOR EACH ROW
    EXECUTE FUNCTION invtrack_internal.refuse_change(
        'Codes are immutable: use invtrack.rename_product() or invtrack.merge_product().', 'merchant', 'sku');
COMMENT ON COLUMN invtrack.alert.closed_as IS 'recovered, or withdrawn: the tracker or its product was deleted, merged or retired';
COMMENT ON COLUMN invtrack.merchant.hold_for_incoming IS
'A low alert of too little stock is not opened while units on order are expected soon enough to make the tracker ok';

ALTER TABLE invtrack.tracker ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN invtrack.tracker.version IS 'Grows by 1 when a parameter or active changes';
COMMENT ON COLUMN invtrack.tracker.updated_at IS 'When a parameter or active last changed';
COMMENT ON TRIGGER tracker_set_updated_at ON invtrack.tracker IS
'updated_at and version move when a parameter or active changes, and only then';

-- Codes that are there stay as they are, also those that end with white space of Unicode: as in a restore.
DO $$
DECLARE
    before constant text := current_setting('check_function_bodies');
BEGIN
    PERFORM set_config('check_function_bodies', 'off', true);
    ALTER TABLE invtrack.merchant
        DROP CONSTRAINT IF EXISTS merchant_merchant_check, DROP CONSTRAINT IF EXISTS merchant_rearm_percent_check,
        ADD CONSTRAINT merchant_check CHECK (invtrack_internal.is_merchant(merchant, rearm_percent, critical_percent));
    ALTER TABLE invtrack.product
        DROP CONSTRAINT IF EXISTS product_sku_check, DROP CONSTRAINT IF EXISTS product_launched_on_check,
        DROP CONSTRAINT IF EXISTS product_discontinued_on_check,
        ADD CONSTRAINT product_check CHECK (
            invtrack_internal.is_product(merchant, sku, launched_on, discontinued_on));
    ALTER TABLE invtrack.inventory_type
        DROP CONSTRAINT IF EXISTS inventory_type_inventory_type_check,
        ADD CONSTRAINT inventory_type_check CHECK (
            invtrack_internal.is_inventory_type(merchant, inventory_type));
    ALTER TABLE invtrack.stock_lot
        DROP CONSTRAINT IF EXISTS stock_lot_lot_check, DROP CONSTRAINT IF EXISTS stock_lot_expires_on_check,
        ADD CONSTRAINT stock_lot_check CHECK (
            invtrack_internal.is_stock_lot(merchant, sku, inventory_type, lot, expires_on));
    ALTER TABLE invtrack.tracker
        DROP CONSTRAINT IF EXISTS tracker_mechanism_check, DROP CONSTRAINT IF EXISTS tracker_quantity_check,
        DROP CONSTRAINT IF EXISTS tracker_lookback_days_check, DROP CONSTRAINT IF EXISTS tracker_coverage_days_check,
        DROP CONSTRAINT IF EXISTS tracker_expiry_days_check,
        ADD CONSTRAINT tracker_check CHECK (
            invtrack_internal.is_tracker(merchant, sku, inventory_type, mechanism,
                quantity, lookback_days, coverage_days, expiry_days));
    ALTER TABLE invtrack.alert_consumer
        DROP CONSTRAINT IF EXISTS alert_consumer_consumer_check, DROP CONSTRAINT IF EXISTS alert_consumer_confirmed_check,
        ADD CONSTRAINT alert_consumer_check CHECK (
            invtrack_internal.is_alert_consumer(merchant, consumer, confirmed));
    PERFORM set_config('check_function_bodies', before, true);
END
$$;

-- The views by day and unknown_items call other functions by now, which may be called by whoever may call those
-- before them.
CREATE FUNCTION invtrack_internal.flow_days(
    parts invtrack.day_series[], first date, last date, OUT day date, OUT quantity numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'flow_days';
CREATE FUNCTION invtrack_internal.health_days(
    health invtrack.day_series, current_stock invtrack.day_series, threshold invtrack.day_series, reasons invtrack.day_series,
    days invtrack.day_series, first date, last date,
    OUT day date, OUT health numeric, OUT current_stock numeric, OUT threshold numeric, OUT status text, OUT reason text)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'health_days';
CREATE FUNCTION invtrack_internal.stock_days(
    on_hand invtrack.day_series, days invtrack.day_series, first date, last date, OUT day date, OUT on_hand numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'stock_days';
CREATE FUNCTION invtrack_internal.is_zero(parts invtrack.day_series[])
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'flow_is_zero';
DO $$
DECLARE
    allowed record;
BEGIN
    FOR allowed IN
        SELECT DISTINCT n.replaced_by, a.grantee
          FROM (VALUES ('invtrack.unnest(invtrack.day_series)', 'invtrack_internal.flow_days(invtrack.day_series[], date, date)'),
                       ('invtrack_internal.history_fill(invtrack.day_series, invtrack.day_series)',
                        'invtrack_internal.health_days(invtrack.day_series, invtrack.day_series, invtrack.day_series, invtrack.day_series, invtrack.day_series, date, date)'),
                       ('invtrack_internal.history_fill(invtrack.day_series, invtrack.day_series)',
                        'invtrack_internal.stock_days(invtrack.day_series, invtrack.day_series, date, date)'),
                       ('invtrack.total(invtrack.day_series)', 'invtrack_internal.is_zero(invtrack.day_series[])')) n (was, replaced_by)
          JOIN pg_proc p ON p.oid = n.was::regprocedure
         CROSS JOIN LATERAL aclexplode(p.proacl) a
          JOIN pg_roles r ON r.oid = a.grantee
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', allowed.replaced_by, pg_get_userbyid(allowed.grantee));
    END LOOP;
END
$$;

-- The views keep their columns, and their privileges, until they are replaced below.
CREATE OR REPLACE VIEW invtrack.health_daily AS
SELECT h.merchant, h.sku, h.inventory_type, h.mechanism, NULL::date AS day, NULL::numeric AS health, NULL::numeric AS current_stock
  FROM invtrack.tracker_history h;
CREATE OR REPLACE VIEW invtrack.stock_daily AS
SELECT h.merchant, h.sku, h.inventory_type, NULL::date AS day, NULL::numeric AS on_hand
  FROM invtrack.stock_history h;
ALTER TABLE invtrack.tracker_history
    ADD COLUMN threshold invtrack.day_series NOT NULL DEFAULT '{}',
    ADD COLUMN reasons invtrack.day_series NOT NULL DEFAULT '{}';
COMMENT ON COLUMN invtrack.tracker_history.threshold IS 'What the tracker asked for on the days on which that changed, at most 10^24';
COMMENT ON COLUMN invtrack.tracker_history.reasons IS 'Why the status was not ok, as reason_number() has it, on the days on which that changed';
DROP FUNCTION invtrack_internal.history_fill(invtrack.day_series, invtrack.day_series);

ALTER TABLE invtrack.alert_event
    DROP CONSTRAINT alert_event_transition_check,
    ADD CONSTRAINT alert_event_transition_check CHECK (
        transition IN ('opened', 'worsened', 'recovered', 'withdrawn', 'renamed'));

ALTER TABLE invtrack.fold_state ADD COLUMN purged_upto date;
COMMENT ON COLUMN invtrack.fold_state.purged_upto IS
'Last day of its purged movements, -infinity without any; null until a fold has looked';

-- A reversed movement leaves its ref free. What was reversed before is marked by verify(NULL, repair => true).
ALTER TABLE invtrack.movement ADD COLUMN reversed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN invtrack.movement.reversed IS
'Is it taken back? Then its ref is free again. Set by reversals, not by applications';
DROP INDEX invtrack.movement_ref_key;
CREATE UNIQUE INDEX movement_ref_key ON invtrack.movement (merchant, flow, ref)
    WHERE ref IS NOT NULL AND NOT reversed;
COMMENT ON INDEX invtrack.movement_ref_key IS 'A load that is tried again counts once';
DROP INDEX invtrack.movement_reverses_key;
CREATE UNIQUE INDEX movement_reverses_key ON invtrack.movement (merchant, reverses)
    WHERE reverses IS NOT NULL AND NOT reversed;
COMMENT ON INDEX invtrack.movement_reverses_key IS 'A movement is reversed once';

ALTER TABLE invtrack.alert
    ADD COLUMN severity text COLLATE "C" NOT NULL DEFAULT 'low',
    ADD CONSTRAINT alert_severity_check CHECK (severity IN ('low', 'critical'));
COMMENT ON COLUMN invtrack.alert.severity IS 'low or critical: the worst that was told in the episode; it never falls';
