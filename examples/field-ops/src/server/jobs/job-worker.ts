/**
 * The worker: takes jobs out of pg-boss's queues and does them, a few at a time. Everything that reaches the outside goes
 * this way: mutators only put jobs into the outbox, in their own transaction.
 *
 *   queues.ts      the queues and how their jobs are tried
 *   consumers/     what a job of each queue does
 *   send-once.ts   how one message reaches one outside party once
 *   port.ts        what an outside party is; adapters/ has one for each kind
 *   webhooks/      events for MFIs, and what providers and MFIs tell us
 *   *-routes.ts    what ops see and do
 */
import { type Database, type Engine, errorFacts, type Log, type Platform } from '@ekbaar/server';
import { type JobWithMetadata, type JobResult, PgBoss } from 'pg-boss';
import type { Registry } from 'prom-client';
import { bossFailure } from './boss-failure.ts';
import type { Bench, Consumer } from './consumers/consumer.ts';
import { sms, whatsapp } from './consumers/customer-message.ts';
import { incoming } from './consumers/incoming.ts';
import { mfiWebhook, webhook } from './consumers/partner-event.ts';
import { payment } from './consumers/payment.ts';
import { email } from './consumers/reset-code.ts';
import { exportRows } from './consumers/export-rows.ts';
import { schedule, schedules, scheduleZone } from './consumers/schedule.ts';
import { settlement } from './consumers/settlement.ts';
import type { Providers } from './providers.ts';
import type { QueueName } from './queues.ts';
import type { Verdict } from './send-once.ts';
import { WorkerMetrics } from './worker-metrics.ts';

const consumers: Readonly<Record<QueueName, Consumer>> = {
  ...{ sms, whatsapp, email, webhook, payment, incoming, schedule, settlement, export: exportRows },
  'mfi-webhook': mfiWebhook,
};

export interface WorkerOptions {
  readonly database: Database;
  readonly engine: Pick<Engine, 'mutate'>;
  readonly providers: Providers;
  readonly platform: Pick<Platform, 'clock' | 'monotonic' | 'log'>;
  /** Jobs of one queue that are worked on at once. */
  readonly concurrency: number;
  /** For so many days it is kept where agents were. */
  readonly trackDays: number;
  /** For so many days it is kept who signed in. */
  readonly auditDays: number;
  /** How often a queue is looked into that was empty; in seconds, at least 0.5. */
  readonly pollSeconds?: number;
}

export interface JobWorker {
  readonly metrics: Registry;
  /** Whether it reaches its queues: the last look into each was not long ago. */
  isHealthy(): boolean;
  /** Takes no more jobs, ends those it has, and lets go. Jobs that need longer than `graceMs` are tried again later. */
  stop(graceMs?: number): Promise<void>;
}

/** A queue that nobody has looked into for so long stands still. */
const stuckMs = 120_000;

/** Begins to work. The queues must be there: the engine makes them when it starts. */
export async function startWorker(options: WorkerOptions): Promise<JobWorker> {
  const { database, engine, providers, concurrency, trackDays, auditDays, pollSeconds = 1, platform } = options;
  const { clock, log, monotonic } = platform;
  const boss = new PgBoss({
    ...database.pgBoss,
    ...{ schema: 'pgboss', instanceName: 'field-ops-worker', migrate: false, createSchema: false },
    // Who has died is noticed soon: its jobs are somebody's money and somebody's message.
    ...{ superviseIntervalSeconds: 10, monitorIntervalSeconds: 10 },
    ...(database.shared ? { max: 4 } : {}),
  });
  boss.on('error', (error) => log.error(bossFailure(error), 'the worker failed'));
  boss.on('warning', ({ message, data }) => (log.warn ?? log.info).call(log, { ...data }, message));
  const metrics = new WorkerMetrics(boss);
  const bench: Bench = {
    database,
    db: database.db,
    engine,
    clock,
    log,
    boss,
    providers,
    ...{ trackDays, auditDays },
    onAttempt: metrics.attempt,
  };
  await boss.start();
  for (const { name, cron } of schedules) {
    // A beat that was missed, since nobody was there, is made up for once.
    await boss.schedule('schedule', cron, { name, tenant: '*' }, { tz: scheduleZone, key: name, missed: 'once' });
  }
  const batchSize = Math.min(10, concurrency);
  for (const [queue, work] of Object.entries(consumers)) {
    await boss.work(
      queue,
      {
        ...{ includeMetadata: true, perJobResults: true, pollingIntervalSeconds: pollSeconds },
        ...{ batchSize, burstWhenBatchFull: true, localConcurrency: Math.max(1, Math.floor(concurrency / batchSize)) },
      },
      (jobs: JobWithMetadata[]) =>
        Promise.all(
          jobs.map(async (job) => {
            const began = monotonic();
            const verdict = await run(bench, work, job, log);
            metrics.job(queue, verdict.threw ? 'threw' : verdict.verdict, monotonic() - began);
            return settled(boss, queue, job, verdict);
          }),
        ),
    );
  }
  log.info({ queues: Object.keys(consumers), concurrency }, 'the worker works');
  const startedAt = clock().getTime();
  return {
    metrics: metrics.registry,
    isHealthy: () =>
      boss.getWipData().every(({ lastFetchedOn, count }) => {
        const last = lastFetchedOn ?? startedAt;
        return count > 0 || clock().getTime() - last < stuckMs;
      }),
    async stop(graceMs = 30_000) {
      await boss.stop({ graceful: true, timeout: graceMs });
      log.info({}, 'the worker has stopped');
    },
  };
}

/** Does a job, whatever happens in it. Logs never hold what is in a job: it has customers' numbers. */
async function run(
  bench: Bench,
  { schema, run: work }: Consumer,
  job: JobWithMetadata,
  log: Log,
): Promise<Verdict & { readonly threw?: boolean }> {
  const data = schema.safeParse(job.data);
  const tenant = (job.data as { tenant?: unknown } | null)?.tenant;
  const facts = { queue: job.name, job: job.id, tenant, try: job.retryCount + 1 };
  if (!data.success) {
    log.error(facts, 'a job does not fit its queue');
    return {
      verdict: 'dead',
      reason: data.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    };
  }
  const lastTry = job.retryCount >= job.retryLimit;
  try {
    const verdict = await work(bench, data.data, { createdOn: job.createdOn, signal: job.signal, lastTry });
    if (verdict.verdict === 'dead') log.error({ ...facts, reason: verdict.reason }, 'a job is a dead letter');
    else if (verdict.verdict === 'later') log.info({ ...facts, reason: verdict.reason }, 'a job is put off');
    return verdict;
  } catch (error) {
    const thrown = errorFacts(error);
    log.error({ ...facts, ...thrown }, 'a job threw');
    return { verdict: lastTry ? 'dead' : 'later', reason: String(thrown['error']), threw: true };
  }
}

async function settled(boss: PgBoss, queue: string, job: JobWithMetadata, verdict: Verdict): Promise<JobResult> {
  const { id, retryCount } = job;
  if (verdict.verdict === 'done') return { id, status: 'completed', output: { note: verdict.note ?? 'done' } };
  const output = { reason: verdict.reason };
  if (verdict.verdict === 'dead') return { id, status: 'deadletter', output };
  if (verdict.afterMs !== undefined) {
    // The other side said when. pg-boss has only its own delays: the job is failed here and put off, and what is returned
    // finds this attempt over.
    await boss.fail(queue, { id, retryCount }, output);
    await boss.update(queue, undefined, { id, startAfter: Math.ceil(verdict.afterMs / 1000) });
  }
  return { id, status: 'failed', output };
}
