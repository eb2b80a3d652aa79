import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { databaseCode } from './fault.ts';
import type { Queryable } from './database.ts';

/** How long a lock is waited for. Everybody who comes after us waits behind us for as long. */
const waitMs = 250;
/** Between two tries others get through. */
const leastPauseMs = 100;
const mostPauseMs = 2000;
/** Some two minutes. */
const mostTries = 60;

/** A lock that was not had in time, and a deadlock: the locks went with the transaction. */
const tryAgain = new Set(['55P03', '40P01']);

/**
 * Runs `body` in a transaction that takes strong locks on a table in use: it waits for them for a moment only, so that
 * nobody else's statement waits longer behind it, and tries again after a pause.
 *
 * @param what names the work in the error
 * @throws Error when another transaction has held the table for minutes
 */
export async function withShortLocks<T>(db: Queryable, what: string, body: (tx: Queryable) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(async (tx) => {
        await tx.execute(sql.raw(`set local lock_timeout = ${waitMs}`));
        return body(tx);
      });
    } catch (error) {
      if (!tryAgain.has(databaseCode(error) ?? '')) throw error;
      if (attempt === mostTries) {
        throw new Error(
          `${what}: another transaction has held a lock on the table for minutes. Find it in pg_stat_activity, end it and try again`,
          { cause: error },
        );
      }
      await sleep(Math.min(mostPauseMs, leastPauseMs * 2 ** attempt));
    }
  }
}
