const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Reads a day as Indian banks write it, the day before the month: `05/11/2026`, `5-11-26`, `05.11.2026`, `05-Nov-2026`,
 * `2026-11-05`; a time may follow.
 *
 * @returns `YYYY-MM-DD`; undefined when there is no such day
 */
export function readDay(text: string): string | undefined {
  const said = text
    .trim()
    .replace(/^'/, '')
    .replace(/[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:am|pm|z|ist)?$/i, '');
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(said);
  if (iso !== null) return existing(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const numeric = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$/.exec(said);
  if (numeric !== null) return existing(yearOf(numeric[4]), Number(numeric[3]), Number(numeric[1]));
  const named = /^(\d{1,2})[ /.-]?([a-z]{3})[a-z]*[ /.,-]*(\d{4}|\d{2})$/i.exec(said);
  if (named !== null)
    return existing(yearOf(named[3]), months.indexOf((named[2] ?? '').toLowerCase()) + 1, Number(named[1]));
  return undefined;
}

/** Two digits are of this century: no bank's file is older. */
function yearOf(digits = ''): number {
  return digits.length === 2 ? 2000 + Number(digits) : Number(digits);
}

function existing(year: number, month: number, day: number): string | undefined {
  if (month < 1 || year < 2000) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.toISOString().slice(0, 10) : undefined;
}
