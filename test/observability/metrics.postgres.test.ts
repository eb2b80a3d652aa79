import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEvents } from '../protocol/event-stream.ts';
import { freshDatabase, type FreshDatabase } from '../support/postgres.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

let database: FreshDatabase;
let near: WatchedServer;
let far: WatchedServer;

beforeAll(async () => {
  database = await freshDatabase();
  near = await startWatchedServer({ url: database.url });
  far = await startWatchedServer({ url: database.url });
});
afterAll(async () => {
  await near.close();
  await far.close();
  await database.drop();
});

async function sample(server: WatchedServer, name: string): Promise<number> {
  const { text } = await server.get('/metrics', null);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? Number.NaN);
}

test('connections are counted while transactions hold them, and transactions that wait for one', async () => {
  const most = await sample(near, 'ekbaar_connections_most');
  expect(most).toBeGreaterThan(1);
  const release = Promise.withResolvers<void>();
  const holding = Array.from({ length: most + 3 }, () =>
    near.database.db.transaction(async (tx) => {
      await tx.execute(sql`select 1`);
      await release.promise;
    }),
  );
  // The scrape's own question finds no connection: it is late, and the answer comes all the same.
  await vi.waitFor(async () => expect(await sample(near, 'ekbaar_connections_in_use')).toBe(most), 20_000);
  expect(await sample(near, 'ekbaar_connections_waiting')).toBeGreaterThanOrEqual(3);
  near.passSeconds(10);
  expect(await sample(near, 'ekbaar_database_answers')).toBe(0);
  release.resolve();
  await Promise.all(holding);
  await vi.waitFor(async () => expect(await sample(near, 'ekbaar_connections_waiting')).toBe(0), 20_000);
  near.passSeconds(10);
  await vi.waitFor(async () => expect(await sample(near, 'ekbaar_database_answers')).toBe(1), 20_000);
});

test('a poke is counted where it was sent, where it was heard and where a stream was told', async () => {
  const stream = await openEvents(far.url, await far.token('w1', 'writer'));
  await near.mutate(await near.token('w1', 'writer'), 'write', { id: 'n1', body: 'a', failure: 'none' });
  await vi.waitFor(() => expect(stream.pokes()).toHaveLength(1), 20_000);
  expect(await sample(near, 'ekbaar_pokes_total{way="sent"}')).toBe(1);
  expect(await sample(far, 'ekbaar_pokes_total{way="received"}')).toBe(1);
  expect(await sample(far, 'ekbaar_pokes_total{way="streamed"}')).toBe(1);
  expect(await sample(near, 'ekbaar_pokes_total{way="streamed"}')).toBe(0);
  stream.close();
  await stream.ended;
});
