import * as z from 'zod/mini';
import { ask } from '../answers.ts';
import type { HttpCall } from '../http-call.ts';
import type { Answer, PaymentPort, PayoutReport } from '../port.ts';

const text = z.string().check(z.minLength(1), z.maxLength(500));

export const StripeConfig = z.object({
  kind: z.literal('stripe'),
  baseUrl: z._default(z.url(), 'https://api.stripe.com'),
  secretKey: text,
  webhookSecret: z.optional(text),
});
export type StripeConfig = z.infer<typeof StripeConfig>;

/** A payout as the API and the webhooks have it. */
export const StripePayout = z.object({
  id: z.string().check(z.startsWith('po_')),
  status: z.string(),
  failure_message: z.optional(z.nullable(z.string())),
  trace_id: z.optional(z.nullable(z.object({ value: z.optional(z.nullable(z.string())) }))),
  metadata: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

const statuses: Readonly<Record<string, PayoutReport['status']>> = {
  pending: 'accepted',
  in_transit: 'processing',
  paid: 'paid',
  canceled: 'cancelled',
  failed: 'failed',
};

export function stripeReport(payout: z.infer<typeof StripePayout>): PayoutReport | undefined {
  const status = statuses[payout.status];
  if (status === undefined) return undefined;
  return {
    status,
    bankRef: payout.trace_id?.value ?? undefined,
    failure: payout.failure_message ?? undefined,
  };
}

/** The metadata that carries our key. */
export const keyName = 'ekbaar_key';
/** Clocks of two machines may differ by so much. */
const clockSlackSeconds = 3600;
const mostPages = 20;

/**
 * Stripe payouts: https://docs.stripe.com/api/payouts/create. The header `Idempotency-Key` makes a repeat the same payout
 * for at least a day, and brings back a stored 500 as well (https://docs.stripe.com/api/idempotent_requests): so after an
 * unknown outcome the payouts made since are searched for our key before anything is done again.
 */
export function stripePayouts(config: StripeConfig, call: HttpCall, clock: () => Date): PaymentPort {
  const headers = { authorization: `Bearer ${config.secretKey}` };
  const done = (json: object): Answer | undefined => {
    const payout = StripePayout.safeParse(json).data;
    const report = payout === undefined ? undefined : stripeReport(payout);
    return payout === undefined || report === undefined
      ? undefined
      : { outcome: 'done', providerId: payout.id, report };
  };
  return {
    provider: 'stripe',
    afterUnknown: 'ask',
    act: ({ amountPaise, destination, narration }, { key, signal }) =>
      ask(
        call,
        {
          method: 'POST',
          url: `${config.baseUrl}/v1/payouts`,
          headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': key },
          body: new URLSearchParams({
            amount: String(amountPaise),
            currency: 'inr',
            destination,
            // At most 22 characters, none of these.
            statement_descriptor: narration.replaceAll(/[<>\\'"*]/g, ' ').slice(0, 22),
            [`metadata[${keyName}]`]: key,
          }).toString(),
          signal,
        },
        { shown: `${amountPaise} paise, key ${key}`, now: clock(), read: done },
      ),
    async find(_order, { key, firstTriedAt, signal }) {
      const since = Math.floor(firstTriedAt.getTime() / 1000) - clockSlackSeconds;
      let after: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        let next: string | undefined;
        const query = {
          limit: '100',
          'created[gte]': String(since),
          ...(after === undefined ? {} : { starting_after: after }),
        };
        const answer = await ask(
          call,
          {
            method: 'GET',
            url: `${config.baseUrl}/v1/payouts?${new URLSearchParams(query).toString()}`,
            headers,
            signal,
          },
          {
            shown: `created since ${since}`,
            now: clock(),
            read(json) {
              const listed = z
                .object({ data: z.array(z.looseObject({ id: z.string() })), has_more: z.boolean() })
                .safeParse(json).data;
              if (listed === undefined) return undefined;
              const own = listed.data.find((item) => StripePayout.safeParse(item).data?.metadata?.[keyName] === key);
              if (own !== undefined) return done(own);
              next = listed.has_more ? listed.data.at(-1)?.id : undefined;
              return { outcome: 'absent' };
            },
          },
        );
        if (answer.outcome !== 'absent' || next === undefined) return answer;
        after = next;
      }
      return { outcome: 'unknown', detail: `It is not among the newest ${mostPages * 100} payouts` };
    },
  };
}
