import type { Database } from '@ekbaar/server';
import { max, min } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seedHistory } from '../../examples/field-ops/src/server/records/demo-history.ts';
import { agentPositions, agentTrack } from '../../examples/field-ops/src/server/tables.ts';
import { demoPglite } from '../support/demo-pglite.ts';

let database: Database;
beforeEach(async () => {
  database = await demoPglite();
});
afterEach(() => database.close());

/** When the first ping and the last positions of the demo were, seeded at a moment. */
async function seededAt(now: string) {
  await seedHistory(database.db, '2026-11-27', new Date(now));
  const [track] = await database.db.select({ first: min(agentTrack.at) }).from(agentTrack);
  const [positions] = await database.db.select({ last: max(agentPositions.at) }).from(agentPositions);
  return { first: track?.first, last: positions?.last };
}

test('a demo that starts in the afternoon has agents on the road since the morning', async () => {
  const { first, last } = await seededAt('2026-11-27T09:00:00Z');
  expect(first?.toISOString().slice(0, 13)).toBe('2026-11-27T03');
  expect(last?.getTime()).toBeLessThan(Date.parse('2026-11-27T05:30:00Z'));
});

test('one that starts in the night has none in its future: a phone’s next ping would not count', async () => {
  const { first, last } = await seededAt('2026-11-26T18:40:00Z');
  expect(first?.toISOString().slice(0, 13)).toBe('2026-11-26T16');
  expect(last?.getTime()).toBeLessThan(Date.parse('2026-11-26T18:40:00Z'));
});
