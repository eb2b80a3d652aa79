/** Wrong PINs in a row, and until when no other one is taken, in milliseconds since 1970 by the phone's clock. */
export interface PinTries {
  readonly wrong: number;
  readonly waitUntil: number;
}

export const noTries: PinTries = { wrong: 0, waitUntil: 0 };

const free = 4;
const firstWaitMs = 30_000;
const longestWaitMs = 60 * 60_000;

/** After one more wrong PIN. Who owns the phone's files is not held up by this, but by what each guess costs. */
export function afterWrong({ wrong }: PinTries, now: number): PinTries {
  const count = wrong + 1;
  const wait = count <= free ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (count - free - 1));
  return { wrong: count, waitUntil: now + wait };
}

/** How long until a PIN is taken, in milliseconds. A clock that was set back makes nobody wait longer than the longest wait. */
export function waitOf({ waitUntil }: PinTries, now: number): number {
  return Math.min(longestWaitMs, Math.max(0, waitUntil - now));
}
