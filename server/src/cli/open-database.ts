import type { Database } from '../db/database.ts';
import { postgresDatabase } from '../db/postgres.ts';
import { whyUnusable } from '../db/why-unusable.ts';
import { type Terminal, UsageError } from './command.ts';

interface DatabaseValues {
  readonly database?: string | undefined;
  readonly pooler?: string | undefined;
}

/** How a command reaches its database, as options and environment say. */
export interface Reached {
  readonly url: string;
  readonly pooler: 'transaction' | undefined;
}

/** @throws UsageError when no database is named, or not one that a command can work on */
export function databaseIn(values: DatabaseValues, { environment }: Terminal): Reached {
  const url = values.database ?? environment['DATABASE_URL'] ?? '';
  if (url === '') {
    throw new UsageError(
      'no database is named: set DATABASE_URL or give --database (an embedded PGlite belongs to the server that has it open)',
    );
  }
  if (!/^postgres(ql)?:\/\//.test(url)) throw new UsageError('the database is no postgres:// URL');
  const pooler = values.pooler ?? environment['DATABASE_POOLER'] ?? '';
  if (pooler !== '' && pooler !== 'transaction')
    throw new UsageError(`the pooler mode "${pooler}" is not known: it is "transaction", or none is given`);
  return { url, pooler: pooler === '' ? undefined : pooler };
}

/** Runs `body` on the database and lets go of it, however it ends. */
export async function withDatabase<T>(reached: Reached, body: (database: Database) => Promise<T>): Promise<T> {
  const database = postgresDatabase(reached.url, { connections: 4, pooler: reached.pooler });
  try {
    return await reaching(reached, body(database));
  } finally {
    await database.close();
  }
}

/** Waits for what a database was asked for. @throws Error that names the database, and says what helps, when it cannot be used */
export async function reaching<T>({ url }: Reached, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const why = whyUnusable(error);
    if (why === undefined) throw error;
    // Not by URL: with several hosts it is none.
    throw new Error(`the database at ${/^\w+:\/\/(?:[^/?]*@)?([^/?]*)/.exec(url)?.[1]}: ${why}`, { cause: error });
  }
}
