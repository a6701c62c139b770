// Who is compared: each peer answers the same questions, with the columns of invtrack.health.

import { DuckDBInstance } from '@duckdb/node-api';
import { join } from 'node:path';
import { run, sql, time } from './tools.mjs';

/** All result columns are computed, and one row is sent. */
const AGGREGATES = `count(merchant_name), count(product_name), count(inventory_type_name),
  sum(current_stock), sum(threshold), sum(health), count(status), count(reason), sum(daily_sales),
  sum(actual_days), sum(days_of_cover), sum(excluded_stock), max(as_of), max(updated_at)`;

/** One md5 of all rows as text, in order; written so that PostgreSQL and DuckDB agree on it. */
const FINGERPRINT = `count(*) AS rows, md5(string_agg(merchant || '|' || sku || '|' || inventory_type
  || '|' || mechanism || '|' || decimals(current_stock, 6) || '|' || decimals(threshold, 4)
  || '|' || decimals(health, 2) || '|' || status || '|' || coalesce(reason, '-')
  || '|' || coalesce(decimals(daily_sales, 4), '-') || '|' || coalesce(actual_days::text, '-')
  || '|' || coalesce(decimals(days_of_cover, 1), '-')
  || '|' || coalesce(decimals(excluded_stock, 6), '-'), chr(10)
  ORDER BY merchant, sku, inventory_type, mechanism)) AS md5`;

/** The lookbacks in use, as the peers that add up in one pass have them written in. */
function lookbackValues(lookbacks, asOf) {
  const longest = Math.max(...lookbacks);
  const sum = (days) =>
    `sum(quantity) FILTER (WHERE occurred_on > ${asOf} - ${days}) AS moved_${days}`;
  return {
    longest_lookback: longest,
    sums_by_lookback: lookbacks.map(sum).join(', '),
    moved_by_lookback: lookbacks.map((days) => `WHEN ${days} THEN moved_${days}`).join(' '),
  };
}

/** A peer inside PostgreSQL: a relation with the columns of invtrack.health. */
class PostgresPeer {
  constructor(name, client, asOf, options) {
    Object.assign(this, { kind: 'sql', settings: {}, ...options, name, client, asOf });
  }

  /** Makes the view anew where it has the lookbacks written in. */
  async prepare(lookbacks) {
    if (!this.inputs) return;
    const values = {
      as_of: this.asOf,
      movements: this.movements,
      ...lookbackValues(lookbacks, this.asOf),
    };
    await this.client.query(`DROP VIEW IF EXISTS ${this.relation}`);
    await this.client.query(
      sql('peers/judgement.sql', null, {
        view: this.relation,
        as_of: this.asOf,
        inputs: sql(this.inputs, null, values),
      }),
    );
  }

  async query(text) {
    for (const [name, value] of Object.entries(this.settings))
      await this.client.query(`SET ${name} = ${value}`);
    const result = await this.client.query(text);
    for (const name of Object.keys(this.settings)) await this.client.query(`RESET ${name}`);
    return result.rows;
  }

  /** Where the rows come from: of all trackers, or of a merchant. */
  source(merchant) {
    if (this.call) return this.call(merchant);
    return this.relation + (merchant ? ` WHERE merchant = '${merchant}'` : '');
  }

  sweepText() {
    return `SELECT ${AGGREGATES} FROM ${this.source()}`;
  }

  async sweep() {
    await this.query(this.sweepText());
  }

  async merchant(merchant) {
    await this.query(`SELECT ${AGGREGATES} FROM ${this.source(merchant)}`);
  }

  async fingerprint() {
    const text = FINGERPRINT.replaceAll(/decimals\((\w+), (\d)\)/g, 'round($1, $2)::text');
    const [row] = await this.query(`SELECT ${text} FROM ${this.source()}`);
    return `${row.rows} rows, md5 ${row.md5}`;
  }

  /** For pgbench: one tracker, and the trackers of a list of products. */
  oneText(merchant, sku) {
    return `SELECT * FROM ${this.relation} WHERE merchant = ${merchant} AND sku = ${sku}
      AND inventory_type = 'good' AND mechanism = 'turnover_days'`;
  }

  listText(merchant, skus) {
    return `SELECT * FROM ${this.relation} WHERE merchant = ${merchant}
      AND sku = ANY (ARRAY[${skus.join(', ')}])`;
  }

  async explain(options) {
    const rows = await this.query(`EXPLAIN (${options}) ${this.sweepText()}`);
    return rows.map((row) => row['QUERY PLAN']);
  }
}

/** The function tracker_health() instead of the view; tracker_health_of() for a list. */
class FunctionPeer extends PostgresPeer {
  call(merchant) {
    return `invtrack.tracker_health(${merchant ? `'${merchant}'` : ''})`;
  }

  oneText(merchant, sku) {
    return `SELECT * FROM invtrack.tracker_health(${merchant}, ${sku}, 'good', 'turnover_days')`;
  }

  listText(merchant, skus) {
    return `SELECT * FROM invtrack.tracker_health_of(${merchant}, ARRAY[${skus.join(', ')}])`;
  }
}

/** DuckDB in this process, with as many threads as a query has processes, over Parquet files of the same data. */
class DuckPeer {
  kind = 'duckdb';
  name = 'DuckDB, Parquet';

