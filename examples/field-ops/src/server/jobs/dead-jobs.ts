import { type Queryable, rowsOf, textArray } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import type { PgBoss } from 'pg-boss';
import { failExport } from '../exports/export-store.ts';
import { exports } from '../exports/tables.ts';
import type { JobState } from '../../message-answers.ts';
import { bossIn } from './enqueue.ts';
import { derivedKey } from './idempotency-key.ts';
import { closeMessage, endMessage, reopenMessage } from './message-store.ts';
import { queueNames, queues } from './queues.ts';

/** A job as ops see it; never with what is in it, but for what names it. */
export interface SeenJob {
  readonly id: string;
  readonly queue: string;
  readonly state: JobState;
  readonly createdAt: Date;
  readonly startAfter: Date;
  readonly endedAt: Date | null;
  readonly tries: number;
  readonly deliveryId: string | null;
  readonly messageId: string | null;
  readonly reason: string | null;
  /** Of a dead letter: the queue it comes from. */
  readonly source: string | null;
}

interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly created_on: string | Date;
  readonly start_after: string | Date;
  readonly completed_on: string | Date | null;
  readonly retry_count: number;
  readonly source_retry_count: number | null;
  readonly source_name: string | null;
  readonly key: string | null;
  readonly message_id: string | null;
  readonly delivery_id: string | null;
  readonly reason: string | null;
}

const columns = sql.raw(`
  id, name, state::text as state, created_on, start_after, completed_on, retry_count, source_retry_count, source_name,
  data->>'key' as key, coalesce(data->>'messageId', data->>'payoutId') as message_id, data->>'deliveryId' as delivery_id,
  left(coalesce(output->>'reason', source_output->>'reason', output->>'note', output->>'message', source_output->>'message'), 500) as reason`);

/** Jobs of a tenant, the newest first. Reads pg-boss's table as its documentation shows it; it has no list of one tenant's. */
export async function listJobs(
  db: Queryable,
  tenant: string,
  filter: { queue?: string | undefined; state?: JobState | undefined; deadOnly?: boolean },
  page: { after: { at: Date; id: string } | undefined; limit: number },
): Promise<SeenJob[]> {
  const { queue, state, deadOnly = false } = filter;
  const names = queue === undefined ? namesOf(deadOnly) : [queue];
  const { after, limit } = page;
  const rows = await rowsOf<JobRow>(
    db,
    sql`select ${columns} from pgboss.job
        where data->>'tenant' = ${tenant}
          and name = any(${textArray(names)})
          ${state === undefined ? sql`` : sql`and state = ${state}::pgboss.job_state`}
          ${after === undefined ? sql`` : sql`and (date_trunc('milliseconds', created_on), id) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`}
        order by date_trunc('milliseconds', created_on) desc, id desc limit ${limit}`,
  );
  return rows.map(seen);
}

function namesOf(deadOnly: boolean): readonly string[] {
  return deadOnly ? queues.map(({ deadLetters }) => deadLetters) : queueNames;
}

function seen(row: JobRow): SeenJob {
  return {
    ...{ id: row.id, queue: row.name, state: row.state },
    ...{ createdAt: new Date(row.created_on), startAfter: new Date(row.start_after) },
    endedAt: row.completed_on === null ? null : new Date(row.completed_on),
    tries: (row.source_retry_count ?? row.retry_count) + 1,
    ...{ deliveryId: row.delivery_id, messageId: messageOf(row), reason: row.reason, source: row.source_name },
  };
}

/** Which message a job is about, if it is about one. */
function messageOf({ name, source_name: source, key, message_id: named }: JobRow): string | null {
  if (named !== null) return named;
  const queue = source ?? name;
  return key !== null && (queue === 'sms' || queue === 'whatsapp') ? derivedKey(key, queue) : null;
}

