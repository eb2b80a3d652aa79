import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEvents } from '../protocol/event-stream.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

let server: WatchedServer;
let token: string;
beforeAll(async () => {
  server = await startWatchedServer();
  token = await server.token('w1', 'writer');
});
afterAll(() => server.close());

/** Samples by name and labels, as `name{a="1",b="2"}`, labels in alphabetical order. */
async function scrape(of = server, headers: Record<string, string> = {}): Promise<Map<string, number>> {
  // What was read from the database for the scrape before is old by now.
  of.passSeconds(10);
  const { status, text } = await of.get('/metrics', null, headers);
  expect(status).toBe(200);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const [, name = '', labels, value] = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const sorted = labels?.match(/\w+="[^"]*"/g)?.toSorted();
      return [sorted === undefined ? name : `${name}{${sorted.join(',')}}`, Number(value)];
    }),
  );
}

/** How much each sample grew while `body` ran. */
async function growth(body: () => Promise<unknown>, of = server): Promise<(sample: string) => number> {
  const before = await scrape(of);
  await body();
  const after = await scrape(of);
  return (sample) => (after.get(sample) ?? 0) - (before.get(sample) ?? 0);
}

const write = (body: string, failure = 'none') => ['write', { id: crypto.randomUUID(), body, failure }] as const;

test('the documentation names the metrics that there are', async () => {
  const { text } = await server.get('/metrics', null);
  const emitted = new Set([...text.matchAll(/^# TYPE (ekbaar_\w+) /gm)].map(([, name = '']) => name));
  const page = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
  const documented = new Set([...page.matchAll(/^\| `(ekbaar_\w+)`/gm)].map(([, name = '']) => name));
  expect([...documented].toSorted()).toEqual([...emitted].toSorted());
  expect(emitted.size).toBeGreaterThan(20);
  const labels = [...page.matchAll(/^\| `(ekbaar_\w+)` \(([^)]+)\)/gm)].map(
    ([, name, of]) => [name, of?.split(', ')] as const,
  );
  await server.sync(token, crypto.randomUUID(), 1, [write('a'), write('')]);
  const samples = [...(await scrape()).keys()];
  for (const [name = '', of = []] of labels) {
    const found = samples.find((sample) => new RegExp(`^${name}(_bucket|_count|_sum)?\\{`).test(sample));
    const named = [...(found ?? '').matchAll(/(\w+)=/g)]
      .map(([, label = '']) => label)
      .filter((label) => label !== 'le');
    expect([name, named.toSorted()]).toEqual([name, of.toSorted()]);
  }
});

test('mutations are counted by name and outcome, and replays apart', async () => {
  const clientId = crypto.randomUUID();
  const mutations = [write('a'), write(''), ['nonesuch', {}], ['anything', {}], write('b')] as const;
  const grown = await growth(async () => {
    await server.sync(token, clientId, 1, mutations);
    const key = crypto.randomUUID();
    const [, args] = write('c');
    await server.mutate(token, 'write', args, key);
    await server.mutate(token, 'write', args, key);
    await server.mutate(token, 'write', { id: 1 });
    await server.sync(token, clientId, 6, [write('d', 'unique')]);
    await server.sync(token, clientId, 9, [write('e')]);
  });
  const count = (name: string, outcome: string, replayed = false) =>
    grown(`ekbaar_mutations_total{name="${name}",outcome="${outcome}",replayed="${replayed}"}`);
  expect(count('write', 'applied')).toBe(3);
  expect(count('write', 'applied', true)).toBe(1);
  expect(count('write', 'rejected')).toBe(2);
  expect(count('write', 'halted')).toBe(1);
  expect(count('unknown', 'dead')).toBe(2);
  expect(grown('ekbaar_rejections_total{code="too_short"}')).toBe(1);
  expect(grown('ekbaar_rejections_total{code="invalid_args"}')).toBe(1);
  expect(grown('ekbaar_rejections_total{code="unknown_mutation"}')).toBe(2);
  expect(grown('ekbaar_push_stops_total{code="halted"}')).toBe(1);
  expect(grown('ekbaar_push_stops_total{code="gap"}')).toBe(1);
  expect(grown('ekbaar_push_mutations_sum')).toBe(7);
  expect(grown('ekbaar_dead_letters')).toBe(2);
  expect(grown('ekbaar_halted_mutations')).toBe(1);
  expect(grown('ekbaar_transaction_duration_seconds_count{of="write",outcome="done"}')).toBeGreaterThanOrEqual(3);
  expect(grown('ekbaar_step_duration_seconds_count{outcome="done",step="push"}')).toBe(3);
  expect(grown('ekbaar_step_duration_seconds_count{outcome="done",step="mutate"}')).toBe(2);
  expect(grown('ekbaar_step_duration_seconds_count{outcome="failed",step="mutate"}')).toBe(1);
});

test('a transaction that was in another’s way is counted with each try', async () => {
  const grown = await growth(async () => {
    const { status } = await server.sync(token, crypto.randomUUID(), 1, [write('x', 'conflict')]);
    expect(status).toBe(503);
  });
  expect(grown('ekbaar_transaction_duration_seconds_count{of="write",outcome="conflict"}')).toBe(6);
  expect(grown('ekbaar_step_duration_seconds_count{outcome="conflict",step="push"}')).toBe(1);
  expect(grown('ekbaar_problems_total{code="unavailable"}')).toBe(1);
});

test('requests are counted by route and status, problems by code', async () => {
  const grown = await growth(async () => {
    await server.get('/v1/collections/notes/a', token);
    await server.get('/v1/collections/notes/b', token);
    await server.get('/v1/pull', null);
    await server.get('/some/thing', null);
    await server.get('/some/thing/else', null);
  });
  const requests = (route: string, status: number) =>
    grown(`ekbaar_http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"}`);
  expect(requests('/v1/collections/:name/:id', 404)).toBe(2);
  expect(requests('/v1/pull', 401)).toBe(1);
  expect(requests('unmatched', 404)).toBe(2);
  expect(grown('ekbaar_problems_total{code="not_found"}')).toBe(4);
  expect(grown('ekbaar_problems_total{code="unauthenticated"}')).toBe(1);
  expect((await scrape()).get('ekbaar_http_requests_in_flight')).toBe(1);
});

test('names that clients make up make no new series', async () => {
  // Node's own come as it goes: a first garbage collection of a kind, for example.
  const series = async () => [...(await scrape()).keys()].filter((name) => name.startsWith('ekbaar_')).toSorted();
  const hostile = async (round: number) => {
    const clientId = crypto.randomUUID();
    await server.sync(token, clientId, 1, [[`made-up-${round}`, {}]]);
    await server.mutate(token, `made-up-rest-${round}`, {});
    await server.get(`/made/up/${round}`, null);
    await fetch(`${server.url}/v1/pull`, { method: `MADEUP${round}` });
    const diverged = [`made-up:${round}`];
    await server.post('/v1/sync', token, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: '2026-11-22T10:00:00Z', model: 1, clientId, diverged },
      mutations: [],
    });
  };
  await hostile(0);
  const before = await series();
  for (let round = 1; round <= 5; round++) await hostile(round);
  expect(await series()).toEqual(before);
});

