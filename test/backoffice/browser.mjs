// A browser for the tests of the screen. Each test says "ok NAME" or "not ok NAME", and why.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { strict as assert } from 'node:assert';

export { assert };
const require = createRequire(new URL('../../scripts/browser/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const base = process.argv[2];
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: process.argv[3] });
const limit = Number(process.env.PG_TEST_TIMEOUT_DEFAULT || 180) * 1000;
const trouble = [];

/** A page of a browser of its own, in which this user is signed in. */
export async function signedIn(user, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1300, height: 900 }, locale: 'en-US', baseURL: base, ...options });
  context.setDefaultTimeout(limit);
  const page = await context.newPage();
  page.on('pageerror', (error) => trouble.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && !/status of 4\d\d/.test(message.text()) && trouble.push(`${page.url()}: ${message.text()}`));
  await page.goto('/sign-in');
  await page.locator(`input[name=user][value="${user.replaceAll('"', '\\"')}"]`).check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/trackers');
  return page;
}

export async function step(name, work) {
  const start = Date.now();
  try {
    // longer than any wait in it, which says more when it fails
    await Promise.race([work(), setTimeout(2 * limit, null, { ref: false }).then(() => assert.fail('it took too long'))]);
    console.log(`ok ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    console.log(`not ok ${name}`);
    console.log(String(error.stack).replace(/^/gm, '# '));
  }
}

/** What axe-core finds on the page that is serious or worse. */
export async function flaws(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

/** After all steps: nothing was said on the console, and no script failed. */
export async function end() {
  await step('no page has an error on the console', () => assert.deepEqual(trouble, []));
  await browser.close();
}
