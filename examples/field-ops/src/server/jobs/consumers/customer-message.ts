import * as z from 'zod/mini';
import { enqueue } from '../enqueue.ts';
import { derivedKey } from '../idempotency-key.ts';
import { endMessage, findMessage, openMessage, type OutgoingMessage } from '../message-store.ts';
import { confirmationText, confirmationValues } from '../message-text.ts';
import { sendOnce, type Verdict } from '../send-once.ts';
import { type Bench, consumer, type Handling } from './consumer.ts';
import { ResetCode, sendResetCode } from './reset-code.ts';

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
/** Or one that ops made: to send what was written down before. */
const Again = z.object({ tenant: z.string(), messageId: z.uuid() });
const Job = z.union([Confirmation, Again]);
const SmsJob = z.union([Confirmation, ResetCode, Again]);

/** The SMS to the customer; and WhatsApp, where the operator has it, as a job of its own. */
export const sms = consumer(SmsJob, async (bench, job, handling) => {
  if ('code' in job) return sendResetCode(bench, job, 'sms', handling);
  if ('messageId' in job) return sendAgain(bench, job, handling);
  const { customer, texts } = bench.providers.of(job.tenant);
  if (customer.includes('whatsapp')) {
    await enqueue(bench.boss, bench.db, 'whatsapp', [{ id: derivedKey(job.key, 'whatsapp-job'), data: job }]);
  }
  if (!customer.includes('sms')) return { verdict: 'done', note: 'this operator writes on WhatsApp' };
  const message = await opened(bench, job, 'sms', confirmationText(job, texts));
  return send(bench, message, handling);
});

export const whatsapp = consumer(Job, async (bench, job, handling) => {
  if ('messageId' in job) return sendAgain(bench, job, handling);
  const variables = Object.values(confirmationValues(job));
  return send(bench, await opened(bench, job, 'whatsapp', JSON.stringify(variables)), handling);
});

function opened({ db, clock }: Bench, job: Confirmation, channel: 'sms' | 'whatsapp', body: string) {
  const { tenant, key: cause, deliveryId, to: recipient } = job;
  const id = derivedKey(cause, channel);
  return openMessage(db, { tenant, id, channel, cause, deliveryId, recipient, body }, clock());
}

async function sendAgain(bench: Bench, job: z.infer<typeof Again>, handling: Handling): Promise<Verdict> {
  const message = await findMessage(bench.db, { tenant: job.tenant, id: job.messageId });
  return message === undefined
    ? { verdict: 'dead', reason: 'there is no such message' }
    : send(bench, message, handling);
}

/** What is said at a second try is what was said at the first, whatever the texts are by now. */
async function send(bench: Bench, message: OutgoingMessage, handling: Handling): Promise<Verdict> {
  const { db, clock, providers } = bench;
  const { channel, tenant } = message;
  const ports = providers.of(tenant);
  if (channel === 'sms' && ports.sms !== undefined)
    return sendOnce(bench, message, ports.sms, { to: message.recipient, text: message.body }, handling);
  if (channel === 'whatsapp' && ports.whatsapp !== undefined) {
    const variables = z.array(z.string()).parse(JSON.parse(message.body));
    return sendOnce(bench, message, ports.whatsapp, { to: message.recipient, variables }, handling);
  }
  const reason = `${tenant} has no provider for ${channel}`;
  await endMessage(db, message, 'skipped', reason, clock());
  return { verdict: 'done', note: reason };
}
