import type { Database } from './database.ts';
import { pgliteDatabase } from './pglite.ts';
import { postgresDatabase } from './postgres.ts';

/**
 * PostgreSQL when there is a `url`, otherwise PGlite in `dataDir` (in memory without one).
 *
 * @param connections most PostgreSQL connections kept at once; 10 by default
 */
export async function openDatabase(
  options: { url?: string | undefined; dataDir?: string | undefined; connections?: number } = {},
): Promise<Database> {
  const { url, dataDir, connections } = options;
  if (url === undefined || url === '') return pgliteDatabase(dataDir);
  return postgresDatabase(url, connections === undefined ? {} : { connections });
}
