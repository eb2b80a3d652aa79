import * as z from 'zod/mini';
import { IdempotencyKey, MutationId } from './identity.ts';

/** Why a mutation had no effect. `code` is for programs, `message` for people. */
export const MutationError = z.object({
  code: z.string().check(z.minLength(1), z.maxLength(64)),
  message: z.string().check(z.maxLength(2000)),
  details: z.optional(z.unknown()),
});
export type MutationError = z.infer<typeof MutationError>;

/** The server's word on a mutation: it had its effect, it was refused, or operations have to settle it. */
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
