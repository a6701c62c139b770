-- Access: PUBLIC has nothing, a role has what it is granted, the owner owns all, everything is commented
-- and dumped, and nobody's search_path changes what a call means.
SET datestyle = 'ISO';
\pset format unaligned

-- A trusted extension: a database's owner, no superuser, creates and owns it. The rest of this file
-- is about this one (and about nothing of it once it is rolled back).
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE ROLE invtrack_test_owner;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO invtrack_test_owner', current_database()); END$$;
DROP EXTENSION invtrack;
DROP SCHEMA IF EXISTS invtrack;
SET LOCAL ROLE invtrack_test_owner;
CREATE EXTENSION invtrack;
RESET ROLE;

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'invtrack';

-- Objects by kind, and those that are not whose they should be: there must be none. Tables, views and the schema
-- invtrack are the owner's; functions, types and the schema invtrack_internal stay with the bootstrap superuser.
CREATE TEMP VIEW owned AS
SELECT 'schema' AS kind, nspname::text AS name, nspowner AS owner FROM pg_namespace WHERE nspname IN ('invtrack', 'invtrack_internal')
UNION ALL SELECT 'extension', extname, extowner FROM pg_extension WHERE extname = 'invtrack'
UNION ALL SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'row type' END,
                 relname, relowner FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
UNION ALL SELECT 'function', oid::regprocedure::text, proowner FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
UNION ALL SELECT 'type', typname, typowner FROM pg_type t WHERE typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
  AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid IN (t.typrelid, (SELECT e.typrelid FROM pg_type e WHERE e.oid = t.typelem)) AND c.relkind <> 'c');
SELECT kind, count(*) > 0 AS some, string_agg(name, ' ' ORDER BY name COLLATE "C")
                FILTER (WHERE owner <> CASE WHEN kind IN ('function', 'type') OR name IN ('invtrack_internal', 'found_product')
                                                            THEN 10 ELSE 'invtrack_test_owner'::regrole END) AS of_others
  FROM owned GROUP BY kind ORDER BY kind COLLATE "C";

-- What PUBLIC may do, by grant or by default: nothing.
CREATE TEMP VIEW granted AS
SELECT 'schema' AS kind, nspname::text AS name, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace WHERE nspname IN ('invtrack', 'invtrack_internal')
UNION ALL SELECT 'relation', relname, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
            FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v', 'S', 'm', 'p', 'f')
UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
UNION ALL SELECT 'function', oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
            FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
UNION ALL SELECT 'type', t.oid::regtype::text, coalesce(typacl, acldefault('T', typowner))
            FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
           WHERE typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND typelem = 0 AND coalesce(relkind, 'c') = 'c';
SELECT kind, count(*) > 0 AS some,
       string_agg(name || ' ' || privileges, ', ' ORDER BY name COLLATE "C") FILTER (WHERE privileges IS NOT NULL) AS public_has
  FROM granted, LATERAL (SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type COLLATE "C") AS privileges
                           FROM aclexplode(acl) WHERE grantee = 0) p
 GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*) AS default_privileges FROM pg_default_acl WHERE defaclnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace);

-- Tables, columns, views, functions, aggregates, types, operators, triggers and indexes of their own that
-- have no comment: there must be none.
SELECT kind, count(*) > 0 AS some, string_agg(name, ', ' ORDER BY name COLLATE "C") FILTER (WHERE comment IS NULL) AS without
  FROM (SELECT CASE relkind WHEN 'r' THEN 'table' ELSE 'view' END AS kind, relname::text AS name, obj_description(oid, 'pg_class') AS comment
          FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v')
        UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, col_description(attrelid, attnum)
          FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
         WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT CASE prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END, oid::regprocedure::text, obj_description(oid, 'pg_proc')
          FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
        UNION ALL SELECT CASE typtype WHEN 'd' THEN 'domain' ELSE 'type' END, t.oid::regtype::text, obj_description(t.oid, 'pg_type')
          FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
         WHERE typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND typelem = 0 AND coalesce(relkind, 'c') = 'c'
        UNION ALL SELECT 'operator', oid::regoperator::text, obj_description(oid, 'pg_operator')
          FROM pg_operator WHERE oprnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
        UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, obj_description(t.oid, 'pg_trigger')
          FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND NOT tgisinternal
        UNION ALL SELECT 'index', indexrelid::regclass::text, obj_description(indexrelid, 'pg_class')
          FROM pg_index JOIN pg_class c ON c.oid = indrelid
         WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)) o
 GROUP BY kind ORDER BY kind COLLATE "C";

