import type { Queryable } from '@ekbaar/server';
import { and, eq, gte, lt, sql } from 'drizzle-orm';
import { deliveries, ledgerAccounts, ledgerEntries } from './tables.ts';

type Delivery = typeof deliveries.$inferSelect;

/** The operator's days are days of this offset: India has one time zone and no daylight saving. */
const indiaOffset = '+05:30';

/**
 * Moves the money of one delivery. A collection fills the agent's purse and is owed to the MFI; a disbursement
 * empties it and is owed by the MFI.
 *
 * @param key the mutation's idempotency key, for the audit
 */
export async function postDelivery(db: Queryable, delivery: Delivery, key: string, at: Date): Promise<void> {
  const { tenant, agentId, mfiId, id: deliveryId, amountPaise } = delivery;
  const cash = { tenant, id: `agent_cash:${agentId}`, kind: 'agent_cash' } as const;
  const mfi = { tenant, id: `mfi:${mfiId}`, kind: 'mfi' } as const;
  const [debit, credit] = delivery.kind === 'collection' ? [cash, mfi] : [mfi, cash];
  // In one order for all, so that two first deliveries cannot wait for each other.
  await db.insert(ledgerAccounts).values([cash, mfi]).onConflictDoNothing();
  const entry = { tenant, deliveryId, amountPaise, agentId, key, at };
  await db.insert(ledgerEntries).values([
    { ...entry, kind: 'debit', accountId: debit.id },
    { ...entry, kind: 'credit', accountId: credit.id },
  ]);
}

/** What the ledger has of an agent's day, in whole paise. */
export interface DayTotals {
  readonly collectedPaise: number;
  readonly disbursedPaise: number;
  readonly count: number;
}

/** @param date a day of the operator's time zone, `YYYY-MM-DD` */
export async function dayTotals(db: Queryable, tenant: string, agentId: string, date: string): Promise<DayTotals> {
  const start = new Date(`${date}T00:00:00${indiaOffset}`);
  const end = new Date(start.getTime() + 24 * 60 * 60 * 1000);
  const sumOf = (kind: 'debit' | 'credit') =>
    sql<string>`coalesce(sum(${ledgerEntries.amountPaise}) filter (where ${ledgerEntries.kind} = ${kind}), 0)`;
  const [totals] = await db
    .select({ collected: sumOf('debit'), disbursed: sumOf('credit'), count: sql<string>`count(*)` })
    .from(ledgerEntries)
    .where(
      and(
        eq(ledgerEntries.tenant, tenant),
        eq(ledgerEntries.agentId, agentId),
        eq(ledgerEntries.accountId, `agent_cash:${agentId}`),
        gte(ledgerEntries.at, start),
        lt(ledgerEntries.at, end),
      ),
    );
  return {
    collectedPaise: Number(totals?.collected ?? 0),
    disbursedPaise: Number(totals?.disbursed ?? 0),
    count: Number(totals?.count ?? 0),
  };
}
