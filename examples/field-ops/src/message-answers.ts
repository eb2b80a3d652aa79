/** What the routes of messages, webhooks, payouts and jobs answer: read by the server that says it and by the console that shows it. */
import * as z from 'zod/mini';

/** How a message leaves. `webhook` is an event for an MFI, `payout` an order to pay. */
export const channels = ['sms', 'whatsapp', 'email', 'webhook', 'payout'] as const;
export type Channel = (typeof channels)[number];

/**
 * - `waiting`: not tried yet, or the last try did nothing and the next one will come
 * - `sending`: a try began; until it is settled, nobody knows whether it did something
 * - `sent`: the provider took it; `delivered`, `undelivered`: what the provider reported later
 * - `refused`, `exhausted`, `unknown`: dead letters, by a final no, by too many tries, by an outcome nobody could find out
 * - `skipped`: the operator has no provider for the channel; `closed`: ops gave it up
 */
export const messageStatuses = [
  ...(['waiting', 'sending', 'sent', 'delivered', 'undelivered'] as const),
  ...(['refused', 'exhausted', 'unknown', 'skipped', 'closed'] as const),
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export const payoutStatuses = [
  ...(['requested', 'accepted', 'processing', 'paid'] as const),
  ...(['cancelled', 'failed', 'reversed'] as const),
] as const;
export type PayoutStatus = (typeof payoutStatuses)[number];

export const incomingStatuses = ['received', 'processed', 'ignored'] as const;

export const jobStates = ['created', 'retry', 'active', 'completed', 'cancelled', 'failed'] as const;
export type JobState = (typeof jobStates)[number];

const moment = z.string();
const text = z.nullable(z.string());

export const Message = z.object({
  ...{ id: z.string(), channel: z.enum(channels), status: z.enum(messageStatuses), attempts: z.int() },
  ...{ deliveryId: text, mfiId: text, endpointId: text, provider: text, providerId: text },
  ...{ lastError: text, closedBy: text },
  /** A phone number is masked. */
  to: z.string(),
  ...{ createdAt: moment, changedAt: moment, sentAt: z.nullable(moment) },
});
export type Message = z.infer<typeof Message>;
export const Messages = z.object({ messages: z.array(Message), next: text });

const Attempt = z.object({
  ...{ no: z.int(), at: moment, endedAt: z.nullable(moment), outcome: text, detail: text },
  ...{ httpStatus: z.nullable(z.int()), request: text, answer: text },
});
export const MessageWithAttempts = z.object({ message: Message, attempts: z.array(Attempt) });
export type MessageWithAttempts = z.infer<typeof MessageWithAttempts>;

export const Endpoint = z.object({
  ...{ id: z.string(), mfiId: z.string(), url: z.string(), events: z.array(z.string()), description: z.string() },
  ...{ enabled: z.boolean(), disabledReason: text, failingSince: text, createdAt: moment, changedAt: moment },
});
export type Endpoint = z.infer<typeof Endpoint>;
export const Endpoints = z.object({ endpoints: z.array(Endpoint) });
/** The secret is shown this once. */
export const NewEndpoint = z.object({ endpoint: Endpoint, secret: z.string() });
export const NewSecret = z.object({ secret: z.string(), oldUntil: moment });
/** `next`: send it as `cursor`, with the same `from` and `to`, for those that did not fit into this go. */
export const Replayed = z.object({ replayed: z.int(), more: z.boolean(), next: text });
export type Replayed = z.infer<typeof Replayed>;

export const Payout = z.object({
  ...{ id: z.string(), deliveryId: z.string(), agentId: z.string(), amountPaise: z.int() },
  ...{ status: z.enum(payoutStatuses), provider: text, providerId: text, bankRef: text, failure: text },
  ...{ requestedAt: moment, statusAt: moment },
});
export type Payout = z.infer<typeof Payout>;
export const Payouts = z.object({ payouts: z.array(Payout), next: text });

/** `destination` by its last four characters only. */
export const PayoutAccount = z.object({
  ...{ agentId: z.string(), destination: z.string(), enabled: z.boolean() },
  ...{ changedAt: moment, changedBy: z.string() },
});
export type PayoutAccount = z.infer<typeof PayoutAccount>;
export const PayoutAccounts = z.object({ accounts: z.array(PayoutAccount) });

/** What somebody outside told us; never with what is in it. */
export const IncomingEvent = z.object({
  ...{ source: z.string(), eventId: z.string(), type: z.string(), receivedAt: moment },
  ...{ status: z.enum(incomingStatuses), processedAt: z.nullable(moment), note: text },
});
export type IncomingEvent = z.infer<typeof IncomingEvent>;
export const IncomingEvents = z.object({ events: z.array(IncomingEvent), next: text });

export const Job = z.object({
  ...{ id: z.string(), queue: z.string(), state: z.enum(jobStates) },
  ...{ createdAt: moment, startAfter: moment, endedAt: z.nullable(moment), tries: z.int() },
  ...{ deliveryId: text, messageId: text, reason: text, source: text },
});
export type Job = z.infer<typeof Job>;
export const Jobs = z.object({ jobs: z.array(Job), next: text });
