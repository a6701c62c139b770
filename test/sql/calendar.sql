-- Which day it is: for a merchant by its time zone, and for all by the setting invtrack.as_of.
-- Nothing here knows today's date: days are compared with what PostgreSQL itself says they are.
BEGIN;
INSERT INTO invtrack.merchant (merchant, time_zone) VALUES
    ('east', 'Pacific/Kiritimati'), ('west', 'Etc/GMT+12'), ('utc', 'UTC'),
    ('berlin', 'Europe/Berlin'), ('kathmandu', 'Asia/Kathmandu');
INSERT INTO invtrack.merchant VALUES ('default');
SELECT time_zone AS default_zone FROM invtrack.merchant WHERE merchant = 'default';

-- Today is the merchant's, whatever the session's TimeZone is. East (UTC+14) and west (UTC-12) are
-- 26 hours apart, so that their days differ by one or two at every moment.
CREATE FUNCTION pg_temp.wrong_todays() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM invtrack.merchant
     WHERE invtrack.today(merchant) IS DISTINCT FROM (now() AT TIME ZONE time_zone)::date
        OR invtrack_internal.as_of(time_zone) IS DISTINCT FROM (now() AT TIME ZONE time_zone)::date;
$$;
CREATE TABLE first_look AS SELECT merchant, invtrack.today(merchant) AS today FROM invtrack.merchant;
SELECT zone, set_config('TimeZone', zone, true) = zone AS set, pg_temp.wrong_todays() AS wrong,
       (SELECT count(*) FROM first_look WHERE today = invtrack.today(merchant)) AS same_as_before
  FROM unnest(ARRAY['Pacific/Kiritimati', 'Etc/GMT+12', 'UTC', 'America/New_York', 'Asia/Kolkata']) WITH ORDINALITY t (zone, n)
 ORDER BY n;
SELECT invtrack.today('east') - invtrack.today('west') IN (1, 2) AS apart,
       invtrack.today(merchant => 'utc') = (now() AT TIME ZONE 'UTC')::date AS by_name;

-- All time zones of the server's list, more of them than any cache of days holds: asked twice.
INSERT INTO invtrack.merchant (merchant, time_zone) SELECT 'zone ' || name, name FROM pg_timezone_names;
SELECT (SELECT count(*) FROM invtrack.merchant WHERE merchant LIKE 'zone %') = (SELECT count(*) FROM pg_timezone_names) AS all_taken,
       (SELECT count(*) > 300 FROM pg_timezone_names) AS many,
       pg_temp.wrong_todays() AS wrong, pg_temp.wrong_todays() AS wrong_again;
-- in lower case they are not in it, and the hint knows what was meant
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE error LIKE '23514: %HINT Did you mean%') = count(*) AS all_refused
  FROM (SELECT lower(name) AS name FROM pg_timezone_names EXCEPT SELECT name FROM pg_timezone_names) z,
       LATERAL public.error_of(format('UPDATE invtrack.merchant SET time_zone = %L WHERE merchant = ''utc''', name)) error;

-- The day of any moment, also around changes of a clock, and an error outside of the calendar.
SELECT at, string_agg(format('%s %s', merchant, invtrack.day_of(merchant, at::timestamptz)), ', ' ORDER BY merchant) AS days
  FROM unnest(ARRAY['2026-03-29 00:59:59.999999+00', '2026-03-28 23:00+00', '2026-10-24 22:00+00', '2026-01-01 12:00+00', '0001-01-03 00:00+00']) at,
       unnest(ARRAY['berlin', 'east', 'kathmandu', 'utc', 'west']) merchant
 GROUP BY at ORDER BY at::timestamptz;
SELECT count(*) FILTER (WHERE invtrack.day_of(merchant, now()) IS DISTINCT FROM invtrack.today(merchant)) AS not_today FROM invtrack.merchant;
SELECT merchant, at, split_part(public.error_of(format('SELECT invtrack.day_of(%L, %L)', merchant, at)), E'\n', 1) AS error
  FROM (VALUES ('utc', 'infinity'), ('utc', '-infinity'), ('utc', '0001-12-31 23:59:59+00 BC'), ('east', '9999-12-31 12:00+00'), ('utc', NULL),
               (NULL, '2026-01-01'), ('nobody', '2026-01-01')) v (merchant, at);

-- A merchant that is not there, and none at all.
SELECT merchant, public.error_of(format('SELECT invtrack.today(%L)', merchant))
  FROM unnest(ARRAY['nobody', 'EAST', '', NULL]) WITH ORDINALITY t (merchant, n)
 ORDER BY n;
-- as_of() of a null is null
SELECT invtrack_internal.as_of(NULL) AS of_null;

