// Delivers the alerts of invtrack, at least once and in order per merchant: to a webhook, or as JSON
// lines to stdout. Run as many workers of one name as you like. See README.md beside this file.

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const consumer = process.env.INVTRACK_CONSUMER || 'example';
const webhook = process.env.INVTRACK_WEBHOOK;
const batchRows = Number(process.env.INVTRACK_BATCH || 100);
const pollMs = 1000 * Number(process.env.INVTRACK_POLL_SECONDS || 30);
const attempts = 3;
const timeoutMs = 10_000;
const shortestPauseMs = 100;
const longestPauseMs = 30_000;
let pauseMs = shortestPauseMs;

let ring = () => {}; // something is to be done
const stop = new AbortController();
// A second signal ends the process at once: what was not confirmed is delivered again.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    stop.abort();
    ring();
  });
}

const tell = (message) => console.error(`${new Date().toISOString()} ${consumer}: ${message}`);
const pause = (ms) => sleep(ms, undefined, { signal: stop.signal }).catch(() => {});

const print = (text) => new Promise((resolve, reject) => {
  process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
});

async function post(event) {
  const response = await fetch(webhook, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      // The same whenever an event is sent again: the receiver drops what it has had.
      'Idempotency-Key': `${encodeURIComponent(event.merchant)}/${event.event_id}`,
    },
    body: event.payload,
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
}

/** Deliver an event; false where that was tried in vain. */
async function deliver(event) {
  if (!webhook) {
    await print(event.payload);
    return true;
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await post(event);
      return true;
    } catch (error) {
      tell(`event ${event.event_id} of ${event.merchant}: ${error.cause?.message ?? error.message}`);
      if (attempt === attempts || stop.signal.aborted) return false;
    }
    await pause(500 * attempt);
  }
}

/**
 * Take a batch, deliver and confirm it, in one transaction: it keeps other workers away from these
 * merchants. A merchant whose event can't be delivered stops there, the others go on.
 */
async function deliverBatch(client) {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  // The payload as text: its figures can have more digits than a number of JavaScript.
  const { rows } = await client.query(
    'SELECT merchant, event_id, payload::text FROM invtrack.take_alert_events($1, $2)',
    [consumer, batchRows]);
  const delivered = new Map();
  const stuck = new Set();
  for (const event of rows) {
    // Without the transaction somebody else may have these events now.
    if (client.broken) throw client.broken;
    if (stuck.has(event.merchant)) continue;
    if (await deliver(event)) delivered.set(event.merchant, event.event_id);
    else stuck.add(event.merchant);
  }
  for (const [merchant, event] of delivered) {
    await client.query('SELECT invtrack.confirm_alert_events($1, $2, $3)', [consumer, merchant, event]);
  }
  await client.query('COMMIT');
  return delivered.size;
}

/** Deliver what there is whenever something wakes us, until we are to stop or the connection breaks. */
async function work(client) {
  let wake = () => {};
  let woken = false;
  ring = () => {
    woken = true;
    wake();
  };
  client.on('notification', ring);
  client.on('end', ring);
  client.on('error', (error) => {
    client.broken = error;
    ring();
  });
  await client.connect();
  // Before the first batch, so that no event comes between the two.
  await client.query('LISTEN invtrack_alert');
  tell('connected');
  while (!stop.signal.aborted) {
    if (client.broken) throw client.broken;
    woken = false;
    while (!stop.signal.aborted && (await deliverBatch(client)) > 0);
    pauseMs = shortestPauseMs;
    if (woken) continue;
    // The timer is for what was not delivered, or was in the hands of a worker that died.
    const timer = setTimeout(ring, pollMs);
    await new Promise((resolve) => (wake = resolve));
    clearTimeout(timer);
  }
}

while (!stop.signal.aborted) {
  const client = new pg.Client({
    connectionTimeoutMillis: timeoutMs,
    query_timeout: 60_000,
    keepAlive: true,
  });
  try {
    await work(client);
    await client.end();
  } catch (error) {
    client.end().catch(() => {});
    tell(`${error.message}; connecting again in ${pauseMs} ms`);
    await pause(pauseMs);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
}
tell('stopped');
