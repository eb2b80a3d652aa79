import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { databaseCode } from '../db/fault.ts';
import type { EngineObserver, Step } from '../engine/observer.ts';
import { ProblemError } from '../problem.ts';
import { rootOf } from './error-facts.ts';

/** Spans go to the OpenTelemetry SDK that the program has registered; without one, nothing is recorded. */
const tracer = trace.getTracer('@ekbaar/server');

/** A span for each step of the engine's work. */
export const tracingObserver: EngineObserver = {
  step: (step, run) => inSpan(nameOf(step), attributesOf(step), run),
};

/** A request's own span, under the one that its `traceparent` header names, unless something here opened one already. */
export function inRequestSpan<T>(headers: Headers, method: string, run: (span: Span) => Promise<T>): Promise<T> {
  const here = context.active();
  const parent =
    trace.getSpan(here) === undefined
      ? propagation.extract(here, headers, {
          get: (carrier, key) => carrier.get(key) ?? undefined,
          keys: (carrier) => [...carrier.keys()],
        })
      : here;
  return tracer.startActiveSpan(method, { kind: SpanKind.SERVER }, parent, async (span) => {
    try {
      return await run(span);
    } finally {
      span.end();
    }
  });
}

function inSpan<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      // Not recordException: an error's message may quote a customer's data.
      span.setAttribute('error.type', typeOf(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

function nameOf(step: Step): string {
  return step.kind === 'transaction' ? `ekbaar ${step.of} transaction` : `ekbaar ${step.kind}`;
}

function attributesOf(step: Step): Attributes {
  return step.kind === 'transaction' ? { 'db.system.name': 'postgresql' } : { 'ekbaar.tenant': step.tenant };
}

/** A code where there is one, else the name of the error's class. */
function typeOf(error: unknown): string {
  if (error instanceof ProblemError) return error.code;
  const root = rootOf(error);
  return databaseCode(root) ?? (root instanceof Error ? root.name : typeof root);
}