-- All tables and sequences are dumped with their rows.
SELECT count(*) > 0 AS some, string_agg(relname, ' ' ORDER BY relname COLLATE "C") FILTER (WHERE c.oid <> ALL (extconfig)) AS not_dumped,
       string_agg(relname, ' ') FILTER (WHERE extcondition[array_position(extconfig, c.oid)] <> '') AS not_all_rows
  FROM pg_class c, pg_extension WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'S') AND relpersistence = 'p' AND extname = 'invtrack';

-- Functions that run as somebody else: none.
SELECT count(*) AS security_definer FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND prosecdef;
SELECT string_agg(relname, ' ' ORDER BY relname COLLATE "C") AS not_as_invoker
  FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'v'
   AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'] OR reloptions @> ARRAY['security_invoker=on'], false);

-- Some data, which the owner writes.
SET LOCAL ROLE invtrack_test_owner;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('m');
INSERT INTO invtrack.product (merchant, sku, name, launched_on) VALUES ('m', 's', 'Green tea', '2026-03-01'), ('m', 'z', 'No tracker', NULL);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 's', 'good', 9);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', 1, 's', 'good', 'sale', '2026-03-09', 5), ('m', 2, 's', 'good', 'shipment', '2026-03-09', 4), ('m', 3, 'u', 'good', 'sale', '2026-03-09', 5);
SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 10), invtrack.save_tracker('m', 's', 'good', 'turnover_days', NULL, 30, 7),
       invtrack.save_tracker('m', 's', 'good', 'stalled_days', 5, 10);
RESET ROLE;

-- A role without rights: nothing, first for the schema ...
CREATE ROLE invtrack_test_nobody;
SET LOCAL ROLE invtrack_test_nobody;
SELECT statement, public.error_of(statement) FROM (VALUES (1, 'SELECT * FROM invtrack.health'), (2, $$SELECT invtrack.today('m')$$),
       (3, $$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 10)$$)) v (n, statement) ORDER BY n;
RESET ROLE;
-- ... then for each object in it. What does not fail with 42501:
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_nobody;
CREATE TEMP TABLE attempt AS
SELECT 'table' AS kind, format(command, oid::regclass, (SELECT attname FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum = 1)) AS statement
  FROM pg_class, unnest(ARRAY['SELECT FROM %s', 'INSERT INTO %s DEFAULT VALUES', 'DELETE FROM %s', 'TRUNCATE %s CASCADE',
                              'LOCK %s IN ACCESS SHARE MODE', 'UPDATE %1$s SET %2$I = %2$I']) command
 WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'r'
UNION ALL
SELECT 'view', format('SELECT FROM %s', oid::regclass) FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'v'
UNION ALL
SELECT 'sequence', format('SELECT nextval(%L)', oid::regclass) FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'S'
UNION ALL
SELECT 'function', format('%s %s(%s)', CASE prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, oid::regproc, (SELECT string_agg(format(CASE prokind WHEN 'p' THEN 'NULL::%s' ELSE '(SELECT NULL::%s)' END, type::regtype), ', ') FROM unnest(proargtypes) type))
  FROM pg_proc WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
   AND NOT proargtypes::oid[] && ARRAY['internal'::regtype::oid] AND prorettype <> 'trigger'::regtype
UNION ALL
SELECT 'type', format('CREATE TEMP TABLE t (c %s)', t.oid::regtype)
  FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
 WHERE typnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND typelem = 0 AND coalesce(relkind, 'c') = 'c';
GRANT SELECT ON attempt TO invtrack_test_nobody;
SET LOCAL ROLE invtrack_test_nobody;
SELECT kind, count(*) > 0 AS some, string_agg(statement || ' ' || coalesce(error, 'works'), E'\n' ORDER BY statement COLLATE "C")
                FILTER (WHERE error IS NULL OR error NOT LIKE '42501: permission denied for %') AS not_refused
  FROM (SELECT kind, statement, public.error_of(statement) AS error FROM attempt) a GROUP BY kind ORDER BY kind COLLATE "C";
