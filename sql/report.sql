
-- Report: the list of trackers of a merchant as one HTML page -----------------------------------------------
--
-- A section is a function. Whatever is no markup goes through html(), which escapes it. Lists end after report_limit's
-- rows, worst first, and say how many there are in all, so that the page of a large merchant can still be opened.
--
-- Functions in PL/pgSQL read the tables, one merchant at a time. No statement has both a table and a function that reads tables: Citus would
-- run it on one node, where the function must not ask the others.

CREATE VIEW invtrack_internal.report_limit WITH (security_invoker) AS
SELECT 500 AS rows, 90 AS past_days, 30 AS expiring_days, 30 AS pace_days, 365 AS horizon_days, 200 AS letters;
COMMENT ON VIEW invtrack_internal.report_limit IS 'What report() goes by: one row; internal, may change';
COMMENT ON COLUMN invtrack_internal.report_limit.rows IS 'A list shows this many rows at most';
COMMENT ON COLUMN invtrack_internal.report_limit.past_days IS 'Days that the small charts show';
COMMENT ON COLUMN invtrack_internal.report_limit.expiring_days IS 'Units that expire in this many days are listed';
COMMENT ON COLUMN invtrack_internal.report_limit.pace_days IS 'Days whose sales give the pace at which stock runs out';
COMMENT ON COLUMN invtrack_internal.report_limit.horizon_days IS 'Stock that lasts longer than this many days has no date';
COMMENT ON COLUMN invtrack_internal.report_limit.letters IS 'Names and notes are cut after this many letters';

