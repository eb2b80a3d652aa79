import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from '../db/database.ts';
import type { Actor } from './actor.ts';
import { closeLocked } from './close-letter.ts';

/** A mutation that was made in the place of an earlier one of the same name and person, which the server did not apply. */
export interface Replacement {
  readonly name: string;
  readonly key: string;
  /** The key of the earlier one. */
  readonly replaces: string;
  readonly now: Date;
}

/**
 * How the earlier one stands, locked for the rest of the transaction: both must not take effect. A restored server may have
 * forgotten that operations closed it, and operations may have had it run since.
 */
export async function lockReplaced(
  tx: Queryable,
  actor: Actor,
  { name, replaces }: Replacement,
): Promise<'applied' | 'open' | undefined> {
  const [row] = await rowsOf<{ status: string; closed: boolean }>(
    tx,
    sql`select status, closed_at is not null as closed from sync.receipts
        where tenant = ${actor.tenant} and key = ${replaces} and actor = ${actor.id} and name = ${name} for update`,
  );
  if (row?.status === 'applied') return 'applied';
  return row?.status === 'dead' && !row.closed ? 'open' : undefined;
}

/** Closes a dead letter, locked and open, in whose place another mutation has taken effect: nobody is to run it any more. */
export async function closeReplaced(tx: Queryable, actor: Actor, { key, replaces, now }: Replacement): Promise<void> {
  await closeLocked(tx, { operator: actor, key: replaces, now }, `${key} was applied in its place`);
}
