// The list of trackers at a glance; pause, delete and undo; the list as a CSV file. The address carries what is shown.

import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { bar } from './chart.mjs';
import { asUser, attempt } from './db.mjs';
import { csvValue, day, decimal } from './format.mjs';
import { address, hidden, merchants, page, pageNumber, pager, parameters, said, select, settings, table, within } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.list;
const size = 50;
const filters = ['merchant', 'text', 'mechanism', 'type', 'status', 'sort'];
const key = ['merchant', 'sku', 'inventory_type', 'mechanism'];
const byKey = (of) => key.map((name) => `${of}.${name}`).join(', ');
const sorts = {
  __proto__: null, health: ['health', ''], healthDown: ['health', 'DESC'], product: ['null::integer', ''], cover: ['days_of_cover', 'NULLS LAST'], updated: ['updated_at', 'DESC'],
};
const columnOf = { merchant: 'merchant', mechanism: 'mechanism', type: 'inventory_type', status: 'status' };

/** WHERE of the trackers that the filters name; their values are added to values. */
function matching(given, values) {
  const conditions = Object.entries(columnOf).filter(([name]) => given[name]).map(([name, column]) => `h.${column} = $${values.push(given[name])}`);
  if (given.text) {
    conditions.push(`pg_catalog.strpos(pg_catalog.lower(h.sku || ' ' || coalesce(h.product_name, '')), pg_catalog.lower($${values.push(given.text)})) > 0`);
  }
  return conditions.length ? `WHERE ${conditions.join(' AND ')}` : '';
}

/**
 * A page of the trackers that the filters name, with their open alerts, and counts by status. All trackers are read once,
 * for what sorts and counts need and no more; the rest is looked up for those that are shown.
 */
export async function trackers(query, given, number) {
  const [column, direction] = sorts[given.sort] ?? sorts.health;
  const order = `h.sorted ${direction}, ${byKey('h')}`;
  const values = [size, (number - 1) * size, given.status || null];
  const rows = await query(`
    WITH all_of_them AS MATERIALIZED (
      SELECT ${byKey('h')}, h.status, ${column} AS sorted FROM invtrack.health h ${matching({ ...given, status: '' }, values)})
    SELECT d.*, a.alert_id, a.severity, c.counts
      FROM (SELECT pg_catalog.jsonb_object_agg(s.status, s.trackers) AS counts
              FROM (SELECT status, pg_catalog.count(*) AS trackers FROM all_of_them GROUP BY status) s) c
      LEFT JOIN ((SELECT * FROM all_of_them h WHERE $3::text IS NULL OR h.status = $3 ORDER BY ${order} LIMIT $1 OFFSET $2) h
           CROSS JOIN LATERAL invtrack.tracker_health(${byKey('h')}) d) ON true
      LEFT JOIN invtrack.alert_open a ON (${byKey('a')}) = (${byKey('h')})
     ORDER BY ${order}`, values);
  const counts = rows[0].counts ?? {};
  const found = given.status ? counts[given.status] ?? 0 : Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { rows: rows.filter(({ merchant }) => merchant !== null), counts, found };
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

const columns = [[t.columns.product, 'main'], [t.columns.type], [t.columns.mechanism, 'words'], [t.columns.health, 'number'], [t.columns.status, 'words'], [t.columns.current, 'number'],
  [t.columns.threshold, 'number'], [t.columns.cover, 'number'], [t.columns.runOut, 'date'], [t.columns.alert], [t.columns.actions, 'actions']];

function cells(c, tracker, runsOut, back) {
  const show = (value) => decimal(value, c.var.locale);
  const id = Object.fromEntries(key.map((name) => [name, tracker[name]]));
  const stalled = tracker.mechanism === 'stalled_days';
  const name = `${tracker.sku}, ${tracker.inventory_type}, ${texts.mechanisms[tracker.mechanism].name}`;
  const retired = tracker.discontinued_on && tracker.discontinued_on <= tracker.as_of;
  return [
    html`<a href="${address('/trackers/why', { ...id, back })}" aria-label="${t.why} ${name}"><strong>${tracker.sku}</strong></a> ${tracker.product_name}
      <br><small>${tracker.merchant_name || tracker.merchant}${tracker.active ? '' : html` · <mark>${t.paused}</mark>`}${retired ? html` · <mark>${t.retired}</mark>` : ''}</small>`,
    tracker.inventory_type_name || tracker.inventory_type,
    html`${texts.mechanisms[tracker.mechanism].name}<br><small>${settings(tracker, show)}</small>`,
    html`${bar(tracker)} <span class="percent">${show(tracker.health)}%</span>`,
    html`<strong class="status ${tracker.status}">${texts.statuses[tracker.status]}</strong>${tracker.reason ? html`<br><small>${texts.reasons[tracker.reason]}</small>` : ''}`,
    stalled ? html`${show(tracker.current_stock)}<br><small>${t.shipped(tracker.lookback_days)}</small>` : show(tracker.current_stock),
    show(tracker.threshold), show(tracker.days_of_cover), day(runsOut.get(tracker.tracker_key), c.var.locale),
    tracker.alert_id ? html`<strong class="severity ${tracker.severity}">${texts.severities[tracker.severity]}</strong>` : '',
    html`<a href="${address('/trackers/edit', { ...id, back })}" aria-label="${t.edit} ${name}">${t.edit}</a>
      ${button(c, '/trackers/active', tracker.active ? t.pause : t.resume, { ...id, active: String(!tracker.active), back })}
      ${button(c, '/trackers/delete', t.remove, { ...id, back })}`,
  ];
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

/** How many trackers there are of each status, each a link to these. */
function statusLinks(c, given, counts) {
  const link = (status, label, count) => html`<a href="${address('/trackers', { ...given, status })}" ${given.status === status ? raw('aria-current="true"') : ''}>${label} ${decimal(count, c.var.locale)}</a>`;
  return html`<nav class="counts" aria-label="${t.status}">${link('', t.all, Object.values(counts).reduce((sum, count) => sum + count, 0))}
    ${Object.entries(texts.statuses).map(([status, label]) => link(status, label, counts[status] ?? 0))}</nav>`;
}

export const list = new Hono();

list.get('/trackers', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, filters);
  let number = pageNumber(c.req.query('page'));
  let { rows, counts, found } = await trackers(query, given, number);
  if (rows.length === 0 && number > 1) {
    number = 1;
    ({ rows, counts, found } = await trackers(query, given, number));
  }
  const runsOut = await runOutDays(query, rows);
  const back = address('/trackers', { ...given, page: number > 1 ? number : '' });
  return page(c, {
    title: t.title,
    notice: await news(c, query),
    body: html`${await filterForm(query, given)}
      <div class="row">${statusLinks(c, given, counts)}<span class="visually-hidden" role="status">${t.found(decimal(found, c.var.locale))}</span>
        <a href="${address('/trackers/new', { merchant: given.merchant, back })}" role="button">${texts.nav.add}</a> <a href="${address('/trackers.csv', given)}">${t.csv}</a></div>
      ${rows.length === 0 ? html`<p>${t.empty}</p>` : html`${table(t.title, columns, rows.map((tracker) => ({ cells: cells(c, tracker, runsOut, back) })))}
      ${pager('/trackers', given, number, found, size)}`}`,
  });
}));