/** A dead letter of a tenant that nobody has dealt with, locked. */
async function lockDead(tx: Queryable, tenant: string, queue: string, id: string): Promise<JobRow | undefined> {
  const [row] = await rowsOf<JobRow>(
    tx,
    sql`select ${columns} from pgboss.job
        where name = ${queue} and id = ${id}::uuid and data->>'tenant' = ${tenant} and state in ('created', 'retry')
        for update`,
  );
  return row;
}

/** Puts a dead letter back into its queue, and its message with it. @returns whether there was one */
export async function retryDead(
  boss: PgBoss,
  db: Queryable,
  job: { readonly tenant: string; readonly queue: string; readonly id: string },
  now: Date,
): Promise<boolean> {
  const { tenant, queue, id } = job;
  return db.transaction(async (tx) => {
    const row = await lockDead(tx, tenant, queue, id);
    if (row === undefined) return false;
    const message = messageOf(row);
    if (message !== null) await reopenMessage(tx, { tenant, id: message }, now);
    // The tenant once more, in pg-boss's own words.
    return (await boss.redrive(queue, { ids: [id], data: { tenant }, db: bossIn(tx) })) === 1;
  });
}

/** Gives a dead letter up. @returns whether there was one */
export async function closeDead(
  db: Queryable,
  job: { readonly tenant: string; readonly queue: string; readonly id: string },
  closing: { readonly by: string; readonly reason: string },
  now: Date,
): Promise<boolean> {
  const { tenant, queue, id } = job;
  return db.transaction(async (tx) => {
    const row = await lockDead(tx, tenant, queue, id);
    if (row === undefined) return false;
    const message = messageOf(row);
    if (message !== null) await closeMessage(tx, { tenant, id: message }, closing.by, closing.reason, now);
    // pg-boss's own `complete` binds its output in a way that this driver cannot send.
    await tx.execute(
      sql`update pgboss.job
          set state = 'completed', completed_on = now(),
              output = json_build_object('reason', ${`closed by ${closing.by}: ${closing.reason}`}::text)::jsonb
          where name = ${queue} and id = ${id}::uuid and data->>'tenant' = ${tenant}`,
    );
    return true;
  });
}

/** Dead letters of so long ago have been settled. */
const settledAfter = '1 day';

/**
 * Says of the message of a dead letter that nobody knows what became of it, where the worker died in its last try and so
 * could not say it: pg-boss itself makes a dead letter of such a job.
 *
 * @returns how many open dead letters there are of the last day
 */
export async function settleDead(db: Queryable, now: Date): Promise<number> {
  const rows = await rowsOf<JobRow & { readonly tenant: string }>(
    db,
    sql`select ${columns}, data->>'tenant' as tenant from pgboss.job
        where name = any(${textArray(namesOf(true))}) and state = 'created'
          and created_on > ${now.toISOString()}::timestamptz - ${settledAfter}::interval`,
  );
  for (const row of rows) {
    const id = messageOf(row);
    // Whoever sent it again meanwhile did so after this dead letter.
    const since = new Date(row.created_on);
    if (id !== null)
      await endMessage(db, { tenant: row.tenant, id }, 'unknown', 'the worker died in the last try', now, since);
  }
  return rows.length;
}

/**
 * Says of exports whose job is a dead letter that they failed, where the worker died in the last try and so could not say
 * it: whoever asked would wait for ever, and may ask for only so many.
 *
 * @returns how many there were
 */
export async function settleDeadExports(db: Queryable): Promise<number> {
  const open = await rowsOf<{ readonly tenant: string; readonly id: string }>(
    db,
    sql`select distinct ${exports.tenant}, ${exports.id} from ${exports}
        join pgboss.job j on j.name = 'export-dead' and j.data->>'tenant' = ${exports.tenant}
          and j.data->>'exportId' = ${exports.id}::text
        where ${exports.state} in ('queued', 'running')`,
  );
  for (const { tenant, id } of open) await failExport(db, tenant, id, 'Its worker died in the last try: ask again');
  return open.length;
}
