// The list of trackers at a glance; pause, delete and undo; the list as a CSV file. The address carries what is shown.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { bar } from './chart.mjs';
import { asUser, attempt } from './db.mjs';
import { csvValue, day, decimal } from './format.mjs';
import { address, hidden, merchants, page, pageNumber, pager, parameters, said, select, settings } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.list;
const size = 50;
const filters = ['merchant', 'text', 'mechanism', 'type', 'status', 'sort'];
const key = ['merchant', 'sku', 'inventory_type', 'mechanism'];
const byKey = 'h.merchant, h.sku, h.inventory_type, h.mechanism';
const sorts = {
  health: `h.health, ${byKey}`, healthDown: `h.health DESC, ${byKey}`, product: byKey,
  cover: `h.days_of_cover NULLS LAST, ${byKey}`, updated: `h.updated_at DESC, ${byKey}`,
};

/** FROM and WHERE of the trackers that the filters name, with their values. */
function matching(given) {
  const values = [];
  const conditions = Object.entries({ merchant: 'h.merchant', mechanism: 'h.mechanism', type: 'h.inventory_type', status: 'h.status' })
    .filter(([name]) => given[name]).map(([name, column]) => `${column} = $${values.push(given[name])}`);
  if (given.text) {
    values.push(given.text);
    conditions.push(`pg_catalog.strpos(pg_catalog.lower(h.sku || ' ' || coalesce(h.product_name, '')), pg_catalog.lower($${values.length})) > 0`);
  }
  return { from: `FROM invtrack.health h ${conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''}`, values };
}

/** The trackers of a page with their open alerts, and how many there are in all. */
async function trackers(query, given, limit, offset) {
  const { from, values } = matching(given);
  const page = limit === null ? '' : `LIMIT ${limit} OFFSET ${offset}`;
  return query(`
    SELECT h.*, a.alert_id, a.severity
      FROM (SELECT h.*, pg_catalog.count(*) OVER () AS found ${from} ORDER BY ${sorts[given.sort] ?? sorts.health} ${page}) h
      LEFT JOIN invtrack.alert_open a USING (merchant, sku, inventory_type, mechanism)
     ORDER BY ${sorts[given.sort] ?? sorts.health}`, values);
}

/** When the stock of each of these trackers runs out at the pace of its sales, as far as that can be told. */
async function runOutDays(query, rows) {
  const stocks = rows.filter(({ mechanism }) => mechanism !== 'stalled_days');
  const { rows: found } = await attempt(query, `
    SELECT k.tracker_key, (SELECT pg_catalog.min(p.day) FROM invtrack.project_stock(k.merchant, k.sku, k.type,
           lookback_days => coalesce(k.lookback, 30), expiry_days => coalesce(k.expiry, 0)) p WHERE p.closing <= 0) AS runs_out_on
      FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]),
           pg_catalog.unnest($5::integer[]), pg_catalog.unnest($6::integer[])) k (tracker_key, merchant, sku, type, lookback, expiry)`,
  ['tracker_key', 'merchant', 'sku', 'inventory_type', 'lookback_days', 'expiry_days'].map((name) => stocks.map((row) => row[name])));
  return new Map((found ?? []).map((row) => [row.tracker_key, row.runs_out_on]));
}

/** A button that is a form of its own: it changes something. */
function button(c, path, label, fields) {
  return html`<form method="post" action="${path}">${hidden({ token: c.var.token, ...fields })}<button class="link">${label}</button></form>`;
}

