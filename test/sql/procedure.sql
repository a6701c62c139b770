-- Procedures that commit as they go: what is wrong with one merchant does not keep others from their
-- turn, and is an error in the end.
\pset format unaligned
\set VERBOSITY terse
SET invtrack.as_of = '2026-03-10';
INSERT INTO invtrack.merchant (merchant) VALUES ('a'), ('b'), ('c'), ('d');
INSERT INTO invtrack.inventory_type SELECT merchant, 'good' FROM invtrack.merchant;
INSERT INTO invtrack.product SELECT merchant, 'p' FROM invtrack.merchant;
INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity) SELECT merchant, 'p', 'good', 'stock_quantity', 1 FROM invtrack.merchant;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
SELECT merchant, 'p', 'good', 'sale', '2026-03-01', 1 FROM invtrack.merchant;
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING errcode = tg_argv[0], message = 'not this merchant';
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant IN ('b', 'c')) EXECUTE FUNCTION public.refuse('P0001');
CREATE TRIGGER refuse BEFORE INSERT ON invtrack.alert FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('XX001');
CREATE VIEW public.done AS
SELECT merchant,
       (SELECT count(*) FROM invtrack.flow_series s WHERE s.merchant = m.merchant) AS series,
       (SELECT count(*) FROM invtrack.movement v WHERE v.merchant = m.merchant AND NOT v.folded) AS tail,
       (SELECT count(*) FROM invtrack.alert a WHERE a.merchant = m.merchant) AS alerts,
       (SELECT count(*) FROM invtrack.check_state c WHERE c.merchant = m.merchant) AS checked
  FROM invtrack.merchant m;
CALL invtrack.fold_all();
\echo :LAST_ERROR_SQLSTATE
CALL invtrack.check_all();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM public.done ORDER BY merchant;

-- What is about the server, or somebody who stops it, ends it at once: here merchant b, so that c and d are not reached.
DROP TRIGGER refuse ON invtrack.flow_series;
DROP TRIGGER refuse ON invtrack.alert;
UPDATE invtrack.tracker SET quantity = 2 WHERE merchant <> 'b';
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity) SELECT merchant, 'p', 'good', 2 FROM invtrack.merchant WHERE merchant <> 'b';
CREATE TRIGGER refuse BEFORE INSERT ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('57014');
CREATE TRIGGER refuse BEFORE INSERT ON invtrack.alert FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('53100');
CALL invtrack.fold_all();
\echo :LAST_ERROR_SQLSTATE
CALL invtrack.check_all();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM public.done ORDER BY merchant;
SELECT merchant, transition FROM invtrack.alert_event WHERE transition <> 'opened' ORDER BY merchant;

-- When all is well again, what was left is done.
DROP TRIGGER refuse ON invtrack.flow_series;
DROP TRIGGER refuse ON invtrack.alert;
CALL invtrack.fold_all();
CALL invtrack.check_all();
SELECT * FROM public.done ORDER BY merchant;
SELECT count(*) AS wrong FROM invtrack.verify();

-- Purges: the same, and what a constraint says at the commit; purge_movements() of all tells it in warnings, in one transaction.
CREATE VIEW public.kept AS
SELECT merchant, count(v.movement_id) AS kept FROM invtrack.merchant LEFT JOIN invtrack.movement v USING (merchant) GROUP BY merchant;
CREATE TRIGGER refuse BEFORE UPDATE ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('P0001');
CREATE CONSTRAINT TRIGGER refuse_later AFTER UPDATE ON invtrack.flow_series DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (new.merchant = 'c') EXECUTE FUNCTION public.refuse('23514');
BEGIN;
CALL invtrack.purge_all(0);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CALL invtrack.purge_all(NULL);
CALL invtrack.purge_all(older_than_days => -1);
BEGIN;
SELECT invtrack.purge_movements(NULL, 0) AS purged;
SELECT * FROM public.kept ORDER BY merchant;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SELECT sum(kept) AS kept FROM public.kept;
CALL invtrack.purge_all(0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM public.kept ORDER BY merchant;
-- What the caller has deferred is not for a purge to check.
DROP TRIGGER refuse ON invtrack.flow_series;
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT merchant, 'p', 'good', 'sale', '2026-03-02', 1 FROM invtrack.merchant;
CALL invtrack.fold_all();
DROP TRIGGER refuse_later ON invtrack.flow_series;
CREATE TABLE public.deferred (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO public.deferred VALUES (1), (1);
SELECT invtrack.purge_movements(NULL, 0) AS purged;
DELETE FROM public.deferred;
COMMIT;
SELECT sum(kept) AS kept FROM public.kept;
DROP TABLE public.deferred;
-- Somebody who stops it ends it at once; here merchant b.
INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) SELECT merchant, 'p', 'good', 'sale', '2026-03-03', 1 FROM invtrack.merchant;
CALL invtrack.fold_all();
CREATE TRIGGER refuse BEFORE UPDATE ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('57014');
CALL invtrack.purge_all(0);
\echo :LAST_ERROR_SQLSTATE
SELECT invtrack.purge_movements(NULL, 0) AS purged;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM public.kept ORDER BY merchant;
-- In a transaction of the caller's, what says that it is to be run again is an error; a procedure goes on to the next.
DROP TRIGGER refuse ON invtrack.flow_series;
CREATE TRIGGER refuse BEFORE UPDATE ON invtrack.flow_series FOR EACH ROW WHEN (new.merchant = 'b') EXECUTE FUNCTION public.refuse('40001');
SELECT invtrack.purge_movements(NULL, 0) AS purged;
\echo :LAST_ERROR_SQLSTATE
CALL invtrack.purge_all(0);
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER refuse ON invtrack.flow_series;
CALL invtrack.purge_all(0);
SELECT sum(kept) AS kept FROM public.kept;
SELECT count(*) AS wrong FROM invtrack.verify();

DROP VIEW public.kept;
DROP VIEW public.done;
DROP FUNCTION public.refuse();
SELECT bool_and(invtrack.delete_merchant(merchant)) AS deleted FROM invtrack.merchant;
RESET invtrack.as_of;
