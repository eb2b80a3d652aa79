import type { Reserve } from '../store.ts';
import type { OpenSqlite, SqliteDriver } from './driver.ts';

/** Some two thousand mutations. */
const bytes = 2 * 2 ** 20;

/**
 * Zeros in a file of their own, which shrinks when they are deleted: room that the disk has again. (Deleting rows makes the
 * store's file no shorter, and itself needs room in the write-ahead log.)
 *
 * @param name of that file.
 */
export function fileReserve(open: OpenSqlite, name: string): Reserve {
  const inReserve = async (work: (driver: SqliteDriver) => Promise<boolean>): Promise<boolean> => {
    try {
      const driver = await open(name);
      try {
        // A journal on a full disk would be in the way, and there is nothing here to be lost.
        await driver.all('PRAGMA journal_mode = MEMORY', []);
        await driver.all('PRAGMA auto_vacuum = FULL', []);
        await driver.run('CREATE TABLE IF NOT EXISTS reserve (filler BLOB)', []);
        return await work(driver);
      } finally {
        await driver.close();
      }
    } catch {
      return false;
    }
  };
  const isHeld = async (driver: SqliteDriver) => (await driver.all('SELECT 1 AS held FROM reserve', [])).length > 0;
  return {
    hold: () =>
      inReserve(async (driver) => {
        if (!(await isHeld(driver))) await driver.run(`INSERT INTO reserve VALUES (zeroblob(${bytes}))`, []);
        return true;
      }),
    release: () =>
      inReserve(async (driver) => {
        const held = await isHeld(driver);
        await driver.run('DELETE FROM reserve', []);
        return held;
      }),
  };
}