function row(c, tracker, runsOut, back) {
  const show = (value) => decimal(value, c.var.locale);
  const id = Object.fromEntries(key.map((name) => [name, tracker[name]]));
  const stalled = tracker.mechanism === 'stalled_days';
  const edit = address('/trackers/edit', { ...id, back });
  const name = `${tracker.sku}, ${tracker.inventory_type}, ${texts.mechanisms[tracker.mechanism].name}`;
  return html`<tr>
    <td><a href="${address('/trackers/why', { ...id, back })}" aria-label="${t.why} ${name}"><strong>${tracker.sku}</strong></a> ${tracker.product_name}
      <br><small>${tracker.merchant_name || tracker.merchant}${tracker.active ? '' : html` · <mark>${t.paused}</mark>`}${tracker.discontinued_on && tracker.discontinued_on <= tracker.as_of ? html` · <mark>${t.retired}</mark>` : ''}</small></td>
    <td>${tracker.inventory_type_name || tracker.inventory_type}</td>
    <td>${texts.mechanisms[tracker.mechanism].name}<br><small>${settings(tracker, show)}</small></td>
    <td class="number">${bar(tracker)} ${show(tracker.health)}%</td>
    <td><strong class="status ${tracker.status}">${texts.statuses[tracker.status]}</strong>${tracker.reason ? html`<br><small>${texts.reasons[tracker.reason]}</small>` : ''}</td>
    <td class="number">${stalled ? t.shipped(show(tracker.current_stock), tracker.lookback_days) : show(tracker.current_stock)}</td>
    <td class="number">${show(tracker.threshold)}</td>
    <td class="number">${show(tracker.days_of_cover)}</td>
    <td>${day(runsOut.get(tracker.tracker_key), c.var.locale)}</td>
    <td>${tracker.alert_id ? html`<strong class="severity ${tracker.severity}">${texts.severities[tracker.severity]}</strong>` : ''}</td>
    <td class="actions"><a href="${edit}" aria-label="${t.edit} ${name}">${t.edit}</a>
      ${button(c, '/trackers/active', tracker.active ? t.pause : t.resume, { ...id, active: String(!tracker.active), back })}
      ${button(c, '/trackers/delete', t.remove, { ...id, back })}</td></tr>`;
}

/** What came before this page: something was saved, deleted (with a way back), or brought back. */
async function news(c, query) {
  const { saved, deleted, of, undone } = parameters(c, ['saved', 'deleted', 'of', 'undone']);
  if (saved) return texts.form.saved[saved];
  if (undone) return t.undone;
  if (!/^\d{1,18}$/.test(deleted)) return undefined;
  const [change] = await query(`SELECT merchant, change_id, sku, inventory_type, mechanism FROM invtrack.tracker_change
    WHERE merchant = $1 AND change_id = $2 AND after IS NULL`, [of, deleted]);
  return change && html`${t.undoText(`${change.sku}, ${change.inventory_type}, ${texts.mechanisms[change.mechanism].name}`)}
    ${button(c, '/trackers/undo', t.undo, { merchant: change.merchant, change_id: change.change_id, back: address('/trackers', parameters(c, filters)) })}`;
}

async function filterForm(query, given) {
  const choices = (values) => [['', t.all], ...Object.entries(values).map(([value, label]) => [value, label.name ?? label])];
  const types = await query('SELECT DISTINCT inventory_type FROM invtrack.inventory_type ORDER BY inventory_type');
  return html`<form class="filter" aria-label="${texts.list.filter}" action="/trackers">
    ${select('merchant', t.merchant, await merchants(query, t.all), given.merchant)}
    <label>${t.text}<input type="search" name="text" value="${given.text}"></label>
    ${select('mechanism', t.mechanism, choices(texts.mechanisms), given.mechanism)}
    ${select('type', t.type, choices(Object.fromEntries(types.map(({ inventory_type: type }) => [type, type]))), given.type)}
    ${select('status', t.status, choices(texts.statuses), given.status)}
    ${select('sort', t.sort, Object.entries(t.sorts), given.sort || 'health')}
    <button>${t.filter}</button></form>`;
}

export const list = new Hono();

