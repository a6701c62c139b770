
-- Review: what cannot be right, in settings and in data -------------------------------------------------
--
-- Settings are held against the one reading (sql/reading.sql) by the one judgement, for the day of the calendar. What
-- counts as wrong stands in one place, the view review_limit; when turnover suits an item, and what to set then, is what
-- suggest_tracker() goes by (src/choice_sales.c).

CREATE VIEW invtrack_internal.review_limit WITH (security_invoker) AS
SELECT d.observed_days AS pace_days, d.lookback_days, d.coverage_days AS cover_days,
       365 AS past_days, 3 AS short_days, 180 AS long_days, 90 AS paused_days
  FROM invtrack_internal.choice_limit() d;
COMMENT ON VIEW invtrack_internal.review_limit IS
'What review() goes by: one row; internal, may change';
COMMENT ON COLUMN invtrack_internal.review_limit.pace_days IS 'Days whose sales give the pace of an item, those of suggest_tracker()';
COMMENT ON COLUMN invtrack_internal.review_limit.lookback_days IS 'Lookback of turnover that a remedy sets, that of suggest_tracker()';
COMMENT ON COLUMN invtrack_internal.review_limit.past_days IS 'Days that a remedy looks back for a pace where the lookback has no sales';
COMMENT ON COLUMN invtrack_internal.review_limit.short_days IS 'A fixed quantity below this many days of sales is too small';
COMMENT ON COLUMN invtrack_internal.review_limit.long_days IS 'A fixed quantity above this many days of sales is too large';
COMMENT ON COLUMN invtrack_internal.review_limit.cover_days IS 'Days of sales that a remedy sets in its place, those of suggest_tracker()';
COMMENT ON COLUMN invtrack_internal.review_limit.paused_days IS 'A tracker that was paused this many days ago has been forgotten';

CREATE FUNCTION invtrack_internal.is_off_pace(quantity numeric, pace numeric, short_days integer, long_days integer)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pace > 0 AND (quantity < least(pace * short_days, 999999999999) OR quantity > greatest(pace * long_days, 1));
END;
COMMENT ON FUNCTION invtrack_internal.is_off_pace(numeric, numeric, integer, integer) IS
'Is a fixed quantity less than short_days or more than long_days of sales, of so many units a day?';

