import { describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { clientBench } from './client/client-bench.ts';
import type { ClientRound } from './client/client-round.ts';
import { clientTables } from './client/client-table.ts';
import { type Entry, lineUp } from './client/line-up.ts';

const sizes = { rows: 400, manyRows: 800, changes: 2, queued: 40, reloads: 1, restMs: 400 };
const print = (line: string) => console.log(line);

// How fast is not asked here: that every contestant stores what it is told, which the bench reads again after a reload.
describe.skipIf(chromiumIsMissing())('pnpm bench client', () => {
  // The peers are run by the bench itself, which reads again what they stored.
  const files = ['raw-idb', 'ekbaar'];

  test.for(files)('%s does everything that is asked of it, and is in the tables', async (file) => {
    const entries = lineUp.filter((entry) => entry.file === file);
    const results = await clientBench({ entries, rounds: 1, rates: [1], sizes, print });
    const outcomes = results.get(1) ?? new Map<never, never>();
    const done = [...outcomes].map(([{ name }, { rounds, error }]) => ({
      name,
      error,
      figures: Object.keys(Object.assign({}, ...rounds)).toSorted(),
    }));
    expect(done).toEqual(entries.map((entry) => ({ name: entry.name, error: undefined, figures: figuresOf(entry) })));
    const values = [...outcomes.values()].flatMap(({ rounds }) =>
      rounds.flatMap((round) => Object.values(round).flat()),
    );
    expect(values.filter((value) => !(value >= 0))).toEqual([]);

    const tables = clientTables(results, sizes);
    print(tables);
    for (const { title } of entries) expect(tables).toContain(`| ${title} `);
    expect(tables).not.toContain('FAILED');
    expect(tables).not.toContain('NaN');
  });

  test('who stores nothing is found out', async () => {
    expect(await failureOf('../testing/forgetful')).toContain('after a reload');
  });

  test('who cannot be bundled is told, with the error', async () => {
    expect(await failureOf('there-is-no-such-file')).toContain('Cannot resolve entry module');
  });
});

/** What the table says of a contestant that must fail. */
async function failureOf(file: string): Promise<string> {
  const failing: Entry = {
    ...{ name: 'failing', title: 'Failing', file, durable: 'never' },
    ...{ parts: ['queue', 'read'], keepsRows: true },
  };
  const results = await clientBench({ entries: [failing], rounds: 1, rates: [1], sizes, print });
  expect(results.get(1)?.get(failing)?.rounds).toEqual([]);
  return /\| Failing: FAILED: (.*?) \|/.exec(clientTables(results, sizes))?.[1] ?? 'it did not fail';
}

function figuresOf({ parts, keepsRows }: Entry): string[] {
  const figures: readonly (keyof ClientRound)[] = [
    ...(parts.includes('mutate') ? (['mutate'] as const) : []),
    ...(parts.includes('queue') ? (['queue', 'queueCpu'] as const) : []),
    ...(parts.includes('receive') ? (['allVisible', 'allCpu', 'raisedVisible', 'raisedCpu'] as const) : []),
    ...(parts.includes('receive') && keepsRows ? (['allDurable', 'raisedDurable'] as const) : []),
    ...(parts.includes('read') ? (['watched', 'heap'] as const) : []),
    ...(parts.includes('read') && keepsRows ? (['reload', 'reloadMany'] as const) : []),
  ];
  return figures.toSorted();
}
