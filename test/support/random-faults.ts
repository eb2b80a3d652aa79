import type { Decide, Fault, FaultKind } from './bad-network.ts';

export type FaultWeights = Partial<Record<FaultKind, number>>;

/** A line that fails at random: each kind in proportion to its weight. Cuts and stalls fall in the first kilobyte. */
export function randomFaults(random: () => number, weights: FaultWeights): Decide {
  const kinds = Object.entries(weights) as [FaultKind, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  return () => {
    let left = random() * total;
    const kind = kinds.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'pass';
    return withPosition(kind, random);
  };
}

function withPosition(kind: FaultKind, random: () => number): Fault {
  if (kind === 'cut' || kind === 'stall-answer') return { kind, afterBytes: Math.floor(random() * 1024) };
  if (kind === 'cut-part') return { kind, part: random() };
  return { kind };
}
