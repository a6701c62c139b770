
-- Finding products ----------------------------------------------------------------------------

CREATE FUNCTION invtrack_internal.fold_case(given text)
RETURNS text LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'product_fold_case';
COMMENT ON FUNCTION invtrack_internal.fold_case(text) IS
'The text without what makes no difference to a search: case, accents, width and composition of letters';

CREATE FUNCTION invtrack_internal.search_text(sku text, name text)
RETURNS text LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'product_search_text';
COMMENT ON FUNCTION invtrack_internal.search_text(text, text) IS
'What the words of a keyword are looked for in';

-- Their expressions stand in src/product_search.c, to the letter.
CREATE INDEX product_folded_sku ON invtrack.product
    (merchant, (invtrack_internal.fold_case(sku) COLLATE pg_catalog."C"));
COMMENT ON INDEX invtrack.product_folded_sku IS 'find_products: exact sku and sku prefix';
CREATE INDEX product_folded_name ON invtrack.product
    (merchant, (pg_catalog."left"(invtrack_internal.fold_case(name) COLLATE pg_catalog."C", 100)));
COMMENT ON INDEX invtrack.product_folded_name IS 'find_products: name prefix';
DO $$
BEGIN
    EXECUTE format(
        'CREATE INDEX product_search_text ON invtrack.product USING gin
             (merchant, (invtrack_internal.search_text(sku, name) COLLATE pg_catalog."C") %I.gin_trgm_ops)',
        (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'pg_trgm'));
END
$$;
COMMENT ON INDEX invtrack.product_search_text IS 'find_products: words';

CREATE TYPE invtrack.found_product AS (merchant text, sku text, name text, launched_on date);
COMMENT ON TYPE invtrack.found_product IS 'A row of find_products';

CREATE FUNCTION invtrack.find_products(merchant text, keyword text, max_rows integer DEFAULT 20)
RETURNS SETOF invtrack.found_product LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME', 'product_find';
COMMENT ON FUNCTION invtrack.find_products(text, text, integer) IS
'Products of a merchant whose sku or name contains every word of the keyword, whatever the case, accents, width and composition of letters: exact sku first, then sku prefix, name prefix, the rest, each by sku';
