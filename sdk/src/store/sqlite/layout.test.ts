import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sqliteDirectory } from '../../testing/sqlite-directory.ts';
import { busyTimeoutMs, ready, requireCipher } from './driver.ts';
import { type OpenSqlite, sqliteStore } from './index.ts';
import { nodeSqlite } from './node.ts';

const { path, open } = sqliteDirectory();

/** Opens with every statement changed on its way. */
const changing =
  (change: (sql: string) => string): OpenSqlite =>
  async (file) => {
    const driver = await open(file);
    return { ...driver, all: (sql, params) => driver.all(change(sql), params) };
  };

const refusal = (openAs: OpenSqlite, name: string): Promise<unknown> =>
  sqliteStore({ open: openAs })(name).then(
    () => 'opened',
    (error: unknown) => error,
  );

test('what is committed is on disk: the pragmas say so', async () => {
  let asked: unknown;
  const store = await sqliteStore({
    open: async (file) => {
      const driver = await open(file);
      return {
        ...driver,
        close: async () => {
          asked = [...(await driver.all('PRAGMA synchronous', [])), ...(await driver.all('PRAGMA journal_mode', []))];
          await driver.close();
        },
      };
    },
  })('pragmas');
  await store.close();
  expect(asked).toMatchObject([{ synchronous: 2 }, { journal_mode: 'wal' }]);
});

test('a build that does not take synchronous is refused', async () => {
  const deaf = changing((sql) => sql.replace('PRAGMA synchronous = FULL', 'PRAGMA synchronous = NORMAL'));
  expect(await refusal(deaf, 'normal')).toMatchObject({
    code: 'store_not_durable',
    message: expect.stringMatching(/synchronous is 1;.*synchronous 2/),
  });
});

test('a build that says nothing about synchronous is refused', async () => {
  const mute = changing((sql) => (sql === 'PRAGMA synchronous' ? 'SELECT 1 WHERE false' : sql));
  expect(await refusal(mute, 'mute')).toMatchObject({ code: 'store_not_durable' });
});

test('memory is refused', async () => {
  class Memory extends DatabaseSync {
    constructor() {
      super(':memory:');
    }
  }
  expect(await refusal(nodeSqlite({ DatabaseSync: Memory }, path), 'memory')).toMatchObject({
    code: 'store_not_durable',
    message: expect.stringContaining('journal_mode is memory'),
  });
});

test('a file with a newer layout is refused and left as it is, and the next open is free to try', async () => {
  const factory = sqliteStore({ open });
  const store = await factory('newer');
  await store.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'kept'));
  await store.close();
  const database = new DatabaseSync(`${path}/ekbaar-newer.db`);
  const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  database.exec(`PRAGMA user_version = ${layout + 1}`);
  await expect(factory('newer')).rejects.toMatchObject({
    code: 'store_too_new',
    message: expect.stringContaining('update the app'),
  });
  // Nobody holds the file after a refusal.
  database.exec(`PRAGMA user_version = ${layout}; PRAGMA journal_mode = DELETE`);
  database.close();
  const again = await factory('newer');
  expect(await again.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual(['kept']);
  await again.close();
});

test('a file whose tables could not all be made has none, and gets them at the next try', async () => {
  const factory = (openAs: OpenSqlite) => sqliteStore({ open: openAs })('half');
  const failing: OpenSqlite = async (file) => {
    const driver = await open(file);
    const run: typeof driver.run = (sql, params) =>
      sql.startsWith('CREATE TABLE row_index') ? Promise.reject(new Error('planted')) : driver.run(sql, params);
    return { ...driver, run };
  };
  await expect(factory(failing)).rejects.toThrow('planted');
  const store = await factory(open);
  await store.transaction(['rows'], 'durable', (tx) => tx.put('rows', ['c', 'r'], {}));
  await store.close();
});

test('two that open a new file at once both find its tables', async () => {
  const stores = await Promise.all([sqliteStore({ open })('at once'), sqliteStore({ open })('at once')]);
  await Promise.all(stores.map((store, at) => store.transaction(['log'], 'durable', (tx) => tx.put('log', at, at))));
  expect(await stores[0]?.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual([0, 1]);
  for (const store of stores) await store.close();
});

test('a file that is not SQLite’s is said to be broken, and left as it is', async () => {
  const garbage = 'not what SQLite writes'.repeat(1000);
  writeFileSync(`${path}/ekbaar-broken.db`, garbage);
  const factory = sqliteStore({ open });
  await expect(factory('broken')).rejects.toMatchObject({ code: 'store_broken' });
  // This driver cannot delete files.
  await expect(factory.destroy?.('broken')).rejects.toMatchObject({ code: 'store_broken' });
  expect(readFileSync(`${path}/ekbaar-broken.db`, 'utf8')).toBe(garbage);
});

test('a file that breaks while it is emptied is deleted only when it is no longer open', async () => {
  const done: string[] = [];
  const breaking: OpenSqlite = async (file) => {
    const driver = await open(file);
    if (file.startsWith('reserve')) return driver;
    const run: typeof driver.run = (sql, params) =>
      sql.startsWith('DELETE')
        ? Promise.reject(new Error('database disk image is malformed'))
        : driver.run(sql, params);
    const close = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await driver.close();
      done.push('closed');
    };
    return { ...driver, run, close };
  };
  const factory = sqliteStore({ open: Object.assign(breaking, { delete: async () => done.push('deleted') }) });
  await factory.destroy?.('breaks');
  expect(done).toEqual(['closed', 'deleted']);
});

test('what another connection holds for too long is said to be held', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const store = await sqliteStore({ open })('held');
  const holder = new DatabaseSync(`${path}/ekbaar-held.db`);
  holder.exec('BEGIN IMMEDIATE');
  const put = () => store.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'one'));
  const refused = put().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(busyTimeoutMs);
  expect(await refused).toMatchObject({ code: 'store_blocked' });
  const patient = put();
  await vi.advanceTimersByTimeAsync(busyTimeoutMs / 2);
  holder.close();
  await vi.advanceTimersByTimeAsync(busyTimeoutMs / 2);
  await patient;
  await store.close();
});

test('what of a name is there is destroyed without being opened before', async () => {
  const factory = sqliteStore({ open });
  const store = await factory('gone');
  await store.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'one'));
  await factory.destroy?.('gone');
  expect(await store.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual([]);
  await store.close();
});

test('another key than the file’s is told from a file that is broken', async () => {
  const unreadable: OpenSqlite = async (file) => {
    const driver = await open(file);
    const all: typeof driver.all = async (sql) => {
      if (sql === 'PRAGMA cipher_version') return [{ cipher_version: '4.17.0' }];
      throw new Error('Error code 26: file is not a database');
    };
    return ready(driver, () => requireCipher({ ...driver, all }, file));
  };
  expect(await refusal(unreadable, 'locked')).toMatchObject({ code: 'wrong_key' });
});
