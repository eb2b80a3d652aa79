import type { Model } from '@ekbaar/sdk/model';
import type { EngineObserver } from '../engine/observer.ts';
import type { Authenticate } from '../http/auth.ts';
import { errorFacts, rootOf } from './error-facts.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { observers } from './observers.ts';
import type { Readings } from './readings.ts';
import { notingActor, requestObserver, type RequestStorage, requestStorage } from './request-facts.ts';
import { tracingObserver } from './tracing.ts';

/**
 * Told of an error that is the server's own, with the facts of its log line: the place for Sentry and its like. The error
 * comes as it was thrown, without what Drizzle wraps around it; its message may quote what a customer sent.
 */
export type ErrorHook = (error: unknown, facts: Readonly<Record<string, unknown>>) => void;

/** What the server tells of itself. */
export interface ObserveOptions {
  /** A log line for every request, not only for those that failed; off by default. */
  readonly accessLog?: boolean;
  readonly onError?: ErrorHook;
  /** What `GET /metrics` wants as its bearer token; by default it is open to whoever reaches it, which no proxy should let in. */
  readonly metricsToken?: string;
  /** Counts mutations, and what deltas lead to, by tenant: off by default, since that shows and multiplies them. */
  readonly tenantLabel?: boolean;
}

/** How one server is seen from outside. */
export interface Observation {
  readonly requests: RequestStorage;
  readonly metrics: Metrics;
  readonly engine: EngineObserver;
  readonly accessLog: boolean;
  /** An error that the server's operators must hear of: logged, and handed to the hook. */
  report(what: string, error: unknown, facts: Readonly<Record<string, unknown>>): void;
  /** Notes whose request it is. */
  noting(authenticate: Authenticate): Authenticate;
}

export function observation(options: {
  readonly given: ObserveOptions;
  readonly model: Model;
  readonly scopeKinds: readonly string[];
  readonly log: Log;
  readonly monotonic: () => number;
  readonly readings: Readings;
}): Observation {
  const { given, log } = options;
  const requests = requestStorage();
  const metrics = createMetrics({ ...options, tenantLabel: given.tenantLabel ?? false });
  return {
    requests,
    metrics,
    engine: observers([tracingObserver, metrics.engine, requestObserver(requests)]),
    accessLog: given.accessLog ?? false,
    report(what, error, facts) {
      const requestId = requests.getStore()?.requestId;
      const all = { ...(requestId === undefined ? {} : { requestId }), ...facts };
      log.error({ ...all, ...errorFacts(error) }, what);
      try {
        given.onError?.(rootOf(error), { ...all, message: what });
      } catch (hookError) {
        log.error(errorFacts(hookError), 'the onError hook threw');
      }
    },
    noting: (authenticate) => notingActor(authenticate, requests),
  };
}
