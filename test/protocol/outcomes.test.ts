import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { Outcome, SyncRequest } from '@ekbaar/sdk/protocol';
import { by, createServer, jwtAuth, type Mutator, openDatabase, type Server } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type Draft, mutation as drafted } from './device.ts';

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull() }, (t) => [
  primaryKey({ columns: [t.tenant, t.id] }),
]);
const Said = z.object({ code: z.string(), message: z.string() });
const mutations = {
  refuseTogether: mutation({ args: Said, rejects: ['no'] as string[] }),
  answer: mutation({ args: z.object({ with: z.nullable(z.unknown()) }), result: z.nullable(z.unknown()) }),
  answerTogether: mutation({ args: z.object({ with: z.nullable(z.unknown()) }), result: z.nullable(z.unknown()) }),
  break: mutation({ args: z.object({ how: z.string() }), rejects: ['no'] }),
  answerUnreadable: mutation({ args: z.object({}), result: z.array(z.string()) }),
  answerNaN: mutation({ args: z.object({}), result: z.number() }),
};
const collections = { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) };
type Refusal = z.infer<typeof Said>;

const refuse: Mutator<Refusal, never, string> = {
  roles: ['writer'],
  run: ({ reject }, { code, message }) => Promise.resolve(reject(code, message)),
};
const answer: Mutator<{ with: unknown }, unknown, never> = {
  roles: ['writer'],
  run: (_, args) => Promise.resolve(args.with),
};
const circle: Record<string, unknown> = {};
circle['of'] = circle;
const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { in: nested(levels - 1) });
/** What no receipt can hold. */
const noJson: Readonly<Record<string, Record<string, unknown>>> = {
  bigint: { paise: 5n },
  circle,
  deep: nested(51),
  large: { text: 'x'.repeat(32 * 1024) },
};
const mutators = {
  break: {
    roles: ['writer'],
    run({ reject }, { how }) {
      const [way, what = ''] = how.split(' ');
      if (way === 'reject') reject('no', 'no', noJson[what]);
      if (way === 'code') reject('no\0' as 'no', 'no');
      if (way === 'throw') throw Object.create(null);
      return Promise.resolve(noJson[what] as never);
    },
  } satisfies Mutator<{ how: string }, never, 'no'>,
  refuse,
  refuseTogether: {
    ...refuse,
    batch: { run: (_, items) => Promise.resolve(items.map(({ args }) => ({ reject: args }))) },
  } satisfies typeof refuse,
  answer,
  answerTogether: {
    ...answer,
    batch: { run: (_, items) => Promise.resolve(items.map(({ args }) => ({ result: args.with }))) },
  } satisfies typeof answer,
  answerUnreadable: { roles: ['writer'], run: () => Promise.resolve(['\0', '\ud800', '\\u0000']) },
  answerNaN: { roles: ['writer'], run: () => Promise.resolve(Number.NaN) },
};

async function serverWith(rejects: readonly string[]): Promise<{ server: Server; secret: string }> {
  const secret = crypto.randomUUID();
  const database = await openDatabase();
  await database.db.execute(sql`create table notes (tenant text, id text, primary key (tenant, id))`);
  const refusing = { ...mutations, refuse: mutation({ args: Said, rejects }) };
  const server = createServer({
    ...{ model: defineModel({ version: 1, collections, mutations: refusing }), database, mutators },
    tables: { notes: { table: notes, scopes: [by('note', notes.id)] } },
    ...{ auth: jwtAuth({ secret }), scopes: () => [], platform: { log: { info: () => {}, error: () => {} } } },
  });
  return { server, secret };
}

let server: Server;
let http: HttpClient;
let token: string;
beforeAll(async () => {
  const started = await serverWith(['no', 'n'.repeat(64)]);
  ({ server } = started);
  http = httpClient((await server.listen({ port: 0, host: '127.0.0.1' })).url);
  token = await bearerTokens(started.secret)('w', 'writer');
});
afterAll(() => server.close());

const rest = (name: string, args: object, key = crypto.randomUUID()) =>
  http.post(`/v1/mutations/${name}`, token, args, { 'idempotency-key': key });
/** What a client that was never seen before is answered for these, the first time and the second. */
async function sync(...drafts: Draft[]) {
  const request = {
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1, ack: 0, cursor: null },
    ...{ clientId: crypto.randomUUID(), mutations: drafts.map((draft, at) => drafted(at + 1, draft)) },
  };
  const answers = [await http.post('/v1/sync', token, request), await http.post('/v1/sync', token, request)];
  return answers.map(({ body }) => body as { receipts: Record<string, unknown>[]; stopped: { code: string } | null });
}

