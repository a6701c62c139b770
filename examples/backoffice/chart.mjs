// Pictures, drawn here as SVG: the bar of a tracker's health, and lines over days. Colours are in screen.css. Only
// pixels are computed in floating point; texts show what the database says.

import { html } from 'hono/html';
import { day, decimal } from './format.mjs';

/** Health as a bar: full at 100. It says nothing that is not beside it. */
export function bar({ health, status }) {
  const width = Math.max(0, Math.min(100, Number(health)));
  return html`<svg class="bar ${status}" viewBox="0 0 100 10" width="100" height="10" aria-hidden="true"><rect class="back" width="100" height="10" rx="3"/><rect class="part" width="${width}" height="10" rx="3"/></svg>`;
}

const [width, height, left, bottom] = [720, 180, 64, 24];

/**
 * Lines over the days of rows ({ day, … }). lines: { name, label, of(row) → decimal text or null }. The text below
 * the picture says what it shows, for those who do not see it.
 */
export function chart(rows, lines, label, locale) {
  const numbers = lines.flatMap(({ of }) => rows.map(of)).filter((value) => value !== null && value !== undefined).map(Number);
  const top = Math.max(1, ...numbers);
  const low = Math.min(0, ...numbers);
  const x = (i) => left + (rows.length > 1 ? (i / (rows.length - 1)) * (width - left - 8) : 0);
  const y = (value) => 8 + ((top - value) / (top - low)) * (height - bottom - 8);
  const path = (of) => {
    let pen = 'M';
    return rows.map((row, i) => {
      const value = of(row);
      if (value === null || value === undefined) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${x(i).toFixed(1)} ${y(Number(value)).toFixed(1)}`;
      pen = 'L';
      return step;
    }).join(' ');
  };
  const mark = (value) => html`<line class="grid" x1="${left}" x2="${width - 8}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>
    <text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${decimal(String(Number(value.toPrecision(3))), locale)}</text>`;
  return html`<figure><svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    ${[low, top].map(mark)}
    ${lines.map(({ name, of }) => html`<path class="line ${name}" d="${path(of)}"/>`)}
    <text x="${left}" y="${height - 6}">${day(rows[0].day, locale)}</text><text x="${width - 8}" y="${height - 6}" text-anchor="end">${day(rows.at(-1).day, locale)}</text>
  </svg><figcaption>${lines.map(({ name, label: text }) => html`<span class="key ${name}">${text}</span> `)}</figcaption></figure>`;
}