test('deltas: changes, bytes, resets, divergences by kind', async () => {
  const reader = await server.token('r1', 'writer');
  await server.sync(reader, crypto.randomUUID(), 1, [write('1'), write('2')]);
  const sync = (more: object) =>
    server.post('/v1/sync', reader, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: '2026-11-22T10:00:00Z', model: 1 },
      ...{ clientId: crypto.randomUUID(), mutations: [], ...more },
    });
  const grown = await growth(async () => {
    await sync({});
    await sync({ diverged: ['owner:r1', 'owner:somebody'] });
  });
  expect(grown('ekbaar_delta_changes_count')).toBe(2);
  expect(grown('ekbaar_delta_changes_sum')).toBe(4);
  expect(grown('ekbaar_divergences_total{kind="owner"}')).toBe(1);
  expect(grown('ekbaar_delta_resets_total{kind="owner"}')).toBe(1);
  expect(grown('ekbaar_http_answer_bytes_count{route="/v1/sync"}')).toBe(2);
  expect(grown('ekbaar_http_answer_bytes_sum{route="/v1/sync"}')).toBeGreaterThan(500);
});

test('what other programs write is a backlog until it is swept', async () => {
  const fresh = await startWatchedServer();
  await fresh.database.db.execute(
    sql`insert into notes select 'pennco', 'n' || n, 'w1', 'by hand', 1 from generate_series(1, 30) n`,
  );
  await fresh.database.db.execute(sql`update sync.dirty set at = now() - interval '90 seconds'`);
  const waiting = await scrape(fresh);
  expect(waiting.get('ekbaar_unpublished_marks')).toBe(30);
  expect(waiting.get('ekbaar_unpublished_oldest_seconds')).toBeGreaterThanOrEqual(90);
  expect(waiting.get('ekbaar_versions_total{by="sweep"}')).toBe(0);
  await fresh.sweep();
  expect((await scrape(fresh)).get('ekbaar_versions_total{by="sweep"}')).toBe(1);
  await fresh.close();
});

test('event streams and the pokes they are handed', async () => {
  const stream = await openEvents(server.url, token);
  expect((await scrape()).get('ekbaar_event_streams')).toBe(1);
  const grown = await growth(() => server.mutate(token, ...write('poke')));
  expect(grown('ekbaar_pokes_total{way="streamed"}')).toBe(1);
  stream.close();
  await stream.ended;
});

test('two servers in one process do not add up', async () => {
  const other = await startWatchedServer();
  const grown = await growth(async () => other.mutate(await other.token('w1', 'writer'), ...write('elsewhere')));
  expect(grown('ekbaar_mutations_total{name="write",outcome="applied",replayed="false"}')).toBe(0);
  await other.close();
});

test('a tenant is a label only where it is asked for, and a token guards where there is one', async () => {
  const guarded = await startWatchedServer({ observe: { tenantLabel: true, metricsToken: 'm3trics' } });
  await guarded.mutate(await guarded.token('w1', 'writer', 'gramin'), ...write('a'));
  expect((await guarded.get('/metrics', null)).status).toBe(401);
  expect((await guarded.get('/metrics', 'guess')).status).toBe(401);
  const samples = await scrape(guarded, { authorization: 'Bearer m3trics' });
  expect(samples.get('ekbaar_mutations_total{name="write",outcome="applied",replayed="false",tenant="gramin"}')).toBe(
    1,
  );
  await guarded.close();
  await server.mutate(await server.token('w1', 'writer', 'gramin'), ...write('a'));
  expect((await server.get('/metrics', null)).text).not.toContain('gramin');
});

test('without its database, a server still tells how it is', async () => {
  const lonely = await startWatchedServer();
  await lonely.database.close();
  const samples = await scrape(lonely);
  expect(samples.get('ekbaar_database_answers')).toBe(0);
  expect(samples.has('ekbaar_dead_letters')).toBe(false);
  expect(samples.get('ekbaar_http_requests_in_flight')).toBe(1);
  await lonely.close().catch(() => {});
});
