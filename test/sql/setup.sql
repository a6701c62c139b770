-- What the other tests use: the extension, a function that tells the error of a statement, and two
-- that compare all answers there are.
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

-- Every answer there is, noted under a name, as text, so that a figure of another scale is a change, too.
CREATE TABLE public.answer (point text, what text, answer text);
CREATE FUNCTION public.note_answers(point text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.answer
    SELECT note_answers.point, 'health', h::text FROM invtrack.health h
    UNION ALL
    SELECT note_answers.point, 'tracker_health', concat(d, ' ', h)
      FROM unnest(ARRAY[date '0001-01-01', '2016-03-11', '2026-01-01', '2026-03-01', '2026-03-09', '2026-03-11', '9999-12-31']) d,
           invtrack.tracker_health(as_of => d) h
    UNION ALL
    SELECT note_answers.point, 'tracker_health_of', h::text
      FROM invtrack.merchant m, invtrack.tracker_health_of(m.merchant, ARRAY['p1', 'p2', 'p6']) h
    UNION ALL
    SELECT note_answers.point, 'stock', s::text FROM invtrack.stock s
    UNION ALL
    SELECT note_answers.point, 'unknown_items', u::text FROM invtrack.unknown_items u
    UNION ALL
    SELECT note_answers.point, 'flow_daily', f::text FROM invtrack.flow_daily f
$$;
-- What has changed since: no row where nothing has.
CREATE FUNCTION public.changed_answers(since text) RETURNS TABLE (side text, what text, answer text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note_answers('now');
    RETURN QUERY
    (SELECT 'before', d.* FROM (SELECT a.what, a.answer FROM public.answer a WHERE a.point = since
                                EXCEPT ALL SELECT a.what, a.answer FROM public.answer a WHERE a.point = 'now') d)
    UNION ALL
    (SELECT 'now', d.* FROM (SELECT a.what, a.answer FROM public.answer a WHERE a.point = 'now'
                             EXCEPT ALL SELECT a.what, a.answer FROM public.answer a WHERE a.point = since) d)
    ORDER BY 2, 3, 1;
    DELETE FROM public.answer a WHERE a.point = 'now';
END
$$;
