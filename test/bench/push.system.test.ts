import { beforeAll, describe, expect, test } from 'vitest';
import { type Contestant, contestants } from './contestants.ts';
import { missingPackages } from './gunicorn.ts';
import { pushBench, type PushResults } from './push-bench.ts';
import { pushTable } from './push-table.ts';
import { sizeBench } from './size-bench.ts';

const missing = missingPackages();
if (missing.length > 0) console.warn(`SKIPPED, for want of Django: apt-get install ${missing.join(' ')}`);
const few = { seconds: 120, confirmations: 200 };
const print = (line: string) => console.log(line);
/** These start in no time: with them, the second round is seen to confirm what the first has left. */
const handWritten = contestants.filter(({ make }) => make === 'hand-written');
const others = contestants.filter(({ make }) => make !== 'hand-written');
const roundsOf = (contestant: Contestant) => (handWritten.includes(contestant) ? 2 : 1);

// How fast is not asked here: that each contestant does what it must, and that the bench sees when one does not.
describe('every contestant confirms exactly what its clients were told', () => {
  let results: PushResults;
  beforeAll(async () => {
    const common = {
      ...{ warmUp: { seconds: 60, confirmations: 50 }, measured: few, connections: 8 },
      ...{ regions: 4, seed: 1, gunicorn: { processes: 2, threads: 1 }, print },
    };
    results = new Map([
      ...(await pushBench({ ...common, contestants: others, rounds: 1 })),
      ...(await pushBench({ ...common, contestants: handWritten, rounds: 2 })),
    ]);
    print(pushTable(results));
  }, 300_000);

  for (const contestant of contestants) {
    test.skipIf(contestant.make === 'drf' && missing.length > 0)(`${contestant.title}`, () => {
      const rounds = results.get(contestant) ?? [];
      expect(rounds).toHaveLength(roundsOf(contestant));
      for (const { confirmed, confirmedInAll } of rounds) {
        expect(confirmed).toBeGreaterThanOrEqual(few.confirmations);
        expect(confirmedInAll).toBeGreaterThan(confirmed);
      }
    });
  }
});

test('a push is measured on a small and on a large database', async () => {
  const sizes = [1000, 4000] as const;
  const results = await sizeBench({
    sizes,
    rounds: 1,
    requests: { single: 40, batch: 4 },
    connections: 1,
    regions: 4,
    seed: 1,
    print,
  });
  expect(results).toHaveLength(2);
  for (const { small, large, ratio } of results) expect(ratio).toBe(large / small);
});