SELECT string_agg(oid::regprocedure::text, ' ') AS executable FROM pg_proc
 WHERE pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND has_function_privilege(oid, 'EXECUTE');
SELECT public.error_of($$SELECT * FROM invtrack.tracker_health('m')$$);
RESET ROLE;

-- Rights on the view alone are not enough: it reads as who asks.
GRANT SELECT ON invtrack.health, invtrack.stock TO invtrack_test_nobody;
SET LOCAL ROLE invtrack_test_nobody;
SELECT left(public.error_of('SELECT * FROM invtrack.health'), 5) AS health, left(public.error_of('SELECT * FROM invtrack.stock'), 5) AS stock;
RESET ROLE;

-- A role that may read everything reads everything, and changes nothing. The owner grants, who is no superuser.
CREATE ROLE invtrack_test_reader;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_reader', NULL);
SET LOCAL ROLE invtrack_test_reader;
SELECT mechanism, current_stock, threshold, health, status FROM invtrack.health ORDER BY mechanism;
SELECT (SELECT count(*) FROM invtrack.tracker_health()) AS health, (SELECT count(*) FROM invtrack.tracker_health_of('m', '{s}')) AS of,
       (SELECT current_stock FROM invtrack.preview_health('m', 'z', 'good', 'stock_quantity', 10)) AS preview,
       (SELECT sku FROM invtrack.find_products('m', 'TEA')) AS found, invtrack.today('m') IS NOT NULL AS today,
       (SELECT on_hand FROM invtrack.stock) AS stock, (SELECT sku FROM invtrack.unknown_items) AS unknown;
SELECT statement, public.error_of(statement) FROM (VALUES
    (1, $$SELECT invtrack.save_tracker('m', 'z', 'good', 'stock_quantity', 10)$$),
    (2, $$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 11)$$),
    (3, $$SELECT invtrack.delete_tracker('m', 's', 'good', 'stock_quantity')$$),
    (4, $$SELECT invtrack.reverse_movement('m', 1)$$),
    (5, $$UPDATE invtrack.product SET name = 'x'$$),
    (6, $$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) VALUES ('m', 's', 'good', 'sale', '2026-03-09', 5)$$),
    (7, $$DELETE FROM invtrack.stock_lot$$), (8, $$TRUNCATE invtrack.tracker$$)) v (n, statement) ORDER BY n;
RESET ROLE;
SELECT count(*) AS trackers, sum(quantity) AS unchanged FROM invtrack.tracker;
SET LOCAL ROLE invtrack_test_owner;
SELECT invtrack.grant_access('invtrack_test_reader', 'm', 'manage');
SET LOCAL ROLE invtrack_test_reader;
SELECT invtrack.save_tracker('m', 'z', 'good', 'stock_quantity', 10), invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 11),
       invtrack.delete_tracker('m', 's', 'good', 'stalled_days');
RESET ROLE;
ROLLBACK;

-- Names that come earlier in search_path, pg_catalog's own among them, change nothing. Every call and
-- every write gives with them what it gives without.
BEGIN;
SET LOCAL invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant, time_zone) VALUES ('m', 'Europe/Berlin');
INSERT INTO invtrack.product (merchant, sku, name, launched_on) VALUES ('m', 's', 'Green tea', '2026-03-01'), ('m', 'z', 'No tracker', NULL);
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, expires_on, quantity) VALUES ('m', 's', 'good', '2026-06-01', 9);
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', -1, 's', 'good', 'sale', '2026-03-09', 5), ('m', -2, 's', 'good', 'shipment', '2026-03-09', 4);
SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 10, expiry_days => 14), invtrack.save_tracker('m', 's', 'good', 'turnover_days', NULL, 30, 7),
       invtrack.save_tracker('m', 's', 'good', 'stalled_days', 5, 10);

-- Of three alerts the next check closes one and withdraws another.
SELECT count(*) FROM invtrack.check_trackers();
UPDATE invtrack.stock_lot SET quantity = 10;
DELETE FROM invtrack.tracker WHERE mechanism = 'stalled_days';
SELECT count(*) FROM invtrack.take_alert_events('before');

