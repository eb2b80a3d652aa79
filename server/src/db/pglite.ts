import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { fromPglite } from 'pg-boss';
import type { Database, Queryable } from './database.ts';
import { lockDirectory } from './directory-lock.ts';

export interface PgliteDatabase extends Database {
  /** All that it holds now, some 40 MB: what {@link pgliteCopy} begins with. */
  dump(): Promise<Blob>;
}

/**
 * PostgreSQL embedded in this process: for development, demos and tests. One connection, so transactions run one
 * after the other.
 *
 * @param dataDir a directory of its own, or absent for a database in memory
 * @throws Error when another process has the directory open, or this one, and when it is no directory of ours
 */
export async function pgliteDatabase(dataDir?: string): Promise<PgliteDatabase> {
  if (dataDir === undefined) return databaseOf(await PGlite.create());
  const unlock = await lockDirectory(dataDir);
  try {
    return databaseOf(await PGlite.create({ dataDir }), unlock);
  } catch (error) {
    // Whoever mends what is wrong tries again in this process.
    await unlock();
    throw error instanceof Error ? error : unusable(dataDir, error);
  }
}

/** Of its files PGlite throws a bare number, which is no Error and says neither what failed nor where. */
function unusable(dataDir: string, cause: unknown): Error {
  return new Error(`${dataDir} must be a directory that this process may read and write`, { cause });
}

/** A database in memory that begins with what another held: for tests, each of which opens in a third of the time. */
export async function pgliteCopy(dump: Blob): Promise<PgliteDatabase> {
  return databaseOf(await PGlite.create({ loadDataDir: dump }));
}

function databaseOf(pglite: PGlite, unlock?: () => Promise<void>): PgliteDatabase {
  const db = drizzle(pglite) as unknown as Queryable;
  return {
    db,
    shared: false,
    connections: 1,
    pgBoss: { db: fromPglite(pglite), backend: 'pglite' },
    // Nobody else has this database open.
    withAdvisoryLock: (_key, body) => body(db),
    migrate: (on, { folder, table }) =>
      migrate(on as unknown as Parameters<typeof migrate>[0], { migrationsFolder: folder, migrationsTable: table }),
    dump: () => pglite.dumpDataDir('none'),
    async close() {
      await pglite.close();
      await unlock?.();
    },
  };
}
