// The driver: loads the data, checks that all peers agree, measures, and reports.
// Run by bench/run, with the size and the seed as arguments.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { makePeers } from './peers.mjs';
import { writeReport } from './report.mjs';
import { here, median, peakMemory, race, run, sql, tell, time } from './tools.mjs';

const SIZES = {
  quick: { products: 5000, days: 400, tail: 1000, batch: 50000, rounds: 5, writeRounds: 3, pgbenchSeconds: 3 },
  full: { products: 100000, days: 400, tail: 20000, batch: 200000, rounds: 3, writeRounds: 3, pgbenchSeconds: 10 },
};
const AS_OF = "date '2026-02-15'";
const MIXED = [30, 60, 90];
const ONE_MERCHANT = 'merchant-3';
const LIST = 20;
const SINGLES = 200;

const [sizeName, seed, processes, order] = process.argv.slice(2);
const mixed = order === 'mixed';
const size = { name: order ? `${sizeName}-${order}` : sizeName, ...SIZES[sizeName] };
const results = { size, seed, processes, mixed, plans: {}, figures: {}, facts: {} };
const scratch = mkdtempSync(join(tmpdir(), 'invtrack-bench.'));
const resultsFolder = join(here, 'results');
const planFolder = join(resultsFolder, `${size.name}-plans`);

/** Keeps a figure of a peer; the report picks from them. */
function keep(measure, peer, value) {
  (results.figures[measure] ??= {})[peer] = value;
}

function keepAll(measure, values) {
  for (const [peer, value] of Object.entries(values)) keep(measure, peer, value);
}

