import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PgBoss } from 'pg-boss';
import type { Verdict, Workshop } from './send-once.ts';

/** What the worker tells Prometheus. No label has a value that customers or partners choose. */
export class WorkerMetrics {
  readonly registry = new Registry();
  readonly #jobs = new Counter({
    name: 'field_ops_jobs_total',
    help: 'Jobs that were worked on, by queue and by what became of them',
    labelNames: ['queue', 'verdict'],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: 'field_ops_job_seconds',
    help: 'How long a job took, by queue',
    labelNames: ['queue'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 20, 60],
    registers: [this.registry],
  });
  readonly #attempts = new Counter({
    name: 'field_ops_attempts_total',
    help: 'Tries to reach an outside party, by channel, provider and outcome',
    labelNames: ['channel', 'provider', 'outcome'],
    registers: [this.registry],
  });

  constructor(boss: PgBoss) {
    const waiting = new Gauge({
      name: 'field_ops_jobs_waiting',
      help: 'Jobs in a queue, by state; of a queue of dead letters, those that nobody has dealt with',
      labelNames: ['queue', 'state'],
      registers: [this.registry],
      async collect() {
        for (const { name, readyCount, deferredCount, activeCount } of await boss.getQueues()) {
          waiting.set({ queue: name, state: 'ready' }, readyCount);
          waiting.set({ queue: name, state: 'deferred' }, deferredCount);
          waiting.set({ queue: name, state: 'active' }, activeCount);
        }
      },
    });
  }

  readonly attempt: Workshop['onAttempt'] = (attempt) => this.#attempts.inc(attempt);

  job(queue: string, verdict: Verdict['verdict'] | 'threw', ms: number): void {
    this.#jobs.inc({ queue, verdict });
    this.#seconds.observe({ queue }, ms / 1000);
  }
}
