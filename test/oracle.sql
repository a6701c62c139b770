-- The rules of SPEC.md once more, straight from its words, over rows and with plain numeric
-- arithmetic: what test/t/002_random.pl compares invtrack.health and invtrack.stock with.
-- It uses the tables only, and nothing else of the extension.

-- n / d, cut toward zero to so many decimals. div() is exact where "/" rounds at some digit.
CREATE FUNCTION oracle_cut(n numeric, d numeric, decimals integer)
RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN div(n * 10.0 ^ decimals, d) / 10.0 ^ decimals;

-- n / d, rounded half away from zero to so many decimals; d > 0.
CREATE FUNCTION oracle_round(n numeric, d numeric, decimals integer)
RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN sign(n) * div(2 * abs(n) * 10.0 ^ decimals + d, 2 * d) / 10.0 ^ decimals;

-- Health of all trackers at a day; at each merchant's today where the day is null.
CREATE FUNCTION oracle_health(day date)
RETURNS TABLE (
    merchant text, merchant_name text, sku text, product_name text, inventory_type text,
    inventory_type_name text, mechanism text, quantity numeric, lookback_days integer,
    coverage_days integer, expiry_days integer, current_stock numeric, threshold numeric,
    health numeric, status text, reason text, daily_sales numeric, actual_days integer,
    days_of_cover numeric, excluded_stock numeric, as_of date, updated_at timestamptz,
    active boolean, discontinued_on date, version integer, tracker_key text)
LANGUAGE sql STABLE AS $$
WITH tracked AS (
    SELECT t.*, t.quantity::numeric AS asked, m.name AS merchant_name, p.name AS product_name,
           p.launched_on, p.discontinued_on, i.name AS inventory_type_name,
           -- "Today is that merchant's today, whatever the session's TimeZone is"
           coalesce(day, (now() AT TIME ZONE m.time_zone)::date) AS d,
           -- "E is the last day of the window: D, or, where merchant.count_today is false, the day before D"
           coalesce(day, (now() AT TIME ZONE m.time_zone)::date) - (NOT m.count_today)::integer AS e
      FROM invtrack.tracker t
      JOIN invtrack.merchant m ON m.merchant = t.merchant
      JOIN invtrack.product p ON p.merchant = t.merchant AND p.sku = t.sku
      JOIN invtrack.inventory_type i ON i.merchant = t.merchant AND i.inventory_type = t.inventory_type
), measured AS (
    SELECT t.*, stock.on_hand, stock.counted, sale.net AS sales, sale.first_sale, shipment.shipped
      FROM tracked t
     CROSS JOIN LATERAL (
           -- "An item without lots has 0 on hand"
           SELECT coalesce(sum(l.quantity::numeric), 0) AS on_hand,
                  -- "of lots with shelf life above expiry_days where that is set, of all lots
                  -- (expired ones too) where it is not"; "when it has no expiry date, or
                  -- expires_on > D + N"
                  coalesce(sum(l.quantity::numeric) FILTER (
                      WHERE t.expiry_days IS NULL OR l.expires_on IS NULL
                         OR l.expires_on > t.d + t.expiry_days), 0) AS counted
             FROM invtrack.stock_lot l
            WHERE l.merchant = t.merchant AND l.sku = t.sku
              AND l.inventory_type = t.inventory_type) stock
     CROSS JOIN LATERAL (
           -- "a window is E-N+1 … E"
           SELECT coalesce(sum(s.net) FILTER (
                      WHERE s.occurred_on BETWEEN t.e - t.lookback_days + 1 AND t.e), 0) AS net,
                  -- "the first day up to E whose sale movements do not add up to 0"
                  min(s.occurred_on) FILTER (WHERE s.occurred_on <= t.e AND s.net <> 0) AS first_sale
             FROM (SELECT v.occurred_on, sum(v.quantity::numeric) AS net
                     FROM invtrack.movement v
                    WHERE v.merchant = t.merchant AND v.sku = t.sku
                      AND v.inventory_type = t.inventory_type AND v.flow = 'sale'
                    GROUP BY v.occurred_on) s) sale
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(v.quantity::numeric), 0) AS shipped
             FROM invtrack.movement v
            WHERE v.merchant = t.merchant AND v.sku = t.sku
              AND v.inventory_type = t.inventory_type AND v.flow = 'shipment'
              AND v.occurred_on BETWEEN t.e - t.lookback_days + 1 AND t.e) shipment
), dated AS (
    -- "The item was on sale from the earlier of its product's launched_on (where known) and its
    -- first day of sales": least() passes over nulls.
    SELECT m.*, least(m.launched_on, m.first_sale) AS on_sale_from FROM measured m
), counted AS (
    SELECT m.*,
           -- "days from the first day on which the item was on sale up to the end of the window, both
           -- included, at most lookback_days"; "null where the item was never on sale"
           CASE WHEN m.on_sale_from <= m.e
                THEN least(m.e - m.on_sale_from + 1, m.lookback_days) END AS days
      FROM dated m
), asked AS (
    -- current, and threshold as the fraction wanted / per, which is exact
    SELECT c.*,
           CASE c.mechanism WHEN 'stalled_days' THEN c.shipped ELSE c.counted END AS current,
           -- "average daily sales × coverage_days"; "Where net sales in the window are ≤ 0,
           -- threshold, daily sales and health are 0"
           CASE WHEN c.mechanism <> 'turnover_days' THEN c.asked
                WHEN c.sales <= 0 THEN 0
                ELSE c.sales * c.coverage_days END AS wanted,
           CASE WHEN c.mechanism = 'turnover_days' AND c.sales > 0 THEN c.days ELSE 1 END AS per,
           c.mechanism = 'turnover_days' AND c.sales <= 0 AS no_sales,
           c.mechanism = 'turnover_days' AND c.sales > 0 AS selling
      FROM counted c
), judged AS (
    SELECT a.*,
           CASE WHEN a.no_sales THEN 'no_sales'
                WHEN a.current * a.per >= a.wanted THEN 'ok'
                WHEN a.mechanism = 'stalled_days' THEN 'stalled'
                ELSE 'replenish' END AS status
      FROM asked a
)
SELECT j.merchant, j.merchant_name, j.sku, j.product_name, j.inventory_type,
       j.inventory_type_name, j.mechanism, j.asked, j.lookback_days, j.coverage_days, j.expiry_days,
       j.current,
       -- "threshold and daily_sales are shown rounded to 4 decimals (half away from zero)"
       oracle_round(j.wanted, j.per, 4),
       -- "100 × current ÷ threshold, computed exactly, then cut (toward zero) to 2 decimals"
       CASE WHEN j.no_sales THEN 0 ELSE oracle_cut(100 * j.current * j.per, j.wanted, 2) END,
       j.status,
       CASE j.status
           WHEN 'replenish' THEN
               CASE j.mechanism WHEN 'stock_quantity' THEN 'stock_below_quantity'
                                ELSE 'stock_below_coverage' END
           WHEN 'stalled' THEN
               -- "launched_on is known and less than lookback_days days ago
               -- (E − launched_on + 1 < lookback_days), else all lots together are ≤ 0"
               CASE WHEN j.e - j.launched_on + 1 < j.lookback_days THEN 'too_new'
                    WHEN j.on_hand <= 0 THEN 'nothing_on_hand'
                    ELSE 'shipments_below_quantity' END
           WHEN 'no_sales' THEN
               -- "no day up to E has sales that do not add up to 0"
               CASE WHEN j.first_sale IS NULL THEN 'no_sales_history'
                    ELSE 'no_sales_in_window' END
       END,
       -- "null outside turnover_days"
       CASE WHEN j.selling THEN oracle_round(j.sales, j.days, 4) WHEN j.no_sales THEN 0 END,
       CASE WHEN j.mechanism = 'turnover_days' THEN j.days END,
       -- "current ÷ daily sales, cut to 1 decimal, null without sales"
       CASE WHEN j.selling THEN oracle_cut(j.current * j.days, j.sales, 1) END,
       -- "what is on hand but not counted for its shelf life, null under stalled_days"
       CASE WHEN j.mechanism <> 'stalled_days' THEN j.on_hand - j.counted END,
       j.d, j.updated_at,
       -- as they were written, whatever the status is
       j.active, j.discontinued_on, j.version,
       -- "unique and stable": the key's parts, in which a slash is no slash
       concat_ws('/', replace(replace(j.merchant, '%', '%25'), '/', '%2F'), replace(replace(j.sku, '%', '%25'), '/', '%2F'),
                 replace(replace(j.inventory_type, '%', '%25'), '/', '%2F'), j.mechanism)
  FROM judged j
