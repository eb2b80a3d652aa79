import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { nextTenant } from './backfill.ts';
import { type Queryable, rowsOf } from './database.ts';
import { unguard } from './guard.ts';
import { dropMarks } from './mark-trigger.ts';
import { refreshMembership } from './membership.ts';
import { withShortLocks } from './short-locks.ts';
import { trackedTables } from './tracked-tables.ts';

export interface UntrackOptions {
  /** Also takes the engine's row-level security and rights off the table; by default they stay. */
  readonly policies?: boolean;
  /** Told now and then how many rows have left the phones. */
  readonly onProgress?: ((rows: number) => void) | undefined;
}

const rowsPerTransaction = 1000;
/** Until a sweeper that has a mark in hand has committed. */
const pauseMs = 50;

/**
 * Ends the sync of a collection: writes to its table leave no marks any more, and its rows leave all scopes, and so the
 * phones. The table and its rows stay as they are. Killed on its way, it goes on when it is called again. The caller holds
 * the migrations' lock.
 *
 * @returns how many rows left
 * @throws Error when there is no such collection
 */
export async function untrack(db: Queryable, collection: string, options: UntrackOptions = {}): Promise<number> {
  const tracked = await trackedTables(db);
  const known = tracked.find((table) => table.collection === collection);
  if (known?.builtIn === true) throw new Error(`The collection "${collection}" is the engine's own: it stays tracked`);
  if (known !== undefined) {
    await withShortLocks(db, `Untracking ${known.table}`, async (tx) => {
      await dropMarks(tx, collection, known.table);
      if (options.policies === true) await unguard(tx, known.table);
      await tx.execute(sql`delete from sync.tracked where collection = ${collection}`);
      await refreshMembership(tx);
    });
  } else if ((await nextTenant(db, collection, '')) === undefined) {
    const names = tracked.filter((table) => !table.builtIn).map((table) => table.collection);
    throw new Error(`No collection "${collection}" is tracked; tracked are: ${names.join(', ') || 'none'}`);
  }
  let left = 0;
  do {
    for (let tenant = await nextTenant(db, collection, ''); tenant !== undefined;) {
      const rows = await leave(db, collection, tenant);
      left += rows;
      options.onProgress?.(left);
      if (rows === 0) tenant = await nextTenant(db, collection, tenant);
    }
    // Marks that are still on their way: whoever has one in hand may have asked for the former scopes already.
    await publishMarks(db, collection);
  } while ((await nextTenant(db, collection, '')) !== undefined);
  return left;
}

/** Takes rows of a collection that is tracked no more out of all scopes. */
async function leave(db: Queryable, collection: string, tenant: string): Promise<number> {
  return db.transaction(async (tx) => {
    const origin = crypto.randomUUID();
    const [marked] = await rowsOf<{ rows: number }>(
      tx,
      sql`with marked as (
            insert into sync.dirty (tenant, collection, row_id, origin)
            select ${tenant}::text, ${collection}::text, c.row_id, ${origin}::text from (
              select distinct c.row_id from sync.changes c
              where c.tenant = ${tenant} and c.collection = ${collection} and c.tag <> 0 order by c.row_id limit ${rowsPerTransaction}
            ) c
            returning 1
          )
          select count(*)::int as rows from marked`,
    );
    if (marked?.rows !== 0) await tx.execute(sql`select from sync.publish(${tenant}, ${origin}, null)`);
    return marked?.rows ?? 0;
  });
}

/** Publishes until no mark of the collection is left, in whose hand it may be. */
async function publishMarks(db: Queryable, collection: string): Promise<void> {
  for (;;) {
    const [mark] = await rowsOf<{ tenant: string }>(
      db,
      sql`select d.tenant from sync.dirty d where d.collection = ${collection} limit 1`,
    );
    if (mark === undefined) return;
    const moved = await rowsOf<{ scope: string }>(
      db,
      sql`select scope from sync.publish(${mark.tenant}, null, ${rowsPerTransaction})`,
    );
    if (moved.length === 0) await sleep(pauseMs);
  }
}
