import * as z from 'zod/mini';
import { Delta } from './delta.ts';
import { ClientId, Cursor, ModelVersion, MutationId, ScopeName, Timestamp } from './identity.ts';
import { limits } from './limits.ts';
import { Mutation } from './mutation.ts';
import { Receipt } from './receipt.ts';
import { protocolVersion } from './version.ts';

const lastMutationId = z.int().check(z.nonnegative());

/** Body of `POST /v1/sync`: push and pull in one round trip. */
export const SyncRequest = z.object({
  protocol: z.literal(protocolVersion),
  /** A fresh UUID for each try; the answer echoes it. */
  request: z.guid(),
  /** The device's clock as the request leaves. */
  sentAt: Timestamp,
  model: ModelVersion,
  clientId: ClientId,
  mutations: z.array(Mutation).check(z.maxLength(limits.mutationsPerRequest)),
  /** Receipts up to this id are safely stored on the device. */
  ack: z._default(lastMutationId, 0),
  cursor: z._default(z.nullable(Cursor), null),
  /** Most changes wanted in the answer; the server may give fewer. */
  limit: z._default(z.int().check(z.positive()), limits.changesPerPage),
  /** Scopes whose checksum did not fit: the server ignores the cursor for them. */
  diverged: z._default(z.array(ScopeName).check(z.maxLength(limits.scopesPerRequest)), []),
});
export type SyncRequest = z.infer<typeof SyncRequest>;

/**
 * Why the server went no further: ids are missing, two devices share this client id, the mutation's model is newer than the
 * server's, or its mutator failed.
 */
export const stopCodes = ['gap', 'forked', 'server_outdated', 'halted'] as const;

/** Where and why the server went no further into the log. */
export const Stopped = z.object({
  id: MutationId,
  code: z.enum(stopCodes),
  /** With `gap`: the id the server wants next. */
  expected: z.optional(MutationId),
  retryAfterMs: z.optional(z.int().check(z.nonnegative())),
});
export type Stopped = z.infer<typeof Stopped>;

/** Answer of `POST /v1/sync`. */
export const SyncResponse = z.object({
  request: z.guid(),
  serverTime: Timestamp,
  receipts: z.array(Receipt).check(z.maxLength(limits.mutationsPerRequest)),
  stopped: z.nullable(Stopped),
  delta: z.extend(Delta, {
    /** Read in the same snapshot as the changes. */
    lastMutationId,
  }),
});
export type SyncResponse = z.infer<typeof SyncResponse>;
