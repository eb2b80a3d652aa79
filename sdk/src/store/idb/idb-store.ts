import { deleteDB } from 'idb';
import { ClosedError, StoreBlockedError, StoreBrokenError } from '../../errors.ts';
import type { Mode, Reserve, Store, StoreFactory, Table, Transaction } from '../store.ts';
import { type Connection, Connector, heldByTab, inTime } from './connection.ts';
import { asStoreError, isLoss } from './idb-errors.ts';
import { keyOf, list, outcomeOf } from './requests.ts';
import { fileReserve } from './reserve.ts';

/** 1: the tables. 2: the index of rows. Later layouts only add. */
const layoutVersion = 2;
const indexName = 'index';
const tableNames: readonly Table[] = ['log', 'rows', 'meta'];
/** Of a server that renders the page, and of a browser that keeps nothing. */
const noDatabase = 'there is no IndexedDB here: make the client in a browser';
/** Before each further try of a transaction that the browser took away: a lost database server needs a moment. */
const pausesMs = [0, 50, 500];

/** How `idbStore` makes stores. */
export interface IdbStoreOptions {
  /** Goes before the database's name. Default: `ekbaar:`. */
  readonly prefix?: string | undefined;
  /**
   * How long the browser may take to open the database, in milliseconds. Default: 30,000. A tab with an older version
   * of the app, frozen in the background, may hold it.
   */
  readonly patienceMs?: number | undefined;
}

/**
 * Makes stores in IndexedDB.
 *
 * @throws StoreTooNewError when a later version of the SDK has been here; StoreBlockedError when the browser does not
 * open the database in time; StoreBrokenError when it cannot.
 */
export function idbStore(options: IdbStoreOptions = {}): StoreFactory {
  const { prefix = 'ekbaar:', patienceMs = 30_000 } = options;
  return Object.assign(
    async (name: string) => {
      if (!globalThis.indexedDB) throw new StoreBlockedError(prefix + name, noDatabase);
      const store = new IdbStore(prefix + name, patienceMs);
      await store.open();
      return store;
    },
    { destroy: (name: string) => deleteDatabase(prefix + name, patienceMs) },
  );
}

class IdbStore implements Store {
  readonly indexes = true;
  /** Only Chromium has brands, and only Chromium keeps IndexedDB in LevelDB. */
  readonly deletingFrees = !('userAgentData' in navigator);
  readonly reserve: Reserve;
  readonly sharedAs: string;
  readonly #connector: Connector;
  readonly #patienceMs: number;

  constructor(name: string, patienceMs: number) {
    this.sharedAs = name;
    this.#patienceMs = patienceMs;
    this.reserve = fileReserve(name);
    this.#connector = new Connector({
      name,
      version: layoutVersion,
      patienceMs,
      upgrade(db, from, tx) {
        if (from < 1) for (const table of tableNames) db.createObjectStore(table);
        if (from < 2) tx.objectStore('rows').createIndex(indexName, indexName, { multiEntry: true });
      },
    });
  }

  async open(): Promise<void> {
    await this.#whileLost(() => this.#connector.connect()).catch((error: unknown) => {
      throw isLoss(error) ? new StoreBrokenError(this.sharedAs, error) : error;
    });
  }

  transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#whileLost(async () => {
      const connecting = this.#connector.connect();
      try {
        return await run(await connecting, tables, mode, body);
      } catch (error) {
        if (isLoss(error)) await this.#connector.drop(connecting).catch(() => {});
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#connector.close();
  }

  async destroy(): Promise<void> {
    // First what is in it: a frozen tab may hold the database itself for long.
    await this.transaction(tableNames, 'durable', async (tx) => {
      await Promise.all(tableNames.map((table) => tx.clear(table)));
    });
    await this.close();
    await deleteDatabase(this.sharedAs, this.#patienceMs).catch((error: unknown) => {
      if (!(error instanceof StoreBlockedError)) throw error;
    });
  }

  /** Tries again what the browser took away: the connection, or the transaction before its end. */
  async #whileLost<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        const pauseMs = pausesMs[tries];
        if (pauseMs === undefined || !isLoss(error)) throw asStoreError(error, this.sharedAs);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        if (this.#connector.closed) throw new ClosedError();
      }
    }
  }
}

async function run<T>(
  { db, lost }: Connection,
  tables: readonly Table[],
  mode: Mode,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const tx = db.transaction([...tables], mode === 'read' ? 'readonly' : 'readwrite', {
    durability: mode === 'durable' ? 'strict' : 'relaxed',
  });
  const ended = Promise.race([
    new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new DOMException('The browser ended the transaction', 'AbortError'));
    }),
    // The events of a lost connection's transactions come before, or never.
    lost.then(() => Promise.reject(new DOMException('The browser closed the database', 'AbortError'))),
  ]);
  // Whoever comes to it hears of it below.
  ended.catch(() => {});
  const aborted = ended.then(() => new Promise<never>(() => {}));
  aborted.catch(() => {});
  const result = await Promise.race([aborted, body(operationsOf(tx))]).catch(async (error: unknown) => {
    try {
      // Nothing of it will be there once this has returned, whenever the browser says so.
      tx.abort();
    } catch {
      // A failed operation, or the browser, has aborted it already: why, its end says better than the operation.
      await ended;
    }
    throw error;
  });
  if (mode === 'read') return result;
  try {
    // Before what was asked last is answered: nobody needs that.
    tx.commit();
  } catch {
    // Nothing was under way any more: the browser has done so by itself.
  }
  await ended;
  return result;
}

function operationsOf(tx: IDBTransaction): Transaction {
  return {
    get: (table, key) => outcomeOf(tx.objectStore(table).get(keyOf(key))),
    list: (table, range = {}, limit) => list(tx.objectStore(table), indexName, range, limit),
    // One that fails ends the transaction.
    put: async (table, key, value) => void tx.objectStore(table).put(value, keyOf(key)),
    delete: async (table, key) => void tx.objectStore(table).delete(keyOf(key)),
    clear: async (table) => void tx.objectStore(table).clear(),
  };
}

/** Other tabs are asked to let go, and do. @throws StoreBlockedError when one does not: it is deleted when it does. */
async function deleteDatabase(name: string, patienceMs: number): Promise<void> {
  await fileReserve(name).release();
  const deleted = deleteDB(name);
  await inTime(deleted, patienceMs, () => new StoreBlockedError(name, heldByTab));
}
