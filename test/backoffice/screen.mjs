// What the guide does not say: the keyboard, no JavaScript, others at work, tenants, hostile names, news, files.

import { assert, base, end, flaws, signedIn, step } from './browser.mjs';

const hostile = `<img src=x onerror="throw 1">'"%\\`;
const page = await signedIn('manager');
const key = { merchant: 'tea', sku: 'GT-1', inventory_type: 'good', mechanism: 'stalled_days' };
const address = (path, values) => `${path}?${new URLSearchParams(values)}`;
const row = (of, text) => of.locator('tbody tr').filter({ hasText: text });
const save = (of) => of.getByRole('button', { name: 'Save', exact: true }).click();

await step('a tracker is made with the keyboard alone', async () => {
  await page.goto('/trackers/new');
  await page.getByLabel('Merchant *').focus();
  await page.keyboard.type('Tea');
  await page.locator('#q').waitFor();
  for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.id)) !== 'q'; i++) await page.keyboard.press('Tab');
  await page.keyboard.type('green');
  await page.locator('#products [name=q_was][value=green]').waitFor({ state: 'attached' });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Good');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Stall');
  await page.getByLabel('Lookback days').waitFor();
  for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.id)) !== 'lookback_days'; i++) await page.keyboard.press('Tab');
  await page.keyboard.type('30');
  await page.keyboard.press('Tab');
  await page.keyboard.type('5');
  await page.getByText('Health with these settings').waitFor();
  for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.textContent)) !== 'Save'; i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('The tracker was created.').waitFor();
});

await step('a product is chosen just as the search answers, and the choice is answered after the next search', async () => {
  await page.goto(address('/trackers/new', { ...key, sku: '', mechanism: 'stock_quantity', quantity: 10 }));
  const product = (sku) => page.locator(`input[name=sku][value="${sku}"]`);
  const hold = async () => {
    let take;
    const held = new Promise((resolve) => { take = resolve; });
    await page.route('**/trackers/new', take, { times: 1 });
    return () => held;
  };
  const search = await hold();
  await page.locator('#q').fill('green');
  const searched = await search();
  await product('GT-1').focus();
  const choice = await hold();
  await page.evaluate(() => new MutationObserver((changes, observer) => {
    if (document.querySelector('[value="MT-7"]')) return;
    observer.disconnect();
    document.activeElement.click();
  }).observe(document.body, { childList: true, subtree: true }));
  await searched.continue();
  const chosen = await choice();
  assert(await product('GT-1').isChecked());
  await page.locator('#q').fill('tea');
  await product('MT-7').waitFor();
  await page.getByRole('button', { name: 'Save', exact: true }).focus();
  await chosen.continue();
  await page.getByText('Health with these settings').waitFor();
});

await step('all of it works without JavaScript', async () => {
  const plain = await signedIn('manager', { javaScriptEnabled: false });
  await plain.goto('/trackers/new');
  await plain.getByLabel('Merchant *').selectOption('tea');
  await plain.getByRole('button', { name: 'Apply' }).click();
  await plain.locator('#q').fill('new');
  await plain.getByRole('button', { name: 'Search' }).click();
  await plain.locator('input[name=sku][value="NEW-1"]').check();
  await plain.getByLabel('Inventory Type *').selectOption('good');
  await plain.getByLabel('Tracking Mechanism *').selectOption('stock_quantity');
  await plain.getByRole('button', { name: 'Apply' }).last().click();
  await plain.getByLabel('Stock Quantity (Below)').fill('7');
  await save(plain);
  await plain.getByText('The tracker was created.').waitFor();
  await plain.getByLabel('SKU or name').fill('new-1');
  await plain.getByRole('button', { name: 'Filter' }).click();
  await plain.getByText('below 7').waitFor();
  await plain.context().close();
});