describe('a message that is too long', () => {
  const message = 'x'.repeat(1998) + '\u{1F600}'.repeat(50);
  const kept = `${'x'.repeat(1998)}…`;

  test('is cut, over REST and in a log, alone and together', async () => {
    const args = { code: 'no', message };
    const error = { code: 'no', message: kept };
    expect((await rest('refuse', args)).body).toMatchObject({ status: 'rejected', error });
    for (const name of ['refuse', 'refuseTogether']) {
      for (const { receipts } of await sync({ name, args }, { name, args }))
        expect(receipts).toMatchObject([{ error }, { error }]);
    }
  });

  test('is cut where it was applied before a restore, too: the device can send it back', async () => {
    const args = { code: 'no', message: 'x'.repeat(2000) };
    const [first] = await sync({ name: 'refuse', args, receipt: { status: 'applied' } });
    const [{ status, error } = {}] = first?.receipts ?? [];
    expect(error).toMatchObject({ code: 'after_restore', details: { code: 'no' } });
    const receipt = Outcome.parse({ status, error });
    expect(SyncRequest.shape.mutations.safeParse([drafted(1, { name: 'refuse', args, receipt })]).success).toBe(true);
  });
});

describe('a code', () => {
  test('of 64 characters is one', async () => {
    expect((await rest('refuse', { code: 'n'.repeat(64), message: '' })).status).toBe(422);
  });

  test.each(['', 'n'.repeat(65)])(
    'that is none, as %j, is a bug of the app: it stops the queue, nothing is kept',
    async (code) => {
      expect((await rest('refuse', { code, message: 'no' })).status).toBe(503);
      for (const name of ['refuse', 'refuseTogether']) {
        const [first] = await sync({ name, args: { code, message: 'no' } }, { name, args: { code, message: 'no' } });
        expect(first).toMatchObject({ receipts: [], stopped: { id: 1, code: 'halted' } });
      }
    },
  );

  test('that is none, declared by the model: the server does not start', async () => {
    await expect(serverWith(['no', 'n'.repeat(65)])).rejects.toThrow('"refuse" rejects with "nnn');
  });
});

describe('what no receipt can hold', () => {
  const ways = ['reject', 'answer'].flatMap((way) => Object.keys(noJson).map((what) => `${way} ${what}`));

  test.each([...ways, 'code', 'throw'])('%s: a bug of the app, which stops the queue, and is counted', async (how) => {
    const key = crypto.randomUUID();
    expect((await rest('break', { how }, key)).status).toBe(503);
    expect((await rest('break', { how }, key)).body).toMatchObject({ code: 'halted' });
    const [first] = await sync({ name: 'break', args: { how } });
    expect(first).toMatchObject({ receipts: [], stopped: { id: 1, code: 'halted' } });
  });

  test('as deep as it may be it can be sent back', async () => {
    const args = { with: nested(50) };
    const [first] = await sync({ name: 'answer', args });
    const [{ status, result } = {}] = first?.receipts ?? [];
    expect(result).toEqual(args.with);
    const [again] = await sync({ name: 'answer', args, receipt: { status: 'applied', result } });
    expect(again?.receipts).toMatchObject([{ status, result }]);
  });
});

describe('a result', () => {
  test.each([
    ['answer', { with: null }, undefined],
    ['answerTogether', { with: null }, undefined],
    ['answerNaN', {}, undefined],
    ['answer', { with: 0 }, 0],
    ['answerTogether', { with: '' }, ''],
    ['answer', { with: { of: null } }, { of: null }],
    ['answerUnreadable', {}, ['\ufffd', '\ufffd', '\\u0000']],
  ])('of %s %j is the same the second time', async (name, args, result) => {
    const key = crypto.randomUUID();
    const [first, again] = [await rest(name, args, key), await rest(name, args, key)];
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.text).toBe(first.text);
    expect(first.body).toEqual({ key, status: 'applied', ...(result === undefined ? {} : { result }) });
    const [one, two] = await sync({ name, args }, { name, args });
    expect(two?.receipts).toEqual(one?.receipts.map((receipt) => ({ ...receipt, replayed: true })));
    expect(one?.receipts[0]).toEqual({
      ...{ id: 1, key: expect.any(String), status: 'applied', replayed: false },
      ...(result === undefined ? {} : { result }),
    });
  });
});
