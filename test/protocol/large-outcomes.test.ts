import { type Client, createClient } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { limits, type MutationError, Outcome, SyncRequest } from '@ekbaar/sdk/protocol';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { by, createServer, type Database, jwtAuth, openDatabase, type Server } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { mutation as drafted } from './device.ts';

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull() }, (t) => [
  primaryKey({ columns: [t.tenant, t.id] }),
]);
const Sized = z.object({ bytes: z.number(), filling: z.string() });
const model = defineModel({
  version: 1,
  collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
  mutations: {
    answer: mutation({ args: Sized, result: z.string() }),
    refuse: mutation({ args: Sized, rejects: ['no'] }),
    count: mutation({ args: z.record(z.string(), z.number()) }),
  },
});

/** What one receipt takes, and what the SDK takes of args: bytes of JSON. */
const [mostKept, mostArgs] = [32 * 1024, 256 * 1024];
/** A text of so many bytes as JSON. */
const textOf = (bytes: number) => 'x'.repeat(bytes - 2);
const sized = (bytes: number, of = 0) => {
  const args = { bytes, filling: '' };
  return { ...args, filling: 'x'.repeat(Math.max(0, of - JSON.stringify(args).length)) };
};

let database: Database;
let server: Server;
let url: string;
let token: string;
const clients: Client<typeof model>[] = [];
beforeAll(async () => {
  const secret = crypto.randomUUID();
  database = await openDatabase();
  await database.db.execute(sql`create table notes (tenant text, id text, primary key (tenant, id))`);
  server = createServer({
    ...{ model, database, auth: jwtAuth({ secret }), scopes: () => [] },
    tables: { notes: { table: notes, scopes: [by('note', notes.id)] } },
    platform: { log: { info: () => {}, error: () => {} } },
    mutators: {
      answer: { roles: ['writer'], run: (_, { bytes }) => Promise.resolve(textOf(bytes)) },
      refuse: {
        roles: ['writer'],
        run: ({ reject }, { bytes }) => Promise.resolve(reject('no', '\u0001'.repeat(2000), detailsOf(bytes))),
      },
      count: { roles: ['writer'], run: () => Promise.resolve(undefined) },
    },
  });
  ({ url } = await server.listen({ port: 0, host: '127.0.0.1' }));
  token = await bearerTokens(secret)('w', 'writer');
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await server.close();
});

function detailsOf(bytes: number): { filling: string } {
  return { filling: 'x'.repeat(bytes - JSON.stringify({ filling: '' }).length) };
}

async function phone(): Promise<Client<typeof model>> {
  const options = { model, url, actor: { tenant: 'pennco', id: 'w' }, token: () => token, store: memoryStore() };
  const client = await createClient(options);
  clients.push(client);
  return client;
}

const statesOf = async (client: Client<typeof model>) => (await client.readMutations()).map(({ state }) => state);

test.each(['answer', 'refuse'] as const)(
  '%s: as large as it may be it comes back from the phone after a restore',
  async (name) => {
    const client = await phone();
    await client.mutate('answer', sized(10));
    const { key } = await client.mutate(name, sized(mostKept, mostArgs));
    await client.sync();
    // The restored backup knows nothing of it.
    await database.db.execute(sql`delete from sync.receipts where key = ${key}`);
    await database.db.execute(sql`update sync.clients set last_mutation_id = 1 where last_mutation_id = 2`);
    await client.mutate('answer', sized(10));
    await client.sync();
    const before = name === 'answer' ? 'applied' : 'rejected';
    expect(await statesOf(client)).toEqual(['applied', before, 'applied']);
    const kept = await database.db.execute(sql`select status from sync.receipts where key = ${key}`);
    expect(kept).toMatchObject({ rows: [{ status: before }] });
  },
);

test.each([
  ['answer', 'The result of "answer"'],
  ['refuse', 'What "refuse" rejects with'],
] as const)('%s: what is larger is the mutator’s fault, and says so', async (name, what) => {
  const client = await phone();
  const { key } = await client.mutate(name, sized(mostKept + 1));
  await expect(client.sync()).rejects.toMatchObject({ code: 'halted' });
  expect(await statesOf(client)).toEqual(['sent']);
  const counted = await database.db.execute(sql`select tries, error from sync.halts where key = ${key}`);
  expect(counted).toMatchObject({
    rows: [
      {
        tries: expect.any(Number),
        error: `TypeError: ${what} has 32769 bytes of JSON, and a receipt takes 32768: give less, such as the id of a row that has the rest`,
      },
    ],
  });
});

test('the issues of args that do not fit are no more than a receipt takes', async () => {
  const names = Array.from({ length: 60 }, (_, at) => '\u0001'.repeat(500) + at);
  const mutations = [drafted(1, { name: 'count', args: Object.fromEntries(names.map((name) => [name, 'none'])) })];
  const { receipts } = await sync(mutations);
  expect(receipts).toMatchObject([{ status: 'rejected', error: { code: 'invalid_args' } }]);
  const { details } = (receipts[0] as { error: MutationError }).error;
  expect(details).toContainEqual({ path: '\u0001'.repeat(500), message: expect.stringContaining('expected number') });
  expect(JSON.stringify(details).length).toBeLessThanOrEqual(mostKept);
});

test('the largest outcome and args, cursor and scopes fit into one body', async () => {
  const { receipts } = await sync([drafted(1, { name: 'refuse', args: sized(mostKept) })]);
  const request = requestOf([
    drafted(1, { name: 'refuse', args: sized(mostKept, mostArgs), receipt: Outcome.parse(receipts[0]) }),
  ]);
  const full = {
    ...{ ...request, cursor: 'x'.repeat(limits.cursorLength) },
    diverged: Array.from({ length: limits.scopesPerRequest }, () => 'x'.repeat(200)),
  };
  expect(SyncRequest.safeParse(full).success).toBe(true);
  expect(JSON.stringify(full).length).toBeLessThan(limits.bodyBytes);
});

function requestOf(mutations: SyncRequest['mutations']) {
  const made = { request: crypto.randomUUID(), sentAt: new Date().toISOString(), clientId: crypto.randomUUID() };
  return { ...made, protocol: 1, model: 1, ack: 0, cursor: null, mutations };
}

async function sync(mutations: SyncRequest['mutations']) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/sync`, { method: 'POST', headers, body: JSON.stringify(requestOf(mutations)) });
  return (await answer.json()) as { receipts: unknown[] };
}
