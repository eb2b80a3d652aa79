import * as z from 'zod/mini';
import { enqueue } from '../enqueue.ts';
import { derivedKey } from '../idempotency-key.ts';
import { endMessage, openMessage } from '../message-store.ts';
import { confirmationText, confirmationValues } from '../message-text.ts';
import { sendOnce, type Verdict } from '../send-once.ts';
import { type Bench, consumer, type Handling } from './consumer.ts';

/** A job of `sms` and of `whatsapp`, as `confirmDelivery` makes it. */
const Confirmation = z.object({
  tenant: z.string(),
  key: z.uuid(),
  deliveryId: z.string(),
  kind: z.enum(['collection', 'disbursement']),
  amountPaise: z.int(),
  receiptNo: z.string(),
  to: z.string(),
});
type Confirmation = z.infer<typeof Confirmation>;

/** The SMS to the customer; and WhatsApp, where the operator has it, as a job of its own. */
export const sms = consumer(Confirmation, async (bench, job, handling) => {
  const { customer, texts } = bench.providers.of(job.tenant);
  if (customer.includes('whatsapp')) {
    await enqueue(bench.boss, bench.db, 'whatsapp', [{ id: derivedKey(job.key, 'whatsapp-job'), data: job }]);
  }
  if (!customer.includes('sms')) return { verdict: 'done', note: 'this operator writes on WhatsApp' };
  const body = confirmationText(job, texts);
  return send(bench, job, 'sms', body, handling);
});

export const whatsapp = consumer(Confirmation, (bench, job, handling) =>
  send(bench, job, 'whatsapp', JSON.stringify(Object.values(confirmationValues(job))), handling),
);

async function send(
  bench: Bench,
  job: Confirmation,
  channel: 'sms' | 'whatsapp',
  body: string,
  handling: Handling,
): Promise<Verdict> {
  const { db, clock, providers } = bench;
  const id = derivedKey(job.key, channel);
  const draft = { tenant: job.tenant, id, channel, cause: job.key, deliveryId: job.deliveryId, recipient: job.to, body };
  const message = await openMessage(db, draft, clock());
  const ports = providers.of(job.tenant);
  // What is said at a second try is what was said at the first, whatever the texts are by now.
  if (channel === 'sms' && ports.sms !== undefined)
    return sendOnce(bench, message, ports.sms, { to: message.recipient, text: message.body }, handling);
  if (channel === 'whatsapp' && ports.whatsapp !== undefined) {
    const variables = z.array(z.string()).parse(JSON.parse(message.body));
    return sendOnce(bench, message, ports.whatsapp, { to: message.recipient, variables }, handling);
  }
  const reason = `${job.tenant} has no provider for ${channel}`;
  await endMessage(db, message, 'skipped', reason, clock());
  return { verdict: 'done', note: reason };
}
