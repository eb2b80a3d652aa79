import { jsonParameter, type Queryable } from '@ekbaar/server';
import { and, eq, gte, lt, sql } from 'drizzle-orm';
import type { Delivery } from './delivery.ts';
import { ledgerAccounts, ledgerEntries } from './tables.ts';

/** The operator's days are days of this offset: India has one time zone and no daylight saving. */
const indiaOffset = '+05:30';

/**
 * Moves the money of confirmed deliveries. A collection fills the agent's purse and is owed to the MFI; a disbursement
 * empties it and is owed by the MFI.
 *
 * @param posts each with its mutation's idempotency key, for the audit
 */
export async function postDeliveries(
  db: Queryable,
  tenant: string,
  posts: readonly { delivery: Delivery; key: string; confirmedAt: Date }[],
): Promise<void> {
  const entries = posts.flatMap(
    ({ delivery: { id: deliveryId, kind, agentId, mfiId, amountPaise }, key, confirmedAt }) => {
      const cash = { accountId: `agent_cash:${agentId}`, account: 'agent_cash' };
      const mfi = { accountId: `mfi:${mfiId}`, account: 'mfi' };
      const [debit, credit] = kind === 'collection' ? [cash, mfi] : [mfi, cash];
      const entry = { deliveryId, amountPaise, agentId, key, at: confirmedAt };
      return [
        { ...entry, ...debit, kind: 'debit' },
        { ...entry, ...credit, kind: 'credit' },
      ];
    },
  );
  await db.execute(
    sql`with entries as (
          select * from json_to_recordset(${jsonParameter(entries)}) as e
            ("deliveryId" text, kind text, "accountId" text, account text, "amountPaise" bigint, "agentId" text, key uuid, at timestamptz)
        ), accounts as (
          insert into ${ledgerAccounts} (tenant, id, kind)
          -- in one order for all, so that two first deliveries cannot wait for each other
          select distinct ${tenant}, "accountId", account from entries order by 2 on conflict do nothing
        )
        insert into ${ledgerEntries} (tenant, delivery_id, kind, account_id, amount_paise, agent_id, key, at)
        select ${tenant}, "deliveryId", kind, "accountId", "amountPaise", "agentId", key, at from entries`,
  );
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
