import type { Queryable } from '../db/database.ts';

/** Puts jobs into the outbox, in the transaction it is given. */
export type EnqueueJobs = (tx: Queryable, queue: string, jobs: readonly Record<string, unknown>[]) => Promise<void>;

/** Where side effects wait until their transaction has committed. */
export interface Outbox {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly enqueue: EnqueueJobs;
}
