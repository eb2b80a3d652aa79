import * as z from 'zod/mini';

/* An address may hold anything: people type it, and other programs write links. */

const Day = z.iso.date().check(z.regex(/^[1-9]/));

/** A day of the calendar, `YYYY-MM-DD`; null for anything else. */
export function readDay(text: string | null): string | null {
  return Day.safeParse(text).data ?? null;
}

/** A part of a path without its percent-encoding; null for what is not UTF-8. */
export function readPart(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
