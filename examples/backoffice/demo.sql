-- Who may sign in to the demo, after examples/northwind.sql: a login for the web server that has no rights of its own, and users as its members.
\set ON_ERROR_STOP on
CREATE ROLE backoffice LOGIN NOINHERIT;
CREATE ROLE manager;
COMMENT ON ROLE manager IS 'manages all merchants';
CREATE ROLE tokyo_traders;
COMMENT ON ROLE tokyo_traders IS 'a tenant, who manages the merchant Tokyo Traders';
CREATE ROLE auditor;
COMMENT ON ROLE auditor IS 'reads all merchants, and changes nothing';
GRANT manager, tokyo_traders, auditor TO backoffice;
SELECT invtrack.grant_access('manager', NULL, 'manage'), invtrack.grant_access('auditor', NULL, 'read'),
       invtrack.grant_access('tokyo_traders', merchant, 'manage')
  FROM invtrack.merchant WHERE name = 'Tokyo Traders';

-- Of Northwind, only the stock of the last day is known. Here is a made-up café whose last 120 days are played, each with its sales,
-- deliveries and a check, so that there are histories to look at, lots that expire and orders on the way.
INSERT INTO invtrack.merchant (merchant, name) VALUES ('cafe', 'Station Café (made up)');
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name) VALUES ('cafe', 'good', 'Good');
CREATE TEMP TABLE ware (sku text, name text, a_day integer, shelf_life integer, order_at integer, order_of integer, lead integer);
INSERT INTO ware VALUES ('BEANS', 'Espresso beans, 1 kg', 4, 180, 25, 60, 5), ('MILK', 'Oat milk, 1 l', 11, 24, 70, 160, 4), ('TEA', 'Green tea', 2, NULL, 12, 40, 7),
  ('CAKE', 'Lemon cake', 6, 9, 20, 45, 2), ('SYRUP', 'Vanilla syrup', 1, 300, 4, 20, 9), ('MUG', 'Station mug', 0, NULL, 5, 30, 14);
INSERT INTO invtrack.product (merchant, sku, name) SELECT 'cafe', sku, name FROM ware;
SELECT invtrack.save_tracker('cafe', sku, 'good', 'turnover_days', lookback_days => 30, coverage_days => 7, expiry_days => CASE WHEN shelf_life < 30 THEN 2 END) AS turnover FROM ware WHERE a_day > 0 \g /dev/null
SELECT invtrack.save_tracker('cafe', sku, 'good', 'stock_quantity', quantity => order_at) AS stock FROM ware WHERE a_day < 5 \g /dev/null
SELECT invtrack.save_tracker('cafe', 'MUG', 'good', 'stalled_days', quantity => 10, lookback_days => 60) AS stalled \g /dev/null

DO $$
DECLARE
    last date := current_setting('invtrack.as_of');
    w record;
    l record;
    wanted numeric;
    taken numeric;
BEGIN
    FOR d IN 0 .. 119 LOOP
        PERFORM set_config('invtrack.as_of', (last - 119 + d)::text, false);
        FOR w IN SELECT * FROM ware LOOP
            -- What was ordered arrives, and what sold out expired is thrown away.
            INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, lot, expires_on, quantity)
            SELECT merchant, sku, inventory_type, ref, last - 119 + d + w.shelf_life, quantity FROM invtrack.incoming WHERE merchant = 'cafe' AND sku = w.sku AND expected_on = last - 119 + d;
            DELETE FROM invtrack.incoming WHERE merchant = 'cafe' AND sku = w.sku AND expected_on = last - 119 + d;
            DELETE FROM invtrack.stock_lot WHERE merchant = 'cafe' AND sku = w.sku AND (quantity = 0 OR expires_on < last - 119 + d);
            -- Between half and one and a half of the usual sales, more at the end of the week; a mug now and then in the first weeks.
            wanted := CASE WHEN w.a_day = 0 THEN (d < 75 AND d % 9 = 0)::integer
                           ELSE round(w.a_day * (0.5 + abs(hashtext(w.sku || d)::bigint) % 100 / 100.0) * CASE WHEN extract(isodow FROM last - 119 + d) > 5 THEN 1.4 ELSE 1 END) END;
            FOR l IN SELECT lot, quantity FROM invtrack.stock_lot WHERE merchant = 'cafe' AND sku = w.sku AND wanted > 0 ORDER BY expires_on, lot LOOP
                taken := least(wanted, l.quantity);
                UPDATE invtrack.stock_lot SET quantity = quantity - taken WHERE merchant = 'cafe' AND sku = w.sku AND lot = l.lot;
                INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
                SELECT 'cafe', w.sku, 'good', flow, last - 119 + d, taken FROM unnest(ARRAY['sale', 'shipment']) flow WHERE taken > 0;
                wanted := wanted - taken;
            END LOOP;
            INSERT INTO invtrack.incoming (merchant, sku, inventory_type, ref, expected_on, quantity)
            SELECT 'cafe', w.sku, 'good', 'PO-' || w.sku || '-' || d, last - 119 + d + w.lead, w.order_of
             WHERE d = 0 OR NOT EXISTS (SELECT FROM invtrack.incoming WHERE merchant = 'cafe' AND sku = w.sku)
               AND w.order_at >= (SELECT coalesce(sum(quantity), 0) FROM invtrack.stock_lot WHERE merchant = 'cafe' AND sku = w.sku);
        END LOOP;
        PERFORM invtrack.check_trackers('cafe');
    END LOOP;
END
$$;
CALL invtrack.check_all(NULL);
