import { ClosedError } from '../../errors.ts';
import type { Mode, Reserve, Store, StoreFactory, Table, Transaction } from '../store.ts';
import type { OpenSqlite } from './driver.ts';
import { openFile } from './layout.ts';
import { fileReserve } from './reserve.ts';
import { SqliteFile } from './sqlite-file.ts';
import { transact } from './sqlite-transaction.ts';

/** How `sqliteStore` makes stores. */
export interface SqliteStoreOptions {
  /** The driver: `expoSqlite`, `opSqlite`, `capacitorSqlite`, `nodeSqlite`, or your own. */
  readonly open: OpenSqlite;
  /** Goes before the file's name. Default: `ekbaar-`. */
  readonly prefix?: string | undefined;
}

/**
 * Makes stores in SQLite files: one for each (tenant, actor).
 *
 * @example
 * import * as SQLite from 'expo-sqlite';
 *
 * const store = sqliteStore({ open: expoSqlite(SQLite) });
 *
 * @throws StoreTooNewError from the store it makes, when the file was written by a later version of the SDK.
 * @throws StoreNotDurableError from the store it makes, when this build of SQLite would not keep what it says it has saved.
 */
export function sqliteStore(options: SqliteStoreOptions): StoreFactory {
  const { open, prefix = 'ekbaar-' } = options;
  const files = new Map<string, SqliteFile>();
  const openStore = async (name: string): Promise<Store> => {
    const path = fileName(prefix + name);
    const file = files.get(path) ?? new SqliteFile(path, () => openFile(open, path));
    files.set(path, file);
    await file.acquire();
    return new SqliteStore(file, fileReserve(open, `reserve-${path}`));
  };
  const destroy = async (name: string): Promise<void> => {
    try {
      await (await openStore(name)).destroy();
    } catch (error) {
      if (!open.delete) throw error;
      await open.delete(fileName(prefix + name));
    }
  };
  return Object.assign(openStore, { destroy });
}

/** A name of its own for each store, also where file names know no upper case. */
function fileName(name: string): string {
  return `${name.replaceAll(/[^a-z0-9.-]/g, (unit) => `_${unit.charCodeAt(0).toString(16)}_`)}.db`;
}

class SqliteStore implements Store {
  readonly indexes = true;
  /** Also what deletes rows has to be written first. */
  readonly deletingFrees = false;
  readonly reserve: Reserve;
  readonly #file: SqliteFile;
  #closed: Promise<void> | undefined;

  constructor(file: SqliteFile, reserve: Reserve) {
    this.#file = file;
    this.reserve = reserve;
  }

  async transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ClosedError();
    return this.#file.use((driver) => transact(driver, tables, mode, body));
  }

  close(): Promise<void> {
    this.#closed ??= this.#file.release();
    return this.#closed;
  }

  async destroy(): Promise<void> {
    if (this.#closed) throw new ClosedError();
    // The file itself stays, empty: others may have it open.
    const emptied = this.transaction(['log', 'rows', 'meta'], 'durable', async (tx) => {
      await Promise.all([tx.clear('log'), tx.clear('rows'), tx.clear('meta')]);
    });
    const wiped = this.#file.use(async (driver) => {
      await emptied;
      // Deleted rows stay readable in the file and in its log until both are written anew.
      await driver.run('VACUUM', []);
      await driver.all('PRAGMA wal_checkpoint(TRUNCATE)', []);
    });
    const ends = [wiped, this.close(), this.reserve.release()];
    // Who hears that it failed may delete the file: it must not be open any more.
    await Promise.allSettled(ends);
    await Promise.all(ends);
  }
}
