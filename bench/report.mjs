// What came out, as a page: targets first, then every figure, then the machine.

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

const SQL_PEERS = ['lateral', 'setwise', 'matview', 'pg_ivm'];

function milliseconds(ms) {
  if (ms >= 10000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(3)} ms`;
}

function megabytes(bytes) {
  return `${(bytes / 1048576).toFixed(bytes < 100 * 1048576 ? 1 : 0)} MiB`;
}

function perSecond(rate) {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

function times(ratio) {
  return `${ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}×`;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A line of the table of targets. */
function line(measure, own, other, ratio, target, met) {
  return [measure, own, other, typeof ratio === 'number' ? times(ratio) : ratio, target, met ? 'yes' : '**no**'];
}

function targets({ figures, memory, names, foldPeak, size }) {
  const rows = [];
  const best = (measure) =>
    SQL_PEERS.filter((peer) => figures[measure][peer] !== undefined)
      .reduce((a, b) => (figures[measure][a] <= figures[measure][b] ? a : b));
  const sweep = (measure, label, atLeast, atLeastDuck) => {
    const own = figures[measure].view;
    for (const [peer, target] of [[best(measure), atLeast], ['duckdb', atLeastDuck]]) {
      const ratio = figures[measure][peer] / own;
      rows.push(line(label, milliseconds(own), `${names[peer]}: ${milliseconds(figures[measure][peer])}`,
        ratio, `≥ ${target}× faster`, ratio >= target));
    }
  };
  sweep('sweep', 'sweep, lookbacks 30/60/90', 5, 2.5);
  sweep('sweep_365', 'sweep, lookback 365', 10, 5);

  const longer = figures.sweep_365.view / figures.sweep_30.view;
  rows.push(line('sweep at 365 against 30', milliseconds(figures.sweep_365.view),
    `at 30: ${milliseconds(figures.sweep_30.view)}`, longer, '≤ 1.3×', longer <= 1.3));
  const part = figures.merchant.view / figures.sweep.view;
  rows.push(line('one merchant of ten', milliseconds(figures.merchant.view),
    `sweep: ${milliseconds(figures.sweep.view)}`, part, '≤ 0.125×', part <= 1 / 8));
  for (const peer of ['view', 'function']) {
    const ratio = figures.one[peer] / figures.one.primary_key;
    rows.push(line(`one tracker, prepared, ${peer}`, milliseconds(figures.one[peer]),
      `primary-key look-up: ${milliseconds(figures.one.primary_key)}`, ratio, '≤ 3×', ratio <= 3));
  }
  const twenty = 20 * figures.one.function;
  rows.push(line('tracker_health_of, 20 products (60 trackers)', milliseconds(figures.list.function),
    `20 × one tracker: ${milliseconds(twenty)}`, figures.list.function / twenty, '≤ 3×',
    figures.list.function <= 3 * twenty));
  const disk = figures.size.view / figures.size.matview;
  rows.push(line('history on disk', megabytes(figures.size.view),
    `daily sums: ${megabytes(figures.size.matview)}`, `1/${(1 / disk).toFixed(1)}`, '≤ 1/20', disk <= 1 / 20));
  for (const [measure, label, target] of [['copy', 'COPY into movement', 0.5], ['insert', 'single rows, 4 clients', 0.9]]) {
    const ratio = figures[measure].view / figures[measure].plain;
    rows.push(line(label, perSecond(figures[measure].view), `like table: ${perSecond(figures[measure].plain)}`,
      ratio, `≥ ${target}×`, ratio >= target));
  }
  rows.push(line(`fold of ${size.batch.toLocaleString('en')} movements`, perSecond(figures.fold.view),
    foldPeak === null ? '' : `private memory of the backend: at most ${foldPeak.toFixed(0)} MiB`, '',
    '≥ 80,000/s', figures.fold.view >= 80000));
  rows.push(line('memory of a sweep', `largest node ${memory.largest.toFixed(1)} MiB, all ${memory.sum.toFixed(1)} MiB`
    + (memory.spilled ? ', spilled to disk' : ', nothing spilled'),
  memory.peak === null ? '' : `private memory of the backend: ${memory.peak.toFixed(0)} MiB`,
  '', `a node ≤ ${memory.limit} MiB`, !memory.spilled && memory.largest <= memory.limit));
  return table(['measure', 'invtrack', 'compared with', 'ratio', 'target', 'met?'], rows);
}

function allFigures({ figures, names }) {
  const cell = (measure, peer, format) =>
    figures[measure]?.[peer] === undefined ? '–' : format(figures[measure][peer]);
  const staleness = (peer) =>
    figures.refresh[peer] === undefined ? 'none' : `since the last refresh, which takes ${milliseconds(figures.refresh[peer])}`;
  const rows = Object.keys(names).map((peer) => [
    names[peer],
    ...['sweep', 'sweep_30', 'sweep_365', 'merchant', 'one', 'list'].map((measure) =>
      cell(measure, peer, milliseconds)),
    cell('size', peer, megabytes),
    staleness(peer),
  ]);
  const missing = { pg_ivm: 'pg_ivm', timescaledb: 'TimescaleDB' };
  for (const [peer, name] of Object.entries(missing))
    if (!names[peer]) rows.push([name, ...Array(7).fill('–'), 'not installed']);
  return table(['peer', 'sweep 30/60/90', 'sweep 30', 'sweep 365', 'one merchant', 'one tracker',
    '20 products', 'history on disk', 'staleness'], rows);
}

/** Writes the page, and returns it. */
export function writeReport(results, file) {
  const { facts, size, seed, processes, mixed } = results;
  const page = `# Benchmark of invtrack: ${size.name}

${targets(results)}

Medians; all in one run, after all peers gave the same rows (${facts.rows}).${
    size.name.startsWith('full') ? '' : '\nThe targets are for the full size; here they only show the direction.'}

## All figures

${allFigures(results)}

## The machine and the data

- ${cpus().length} cores (${cpus()[0].model}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory; load at the end: ${loadavg()[0].toFixed(1)}
- ${facts.server}, invtrack ${facts.invtrack}, threads of DuckDB ${facts.duckdb}: ${processes}, Node.js ${process.version}
- ${facts.settings}
- seed ${seed}: ${['products', 'trackers', 'stock lots', 'movements', 'key-days', 'series', 'unfolded movements']
    .map((what) => `${facts[what]} ${what}`).join(', ')}; ${size.days} days;
  catalogue, stock and trackers ${mixed ? 'of all merchants mixed' : 'loaded merchant by merchant'}
- ${new Date().toISOString().slice(0, 10)}; times are medians of ${size.rounds} (single readings: 200) after a warm-up
`;
  writeFileSync(file, page);
  return page;
}
