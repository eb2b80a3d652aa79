import { idbStore } from '../store/idb/index.ts';
import { storeContract } from '../store/contract.ts';
import type { Mode, Store } from '../store/store.ts';

/** What a page offers to the test that drives it. */
const inPage = {
  async runContract(): Promise<{ name: string; error: string | null }[]> {
    const results = [];
    for (const { name, run } of storeContract) {
      const error = await run(idbStore({ prefix: 'contract:' })).then(
        () => null,
        (failure: unknown) => String(failure),
      );
      results.push({ name, error });
    }
    return results;
  },

  async put(name: string, value: string, mode: Mode): Promise<void> {
    await withStore(name, (store) => store.transaction(['meta'], mode, (tx) => tx.put('meta', value, value)));
  },

  get: (name: string, key: string): Promise<unknown> =>
    withStore(name, (store) => store.transaction(['meta'], 'read', (tx) => tx.get('meta', key))),

  /** Starts a large transaction and does not wait for it. */
  async beginLong(name: string): Promise<void> {
    const store = await idbStore()(name);
    void store
      .transaction(['rows'], 'durable', async (tx) => {
        for (let at = 0; at < 500; at += 1) await tx.put('rows', ['c', `${at}`], 'x'.repeat(10_000));
      })
      .catch(() => {});
  },

  countRows: (name: string): Promise<number> =>
    withStore(name, async (store) => (await store.transaction(['rows'], 'read', (tx) => tx.list('rows'))).length),

  /** Deletes the database under an open store, which must let go and open a new one when asked for something. */
  async survivesDeletion(): Promise<{ before: unknown; after: unknown }> {
    const store = await idbStore()('deleted');
    const put = (value: string) => store.transaction(['meta'], 'durable', (tx) => tx.put('meta', 'a', value));
    const get = () => store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'a'));
    await put('here');
    const before = await get();
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('ekbaar:deleted');
      request.onsuccess = resolve;
      request.onerror = reject;
    });
    await put('again');
    const after = await get();
    await store.close();
    return { before, after };
  },

  /** Two transactions at once find the connection closed: they must share one new one. Gives what was opened, and is. */
  async reopensOnce(): Promise<{ opened: number; stillOpen: number }> {
    const open: IDBDatabase[] = [];
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
      if (!open.includes(this)) open.push(this);
      return transaction.apply(this, args);
    };
    try {
      const store = await idbStore()('reopened');
      const put = () => store.transaction(['meta'], 'write', (tx) => tx.put('meta', 'a', 1));
      await put();
      open[0]?.close();
      await Promise.all([put(), put(), put()]);
      await store.close();
      const isOpen = (db: IDBDatabase) => {
        try {
          transaction.call(db, 'meta');
          return true;
        } catch {
          return false;
        }
      };
      return { opened: open.length, stillOpen: open.filter(isOpen).length };
    } finally {
      IDBDatabase.prototype.transaction = transaction;
    }
  },
};

export type InPage = typeof inPage;

async function withStore<T>(name: string, body: (store: Store) => Promise<T>): Promise<T> {
  const store = await idbStore()(name);
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

Object.assign(globalThis, { idbPage: inPage });
