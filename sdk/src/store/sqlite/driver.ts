/** What stands for a statement's `?`. Text has no NUL and no lone surrogate: whatever a driver does with those. */
export type SqliteValue = string | number;
export type SqliteRow = Readonly<Record<string, unknown>>;

/** One connection to one SQLite file (3.38 or newer). The store calls one method at a time and waits for it. */
export interface SqliteDriver {
  /** Runs a statement that gives no rows. */
  run(sql: string, params: SqliteValue[]): Promise<unknown>;
  /** Runs a statement and gives all its rows. */
  all(sql: string, params: SqliteValue[]): Promise<readonly SqliteRow[]>;
  close(): Promise<unknown>;
}

/**
 * Opens a file of the app's own storage, making it when there is none. Statements must wait for the locks of other
 * connections for some seconds (`busy_timeout`) before they fail.
 *
 * @param file its name, without a directory: lower case letters, digits, `.`, `-` and `_`.
 */
export type OpenSqlite = (file: string) => Promise<SqliteDriver>;

/** For drivers: how long a statement waits for a lock, in milliseconds. */
export const busyTimeoutMs = 10_000;

/**
 * For drivers: gives SQLCipher its key, before anything else is read.
 *
 * @throws Error when this build of SQLite has no cipher: it would ignore the key and write plain text.
 */
export async function unlock(driver: Pick<SqliteDriver, 'all'>, key: string): Promise<void> {
  await driver.all(`PRAGMA key = '${key.replaceAll("'", "''")}'`, []);
  const [cipher] = await driver.all('PRAGMA cipher_version', []);
  if (!cipher) throw new Error('A key was given, but this build of SQLite cannot encrypt: build it with SQLCipher');
}
