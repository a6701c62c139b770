// Who is signed in: a cookie that only this program can sign. Sign-in is a list of demo users, without passwords;
// put your own in its place, and keep the rest.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { getSignedCookie, setSignedCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { users } from './db.mjs';
import { page } from './page.mjs';
import { texts } from './texts.mjs';

const secret = process.env.SESSION_SECRET || randomBytes(32).toString('hex');
const hours = 12;
const options = { httpOnly: true, sameSite: 'Lax', path: '/', secure: process.env.HTTPS === 'on' };

/** Begin a session: of nobody yet, or of this user. Each has an id of its own, and with it its own token for forms. */
async function begin(c, user) {
  const started = { id: randomBytes(16).toString('base64url'), user, until: Date.now() + hours * 3_600_000 };
  await setSignedCookie(c, 'session', JSON.stringify(started), secret, options);
  return started;
}

function tokenOf(id) {
  return createHmac('sha256', secret).update(`form ${id}`).digest('base64url');
}

function same(a, b) {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The session of each request. What changes something must come from a form that was made in it. */
export async function openSession(c, next) {
  const cookie = await getSignedCookie(c, secret, 'session');
  const known = cookie ? JSON.parse(cookie) : null;
  const { id, user } = known?.until > Date.now() ? known : await begin(c, null);
  c.set('user', user);
  c.set('token', tokenOf(id));
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    const body = await c.req.parseBody().catch(() => { throw new HTTPException(400); });
    if (typeof body.token !== 'string' || !same(body.token, tokenOf(id))) throw new HTTPException(403);
    // No text of the database has a null character.
    c.set('body', Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('\0', '') : value])));
  }
  await next();
}

export const session = new Hono();

session.get('/sign-in', async (c) => {
  const known = await users();
  const choice = ({ role, about }, i) => html`
    <label><input type="radio" name="user" value="${role}" required ${i === 0 ? 'checked' : ''}> ${role}${about ? html` – ${about}` : ''}</label>`;
  const t = texts.signIn;
  return page(c, {
    title: t.title,
    body: html`<p>${t.demo}</p>${known.length === 0 ? html`<p role="alert">${t.none}</p>` : html`
      <form method="post" action="/sign-in"><input type="hidden" name="token" value="${c.var.token}">
        <fieldset><legend>${t.title}</legend>${known.map(choice)}</fieldset>
        <button>${t.submit}</button>
      </form>`}`,
  });
});

session.post('/sign-in', async (c) => {
  const user = (await users()).find(({ role }) => role === c.var.body.user);
  if (!user) throw new HTTPException(403);
  await begin(c, user.role);
  return c.redirect('/trackers', 303);
});

session.post('/sign-out', async (c) => {
  await begin(c, null);
  return c.redirect('/sign-in', 303);
});
