import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { by, createServer, type Database, jwtAuth, postgresDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { mutation as entry } from '../protocol/device.ts';
import { problemIn } from '../protocol/problem.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull() }, (t) => [
  primaryKey({ columns: [t.tenant, t.id] }),
]);

let fresh: FreshDatabase;
let admin: postgres.Sql;
let database: Database;
let http: HttpClient;
let token: string;
let operator: string;
let stop: () => Promise<void>;
let minutes = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  admin = postgres(fresh.url, { max: 1, onnotice: () => {} });
  await admin`create table notes (tenant text, id text, primary key (tenant, id))`;
  database = postgresDatabase(fresh.url, { connections: 2 });
  const node = createServer({
    database,
    model: defineModel({
      version: 1,
      collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
      mutations: {
        write: mutation({ args: z.object({ id: z.string() }) }),
        hang: mutation({ args: z.object({ id: z.string() }) }),
      },
    }),
    tables: { notes: { table: notes, scopes: [by('note', notes.id)] } },
    haltPolicy: { tries: 2, minutes: 15 },
    mutators: {
      write: {
        roles: ['writer'],
        async run({ db, tenant }, { id }) {
          await db.insert(notes).values({ tenant, id });
          return undefined;
        },
      },
      hang: {
        roles: ['writer'],
        async run({ db, tenant }, { id }) {
          await db.insert(notes).values({ tenant, id });
          await db.execute(sql`set local idle_in_transaction_session_timeout = 300`);
          return new Promise<undefined>(() => {});
        },
      },
    },
    auth: jwtAuth({ secret: 'any' }),
    scopes: () => [],
    admin: ({ role }) => role === 'ops',
    platform: {
      clock: () => new Date(Date.parse('2026-11-22T10:00:00Z') + minutes * 60_000),
      log: { info: () => {}, error: () => {} },
    },
  });
  const { url } = await node.listen({ port: 0, host: '127.0.0.1' });
  stop = () => node.close();
  http = httpClient(url);
  token = await bearerTokens('any')('w1', 'writer');
  operator = await bearerTokens('any')('o1', 'ops');
});
afterAll(async () => {
  await stop();
  await admin.end();
  await fresh.drop();
});

const push = async (clientId: string, mutations: unknown[]) => {
  const answer = await http.post('/v1/sync', token, {
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: '2026-11-22T10:00:00Z', model: 1, clientId, mutations },
  });
  return { status: answer.status, body: answer.body as { receipts: { status: string }[]; stopped: unknown } };
};
const ids = async () => (await admin`select id from notes order by id`).map(({ id }) => String(id));
const triesOf = async (key: string) => (await admin`select tries from sync.halts where key = ${key}`)[0]?.['tries'];
const noneHeld = () => expect.poll(() => database.load?.().held, { timeout: 20_000 }).toBe(0);

test('a mutator that never comes back halts its log, dies in the end, and lets go of everything', async () => {
  const log = [
    entry(1, { name: 'write', args: { id: 'before' } }),
    entry(2, { name: 'hang', args: { id: 'hung' } }),
    entry(3, { name: 'write', args: { id: 'after' } }),
  ];
  const key = log[1]?.key ?? '';
  const first = await push('hanging-phone', log);
  expect(first).toMatchObject({ status: 200, body: { receipts: [], stopped: { id: 2, code: 'halted' } } });
  expect(await ids()).toEqual([]);
  expect(await triesOf(key)).toBe(1);
  await noneHeld();

  minutes += 16;
  // What came before it commits, it goes alone, and its try counts.
  const second = await push('hanging-phone', log);
  expect(second.body).toMatchObject({ receipts: [{ status: 'applied' }], stopped: { id: 2, code: 'halted' } });
  expect(await triesOf(key)).toBe(2);

  const third = await push('hanging-phone', log);
  expect(third.body.receipts.map(({ status }) => status)).toEqual(['applied', 'dead', 'applied']);
  expect(await ids()).toEqual(['after', 'before']);
  await noneHeld();

  const retried = await http.post(`/v1/admin/dead-letters/${key}/retry`, operator, '');
  expect(problemIn(retried).code).toBe('still_dead');
  const [audited] = await admin`select details ->> 'error' as error from sync.audit where subject = ${key}`;
  expect(audited?.['error']).toContain('NeverCameBack');
});

test('over REST it is halted too, and counted', async () => {
  const key = crypto.randomUUID();
  for (const tries of [1, 2]) {
    const answer = await http.post('/v1/mutations/hang', token, { id: 'alone' }, { 'idempotency-key': key });
    expect(problemIn(answer).code).toBe('halted');
    expect(await triesOf(key)).toBe(tries);
  }
  await noneHeld();
});
