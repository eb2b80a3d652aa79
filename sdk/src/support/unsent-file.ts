import * as z from 'zod/mini';
import { ClientId, IdempotencyKey, ModelVersion, MutationId, Outcome, Timestamp } from '../protocol/index.ts';

/** One mutation that only a device has, as a file holds it. */
export const UnsentEntry = z.object({
  /** Position in the log of the device that wrote the file. */
  id: MutationId,
  key: IdempotencyKey,
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  args: z.unknown(),
  /** The device's clock when the person acted. */
  at: Timestamp,
  /** Version of the model it was made with. */
  model: ModelVersion,
  /** False: it never left the device. */
  sent: z.boolean(),
  /** True: the server must still be told. False: it has refused it, and nobody has dealt with that. */
  pending: z.boolean(),
  /** The server's outcome; of a pending one, the one that the server has lost. */
  receipt: z.optional(Outcome),
  /** Why operations closed this dead letter. */
  closeReason: z.optional(z.string()),
  /** Key of the refused mutation in whose place this one was made. */
  replaces: z.optional(IdempotencyKey),
});
export type UnsentEntry = z.infer<typeof UnsentEntry>;

/** What {@link exportUnsent} writes and {@link importUnsent} reads. It holds customers' data, as the log does. */
export const UnsentFile = z.object({
  format: z.literal('ekbaar-unsent'),
  version: z.literal(1),
  /** The device's clock, and how far it is ahead of the server's (milliseconds), if that is known. */
  exportedAt: Timestamp,
  clockErrorMs: z.nullable(z.int()),
  tenant: z.string(),
  /** The `sub` of whose log this is. */
  actor: z.string(),
  clientId: ClientId,
  /** Version of the app's model. */
  model: ModelVersion,
  /** In the order in which they were made. */
  entries: z.array(UnsentEntry),
});
export type UnsentFile = z.infer<typeof UnsentFile>;