CREATE FUNCTION invtrack_internal.quantity_for(pace numeric, days integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT least(greatest(pg_catalog.ceil(pace * days), 1), 999999999999);
END;
COMMENT ON FUNCTION invtrack_internal.quantity_for(numeric, integer) IS
'The fixed quantity that is so many days of sales, of so many units a day';

CREATE FUNCTION invtrack_internal.call_of_save(
    merchant text, sku text, inventory_type text, mechanism text, quantity numeric,
    lookback_days integer, coverage_days integer, expiry_days integer, expected_version integer)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 'invtrack.save_tracker(' || pg_catalog.quote_literal(merchant) || ', ' || pg_catalog.quote_literal(sku) || ', '
           || pg_catalog.quote_literal(inventory_type) || ', ' || pg_catalog.quote_literal(mechanism)
           || coalesce(', quantity => ' || pg_catalog.trim_scale(quantity)::text, '')
           || coalesce(', lookback_days => ' || lookback_days::text, '')
           || coalesce(', coverage_days => ' || coverage_days::text, '')
           || coalesce(', expiry_days => ' || expiry_days::text, '')
           || coalesce(', expected_version => ' || expected_version::text, '') || ')';
END;
COMMENT ON FUNCTION invtrack_internal.call_of_save(text, text, text, text, numeric, integer, integer, integer, integer) IS
'The text of a call of save_tracker() with these arguments';

CREATE FUNCTION invtrack_internal.call_of_delete(merchant text, sku text, inventory_type text, mechanism text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 'invtrack.delete_tracker(' || pg_catalog.quote_literal(merchant) || ', ' || pg_catalog.quote_literal(sku) || ', '
           || pg_catalog.quote_literal(inventory_type) || ', ' || pg_catalog.quote_literal(mechanism) || ')';
END;
COMMENT ON FUNCTION invtrack_internal.call_of_delete(text, text, text, text) IS
'The text of a call of delete_tracker() with these arguments';

CREATE FUNCTION invtrack_internal.day_text(day date)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.to_char(day::timestamp, 'YYYY-MM-DD');
END;
COMMENT ON FUNCTION invtrack_internal.day_text(date) IS 'The day in ISO form, whatever DateStyle is';

-- A tracker that is paused, or whose product is retired, alerts nobody, so its rule is not looked at: it has no figures
-- here. OFFSET 0 keeps the planner from working out a figure again wherever it is used.
CREATE VIEW invtrack_internal.reviewed_tracker WITH (security_invoker) AS
SELECT t.merchant, t.sku, t.inventory_type, t.mechanism, t.quantity::numeric AS quantity, t.lookback_days, t.coverage_days, t.expiry_days,
       t.version, t.active, t.updated_at, m.time_zone, r.discontinued_on, r.lots, r.as_of, b.is_live, j.reason, j.pace, j.past_pace,
       j.days_on_sale, j.variation,
       CASE WHEN invtrack.first_day(r.lots) = 'infinity' THEN NULL ELSE t.expiry_days END AS useful_expiry_days
  FROM invtrack.tracker t
  JOIN invtrack.merchant m ON m.merchant = t.merchant
  -- a fixed quantity is held against sales
  JOIN invtrack_internal.reading r
    ON r.merchant = t.merchant AND r.sku = t.sku AND r.inventory_type = t.inventory_type
   AND r.mechanism = CASE t.mechanism WHEN 'stalled_days' THEN 'stalled_days' ELSE 'turnover_days' END
 CROSS JOIN invtrack_internal.review_limit c
 CROSS JOIN LATERAL (
       SELECT coalesce(r.folded OPERATOR(invtrack.+) r.tail, r.folded, r.tail) AS flow,
              t.active AND coalesce(r.discontinued_on > r.as_of, true) AS is_live,
              t.active AND coalesce(r.discontinued_on > r.as_of, true) AND t.mechanism = 'stock_quantity' AS is_fixed
       OFFSET 0) b
 CROSS JOIN LATERAL (
       SELECT CASE WHEN b.is_live AND t.mechanism <> 'stock_quantity' THEN
                   invtrack_internal.judge_reason(
                       t.mechanism, t.quantity, t.lookback_days, t.coverage_days, t.expiry_days, r.launched_on,
                       r.lots, b.flow, NULL, r.as_of, r.count_today) END AS reason,
              CASE WHEN b.is_live AND t.mechanism <> 'stalled_days' THEN
                   invtrack_internal.judge_daily_sales(
                       'turnover_days', NULL, c.pace_days, 1, NULL, r.launched_on, NULL, b.flow, NULL,
                       r.as_of, r.count_today) END AS pace,
              CASE WHEN b.is_live AND t.mechanism = 'turnover_days' THEN
                   invtrack_internal.judge_daily_sales(
                       'turnover_days', NULL, c.past_days, 1, NULL, r.launched_on, NULL, b.flow, NULL,
                       r.as_of, r.count_today) END AS past_pace,
              CASE WHEN b.is_fixed THEN
                   invtrack_internal.judge_actual_days(
                       'turnover_days', NULL, c.pace_days, 1, NULL, r.launched_on, NULL, b.flow, NULL,
                       r.as_of, r.count_today) END AS days_on_sale,
              CASE WHEN b.is_fixed THEN
                   invtrack_internal.stable_variation(r.launched_on, b.flow, r.as_of, r.count_today) END AS variation
       OFFSET 0) j;
COMMENT ON VIEW invtrack_internal.reviewed_tracker IS
'What the setting of a tracker is reviewed by; internal, may change';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.quantity IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.lookback_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.coverage_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.expiry_days IS 'Parameter of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.version IS 'Version of the tracker';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.active IS 'Does the tracker alert? False: paused';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.updated_at IS 'When a parameter or active last changed';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.time_zone IS 'Time zone of the merchant';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.discontinued_on IS 'From when on the product is retired; null: not';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.lots IS 'Units on hand by expiry date; null without lots';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.as_of IS 'The day of the calendar';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.is_live IS 'Does the tracker alert: neither paused nor retired?';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.reason IS 'Of the judgement, for turnover_days and stalled_days';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.pace IS
'stock_quantity and turnover_days: average daily sales of pace_days';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.past_pace IS 'turnover_days: average daily sales of past_days';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.days_on_sale IS 'stock_quantity: days of pace_days on which the item was on sale';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.variation IS
'stock_quantity: by how much of their mean weekly sales vary, where suggest_tracker() would call them stable; else null';
COMMENT ON COLUMN invtrack_internal.reviewed_tracker.useful_expiry_days IS
'The parameter expiry_days; null also where no unit on hand has an expiry date';

-- Movements whose days cannot be right, added up first, so that a reversed one leaves no trace. Only series that reach
-- beyond a limit are added up: what is reversed lies on the same day.
CREATE VIEW invtrack_internal.misdated_flow WITH (security_invoker) AS
SELECT a.merchant, a.sku, a.inventory_type, a.flow, m.as_of, p.launched_on, invtrack.day_series_sum(a.days) AS days
  FROM (SELECT s.merchant, s.sku, s.inventory_type, s.flow, s.days FROM invtrack.flow_series s
        UNION ALL
        SELECT v.merchant, v.sku, v.inventory_type, v.flow, v.days FROM invtrack_internal.flow_tail v) a
  JOIN (SELECT c.merchant, invtrack_internal.as_of(c.time_zone) AS as_of
          FROM invtrack.merchant c
         ORDER BY c.merchant) m ON m.merchant = a.merchant
  LEFT JOIN invtrack.product p ON p.merchant = a.merchant AND p.sku = a.sku
 WHERE invtrack.last_day(a.days) > m.as_of OR invtrack.first_day(a.days) < p.launched_on
 GROUP BY a.merchant, a.sku, a.inventory_type, a.flow, m.as_of, p.launched_on;
COMMENT ON VIEW invtrack_internal.misdated_flow IS
'Flows with movements in the future or before the launch of their product; internal, may change';
COMMENT ON COLUMN invtrack_internal.misdated_flow.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.misdated_flow.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.misdated_flow.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.misdated_flow.flow IS 'sale or shipment';
COMMENT ON COLUMN invtrack_internal.misdated_flow.as_of IS 'The day of the calendar';
COMMENT ON COLUMN invtrack_internal.misdated_flow.launched_on IS 'First day on sale of the product, where known';
COMMENT ON COLUMN invtrack_internal.misdated_flow.days IS 'Units by day';

CREATE TYPE invtrack_internal.found AS (finding text, detail text, remedy text);
COMMENT ON TYPE invtrack_internal.found IS 'What the setting of a tracker is found to be';

-- What is found of a setting comes from an array, and no UNION of SELECTs: Citus can send that to its nodes.
CREATE VIEW invtrack_internal.finding WITH (security_invoker) AS
SELECT f.finding, 'low' AS severity, t.merchant, t.sku, t.inventory_type, t.mechanism, f.detail, f.remedy
  FROM invtrack_internal.reviewed_tracker t
 CROSS JOIN invtrack_internal.review_limit c
 -- the fixed quantity that there is, or that turnover would ask for; and the one that suits the sales
 CROSS JOIN LATERAL (
       SELECT CASE t.mechanism WHEN 'turnover_days' THEN invtrack_internal.quantity_for(t.past_pace, t.coverage_days) ELSE t.quantity END AS quantity) q
 CROSS JOIN LATERAL (
       SELECT invtrack_internal.is_off_pace(q.quantity, t.pace, c.short_days, c.long_days) AS is_off_pace) o
 CROSS JOIN LATERAL (
       SELECT CASE WHEN o.is_off_pace THEN invtrack_internal.quantity_for(t.pace, c.cover_days) ELSE q.quantity END AS quantity,
              t.mechanism = 'stock_quantity' AND o.is_off_pace AS is_off_pace,
              invtrack_internal.call_of_delete(t.merchant, t.sku, t.inventory_type, t.mechanism) AS deletion) n
 CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[
       CASE WHEN t.mechanism = 'turnover_days' AND t.reason IN ('no_sales_history', 'no_sales_in_window') THEN (
              SELECT ROW(
                     'turnover_without_sales',
                     CASE t.reason WHEN 'no_sales_history' THEN 'The item was never sold'
                          ELSE pg_catalog.format('There are no net sales in %s days, so there is no pace to go by', t.lookback_days) END
                     || CASE WHEN t.past_pace > 0 THEN pg_catalog.format('; in %s days it sold %s a day', c.past_days, pg_catalog.trim_scale(t.past_pace)) ELSE '' END
                     || '. Watch it by a fixed quantity until there are sales.',
                     'SELECT ' || CASE
                         WHEN pg_catalog.bool_and(o.active) THEN ''
                         WHEN pg_catalog.count(*) = 0 AND t.past_pace > 0 THEN
                              invtrack_internal.call_of_save(
                                  t.merchant, t.sku, t.inventory_type, 'stock_quantity', n.quantity, NULL, NULL, t.useful_expiry_days, 0) || ', ' END
                     || n.deletion)::invtrack_internal.found
                FROM invtrack.tracker o
               WHERE o.merchant = t.merchant AND o.sku = t.sku AND o.inventory_type = t.inventory_type
                 AND o.mechanism = 'stock_quantity') END,
       CASE WHEN t.variation IS NOT NULL AND t.pace > 0
              AND NOT EXISTS (SELECT FROM invtrack.tracker o
                               WHERE o.merchant = t.merchant AND o.sku = t.sku AND o.inventory_type = t.inventory_type
                                 AND o.mechanism = 'turnover_days') THEN ROW(
              'turnover_possible',
              pg_catalog.format('It sells steadily by now, %s a day over %s days, and weekly sales vary by %s of their mean: the days that stock should last would follow the sales, the quantity %s does not.',
                  pg_catalog.trim_scale(t.pace), t.days_on_sale, t.variation, pg_catalog.trim_scale(t.quantity)),
              'SELECT ' || invtrack_internal.call_of_save(
                  t.merchant, t.sku, t.inventory_type, 'turnover_days', NULL, c.lookback_days,
                  CASE WHEN n.is_off_pace THEN c.cover_days
                       ELSE least(greatest(pg_catalog.round(t.quantity / t.pace), 1), 3650)::integer END,
                  t.useful_expiry_days, 0)
              || ', ' || n.deletion)::invtrack_internal.found END,
       CASE WHEN t.is_live AND t.expiry_days IS NOT NULL AND t.useful_expiry_days IS NULL THEN ROW(
              'shelf_life_without_dates',
              pg_catalog.format('It counts only stock that lasts more than %s days, and no unit on hand has an expiry date. Either dates are missing, or the limit has no effect.', t.expiry_days),
              -- where the remedy of quantity_off_pace went before, this one finds the tracker as it would leave it
              'SELECT ' || invtrack_internal.call_of_save(
                  t.merchant, t.sku, t.inventory_type, t.mechanism, CASE t.mechanism WHEN 'stock_quantity' THEN n.quantity END,
                  t.lookback_days, t.coverage_days, NULL, CASE WHEN n.is_off_pace THEN NULL ELSE t.version END))::invtrack_internal.found END,
       CASE WHEN n.is_off_pace THEN ROW(
              'quantity_off_pace',
              pg_catalog.format('The quantity %s is %s days of sales, at %s a day over %s days: %s.',
                  pg_catalog.trim_scale(t.quantity), pg_catalog.trim_scale(pg_catalog.round(t.quantity / t.pace, 1)),
                  pg_catalog.trim_scale(t.pace), coalesce(t.days_on_sale, c.pace_days),
                  CASE WHEN t.quantity < t.pace * c.short_days THEN 'the alert comes when it is nearly sold out'
                       ELSE 'the alert comes when there is plenty' END),
              'SELECT ' || invtrack_internal.call_of_save(
                  t.merchant, t.sku, t.inventory_type, t.mechanism, n.quantity, NULL, NULL, t.useful_expiry_days, t.version))::invtrack_internal.found END,
       CASE WHEN t.mechanism = 'stalled_days' AND t.reason = 'nothing_on_hand' THEN (
              SELECT ROW(
                     'stalled_without_stock',
                     pg_catalog.format('Fewer than %s units were shipped in %s days, and nothing is on hand to clear out%s.',
                         pg_catalog.trim_scale(t.quantity), t.lookback_days,
                         CASE WHEN pg_catalog.count(*) > 0 THEN '; units are on order' ELSE ' or on order' END),
                     CASE WHEN pg_catalog.count(*) = 0 THEN 'SELECT ' || n.deletion END)::invtrack_internal.found
                FROM invtrack.incoming o
               WHERE o.merchant = t.merchant AND o.sku = t.sku AND o.inventory_type = t.inventory_type) END,
       CASE WHEN NOT t.active AND pg_catalog.isfinite(t.updated_at) AND coalesce(t.discontinued_on > t.as_of, true)
              AND invtrack_internal.day_in(t.time_zone, t.updated_at) <= t.as_of - c.paused_days THEN ROW(
              'paused_for_months',
              pg_catalog.format('It was paused %s days ago, on %s, and has alerted nobody since. Resume it or delete it.',
                  t.as_of - invtrack_internal.day_in(t.time_zone, t.updated_at),
                  invtrack_internal.day_text(invtrack_internal.day_in(t.time_zone, t.updated_at))),
              NULL)::invtrack_internal.found END,
       CASE WHEN t.discontinued_on <= t.as_of THEN ROW(
              'product_retired',
              pg_catalog.format('The product is retired since %s, so the tracker alerts nobody.', invtrack_internal.day_text(t.discontinued_on)),
              'SELECT ' || n.deletion)::invtrack_internal.found END,
       CASE WHEN t.is_live AND t.lots IS NULL THEN (
              SELECT ROW(
                     'stock_of_other_type',
                     'There is no stock of this type, and there is of ' || pg_catalog.string_agg(
                         pg_catalog.format('"%s" (%s)', o.inventory_type, pg_catalog.trim_scale(o.quantity)), ', ' ORDER BY o.inventory_type)
                     || '. Is the type right, of the tracker and of the stock?',
                     NULL)::invtrack_internal.found
                FROM (SELECT l.inventory_type, pg_catalog.sum(l.quantity) AS quantity FROM invtrack.stock_lot l
                       WHERE l.merchant = t.merchant AND l.sku = t.sku AND l.inventory_type <> t.inventory_type
                       GROUP BY l.inventory_type
                      HAVING pg_catalog.sum(l.quantity) > 0) o
              HAVING pg_catalog.count(*) > 0) END]) f
 WHERE f.finding IS NOT NULL
UNION ALL
SELECT 'movement_in_future', 'critical', d.merchant, d.sku, d.inventory_type, NULL::text COLLATE "C",
       pg_catalog.format('Dated after %s, so not counted yet: ', invtrack_internal.day_text(d.as_of))
       || pg_catalog.string_agg(pg_catalog.format('%s %s (%s)', d.flow, pg_catalog.trim_scale(u.quantity),
                                    CASE u.days WHEN 1 THEN '' ELSE u.days || ' days up to ' END || invtrack_internal.day_text(u.last_day)),
                                ', ' ORDER BY d.flow) || '. Reverse what is mistyped.', NULL
  FROM invtrack_internal.misdated_flow d
 CROSS JOIN LATERAL (SELECT pg_catalog.sum(n.quantity) AS quantity, pg_catalog.count(*) AS days, pg_catalog.max(n.day) AS last_day
                       FROM invtrack.unnest(d.days) n WHERE n.day > d.as_of AND n.quantity <> 0) u
 WHERE u.days > 0
 GROUP BY d.merchant, d.sku, d.inventory_type, d.as_of
UNION ALL
SELECT 'movement_before_launch', 'low', d.merchant, d.sku, d.inventory_type, NULL::text COLLATE "C",
       pg_catalog.format('Dated before the launch of the product on %s: ', invtrack_internal.day_text(d.launched_on))
       || pg_catalog.string_agg(pg_catalog.format('%s %s (%s)', d.flow, pg_catalog.trim_scale(u.quantity),
                                    CASE u.days WHEN 1 THEN '' ELSE u.days || ' days from ' END || invtrack_internal.day_text(u.first_day)),
                                ', ' ORDER BY d.flow) || '. Reverse what is mistyped, or correct launched_on.', NULL
  FROM invtrack_internal.misdated_flow d
 CROSS JOIN LATERAL (SELECT pg_catalog.sum(n.quantity) AS quantity, pg_catalog.count(*) AS days, pg_catalog.min(n.day) AS first_day
                       FROM invtrack.unnest(d.days) n WHERE n.day < d.launched_on AND n.quantity <> 0) u
 WHERE u.days > 0
 GROUP BY d.merchant, d.sku, d.inventory_type, d.launched_on
UNION ALL
SELECT 'negative_stock', CASE WHEN s.on_hand < 0 THEN 'critical' ELSE 'low' END, s.merchant, s.sku, s.inventory_type, NULL::text COLLATE "C",
       pg_catalog.format('Units in lots below 0: %s (%s of %s lots). All lots together: %s. Count what is there.',
                         pg_catalog.trim_scale(s.negative), s.negative_lots, s.lots, pg_catalog.trim_scale(s.on_hand)), NULL
  FROM (SELECT l.merchant, l.sku, l.inventory_type, pg_catalog.count(*) AS lots, pg_catalog.sum(l.quantity) AS on_hand,
               pg_catalog.count(*) FILTER (WHERE l.quantity < 0) AS negative_lots,
               pg_catalog.sum(l.quantity) FILTER (WHERE l.quantity < 0) AS negative
          FROM invtrack.stock_lot l
         GROUP BY l.merchant, l.sku, l.inventory_type) s
 WHERE s.negative_lots > 0
UNION ALL
SELECT 'unknown_item', 'critical', i.merchant, i.sku, i.inventory_type, NULL::text COLLATE "C",
       'Units that count for no tracker: '
       || pg_catalog.string_agg(pg_catalog.format('%s %s (%s movements)', i.flow, pg_catalog.trim_scale(i.quantity), i.movements), ', ' ORDER BY i.flow)
       || '. Not in the catalogue: ' || pg_catalog.concat_ws(', ',
              CASE WHEN NOT EXISTS (SELECT FROM invtrack.merchant m WHERE m.merchant = i.merchant) THEN 'the merchant' END,
              CASE WHEN NOT EXISTS (SELECT FROM invtrack.product p WHERE p.merchant = i.merchant AND p.sku = i.sku) THEN 'the product' END,
              CASE WHEN NOT EXISTS (SELECT FROM invtrack.inventory_type y WHERE y.merchant = i.merchant AND y.inventory_type = i.inventory_type) THEN 'the inventory type' END)
       || '.', NULL
  FROM invtrack.unknown_items i
 GROUP BY i.merchant, i.sku, i.inventory_type;
COMMENT ON VIEW invtrack_internal.finding IS
'What review() returns; internal, may change';
COMMENT ON COLUMN invtrack_internal.finding.finding IS 'Code of what is found, see value_list';
COMMENT ON COLUMN invtrack_internal.finding.severity IS 'critical: figures are wrong until it is mended; low: a setting is of no use';
COMMENT ON COLUMN invtrack_internal.finding.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack_internal.finding.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack_internal.finding.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack_internal.finding.mechanism IS 'Mechanism of the tracker; null: the finding is about the item';
COMMENT ON COLUMN invtrack_internal.finding.detail IS 'What is found, with figures, in a sentence or two';
COMMENT ON COLUMN invtrack_internal.finding.remedy IS 'A statement that mends it; null where a person has to decide';

CREATE FUNCTION invtrack.review(merchant text DEFAULT NULL)
RETURNS SETOF invtrack_internal.finding LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'review';
COMMENT ON FUNCTION invtrack.review(text) IS
'What cannot be right in the settings and data of a merchant, or of all: a row for each finding, with a statement that mends it where no person has to decide';
