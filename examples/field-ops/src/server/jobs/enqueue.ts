import { type Queryable, rowsOf } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { type Db, fromDrizzle, type PgBoss } from 'pg-boss';
import type { QueueName } from './queues.ts';

/** pg-boss's statements, in a transaction of ours. */
export function bossIn(tx: Queryable): Db {
  return fromDrizzle({ execute: async (statement: unknown) => ({ rows: await rowsOf(tx, statement as SQL) }) }, sql);
}

/** A job; with an id of its own it is there once, however often it is enqueued. */
export interface NewJob {
  readonly id?: string;
  readonly data: { readonly tenant: string } & Record<string, unknown>;
}

/** Puts jobs into a queue, in the transaction that causes them. */
export async function enqueue(boss: PgBoss, tx: Queryable, queue: QueueName, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length > 0) await boss.insert(queue, [...jobs], { db: bossIn(tx) });
}
