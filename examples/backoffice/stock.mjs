// Stock inquiry: what is on hand now, by item, with its lots and what is on order.

import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { asUser } from './db.mjs';
import { day, decimal } from './format.mjs';
import { merchants, page, pageNumber, pager, parameters, select, table } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.stock;
const size = 50;
const keyOf = ({ merchant, sku, inventory_type: type }) => JSON.stringify([merchant, sku, type]);

// The day that a merchant's health is worked out for.
const today = `coalesce(nullif(pg_catalog.current_setting('invtrack.as_of', true), '')::date, invtrack.today(m.merchant))`;

/** A page of the items that match, and how many these are. soon: some units expire within 30 days. */
function items(query, given, number) {
  const values = [];
  const conditions = [];
  if (given.merchant) conditions.push(`s.merchant = $${values.push(given.merchant)}`);
  if (given.text) conditions.push(`pg_catalog.strpos(pg_catalog.lower(s.sku || ' ' || coalesce(s.product_name, '')), pg_catalog.lower($${values.push(given.text)})) > 0`);
  if (given.soon) conditions.push('s.next_expires_on <= m.today + 30');
  return query(`
    SELECT s.*, m.name AS merchant_name, s.next_expires_on <= m.today + 30 AS soon, pg_catalog.count(*) OVER () AS found
      FROM invtrack.stock s
      JOIN (SELECT m.merchant, m.name, ${today} AS today FROM invtrack.merchant m OFFSET 0) m USING (merchant)
     ${conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''}
     ORDER BY s.merchant, s.sku, s.inventory_type LIMIT ${size} OFFSET ${(number - 1) * size}`, values);
}

/** The rows of a table that belong to these items, by item. */
async function detail(query, rows, table, columns, order) {
  const found = await query(`
    SELECT t.merchant, t.sku, t.inventory_type, ${columns}
      FROM ${table} t
      JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) i (merchant, sku, inventory_type)
     USING (merchant, sku, inventory_type) ORDER BY ${order}`, ['merchant', 'sku', 'inventory_type'].map((name) => rows.map((row) => row[name])));
  return Map.groupBy ? Map.groupBy(found, keyOf) : found.reduce((map, row) => map.set(keyOf(row), [...(map.get(keyOf(row)) ?? []), row]), new Map());
}

const lotTable = `(SELECT l.*, l.expires_on > m.today AND l.expires_on <= m.today + 30 AS soon FROM invtrack.stock_lot l
  JOIN (SELECT m.merchant, ${today} AS today FROM invtrack.merchant m OFFSET 0) m USING (merchant))`;

function lotsOf(lots, incoming, locale) {
  const show = (value) => decimal(value, locale);
  if (lots.length + incoming.length === 0) return t.noLots;
  return html`<table><thead><tr><th scope="col">${t.lot}</th><th scope="col">${t.expires}</th><th scope="col" class="number">${t.units}</th></tr></thead><tbody>
    ${lots.map((lot) => html`<tr><td>${lot.lot || '–'}</td><td>${lot.expires_on ? day(lot.expires_on, locale) : t.undated} ${lot.soon ? html`<mark>${t.expiring}</mark>` : ''}</td><td class="number">${show(lot.quantity)}</td></tr>`)}
    ${incoming.map((order) => html`<tr><td>${t.incoming} ${order.ref}</td><td>${order.expected_on ? html`${t.incomingOn} ${day(order.expected_on, locale)}` : ''}</td><td class="number">${show(order.quantity)}</td></tr>`)}
    </tbody></table>`;
}

const columns = [[texts.list.columns.product, 'main'], [texts.list.columns.type], [t.onHand, 'number'], [t.expired, 'number'], [t.nextExpiry, 'date'], [t.incoming, 'number'], [t.lots, 'lots']];

function cells(item, lots, incoming, locale) {
  const show = (value) => decimal(value, locale);
  return [
    html`<strong>${item.sku}</strong> ${item.product_name}<br><small>${item.merchant_name || item.merchant}</small>`, item.inventory_type_name || item.inventory_type,
    show(item.on_hand), show(item.expired), html`${day(item.next_expires_on, locale)}${item.soon ? html` <br><mark>${t.expiring}</mark>` : ''}`,
    html`${show(item.incoming)}${item.incoming_on ? html`<br><small>${t.incomingOn} ${day(item.incoming_on, locale)}</small>` : ''}`,
    html`<details><summary>${t.lots}: ${item.lots}</summary>${lotsOf(lots, incoming, locale)}</details>`,
  ];
}

export const stock = new Hono();

stock.get('/stock', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, ['merchant', 'text', 'soon']);
  let number = pageNumber(c.req.query('page'));
  let rows = await items(query, given, number);
  if (rows.length === 0 && number > 1) rows = await items(query, given, (number = 1));
  const lots = await detail(query, rows, lotTable, 't.lot, t.expires_on, t.quantity, t.soon', 't.expires_on NULLS LAST, t.lot');
  const incoming = await detail(query, rows, 'invtrack.incoming', 't.ref, t.expected_on, t.quantity', 't.expected_on NULLS LAST, t.ref');
  const body = (item) => cells(item, lots.get(keyOf(item)) ?? [], incoming.get(keyOf(item)) ?? [], c.var.locale);
  return page(c, {
    title: t.title,
    body: html`<form class="filter" aria-label="${texts.list.filter}" action="/stock">${select('merchant', texts.list.merchant, await merchants(query, texts.list.all), given.merchant)}
      <label>${texts.list.text}<input type="search" name="text" value="${given.text}"></label>
      <label class="check"><input type="checkbox" name="soon" value="1" ${given.soon ? raw('checked') : ''}> ${t.onlySoon}</label><button>${texts.list.filter}</button></form>
      ${rows.length === 0 ? html`<p>${t.empty}</p>` : html`${table(t.title, columns, rows.map((item) => ({ cells: body(item) })))}
      ${pager('/stock', given, number, rows[0].found, size)}`}`,
  });
}));
