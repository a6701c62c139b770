-- Rules of single values: what a quantity, a day and a code may be, alone and in the tables;
-- nothing is rounded, cut or trimmed to fit.
BEGIN;

-- A quantity has at most 6 decimals and is above -10^12 and below 10^12; zeros further right are no decimals.
SELECT given, given::numeric::invtrack.quantity AS quantity
  FROM unnest(ARRAY['0', '-0', '1', '-1', '0.000001', '-0.000001', '2.5000000000', '1e3', '1e-6',
                    '999999999999.999999', '-999999999999.999999', '999999999999.99999900',
                    NULL]) WITH ORDINALITY t (given, n)
 ORDER BY n;
SELECT given, public.error_of(format('SELECT %L::numeric::invtrack.quantity', given))
  FROM unnest(ARRAY['1000000000000', '-1000000000000', '1e12', '999999999999.9999991', '1e30',
                    '0.0000001', '-0.0000001', '1.0000000000000000001', '1e-20',
                    'NaN', 'Infinity', '-Infinity']) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- from a binary float, too: 0.1 + 0.2 is not 0.3, but its text of 15 digits is
SELECT (0.1::float8 + 0.2::float8)::numeric::invtrack.quantity AS from_float;
-- text that is no number at all
SELECT given, public.error_of(format('SELECT %L::invtrack.quantity', given))
  FROM unnest(ARRAY['', 'five', '1,5']) WITH ORDINALITY t (given, n)
 ORDER BY n;
-- sums and products of quantities are plain numeric and may leave the domain
SELECT pg_typeof(a + a) AS type, a + a AS twice, a * a AS squared
  FROM (SELECT 999999999999.999999::invtrack.quantity AS a) t;

-- A day is from 0001-01-01 to 9999-12-31.
SELECT day, invtrack_internal.is_day(day)
  FROM (VALUES (1, date '0001-01-01'), (2, '9999-12-31'), (3, '2026-01-31'), (4, '0001-12-31 BC'),
               (5, '10000-01-01'), (6, 'infinity'), (7, '-infinity'), (8, '4713-11-24 BC'),
               (9, '5874897-12-31'), (10, NULL)) t (n, day)
 ORDER BY n;