-- A time zone is written as a name of the list, exactly: UPDATE and INSERT agree.
CREATE FUNCTION pg_temp.zone_error(zone text) RETURNS text LANGUAGE sql AS $$
    SELECT public.error_of(format('UPDATE invtrack.merchant SET time_zone = %L WHERE merchant = ''utc''', zone));
$$;
SELECT zone, pg_temp.zone_error(zone),
       pg_temp.zone_error(zone) IS NOT DISTINCT FROM
       public.error_of(format('INSERT INTO invtrack.merchant VALUES (%L, '''', %L)', 'm' || n, zone)) AS same_at_insert
  FROM unnest(ARRAY[
       'UTC', 'Europe/Berlin', 'Etc/GMT+12',
       'utc', 'europe/berlin', 'EUROPE/BERLIN', 'eTC/gmt+12',
       'EST6EDT', 'UTC0', 'UTC+3', '<+05>-5', '+05', '-5', '5', 'PST8PDT,M3.2.0,M11.1.0',
       'Mars/Olympus', 'Europe', 'Europe/', '/Europe/Berlin', 'Europe//Berlin', '../UTC', '/etc/localtime',
       ' UTC', 'UTC ', '', ' ', 'UTC''', 'default', 'INTERVAL', '%s']) WITH ORDINALITY t (zone, n)
 ORDER BY n;
-- EST5EDT is a name of most lists though it looks like a rule; leap-second zones are in none
SELECT zone, (pg_temp.zone_error(zone) IS NULL) = EXISTS (SELECT FROM pg_timezone_names WHERE name = zone) AS as_in_list
  FROM unnest(ARRAY['EST5EDT', 'PST8PDT', 'GMT0', 'GMT+0', 'EST', 'posix/UTC', 'Factory', 'localtime']) WITH ORDINALITY t (zone, n)
 ORDER BY n;
SELECT zone, left(pg_temp.zone_error(zone), 5) AS sqlstate
  FROM unnest(ARRAY['right/UTC', 'right/Europe/Berlin']) WITH ORDINALITY t (zone, n)
 ORDER BY n;
SELECT length, left(pg_temp.zone_error(repeat('x', length)), 5) AS of_x, left(pg_temp.zone_error(repeat('A1', length / 2)), 5) AS of_a1
  FROM unnest(ARRAY[64, 254, 256, 1000, 80000]) length ORDER BY 1;
SELECT left(public.error_of('UPDATE invtrack.merchant SET time_zone = NULL'), 5) AS null_zone;
-- a wrong zone in a list of rows takes them all back
SELECT left(public.error_of($$INSERT INTO invtrack.merchant VALUES ('new', '', 'UTC'), ('wrong', '', 'utc')$$), 5) AS sqlstate,
       (SELECT count(*) FROM invtrack.merchant WHERE merchant IN ('new', 'wrong')) AS none;

-- A restore takes what an older list had; where such a zone is read, it counts as UTC.
SET LOCAL check_function_bodies = off;
INSERT INTO invtrack.merchant VALUES ('restored', '', 'Mars/Olympus'), ('long', '', repeat('x', 1000)), ('rule', '', 'utc');
RESET check_function_bodies;
INSERT INTO invtrack.product VALUES ('restored', 's'), ('long', 's');
INSERT INTO invtrack.inventory_type VALUES ('restored', 'g'), ('long', 'g');
INSERT INTO invtrack.stock_lot SELECT m, 's', 'g', 'today', (now() AT TIME ZONE 'UTC')::date, 1 FROM unnest(ARRAY['restored', 'long']) m;
INSERT INTO invtrack.stock_lot SELECT m, 's', 'g', 'tomorrow', (now() AT TIME ZONE 'UTC')::date + 1, 10 FROM unnest(ARRAY['restored', 'long']) m;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, expiry_days)
    VALUES ('restored', 's', 'g', 'stock_quantity', 10, 0), ('long', 's', 'g', 'stock_quantity', 10, 0);
SELECT merchant, invtrack.today(merchant) = (now() AT TIME ZONE 'UTC')::date AS utc
  FROM unnest(ARRAY['restored', 'long', 'rule']) merchant ORDER BY 1;
SELECT merchant, on_hand, expired, next_expires_on = (now() AT TIME ZONE 'UTC')::date + 1 AS next
  FROM invtrack.stock ORDER BY merchant;
SELECT merchant, current_stock, excluded_stock, status, as_of = (now() AT TIME ZONE 'UTC')::date AS utc
  FROM invtrack.health ORDER BY merchant;
