import { pinoLog } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { failures, startWatchedServer, type WatchedServer } from './watched-server.ts';

let server: WatchedServer;
let token: string;
/** What was written to the log, line by line; and the errors that the hook was given. */
let lines: string[] = [];
let hooked: { error: unknown; facts: Readonly<Record<string, unknown>> }[] = [];

beforeAll(async () => {
  server = await startWatchedServer({
    log: pinoLog({ destination: { write: (line) => void lines.push(line) } }),
    observe: { accessLog: true, onError: (error, facts) => void hooked.push({ error, facts }) },
  });
  token = await server.token('w1', 'writer');
});
beforeEach(() => {
  lines = [];
  hooked = [];
});
afterAll(() => server.close());

type Line = Record<string, unknown>;
const logged = () => lines.map((line) => JSON.parse(line) as Line);
const write = (body: string, failure: (typeof failures)[number] = 'none', id: string = crypto.randomUUID()) =>
  ['write', { id, body, failure }] as const;

test('a sync is one line that says whose it was and what came of it', async () => {
  const clientId = crypto.randomUUID();
  const answer = await server.sync(token, clientId, 1, [write('a'), write(''), ['nonesuch', {}], write('b')]);
  expect(answer.status).toBe(200);
  expect(logged()).toEqual([
    {
      ...{ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), msg: 'a request was answered' },
      ...{ pid: process.pid, hostname: expect.any(String) },
      ...{ requestId: answer.headers.get('x-request-id'), method: 'POST', route: '/v1/sync', status: 200 },
      ...{ ms: expect.any(Number), tenant: 'pennco', actor: 'w1', client: clientId, mutations: 4 },
      ...{ receipts: { applied: 2, rejected: 1, dead: 1 }, changes: 2 },
    },
  ]);
});

test('a request’s own id is taken, echoed, and in its lines', async () => {
  const answer = await server.get('/v1/pull', token, { 'X-Request-Id': 'from-the-proxy-1' });
  expect(answer.headers.get('x-request-id')).toBe('from-the-proxy-1');
  expect(logged()).toMatchObject([{ requestId: 'from-the-proxy-1', route: '/v1/pull', status: 200 }]);
});

test('the level follows the status, and the route is a pattern', async () => {
  await server.get('/v1/collections/notes/n1', token);
  await server.get('/v1/pull', 'no token');
  await server.get('/nothing/here', null);
  await server.get('/healthz', null);
  expect(logged()).toMatchObject([
    { level: 'warn', status: 404, code: 'not_found', route: '/v1/collections/:name/:id', tenant: 'pennco' },
    { level: 'warn', status: 401, code: 'unauthenticated', route: '/v1/pull' },
    { level: 'warn', status: 404, code: 'not_found', route: 'unmatched' },
  ]);
  expect(logged()[1]).not.toHaveProperty('tenant');
});

test('a mutator that throws is one error with the request’s id, and the hook gets it', async () => {
  const answer = await server.sync(token, crypto.randomUUID(), 1, [write('x', 'statement')]);
  const [thrown, request] = logged();
  expect(thrown).toMatchObject({
    ...{ level: 'error', msg: 'a mutator threw', name: 'write', requestId: answer.headers.get('x-request-id') },
    ...{ error: expect.stringContaining('relation "nothing" does not exist'), cause: '42P01' },
  });
  expect(request).toMatchObject({ level: 'info', status: 200, stopped: 'halted', receipts: { halted: 1 } });
  expect(hooked).toMatchObject([{ facts: { message: 'a mutator threw', name: 'write', tenant: 'pennco' } }]);
});