-- A code has 1 to 200 bytes and no white space, as Unicode has it, at either end. It is counted in bytes,
-- not in characters, and white space inside is a character like others.
CREATE TABLE code (n integer, what text, code text COLLATE "C", is_code boolean);
INSERT INTO code VALUES
    (1, 'one byte', 'x', true),
    (2, 'empty', '', false),
    (3, '200 bytes', repeat('x', 200), true),
    (4, '201 bytes', repeat('x', 201), false),
    (5, '100 letters of 2 bytes', repeat('é', 100), true),
    (6, '101 letters of 2 bytes', repeat('é', 101), false),
    (7, '66 letters of 3 bytes and 2', repeat('€', 66) || 'xy', true),
    (8, '67 letters of 3 bytes', repeat('€', 67), false),
    (9, '50 letters of 4 bytes', repeat('😀', 50), true),
    (10, 'blank', ' ', false),
    (11, 'leading blank', ' x', false), (12, 'trailing blank', 'x ', false),
    (13, 'leading tab', E'\tx', false), (14, 'trailing tab', E'x\t', false),
    (15, 'leading newline', E'\nx', false), (16, 'trailing newline', E'x\n', false),
    (17, 'leading vertical tab', E'\x0Bx', false), (18, 'trailing vertical tab', E'x\x0B', false),
    (19, 'leading form feed', E'\fx', false), (20, 'trailing form feed', E'x\f', false),
    (21, 'leading return', E'\rx', false), (22, 'trailing return', E'x\r', false),
    (23, 'white space inside', E'x \t\n\x0B\f\ry', true),
    (24, 'other control characters', E'\x01x\x7F', true),
    (25, 'no-break spaces', U&'\00A0x\00A0', false),
    (26, 'single quotes', '''', true), (27, 'double quotes', '"', true),
    (28, 'a statement', '''; DROP TABLE invtrack.merchant; --', true),
    (29, 'percent', '%s%n%', true), (30, 'underscore', '_', true), (31, 'backslash', '\', true),
    (32, 'NULL as a word', 'NULL', true),
    (33, 'letters of other alphabets', 'Größe-東京-العربية', true),
    (34, 'a letter and a combining accent', U&'e\0301', true),
    (35, 'a bigint', '9223372036854775807', true),
    (36, 'a uuid', '6fa459ea-ee8a-3ca4-894e-db77e160355e', true);
SELECT n, what, is_code, invtrack_internal.is_code(code) AS got FROM code ORDER BY n;
-- all of Unicode's White_Space, and the byte order mark; no other character
SELECT string_agg(to_hex(n), ' ' ORDER BY n) FILTER (WHERE NOT invtrack_internal.is_code(chr(n) || 'x')) AS leading,
       bool_and(invtrack_internal.is_code(chr(n) || 'x') = invtrack_internal.is_code('x' || chr(n))) AS trailing_too,
       bool_and(invtrack_internal.is_code(chr(n) || 'x') = invtrack_internal.is_code(chr(n))) AS alone_too,
       bool_and(invtrack_internal.is_code('x' || chr(n) || 'x')) AS fine_inside
  FROM generate_series(1, 1114111) n WHERE n NOT BETWEEN 55296 AND 57343;
SELECT invtrack_internal.is_code(NULL) AS of_null;

-- Every column of codes takes the good ones, as they are, and refuses the bad ones with 23514.
INSERT INTO invtrack.merchant VALUES ('m');
INSERT INTO invtrack.product VALUES ('m', 's');
INSERT INTO invtrack.inventory_type VALUES ('m', 'g');
CREATE TABLE place (place text, template text, name text);
INSERT INTO place VALUES
    ('merchant', 'INSERT INTO invtrack.merchant VALUES (%L)', 'merchant'),
    ('product', 'INSERT INTO invtrack.product VALUES (''m'', %L)', 'sku'),
    ('inventory_type', 'INSERT INTO invtrack.inventory_type VALUES (''m'', %L)', 'inventory_type'),
    ('stock_lot.lot', 'INSERT INTO invtrack.stock_lot VALUES (''m'', ''s'', ''g'', %L, NULL, 1)', 'lot'),
    ('movement.merchant', 'INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        VALUES (%L, ''s'', ''g'', ''sale'', ''2026-01-01'', 1)', 'merchant'),
    ('movement.sku', 'INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        VALUES (''m'', %L, ''g'', ''sale'', ''2026-01-01'', 1)', 'sku'),
    ('movement.type', 'INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
        VALUES (''m'', ''s'', %L, ''sale'', ''2026-01-01'', 1)', 'inventory_type');
-- (an empty lot is no lot code, and is fine)
SELECT p.place, count(*) AS codes,
       count(*) FILTER (WHERE c.is_code AND e.error IS NULL) AS taken,
       count(*) FILTER (WHERE NOT c.is_code AND e.error LIKE '23514: ' || p.name || ' "%" is not a valid code%') AS refused,
       string_agg(c.what, ', ' ORDER BY c.n) FILTER (WHERE c.is_code <> (e.error IS NULL)) AS against_the_rule
  FROM place p CROSS JOIN code c, LATERAL (SELECT public.error_of(format(p.template, c.code)) AS error) e
 GROUP BY p.place ORDER BY p.place COLLATE "C";
SELECT (SELECT count(*) FROM code c JOIN invtrack.merchant m ON m.merchant = c.code) AS merchants,
       (SELECT count(*) FROM code c JOIN invtrack.product p ON p.sku = c.code) AS products,
       (SELECT count(*) FROM code c JOIN invtrack.inventory_type i ON i.inventory_type = c.code) AS types,
       (SELECT count(*) FROM code c JOIN invtrack.stock_lot l ON l.lot = c.code) AS lots,
       (SELECT count(*) FROM code c JOIN invtrack.movement v ON c.code IN (v.merchant, v.sku, v.inventory_type)) AS movements;
-- the same codes as a tracker's, through foreign keys, and back in the view
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity)
    SELECT 'm', c.code, c.code, 'stock_quantity', 1 FROM code c WHERE c.is_code;
SELECT count(*) AS trackers FROM code c JOIN invtrack.health h ON h.sku = c.code AND h.inventory_type = c.code;

-- The same code must not be there twice; codes that differ in case or form are different.
INSERT INTO invtrack.product VALUES ('m', 'SKU'), ('m', 'sku'), ('m', U&'\00E9');
SELECT left(public.error_of($$INSERT INTO invtrack.product VALUES ('m', 'sku')$$), 5) AS twice,
       (SELECT array_agg(sku ORDER BY sku) FROM invtrack.product WHERE lower(sku) = 'sku') AS cases,
       (SELECT count(*) FROM invtrack.product WHERE sku IN (U&'\00E9', U&'e\0301')) AS forms;

-- In a table, too, a quantity is refused and not rounded.
SELECT given, public.error_of(format('INSERT INTO invtrack.stock_lot VALUES (''m'', ''s'', ''g'', ''q'', NULL, %L)', given)) AS lot,
       public.error_of(format('INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
           VALUES (''m'', ''s'', ''g'', ''sale'', ''2026-01-01'', %L)', given)) AS movement
  FROM unnest(ARRAY['0.0000001', '1000000000000', 'NaN', 'Infinity', '-Infinity']) WITH ORDINALITY t (given, n)
 ORDER BY n;
SELECT left(public.error_of($$INSERT INTO invtrack.stock_lot VALUES ('m', 's', 'g', 'q', NULL, NULL)$$), 5) AS null_lot,
       left(public.error_of($$INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on)
           VALUES ('m', 's', 'g', 'sale', '2026-01-01')$$), 5) AS null_movement;
SELECT count(*) AS none FROM invtrack.stock_lot WHERE lot = 'q';
ROLLBACK;
