
-- Corrections: what a line says now, and wrong loads undone -----------------------------------------

CREATE FUNCTION invtrack.record_movement(
    merchant text, flow text, ref text, sku text, inventory_type text, occurred_on date, quantity numeric)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'correction_record';
COMMENT ON FUNCTION invtrack.record_movement(text, text, text, text, text, date, numeric) IS
'Records what the line with this ref says now: one that said something else is reversed and recorded anew; returns created, corrected or unchanged';

CREATE FUNCTION invtrack.reverse_movements(merchant text, flow text, ref_prefix text)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'correction_reverse';
COMMENT ON FUNCTION invtrack.reverse_movements(text, text, text) IS
'Undoes a wrong load: reverses all movements whose ref begins so and that are not reversed; returns how many';
