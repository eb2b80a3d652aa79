import * as z from 'zod/mini';
import { endMessage, openMessage, reportMessage } from '../message-store.ts';
import { findPayout, type Payout, reportPayout } from '../payout-store.ts';
import type { PaymentPort, PayoutReport } from '../port.ts';
import { sendOnce } from '../send-once.ts';
import { type Bench, consumer, type Handling } from './consumer.ts';

const Order = z.object({ tenant: z.string(), key: z.uuid(), payoutId: z.uuid() });

/** Orders a payout. What becomes of the money is told later, by the provider's webhooks or when it is asked. */
export const payment = consumer(Order, async (bench, { tenant, key, payoutId }, handling) => {
  const { db, clock, providers } = bench;
  const payout = await findPayout(db, tenant, payoutId);
  if (payout === undefined) return { verdict: 'dead', reason: 'there is no such payout' };
  const { id, deliveryId, destination } = payout;
  const body = JSON.stringify({ amountPaise: payout.amountPaise, destination });
  const draft = { tenant, id, channel: 'payout' as const, cause: key, deliveryId, recipient: destination, body };
  const message = await openMessage(db, draft, clock());
  // The provider has told of it: it has it, whatever became of our own tries.
  if (payout.status !== 'requested') {
    const taken = { status: 'sent' as const, ...(payout.providerId === null ? {} : { providerId: payout.providerId }) };
    await reportMessage(db, tenant, { id }, taken, clock());
    return { verdict: 'done', note: `it is ${payout.status}` };
  }
  const { payment: port } = providers.of(tenant);
  if (port === undefined) {
    const reason = `${tenant} has no payment provider`;
    await endMessage(db, message, 'refused', reason, clock());
    return { verdict: 'dead', reason };
  }
  const verdict = await sendOnce(bench, message, port, orderOf(payout), handling);
  if (verdict.verdict !== 'done') return verdict;
  const news = verdict.report?.payout;
  if (news !== undefined) await take(bench, payout, port, verdict.report?.providerId, news);
  // A worker that died after the order had been taken, and before it was written down what was said.
  else if (message.status === 'sent') await askForStatus(bench, payout, port, handling);
  return verdict;
});

/** Asks where a payout stands. */
export async function askForStatus(
  bench: Bench,
  payout: Payout,
  port: PaymentPort,
  { signal }: Pick<Handling, 'signal'>,
): Promise<void> {
  const how = { key: payout.id, firstTriedAt: payout.requestedAt, signal };
  const answer = await port.find(orderOf(payout), how);
  if (answer.outcome === 'done' && answer.report !== undefined)
    await take(bench, payout, port, answer.providerId, answer.report);
}

function orderOf({ amountPaise, destination, deliveryId }: Payout) {
  return { amountPaise, destination, narration: `Delivery ${deliveryId}` };
}

async function take(
  { db, clock }: Bench,
  { tenant, id }: Payout,
  { provider }: PaymentPort,
  providerId: string | undefined,
  report: PayoutReport,
): Promise<void> {
  await reportPayout(db, tenant, id, { ...report, provider, providerId }, clock());
}
