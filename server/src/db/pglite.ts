import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { fromPglite } from 'pg-boss';
import type { Database, Queryable } from './database.ts';
import { lockDirectory } from './directory-lock.ts';

/**
 * PostgreSQL embedded in this process: for development, demos and tests. One connection, so transactions run one
 * after the other.
 *
 * @param dataDir a directory of its own, or absent for a database in memory
 */
export async function pgliteDatabase(dataDir?: string): Promise<Database> {
  const unlock = dataDir === undefined ? undefined : await lockDirectory(dataDir);
  const pglite = await PGlite.create(dataDir === undefined ? {} : { dataDir });
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
    async close() {
      await pglite.close();
      await unlock?.();
    },
  };
}
