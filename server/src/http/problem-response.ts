import { type Problem, problems } from '@ekbaar/sdk/protocol';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { databaseCode, databaseFault, noConnectionInTime } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';

/** Any error as a problem: what the caller may know of it, and what to do. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (databaseCode(error) === noConnectionInTime) {
    return new ProblemError('overloaded', 'No database connection came free in time: send the same again later', {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  // A statement that took too long is a busy database's, unless it was a mutator's: those come here as halted.
  if (databaseFault(error) !== undefined || databaseCode(error) === '57014') {
    return new ProblemError('unavailable', 'The database cannot answer now: send the same again later', {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  if (error instanceof HTTPException && error.status < 500)
    return new ProblemError('malformed', error.message || 'Not a request of this API', { cause: error });
  return new ProblemError('internal', 'The server failed; what was sent is not lost: send the same again later', {
    cause: error,
  });
}

/** The protocol's limit: a detail that quotes what was sent must not outgrow it. */
const longestDetail = 4000;

/** RFC 9457 body with the status, `Retry-After` where there is one, and a Bearer challenge with 401. */
export function problemResponse(c: Context, problem: ProblemError, random: () => number): Response {
  const { title } = problems[problem.code];
  const body: Problem = {
    type: `urn:ekbaar:problem:${problem.code}`,
    title,
    status: problem.status,
    detail: problem.message.slice(0, longestDetail),
    code: problem.code,
    requestId: c.get('requestId'),
    ...(problem.issues === undefined ? {} : { issues: [...problem.issues] }),
  };
  c.header('Content-Type', 'application/problem+json');
  c.header('Cache-Control', 'no-store');
  if (problem.status === 401) c.header('WWW-Authenticate', `Bearer error="invalid_token"`);
  if (problem.retryAfterSeconds !== undefined) {
    // With jitter: thousands of phones must not come back in the same second.
    c.header('Retry-After', String(Math.ceil(problem.retryAfterSeconds * (1 + random()))));
  }
  return c.body(JSON.stringify(body), problem.status);
}
