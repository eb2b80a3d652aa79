// A process has one tracer provider for good: it must not be that of another file (see vitest.config.ts).
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

const exporter = new InMemorySpanExporter();
const told: Record<string, unknown>[] = [];
let server: WatchedServer;
let token: string;

beforeAll(async () => {
  const note = (facts: Record<string, unknown>) => void told.push(facts);
  // The server first: it must not matter when the program registers its SDK.
  server = await startWatchedServer({ log: { info: note, error: note }, observe: { accessLog: true } });
  token = await server.token('w1', 'writer');
});
beforeEach(() => {
  exporter.reset();
  told.length = 0;
});
afterAll(() => server.close());

const write = (body: string, failure = 'none') => ['write', { id: crypto.randomUUID(), body, failure }] as const;

test('without an SDK nothing is recorded', async () => {
  const before = trace.getActiveSpan();
  expect((await server.sync(token, crypto.randomUUID(), 1, [write('a')])).status).toBe(200);
  expect([before, trace.getActiveSpan()]).toEqual([undefined, undefined]);
  expect(told[0]).not.toHaveProperty('traceId');
});

function register(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
}

/** The spans that ended, each under the name of its parent. */
function tree(): string[] {
  const spans = exporter.getFinishedSpans();
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans.map((span) => `${names.get(span.parentSpanContext?.spanId ?? '') ?? '-'} > ${span.name}`).toSorted();
}

const spanOf = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().find((span) => span.name === name);
  if (found === undefined) throw new Error(`there is no span ${name} among ${tree().join(', ')}`);
  return found;
};

test('a sync is a span, with the push, the delta and their transactions below it', async () => {
  register();
  const clientId = crypto.randomUUID();
  await server.sync(token, clientId, 1, [write('a'), write('b')]);
  expect(tree()).toEqual([
    '- > POST /v1/sync',
    'POST /v1/sync > ekbaar delta',
    'POST /v1/sync > ekbaar push',
    'ekbaar delta > ekbaar read transaction',
    'ekbaar push > ekbaar write transaction',
  ]);
  const request = spanOf('POST /v1/sync');
  expect(request.kind).toBe(SpanKind.SERVER);
  expect(request.attributes).toEqual({
    ...{ 'http.request.method': 'POST', 'http.route': '/v1/sync', 'http.response.status_code': 200 },
    ...{ 'ekbaar.requestId': told[0]?.['requestId'], 'ekbaar.tenant': 'pennco', 'ekbaar.client': clientId },
    ...{ 'ekbaar.mutations': 2, 'ekbaar.changes': 3 },
  });
  expect(told[0]).toMatchObject({ traceId: request.spanContext().traceId });
});

test('requests at the same time do not mix, and a caller’s trace goes on', async () => {
  const callers = Array.from({ length: 8 }, () => crypto.randomUUID().replaceAll('-', ''));
  await Promise.all(
    callers.map((id) => server.get('/v1/pull', token, { traceparent: `00-${id}-${id.slice(0, 16)}-01` })),
  );
  const spans = exporter.getFinishedSpans();
  for (const id of callers) {
    const names = spans.filter((span) => span.spanContext().traceId === id).map(({ name }) => name);
    expect(names.filter((name) => name === 'GET /v1/pull')).toHaveLength(1);
    expect(names).toContain('ekbaar delta');
  }
  expect(spans.filter((span) => !callers.includes(span.spanContext().traceId))).toEqual([]);
});

test('a failure is marked by its code, and quotes nothing', async () => {
  await server.mutate(token, ...write('canary', 'number'));
  await server.get('/v1/collections/notes/canary', token);
  expect(spanOf('POST /v1/mutations/:name')).toMatchObject({
    ...{ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'halted' } },
  });
  expect(spanOf('ekbaar mutate')).toMatchObject({ attributes: { 'error.type': 'halted' } });
  expect(spanOf('GET /v1/collections/:name/:id')).toMatchObject({
    ...{ status: { code: SpanStatusCode.UNSET }, attributes: { 'error.type': 'not_found' } },
  });
  const all = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, status }) => [name, attributes, events, status]);
  expect(JSON.stringify(all)).not.toContain('canary');
});
