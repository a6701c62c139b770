
-- Distribution by Citus, when one machine is not enough ----------------------------------------------
--
-- Tables are distributed by merchant. What says who may do what, access_grant, stays a table of each node, since
-- roles are numbered anew on each. Connections feed no distributed tables.

CREATE FUNCTION invtrack_internal.is_distributed()
RETURNS boolean LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'distribute_is_distributed';
COMMENT ON FUNCTION invtrack_internal.is_distributed() IS
'Has Citus distributed the tables?';

CREATE FUNCTION invtrack_internal.take_access(grants jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT a.role, a.merchant FROM invtrack.access a
        EXCEPT
        SELECT w.role, w.merchant FROM jsonb_to_recordset(take_access.grants) w (role text, merchant text)
    LOOP
        -- that of all merchants goes with the others of the role, which come again below
        IF EXISTS (SELECT FROM invtrack.access a WHERE a.role = g.role AND a.merchant IS NOT DISTINCT FROM g.merchant) THEN
            PERFORM invtrack.revoke_access(g.role, g.merchant);
        END IF;
    END LOOP;
    FOR g IN
        SELECT w.role, w.merchant, w.level FROM jsonb_to_recordset(take_access.grants) w (role text, merchant text, level text)
        EXCEPT
        SELECT a.role, a.merchant, a.level FROM invtrack.access a
    LOOP
        PERFORM invtrack.grant_access(g.role, g.merchant, g.level);
    END LOOP;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.take_access(jsonb) IS
'Gives this node of Citus the access in a list and takes away all other; the coordinator calls it';

-- Citus works out all that a view has in a UNION ALL, whatever is asked of it.
CREATE FUNCTION invtrack_internal.metrics_of(part text, name text)
RETURNS TABLE (value numeric, merchant text, consumer text) LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'metrics_of_name';
COMMENT ON FUNCTION invtrack_internal.metrics_of(text, text) IS
'A figure of metrics, of the part that has it; a query works out a part once';

CREATE FUNCTION invtrack_internal.split_metrics()
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    CREATE OR REPLACE VIEW invtrack.metrics WITH (security_invoker) AS
    SELECT n.name, m.value, m.merchant COLLATE "C" AS merchant, m.consumer COLLATE "C" AS consumer
      FROM (VALUES ('tracker', 'trackers_ok'), ('tracker', 'trackers_replenish'), ('tracker', 'trackers_stalled'),
                   ('tracker', 'trackers_no_sales'), ('tracker', 'trackers_paused'), ('tracker', 'trackers_retired'),
                   ('tracker', 'trackers_damaged'), ('unknown', 'unknown_item_movements'), ('other', 'open_alerts'),
                   ('other', 'unacknowledged_alerts'), ('other', 'critical_alerts'), ('other', 'rejected_rows'),
                   ('other', 'unfolded_movements'), ('other', 'oldest_unfolded_seconds'),
                   ('other', 'last_fold_timestamp_seconds'), ('other', 'last_check_timestamp_seconds'),
                   ('other', 'undelivered_events')) n (part, name)
     CROSS JOIN LATERAL invtrack_internal.metrics_of(n.part, n.name) m;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.split_metrics() IS
'Gives metrics on this node of Citus a query by which a filter by name leaves out the other parts';

-- Numbers are given out from a range of the node's own: two of the same merchant must never be equal.
CREATE FUNCTION invtrack_internal.prepare_node(version text, node integer, grants jsonb)
RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    here_version constant text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'invtrack');
    first constant bigint := (node::bigint << 48) + 1;
    last constant bigint := (node::bigint + 1) << 48;
    s regclass;
BEGIN
    IF here_version <> version THEN
        RETURN format('the extension invtrack is of version %s there, and %s on the coordinator', here_version, version);
    ELSIF node < 1 THEN
        RETURN 'it is the coordinator';
    END IF;
    FOREACH s IN ARRAY ARRAY['invtrack.movement_movement_id_seq', 'invtrack.tracker_change_change_id_seq']::regclass[] LOOP
        IF (SELECT q.seqmax FROM pg_sequence q WHERE q.seqrelid = s) <> last THEN
            EXECUTE format('ALTER SEQUENCE %s MINVALUE %s MAXVALUE %s START %2$s RESTART', s, first, last);
        END IF;
    END LOOP;
    PERFORM invtrack_internal.split_metrics();
    -- access comes before the merchants do
    ALTER TABLE invtrack.access_grant DROP CONSTRAINT IF EXISTS access_grant_merchant_fkey;
    PERFORM invtrack_internal.take_access(grants);
    PERFORM invtrack.refresh_access();
    RETURN NULL;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.prepare_node(text, integer, jsonb) IS