-- such a merchant can be renamed, and given a good zone, but not again a bad one
UPDATE invtrack.merchant SET name = 'Olympus' WHERE merchant = 'restored';
UPDATE invtrack.merchant SET time_zone = 'Europe/Berlin' WHERE merchant = 'long';
SELECT left(public.error_of($$UPDATE invtrack.merchant SET time_zone = 'Mars/Pavonis' WHERE merchant = 'restored'$$), 5) AS bad_again,
       (SELECT array_agg(merchant || ' ' || name || ' ' || time_zone ORDER BY merchant) FROM invtrack.merchant
         WHERE merchant IN ('restored', 'long')) AS now;
ROLLBACK;

-- A session lives on past midnight. It is midnight whenever a time zone says so: here one in which it is 23:59:59 as the
-- first transaction starts, so that the next second is the next day. A merchant has it from a restore.
BEGIN;
SELECT '<NIGHT>-' || to_char(interval '23:59:59' - date_trunc('second', now() AT TIME ZONE 'UTC')::time, 'HH24:MI:SS') AS night \gset
SELECT to_char(now() AT TIME ZONE :'night', 'HH24:MI:SS') AS before_midnight;
SET LOCAL check_function_bodies = off;
INSERT INTO invtrack.merchant (merchant, time_zone) VALUES ('night', :'night');
SELECT invtrack.today('night') AS today, invtrack_internal.as_of(:'night') AS as_of \gset before_
SELECT FROM pg_sleep_until(date_trunc('second', now()) + interval '1.001 seconds');
SELECT :'before_today' = (now() AT TIME ZONE :'night')::date AS today, :'before_as_of' = :'before_today' AS as_of,
       invtrack.today('night') = :'before_today' AS still_today;
COMMIT;
SELECT invtrack.today('night') - :'before_today' AS days_later, invtrack_internal.as_of(:'night') - :'before_as_of' AS as_of_later;
SELECT invtrack.delete_merchant('night');

-- The setting invtrack.as_of moves the calendar, but not today().
BEGIN;
INSERT INTO invtrack.merchant (merchant, time_zone) VALUES ('m', 'Pacific/Kiritimati');
SELECT given, set_config('invtrack.as_of', given, true) = given AS set,
       to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS as_of,
       invtrack_internal.as_of('Pacific/Kiritimati') = invtrack_internal.as_of('Etc/GMT+12') AS same_in_all_zones,
       invtrack.today('m') = (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS today_stays
  FROM unnest(ARRAY['2026-01-31', '0001-01-01', '9999-12-31', '2024-02-29', '1582-10-10']) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- empty means today again
SELECT set_config('invtrack.as_of', '', true) = '' AS set,
       invtrack_internal.as_of('Pacific/Kiritimati') = (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS today;
-- anything else is refused at SET, and what was set stays
SET LOCAL invtrack.as_of = '2026-01-31';
SELECT public.error_of($$SET invtrack.as_of = 'rubbish'$$);
SELECT given, left(public.error_of(format('SET invtrack.as_of = %L', given)), 5) AS sqlstate,
       current_setting('invtrack.as_of') AS stays
  FROM unnest(ARRAY['today', 'now', '2026-02-29', '2026-13-01', '2026-01-00', '2026-1-31', '20260131', '31.01.2026',
                    '01/31/2026', '2026-01-31 00:00', '2026-01-31T00:00:00Z', '2026-01-31 ', ' 2026-01-31', ' ',
                    '10000-01-01', '0000-12-31', '-2026-01-31', '0044-03-15 BC', 'infinity', '-infinity',
                    'epoch', '2026-W05-6', '+002026-01', '0', '  infinity']) WITH ORDINALITY t (given, n)
 ORDER BY n;
SELECT public.error_of('SET invtrack.as_of = 20260131') IS NOT NULL AS number_refused,
       left(public.error_of($$SELECT set_config('invtrack.as_of', 'rubbish', true)$$), 5) AS set_config,
       left(public.error_of($$CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql SET invtrack.as_of = 'rubbish' AS 'SELECT 1'$$), 5) AS of_function,
       left(public.error_of($$ALTER ROLE CURRENT_USER SET invtrack.as_of = 'rubbish'$$), 5) AS of_role,
       left(public.error_of(format($$ALTER DATABASE %I SET invtrack.as_of = 'rubbish'$$, current_database())), 5) AS of_database,
       public.error_of($$ALTER ROLE CURRENT_USER SET invtrack.as_of = '2026-01-31'$$) IS NULL AS good_of_role;
-- a name of ours that does not exist is no setting
SELECT left(public.error_of($$SET invtrack.asof = '2026-01-31'$$), 5) AS typing_error;

-- SET LOCAL, savepoints and a function's own setting end where they should.
SAVEPOINT before;
SET LOCAL invtrack.as_of = '2020-02-02';
SELECT to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS in_savepoint;
ROLLBACK TO before;
CREATE FUNCTION pg_temp.in_2019() RETURNS text LANGUAGE sql SET invtrack.as_of = '2019-01-01'
    AS $$SELECT to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD')$$;
SELECT pg_temp.in_2019(), to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS around;
ROLLBACK;
SELECT invtrack_internal.as_of('UTC') = (now() AT TIME ZONE 'UTC')::date AS after_transaction;
SET invtrack.as_of = '2026-01-31';
SELECT to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS in_session;
RESET invtrack.as_of;
SELECT invtrack_internal.as_of('UTC') = (now() AT TIME ZONE 'UTC')::date AS after_reset;

-- Set before the library is loaded: a good day counts from the first reading on.
\c -
SET invtrack.as_of = '2026-01-31';
SELECT to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS first_reading;
RESET invtrack.as_of;
SELECT invtrack_internal.as_of('UTC') = (now() AT TIME ZONE 'UTC')::date AS after_reset;

-- A bad one is taken, since nobody looks, and is an error at every reading: never ignored.
\c -
SET invtrack.as_of = 'rubbish';
SELECT public.error_of($$SELECT invtrack_internal.as_of('UTC')$$);
BEGIN;
INSERT INTO invtrack.merchant VALUES ('m');
INSERT INTO invtrack.product VALUES ('m', 's');
INSERT INTO invtrack.inventory_type VALUES ('m', 'g');
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) VALUES ('m', 's', 'g', 1);
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) VALUES ('m', 's', 'g', 'stock_quantity', 1);
SELECT reading, left(public.error_of(reading), 5) AS sqlstate
  FROM unnest(ARRAY['SELECT * FROM invtrack.health', 'SELECT * FROM invtrack.stock', 'SELECT * FROM invtrack.tracker_health()',
                    'SELECT * FROM invtrack.tracker_health_of(''m'', ARRAY[''s''])',
                    'SELECT * FROM invtrack.preview_health(''m'', ''s'', ''g'', ''stock_quantity'', 5)']) WITH ORDINALITY t (reading, n)
 ORDER BY n;
