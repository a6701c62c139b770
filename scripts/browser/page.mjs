// Looks at a page as people see it: light and dark, on a screen, a phone and paper. For test/t/056_report.pl.
//
//     node scripts/browser/page.mjs CHROMIUM FILE.html [DIRECTORY FOR PICTURES]
//
// INVTRACK_LONG=1: also on a tablet, and on a dark phone. Prints a line for each thing that was looked at, "ok ..." or "not ok ...".
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, file, pictures] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const views = [
  { name: 'light', width: 1280, colorScheme: 'light', media: 'screen', dark: false },
  { name: 'dark', width: 1280, colorScheme: 'dark', media: 'screen', dark: true },
  { name: 'phone', width: 360, colorScheme: 'light', media: 'screen', dark: false },
  ...(process.env.INVTRACK_LONG
    ? [
        { name: 'tablet', width: 900, colorScheme: 'light', media: 'screen', dark: false },
        { name: 'dark phone', width: 360, colorScheme: 'dark', media: 'screen', dark: true },
      ]
    : []),
  { name: 'paper', width: 1000, colorScheme: 'dark', media: 'print', dark: false },
];

function tell(name, wrong) {
  process.stdout.write(wrong.length ? `not ok ${name}: ${wrong.join('; ').replace(/\s+/g, ' ')}\n` : `ok ${name}\n`);
}

// What a page without scripts must not have, and what it must. Runs in the page.
function inspect() {
  const wrong = [];
  const width = document.documentElement.clientWidth;
  const active = document.querySelectorAll('script, iframe, object, embed, img, link, form, base, meta[http-equiv], [href], [src]');
  if (active.length) wrong.push(`${active.length} elements that could load or run something`);
  for (const element of document.querySelectorAll('*')) {
    for (const { name } of element.attributes) if (name.startsWith('on')) wrong.push(`attribute ${name}`);
  }
  if (document.documentElement.scrollWidth > width) wrong.push(`${document.documentElement.scrollWidth} pixels wide in ${width}`);
  for (const cell of document.querySelectorAll('tbody td, tbody th, h1')) {
    const box = cell.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > width + 1)) wrong.push(`"${cell.textContent.slice(0, 40)}" is cut`);
    if (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth) wrong.push(`"${cell.textContent.slice(0, 40)}" leaves its cell`);
  }
  if (document.compatMode !== 'CSS1Compat') wrong.push('quirks mode');
  if (!document.documentElement.lang || !document.title) wrong.push('no language or no title');
  return wrong;
}

const browser = await chromium.launch({ executablePath });
for (const view of views) {
  const context = await browser.newContext({ viewport: { width: view.width, height: 900 }, colorScheme: view.colorScheme });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`error ${error.message}`));
  page.on('console', (message) => wrong.push(`console ${message.text()}`));
  page.on('dialog', (dialog) => { wrong.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => { if (!request.isNavigationRequest()) wrong.push(`request of ${request.url()}`); });
  await page.emulateMedia({ media: view.media, colorScheme: view.colorScheme });
  await page.goto(pathToFileURL(file).href);
  wrong.push(...(await page.evaluate(inspect)));
  const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
  if (Math.max(...colour) < 128 !== view.dark) wrong.push(`background ${colour}`);
  tell(view.name, wrong);
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => axe.run(document));
  tell(`${view.name}, axe-core`, violations.filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}) at ${nodes.length}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`));
  if (pictures) await page.screenshot({ path: `${pictures}/${view.name.replace(' ', '-')}.png`, fullPage: true });
  if (view.media === 'print') {
    const pdf = await page.pdf({ format: 'A4', ...(pictures && { path: `${pictures}/paper.pdf` }) });
    tell('pages of paper', pdf.subarray(0, 5).toString() === '%PDF-' ? [] : ['no PDF']);
  }
  await context.close();
}
await browser.close();
