import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../support/seeded.ts';
import { Campaign } from './campaign.ts';
import { plantedBugs, plantInto } from './planted-bugs.ts';
import type { Violation } from './violation.ts';

let campaign: Campaign;

beforeAll(async () => {
  const { seed } = seededRandom(20_261_124);
  console.log(`seed ${seed}`);
  campaign = await Campaign.start({
    seed,
    seconds: 10,
    // Of every kind some, for the bugs to be planted into.
    leastConfirmations: 80,
    nodes: 3,
    deliveries: 200,
    crowd: {
      ...{ agents: 4, siblings: 1, clones: 1, ops: 1, settlement: 1, foreign: 1 },
      ...{ agentReaders: 1, opsReaders: 1, regionReaders: 1, newcomers: 1 },
    },
  });
});

afterAll(() => campaign.stop());

test('three nodes and PostgreSQL, killed again and again under load: the invariants hold', async () => {
  await campaign.run();
  const violations = await campaign.check();
  for (const line of campaign.report()) console.log(line);
  expect(said(violations)).toEqual([]);
  expect(campaign.diedAlone).toBe(0);
}, 300_000);

test.for(plantedBugs.map((bug) => [bug.name, bug] as const))('a planted bug is found: %s', async ([, bug]) => {
  // Planted ones stay: only what was not there before counts.
  const before = new Set(said(await campaign.check()));
  const found = await plantInto(campaign, bug);
  const fresh = found.filter((violation) => !before.has(lineOf(violation)));
  expect(fresh.map(({ invariant }) => invariant)).toContain(bug.breaks);
});

function lineOf({ invariant, what }: Violation): string {
  return `${invariant} ${what}`;
}

function said(violations: readonly Violation[]): string[] {
  return violations.map(lineOf);
}
