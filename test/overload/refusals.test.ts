import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { problemIn } from '../protocol/problem.ts';
import { addDelivery, confirm } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import type { HttpAnswer } from '../support/http-client.ts';
import { head, rawLine } from './raw-line.ts';

const patience = { timeout: 20_000 };

let ekbaar: FieldOps;
let now = Date.parse('2026-11-22T10:00:00Z');
/** Somebody new for each test: the limits are for each actor. */
let agent: string;
let agents = 0;

beforeAll(async () => {
  const limits = {
    ...{ inFlight: 1, readsInFlight: 1, waiting: 3, clientWaiting: 1, actorAtOnce: 4, bodyBytesAtOnce: 600_000 },
    rate: () => ({ perSecond: 1, burst: 50 }),
  };
  ekbaar = await startFieldOps({ limits, clock: () => new Date(now) });
});
beforeEach(async () => {
  agent = await tokenOf(`new-${agents++}`);
});
afterAll(() => ekbaar.close());

/** Keeps the engine from beginning with any pull or sync until it is told to go on: the embedded database is too quick. */
function holdEngine(): () => void {
  const { engine } = ekbaar.server;
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const [pull, sync] = [engine.pull.bind(engine), engine.sync.bind(engine)];
  engine.pull = (...args) => held.then(() => pull(...args));
  engine.sync = (...args) => held.then(() => sync(...args));
  return () => {
    Object.assign(engine, { pull, sync });
    resolve();
  };
}

/** Sends so many requests while the engine does nothing, and lets it go on when `refused` of them are answered. */
async function whileHeld(count: number, refused: number, send: (at: number) => Promise<HttpAnswer>) {
  const goOn = holdEngine();
  let answered = 0;
  const answers = times(count, async (at) => {
    const answer = await send(at);
    answered++;
    return answer;
  });
  await expect.poll(() => answered, patience).toBe(refused);
  goOn();
  return answers;
}

const exp = () => Math.floor(now / 1000) + 365 * 24 * 3600;
const tokenOf = (sub: string) => ekbaar.token(sub, 'agent', 'pennco', { exp: exp() });
const times = (count: number, send: (at: number) => Promise<HttpAnswer>) =>
  Promise.all(Array.from({ length: count }, (_, at) => send(at)));
const statuses = (answers: readonly HttpAnswer[]) => answers.map(({ status }) => status).toSorted((a, b) => a - b);
const codes = (answers: readonly HttpAnswer[]) =>
  new Set(answers.filter(({ status }) => status !== 200).map((answer) => problemIn(answer).code));

function expectRetryAfter(answer: HttpAnswer | undefined, least: number): void {
  const seconds = Number(answer?.headers.get('retry-after'));
  // With jitter, to twice as long.
  expect(seconds).toBeGreaterThanOrEqual(least);
  expect(seconds).toBeLessThanOrEqual(2 * least);
}

test.each(['/api/v1/places', '/api/v1/agents/a01/route', '/api/v1/exports', '/auth/accounts', '/api/v1/records/api'])(
  '429 throttled: %s, though it is a route of the app’s own',
  async (path) => {
    const answers = [];
    for (let at = 0; at < 60; at++) answers.push(await ekbaar.get(path, agent));
    expect(statuses(answers).filter((status) => status === 429)).toHaveLength(10);
  },
);

test('429 throttled: a loop, and when to come again; others go on', async () => {
  const answers = [];
  for (let at = 0; at < 60; at++) answers.push(await ekbaar.get('/v1/collections/agents/none', agent));
  expect(statuses(answers)).toEqual([
    ...Array.from({ length: 50 }, () => 404),
    ...Array.from({ length: 10 }, () => 429),
  ]);
  const last = answers.at(-1);
  expect(last && problemIn(last).code).toBe('throttled');
  expectRetryAfter(last, 1);
  expect((await ekbaar.get('/v1/pull', await tokenOf('another'))).status).toBe(200);
  now += 3000;
  expect((await ekbaar.get('/v1/pull', agent)).status).toBe(200);
});

test('429 throttled: a large request counts as several', async () => {
  const large = { padding: 'x'.repeat(512 * 1024) };
  expect((await ekbaar.trySync(agent, large)).status).toBe(200);
  expect((await ekbaar.trySync(agent, large)).status).toBe(200);
  expect((await ekbaar.trySync(agent, large)).status).toBe(200);
  const refused = await ekbaar.trySync(agent, large);
  expect(problemIn(refused).code).toBe('throttled');
});

test('429 throttled: too many at once; the places come back', async () => {
  // One works, three wait, and the others are not let in at all.
  for (let round = 0; round < 2; round++) {
    const many = await whileHeld(10, 6, () => ekbaar.get('/v1/pull', agent));
    expect(statuses(many)).toEqual([200, 200, 200, 200, 429, 429, 429, 429, 429, 429]);
  }
  expect((await ekbaar.get('/v1/pull', agent)).status).toBe(200);
});