-- Characters that HTML can't have go.
CREATE FUNCTION invtrack_internal.html(given text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
               pg_catalog.translate(given, E'\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f', ''),
               '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
END;
COMMENT ON FUNCTION invtrack_internal.html(text) IS
'The text as HTML shows it, in elements and in quoted attributes';

-- bdi: a name that is written from right to left, or has control characters for that, stays within its place.
CREATE FUNCTION invtrack_internal.html_name(name text, code text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT '<bdi>' || invtrack_internal.html(CASE WHEN pg_catalog.length(n.name) > c.letters THEN pg_catalog."left"(n.name, c.letters - 1) || '…' ELSE n.name END) || '</bdi>'
           || CASE WHEN pg_catalog.lower(n.name) <> pg_catalog.lower(code) THEN ' <small><bdi>' || invtrack_internal.html(code) || '</bdi></small>' ELSE '' END
      FROM (SELECT coalesce(nullif(html_name.name, ''), html_name.code) AS name) n
     CROSS JOIN invtrack_internal.report_limit c;
END;
COMMENT ON FUNCTION invtrack_internal.html_name(text, text) IS
'A name, cut where it is very long, and its code where that says something else';

CREATE FUNCTION invtrack_internal.html_label(list text, value text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT invtrack_internal.html(coalesce((SELECT v.label FROM invtrack.value_list v WHERE v.list = html_label.list AND v.value = html_label.value), html_label.value));
END;
COMMENT ON FUNCTION invtrack_internal.html_label(text, text) IS 'What value_list calls the value';

CREATE FUNCTION invtrack_internal.html_table(id text, title text, columns text[], body text, total bigint, without text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.format(E'<section>\n<h2 id="%s">%s</h2>\n', id, title)
           || CASE WHEN total = 0 THEN pg_catalog.format(E'<p>%s</p>\n', without)
                   ELSE pg_catalog.format(E'<table aria-labelledby="%s">\n<thead><tr>', id)
                        || (SELECT pg_catalog.string_agg(pg_catalog.format('<th scope="col">%s</th>', u.name), '' ORDER BY u.place)
                              FROM pg_catalog.unnest(columns) WITH ORDINALITY u (name, place))
                        || E'</tr></thead>\n<tbody>\n' || body || E'</tbody>\n</table>\n'
                        || CASE WHEN total > c.rows THEN pg_catalog.format(E'<p>These are %s of %s; the others are left out.</p>\n', c.rows, total) ELSE '' END
              END || E'</section>\n'
      FROM invtrack_internal.report_limit c;
END;
COMMENT ON FUNCTION invtrack_internal.html_table(text, text, text[], text, bigint, text) IS
'A section with a table of these rows, or with what is said where there are none';

CREATE FUNCTION invtrack_internal.html_rule(mechanism text, quantity numeric, lookback_days integer, coverage_days integer, expiry_days integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE mechanism
               WHEN 'stock_quantity' THEN pg_catalog.format('%s units on hand', pg_catalog.trim_scale(quantity))
               WHEN 'turnover_days' THEN pg_catalog.format('stock for %s days, by the sales of %s days', coverage_days, lookback_days)
               ELSE pg_catalog.format('%s units shipped in %s days', pg_catalog.trim_scale(quantity), lookback_days)
           END || coalesce(', shelf life above ' || expiry_days::text || ' days', '');
END;
COMMENT ON FUNCTION invtrack_internal.html_rule(text, numeric, integer, integer, integer) IS 'What a tracker asks for, in words';

CREATE FUNCTION invtrack_internal.html_chart(series invtrack.day_series, last_day date, what text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.format('<svg class="chart" role="img" viewBox="0 0 %s 20" preserveAspectRatio="none"><title>%s</title><path d="M0 20h%s%s"/></svg>',
               c.past_days,
               pg_catalog.format('%s units %s in %s days', pg_catalog.trim_scale(coalesce(d.total, 0)), what, c.past_days)
               || CASE WHEN d.highest > 0 THEN pg_catalog.format(', at most %s a day', pg_catalog.trim_scale(d.highest)) ELSE '' END,
               c.past_days, d.path)
      FROM invtrack_internal.report_limit c
     CROSS JOIN LATERAL (
           SELECT pg_catalog.sum(h.quantity) AS total, pg_catalog.max(h.highest) AS highest,
                  pg_catalog.string_agg(pg_catalog.format('M%s.5 20v-%s', h.day - last_day + c.past_days - 1,
                      pg_catalog.trim_scale(pg_catalog.round(19 * h.quantity / h.highest, 1))), '' ORDER BY h.day) FILTER (WHERE h.quantity > 0) AS path
             FROM (SELECT f.day, f.quantity, pg_catalog.max(f.quantity) OVER () AS highest
                     FROM invtrack_internal.flow_days(ARRAY[series], last_day - c.past_days + 1, last_day) f) h) d;
END;
COMMENT ON FUNCTION invtrack_internal.html_chart(invtrack.day_series, date, text) IS
'Units by day as small bars, the last days up to this one';

CREATE FUNCTION invtrack_internal.report_series(merchant text, skus text[])
RETURNS TABLE (sku text, inventory_type text, mechanism text, lots invtrack.day_series, flow invtrack.day_series) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.sku, r.inventory_type, r.mechanism, r.lots, coalesce(r.folded OPERATOR(invtrack.+) r.tail, r.folded, r.tail)
      FROM invtrack_internal.reading r
     WHERE r.merchant = report_series.merchant AND r.sku = ANY (skus) AND r.mechanism IN ('stalled_days', 'turnover_days');
END
$body$;
COMMENT ON FUNCTION invtrack_internal.report_series(text, text[]) IS
'Stock of these products by expiry date, and their shipments (stalled_days) and sales (turnover_days) by day';

CREATE FUNCTION invtrack_internal.report_trackers(merchant text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
    WITH listed AS MATERIALIZED (
        SELECT t.*, t.active AND coalesce(t.discontinued_on > t.as_of, true) AS is_live
          FROM invtrack.tracker_health(report_trackers.merchant) t),
    worst AS MATERIALIZED (
        SELECT l.*, pg_catalog.row_number() OVER (
                   ORDER BY l.is_live DESC, CASE l.status WHEN 'ok' THEN 3 WHEN 'no_sales' THEN 2 ELSE 1 END, l.health,
                            l.sku, l.inventory_type, l.mechanism) AS place
          FROM listed l
         ORDER BY place
         LIMIT (SELECT c.rows FROM invtrack_internal.report_limit c)),
    measured AS (
        SELECT w.*, r.lots, r.flow,
               f.on_hand AS good, f.runs_out_on,
               coalesce(invtrack.total(r.lots), 0) AS on_hand,
               coalesce(invtrack.range_sum(r.lots, w.as_of, w.as_of + c.expiring_days), 0) AS expiring,
               coalesce(invtrack.range_sum(r.lots, date '-infinity', w.as_of), 0) AS expired
          FROM worst w
         CROSS JOIN invtrack_internal.report_limit c
          JOIN invtrack_internal.report_series(report_trackers.merchant, ARRAY(SELECT DISTINCT w.sku FROM worst w)) r
            ON r.sku = w.sku AND r.inventory_type = w.inventory_type
           AND r.mechanism = CASE w.mechanism WHEN 'stalled_days' THEN 'stalled_days' ELSE 'turnover_days' END
          LEFT JOIN (SELECT p.* FROM invtrack_internal.report_limit d, invtrack.forecast(report_trackers.merchant, d.pace_days, d.horizon_days) p) f
            ON f.sku = w.sku AND f.inventory_type = w.inventory_type)
    SELECT (SELECT E'<ul class="sum">\n' || pg_catalog.string_agg(pg_catalog.format(E'<li><b>%s</b> %s</li>\n',
                       (SELECT pg_catalog.count(*) FROM listed l
                         WHERE CASE WHEN s.status = 'quiet' THEN NOT l.is_live ELSE l.is_live AND l.status = s.status END), s.label), '' ORDER BY s.place)
                   || E'</ul>\n'
              FROM (VALUES (1, 'replenish', 'to replenish'), (2, 'stalled', 'stalled'), (3, 'no_sales', 'without sales'), (4, 'ok', 'OK'),
                           (5, 'quiet', 'paused or retired')) s (place, status, label))
           || invtrack_internal.html_table('trackers', 'Trackers',
                  ARRAY['Product', 'Type', 'Asks for', 'Health', 'Status', 'There / asked', 'On hand', 'Lasts until', 'Expiring', 'Last ' || (SELECT c.past_days FROM invtrack_internal.report_limit c) || ' days'],
                  (SELECT pg_catalog.string_agg(pg_catalog.format(
                              '<tr><th scope="row">%s</th><td data-label="Type">%s</td><td data-label="Asks for">%s</td>'
                              '<td data-label="Health" class="n"><span class="bar %s" aria-hidden="true"><i style="width:%s%%"></i></span> %s&#160;%%</td>'
                              '<td data-label="Status">%s</td><td data-label="There / asked" class="n">%s / %s</td><td data-label="On hand" class="n">%s</td>'
                              '<td data-label="Lasts until" class="day">%s</td><td data-label="Expiring" class="n">%s</td><td data-label="Last days">%s</td></tr>' || E'\n',
                              invtrack_internal.html_name(m.product_name, m.sku), invtrack_internal.html_name(m.inventory_type_name, m.inventory_type),
                              invtrack_internal.html_rule(m.mechanism, m.quantity, m.lookback_days, m.coverage_days, m.expiry_days),
                              m.status, pg_catalog.round(least(greatest(m.health, 0), 100)), pg_catalog.trim_scale(m.health),
                              invtrack_internal.html_label('status', m.status)
                              || coalesce('<br><small>' || invtrack_internal.html_label('reason', m.reason) || '</small>', '')
                              || CASE WHEN m.discontinued_on <= m.as_of THEN '<br><small>retired</small>' WHEN NOT m.active THEN '<br><small>paused</small>' ELSE '' END,
                              pg_catalog.trim_scale(m.current_stock), pg_catalog.trim_scale(pg_catalog.round(m.threshold, 2)), pg_catalog.trim_scale(m.on_hand),
                              CASE WHEN m.mechanism = 'stalled_days' THEN '' WHEN coalesce(m.good, 0) <= 0 THEN 'sold out'
                                   ELSE coalesce(invtrack_internal.day_text(m.runs_out_on), '') END,
                              pg_catalog.concat_ws('<br>', CASE WHEN m.expiring > 0 THEN pg_catalog.trim_scale(m.expiring)::text END,
                                  CASE WHEN m.expired > 0 THEN pg_catalog.trim_scale(m.expired) || ' expired' END),
                              invtrack_internal.html_chart(m.flow, m.as_of, CASE m.mechanism WHEN 'stalled_days' THEN 'shipped' ELSE 'sold' END)),
                              '' ORDER BY m.place)
                     FROM measured m),
                  (SELECT pg_catalog.count(*) FROM listed l), 'There are no trackers yet.');
END;
COMMENT ON FUNCTION invtrack_internal.report_trackers(text) IS 'How many trackers have which status, and those that are worst';

CREATE FUNCTION invtrack_internal.report_alerts(merchant text)
RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN (
    SELECT invtrack_internal.html_table('alerts', 'Open alerts',
               ARRAY['Product', 'Type', 'Status', 'Severity', 'Since', 'Lowest health', 'Taken care of by'],
               pg_catalog.string_agg(pg_catalog.format(
                   '<tr><th scope="row">%s</th><td data-label="Type">%s</td><td data-label="Status">%s<br><small>%s</small></td><td data-label="Severity">%s</td>'
                   '<td data-label="Since" class="day">%s</td><td data-label="Lowest health" class="n">%s&#160;%%</td><td data-label="Taken care of by">%s</td></tr>' || E'\n',
                   invtrack_internal.html_name(a.product_name, a.sku), invtrack_internal.html_name(a.inventory_type_name, a.inventory_type),
                   invtrack_internal.html_label('status', a.status), invtrack_internal.html_label('reason', a.reason), invtrack_internal.html_label('severity', a.severity),
                   invtrack_internal.day_text(a.opened_on), pg_catalog.trim_scale(a.lowest_health), invtrack_internal.html_name(a.acknowledged_by, a.acknowledged_by)), '' ORDER BY a.place)
                   FILTER (WHERE a.place <= c.rows),
               pg_catalog.count(a.place), 'None.')
      FROM invtrack_internal.report_limit c
      LEFT JOIN (SELECT o.*, i.name AS inventory_type_name,
                        pg_catalog.row_number() OVER (ORDER BY o.severity, o.lowest_health, o.sku, o.inventory_type, o.mechanism) AS place
                   FROM invtrack.alert_open o
                   LEFT JOIN invtrack.inventory_type i ON i.merchant = o.merchant AND i.inventory_type = o.inventory_type
                  WHERE o.merchant = report_alerts.merchant) a ON true
     GROUP BY c.rows);
END
$body$;
COMMENT ON FUNCTION invtrack_internal.report_alerts(text) IS 'Alerts that are open, as the last check left them';

CREATE FUNCTION invtrack_internal.report_stock(merchant text)
RETURNS TABLE (sku text, product_name text, inventory_type text, inventory_type_name text, on_hand numeric, expired numeric, expiring numeric, next_expires_on date)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.sku, p.name, s.inventory_type, i.name, sum(s.quantity),
           coalesce(sum(s.quantity) FILTER (WHERE s.expires_on <= m.as_of), 0),
           coalesce(sum(s.quantity) FILTER (WHERE s.expires_on > m.as_of AND s.expires_on <= m.as_of + d.expiring_days), 0),
           min(s.expires_on) FILTER (WHERE s.expires_on > m.as_of AND s.quantity > 0)
      FROM invtrack.stock_lot s
      JOIN invtrack.product p ON p.merchant = s.merchant AND p.sku = s.sku
      JOIN invtrack.inventory_type i ON i.merchant = s.merchant AND i.inventory_type = s.inventory_type
      JOIN (SELECT z.merchant, invtrack_internal.as_of(z.time_zone) AS as_of FROM invtrack.merchant z) m ON m.merchant = s.merchant
     CROSS JOIN invtrack_internal.report_limit d
     WHERE s.merchant = report_stock.merchant
     GROUP BY s.sku, p.name, s.inventory_type, i.name;
END
$body$;
COMMENT ON FUNCTION invtrack_internal.report_stock(text) IS 'Units on hand of each item, and what of them has expired or soon will';

CREATE FUNCTION invtrack_internal.report_expiring(merchant text)
RETURNS text LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT invtrack_internal.html_table('expiring', 'Expiring stock',
               ARRAY['Product', 'Type', 'Next expiry', 'Expire in ' || c.expiring_days || ' days', 'Unsold by then', 'Expired', 'On hand'],
               pg_catalog.string_agg(pg_catalog.format(
                   '<tr><th scope="row">%s</th><td data-label="Type">%s</td><td data-label="Next expiry" class="day">%s</td><td data-label="Expiring" class="n">%s</td>'
                   '<td data-label="Unsold by then" class="n">%s</td><td data-label="Expired" class="n">%s</td><td data-label="On hand" class="n">%s</td></tr>' || E'\n',
                   invtrack_internal.html_name(e.product_name, e.sku), invtrack_internal.html_name(e.inventory_type_name, e.inventory_type),
                   coalesce(invtrack_internal.day_text(e.next_expires_on), ''), pg_catalog.trim_scale(e.expiring),
                   coalesce(pg_catalog.trim_scale(pg_catalog.round(nullif(f.units_lost, 0), 2))::text, ''), pg_catalog.trim_scale(e.expired),
                   pg_catalog.trim_scale(e.on_hand)), '' ORDER BY e.place)
                   FILTER (WHERE e.place <= c.rows),
               pg_catalog.count(e.place), 'None.')
      FROM invtrack_internal.report_limit c
      LEFT JOIN (SELECT x.*, pg_catalog.row_number() OVER (ORDER BY x.next_expires_on, x.sku COLLATE "C", x.inventory_type COLLATE "C") AS place
                   FROM invtrack_internal.report_stock(report_expiring.merchant) x
                  WHERE x.expired > 0 OR x.expiring > 0) e ON true
      LEFT JOIN (SELECT p.* FROM invtrack_internal.report_limit d, invtrack.forecast(report_expiring.merchant, d.pace_days, d.expiring_days) p) f
        ON f.sku = e.sku AND f.inventory_type = e.inventory_type
     GROUP BY c.rows, c.expiring_days;
END;
COMMENT ON FUNCTION invtrack_internal.report_expiring(text) IS 'Items with units that have expired or soon will';

CREATE FUNCTION invtrack_internal.report_findings(merchant text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT invtrack_internal.html_table('findings', 'What cannot be right',
               ARRAY['Finding', 'Item', 'Detail', 'Remedy'],
               pg_catalog.string_agg(pg_catalog.format(
                   '<tr><th scope="row">%s%s</th><td data-label="Item"><bdi>%s</bdi> <small><bdi>%s</bdi></small></td><td data-label="Detail" class="text"><bdi>%s</bdi></td><td data-label="Remedy">%s</td></tr>' || E'\n',
                   invtrack_internal.html_label('finding', f.finding), CASE f.severity WHEN 'critical' THEN '<br><small>critical</small>' ELSE '' END,
                   invtrack_internal.html(f.sku), invtrack_internal.html(f.inventory_type), invtrack_internal.html(f.detail),
                   coalesce('<code>' || invtrack_internal.html(f.remedy) || '</code>', 'A person has to decide.')), '' ORDER BY f.place)
                   FILTER (WHERE f.place <= c.rows),
               pg_catalog.count(f.place), 'Nothing was found.')
      FROM invtrack_internal.report_limit c
      LEFT JOIN (SELECT r.*, pg_catalog.row_number() OVER () AS place FROM invtrack.review(report_findings.merchant) r) f ON true
     GROUP BY c.rows;
END;
COMMENT ON FUNCTION invtrack_internal.report_findings(text) IS 'The findings of review()';

CREATE FUNCTION invtrack_internal.report_style()
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ':root{color-scheme:light;--page:#fff;--text:#1b1f24;--soft:#57606a;--line:#d5dae0;--head:#f3f5f7;--bad:#c62828;--warn:#a85d00;--good:#2e7d32;--none:#6e7781;--chart:#2f6fb3}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--page:#14171a;--text:#e6e8ea;--soft:#a3abb3;--line:#343a41;--head:#1e2327;--bad:#ff6b6b;--warn:#f0a83a;--good:#5cc26a;--none:#8b949e;--chart:#6fb1f2}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.45 system-ui,sans-serif}
main{max-width:1300px;margin:0 auto;padding:20px}
h1{font-size:24px;margin:0;overflow-wrap:anywhere}
h2{font-size:18px;margin:28px 0 8px}
p{margin:6px 0;color:var(--soft)}
small{color:var(--soft);font-size:12px;font-weight:400}
.sum{list-style:none;display:flex;flex-wrap:wrap;gap:8px;padding:0;margin:16px 0}
.sum li{border:1px solid var(--line);border-radius:6px;padding:6px 12px}
.sum b{font-size:18px}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:6px 8px;border-bottom:1px solid var(--line);overflow-wrap:break-word}
thead th{background:var(--head);font-size:12px}
tbody th{font-weight:600;width:24%;min-width:12em;overflow-wrap:anywhere}
td bdi{display:inline-block;min-width:4em;max-width:24em;overflow-wrap:anywhere}
td.text bdi{max-width:none}
.n{font-variant-numeric:tabular-nums;min-width:5em;overflow-wrap:anywhere}
.day{white-space:nowrap}
.bar{display:inline-block;width:70px;height:9px;border-radius:5px;background:var(--line);overflow:hidden}
.bar i{display:block;height:100%;background:var(--none)}
.bar.ok i{background:var(--good)}
.bar.replenish i{background:var(--bad)}
.bar.stalled i{background:var(--warn)}
.chart{width:140px;height:26px;display:block}
.chart path{stroke:var(--chart);stroke-width:.8;fill:none}
code{font:12px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
@media screen and (max-width:1080px){main{padding:12px}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td,tbody th{display:block}
tr{border:1px solid var(--line);border-radius:6px;margin:0 0 10px;padding:4px 0}
th,td{border:0;padding:3px 10px}
tbody th{width:auto;min-width:0}
td{position:relative;padding-left:9em}
td::before{content:attr(data-label);color:var(--soft);position:absolute;left:10px;width:8em}
td bdi{max-width:100%}
td:empty{display:none}}
@media print{@page{margin:12mm}
body{font-size:10px}main{max-width:none;padding:0}
thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}
.bar,.bar i{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.chart{width:90px;height:18px}.bar{width:50px}th,td{padding:3px 5px}code{font-size:9px}}
';
END;
COMMENT ON FUNCTION invtrack_internal.report_style() IS 'The style sheet of the report: light and dark, for screens, phones and paper';

CREATE FUNCTION invtrack_internal.report_page(merchant text)
RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    head text;
BEGIN
    SELECT format(E'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Inventory of %s, %s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>Inventory of %s</h1>\n<p>As of %s</p>\n',
               invtrack_internal.html(coalesce(nullif("left"(m.name, c.letters), ''), m.merchant)), invtrack_internal.day_text(m.as_of), invtrack_internal.report_style(),
               invtrack_internal.html_name(m.name, m.merchant), invtrack_internal.day_text(m.as_of))
      INTO head
      FROM (SELECT z.merchant, z.name, invtrack_internal.as_of(z.time_zone) AS as_of FROM invtrack.merchant z) m
     CROSS JOIN invtrack_internal.report_limit c
     WHERE m.merchant = report_page.merchant;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN head || invtrack_internal.report_trackers(merchant) || invtrack_internal.report_alerts(merchant)
                || invtrack_internal.report_expiring(merchant) || invtrack_internal.report_findings(merchant)
                || E'</main>\n</body>\n</html>\n';
END
$body$;
COMMENT ON FUNCTION invtrack_internal.report_page(text) IS 'The report of a merchant, for the day of the calendar';

CREATE FUNCTION invtrack.report(merchant text, as_of date DEFAULT NULL)
RETURNS text LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'report';
COMMENT ON FUNCTION invtrack.report(text, date) IS
'A merchant''s trackers, alerts, expiring stock and findings as one HTML page, at a day';
