// The picture of examples/backoffice in the docs: its list of the café's trackers, of a demo that runs.
//
//     scripts/demo --screen
//     node scripts/browser/picture.mjs CHROMIUM ADDRESS docs/backoffice.png
import { chromium } from 'playwright-core';

const [executablePath, baseURL, path] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath });
try {
  const context = await browser.newContext({ viewport: { width: 1240, height: 660 }, locale: 'en-US', colorScheme: 'light', baseURL });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.locator('input[value=manager]').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/trackers');
  await page.goto('/trackers?merchant=cafe&sort=product');
  await page.screenshot({ path });
} finally {
  await browser.close();
}
