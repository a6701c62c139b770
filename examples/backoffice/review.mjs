// Settings and data that cannot be right, with statements that mend them, to copy.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { asUser, attempt } from './db.mjs';
import { merchants, page, parameters, said, select, table } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.review;

export const review = new Hono();

review.get('/review', (c) => asUser(c.var.user, async (query) => {
  const { merchant } = parameters(c, ['merchant']);
  const { rows, error } = await attempt(query, `SELECT r.*, v.label FROM invtrack.review($1) WITH ORDINALITY r
    LEFT JOIN invtrack.value_list v ON v.list = 'finding' AND v.value = r.finding ORDER BY r.ordinality LIMIT 500`, [merchant || null]);
  const heads = [[t.finding], [texts.list.columns.product], [t.detail, 'note'], [t.remedy, 'note']];
  const cells = (row) => [
    html`${row.label ?? row.finding}<br><strong class="severity ${row.severity}">${texts.severities[row.severity] ?? row.severity}</strong>`,
    [row.merchant, row.sku, row.inventory_type, texts.mechanisms[row.mechanism]?.name].filter(Boolean).join(' · '), row.detail,
    row.remedy ? html`<pre tabindex="0"><code>${row.remedy}</code></pre><button type="button" class="link" data-copy hidden>${t.copy}</button>` : t.person,
  ];
  return page(c, {
    title: t.title,
    error: error && said(error),
    body: html`<form class="filter" aria-label="${texts.list.filter}" action="/review">${select('merchant', texts.list.merchant, await merchants(query, texts.list.all), merchant)}<button>${texts.list.filter}</button></form>
      ${rows?.length ? table(t.title, heads, rows.map((row) => ({ cells: cells(row) }))) : html`<p>${error ? '' : t.none}</p>`}`,
  });
}));