CREATE ROLE invtrack_test_grantee;
CREATE ROLE invtrack_test_granted;
SELECT invtrack.grant_access('invtrack_test_granted', 'm');

-- What a call answers; what it does is taken back. Nothing in here has a name that could be another's.
CREATE FUNCTION pg_temp.answer(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer pg_catalog.text;
BEGIN
    EXECUTE call INTO answer;
    RAISE EXCEPTION SQLSTATE 'ZZ999';
EXCEPTION
    WHEN SQLSTATE 'ZZ999' THEN
        RETURN answer;
    WHEN others THEN
        RETURN pg_catalog.concat(SQLSTATE, ': ', SQLERRM);
END
$$;
CREATE TEMP TABLE answer (n integer, call text, without text, with_evil text);
INSERT INTO answer VALUES
    (1, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.health h$$),
    (2, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.tracker_health() h$$),
    (3, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.tracker_health('m') h$$),
    (4, $$SELECT h::pg_catalog.text FROM invtrack.tracker_health('m', 's', 'good', 'stock_quantity', '2026-05-19') h$$),
    (5, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.tracker_health_of('m', '{s,z}') h$$),
    (6, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.tracker_health_of(NULL, '{s,s,NULL}') h$$),
    (7, $$SELECT h::pg_catalog.text FROM invtrack.preview_health('m', 's', 'good', 'stock_quantity', 4, expiry_days => 3) h$$),
    (8, $$SELECT h::pg_catalog.text FROM invtrack.preview_health('m', 's', 'good', 'turnover_days', NULL, 10, 10, 3) h$$),
    (9, $$SELECT h::pg_catalog.text FROM invtrack.preview_health('m', 's', 'good', 'stalled_days', 4, 10) h$$),
    (10, $$SELECT pg_catalog.string_agg(f::pg_catalog.text, ' ') FROM invtrack.find_products('m', 'eA gree') f$$),
    (11, $$SELECT pg_catalog.string_agg(f::pg_catalog.text, ' ') FROM invtrack.find_products('m', '') f$$),
    (12, $$SELECT pg_catalog.string_agg(f::pg_catalog.text, ' ') FROM invtrack.find_products('m', 'S', 5) f$$),
    (13, $$SELECT (invtrack.today('m') IS NOT NULL)::pg_catalog.text$$),
    (14, $$SELECT invtrack_internal.as_of('UTC')::pg_catalog.text$$),
    (15, $$SELECT invtrack.save_tracker('m', 'z', 'good', 'stock_quantity', 10)$$),
    (16, $$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 11)$$),
    (17, $$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 10.0, expiry_days => 14)$$),
    (18, $$SELECT invtrack.delete_tracker('m', 's', 'good', 'stock_quantity')$$),
    (19, $$SELECT (invtrack.reverse_movement('m', -1) IS NOT NULL)::pg_catalog.text$$),
    (20, $$SELECT s::pg_catalog.text FROM invtrack.stock s$$),
    (21, $$SELECT u::pg_catalog.text FROM invtrack.unknown_items u$$),
    (30, $$INSERT INTO invtrack.merchant (merchant, time_zone) VALUES ('n', 'Asia/Tokyo') RETURNING time_zone$$),
    (31, $$INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m', 'new', 'New') RETURNING name$$),
    (32, $$INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'z', 'good', 1.5) RETURNING lot$$),
    (33, $$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref) VALUES ('m', 'z', 'good', 'sale', '2026-03-10', 1.5, 'r') RETURNING quantity$$),
    (34, $$INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m', 'z', 'good', 'stock_quantity', 1.5) RETURNING quantity$$),
    (35, $$WITH u AS (UPDATE invtrack.tracker SET expiry_days = NULL, mechanism = mechanism RETURNING mechanism) SELECT pg_catalog.string_agg(mechanism, ' ' ORDER BY mechanism) FROM u$$),
    (36, $$UPDATE invtrack.merchant SET time_zone = 'UTC' RETURNING time_zone$$),
    (40, $$SELECT invtrack.save_tracker('m', 'x', 'good', 'stock_quantity', 10)$$),
    (41, $$SELECT invtrack.save_tracker('m', 's', 'good', 'stock_quantity', 0)$$),
    (42, $$SELECT invtrack.delete_tracker('m', 'z', 'good', 'stock_quantity')$$),
    (43, $$SELECT invtrack.today('x')$$),
    (44, $$UPDATE invtrack.inventory_type SET inventory_type = 'q' RETURNING name$$),
    (45, $$UPDATE invtrack.merchant SET time_zone = 'Europe/Atlantis' RETURNING time_zone$$),
    (46, $$INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m', 'z', 'good', 'stock_quantity', 0) RETURNING quantity$$),
    (47, $$INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 'z', 'good', 1.0000005) RETURNING lot$$),
    (48, $$DELETE FROM invtrack.movement RETURNING ref$$),
    (49, $$DELETE FROM invtrack.product RETURNING sku$$),
    (50, $$SELECT invtrack.day_series_agg(v.d, v.q)::pg_catalog.text FROM (VALUES ('2026-03-10'::pg_catalog.date, 1.5), ('2026-03-10', 2), ('infinity', 7)) v (d, q)$$),
    (51, $$SELECT invtrack.range_sum('{2026-03-10:1.5,2026-03-11:2}', '2026-03-10', 'infinity')::pg_catalog.text$$),
    (52, $$SELECT ('{2026-03-10:1.5}'::invtrack.day_series OPERATOR(invtrack.+) '{2026-03-10:2}')::pg_catalog.text$$),
    (53, $$SELECT pg_catalog.string_agg(u::pg_catalog.text, ' ') FROM invtrack.unnest('{2026-03-10:1.5,2026-03-11:2}') u$$),
    (60, $$SELECT invtrack.grant_access('invtrack_test_grantee', 'm', 'manage')$$),
    (61, $$SELECT invtrack.grant_access('invtrack_test_granted', 'm', 'load')$$),
    (62, $$SELECT invtrack.revoke_access('invtrack_test_granted', 'm')::pg_catalog.text$$),
    (63, $$SELECT invtrack.revoke_access('invtrack_test_granted')::pg_catalog.text$$),
    (64, $$SELECT invtrack.refresh_access()::pg_catalog.text$$),
    (65, $$SELECT invtrack.has_access('m')::pg_catalog.text$$),
    (66, $$SELECT pg_catalog.concat(a.role, a.level) FROM invtrack.access a$$),
    (67, $$INSERT INTO invtrack.access_grant (role, level) VALUES ('invtrack_test_grantee', 'read') RETURNING role$$),
    (70, $$SELECT pg_catalog.string_agg(pg_catalog.concat(e.transition, ' ', e.mechanism), ', ' ORDER BY e.event_id) FROM invtrack.check_trackers() e$$),
    (71, $$SELECT pg_catalog.string_agg(pg_catalog.concat(e.transition, ' ', e.mechanism), ', ' ORDER BY e.event_id) FROM invtrack.check_trackers('m') e$$),
    (72, $$SELECT pg_catalog.string_agg(e.transition, ' ' ORDER BY e.event_id) FROM invtrack.take_alert_events('consumer') e$$),
    (73, $$SELECT invtrack.confirm_alert_events('before', 'm', 2)$$),
    (74, $$SELECT invtrack.acknowledge_alert('m', 's', 'good', 'stock_quantity', 'note')$$),
    (75, $$SELECT invtrack.snooze_alert('m', 's', 'good', 'stock_quantity', 'infinity')$$),
    (76, $$SELECT invtrack.fold()$$),
    (77, $$SELECT invtrack.fold('m')$$),
    (78, $$SELECT invtrack.purge_movements(NULL, 0)$$),
    (79, $$SELECT invtrack.purge_alerts(NULL, 0)$$),
    (80, $$SELECT pg_catalog.count(*) FROM invtrack.verify(NULL, true)$$),
    (81, $$SELECT invtrack.delete_merchant('m')$$),
    (82, $$SELECT pg_catalog.string_agg(h::pg_catalog.text, ' ' ORDER BY h.mechanism) FROM invtrack.health_daily h$$),
    (83, $$SELECT pg_catalog.string_agg(f::pg_catalog.text, ' ' ORDER BY f.flow) FROM invtrack.flow_daily f$$),
    (84, $$SELECT (pg_catalog.max(m.value) IS NOT NULL)::pg_catalog.text FROM invtrack.metrics m$$);
UPDATE answer SET without = pg_temp.answer(call);

CREATE SCHEMA evil;
DO $do$
DECLARE
    o record;
    n integer := 0;
BEGIN
    -- operators of base types
    FOR o IN SELECT oprname, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result FROM pg_operator
              WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b'
                AND oprname IN ('=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '/', '||', '~~', '!~~', '^@', '@>')
                AND oprleft = ANY (ARRAY['text', 'numeric', 'integer', 'bigint', 'date', 'boolean', 'text[]', 'timestamptz']::regtype[])
                AND oprright = ANY (ARRAY['text', 'numeric', 'integer', 'bigint', 'date', 'boolean', 'text[]', 'timestamptz']::regtype[]) LOOP
        n := n + 1;
        EXECUTE format('CREATE FUNCTION evil.o%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$BEGIN RAISE %L; END$f$',
                       n, o.l, o.r, o.result, 'evil was called: ' || o.oprname);
        EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.o%s)', o.oprname, o.l, o.r, n);
    END LOOP;
    -- the functions of the extension, and some of pg_catalog that such texts name
    FOR o IN SELECT proname, (SELECT coalesce(string_agg(format_type(t, NULL), ', '), '') FROM unnest(proargtypes) t) AS arguments
               FROM pg_proc
              WHERE prokind IN ('f', 'a') AND NOT proargtypes::oid[] && ARRAY['internal'::regtype::oid, 'cstring'::regtype::oid]
                AND prorettype <> 'trigger'::regtype
                AND (pronamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
                     OR pronamespace = 'pg_catalog'::regnamespace
                        AND proname IN ('now', 'round', 'unnest', 'count', 'sum', 'upper', 'lower', 'octet_length',
                                        'statement_timestamp', 'abs', 'like', 'text', 'date', 'numeric')) LOOP
        n := n + 1;
        EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS integer LANGUAGE plpgsql AS $f$BEGIN RAISE %L; END$f$',
                       o.proname, replace(o.arguments, '"any"', 'anyelement'), 'evil was called: ' || o.proname);
    END LOOP;
    -- the tables and views of the extension, with no column of theirs, and a catalogue
    FOR o IN SELECT relname FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind IN ('r', 'v')
             UNION ALL SELECT 'pg_class' UNION ALL SELECT 'pg_type' LOOP
        n := n + 1;
        EXECUTE format('CREATE TABLE evil.%I ()', o.relname);
    END LOOP;
    -- types
    FOR o IN SELECT unnest(ARRAY['quantity', 'day_series', 'text', 'numeric', 'date', 'int4', 'int8', 'bool', 'timestamptz']) AS name LOOP
        n := n + 1;
        EXECUTE format('CREATE DOMAIN evil.%I AS pg_catalog.bytea CHECK (false)', o.name);
    END LOOP;
    IF n < 150 THEN
        RAISE 'only % evil objects', n;
    END IF;