$$;

-- invtrack.stock: "one row for each item that has a lot or incoming units".
CREATE FUNCTION oracle_stock(day date)
RETURNS TABLE (
    merchant text, sku text, product_name text, inventory_type text, on_hand numeric,
    expired numeric, next_expires_on date, lots bigint, inventory_type_name text, dated_lots bigint,
    incoming numeric, incoming_on date)
LANGUAGE sql STABLE AS $$
SELECT k.merchant, k.sku, p.name, k.inventory_type, l.on_hand, l.expired,
       -- "the earliest later date with units": whose lots together have more than none
       (SELECT min(e.expires_on)
          FROM (SELECT n.expires_on
                  FROM invtrack.stock_lot n
                 WHERE n.merchant = k.merchant AND n.sku = k.sku
                   AND n.inventory_type = k.inventory_type AND n.expires_on > day
                 GROUP BY n.expires_on HAVING sum(n.quantity::numeric) > 0) e),
       l.lots, t.name, l.dated_lots, o.units, o.earliest
  FROM (SELECT s.merchant, s.sku, s.inventory_type FROM invtrack.stock_lot s
        UNION SELECT i.merchant, i.sku, i.inventory_type FROM invtrack.incoming i) k
  JOIN invtrack.product p ON p.merchant = k.merchant AND p.sku = k.sku
  JOIN invtrack.inventory_type t ON t.merchant = k.merchant AND t.inventory_type = k.inventory_type
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(s.quantity::numeric), 0) AS on_hand,
              -- "units in lots with expires_on <= D"
              coalesce(sum(s.quantity::numeric) FILTER (WHERE s.expires_on <= day), 0) AS expired,
              count(*) AS lots, count(s.expires_on) AS dated_lots
         FROM invtrack.stock_lot s
        WHERE s.merchant = k.merchant AND s.sku = k.sku AND s.inventory_type = k.inventory_type) l
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(i.quantity::numeric), 0) AS units, min(i.expected_on) AS earliest
         FROM invtrack.incoming i
        WHERE i.merchant = k.merchant AND i.sku = k.sku AND i.inventory_type = k.inventory_type) o
$$;
