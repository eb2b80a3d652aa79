import { WrongKeyError } from '../../errors.ts';
import { isUnreadable } from './sqlite-errors.ts';

/** What stands for a statement's `?`. Text has no NUL and no lone surrogate: whatever a driver does with those. */
export type SqliteValue = string | number;
/** A row of an answer, by the names of its columns. */
export type SqliteRow = Readonly<Record<string, unknown>>;

/** One connection to one SQLite file (3.38 or newer). The store calls one method at a time and waits for it. */
export interface SqliteDriver {
  /** Runs a statement that gives no rows. */
  run(sql: string, params: SqliteValue[]): Promise<unknown>;
  /** Runs a statement and gives all its rows. */
  all(sql: string, params: SqliteValue[]): Promise<readonly SqliteRow[]>;
  /** Lets go of the file. */
  close(): Promise<unknown>;
}

/** Opens SQLite files: what the drivers of this package make. */
export interface OpenSqlite {
  /**
   * Opens a file of the app's own storage, making it when there is none. Statements must wait for the locks of other
   * connections for some seconds (`busy_timeout`) before they fail.
   *
   * @param file its name, without a directory: lower case letters, digits, `.`, `-` and `_`.
   */
  (file: string): Promise<SqliteDriver>;
  /** Deletes a file that nobody has open, whatever is in it. Absent: one that cannot be read can only be left. */
  delete?(file: string): Promise<unknown>;
}

/** For drivers: how long a statement waits for a lock, in milliseconds. */
export const busyTimeoutMs = 10_000;

/**
 * For drivers that were given a key, and have passed it on.
 *
 * @throws Error when this build of SQLite has no cipher: it would ignore the key, and write what it gets as it is.
 * @throws WrongKeyError when the file has another key.
 */
export async function requireCipher(driver: SqliteDriver, file: string): Promise<void> {
  const [version] = await driver.all('PRAGMA cipher_version', []);
  if (!version) throw new Error('A key was given, but this build of SQLite cannot encrypt: build it with SQLCipher');
  // The first that is read of the file.
  await driver.all('PRAGMA user_version', []).catch((error: unknown) => {
    throw isUnreadable(error) ? new WrongKeyError(file) : error;
  });
}

/** For drivers: makes a connection ready, or closes it when that fails. */
export async function ready(driver: SqliteDriver, prepare: () => Promise<unknown>): Promise<SqliteDriver> {
  try {
    await prepare();
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}
