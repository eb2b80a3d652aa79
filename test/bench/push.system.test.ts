import { expect, test } from 'vitest';
import { contestants } from './contestants.ts';
import { missingPackages } from './gunicorn.ts';
import { pushBench } from './push-bench.ts';
import { pushTable } from './push-table.ts';
import { sizeBench } from './size-bench.ts';

const missing = missingPackages();
const others = contestants.filter(({ make }) => make !== 'drf');
const few = { seconds: 120, confirmations: 200 };
const short = {
  rounds: 2,
  warmUp: { seconds: 60, confirmations: 50 },
  measured: few,
  connections: 8,
  regions: 4,
  seed: 1,
};
const print = (line: string) => console.log(line);

// How fast is not asked here: that each contestant does what it must, and that the bench sees when one does not.
test('every contestant confirms exactly what its clients were told', async () => {
  const results = await pushBench({ ...short, contestants: others, gunicorn: { processes: 2, threads: 1 }, print });
  print(pushTable(results));
  expect([...results.keys()]).toEqual(others);
  for (const rounds of results.values()) {
    expect(rounds).toHaveLength(2);
    for (const { confirmed, confirmedInAll } of rounds) {
      expect(confirmed).toBeGreaterThanOrEqual(few.confirmations);
      expect(confirmedInAll).toBeGreaterThan(confirmed);
    }
  }
});

if (missing.length > 0) console.warn(`SKIPPED, for want of Django: apt-get install ${missing.join(' ')}`);

test.skipIf(missing.length > 0)('so does Django REST Framework', async () => {
  const django = contestants.filter(({ make }) => make === 'drf');
  const results = await pushBench({ ...short, contestants: django, gunicorn: { processes: 2, threads: 1 }, print });
  print(pushTable(results));
  expect([...results.values()].map((rounds) => rounds.length)).toEqual([2, 2]);
});

test('a push is measured on a small and on a large database', async () => {
  const sizes = [1000, 10_000] as const;
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
