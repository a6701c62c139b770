// Every text that the screen shows, in one place. Names of fields and hints are those of the user guide.

const expiryHint = 'Only count stock with shelf life above this (optional). Set 30: only stock expiring in more than 30 days counts. Stock without an expiration date always counts.';

export const texts = {
  title: 'Inventory trackers',
  nav: {
    trackers: 'Trackers', add: 'New tracker', stock: 'Stock inquiry', alerts: 'Alerts', import: 'Import', review: 'Review',
  },
  signIn: {
    title: 'Sign in',
    demo: 'This is a demo: choose who you are. There are no passwords.',
    submit: 'Sign in', out: 'Sign out', none: 'The login of this web server is a member of no role: see README.md.',
  },
  form: {
    newTitle: 'New Inventory Tracker', editTitle: 'Edit Inventory Tracker',
    basic: 'Basic Settings', required: 'Fields marked with * are required',
    merchant: 'Merchant *', merchantHint: 'Switching the merchant clears the selected product and inventory type.',
    product: 'Track Product *', search: 'Search by SKU or name', searchButton: 'Search',
    noProduct: 'Nothing was found. Check that the product belongs to the merchant you selected, that the search keyword is correct, and that the product has been created in the system.',
    type: 'Inventory Type *', typeHint: 'The same product can have different trackers per inventory type.',
    mechanismHint: 'Stock Quantity: fixed safety stock, or volatile sales. Turnover Days: stable, predictable sales. Stalled Days: detecting long periods without shipments.',
    noSales: 'Use the "Stock Quantity" mechanism first and switch after sales data accumulates.',
    mechanism: 'Tracking Mechanism *', choose: 'Select …', apply: 'Apply',
    duplicate: 'Settings with same product/inventory type/mechanism will update existing settings.',
    existing: 'These settings exist already, and saving updates them:',
    preview: 'Preview', previewNow: 'Health with these settings', suggest: 'Suggest settings',
    suggested: 'Suggestion', suggestNone: 'There is no suggestion for this item.',
    save: 'Save', another: 'Save and Add Another', cancel: 'Cancel',
    conflict: 'Somebody else has changed this tracker since you opened it. Your values are in the form; theirs are:',
    conflictGone: 'Somebody else has deleted this tracker since you opened it. Saving again creates it anew.',
    saved: { created: 'The tracker was created.', updated: 'The tracker was updated.', unchanged: 'The tracker had these settings already.' },
    invalid: 'Check this value.',
  },
  mechanisms: {
    stock_quantity: {
      name: 'Stock Quantity',
      bestFor: 'Best for products with fixed safety stock, or volatile sales unsuitable for forecasting.',
      calculation: 'Health = current stock ÷ configured quantity × 100%.',
      fields: {
        quantity: ['Stock Quantity (Below) *', 'Stock below this value counts as insufficient. Set 100: alert when stock drops below 100.', (n) => `below ${n}`],
        expiry_days: ['Expiry Days (Above)', expiryHint, (n) => `shelf life above ${n} days`],
      },
    },
    turnover_days: {
      name: 'Turnover Days',
      bestFor: 'Best for products with stable, predictable sales. It needs historical sales data: for newly launched products, start with "Stock Quantity".',
      calculation: 'Alert threshold = average daily sales × target coverage days. Health = current stock ÷ threshold × 100%.',
      fields: {
        lookback_days: ['Sales lookback days (avg daily sales window) *', 'Window for computing average daily sales. Set 30: use the last 30 days of sales.', (n) => `sales of ${n} days`],
        coverage_days: ['Target coverage days (stock should last) *', 'Days the stock should last. Set 14: stock should last at least 14 days.', (n) => `to last ${n} days`],
        expiry_days: ['Expiry Days (Above)', expiryHint, (n) => `shelf life above ${n} days`],
      },
    },
    stalled_days: {
      name: 'Stalled Days',
      bestFor: 'Best for detecting products with no shipments for long periods. "Current Stock" shows shipment volume, not stock level.',
      calculation: 'Health = current shipments ÷ configured quantity × 100%.',
      fields: {
        lookback_days: ['Lookback days (shipment below threshold within N days) *', 'Time window to check. Set 60: check the past 60 days.', (n) => `within ${n} days`],
        quantity: ['Quantity *', 'Shipments below this count as stalled. Set 10: fewer than 10 units in the window is stalled.', (n) => `below ${n} shipped`],
      },
    },
  },
  statuses: { ok: 'OK', replenish: 'Replenish', stalled: 'Stalled', no_sales: 'No sales' },
  reasons: {
    stock_below_quantity: 'Stock is below the quantity',
    stock_below_coverage: 'Stock does not last the coverage days',
    too_new: 'Too new to tell',
    nothing_on_hand: 'Nothing on hand',
    shipments_below_quantity: 'Shipments are below the quantity',
    no_sales_history: 'Never sold',
    no_sales_in_window: 'No sales in the lookback',
  },
  severities: { low: 'Low', critical: 'Critical' },
  list: {
    title: 'Trackers', all: 'All', filter: 'Filter', text: 'SKU or name', status: 'Status', mechanism: 'Mechanism',
    type: 'Inventory type', merchant: 'Merchant', sort: 'Sort by', csv: 'Export CSV', empty: 'No tracker matches.',
    columns: {
      product: 'Product', type: 'Type', mechanism: 'Mechanism', health: 'Health', status: 'Status', current: 'Current Stock',
      threshold: 'Threshold', cover: 'Cover, days', runOut: 'Run-out day', alert: 'Alert', actions: 'Actions',
    },
    sorts: { health: 'Lowest health', healthDown: 'Highest health', product: 'Product', cover: 'Days of cover', updated: 'Last changed' },
    shipped: (days) => `Shipped in ${days} days`,
    page: (page, pages) => `Page ${page} of ${pages}`, previous: 'Previous page', next: 'Next page',
    found: (count) => `${count} trackers`, paused: 'paused', retired: 'retired',
    why: 'Why?', edit: 'Edit', pause: 'Pause', resume: 'Resume', remove: 'Delete',
    undoText: (key) => `The tracker ${key} was deleted.`, undo: 'Undo', undone: 'The tracker is back.', gone: 'There is no such tracker any more.',
    alertOpen: 'open',
  },
  why: {
    title: 'Why this number?', parts: 'What went into it', chart: 'Health and units per day, the last 90 days', projection: 'Projection of stock, the next 90 days',
    history: 'Changes of the settings', by: 'by', created: 'created', deleted: 'deleted',
    columns: { part: 'Part', day: 'Day', lot: 'Lot', quantity: 'Units', counted: 'Counted', note: 'Note' },
    days: (n) => `Days with sales or shipments in the window: ${n}`,
    partNames: { lot: 'Lot', day: 'Day', window: 'Window', rule: 'Rule', result: 'Result' },
    counted: 'counted', notCounted: 'not counted', none: 'There is nothing to draw.', noHistory: (days) => `Health of ${days} of these 90 days is not known: no check recorded it, and what was in stock then is not recorded either.`,
    runsOut: (days, day) => `At the pace of the last ${days} days, stock runs out on ${day}.`,
    lasts: (days) => `At the pace of the last ${days} days, stock lasts for more than 90 days.`,
    sold: 'units sold', shipped: 'units shipped', health: 'health in percent, as checks recorded it', judged: 'by these settings, worked out afterwards', stock: 'units in stock',
  },
  stock: {
    title: 'Stock inquiry', onlySoon: 'Only what expires within 30 days', expiring: 'expiring within 30 days', lots: 'Lots', expired: 'Expired', onHand: 'On hand',
    incoming: 'Incoming', incomingOn: 'expected', nextExpiry: 'Next expiry', lot: 'Lot', expires: 'Expires', units: 'Units', noLots: 'No lot.', undated: 'never', empty: 'No item matches.',
  },
  alerts: {
    title: 'Alerts', none: 'No alert is open.', found: (count) => `Open alerts: ${count}.`, since: 'Since', lowest: 'Lowest health', taken: (who) => `${who} takes care`,
    acknowledge: 'I take care', note: 'Note', snooze: 'Snooze', until: 'until', days: (n) => (n === 1 ? '1 day' : `${n} days`), live: 'This list is live.', snoozed: 'snoozed',
  },
  import: {
    title: 'Import of trackers', hint: 'A CSV file with a header: merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days. A dry run tells what would happen.',
    outcomes: { created: 'created', updated: 'updated', unchanged: 'unchanged', rejected: 'rejected' },
    file: 'CSV file', or: 'or paste it here', dry: 'Dry run', save: 'Save these', skip: 'Save the good ones', row: 'Row', outcome: 'Outcome', message: 'Message',
    before: 'Health before', after: 'Health after', empty: 'There is no row in this file.', encoding: 'This file is not UTF-8. Save it as "CSV UTF-8".', first: (n) => `Here are ${n} of them, rejected ones first.`, tooLarge: 'The file is too large: at most 10 MB.',
    unknown: (name) => `Column "${name}" is not known.`, twice: (name) => `Column "${name}" is there twice.`, width: (row) => `Row ${row} has another number of values than the header.`, quote: 'A quoted value does not end.', done: (n) => `${n} rows were saved.`,
  },
  review: { title: 'Review', none: 'Nothing to mend.', finding: 'Finding', detail: 'Detail', remedy: 'Statement that mends it', copy: 'Copy', person: 'A person has to decide.' },
  errors: {
    400: 'This request cannot be read.', 503: 'The database does not answer, or took too long. Try again later.',
    403: 'This form is too old, or was not made here. Go back and try again.', 404: 'There is no such page.',
    missing: 'This needs a function that the installed invtrack does not have.',
    500: 'Something went wrong. It was written into the log of this server.', denied: 'Your role may not do that.', again: 'Somebody else was writing at the same time. Try again.',
  },
};

// Values of addresses and forms are looked up in these, also those that nobody meant.
for (const words of [texts.mechanisms, texts.statuses, texts.reasons, texts.severities, texts.form.saved, texts.import.outcomes]) Object.setPrototypeOf(words, null);