await step('Enter in a field of the parameters saves, and in the search it searches, with and without JavaScript', async () => {
  const plain = await signedIn('manager', { javaScriptEnabled: false });
  for (const one of [page, plain]) {
    await one.goto(address('/trackers/new', { ...key, sku: '', mechanism: 'stock_quantity' }));
    await one.locator('#q').fill('green');
    await one.locator('#q').press('Enter');
    await one.locator('input[name=sku][value="MT-7"]').waitFor({ state: 'detached' });
    await one.locator('input[name=sku][value="GT-1"]').check();
    await one.getByLabel('Stock Quantity (Below)').fill('10');
    await one.getByLabel('Expiry Days (Above)').fill('3000');
    await one.getByLabel('Expiry Days (Above)').press('Enter');
    await one.getByText('The tracker had these settings already.').waitFor();
  }
  await plain.context().close();
});

await step('two edit one tracker: the second sees what the first has saved, and decides', async () => {
  const other = await signedIn('manager');
  for (const one of [page, other]) await one.goto(address('/trackers/edit', key));
  await other.getByLabel('Quantity *').fill('6');
  await save(other);
  await other.getByText('The tracker was updated.').waitFor();
  await page.getByLabel('Quantity *').fill('8');
  await save(page);
  await page.getByText('Somebody else has changed this tracker').waitFor();
  await page.getByText('below 6 shipped').waitFor();
  assert.equal(await page.getByLabel('Quantity *').inputValue(), '8');
  await save(page);
  await page.getByText('The tracker was updated.').waitFor();
  await page.goto(address('/trackers/edit', key));
  await other.goto('/trackers');
  await row(other, 'Stalled Days').filter({ hasText: 'GT-1' }).getByRole('button', { name: 'Delete' }).click();
  await other.getByText('The tracker GT-1, good, Stalled Days was deleted.').waitFor();
  await save(page);
  await page.getByText('Somebody else has deleted this tracker').waitFor();
  await other.getByRole('button', { name: 'Undo' }).click();
  await other.getByText('The tracker is back.').waitFor();
  await other.goto(address('/trackers/why', key));
  await other.getByText(/ by manager:/).first().waitFor();
  await other.context().close();
});

await step('a tracker is paused and resumed', async () => {
  const one = row(page, 'Stalled Days').filter({ hasText: 'GT-1' });
  await page.goto('/trackers?merchant=tea&sort=product');
  await one.getByRole('button', { name: 'Pause' }).click();
  await one.getByText('paused').waitFor();
  assert.match(page.url(), /merchant=tea&sort=product/);
  await one.getByRole('button', { name: 'Resume' }).click();
  await one.getByText('paused').waitFor({ state: 'detached' });
});

await step('hostile names are text: on the list, in the form, in files', async () => {
  await page.goto('/trackers/new');
  await page.getByLabel('Merchant *').selectOption(hostile);
  await page.locator('#q').fill(hostile);
  await page.locator('input[name=sku]').check();
  await page.getByLabel('Inventory Type *').selectOption(hostile);
  await page.getByLabel('Tracking Mechanism *').selectOption('stock_quantity');
  await page.getByLabel('Stock Quantity (Below)').fill('1');
  await save(page);
  await page.getByText('The tracker was created.').waitFor();
  await page.goto(address('/trackers', { merchant: hostile, text: hostile }));
  await row(page, hostile).getByRole('link', { name: /^Edit/ }).click();
  await save(page);
  await page.getByText('The tracker had these settings already.').waitFor();
  await row(page, hostile).locator('a').first().click();
  await page.getByRole('heading', { name: 'Why this number?' }).waitFor();
  assert.equal(await page.locator('main img').count(), 0);
});

await step('counts by status are links, and the address carries the state', async () => {
  await page.goto('/trackers?merchant=tea&sort=product');
  const counts = page.getByRole('navigation', { name: 'Status' });
  const [all, ...each] = (await counts.getByRole('link').allInnerTexts()).map((text) => Number(/\d+$/.exec(text)[0]));
  assert.equal(all, await page.locator('tbody tr').count());
  assert.equal(each.reduce((sum, count) => sum + count, 0), all);
  await counts.getByRole('link', { name: 'No sales' }).click();
  await page.waitForURL('**/trackers?merchant=tea&status=no_sales&sort=product');
  assert.equal(await page.locator('tbody tr').count(), each.at(-1));
  await page.goto(`/trackers?${new URLSearchParams({ text: "') OR 1=1 --", status: "x'", sort: 'health; DROP', page: '999999' })}`);
  await page.getByText('No tracker matches.').waitFor();
});

