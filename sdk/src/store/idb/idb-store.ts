import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import { ClosedError, StoreFullError } from '../../errors.ts';
import type { Key, Mode, Range, Store, StoreFactory, Table, Transaction } from '../store.ts';

/** 1: the tables. 2: the index of rows. Later layouts only add. */
const layoutVersion = 2;
const indexName = 'index';
const tableNames: readonly Table[] = ['log', 'rows', 'meta'];

/**
 * Makes stores in IndexedDB.
 *
 * @param options.prefix goes before the database's name; default `ekbaar:`.
 */
export function idbStore(options: { prefix?: string } = {}): StoreFactory {
  return async (name) => {
    const store = new IdbStore((options.prefix ?? 'ekbaar:') + name);
    await store.open();
    return store;
  };
}

class IdbStore implements Store {
  readonly indexes = true;
  readonly sharedAs: string;
  #db: Promise<IDBPDatabase> | undefined;
  #closed = false;

  constructor(name: string) {
    this.sharedAs = name;
  }

  async open(): Promise<void> {
    await this.#database();
  }

  async transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = await this.#begin(tables, mode);
    // An abort rejects `done` also when the body's own error is the one to report.
    const done = tx.done.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    let result: T;
    try {
      result = await body({
        get: (table, key) => tx.objectStore(table).get(keyOf(key)),
        list: (table, range = {}, limit) => {
          const store = tx.objectStore(table);
          if (!('index' in range)) return store.getAll(rangeOf(range), limit);
          const index = store.index(indexName);
          return range.desc
            ? listBackwards(index.openCursor(indexRangeOf(range), 'prev'), limit)
            : index.getAll(indexRangeOf(range), limit);
        },
        put: async (table, key, value) => {
          await tx.objectStore(table).put?.(value, keyOf(key));
        },
        delete: async (table, key) => {
          await tx.objectStore(table).delete?.(keyOf(key));
        },
        clear: async (table) => {
          await tx.objectStore(table).clear?.();
        },
      });
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // The failed operation has aborted it already.
      }
      throw asFull((await done)?.error) ?? asFull(error) ?? error;
    }
    const failed = await done;
    if (failed) throw asFull(failed.error) ?? failed.error;
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const db = this.#db;
    this.#db = undefined;
    // IndexedDB itself lets the transactions under way finish.
    (await db?.catch(() => undefined))?.close();
  }

  async destroy(): Promise<void> {
    await this.close();
    // Other tabs are asked to let go, and do (see `blocking`).
    await deleteDB(this.sharedAs);
  }

  async #begin(tables: readonly Table[], mode: Mode) {
    const beginOn = async (db: Promise<IDBPDatabase>) =>
      (await db).transaction([...tables], mode === 'read' ? 'readonly' : 'readwrite', {
        durability: mode === 'durable' ? 'strict' : 'relaxed',
      });
    const db = this.#database();
    try {
      return await beginOn(db);
    } catch (error) {
      if (this.#closed) throw error;
      // The connection was closed under us (another version of the app, the browser's own housekeeping).
      // Nothing has run yet, so a second try on a new connection is safe. Another transaction may have opened it.
      if (this.#db === db) this.#db = undefined;
      return beginOn(this.#database());
    }
  }

  #database(): Promise<IDBPDatabase> {
    if (this.#closed) return Promise.reject(new ClosedError());
    if (this.#db) return this.#db;
    const forget = () => {
      if (this.#db === opening) this.#db = undefined;
    };
    const opening: Promise<IDBPDatabase> = openDB(this.sharedAs, layoutVersion, {
      upgrade(db, from, _to, tx) {
        if (from < 1) for (const table of tableNames) db.createObjectStore(table);
        if (from < 2) tx.objectStore('rows').createIndex(indexName, indexName, { multiEntry: true });
      },
      // Another tab wants to delete or upgrade the database: let go, and open again when asked for something.
      blocking: (_current, _blocked, event) => {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: forget,
    });
    this.#db = opening;
    opening.catch(forget);
    return opening;
  }
}

function keyOf(key: Key): IDBValidKey {
  return typeof key === 'object' ? [...key] : key;
}

function rangeOf(range: Exclude<Range, { readonly index: unknown }>): IDBKeyRange | undefined {
  // In IndexedDB's order of keys an array comes after every string.
  if ('first' in range) return IDBKeyRange.bound([range.first], [range.first, []]);
  const { from, to } = range;
  if (from !== undefined && to !== undefined) return IDBKeyRange.bound(keyOf(from), keyOf(to));
  if (from !== undefined) return IDBKeyRange.lowerBound(keyOf(from));
  return to === undefined ? undefined : IDBKeyRange.upperBound(keyOf(to));
}

function indexRangeOf({ index, from, to }: Extract<Range, { readonly index: unknown }>): IDBKeyRange {
  return IDBKeyRange.bound(from === undefined ? [...index] : [...index, from], [...index, to ?? []]);
}

interface Cursor {
  readonly value: unknown;
  continue(): Promise<Cursor | null>;
}

/** `getAll` knows no direction in the browsers that we serve. */
async function listBackwards(opened: Promise<Cursor | null>, limit = Infinity): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let cursor = await opened; cursor && values.length < limit; cursor = await cursor.continue()) {
    values.push(cursor.value);
  }
  return values;
}

function asFull(error: unknown): StoreFullError | undefined {
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? new StoreFullError(error) : undefined;
}
