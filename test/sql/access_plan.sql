-- has_access() answers the same, planned or not, and what runs goes on as the role that it was planned for.
\pset format unaligned
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) SELECT 'm' || n FROM generate_series(1, 40) n;
INSERT INTO invtrack.product (merchant, sku) SELECT merchant, 's' FROM invtrack.merchant;
CREATE ROLE invtrack_test_one;
CREATE ROLE invtrack_test_few;
CREATE ROLE invtrack_test_many;
CREATE ROLE invtrack_test_all;
CREATE ROLE invtrack_test_none;
SELECT invtrack.grant_access('invtrack_test_one', 'm1');
SELECT count(invtrack.grant_access('invtrack_test_few', 'm' || n)) FROM generate_series(1, 16) n;
SELECT count(invtrack.grant_access('invtrack_test_many', 'm' || n)) FROM generate_series(1, 17) n;
SELECT invtrack.grant_access('invtrack_test_all', NULL), invtrack.grant_access('invtrack_test_none', 'm40'), invtrack.revoke_access('invtrack_test_none', 'm40');
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_none;
GRANT EXECUTE ON FUNCTION invtrack.has_access TO invtrack_test_none;
GRANT SELECT ON invtrack.product TO invtrack_test_none;

-- Codes that have access, that have none, that differ in case or have a space at the end, and null; as text, as other types,
-- and in collations that compare otherwise, or not at all.
CREATE COLLATION pg_temp.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN pg_temp.code AS text;
CREATE TEMP TABLE asked (n integer, plain text, c text COLLATE "C", ci text COLLATE pg_temp.ci, v varchar(9), code pg_temp.code, a text[], level text);
INSERT INTO asked SELECT n, m, m, m, m, m, ARRAY[m], 'read' FROM (VALUES (1, 'm1'), (2, 'M1'), (3, 'm1 '), (4, 'm40'), (5, 'é'), (6, NULL)) v (n, m);
ALTER TABLE asked ADD CONSTRAINT n_key PRIMARY KEY (n);
GRANT SELECT ON asked TO PUBLIC;
CREATE FUNCTION pg_temp.answers(as_role text, expression text, source text DEFAULT 'asked') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text;
BEGIN
    PERFORM set_config('role', as_role, true);
    EXECUTE format('SELECT string_agg(CASE %s WHEN true THEN ''t'' WHEN false THEN ''f'' ELSE ''?'' END, '' '' ORDER BY n) FROM %s', expression, source) INTO answers;
    PERFORM set_config('role', 'none', true);
    RETURN answers;
EXCEPTION WHEN others THEN
    RETURN concat(SQLSTATE, ': ', SQLERRM);
END
$$;
SELECT expression, pg_temp.answers('invtrack_test_one', expression) AS one, pg_temp.answers('invtrack_test_many', expression) AS many,
       pg_temp.answers('invtrack_test_all', expression) AS all, pg_temp.answers('invtrack_test_none', expression) AS none
  FROM (VALUES (1, 'invtrack.has_access(plain)'), (2, 'NOT invtrack.has_access(plain)'), (3, 'invtrack.has_access(plain || '''')'),
       (4, 'invtrack.has_access(c)'), (5, 'NOT invtrack.has_access(c)'), (6, 'invtrack.has_access(ci)'), (7, 'NOT invtrack.has_access(ci)'), (8, 'invtrack.has_access(ci || '''')'),
       (9, 'invtrack.has_access(v)'), (10, 'NOT invtrack.has_access(v::text)'), (11, 'NOT invtrack.has_access(code)'), (12, 'NOT invtrack.has_access(a[1])'),
       (13, 'invtrack.has_access(level => level, merchant => c)'), (14, 'NOT invtrack.has_access(c, level)'), (15, 'invtrack.has_access(c, ''manage'')'),
       (16, 'invtrack.has_access(NULL)'), (17, 'invtrack.has_access(NULL, level)'), (18, 'NOT invtrack.has_access(NULL)'), (19, 'invtrack.has_access(''m1'')'),
       (20, 'true = ANY (ARRAY[invtrack.has_access(c), invtrack.has_access(''m1 '')])'), (21, 'invtrack.has_access(c) IS NULL'),
       (22, 'coalesce(invtrack.has_access(ci), true)'), (23, 'invtrack.has_access((SELECT a.c FROM asked a WHERE a.n = asked.n))'),
       (24, 'invtrack.has_access(c, ''nothing'')'), (25, 'invtrack.has_access(c, NULL)')) v (n, expression)
 ORDER BY n;
-- a column without a collation of its own, and one that a join has made null
SELECT source, pg_temp.answers('invtrack_test_one', 'invtrack.has_access(u)', source) AS one, pg_temp.answers('invtrack_test_many', 'NOT invtrack.has_access(u)', source) AS many
  FROM (VALUES ('(SELECT n, CASE WHEN n < 9 THEN c ELSE ci END AS u FROM asked OFFSET 0) x'), ('(SELECT n, CASE WHEN n < 9 THEN c ELSE ci END AS u FROM asked) x'),
               ('(SELECT a.n, b.merchant AS u FROM asked a LEFT JOIN invtrack.product b ON b.merchant = a.c) x')) v (source);

