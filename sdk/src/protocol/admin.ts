import * as z from 'zod/mini';
import { ClientId, IdempotencyKey, ModelVersion, MutationId } from './identity.ts';
import { MutationError, MutationStatus } from './receipt.ts';

/** ISO 8601 in UTC. */
const Moment = z.string().check(z.maxLength(40));

/** All that is kept of a mutation: who, what, when by the device and by the server, how wrong the device's clock was. */
export const RecordedReceipt = z.object({
  key: IdempotencyKey,
  name: z.string(),
  /** As received: holds customers' data, as the result does. */
  args: z.unknown(),
  /** The `sub` and the role of whoever did it. */
  actor: z.string(),
  role: z.string(),
  /** Null for a program without a log. */
  clientId: z.nullable(ClientId),
  mutationId: z.nullable(MutationId),
  model: z.nullable(ModelVersion),
  status: MutationStatus,
  result: z.optional(z.unknown()),
  error: z.optional(MutationError),
  /** When the person acted, by the device's clock. */
  deviceAt: z.nullable(Moment),
  serverAt: Moment,
  /** The device's clock minus the server's, in milliseconds, network delay included. */
  clockErrorMs: z.nullable(z.int()),
  /** When operations had it run again. */
  retriedAt: z.nullable(Moment),
  /** When operations closed it without an outcome, and why. */
  closedAt: z.nullable(Moment),
  closeReason: z.nullable(z.string()),
});
export type RecordedReceipt = z.infer<typeof RecordedReceipt>;

/** A mutation that the server gave up on. */
export const DeadLetter = z.extend(RecordedReceipt, {
  /** How often its mutator has thrown; 0 when it is dead for another reason. */
  tries: z.int().check(z.nonnegative()),
  lastTriedAt: z.nullable(Moment),
  /** What it threw last, without a statement's parameters. */
  lastError: z.nullable(z.string()),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** What operations did by hand. */
export const AuditEntry = z.object({
  id: z.int().check(z.positive()),
  at: Moment,
  actor: z.string(),
  action: z.string(),
  /** The mutation's key. */
  subject: z.string(),
  details: z.unknown(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Cursor of the next page; null on the last one. */
const next = z.nullable(z.string());

/** Answer of `GET /v1/admin/dead-letters`, the oldest first. */
export const DeadLetterPage = z.object({ deadLetters: z.array(DeadLetter), next });
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

/** Answer of `GET /v1/admin/receipts`, the newest first. */
export const ReceiptPage = z.object({ receipts: z.array(RecordedReceipt), next });
export type ReceiptPage = z.infer<typeof ReceiptPage>;

/** Answer of `GET /v1/admin/receipts/{key}`: what happened to this key. */
export const ReceiptHistory = z.object({ receipt: DeadLetter, audit: z.array(AuditEntry) });
export type ReceiptHistory = z.infer<typeof ReceiptHistory>;

/** Answer of `GET /v1/admin/audit`, the newest first. */
export const AuditPage = z.object({ entries: z.array(AuditEntry), next });
export type AuditPage = z.infer<typeof AuditPage>;

/** Body of `POST /v1/admin/dead-letters/{key}/close`. */
export const CloseRequest = z.object({
  reason: z.string().check(
    z.trim(),
    z.minLength(1),
    z.maxLength(500),
    // Neither NUL nor half a character.
    z.refine((text) => !/[\0\ud800-\udfff]/u.test(text), 'not text that a database can hold'),
  ),
});
export type CloseRequest = z.infer<typeof CloseRequest>;
