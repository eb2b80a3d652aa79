const leastMs = 1000;

/** A pause after a failure: ever longer, the more failures came one after the other. */
export interface Rest {
  readonly failures: number;
  readonly resting: boolean;
}

/** @param mostMs what it never exceeds */
export function longerRest(before: Rest | undefined, mostMs: number): Rest {
  const rest = { failures: (before?.failures ?? 0) + 1, resting: true };
  setTimeout(() => (rest.resting = false), Math.min(mostMs, leastMs * 2 ** (rest.failures - 1))).unref();
  return rest;
}
