import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { ConnectionPool } from './connection-pool.ts';
import { databaseCode, databaseFault } from './fault.ts';

let fresh: FreshDatabase;
let admin: postgres.Sql;
beforeAll(async () => {
  fresh = await freshDatabase();
  admin = postgres(fresh.url, { max: 1, onnotice: () => {}, connection: { application_name: 'admin' } });
});
afterAll(async () => {
  await admin.end();
  await fresh.drop();
});

const sessions = async () => {
  const rows =
    await admin`select from pg_stat_activity where datname = current_database() and application_name = 'pool'`;
  return rows.length;
};

test('a pool that has ended hands out nothing, and what was held ends when it is given back', async () => {
  const pool = new ConnectionPool(fresh.url, { most: 2 }, { connection: { application_name: 'pool' } });
  const over = Promise.withResolvers<void>();
  const begun = [1, 2].map(() => Promise.withResolvers<void>());
  const held = begun.map(({ resolve }) =>
    pool.begin(async (transaction) => {
      await transaction.unsafe('select 1');
      resolve();
      await over.promise;
      return 'committed';
    }),
  );
  await Promise.all(begun.map(({ promise }) => promise));
  const refused = pool
    .unsafe('select 1')
    .values()
    .catch((error: unknown) => databaseFault(error));
  await pool.end();
  expect(await refused).toBe('unavailable');
  await expect(pool.patient.unsafe('select 1').values()).rejects.toThrow('closed');
  expect(await sessions()).toBe(2);
  over.resolve();
  expect(await Promise.all(held)).toEqual(['committed', 'committed']);
  await expect.poll(sessions, { timeout: 5000 }).toBe(0);
  expect(pool.load).toMatchObject({ held: 0, waiting: 0 });
});

test('a database that lets nobody in is away, whatever it says of it', async () => {
  const closed = await freshDatabase();
  const pool = new ConnectionPool(closed.url, { most: 1 }, {});
  const asked = () =>
    pool
      .unsafe('select 1')
      .values()
      .catch((error: unknown) => [databaseCode(error), databaseFault(error)]);
  try {
    await admin.unsafe(`alter database ${closed.name} allow_connections false`);
    expect(await asked()).toEqual(['55000', 'unavailable']);
    await admin.unsafe(`alter database ${closed.name} allow_connections true`);
    expect(await asked()).toEqual([[1]]);
  } finally {
    await pool.end();
    await closed.drop();
  }
});

test.each(['target_session_attrs=read-write', 'target_session_attrs=primary'])(
  'of several hosts the first that is there is taken: %s',
  async (which) => {
    const { username, password, host, pathname } = new URL(fresh.url);
    const url = `postgres://${username}:${password}@127.0.0.1:1,${host}${pathname}?${which}`;
    const pool = new ConnectionPool(url, { most: 1 }, {});
    expect(await pool.unsafe('select 1 as one')).toEqual([{ one: 1 }]);
    await pool.begin(async (transaction) => transaction.unsafe('create table written (id text)'));
    await pool.unsafe('drop table written');
    await pool.end();
  },
);
