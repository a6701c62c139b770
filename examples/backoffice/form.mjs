// New tracker, and edit: one form. Each field posts all of it to the same address, which renders it again with
// what follows from it; without JavaScript, buttons do that.

import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { bar } from './chart.mjs';
import { asUser, attempt } from './db.mjs';
import { decimal, typed, untyped } from './format.mjs';
import { address, hidden, merchants, page, parameters, said, select, settings, within } from './page.mjs';
import { texts } from './texts.mjs';

const t = texts.form;
const names = ['quantity', 'lookback_days', 'coverage_days', 'expiry_days'];
const keys = ['merchant', 'sku', 'inventory_type', 'mechanism'];
const mechanisms = Object.entries(texts.mechanisms).map(([value, { name }]) => [value, name]);

const keyOf = (state) => keys.map((name) => state[name]);
const isComplete = (state) => keyOf(state).every((value) => value !== '');

/** Parameters as the database takes them, and which of the mechanism's fields can't be read. */
function parse(state, locale) {
  const fields = texts.mechanisms[state.mechanism]?.fields ?? {};
  const errors = {};
  const values = names.map((name) => {
    const text = fields[name] ? state[name].trim() : '';
    if (text === '') return null;
    const value = name === 'quantity' ? untyped(text, locale) : /^-?\d{1,9}$/.test(text) ? text : undefined;
    if (value === undefined) errors[name] = t.invalid;
    return value;
  });
  return { values, errors };
}

/** The field that an error of the database is about, and what it says. */
function atField(error) {
  return { [error.column ?? (error.dataType === 'quantity' ? 'quantity' : '')]: said(error) };
}

/** One input with its label, hint and error. */
function field(name, state, errors, locale) {
  const [label, hint] = texts.mechanisms[state.mechanism].fields[name];
  return html`<div class="field"><label for="${name}">${label}</label>
    <input id="${name}" name="${name}" value="${state[name]}" inputmode="${name === 'quantity' ? 'decimal' : 'numeric'}" autocomplete="off"
      aria-describedby="${name}-hint" ${errors[name] ? raw('aria-invalid="true" autofocus') : ''}
      hx-post="/trackers/new" hx-trigger="input changed delay:250ms" hx-target="#verdict" hx-select="#verdict" hx-swap="outerHTML" hx-sync="this:replace">
    <small id="${name}-hint">${errors[name] ? html`<strong class="error" role="alert">${errors[name]}</strong> ` : ''}${hint}</small></div>`;
}

/** What these settings would show, and the settings that they replace. */
async function verdict(query, state, locale) {
  if (!isComplete(state)) return '';
  const { values, errors } = parse(state, locale);
  const [existing] = await query('SELECT * FROM invtrack.tracker WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4)', keyOf(state));
  const show = (value) => decimal(value, locale);
  const required = Object.entries(texts.mechanisms[state.mechanism].fields).filter(([, [label]]) => label.endsWith('*'));
  const filled = Object.keys(errors).length === 0 && required.every(([name]) => state[name].trim() !== '');
  const found = filled && await attempt(query, 'SELECT * FROM invtrack.preview_health($1, $2, $3, $4, $5, $6, $7, $8)', [...keyOf(state), ...values]);
  const health = found?.rows?.[0];
  return html`
    ${existing && !state.edit ? html`<p class="notice">${t.existing} <strong>${settings(existing, show)}</strong></p>` : ''}
    ${health ? html`<h2>${t.preview}</h2><p>${t.previewNow}: ${bar(health)} <strong>${show(health.health)}%</strong>
      ${texts.statuses[health.status]}${health.reason ? `: ${texts.reasons[health.reason]}` : ''}
      (${texts.list.columns.current} ${show(health.current_stock)}, ${texts.list.columns.threshold} ${show(health.threshold)})
      ${health.status === 'no_sales' ? html`<br><small>${t.noSales}</small>` : ''}</p>` : ''}
    ${found?.error ? html`<p class="error">${said(found.error)}</p>` : ''}`;
}

const wrong = (text) => (text ? html`<p class="error" role="alert">${text}</p>` : '');
const invalid = (text) => (text ? 'aria-invalid="true" autofocus' : '');
const apply = html`<noscript><button name="action" value="apply" class="secondary">${t.apply}</button></noscript>`;

