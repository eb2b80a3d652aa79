import type { Queryable } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import type { Account } from './identity.ts';
import { accounts } from './tables.ts';

/** The account as it is now, and as it stays until the transaction ends. */
export async function lockAccount(
  tx: Queryable,
  { tenant, id }: Pick<Account, 'tenant' | 'id'>,
): Promise<Account | undefined> {
  const [account] = await tx
    .select()
    .from(accounts)
    .where(and(eq(accounts.tenant, tenant), eq(accounts.id, id)))
    .for('update');
  return account;
}

/**
 * The same, after its secret was compared, which takes a while: undefined when meanwhile another one was set, or the
 * account was closed. Whoever does that from now on finds the session that this transaction starts, and ends it.
 */
export async function lockUnchanged(tx: Queryable, before: Account): Promise<Account | undefined> {
  const now = await lockAccount(tx, before);
  return now?.secretHash === before.secretHash && now.active === before.active ? now : undefined;
}