test('nothing that a customer sent is ever logged', async () => {
  const canary = `canary${crypto.randomUUID().replaceAll('-', '')}`;
  const clientId = () => crypto.randomUUID();
  for (const failure of failures) {
    await server.sync(token, clientId(), 1, [write(canary, failure, `${canary}-${failure}`)]);
    await server.mutate(token, 'write', write(canary, failure, `${canary}-rest-${failure}`)[1]);
  }
  // What does not fit: the body, the args, the query, the cursor, the path, the key, the headers.
  await server.post('/v1/sync', token, `{"${canary}": `);
  await server.post('/v1/sync', token, { [canary]: canary, request: canary });
  await server.mutate(token, 'write', { id: canary, body: { [canary]: 1 }, failure: canary });
  await server.mutate(token, 'forget', { id: canary });
  await server.mutate(token, canary, { id: canary });
  await server.mutate(token, 'write', {}, canary);
  await server.get(`/v1/collections/notes?owner=${canary}&size=${canary}&${canary}=1&sort=${canary}`, token);
  await server.get(`/v1/collections/notes?size=${canary}`, token);
  await server.get(`/v1/collections/notes/${canary}?cursor=${canary}`, token);
  await server.get(`/v1/pull?cursor=${canary}&scope=${canary}&limit=${canary}`, token);
  await server.get(`/v1/pull?scope=${canary}`, token);
  await server.get(`/${canary}`, token, { cookie: canary, 'user-agent': canary });
  await server.post('/v1/sync', token, {}, { 'content-encoding': canary, 'content-type': canary });
  // Tokens: none, one of somebody else's, an old one, one whose claims do not fit.
  await server.get('/v1/pull', canary);
  const claims = { note: canary };
  for (const bad of [{ exp: 1 }, { tenant: `${canary}!` }, { aud: canary }])
    await server.get('/v1/pull', await server.token('w1', 'writer', 'pennco', { ...claims, ...bad }));
  // The database's own errors, with the parameters in the statement that failed.
  await server.database.db.execute(sql`alter table notes rename to notes_away`);
  await server.get(`/v1/collections/notes?owner=${canary}`, token);
  await server.get(`/v1/collections/notes/${canary}`, token);
  await server.sync(token, clientId(), 1, [write(canary)]);
  await server.database.db.execute(sql`alter table notes_away rename to notes`);

  const all = lines.join('');
  expect(all).not.toContain(canary);
  expect(all).not.toContain(token.split('.')[2]);
  expect(all).not.toContain('Bearer');
  // All of it came through: there is a line for each, and the errors that were thrown do quote it.
  expect(lines.length).toBeGreaterThan(40);
  expect(new Set(logged().map(({ status }) => status))).toEqual(
    new Set([undefined, 200, 202, 400, 401, 403, 404, 415, 422, 500, 503]),
  );
  expect(hooked.filter(({ error }) => quotes(error, canary)).length).toBeGreaterThanOrEqual(6);
});

/** Whether an error or what it carries has a text in it. */
function quotes(error: unknown, text: string): boolean {
  return JSON.stringify([String(error), { ...Object(error) }]).includes(text);
}

test('without the access log only failures are told, and a hook that throws harms nobody', async () => {
  const told: [string, Line][] = [];
  const quiet = await startWatchedServer({
    log: {
      info: (facts, message) => void told.push([message, facts]),
      error: (facts, message) => void told.push([message, facts]),
    },
    observe: {
      onError: () => {
        throw new Error('the hook');
      },
    },
  });
  const writer = await quiet.token('w1', 'writer');
  expect((await quiet.sync(writer, crypto.randomUUID(), 1, [write('fine')])).status).toBe(200);
  expect((await quiet.get('/v1/pull', null)).status).toBe(401);
  expect(told).toEqual([]);
  await quiet.database.db.execute(sql`drop table notes cascade`);
  expect((await quiet.get('/v1/collections/notes', writer)).status).toBe(500);
  expect(told.map(([message]) => message)).toEqual(['a request failed', 'the onError hook threw']);
  expect(told[0]?.[1]).toMatchObject({ route: '/v1/collections/:name', status: 500, code: 'internal', cause: '42P01' });
  await quiet.close();
});
