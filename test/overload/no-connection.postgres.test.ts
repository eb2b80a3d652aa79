import { Delta } from '@ekbaar/sdk/protocol';
import { type Database, postgresDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NotesServer, startNotes } from '../dead-letters/notes-server.ts';
import { mutation } from '../protocol/device.ts';
import { problemIn } from '../protocol/problem.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const connections = 2;
const connectionWaitMs = 300;

let fresh: FreshDatabase;
let database: Database;
let notes: NotesServer;
let writer: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = postgresDatabase(fresh.url, { connections, connectionWaitMs });
  notes = await startNotes({ database });
  writer = await notes.token('w1', 'writer');
});
afterAll(async () => {
  await notes.stop();
  await fresh.drop();
});

/** Holds every connection, as transactions that hang would. Gives what lets go of them. */
async function holdAll(): Promise<() => Promise<void>> {
  const { promise: over, resolve: letGo } = Promise.withResolvers<void>();
  const taken = Array.from({ length: connections }, () => Promise.withResolvers<void>());
  const held = taken.map(({ resolve }) =>
    (database.patientDb ?? database.db).transaction(async (tx) => {
      await tx.execute(sql`select 1`);
      resolve();
      await over;
    }),
  );
  await Promise.all(taken.map(({ promise }) => promise));
  return async () => {
    letGo();
    await Promise.all(held);
  };
}

test('whoever waits for a connection for too long is told when to come again, and is done then', async () => {
  const write = mutation(1, { name: 'write', args: { id: crypto.randomUUID(), body: 'patience' } });
  const push = () =>
    notes.post('/v1/sync', writer, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
      ...{ clientId: 'patient-phone', mutations: [write] },
    });
  const single = { id: crypto.randomUUID(), body: 'over REST' };
  const key = crypto.randomUUID();
  const post = () => notes.post('/v1/mutations/write', writer, single, { 'idempotency-key': key });

  const letGo = await holdAll();
  const answers = await Promise.all([push(), post(), notes.get('/v1/pull', writer)]);
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(problemIn(answer).code).toBe('overloaded');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  await letGo();

  expect((await push()).body).toMatchObject({ receipts: [{ status: 'applied', replayed: false }] });
  expect((await post()).body).toMatchObject({ status: 'applied' });
  expect((await notes.get('/v1/pull', writer)).status).toBe(200);
  expect(await notes.rows(sql`select from sync.halts`)).toEqual([]);
});

test('who has given up is handed none: no connection is lost', async () => {
  const idle = { held: 0, waiting: 0, most: connections };
  for (let round = 0; round < 3; round++) {
    const letGo = await holdAll();
    const waiting = Array.from({ length: 5 }, () => database.db.transaction((tx) => tx.execute(sql`select 1`)));
    const settled = await Promise.allSettled(waiting);
    expect(settled.map(({ status }) => status)).toEqual(settled.map(() => 'rejected'));
    await letGo();
  }
  // The background is at work too: quiet is when nobody of it has one.
  await expect.poll(() => database.load?.(), { timeout: 20_000 }).toEqual(idle);
  await (
    await holdAll()
  )();
});

test('what works in the background waits for as long as it takes, and complains of nothing', async () => {
  const id = crypto.randomUUID();
  const letGo = await holdAll();
  const patient = (database.patientDb ?? database.db).execute(
    sql`insert into notes (tenant, id, owner, body) values ('pennco', ${id}, 'w1', 'from elsewhere')`,
  );
  // Longer than a sweep that is looked for every 250 ms would wait.
  for (let round = 0; round < 4; round++) await expect(notes.rows(sql`select 1`)).rejects.toThrow('select 1');
  await letGo();
  await patient;
  const seen = async () => {
    const { changes } = Delta.parse((await notes.get('/v1/pull', writer)).body);
    return changes.some((change) => change.id === id);
  };
  await expect.poll(seen, { timeout: 20_000 }).toBe(true);
  expect(notes.logged()).not.toMatch(/publishing what other programs wrote failed|pokes do not reach/);
});

test('a node whose connections are all taken is ready: its database answers', async () => {
  const letGo = await holdAll();
  const { status, body } = await notes.get('/readyz', writer);
  expect({ status, body }).toEqual({ status: 200, body: { status: 'ready' } });
  await letGo();
});
