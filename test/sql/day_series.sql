-- The type day_series: text and binary form, equality, the aggregate, sums over ranges of days,
-- merging and taking apart; exact, and an error with a SQLSTATE where a value cannot be one.
BEGIN;
SET LOCAL search_path = invtrack, invtrack_internal, public;

-- Each series has one text: ascending days, no white space, no superfluous signs and zeros.
SELECT n, given::day_series AS series
  FROM unnest(ARRAY[
       '{}', E' {\n} ',
       '{2026-01-03:5}',
       E'\t{ 2026-01-03\r:\n5\f,\x0B2026-01-04 : 2.5 } ',
       '{infinity:7,2026-01-04:2.5,2025-12-31:1,2026-01-03:5}',
       '{2026-01-03:+5,2026-01-04:-5,2026-01-05:007}',
       '{2026-01-03:0,2026-01-04:-0,2026-01-05:0.000}',
       '{2026-01-03:.5,2026-01-04:5.,2026-01-05:-.25}',
       '{2026-01-03:2.50,2026-01-04:100,2026-01-05:1.00000000000}',
       '{2026-01-03:0.000001,2026-01-04:-0.000001,2026-01-05:1}',
       '{0001-01-01:1,9999-12-31:2,infinity:3}',
       '{2000-02-29:1,2024-02-29:2,0004-02-29:3}',
       '{2026-01-03:1000000000000000000000000,2026-01-04:-1000000000000000000000000.000000}',
       '{2026-01-03:999999999999999999999999.999999}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- A text that is none says why and where; this is the whole of an error.
SELECT public.error_of($$SELECT '{2026-01-03:5'::invtrack.day_series$$);

-- Malformed: 22P02, at the first character that does not fit.
CREATE FUNCTION pg_temp.text_error(given text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(public.error_of(format('SELECT %L::invtrack.day_series', given)),
                          '^(.....).*DETAIL (.*)\n  HINT.*', '\1 \2');
$$;
SELECT given, pg_temp.text_error(given)
  FROM unnest(ARRAY[
       '', ' ', '{', '}', '2026-01-03:5', '{2026-01-03:5}}', '{2026-01-03:5} x', '[2026-01-03:5]',
       '{2026-01-03}', '{2026-01-03:}', '{:5}', '{,}', '{2026-01-03:5,}', '{,2026-01-03:5}',
       '{2026-01-03:5;2026-01-04:6}', '{2026-01-03:5 2026-01-04:6}', '{2026-01-03=5}',
       '{2026-1-3:5}', '{20260103:5}', '{03.01.2026:5}', '{2026-01-03 BC:5}', '{10000-01-01:5}',
       '{-infinity:5}', '{Infinity:5}', '{infinityx:5}', '{today:5}', '{2026-01-03T00:5}',
       '{2026-01-03:x}', '{2026-01-03:1e3}', '{2026-01-03:1.2.3}', '{2026-01-03:--1}',
       '{2026-01-03:- 1}', '{2026-01-03:NaN}', '{2026-01-03:Infinity}', '{2026-01-03:1,000}',
       '{2026-01-03:1 000}', '{2026-01-03:0x10}', '{2026-01-03:"5"}', 'null',
       '{ 2026-01-03 : 5 , 2026-01-0l : 6 }', '{2026-01-03:５}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- A text without its number: a sign or a point alone.
SELECT given, pg_temp.text_error(given) ~ '^22P02' AS malformed
  FROM unnest(ARRAY['{2026-01-03:.}', '{2026-01-03:-}', '{2026-01-03:+.}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- Days that no calendar has, and days that are there twice.
SELECT given, pg_temp.text_error(given)
  FROM unnest(ARRAY[
       '{2026-02-29:1}', '{1900-02-29:1}', '{2026-04-31:1}', '{2026-01-32:1}', '{2026-01-00:1}',
       '{2026-00-01:1}', '{2026-13-01:1}', '{0000-12-31:1}', '{2026-01-03:1,2026-02-30:1}'])
       WITH ORDINALITY t (given, n)
 ORDER BY n;
SELECT given, pg_temp.text_error(given) ~ '^22P02 A day is there twice\.$' AS twice
  FROM unnest(ARRAY[
       '{2026-01-03:5,2026-01-03:5}', '{2026-01-03:1,2026-01-02:2,2026-01-03:3}',
       '{infinity:1,infinity:1}', '{2026-01-03:0,2026-01-03:0}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- More than 6 decimals are 22P02, at the first that is not 0, and never rounded away.
SELECT given, pg_temp.text_error(given)
  FROM unnest(ARRAY['{2026-01-03:0.0000001}', '{2026-01-03:1.2345678}', '{2026-01-03:-5.00000001}']) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- Above 10^24 is 22003.
SELECT given, left(pg_temp.text_error(given), 5) AS sqlstate,
       substring(pg_temp.text_error(given) FROM ': (.*)\.$') AS why
  FROM unnest(ARRAY[
       '{2026-01-03:1000000000000000000000001}', '{2026-01-03:-1000000000000000000000000.000001}',
       '{2026-01-03:10000000000000000000000000}',
       '{2026-01-03:340282366920938463463374607431768211456}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- A long wrong text is cut, at a whole character.
SELECT split_part(public.error_of(format('SELECT %L::invtrack.day_series', '{' || repeat('é', 30))),
                  E'\n', 1) AS cut;

-- The binary form, as day_codec.h has it: version, scale, count, last day, span, total, tokens.
-- 2026-01-03 is 739618 days after 0001-01-01.
SELECT n, day_series_send(given::day_series)
  FROM unnest(ARRAY['{}', '{2026-01-03:5}', '{0001-01-01:-1}', '{2026-01-03:0.5,2026-01-02:-1}',
                    '{2026-01-03:64,2026-01-01:0}']) WITH ORDINALITY t (given, n)
 ORDER BY n;

-- Equality is that of days and quantities, however they were written; a day with 0 is a day.
SELECT a, b, a::day_series = b::day_series AS eq, a::day_series <> b::day_series AS ne,
       day_series_hash(a::day_series) = day_series_hash(b::day_series) AS same_hash,
       day_series_hash_extended(a::day_series, 7) = day_series_hash_extended(b::day_series, 7) AS same_hash64
  FROM (VALUES (1, '{}', ' { } '),
               (2, '{2026-01-03:5.0,2026-01-04:1}', '{2026-01-04:1,2026-01-03:5}'),
               (3, '{2026-01-03:5}', '{2026-01-03:6}'),
               (4, '{2026-01-03:5}', '{2026-01-04:5}'),
               (5, '{2026-01-03:5}', '{2026-01-03:-5}'),
               (6, '{2026-01-03:5}', '{2026-01-03:0.5}'),
               (7, '{2026-01-03:5}', '{2026-01-03:5,2026-01-04:0}'),
               (8, '{9999-12-31:5}', '{infinity:5}'),
               (9, '{}', '{2026-01-03:0}')) t (n, a, b)
 ORDER BY n;

-- GROUP BY, DISTINCT, a hash join and hash partitions use it.
CREATE TABLE series_text (n integer, given text);
INSERT INTO series_text VALUES
    (1, '{2026-01-03:5,2026-01-04:1.50}'), (2, '{2026-01-04:1.5, 2026-01-03:5.0}'),
    (3, '{}'), (4, '{ }'), (5, '{infinity:1}'), (6, '{2026-01-03:5}');
SELECT first, series, times
  FROM (SELECT given::day_series AS series, min(n) AS first, count(*) AS times FROM series_text GROUP BY 1) g
 ORDER BY first;
SELECT series AS distinct_series FROM (SELECT DISTINCT given::day_series AS series FROM series_text) d
 ORDER BY series::text COLLATE "C";
SET LOCAL enable_nestloop = off;
SELECT a.n, b.n AS same_as FROM series_text a JOIN series_text b ON a.given::day_series = b.given::day_series
 WHERE a.n < b.n ORDER BY 1, 2;
RESET enable_nestloop;
CREATE TABLE series_part (series day_series) PARTITION BY HASH (series);
CREATE TABLE series_part_0 PARTITION OF series_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE series_part_1 PARTITION OF series_part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO series_part SELECT given::day_series FROM series_text;
SELECT count(*), count(DISTINCT tableoid) AS partitions FROM series_part
 WHERE series = '{2026-01-03:5,2026-01-04:1.5}';

-- The aggregate: any order of rows gives the same; rows with a null are left out; days add up.
SELECT day_series_agg(day, quantity) AS series
  FROM (VALUES (date '2026-01-04', 2.5), ('2026-01-03', 1), ('infinity', 7), ('2026-01-03', 4.000000000),
               (NULL, 100), ('2026-01-05', NULL), (NULL, NULL), ('0001-01-01', -1), ('9999-12-31', 0)) t (day, quantity);
SELECT count(*) AS orders, count(DISTINCT series::text) AS results, min(series::text) AS result
  FROM (SELECT seed, day_series_agg(day, quantity ORDER BY md5(seed::text || i)) AS series
          FROM generate_series(1, 20) seed,
               LATERAL (SELECT i, date '2026-01-01' + i % 4 AS day, i * 0.25 AS quantity
                          FROM generate_series(1, 40) i) r
         GROUP BY seed) t;

-- No row, and only rows with nulls, give null; grouped, each group is its own.
SELECT day_series_agg(day, 1) IS NULL AS no_row FROM (SELECT date '2026-01-01') t (day) WHERE false;
SELECT g, day_series_agg(day, quantity) AS series
  FROM (VALUES (1, date '2026-01-03', 1.5), (1, '2026-01-03', 1.5), (2, NULL, 1), (2, '2026-01-03', NULL),
               (3, '2026-01-03', 0)) t (g, day, quantity)
 GROUP BY g ORDER BY g;

-- It works as a window function, where its result is asked for again and again, and with FILTER.
SELECT n, day_series_agg(day, n) OVER (ORDER BY n) AS so_far,
       day_series_agg(day, n) FILTER (WHERE n <> 2) OVER (ORDER BY n) AS without_2
  FROM (VALUES (1, date '2026-01-03'), (2, '2026-01-01'), (3, '2026-01-03'), (4, '2026-01-01')) t (n, day)
 ORDER BY n;

-- What no series can have is 22023.
SELECT call, public.error_of(format('SELECT invtrack.day_series_agg(%s)', call))
  FROM unnest(ARRAY[
       '''2026-01-03'', ''NaN''', '''2026-01-03'', ''Infinity''', '''2026-01-03'', ''-Infinity''',
       '''2026-01-03'', 0.0000001', '''2026-01-03'', 1.23456789', '''2026-01-03'', 1e24 + 1',
       '''2026-01-03'', -1e25', '''0001-12-31 BC'', 1', '''10000-01-01'', 1', '''-infinity'', 1'])
       WITH ORDINALITY t (call, n)
 ORDER BY n;

-- Zeros beyond the sixth decimal are no decimals.
SELECT day_series_agg('2026-01-03', 1.2345670000) AS series;

-- Partial aggregates of parallel workers give what a serial plan gives, and what plain SQL does.
CREATE TABLE moved AS
    SELECT i % 7 AS item, date '2020-01-01' + (i * 7919 % 1000) AS day,
           CASE WHEN i % 11 = 0 THEN NULL ELSE (i % 201 - 100) * 0.125 END AS quantity
      FROM generate_series(1, 50000) i;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines ~ 'Gather' AND lines ~ 'Partial';
END
$$;
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT item, day_series_agg(day, quantity) AS series FROM moved GROUP BY item;
CREATE TABLE serial_all AS SELECT day_series_agg(day, quantity) AS series FROM moved;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ALTER TABLE moved SET (parallel_workers = 2);
SELECT pg_temp.is_parallel('SELECT invtrack.day_series_agg(day, quantity) FROM moved') AS parallel,
       pg_temp.is_parallel('SELECT item, invtrack.day_series_agg(day, quantity) FROM moved GROUP BY item') AS parallel_groups;
SELECT p.series = s.series AS same FROM (SELECT day_series_agg(day, quantity) AS series FROM moved) p, serial_all s;
SELECT count(*) AS items, count(*) FILTER (WHERE p.series = s.series) AS same
  FROM (SELECT item, day_series_agg(day, quantity) AS series FROM moved GROUP BY item) p
  FULL JOIN serial s USING (item);
-- a worker's part, and all parts, may be without a row
SELECT day_series_agg(day, quantity) AS one_row FROM moved WHERE item = 6 AND day = '2020-01-01' AND quantity = 12;
SELECT day_series_agg(day, quantity) IS NULL AS no_row FROM moved WHERE item = 8;
WITH plain AS (SELECT item, day, sum(quantity) AS quantity FROM moved WHERE quantity IS NOT NULL GROUP BY item, day),
     opened AS (SELECT s.item, u.day, u.quantity FROM serial s, LATERAL unnest(s.series) u)
SELECT (SELECT count(*) > 1000 FROM plain) AS many,
       (SELECT count(*) FROM (TABLE plain EXCEPT TABLE opened) d) AS missing,
       (SELECT count(*) FROM (TABLE opened EXCEPT TABLE plain) d) AS invented;
SET LOCAL max_parallel_workers_per_gather = 0;

-- a + b has the days of both; the scale grows and shrinks as needed; a day that sums to 0 stays.
SELECT a::day_series + b::day_series AS sum
  FROM (VALUES (1, '{}', '{}'),
               (2, '{2026-01-03:5}', '{}'),
               (3, '{2026-01-03:5}', '{2026-01-03:7}'),
               (4, '{2026-01-03:5}', '{2026-01-01:1,2026-01-05:2}'),
               (5, '{2026-01-03:5}', '{2026-01-03:-5}'),
               (6, '{2026-01-03:0.5}', '{2026-01-03:0.5}'),
               (7, '{2026-01-03:0.75,2026-01-04:1}', '{2026-01-03:0.25,2026-01-04:0.000001}'),
               (8, '{2026-01-03:5,infinity:1}', '{9999-12-31:3,infinity:2.5}'),
               (9, '{2026-01-03:5}', NULL)) t (n, a, b)
 ORDER BY n;
WITH sample (s) AS (
    SELECT given::day_series FROM unnest(ARRAY[
        '{}', '{2026-01-03:5}', '{2026-01-03:-5}', '{2026-01-02:0.5,2026-01-04:0.000001}',
        '{0001-01-01:1,infinity:0.25}', '{2026-01-02:-0.5,2026-01-03:999999999999.999999,9999-12-31:0}',
        '{2026-01-03:1000000000000000000000}']) given)
SELECT count(*) AS triples,
       count(*) FILTER (WHERE a.s + b.s = b.s + a.s) AS commutative,
       count(*) FILTER (WHERE (a.s + b.s) + c.s = a.s + (b.s + c.s)) AS associative,
       count(*) FILTER (WHERE total(a.s + b.s) = total(a.s) + total(b.s)) AS sums
  FROM sample a, sample b, sample c;

-- day_series_sum() is the aggregate of all rows of its series, whether these are short or long beside the sum so far.
WITH piece AS (
    SELECT g % 7 AS item, g, day_series_agg(date '2026-01-01' + (g * d * 31) % 400, (g * d) % 11 - 5 + 0.25 * (g % 2)) AS series
      FROM generate_series(1, 210) g, generate_series(1, 1 + (g * g) % 60) d GROUP BY g),
     total AS (SELECT item, day_series_sum(series ORDER BY g) AS series, day_series_sum(series ORDER BY g DESC) AS backwards FROM piece GROUP BY item)
SELECT count(*) AS items, count(*) FILTER (WHERE t.series = t.backwards) AS in_any_order,
       count(*) FILTER (WHERE t.series = (SELECT day_series_agg(u.day, u.quantity) FROM piece p, unnest(p.series) u WHERE p.item = t.item)) AS same
  FROM total t;
SELECT left(public.error_of($$SELECT invtrack.day_series_sum(s) FROM unnest(ARRAY['{2026-01-03:1000000000000000000000000}', '{2026-01-03:1}']::invtrack.day_series[]) s$$), 5) AS too_much,
       (SELECT day_series_sum(s) FROM unnest(ARRAY['{}', '{2026-01-03:1,infinity:2}', NULL, '{0001-01-01:5,2026-01-03:-1}']::day_series[]) s) AS sum,
       (SELECT day_series_sum(s) FROM unnest(ARRAY['{}']::day_series[]) s) AS of_nothing;

-- A day's sum above 10^24 is 22003, in the aggregate and in +; on the way it may be above.
SELECT public.error_of($$SELECT '{2026-01-03:1000000000000000000000000}'::invtrack.day_series
                         OPERATOR(invtrack.+) '{2026-01-03:0.000001}'$$) AS added,
       left(public.error_of($$SELECT invtrack.day_series_agg('2026-01-03', q) FROM (VALUES (-1e24), (-1)) t (q)$$), 5) AS aggregated,
       (SELECT day_series_agg('2026-01-03', q) FROM (VALUES (1e24), (1e24), (-1e24)) t (q)) AS back_inside,
       total('{2026-01-03:1000000000000000000000000,2026-01-04:1000000000000000000000000}') AS total_of_days;

-- The sum over a range takes the days after < day <= upto, to the day; infinite bounds are none.
SELECT "after", upto,
       range_sum('{0001-01-01:0.5,2026-01-01:1,2026-01-02:10,2026-01-04:100,9999-12-31:1000,infinity:10000}',
                 "after", upto) AS sum
  FROM (VALUES (1, date '-infinity', date 'infinity'), (2, '-infinity', '9999-12-31'), (3, '-infinity', '9999-12-30'),
               (4, '-infinity', '0001-01-01'), (5, '0001-01-01', '2026-01-01'), (6, '0001-01-01', '2025-12-31'),
               (7, '2026-01-01', '2026-01-02'), (8, '2025-12-31', '2026-01-02'), (9, '2026-01-02', '2026-01-04'),
               (10, '2026-01-02', '2026-01-03'), (11, '2026-01-04', '2026-01-01'), (12, '2026-01-02', '2026-01-02'),
               (13, '2026-01-04', 'infinity'), (14, '9999-12-31', 'infinity'), (15, 'infinity', 'infinity'),
               (16, '-infinity', '-infinity'), (17, 'infinity', '-infinity'), (18, '0001-12-31 BC', '0001-01-01'),
               (19, '4713-11-24 BC', '5874897-12-31'), (20, '5874897-12-31', 'infinity'), (21, '0044-03-15 BC', '0001-12-31 BC'),
               (22, NULL, '2026-01-01'), (23, '2026-01-01', NULL)) t (n, "after", upto)
 ORDER BY n;
-- every window of a series against plain SQL
WITH given AS (SELECT day_series_agg(date '2026-01-01' + i * i % 37, i * 0.5 - 3) AS s FROM generate_series(1, 25) i)
SELECT count(*) AS windows,
       count(*) FILTER (WHERE range_sum(s, a, b) = (SELECT coalesce(sum(quantity), 0) FROM unnest(s) WHERE day > a AND day <= b)) AS same
  FROM given, LATERAL (SELECT date '2025-12-30' + i AS a, date '2025-12-30' + j AS b
                         FROM generate_series(0, 42) i, generate_series(0, 42) j) w;

-- First, last, next day with units, total.
SELECT given, first_day(given::day_series), last_day(given::day_series), total(given::day_series)
  FROM unnest(ARRAY['{}', '{2026-01-03:5}', '{2026-01-03:5,2026-01-01:-7.5}', '{infinity:1}',
                    '{0001-01-01:0,infinity:0}', '{2026-01-03:-1,9999-12-31:1}', NULL]) WITH ORDINALITY t (given, n)
 ORDER BY n;
SELECT "after", next_day('{2026-01-01:1,2026-01-02:0,2026-01-03:-5,2026-01-04:0.000001,infinity:2}', "after"),
       next_day('{2026-01-01:1,2026-01-02:0,2026-01-03:-5}', "after") AS of_nothing_later
  FROM (VALUES (1, date '-infinity'), (2, '2025-12-31'), (3, '2026-01-01'), (4, '2026-01-03'), (5, '2026-01-04'),
               (6, '9999-12-31'), (7, 'infinity'), (8, '0044-03-15 BC'), (9, '5874897-12-31'), (10, NULL)) t (n, "after")
 ORDER BY n;
SELECT next_day('{}', '-infinity') AS of_empty, next_day(NULL, '2026-01-01') AS of_null;

-- numbers wider than 64 bits, with all their decimals
SELECT total('{2026-01-03:999999999999999999999999.999999,2026-01-04:-0.000001}') AS of_two, u.*
  FROM unnest('{2026-01-03:-999999999999999999999999.999999,2026-01-04:9223372036854.775808}'::day_series) u;

-- unnest opens a series: earliest first; in LATERAL, under LIMIT, in the select list; nothing of empty and null.
SELECT * FROM unnest('{infinity:7,2026-01-04:2.50,2026-01-03:0,0001-01-01:-1}'::day_series);
SELECT t.n, u.day, u.quantity
  FROM (VALUES (1, '{2026-01-03:5,2026-01-04:6}'::day_series), (2, '{}'), (3, NULL), (4, '{2026-01-05:7}')) t (n, s)
  LEFT JOIN LATERAL unnest(t.s) u ON true
 ORDER BY 1, 2;
SELECT day FROM unnest('{2026-01-03:5,2026-01-04:6,2026-01-05:7}'::day_series) LIMIT 2;
SELECT (unnest('{2026-01-03:5,2026-01-04:6}'::day_series)).quantity LIMIT 1;
SELECT count(*) FROM unnest('{}'::day_series) UNION ALL SELECT count(*) FROM unnest(NULL::day_series);
-- taken apart and put together again, it is the same
SELECT count(*) AS series, count(*) FILTER (WHERE (SELECT day_series_agg(day, quantity) FROM unnest(series)) = series) AS same
  FROM serial;

-- Ten thousand of the largest quantities on one day: 10^16 - 0.01, to the last decimal.
SELECT s AS series, total(s), total(s + s), range_sum(s, '2026-01-02', '2026-01-03')
  FROM (SELECT day_series_agg('2026-01-03', 999999999999.999999) AS s FROM generate_series(1, 10000)) t;
SELECT day_series_agg('2026-01-03', CASE WHEN i % 2 = 0 THEN 999999999999.999999 ELSE -999999999999.999998 END) AS series
  FROM generate_series(1, 10000) i;

-- Ten dense years: 3653 days, 365 times 0 to 9 and 0, 1, 2 make 16428; and all that in less than a page.
CREATE TABLE dense AS
    SELECT day_series_agg(date '2016-01-01' + i, i % 10) AS series FROM generate_series(0, 3652) i;
SELECT first_day(series), last_day(series), total(series),
       range_sum(series, '2016-01-10', '2016-01-20') AS ten_days,
       (SELECT count(*) FROM unnest(series)) AS days,
       pg_column_size(series) < 8160 AS small, series::text::day_series = series AS same_by_text
  FROM dense;

-- A long series with the widest quantities, stored out of line, is still itself.
CREATE TABLE wide AS
    SELECT day_series_agg(date '2000-01-01' + 3 * i, 999999999999.999999 - i) AS series FROM generate_series(0, 9999) i;
SELECT pg_column_size(series) > 8160 AS out_of_line, series = series::text::day_series AS same,
       last_day(series) - first_day(series) AS span, total(series) AS total
  FROM wide;

-- Null in, null out.
SELECT NULL::day_series + '{}' AS added, NULL::day_series = '{}' AS eq, total(NULL), first_day(NULL), last_day(NULL),
       day_series_send(NULL), day_series_hash(NULL);
ROLLBACK;

-- Binary in and out through the client: what was sent is what comes back.
CREATE TEMP TABLE sent (n integer, series invtrack.day_series);
CREATE TEMP TABLE received (LIKE sent);
CREATE TEMP TABLE hostile (series invtrack.day_series);
INSERT INTO sent VALUES (1, '{}'), (2, '{2026-01-03:5,2026-01-04:2.5,infinity:7}'),
    (3, '{0001-01-01:-1000000000000000000000000,9999-12-31:999999999999.999999}'), (4, NULL);
INSERT INTO sent SELECT 5, invtrack.day_series_agg(date '2026-01-01' + i * i, i * -0.125) FROM generate_series(1, 1000) i;
\copy sent TO PROGRAM 'cat >"$PG_ABS_BUILDDIR/results/day_series.bin"' (FORMAT binary)
\copy received FROM PROGRAM 'cat "$PG_ABS_BUILDDIR/results/day_series.bin"' (FORMAT binary)
SELECT n, s.series OPERATOR(invtrack.=) r.series AS same, r.series IS NULL AS is_null FROM sent s FULL JOIN received r USING (n) ORDER BY n;
\! rm "$PG_ABS_BUILDDIR/results/day_series.bin"

-- Bytes that are no series, or not in its one packed form, are 22P03 (22003: too large a quantity).
-- the empty series, to show that the frame is right
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3\1\0\0\377\377"' (FORMAT binary)
SELECT series FROM hostile;
\set VERBOSITY sqlstate
-- no bytes at all
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\377\377"' (FORMAT binary)
-- version 2
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3\2\0\0\377\377"' (FORMAT binary)
-- 7 decimals
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3\1\7\0\377\377"' (FORMAT binary)
-- a scale that no day needs: 1.0 as 10 tenths
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\1\1\1\5\0\24\50\377\377"' (FORMAT binary)
-- bytes after the end
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\1\0\0\0\377\377"' (FORMAT binary)
-- a million days announced, none there
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\1\0\300\204\75\5\0\377\377"' (FORMAT binary)
-- a total (2) that is not that of the days (1)
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\1\0\1\5\0\4\4\377\377"' (FORMAT binary)
-- right with its total: 0001-01-06 (day 5) has 1
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\1\0\1\5\0\2\4\377\377"' (FORMAT binary)
-- a number written longer than it needs to be: the total 1 as 02 of two bytes
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\10\1\0\1\5\0\202\0\4\377\377"' (FORMAT binary)
-- 10^24 and a millionth, as 10^30 + 1 millionths
\copy hostile FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\43\1\6\1\5\0\202\200\200\200\310\372\366\364\214\301\346\311\345\247\6\204\200\200\200\220\365\355\351\231\202\315\223\313\317\14\377\377"' (FORMAT binary)
\set VERBOSITY default
SELECT series FROM hostile ORDER BY series::text COLLATE "C";
DROP TABLE sent, received, hostile;
