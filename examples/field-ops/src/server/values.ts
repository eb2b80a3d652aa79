import * as z from 'zod/mini';

/** PostgreSQL has no year 0, and reads one of fewer digits in its own way. */
const fourDigits = z.regex(/^[1-9]/, 'a year before 1000');

/** A day, `YYYY-MM-DD`, that PostgreSQL has too. */
export const Day = z.iso.date().check(fourDigits);
/** A moment in RFC 3339, of whatever offset, that PostgreSQL has too. */
export const Moment = z.iso.datetime({ offset: true }).check(fourDigits);

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
