/** What the routes below `/api/v1/records` answer: read by the server that says it and by the console that shows it. */
import * as z from 'zod/mini';
import { Delivery } from './model.ts';

const text = z.string();
const nullable = z.nullable(z.string());
const count = z.int();
const maybeCount = z.nullable(z.int());
const number = z.number();
/** ISO 8601. */
const Moment = z.string();
const MaybeMoment = z.nullable(Moment);
const next = nullable;

/** What stands in the table: another program may have written a kind or a status that the model does not know. */
export const ListedDelivery = z.extend(Delivery, { kind: text, status: text, agentName: text });
export type ListedDelivery = z.infer<typeof ListedDelivery>;
const Total = z.object({ count, amountPaise: count });
export const DeliveryPage = z.object({
  rows: z.array(ListedDelivery),
  next,
  /** Of all that fit, by each status that is there, and the model's own in any case; on the first page only. */
  totals: z.nullable(z.record(text, Total)),
});
export type DeliveryPage = z.infer<typeof DeliveryPage>;

export const receiptStatuses = ['applied', 'rejected', 'dead'] as const;
export const LoggedReceipt = z.object({
  ...{ key: text, name: text, args: z.unknown(), actor: text, actorName: text, role: text },
  ...{ clientId: nullable, mutationId: maybeCount, model: maybeCount },
  ...{ status: z.enum(receiptStatuses), result: z.unknown(), error: z.unknown() },
  /** By the device's clock, and by the server's. */
  ...{ deviceAt: MaybeMoment, serverAt: Moment, clockErrorMs: maybeCount },
  ...{ retriedAt: MaybeMoment, closedAt: MaybeMoment, closeReason: nullable },
  /** Of a mutation that threw: how often, and what it threw last. */
  ...{ tries: count, lastError: nullable },
  /** Of a refusal that somebody of the office has dealt with: who, when, and what they noted. */
  ...{ notedBy: nullable, notedAt: MaybeMoment, note: nullable },
});
export type LoggedReceipt = z.infer<typeof LoggedReceipt>;
export const NotedRejection = z.object({ key: text, notedBy: text, notedAt: Moment, note: text });
export const ReceiptLogPage = z.object({ receipts: z.array(LoggedReceipt), next });

export const OutgoingMessage = z.object({
  ...{ id: text, channel: text, status: text, recipient: text, provider: nullable },
  ...{ attempts: count, lastError: nullable, createdAt: Moment, sentAt: MaybeMoment },
});
export const ByHand = z.object({ at: Moment, actor: text, action: text, subject: text, details: z.unknown() });
export const DeliveryHistory = z.object({
  delivery: ListedDelivery,
  /** Every mutation about it, applied or not. */
  receipts: z.array(LoggedReceipt),
  /** The phones that these came from, where they signed in here. */
  phones: z.array(z.object({ clientId: text, phoneId: text, name: text })),
  ledger: z.array(z.object({ kind: z.enum(['debit', 'credit']), accountId: text, amountPaise: count, at: Moment })),
  /** Null: this server sends no messages itself. */
  messages: z.nullable(z.array(OutgoingMessage)),
  /** What operations did by hand to its dead letters. */
  byHand: z.array(ByHand),
  disbursement: z.nullable(
    z.object({ id: text, status: text, amountPaise: count, bankRef: nullable, reconciledAt: MaybeMoment }),
  ),
  /** Names of the agents that it was given to, by id. */
  agents: z.record(text, text),
});
export type DeliveryHistory = z.infer<typeof DeliveryHistory>;

