// The driver of bench/screen: the list's query and its page, in turns.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { asUser, pool } from '../examples/backoffice/db.mjs';
import { trackers } from '../examples/backoffice/list.mjs';
import { race } from './tools.mjs';

const rounds = Number(process.argv[2]);
const lists = {
  'all, lowest health first': {},
  'all, last page': { page: '600' },
  'of one status': { status: 'stalled' },
  'last changed first': { sort: 'updated' },
  'found by a part of the name': { text: 'number 99' },
  'of one merchant': { merchant: 'm1' },
};

const server = spawn('node', [new URL('../examples/backoffice/server.mjs', import.meta.url).pathname], {
  env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'],
});
const base = String((await once(server.stdout, 'data'))[0]).trim();

/** A request with the cookies so far. */
let cookie = '';
async function get(path, options = {}) {
  const answer = await fetch(new URL(path, base), { redirect: 'manual', ...options, headers: { cookie } });
  for (const set of answer.headers.getSetCookie()) [cookie] = set.split(';');
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${text}`);
  return text;
}

try {
  const [, token] = /name="token" value="([^"]*)"/.exec(await get('/sign-in'));
  await get('/sign-in', { method: 'POST', body: new URLSearchParams({ token, user: 'manager' }) });
  const calls = { sweep: () => asUser('manager', (query) => query('SELECT pg_catalog.sum(health) FROM invtrack.health')) };
  for (const [name, { page, ...given }] of Object.entries(lists)) {
    calls[`${name}, SQL`] = () => asUser('manager', (query) => trackers(query, given, Number(page ?? 1)));
    calls[name] = () => get(`/trackers?${new URLSearchParams(lists[name])}`);
  }
  const times = await race(calls, rounds, { warm: true });
  console.log('| list of 30,000 trackers | its query | the page over HTTP |\n| --- | --- | --- |');
  for (const name of Object.keys(lists)) console.log(`| ${name} | ${times[`${name}, SQL`].toFixed(0)} ms | ${times[name].toFixed(0)} ms |`);
  console.log(`\nsum(health) of all: ${times.sweep.toFixed(0)} ms; medians of ${rounds}.`);
} finally {
  server.kill();
  await pool.end();
}
