import * as z from 'zod/mini';
import { IdempotencyKey, MutationId } from './identity.ts';

/** Why a mutation had no effect. `code` is for programs, `message` for people. */
export const MutationError = z.object({
  code: z.string().check(z.minLength(1), z.maxLength(64)),
  message: z.string().check(z.maxLength(2000)),
  details: z.optional(z.unknown()),
});
export type MutationError = z.infer<typeof MutationError>;

/** Codes with which the engine itself refuses a mutation, besides those that the model declares. */
export const rejectedCodes = ['already_done', 'forbidden', 'invalid_args', 'key_reused'] as const;
export type RejectedCode = (typeof rejectedCodes)[number];
/** Codes with which it gives up on one, until operations settle it. */
export const deadCodes = ['after_restore', 'halted', 'unknown_mutation'] as const;
export type DeadCode = (typeof deadCodes)[number];

export const MutationStatus = z.enum(['applied', 'rejected', 'dead']);
export type MutationStatus = z.infer<typeof MutationStatus>;

/** The server's durable outcome of one mutation, without its place in a log. */
export const Outcome = z.object({
  status: MutationStatus,
  result: z.optional(z.unknown()),
  error: z.optional(MutationError),
});
export type Outcome = z.infer<typeof Outcome>;

/** The outcome of the mutation `id` of the asking client. */
export const Receipt = z.extend(Outcome, {
  id: MutationId,
  key: IdempotencyKey,
  /** True when nothing ran: the outcome is that of an earlier request. */
  replayed: z.boolean(),
});
export type Receipt = z.infer<typeof Receipt>;