list.get('/trackers', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, filters);
  let number = pageNumber(c.req.query('page'));
  let rows = await trackers(query, given, size, (number - 1) * size);
  if (rows.length === 0 && number > 1) {
    number = 1;
    rows = await trackers(query, given, size, 0);
  }
  const runsOut = await runOutDays(query, rows);
  const back = address('/trackers', { ...given, page: number > 1 ? number : '' });
  const found = rows[0]?.found ?? '0';
  return page(c, {
    title: t.title,
    notice: await news(c, query),
    body: html`${await filterForm(query, given)}
      <p class="row"><span role="status">${t.found(decimal(found, c.var.locale))}</span> <a href="${address('/trackers/new', { merchant: given.merchant, back })}" role="button">${texts.nav.add}</a>
        <a href="${address('/trackers.csv', given)}">${t.csv}</a></p>
      ${rows.length === 0 ? html`<p>${t.empty}</p>` : html`<div class="wide" role="region" aria-label="${t.title}" tabindex="0"><table>
        <thead><tr>${Object.values(t.columns).map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
        <tbody>${rows.map((tracker) => row(c, tracker, runsOut, back))}</tbody></table></div>${pager('/trackers', given, number, found, size)}`}`,
  });
}));

const exported = ['merchant', 'merchant_name', 'sku', 'product_name', 'inventory_type', 'mechanism', 'quantity', 'lookback_days', 'coverage_days', 'expiry_days',
  'current_stock', 'threshold', 'health', 'status', 'reason', 'days_of_cover', 'severity', 'active', 'as_of'];

list.get('/trackers.csv', (c) => asUser(c.var.user, async (query) => {
  const rows = await trackers(query, parameters(c, filters), null);
  const lines = [exported, ...rows.map((tracker) => exported.map((name) => tracker[name]))];
  c.header('content-disposition', 'attachment; filename="trackers.csv"');
  return c.body(lines.map((line) => `${line.map(csvValue).join(',')}\r\n`).join(''), 200, { 'content-type': 'text/csv; charset=utf-8' });
}));

/** Back to the list, with these parameters more. */
function returnTo(c, values) {
  const back = /^\/trackers(\?|$)/.test(c.var.body.back ?? '') ? c.var.body.back : '/trackers';
  const [path, search] = back.split('?');
  return c.redirect(address(path, { ...Object.fromEntries(new URLSearchParams(search ?? '')), ...values }), 303);
}

const failed = (c, error) => page(c, { title: t.title, error: said(error), status: 409 });

list.post('/trackers/active', (c) => asUser(c.var.user, async (query) => {
  const { body } = c.var;
  await query('UPDATE invtrack.tracker SET active = $5 WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4)',
    [...key.map((name) => body[name]), body.active === 'true']);
  return returnTo(c, {});
}));

list.post('/trackers/delete', (c) => asUser(c.var.user, async (query) => {
  const values = key.map((name) => c.var.body[name]);
  const { error } = await attempt(query, 'SELECT invtrack.delete_tracker($1, $2, $3, $4)', values);
  if (error) return failed(c, error);
  const [{ change_id: change }] = await query(`SELECT pg_catalog.max(change_id) AS change_id FROM invtrack.tracker_change
    WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4) AND after IS NULL`, values);
  return returnTo(c, { deleted: change, of: values[0] });
}));

list.post('/trackers/undo', (c) => asUser(c.var.user, async (query) => {
  const { merchant, change_id: change } = c.var.body;
  const { rows, error } = await attempt(query, `
    SELECT c.merchant, c.sku, c.inventory_type, c.mechanism, c.before ->> 'active' AS active,
           invtrack.save_tracker(c.merchant, c.sku, c.inventory_type, c.mechanism, (c.before ->> 'quantity')::numeric, (c.before ->> 'lookback_days')::integer,
             (c.before ->> 'coverage_days')::integer, (c.before ->> 'expiry_days')::integer, expected_version => 0)
      FROM invtrack.tracker_change c WHERE c.merchant = $1 AND c.change_id = $2 AND c.after IS NULL`, [merchant, change]);
  if (error) return failed(c, error);
  if (rows[0]?.active === 'false') {
    await query('UPDATE invtrack.tracker SET active = false WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4)', key.map((name) => rows[0][name]));
  }
  return returnTo(c, rows.length ? { undone: 1 } : {});
}));
