import type { ProblemCode } from '@ekbaar/sdk/protocol';
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Log } from '../observe/log.ts';
import type { Observation } from '../observe/observation.ts';
import type { RequestFacts } from '../observe/request-facts.ts';
import { inRequestSpan } from '../observe/tracing.ts';
import type { ProblemError } from '../problem.ts';
import { problemOf } from './problem-response.ts';
import type { ApiEnv } from './routes.ts';

/** Asked every few seconds by machines: their lines would hide the others. */
const unlogged = new Set(['/healthz', '/readyz', '/metrics']);

/** Counts, times, traces and logs each request. Stands around everything but what gives the request its id. */
export function requestLog(seen: Observation, log: Log, monotonic: () => number): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    const facts: RequestFacts = { requestId: c.get('requestId') };
    const { method } = c.req;
    const began = monotonic();
    seen.metrics.requestBegan();
    return seen.requests.run(facts, () =>
      inRequestSpan(c.req.raw.headers, method, async (span) => {
        // Whatever goes wrong further in has been made an answer of by now.
        await next();
        const { status } = c.res;
        const route = routeOf(routePath(c));
        const ms = monotonic() - began;
        const problem = c.error === undefined ? undefined : problemOf(c.error);
        const code = problem?.code ?? (status === 404 ? 'not_found' : undefined);
        seen.metrics.requestEnded({ method, route, status: String(status), ms, code, bytes: c.get('answerBytes') });
        const answered = { method, route, status, code, facts };
        describeSpan(span, answered);
        tell(seen, log, answered, { ms, problem, span });
      }),
    );
  };
}

/** The middleware that stands around everything is all that an unknown path meets. */
function routeOf(pattern: string): string {
  return pattern === '*' || pattern === '/*' ? 'unmatched' : pattern;
}

interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  /** Of the problem that it was answered with. */
  readonly code: ProblemCode | undefined;
  readonly facts: RequestFacts;
}

function describeSpan(span: Span, { method, route, status, code, facts }: Answered): void {
  if (!span.isRecording()) return;
  span.updateName(`${method} ${route}`);
  span.setAttributes({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status });
  const { requestId, tenant, client, mutations, stopped, changes } = facts;
  for (const [name, value] of Object.entries({ requestId, tenant, client, mutations, stopped, changes })) {
    if (value !== undefined) span.setAttribute(`ekbaar.${name}`, value);
  }
  if (code !== undefined) span.setAttribute('error.type', code);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}

function tell(
  seen: Observation,
  log: Log,
  { method, route, status, code, facts }: Answered,
  { ms, problem, span }: { ms: number; problem: ProblemError | undefined; span: Span },
): void {
  const trace = span.isRecording() ? { traceId: span.spanContext().traceId } : {};
  const line = {
    ...{ ...facts, ...trace, method, route, status, ms: Math.round(ms * 10) / 10 },
    ...(code === undefined ? {} : { code }),
  };
  if (problem !== undefined && isFailure(problem)) seen.report('a request failed', problem, line);
  else if (seen.accessLog && !unlogged.has(route)) {
    if (status >= 400 && log.warn !== undefined) log.warn(line, 'a request was refused');
    else log.info(line, 'a request was answered');
  }
}

/** A busy server refuses on purpose, and a mutator that threw has been told of already. */
function isFailure({ code, status }: ProblemError): boolean {
  return status >= 500 && code !== 'overloaded' && code !== 'halted';
}
