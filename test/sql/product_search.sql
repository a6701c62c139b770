-- find_products(): every word, in any case of any language, in the order exact sku, sku prefix, name
-- prefix, the rest; only the merchant's own products, and only those that the caller may see.
SET client_encoding = 'UTF8';
SET datestyle = 'ISO';
\pset format unaligned
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS columns
  FROM pg_attribute WHERE attrelid = 'invtrack.found_product'::regclass;

BEGIN;
INSERT INTO invtrack.merchant (merchant) VALUES ('m1'), ('m2'), ('empty'), ('lang'), ('odd'), ('many');

-- The skus that are found, in their order.
CREATE FUNCTION public.found(merchant text, keyword text, max_rows integer DEFAULT 20) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(string_agg(sku, ' ' ORDER BY n), '')
      FROM invtrack.find_products($1, $2, $3) WITH ORDINALITY f (merchant, sku, name, launched_on, n)
$$;

-- Order: exact sku, sku prefix, name prefix, the rest; each by sku in C order (B before a).
INSERT INTO invtrack.product (merchant, sku, name, launched_on) VALUES
    ('m1', 'tea', 'Leaves', '2026-01-31'), ('m1', 'TEA-2', 'Pot', NULL), ('m1', 'tea-1', 'Cup of tea', NULL), ('m1', 'TEAK', 'Tea table', NULL),
    ('m1', 'a1', 'Tea, green', NULL), ('m1', 'B1', 'TEA black', NULL), ('m1', 'c1', 'Steamer', NULL), ('m1', 'A9', 'Green tea', NULL),
    ('m1', 'x-tea', '', NULL), ('m1', 'b2', 'Coffee', NULL), ('m1', '10', 'Kettle', NULL), ('m1', '9', 'Cup and kettle, green', NULL),
    ('m2', 'tea', 'Tea of another', NULL), ('m2', 'tea-9', 'Tea of another', NULL);
SELECT * FROM invtrack.find_products('m1', 'tea');
SELECT keyword, public.found('m1', keyword) FROM (VALUES
    (1, 'tea'), (2, 'TEA'), (3, 'TeA'), (4, '  tea '), (5, E'\ttea\n'), (6, 'tea-'), (7, 'a1'), (8, 'A'), (9, 'green'),
    (10, 'zzz'), (11, 'tea of another')) v (n, keyword) ORDER BY n;
-- an exact sku of the very same case has no precedence over one of another case: both are exact
INSERT INTO invtrack.product (merchant, sku) VALUES ('m1', 'Tea');
SELECT public.found('m1', 'tea'), public.found('m1', 'Tea', 2);
DELETE FROM invtrack.product WHERE (merchant, sku) = ('m1', 'Tea');

-- Every word is found, in sku or name, in any order; none reaches from one into the other.
SELECT keyword, public.found('m1', keyword) FROM (VALUES
    (1, 'green tea'), (2, 'tea green'), (3, 'kettle green'), (4, 'kettle cup and'), (5, 'kettle coffee'), (6, 'tea tea tea'),
    (7, 'b1 black'), (8, 'lack B'), (9, E'green\u00A0tea'), (10, E'green \t\n tea'), (11, 'c1 steam'), (12, 'c1steam'), (13, 'c1s'),
    (14, E'c1\nSteamer'), (15, 'e t'), (16, 'cup of tea')) v (n, keyword) ORDER BY n;

-- No keyword: all, by sku. max_rows is 20 unless it is given.
SELECT public.found('m1', ''), public.found('m1', NULL) = public.found('m1', '') AS same,
       public.found('m1', E' \t\n') = public.found('m1', '') AS too;
SELECT public.found('m1', '', 3), public.found('m1', NULL, 1), public.found('m1', 'tea', 1), public.found('m1', 'tea', 2),
       public.found('m1', 'tea', 4), public.found('m1', 'tea', 2147483647);
