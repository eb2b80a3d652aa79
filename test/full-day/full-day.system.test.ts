import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { closeBooks } from './books.ts';
import { FullDay } from './full-day.ts';
import { findPlanted, plantedBugs } from './planted-bugs.ts';
import { tableOf } from './report.ts';

const { seed } = seededRandom(20_261_126);
const patience = 600_000;
let pg: FreshDatabase;
let day: FullDay;

beforeAll(async () => {
  pg = await freshDatabase();
  day = await FullDay.open({
    ...{ seed, databaseUrl: pg.url, agents: 3, deliveries: 36, minutes: 0.3 },
    ...{ nodes: 2, workers: 1, phoneProcesses: 1, badShare: 0.3, say: () => {} },
    kills: { node: 1, worker: 1, agents: 1, settlement: 1 },
  });
}, patience);
afterAll(async () => {
  await day.close();
  await pg.drop();
}, patience);

describe(`a short day of three operators (seed ${seed})`, () => {
  test(
    'phones, nodes and workers are killed, partners misbehave, and every rupee is accounted for',
    async () => {
      await day.work();
      await day.settle();
      const books = closeBooks(await day.evidence());
      console.log(tableOf(books));
      expect(books.violations).toEqual([]);
      for (const list of Object.values(books.stations)) {
        const applied = list.find(({ station }) => station === 'phone: told applied');
        expect(applied?.count).toBeGreaterThan(10);
      }
    },
    patience,
  );

  test.for(plantedBugs.map((bug) => [bug.name, bug] as const))('a planted bug is found: %s', async ([, bug]) => {
    const found = await findPlanted(day, bug);
    expect(found.join('\n')).toMatch(bug.says);
  });
});
