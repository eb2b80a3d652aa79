import type { Model } from '@ekbaar/sdk/model';
import { problems } from '@ekbaar/sdk/protocol';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineObserver } from '../engine/observer.ts';
import { bytes, seconds } from './buckets.ts';
import { engineMetrics } from './engine-metrics.ts';
import { labelOf } from './label.ts';
import { type Readings, readingMetrics } from './readings.ts';

export interface MetricsOptions {
  readonly model: Model;
  /** The kinds of scopes that the app's tables declare. */
  readonly scopeKinds: readonly string[];
  /** Whether mutations, and what deltas lead to, are counted by tenant: off by default, since there may be many. */
  readonly tenantLabel: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  readonly readings: Readings;
}

/** A request that has been answered. */
export interface RequestMeasures {
  readonly method: string;
  /** The pattern of its route, or `unmatched`. */
  readonly route: string;
  readonly status: string;
  readonly ms: number;
  /** The code of the problem it was answered with. */
  readonly code?: string | undefined;
  /** Of its answer, before compression, where that is known. */
  readonly bytes?: number | undefined;
}

/** The metrics of one server. */
export interface Metrics {
  readonly engine: EngineObserver;
  requestBegan(): void;
  requestEnded(measures: RequestMeasures): void;
  /** The answer to a scrape, in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'];

/** Counts in a registry of its own: two servers in one process do not add up. */
export function createMetrics(options: MetricsOptions): Metrics {
  const register = new Registry();
  const registers = [register];
  const engine = engineMetrics(registers, options);
  const methodLabel = labelOf(methods, 'other');
  const duration = new Histogram({
    name: 'ekbaar_http_request_duration_seconds',
    help: 'From the headers of a request to those of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers,
  });
  const inFlight = new Gauge({
    name: 'ekbaar_http_requests_in_flight',
    help: 'Requests that are not answered yet',
    registers,
  });
  const answerBytes = new Histogram({
    name: 'ekbaar_http_answer_bytes',
    help: 'Bytes of the answers to syncs and pulls, most of them the delta, before compression',
    labelNames: ['route'],
    buckets: bytes,
    registers,
  });
  const refusals = new Counter({
    name: 'ekbaar_problems_total',
    help: 'Requests answered with a problem, by its code; overloaded and throttled ones were refused early',
    labelNames: ['code'],
    registers,
  });
  for (const code of Object.keys(problems)) refusals.inc({ code }, 0);
  const takeReadings = readingMetrics(registers, options.readings);

  // From the first scrape on: a server that nobody asks does not watch its own process.
  let watchProcess = () => collectDefaultMetrics({ register });
  return {
    engine,
    requestBegan: () => inFlight.inc(),
    requestEnded({ method, route, status, ms, code, bytes: size }) {
      inFlight.dec();
      duration.observe({ method: methodLabel(method), route, status }, ms / 1000);
      if (code !== undefined) refusals.inc({ code });
      if (size !== undefined) answerBytes.observe({ route }, size);
    },
    async text() {
      watchProcess();
      watchProcess = () => {};
      await takeReadings();
      return register.metrics();
    },
    contentType: register.contentType,
  };
}
