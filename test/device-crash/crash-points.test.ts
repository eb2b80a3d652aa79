import { expect, test } from 'vitest';
import { disks } from './disks.ts';
import { explore } from './exploration.ts';
import { plantedBugs } from './planted-bugs.ts';
import { report } from './report.ts';
import { workloads } from './workloads.ts';

test('memory: each place of each workload dies, and some of what comes after; the invariants hold', async () => {
  const began = performance.now();
  const explored = await explore({ workloads, disk: disks.memory, secondEvery: 4 });
  const { words, wrong } = report(explored, (performance.now() - began) / 1000);
  console.log(`memory: ${words}`);
  expect(wrong.slice(0, 10).join('\n')).toBe('');
  expect(explored.placesVisited).toBe(explored.places);
  expect(explored.visitedSecond).toBeGreaterThan(0);
  // Every public operation of a client has its place in a workload.
  expect(explored.unused).toEqual([]);
}, 300_000);

test('sqlite: some places of some workloads, and the statements below them', async () => {
  const began = performance.now();
  const explored = await explore({ workloads: workloads.slice(0, 3), disk: disks.sqlite, every: 12, secondEvery: 12 });
  const { words, wrong } = report(explored, (performance.now() - began) / 1000);
  console.log(`sqlite: ${words}`);
  expect(wrong.slice(0, 10).join('\n')).toBe('');
  expect(explored.visited).toBeGreaterThan(0);
  // No workload of these signs out.
  expect(explored.unused).toContain('signOut');
  expect(explored.visitedSecond).toBeGreaterThan(0);
}, 300_000);

test.each(plantedBugs)(
  'finds it when $name',
  async ({ plant, workload, breaks, diesTwice = false }) => {
    const { findings } = await explore({
      workloads: workloads.filter(({ name }) => name === workload),
      disk: disks.memory,
      plant,
      secondEvery: diesTwice ? 1 : 0,
      stopAt: ({ invariant, visit }) => invariant === breaks && (visit.second !== undefined) === diesTwice,
    });
    expect(findings.at(-1)?.invariant).toBe(breaks);
    // One death alone does not show it.
    expect(findings.every(({ visit }) => !diesTwice || visit.second)).toBe(true);
  },
  300_000,
);
