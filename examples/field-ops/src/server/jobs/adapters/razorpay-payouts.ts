import * as z from 'zod/mini';
import { ask } from '../answers.ts';
import type { HttpCall } from '../http-call.ts';
import type { Answer, PaymentPort, PayoutReport } from '../port.ts';

const text = z.string().check(z.minLength(1), z.maxLength(500));

export const RazorpayConfig = z.object({
  kind: z.literal('razorpay'),
  baseUrl: z._default(z.url(), 'https://api.razorpay.com'),
  keyId: text,
  keySecret: text,
  /** The RazorpayX account that pays. */
  accountNumber: text,
  /** IMPS and UPI pay at once; NEFT in batches. */
  mode: z._default(z.enum(['IMPS', 'NEFT', 'RTGS', 'UPI']), 'IMPS'),
  webhookSecret: z.optional(text),
});
export type RazorpayConfig = z.infer<typeof RazorpayConfig>;

/** A payout as the API and the webhooks have it. */
export const RazorpayPayout = z.object({
  id: z.string().check(z.startsWith('pout_')),
  status: z.string(),
  utr: z.optional(z.nullable(z.string())),
  reference_id: z.optional(z.nullable(z.string())),
  status_details: z.optional(z.nullable(z.object({ description: z.optional(z.nullable(z.string())) }))),
});

const statuses: Readonly<Record<string, PayoutReport['status']>> = {
  queued: 'accepted',
  pending: 'accepted',
  scheduled: 'accepted',
  processing: 'processing',
  processed: 'paid',
  cancelled: 'cancelled',
  rejected: 'cancelled',
  failed: 'failed',
  reversed: 'reversed',
};

/** What a payout's status means here; undefined for one that is not known. */
export function razorpayReport(payout: z.infer<typeof RazorpayPayout>): PayoutReport | undefined {
  const status = statuses[payout.status];
  if (status === undefined) return undefined;
  return {
    status,
    bankRef: payout.utr ?? undefined,
    failure: payout.status_details?.description ?? undefined,
  };
}

/**
 * RazorpayX payouts: https://razorpay.com/docs/api/x/payouts/create/bank-account/. The header `X-Payout-Idempotency`
 * (4 to 36 characters) makes a repeat the same payout, as long as its body is the same:
 * https://razorpay.com/docs/api/x/payout-idempotency/. `reference_id` is our key too, so a payout can be found by it.
 */
export function razorpayPayouts(config: RazorpayConfig, call: HttpCall, clock: () => Date): PaymentPort {
  const headers = {
    'content-type': 'application/json',
    authorization: `Basic ${Buffer.from(`${config.keyId}:${config.keySecret}`).toString('base64')}`,
  };
  const done = (json: object | undefined): Answer | undefined => {
    const payout = RazorpayPayout.safeParse(json).data;
    const report = payout === undefined ? undefined : razorpayReport(payout);
    return payout === undefined || report === undefined
      ? undefined
      : { outcome: 'done', providerId: payout.id, report };
  };
  return {
    provider: 'razorpay',
    // The key alone would do; to ask first shows people what happened, and holds after the key has been forgotten.
    afterUnknown: 'ask',
    act: ({ amountPaise, destination, narration }, { key, signal }) =>
      ask(
        call,
        {
          method: 'POST',
          url: `${config.baseUrl}/v1/payouts`,
          headers: { ...headers, 'x-payout-idempotency': key },
          body: JSON.stringify({
            account_number: config.accountNumber,
            fund_account_id: destination,
            amount: amountPaise,
            currency: 'INR',
            mode: config.mode,
            purpose: 'payout',
            queue_if_low_balance: true,
            reference_id: key,
            // Letters, digits and spaces, at most 30.
            narration: narration.replaceAll(/[^A-Za-z0-9 ]/g, ' ').slice(0, 30),
          }),
          signal,
        },
        { shown: `${amountPaise} paise, reference ${key}`, now: clock(), read: done },
      ),
    find: (_order, { key, signal }) =>
      ask(
        call,
        {
          method: 'GET',
          url: `${config.baseUrl}/v1/payouts?${new URLSearchParams({ account_number: config.accountNumber, reference_id: key }).toString()}`,
          headers,
          signal,
        },
        {
          shown: `reference ${key}`,
          now: clock(),
          read(json) {
            const items = z.object({ items: z.array(z.looseObject({})) }).safeParse(json).data?.items;
            if (items === undefined) return undefined;
            const own = items.find((item) => item['reference_id'] === key);
            return own === undefined ? { outcome: 'absent' } : done(own);
          },
        },
      ),
  };
}
