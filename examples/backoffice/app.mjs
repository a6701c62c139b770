// The application: what applies to each request, and which part answers it.

import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { html } from 'hono/html';
import { localeOf } from './format.mjs';
import { page } from './page.mjs';
import { openSession, session } from './session.mjs';
import { texts } from './texts.mjs';
import { alerts } from './alerts.mjs';
import { form } from './form.mjs';
import { imports } from './import.mjs';
import { list } from './list.mjs';
import { review } from './review.mjs';
import { stock } from './stock.mjs';
import { why } from './why.mjs';

export const app = new Hono();

// What the browser loads beside pages: all of it comes from here, and nothing runs that stands in a page.
app.use(secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'", 'data:'], connectSrc: ["'self'"],
    formAction: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"],
  },
  referrerPolicy: 'same-origin',
  strictTransportSecurity: false,
}));

const files = {
  'pico.css': ['@picocss/pico/css/pico.fluid.classless.min.css', 'text/css'],
  'htmx.js': ['htmx.org/dist/htmx.min.js', 'text/javascript'],
  'screen.css': [null, 'text/css'],
  'screen.js': [null, 'text/javascript'],
};
for (const [name, [from, type]] of Object.entries(files)) {
  const path = from ? `./node_modules/${from}` : `./static/${name}`;
  const content = readFileSync(new URL(path, import.meta.url));
  app.get(`/static/${name}`, (c) => c.body(content, 200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'max-age=600' }));
}

app.use(bodyLimit({ maxSize: 10 * 1024 * 1024, onError: (c) => page(c, { title: texts.import.title, error: texts.import.tooLarge, status: 413 }) }));
app.use(async (c, next) => {
  c.set('locale', localeOf(c.req.header('accept-language')));
  c.header('cache-control', 'no-store');
  await next();
});
app.use(openSession);
app.route('/', session);
app.use(async (c, next) => (c.var.user ? next() : c.redirect('/sign-in')));
app.get('/', (c) => c.redirect('/trackers'));
for (const part of [form, list, why, stock, alerts, imports, review]) app.route('/', part);

app.notFound((c) => page(c, { title: texts.errors[404], error: texts.errors[404], status: 404 }));
app.onError((error, c) => {
  // The role is gone, or is the login's no more.
  if (error.mayNotBe && ['42501', '22023'].includes(error.code)) return c.redirect('/sign-in', 303);
  // Classes of SQLSTATEs for which the server is away or overtaxed, and errors of the network.
  const away = /^(08|53|57)|^E[A-Z]+$/.test(error.code ?? '');
  const status = error.status ?? { 42501: 403, 40001: 409, '40P01': 409 }[error.code] ?? (away ? 503 : 500);
  if (status >= 500) console.error(error);
  const text = { 403: error.code ? texts.errors.denied : texts.errors[403], 409: texts.errors.again }[status] ?? texts.errors[status];
  return page(c, { title: texts.title, error: status === 403 && error.code ? html`${text} ${error.message}` : text, status });
});
