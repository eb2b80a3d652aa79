// A process has one tracer provider for good: it must not be that of another file (see vitest.config.ts).
import { createClient } from '@ekbaar/sdk';
import { collection, defineModel } from '@ekbaar/sdk/model';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import { reportTo } from './hooks/sentry-app.ts';
import { toSentry } from './hooks/sentry-server.ts';
import type * as Sentry from './hooks/sentry.ts';
import { tracedFetch } from './hooks/traced-fetch.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

const sentry = {
  captureException: vi.fn<typeof Sentry.captureException>(() => 'event id'),
  addBreadcrumb: vi.fn<typeof Sentry.addBreadcrumb>(),
};
let server: WatchedServer;
beforeAll(async () => {
  server = await startWatchedServer({ observe: toSentry(sentry) });
});
afterAll(() => server.close());

test('the server’s own errors reach Sentry, with whose request it was', async () => {
  const token = await server.token('w1', 'writer');
  await server.mutate(token, 'write', { id: 'n1', body: 'b', failure: 'statement' });
  expect(sentry.captureException).toHaveBeenCalledTimes(1);
  const [error, hint] = sentry.captureException.mock.calls[0] ?? [];
  expect(error).toBeInstanceOf(Error);
  expect(hint?.tags).toMatchObject({ tenant: 'pennco', mutation: 'write' });
  expect(hint?.extra?.['requestId']).toMatch(/\w{8}/);
});

test('the app’s errors reach Sentry; what is everyday in the field is only noted', async () => {
  sentry.captureException.mockClear();
  let line: 'cut' | 'portal' = 'cut';
  const client = await createClient({
    model: defineModel({
      version: 1,
      collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
      mutations: {},
    }),
    url: 'https://sync.example.org',
    actor: { tenant: 'pennco', id: 'w1' },
    token: () => 'a token',
    store: memoryStore(),
    onError: reportTo(sentry),
    platform: {
      pokes: false,
      fetch: async () => {
        if (line === 'cut') throw new TypeError('no network');
        return new Response('<html>', { headers: { 'content-type': 'text/html' } });
      },
    },
  });
  const attempt = () => client.sync().catch(() => {});
  await attempt();
  line = 'portal';
  await attempt();
  await attempt();
  const noted = sentry.addBreadcrumb.mock.calls.map(([{ message }]) => message);
  expect(noted).toEqual(['unreachable', 'not_an_answer']);
  expect(sentry.captureException).not.toHaveBeenCalled();
  await client.close();

  const other = await createClient({
    model: defineModel({ version: 1, collections: {}, mutations: {} }),
    url: 'https://sync.example.org',
    actor: { tenant: 'pennco', id: 'w2' },
    token: () => {
      throw new Error('nobody has signed in');
    },
    store: memoryStore(),
    onError: reportTo(sentry),
  });
  await other.sync().catch(() => {});
  expect(sentry.captureException.mock.calls.map(([, hint]) => hint)).toEqual([
    { tags: { 'sync.code': 'needs_token' } },
  ]);
  await other.close();
});

test('a request of the app is one trace with what the server did for it', async () => {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const fetchTraced = tracedFetch((url, init) => fetch(url, init));
  const headers = { authorization: `Bearer ${await server.token('w1', 'writer')}` };
  expect((await fetchTraced(`${server.url}/v1/pull?limit=1`, { headers })).status).toBe(200);
  await expect(fetchTraced('http://127.0.0.1:1/v1/pull', {})).rejects.toThrow('fetch failed');
  const spans = exporter.getFinishedSpans();
  const client = spans.find(({ name }) => name === `GET ${server.url}/v1/pull`);
  const served = spans.find(({ name }) => name === 'GET /v1/pull');
  expect(served?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId);
  expect(served?.spanContext().traceId).toBe(client?.spanContext().traceId);
  expect(client?.attributes['http.response.status_code']).toBe(200);
});
