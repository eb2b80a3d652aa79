import * as z from 'zod/mini';

/*
 * What the device checks of what it hears: that everything it works with is there and of the right kind. The protocol's
 * own schemas say more (formats, limits), and that is for servers to keep: a newer one may send more at once, and phones of
 * today must not refuse it. What is checked here is also what every phone downloads.
 */

const count = z.int().check(z.nonnegative());
const strings = z.array(z.string());

/** `Outcome` of the protocol. */
export const Outcome = z.object({
  status: z.enum(['applied', 'rejected', 'dead']),
  result: z.optional(z.unknown()),
  error: z.optional(z.object({ code: z.string(), message: z.string(), details: z.optional(z.unknown()) })),
});

/** `SyncResponse` of the protocol. */
export const Answer = z.object({
  request: z.string(),
  serverTime: z.string(),
  receipts: z.array(z.object({ ...Outcome.shape, id: count, key: z.string(), replayed: z.boolean() })),
  stopped: z.nullable(
    z.object({
      id: count,
      code: z.enum(['gap', 'forked', 'server_outdated', 'halted']),
      expected: z.optional(count),
      retryAfterMs: z.optional(count),
    }),
  ),
  delta: z.object({
    lastMutationId: count,
    changes: z.array(
      z.object({
        scope: z.string(),
        collection: z.string(),
        id: z.string(),
        version: count,
        tag: count,
        row: z.nullable(z.looseObject({})),
      }),
    ),
    scopes: z.catchall(
      z.object({}),
      z.object({ version: count, rows: z.optional(count), checksum: z.optional(z.string()) }),
    ),
    reset: strings,
    dropped: strings,
    cursor: z.string(),
    more: z.boolean(),
  }),
});

/** `Poke` of the protocol. */
export const Poke = z.object({ scopes: z.catchall(z.object({}), count) });
export type Poke = z.infer<typeof Poke>;

/** `Problem` of the protocol. */
export const Problem = z.object({
  status: z.int(),
  code: z.string(),
  title: z.string(),
  detail: z.optional(z.string()),
});
export type Problem = z.infer<typeof Problem>;
