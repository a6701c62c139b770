
-- Rules of single values ---------------------------------------------------

CREATE FUNCTION invtrack_internal.is_code(code text)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'code_is_code';
COMMENT ON FUNCTION invtrack_internal.is_code(text) IS
'Is this a code of the back-office: 1 to 200 bytes, no white space at either end?';

CREATE FUNCTION invtrack_internal.is_quantity(value numeric)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'quantity_is_quantity';
COMMENT ON FUNCTION invtrack_internal.is_quantity(numeric) IS
'Is this a quantity? True, or an error that names it';

CREATE DOMAIN invtrack.quantity AS numeric
    CONSTRAINT quantity_check CHECK (invtrack_internal.is_quantity(VALUE));
COMMENT ON DOMAIN invtrack.quantity IS
'Units: an exact decimal of at most 6 decimals, above -10^12 and below 10^12';

CREATE FUNCTION invtrack_internal.is_day(day date)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
AS 'MODULE_PATHNAME', 'invtrack_is_day';
COMMENT ON FUNCTION invtrack_internal.is_day(date) IS
'Is this a day of the calendar, from 0001-01-01 to 9999-12-31?';
