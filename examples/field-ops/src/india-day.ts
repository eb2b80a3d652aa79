/** India's time is the same all year. */
export const indiaOffsetMs = 5.5 * 60 * 60_000;

/**
 * The operator's day of an instant, `YYYY-MM-DD`. No locale is asked: what `en-CA` writes so in one browser is
 * `MM/DD/YYYY` in another.
 *
 * @param instant milliseconds since 1970, or a date
 */
export function indiaDay(instant: number | Date): string {
  return new Date(Number(instant) + indiaOffsetMs).toISOString().slice(0, 10);
}

/** The day that comes so many days after another; both are `YYYY-MM-DD`. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 24 * 60 * 60_000).toISOString().slice(0, 10);
}
