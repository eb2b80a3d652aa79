import { type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';

// zod/mini comes without words, and "Invalid input" is no clear error. Phones are spared the words; servers have room.
z.config(z.locales.en());

/** Where in a request something is wrong, and what. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** A refusal that the caller is told of: its code is one of the protocol's. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly issues: readonly Issue[] | undefined;
  /** When to try again, for 429 and 503. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { issues?: readonly Issue[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.code = code;
    this.issues = more.issues;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  get status(): (typeof problems)[ProblemCode]['status'] {
    return problems[this.code].status;
  }
}

/** What zod found, with paths as text. At most 50: a hostile body could have a million. */
export function issuesOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): Issue[] {
  return error.issues
    .slice(0, 50)
    .map(({ path, message }) => ({ path: path.map(String).join('.').slice(0, 500), message: message.slice(0, 500) }));
}
