import { encryptedStore } from '../store/encrypted/index.ts';
import { idbStore } from '../store/idb/index.ts';
import { storeContract } from '../store/contract.ts';
import type { Mode, Store } from '../store/store.ts';

/** What a page offers to the test that drives it. */
const inPage = {
  /** @param encrypted whether there is an encrypted store on top */
  async runContract(encrypted: boolean): Promise<{ name: string; error: string | null }[]> {
    const plain = idbStore({ prefix: `contract:${encrypted}:` });
    const factory = encrypted ? encryptedStore(plain, { key: await newKey() }) : plain;
    const results = [];
    for (const { name, run } of storeContract) {
      const error = await run(factory).then(
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

  /**
   * A transaction that is held open until the test has taken it away; then its body may end.
   *
   * @returns how often the body ran, and what is there afterwards.
   */
  async heldTransaction(name: string): Promise<{ runs: number; found: unknown }> {
    const store = await idbStore()(name);
    await store.transaction(['meta'], 'durable', async (tx) => {
      const before = ((await tx.get('meta', 'n')) as number | undefined) ?? 0;
      await tx.put('meta', 'n', before + 1);
      runs += 1;
      // One request after the other: otherwise the browser would commit.
      while (held) await tx.get('meta', 'n');
    });
    const found = await store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'n'));
    await store.close();
    return { runs, found };
  },

  /** How often it has begun. */
  runs: () => runs,

  letGo(): void {
    held = false;
  },

  /** What a tab of another version does: opens the database without ever letting go. */
  async hold(name: string, version: number): Promise<void> {
    kept = await new Promise((resolve, reject) => {
      const request = indexedDB.open(`ekbaar:${name}`, version);
      request.onupgradeneeded = () => {
        for (const table of ['log', 'rows', 'meta']) request.result.createObjectStore(table).put('old', 'a');
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  },

  /** What is in a table of the database that {@link hold} has open. */
  heldValues: (table: string): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      const request = kept?.transaction(table).objectStore(table).getAll();
      if (!request) throw new Error('nothing is held');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    }),

  closeHeld(): void {
    kept?.close();
  },

  /** @returns the code of the error, or what was read. */
  async tryToOpen(name: string, patienceMs: number): Promise<unknown> {
    try {
      const store = await idbStore({ patienceMs })(name);
      const found = await store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'a'));
      await store.close();
      return found;
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : String(error);
    }
  },

  async destroy(name: string, patienceMs: number): Promise<void> {
    const store = await idbStore({ patienceMs })(name);
    await store.destroy();
  },

  destroyByName: (name: string): Promise<void> | undefined => idbStore().destroy?.(name),

  /** WebKit's database server goes away at an operation, as its messages have it. Gives how often the body ran. */
  async serverLost(): Promise<{ runs: number; found: unknown }> {
    const store = await idbStore()('lost');
    const { put } = IDBObjectStore.prototype;
    let runs = 0;
    IDBObjectStore.prototype.put = () => {
      IDBObjectStore.prototype.put = put;
      throw new DOMException(
        'Connection to Indexed Database server lost. Refresh the page to try again',
        'UnknownError',
      );
    };
    await store.transaction(['meta'], 'durable', async (tx) => {
      runs += 1;
      await tx.put('meta', 'a', runs);
    });
    const found = await store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'a'));
    await store.close();
    return { runs, found };
  },

  /** The connection goes, and its transaction's events never come. */
  async eventsLost(): Promise<{ runs: number; found: unknown }> {
    const databases: IDBDatabase[] = [];
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
      databases.push(this);
      return transaction.apply(this, args);
    };
    const store = await idbStore()('silent');
    let runs = 0;
    await store.transaction(['meta'], 'durable', async (tx) => {
      runs += 1;
      await tx.put('meta', 'a', runs);
      if (runs > 1) return;
      queueMicrotask(() => databases[0]?.dispatchEvent(new Event('close')));
      await new Promise(() => {});
    });
    const found = await store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'a'));
    IDBDatabase.prototype.transaction = transaction;
    await store.close();
    return { runs, found };
  },
};

function newKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

let held = true;
let runs = 0;
let kept: IDBDatabase | undefined;

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
