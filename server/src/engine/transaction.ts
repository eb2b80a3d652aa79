import { type SQL, sql } from 'drizzle-orm';
import type { Database, Queryable } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import { setLocal } from '../db/identifier.ts';
import { type Moved, publish } from './publish.ts';

const conflictTries = 6;

/**
 * Runs `body` in a READ COMMITTED transaction of a tenant, publishes what it wrote, and commits. Deadlocks,
 * serialization failures and outdated plans run it again from the start, so it must keep nothing from a try that failed.
 *
 * @returns what `body` returned and the scopes that moved
 * @throws the database's error; after one of kind 'unavailable' the outcome may be unknown
 */
export async function writing<T>(
  database: Database,
  tenant: string,
  body: (tx: Queryable) => Promise<T>,
): Promise<{ value: T; moved: Moved }> {
  for (let attempt = 1; ; attempt++) {
    const origin = crypto.randomUUID();
    try {
      const { value, moved } = await database.db.transaction(async (tx) => {
        enter(tx, tenant, origin);
        const result = await body(tx);
        // Not waited for: the commit goes out with it, and fails with it.
        const published = publish(tx, tenant, { origin });
        published.catch(() => {});
        return { value: result, moved: published };
      });
      return { value, moved: await moved };
    } catch (error) {
      if (attempt === conflictTries || databaseFault(error) !== 'conflict') throw error;
    }
  }
}

/** Runs `body` on one snapshot of a tenant's data. */
export function reading<T>(database: Database, tenant: string, body: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.db.transaction(
    async (tx) => {
      enter(tx, tenant);
      return body(tx);
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/**
 * Takes the engine's role and the tenant for the rest of the transaction, so that row-level security holds.
 */
function enter(tx: Queryable, tenant: string, origin?: string): void {
  const statements = [sql`set local role ekbaar_engine`, setLocal('ekbaar.tenant', tenant)];
  if (origin !== undefined) statements.push(setLocal('ekbaar.origin', origin));
  for (const statement of statements) unawaited(tx, statement);
}

/** Runs a statement without waiting for its answer. If it fails, so do those behind it, and the transaction. */
export function unawaited(tx: Queryable, statement: SQL): void {
  Promise.resolve(tx.execute(statement)).catch(() => {});
}
