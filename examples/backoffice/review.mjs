// Settings and data that cannot be right, with statements that mend them, to copy.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { asUser, attempt } from './db.mjs';
import { merchants, page, parameters, said, select } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.review;

export const review = new Hono();

review.get('/review', (c) => asUser(c.var.user, async (query) => {
  const { merchant } = parameters(c, ['merchant']);
  const { rows, error } = await attempt(query, `SELECT r.*, v.label FROM invtrack.review($1) WITH ORDINALITY r
    LEFT JOIN invtrack.value_list v ON v.list = 'finding' AND v.value = r.finding ORDER BY r.ordinality LIMIT 500`, [merchant || null]);
  const table = (findings) => html`<div class="wide" role="region" aria-label="${t.title}" tabindex="0"><table>
    <thead><tr><th scope="col">${t.finding}</th><th scope="col">${texts.list.columns.product}</th><th scope="col">${t.detail}</th><th scope="col">${t.remedy}</th></tr></thead>
    <tbody>${findings.map((row) => html`<tr><td>${row.label ?? row.finding}<br><strong class="severity ${row.severity}">${texts.severities[row.severity] ?? row.severity}</strong></td>
      <td>${[row.merchant, row.sku, row.inventory_type, texts.mechanisms[row.mechanism]?.name].filter(Boolean).join(' · ')}</td><td>${row.detail}</td>
      <td>${row.remedy ? html`<pre tabindex="0"><code>${row.remedy}</code></pre><button type="button" class="link" data-copy hidden>${t.copy}</button>` : t.person}</td></tr>`)}</tbody></table></div>`;
  return page(c, {
    title: t.title,
    error: error && said(error),
    body: html`<form class="filter" aria-label="${texts.list.filter}" action="/review">${select('merchant', texts.list.merchant, await merchants(query, texts.list.all), merchant)}<button>${texts.list.filter}</button></form>
      ${rows?.length ? table(rows) : html`<p>${t.none}</p>`}`,
  });
}));