await step('the list as a file: what is seen, and no formulas', async () => {
  const file = await (await page.request.get('/trackers.csv?status=no_sales')).text();
  assert.match(file, /^merchant,merchant_name,sku/);
  assert.ok(file.split('\r\n').slice(1, -1).every((line) => line.includes(',no_sales,')));
  assert.match(await (await page.request.get(address('/trackers.csv', { text: 'cmd' }))).text(), /^tea,Tea House,'=cmd\|x,/m);
});

await step('numbers are written as the browser asks for, and read back', async () => {
  const german = await signedIn('manager', { locale: 'de-DE' });
  await german.goto(address('/trackers/edit', { ...key, mechanism: 'stalled_days' }));
  await german.getByLabel('Quantity *').fill('1234567,5');
  await save(german);
  await german.getByText('below 1.234.567,5 shipped').waitFor();
  await german.goto(address('/trackers/edit', key));
  assert.equal(await german.getByLabel('Quantity *').inputValue(), '1234567,5');
  await german.getByLabel('Quantity *').fill('1.5');
  await save(german);
  await german.locator('#quantity[aria-invalid=true]').waitFor();
  await german.context().close();
});

await step('the list and the page of reasons say when stock runs out', async () => {
  await page.goto('/trackers?merchant=tea&mechanism=turnover_days&text=MT-7');
  assert.equal((await row(page, 'MT-7').locator('td').nth(8).innerText()).trim(), 'Mar 23, 2026');
  await row(page, 'MT-7').locator('a').first().click();
  await page.getByText('At the pace of the last 30 days, stock runs out on Mar 23, 2026.').waitFor();
  await page.getByText('Health of 90 of these 90 days is not known').waitFor();
  assert.equal(await page.locator('tr.part-lot').filter({ hasText: /(12|8)\s*counted/ }).count(), 2);
  assert.ok(await page.locator('tr.part-day').count() >= 30);
  await page.goto(address('/trackers/why', { merchant: 'toy', sku: 'TR-1', inventory_type: 'good', mechanism: 'stalled_days' }));
  await page.getByText('by these settings, worked out afterwards').waitFor();
  assert.ok((await page.locator('path.judged').getAttribute('d')).match(/L/g).length === 89);
});

await step('trackers are imported from a file: a dry run with a verdict for each row, then the good ones', async () => {
  const file = 'merchant,sku,inventory_type,mechanism,quantity,expiry_days\ntea,NEW-1,good,stock_quantity,"9.5",\ntea,NO-1,good,stock_quantity,1,\ntea,=cmd|x,defective,stock_quantity,1,3\n';
  const send = (name, text) => page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.goto('/import');
  for (const [text, error] of [['merchant,size\ntea,1\n', 'Column "size" is not known.'], ['merchant\n"tea', 'A quoted value does not end.'], ['merchant,sku\ntea\n', 'Row 1 has another number of values than the header.'], ['merchant,sku\n', 'There is no row in this file.']]) {
    await send('wrong.csv', text);
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByRole('alert').filter({ hasText: error }).waitFor();
  }
  await page.locator('input[type=file]').setInputFiles({ name: 'latin.csv', mimeType: 'text/csv', buffer: Buffer.from('merchant,sku\nm\xfcller,1\n', 'latin1') });
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('alert').filter({ hasText: 'This file is not UTF-8.' }).waitFor();
  await send('semicolons.csv', 'merchant;sku;inventory_type;mechanism;quantity\ntea;"GT;1";good;stock_quantity;1\n;;;;\n');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await row(page, 'GT;1').getByText('rejected').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
  await send('trackers.csv', `\uFEFF${file}`);
  await page.getByRole('button', { name: 'Dry run' }).click();
  await row(page, 'NO-1').getByText('rejected').waitFor();
  assert.match(await row(page, 'NO-1').innerText(), /product "NO-1" of merchant "tea" does not exist/);
  await row(page, 'NEW-1').getByText('updated').waitFor();
  await page.getByRole('button', { name: 'Save the good ones' }).click();
  await page.getByText('2 rows were saved.').waitFor();
  await page.goto('/trackers?merchant=tea&text=new-1');
  await page.getByText('below 9.5').waitFor();
});

await step('a suggestion fills the form, and says why', async () => {
  await page.goto('/trackers/new?merchant=tea&sku=MT-7&inventory_type=good');
  await page.getByRole('button', { name: 'Suggest settings' }).click();
  await page.getByText('Suggestion: Turnover Days.').waitFor();
  assert.notEqual(await page.getByLabel('Target coverage days').inputValue(), '');
});

await step('findings have a statement to copy', async () => {
  await page.goto('/review?merchant=tea');
  assert.match(await page.locator('main pre').first().innerText(), /invtrack\./);
  await page.getByRole('button', { name: 'Copy' }).first().waitFor();
});

await step('a tenant sees its own, whatever the address says', async () => {
  const tenant = await signedIn(`o'brien <toys>`);
  await tenant.goto('/trackers');
  assert.equal(await row(tenant, 'GT-1').count(), 0);
  for (const path of ['/trackers?merchant=tea', '/stock?merchant=tea', '/trackers/new?merchant=tea', '/review?merchant=tea', '/alerts']) {
    await tenant.goto(path);
    assert.doesNotMatch(await tenant.locator('main').innerText(), /GT-1|MT-7|Mint|Tea House/, path);
  }
  for (const path of ['/trackers/edit', '/trackers/why']) assert.equal((await tenant.goto(address(path, key))).status(), 404);
  const token = await tenant.locator('input[name=token]').first().inputValue();
  const answer = await tenant.request.post('/trackers/new', { form: { ...key, merchant_was: 'tea', lookback_days: '1', quantity: '1', action: 'save', token } });
  assert.equal(answer.status(), 422);
  await tenant.context().close();
});

await step('who only reads is told so, and nothing changes', async () => {
  const reader = await signedIn('auditor');
  await reader.goto('/trackers?merchant=tea');
  const before = await row(reader, 'GT-1').count();
  await row(reader, 'GT-1').first().getByRole('button', { name: 'Delete' }).click();
  await reader.getByRole('alert').waitFor();
  await reader.goto('/trackers?merchant=tea');
  assert.equal(await row(reader, 'GT-1').count(), before);
  await reader.context().close();
});

await step('a form that was not made here is refused, and nobody gets in with a cookie of their own', async () => {
  assert.equal((await page.request.post('/trackers/delete', { form: key })).status(), 403);
  assert.equal((await page.request.post('/trackers/delete', { form: { ...key, token: 'x'.repeat(43) } })).status(), 403);
  assert.equal((await fetch(`${base}/trackers`, { redirect: 'manual', headers: { cookie: 'session=x' } })).headers.get('location'), '/sign-in');
  const [cookie] = await page.context().cookies();
  const [value, signature] = decodeURIComponent(cookie.value).split(/\.(?=[^.]*$)/);
  for (const [name, forgery] of [['auditor', value.replace('manager', 'auditor')], ['long ago', value.replace(/"until":\d+/, '"until":1')], ['for ever', value.replace(/"until":\d+/, '"until":1e99')]]) {
    assert.notEqual(forgery, value);
    const answer = await fetch(`${base}/trackers`, { redirect: 'manual', headers: { cookie: `session=${encodeURIComponent(`${forgery}.${signature}`)}` } });
    assert.equal(answer.headers.get('location'), '/sign-in', name);
  }
  const forged = await fetch(`${base}/trackers`, { redirect: 'manual', headers: { cookie: 'session=%7B%22id%22%3A%22a%22%2C%22user%22%3A%22manager%22%7D.AAAA' } });
  assert.equal(forged.headers.get('location'), '/sign-in');
});

await step('an alert comes to the page by itself, is taken care of, and snoozed', async () => {
  const live = await signedIn('manager');
  const ready = live.waitForResponse((response) => response.url().endsWith('/alerts') && response.request().headers()['hx-request'] === 'true');
  await live.goto('/alerts');
  await ready;
  assert.equal(await live.locator('article').count(), 0);
  // It takes a second until somebody listens again. What was told meanwhile is not lost.
  console.log(`sql SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'invtrack-backoffice alerts'`);
  console.log('sql CALL invtrack.check_all(NULL)');
  const alert = live.locator('article').filter({ hasText: 'NEW-1, good, Stock Quantity' });
  await alert.waitFor();
  await alert.getByText('Critical').waitFor();
  await alert.getByLabel(/^Note/).fill('ordered <b>20</b>');
  await alert.getByRole('button', { name: 'I take care' }).click();
  await alert.getByText('manager takes care: ordered <b>20</b>').waitFor();
  await alert.getByRole('button', { name: 'Snooze' }).click();
  await alert.getByText(/snoozed until/).waitFor();
  await live.context().close();
});

await step('axe-core finds nothing serious: light, dark, narrow', async () => {
  const pages = ['/sign-in', '/trackers', '/trackers/new?merchant=tea&mechanism=turnover_days', address('/trackers/why', key), '/stock', '/alerts', '/import', '/review', '/nowhere'];
  for (const options of [{}, { colorScheme: 'dark' }, { viewport: { width: 380, height: 800 } }]) {
    const one = await signedIn('manager', options);
    // Colours are the same on all pages: the short form looks at one of them in the dark and narrow.
    const all = Object.keys(options).length === 0 || process.env.INVTRACK_LONG;
    for (const path of all ? pages : [pages[2]]) {
      await one.goto(path);
      assert.deepEqual(await flaws(one), [], `${path} ${JSON.stringify(options)}`);
      assert.ok(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than the window`);
    }
    await one.context().close();
  }
});

await step('what no form sends is refused, and breaks nothing', async () => {
  await page.goto('/trackers');
  const token = await page.locator('input[name=token]').first().inputValue();
  const settings = { ...key, mechanism: 'stock_quantity', quantity: '10', expiry_days: '3000', merchant_was: 'tea', action: 'save', token };
  const post = (path, form, options = {}) => page.request.post(path, { form, maxRedirects: 0, ...options });
  for (const path of ['/trackers?sort=constructor&saved=constructor&status=__proto__', '/trackers/new?merchant=tea&mechanism=constructor', '/trackers?text=%ff%00&deleted=99999999999999999999',
    '/stock?page=99999', '/trackers.csv?sort=toString', address('/trackers', { merchant: 'x'.repeat(9000) })]) {
    assert.equal((await page.request.get(path)).status(), 200, path);
  }
  for (const path of ['/trackers/why', '/trackers/edit']) assert.equal((await page.request.get(address(path, { ...key, mechanism: 'constructor' }))).status(), 404);
  for (const back of ['//elsewhere.example/trackers', 'http://elsewhere.example/trackers', '/trackers/../alerts', 'javascript:alert(1)', '/trackers?\r\nX-Y: z']) {
    assert.match((await post('/trackers/new', { ...settings, back })).headers().location, /^\/trackers\?(X-Y:%20z&)?saved=unchanged$/, back);
  }
  assert.equal((await post('/trackers/active', { token, merchant: 'tea' })).status(), 409);
  assert.equal((await post('/trackers/undo', { token, merchant: 'tea', change_id: '1; DROP' })).status(), 409);
  assert.equal((await page.request.post('/import', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, data: 'y' })).status(), 400);
  await page.goto('/import');
  await page.locator('input[type=file]').setInputFiles({ name: 'large.csv', mimeType: 'text/csv', buffer: Buffer.alloc(11e6, 'x') });
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByText('The file is too large: at most 10 MB.').waitFor();
  const twice = await page.request.post('/import', { multipart: { token, text: 'merchant,merchant\n1,2\n' } });
  assert.match(await twice.text(), /Column &quot;merchant&quot; is there twice\./);
});

await step('who is taken the role has to sign in again', async () => {
  const reader = await signedIn('auditor');
  console.log('sql REVOKE auditor FROM backoffice');
  while (!(await reader.goto('/trackers')).url().endsWith('/sign-in')) await reader.waitForTimeout(50);
  assert.equal(await reader.locator('input[value=auditor]').count(), 0);
  await reader.context().close();
});

await step('signing out ends it', async () => {
  await page.goto('/trackers');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto('/trackers');
  assert.match(page.url(), /\/sign-in$/);
});

await end();
