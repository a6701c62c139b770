// Stock inquiry: what is on hand now, by item, with its lots and what is on order.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { asUser } from './db.mjs';
import { day, decimal } from './format.mjs';
import { merchants, page, pageNumber, pager, parameters, select } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.stock;
const size = 50;
const keyOf = ({ merchant, sku, inventory_type: type }) => JSON.stringify([merchant, sku, type]);

/** Items that match, with the units that expire within 30 days of the item's day. */
function items(query, given, number) {
  const values = [];
  const conditions = [];
  if (given.merchant) conditions.push(`s.merchant = $${values.push(given.merchant)}`);
  if (given.text) conditions.push(`pg_catalog.strpos(pg_catalog.lower(s.sku || ' ' || coalesce(s.product_name, '')), pg_catalog.lower($${values.push(given.text)})) > 0`);
  return query(`
    SELECT s.*, pg_catalog.count(*) OVER () AS found
      FROM invtrack.stock s ${conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''}
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

const soon = `(t.expires_on > d.day AND t.expires_on <= d.day + 30) AS soon`;
const lotTable = `(SELECT t.*, ${soon} FROM invtrack.stock_lot t
  CROSS JOIN LATERAL (SELECT coalesce(nullif(pg_catalog.current_setting('invtrack.as_of', true), '')::date, invtrack.today(t.merchant)) AS day) d)`;

function lotsOf(lots, incoming, locale) {
  if (lots.length + incoming.length === 0) return t.noLots;
  return html`<table><thead><tr><th scope="col">${t.lot}</th><th scope="col">${t.expires}</th><th scope="col">${t.units}</th></tr></thead><tbody>
    ${lots.map((lot) => html`<tr><td>${lot.lot || '–'}</td><td>${lot.expires_on ? day(lot.expires_on, locale) : t.undated} ${lot.soon ? html`<mark>${t.expiring}</mark>` : ''}</td><td class="number">${decimal(lot.quantity, locale)}</td></tr>`)}
    ${incoming.map((order) => html`<tr><td>${t.incoming} ${order.ref}</td><td>${order.expected_on ? html`${t.incomingOn} ${day(order.expected_on, locale)}` : ''}</td><td class="number">${decimal(order.quantity, locale)}</td></tr>`)}
    </tbody></table>`;
}

function row(item, lots, incoming, locale) {
  const show = (value) => decimal(value, locale);
  return html`<tr><td><strong>${item.sku}</strong> ${item.product_name}<br><small>${item.merchant}</small></td><td>${item.inventory_type_name || item.inventory_type}</td>
    <td class="number">${show(item.on_hand)}</td><td class="number">${show(item.expired)}</td><td>${day(item.next_expires_on, locale)} ${lots.some((lot) => lot.soon) ? html`<br><mark>${t.expiring}</mark>` : ''}</td>
    <td class="number">${show(item.incoming)}${item.incoming_on ? html`<br><small>${t.incomingOn} ${day(item.incoming_on, locale)}</small>` : ''}</td>
    <td><details><summary>${t.lots}: ${item.lots}</summary>${lotsOf(lots, incoming, locale)}</details></td></tr>`;
}

export const stock = new Hono();

stock.get('/stock', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, ['merchant', 'text']);
  const number = pageNumber(c.req.query('page'));
  const rows = await items(query, given, number);
  const lots = await detail(query, rows, lotTable, 't.lot, t.expires_on, t.quantity, t.soon', 't.expires_on NULLS LAST, t.lot');
  const incoming = await detail(query, rows, 'invtrack.incoming', 't.ref, t.expected_on, t.quantity', 't.expected_on NULLS LAST, t.ref');
  const heads = [texts.list.columns.product, texts.list.columns.type, t.onHand, t.expired, t.nextExpiry, t.incoming, t.lots];
  return page(c, {
    title: t.title,
    body: html`<form class="filter" aria-label="${texts.list.filter}" action="/stock">${select('merchant', texts.list.merchant, await merchants(query, texts.list.all), given.merchant)}
      <label>${texts.list.text}<input type="search" name="text" value="${given.text}"></label><button>${texts.list.filter}</button></form>
      ${rows.length === 0 ? html`<p>${t.empty}</p>` : html`<div class="wide" role="region" aria-label="${t.title}" tabindex="0"><table>
        <thead><tr>${heads.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
        <tbody>${rows.map((item) => row(item, lots.get(keyOf(item)) ?? [], incoming.get(keyOf(item)) ?? [], c.var.locale))}</tbody></table></div>
      ${pager('/stock', given, number, rows[0].found, size)}`}`,
  });
}));
