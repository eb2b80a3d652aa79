import type { Queryable } from '@ekbaar/server';
import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { PayoutReport } from './port.ts';
import type { PayoutStatus } from '../../message-answers.ts';
import { isUuid } from '../values.ts';
import { outgoingMessages, payouts } from './tables.ts';

export type Payout = typeof payouts.$inferSelect;

/**
 * How far a payout has come. Reports come in any order and doubled; one that is behind what is known changes nothing.
 * Money that was paid can still come back, so `failed` and `reversed` are the last word.
 */
const ranks: Readonly<Record<PayoutStatus, number>> = {
  requested: 0,
  accepted: 1,
  processing: 2,
  paid: 3,
  cancelled: 3,
  failed: 4,
  reversed: 4,
};

/** Whether a report moves a payout: on to a higher rank, or at the same one with something newer to say. */
export function movesOn(
  payout: Pick<Payout, 'status' | 'statusAt' | 'bankRef'>,
  report: PayoutReport,
  at: Date,
): boolean {
  const step = ranks[report.status] - ranks[payout.status];
  if (step !== 0) return step > 0;
  // The bank's reference often comes after the status.
  return (
    report.status === payout.status && payout.bankRef === null && report.bankRef !== undefined && at >= payout.statusAt
  );
}

export async function findPayout(db: Queryable, tenant: string, id: string): Promise<Payout | undefined> {
  const [found] = await db
    .select()
    .from(payouts)
    .where(and(eq(payouts.tenant, tenant), eq(payouts.id, id)));
  return found;
}

export interface PayoutNews extends PayoutReport {
  readonly provider: string;
  readonly providerId: string | undefined;
}

/**
 * Takes a report to a payout.
 *
 * @param reference our key, as the provider gives it back; what has none is found by the provider's id
 * @param at when it came to be so, by the provider's clock
 * @returns whether there is such a payout, and whether the report changed it
 */
export async function reportPayout(
  db: Queryable,
  tenant: string,
  reference: string | undefined,
  news: PayoutNews,
  at: Date,
): Promise<'unknown' | 'moved' | 'stale'> {
  const named = [
    ...(reference !== undefined && isUuid(reference) ? [eq(payouts.id, reference)] : []),
    ...(news.providerId === undefined ? [] : [eq(payouts.providerId, news.providerId)]),
  ];
  if (named.length === 0) return 'unknown';
  return db.transaction(async (tx) => {
    const [payout] = await tx
      .select()
      .from(payouts)
      .where(and(eq(payouts.tenant, tenant), or(...named)))
      .for('update');
    if (payout === undefined) return 'unknown';
    const ids = {
      provider: payout.provider ?? news.provider,
      providerId: payout.providerId ?? news.providerId ?? null,
    };
    const moves = movesOn(payout, news, at);
    const own: SQL | undefined = and(eq(payouts.tenant, tenant), eq(payouts.id, payout.id));
    if (moves) {
      await tx
        .update(payouts)
        .set({
          ...{ ...ids, status: news.status, statusAt: at },
          ...{ bankRef: news.bankRef ?? payout.bankRef, failure: news.failure ?? null },
        })
        .where(own);
    } else if (payout.providerId === null) await tx.update(payouts).set(ids).where(own);
    return moves ? 'moved' : 'stale';
  });
}

/**
 * Payouts that should have moved on by now: the provider has them, and has not told of it since. One whose order was taken,
 * and of which nothing was heard since, is among them.
 */
const stale = (before: Date) => sql`
  ${payouts.statusAt} < ${before.toISOString()}::timestamptz
  and (${payouts.status} in ('accepted', 'processing')
       or ${payouts.status} = 'requested' and exists (
         select from ${outgoingMessages} m
         where m.tenant = ${payouts.tenant} and m.id = ${payouts.id} and m.status = 'sent'))`;

/** The operators that have stale payouts. */
export async function tenantsOfStalePayouts(db: Queryable, before: Date): Promise<string[]> {
  const found = await db.selectDistinct({ tenant: payouts.tenant }).from(payouts).where(stale(before));
  return found.map(({ tenant }) => tenant);
}

/**
 * Some of the stale payouts of these operators, one of each in turn. Which come first is another choice at each `turn`: where
 * there are more than can be asked about, none is left out for ever.
 */
export function stalePayouts(
  db: Queryable,
  tenants: readonly string[],
  before: Date,
  { turn, limit }: { readonly turn: number; readonly limit: number },
): Promise<Payout[]> {
  const shuffled = (name: SQL) => sql`hashtextextended(${name}, ${turn}::bigint)`;
  const place = sql`row_number() over (partition by ${payouts.tenant} order by ${shuffled(sql`${payouts.id}::text`)})`;
  return db
    .select()
    .from(payouts)
    .where(and(inArray(payouts.tenant, [...tenants]), stale(before)))
    .orderBy(place, shuffled(sql`${payouts.tenant}`))
    .limit(limit);
}
