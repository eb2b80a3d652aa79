import { sql } from 'drizzle-orm';
import type { Database, Queryable } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import { setLocal } from '../db/identifier.ts';
import { type Moved, publish } from './publish.ts';

const conflictTries = 6;

/**
 * Runs `body` in a READ COMMITTED transaction of a tenant, publishes what it wrote, and commits. Deadlocks and
 * serialization failures run it again from the start, so it must keep nothing from a try that failed.
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
      return await database.db.transaction(async (tx) => {
        await enter(tx, tenant, origin);
        const value = await body(tx);
        return { value, moved: await publish(tx, tenant, { origin }) };
      });
    } catch (error) {
      if (attempt === conflictTries || databaseFault(error) !== 'conflict') throw error;
    }
  }
}

/** Runs `body` on one snapshot of a tenant's data. */
export function reading<T>(database: Database, tenant: string, body: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.db.transaction(
    async (tx) => {
      await enter(tx, tenant);
      return body(tx);
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Takes the engine's role and the tenant for the rest of the transaction, so that row-level security holds. */
async function enter(tx: Queryable, tenant: string, origin?: string): Promise<void> {
  await tx.execute(sql`set local role ekbaar_engine`);
  await tx.execute(setLocal('ekbaar.tenant', tenant));
  if (origin !== undefined) await tx.execute(setLocal('ekbaar.origin', origin));
}
