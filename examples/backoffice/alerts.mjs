// Open alerts: acknowledge, snooze. The page hears of news by server-sent events and fetches the list again.

import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import { asUser, attempt } from './db.mjs';
import { day, decimal } from './format.mjs';
import { address, hidden, page, said } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.alerts;
const key = ['merchant', 'sku', 'inventory_type', 'mechanism'];
const listeners = new Set();

/** Alerts have changed: tell all pages that show them. What they may see they fetch as their user. */
export function tellAlerts() {
  for (const tell of listeners) tell();
}

function card(c, alert) {
  const id = hidden({ token: c.var.token, ...Object.fromEntries(key.map((name) => [name, alert[name]])) });
  const name = `${alert.sku}, ${alert.inventory_type}, ${texts.mechanisms[alert.mechanism].name}`;
  const { locale } = c.var;
  return html`<article><h2><strong class="severity ${alert.severity}">${texts.severities[alert.severity]}</strong>
      <a href="${address('/trackers/why', Object.fromEntries(key.map((part) => [part, alert[part]])))}">${name}</a></h2>
    <p>${alert.product_name} · ${alert.merchant} · <strong class="status ${alert.status}">${texts.statuses[alert.status]}</strong> ${texts.reasons[alert.reason]} · ${t.since} ${day(alert.opened_on, locale)} · ${t.lowest} ${decimal(alert.lowest_health, locale)}%
    ${alert.acknowledged_by ? html`<br>${t.taken(alert.acknowledged_by)}${alert.acknowledged_note ? html`: ${alert.acknowledged_note}` : ''}` : ''}
    ${alert.snoozed ? html`<br><mark>${t.snoozed} ${t.until} ${day(alert.snoozed_day, locale)}</mark>` : ''}</p>
    <div class="row"><form class="row" method="post" action="/alerts/acknowledge">${id}<input name="note" aria-label="${t.note}: ${name}" placeholder="${t.note}" value="${alert.acknowledged_note}"><button>${t.acknowledge}</button></form>
    <form class="row" method="post" action="/alerts/snooze">${id}<select name="days" aria-label="${t.snooze}: ${name}">${[1, 7, 30].map((days) => html`<option value="${days}">${t.days(days)}</option>`)}</select><button class="secondary">${t.snooze}</button></form></div></article>`;
}

export const alerts = new Hono();

alerts.get('/alerts', (c) => asUser(c.var.user, async (query) => {
  const rows = await query(`SELECT *, (snoozed_until AT TIME ZONE 'UTC')::date AS snoozed_day FROM invtrack.alert_open
    ORDER BY severity = 'critical' DESC, opened_at DESC, merchant, alert_id LIMIT 200`);
  return page(c, {
    title: t.title,
    body: html`<div id="alerts" aria-live="polite" hx-get="/alerts" hx-trigger="news" hx-select="#alerts > *" hx-swap="innerHTML" ${raw('data-news="/alerts/news"')}>
      ${rows.length === 0 ? html`<p>${t.none}</p>` : rows.map((alert) => card(c, alert))}</div><p><small>${t.live}</small></p>`,
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
    return error ? page(c, { title: t.title, error: said(error), status: 409 }) : c.redirect('/alerts', 303);
  }));
}

change('/alerts/acknowledge', 'SELECT invtrack.acknowledge_alert($1, $2, $3, $4, $5, $6)', ({ note }, user) => [note || null, user]);
change('/alerts/snooze', `SELECT invtrack.snooze_alert($1, $2, $3, $4, pg_catalog.now() + pg_catalog.make_interval(days => $5))`,
  ({ days }) => [/^\d{1,3}$/.test(days) ? days : 1]);
