
-- Products under another code, into one, and gone ----------------------------------------------------

CREATE FUNCTION invtrack.rename_product(merchant text, sku text, new_sku text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'product_rename';
COMMENT ON FUNCTION invtrack.rename_product(text, text, text) IS
'Gives a product, with all that there is of it, another sku; true, or an error';

CREATE FUNCTION invtrack.merge_product(merchant text, sku text, into_sku text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'product_merge';
COMMENT ON FUNCTION invtrack.merge_product(text, text, text) IS
'Makes all that there is of a product, or of a mistyped sku, another product''s; true, or an error';

CREATE FUNCTION invtrack.delete_product(merchant text, sku text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'product_delete';
COMMENT ON FUNCTION invtrack.delete_product(text, text) IS
'Deletes a product and all that there is of it, its history included; true, or an error if there is nothing';
