import { busyTimeoutMs, type OpenSqlite, type SqliteRow, type SqliteValue } from './driver.ts';

/** What this driver needs of the module `node:sqlite`. */
export interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => {
    prepare(sql: string): NodeStatement;
    close(): void;
  };
}

interface NodeStatement {
  run(...params: SqliteValue[]): unknown;
  all(...params: SqliteValue[]): SqliteRow[];
}

/**
 * The driver for `node:sqlite`, of Node 24 and later.
 *
 * @example
 * import * as sqlite from 'node:sqlite';
 *
 * const store = sqliteStore({ open: nodeSqlite(sqlite, '/var/lib/kiosk') });
 *
 * @param directory where the files are; it must be there.
 */
export function nodeSqlite(sqlite: NodeSqlite, directory: string): OpenSqlite {
  return async (file) => {
    const database = new sqlite.DatabaseSync(`${directory}/${file}`);
    const statements = new Map<string, NodeStatement>();
    const prepare = (sql: string) => {
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      return statement;
    };
    return {
      run: (sql, params) => patiently(() => prepare(sql).run(...params)),
      all: (sql, params) => patiently(() => prepare(sql).all(...params)),
      close: async () => database.close(),
    };
  };
}

const busy = 5;
const pauseMs = 5;

/** SQLite's own waiting for a lock would stop the whole process, and with it perhaps the one who holds the lock. */
async function patiently<T>(statement: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      return statement();
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== busy || waitedMs >= busyTimeoutMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
