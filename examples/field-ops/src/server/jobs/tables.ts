import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { channels, incomingStatuses, messageStatuses, payoutStatuses } from '../../message-answers.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Everything that left, or is to leave, for an outside party: one row for each, however often it was tried. */
export const outgoingMessages = pgTable(
  'outgoing_messages',
  {
    tenant: text().notNull(),
    /** The idempotency key that the other side gets; derived from the mutation's, another one for each channel. */
    id: uuid().notNull(),
    channel: text({ enum: channels }).notNull(),
    /** The mutation's key; null for what no mutation caused. */
    cause: uuid(),
    deliveryId: text('delivery_id'),
    mfiId: text('mfi_id'),
    /** The endpoint of a webhook. */
    endpointId: uuid('endpoint_id'),
    /** A phone number, an endpoint's address, a bank account's id at the provider. */
    recipient: text().notNull(),
    /** What is said, the same at each try. */
    body: text().notNull(),
    provider: text(),
    /** The provider's own id of it. */
    providerId: text('provider_id'),
    status: text({ enum: messageStatuses }).notNull().default('waiting'),
    attempts: integer().notNull().default(0),
    lastError: text('last_error'),
    createdAt: moment('created_at').notNull(),
    changedAt: moment('changed_at').notNull(),
    /** When the last try began. */
    triedAt: moment('tried_at'),
    /** When the provider took it. */
    sentAt: moment('sent_at'),
    closedBy: text('closed_by'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('outgoing_messages_by_delivery').on(t.tenant, t.deliveryId),
    index('outgoing_messages_by_time').on(t.tenant, t.createdAt, t.id),
    index('outgoing_messages_by_provider_id').on(t.tenant, t.providerId),
    index('outgoing_messages_by_endpoint').on(t.tenant, t.endpointId, t.createdAt),
  ],
);

/** One try to send. Written before it begins, so that a try that took its worker with it has left its trace. */
export const outgoingAttempts = pgTable(
  'outgoing_attempts',
  {
    tenant: text().notNull(),
    messageId: uuid('message_id').notNull(),
    no: integer().notNull(),
    at: moment('at').notNull(),
    endedAt: moment('ended_at'),
    /** Null: it began, and whoever began it did not live to tell. */
    outcome: text({ enum: ['done', 'refused', 'retry', 'unknown', 'absent'] }),
    detail: text(),
    httpStatus: integer('http_status'),
    /** How the request and its answer began; phone numbers and secrets are not in it. */
    request: text(),
    answer: text(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.messageId, t.no] })],
);

/** What the development adapter "sent": where no provider is configured, messages end here. */
export const messagesSent = pgTable(
  'messages_sent',
  {
    tenant: text().notNull(),
    id: uuid().notNull(),
    channel: text({ enum: channels }).notNull(),
    recipient: text().notNull(),
    body: text().notNull(),
    at: moment('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** Bank accounts of agents, as the payment provider knows them. An agent without one gets no payouts. */
export const payoutAccounts = pgTable(
  'payout_accounts',
  {
    tenant: text().notNull(),
    agentId: text('agent_id').notNull(),
    /** `fa_…` of RazorpayX, `ba_…` or `acct_…` of Stripe. */
    destination: text().notNull(),
    enabled: boolean().notNull().default(true),
    changedAt: moment('changed_at').notNull(),
    changedBy: text('changed_by').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.agentId] })],
);

/** What an agent paid out in cash, paid back to the agent's bank account. The ledger is settled by the bank's file, not by this. */
export const payouts = pgTable(
  'payouts',
  {
    tenant: text().notNull(),
    /** The idempotency key that the provider gets. */
    id: uuid().notNull(),
    deliveryId: text('delivery_id').notNull(),
    agentId: text('agent_id').notNull(),
    amountPaise: bigint('amount_paise', { mode: 'number' }).notNull(),
    destination: text().notNull(),
    status: text({ enum: payoutStatuses }).notNull().default('requested'),
    provider: text(),
    providerId: text('provider_id'),
    /** The bank's own reference (UTR), which its file names too. */
    bankRef: text('bank_ref'),
    failure: text(),
    requestedAt: moment('requested_at').notNull(),
    /** When, by the provider's clock, it came to be in this status. */
    statusAt: moment('status_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    // The last line against paying twice for one delivery.
    unique('payouts_once').on(t.tenant, t.deliveryId),
    index('payouts_by_status').on(t.tenant, t.status, t.statusAt),
    index('payouts_by_provider_id').on(t.tenant, t.providerId),
    check('payouts_amount', sql`${t.amountPaise} > 0`),
  ],
);

/** Where an MFI wants to hear of events. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    tenant: text().notNull(),
    id: uuid().notNull(),
    mfiId: text('mfi_id').notNull(),
    url: text().notNull(),
    /** Event types, such as `delivery.confirmed`; empty: all. */
    events: text().array().notNull(),
    description: text().notNull().default(''),
    enabled: boolean().notNull().default(true),
    disabledReason: text('disabled_reason'),
    /** Since when every try has failed; null while they succeed. */
    failingSince: moment('failing_since'),
    createdAt: moment('created_at').notNull(),
    changedAt: moment('changed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), index('webhook_endpoints_by_mfi').on(t.tenant, t.mfiId)],
);

/** Secrets that an endpoint's events are signed with: during a rotation there are two. */
export const webhookSecrets = pgTable(
  'webhook_secrets',
  {
    tenant: text().notNull(),
    endpointId: uuid('endpoint_id').notNull(),
    id: uuid().notNull(),
    secret: text().notNull(),
    createdAt: moment('created_at').notNull(),
    /** Null: until it is rotated. */
    expiresAt: moment('expires_at'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.endpointId, t.id] })],
);

/** What providers and partners told us, as they said it; each event once. */
export const incomingEvents = pgTable(
  'incoming_events',
  {
    tenant: text().notNull(),
    /** `razorpay`, `stripe`, `whatsapp`, `sms`, or `mfi:` and the MFI. */
    source: text().notNull(),
    eventId: text('event_id').notNull(),
    type: text().notNull(),
    body: jsonb().notNull(),
    receivedAt: moment('received_at').notNull(),
    status: text({ enum: incomingStatuses }).notNull().default('received'),
    processedAt: moment('processed_at'),
    note: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.source, t.eventId] }),
    index('incoming_events_by_time').on(t.tenant, t.receivedAt),
  ],
);

/** For the engine's row-level security. */
export const jobTables = [
  ...[outgoingMessages, outgoingAttempts, messagesSent, payoutAccounts, payouts],
  ...[webhookEndpoints, webhookSecrets, incomingEvents],
];