/** Products of the merchant that match, and the one that is chosen. */
async function products(query, state, errors) {
  const found = await query('SELECT sku, name FROM invtrack.find_products($1, $2)', [state.merchant, state.q.slice(0, 300)]);
  if (state.sku && !found.some(({ sku }) => sku === state.sku)) {
    found.unshift(...await query('SELECT sku, name FROM invtrack.product WHERE merchant = $1 AND sku = $2', [state.merchant, state.sku]));
  }
  const again = raw('hx-post="/trackers/new" hx-trigger="change" hx-target="#verdict" hx-select="#verdict" hx-swap="outerHTML"');
  return html`<fieldset><legend>${t.product}</legend>
    <div class="row"><input id="q" type="search" name="q" value="${state.q}" aria-label="${t.search}" placeholder="${t.search}" autocomplete="off"
      hx-post="/trackers/new" hx-trigger="input changed delay:250ms, search" hx-target="#products" hx-select="#products" hx-swap="outerHTML" hx-sync="this:replace">
      <button name="action" value="search" class="secondary">${t.searchButton}</button></div>
    ${wrong(errors.sku)}
    <div id="products" aria-live="polite">${hidden({ q_was: state.q })}${found.length === 0 ? html`<p>${t.noProduct}</p>` : found.map(({ sku, name }) => html`
      <label><input type="radio" id="sku-${Buffer.from(sku).toString('base64url')}" name="sku" value="${sku}" ${sku === state.sku ? raw('checked') : ''} ${again}> <code>${sku}</code> ${name}</label>`)}</div></fieldset>`;
}

/** The merchant; the rest of the form follows from it. */
async function chooseMerchant(query, state, errors) {
  return html`${select('merchant', t.merchant, await merchants(query, t.choose), state.merchant,
    raw(`id="merchant" ${invalid(errors.merchant)} hx-post="/trackers/new" hx-trigger="change" hx-target="#rest" hx-select="#rest" hx-swap="outerHTML"`))}
    ${wrong(errors.merchant)}<small>${t.merchantHint}</small>${apply}`;
}

/** Product, type and mechanism, once there is a merchant. */
async function chooser(query, state, errors) {
  if (!state.merchant) return '';
  const types = await query('SELECT inventory_type, name FROM invtrack.inventory_type WHERE merchant = $1 ORDER BY inventory_type', [state.merchant]);
  return html`${await products(query, state, errors)}
    ${select('inventory_type', t.type, [['', t.choose], ...types.map(({ inventory_type: code, name }) => [code, name || code])], state.inventory_type,
    raw(`id="inventory_type" ${invalid(errors.inventory_type)} hx-post="/trackers/new" hx-trigger="change" hx-target="#verdict" hx-select="#verdict" hx-swap="outerHTML"`))}
    ${wrong(errors.inventory_type)}<small>${t.typeHint}</small>
    ${select('mechanism', t.mechanism, [['', t.choose], ...mechanisms], state.mechanism,
    raw(`id="mechanism" ${invalid(errors.mechanism)} hx-post="/trackers/new" hx-trigger="change" hx-target="#settings" hx-select="#settings" hx-swap="outerHTML"`))}
    ${wrong(errors.mechanism)}${apply}`;
}

/** What an edited tracker is of: that does not change. */
async function fixed(query, state) {
  const [item] = await query(`SELECT m.name AS merchant, p.name AS product, i.name AS type FROM invtrack.merchant m JOIN invtrack.product p USING (merchant)
    JOIN invtrack.inventory_type i USING (merchant) WHERE (merchant, sku, inventory_type) = ($1, $2, $3)`, keyOf(state).slice(0, 3));
  return html`<p><strong>${state.sku}</strong> ${item?.product} · ${item?.type || state.inventory_type} · ${item?.merchant || state.merchant}<br>
    ${texts.mechanisms[state.mechanism]?.name}</p>`;
}

/** The page of the form. */
async function show(c, query, state, { errors = {}, notice, error, suggestion } = {}) {
  const { locale } = c.var;
  if (!texts.mechanisms[state.mechanism]) state.mechanism = '';
  if (state.merchant && !(await query('SELECT FROM invtrack.merchant WHERE merchant = $1', [state.merchant])).length) state.merchant = state.sku = '';
  const mechanism = texts.mechanisms[state.mechanism];
  return page(c, {
    title: state.edit ? t.editTitle : t.newTitle,
    notice,
    error: error ?? errors[''],
    status: error || Object.keys(errors).length ? 422 : 200,
    body: html`<form id="form" method="post" action="/trackers/new">
      <button class="visually-hidden" name="action" value="enter" tabindex="-1" aria-hidden="true">${t.save}</button>
      ${hidden({ token: c.var.token, back: state.back, edit: state.edit || undefined, version: state.version || undefined })}
      <h2>${t.basic}</h2><p><small>${t.required}</small></p>
      ${state.edit ? '' : await chooseMerchant(query, state, errors)}
      <div id="rest">${state.edit ? html`${await fixed(query, state)}${hidden(Object.fromEntries(keys.map((name) => [name, state[name]])))}`
    : html`${hidden({ merchant_was: state.merchant })}${await chooser(query, state, errors)}`}
        ${suggestion ? html`<p class="notice" role="status"><strong>${t.suggested}:</strong> ${suggestion}</p>` : ''}
        <div id="settings">${state.merchant && !mechanism ? html`<p><small>${t.mechanismHint}</small></p>` : ''}
          ${mechanism ? html`<div id="parameters"><p><small>${mechanism.bestFor} ${mechanism.calculation}</small></p>
          ${Object.keys(mechanism.fields).map((name) => field(name, state, errors, locale))}</div>` : ''}
          <div id="verdict" aria-live="polite">${await verdict(query, state, locale)}</div></div></div>
      <p><small>${t.duplicate}</small></p>
      <p class="row"><button name="action" value="save">${t.save}</button>
        ${state.edit ? '' : html`<button name="action" value="another" class="secondary">${t.another}</button>`}
        <button name="action" value="suggest" class="secondary">${t.suggest}</button>
        <a href="${state.back}">${t.cancel}</a></p></form>`,
  });
}

