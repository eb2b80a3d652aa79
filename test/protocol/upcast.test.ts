import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { SyncResponse } from '@ekbaar/sdk/protocol';
import { by, createServer, type Mutator, jwtAuth, pgliteDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import { type Device, device } from './device.ts';

const visits = pgTable(
  'visits',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    agentId: text('agent_id').notNull(),
    note: text().notNull(),
    language: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

// What docs/model-versions.md quotes begins here.
/** Version 1 had `{ id, text }`, version 2 `{ id, note }`, and version 3 says in which language the note is. */
const model = defineModel({
  version: 3,
  collections: {
    visits: collection({ schema: z.object({ id: z.string(), note: z.string(), language: z.string() }), key: 'id' }),
  },
  mutations: {
    noteVisit: mutation({
      args: z.object({ id: z.string(), note: z.string(), language: z.enum(['hi', 'en']) }),
      rejects: ['no_such_visit'],
    }),
  },
});

const Version1 = z.object({ id: z.string(), text: z.string() });
const Version2 = z.object({ id: z.string(), note: z.string() });

const noteVisit: Mutator<{ id: string; note: string; language: 'hi' | 'en' }, undefined, 'no_such_visit'> = {
  roles: ['agent'],
  upcast: {
    // From before version 2.
    2: (args) => {
      const { id, text } = z.parse(Version1, args);
      return { id, note: text };
    },
    // From before version 3, and what the one above has made. Those apps were in Hindi only.
    3: (args) => ({ ...z.parse(Version2, args), language: 'hi' }),
  },
  async run({ db, tenant, actor }, { id, note, language }) {
    await db.insert(visits).values({ tenant, id, agentId: actor.id, note, language });
    return undefined;
  },
};
// And ends here.

let now = Date.parse('2026-11-22T10:00:00Z');
let phone: Device;
let newPhone: () => Device;
let rows: (statement: ReturnType<typeof sql>) => Promise<Record<string, unknown>[]>;
let close: () => Promise<void>;

beforeAll(async () => {
  const secret = crypto.randomUUID();
  const database = await pgliteDatabase();
  await database.db.execute(
    sql`create table visits (tenant text, id text, agent_id text not null, note text not null, language text not null, primary key (tenant, id))`,
  );
  const server = createServer({
    ...{ model, database, mutators: { noteVisit }, auth: jwtAuth({ secret }) },
    tables: { visits: { table: visits, scopes: [by('agent', visits.agentId)] } },
    scopes: (actor) => [`agent:${actor.id}`],
    platform: { clock: () => new Date(now), log: { info: () => {}, warn: () => {}, error: () => {} } },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const token = await bearerTokens(secret)('a01', 'agent');
  const ekbaar = {
    async sync(bearer: string, request: object) {
      const answer = await http.post('/v1/sync', bearer, {
        ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date(now).toISOString(), model: 3 },
        ...{ mutations: [], ack: 0, cursor: null, ...request },
      });
      return SyncResponse.parse(answer.body);
    },
  };
  newPhone = () => device(ekbaar, token);
  rows = async (statement) => {
    const result: unknown = await database.db.execute(statement);
    return (result as { rows: Record<string, unknown>[] }).rows;
  };
  close = () => server.close();
});
afterAll(() => close());
beforeEach(() => void (phone = newPhone()));

/** The same visit as the app of each version says it. */
const said = {
  1: (id: string) => ({ id, text: 'घर बंद था' }),
  2: (id: string) => ({ id, note: 'घर बंद था' }),
  3: (id: string) => ({ id, note: 'घर बंद था', language: 'hi' }),
};
const drafted = (version: 1 | 2 | 3, id: string) => ({
  name: 'noteVisit',
  model: version,
  args: said[version](id),
});
const fresh = () => crypto.randomUUID();

describe('mutations of older models', () => {
  test('are brought up to date step by step, in one batch with those of today', async () => {
    const ids = [fresh(), fresh(), fresh()] as const;
    const { receipts } = await phone.sync({
      mutations: phone.next(drafted(1, ids[0]), drafted(2, ids[1]), drafted(3, ids[2])),
    });
    expect(receipts.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    for (const id of ids) {
      expect(await rows(sql`select note, language from visits where id = ${id}`)).toEqual([
        { note: 'घर बंद था', language: 'hi' },
      ]);
    }
  });

  test('are kept as they came', async () => {
    const id = fresh();
    const { key } = await phone.mutate(drafted(1, id));
    expect(await rows(sql`select args, model from sync.receipts where key = ${key}`)).toEqual([
      { args: said[1](id), model: 1 },
    ]);
  });

  test('find their first answer when they come again', async () => {
    const mutations = phone.next(drafted(1, fresh()));
    const first = await phone.sync({ mutations });
    const again = await phone.sync({ mutations });
    expect(again.receipts).toEqual(first.receipts.map((receipt) => ({ ...receipt, replayed: true })));
  });

  test('are other content in the words of another version: an app must never rewrite its queue', async () => {
    const id = fresh();
    const [sent] = phone.next(drafted(1, id));
    if (sent === undefined) throw new Error('nothing drafted');
    await phone.sync({ mutations: [sent] });
    const rewritten = { ...sent, model: 3, args: said[3](id) };
    expect((await phone.sync({ mutations: [rewritten] })).stopped).toMatchObject({ id: 1, code: 'forked' });
    expect((await newPhone().sync({ mutations: [rewritten] })).receipts).toMatchObject([
      { status: 'rejected', error: { code: 'key_reused' } },
    ]);
    expect(await rows(sql`select id from visits where id = ${id}`)).toHaveLength(1);
  });

  test('must fit when they are up to date', async () => {
    const receipt = await phone.mutate({ ...drafted(3, fresh()), args: { id: fresh(), note: 'x', language: 'fr' } });
    expect(receipt).toMatchObject({ status: 'rejected', error: { code: 'invalid_args' } });
  });
});

test('an upcaster that throws stops the queue, and after 5 tries and 15 minutes it goes on behind a dead letter', async () => {
  const [good, bad, behind] = [fresh(), fresh(), fresh()];
  // Nobody of version 1 ever sent this: the upcaster was written for what was known.
  const unforeseen = { name: 'noteVisit', model: 1, args: { id: bad, words: 'घर बंद था' } };
  const mutations = phone.next(drafted(1, good), unforeseen, drafted(2, behind));
  const first = await phone.sync({ mutations });
  expect(first.receipts).toMatchObject([{ id: 1, status: 'applied' }]);
  expect(first.stopped).toMatchObject({ id: 2, code: 'halted' });

  const rest = mutations.slice(1);
  for (let tries = 2; tries <= 4; tries++) {
    now += 5 * 60_000;
    expect((await phone.sync({ mutations: rest })).stopped).toMatchObject({ id: 2, code: 'halted' });
  }
  now += 5 * 60_000;
  const last = await phone.sync({ mutations: rest });
  expect(last).toMatchObject({
    stopped: null,
    receipts: [
      { id: 2, status: 'dead' },
      { id: 3, status: 'applied' },
    ],
  });
  expect(await rows(sql`select args, status from sync.receipts where key = ${rest[0]?.key}`)).toEqual([
    { args: unforeseen.args, status: 'dead' },
  ]);
});
