import {
  busyTimeoutMs,
  type OpenSqlite,
  ready,
  requireCipher,
  type SqliteDriver,
  type SqliteRow,
  type SqliteValue,
} from './driver.ts';

/** What this driver needs of the package `expo-sqlite`. */
export interface ExpoSqlite {
  openDatabaseAsync(
    file: string,
    options: { useNewConnection: boolean },
    directory?: string,
  ): Promise<{
    prepareAsync(sql: string): Promise<ExpoStatement>;
    closeAsync(): Promise<void>;
  }>;
  deleteDatabaseAsync(file: string, directory?: string): Promise<void>;
}

interface ExpoStatement {
  executeAsync(params: SqliteValue[]): Promise<{ getAllAsync(): Promise<unknown[]> }>;
}

/**
 * The driver for `expo-sqlite`.
 *
 * @example
 * import * as SQLite from 'expo-sqlite';
 *
 * const store = sqliteStore({ open: expoSqlite(SQLite) });
 *
 * @param options.directory where the files are; default: the package's own.
 * @param options.key encrypts the files, a passphrase or `x'…'` with 64 hexadecimal digits: the app must be built with
 * SQLCipher (the package's option `useSQLCipher`).
 */
export function expoSqlite(sqlite: ExpoSqlite, options: { directory?: string; key?: string } = {}): OpenSqlite {
  const open: OpenSqlite = async (file) => {
    // A connection of its own: nobody else's statements come in between.
    const database = await sqlite.openDatabaseAsync(file, { useNewConnection: true }, options.directory);
    const statements = new Map<string, ExpoStatement>();
    const execute = async (sql: string, params: SqliteValue[]) => {
      const statement = statements.get(sql) ?? (await database.prepareAsync(sql));
      statements.set(sql, statement);
      return statement.executeAsync(params);
    };
    const driver: SqliteDriver = {
      run: execute,
      all: async (sql, params) => (await execute(sql, params)).getAllAsync() as Promise<SqliteRow[]>,
      // Finalizes the statements too.
      close: () => database.closeAsync(),
    };
    return ready(driver, async () => {
      if (options.key !== undefined) {
        await driver.all(`PRAGMA key = '${options.key.replaceAll("'", "''")}'`, []);
        await requireCipher(driver, file);
      }
      await driver.all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
    });
  };
  open.delete = (file) => sqlite.deleteDatabaseAsync(file, options.directory);
  return open;
}
