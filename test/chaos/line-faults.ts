import type { Decide } from '../support/bad-network.ts';
import { randomFaults } from '../support/random-faults.ts';
import type { Chance } from './chance.ts';

/** The line of the phones: mostly good, and bad in every way it knows. */
export function seededFaults({ random }: Chance): Decide {
  return randomFaults(random, {
    ...{ pass: 70, 'drop-request': 2, 'drop-answer': 5, 'reset-request': 2, 'reset-answer': 3 },
    ...{ 'stall-request': 0.3, 'stall-answer': 0.5, cut: 3, html: 1, replay: 2, duplicate: 4 },
  });
}
