import type { Context } from 'hono';
import { ProblemError } from '../problem.ts';

/** A count in the query string: `otherwise` without one, and never more than `most`. @throws ProblemError `malformed` */
export function countQuery(c: Context, name: string, otherwise: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d*$/.test(text)) throw malformedQuery(name, `a whole number from 1 to ${most}`);
  return Math.min(Number(text), most);
}

/** A query parameter that does not fit. @param message what it must be */
export function malformedQuery(name: string, message: string): ProblemError {
  return new ProblemError('malformed', `The query parameter "${name}" must be ${message}`, {
    issues: [{ path: name, message }],
  });
}
