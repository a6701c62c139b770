-- Daily sums as a continuous aggregate over a hypertable; real-time, so recent rows are included.

-- name: setup
CREATE EXTENSION timescaledb;
CREATE TABLE bench.hyper_movement (LIKE bench.raw_movement);
SELECT create_hypertable('bench.hyper_movement', 'occurred_on', chunk_time_interval => interval '30 days');
INSERT INTO bench.hyper_movement SELECT * FROM bench.raw_movement;
CREATE INDEX ON bench.hyper_movement (merchant, sku, inventory_type, flow, occurred_on) INCLUDE (quantity);

-- name: aggregate
CREATE MATERIALIZED VIEW bench.cagg_sum
  WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT merchant, sku, inventory_type, flow, time_bucket(interval '1 day', occurred_on) AS occurred_on,
       sum(quantity) AS quantity
  FROM bench.hyper_movement
 GROUP BY 1, 2, 3, 4, 5;
