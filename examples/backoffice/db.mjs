// The database: one login for the web server, and the user's role in each transaction. Which rows a user sees
// and changes is decided there, by row security, and nowhere in this program.

import pg from 'pg';

const { builtins } = pg.types;
// Dates, numbers and times as the text that the server sends: nothing is rounded or shifted on the way.
for (const type of [builtins.DATE, builtins.NUMERIC, builtins.INT8]) pg.types.setTypeParser(type, (text) => text);

export const pool = new pg.Pool({ max: 10, application_name: 'invtrack-backoffice', options: '-c datestyle=ISO -c statement_timeout=30s' });
pool.on('error', (error) => console.error(error.message));

/**
 * Run work(query) in a transaction, as the role that is signed in. query(text, values) gives the rows.
 * What the work throws undoes all of it.
 */
export async function asUser(user, work) {
  const client = await pool.connect();
  let broken;
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_catalog.set_config('role', $1, true), pg_catalog.set_config('invtrack.actor', $1, true)`, [user])
      .catch((error) => { throw Object.assign(error, { mayNotBe: user }); });
    const result = await work(async (text, values) => (await client.query(text, values)).rows);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((lost) => (broken = lost));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Work that may fail without undoing what came before it: the rows, or the error. */
export async function attempt(query, text, values) {
  await query('SAVEPOINT attempt');
  try {
    const rows = await query(text, values);
    await query('RELEASE attempt');
    return { rows };
  } catch (error) {
    if (!error.code) throw error;
    await query('ROLLBACK TO attempt');
    return { error };
  }
}

/** The roles that one may sign in as: those that the login is a member of. */
export async function users() {
  const { rows } = await pool.query(`
    SELECT r.rolname AS role, pg_catalog.shobj_description(r.oid, 'pg_authid') AS about
      FROM pg_catalog.pg_auth_members m
      JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
     WHERE m.member = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user)
     ORDER BY r.rolname`);
  return rows;
}

/** Call news() whenever alerts have changed, or may have while the connection was lost, for as long as the program runs. */
export async function listen(news) {
  const client = new pg.Client({ application_name: 'invtrack-backoffice alerts', keepAlive: true });
  const again = (error) => {
    if (error) console.error(`alerts: ${error.message}`);
    client.removeAllListeners('end');
    client.end().catch(() => {});
    setTimeout(() => listen(news), 1000).unref();
  };
  client.once('error', again);
  client.once('end', () => again());
  client.on('notification', news);
  try {
    await client.connect();
    await client.query('LISTEN invtrack_alert');
    news();
  } catch (error) {
    client.removeAllListeners('error');
    client.on('error', () => {});
    again(error);
  }
}
