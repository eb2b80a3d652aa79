import * as z from 'zod/mini';
import { IdempotencyKey, ModelVersion, MutationId, Timestamp } from './identity.ts';
import { Outcome } from './receipt.ts';

/** One entry of a client's mutation log as it crosses the wire. */
export const Mutation = z.object({
  id: MutationId,
  key: IdempotencyKey,
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  /** As the app gave it; checked against the model on the server, mutation by mutation. */
  args: z.unknown(),
  /** The device's clock when the person acted. */
  at: Timestamp,
  model: ModelVersion,
  /** The outcome this mutation had before the server lost it (a restored backup). */
  receipt: z.optional(Outcome),
  /** The key of the refused mutation or dead letter in whose place this one was made: never both take effect. */
  replaces: z.optional(IdempotencyKey),
});
export type Mutation = z.infer<typeof Mutation>;