END
$do$;
CREATE COLLATION evil."C" FROM pg_catalog."POSIX";
CREATE SEQUENCE evil.movement_movement_id_seq;
SET LOCAL search_path = evil, pg_catalog;
UPDATE pg_temp.answer SET with_evil = pg_temp.answer(call);
-- it is evil indeed
SELECT call, pg_temp.answer(call) FROM (VALUES ('SELECT ''a''::pg_catalog.text = ''a''::pg_catalog.text'), ('SELECT merchant FROM tracker'),
       ('SELECT upper(''a''::pg_catalog.text)'), ('SELECT ''x''::text'), ('SELECT today(''m''::pg_catalog.text)')) v (call);
RESET search_path;
-- what differs: nothing
SELECT call, without, with_evil FROM answer WHERE without IS DISTINCT FROM with_evil ORDER BY n;
-- the answers (without their times)
SELECT n, left(split_part(without, E'\n', 1), 75) AS answer FROM answer ORDER BY n;
-- Whoever may execute a trigger function can attach it to a table of their own: an error, not a crash.
CREATE TEMP TABLE own_table (a json, merchant text, time_zone text, quantity integer, lookback_days integer,
                             coverage_days integer, expiry_days integer, updated_at text);
INSERT INTO own_table VALUES ('1', 'm', 'UTC', 1, 1, 1, 1, 'x');
CREATE FUNCTION pg_temp.misuse(trigger text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    error text;
BEGIN
    EXECUTE 'CREATE TRIGGER misuse ' || trigger;
    error := left(public.error_of(statement), 5);
    DROP TRIGGER misuse ON own_table;
    RETURN error;
END
$$;
SELECT event, function, pg_temp.misuse(format('%s ON own_table FOR EACH %s EXECUTE FUNCTION invtrack_internal.%s', event, level, function), statement) AS sqlstate
  FROM (VALUES
    (1, 'BEFORE UPDATE', 'ROW', $$refuse_change('h', 'a')$$, 'UPDATE own_table SET quantity = 2'),
    (2, 'BEFORE UPDATE', 'ROW', $$refuse_change('h', 'no_such_column')$$, 'UPDATE own_table SET quantity = 2'),
    (3, 'AFTER UPDATE', 'ROW', $$refuse_change('h', 'quantity')$$, 'UPDATE own_table SET quantity = 2'),
    (4, 'BEFORE INSERT', 'STATEMENT', 'check_time_zone()', 'INSERT INTO own_table DEFAULT VALUES'),
    (5, 'BEFORE UPDATE', 'ROW', 'set_updated_at()', 'UPDATE own_table SET quantity = 2'),
    (6, 'BEFORE DELETE', 'ROW', 'refuse_removal()', 'DELETE FROM own_table'),
    (7, 'BEFORE UPDATE', 'ROW', 'access_changes()', 'UPDATE own_table SET quantity = 2'),
    (8, 'AFTER UPDATE', 'STATEMENT', 'access_changes()', 'UPDATE own_table SET quantity = 2')) v (n, event, level, function, statement)
 ORDER BY n;
SELECT left(public.error_of('SELECT invtrack_internal.refuse_change()'), 5) AS no_trigger;

-- The owner may put other tables, views and types in the place of ours: an error, not a crash.
INSERT INTO invtrack.merchant (merchant) VALUES ('replaced');
INSERT INTO invtrack.inventory_type VALUES ('replaced', 'good');
INSERT INTO invtrack.product VALUES ('replaced', 'sku', 'name');
SELECT invtrack.save_tracker('replaced', 'sku', 'good', 'stock_quantity', 5);
SAVEPOINT whole;
ALTER TABLE invtrack.merchant RENAME TO merchant_before;
CREATE TABLE invtrack.merchant (merchant text, time_zone bigint);
INSERT INTO invtrack.merchant VALUES ('replaced', 4096);
SELECT left(public.error_of($$SELECT invtrack.today('replaced')$$), 5) AS today;
ROLLBACK TO whole;
ALTER TYPE invtrack.found_product ALTER ATTRIBUTE launched_on TYPE text;
SELECT left(public.error_of($$SELECT * FROM invtrack.find_products('replaced', 'name')$$), 5) AS find_products;
ROLLBACK TO whole;
CREATE OR REPLACE VIEW invtrack.health AS
SELECT h.*, 'a' AS e1, 'b' AS e2 FROM (SELECT * FROM invtrack.tracker_health('replaced')) h;
SELECT left(public.error_of('SELECT e1 FROM invtrack.tracker_health()'), 5) AS tracker_health;
ROLLBACK TO whole;

-- A role that may look for merchants, but not read products, learns nothing about these.
CREATE ROLE regress_no_products;
GRANT USAGE ON SCHEMA invtrack TO regress_no_products;
GRANT SELECT ON invtrack.merchant TO regress_no_products;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA invtrack TO regress_no_products;
INSERT INTO invtrack.access_grant (role, level) VALUES ('regress_no_products', 'read');
SET ROLE regress_no_products;
SELECT keyword, left(public.error_of(format($$SELECT * FROM invtrack.find_products('replaced', %L)$$, keyword)), 5)
  FROM unnest(ARRAY['name', 'nonesuch']) keyword;
RESET ROLE;
ROLLBACK;