'Makes this node of Citus ready to have parts of the tables; returns why it cannot be, or null. The coordinator calls it';

-- Restrictive, so that the error has its name, which says why. Citus makes it permissive on parts of the table, where it
-- would let all loads in: there the policy of loads says the same.
CREATE FUNCTION invtrack_internal.restrict_loads(distributed boolean DEFAULT NULL)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    DROP POLICY IF EXISTS folded_and_reversals_are_set_by_invtrack ON invtrack.movement;
    IF coalesce(distributed, invtrack_internal.is_distributed()) THEN
        ALTER POLICY access_insert ON invtrack.movement
            WITH CHECK (invtrack.has_access(merchant, 'load') AND NOT folded AND NOT reversed AND reverses IS NULL);
        RETURN;
    END IF;
    CREATE POLICY folded_and_reversals_are_set_by_invtrack ON invtrack.movement AS RESTRICTIVE FOR INSERT
        WITH CHECK (NOT folded AND NOT reversed AND reverses IS NULL);
    COMMENT ON POLICY folded_and_reversals_are_set_by_invtrack ON invtrack.movement IS
        'fold() marks movements as folded, reversals mark and record what is reversed; both as the owner';
END
$body$;
COMMENT ON FUNCTION invtrack_internal.restrict_loads(boolean) IS
'Creates the policy by which loaders cannot mark movements as folded or reversed; null: for Citus if it has distributed the table';

CREATE FUNCTION invtrack_internal.run_on_nodes(command text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    answer record;
BEGIN
    FOR answer IN EXECUTE 'SELECT * FROM pg_catalog.run_command_on_workers($1)' USING command LOOP
        IF NOT answer.success OR answer.result NOT IN ('', 'DO') THEN
            RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('node %s:%s of Citus: %s', answer.nodename, answer.nodeport, answer.result),
                HINT = 'Mend that, and call invtrack.distribute() again.';
        END IF;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.run_on_nodes(text) IS
'Runs a statement on the other nodes of Citus; what one of them answers, if it is no null, is an error';

CREATE FUNCTION invtrack_internal.require_coordinator(owner text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    node integer;
BEGIN
    IF current_user <> owner THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'permission denied to distribute tables',
            HINT = format('Only the owner of the extension invtrack may, role %s.', owner);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'citus') THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'distribute() needs the extension Citus, which this database does not have',
            HINT = 'Create it on all nodes, add them with citus_add_node(), and call distribute() on the coordinator.';
    END IF;
    EXECUTE 'SELECT g.groupid FROM pg_catalog.pg_dist_local_group g' INTO node;
    IF node <> 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'distribute() works on the coordinator of Citus, and this is another node';
    END IF;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.require_coordinator(text) IS
'An error unless this is the coordinator of Citus, and who calls owns the extension';

CREATE FUNCTION invtrack_internal.distribute_table(name text)
RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    id constant regclass := 'invtrack.' || name;
    is_there boolean;
BEGIN
    EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = $1)' INTO is_there USING id;
    IF is_there THEN
        RETURN false;
    ELSIF name = 'movement' THEN
        PERFORM invtrack_internal.restrict_loads(true);
    END IF;
    EXECUTE 'SELECT pg_catalog.create_distributed_table($1, ''merchant'', colocate_with => $2)'
      USING id, CASE name WHEN 'merchant' THEN 'none' ELSE 'invtrack.merchant' END;
    RETURN true;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.distribute_table(text) IS
'Distributes a table over the nodes of Citus, unless it is; did it?';

CREATE FUNCTION invtrack.distribute(shards integer DEFAULT NULL)
RETURNS TABLE (table_name text, outcome text) LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    owner constant text := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = 'invtrack.merchant'::regclass);
    version constant text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'invtrack');
    -- in the order of what refers to what
    names constant text[] := ARRAY['merchant', 'inventory_type', 'product', 'stock_lot', 'incoming', 'tracker', 'movement',
        'flow_series', 'fold_state', 'alert', 'alert_event', 'alert_consumer', 'check_state', 'tracker_history',
        'stock_history', 'tracker_change', 'status_daily'];
    made text[] := '{}';
