import { StoreNotDurableError, StoreTooNewError } from '../../errors.ts';
import { type OpenSqlite, ready, type SqliteDriver } from './driver.ts';

/**
 * What each version of the layout adds to the one before; none ever takes away. `rows.entries` repeats, as JSON, what
 * `row_index` has of the row: `[[field, value], …]`.
 */
const additions: readonly (readonly string[])[] = [
  [
    'CREATE TABLE log (seq INTEGER PRIMARY KEY, value TEXT NOT NULL)',
    'CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    `CREATE TABLE rows (collection TEXT, id TEXT, value TEXT NOT NULL, entries TEXT NOT NULL,
      PRIMARY KEY (collection, id)) WITHOUT ROWID`,
    `CREATE TABLE row_index (collection TEXT, field TEXT, value TEXT, id TEXT,
      PRIMARY KEY (collection, field, value, id)) WITHOUT ROWID`,
  ],
];

/** A megabyte: what waits in the write-ahead log is what a full disk may have no room for in the file itself. */
const pagesInWal = 256;

/** Opens a file, and makes sure that what is committed to it is on disk, and that its tables are these. */
export async function openFile(open: OpenSqlite, file: string): Promise<SqliteDriver> {
  const driver = await open(file);
  return ready(driver, async () => {
    // Before anything is changed in it.
    if ((await layoutOf(driver)) > additions.length) throw new StoreTooNewError(file);
    await makeDurable(driver, file);
    await upgrade(driver);
  });
}

async function makeDurable(driver: SqliteDriver, file: string): Promise<void> {
  const journal = await pragma(driver, 'journal_mode', 'WAL');
  await pragma(driver, 'synchronous', 'FULL');
  // On Apple's systems only this reaches past the cache of the disk; elsewhere it does nothing.
  await pragma(driver, 'fullfsync', 'ON');
  await pragma(driver, 'wal_autocheckpoint', pagesInWal);
  const synchronous = Number(await pragma(driver, 'synchronous'));
  if (journal !== 'wal' || !(synchronous >= 2)) {
    throw new StoreNotDurableError(file, `journal_mode is ${String(journal)}, synchronous is ${synchronous}`);
  }
}

async function upgrade(driver: SqliteDriver): Promise<void> {
  if ((await layoutOf(driver)) === additions.length) return;
  await driver.run('BEGIN IMMEDIATE', []);
  try {
    // Another process may have come first.
    for (const statements of additions.slice(await layoutOf(driver))) {
      for (const statement of statements) await driver.run(statement, []);
    }
    await pragma(driver, 'user_version', additions.length);
    await driver.run('COMMIT', []);
  } catch (error) {
    await driver.run('ROLLBACK', []).catch(() => {});
    throw error;
  }
}

async function layoutOf(driver: SqliteDriver): Promise<number> {
  return Number(await pragma(driver, 'user_version'));
}

async function pragma(driver: SqliteDriver, name: string, value?: string | number): Promise<unknown> {
  const [row] = await driver.all(value === undefined ? `PRAGMA ${name}` : `PRAGMA ${name} = ${value}`, []);
  return row?.[name];
}
