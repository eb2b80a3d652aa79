import type { ExportColumn } from './sources.ts';

/** The heading of a column where people read it: with its unit. */
export function heading({ name, type }: ExportColumn): string {
  const words = name
    .replace(/Paise$/, '')
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase();
  if (type === 'paise') return `${words} (rupees)`;
  return type === 'moment' ? `${words} (India time)` : words;
}

const india = new Intl.DateTimeFormat('sv-SE', {
  ...({ timeZone: 'Asia/Kolkata', year: 'numeric', month: '2-digit', day: '2-digit' } as const),
  ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
});

/** A moment as the operator's clock shows it: `2026-11-22 18:30:00`. */
export function indiaTime(moment: string): string {
  return india.format(new Date(moment));
}

/** Whole paise as rupees, exactly: `1234.50`. */
export function rupeesText(paise: number): string {
  const whole = Math.trunc(Math.abs(paise) / 100);
  return `${paise < 0 ? '-' : ''}${whole}.${String(Math.abs(paise) % 100).padStart(2, '0')}`;
}
