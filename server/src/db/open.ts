import type { Database } from './database.ts';
import { pgliteDatabase } from './pglite.ts';
import { postgresDatabase, type PostgresOptions } from './postgres.ts';

/** PostgreSQL when there is a `url`, otherwise PGlite in `dataDir` (in memory without one). */
export async function openDatabase(
  options: PostgresOptions & { readonly url?: string | undefined; readonly dataDir?: string | undefined } = {},
): Promise<Database> {
  const { url, dataDir, ...ofPostgres } = options;
  if (url === undefined || url === '') return pgliteDatabase(dataDir);
  return postgresDatabase(url, ofPostgres);
}
