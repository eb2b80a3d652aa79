import * as z from 'zod/mini';
import { operatorName } from '../message-text.ts';
import { derivedKey } from '../idempotency-key.ts';
import { endMessage, openMessage } from '../message-store.ts';
import { sendOnce, type Verdict } from '../send-once.ts';
import { type Bench, consumer, type Handling } from './consumer.ts';

/** A job of `sms` or `email` that identity makes: a code for whoever has forgotten a PIN or a password. */
export const ResetCode = z.object({
  ...{ tenant: z.string(), key: z.uuid(), kind: z.literal('reset_code') },
  ...{ to: z.string(), name: z.string(), code: z.string(), minutes: z.number() },
});
type ResetCode = z.infer<typeof ResetCode>;

/** Sends a code, while it is good. What is written down of it does not have it. */
export async function sendResetCode(
  bench: Bench,
  job: ResetCode,
  channel: 'sms' | 'email',
  handling: Handling,
): Promise<Verdict> {
  const { db, clock, providers } = bench;
  const { tenant, key: cause, to: recipient, code, minutes } = job;
  const draft = {
    tenant,
    id: derivedKey(cause, channel),
    channel,
    cause,
    recipient,
    body: 'a code to set a new secret',
  };
  const message = await openMessage(db, draft, clock());
  const port = providers.of(tenant)[channel];
  const late = clock().getTime() - handling.createdOn.getTime() > minutes * 60_000;
  if (port === undefined || late) {
    const reason = late ? 'the code is too old by now' : `${tenant} has no provider for ${channel}`;
    await endMessage(db, message, 'skipped', reason, clock());
    return { verdict: 'done', note: reason };
  }
  const text = `${operatorName(tenant)}: your code is ${code}, good for ${minutes} minutes. Give it to nobody.`;
  return sendOnce(bench, message, port, { to: recipient, text }, handling);
}

export const email = consumer(ResetCode, (bench, job, handling) => sendResetCode(bench, job, 'email', handling));