export const Position = z.object({ lat: number, lng: number, accuracyM: number, at: Moment });
export const AgentPhone = z.object({
  ...{ id: text, name: text, clientIds: z.array(text), firstSeenAt: Moment, lastSeenAt: Moment },
  ...{ unsent: maybeCount, model: maybeCount, clockErrorMs: maybeCount },
  ...{ revokedAt: MaybeMoment, revokedBy: nullable, revokedWhy: nullable },
});
export type AgentPhone = z.infer<typeof AgentPhone>;
export const ListedAgent = z.object({
  ...{ id: text, name: text, phone: text, regionId: text, active: z.boolean() },
  /** What is still to do, and what of it was due before today. */
  ...{ open: count, overdue: count, confirmed: count, failed: count },
  /** Collected less paid out, all that the ledger has: what an agent says when closing a day changes nothing of it. */
  cashPaise: count,
  closedDay: nullable,
  /** When the server last settled something of theirs, or their phone was last seen. */
  lastSeenAt: MaybeMoment,
  position: z.nullable(Position),
  phones: z.array(AgentPhone),
});
export type ListedAgent = z.infer<typeof ListedAgent>;
export const AgentPage = z.object({ agents: z.array(ListedAgent), next });
export const AgentDay = z.object({
  ...{ agent: ListedAgent, day: text, track: z.array(Position) },
  /** The way was made up, for the demo day. */
  demo: z.boolean(),
});

export const SavedFilters = z.object({
  filters: z.array(z.object({ name: text, query: text, savedAt: Moment })),
});

/** What is counted by the hour. */
export const trafficKinds = ['sync', 'confirmed', 'failed'] as const;
export type TrafficKind = (typeof trafficKinds)[number];
const Counts = z.array(count).check(z.length(7 * 24));
export const Density = z.object({
  /** From Monday 00:00, hour by hour, in India's time: `counts[kind][24 * weekday + hour]`. */
  counts: z.object({ sync: Counts, confirmed: Counts, failed: Counts }),
  /** How often each weekday is in what was counted: to say "an hour has so many on average". */
  days: z.array(count).check(z.length(7)),
  /** Mondays of all weeks that have something, the newest first. */
  weeks: z.array(text),
  regions: z.array(text),
  /** Some of it was made up, for the demo day. */
  demo: z.boolean(),
});
export type Density = z.infer<typeof Density>;

export const Place = z.object({
  ...{ regionId: text, pincode: text, village: text, lat: number, lng: number },
  /** Confirmations there that said where they were. */
  seen: count,
  ...{ pending: count, confirmed: count, failed: count },
});
export type Place = z.infer<typeof Place>;
export const Places = z.object({
  places: z.array(Place),
  /** Agents whose last position was made up, for the demo day. */
  demoAgents: z.array(text),
});

export const Health = z.object({
  /** How long the database took to answer `select 1`, in milliseconds. */
  ...{ at: Moment, databaseMs: number },
  /** Of the own tenant: what waits for somebody. */
  waiting: z.object({
    ...{ deadLetters: count, halted: count, rejectedToday: count },
    /** Writes that phones and consoles have not heard of, and how long the oldest has waited. */
    ...{ unpublished: count, oldestUnpublishedMs: z.nullable(number) },
  }),
  /** Of the installation: jobs by queue. */
  queues: z.array(z.object({ name: text, waiting: count, active: count, failed: count, oldestMs: z.nullable(number) })),
  /** Null: an embedded database has no pool. */
  pool: z.nullable(z.object({ held: count, waiting: count, most: count })),
  /** Who is connected: server nodes, workers, and other programs. */
  connections: z.array(z.object({ name: text, address: text, count, active: count, longestMs: z.nullable(number) })),
  versions: z.object({ postgres: text, node: text, model: count, epoch: text }),
  process: z.object({ uptimeSeconds: number, memoryBytes: number }),
  database: z.object({
    sizeBytes: number,
    tables: z.array(z.object({ name: text, bytes: number, rows: number })),
    cacheHitShare: z.nullable(number),
  }),
  /** Null: the extension pg_stat_statements is not there. */
  slowQueries: z.nullable(z.array(z.object({ query: text, calls: number, meanMs: number, totalMs: number }))),
});
export type Health = z.infer<typeof Health>;

const Rate = z.object({ perSecond: number, burst: number });
export const ApiFacts = z.object({
  you: z.object({ tenant: text, sub: text, role: text, regions: z.array(text) }),
  /** All claims of the token. */
  claims: z.record(text, z.unknown()),
  rates: z.object({ you: Rate, agent: Rate }),
  limits: z.record(text, number),
});
export type ApiFacts = z.infer<typeof ApiFacts>;