BEGIN
    PERFORM invtrack_internal.require_coordinator(owner);
    IF shards NOT BETWEEN 1 AND 64000 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('shards %s is out of range', shards),
            HINT = 'shards is from 1 to 64000.', COLUMN = 'shards';
    END IF;
    -- Citus makes them permissive on the parts of a table; ours is not needed then, see restrict_loads().
    IF EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                WHERE c.relnamespace = 'invtrack'::regnamespace AND NOT p.polpermissive
                  AND p.polname <> 'folded_and_reversals_are_set_by_invtrack') THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'policies of yours are restrictive, which Citus does not keep',
            HINT = 'Drop them: pg_policies lists them.';
    END IF;
    IF EXISTS (SELECT FROM invtrack.connection) THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'connections do not feed tables that Citus has distributed',
            HINT = 'Disconnect them first: the view invtrack.connection_status lists them.';
    END IF;
    -- The other nodes first, in transactions of their own. Made by Citus, the extension would be a superuser's there.
    PERFORM invtrack_internal.run_on_nodes(
        'DO $do$ BEGIN PERFORM pg_catalog.set_config(''citus.enable_ddl_propagation'', ''off'', true);'
        ' CREATE EXTENSION IF NOT EXISTS invtrack CASCADE; END $do$');
    -- On a node that was added later, Citus has made the extension as a superuser.
    PERFORM invtrack_internal.run_on_nodes(format(
        'SELECT pg_catalog.format(''invtrack is not that of role %%s there: as a superuser there, SET citus.enable_ddl_propagation = off and call invtrack.set_owner()'', %1$L)'
        ' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace'
        ' WHERE n.nspname = ''invtrack'' AND c.relname = ''merchant'' AND (pg_catalog.pg_get_userbyid(c.relowner) <> %1$L'
        ' OR NOT pg_catalog.has_schema_privilege(''invtrack_internal'', ''USAGE''))', owner));
    PERFORM invtrack_internal.run_on_nodes(format(
        'SELECT invtrack_internal.prepare_node(%L, (SELECT g.groupid FROM pg_catalog.pg_dist_local_group g), %L)'
        ' FROM pg_catalog.set_config(''citus.enable_ddl_propagation'', ''off'', true)',
        version,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('role', a.role, 'merchant', a.merchant, 'level', a.level)), '[]') FROM invtrack.access a)));
    PERFORM set_config('citus.enable_unsafe_triggers', 'on', true), set_config('citus.multi_shard_modify_mode', 'sequential', true),
            set_config('client_min_messages', 'warning', true);
    IF shards IS NOT NULL THEN
        PERFORM set_config('citus.shard_count', shards::text, true);
    END IF;
    FOREACH table_name IN ARRAY names LOOP
        IF table_name = 'tracker' THEN
            -- rows that are copied are no changes
            ALTER TABLE invtrack.tracker DISABLE TRIGGER tracker_record_change;
        END IF;
        outcome := 'unchanged';
        IF invtrack_internal.distribute_table(table_name) THEN
            outcome := 'distributed';
            made := made || table_name;
        END IF;
        IF table_name = 'tracker' THEN
            ALTER TABLE invtrack.tracker ENABLE TRIGGER tracker_record_change;
        END IF;
        RETURN NEXT;
    END LOOP;
    IF 'movement' = ANY (made) THEN
        ALTER TABLE invtrack.movement DISABLE TRIGGER movement_refuse_truncate;
    END IF;
    -- What the rows were copied from. Those of merchant stay: access_grant refers to them, which keeps dumps in order.
    FOREACH table_name IN ARRAY array_remove(made, 'merchant') LOOP
        EXECUTE 'SELECT pg_catalog.truncate_local_data_after_distributing_table($1)' USING ('invtrack.' || table_name)::regclass;
    END LOOP;
    IF 'movement' = ANY (made) THEN
        ALTER TABLE invtrack.movement ENABLE TRIGGER movement_refuse_truncate;
    END IF;
    PERFORM invtrack_internal.split_metrics();
END
$body$;
COMMENT ON FUNCTION invtrack.distribute(integer) IS
'Distributes the tables by merchant over the nodes of Citus, those that are not yet, and gives all nodes the same access; may be called again. Returns what became of each table';
