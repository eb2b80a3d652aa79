import * as z from 'zod/mini';
import { ProblemError } from '../problem.ts';

/** What the page is of, then the last row's value of what it is sorted by, and its id. */
const PageCursor = z.tuple([z.string(), z.nullable(z.string()), z.string()]);

/** Where a page ended, so that the next one begins after it, whatever came or went meanwhile. Opaque on the wire. */
export function encodePageCursor(of: string, value: string | null, id: string): string {
  return Buffer.from(JSON.stringify([of, value, id])).toString('base64url');
}

/** @throws ProblemError `malformed` when it is no cursor, or one of another question */
export function decodePageCursor(cursor: string, of: string): readonly [value: string | null, id: string] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parsed = undefined;
  }
  const found = PageCursor.safeParse(parsed);
  if (found.success && found.data[0] === of) return [found.data[1], found.data[2]];
  throw foreignCursor();
}

/** What was sent as a cursor is none that this question ever gave. */
export function foreignCursor(): ProblemError {
  const message = 'not a cursor of this question; ask without one for the first page';
  return new ProblemError('malformed', `The cursor is ${message}`, { issues: [{ path: 'cursor', message }] });
}
