// Why a tracker says what it says: what went into the figure, the last and the next 90 days, and who changed it.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { bar, chart } from './chart.mjs';
import { asUser, attempt } from './db.mjs';
import { day, decimal, moment } from './format.mjs';
import { address, page, parameters, said, settings, table } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.why;
const key = ['merchant', 'sku', 'inventory_type', 'mechanism'];

async function parts(query, values, locale) {
  const { rows, error } = await attempt(query, 'SELECT * FROM invtrack.explain_health($1, $2, $3, $4)', values);
  if (error) return html`<p class="error">${said(error)}</p>`;
  const counted = (value) => (value === null ? '' : value ? t.counted : t.notCounted);
  const { columns: heads } = t;
  const all = (some) => table(t.parts, [[heads.part], [heads.day, 'date'], [heads.lot], [heads.quantity, 'number'], [heads.counted], [heads.note, 'note']], some.map((row) => ({
    kind: `part-${row.part}`,
    cells: [t.partNames[row.part] ?? row.part, day(row.day, locale), row.lot, decimal(row.quantity, locale), counted(row.counted), row.note],
  })));
  const days = rows.filter(({ part }) => part === 'day');
  return html`${all(rows.filter(({ part }) => part !== 'day'))}${days.length ? html`<details><summary>${t.days(days.length)}</summary>${all(days)}</details>` : ''}`;
}

/**
 * The 90 days up to the tracker's: health as checks recorded it; where none did, as far as these settings can be judged
 * afterwards; and units per day.
 */
async function past(query, values, tracker, locale) {
  const rows = await query(`
    SELECT d.day, h.health, CASE WHEN h.day IS NULL THEN d.health END AS judged, f.quantity
      FROM invtrack.backtest_tracker($1, $2, $3, $4, $5, $6, $7, $8, $9::date - 89, $9::date) d
      LEFT JOIN (SELECT day, health FROM invtrack.health_daily
                  WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4) AND day BETWEEN $9::date - 89 AND $9::date) h ON h.day = d.day
      LEFT JOIN (SELECT day, quantity FROM invtrack.flow_daily
                  WHERE (merchant, sku, inventory_type, flow) = ($1, $2, $3, $10) AND day BETWEEN $9::date - 89 AND $9::date) f ON f.day = d.day
     ORDER BY d.day`,
  [...values, tracker.quantity, tracker.lookback_days, tracker.coverage_days, tracker.expiry_days, tracker.as_of, tracker.mechanism === 'stalled_days' ? 'shipment' : 'sale']);
  const units = tracker.mechanism === 'stalled_days' ? t.shipped : t.sold;
  const lines = [{ name: 'health', label: t.health, of: (row) => row.health }, { name: 'judged', label: t.judged, of: (row) => row.judged }];
  const unknown = rows.filter(({ health, judged }) => health === null && judged === null).length;
  return html`${unknown === rows.length ? '' : chart(rows, lines, `${t.chart}: ${t.health}`, locale, 100)}
    ${unknown > 0 ? html`<p><small>${t.noHistory(unknown)}</small></p>` : ''}
    ${chart(rows, [{ name: 'units', label: units, of: (row) => row.quantity ?? '0', bars: true }], `${t.chart}: ${units}`, locale)}`;
}

async function future(query, values, tracker, locale) {
  const lookback = tracker.lookback_days ?? 30;
  const { rows, error } = await attempt(query, 'SELECT * FROM invtrack.project_stock($1, $2, $3, lookback_days => $4, expiry_days => $5)',
    [...values.slice(0, 3), lookback, tracker.expiry_days ?? 0]);
  if (error) return html`<p class="error">${said(error)}</p>`;
  if (rows.length === 0) return html`<p>${t.none}</p>`;
  const end = rows.find(({ closing }) => Number(closing) <= 0);
  return html`${chart(rows, [{ name: 'stock', label: t.stock, of: (row) => row.closing }], t.projection, locale)}
    <p>${end ? t.runsOut(lookback, day(end.day, locale)) : t.lasts(lookback)}</p>`;
}

async function changes(query, values, tracker, locale) {
  const rows = await query(`SELECT before, after, changed_by, actor, changed_at FROM invtrack.tracker_change
    WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4) ORDER BY change_id DESC LIMIT 50`, values);
  const words = (state) => `${settings({ ...state, mechanism: tracker.mechanism }, (value) => decimal(value, locale))}${state.active === false ? ` (${texts.list.paused})` : ''}`;
  return html`<ul>${rows.map((row) => html`<li>${moment(row.changed_at, locale)} ${t.by} ${row.actor || row.changed_by}:
    ${row.before ? words(row.before) : t.created} → ${row.after ? words(row.after) : t.deleted}</li>`)}</ul>`;
}

export const why = new Hono();

why.get('/trackers/why', (c) => asUser(c.var.user, async (query) => {
  const { locale } = c.var;
  const given = parameters(c, [...key, 'back']);
  const values = key.map((name) => given[name]);
  if (!texts.mechanisms[given.mechanism]) return c.notFound();
  const [tracker] = await query('SELECT * FROM invtrack.tracker_health($1, $2, $3, $4)', values);
  if (!tracker) return c.notFound();
  const show = (value) => decimal(value, locale);
  return page(c, {
    title: t.title,
    body: html`<p><strong>${tracker.sku}</strong> ${tracker.product_name} · ${tracker.inventory_type_name || tracker.inventory_type} · ${tracker.merchant_name || tracker.merchant}</p>
      <p>${texts.mechanisms[tracker.mechanism].name}: ${settings(tracker, show)}</p>
      <p>${bar(tracker)} <strong>${show(tracker.health)}%</strong> <strong class="status ${tracker.status}">${texts.statuses[tracker.status]}</strong> ${texts.reasons[tracker.reason]}
        · <a href="${address('/trackers/edit', given)}">${texts.list.edit}</a></p>
      <h2>${t.parts}</h2>${await parts(query, values, locale)}
      <h2>${t.chart}</h2>${await past(query, values, tracker, locale)}
      <h2>${t.projection}</h2>${await future(query, values, tracker, locale)}
      <h2>${t.history}</h2>${await changes(query, values, tracker, locale)}`,
  });
}));
