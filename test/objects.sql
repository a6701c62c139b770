-- All that the extension consists of, a line each: what it is, its name, how it is defined, whose it
-- is, who may use it and what its comment says. Two databases with the same lines have the same.

WITH member AS (
    SELECT d.classid, d.objid
      FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'invtrack'
), relation AS (
    SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), line (kind, name, definition) AS (
    SELECT 'member', pg_describe_object(classid, objid, 0), obj_description(objid, classid::regclass::name) FROM member
    UNION ALL
    SELECT 'schema', n.nspname, concat_ws(' | ', n.nspowner::regrole, n.nspacl)
      FROM pg_namespace n WHERE n.nspname IN ('invtrack', 'invtrack_internal')
    UNION ALL
    SELECT 'relation', c.oid::regclass::text,
           concat_ws(' | ', c.relkind, c.relowner::regrole, c.relpersistence, c.reloptions, c.relrowsecurity,
                     c.relforcerowsecurity, c.relreplident, c.relacl, c.relispartition,
                     (SELECT t.reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid))
      FROM relation c
    UNION ALL
    SELECT 'column', format('%s %s %s', c.oid::regclass, to_char(a.attnum, '00'), a.attname),
           concat_ws(' | ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attstorage,
                     a.attcompression, a.attcollation::regcollation, a.attacl, (SELECT string_agg(o, ' ') FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg_attver=%'),
                     nullif(a.attstattarget, -1), a.attisdropped, a.attgenerated, pg_get_expr(f.adbin, f.adrelid),
                     col_description(c.oid, a.attnum))
      FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
    UNION ALL
    SELECT 'constraint', coalesce(n.conrelid::regclass::text, n.contypid::regtype::text) || ' ' || n.conname,
           pg_get_constraintdef(n.oid)
      FROM pg_constraint n WHERE n.connamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
    UNION ALL
    SELECT 'index', i.indexrelid::regclass::text,
           concat_ws(' | ', pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid, 'pg_class'))
      FROM pg_index i JOIN relation c ON c.oid = i.indrelid
    UNION ALL
    SELECT 'trigger', c.oid::regclass || ' ' || t.tgname,
           concat_ws(' | ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
      FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid) FROM relation c WHERE c.relkind = 'v'
    UNION ALL
    SELECT 'policy', p.polrelid::regclass || ' ' || p.polname,
           concat_ws(' | ', p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid),
                     pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
      FROM pg_policy p JOIN relation c ON c.oid = p.polrelid
    UNION ALL
    SELECT 'routine', p.oid::regprocedure::text,
           concat_ws(' | ', p.prokind, p.proowner::regrole, p.proacl, p.prosupport, p.procost, p.prorows,
                     CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
                     (SELECT to_jsonb(a) - 'aggfnoid' FROM pg_aggregate a WHERE a.aggfnoid = p.oid))
      FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    UNION ALL
    SELECT 'type', t.oid::regtype::text,
           concat_ws(' | ', t.typowner::regrole, t.typacl, t.typtype, t.typlen, t.typalign, t.typstorage,
                     t.typinput, t.typoutput, t.typreceive, t.typsend, t.typbasetype::regtype,
                     t.typcategory, t.typispreferred, t.typdelim, t.typbyval, t.typnotnull, t.typdefault,
                     t.typmodin, t.typmodout, t.typanalyze, t.typcollation::regcollation)
      FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
    UNION ALL
    SELECT 'operator', o.oid::regoperator::text,
           concat_ws(' | ', o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin,
                     o.oprcanmerge, o.oprcanhash)
      FROM pg_operator o JOIN member m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
    UNION ALL
    SELECT 'cast', format('%s as %s', c.castsource::regtype, c.casttarget::regtype),
           concat_ws(' | ', c.castfunc::regprocedure, c.castcontext, c.castmethod)
      FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
    UNION ALL
    SELECT 'operator class', format('%s %s', o.opcname, a.amname),
           concat_ws(' | ', o.opcintype::regtype, o.opcdefault, o.opckeytype::regtype,
                     (SELECT string_agg(format('%s %s', p.amopstrategy, p.amopopr::regoperator), ', ' ORDER BY p.amopstrategy)
                        FROM pg_amop p WHERE p.amopfamily = o.opcfamily),
                     (SELECT string_agg(format('%s %s', p.amprocnum, p.amproc::regprocedure), ', ' ORDER BY p.amprocnum)
                        FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily))
      FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod
      JOIN member m ON m.classid = 'pg_opclass'::regclass AND m.objid = o.oid
    UNION ALL
    SELECT 'sequence', s.seqrelid::regclass::text,
           concat_ws(' | ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                     c.relowner::regrole, c.relacl)
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
    UNION ALL
    SELECT 'rule', r.ev_class::regclass || ' ' || r.rulename, pg_get_ruledef(r.oid)
      FROM pg_rewrite r JOIN relation c ON c.oid = r.ev_class
    UNION ALL
    SELECT 'statistics', s.stxname, concat_ws(' | ', pg_get_statisticsobjdef(s.oid), s.stxowner::regrole)
      FROM pg_statistic_ext s WHERE s.stxnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace)
    UNION ALL
    SELECT 'dumped', t.config::regclass::text, t.condition
      FROM pg_extension e, unnest(e.extconfig, e.extcondition) t (config, condition) WHERE e.extname = 'invtrack'
    UNION ALL
    SELECT 'first privileges', pg_describe_object(i.classoid, i.objoid, i.objsubid), i.initprivs::text
      FROM pg_init_privs i JOIN member m ON m.classid = i.classoid AND m.objid = i.objoid
)
SELECT kind || ': ' || name || ': ' || coalesce(definition, '') FROM line ORDER BY 1;
