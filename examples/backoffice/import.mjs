// Import of trackers from a CSV file: a dry run first, with a verdict for each row, then the same file is saved.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { asUser, attempt } from './db.mjs';
import { decimal, parseCsv } from './format.mjs';
import { hidden, page, said, table } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.import;
const most = 500;
const columns = ['merchant', 'sku', 'inventory_type', 'mechanism', 'quantity', 'lookback_days', 'coverage_days', 'expiry_days'];

/** The text of a file, which has to be UTF-8. Others would be read as something else without a word. */
async function textOf(file) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(t.encoding);
  }
}

/** The file's rows as settings of save_trackers(): numbers stay text, empty values are not there. */
function settingsOf(text) {
  const [header = [], ...rows] = parseCsv(text, t);
  const names = header.map((name) => name.trim());
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined) throw new Error(t.unknown(unknown));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new Error(t.twice(twice));
  if (rows.length === 0) throw new Error(t.empty);
  return rows.map((row, i) => {
    if (row.length !== names.length) throw new Error(t.width(i + 1));
    return Object.fromEntries(names.map((name, j) => [name, row[j]]).filter(([, value]) => value !== ''));
  });
}

function form(c, text) {
  return html`<form method="post" action="/import" enctype="multipart/form-data">${hidden({ token: c.var.token })}<p>${t.hint}</p>
    <label>${t.file}<input type="file" name="file" accept=".csv,text/csv"></label>
    <label>${t.or}<textarea name="text" rows="6" spellcheck="false">${text}</textarea></label><button name="action" value="dry">${t.dry}</button></form>`;
}

function verdicts(c, rows, text, saved) {
  const heads = [[t.row, 'number'], [texts.list.columns.product, 'main'], [t.outcome], [t.before, 'number'], [t.after, 'number'], [t.message, 'note']];
  const show = (value) => (value === null ? '' : `${decimal(value, c.var.locale)}%`);
  const good = rows.filter(({ outcome }) => outcome !== 'rejected').length;
  const shown = [...rows].sort((a, b) => (b.outcome === 'rejected') - (a.outcome === 'rejected') || a.row_number - b.row_number).slice(0, most);
  const counts = Object.entries(t.outcomes).map(([outcome, label]) => [label, rows.filter((row) => row.outcome === outcome).length]).filter(([, count]) => count > 0);
  const cells = (row) => [
    row.row_number, [row.merchant, row.sku, row.inventory_type, texts.mechanisms[row.mechanism]?.name ?? row.mechanism].filter(Boolean).join(' · '),
    html`<strong class="outcome ${row.outcome}">${t.outcomes[row.outcome]}</strong>`, show(row.health_before), show(row.health_after),
    row.message ? html`${row.message} ${row.hint ? html`<small>${row.hint}</small>` : ''}` : '',
  ];
  return html`<p>${counts.map(([label, count]) => `${decimal(count, c.var.locale)} ${label}`).join(', ')}.${rows.length > most ? ` ${t.first(most)}` : ''}</p>
    ${table(t.outcome, heads, shown.map((row) => ({ cells: cells(row) })))}
    ${saved || good === 0 ? '' : html`<form class="row" method="post" action="/import" enctype="multipart/form-data">${hidden({ token: c.var.token, text })}
      ${good === rows.length ? html`<button name="action" value="save">${t.save}</button>` : html`<button name="action" value="skip">${t.skip}</button>`}</form>`}`;
}

export const imports = new Hono();

imports.get('/import', (c) => page(c, { title: t.title, body: form(c, '') }));

imports.post('/import', (c) => asUser(c.var.user, async (query) => {
  const { file, text: pasted, action } = c.var.body;
  let text = String(pasted ?? '');
  let given;
  try {
    if (typeof file === 'object' && file.size > 0) text = (await textOf(file)).replaceAll('\0', '');
    given = settingsOf(text);
  } catch (error) {
    return page(c, { title: t.title, error: error.message, body: form(c, text), status: 422 });
  }
  const saving = action === 'save' || action === 'skip';
  const { rows, error } = await attempt(query, 'SELECT * FROM invtrack.save_trackers($1::jsonb, dry_run => $2, on_error => $3) ORDER BY row_number',
    [JSON.stringify(given), !saving, action === 'save' ? 'abort' : 'skip']);
  if (error) return page(c, { title: t.title, error: said(error), body: form(c, text), status: 422 });
  const good = rows.filter(({ outcome }) => outcome !== 'rejected').length;
  const saved = saving && (action === 'skip' || good === rows.length);
  return page(c, { title: t.title, notice: saved ? t.done(good) : undefined, body: html`${verdicts(c, rows, text, saved)}${form(c, saved ? '' : text)}` });
}));
