import type { Queryable } from '@ekbaar/server';
import { sql } from 'drizzle-orm';

/** Of transactions that name the same, one goes on at a time: until it ends, the others wait here. */
export async function takeTurn(tx: Queryable, what: string, tenant: string, accountId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${what}/${tenant}/${accountId}`}, 0))`);
}
