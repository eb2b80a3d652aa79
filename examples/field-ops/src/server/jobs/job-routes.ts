import { type Database, ProblemError } from '@ekbaar/server';
import * as z from 'zod/mini';
import { Jobs, jobStates } from '../../message-answers.ts';
import { isUuid } from '../values.ts';
import { closeDead, listJobs, retryDead, type SeenJob } from './dead-jobs.ts';
import type { OpsBoss } from './ops-boss.ts';
import { type OpsApp, opsRoute, pageEnd, PageLimit, pageStart } from './ops-route.ts';
import { queueNames, queues } from './queues.ts';

const Page = { limit: PageLimit, cursor: z.optional(z.string()) };
const Handled = z.object({ id: z.string(), handled: z.enum(['retried', 'closed']) });
const Reason = z.object({ reason: z.string().check(z.minLength(1), z.maxLength(500)) });

/** Jobs and dead letters of the own tenant: `/api/v1/jobs`. */
export function jobRoutes(ops: OpsApp, database: Database, bosses: OpsBoss, clock: () => Date): void {
  const { db } = database;
  const list = async (tenant: string, filter: Parameters<typeof listJobs>[2], limit: number, cursor?: string) => {
    const jobs = await listJobs(db, tenant, filter, { after: pageStart(cursor), limit });
    const last = jobs.length === limit ? jobs.at(-1) : undefined;
    return { jobs: jobs.map(shown), next: last === undefined ? null : pageEnd(last.createdAt, last.id) };
  };

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/jobs',
    summary: 'Jobs of the outbox, the newest first',
    query: z.object({
      ...{ queue: z.optional(z.enum(queueNames as [string, ...string[]])), state: z.optional(z.enum(jobStates)) },
      ...Page,
    }),
    answer: Jobs,
    run: ({ actor, query: { queue, state, limit, cursor } }) => list(actor.tenant, { queue, state }, limit, cursor),
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/jobs/dead-letters',
    summary: 'Jobs that were refused or tried too often, and that nobody has dealt with',
    query: z.object({ queue: z.optional(z.enum(queues.map(({ name }) => name))), ...Page }),
    answer: Jobs,
    run: ({ actor, query: { queue, limit, cursor } }) => {
      const dead = queue === undefined ? undefined : deadLettersOf(queue);
      return list(actor.tenant, { queue: dead, state: 'created', deadOnly: true }, limit, cursor);
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/jobs/dead-letters/:queue/:id/retry',
    summary: 'Puts a dead letter back into its queue',
    answer: Handled,
    async run({ actor: { tenant }, path }) {
      const job = { tenant, ...deadLetterIn(path) };
      const retried = await retryDead(await bosses.boss(), db, job, clock());
      if (!retried) throw noDeadLetter(job.id);
      return { id: job.id, handled: 'retried' as const };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/jobs/dead-letters/:queue/:id/close',
    summary: 'Gives a dead letter up, with the reason',
    body: Reason,
    answer: Handled,
    async run({ actor: { tenant, id: by }, path, body: { reason } }) {
      const job = { tenant, ...deadLetterIn(path) };
      const closed = await closeDead(db, job, { by, reason }, clock());
      if (!closed) throw noDeadLetter(job.id);
      return { id: job.id, handled: 'closed' as const };
    },
  });
}

function shown(job: SeenJob) {
  const { createdAt, startAfter, endedAt } = job;
  return {
    ...job,
    ...{ createdAt: createdAt.toISOString(), startAfter: startAfter.toISOString() },
    endedAt: endedAt?.toISOString() ?? null,
  };
}

function deadLettersOf(name: string): string | undefined {
  return queues.find((queue) => queue.name === name || queue.deadLetters === name)?.deadLetters;
}

/** The queue by its own name or by that of its dead letters. */
function deadLetterIn({ queue: name = '', id = '' }: Readonly<Record<string, string>>): { queue: string; id: string } {
  const queue = deadLettersOf(name);
  if (queue === undefined || !isUuid(id)) throw noDeadLetter(id);
  return { queue, id };
}

function noDeadLetter(id: string): ProblemError {
  return new ProblemError('not_found', `There is no open dead letter ${id.slice(0, 40)}`);
}
