// The user guide, sentence by sentence, in its order.

import { assert, base, end, signedIn, step } from './browser.mjs';

const page = await signedIn('manager');
const row = (sku, mechanism) => page.locator('tbody tr').filter({ hasText: sku }).filter({ hasText: mechanism });
const cell = async (sku, mechanism, number) => (await row(sku, mechanism).locator('td').nth(number).innerText()).trim();
const [health, status, current, threshold, cover] = [3, 4, 5, 6, 7];

/** Fill the form as a person does: each choice brings what follows from it. */
async function choose({ merchant, keyword, sku, type, mechanism, fields }) {
  if (merchant) await page.getByLabel('Merchant *').selectOption(merchant);
  await page.locator('#q').fill(keyword ?? '');
  await page.locator(`input[name=sku][value="${sku}"]`).check();
  await page.getByLabel('Inventory Type *').selectOption(type);
  await page.getByLabel('Tracking Mechanism *').selectOption({ label: mechanism });
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: false }).fill(value);
}

async function create(what, button = 'Save') {
  await page.goto('/trackers/new');
  await choose(what);
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByText(/The tracker (was (created|updated)|had these settings already)\./).waitFor();
}

await step('1 Scenario 1: Dynamic Replenishment Alert for a Hot Seller', async () => {
  await create({ merchant: 'tea', keyword: 'mint', sku: 'MT-7', type: 'good', mechanism: 'Turnover Days', fields: { 'Sales lookback days': '30', 'Target coverage days': '7' } });
  assert.match(page.url(), /\/trackers\?/);
  assert.equal(await cell('MT-7', 'Turnover Days', threshold), '28');
  assert.equal(await cell('MT-7', 'Turnover Days', health), '71.42%');
  assert.match(await cell('MT-7', 'Turnover Days', status), /^Replenish/);
  assert.equal(await cell('MT-7', 'Turnover Days', cover), '5');
});

await step('1 Scenario 2: Monitoring Expiry-Sensitive Products', async () => {
  await create({ merchant: 'tea', keyword: 'MT', sku: 'MT-7', type: 'good', mechanism: 'Stock Quantity', fields: { 'Stock Quantity (Below)': '100', 'Expiry Days (Above)': '14' } });
  assert.equal(await cell('MT-7', 'Stock Quantity', current), '8', 'near-expiry stock is excluded');
  assert.equal(await cell('MT-7', 'Stock Quantity', health), '8%');
});

await step('1 Scenario 3: Finding Stalled Products', async () => {
  await create({ merchant: 'toy', keyword: 'train', sku: 'TR-1', type: 'good', mechanism: 'Stalled Days', fields: { 'Lookback days': '90', 'Quantity *': '5' } });
  assert.equal(await cell('TR-1', 'Stalled Days', health), '60%');
  assert.match(await cell('TR-1', 'Stalled Days', status), /^Stalled/);
});

await step('2.1 Basic Settings: required fields are marked, and errors stand where they belong', async () => {
  await page.goto('/trackers/new');
  await page.getByText('Fields marked with * are required').waitFor();
  await page.getByLabel('Merchant *').selectOption('tea');
  await page.getByLabel('Tracking Mechanism *').selectOption('stock_quantity');
  await page.locator('input[name=sku][value="MT-7"]').check();
  await page.getByLabel('Inventory Type *').selectOption('good');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('#quantity-hint [role=alert]').waitFor();
  for (const wrong of ['0', '1.1234567', 'NaN', '1,000', '-3', '1e3']) {
    await page.getByLabel('Stock Quantity (Below)').fill(wrong);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator(`#quantity[value="${wrong}"][aria-invalid=true]`).waitFor();
  }
});

await step('2.1 Basic Settings: switching merchant clears the selected product and inventory type', async () => {
  await page.goto('/trackers/new');
  await page.getByLabel('Merchant *').selectOption('tea');
  await page.locator('input[name=sku][value="MT-7"]').check();
  await page.getByLabel('Inventory Type *').selectOption('good');
  await page.getByLabel('Merchant *').selectOption('toy');
  await page.locator('input[name=sku][value="TR-1"]').waitFor();
  assert.equal(await page.locator('input[name=sku]:checked').count(), 0);
  assert.equal(await page.getByLabel('Inventory Type *').inputValue(), '');
});

await step('2.2 Tracking Mechanisms: the matching fields appear after choosing', async () => {
  const labels = {
    stock_quantity: ['Stock Quantity (Below) *', 'Expiry Days (Above)'],
    turnover_days: ['Sales lookback days (avg daily sales window) *', 'Target coverage days (stock should last) *', 'Expiry Days (Above)'],
    stalled_days: ['Lookback days (shipment below threshold within N days) *', 'Quantity *'],
  };
  const says = {
    stock_quantity: ['fixed safety stock, or volatile sales unsuitable for forecasting', 'Health = current stock ÷ configured quantity × 100%', 'alert when stock drops below 100', 'Stock without an expiration date always counts'],
    turnover_days: ['stable, predictable sales', 'Alert threshold = average daily sales × target coverage days', 'Health = current stock ÷ threshold × 100%', 'for newly launched products, start with "Stock Quantity"', 'use the last 30 days of sales'],
    stalled_days: ['no shipments for long periods', 'Health = current shipments ÷ configured quantity × 100%', '"Current Stock" shows shipment volume, not stock level', 'check the past 60 days'],
  };
  await page.getByText('Stock Quantity: fixed safety stock, or volatile sales. Turnover Days: stable, predictable sales.').waitFor();
  assert.equal(await page.locator('#parameters').count(), 0);
  for (const [mechanism, expected] of Object.entries(labels)) {
    await page.getByLabel('Tracking Mechanism *').selectOption(mechanism);
    await page.getByLabel(expected[0], { exact: true }).waitFor();
    assert.deepEqual(await page.locator('#parameters label').allInnerTexts(), expected);
    const text = await page.locator('#parameters').innerText();
    for (const sentence of says[mechanism]) assert.ok(text.includes(sentence), sentence);
  }
});

