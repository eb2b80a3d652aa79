/** How long, to two digits that matter: `340 ms`, `12 s`, `3 min`, `5 h`, `12 d`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (size < 1_000) return `${sign}${Math.round(size)} ms`;
  if (size < 120_000) return `${sign}${Math.round(size / 1_000)} s`;
  if (size < 7_200_000) return `${sign}${Math.round(size / 60_000)} min`;
  if (size < 172_800_000) return `${sign}${Math.round(size / 3_600_000)} h`;
  return `${sign}${Math.round(size / 86_400_000)} d`;
}

/** How long ago by the same clock, both ISO 8601; a dash for never. */
export function ago(then: string | null, now: string): string {
  if (then === null) return '–';
  const ms = Date.parse(now) - Date.parse(then);
  return ms < 1_000 ? 'now' : `${duration(ms)} ago`;
}

/** How wrong a clock is that is `ms` ahead. */
export function clockInWords(ms: number | null): string {
  if (ms === null) return 'not known yet';
  if (Math.abs(ms) < 1_000) return 'right';
  return `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`;
}

export function bytes(count: number | undefined): string {
  if (count === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1_000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