/** What a tracker's row says, as fields of the form. */
function fill(state, row, locale) {
  for (const name of names) state[name] = typed(row[name], locale);
}

async function save(c, query, state, another) {
  const { values, errors } = parse(state, c.var.locale);
  if (Object.keys(errors).length) return show(c, query, state, { errors });
  const given = [...keyOf(state).map((value) => (value === '' ? null : value)), ...values, state.edit ? state.version : null];
  const { rows, error } = await attempt(query, 'SELECT invtrack.save_tracker($1, $2, $3, $4, $5, $6, $7, $8, $9) AS saved', given);
  if (!error) {
    const [{ saved }] = rows;
    if (another) return c.redirect(address('/trackers/new', { merchant: state.merchant, saved, back: state.back }), 303);
    return c.redirect(`${state.back}${state.back.includes('?') ? '&' : '?'}saved=${saved}`, 303);
  }
  if (error.code !== '55000') return show(c, query, state, { errors: atField(error) });
  const theirs = error.detail ? JSON.parse(error.detail) : null;
  state.version = String(theirs?.version ?? 0);
  const [now] = await query('SELECT * FROM invtrack.tracker WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4)', keyOf(state));
  const text = now ? html`${t.conflict} <strong>${settings(now, (value) => decimal(value, c.var.locale))}</strong>` : t.conflictGone;
  return show(c, query, state, { error: text });
}

async function suggest(c, query, state) {
  const { rows, error } = await attempt(query, `SELECT s.*, coalesce(v.meaning, s.reason) AS why
    FROM invtrack.suggest_tracker($1, $2, $3) s LEFT JOIN invtrack.value_list v ON v.list = 'suggestion' AND v.value = s.reason`, keyOf(state).slice(0, 3).map((value) => value || null));
  if (error) return show(c, query, state, { errors: error.code === '42883' ? { '': t.suggestNone } : atField(error) });
  const [row] = rows;
  if (row && (!state.edit || row.mechanism === state.mechanism)) {
    state.mechanism = row.mechanism;
    fill(state, row, c.var.locale);
  }
  return show(c, query, state, { suggestion: row ? `${texts.mechanisms[row.mechanism].name}. ${row.why}` : t.suggestNone });
}

const fieldsOfForm = [...keys, ...names, 'q', 'version', 'back', 'edit'];

export const form = new Hono();

form.get('/trackers/new', (c) => asUser(c.var.user, (query) => {
  const state = { ...parameters(c, fieldsOfForm), edit: '', version: '', back: within('/trackers', c.req.query('back')) };
  return show(c, query, state, { notice: texts.form.saved[c.req.query('saved')] });
}));

form.get('/trackers/edit', (c) => asUser(c.var.user, async (query) => {
  const state = { ...parameters(c, fieldsOfForm), edit: '1', back: within('/trackers', c.req.query('back')) };
  const [row] = await query('SELECT * FROM invtrack.tracker WHERE (merchant, sku, inventory_type, mechanism) = ($1, $2, $3, $4)', keyOf(state));
  if (!row) return c.notFound();
  fill(state, row, c.var.locale);
  state.version = String(row.version);
  return show(c, query, state);
}));

form.post('/trackers/new', (c) => asUser(c.var.user, (query) => {
  const { body } = c.var;
  const state = Object.fromEntries(fieldsOfForm.map((name) => [name, typeof body[name] === 'string' ? body[name] : '']));
  state.back = within('/trackers', state.back);
  if (!/^\d{1,9}$/.test(state.version)) state.version = '0';
  if (!state.edit && state.merchant !== body.merchant_was) state.sku = state.inventory_type = state.q = '';
  // Enter saves; in the field of the search, or after it was typed in there, it searches.
  const searched = state.edit || state.q === (body.q_was ?? '');
  if (body.action === 'save' || body.action === 'another' || (body.action === 'enter' && searched)) return save(c, query, state, body.action === 'another');
  return body.action === 'suggest' ? suggest(c, query, state) : show(c, query, state);
}));