  constructor(connection, directory, asOf) {
    Object.assign(this, { connection, directory, asOf });
  }

  /** Tables as CSV through psql, and from there as Parquet. Returns the milliseconds it took. */
  async export(table, columns, select) {
    const file = join(this.directory, `${table}.csv`);
    return time(async () => {
      await run('psql', ['-qXc', `\\copy (${select.replace(/\s+/g, ' ')}) TO '${file}' WITH (FORMAT csv, HEADER)`]);
      await this.all(sql('peers/duckdb.sql', 'export', { directory: this.directory, table, columns }));
    });
  }

  async all(text) {
    const reader = await this.connection.runAndReadAll(text);
    return reader.getRowObjectsJson();
  }

  async exportTrackers() {
    return this.export('tracker',
      `{merchant: 'VARCHAR', merchant_name: 'VARCHAR', sku: 'VARCHAR', product_name: 'VARCHAR',
        inventory_type: 'VARCHAR', inventory_type_name: 'VARCHAR', mechanism: 'VARCHAR',
        quantity: 'DECIMAL(18,6)', lookback_days: 'INTEGER', coverage_days: 'INTEGER',
        expiry_days: 'INTEGER', launched_on: 'DATE', updated_at: 'TIMESTAMPTZ'}`,
      `SELECT t.merchant, m.name AS merchant_name, t.sku, p.name AS product_name, t.inventory_type,
              i.name AS inventory_type_name, t.mechanism, t.quantity, t.lookback_days,
              t.coverage_days, t.expiry_days, p.launched_on, t.updated_at
         FROM invtrack.tracker t
         JOIN invtrack.product p USING (merchant, sku)
         JOIN invtrack.inventory_type i USING (merchant, inventory_type)
         JOIN invtrack.merchant m USING (merchant)`);
  }

  async exportStock() {
    return this.export('stock_lot',
      `{merchant: 'VARCHAR', sku: 'VARCHAR', inventory_type: 'VARCHAR', expires_on: 'DATE',
        quantity: 'DECIMAL(18,6)'}`,
      'SELECT merchant, sku, inventory_type, expires_on, quantity FROM invtrack.stock_lot');
  }

  async exportMovements() {
    return this.export('movement',
      `{merchant: 'VARCHAR', sku: 'VARCHAR', inventory_type: 'VARCHAR', flow: 'VARCHAR',
        occurred_on: 'DATE', quantity: 'DECIMAL(18,6)'}`,
      `SELECT merchant, sku, inventory_type, flow, occurred_on, quantity FROM bench.raw_movement`);
  }

  async prepare(lookbacks) {
    await this.exportTrackers();
    await this.all(sql('peers/duckdb.sql', 'health',
      { as_of: this.asOf, ...lookbackValues(lookbacks, this.asOf) }));
  }

  async sweep() {
    await this.all(`SELECT ${AGGREGATES} FROM health`);
  }

  async merchant(merchant) {
    await this.all(`SELECT ${AGGREGATES} FROM health WHERE merchant = '${merchant}'`);
  }

  async one(merchant, sku) {
    await this.all(`SELECT * FROM health WHERE merchant = '${merchant}' AND sku = '${sku}'
      AND mechanism = 'turnover_days'`);
  }

  async list(merchant, skus) {
    await this.all(`SELECT * FROM health WHERE merchant = '${merchant}'
      AND sku IN (${skus.map((sku) => `'${sku}'`).join(', ')})`);
  }

  async fingerprint() {
    const text = FINGERPRINT.replaceAll(/decimals\((\w+), (\d)\)/g, 'CAST(CAST($1 AS DECIMAL(38, $2)) AS VARCHAR)');
    const [row] = await this.all(`SELECT ${text} FROM health`);
    return `${row.rows} rows, md5 ${row.md5}`;
  }
}

export async function makePeers(client, asOf, directory, threads) {
  const duck = await DuckDBInstance.create(':memory:', { threads });
  const peer = (name, options) => new PostgresPeer(name, client, asOf, options);
  // Memoize never hits in these look-ups, and costs.
  const lookUps = { inputs: 'peers/lateral.sql', settings: { enable_memoize: 'off' } };
  return {
    view: peer('invtrack, view', { kind: 'invtrack', relation: 'invtrack.health' }),
    function: new FunctionPeer('invtrack, functions', client, asOf, { kind: 'invtrack' }),
    lateral: peer('raw SQL, LATERAL',
      { ...lookUps, relation: 'bench.lateral_health', movements: 'bench.raw_movement' }),
    setwise: peer('raw SQL, set-based',
      { ...lookUps, inputs: 'peers/setwise.sql', relation: 'bench.setwise_health', movements: 'bench.raw_movement' }),
    matview: peer('materialized view',
      { ...lookUps, relation: 'bench.matview_health', movements: 'bench.daily_sum' }),
    pg_ivm: peer('pg_ivm',
      { ...lookUps, relation: 'bench.ivm_health', movements: 'bench.ivm_sum' }),
    timescaledb: peer('TimescaleDB',
      { ...lookUps, kind: 'other', relation: 'bench.cagg_health', movements: 'bench.cagg_sum' }),
    duckdb: new DuckPeer(await duck.connect(), directory, asOf),
  };
}
