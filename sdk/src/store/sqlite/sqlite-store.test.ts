import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { sqliteDirectory } from '../../testing/sqlite-directory.ts';
import { storeContract } from '../contract.ts';
import type { Store, Transaction } from '../store.ts';
import { type OpenSqlite, type SqliteDriver, sqliteStore } from './index.ts';

const { open } = sqliteDirectory();

const cases = storeContract.map((one) => [one.name, one] as const);

describe('node:sqlite meets the contract of every store', () => {
  test.for(cases)('%s', async ([, one]) => {
    await expect(one.run(sqliteStore({ open }))).resolves.toBeUndefined();
  });
});

/** A driver as slow as one in another thread, which must not be asked two things at once. */
const openSlowly: OpenSqlite = async (file) => {
  const driver = await open(`slow-${file}`);
  let asked = 0;
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    asked += 1;
    if (asked > 1) throw new Error('The driver was asked two things at once');
    await setImmediate();
    try {
      return await work();
    } finally {
      await setImmediate();
      asked -= 1;
    }
  };
  return {
    run: (sql, params) => alone(() => driver.run(sql, params)),
    all: (sql, params) => alone(() => driver.all(sql, params)),
    close: () => alone(() => driver.close()),
  };
};

describe('a slow driver is asked one thing at a time', () => {
  test.for(cases)('%s', async ([, one]) => {
    await expect(one.run(sqliteStore({ open: openSlowly }))).resolves.toBeUndefined();
  });
});

const opened = (name: string, change: (driver: SqliteDriver) => SqliteDriver | Promise<SqliteDriver>): Promise<Store> =>
  sqliteStore({ open: async (file) => change(await open(file)) })(name);

/** A store that tells which statements SQLite was asked. */
async function overheard(name: string): Promise<{ store: Store; heard: string[] }> {
  const heard: string[] = [];
  const store = await opened(name, (driver) => ({
    ...driver,
    run: (sql, params) => driver.run(sql, params).finally(() => heard.push(sql)),
    all: (sql, params) => driver.all(sql, params).finally(() => heard.push(sql)),
  }));
  heard.length = 0;
  return { store, heard };
}

test('a thousand rows read and written in one transaction are a few statements', async () => {
  const { store, heard } = await overheard('few');
  const ids = Array.from({ length: 1000 }, (_, at) => `r${at}`);
  await store.transaction(['rows', 'meta'], 'durable', async (tx) => {
    const before = await Promise.all(ids.map((id) => tx.get('rows', ['c', id])));
    expect(before.every((row) => row === undefined)).toBe(true);
    await Promise.all(ids.map((id, at) => tx.put('rows', ['c', id], { id, index: [['c', 'at', at]] })));
    await tx.put('meta', 'count', ids.length);
  });
  expect(heard).toHaveLength(7);
  const rows = await store.transaction(['rows'], 'read', (tx) => tx.list('rows', { index: ['c', 'at'], from: 998 }));
  expect(rows).toMatchObject([{ id: 'r998' }, { id: 'r999' }]);
  await store.close();
});

test('a transaction larger than its buffer is one transaction all the same', async () => {
  const { store, heard } = await overheard('large');
  const long = 'x'.repeat(400_000);
  const write = (thrown?: Error) =>
    store.transaction(['rows'], 'durable', async (tx) => {
      for (let at = 0; at < 10; at += 1) await tx.put('rows', ['c', `${at}`], long);
      expect(await tx.get('rows', ['c', '0'])).toBe(long);
      expect(heard).toContainEqual(expect.stringContaining('REPLACE INTO rows'));
      if (thrown) throw thrown;
    });
  const count = async () => (await store.transaction(['rows'], 'read', (tx) => tx.list('rows'))).length;
  await expect(write(new Error('planted'))).rejects.toThrow('planted');
  expect(await count()).toBe(0);
  await write();
  expect(await count()).toBe(10);
  await store.close();
});

test('nothing that a transaction still had under way comes after its end', async () => {
  const store = await sqliteStore({ open: openSlowly })('late');
  let late: Promise<unknown> | undefined;
  let kept: Transaction | undefined;
  const outcome = store.transaction(['log', 'meta'], 'durable', async (tx) => {
    kept = tx;
    await tx.put('log', 1, 'lost');
    // Hands the write to SQLite, and is not waited for.
    late = tx.list('log');
    throw new Error('planted');
  });
  await expect(outcome).rejects.toThrow('planted');
  expect(await late).toEqual(['lost']);
  await expect(kept?.put('log', 2, 'later')).rejects.toThrow('over');
  expect(await store.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual([]);
  await store.close();
});

test('a body that goes on over a statement that failed commits nothing', async () => {
  const store = await opened('deaf', (driver) => ({
    ...driver,
    all: (sql, params) => (sql.includes('FROM meta') ? Promise.reject(new Error('planted')) : driver.all(sql, params)),
  }));
  const outcome = store.transaction(['log', 'meta'], 'durable', async (tx) => {
    await tx.put('log', 1, 'half');
    await tx.list('meta').catch(() => {});
    await tx.put('log', 2, 'other half');
  });
  await expect(outcome).rejects.toThrow('planted');
  expect(await store.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual([]);
  await store.close();
});

test('refuses a row in the index of another collection', async () => {
  const store = await sqliteStore({ open })('index');
  const put = store.transaction(['rows'], 'durable', (tx) => tx.put('rows', ['c', 'r'], { index: [['d', 'f', 1]] }));
  await expect(put).rejects.toThrow('indexes of its collection');
  await store.close();
});

test('stores of all names have files of their own', async () => {
  const files: string[] = [];
  const factory = sqliteStore({ open: (file) => (files.push(file), open(file)), prefix: 'p-' });
  const names = ['t/a1', 't/A1', 't_2f_a1', 'ता/é', 't/a%201'];
  for (const name of names) await (await factory(name)).close();
  expect(files[0]).toBe('p-t_2f_a1.db');
  expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(names.length);
  for (const file of files) expect(file).toMatch(/^[a-z0-9._-]+$/);
});

test('a full disk is said to be one, leaves nothing, and can be made room on', async () => {
  const store = await opened('full', async (driver) => {
    await driver.all('PRAGMA max_page_count = 100', []);
    return driver;
  });
  const put = (seq: number, length: number) =>
    store.transaction(['log'], 'durable', (tx) => tx.put('log', seq, 'x'.repeat(length)));
  await put(1, 100_000);
  await expect(put(2, 500_000)).rejects.toMatchObject({ code: 'store_full', cause: { message: expect.any(String) } });
  expect(await store.transaction(['log'], 'read', (tx) => tx.get('log', 2))).toBeUndefined();
  await store.transaction(['log'], 'durable', (tx) => tx.delete('log', 1));
  await put(3, 100_000);
  await store.close();
});
