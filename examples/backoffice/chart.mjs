// Pictures, drawn here as SVG: the bar of a tracker's health, and figures over days. Colours are in screen.css. Only
// pixels are computed in floating point; texts show what the database says.

import { html } from 'hono/html';
import { day, decimal } from './format.mjs';

/** Health as a bar: full at 100. It says nothing that is not beside it. */
export function bar({ health, status }) {
  const width = Math.max(0, Math.min(100, Number(health)));
  return html`<svg class="bar ${status}" viewBox="0 0 100 10" width="100" height="10" aria-hidden="true"><rect class="back" width="100" height="10" rx="3"/><rect class="part" width="${width}" height="10" rx="3"/></svg>`;
}

const [width, height, left, bottom] = [720, 180, 64, 24];

/** A line through the days that have a value; a day without neighbours is a dash. */
function line(values, x, y) {
  const known = (i) => (values[i] ?? null) !== null;
  const step = (i) => (known(i - 1) ? `L${x(i)} ${y(values[i])}` : known(i + 1) ? `M${x(i)} ${y(values[i])}` : `M${x(i) - 4} ${y(values[i])}h8`);
  return values.map((_, i) => (known(i) ? step(i) : '')).join(' ');
}

/**
 * Figures over the days of rows ({ day, … }). series: { name, label, of(row) → decimal text or null, bars } each: a line, or a
 * bar for each day. mark: where a line is drawn across. The text below the picture says what it shows, for those who do
 * not see it.
 */
export function chart(rows, series, label, locale, mark) {
  const figures = series.map((one) => ({ ...one, values: rows.map(one.of).map((value) => (value === null || value === undefined ? null : Number(value))) }))
    .filter(({ values }) => values.some((value) => value !== null));
  const numbers = figures.flatMap(({ values }) => values).filter((value) => value !== null);
  const top = Math.max(1, mark ?? 0, ...numbers);
  const low = Math.min(0, ...numbers);
  const x = (i) => (left + 4 + (rows.length > 1 ? (i / (rows.length - 1)) * (width - left - 16) : 0)).toFixed(1);
  const y = (value) => (8 + ((top - value) / (top - low)) * (height - bottom - 8)).toFixed(1);
  const shape = ({ values, bars }) => (bars ? values.map((value, i) => (value ? `M${x(i)} ${y(0)}V${y(value)}` : '')).join('') : line(values, x, y));
  const across = (value, i) => html`<line class="grid ${value === mark ? 'mark' : ''}" x1="${left}" x2="${width - 8}" y1="${y(value)}" y2="${y(value)}"/>
    ${i > 0 && Math.abs(y(value) - y(top)) < 12 ? '' : html`<text x="${left - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${decimal(String(Number(value.toPrecision(3))), locale)}</text>`}`;
  return html`<figure><svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    ${[...new Set([top, low, mark ?? low])].map(across)}
    ${figures.map((one) => html`<path class="${one.bars ? 'bars' : 'line'} ${one.name}" d="${shape(one)}"/>`)}
    <text x="${left}" y="${height - 6}">${day(rows[0].day, locale)}</text><text x="${width - 8}" y="${height - 6}" text-anchor="end">${day(rows.at(-1).day, locale)}</text>
  </svg><figcaption>${figures.map(({ name, label: text }) => html`<span class="key ${name}">${text}</span> `)}</figcaption></figure>`;
}
