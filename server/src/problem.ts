import { type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import { toStorableText } from './db/text.ts';

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

/** How many issues are told of, and how many bytes of JSON: a hostile body could have a million, and a receipt holds little. */
const mostIssues = { number: 50, bytes: 31 * 1024 };

/** What zod found, with paths as text; names in them are whatever was sent. */
export function issuesOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): Issue[] {
  const told = (text: string) => toStorableText(text.slice(0, 500));
  let room = mostIssues.bytes;
  return error.issues
    .slice(0, mostIssues.number)
    .map(({ path, message }) => ({ path: told(path.map(String).join('.')), message: told(message) }))
    .filter((issue) => (room -= Buffer.byteLength(JSON.stringify(issue))) >= 0);
}