const exported = ['merchant', 'merchant_name', 'sku', 'product_name', 'inventory_type', 'mechanism', 'quantity', 'lookback_days', 'coverage_days', 'expiry_days',
  'current_stock', 'threshold', 'health', 'status', 'reason', 'days_of_cover', 'severity', 'active', 'as_of'];

list.get('/trackers.csv', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, filters);
  const values = [];
  const [column, direction] = sorts[given.sort] ?? sorts.health;
  const rows = await query(`SELECT h.*, a.severity FROM invtrack.health h LEFT JOIN invtrack.alert_open a USING (${key.join(', ')})
    ${matching(given, values)} ORDER BY ${column} ${direction}, ${byKey('h')}`, values);
  const lines = [exported, ...rows.map((tracker) => exported.map((name) => tracker[name]))];
  c.header('content-disposition', 'attachment; filename="trackers.csv"');
  return c.body(lines.map((line) => `${line.map(csvValue).join(',')}\r\n`).join(''), 200, { 'content-type': 'text/csv; charset=utf-8' });
}));

/** Back to the list, with these parameters more. */
function returnTo(c, values) {
  const [path, search] = within('/trackers', c.var.body.back).split('?');
  return c.redirect(address(path, { ...Object.fromEntries(new URLSearchParams(search ?? '')), ...values }), 303);
}

const failed = (c, error) => page(c, { title: t.title, error: said(error), status: 409 });

list.post('/trackers/active', (c) => asUser(c.var.user, async (query) => {
  const { body } = c.var;
  const rows = await query('UPDATE invtrack.tracker SET active = $5 WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4) RETURNING true',
    [...key.map((name) => body[name]), body.active === 'true']);
  return rows.length ? returnTo(c, {}) : failed(c, { message: t.gone });
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
