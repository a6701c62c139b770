
-- Locks ------------------------------------------------------------------------------------------------
--
-- The update changes tables and views that applications use, in any order, and hold until their transactions
-- end. So it takes all of them first, and no application transaction may become the victim of a deadlock for that:
-- * It waits in a queue only while it holds nothing, or if nobody's deadlock check is due meanwhile. Each waiter
--   checks once, deadlock_timeout after it has begun to wait, and whoever begins now checks after we are done.
-- * If it does not have all after a moment, well below deadlock_timeout, it gives all back, waits, and begins anew
--   with what was missing.
-- * It bothers nobody while an older transaction holds something, as a report or pg_dump does, except every
--   two seconds, in case all transactions are old. Autovacuum gives way, as to other locks.
-- lock_timeout, or a minute, bounds it all. When it has all, it waits for nothing any more.
DO $$
DECLARE
    given constant text := current_setting('lock_timeout');
    patience constant interval := coalesce((SELECT nullif(s.setting, '0')::bigint FROM pg_settings s WHERE s.name = 'lock_timeout'), 60000) * interval '1 ms';
    check_after constant interval := (SELECT s.setting::bigint FROM pg_settings s WHERE s.name = 'deadlock_timeout') * interval '1 ms';
    slice constant interval := check_after / 100;
    hold constant interval := check_after / 4;
    give_up constant timestamptz := clock_timestamp() + patience;
    hold_until timestamptz;
    quiet_until timestamptz;
    next_try timestamptz;
    began timestamptz;
    relations oid[];
    wanted oid;
    missing oid;
    blocked_by text;
BEGIN
    -- Views first, and those before others that they read, so that whoever comes by them waits with empty hands.
    SELECT array_agg(c.oid ORDER BY c.relkind DESC, c.oid DESC) INTO relations
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'invtrack'
      JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p', 'v')
     WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'e';
    LOOP
        next_try := clock_timestamp() + interval '2 s';
        LOOP
            PERFORM pg_stat_clear_snapshot();
            SELECT string_agg(format('%s holds a lock on %s, in a transaction since %s.',
                                     coalesce(format('Process %s (%s)', l.pid, coalesce(nullif(a.application_name, ''), a.backend_type)),
                                              'A prepared transaction'),
                                     l.relation::regclass, coalesce(a.xact_start::text, 'before')), E'\n'),
                   bool_or(pg_cancel_backend(l.pid)) FILTER (
                       WHERE a.backend_type = 'autovacuum worker' AND strpos(a.query, 'to prevent wraparound') = 0)
              INTO blocked_by
              FROM (SELECT DISTINCT ON (l.pid) l.pid, l.relation FROM pg_locks l
                     WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY (relations)
                       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                       AND l.pid IS DISTINCT FROM pg_backend_pid()
                     ORDER BY l.pid, l.relation) l
              LEFT JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE a.xact_start IS NULL OR a.xact_start < clock_timestamp() - check_after / 5
                OR EXISTS (SELECT FROM pg_locks w WHERE w.pid = l.pid AND NOT w.granted);
            EXIT WHEN blocked_by IS NULL OR clock_timestamp() > least(next_try, give_up);
            PERFORM pg_sleep(0.02);
        END LOOP;
        began := clock_timestamp();
        BEGIN
            PERFORM set_config('lock_timeout', ceil(extract(epoch FROM hold * random()) * 1000 + 1)::text, true);
            hold_until := NULL;
            quiet_until := NULL;
            FOREACH wanted IN ARRAY relations LOOP
                LOOP
                    BEGIN
                        IF clock_timestamp() + slice > quiet_until THEN
                            SELECT least(min(l.waitstart) + check_after, clock_timestamp() + check_after) - slice INTO quiet_until
                              FROM pg_locks l WHERE l.waitstart > clock_timestamp() - check_after * 1.5;
                            IF clock_timestamp() + slice > quiet_until THEN
                                PERFORM pg_sleep(0.005);
                                RAISE lock_not_available;
                            END IF;
                        END IF;
                        -- LOCK would go on from a view to the tables below, also to those of the catalogue. This locks it and
                        -- changes nothing: none has that option.
                        EXECUTE (SELECT format(CASE c.relkind WHEN 'v' THEN 'ALTER VIEW %s RESET (check_option)'
                                                              ELSE 'LOCK TABLE %s IN ACCESS EXCLUSIVE MODE' END, c.oid::regclass)
                                   FROM pg_class c WHERE c.oid = wanted);
                        EXIT;
                    EXCEPTION WHEN lock_not_available THEN
                        IF hold_until IS NULL OR clock_timestamp() > hold_until
                           OR EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted AND l.relation = wanted
                                         AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))) THEN
                            missing := wanted;
                            RAISE;
                        END IF;
                    END;
                END LOOP;
                IF hold_until IS NULL THEN
                    hold_until := clock_timestamp() + hold;
                    quiet_until := clock_timestamp();
                    PERFORM set_config('lock_timeout', ceil(extract(epoch FROM slice) * 1000)::text, true);
                END IF;
            END LOOP;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            relations := missing || array_remove(relations, missing);
            IF clock_timestamp() > give_up THEN
                RAISE lock_not_available USING
                    MESSAGE = format('could not lock the tables and views of invtrack within %s, nothing was changed', patience),
                    DETAIL = coalesce(blocked_by, format('%s was in use each time.', missing::regclass)),
                    HINT = 'Try again when long transactions have ended, or give it more time: SET lock_timeout.';
            END IF;
        END;
        PERFORM pg_sleep(random() * 4 * extract(epoch FROM clock_timestamp() - began));
    END LOOP;
    PERFORM set_config('lock_timeout', given, true);
END
$$;
