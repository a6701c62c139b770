-- What bench/day needs beside the data of shop.sql: a sequence for refs, tables of what was measured, and the model of health:
-- the rules in plain SQL (peers/judgement.sql) over the days that the series were made of and all movements since.

\set as_of 'date ''2026-02-15'''
\set ON_ERROR_STOP on
\set QUIET on

CREATE SEQUENCE bench.ref;
CREATE TABLE bench.log (client integer, number bigint, us bigint, script integer, epoch bigint, epoch_us bigint, lag bigint);
CREATE TABLE bench.job (what text, started timestamptz, ended timestamptz DEFAULT clock_timestamp());

CREATE VIEW bench.model_input AS
SELECT t.*, m.name AS merchant_name, p.name AS product_name, y.name AS inventory_type_name, p.launched_on,
       coalesce(s.on_hand, 0) AS on_hand, coalesce(s.on_hand - CASE WHEN t.expiry_days IS NOT NULL THEN s.near END, s.on_hand, 0) AS counted,
       coalesce(h.moved, 0) + coalesce(v.moved, 0) AS moved, least(h.first_day, v.first_day) AS first_sale
  FROM invtrack.tracker t
  JOIN invtrack.merchant m USING (merchant)
  JOIN invtrack.inventory_type y USING (merchant, inventory_type)
  JOIN invtrack.product p USING (merchant, sku)
  JOIN bench.item i USING (merchant, sku)
  -- shop.sql asks for 30 days of shelf life, or for none
  LEFT JOIN (SELECT merchant, sku, sum(quantity) AS on_hand, coalesce(sum(quantity) FILTER (WHERE expires_on <= :as_of + 30), 0) AS near
               FROM invtrack.stock_lot GROUP BY merchant, sku) s USING (merchant, sku)
  LEFT JOIN (SELECT kind, flow, days, sum(quantity) FILTER (WHERE day > :as_of - days) AS moved, min(day) AS first_day
               FROM bench.kind_day, unnest(ARRAY[30, 60, 90]) days GROUP BY kind, flow, days) h
    ON h.kind = i.kind AND h.flow = CASE t.mechanism WHEN 'turnover_days' THEN 'sale' WHEN 'stalled_days' THEN 'shipment' END
   AND h.days = t.lookback_days
  -- all of today
  LEFT JOIN (SELECT merchant, sku, flow, sum(quantity) AS moved, min(occurred_on) AS first_day
               FROM invtrack.movement GROUP BY merchant, sku, flow) v
    ON v.merchant = t.merchant AND v.sku = t.sku
   AND v.flow = CASE t.mechanism WHEN 'turnover_days' THEN 'sale' WHEN 'stalled_days' THEN 'shipment' END;
\set view bench.model
\set inputs 'SELECT * FROM bench.model_input'
\ir peers/judgement.sql