-- today() knows no as_of; and a good day, set now, ends it
SELECT invtrack.today('m') = (now() AT TIME ZONE 'UTC')::date AS today;
SELECT left(public.error_of($$SET invtrack.as_of = 'rubbish'$$), 5) AS bad_again;
SET LOCAL invtrack.as_of = '2026-01-31';
SELECT to_char(as_of, 'YYYY-MM-DD') AS as_of, status FROM invtrack.health;
ROLLBACK;
-- with the transaction, the bad one is back; RESET ends it
SELECT left(public.error_of($$SELECT invtrack_internal.as_of('UTC')$$), 5) AS again;
RESET invtrack.as_of;
SELECT invtrack_internal.as_of('UTC') = (now() AT TIME ZONE 'UTC')::date AS after_reset;

-- An impossible date and an infinity are bad ones, too.
\c -
SET invtrack.as_of = '2026-02-30';
SELECT left(public.error_of($$SELECT invtrack_internal.as_of('UTC')$$), 5) AS impossible;
\c -
SET invtrack.as_of = 'infinity';
SELECT left(public.error_of($$SELECT invtrack_internal.as_of('UTC')$$), 5) AS infinite;

-- A bad default of the database is not ignored either: RESET goes back to it, a SET ends it.
\c -
ALTER DATABASE :"DBNAME" SET invtrack.as_of = 'rubbish';
\c -
SELECT left(public.error_of($$SELECT invtrack_internal.as_of('UTC')$$), 5) AS first_reading;
RESET invtrack.as_of;
SELECT left(public.error_of($$SELECT invtrack_internal.as_of('UTC')$$), 5) AS after_reset;
SET invtrack.as_of = '2026-01-31';
SELECT to_char(invtrack_internal.as_of('UTC'), 'YYYY-MM-DD') AS after_set;
ALTER DATABASE :"DBNAME" RESET invtrack.as_of;
\c -
SELECT invtrack_internal.as_of('UTC') = (now() AT TIME ZONE 'UTC')::date AS gone;

-- A parallel worker has the day of its leader, a good one as well as a bad one.
\c -
SET invtrack.as_of = 'rubbish';
BEGIN;
CREATE TABLE zone WITH (parallel_workers = 2) AS SELECT 'UTC' AS zone FROM generate_series(1, 10000);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line ~ 'Gather' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;
SELECT left(public.error_of($$SELECT count(*) FROM zone WHERE invtrack_internal.as_of(zone) = '2026-01-31'$$), 5) AS bad;
SET LOCAL invtrack.as_of = '2026-01-31';
SELECT pg_temp.is_parallel($$SELECT count(*) FROM zone WHERE invtrack_internal.as_of(zone) = '2026-01-31'$$) AS parallel;
SELECT count(*) FROM zone WHERE invtrack_internal.as_of(zone) = '2026-01-31';
ROLLBACK;