-- In policies: the same rows with and without indexes, in parallel workers, and in generic plans.
CREATE FUNCTION pg_temp.seen(as_role text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    seen bigint;
BEGIN
    PERFORM set_config('role', as_role, true);
    SELECT count(*) INTO seen FROM invtrack.product;
    PERFORM set_config('role', 'none', true);
    RETURN seen;
END
$$;
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT as_role, pg_temp.seen('invtrack_test_' || as_role), pg_temp.seen('invtrack_test_' || as_role) AS again FROM unnest(ARRAY['one', 'few', 'many', 'all', 'none', 'many', 'few', 'one']) as_role;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ALTER TABLE invtrack.product SET (parallel_workers = 2);
SELECT as_role, pg_temp.seen('invtrack_test_' || as_role) FROM unnest(ARRAY['one', 'few', 'many', 'all', 'none']) as_role;
RESET plan_cache_mode;
SET LOCAL enable_seqscan = off;
SELECT as_role, pg_temp.seen('invtrack_test_' || as_role) FROM unnest(ARRAY['one', 'few', 'many', 'all', 'none']) as_role;
RESET enable_seqscan;
RESET min_parallel_table_scan_size;

-- A cursor goes on as the role that opened it, whoever the current role is then, and with the access that it was opened with.
CREATE FUNCTION pg_temp.go_on(opened_by text, fetched_by text, revoked boolean DEFAULT false, condition text DEFAULT 'true') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    rows refcursor := 'rows';
    n bigint := 0;
    merchant text;
BEGIN
    PERFORM set_config('role', opened_by, true);
    OPEN rows NO SCROLL FOR EXECUTE format('SELECT p.merchant FROM invtrack.product p WHERE %s', condition);
    PERFORM set_config('role', 'none', true);
    IF revoked THEN
        PERFORM invtrack.revoke_access(opened_by);
    END IF;
    PERFORM set_config('role', fetched_by, true);
    IF revoked THEN
        -- what is planned by now knows the news
        PERFORM FROM invtrack.product;
    END IF;
    LOOP
        FETCH rows INTO merchant;
        EXIT WHEN NOT FOUND;
        n := n + 1;
    END LOOP;
    CLOSE rows;
    PERFORM set_config('role', 'none', true);
    RETURN n;
END
$$;
SELECT opened_by, fetched_by, pg_temp.go_on('invtrack_test_' || opened_by, fetched_by) AS by_policy,
       pg_temp.go_on('invtrack_test_' || opened_by, fetched_by, condition => 'invtrack.has_access(p.merchant || '''')') AS by_call,
       pg_temp.go_on('invtrack_test_' || opened_by, fetched_by, condition => 'invtrack.has_access(p.merchant, lower(''READ''))') AS by_level
  FROM unnest(ARRAY['one', 'few', 'many', 'all']) opened_by, unnest(ARRAY['none', 'invtrack_test_none', 'invtrack_test_one', 'invtrack_test_many', 'invtrack_test_all']) fetched_by;
SAVEPOINT revoked;
SELECT opened_by, pg_temp.go_on('invtrack_test_' || opened_by, 'invtrack_test_one', true) AS rows FROM unnest(ARRAY['few', 'many', 'all']) opened_by;
SELECT as_role, pg_temp.answers('invtrack_test_' || as_role, 'invtrack.has_access(c)') FROM unnest(ARRAY['one']) as_role;
ROLLBACK TO revoked;

-- A role that may not execute what stands in plans is asked about as before, and nobody can ask about another role.
REVOKE EXECUTE ON FUNCTION invtrack_internal.has_access_as FROM invtrack_test_many;
SELECT pg_temp.seen('invtrack_test_many'), pg_temp.go_on('invtrack_test_many', 'invtrack_test_many');
SELECT public.error_of($$SELECT invtrack_internal.has_access_as('m1', 'read', 'invtrack_test_one')$$), public.error_of($$SELECT invtrack_internal.has_access_as('m1', 'read', 1)$$),
       public.error_of($$SELECT invtrack_internal.has_access_as('m1', 'read', NULL)$$), public.error_of($$SELECT 1::bigint::invtrack_internal.role_of_plan$$),
       public.error_of($$SELECT '1'::text::invtrack_internal.role_of_plan$$);
ROLLBACK;
-- EXPLAIN names the role.
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) SELECT 'm' || n FROM generate_series(1, 40) n;
CREATE ROLE invtrack_test_many;
SELECT count(invtrack.grant_access('invtrack_test_many', 'm' || n)) FROM generate_series(1, 17) n;
SELECT invtrack.grant_access('invtrack_test_many', 'm1', 'load');
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL ROLE invtrack_test_many;
EXPLAIN (COSTS OFF) SELECT FROM invtrack.product;
RESET ROLE;
ROLLBACK;
