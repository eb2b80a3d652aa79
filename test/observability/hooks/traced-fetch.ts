import type { Platform } from '@ekbaar/sdk';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** A `fetch` for `createClient({ platform: { fetch } })`: each request is a span of the app, and the server's goes on from it. */
export function tracedFetch(fetch: Platform['fetch']): Platform['fetch'] {
  return async (url, init) => {
    const tracer = trace.getTracer('app');
    const span = tracer.startSpan(`${init.method ?? 'GET'} ${url.split('?')[0]}`, { kind: SpanKind.CLIENT });
    const headers = new Headers(init.headers);
    const set = (all: Headers, name: string, value: string) => all.set(name, value);
    propagation.inject(trace.setSpan(context.active(), span), headers, { set });
    try {
      const answer = await fetch(url, { ...init, headers });
      span.setAttribute('http.response.status_code', answer.status);
      return answer;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}
