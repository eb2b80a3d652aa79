const count = new Intl.NumberFormat('en-IN');
const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat('en-IN', {
  ...{ timeZone: 'Asia/Kolkata', day: 'numeric', month: 'short', year: 'numeric' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
});

export function counted(number: number): string {
  return count.format(number);
}

/** How often something happened. */
export function timesInWords(times: number): string {
  return times === 1 ? 'once' : `${counted(times)} times`;
}

/** 22 Nov 2026, 10:42:07, in India. */
export function momentInWords(iso: string): string {
  return moment.format(Date.parse(iso));
}

/** A length of time in its largest unit: 3 h, 250 ms. */
export function spanInWords(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${whole.format(ms)} ms`;
  if (size < 60_000) return `${one.format(ms / 1000)} s`;
  if (size < 3_600_000) return `${whole.format(ms / 60_000)} min`;
  if (size < 172_800_000) return `${one.format(ms / 3_600_000)} h`;
  return `${whole.format(ms / 86_400_000)} days`;
}

/** How long ago a moment was. */
export function agoInWords(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  return ms < 60_000 ? 'just now' : `${spanInWords(ms)} ago`;
}

export function bytesInWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'] as const;
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${one.format(size)} ${units[unit] ?? ''}`;
}
