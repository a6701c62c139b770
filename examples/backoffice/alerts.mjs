// Open alerts: acknowledge, snooze. The page hears of news by server-sent events and fetches the list again.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import { asUser, attempt } from './db.mjs';
import { day, decimal } from './format.mjs';
import { address, hidden, merchants, page, pageNumber, pager, parameters, said, select, within } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.alerts;
const key = ['merchant', 'sku', 'inventory_type', 'mechanism'];
const size = 50;
const listeners = new Set();

/** Alerts have changed: tell all pages that show them. What they may see they fetch as their user. */
export function tellAlerts() {
  for (const tell of listeners) tell();
}

function card(c, alert, back) {
  const id = Object.fromEntries(key.map((name) => [name, alert[name]]));
  const fields = hidden({ token: c.var.token, back, ...id });
  const name = `${alert.sku}, ${alert.inventory_type}, ${texts.mechanisms[alert.mechanism].name}`;
  const { locale } = c.var;
  return html`<article><div><h2><strong class="severity ${alert.severity}">${texts.severities[alert.severity]}</strong> <a href="${address('/trackers/why', id)}">${name}</a></h2>
    <p>${alert.product_name} · ${alert.merchant_name || alert.merchant}<br>
    <strong class="status ${alert.status}">${texts.statuses[alert.status]}</strong> ${texts.reasons[alert.reason]} · ${t.since} ${day(alert.opened_on, locale)} · ${t.lowest} ${decimal(alert.lowest_health, locale)}%
    ${alert.acknowledged_by ? html`<br>${t.taken(alert.acknowledged_by)}${alert.acknowledged_note ? html`: ${alert.acknowledged_note}` : ''}` : ''}
    ${alert.snoozed ? html`<br><mark>${t.snoozed} ${t.until} ${day(alert.snoozed_day, locale)}</mark>` : ''}</p></div>
    <div class="row"><form class="row" method="post" action="/alerts/acknowledge">${fields}<input name="note" aria-label="${t.note}: ${name}" placeholder="${t.note}" value="${alert.acknowledged_note}" maxlength="1000"><button>${t.acknowledge}</button></form>
    <form class="row" method="post" action="/alerts/snooze">${fields}<select name="days" aria-label="${t.snooze}: ${name}">${[1, 7, 30].map((days) => html`<option value="${days}">${t.days(days)}</option>`)}</select><button class="secondary">${t.snooze}</button></form></div></article>`;
}

export const alerts = new Hono();

/** A page of the open alerts, the worst and newest first, and how many there are. */
function openAlerts(query, { merchant }, number) {
  return query(`SELECT a.*, m.name AS merchant_name, (a.snoozed_until AT TIME ZONE 'UTC')::date AS snoozed_day, pg_catalog.count(*) OVER () AS found
      FROM invtrack.alert_open a JOIN invtrack.merchant m USING (merchant) WHERE $1 = '' OR merchant = $1
     ORDER BY a.severity = 'critical' DESC, a.opened_at DESC, merchant, a.alert_id LIMIT $2 OFFSET $3`, [merchant, size, (number - 1) * size]);
}

alerts.get('/alerts', (c) => asUser(c.var.user, async (query) => {
  const given = parameters(c, ['merchant']);
  let number = pageNumber(c.req.query('page'));
  let rows = await openAlerts(query, given, number);
  if (rows.length === 0 && number > 1) rows = await openAlerts(query, given, (number = 1));
  const found = rows[0]?.found ?? '0';
  const here = address('/alerts', { ...given, page: number > 1 ? number : '' });
  return page(c, {
    title: t.title,
    body: html`<form class="filter" aria-label="${texts.list.filter}" action="/alerts">${select('merchant', texts.list.merchant, await merchants(query, texts.list.all), given.merchant)}<button>${texts.list.filter}</button></form>
      <div id="alerts" aria-live="polite" hx-get="${here}" hx-trigger="news" hx-select="#alerts > *" hx-swap="innerHTML" data-news="/alerts/news">
      <p>${found === '0' ? t.none : t.found(decimal(found, c.var.locale))} <small>${t.live}</small></p>${rows.map((alert) => card(c, alert, here))}
      ${pager('/alerts', given, number, found, size)}</div>`,
  });
}));

alerts.get('/alerts/news', (c) => streamSSE(c, async (stream) => {
  let wake;
  let pending = true;
  const tell = () => {
    pending = true;
    wake?.();
  };
  listeners.add(tell);
  stream.onAbort(() => {
    listeners.delete(tell);
    tell();
  });
  const beat = setInterval(() => stream.writeSSE({ event: 'beat', data: '' }).catch(() => {}), 30_000);
  // The first word says that news will come from here on: the page fetches what it may have missed.
  while (!stream.aborted) {
    if (pending) {
      pending = false;
      await stream.writeSSE({ event: 'news', data: '' });
    } else {
      await new Promise((resolve) => (wake = resolve));
    }
  }
  clearInterval(beat);
}));

function change(path, text, values) {
  alerts.post(path, (c) => asUser(c.var.user, async (query) => {
    const { body } = c.var;
    const { error } = await attempt(query, text, [...key.map((name) => body[name]), ...values(body, c.var.user)]);
    return error ? page(c, { title: t.title, error: said(error), status: 409 }) : c.redirect(within('/alerts', body.back), 303);
  }));
}

change('/alerts/acknowledge', 'SELECT invtrack.acknowledge_alert($1, $2, $3, $4, $5, $6)', ({ note }, user) => [note || null, user]);
change('/alerts/snooze', `SELECT invtrack.snooze_alert($1, $2, $3, $4, pg_catalog.now() + pg_catalog.make_interval(days => $5))`,
  ({ days }) => [/^\d{1,3}$/.test(days) ? days : 1]);
