import { indiaDay } from '../../src/india-day.ts';

/** Days and times of the operator, whatever the device is set to. */
const timeZone = 'Asia/Kolkata';

export interface TimeFormat {
  /** 10:42 am; with the day in front when it is not today's. */
  at(iso: string, now: number): string;
  /** A YYYY-MM-DD as "23 Nov". */
  day(date: string): string;
  /** An instant in full, as on paper: "26 Nov 2026, 10:42 am". */
  full(iso: string): string;
}

/** Formats for a language (BCP 47) as it is written in India, with Latin digits, which phones and receipts in India use. */
export function timeFormat(language: string): TimeFormat {
  const locale = `${language}-IN-u-nu-latn`;
  const time = new Intl.DateTimeFormat(locale, { timeZone, hour: 'numeric', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locale, { timeZone, day: 'numeric', month: 'short' });
  const full = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return {
    at(iso, now) {
      const instant = Date.parse(iso);
      const sameDay = indiaDay(instant) === indiaDay(now);
      return sameDay ? time.format(instant) : `${day.format(instant)}, ${time.format(instant)}`;
    },
    full: (iso) => full.format(Date.parse(iso)),
    day: (date) => day.format(Date.parse(`${date}T12:00:00Z`)),
  };
}