INSERT INTO invtrack.product (merchant, sku, name)
SELECT 'many', format('k%s', lpad(n::text, 3, '0')), 'thing ' || n FROM generate_series(1, 200) n;
SELECT keyword, max_rows, count(*), min(sku COLLATE "C"), max(sku COLLATE "C")
  FROM (VALUES (1, '', NULL), (2, 'k', NULL), (3, 'thing', NULL), (4, 'ing', NULL), (5, 'thing', 150), (6, 'k1', 500),
               (7, 'thing 1', 500), (8, 'ng 1', 12), (9, '', 500)) v (n, keyword, max_rows),
       invtrack.find_products('many', keyword, max_rows)
 GROUP BY n, keyword, max_rows ORDER BY n;
SELECT count(*) AS by_default FROM invtrack.find_products('many', 'thing');
SELECT public.found(keyword => 'tea', merchant => 'm2', max_rows => 5), public.found('empty', 'tea'), public.found('empty', '');

-- % _ and \ are ordinary characters, quotes and all other signs too.
INSERT INTO invtrack.product (merchant, sku, name) VALUES
    ('odd', '1', '100% wool'), ('odd', '2', '1000 wool'), ('odd', '3', 'snake_case'), ('odd', '4', 'snakeXcase'), ('odd', '5', 'back\slash'),
    ('odd', '6', 'backslash'), ('odd', '7', 'O''Brien''s'), ('odd', '8', '"quoted"'), ('odd', '9', $$'); DROP TABLE x; --$$), ('odd', '%', 'percent'),
    ('odd', '_', 'underscore'), ('odd', '\', 'backslash itself'), ('odd', 'a.*', '[regexp] (x|y)+ ^$?{2}'), ('odd', 'b', '$1 :name &amp; ''''');
SELECT keyword, public.found('odd', keyword) FROM (VALUES
    (1, '%'), (2, '_'), (3, '\'), (4, '0%'), (5, '100%'), (6, '%%'), (7, 'e_c'), (8, 'snake_'), (9, 'snake%'), (10, 'k\s'), (11, '\s'), (12, '\%'),
    (13, '\\'), (14, ''''), (15, 'o''brien'), (16, '"'), (17, ''';'), (18, '.*'), (19, '.'), (20, '(x|y)+'), (21, '[r'), (22, '^$?{2}'), (23, '$1'),
    (24, ':name'), (25, '&'), (26, 'wool 100%'), (27, '% wool'), (28, '__'), (29, 'DROP TABLE')) v (n, keyword) ORDER BY n;

-- Case in any language: each name is found by each of its spellings.
INSERT INTO invtrack.product (merchant, sku, name) VALUES
    ('lang', 'de', 'Große Straße'), ('lang', 'de2', 'GROẞE STRAẞE'), ('lang', 'el', 'Οδυσσέας ΣΊΣΥΦΟΣ'), ('lang', 'tr', 'İstanbul ısı IŞIK'),
    ('lang', 'ru', 'Чай Ёлка'), ('lang', 'fr', 'Crème BRÛLÉE œuf'), ('lang', 'pl', 'Żółć'), ('lang', 'hy', 'Երևան'), ('lang', 'zh', '绿茶 ABC'),
    ('lang', 'Ö1', 'sku with an accent'), ('lang', 'ö1x', 'and one more'), ('lang', 'ka', 'თბილისი'), ('lang', 'hr', 'ǅemper'), ('lang', 'si', U&'5\212A 3\212B 9\2126');
SELECT keyword, public.found('lang', keyword) FROM (VALUES
    (1, 'straße'), (2, 'STRASSE'), (3, 'strasse'), (4, 'STRAẞE'), (5, 'große'), (6, 'GROSSE straße'),
    (11, 'οδυσσέας'), (12, 'ΟΔΥΣΣΈΑΣ'), (13, 'οδυσσέασ'), (14, 'σίσυφος'), (15, 'σίσυφοσ'), (16, 'Σίσυφος οδυσσ'),
    (21, 'istanbul'), (22, 'ISTANBUL'), (23, 'İSTANBUL'), (24, 'ısı'), (25, 'ISI'), (26, 'ışık'), (27, U&'i\0307stanbul'),
    (31, 'чай'), (32, 'ЧАЙ'), (33, 'ёлка'), (34, 'ЁЛКА чай'),
    (41, 'crème'), (42, 'CRÈME'), (43, 'brûlée'), (44, 'Œuf'), (45, 'creme'),
    (51, 'żółć'), (52, 'ŻÓŁĆ'), (53, 'երևան'), (54, 'ԵՐԵՒԱՆ'), (55, '绿茶'), (56, '茶 abc'), (57, 'თბილისი'), (58, 'ᲗᲑᲘᲚᲘᲡᲘ'), (59, 'ǆemper'), (60, 'Ǆemper'),
    (61, 'ö1'), (62, 'Ö1'), (63, 'Ö1X'), (71, '5k'), (72, '5K'), (73, U&'5\212A'), (74, '3å'), (75, '9ω'), (76, U&'9\2126')) v (n, keyword) ORDER BY n;
-- Width, accents and composition: all spellings of a name find it, and marks that make another letter stay.
INSERT INTO invtrack.product (merchant, sku, name) VALUES
    ('lang', 's1', 'Café noir'), ('lang', 's2', U&'Cafe\0301 noir'), ('lang', 's3', 'ＡＢＣ珈琲'), ('lang', 's4', 'ﾃｽﾄ ﾎﾟｯﾄ'), ('lang', 's5', 'がく'), ('lang', 's6', 'かく'),
    ('lang', 's7', '녹차'), ('lang', 's8', U&'\1102\1169\11A8\110E\1161'), ('lang', 's9', 'كِتَابٌ'), ('lang', 'sa', 'شَاي أخضر'), ('lang', 'sb', U&'\05E9\05C1\05B8\05DC\05D5\05B9\05DD'),
    ('lang', 'sc', 'ชาเขียว'), ('lang', 'sd', 'ชาเขยว'), ('lang', 'se', 'Phở bò Đà Nẵng'), ('lang', 'sf', 'ﬁlter № ① ½ m²'), ('lang', 'sg', 'Ά ΰ'), ('lang', 'sh', 'हिंदी'), ('lang', 'si2', 'Ëlégance naïve');
SELECT n, keyword, public.found('lang', keyword) FROM (VALUES
    (1, 'CAFÉ'), (2, U&'CAFE\0301'), (3, 'cafe NOIR'), (4, 'abc珈琲'), (5, 'ａｂｃ'), (6, 'テスト'), (7, 'ポット'), (8, U&'\30DB\309A\30C3\30C8'), (9, 'ホット'), (10, 'ﾎﾟ'),
    (11, 'かく'), (12, 'がく'), (13, U&'\304B\3099\304F'), (14, '녹'), (15, U&'\1102\1169\11A8'), (16, '차'), (21, 'كتاب'), (22, 'كِتاب'), (23, 'شاي'), (24, 'أخضر'), (25, 'اخضر'),
    (26, U&'\0627\0654\062E\0636\0631'), (27, U&'\05E9\05DC\05D5\05DD'), (28, U&'\FB2A\05DC'), (31, 'เขียว'), (32, 'เขยว'), (33, 'pho bo'), (34, 'đà nang'), (35, 'da nang'),
    (41, 'filter'), (42, 'FILTER no 1'), (43, 'm2'), (44, '1⁄2'), (51, 'α υ'), (52, 'ά'), (53, 'हिंदी'), (54, 'हदी'), (55, 'elegance'), (56, 'NAIVE Ë'), (57, U&'noir\3000caf\00E9'),
    (58, 'é´e')) v (n, keyword) ORDER BY n;
-- a keyword of nothing but marks is empty
SELECT public.found('lang', U&'\0301', 3) = public.found('lang', '', 3) AS nothing_but_marks;
-- folding is idempotent, and forgets case
SELECT bool_and(invtrack_internal.fold_case(invtrack_internal.fold_case(name)) = invtrack_internal.fold_case(name)) AS idempotent,
       bool_and(invtrack_internal.fold_case(lower(name COLLATE "und-x-icu")) = invtrack_internal.fold_case(name)) AS of_lower,
       bool_and(invtrack_internal.fold_case(upper(name COLLATE "und-x-icu")) = invtrack_internal.fold_case(name)) AS of_upper
  FROM invtrack.product WHERE merchant = 'lang';

-- Long texts are folded piece by piece, in a time that grows with their length alone; where the pieces end makes no difference.
SELECT count(*) AS texts, count(*) FILTER (WHERE invtrack_internal.fold_case(normalize(t, NFD)) <> invtrack_internal.fold_case(normalize(t, NFC))) AS differ
  FROM (SELECT string_agg(CASE WHEN (i * j) % 7 = 0 THEN ' ' ELSE substr('éộがﾎﾟ한ﬁ①Ångaש茶', 1 + (i * j * j) % 13, 1) END, '' ORDER BY j)
          FROM generate_series(1, 10) i, generate_series(1, 3000) j GROUP BY i) s (t);
SELECT length(invtrack_internal.fold_case('a' || repeat(U&'\20D0\20D2\1DC0\0483', 20000))) AS marks_kept, length(invtrack_internal.fold_case(repeat('茶', 10000))) AS tea;

-- A name may be of any length.
INSERT INTO invtrack.merchant (merchant) VALUES ('long');
SELECT public.error_of($$INSERT INTO invtrack.product (merchant, sku, name)
                         SELECT 'long', '1', 'first ' || string_agg(md5(n::text), ' ') || ' last' FROM generate_series(1, 1000) n$$);
SELECT public.found('long', 'first') AS first, public.found('long', md5('500') || ' last') AS last, public.found('long', 'first last none') AS none;
-- as may a prefix: all of it counts, not only its beginning
INSERT INTO invtrack.product (merchant, sku, name) VALUES
    ('long', 'a', 'in the middle: ' || repeat('é', 150) || ' x'), ('long', 'b', repeat('É', 150) || ' x'), ('long', 'c', repeat('É', 149) || 'e x'),
    ('long', repeat('s', 150) || '2', 'sku'), ('long', repeat('S', 150) || '1', 'sku');
SELECT public.found('long', repeat('é', 150)) AS middle_last, public.found('long', repeat('é', 150) || ' X') AS middle_last_too,
       public.found('long', repeat('é', 149), 2) AS prefixes, right(public.found('long', repeat('s', 150)), 1) AS sku;

-- Errors. A keyword has at most 1000 bytes, whatever their letters become.
SELECT call, public.error_of('SELECT * FROM invtrack.find_products' || call) FROM (VALUES
    (1, $$(null, 'tea')$$), (2, $$(null, repeat('x', 1001), 0)$$), (3, $$('m1', 'tea', 0)$$), (4, $$('m1', 'tea', -1)$$),
    (5, $$('m1', '', -2147483648)$$), (6, $$('m9', 'tea')$$), (7, $$('M1', '')$$), (9, $$('m9', 'tea', 0)$$),
    (10, $$('m1', repeat('x', 1001))$$), (11, $$('m9', repeat('x', 1001))$$), (12, $$('m1', repeat('é', 501))$$)) v (n, call) ORDER BY n;
SELECT public.found('m1', repeat('x', 1000)) AS none, public.found('m1', repeat('ß', 500)) AS none, public.found('m1', repeat('e ', 500)) <> '' AS words;
SELECT length(public.found('m1', repeat('%_\', 333))) AS none, public.found('m1', repeat('ΐ', 500)) AS none;

-- What is written is found at once, what is gone is not.
INSERT INTO invtrack.product (merchant, sku, name) VALUES ('m1', 'new', 'Brand new');
SELECT public.found('m1', 'brand') AS inserted;
UPDATE invtrack.product SET name = 'Old hat' WHERE (merchant, sku) = ('m1', 'new');
SELECT public.found('m1', 'brand') AS gone, public.found('m1', 'old hat') AS updated;
DELETE FROM invtrack.product WHERE (merchant, sku) = ('m1', 'new');
SELECT public.found('m1', 'hat') AS deleted;
-- in a query: for each row, in the target list, with a limit, without a plan for sequential scans and with no other
SELECT k, f.sku FROM unnest(ARRAY['kettle', 'none', 'coffee']) WITH ORDINALITY u (k, n),
       LATERAL (SELECT sku FROM invtrack.find_products('m1', k)) f ORDER BY n, f.sku COLLATE "C";
SELECT (invtrack.find_products('m1', 'tea', 2)).sku;
SELECT sku FROM invtrack.find_products('m1', 'tea') LIMIT 1;
SAVEPOINT plans;
SET LOCAL enable_seqscan = off;
SELECT public.found('m1', 'green tea'), public.found('m1', 'tea'), public.found('odd', '_'), public.found('lang', 'ΟΔΥΣΣΈΑΣ');
SET LOCAL enable_seqscan = on;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT public.found('m1', 'green tea'), public.found('m1', 'tea'), public.found('odd', '_'), public.found('lang', 'ΟΔΥΣΣΈΑΣ');
ROLLBACK TO plans;

-- Row security: what it hides does not exist, merchants and products alike, and does not take room either.
CREATE ROLE invtrack_test_seller;
GRANT USAGE ON SCHEMA invtrack TO invtrack_test_seller;
GRANT EXECUTE ON FUNCTION invtrack.find_products TO invtrack_test_seller;
-- access without the privileges that go with it
INSERT INTO invtrack.access_grant (role, level) VALUES ('invtrack_test_seller', 'read');
-- the function gives nothing that the caller may not read
SET LOCAL ROLE invtrack_test_seller;
SELECT public.error_of($$SELECT * FROM invtrack.find_products('m1', 'tea')$$);
SELECT public.error_of($$SELECT * FROM invtrack.find_products('m9', 'tea')$$);
RESET ROLE;
GRANT SELECT ON invtrack.merchant TO invtrack_test_seller;
SET LOCAL ROLE invtrack_test_seller;
SELECT public.error_of($$SELECT * FROM invtrack.find_products('m1', 'tea')$$);
RESET ROLE;
GRANT SELECT ON invtrack.product TO invtrack_test_seller;
SET LOCAL ROLE invtrack_test_seller;
SELECT public.found('m1', 'tea') AS m1, public.found('m2', 'tea') AS m2;
RESET ROLE;
-- bound to a merchant, and to every tenth of many products
DELETE FROM invtrack.access_grant;
CREATE POLICY own ON invtrack.merchant TO invtrack_test_seller USING (merchant = current_setting('test.merchant', true));
CREATE POLICY own ON invtrack.product TO invtrack_test_seller
    USING (merchant = current_setting('test.merchant', true) AND (merchant <> 'many' OR sku LIKE '%0') AND sku <> 'TEA-2' AND name <> 'Tea, green');
SET LOCAL ROLE invtrack_test_seller;
SELECT public.error_of($$SELECT * FROM invtrack.find_products('m1', 'tea')$$);
SET LOCAL test.merchant = 'm1';
SELECT public.found('m1', 'tea') AS m1, public.found('m1', 'TEA-2') AS hidden, public.found('m1', 'green') AS hidden_too, public.found('m1', '') AS all;
SELECT merchant, public.error_of(format('SELECT * FROM invtrack.find_products(%L, %L)', merchant, 'tea'))
  FROM unnest(ARRAY['m2', 'many', 'm9', 'empty']) merchant ORDER BY merchant;
SET LOCAL test.merchant = 'm2';
SELECT public.found('m2', 'tea') AS m2, public.error_of($$SELECT * FROM invtrack.find_products('m1', 'tea')$$);
SET LOCAL test.merchant = 'many';
SELECT public.found('many', '', 3), public.found('many', 'k', 3), public.found('many', 'thing', 3), public.found('many', 'ing', 3), public.found('many', 'ing 1', 4);
SELECT count(*) AS twenty, count(*) FILTER (WHERE sku LIKE '%0') AS visible FROM invtrack.find_products('many', 'thing');
SELECT count(*) AS all_visible FROM invtrack.find_products('many', 'thing', 100);
SELECT public.found('many', 'k199', 5) AS hidden, public.found('many', 'k200', 5) AS shown;
-- the caller is who they were, also after an error
SELECT current_user, current_setting('search_path') = 'pg_catalog, pg_temp' AS narrow;
RESET ROLE;
SELECT public.found('many', 'thing', 3) AS owner;
ROLLBACK;
