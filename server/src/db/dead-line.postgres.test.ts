import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { startTcpBalancer, type TcpBalancer } from '../../../test/support/tcp-balancer.ts';
import { ConnectionPool } from './connection-pool.ts';
import { rowsOf } from './database.ts';
import { databaseFault } from './fault.ts';
import { postgresDatabase } from './postgres.ts';

let fresh: FreshDatabase;
let line: TcpBalancer;
let url: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  line = await startTcpBalancer([Number(new URL(fresh.url).port)]);
  const through = new URL(fresh.url);
  through.port = String(line.port);
  url = through.href;
});
afterAll(async () => {
  await line.close();
  await fresh.drop();
});

const all = () => 0;
const faultOf = (pool: ConnectionPool, text: string) =>
  pool.unsafe(text).then(
    () => 'none',
    (error: unknown) => databaseFault(error),
  );

test('a line that goes dead without a word is given up when PostgreSQL would have answered, and another one opened', async () => {
  const pool = new ConnectionPool(url, { most: 2 }, { connection: { statement_timeout: 200 } });
  await Promise.all([pool.unsafe('select 1'), pool.unsafe('select 1')]);
  expect(line.stall(1, all)).toBe(2);
  const answers = [1, 2].map(() => faultOf(pool, 'select 1'));
  // Behind them in the pool: handed a connection when there is one.
  const waiting = faultOf(pool, 'select 1');
  expect(await Promise.all(answers)).toEqual(['unavailable', 'unavailable']);
  expect(await waiting).toBe('none');
  expect(pool.load).toMatchObject({ held: 0, waiting: 0 });
  await pool.end();
});

test.concurrent.each([
  'set local statement_timeout = 0',
  `set local statement_timeout = '10min'`,
  "SET LOCAL statement_timeout TO '10min';",
  'Set Local "statement_timeout"=0',
  `select set_config('statement_timeout', '10min', true)`,
])('what is given more time is waited for: %s', async (text) => {
  const pool = new ConnectionPool(url, { most: 1 }, { connection: { statement_timeout: 100 } });
  await pool.begin(async (transaction) => {
    await transaction.unsafe(text);
    await transaction.unsafe('select pg_sleep(5.5)');
  });
  expect(await faultOf(pool, 'select pg_sleep(1)')).toBeUndefined();
  await pool.end();
});

test('who takes a connection and closes it at once, as a proxy without its server, is asked once and given up', async () => {
  let taken = 0;
  const proxy = createServer((socket) => {
    taken++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  for (const mode of ['disable', 'require']) {
    taken = 0;
    const pool = new ConnectionPool(
      `postgres://somebody:secret@127.0.0.1:${port}/none?sslmode=${mode}`,
      { most: 1 },
      {},
    );
    expect(await faultOf(pool, 'select 1')).toBe('unavailable');
    expect(taken).toBe(1);
    await pool.end();
  }
  proxy.close();
});

test('behind a pooler a single statement has its time limit too', async () => {
  const database = postgresDatabase(fresh.url, { pooler: 'transaction' });
  const [limit] = await rowsOf(database.db, sql`show statement_timeout`);
  expect(limit).toEqual({ statement_timeout: '30s' });
  await database.close();
});
