import { type OpenSqlite, ready, type SqliteDriver, type SqliteRow, type SqliteValue } from './driver.ts';

/** What this driver needs of the package `@capacitor-community/sqlite`: its `SQLiteConnection`. */
export interface CapacitorSqlite {
  checkConnectionsConsistency(): Promise<unknown>;
  createConnection(
    file: string,
    encrypted: boolean,
    mode: string,
    version: number,
    readonly: boolean,
  ): Promise<CapacitorConnection>;
  closeConnection(file: string, readonly: boolean): Promise<void>;
}

interface CapacitorConnection {
  open(): Promise<void>;
  query(sql: string, params: SqliteValue[]): Promise<{ values?: unknown[] }>;
  run(sql: string, params: SqliteValue[], transaction: boolean): Promise<unknown>;
  beginTransaction(): Promise<unknown>;
  commitTransaction(): Promise<unknown>;
  rollbackTransaction(): Promise<unknown>;
}

/**
 * The driver for `@capacitor-community/sqlite`, on Android and iOS. (In a browser the package's files are
 * not safe, and are refused: use `idbStore()` there.)
 *
 * @example
 * import { CapacitorSQLite, SQLiteConnection } from '@capacitor-community/sqlite';
 *
 * const store = sqliteStore({ open: capacitorSqlite(new SQLiteConnection(CapacitorSQLite)) });
 *
 * @param sqlite the app's one connection object: with two of them, the package closes what it does not know of.
 * @param options.encrypted true: with the passphrase that the app has stored (`setEncryptionSecret`).
 */
export function capacitorSqlite(sqlite: CapacitorSqlite, options: { encrypted?: boolean } = {}): OpenSqlite {
  return async (file) => {
    const encrypted = options.encrypted ?? false;
    // Closes what is left from before the page was loaded again, when the native side lived on.
    await sqlite.checkConnectionsConsistency();
    const mode = encrypted ? 'secret' : 'no-encryption';
    const connection = await sqlite.createConnection(file, encrypted, mode, 1, false);
    // The package keeps books of transactions itself, so it must begin and end them.
    const transactions: Record<string, (() => Promise<unknown>) | undefined> = {
      BEGIN: () => connection.beginTransaction(),
      'BEGIN IMMEDIATE': () => connection.beginTransaction(),
      COMMIT: () => connection.commitTransaction(),
      ROLLBACK: () => connection.rollbackTransaction(),
    };
    const driver: SqliteDriver = {
      run: (sql, params) => transactions[sql]?.() ?? connection.run(sql, params, false),
      all: async (sql, params) => ((await connection.query(sql, params)).values ?? []) as SqliteRow[],
      close: () => sqlite.closeConnection(file, false),
    };
    return ready(driver, () => connection.open());
  };
}
