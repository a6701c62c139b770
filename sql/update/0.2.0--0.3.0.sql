
-- From 0.2.0: what is changed by hand. Functions and views, which follow, are replaced as a whole ----
--
-- No data is changed here: the owner's triggers would fire, and the script runs as superuser.

CREATE SCHEMA invtrack_internal;
COMMENT ON SCHEMA invtrack_internal IS 'What invtrack is made of; may change with each version';

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
