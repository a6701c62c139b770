-- Daily sums that pg_ivm keeps up to date in the inserting transaction.

-- name: setup
CREATE EXTENSION pg_ivm;
SELECT pgivm.create_immv('bench.ivm_sum',
    'SELECT merchant, sku, inventory_type, flow, occurred_on, sum(quantity) AS quantity
       FROM bench.raw_movement GROUP BY merchant, sku, inventory_type, flow, occurred_on');
CREATE INDEX ON bench.ivm_sum (merchant, sku, inventory_type, flow, occurred_on) INCLUDE (quantity);
CREATE INDEX ON bench.ivm_sum (sku);
