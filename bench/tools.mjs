// What the benchmark is measured with: SQL files, clocks, child processes.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = dirname(fileURLToPath(import.meta.url));

const started = performance.now();

/** A line of progress on stderr. */
export function tell(message) {
  const seconds = (performance.now() - started) / 1000;
  process.stderr.write(`${seconds.toFixed(1).padStart(7)} s  ${message}\n`);
}

/** A file of SQL, or one of its sections ("-- name: ..."), with the values of :names put in. */
export function sql(file, section, values = {}) {
  let text = readFileSync(join(here, file), 'utf8');
  if (section) {
    const sections = text.split(/^-- name: */m).slice(1);
    const found = sections.find((part) => part.split('\n', 1)[0].trim() === section);
    if (!found) throw new Error(`${file} has no section ${section}`);
    text = found.slice(found.indexOf('\n'));
  }
  text = text.replace(/^ *--.*\n/gm, '');
  return text.replace(/(?<!:):([a-z_]+)/g, (whole, name) => {
    if (!(name in values)) throw new Error(`${file}: no value for ${whole}`);
    return values[name];
  });
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Milliseconds that a call takes. */
export async function time(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/**
 * Median times of several calls ({name: call}), taken in turns, so that what else runs on the
 * machine hits all alike. Warmed up first.
 */
export async function race(calls, rounds, { warm = false } = {}) {
  const names = Object.keys(calls);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = warm ? 1 : 0; round <= rounds; round++) {
    for (const name of round % 2 ? names : [...names].reverse()) {
      const elapsed = await time(calls[name]);
      if (round > 0) times[name].push(elapsed);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/** Most private memory (MiB) of a process of this machine while a call runs; null elsewhere. */
export async function peakMemory(pid, call) {
  let peak = null;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const kilobytes = Number(/^RssAnon:\s+(\d+)/m.exec(status)[1]);
      peak = Math.max(peak ?? 0, kilobytes / 1024);
    } catch {
      // The server runs elsewhere.
    }
  };
  const timer = setInterval(look, 10);
  try {
    await call();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

const execute = promisify(execFile);

/** Runs a program and returns what it prints. */
export async function run(program, args, env = {}) {
  const { stdout } = await execute(program, args, {
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return stdout;
}
