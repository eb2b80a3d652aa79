import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@ekbaar/sdk';
import type { Mutation, SyncResponse } from '@ekbaar/sdk/protocol';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutation } from '../protocol/device.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { secret } from '../support/field-ops-process.ts';
import { type HttpAnswer, httpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { poisonModel } from './poison-model.ts';
import { type SupervisedServer, superviseServer } from './supervised-server.ts';

/** Short, so that the test need not last a quarter of an hour; longer than five tries take. */
const haltMinutes = 0.2;
/** After so long without news of a push, its process is taken for dead. */
const takenForDeadMs = 10_500;

const tokenOf = bearerTokens(secret);
type Pair = [Promise<SupervisedServer>, Promise<SupervisedServer>];
let database: FreshDatabase;
/** Two nodes on one database: one has the poisoned log, the other the poisoned REST call. */
let server: SupervisedServer;
let rest: SupervisedServer;
let sql: postgres.Sql;
let writer: string;

beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 2, onnotice: () => {} });
  [server, rest] = await Promise.all([0, 1].map(() => superviseServer(database.url, haltMinutes)) as Pair);
  writer = await tokenOf('w1', 'writer');
  await Promise.all([ready(server), ready(rest)]);
});
afterAll(async () => {
  await Promise.all([server.stop(), rest.stop()]);
  await sql.end();
  await database.drop();
});

/** Waits for a node to be there, again. */
async function ready({ url }: SupervisedServer): Promise<void> {
  const up = () =>
    fetch(`${url}/readyz`)
      .then(({ ok }) => ok)
      .catch(() => false);
  while (!(await up())) await sleep(50);
}

/** The answer, or undefined when the process died of the request. */
async function ask(node: SupervisedServer, path: string, token: string, body: unknown, headers = {}) {
  await ready(node);
  return httpClient(node.url)
    .post(path, token, body, headers)
    .catch(() => undefined);
}

/** Sends what the process dies of. A request on a connection that the one before has left dead may not arrive. */
async function dies(node: SupervisedServer, send: () => Promise<HttpAnswer | undefined>): Promise<void> {
  const before = node.deaths;
  while (node.deaths === before) {
    expect(await send()).toBeUndefined();
    for (let waited = 0; waited < 1000 && node.deaths === before; waited += 20) await sleep(20);
  }
  expect(node.deaths).toBe(before + 1);
}

const write = (id: number, body: string) => mutation(id, { name: 'write', args: { id: crypto.randomUUID(), body } });
const push = (clientId: string, mutations: Mutation[]) =>
  ask(server, '/v1/sync', writer, {
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1, clientId, mutations },
  });
const post = ({ key, args }: Mutation) => ask(rest, '/v1/mutations/write', writer, args, { 'idempotency-key': key });

const statusOf = async ({ key }: Mutation): Promise<string | undefined> =>
  (await sql<{ status: string }[]>`select status from sync.receipts where tenant = 'pennco' and key = ${key}`)[0]
    ?.status;
const triesOf = async ({ key }: Mutation): Promise<number> =>
  (await sql<{ tries: number }[]>`select tries from sync.halts where tenant = 'pennco' and key = ${key}`)[0]?.tries ??
  0;
/** How often a mutation's note is in the table. */
const notesOf = async (...mutations: Mutation[]): Promise<number[]> => {
  const counts = mutations.map(async ({ args }) => {
    const { id } = args as { id: string };
    return (await sql<{ n: number }[]>`select count(*)::int as n from notes where id = ${id}`)[0]?.n ?? 0;
  });
  return Promise.all(counts);
};

/** Somebody else's phone, which writes a note every moment, whatever happens to the server. */
async function otherPhone() {
  const client = await createClient({
    model: poisonModel,
    url: server.url,
    actor: { tenant: 'pennco', id: 'w2' },
    token: () => tokenOf('w2', 'writer'),
    store: memoryStore(),
  });
  let going = true;
  const writing = (async () => {
    const saved = [];
    while (going) {
      saved.push(await client.mutate('write', { id: crypto.randomUUID(), body: 'well' }));
      await sleep(100);
    }
    return saved;
  })();
  return {
    /** Of every note that it wrote, its outcome. */
    async end() {
      going = false;
      const records = await Promise.all((await writing).map(({ confirmed }) => confirmed));
      await client.close();
      return records.map(({ state }) => state);
    },
  };
}