async function connect(database) {
  const client = new pg.Client({ database, host: process.env.PGHOST, user: process.env.PGUSER ?? 'postgres' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function createDatabase() {
  const admin = await connect('postgres');
  await admin.query('DROP DATABASE IF EXISTS bench WITH (FORCE)');
  await admin.query("CREATE DATABASE bench TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'");
  await admin.end();
  process.env.PGDATABASE = 'bench';
  const client = await connect('bench');
  await client.query('CREATE EXTENSION invtrack CASCADE');
  await client.query(`ALTER DATABASE bench SET invtrack.as_of = '${AS_OF.slice(6, -1)}'`);
  await client.end();
  return connect('bench');
}

async function value(client, text) {
  const { rows } = await client.query({ text, rowMode: 'array' });
  return rows[0][0];
}

// Data -------------------------------------------------------------------------------------------

async function loadData(client) {
  const values = { as_of: AS_OF, seed, products: size.products, days: size.days, tail: size.tail };
  // Merchant by merchant, as they join, or all of them mixed. (Codes are in the order of the numbers.)
  values.load_order = mixed ? 'sku' : 'merchant, sku';
  const load = (section) => client.query(sql('data.sql', section, values));
  tell('data: catalogue, stock, trackers');
  await load('catalogue');
  tell('data: movements');
  await load('history');
  values.last_folded = await value(client, 'SELECT max(movement_id) FROM bench.raw_movement');
  await load('recent');
  await load('tail');
  await client.query('RESET max_parallel_workers_per_gather');
  tell('data: indexes on the plain table of movements');
  await load('indexes');
  await client.query('VACUUM (ANALYZE) bench.raw_movement');
  tell('data: series of invtrack');
  await load('load_invtrack');
  await load('plain_movement');
  await client.query('VACUUM (ANALYZE)');
}

async function extensionAvailable(client, name) {
  return value(client, `SELECT count(*) > 0 FROM pg_available_extensions WHERE name = '${name}'`);
}

/** Sets up what each peer reads, and leaves out those whose extension is not installed. */
async function setUpPeers(client, peers) {
  tell('materialized view');
  await client.query(sql('peers/matview.sql', 'setup'));
  await client.query('VACUUM (ANALYZE) bench.daily_sum');
  for (const name of ['pg_ivm', 'timescaledb']) {
    if (!(await extensionAvailable(client, name))) {
      tell(`${name}: not installed`);
      delete peers[name];
      continue;
    }
    tell(name);
    await client.query(sql(`peers/${name}.sql`, 'setup'));
    // A continuous aggregate is not created inside a transaction.
    if (name === 'timescaledb') await client.query(sql('peers/timescaledb.sql', 'aggregate'));
    await client.query('VACUUM (ANALYZE)');
  }
  tell('DuckDB: export to Parquet');
  await peers.duckdb.exportStock();
  keep('refresh', 'duckdb', await peers.duckdb.exportMovements());
}

async function measureSizes(client) {
  const bytes = async (relation) => Number(await value(client, `SELECT pg_total_relation_size('${relation}')`));
  keep('size', 'view', await bytes('invtrack.flow_series'));
  keep('size', 'matview', await bytes('bench.daily_sum'));
  keep('size', 'lateral', await bytes('bench.raw_movement'));
  keep('size', 'duckdb', statSync(join(scratch, 'movement.parquet')).size);
  const counts = {
    products: 'invtrack.product', trackers: 'invtrack.tracker', 'stock lots': 'invtrack.stock_lot',
    movements: 'bench.raw_movement', 'key-days': 'bench.daily_sum', series: 'invtrack.flow_series',
    'unfolded movements': 'invtrack.movement',
  };
  for (const [what, relation] of Object.entries(counts))
    results.facts[what] = Number(await value(client, `SELECT count(*) FROM ${relation}`)).toLocaleString('en');
}

// Reading ----------------------------------------------------------------------------------------

/** All peers must give the same rows; this is also the warm-up. */
async function checkAgreement(peers) {
  const seen = {};
  for (const [name, peer] of Object.entries(peers)) {
    seen[name] = await peer.fingerprint();
    if (seen[name] !== seen.view)
      throw new Error(`${peer.name} gives other rows: ${seen[name]}, but the view ${seen.view}`);
  }
  tell(`all peers agree: ${seen.view}`);
  return seen.view;
}

async function savePlans(peers, label) {
  mkdirSync(planFolder, { recursive: true });
  for (const [name, peer] of Object.entries(peers)) {
    if (!peer.explain) continue;
    const lines = await peer.explain('ANALYZE, COSTS OFF, TIMING OFF');
    writeFileSync(join(planFolder, `sweep-${label}-${name}.txt`), `${lines.join('\n')}\n`);
  }
}

function calls(peers, method, ...args) {
  return Object.fromEntries(
    Object.entries(peers).map(([name, peer]) => [name, () => peer[method](...args)]),
  );
}

async function setLookbacks(client, peers, lookbacks) {
  if (lookbacks.length === 1)
    await client.query(`UPDATE invtrack.tracker SET lookback_days = ${lookbacks[0]} WHERE lookback_days IS NOT NULL`);
  await client.query('VACUUM (FULL, ANALYZE) invtrack.tracker');
  for (const peer of Object.values(peers)) await peer.prepare(lookbacks);
}

async function measureSweeps(client, peers) {
  tell('sweep of all trackers, lookbacks 30/60/90');
  await setLookbacks(client, peers, MIXED);
  results.facts.rows = await checkAgreement(peers);
  keepAll('sweep', await race(calls(peers, 'sweep'), size.rounds, { warm: true }));
  await savePlans(peers, '30-60-90');
  await measureMemory(client, peers.view);
  tell('one merchant of ten');
  keepAll('merchant', await race(calls(peers, 'merchant', ONE_MERCHANT), size.rounds));
}

async function measureLongSweeps(client, peers) {
  const own = { view: peers.view, function: peers.function };
  tell('sweep of all trackers, lookback 30');
  await setLookbacks(client, own, [30]);
  keepAll('sweep_30', await race(calls(own, 'sweep'), size.rounds));
  tell('sweep of all trackers, lookback 365');
  await setLookbacks(client, peers, [365]);
  await checkAgreement(peers);
  keepAll('sweep_365', await race(calls(peers, 'sweep'), size.rounds, { warm: true }));
  await savePlans(peers, '365');
}

/** What the nodes of the sweep's plan took: hash tables, aggregates, sorts. */
async function measureMemory(client, peer) {
  const [plan] = (await peer.explain('ANALYZE, TIMING OFF, FORMAT JSON'))[0];
  const nodes = [];
  let spilled = false;
  const visit = (node) => {
    const kilobytes = node['Peak Memory Usage'] ?? (node['Sort Space Type'] === 'Memory' ? node['Sort Space Used'] : 0);
    if (kilobytes) nodes.push(kilobytes / 1024);
    if (node['Hash Batches'] > 1 || node['HashAgg Batches'] > 1 || node['Disk Usage'] > 0
        || node['Sort Space Type'] === 'Disk')
      spilled = true;
    for (const part of [...(node.Plans ?? []), ...(node.Workers ?? [])]) visit(part);
  };
  visit(plan.Plan);
  const megabytes = (name) =>
    value(client, `SELECT pg_size_bytes(current_setting('${name}'))::float8 / 1048576`);
  results.memory = {
    largest: Math.max(...nodes),
    sum: nodes.reduce((a, b) => a + b, 0),
    spilled,
    limit: (await megabytes('work_mem')) * Number(await value(client, 'SHOW hash_mem_multiplier')),
    peak: await peakOfFreshBackend((fresh) => fresh.query(peer.sweepText())),
  };
}

/** Most private memory of a backend that does nothing but this. */
async function peakOfFreshBackend(call) {
  const fresh = await connect('bench');
  const peak = await peakMemory(fresh.processID, () => call(fresh));
  await fresh.end();
  return peak;
}

// Single readings, with pgbench --------------------------------------------------------------------

/** A merchant and products of it at random, as pgbench variables, and the names to use. */
function randomProducts(count) {
  const lines = ['\\set m random(0, 9)'];
  const skus = [];
  for (let i = 0; i < count; i++) {
    lines.push(`\\set s${i} 100000 + 10 * random(0, ${size.products / 10 - 1}) + :m`);
    skus.push(`'SKU-' || :s${i}`);
  }
  return { lines, merchant: "'merchant-' || :m", skus };
}

/** Median milliseconds of scripts that take turns at random, prepared, in one session. */
async function latencies(scripts) {
  const names = Object.keys(scripts);
  const folder = mkdtempSync(join(scratch, 'pgbench.'));
  const files = names.flatMap((name) => {
    writeFileSync(join(folder, `${name}.sql`), scripts[name]);
    return ['-f', join(folder, `${name}.sql`)];
  });
  const warmUp = 20;
  await run('pgbench', ['-n', '-M', 'prepared', '-c', '1', '-t', String((SINGLES + warmUp) * names.length),
    ...files, '--log', `--log-prefix=${join(folder, 'log')}`, 'bench']);
  const log = readdirSync(folder).find((file) => file.startsWith('log'));
  const times = names.map(() => []);
  for (const line of readFileSync(join(folder, log), 'utf8').trim().split('\n')) {
    const [, , microseconds, script] = line.split(' ').map(Number);
    times[script].push(microseconds / 1000);
  }
  return Object.fromEntries(names.map((name, i) => [name, median(times[i].slice(warmUp))]));
}

function singleScripts(peers, count, text) {
  const { lines, merchant, skus } = randomProducts(count);
  const script = (statement) => `${lines.join('\n')}\n${statement.replace(/\s+/g, ' ')};\n`;
  return Object.fromEntries(Object.entries(peers)
    .filter(([, peer]) => peer.oneText)
    .map(([name, peer]) => [name, script(text(peer, merchant, skus))]));
}

const primaryKeyLookUp = {
  oneText: (merchant, sku) => `SELECT * FROM invtrack.tracker WHERE merchant = ${merchant}
    AND sku = ${sku} AND inventory_type = 'good' AND mechanism = 'turnover_days'`,
};

async function measureSingles(peers) {
  tell('one tracker, prepared; a list of 20 products');
  const withKey = { primary_key: primaryKeyLookUp, ...peers };
  keepAll('one', await latencies(singleScripts(withKey, 1,
    (peer, merchant, [sku]) => peer.oneText(merchant, sku))));
  keepAll('list', await latencies(singleScripts(peers, LIST,
    (peer, merchant, skus) => peer.listText(merchant, skus))));
  const sku = (i) => `SKU-${100003 + 10 * i}`;
  const skus = Array.from({ length: LIST }, (_, i) => sku(i));
  keepAll('one', await race({ duckdb: () => peers.duckdb.one(ONE_MERCHANT, sku(7)) }, size.rounds));
  keepAll('list', await race({ duckdb: () => peers.duckdb.list(ONE_MERCHANT, skus) }, size.rounds));
}

// Writing ----------------------------------------------------------------------------------------

const COLUMNS = '(merchant, sku, inventory_type, flow, occurred_on, quantity)';
const TABLES = { view: 'invtrack.movement', plain: 'bench.plain_movement' };

async function foldAll(client) {
  return Number(await value(client, 'SELECT invtrack.fold()'));
}

/** COPY into both tables in turns, and a fold of what was copied. */
async function measureLoads(client) {
  const directory = await value(client, 'SHOW data_directory');
  const file = `${directory}/invtrack_bench.copy`;
  await client.query(sql('data.sql', 'recent', { as_of: AS_OF, products: size.products }));
  await client.query(`COPY (SELECT * FROM bench.recent_movements(${size.batch}, sin(${seed} + 3))) TO '${file}'`);
  await client.query('RESET max_parallel_workers_per_gather');
  await foldAll(client);
  const copies = { view: [], plain: [] };
  const folds = [];
  const peaks = [];
  await client.query('CHECKPOINT');
  for (let round = 0; round <= size.writeRounds; round++) {
    tell(round ? `COPY and fold, round ${round}` : 'COPY and fold, warm-up');
    await client.query('VACUUM (ANALYZE) invtrack.movement, invtrack.flow_series');
    for (const table of round % 2 ? ['view', 'plain'] : ['plain', 'view']) {
      const elapsed = await time(() => client.query(`COPY ${TABLES[table]} ${COLUMNS} FROM '${file}'`));
      if (round) copies[table].push(elapsed);
    }
    peaks.push(await peakOfFreshBackend(async (fresh) => {
      let folded;
      const elapsed = await time(async () => { folded = await foldAll(fresh); });
      if (folded !== size.batch) throw new Error(`folded ${folded} of ${size.batch} movements`);
      if (round) folds.push(elapsed);
    }));
  }
  for (const table of Object.keys(TABLES)) keep('copy', table, (size.batch / median(copies[table])) * 1000);
  keep('fold', 'view', (size.batch / median(folds)) * 1000);
  results.foldPeak = peaks.includes(null) ? null : Math.max(...peaks);
}

/** Single rows from 4 clients with pgbench, in turns. */
async function measureInserts(client) {
  const rates = { view: [], plain: [] };
  await client.query('VACUUM (ANALYZE) invtrack.movement, bench.plain_movement');
  await client.query('CHECKPOINT');
  for (let round = 0; round <= size.writeRounds; round++) {
    tell(round ? `single rows from 4 clients, round ${round}` : 'single rows from 4 clients, warm-up');
    for (const table of round % 2 ? ['view', 'plain'] : ['plain', 'view']) {
      const { lines, merchant, skus } = randomProducts(1);
      const file = join(scratch, `insert-${table}.sql`);
      writeFileSync(file, `${lines.join('\n')}\nINSERT INTO ${TABLES[table]} ${COLUMNS}
        VALUES (${merchant}, ${skus[0]}, 'good', 'sale', ${AS_OF}, 3);\n`);
      const printed = await run('pgbench',
        ['-n', '-M', 'prepared', '-c', '4', '-j', '2', '-T', String(round ? size.pgbenchSeconds : 1), '-f', file, 'bench']);
      if (round) rates[table].push(Number(/^tps = ([\d.]+)/m.exec(printed)[1]));
    }
  }
  for (const table of Object.keys(TABLES)) keep('insert', table, median(rates[table]));
}

/** What the benchmark loaded and folded must be sound. */
async function checkSeries(client) {
  tell('verify()');
  const differences = Number(await value(client, 'SELECT count(*) FROM invtrack.verify()'));
  if (differences) throw new Error(`verify() finds ${differences} differences`);
}

async function measureRefresh(client) {
  tell('refresh of the materialized view');
  const refresh = () => client.query(sql('peers/matview.sql', 'refresh'));
  const { matview } = await race({ matview: refresh }, 3, { warm: true });
  keep('refresh', 'matview', matview);
}

// All of it --------------------------------------------------------------------------------------

async function gatherFacts(client, peers) {
  const names = ['shared_buffers', 'work_mem', 'hash_mem_multiplier', 'maintenance_work_mem', 'max_wal_size',
    'jit', 'fsync', 'synchronous_commit', 'data_checksums', 'max_parallel_workers_per_gather'];
  const settings = [];
  for (const name of names) settings.push(`${name} = ${await value(client, `SHOW ${name}`)}`);
  results.facts.server = (await value(client, 'SELECT version()')).replace(/ on .*/, '');
  results.facts.settings = settings.join(', ');
  results.facts.invtrack = await value(client, "SELECT extversion FROM pg_extension WHERE extname = 'invtrack'");
  const [{ version }] = await peers.duckdb.all('SELECT version() AS version');
  results.facts.duckdb = version;
}

async function main() {
  const client = await createDatabase();
  const peers = await makePeers(client, AS_OF, scratch, processes);
  await gatherFacts(client, peers);
  await loadData(client);
  await setUpPeers(client, peers);
  await measureSizes(client);
  await measureSweeps(client, peers);
  await measureSingles(peers);
  await measureLongSweeps(client, peers);
  await measureRefresh(client);
  await measureLoads(client);
  await measureInserts(client);
  await checkSeries(client);
  tell('done');
  await client.end();
  results.names = Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, peer.name]));
  mkdirSync(resultsFolder, { recursive: true });
  process.stdout.write(writeReport(results, join(resultsFolder, `${size.name}.md`)));
}

function tidyUp() {
  rmSync(scratch, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => { tidyUp(); process.exit(1); });
try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error.stack}\n`);
  process.exitCode = 1;
} finally {
  tidyUp();
}
process.exit();
