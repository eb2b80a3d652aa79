import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import * as sdk from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';
console.log(Object.keys(sdk));
void [context, propagation, SpanKind, SpanStatusCode, trace, AsyncLocalStorageContextManager, afterAll, beforeAll, beforeEach, expect, test, startWatchedServer]; export type X = WatchedServer;
test('x', () => {});