test('what kills its process again and again becomes a dead letter, in a log and over REST, and everything else goes on', async () => {
  const other = await otherPhone();
  const clientId = crypto.randomUUID();
  const queue = [write(1, 'well'), write(2, 'well'), write(3, 'killed'), write(4, 'well'), write(5, 'well')];
  const [first, second, poison, fourth, fifth] = queue as [Mutation, Mutation, Mutation, Mutation, Mutation];
  const single = write(1, 'exits');

  // Nobody has a suspicion yet: the whole push dies with the process.
  await Promise.all([dies(server, () => push(clientId, queue)), dies(rest, () => post(single))]);
  expect(await notesOf(...queue, single)).toEqual([0, 0, 0, 0, 0, 0]);

  await sleep(takenForDeadMs);
  for (let nth = 1; nth <= 5; nth++) {
    await Promise.all([dies(server, () => push(clientId, queue)), dies(rest, () => post(single))]);
    expect([await triesOf(poison), await triesOf(single)]).toEqual([nth, nth]);
    // What came before it is done; what comes behind it waits.
    expect(await notesOf(...queue, single)).toEqual([1, 1, 0, 0, 0, 0]);
  }

  const firstTries = await sql<{ key: string; first_at: Date }[]>`select key, first_at from sync.halts`;
  let answer: HttpAnswer | undefined;
  // Too often by now, but perhaps not for long enough: then it has one more try.
  while ((answer = await push(clientId, queue)) === undefined) await sleep(500);
  const { receipts, stopped } = answer.body as SyncResponse;
  expect(stopped).toBeNull();
  expect(receipts.map(({ status, replayed }) => [status, replayed])).toEqual([
    ['applied', true],
    ['applied', true],
    ['dead', false],
    ['applied', false],
    ['applied', false],
  ]);
  let singleAnswer: HttpAnswer | undefined;
  while ((singleAnswer = await post(single)) === undefined) await sleep(500);
  expect(singleAnswer.status).toBe(202);
  expect(singleAnswer.body).toMatchObject({ key: single.key, status: 'dead', error: { code: 'halted' } });

  for (const dead of [poison, single]) {
    const [receipt] = await sql<{ server_at: Date }[]>`select server_at from sync.receipts where key = ${dead.key}`;
    const since = firstTries.find(({ key }) => key === dead.key)?.first_at;
    expect(receipt && since && receipt.server_at.getTime() - since.getTime()).toBeGreaterThanOrEqual(
      haltMinutes * 60_000,
    );
  }
  expect(await Promise.all([first, second, fourth, fifth].map(statusOf))).toEqual([
    'applied',
    'applied',
    'applied',
    'applied',
  ]);
  expect(await notesOf(...queue, single)).toEqual([1, 1, 0, 1, 1, 0]);

  const deaths = server.deaths + rest.deaths;
  const outcomes = await other.end();
  expect(outcomes.length).toBeGreaterThan(50);
  expect(new Set(outcomes)).toEqual(new Set(['applied']));
  expect((await sql`select from notes where body = 'well'`).length).toBe(outcomes.length + 4);
  expect(server.deaths + rest.deaths).toBe(deaths);
  // Nothing stays behind that would make anybody go carefully for ever.
  expect(await sql`select from sync.attempts where subject in (${clientId}, ${single.key})`).toHaveLength(0);
  console.log(`${deaths} deaths, ${outcomes.length} notes of the other phone`);
}, 600_000);

test('a retry of a dead letter that takes its process with it is counted, and says of what it failed before', async () => {
  const ops = await tokenOf('olga', 'ops');
  const poison = write(1, 'killed');
  const since = new Date(Date.now() - haltMinutes * 60_000);
  await sql`insert into sync.halts (tenant, key, tries, first_at, last_at, error)
    values ('pennco', ${poison.key}, 5, ${since}, ${since}, 'Error: a bug of the app')`;
  const answer = await push(crypto.randomUUID(), [poison]);
  expect(answer?.body).toMatchObject({ receipts: [{ status: 'dead' }] });
  const counted = await triesOf(poison);

  const retry = () => ask(server, `/v1/admin/dead-letters/${poison.key}/retry`, ops, '');
  await dies(server, retry);
  await dies(server, retry);
  await ready(server);
  const { body } = await httpClient(server.url).get(`/v1/admin/receipts/${poison.key}`, ops);
  expect(body).toMatchObject({
    receipt: {
      status: 'dead',
      tries: counted + 2,
      lastError: expect.stringMatching(/never heard of again.*a bug of the app$/),
    },
  });
  expect(await notesOf(poison)).toEqual([0]);
});