await step('2.2 Stalled Days: the "Current Stock" column shows shipment volume, not stock level', async () => {
  await page.goto('/trackers');
  assert.equal(await cell('TR-1', 'Stalled Days', current), '3\nShipped in 90 days');
});

await step('2.3 Duplicate Handling: a reminder below the form, and the settings that are there', async () => {
  await page.goto('/trackers/new');
  await page.getByText('Settings with same product/inventory type/mechanism will update existing settings').waitFor();
  await choose({ merchant: 'tea', sku: 'MT-7', type: 'good', mechanism: 'Stock Quantity', fields: { 'Stock Quantity (Below)': '50' } });
  await page.getByText('These settings exist already, and saving updates them: below 100 · shelf life above 14 days').waitFor();
  await page.getByText('Health with these settings').waitFor();
  await page.locator('#verdict').getByText('40%').waitFor();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The tracker was updated.').waitFor();
  assert.equal(await row('MT-7', 'Stock Quantity').count(), 1);
});

await step('2.4 Submit Buttons: Save and Add Another stays, and keeps the merchant', async () => {
  await create({ merchant: 'tea', sku: 'GT-1', type: 'good', mechanism: 'Stock Quantity', fields: { 'Stock Quantity (Below)': '2.5' } }, 'Save and Add Another');
  assert.match(page.url(), /\/trackers\/new\?/);
  assert.equal(await page.getByLabel('Merchant *').inputValue(), 'tea');
  assert.equal(await page.locator('input[name=sku]:checked').count(), 0);
});

await step('2.4 Submit Buttons: Cancel discards, and returns to the list', async () => {
  await page.goto('/trackers?status=replenish');
  await page.getByRole('button', { name: 'New tracker' }).or(page.getByRole('link', { name: 'New tracker' })).last().click();
  await page.getByLabel('Merchant *').selectOption('tea');
  await page.getByRole('link', { name: 'Cancel' }).click();
  assert.equal(page.url(), `${base}/trackers?status=replenish`);
});

await step("3.1 I can't find the product: it says what to check", async () => {
  await page.goto('/trackers/new');
  await page.getByLabel('Merchant *').selectOption('tea');
  await page.locator('#q').fill('train');
  await page.getByText('Check that the product belongs to the merchant you selected, that the search keyword is correct, and that the product has been created in the system.').waitFor();
});

await step('3.1 Health is 0% under Turnover Days where nothing was sold, and says why', async () => {
  await create({ merchant: 'tea', sku: 'NEW-1', type: 'good', mechanism: 'Turnover Days', fields: { 'Sales lookback days': '30', 'Target coverage days': '7' } });
  assert.equal(await cell('NEW-1', 'Turnover Days', health), '0%');
  assert.match(await cell('NEW-1', 'Turnover Days', status), /^No sales\s+Never sold$/);
  await row('NEW-1', 'Turnover Days').getByRole('link', { name: /^Edit/ }).click();
  await page.getByText('Use the "Stock Quantity" mechanism first and switch after sales data accumulates.').waitFor();
});

await step('3.1 Expiry Days: stock without a date counts, and the list is not filtered', async () => {
  await create({ merchant: 'tea', sku: 'GT-1', type: 'good', mechanism: 'Stock Quantity', fields: { 'Stock Quantity (Below)': '10', 'Expiry Days (Above)': '3000' } });
  assert.equal(await cell('GT-1', 'Stock Quantity', health), '250%');
});

await step('3.1 One product has several trackers: other inventory types, other mechanisms', async () => {
  await create({ merchant: 'tea', sku: 'MT-7', type: 'defective', mechanism: 'Stock Quantity', fields: { 'Stock Quantity (Below)': '1' } });
  assert.equal(await row('MT-7', '').count(), 3);
});

await step('3.2 Edit: the form has the settings', async () => {
  await row('MT-7', 'Turnover Days').getByRole('link', { name: /^Edit/ }).click();
  await page.getByRole('heading', { name: 'Edit Inventory Tracker' }).waitFor();
  assert.equal(await page.getByLabel('Sales lookback days').inputValue(), '30');
  await page.getByLabel('Target coverage days').fill('5');
  await page.locator('#verdict').getByText('100%').waitFor();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The tracker was updated.').waitFor();
  assert.match(await cell('MT-7', 'Turnover Days', status), /^OK/);
});

await step('3.2 Stock Inquiry: real-time stock, lots, what expires soon and what is on order', async () => {
  await page.goto('/stock?merchant=tea&text=mint');
  const item = page.locator('main table').first().locator('tbody tr').filter({ hasText: 'Good' }).first();
  assert.match(await item.innerText(), /20\s+0\s+Mar 20, 2026/);
  await item.locator('summary').click();
  await item.getByText('expiring within 30 days').first().waitFor();
  await item.getByText('PO-9').waitFor();
});

await end();
