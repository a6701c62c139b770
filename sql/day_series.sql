
-- The type day_series: quantities by day ------------------------------------

CREATE TYPE invtrack.day_series;

CREATE FUNCTION invtrack_internal.day_series_in(cstring)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_in';
COMMENT ON FUNCTION invtrack_internal.day_series_in(cstring) IS 'I/O';

CREATE FUNCTION invtrack_internal.day_series_out(invtrack.day_series)
RETURNS cstring LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_out';
COMMENT ON FUNCTION invtrack_internal.day_series_out(invtrack.day_series) IS 'I/O';

CREATE FUNCTION invtrack_internal.day_series_recv(internal)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_recv';
COMMENT ON FUNCTION invtrack_internal.day_series_recv(internal) IS 'I/O';

CREATE FUNCTION invtrack_internal.day_series_send(invtrack.day_series)
RETURNS bytea LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_send';
COMMENT ON FUNCTION invtrack_internal.day_series_send(invtrack.day_series) IS 'I/O';

CREATE TYPE invtrack.day_series (
    INPUT = invtrack_internal.day_series_in,
    OUTPUT = invtrack_internal.day_series_out,
    RECEIVE = invtrack_internal.day_series_recv,
    SEND = invtrack_internal.day_series_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE invtrack.day_series IS
'Exact quantities by day, packed: {2026-01-03:5,2026-01-04:2.5,infinity:7}; infinity stands for no date';

CREATE FUNCTION invtrack_internal.day_series_eq(invtrack.day_series, invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_eq';
COMMENT ON FUNCTION invtrack_internal.day_series_eq(invtrack.day_series, invtrack.day_series) IS
'implementation of = operator';

CREATE FUNCTION invtrack_internal.day_series_ne(invtrack.day_series, invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_ne';
COMMENT ON FUNCTION invtrack_internal.day_series_ne(invtrack.day_series, invtrack.day_series) IS
'implementation of <> operator';

CREATE FUNCTION invtrack_internal.day_series_hash(invtrack.day_series)
RETURNS integer LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_hash';
COMMENT ON FUNCTION invtrack_internal.day_series_hash(invtrack.day_series) IS 'hash';

CREATE FUNCTION invtrack_internal.day_series_hash_extended(invtrack.day_series, bigint)
RETURNS bigint LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_hash_extended';
COMMENT ON FUNCTION invtrack_internal.day_series_hash_extended(invtrack.day_series, bigint) IS 'hash';

CREATE FUNCTION invtrack_internal.day_series_add(invtrack.day_series, invtrack.day_series)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_add';
COMMENT ON FUNCTION invtrack_internal.day_series_add(invtrack.day_series, invtrack.day_series) IS
'implementation of + operator: the days of both, quantities of the same day added up';

-- Not parallel safe: it looks at what is stored elsewhere in a subtransaction.
CREATE FUNCTION invtrack_internal.is_intact(series invtrack.day_series)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'day_series_is_intact';
COMMENT ON FUNCTION invtrack_internal.is_intact(invtrack.day_series) IS
'Can the series be read, as a whole, in its one packed form? False where its bytes are damaged, or missing';

CREATE OPERATOR invtrack.= (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack_internal.day_series_eq,
    COMMUTATOR = OPERATOR(invtrack.=), NEGATOR = OPERATOR(invtrack.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR invtrack.= (invtrack.day_series, invtrack.day_series) IS 'equal';

CREATE OPERATOR invtrack.<> (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack_internal.day_series_ne,
    COMMUTATOR = OPERATOR(invtrack.<>), NEGATOR = OPERATOR(invtrack.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR invtrack.<> (invtrack.day_series, invtrack.day_series) IS 'not equal';

CREATE OPERATOR invtrack.+ (
    LEFTARG = invtrack.day_series, RIGHTARG = invtrack.day_series,
    FUNCTION = invtrack_internal.day_series_add,
    COMMUTATOR = OPERATOR(invtrack.+)
);
COMMENT ON OPERATOR invtrack.+ (invtrack.day_series, invtrack.day_series) IS
'the days of both, quantities of the same day added up';

CREATE OPERATOR CLASS invtrack.day_series_ops
    DEFAULT FOR TYPE invtrack.day_series USING hash AS
    OPERATOR 1 invtrack.= (invtrack.day_series, invtrack.day_series),
    FUNCTION 1 invtrack_internal.day_series_hash(invtrack.day_series),
    FUNCTION 2 invtrack_internal.day_series_hash_extended(invtrack.day_series, bigint);

CREATE FUNCTION invtrack.range_sum(series invtrack.day_series, after date, upto date)
RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_range_sum';
COMMENT ON FUNCTION invtrack.range_sum(invtrack.day_series, date, date) IS
'Sum of the quantities of the days after < day <= upto; either bound may be infinite';

CREATE FUNCTION invtrack.first_day(series invtrack.day_series)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_first_day';
COMMENT ON FUNCTION invtrack.first_day(invtrack.day_series) IS
'Earliest day of the series, null where it has none';

CREATE FUNCTION invtrack.last_day(series invtrack.day_series)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_last_day';
COMMENT ON FUNCTION invtrack.last_day(invtrack.day_series) IS
'Latest day of the series, null where it has none';

CREATE FUNCTION invtrack.next_day(series invtrack.day_series, after date)
RETURNS date LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_next_day';
COMMENT ON FUNCTION invtrack.next_day(invtrack.day_series, date) IS
'Earliest day later than this one that has more than 0 units, null where none has';

CREATE FUNCTION invtrack.total(series invtrack.day_series)
RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_total';
COMMENT ON FUNCTION invtrack.total(invtrack.day_series) IS
'Sum of all quantities of the series';

CREATE FUNCTION invtrack.unnest(series invtrack.day_series, OUT day date, OUT quantity numeric)
RETURNS SETOF record LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 100
AS 'MODULE_PATHNAME', 'day_series_unnest';
COMMENT ON FUNCTION invtrack.unnest(invtrack.day_series) IS
'The days and quantities of the series as rows, earliest first';

CREATE FUNCTION invtrack_internal.day_series_agg_step(internal, date, numeric)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_step';
COMMENT ON FUNCTION invtrack_internal.day_series_agg_step(internal, date, numeric) IS 'aggregate transition function';

CREATE FUNCTION invtrack_internal.day_series_agg_combine(internal, internal)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_combine';
COMMENT ON FUNCTION invtrack_internal.day_series_agg_combine(internal, internal) IS 'aggregate combine function';

CREATE FUNCTION invtrack_internal.day_series_agg_serialize(internal)
RETURNS bytea LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_serialize';
COMMENT ON FUNCTION invtrack_internal.day_series_agg_serialize(internal) IS 'aggregate serial function';

CREATE FUNCTION invtrack_internal.day_series_agg_deserialize(bytea, internal)
RETURNS internal LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_deserialize';
COMMENT ON FUNCTION invtrack_internal.day_series_agg_deserialize(bytea, internal) IS 'aggregate deserial function';

CREATE FUNCTION invtrack_internal.day_series_agg_final(internal)
RETURNS invtrack.day_series LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_agg_final';
COMMENT ON FUNCTION invtrack_internal.day_series_agg_final(internal) IS 'aggregate final function';

CREATE AGGREGATE invtrack.day_series_agg(day date, quantity numeric) (
    SFUNC = invtrack_internal.day_series_agg_step,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = invtrack_internal.day_series_agg_final,
    COMBINEFUNC = invtrack_internal.day_series_agg_combine,
    SERIALFUNC = invtrack_internal.day_series_agg_serialize,
    DESERIALFUNC = invtrack_internal.day_series_agg_deserialize,
    PARALLEL = safe
);
COMMENT ON AGGREGATE invtrack.day_series_agg(date, numeric) IS
'A series of the rows'' days and quantities; rows with a null are left out, no row at all gives null';

CREATE FUNCTION invtrack_internal.day_series_sum_step(internal, invtrack.day_series)
RETURNS internal LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'day_series_sum_step';
COMMENT ON FUNCTION invtrack_internal.day_series_sum_step(internal, invtrack.day_series) IS 'aggregate transition function';

CREATE AGGREGATE invtrack.day_series_sum(series invtrack.day_series) (
    SFUNC = invtrack_internal.day_series_sum_step,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = invtrack_internal.day_series_agg_final,
    COMBINEFUNC = invtrack_internal.day_series_agg_combine,
    SERIALFUNC = invtrack_internal.day_series_agg_serialize,
    DESERIALFUNC = invtrack_internal.day_series_agg_deserialize,
    PARALLEL = safe
);
COMMENT ON AGGREGATE invtrack.day_series_sum(invtrack.day_series) IS
'The days of all series, quantities of the same day added up; nulls are left out, no series at all gives null';