test('503 overloaded: more than work and wait, and when to come again; room comes back', async () => {
  const everybody = await Promise.all(Array.from({ length: 20 }, (_, at) => tokenOf(`crowd-${at}`)));
  const answers = await whileHeld(20, 16, (at) => ekbaar.get('/v1/pull', everybody[at] ?? ''));
  expect(statuses(answers).slice(0, 5)).toEqual([200, 200, 200, 200, 503]);
  expect(codes(answers)).toEqual(new Set(['overloaded']));
  expectRetryAfter(
    answers.find(({ status }) => status === 503),
    2,
  );
  expect(ekbaar.failures).toEqual([]);
  expect((await ekbaar.get('/v1/pull', everybody[0] ?? '')).status).toBe(200);
});

test('503 overloaded: too many bytes of bodies at once; they are let go of', async () => {
  const everybody = await Promise.all(Array.from({ length: 2 }, (_, at) => tokenOf(`large-${at}`)));
  const large = { padding: 'x'.repeat(400_000) };
  for (let round = 0; round < 2; round++) {
    const answers = await whileHeld(2, 1, (at) => ekbaar.trySync(everybody[at] ?? '', large));
    expect(statuses(answers)).toEqual([200, 503]);
    expect(codes(answers)).toEqual(new Set(['overloaded']));
  }
  expect((await ekbaar.trySync(agent, large)).status).toBe(200);
});

test.each(['/v1/sync', '/api/v1/exports'])(
  '503 overloaded: what a body becomes counts, whoever reads it: %s',
  async (path) => {
    const small = { padding: Array.from({ length: 20_000 }, () => ({})) };
    const ops = await ekbaar.token('ops', 'ops', 'pennco', { exp: exp(), regions: ['*'] });
    const answer = await ekbaar.post(path, ops, small);
    expect([answer.status, problemIn(answer).code]).toEqual([503, 'overloaded']);
  },
);

test('413 too_large: who signs in has little to say', async () => {
  expect((await ekbaar.post('/auth/sign-in', null, { login: 'x'.repeat(16 * 1024) })).status).toBe(413);
  expect((await ekbaar.post('/auth/sign-in', null, { login: 'x'.repeat(8 * 1024) })).status).toBe(400);
});

test('of one client’s requests one works, the newest waits, and its answer has the receipts', async () => {
  const delivery = await addDelivery(ekbaar);
  const phone = device(ekbaar, await tokenOf('a01'));
  const mutations = phone.next(confirm(delivery));
  const answers = await whileHeld(4, 2, () => ekbaar.trySync(phone.token, { clientId: phone.clientId, mutations }));
  expect(statuses(answers)).toEqual([200, 200, 503, 503]);
  expect(codes(answers)).toEqual(new Set(['overloaded']));
  const { receipts } = await phone.sync({ mutations });
  expect(receipts).toMatchObject([{ status: 'applied', replayed: true }]);
});

test('a caller that hangs up while it waits leaves its place', async () => {
  const port = Number(new URL(ekbaar.url).port);
  const load = async () => {
    const { text } = await ekbaar.get('/metrics', null);
    const metric = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
    return { running: metric('ekbaar_requests_working'), waiting: metric('ekbaar_requests_waiting') };
  };
  const goOn = holdEngine();
  const sockets = [];
  for (let at = 0; at < 3; at++) {
    const { socket } = await rawLine(port);
    socket.write(`${head('GET', '/v1/pull', await tokenOf(`gone-${at}`))}\r\n`);
    sockets.push(socket);
  }
  await expect.poll(load, patience).toMatchObject({ running: 1, waiting: 2 });
  for (const socket of sockets) socket.destroy();
  await expect.poll(load, patience).toMatchObject({ running: 1, waiting: 0 });
  goOn();
  await expect.poll(load, patience).toMatchObject({ running: 0, waiting: 0 });
});

test.each([
  ['a token that is not good', 'no.good.token', 401],
  ['no room for its bytes', undefined, 503],
])('who is refused while still sending hears it, and the line is good for more: %s', async (_, token, status) => {
  const line = await rawLine(Number(new URL(ekbaar.url).port));
  const part = 'x'.repeat(300_000);
  const headers = { 'content-length': String(3 * part.length), 'content-type': 'application/json' };
  line.socket.write(`${head('POST', '/v1/sync', token ?? agent, headers)}\r\n${part}`);
  for (const _part of [2, 3]) {
    await sleep(700);
    line.socket.write(part);
  }
  await expect.poll(() => line.statuses(), patience).toEqual([status]);
  await sleep(700);
  line.socket.write(`${head('GET', '/healthz', null)}\r\n`);
  await expect.poll(() => line.statuses(), patience).toEqual([status, 200]);
  line.socket.destroy();
});

test('readiness asks the database once, however many ask', async () => {
  const answers = await times(50, () => ekbaar.get('/readyz', null));
  expect(statuses(answers)).toEqual(Array.from({ length: 50 }, () => 200));
});
