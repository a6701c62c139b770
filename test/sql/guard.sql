-- Guards let a statement of the library pass, and no other: not the next one, nor one that a trigger runs inside.
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO invtrack.merchant (merchant) VALUES ('m'), ('n');
INSERT INTO invtrack.inventory_type (merchant, inventory_type) VALUES ('m', 'good');
INSERT INTO invtrack.product (merchant, sku) VALUES ('m', 'a'), ('m', 'b');
INSERT INTO invtrack.movement (merchant, movement_id, sku, inventory_type, flow, occurred_on, quantity)
VALUES ('m', 1, 'a', 'good', 'sale', '2026-03-01', 1), ('m', 2, 'a', 'good', 'sale', '2026-03-01', 1), ('m', 3, 'b', 'good', 'sale', '2026-03-01', 1);
SELECT invtrack.fold('m');
-- A purge that finds nothing old enough, and what comes after it in the same transaction.
SELECT invtrack.purge_movements('m', 10), left(public.error_of('DELETE FROM invtrack.movement'), 5) AS deleted;
SELECT invtrack.rename_product('m', 'b', 'c');
SELECT left(public.error_of($$UPDATE invtrack.product SET sku = 'd' WHERE sku = 'c'$$), 5) AS renamed,
       left(public.error_of('DELETE FROM invtrack.movement'), 5) AS deleted;
DO $$
BEGIN
    PERFORM invtrack.purge_movements('m', 10);
    DELETE FROM invtrack.movement;
EXCEPTION WHEN restrict_violation THEN
    RAISE WARNING 'refused';
END
$$;
-- The same after an error inside.
SAVEPOINT before;
SELECT left(public.error_of('SELECT invtrack.delete_merchant(''m''), 1 / 0'), 5) AS failed;
SELECT left(public.error_of('DELETE FROM invtrack.movement'), 5) AS deleted;
-- What a trigger runs inside of it.
CREATE FUNCTION pg_temp.also() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM invtrack.movement WHERE merchant = 'm' AND movement_id = 2;
    RETURN NULL;
END
$$;
CREATE TRIGGER also AFTER DELETE ON invtrack.movement FOR EACH ROW WHEN (old.movement_id = 3) EXECUTE FUNCTION pg_temp.also();
SELECT left(public.error_of('SELECT invtrack.delete_product(''m'', ''c'')'), 5) AS nested;
DROP TRIGGER also ON invtrack.movement;
SELECT count(*) FROM invtrack.movement;
SELECT invtrack.delete_product('m', 'c');
SELECT count(*) FROM invtrack.movement;
-- The owner alone gives the permission.
CREATE ROLE invtrack_test_guard;
SELECT invtrack.grant_access('invtrack_test_guard', 'm', 'manage');
SET LOCAL ROLE invtrack_test_guard;
SELECT left(public.error_of('SELECT invtrack_internal.lift_guard(''m'')'), 5) AS called,
       left(public.error_of('UPDATE invtrack.product SET sku = ''x'' WHERE invtrack_internal.lift_guard(merchant)'), 5) AS used;
RESET ROLE;
GRANT EXECUTE ON FUNCTION invtrack_internal.lift_guard TO invtrack_test_guard;
SET LOCAL ROLE invtrack_test_guard;
SELECT left(public.error_of('UPDATE invtrack.product SET sku = ''x'' WHERE invtrack_internal.lift_guard(merchant)'), 5) AS used;
RESET ROLE;
ROLLBACK;
