import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type SmallServer, startSmallServer } from './small-server.ts';

let small: SmallServer;
let token: string;
let clientId: string;

beforeAll(async () => {
  small = await startSmallServer();
  token = await small.token('w1', 'writer');
});
beforeEach(() => {
  clientId = crypto.randomUUID();
});
afterAll(() => small.close());

const write = (id: number) => ({
  ...{ id, key: crypto.randomUUID(), name: 'write', model: 3, at: '2026-11-22T10:00:00.000Z' },
  args: { id: crypto.randomUUID(), body: 'a note' },
});

/** What a process leaves that died of a mutation: so many noted tries, the first of them so long ago. */
const noteTries = (key: string, tries: number, minutes: number) =>
  small.query(
    sql`insert into sync.halts (tenant, key, tries, first_at, last_at, error)
        values ('pennco', ${key}, ${tries}, timestamptz '2026-11-22T10:00:00Z' - ${minutes} * interval '1 minute', now(), 'begun')`,
  );
const left = () =>
  small.query<{ attempts: number; halts: number }>(
    sql`select (select count(*)::int from sync.attempts) as attempts, (select count(*)::int from sync.halts) as halts`,
  );

test('a push whose process died is done mutation by mutation, and nothing of the note is left', async () => {
  await small.query(
    sql`insert into sync.attempts (tenant, subject, id, at) values ('pennco', ${clientId}, gen_random_uuid(), now() - interval '1 minute')`,
  );
  const mutations = [write(1), write(2), write(3)];
  const { receipts, stopped } = await small.sync(token, { clientId, mutations });
  expect(stopped).toBeNull();
  expect(receipts.map(({ status, replayed }) => [status, replayed])).toEqual(mutations.map(() => ['applied', false]));
  expect(await left()).toEqual([{ attempts: 0, halts: 0 }]);
});

test('one that took its process with it too often is dead without another try, and the queue goes on', async () => {
  const [before, guilty, behind] = [write(1), write(2), write(3)];
  await noteTries(guilty.key, 5, 16);
  const { receipts } = await small.sync(token, { clientId, mutations: [before, guilty, behind] });
  expect(receipts.map(({ status }) => status)).toEqual(['applied', 'dead', 'applied']);
  const ids = [before, guilty, behind].map(({ args }) => args.id);
  const written = await small.query<{ id: string }>(sql`select id from notes`);
  expect(ids.map((id) => written.some((note) => note.id === id))).toEqual([true, false, true]);
});

test('too often, but not for long enough: one more try', async () => {
  const again = write(1);
  await noteTries(again.key, 5, 14);
  const { receipts } = await small.sync(token, { clientId, mutations: [again] });
  expect(receipts).toMatchObject([{ status: 'applied' }]);
  expect(await small.query(sql`select from sync.halts where key = ${again.key}`)).toEqual([]);
});

test('over REST: dead without another try', async () => {
  const { key, args } = write(1);
  await noteTries(key, 5, 16);
  const answer = await small.post('/v1/mutations/write', token, args, { 'idempotency-key': key });
  expect(answer.status).toBe(202);
  expect(await small.query(sql`select from notes where id = ${args.id}`)).toEqual([]);
});
