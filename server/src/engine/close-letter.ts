import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from '../db/database.ts';
import type { Actor } from './actor.ts';
import { noteAudit } from './audit-log.ts';

/** Somebody does something to the dead letter `key`. */
export interface Handling {
  readonly operator: Actor;
  readonly key: string;
  readonly now: Date;
}

/** Closes a dead letter that is locked and open: it stays dead, and says why. */
export async function closeLocked(tx: Queryable, { operator, key, now }: Handling, reason: string): Promise<void> {
  const { tenant } = operator;
  await tx.execute(
    sql`update sync.receipts set closed_at = ${now.toISOString()}::timestamptz, close_reason = ${reason}
        where tenant = ${tenant} and key = ${key}`,
  );
  // From now on it is history, and that is in the audit log.
  const [tried] = await rowsOf<{ tries: number; error: string }>(
    tx,
    sql`delete from sync.halts where tenant = ${tenant} and key = ${key} returning tries, error`,
  );
  await noteAudit(tx, tenant, {
    ...{ at: now, actor: operator.id, action: 'dead_letter.closed', subject: key },
    details: { reason, ...tried },
  });
  await markReceipt(tx, tenant, key);
}

/** A changed receipt is published like a row: it reaches the phones of its actor. */
export async function markReceipt(tx: Queryable, tenant: string, key: string): Promise<void> {
  await tx.execute(sql`select sync.mark_receipt(${tenant}, ${key})`);
}
