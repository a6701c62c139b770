-- What the other tests use: the extension, and a function that tells the error of a statement.
SET client_min_messages = warning;
CREATE EXTENSION invtrack CASCADE;

-- SQLSTATE, message, detail and hint of a statement's error; null where it has none.
CREATE FUNCTION public.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n  ', SQLSTATE || ': ' || SQLERRM,
                     'DETAIL ' || nullif(detail, ''), 'HINT ' || nullif(hint, ''));
END
$$;
