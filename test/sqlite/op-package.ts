import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { OpSqlite } from '@ekbaar/sdk/store/sqlite/op';

/**
 * What the driver asks of `@op-engineering/op-sqlite`, answered by node:sqlite. The package is not installed here: it is
 * 340 MB, nearly all of it libraries for phones. `check-op-sqlite.ts` holds its types against what the driver asks for.
 *
 * @param directory where the package keeps its files.
 */
export function opPackage(directory: string): OpSqlite {
  return {
    open: ({ name, location = directory }) => {
      const path = `${location}/${name}`;
      const database = new DatabaseSync(path);
      return {
        execute: async (sql, params) => {
          await setImmediate();
          return { rows: database.prepare(sql).all(...params), rowsAffected: 0 };
        },
        close: () => database.close(),
        delete: () => {
          database.close();
          rmSync(path);
        },
      };
    },
  };
}
