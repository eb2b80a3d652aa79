import * as z from 'zod/mini';

/**
 * Every error code of the HTTP surface: its status, its title, and what a client does about it.
 * No answer of the server, whatever it is, makes a client drop a mutation that has no receipt.
 */
export const problems = {
  malformed: { status: 400, title: 'The request is not of this protocol', retry: 'never' },
  invalid_args: { status: 400, title: 'The arguments do not fit the mutation', retry: 'never' },
  idempotency_key_required: { status: 400, title: 'An Idempotency-Key header is required', retry: 'never' },
  unauthenticated: { status: 401, title: 'No valid token', retry: 'with_token' },
  token_expired: { status: 401, title: 'The token has expired', retry: 'with_token' },
  forbidden: { status: 403, title: 'Not allowed', retry: 'never' },
  client_owned_by_another: { status: 403, title: 'This client id belongs to another actor', retry: 'never' },
  not_found: { status: 404, title: 'There is nothing here', retry: 'never' },
  model_too_old: { status: 409, title: 'The app must be updated', retry: 'after_update' },
  in_flight: { status: 409, title: 'The same key is being processed right now', retry: 'later' },
  not_dead: { status: 409, title: 'This is no open dead letter', retry: 'never' },
  still_dead: { status: 409, title: 'It was run again, and failed again', retry: 'never' },
  too_large: { status: 413, title: 'The body is over the limit', retry: 'smaller' },
  unsupported_encoding: { status: 415, title: 'This content encoding is not understood', retry: 'uncompressed' },
  key_reused: { status: 422, title: 'This idempotency key came before with other content', retry: 'never' },
  throttled: { status: 429, title: 'Too many requests', retry: 'later' },
  internal: { status: 500, title: 'The server failed', retry: 'later' },
  halted: { status: 503, title: 'The mutation could not be run now', retry: 'later' },
  overloaded: { status: 503, title: 'The server is busy', retry: 'later' },
  unavailable: { status: 503, title: 'The server cannot answer now', retry: 'later' },
} as const satisfies Record<string, { status: number; title: string; retry: RetryAdvice }>;

/** When sending the same again can help. */
export type RetryAdvice = 'never' | 'later' | 'smaller' | 'uncompressed' | 'with_token' | 'after_update';
/** One of {@link problems}. */
export type ProblemCode = keyof typeof problems;

/** Body of every error answer, after RFC 9457 (`application/problem+json`). */
export const Problem = z.object({
  type: z.string().check(z.maxLength(500)),
  title: z.string().check(z.maxLength(500)),
  status: z.int(),
  detail: z.optional(z.string().check(z.maxLength(4000))),
  code: z.string().check(z.maxLength(64)),
  requestId: z.optional(z.string().check(z.maxLength(200))),
  issues: z.optional(
    z
      .array(z.object({ path: z.string().check(z.maxLength(1000)), message: z.string().check(z.maxLength(2000)) }))
      .check(z.maxLength(100)),
  ),
});
export type Problem = z.infer<typeof Problem>;
