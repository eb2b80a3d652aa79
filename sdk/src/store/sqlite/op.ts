import {
  busyTimeoutMs,
  type OpenSqlite,
  ready,
  requireCipher,
  type SqliteDriver,
  type SqliteRow,
  type SqliteValue,
} from './driver.ts';

/** How op-sqlite opens the files. */
export interface OpOptions {
  /** Where the files are; default: the package's own directory. */
  readonly location?: string;
  /** Encrypts the files: the app must be built with SQLCipher (`"op-sqlite": { "sqlcipher": true }` in its package.json). */
  readonly encryptionKey?: string;
}

/** What this driver needs of the package `@op-engineering/op-sqlite`. */
export interface OpSqlite {
  open(options: { name: string } & OpOptions): {
    execute(sql: string, params: SqliteValue[]): Promise<{ readonly rows: SqliteRow[] }>;
    close(): void;
    delete(): void;
  };
}

/**
 * The driver for `@op-engineering/op-sqlite`.
 *
 * @example
 * import { open } from '@op-engineering/op-sqlite';
 *
 * const store = sqliteStore({ open: opSqlite({ open }) });
 */
export function opSqlite(sqlite: OpSqlite, options: OpOptions = {}): OpenSqlite {
  const open: OpenSqlite = async (file) => {
    const database = sqlite.open({ ...options, name: file });
    const driver: SqliteDriver = {
      // One call over to the native side; a statement prepared before would take two, for binding and for running.
      run: (sql, params) => database.execute(sql, params),
      all: async (sql, params) => (await database.execute(sql, params)).rows,
      close: async () => database.close(),
    };
    return ready(driver, async () => {
      if (options.encryptionKey !== undefined) await requireCipher(driver, file);
      await driver.all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
    });
  };
  open.delete = async (file) => sqlite.open({ ...options, name: file }).delete();
  return open;
}
