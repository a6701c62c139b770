// What all pages share: the frame, form fields, messages, pages of long lists.

import { html, raw } from 'hono/html';
import { texts } from './texts.mjs';

const links = [
  ['/trackers', 'trackers'], ['/trackers/new', 'add'], ['/stock', 'stock'], ['/alerts', 'alerts'], ['/import', 'import'], ['/review', 'review'],
];

function navigation(c) {
  if (!c.var.user) return '';
  return html`<nav aria-label="${texts.title}"><ul>${links.map(([href, name]) => html`
      <li><a href="${href}" ${c.req.path === href ? raw('aria-current="page"') : ''}>${texts.nav[name]}</a></li>`)}</ul>
    <form method="post" action="/sign-out">${hidden({ token: c.var.token })}<span>${c.var.user}</span> <button class="link">${texts.signIn.out}</button></form></nav>`;
}

/** A page: the frame around body. notice is good news, error is not. What htmx swaps in works at once: it has no settle delay. */
export function page(c, { title, body = '', notice, error, status = 200 }) {
  return c.html(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="htmx-config" content='{"includeIndicatorStyles":false,"defaultSettleDelay":0,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0}'>
  <title>${title} – ${texts.title}</title>
  <link rel="stylesheet" href="/static/pico.css">
  <link rel="stylesheet" href="/static/screen.css">
  <link rel="icon" href="data:,">
  <script src="/static/htmx.js" defer></script>
  <script src="/static/screen.js" defer></script>
</head>
<body>
  <header>${navigation(c)}</header>
  <main>
    <h1>${title}</h1>
    ${error && error !== title ? html`<p class="error" role="alert">${error}</p>` : ''}
    ${notice ? html`<div class="notice" role="status">${notice}</div>` : ''}
    ${body}
  </main>
</body>
</html>`, status);
}

/**
 * A table. columns: [label, class] each, as many as a row has cells; rows: { kind, cells }. A narrow window shows each row as a
 * card, in which the labels stand beside the cells.
 */
export function table(label, columns, rows) {
  const cell = (content, i) => html`<td data-label="${columns[i][0]}" class="${columns[i][1] ?? ''}">${content}</td>`;
  return html`<div class="wide" role="region" aria-label="${label}" tabindex="0"><table>
    <thead><tr>${columns.map(([name, kind]) => html`<th scope="col" class="${kind ?? ''}">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(({ kind, cells }) => html`<tr class="${kind ?? ''}">${cells.map(cell)}</tr>
`)}</tbody></table></div>`;
}

/** Hidden fields of a form. */
export function hidden(values) {
  return Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
}

/** The options of a drop-down: [value, label] each; the first is the one for nothing. */
export function options(choices, chosen) {
  return choices.map(([value, label]) => html`<option value="${value}" ${value === (chosen ?? '') ? raw('selected') : ''}>${label}</option>`);
}

/** A drop-down with its label. extra: attributes. */
export function select(name, label, choices, chosen, extra = '') {
  return html`<label>${label}<select name="${name}" ${extra}>${options(choices, chosen)}</select></label>`;
}

/** An address with these parameters; empty ones are left out. */
export function address(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const query = new URLSearchParams(given).toString();
  return query ? `${path}?${query}` : path;
}

/** An address of this page that came with a form, or the page without parameters. */
export function within(path, text) {
  const url = typeof text === 'string' && URL.canParse(text, 'http://here') ? new URL(text, 'http://here') : null;
  return url?.origin === 'http://here' && url.pathname === path ? path + url.search : path;
}

/** The parameters of the address that are texts, by these names; others are not looked at. */
export function parameters(c, names) {
  return Object.fromEntries(names.map((name) => [name, (c.req.query(name) ?? '').replaceAll('\0', '')]));
}

/** Which page is asked for, from 1. */
export function pageNumber(text) {
  return /^[1-9]\d{0,5}$/.test(text ?? '') ? Number(text) : 1;
}

/** Links to the pages before and after this one. */
export function pager(path, values, number, found, size) {
  const pages = Math.ceil(Number(found) / size);
  if (pages < 2) return '';
  const link = (to, label) => (to < 1 || to > pages ? '' : html`<a href="${address(path, { ...values, page: to })}">${label}</a>`);
  return html`<nav class="pager" aria-label="${texts.list.page(number, pages)}">${link(number - 1, texts.list.previous)}
    <span>${texts.list.page(number, pages)}</span> ${link(number + 1, texts.list.next)}</nav>`;
}

/** Merchants that the user sees, as choices of a drop-down. */
export async function merchants(query, first) {
  const rows = await query('SELECT merchant, name FROM invtrack.merchant ORDER BY name, merchant');
  return [['', first], ...rows.map(({ merchant, name }) => [merchant, name && name !== merchant ? `${name} (${merchant})` : merchant])];
}

/** The parameters of a tracker in words: those of its mechanism that are set. */
export function settings(tracker, show) {
  const { fields } = texts.mechanisms[tracker.mechanism];
  return Object.entries(fields).filter(([name]) => (tracker[name] ?? null) !== null)
    .map(([name, [, , words]]) => words(show(tracker[name]))).join(' · ');
}

/** What an error of the database says, with its hint. */
export function said(error) {
  if (error.code === '42883') return texts.errors.missing;
  return error.hint ? html`${error.message}. <small>${error.hint}</small>` : error.message;
}
